/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conduct_state.h - what the parts of conduct share. Private to conduct*.c.
 */
#ifndef OTA_CONDUCT_STATE_H
#define OTA_CONDUCT_STATE_H

#include "sim/fleet/conduct.h"
#include "sim/fleet/sharing.h"

/* A device with new deeds. */
struct ota_task {
    uint32_t device;
    uint32_t done; /* deeds that it has behind it */
};

struct ota_conduct {
    struct ota_conduct_fleet fleet;
    struct ota_campaign *campaign;
    struct ota_hearing *hearing;
    struct ota_sharing *sharing; /* NULL: nothing is shared */
    struct ota_report_log *logs; /* by lane */
    int lanes;
    struct ota_deeds deeds;
    uint8_t *leash; /* by device, enum ota_leash */
    bool *tasked;   /* by device: it has a task */
    struct ota_task *tasks;
    size_t task_count;
    struct ota_campaign_report *instant; /* reports of one, by device */
    size_t instant_count, instant_room;
    int64_t lookahead_us; /* least time from an offer to a report of it */
    int64_t bound_us;     /* tasks must be carried out before then */
    int64_t until_us;     /* of the window */
    int64_t now_us;       /* the campaign's */
    int threads;
    int64_t contacts_us; /* contacts are wanted from then on; OTA_NEVER: not
                          * so far */
    bool listens, grants, skips;
    bool apart;              /* see conduct_apart.c */
    bool all_due;            /* the deed to all is to be carried out */
    bool relived;            /* a device may have been given another life */
    uint16_t *serials;       /* apart: by device, lives it was given, */
    struct ota_room **rooms; /* and where it stands at a question; or NULL */
    struct ota_room_pool *pools; /* apart: by lane */
    struct ota_ranks *ranks;     /* that have the other devices; or NULL */
    size_t own_first, own_end;   /* devices that run here */
    bool begun;                  /* the release has come */
    bool over;                   /* the engine runs no more */
    struct ota_error error;
};

/* Makes the actor of a device; of one that lives apart, if it stands at a
 * question. */
static inline struct ota_actor
ota_conduct_actor(const struct ota_conduct *conduct, size_t device)
{
    const struct ota_conduct_fleet *fleet = &conduct->fleet;

    return conduct->apart
               ? fleet->actor_in(fleet->self, device, conduct->rooms[device])
               : fleet->actor_of(fleet->self, device);
}

/* Whether the device runs here, and not on another rank. */
static inline bool ota_conduct_owns(const struct ota_conduct *conduct,
                                    size_t device)
{
    return device >= conduct->own_first && device < conduct->own_end;
}

/* Whether the device has a connection. */
static inline bool ota_conduct_is_online(const struct ota_device *device)
{
    return device->phase == OTA_PHASE_ONLINE ||
           device->phase == OTA_PHASE_PUBLISHING ||
           device->phase == OTA_PHASE_TRANSFERRING;
}

/* Notes that memory has run out; returns false. */
bool ota_conduct_lacks_memory(struct ota_conduct *conduct);

/* --- conduct_task.c --- */

/* A question at the campaign's instant that got no yes. */
void ota_conduct_deny(struct ota_actor *actor);

/* Runs the device to the window's end, as far as its leash lets it. */
void ota_conduct_run_on(struct ota_conduct *conduct, struct ota_actor *actor);

/* Has the engine run the device from then on, if its leash lets it. */
void ota_conduct_follow(struct ota_conduct *conduct, size_t device);

/* How many deeds a device has. */
uint32_t ota_conduct_deeds(const struct ota_conduct *conduct, size_t device);

/* The device, which has no task yet, has deeds to carry out behind the first
 * `done`. */
void ota_conduct_add_task(struct ota_conduct *conduct, uint32_t device,
                          uint32_t done);

/* Does that for each task, on several threads if it is worth it. Returns false
 * if it was stopped in their midst. */
bool ota_conduct_each_task(struct ota_conduct *conduct,
                           void (*carry_out)(struct ota_conduct *,
                                             const struct ota_task *));

/* Carries all tasks out, and hears what the devices report. Returns false if it
 * was stopped or has failed. */
bool ota_conduct_carry_out(struct ota_conduct *conduct);

/* Takes what devices have reported since. */
bool ota_conduct_listen(struct ota_conduct *conduct);

/* Tasks have to be carried out before the device's reports can come, of an
 * order that was given at now_us and reaches it at deed_us. */
void ota_conduct_bind(struct ota_conduct *conduct, enum ota_order_kind kind,
                      bool ahead, int64_t now_us, int64_t deed_us);

/* Does a deed to a device, or answers it with that. */
void ota_conduct_do(struct ota_conduct *conduct, struct ota_actor *actor,
                    const struct ota_deed *deed);

/* --- conduct_apart.c --- */

/* Takes memory; false without. */
bool ota_conduct_prepare_apart(struct ota_conduct *conduct);
void ota_conduct_release_apart(struct ota_conduct *conduct);

/* Notes an order. Returns false without memory. */
bool ota_conduct_note_apart(struct ota_conduct *conduct,
                            const struct ota_order *order);

/* Carries all tasks out; false if it was stopped. */
bool ota_conduct_carry_out_apart(struct ota_conduct *conduct);

/* Those that never had an order live, too. */
bool ota_conduct_finish_apart(struct ota_conduct *conduct);

/* --- conduct_ranks.c --- */

/* Says which devices run here. */
void ota_conduct_split(struct ota_conduct *conduct, struct ota_ranks *ranks);

/* Takes what devices of all ranks have reported since. Returns false if one of
 * them was stopped or has failed. */
bool ota_conduct_exchange(struct ota_conduct *conduct);

#endif
