/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flow.c - jumping from loss to loss.
 *
 * Losses. While a regime lasts each datagram is lost with the same
 * probability p, independently, so the number that pass before the next loss
 * is geometric: floor(E / -ln(1 - p)), E being exponential. It has no memory,
 * which is why it may be drawn anew wherever a regime changes.
 *
 * Exchanges. A try of an exchange goes smoothly with probability
 * (1 - p)(1 - p) P(round trip < timer), independently of the others, so the
 * number of smooth exchanges in a row is geometric, too; their round trips are
 * drawn as one sum (moments.c). Where times are not looked at one by one the
 * same goes for several tries: of exchanges that pass at one of them, how many
 * failed once, twice, ... is drawn by one binomial behind the other. The
 * exchange behind them is rough: what spoilt each of those tries is drawn in
 * proportion to the three causes, and its repeats are followed one by one as
 * ota_exchange_run() does. The answers to repeats are asked for in the regime
 * of their request.
 */
#include "models/transfer/flow.h"

#include <assert.h>
#include <math.h>

#include <gsl/gsl_cdf.h>

#include "models/link/trials.h"
#include "sim/base/clock.h"
#include "sim/base/sample.h"

/* --- evenly spaced datagrams --- */

bool ota_air_firsts_matter(const struct ota_air *air)
{
    return air->loss_first > air->loss[0] || air->loss_first > air->loss[1] ||
           air->rtt_first->kind != OTA_DIST_FIXED || air->rtt_first->a > 0;
}

struct ota_flow_walk ota_flow_walk(struct ota_air *air, int64_t gap_us,
                                   gsl_rng *rng)
{
    assert(gap_us > 0);
    return (struct ota_flow_walk){.air = air,
                                  .rng = rng,
                                  .gap_us = gap_us,
                                  .until_us = INT64_MIN,
                                  .rates = {1, 1}};
}

/* For ota_flow_passes(), of the state that the air is in; 1: not known. */
static double rate_of(struct ota_flow_walk *walk)
{
    double *rate = &walk->rates[walk->air->bad];

    if (walk->loss >= 1)
        return 0;
    if (walk->odd)
        return ota_flow_rate(log1p(-walk->loss));
    if (*rate > 0)
        *rate = ota_flow_rate(log1p(-walk->loss));
    return *rate;
}

static void walk_sense(struct ota_flow_walk *walk, int64_t now_us)
{
    struct ota_air *air = walk->air;

    walk->loss = ota_air_loss(air, now_us, &walk->until_us, walk->rng);
    /* Each is the radio's first then, except behind an exchange. */
    walk->odd = walk->gap_us > air->tail_us && walk->loss < air->loss_first;
    if (walk->odd)
        walk->loss = air->loss_first;
    walk->rate = rate_of(walk);
    walk->passes = walk->loss >= 1 ? 0 : ota_flow_passes(walk->rate, walk->rng);
}

int64_t ota_flow_walk_rough(struct ota_flow_walk *walk, int64_t now_us,
                            int64_t most, int64_t *lost)
{
    struct ota_air *air = walk->air;

    assert(most > 0);
    if (now_us >= walk->until_us)
        walk_sense(walk, now_us);
    *lost = 0;
    if (air->loss_first > walk->loss && ota_air_is_first(air, now_us)) {
        air->spoke_us = now_us;
        *lost = ota_uniform(walk->rng) < air->loss_first;
        return !*lost;
    }
    if (walk->odd && !ota_air_is_first(air, now_us)) {
        air->spoke_us = now_us;
        *lost = ota_uniform(walk->rng) < air->loss[air->bad];
        return !*lost;
    }
    /* Those that leave before the regime ends. */
    const int64_t left_us = walk->until_us - now_us;
    if (walk->until_us != OTA_NEVER && (most - 1) * walk->gap_us >= left_us)
        most = (left_us - 1) / walk->gap_us + 1;
    if (walk->loss >= 1) {
        *lost = most;
        air->spoke_us = now_us + (most - 1) * walk->gap_us;
        return 0;
    }
    const int64_t passes = ota_us_min(most, walk->passes);
    if (walk->passes != INT64_MAX)
        walk->passes -= passes;
    if (passes < most) {
        *lost = 1;
        walk->passes = ota_flow_passes(walk->rate, walk->rng);
    }
    air->spoke_us = now_us + (passes + *lost - 1) * walk->gap_us;
    return passes;
}

/* --- exchanges --- */

/* The chance of a rough exchange that has so many tries. */
static double rough_of(const struct ota_flow *flow, int tries)
{
    return flow->slow + (1 - flow->slow) * ota_flow_power(flow->spoilt, tries);
}

static void set_tries(struct ota_flow *flow, int tries)
{
    flow->tries = tries;
    flow->part_count = OTA_FLOW_TIMERS + tries - 1;
    flow->rough = flow->slow > 0 ? rough_of(flow, tries)
                                 : ota_flow_power(flow->spoilt, tries);
}

int64_t ota_flow_smooth(const struct ota_flow *flow, int64_t most)
{
    return ota_trials_pass(most, flow->rough, flow->account->rng);
}

void ota_flow_open(struct ota_flow *flow, struct ota_transfer_account *account,
                   const struct ota_retry *retry, double floor_us)
{
    struct ota_flow_part *part = &flow->parts[OTA_FLOW_ROUND_TRIPS];
    double share;

    *flow = (struct ota_flow){
        .account = account, .retry = retry, .until_us = INT64_MIN};
    set_tries(flow, 1);
    part->dist = account->job->air->rtt;
    part->from_us = floor_us;
    part->below_us = (double)retry->timeout_us;
    part->scale = 1;
    flow->works = ota_moments_between(part->dist, floor_us, part->below_us,
                                      &part->each, &share);
    flow->slow = share > 1 - 1e-8 ? 0 : 1 - share;
    if (!(flow->slow > 0))
        part->below_us = INFINITY;
}

void ota_flow_sense(struct ota_flow *flow)
{
    struct ota_air *air = flow->account->job->air;

    if (flow->account->now_us < flow->until_us)
        return;
    flow->loss = ota_air_loss(air, flow->account->now_us, &flow->until_us,
                              flow->account->rng);
    flow->request_loss =
        flow->firsts ? fmax(flow->loss, air->loss_first) : flow->loss;
    flow->answer_loss = ota_retry_answer_loss(flow->retry, flow->loss);
    flow->spoilt = 1 - (1 - flow->request_loss) * (1 - flow->answer_loss);
    set_tries(flow, 1);
}

/* Sets up the timer that runs out behind the k-th try, from 0. */
static void set_timer(struct ota_flow *flow, int k, double timeout_us)
{
    const double spread_us = timeout_us * flow->retry->spread;
    struct ota_flow_part *part = &flow->parts[OTA_FLOW_TIMERS + k];

    flow->timers[k] = (struct ota_dist){.kind = OTA_DIST_UNIFORM,
                                        .dimension = OTA_TIME,
                                        .a = timeout_us,
                                        .b = timeout_us + spread_us};
    part->dist = &flow->timers[k];
    part->count = 0;
    part->from_us = 0;
    part->below_us = INFINITY;
    part->scale = 1;
    part->each = (struct ota_moments){
        .mean = timeout_us + spread_us / 2,
        .variance = spread_us * spread_us / 12,
    };
}

void ota_flow_defer(struct ota_flow *flow, double patience_us)
{
    const struct ota_retry *retry = flow->retry;
    const struct ota_air *air = flow->account->job->air;
    int64_t timeout_us = retry->timeout_us;
    int tries = 1;

    if (flow->deferred)
        return;
    flow->deferred = true;
    /* A later try fares as the first one does, but for a radio's silence and
     * its longer timer. */
    if (flow->parts[OTA_FLOW_ROUND_TRIPS].from_us > 0)
        return;
    const double silence_us =
        ota_air_firsts_matter(air) ? (double)air->tail_us : INFINITY;
    while (tries < OTA_FLOW_TRIES_MAX && tries < retry->sends_max) {
        const double most_us = (double)timeout_us * (1 + retry->spread);
        patience_us -= most_us;
        if (most_us > silence_us || patience_us < 0)
            break;
        set_timer(flow, tries - 1, (double)timeout_us);
        timeout_us = ota_retry_next_us(retry, timeout_us);
        tries++;
    }
    set_tries(flow, tries);
}

void ota_flow_undefer(struct ota_flow *flow)
{
    flow->deferred = false;
    set_tries(flow, 1);
}

int64_t ota_flow_count(struct ota_flow *flow, int64_t n, int64_t *answers_lost)
{
    gsl_rng *rng = flow->account->rng;
    const double s = flow->spoilt;
    int64_t failed = 0;
    double rest = ota_flow_power(s, flow->tries);

    flow->parts[OTA_FLOW_ROUND_TRIPS].count += n;
    *answers_lost = 0;
    if (!(s > 0))
        return 0;
    for (int k = 0; k < flow->tries - 1 && n > 0; k++) {
        n = ota_flow_failures(n, s, &rest, rng);
        flow->parts[OTA_FLOW_TIMERS + k].count += n;
        failed += n;
    }
    if (failed > 0)
        *answers_lost =
            ota_flow_binomial(failed, 1 - flow->request_loss / s, rng);
    return failed;
}

void ota_flow_settle(struct ota_flow *flow)
{
    struct ota_transfer_account *account = flow->account;

    if (flow->parts[OTA_FLOW_ROUND_TRIPS].count ||
        flow->parts[OTA_FLOW_OWN].count)
        account->now_us = ota_us_add(
            account->now_us,
            ota_flow_draw_sum(flow->parts, flow->part_count, account->rng));
}

/* Draws a round trip that outlasts the first timer's least time. */
static int64_t slow_rtt_us(const struct ota_flow *flow)
{
    const struct ota_dist *dist = flow->parts[OTA_FLOW_ROUND_TRIPS].dist;
    const double below_us = flow->parts[OTA_FLOW_ROUND_TRIPS].below_us;
    gsl_rng *rng = flow->account->rng;
    double time_us;

    if (dist->kind == OTA_DIST_LOGNORMAL)
        time_us =
            exp(dist->a + dist->b * gsl_cdf_ugaussian_Qinv(
                                        flow->slow * gsl_rng_uniform_pos(rng)));
    else if (dist->kind == OTA_DIST_EXPONENTIAL)
        time_us = below_us - dist->a * log(gsl_rng_uniform_pos(rng));
    else
        do
            time_us = ota_dist_draw(dist, rng);
        while (time_us < below_us);
    return time_us < 0x1p62 ? ota_us_round(time_us) : OTA_NEVER;
}

/* One try of a rough exchange. */
struct
try {
    int number; /* from 0 */
    int64_t at_us;
    int64_t silence_us; /* before it */
    bool free;          /* what made the exchange rough is behind it */
};

enum fate { REQUEST_LOST, ANSWER_LOST, PASSED, PASSED_OPEN };

/* Tells a lost request from a lost answer by u, uniform in [0, either). In
 * *spare what the choice left over of it: uniform in [0, 1) and independent. */
static enum fate loss_of(double u, double request_loss, double either,
                         double *spare)
{
    if (u < request_loss) {
        *spare = u / request_loss;
        return REQUEST_LOST;
    }
    *spare = (u - request_loss) / (either - request_loss);
    return ANSWER_LOST;
}

/* What becomes of one of the tries that make the exchange rough: it is lost
 * and what is left is rough as well, or its answer is slow. */
static enum fate rough_fate(struct ota_flow *flow, struct try *this,
                            int64_t *rtt_us, double *spare)
{
    const double s = flow->spoilt;
    const double lost = s * rough_of(flow, flow->tries - this->number - 1);
    const double slow = (1 - s) * flow->slow;
    const double u = ota_uniform(flow->account->rng) * (lost + slow);

    if (u < lost)
        return loss_of(u / lost * s, flow->request_loss, s, spare);
    this->free = true;
    *spare = fmin((u - lost) / slow, 1 - 0x1p-53);
    *rtt_us = slow_rtt_us(flow);
    return PASSED;
}

/* What becomes of a try; its round trip in *rtt_us, if it passed. */
static enum fate fate_of(struct ota_flow *flow, struct try *this,
                         int64_t *rtt_us, double *spare)
{
    struct ota_air *air = flow->account->job->air;
    gsl_rng *rng = flow->account->rng;
    double loss = flow->loss;
    int64_t until_us;

    if (this->number < flow->tries && !this->free)
        return rough_fate(flow, this, rtt_us, spare);
    if (!flow->deferred)
        loss = ota_air_loss(air, this->at_us, &until_us, rng);
    const bool first = this->silence_us > air->tail_us;
    const double request_loss = first ? fmax(loss, air->loss_first) : loss;
    const double either =
        1 - (1 - request_loss) * (1 - ota_retry_answer_loss(flow->retry, loss));
    const double u = ota_uniform(rng);
    if (u < either)
        return loss_of(u, request_loss, either, spare);
    *spare = fmin((u - either) / (1 - either), 1 - 0x1p-53);
    if (flow->deferred && !(flow->slow > 0) &&
        !(flow->parts[OTA_FLOW_ROUND_TRIPS].from_us > 0) &&
        !(first && air->rtt_first->a > 0))
        return PASSED_OPEN;
    air->spoke_us = first ? INT64_MIN : this->at_us;
    *rtt_us = ota_air_rtt_us(air, this->at_us, rng);
    return PASSED;
}

struct ota_exchange ota_flow_rough(struct ota_flow *flow, bool *open)
{
    struct ota_transfer_account *account = flow->account;
    const struct ota_retry *retry = flow->retry;
    const int64_t begin_us = account->now_us;
    struct ota_exchange exchange = {.ok = false};
    struct try this = {.at_us = begin_us};
    int64_t timeout_us = retry->timeout_us;
    int64_t heard_us = OTA_NEVER;

    *open = false;
    for (; this.number < retry->sends_max; this.number++) {
        int64_t rtt_us;
        double spare;
        const enum fate fate = fate_of(flow, &this, &rtt_us, &spare);
        exchange.requests_sent++;
        exchange.answers_sent += fate != REQUEST_LOST;
        exchange.requests_received = exchange.answers_sent;
        if (fate == PASSED_OPEN) {
            *open = true;
            flow->parts[OTA_FLOW_ROUND_TRIPS].count++;
            exchange.ok = true;
            exchange.took_us = this.at_us - begin_us;
            return exchange;
        }
        if (fate == PASSED)
            heard_us = ota_us_min(heard_us, ota_us_add(this.at_us, rtt_us));
        const int64_t timer_us =
            (int64_t)((double)timeout_us * (1 + retry->spread * spare));
        this.silence_us = timer_us;
        if (fate == ANSWER_LOST) /* which left half a round trip later */
            this.silence_us -=
                (int64_t)flow->parts[OTA_FLOW_ROUND_TRIPS].each.mean / 2;
        this.at_us += timer_us;
        if (heard_us <= this.at_us) {
            exchange.ok = true;
            exchange.took_us = heard_us - begin_us;
            account->job->air->spoke_us = heard_us;
            return exchange;
        }
        timeout_us = ota_retry_next_us(retry, timeout_us);
    }
    exchange.took_us = this.at_us - begin_us;
    return exchange;
}

double ota_flow_bound_us(const struct ota_flow *flow, double n)
{
    const struct ota_moments *each = &flow->parts[OTA_FLOW_ROUND_TRIPS].each;
    const double timer_us = (double)flow->retry->timeout_us;
    const double backoff = flow->retry->backoff;
    const double share = flow->spoilt;
    const double rough = n * share + 8 * sqrt(n * share) + 3;

    /* A rough exchange waits for 1.5 timers at most if its first repeat
     * passes, and every further loss makes that so much more. */
    return n * each->mean + 8 * sqrt(n * each->variance) + timer_us +
           rough * 1.5 * timer_us / fmax(1 - backoff * share, 0.1) +
           3 * backoff * backoff * backoff * timer_us;
}
