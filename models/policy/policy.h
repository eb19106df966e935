/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy.h - a rollout as its operator writes it down: who, in which order,
 * how fast, what stops it.
 *
 * Nine blocks, each of them optional; a policy of all zeros but for what
 * ota_policy_init() sets means: everybody, at once, no limits, no rules, no
 * retries. Platforms differ in numerators, denominators, arithmetic and
 * clocks, so none of these is implied: each threshold names its own. Rules see
 * what devices reported, never the truth.
 *
 * Plain data: the scenario reader fills it, all pointers belong to its arena.
 * Times are since the begin of the rollout, the release. Shares in percent
 * are in millionths of a percent, so that they compare in integers.
 */
#ifndef OTA_POLICY_H
#define OTA_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/policy/filter.h"
#include "sim/base/dist.h"

/* 100 % in millionths of a percent. */
#define OTA_PCT_ALL INT64_C(100000000)

/* --- counters --- */

/*
 * What the platform counts over a scope, a wave or the rollout. An attempt is
 * offered, then started, then in one of the seven terminal states; a device
 * that will be tried again is in none of them.
 */
enum ota_counter {
    OTA_COUNT_TOTAL,   /* members of the scope */
    OTA_COUNT_OFFERED, /* ever offered */
    OTA_COUNT_STARTED, /* ever started */
    OTA_COUNT_SUCCEEDED,
    OTA_COUNT_FAILED,
    OTA_COUNT_REJECTED, /* the device refused */
    OTA_COUNT_TIMED_OUT,
    OTA_COUNT_CANCELED,
    OTA_COUNT_REMOVED,
    OTA_COUNT_SKIPPED,   /* had the release already */
    OTA_COUNT_BLOCKED,   /* in the penalty box now */
    OTA_COUNT_ON_TARGET, /* report the release now */
    /* Sums of these. */
    OTA_COUNT_BAD,       /* failed, rejected, timed_out */
    OTA_COUNT_EXECUTED,  /* succeeded, bad */
    OTA_COUNT_TERMINAL,  /* all seven */
    OTA_COUNT_IN_FLIGHT, /* offered, not terminal */
    OTA_COUNTERS
};

enum { OTA_COUNTERS_KEPT = OTA_COUNT_BAD }; /* the rest are sums */

extern const char *const ota_counter_names[OTA_COUNTERS + 1]; /* NULL-ended */

/* The counters of one scope. */
struct ota_counts {
    int64_t kept[OTA_COUNTERS_KEPT];
    int64_t unoffered; /* terminal without ever an offer: left, or skipped,
                        * before it came; for OTA_COUNT_IN_FLIGHT */
    int64_t repeats;   /* bad outcomes that were not a device's last: counted,
                        * but the device is not terminal */
};

/* Returns any counter, sums too. */
int64_t ota_count(const struct ota_counts *counts, enum ota_counter counter);

/* --- rules --- */

enum ota_compare { OTA_AT_LEAST, OTA_MORE, OTA_AT_MOST, OTA_LESS, OTA_EQUAL };
extern const char *const ota_compare_words[]; /* ">=" ">" "<=" "<" "==" */

/* How a share of counts is compared with a percentage. */
enum ota_math {
    OTA_MATH_EXACT,      /* 100 n with pct * of, in integers */
    OTA_MATH_FLOOR_PCT,  /* floor(100 n / of) with pct */
    OTA_MATH_CEIL_COUNT, /* n with max(1, ceil(pct * of / 100)) */
    OTA_MATH_FLOAT32,    /* n / of with pct / 100, in single precision */
};
extern const char *const ota_math_words[];

enum ota_scope { OTA_SCOPE_ROLLOUT, OTA_SCOPE_WAVE };
extern const char *const ota_scope_words[];

enum ota_condition_kind {
    OTA_IF_SHARE,    /* counter / of, in percent */
    OTA_IF_COUNT,    /* counter */
    OTA_IF_COMPLETE, /* all members are terminal; true of an empty scope */
    OTA_IF_AGE,      /* of the wave or the rollout */
    OTA_IF_SPRT,     /* Wald's test: bad outcomes among `of` */
    OTA_IF_ALL,
    OTA_IF_ANY,
    OTA_IF_NOT,
};

struct ota_condition {
    enum ota_condition_kind kind;
    enum ota_counter counter; /* SHARE, COUNT; SPRT: what is bad */
    enum ota_counter of;      /* SHARE, SPRT */
    enum ota_compare op;      /* SHARE, COUNT, AGE */
    int64_t pct;              /* SHARE; millionths of a percent */
    int64_t n;                /* COUNT */
    enum ota_scope age_of;    /* AGE */
    int64_t age_us;
    double p0, p1, alpha, beta; /* SPRT; shares, p0 < p1 */
    bool verdict_bad;           /* SPRT: true if it says bad, or else good */
    const struct ota_condition *parts; /* ALL, ANY; NOT has one */
    size_t part_count;
};

/* What must have been counted before a rule is looked at. */
struct ota_minimum {
    enum ota_counter counter;
    int64_t n;
};

enum ota_action_kind {
    OTA_DO_NEXT_WAVE, /* nothing if there is none */
    OTA_DO_PAUSE,     /* no new offers or waves; attempts go on */
    OTA_DO_STOP,      /* for good */
    OTA_DO_ROLLBACK,  /* stop, and send the old image */
    OTA_DO_FINISH,
    OTA_DO_APPROVE, /* no new offers in this scope until a person says so */
    OTA_DO_RATE,    /* change the pace */
    OTA_DO_IN_FLIGHT,
};
extern const char *const ota_action_words[]; /* "next_wave", "pause", ... */

enum ota_cancel { OTA_CANCEL_NONE, OTA_CANCEL_QUEUED, OTA_CANCEL_ALL };
extern const char *const ota_cancel_words[];

enum ota_back_who { OTA_BACK_ALL, OTA_BACK_UPDATED, OTA_BACK_WAVE };
extern const char *const ota_back_words[];

struct ota_action {
    enum ota_action_kind kind;
    bool evaluate;          /* PAUSE: rules are looked at meanwhile */
    enum ota_cancel cancel; /* STOP, ROLLBACK: queued ones have not started */
    int64_t per_minute;     /* STOP: devices cancelled; 0: all at once */
    enum ota_back_who who;  /* ROLLBACK */
    int64_t n;              /* RATE: per period, IN_FLIGHT: at most */
};

struct ota_rule {
    enum ota_scope scope;
    struct ota_condition when; /* "if" */
    const struct ota_minimum *minimums;
    size_t minimum_count;
    int64_t hold_us;     /* it must have been true for so long; 0: at once */
    int64_t window_last; /* shares, counts and tests are over the last so many
                          * outcomes; 0: over all */
    int64_t window_us;   /* or over those of the last so long; 0: over all */
    struct ota_action action;
    bool once; /* per scope: acts no second time */
};

/* Tried in order; the first that is true acts, the others are not looked at. */
struct ota_rules {
    int64_t every_us; /* looked at so often; 0: on each outcome */
    enum ota_math math;
    const struct ota_rule *list;
    size_t count;
};

/* --- who --- */

enum ota_late {
    OTA_LATE_IGNORE,
    OTA_LATE_LAST_WAVE,
    OTA_LATE_IMMEDIATELY,
    OTA_LATE_APPEND_WAVE,
};
extern const char *const ota_late_words[];

enum ota_if_current {
    OTA_CURRENT_SKIP,
    OTA_CURRENT_SUCCEED,
    OTA_CURRENT_FORCE
};
extern const char *const ota_if_current_words[];

struct ota_policy_target {
    struct ota_filter where;
    int late;           /* enum ota_late: devices that come in, by their
                         * group's "joins", after the rollout has begun */
    bool leave_removes; /* one that is switched off for good counts as removed
                         * when it goes; else it stays where it is */
    int if_current;     /* enum ota_if_current: has the release already */
};

/* --- waves --- */

enum ota_size_kind {
    OTA_SIZE_REST,
    OTA_SIZE_COUNT,
    OTA_SIZE_PCT,
    OTA_SIZE_BERNOULLI, /* each device by itself */
};

enum ota_size_of {
    OTA_OF_INITIAL,   /* targets at the begin of the rollout */
    OTA_OF_MATCHED,   /* that the wave's filter matches now */
    OTA_OF_FLEET,     /* targets now */
    OTA_OF_REMAINING, /* not in a wave yet */
};
extern const char *const ota_size_of_words[];

enum ota_round { OTA_ROUND_HALF_UP, OTA_ROUND_FLOOR, OTA_ROUND_CEIL };
extern const char *const ota_round_words[];

struct ota_wave_size {
    enum ota_size_kind kind;
    int64_t count;
    int64_t pct; /* PCT, BERNOULLI; millionths of a percent */
    int of;      /* enum ota_size_of */
};

enum ota_assign {
    OTA_ASSIGN_START,  /* members are chosen when the wave opens */
    OTA_ASSIGN_CREATE, /* all waves' when the rollout begins */
    OTA_ASSIGN_POLL,   /* whoever asks first, up to the size */
};
extern const char *const ota_assign_words[];

enum ota_sequence {
    OTA_SEQUENCE_RANDOM,
    OTA_SEQUENCE_ID,
    OTA_SEQUENCE_CREATED, /* as ID: devices are numbered as they were made */
    OTA_SEQUENCE_CONNECTED_LONGEST,
    OTA_SEQUENCE_FIRST_SEEN_NEWEST, /* ID, backwards */
    OTA_SEQUENCE_LAST_SEEN_NEWEST,
    OTA_SEQUENCE_LABEL, /* by the value of a label, then by number */
};
extern const char *const ota_sequence_words[];

enum ota_start_kind {
    OTA_START_NEXT,        /* by a rule's next_wave, or by a person */
    OTA_START_AT,          /* since the begin of the rollout */
    OTA_START_AFTER_START, /* of the wave before */
    OTA_START_AFTER_END,   /* when all members of the wave before are done */
    OTA_START_APPROVAL,    /* a person's */
};

struct ota_wave_start {
    enum ota_start_kind kind;
    int64_t time_us; /* AT, AFTER_* */
};

/* Fields that a wave may set for itself; else the rollout's hold. */
struct ota_wave {
    const char *name;
    struct ota_filter where;
    struct ota_wave_size size;
    bool cumulative; /* devices of earlier waves count towards the size */
    struct ota_wave_start start;
    int order;             /* enum ota_sequence */
    const char *order_key; /* SEQUENCE_LABEL */
    bool reachable;        /* only connected devices: chosen among them when
                            * it opens; a wave of the rest offers to each when
                            * it is connected */
    bool approval;         /* no devices: waits for a person, then passes on */
    const struct ota_policy_pace *pace; /* NULL: the rollout's */
    const struct ota_rules *rules;      /* NULL: the rollout's for waves */
};

/* Waves without end behind the list. */
struct ota_wave_repeat {
    struct ota_wave_size size; /* kind REST: none */
    bool judge_nominal; /* rules take the size for the total, not who is in */
    int64_t max;        /* waves; 0: no end */
};

struct ota_policy_waves {
    const struct ota_wave *list; /* at least one */
    size_t count;
    int assign; /* enum ota_assign */
    int round;  /* enum ota_round */
    bool close; /* opening a wave ends the offers of earlier ones; else they
                 * stay open and judged */
    bool quota_carry;    /* ASSIGN_POLL: what a wave left over goes to the
                          * next */
    bool fill_by_shares; /* percentages are turned into shares of what is
                          * left, and those rounded (see waves.h) */
    struct ota_wave_repeat repeat;
};

/* --- pace --- */

enum ota_grow_of { OTA_GROW_OFFERED, OTA_GROW_SUCCEEDED, OTA_GROW_EITHER };
extern const char *const ota_grow_words[];

struct ota_policy_rate {
    bool limited;
    double base;    /* offers per period */
    int64_t per_us; /* the period */
    double max;     /* per period; infinity: none */
    double factor;  /* > 1: grows by this ... */
    int64_t every;  /* ... with each so many counted; 0: does not grow */
    int of;         /* enum ota_grow_of */
    bool grain;     /* a burst at each whole period, or else evenly */
};

enum ota_slot_unit { OTA_PER_ROLLOUT, OTA_PER_WAVE, OTA_PER_LABEL };

enum ota_slot {
    OTA_SLOT_OFFERED,     /* from the offer on */
    OTA_SLOT_STARTED,     /* from the begin of the first transfer on */
    OTA_SLOT_DOWNLOADING, /* during transfers only: others wait for a slot */
};
extern const char *const ota_slot_words[];

struct ota_policy_in_flight {
    int64_t max; /* 0: unlimited */
    int unit;    /* enum ota_slot_unit */
    const char *label;
    int counts;            /* enum ota_slot */
    int64_t min_available; /* per unit, of those not updating; 0: none */
    int64_t stale_us; /* a slot is free when its device was silent so long; */
    int64_t sweep_us; /* which is looked at so often; OTA_NEVER: never stale */
};

struct ota_lane {
    struct ota_filter where;
    int64_t max; /* slots of its own, served first */
};

struct ota_policy_pace {
    struct ota_policy_rate rate;
    struct ota_policy_in_flight in_flight;
    const struct ota_lane *lanes;
    size_t lane_count;
    int64_t min_gap_us;    /* between two rounds of offers on events; 0: none */
    int64_t also_every_us; /* and a round so often anyhow; 0: not */
    int64_t every_us;      /* only so often; 0: on events */
    bool late_paced;       /* late joiners obey the pace */
};

/* --- an attempt --- */

enum ota_cause {
    OTA_CAUSE_DOWNLOAD, /* the transfer never came through */
    OTA_CAUSE_INSTALL,  /* complete, and yet the old version runs */
    OTA_CAUSE_REVERT,   /* the old version came back */
    OTA_CAUSE_REFUSED,
    OTA_CAUSES
};
extern const char *const ota_cause_words[];

struct ota_policy_timeout {
    bool from_started; /* or from the offer */
    int64_t after_us;  /* OTA_NEVER: none */
    int64_t step_us;   /* since the last sign of progress; OTA_NEVER: none */
};

struct ota_policy_retry {
    int64_t failed;      /* tries after failures, at most */
    int64_t timed_out;   /* after time-outs */
    int64_t total;       /* of both */
    bool next_poll;      /* when the device asks again */
    int64_t wait_us;     /* or after so long, */
    double factor;       /* growing by this ... */
    int64_t wait_max_us; /* ... up to this */
    bool count_each;     /* every failure counts as one, not only the last */
    uint32_t causes;     /* bit 1 << cause for those that are tried again */
};

struct ota_policy_penalty {
    int64_t on_failed_us;   /* blocked for so long after a failure; 0: not */
    int64_t on_refused_us;  /* after a refusal; 0: not */
    int64_t after_attempts; /* attempts since the last success; 0: no limit */
    int64_t rate_n;         /* attempts ...; 0: no limit */
    int64_t rate_us;        /* ... within so long */
    int64_t block_us;       /* blocked for so long when at a limit */
};

struct ota_policy_attempt {
    struct ota_policy_timeout timeout;
    struct ota_policy_retry retry;
    struct ota_policy_penalty penalty;
};

/* --- windows --- */

struct ota_policy_window; /* cron.h */

enum ota_at_end { OTA_END_STOP, OTA_END_CANCEL_QUEUED, OTA_END_CANCEL_ALL };
extern const char *const ota_at_end_words[];

/* Lists that are empty are always open. */
struct ota_window_list {
    const struct ota_policy_window *list;
    size_t count;
};

struct ota_policy_windows {
    int64_t start_us; /* of the rollout; 0: the release */
    int64_t end_us;   /* OTA_NEVER: none */
    int at_end;       /* enum ota_at_end */
    struct ota_window_list offer, download, install;
};

/* --- devices, as far as the policy sets what they do --- */

enum ota_learn {
    OTA_LEARN_AS_DELIVERY,
    OTA_LEARN_POLL,
    OTA_LEARN_PUSH,
    OTA_LEARN_HANDSHAKE
};
enum ota_poll_phase {
    OTA_POLL_PHASE_RANDOM,
    OTA_POLL_PHASE_BOOT,
    OTA_POLL_PHASE_EVEN
};
enum ota_accept { OTA_ACCEPT_AUTO, OTA_ACCEPT_ASK, OTA_ACCEPT_LOCK };
enum ota_accept_what { OTA_ACCEPT_DOWNLOAD, OTA_ACCEPT_INSTALL };
enum ota_confirm {
    OTA_CONFIRM_NONE,
    OTA_CONFIRM_SELF,
    OTA_CONFIRM_SERVER,
    OTA_CONFIRM_TIME
};
enum ota_revert { OTA_REVERT_NEXT_BOOT, OTA_REVERT_TIMER, OTA_REVERT_NEVER };
extern const char *const ota_learn_words[];
extern const char *const ota_poll_phase_words[];
extern const char *const ota_accept_words[];
extern const char *const ota_accept_what_words[];
extern const char *const ota_confirm_words[];
extern const char *const ota_revert_words[];

struct ota_policy_learn {
    int by;                 /* enum ota_learn; AS_DELIVERY: as the scenario's
                             * "delivery" says */
    struct ota_dist every;  /* POLL; HANDSHAKE with drawn_every: at such
                             * intervals, not by the session's rules */
    bool drawn_every;       /* HANDSHAKE: "every" was given */
    struct ota_dist jitter; /* added to each interval */
    int phase;              /* enum ota_poll_phase */
    int64_t also_poll_us;   /* PUSH: and polls so often; 0: not */
};

struct ota_policy_poll_retry {
    int64_t first_us; /* 0: a poll that got no answer is not repeated */
    int64_t repeat;   /* each interval so many times */
    double factor;
    int64_t max_us;
    int64_t give_up; /* tries; 0: once the longest was used `repeat` times */
};

struct ota_policy_accept {
    int mode;                   /* enum ota_accept */
    int what;                   /* enum ota_accept_what */
    struct ota_dist delay;      /* ASK: until somebody says yes */
    double refuse;              /* ASK: share that says no */
    double lock_duty;           /* LOCK: share of the time that it is held */
    struct ota_dist lock_lasts; /* LOCK: how long at a time */
    bool forced;                /* the cloud overrides it */
};

struct ota_policy_confirm {
    int by;              /* enum ota_confirm */
    int64_t after_us;    /* TIME: from the first boot; SELF: its self test */
    int64_t deadline_us; /* REVERT_TIMER: reverts by itself then */
    int revert;          /* enum ota_revert: what ends an unconfirmed image */
    bool report_confirm; /* success is reported when confirmed, not at boot */
};

struct ota_policy_device {
    struct ota_policy_learn learn;
    struct ota_policy_poll_retry poll_retry;
    struct ota_policy_accept accept;
    struct ota_policy_confirm confirm;
};

/* --- what is sent --- */

enum ota_image_form {
    OTA_IMAGE_FULL,
    OTA_IMAGE_DELTA,
    OTA_IMAGE_DELTA_ELSE_FULL
};
extern const char *const ota_image_form_words[];

struct ota_policy_transfer {
    int image;              /* enum ota_image_form */
    double delta_share;     /* size of a delta over the full image */
    double delta_ok;        /* DELTA_ELSE_FULL: share of devices that get it */
    int64_t delta_ready_us; /* since the begin of the rollout */
    bool while_not_ready_full; /* full images until then; else none */
    bool resume;               /* a broken transfer goes on where it was */
    bool resume_given;         /* else the transfer model's own way */
    int64_t url_ttl_us; /* a transfer that resumes later asks for its document
                         * again; OTA_NEVER: not */
    int64_t url_bytes;  /* what that costs */
};

/* --- people --- */

/* Nobody comes if a distribution is "never". */
struct ota_policy_operator {
    bool approves; /* and whoever retries what failed */
    struct ota_dist approve;
    bool resumes;
    struct ota_dist resume;
    int64_t resumes_max;
    int64_t skip_wave_us;     /* age of a wave; OTA_NEVER */
    int64_t retry_failed_us;  /* behind the end of a wave; OTA_NEVER */
    int64_t retry_failed_max; /* times */
    int64_t trigger_next_us;  /* age of a wave; OTA_NEVER */
};

struct ota_policy {
    const char *name; /* "" if it has none */
    struct ota_policy_target target;
    struct ota_policy_waves waves;
    struct ota_policy_pace pace;
    struct ota_rules rules;
    struct ota_policy_attempt attempt;
    struct ota_policy_windows windows;
    struct ota_policy_device device;
    struct ota_policy_transfer transfer;
    struct ota_policy_operator operator;
};

/* The policy of an empty object. */
void ota_policy_init(struct ota_policy *policy);

/* Whether it offers to everybody when it begins, each once: rules, or its end,
 * can only stop it. */
bool ota_policy_begins_at_once(const struct ota_policy *policy);

/* Whether it reaches everybody at the release and nothing that devices report
 * changes anything any more. */
bool ota_policy_is_at_once(const struct ota_policy *policy);

#endif
