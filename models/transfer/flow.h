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
 * log(probability of success); INT64_MAX if none ever fails. */
int64_t ota_flow_passes(double log_pass, gsl_rng *rng);

/* Draws how many of n trials hit, each with probability p. */
int64_t ota_flow_binomial(int64_t n, double p, gsl_rng *rng);

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
    double log_pass;
    int64_t passes; /* that are left until the next loss */
};

struct ota_flow_walk ota_flow_walk(struct ota_air *air, int64_t gap_us,
                                   gsl_rng *rng);

/*
 * Follows datagrams that leave at now_us and every gap from then on, `most` at
 * most. Returns how many pass, and in *lost how many behind these are lost;
 * one of the two at least. There may be more after that: ask again.
 */
int64_t ota_flow_walk_on(struct ota_flow_walk *walk, int64_t now_us,
                         int64_t most, int64_t *lost);

/* --- exchanges --- */

/*
 * An exchange is smooth if request and answer pass at the first try and the
 * answer comes before any timer could run out.
 */
struct ota_flow {
    struct ota_transfer_account *account;
    const struct ota_retry *retry;
    bool works;            /* else every exchange must be run on its own */
    bool firsts;           /* requests are the first after a silence */
    double slow;           /* share of round trips that outlast a timer */
    double loss;           /* of the regime that holds until until_us */
    double request_loss;
    int64_t until_us;
    double log_smooth;
    int64_t smooth; /* exchanges that go smoothly until one that does not */
    bool deferred;  /* account->now_us lacks the times in parts */
    struct ota_flow_part parts[2]; /* round trips of smooth exchanges, and the
                                    * caller's own kind */
};

/* Whether a datagram's being the first after a silence makes a difference. */
bool ota_air_firsts_matter(const struct ota_air *air);

/* Sets up a flow of exchanges that last at least floor_us each. */
struct ota_flow ota_flow(struct ota_transfer_account *account,
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

/* Draws anew how many go smoothly from here. */
void ota_flow_redraw(struct ota_flow *flow);

/* Returns a time that n exchanges, rough ones included, outlast so rarely that
 * it never happens [us]; a number, as it may be huge. */
double ota_flow_bound_us(const struct ota_flow *flow, double n);

#endif
