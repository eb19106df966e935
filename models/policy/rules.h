/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rules.h - conditions over counters, and what they remember.
 *
 * A judge looks at one list of rules for one scope. It keeps what holds, what
 * has acted, which outcomes are in a window, and where sequential tests stand.
 * Sources: A. Wald: Sequential Tests of Statistical Hypotheses. Ann. Math.
 * Stat. 16 (1945); arithmetic as hawkBit (float32), Flight Control (floor_pct)
 * and NervesHub (ceil_count) do it.
 *
 * A window replaces the counts of the seven outcomes and their sums bad,
 * executed and terminal; total, offered and the like, minimums and
 * completeness are the scope's. An outcome is in a window of time until it is
 * window_us old; outcomes less than 1/256 of the window apart are kept together
 * and leave with the last of them.
 */
#ifndef OTA_RULES_H
#define OTA_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/policy/policy.h"
#include "sim/base/arena.h"

/* Compares a share of counts with pct (millionths of a percent); false if of
 * is 0. */
bool ota_share_compares(int64_t n, int64_t of, enum ota_compare op, int64_t pct,
                        enum ota_math math);

/* Wald's test: what a failure and a success add to the log likelihood ratio,
 * and where it is decided. */
struct ota_sprt {
    double per_bad, per_good; /* > 0, < 0 */
    double bad_at, good_at;   /* > 0, < 0 */
};
struct ota_sprt ota_sprt_of(double p0, double p1, double alpha, double beta);

struct ota_judge;

/* Returns a judge of rules for one scope (rules of the other scope are passed
 * over), from arena; NULL: no memory. What it allocates it does here. */
struct ota_judge *ota_judge_new(const struct ota_rules *rules,
                                enum ota_scope scope, struct ota_arena *arena);

/* One more outcome at now_us, one of OTA_COUNT_SUCCEEDED .. SKIPPED: for
 * windows and tests. Call before ota_judge_look(). A sequential test counts
 * those that are in its "of" (all seven if it is no outcome nor a sum of them),
 * bad ones and the others; once it has decided it stays so. */
void ota_judge_outcome(struct ota_judge *judge, int64_t now_us,
                       enum ota_counter outcome);

struct ota_judge_view {
    int64_t now_us;                  /* since the begin of the rollout */
    int64_t rollout_us, wave_us;     /* when these began; OTA_NEVER: they have
                                      * not, and have no age */
    const struct ota_counts *counts; /* of the scope */
};

/* Looks at the rules in order. Returns the first that is true and has not
 * acted, as acted now; NULL: none. What a rule must hold for is timed from the
 * first look at which it is true, behind a rule that acts too; one that acts
 * more than once begins to hold anew. */
const struct ota_rule *ota_judge_look(struct ota_judge *judge,
                                      const struct ota_judge_view *view);

/* The next instant after now_us at which the answer may change though nothing
 * is reported: an age is reached, a hold is over, a window moves on;
 * OTA_NEVER: none. */
int64_t ota_judge_next_us(const struct ota_judge *judge,
                          const struct ota_judge_view *view);

/* Forgets what it remembers: the scope begins anew. */
void ota_judge_reset(struct ota_judge *judge);

#endif
