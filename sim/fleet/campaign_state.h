/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * campaign_state.h - what a campaign remembers; for the campaign_*.c alone.
 *
 * Of a device it keeps a stage, flags, its wave and its place in one line: 30
 * bytes with the list of those that are in no wave yet. All else is there only
 * if the policy needs it. A device in a line stands in a pairing heap, ordered
 * by wave and turn (M. Fredman, R. Sedgewick, D. Sleator, R. Tarjan: The
 * pairing heap. Algorithmica 1 (1986)); each unit of an in-flight limit has its
 * own, and a binary heap holds the units that have room.
 */
#ifndef OTA_CAMPAIGN_STATE_H
#define OTA_CAMPAIGN_STATE_H

#include <assert.h>

#include "models/policy/cron.h"
#include "models/policy/pace.h"
#include "models/policy/rules.h"
#include "models/policy/waves.h"
#include "sim/base/arena.h"
#include "sim/base/clock.h"
#include "sim/fleet/campaign.h"
#include "sim/fleet/labels.h"

#define CAMPAIGN_NOBODY UINT32_MAX
#define CAMPAIGN_NO_WAVE UINT16_MAX

enum { CAMPAIGN_WAVES_MAX = UINT16_MAX - 1 };

/* Where a device is. Terminal ones are CAMPAIGN_DONE + the counter, from
 * OTA_COUNT_SUCCEEDED. */
enum campaign_stage {
    CAMPAIGN_OUT,     /* no target */
    CAMPAIGN_POOL,    /* a target, in no wave */
    CAMPAIGN_MEMBER,  /* in a wave, and cannot be offered anything now */
    CAMPAIGN_READY,   /* in line for an offer */
    CAMPAIGN_QUEUED,  /* offered */
    CAMPAIGN_STARTED, /* at it */
    CAMPAIGN_WAIT,    /* failed, and is tried again later */
    CAMPAIGN_BLOCKED, /* in the penalty box */
    CAMPAIGN_DONE
};

enum campaign_flag {
    CAMPAIGN_HERE = 1,       /* joined */
    CAMPAIGN_GONE = 2,       /* left */
    CAMPAIGN_ON_TARGET = 4,  /* reports the release */
    CAMPAIGN_OFFERED = 8,    /* ever */
    CAMPAIGN_BEGAN = 16,     /* ever started */
    CAMPAIGN_CONNECTED = 32, /* as far as contacts tell */
    CAMPAIGN_SLOT = 64,      /* holds a slot */
    CAMPAIGN_AGAIN = 128,    /* stands in the line of retries */
    CAMPAIGN_ASKS = 256,     /* waits for a slot to download in */
    CAMPAIGN_UNPACED = 512,  /* came late, and obeys no pace */
    CAMPAIGN_SENT_BACK = 1024
};

/* What there is of each device, whatever the policy. */
struct campaign_each {
    uint8_t stage;  /* enum campaign_stage */
    uint16_t flags; /* of enum campaign_flag */
    uint16_t wave;  /* or CAMPAIGN_NO_WAVE */
};

struct campaign_link {
    uint32_t child, next, prev;
};

/* Devices in order of an instant; as delays are constant, whoever comes last
 * is last. Absent: links is NULL. */
struct campaign_chain {
    struct campaign_span {
        int64_t at_us; /* OTA_NEVER: not in it */
        uint32_t next, prev;
    } * links;
    uint32_t head, tail;
};

struct campaign_wake {
    int64_t at_us;
    uint32_t device;
};

/* The lines of offers: first tries, which the rate lets out, and further ones,
 * which it does not. */
enum { CAMPAIGN_FIRST, CAMPAIGN_FURTHER, CAMPAIGN_LINES };

/* Who waits for a slot to download in. */
struct campaign_queue {
    uint32_t head, tail;
};

/* One unit of an in-flight limit. */
struct campaign_unit {
    int64_t busy, total;
    uint32_t root[CAMPAIGN_LINES];
    uint32_t place[CAMPAIGN_LINES]; /* in the heap of units, from 1; 0: not */
    bool full[CAMPAIGN_LINES];      /* kept out of it until a slot is free */
    bool touched;                   /* look whether somebody may download */
    struct campaign_queue asks;
};

struct campaign_lane {
    int64_t busy;
    uint32_t root[CAMPAIGN_LINES];
    struct campaign_queue asks;
};

/* The rollout's pace, or a wave's own. */
struct campaign_pace {
    const struct ota_policy_pace *policy;
    struct ota_policy_rate rate;
    struct ota_rate_state state;
    int64_t max;      /* in flight, a unit; 0: no limit; -1: nobody */
    int64_t free_us;  /* the rate lets the next out; 0: not known */
    int64_t round_us; /* the last round of offers; -1: none */
    bool wants;       /* something changed since */
    bool swept;       /* but by the clock only */
    int64_t ready;    /* in its lines */
    struct campaign_unit *units;
    size_t unit_count;
    uint32_t *open[CAMPAIGN_LINES]; /* heaps of units */
    size_t open_count[CAMPAIGN_LINES];
    uint32_t *touched;
    size_t touched_count;
    struct campaign_lane *lanes;
    const struct ota_labels *labels; /* OTA_PER_LABEL */
    uint16_t wave;                   /* or CAMPAIGN_NO_WAVE */
    struct campaign_chain silent;    /* holders of slots, by when they spoke */
};

/* The rules of one scope. */
struct campaign_watch {
    const struct ota_rules *rules;
    struct ota_judge *judge; /* NULL: there are none */
    uint32_t mask;           /* counters that they look at */
    bool dirty;              /* one of these changed */
    int64_t look_us;         /* the answer may change by itself */
};

struct campaign_wave {
    struct ota_wave spec;
    enum ota_wave_state state;
    struct campaign_watch watch;
    struct campaign_pace *pace; /* NULL: the rollout's */
    int64_t quota;              /* OTA_ASSIGN_POLL: left to take; -1: ended */
    int64_t nominal;            /* what it takes */
    int64_t open_members;       /* not terminal */
    size_t first, members;      /* OTA_ASSIGN_CREATE: in the pool's array */
    bool repeated;              /* of the waves without end */
    bool passed;                /* judged no more */
    bool wants_next;            /* the next is to open */
    bool nexted;                /* and was said to be */
    bool held;                  /* waits for approval, offers nothing */
    bool asked;                 /* approval of its opening was asked for */
    bool through;
    bool in_dirty;
    int64_t approve_us;
    int64_t skip_us, trigger_us, retry_us;
    int64_t retries;
};

struct ota_campaign {
    const struct ota_policy *policy;
    struct ota_campaign_world world;
    struct ota_arena arena;
    int64_t now_us, begin_us;
    bool begun, ended, failed;
    bool paused, paused_judged, held;
    bool window_open;
    int64_t window_us;

    bool all; /* see campaign_all.c: links, turn and pool are NULL */
    struct campaign_each *each;
    struct campaign_link *links;
    int64_t *turn;
    int64_t turn_last, turn_first;
    uint32_t *pool; /* in no wave: from pool_head to pool_end */
    size_t pool_head, pool_end;
    int pool_order; /* sequence that it is sorted by; -1: none */
    uint8_t *lane_of, *lane_slot;
    int64_t *seen_us;
    struct campaign_link *ask_links;
    struct ota_penalty_state *penalties;
    int64_t *wake_us;
    struct campaign_tries {
        uint16_t failed, timed_out;
    } * tries;
    struct campaign_chain hard, step;
    struct campaign_span *silent;
    struct campaign_wake *wakes;
    size_t wake_count, wake_places;

    struct ota_labels *labels; /* a key each */
    size_t label_count;
    struct campaign_pace **paces; /* the rollout's first */
    size_t pace_count;
    uint32_t express; /* late ones that obey no pace */

    struct campaign_wave *waves;
    struct ota_wave_record *records;
    uint16_t *dirty;
    size_t dirty_count;
    size_t wave_count, wave_places;
    size_t last_opened; /* + 1; 0: none */
    size_t not_through;
    int64_t waves_us; /* cached: the next thing of a wave */
    bool waves_stale, watches_stale;
    bool waves_work; /* something changed for waves */
    int64_t watches_us;
    struct campaign_watch watch;
    int64_t ticked_us; /* rules were looked at by the clock; -1: not */

    int64_t initial, open_devices, in_flight, in_pool;
    struct ota_campaign_record record;
    int64_t resume_us, approve_us, resumes;
    uint64_t people;       /* draws */
    size_t paused_by;      /* a wave, or CAMPAIGN_NO_WAVE */
    int64_t waits;         /* things that wait for a person */
    int64_t waits_from_us; /* since when */

    bool sweeping; /* a stop takes offers back */
    uint32_t sweep_at;
    int64_t sweep_from_us, sweep_done;
    struct ota_action end_action;
    size_t sweep_wave; /* OTA_BACK_WAVE; or CAMPAIGN_NO_WAVE: all */
    bool sends_back;

    struct ota_order *orders;
    size_t order_count, order_places;
    bool again;       /* the instant is not over */
    int64_t clock_us; /* the next thing of the clock's, rules apart, */
    int64_t next_us;  /* and with them */
};

/* campaign_line.c */
void ota_campaign_heap_insert(struct ota_campaign *c, uint32_t *root,
                              uint32_t d);
void ota_campaign_heap_remove(struct ota_campaign *c, uint32_t *root,
                              uint32_t d);
bool ota_campaign_before(const struct ota_campaign *c, uint32_t a, uint32_t b);
void ota_campaign_chain_put(struct campaign_chain *chain, uint32_t d,
                            int64_t us);
void ota_campaign_chain_take(struct campaign_chain *chain, uint32_t d);
int64_t ota_campaign_chain_us(const struct campaign_chain *chain);
void ota_campaign_wake_at(struct ota_campaign *c, uint32_t d, int64_t at_us);
bool ota_campaign_wake_pop(struct ota_campaign *c, int64_t now_us, uint32_t *d);
int64_t ota_campaign_wake_us(struct ota_campaign *c);
void ota_campaign_queue_put(struct ota_campaign *c,
                            struct campaign_queue *queue, uint32_t d);
void ota_campaign_queue_take(struct ota_campaign *c,
                             struct campaign_queue *queue, uint32_t d);

/* campaign_slot.c */
struct campaign_pace *ota_campaign_pace_of(const struct ota_campaign *c,
                                           uint32_t d);
void ota_campaign_line_enter(struct ota_campaign *c, uint32_t d, bool again);
void ota_campaign_line_leave(struct ota_campaign *c, uint32_t d);
uint32_t ota_campaign_line_pick(struct ota_campaign *c,
                                struct campaign_pace *pace, int line,
                                int *lane);
void ota_campaign_slot_take(struct ota_campaign *c, uint32_t d, int lane);
void ota_campaign_slot_free(struct ota_campaign *c, uint32_t d);
void ota_campaign_slot_total(struct ota_campaign *c, uint32_t d, int by);
void ota_campaign_slots_changed(struct ota_campaign *c,
                                struct campaign_pace *pace);
void ota_campaign_ask(struct ota_campaign *c, uint32_t d);
void ota_campaign_ask_end(struct ota_campaign *c, uint32_t d);
void ota_campaign_grant_some(struct ota_campaign *c,
                             struct campaign_pace *pace);

/* campaign_offer.c */
bool ota_campaign_may_offer(const struct ota_campaign *c);
void ota_campaign_order(struct ota_campaign *c, uint32_t d,
                        enum ota_order_kind kind);
void ota_campaign_offers(struct ota_campaign *c, bool due_only);
int64_t ota_campaign_offers_us(struct ota_campaign *c);

/* campaign_device.c */
void ota_campaign_outcome(struct ota_campaign *c, uint32_t d,
                          enum ota_counter counter);
void ota_campaign_on_target(struct ota_campaign *c, uint32_t d, bool is);
void ota_campaign_bump(struct ota_campaign *c, uint32_t d,
                       enum ota_counter counter, int by);
void ota_campaign_move(struct ota_campaign *c, uint32_t d, uint16_t wave);
void ota_campaign_stage(struct ota_campaign *c, uint32_t d, unsigned stage);
void ota_campaign_finish(struct ota_campaign *c, uint32_t d,
                         enum ota_counter counter);
void ota_campaign_make_ready(struct ota_campaign *c, uint32_t d, bool again);
void ota_campaign_target_late(struct ota_campaign *c, uint32_t d);
void ota_campaign_attempt_end(struct ota_campaign *c, uint32_t d);
void ota_campaign_report(struct ota_campaign *c,
                         const struct ota_campaign_report *report);

/* campaign_attempt.c */
void ota_campaign_unblock(struct ota_campaign *c, uint32_t d);
void ota_campaign_attempt_failed(struct ota_campaign *c, uint32_t d,
                                 uint8_t cause);
void ota_campaign_attempt_began(struct ota_campaign *c, uint32_t d);
void ota_campaign_attempt_clock(struct ota_campaign *c);
int64_t ota_campaign_attempt_us(struct ota_campaign *c);

static inline bool ota_campaign_is_terminal(const struct ota_campaign *c,
                                            uint32_t d)
{
    return c->each[d].stage >= CAMPAIGN_DONE;
}

static inline bool ota_campaign_in_flight(const struct ota_campaign *c,
                                          uint32_t d)
{
    return c->each[d].stage == CAMPAIGN_QUEUED ||
           c->each[d].stage == CAMPAIGN_STARTED;
}

/* campaign_choose.c */
void ota_campaign_begin_targets(struct ota_campaign *c);
void ota_campaign_choose(struct ota_campaign *c, size_t w);
void ota_campaign_pool_put(struct ota_campaign *c, uint32_t d);
bool ota_campaign_wave_matches(struct ota_campaign *c, size_t w, uint32_t d);
bool ota_campaign_wave_draws(struct ota_campaign *c, size_t w, uint32_t d);
bool ota_campaign_connected(struct ota_campaign *c, uint32_t d);

/* campaign_all.c */
bool ota_campaign_offers_all(const struct ota_policy *policy,
                             const struct ota_campaign_world *world);
void ota_campaign_all_begin(struct ota_campaign *c);
void ota_campaign_all_choose(struct ota_campaign *c);
void ota_campaign_all_offer(struct ota_campaign *c);

/* campaign_wave.c */
void ota_campaign_contact(struct ota_campaign *c, uint32_t d);
void ota_campaign_wave_touched(struct ota_campaign *c, size_t w);
bool ota_campaign_wave_add(struct ota_campaign *c);
void ota_campaign_wave_hold(struct ota_campaign *c, size_t w);
void ota_campaign_wave_free(struct ota_campaign *c, size_t w);
void ota_campaign_wave_retry(struct ota_campaign *c, size_t w);
void ota_campaign_wave_open(struct ota_campaign *c, size_t w);
void ota_campaign_wave_close(struct ota_campaign *c, size_t w);
void ota_campaign_give_back(struct ota_campaign *c, size_t w, uint32_t d);
void ota_campaign_wave_next(struct ota_campaign *c, size_t w);
void ota_campaign_joins(struct ota_campaign *c, uint32_t d);
bool ota_campaign_next_exists(const struct ota_campaign *c, size_t w);
bool ota_campaign_takes_polls(const struct ota_campaign *c, size_t w);
void ota_campaign_waves_clock(struct ota_campaign *c);
int64_t ota_campaign_waves_us(struct ota_campaign *c);
void ota_campaign_check_finished(struct ota_campaign *c);

/* campaign_rules.c */
bool ota_campaign_watch_init(struct ota_campaign *c,
                             struct campaign_watch *watch,
                             const struct ota_rules *rules,
                             enum ota_scope scope);
void ota_campaign_mark(struct ota_campaign *c, struct campaign_watch *watch,
                       size_t w, enum ota_counter counter);
void ota_campaign_look(struct ota_campaign *c);
void ota_campaign_look_clock(struct ota_campaign *c);
int64_t ota_campaign_look_us(struct ota_campaign *c);
void ota_campaign_all_dirty(struct ota_campaign *c);

/* campaign_stop.c */
void ota_campaign_stop(struct ota_campaign *c, const struct ota_action *action,
                       size_t wave);
void ota_campaign_sweep(struct ota_campaign *c);
int64_t ota_campaign_sweep_us(const struct ota_campaign *c);

/* campaign_people.c */
int64_t ota_campaign_person_us(struct ota_campaign *c,
                               const struct ota_dist *dist);
void ota_campaign_waits(struct ota_campaign *c, int by);
void ota_campaign_pause(struct ota_campaign *c, bool evaluate, size_t wave);
void ota_campaign_hold(struct ota_campaign *c);
void ota_campaign_hold_wave(struct ota_campaign *c, size_t w);
void ota_campaign_people_clock(struct ota_campaign *c);
int64_t ota_campaign_people_us(struct ota_campaign *c);

/* campaign_new.c */
bool ota_campaign_pace_grow(struct ota_campaign *c, struct campaign_pace *pace,
                            size_t units);
const struct ota_labels *ota_campaign_labels(const struct ota_campaign *c,
                                             const char *key);

#endif
