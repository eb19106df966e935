/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * device.h - one device as the fleet holds it. Private to sim/fleet.
 *
 * A device is always in one phase, a stretch of time at a constant current;
 * when the phase is over a step does what follows and enters the next one:
 *
 *     ASLEEP -> BOOTING -> ATTACHING -> CONNECTING -> PUBLISHING -> ONLINE
 *        ^                     ^                                      |
 *        |                     +--- BACKING_OFF (awake devices) ---.  |
 *        +------------------------------------------- sleep -------+--+
 *                                                                     |
 *     BOOTING <- APPLYING <- TRANSFERRING <------- update begins -----+
 *
 * In safe mode the app does not run: no publishing, no sleep.
 */
#ifndef OTA_DEVICE_H
#define OTA_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/clock.h"
#include "sim/base/random.h"
#include "sim/fleet/config.h"
#include "sim/fleet/observation.h"

enum ota_phase {
    OTA_PHASE_ABSENT,
    OTA_PHASE_ASLEEP,
    OTA_PHASE_BOOTING,
    OTA_PHASE_ATTACHING,
    OTA_PHASE_CONNECTING,
    OTA_PHASE_PUBLISHING,
    OTA_PHASE_ONLINE,
    OTA_PHASE_BACKING_OFF,
    OTA_PHASE_TRANSFERRING,
    OTA_PHASE_APPLYING,
    OTA_PHASE_DEAD,
    OTA_PHASES
};

/* Hot state: what a step reads and writes. Instants are since time 0. */
struct ota_device {
    int64_t since_us;     /* the phase began */
    int64_t due_us;       /* and ends */
    int64_t next_wake_us; /* OTA_NEVER for a device that does not sleep */
    int64_t last_long;    /* see the app's wait */
    int64_t begin_us;     /* the cloud begins an update; OTA_NEVER: it won't */
    int64_t sleep_us;     /* the app goes to sleep; OTA_NEVER: it won't */
    int64_t spoke_us;     /* sent something, keep-alives apart */
    int64_t left_pc;      /* charge in the battery; INT64_MAX: endless */
    struct ota_session_state session;
    int64_t module_bytes; /* of the module under way that are on the device:
                           * progress that a transfer kept, or a complete one
                           * that is being applied */
    uint32_t wake;        /* the scheduled wake this is, from 0 */
    uint32_t reconnect;   /* connects behind the first of this wake */
    uint32_t group;
    uint16_t variant;     /* firmware it had at time 0, of its group's */
    uint16_t failures;    /* connects that failed, in a row */
    uint16_t aborted;     /* attempts that failed, for the cloud's limit */
    uint8_t step;         /* modules of its path that took effect */
    uint8_t phase;        /* enum ota_phase */
    uint8_t state;        /* enum ota_state */
    uint8_t transfer_end; /* enum ota_transfer_end of the one under way */
    bool resets;          /* and whether the device reboots behind it */
    bool applies;         /* the module being applied will take effect */
    bool dies;            /* the battery is empty when the phase ends */
    bool session_full;    /* the connect under way is a full handshake */
    bool connect_ok;      /* and will work */
    bool safe_mode;
    bool reached; /* by the rollout */
    bool was_online;
    bool for_update; /* this connection is the update's doing: what it
                      * costs is not routine */
};

/* What the platform heard from a shard's devices. */
struct ota_shard_reports {
    int64_t begun;     /* devices of which an attempt was begun */
    int64_t confirmed; /* that reported the new version */
    int64_t failed;    /* that the cloud gave up */
};

/* One device in its surroundings while a step runs. */
struct ota_actor {
    const struct ota_fleet_config *config;
    const struct ota_random_key *key;
    const struct ota_group *group;
    const struct ota_observer *observer; /* NULL: nobody listens */
    struct ota_device *device;
    struct ota_device_record *record;
    struct ota_plan_state *meter;
    struct ota_shard_reports *reports;
    uint64_t id;
};

/* --- account.c: time, charge, bytes and states of a device --- */

/* The device's path, from what it had at time 0. */
const struct ota_path *ota_actor_path(const struct ota_actor *actor);

/* Starts the stream of this connection for a purpose. */
void ota_actor_stream(const struct ota_actor *actor, enum ota_purpose purpose,
                      struct ota_stream *stream);

/* Begins a phase at now_us that lasts until due_us, or until the battery is
 * empty if that comes first. */
void ota_actor_enter(struct ota_actor *actor, enum ota_phase phase,
                     int64_t now_us, int64_t due_us);

/* Accounts for the phase from its begin to now_us: time and charge. */
void ota_actor_settle(struct ota_actor *actor, int64_t now_us);

/* What bytes were for. Payload waits in device->module_bytes until it is known
 * to be useful or wasted. */
enum ota_bytes {
    OTA_BYTES_ROUTINE,
    OTA_BYTES_OVERHEAD,
    OTA_BYTES_WASTED,
    OTA_BYTES_PAYLOAD,
};

/* Counts bytes that passed at now_us, and lets the plan's meter count them. */
void ota_actor_bytes(struct ota_actor *actor, enum ota_bytes purpose,
                     int64_t now_us, int64_t bytes);

/* How many bytes the plan still lets pass at now_us; INT64_MAX: no limit. */
int64_t ota_actor_data_left(struct ota_actor *actor, int64_t now_us);

/* The device detaches at now_us: the plan bills its data session. */
void ota_actor_end_data_session(struct ota_actor *actor, int64_t now_us);

/* The device is in another state from now_us on. */
void ota_actor_state(struct ota_actor *actor, int64_t now_us,
                     enum ota_state state);

/* Whether an observer wants to hear of that kind. */
bool ota_actor_heard(const struct ota_actor *actor,
                     enum ota_observation_kind kind);

/* An observation of this device, to fill in and tell. */
struct ota_observation ota_actor_observation(const struct ota_actor *actor,
                                             enum ota_observation_kind kind,
                                             int64_t time_us);
void ota_actor_tell(const struct ota_actor *actor,
                    const struct ota_observation *observation);

/* Tells one that has no detail; made only if somebody listens. */
void ota_actor_tell_plain(const struct ota_actor *actor,
                          enum ota_observation_kind kind, int64_t now_us);

/* --- device.c: from time 0 to the outcome --- */

/*
 * Puts the device as it is a while before time 0, asleep if it sleeps, long
 * enough that it wakes before: so that at time 0 it is awake as likely as at
 * any other. What it does until then is neither told nor counted.
 */
void ota_device_start(struct ota_actor *actor);

/* Time 0: the books are opened, with what is under way. */
void ota_device_open(struct ota_actor *actor);

/* Ends the phase that is due, at device->due_us, and enters the next. */
void ota_device_step(struct ota_actor *actor);

/* The rollout reaches the device at now_us, between two steps. */
void ota_device_reach(struct ota_actor *actor, int64_t now_us);

/* Closes the books at the horizon: the record is complete. */
void ota_device_finish(struct ota_actor *actor, int64_t horizon_us);

/* --- update.c: from the offer to the report --- */

/* Whether the device still has modules to take. */
bool ota_update_pending(const struct ota_actor *actor);

/* The device came online at now_us, or is: the cloud hears its report and may
 * plan an update, of an app that runs only if it offers now. */
void ota_update_offer(struct ota_actor *actor, int64_t now_us, bool offered);

/* Begins a transfer at now_us. */
void ota_update_begin(struct ota_actor *actor, int64_t now_us);

/* Ends the transfer under way at now_us; and the restart behind it. */
void ota_update_end(struct ota_actor *actor, int64_t now_us);
void ota_update_applied(struct ota_actor *actor, int64_t now_us);

/* --- connect.c: between two sleeps --- */

/* Ends the phase of connecting that is due, and enters the next. */
void ota_connect_step(struct ota_actor *actor, int64_t now_us);

/* Restarts the device at now_us: boot_us until it attaches, then connects. */
void ota_connect_restart(struct ota_actor *actor, int64_t now_us,
                         int64_t boot_us);

/* How long the device boots when its memory was lost. */
int64_t ota_connect_boot_us(const struct ota_actor *actor);

/* The device is not, or no longer, connected at now_us and cannot do anything
 * about it: back to sleep, or it attaches again later. */
void ota_connect_offline(struct ota_actor *actor, int64_t now_us);

/* Sets up the session anew at now_us, without detaching. */
void ota_connect_again(struct ota_actor *actor, int64_t now_us);

/* Goes on online at now_us, or to sleep if it is time. */
void ota_connect_online(struct ota_actor *actor, int64_t now_us);

/* Counts the keep-alives of the stretch online that ends at now_us. */
void ota_connect_keep_alives(struct ota_actor *actor, int64_t now_us);

#endif
