/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * device.h - one device as the fleet holds it. Private to sim/fleet.
 *
 * A device is always in one phase, a stretch of time at a constant current;
 * when the phase is over a step does what follows and enters the next one, or
 * passes through it at once where nothing can come in between:
 *
 *     ASLEEP -> BOOTING -> ATTACHING -> CONNECTING -> PUBLISHING -> ONLINE
 *      ^  ^                  ^   ^          |   ^                     |
 *      |  TAIL               |   +- BACKING_OFF-+                     |
 *      |   ^                 |                                        |
 *      |   +-----------------+---------------------------- sleep -----+
 *      |                     |                                        |
 *      |         BOOTING <- APPLYING <- TRANSFERRING <- update begins-+
 *
 * In safe mode the app does not run: no publishing, no sleep. A phase may be
 * interrupted: the battery runs out, somebody switches the device off, a bad
 * image stops working.
 */
#ifndef OTA_DEVICE_H
#define OTA_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/clock.h"
#include "sim/base/random.h"
#include "sim/fleet/campaign.h"
#include "sim/fleet/config.h"
#include "sim/fleet/hearing.h"
#include "sim/fleet/manner.h"
#include "sim/fleet/observation.h"

/* What ends a phase before its time. */
enum ota_interrupt {
    OTA_INTERRUPT_NONE,
    OTA_INTERRUPT_BATTERY,  /* empty */
    OTA_INTERRUPT_PRESENCE, /* switched off */
    OTA_INTERRUPT_IMAGE,    /* a late defect shows */
};

/* What a device waits for: the campaign's answer, at the instant it asks. */
enum ota_asking {
    OTA_ASKS_NOTHING,
    OTA_ASKS_CONTACT, /* it is connected: is there something for it? */
    OTA_ASKS_POLL,    /* the same, being online for a while */
    OTA_ASKS_BEGIN,   /* may it download? */
    OTA_ASKS_SHARE,   /* how long does that take, with others beside it? */
};

/* Hot state: what a step reads and writes. Instants are since time 0. */
struct ota_device {
    int64_t since_us;     /* the phase began, or was settled last */
    int64_t due_us;       /* and ends */
    int64_t next_wake_us; /* OTA_NEVER for a device that does not sleep */
    int64_t memory;       /* the app's */
    int64_t begin_us;     /* the cloud begins an update; OTA_NEVER: it won't */
    int64_t sleep_us;     /* the app goes to sleep; OTA_NEVER: it won't */
    int64_t busy_us;      /* it works and publishes until then */
    int64_t spoke_us;     /* sent something, keep-alives apart */
    int64_t radio_us;     /* the last datagram, up or down */
    int64_t awake_us;     /* woke, or restarted */
    int64_t attached_us;  /* began to attach with the modem off before */
    int64_t presence_us;  /* is switched off or on */
    int64_t signal_us;    /* has another signal from then on */
    int64_t retry_us;     /* the cloud offers nothing before */
    int64_t lost_us;      /* finds that its keep-alives go unanswered */
    int64_t script_us;    /* the operator's next move; OTA_NEVER: none */
    int64_t fate_us;      /* its image stops working */
    int64_t belief_us;    /* the backend heard something last */
    int64_t epoch_us;     /* the app counts its times from here, */
    int64_t share_end_us; /* when the download ends that shares capacity, */
    int64_t share_cut_us; /* and what of it is cut off, in its own time, as
                           * if it were alone; OTA_NEVER: nothing */
    int64_t answered_us;  /* the campaign's last "no", or look at it */
    int64_t left_pc;      /* charge in the battery; INT64_MAX: endless */
    struct ota_session_state session;
    struct ota_link_state link;
    struct ota_manner manner;
    int64_t connect_bytes; /* of the connect under way */
    int64_t module_bytes;  /* of the image under way that are on the device:
                            * progress that a transfer kept, or a complete one
                            * that is being applied */
    uint32_t wake;         /* the scheduled wake this is, from 0 */
    uint32_t epoch_wake;   /* and its wakes from this one */
    uint32_t reconnect;    /* connects behind the first of this wake */
    uint32_t comings;      /* changes of presence so far */
    uint32_t group;
    ota_path_taken taken; /* steps of its path that took effect */
    int32_t system;       /* version of the last system part it has */
    uint16_t variant;     /* firmware it had at time 0, of its group's */
    uint16_t failures;    /* connects that failed, in a row */
    uint16_t aborted;     /* attempts that failed, for the cloud's limit */
    uint16_t heals;       /* the healer's transfers */
    uint16_t tries;       /* of the operator, with this module */
    uint8_t attempts;     /* in this session */
    uint8_t step;         /* of its path: under way or next */
    uint8_t kept_step;    /* that module_bytes are of */
    uint8_t sent;         /* steps that the operator's script is through with */
    uint8_t signal;       /* which of its group's */
    uint8_t phase;        /* enum ota_phase */
    uint8_t state;        /* enum ota_state */
    uint8_t interrupt;    /* enum ota_interrupt that ends the phase */
    uint8_t transfer_end; /* enum ota_transfer_end of the one under way */
    bool resets;          /* and whether the device reboots behind it, */
    bool loses_power;     /* or is gone with it */
    bool applies;         /* the image being applied will take effect */
    bool applies_again;   /* power failed meanwhile: it starts over */
    bool refuses;         /* it is complete, but the device does not take it */
    bool session_full;    /* the connect under way is a full handshake */
    bool connect_ok;      /* and will work */
    bool attached;        /* to the network */
    bool changed;         /* other firmware than at its last connect */
    bool booted;          /* since its last connect */
    bool safe_mode;
    bool commanded;  /* into safe mode, by the operator: a reboot ends that */
    bool opened;     /* its app has let the pending update in */
    bool asks_again; /* the cloud would have offered, but for retry_us */
    bool reached;    /* the rollout offers it the update */
    bool closed;     /* and will not do so any more */
    bool canceled;   /* what is under way must not be applied */
    bool backs;      /* it is told to take the old image again: its path is
                      * the group's way back */
    bool started;    /* the platform heard of this offer's first transfer */
    bool granted;    /* it may begin to download, */
    bool queues;     /* or waits for its turn */
    bool kept;       /* what ota_online_begin() was told, while it asks */
    uint8_t asking;  /* enum ota_asking */
    uint16_t told;   /* reports so far, modulo 2^16 */
    uint16_t serial; /* lives it was given; see life.h */
    bool was_online;
    bool for_update; /* this connection is the update's doing: what it
                      * costs is not routine */
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
    const struct ota_path *path;  /* the device's, as ota_actor_find_path() has
                                   * found it */
    const struct ota_path *backs; /* ways back: [variant] of its
                                   * group */
    struct ota_report_log *log;   /* NULL: nobody wants reports */
    uint64_t id;
    int64_t until_us;    /* steps that are due before then are taken, */
    int64_t ahead_us;    /* and the one under way may pass through phases that
                          * are over before then */
    int64_t since_us;    /* when the phase that a step ends began */
    int64_t quiet_us;    /* a device without an offer gets none before */
    int64_t order_us;    /* nor does any order come before; OTA_NEVER: none
                          * does that is known of */
    int64_t contacts_us; /* the campaign wants to hear of its contacts from
                          * then on; OTA_NEVER: not now */
    bool skips_to_offer; /* idle time before the offer may be skipped */
    bool contacts;       /* the campaign may come to want them */
    bool grants;         /* and is to be asked for downloads */
    bool shares;         /* downloads share capacity */
    bool undoing;        /* what it tells did not happen */
    const struct ota_idle *idle; /* NULL: steps through idle time */
    bool is_pilot; /* one that others learn from: nothing stops it */
};

/* --- account.c: time, charge, bytes and states of a device --- */

/* The device's path, from what it had at time 0, or its way back. */
static inline const struct ota_path *
ota_actor_path(const struct ota_actor *actor)
{
    return actor->path;
}

static inline const struct ota_path *
ota_path_of(const struct ota_group *group, const struct ota_path *backs,
            const struct ota_device *device)
{
    return device->backs ? &backs[device->variant]
                         : &group->variants[device->variant].path;
}

/* Finds it anew: for a device that has another one. */
static inline void ota_actor_find_path(struct ota_actor *actor)
{
    actor->path = ota_path_of(actor->group, actor->backs, actor->device);
}

/* A wake is part of a stream's index together with the connects behind it, so
 * that a wake has the same luck whatever earlier wakes were used for. */
enum { OTA_RECONNECT_BITS = 32 };

/* Starts the stream of this connection for a purpose. */
static inline void ota_actor_stream(const struct ota_actor *actor,
                                    enum ota_purpose purpose,
                                    struct ota_stream *stream)
{
    const struct ota_device *device = actor->device;

    ota_stream_init(stream, actor->key, actor->id, purpose,
                    (uint64_t)device->wake << OTA_RECONNECT_BITS |
                        device->reconnect);
}

/* Begins a phase at now_us that lasts until due_us, or until something
 * interrupts it if that comes first. */
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

/* Counts bytes of being connected, by whose doing the connection is. */
void ota_actor_connection_bytes(struct ota_actor *actor, int64_t now_us,
                                int64_t bytes);

/* How many bytes the plan still lets pass at now_us; INT64_MAX: no limit. */
int64_t ota_actor_data_left(struct ota_actor *actor, int64_t now_us);

/* The device detaches at now_us: the plan bills its data session. */
void ota_actor_end_data_session(struct ota_actor *actor, int64_t now_us);

/* The device is in another state from now_us on. */
void ota_actor_state(struct ota_actor *actor, int64_t now_us,
                     enum ota_state state);

/* Whether an observer wants to hear of that kind. */
static inline bool ota_actor_heard(const struct ota_actor *actor,
                                   enum ota_observation_kind kind)
{
    return actor->observer && actor->observer->wants & 1u << kind;
}

/* An observation of this device, to fill in and tell. */
struct ota_observation ota_actor_observation(const struct ota_actor *actor,
                                             enum ota_observation_kind kind,
                                             int64_t time_us);
void ota_actor_tell(const struct ota_actor *actor,
                    const struct ota_observation *observation);

/* Tells one that has no detail; made only if somebody listens. */
static inline void ota_actor_tell_plain(const struct ota_actor *actor,
                                        enum ota_observation_kind kind,
                                        int64_t now_us)
{
    if (!ota_actor_heard(actor, kind))
        return;
    const struct ota_observation seen =
        ota_actor_observation(actor, kind, now_us);
    ota_actor_tell(actor, &seen);
}

/* What runs on the device. */
static inline struct ota_device_os ota_actor_os(const struct ota_actor *actor)
{
    struct ota_device_os os = ota_actor_path(actor)->os;

    os.system = actor->device->system;
    return os;
}

/* --- device.c: from time 0 to the outcome --- */

/*
 * Puts the device as it is a while before time 0, asleep if it sleeps, long
 * enough that it wakes before: so that at time 0 it is awake as likely as at
 * any other. What it does until then is neither told nor counted.
 */
void ota_device_start(struct ota_actor *actor);

/* When a device of the group comes into the fleet, since time 0. */
int64_t ota_device_joins_us(const struct ota_group *group,
                            const struct ota_random_key *key, uint64_t id);

/* Puts it down asleep at now_us, after time that was passed over, with a
 * session of that age (OTA_NEVER: none) and its next wake. What its app
 * remembers is drawn anew. */
void ota_device_set_down(struct ota_actor *actor, int64_t now_us,
                         int64_t age_us, int64_t next_wake_us);

/* Time 0: the books are opened, with what is under way. */
void ota_device_open(struct ota_actor *actor);

/* Accounts for the phase up to now_us, with what it sent meanwhile. */
void ota_device_settle(struct ota_actor *actor, int64_t now_us);

/* Ends the phase that is due, at device->due_us, and enters the next. */
void ota_device_step(struct ota_actor *actor);

/* Closes the books at the horizon: the record is complete. */
void ota_device_finish(struct ota_actor *actor, int64_t horizon_us);

/* The device is dead for good from now_us on. */
void ota_device_die(struct ota_actor *actor, int64_t now_us);

/* --- device_orders.c: what the rollout does to it --- */

/* The rollout offers the update at now_us, between two steps. */
void ota_device_reach(struct ota_actor *actor, int64_t now_us);

/* It takes the offer back; canceled: nor may the device apply what it is
 * downloading. */
void ota_device_revoke(struct ota_actor *actor, int64_t now_us, bool canceled);

/* It offers the image that the device had before. */
void ota_device_roll_back(struct ota_actor *actor, int64_t now_us);

/* It lets the device download that queued for it. */
void ota_device_grant(struct ota_actor *actor, int64_t now_us);

/* The campaign's answer to a device that asks; yes to a contact is an
 * offer. */
void ota_device_answer(struct ota_actor *actor, int64_t now_us, bool yes);

/* --- radio.c: the link as it is for this device --- */

/* Draws the signal that a device begins with. */
void ota_radio_start(struct ota_actor *actor, int64_t now_us);

/* Brings the device's link up to now_us and works out its air; and keeps what
 * time did to it meanwhile. */
void ota_radio_sense(struct ota_actor *actor, int64_t now_us,
                     struct ota_air *air);
void ota_radio_keep(struct ota_actor *actor, const struct ota_air *air);

/* Does both, for a device that attaches: its signal is as it is by now. */
void ota_radio_look(struct ota_actor *actor, int64_t now_us);

/* The link that the device has at the moment. */
static inline const struct ota_link *
ota_radio_link(const struct ota_actor *actor)
{
    return &actor->group->signals[actor->device->signal].link;
}

/* The outage under way at now_us or the next one, or NULL. */
static inline const struct ota_outage *
ota_radio_outage(const struct ota_actor *actor, int64_t now_us)
{
    const struct ota_group *group = actor->group;

    for (size_t i = 0; i < group->outage_count; i++) {
        const struct ota_outage *outage = &group->outages[i];
        if (now_us < ota_us_add(outage->begin_us, outage->lasts_us))
            return outage;
    }
    return NULL;
}

/* Whether an outage is under way at now_us. */
static inline bool ota_radio_is_out(const struct ota_actor *actor,
                                    int64_t now_us)
{
    const struct ota_outage *outage = ota_radio_outage(actor, now_us);

    return outage && outage->begin_us <= now_us;
}

/* --- sleep.c: sleep, wake, restart, presence --- */

/* Whether the device goes to sleep when its app is done. */
static inline bool ota_sleep_may(const struct ota_actor *actor)
{
    return actor->device->next_wake_us != OTA_NEVER &&
           !actor->device->safe_mode;
}

void ota_sleep_begin(struct ota_actor *actor, int64_t now_us);

/* When the modem may be switched on again. */
int64_t ota_sleep_cycle_us(const struct ota_actor *actor);

/* The scheduled wake that is due. */
void ota_sleep_wake(struct ota_actor *actor, int64_t now_us);

/* The radio's tail is over. */
void ota_sleep_deepen(struct ota_actor *actor, int64_t now_us);

/* Restarts the device at now_us: boot_us until it attaches, then connects. The
 * restart is the update's doing. */
void ota_sleep_restart(struct ota_actor *actor, int64_t now_us,
                       int64_t boot_us);

/* Somebody switches the device off, and on again. */
void ota_sleep_leave(struct ota_actor *actor, int64_t now_us);
void ota_sleep_return(struct ota_actor *actor, int64_t now_us);

/* --- connect.c: from being awake to being online --- */

/* The device boots at now_us, and then connects. */
void ota_connect_boot(struct ota_actor *actor, int64_t now_us, int64_t boot_us);

/* Ends the phase of connecting that is due, and enters the next. */
void ota_connect_step(struct ota_actor *actor, int64_t now_us);

/* The device is not, or no longer, connected at now_us: it tries again later,
 * or sleeps. */
void ota_connect_offline(struct ota_actor *actor, int64_t now_us);

/* Sets up the session anew at now_us, without detaching. */
void ota_connect_again(struct ota_actor *actor, int64_t now_us);

/* Whether the network passes nothing on because the plan's cap is reached. */
bool ota_connect_is_paused(struct ota_actor *actor, int64_t now_us);

/* --- online.c: what a device does while it is online --- */

/* The device is connected at now_us; kept: it never was disconnected, and
 * only woke. */
void ota_online_begin(struct ota_actor *actor, int64_t now_us, bool kept);

/* Asks the campaign at now_us whether there is something, if it cares. Returns
 * whether it does: the device then stands still until it is answered. */
bool ota_online_asks(struct ota_actor *actor, int64_t now_us);

/* Goes on where ota_online_begin() stood still. */
void ota_online_answered(struct ota_actor *actor, int64_t now_us);

/* Goes on online at now_us, or to sleep if it is time. */
void ota_online_go_on(struct ota_actor *actor, int64_t now_us);

/* Its events are published. */
void ota_online_published(struct ota_actor *actor, int64_t now_us);

/* Something is to be done online. */
void ota_online_act(struct ota_actor *actor, int64_t now_us);

/* Counts the keep-alives of the stretch online from since_us to now_us. */
void ota_online_keep_alives(struct ota_actor *actor, int64_t since_us,
                            int64_t now_us);

/* When a message that the cloud sends at at_us gets to the device. */
int64_t ota_online_reachable_us(const struct ota_actor *actor, int64_t at_us);

/* The cloud wakes a device that sleeps in network standby, if it can. Returns
 * whether it did. */
bool ota_online_wake_up(struct ota_actor *actor, int64_t now_us);

/* --- update.c: the offer, and what a transfer's end leads to --- */

/* Whether the device still has modules to take. */
static inline bool ota_update_pending(const struct ota_actor *actor)
{
    const struct ota_device *device = actor->device;

    switch ((enum ota_state)device->state) {
    case OTA_STATE_GIVEN_UP:
    case OTA_STATE_CRASHING:
    case OTA_STATE_REVERTED:
    case OTA_STATE_BRICKED:
    case OTA_STATE_ROLLED_BACK:
        return false;
    default:
        return device->taken != ota_path_all(ota_actor_path(actor));
    }
}

/* Whether it has not got the release: an attempt that failed is over, and yet
 * another may be offered. */
bool ota_update_lacks(const struct ota_actor *actor);

/* Whether the app lets an update in at now_us. */
bool ota_update_enabled(const struct ota_actor *actor, int64_t now_us);

/* The device came online at now_us, or is: the cloud may plan an update, of an
 * app that runs only if it offers now. Returns whether it did. */
bool ota_update_offer(struct ota_actor *actor, int64_t now_us, bool offered);

/* Tells that somebody will send a module. */
void ota_update_tell_offer(const struct ota_actor *actor, int64_t now_us,
                           enum ota_sender sender);

/* The transfer under way is over. */
void ota_update_end(struct ota_actor *actor, int64_t now_us);

/* --- update_transfer.c: a transfer --- */

/* Begins one at now_us, or asks whether it may. */
void ota_update_begin(struct ota_actor *actor, int64_t now_us);

/* What a device that asks for its share would do alone, from now_us on. */
struct ota_demand {
    int64_t bytes;   /* down */
    int64_t took_us; /* > 0 */
    int64_t cut_us;  /* it will be gone by then */
};
struct ota_demand ota_update_demand(const struct ota_actor *actor,
                                    int64_t now_us);

/* Goes on where ota_update_begin() stood still. */
void ota_update_shared(struct ota_actor *actor, int64_t now_us);
void ota_update_answered(struct ota_actor *actor, int64_t now_us, bool granted);

/* --- apply.c: what becomes of an image on the device --- */

/* The image is complete: the device takes it, or does not. */
void ota_apply_begin(struct ota_actor *actor, int64_t now_us);

/* The restart behind it. */
void ota_apply_end(struct ota_actor *actor, int64_t now_us);

/* Power failed in the middle of it. Returns whether that was the end. */
bool ota_apply_power_lost(struct ota_actor *actor, int64_t now_us);

/* Draws whether the release is bad on the device. */
bool ota_apply_draw_bad(const struct ota_actor *actor);

/* The image boots again and again. */
void ota_apply_crash(struct ota_actor *actor, int64_t now_us);

/* A bad image is through with crashing; a late defect shows. */
void ota_apply_reverted(struct ota_actor *actor, int64_t now_us);
void ota_apply_defect(struct ota_actor *actor, int64_t now_us);

/* --- report.c: what the cloud, the backend and the campaign know --- */

/* The campaign hears something of the device. What goes through the backend
 * (STARTED, PROGRESS, SUCCEEDED, FAILED, REFUSED, BACK) may come late or
 * never. */
void ota_actor_report(struct ota_actor *actor, int64_t now_us,
                      enum ota_report_kind kind, enum ota_cause cause);

/* The device has connected: the cloud hears what runs on it. */
void ota_report_connected(struct ota_actor *actor, int64_t now_us);

/* The cloud's transfer of the last module ended well. */
void ota_report_sent(struct ota_actor *actor, int64_t now_us);

/* Lets the backend's queries up to now_us have their effect. */
void ota_report_queries(struct ota_actor *actor, int64_t now_us);

/* --- operator.c: modules sent by hand --- */

/* Whether an operator sends the modules, instead of the cloud. */
static inline bool ota_operator_sends(const struct ota_actor *actor)
{
    return actor->group->facts.script != NULL;
}

/* The operator begins with this device at now_us. */
void ota_operator_start(struct ota_actor *actor, int64_t now_us);

/* The device is online at now_us, having been away or busy: moves that came
 * meanwhile were in vain. */
void ota_operator_catch_up(struct ota_actor *actor, int64_t now_us);

/* The operator's move is due. */
void ota_operator_act(struct ota_actor *actor, int64_t now_us);

/* --- idle.c: time in which nothing happens --- */

/* The device falls asleep at now_us: passes over the time up to the next thing
 * that matters, if it is worth it. Returns whether it did; the device is then
 * asleep there. */
bool ota_idle_skip(struct ota_actor *actor, int64_t now_us);

#endif
