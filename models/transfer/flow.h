/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flow.h - drawing what happens to many datagrams at once: how many pass until
 * one is lost, how many exchanges go smoothly until one does not, and how long
 * they take together. Private to models/transfer.
 */
#ifndef OTA_TRANSFER_FLOW_H
#define OTA_TRANSFER_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include <gsl/gsl_rng.h>

#include "models/transfer/account.h"
#include "sim/base/dist.h"

/* --- counts --- */

/* Returns how many trials succeed before the first failure, given
 * ota_flow_rate(log(probability of success)); INT64_MAX if none ever fails. */
int64_t ota_flow_passes(double rate, gsl_rng *rng);
double ota_flow_rate(double log_pass);

/* Returns base^n, n >= 0 being small. */
static inline double ota_flow_power(double base, int64_t n)
{
    double result = 1;

    for (; n > 0; n >>= 1, base *= base)
        if (n & 1)
            result *= base;
    return result;
}

/* Draws how many of n trials hit, each with probability p. */
int64_t ota_flow_binomial(int64_t n, double p, gsl_rng *rng);

/* The same, given log(1 - p), too. */
int64_t ota_flow_binomial_log(int64_t n, double p, double log_miss,
                              gsl_rng *rng);

/*
 * Of n exchanges that failed k times, draws how many failed once more, given
 * that all go smoothly at some try; a try fails with probability s. *rest is
 * s^l, l being the tries left behind those k, and is brought to the next l.
 */
int64_t ota_flow_failures(int64_t n, double s, double *rest, gsl_rng *rng);

/* --- sums of times --- */

struct ota_moments {
    double mean, variance, third; /* the third central moment */
};

/*
 * Works out the moments of max(X, from) given X < below, in closed form, and
 * P(X < below). Returns false if that form is not known for X, or if it is
 * hardly ever so small.
 */
bool ota_moments_between(const struct ota_dist *dist, double from_us,
                         double below_us, struct ota_moments *moments,
                         double *share);

/* Times of one kind that are still to be drawn: scale * max(X, from), X below
 * below_us. */
struct ota_flow_part {
    const struct ota_dist *dist;
    double from_us, below_us, scale;
    struct ota_moments each; /* scaled */
    int64_t count;
};

/* Draws the sum of all parts' times [us] and empties them. A sum that is close
 * to normal is drawn at once, by its first three moments; others singly. */
int64_t ota_flow_draw_sum(struct ota_flow_part *parts, int count, gsl_rng *rng);

/* --- evenly spaced datagrams --- */

struct ota_flow_walk {
    struct ota_air *air;
    gsl_rng *rng;
    int64_t gap_us;
    int64_t until_us; /* what follows holds until then */
    double loss;
    bool odd;        /* but for datagrams that are not the radio's first */
    double rate;     /* for ota_flow_passes() */
    double rates[2]; /* the same, of either state; 1: not known */
    int64_t passes;  /* that are left until the next loss */
};

struct ota_flow_walk ota_flow_walk(struct ota_air *air, int64_t gap_us,
                                   gsl_rng *rng);

/* ota_flow_walk_on() where something may happen to one of them. */
int64_t ota_flow_walk_rough(struct ota_flow_walk *walk, int64_t now_us,
                            int64_t most, int64_t *lost);

/*
 * Follows datagrams that leave at now_us and every gap from then on, `most` at
 * most. Returns how many pass, and in *lost how many behind these are lost;
 * one of the two at least. There may be more after that: ask again.
 */
static inline int64_t ota_flow_walk_on(struct ota_flow_walk *walk,
                                       int64_t now_us, int64_t most,
                                       int64_t *lost)
{
    struct ota_air *air = walk->air;

    if (most > walk->passes || walk->odd ||
        now_us + (most - 1) * walk->gap_us >= walk->until_us ||
        (air->loss_first > walk->loss && ota_air_is_first(air, now_us)))
        return ota_flow_walk_rough(walk, now_us, most, lost);
    /* All of them pass. */
    *lost = 0;
    if (walk->passes != INT64_MAX)
        walk->passes -= most;
    air->spoke_us = now_us + (most - 1) * walk->gap_us;
    return most;
}

/* --- exchanges --- */

enum { OTA_FLOW_TRIES_MAX = 5 }; /* counted together */

/* Kinds of times to be drawn together. */
enum {
    OTA_FLOW_ROUND_TRIPS, /* of exchanges */
    OTA_FLOW_OWN,         /* the caller's */
    OTA_FLOW_TIMERS,      /* that ran out before a second try, a third, ... */
    OTA_FLOW_PARTS = OTA_FLOW_TIMERS + OTA_FLOW_TRIES_MAX - 1
};

/*
 * An exchange is smooth if request and answer pass at the first try and the
 * answer comes before any timer could run out; else it is rough. In a deferred
 * flow those that go smoothly at a later try are counted as well: then rough
 * are those that do not go smoothly at any of the first `tries`.
 */
struct ota_flow {
    struct ota_transfer_account *account;
    const struct ota_retry *retry;
    bool works;  /* else every exchange must be run on its own */
    bool firsts; /* requests are the first after a silence */
    double slow; /* share of round trips that outlast a timer */
    double loss; /* of the regime that holds until until_us */
    double request_loss, answer_loss;
    int64_t until_us;
    double spoilt; /* share of tries that do not go smoothly */
    double rough;  /* share of exchanges that are rough */
    int tries;     /* that the smooth ones may need */
    bool deferred; /* account->now_us lacks the times in parts */
    int part_count;
    struct ota_flow_part parts[OTA_FLOW_PARTS];
    struct ota_dist timers[OTA_FLOW_TRIES_MAX - 1];
};

/* Whether a datagram's being the first after a silence makes a difference. */
bool ota_air_firsts_matter(const struct ota_air *air);

/* Sets up a flow of exchanges that last at least floor_us each. */
void ota_flow_open(struct ota_flow *flow, struct ota_transfer_account *account,
                   const struct ota_retry *retry, double floor_us);

/* Brings the regime up to account->now_us. */
void ota_flow_sense(struct ota_flow *flow);

/* Adds what is to be drawn to account->now_us. */
void ota_flow_settle(struct ota_flow *flow);

/*
 * Runs an exchange that begins now and is not smooth; of the times to be drawn
 * none may be open unless flow->deferred. In that case its own last round trip
 * is left to be drawn with the others, and *open is set.
 */
struct ota_exchange ota_flow_rough(struct ota_flow *flow, bool *open);

/* Draws how many of `most` exchanges go smoothly before a rough one comes. */
int64_t ota_flow_smooth(const struct ota_flow *flow, int64_t most);

/* Defers times from here on, and counts exchanges that need more than one try
 * as smooth where that can be done; their timers last patience_us at most. */
void ota_flow_defer(struct ota_flow *flow, double patience_us);

/* Follows times again. */
void ota_flow_undefer(struct ota_flow *flow);

/* Counts n smooth exchanges. Returns how many tries of theirs failed, and in
 * *answers_lost to how many of those an answer had been sent. */
int64_t ota_flow_count(struct ota_flow *flow, int64_t n, int64_t *answers_lost);

/* Returns a time that n exchanges, rough ones included, outlast so rarely that
 * it never happens [us]; a number, as it may be huge. */
double ota_flow_bound_us(const struct ota_flow *flow, double n);

#endif
