/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flow.c - jumping from loss to loss.
 *
 * Losses. While a regime lasts each datagram is lost with the same
 * probability p, independently, so the number that pass before the next loss
 * is geometric: floor(ln U / ln(1 - p)). It has no memory, which is why it may
 * be drawn anew wherever a regime changes.
 *
 * Exchanges. The first try of an exchange goes smoothly with probability
 * (1 - p)(1 - p) P(round trip < timer), independently of the others, so the
 * number of smooth ones in a row is geometric, too; their round trips are drawn
 * as one sum (moments.c). The exchange behind them is rough: what spoilt its
 * first try is drawn in proportion to the three causes, and its repeats are
 * followed one by one as ota_exchange_run() does. The answers to repeats
 * are asked for in the regime of their request.
 *
 * Source of the skipping: Devroye: Non-Uniform Random Variate Generation
 * (1986), ch. X.2 (geometric), X.4.3 (binomial by inversion).
 */
#include "models/transfer/flow.h"

#include <assert.h>
#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

#include "sim/base/clock.h"

int64_t ota_flow_passes(double log_pass, gsl_rng *rng)
{
    if (log_pass >= 0)
        return INT64_MAX;
    const double passes = log1p(-gsl_rng_uniform(rng)) / log_pass;
    return passes < 0x1p62 ? (int64_t)passes : INT64_MAX;
}

/* By inversion: walks up the distribution function; for a small mean. */
static int64_t binomial_inversion(int64_t n, double p, gsl_rng *rng)
{
    const double odds = p / (1 - p);
    double u = gsl_rng_uniform(rng);
    double mass = exp((double)n * log1p(-p));
    int64_t hits = 0;

    while (u >= mass && hits < n) {
        u -= mass;
        hits++;
        mass *= odds * (double)(n - hits + 1) / (double)hits;
    }
    return hits;
}

int64_t ota_flow_binomial(int64_t n, double p, gsl_rng *rng)
{
    if (n <= 0 || p <= 0)
        return 0;
    if (p >= 1)
        return n;
    if (p > 0.5)
        return n - ota_flow_binomial(n, 1 - p, rng);
    if ((double)n * p < 20)
        return binomial_inversion(n, p, rng);
    assert(n <= UINT32_MAX);
    return (int64_t)gsl_ran_binomial(rng, p, (unsigned)n);
}

/* --- evenly spaced datagrams --- */

struct ota_flow_walk ota_flow_walk(struct ota_air *air, int64_t gap_us,
                                   gsl_rng *rng)
{
    assert(gap_us > 0);
    return (struct ota_flow_walk){.air = air,
                                  .rng = rng,
                                  .gap_us = gap_us,
                                  .until_us = INT64_MIN};
}

static void walk_sense(struct ota_flow_walk *walk, int64_t now_us)
{
    struct ota_air *air = walk->air;

    walk->loss = ota_air_loss(air, now_us, &walk->until_us, walk->rng);
    if (walk->gap_us > air->tail_us)
        walk->loss = fmax(walk->loss, air->loss_first);
    walk->log_pass = log1p(-fmin(walk->loss, 1));
    walk->passes = ota_flow_passes(walk->log_pass, walk->rng);
}

int64_t ota_flow_walk_on(struct ota_flow_walk *walk, int64_t now_us,
                         int64_t most, int64_t *lost)
{
    struct ota_air *air = walk->air;

    assert(most > 0);
    if (now_us >= walk->until_us)
        walk_sense(walk, now_us);
    *lost = 0;
    if (air->loss_first > walk->loss && ota_air_is_first(air, now_us)) {
        air->spoke_us = now_us;
        *lost = gsl_rng_uniform(walk->rng) < air->loss_first;
        return !*lost;
    }
    /* Those that leave before the regime ends. */
    const int64_t left_us = walk->until_us - now_us;
    const int64_t here =
        walk->until_us == OTA_NEVER
            ? most
            : ota_us_min(most, (left_us - 1) / walk->gap_us + 1);
    if (walk->loss >= 1) {
        *lost = here;
        air->spoke_us = now_us + (here - 1) * walk->gap_us;
        return 0;
    }
    const int64_t passes = ota_us_min(here, walk->passes);
    if (walk->passes != INT64_MAX)
        walk->passes -= passes;
    if (passes < here) {
        *lost = 1;
        walk->passes = ota_flow_passes(walk->log_pass, walk->rng);
    }
    air->spoke_us = now_us + (passes + *lost - 1) * walk->gap_us;
    return passes;
}

/* --- exchanges --- */

bool ota_air_firsts_matter(const struct ota_air *air)
{
    return air->loss_first > air->loss[0] || air->loss_first > air->loss[1] ||
           air->rtt_first->kind != OTA_DIST_FIXED || air->rtt_first->a > 0;
}

struct ota_flow ota_flow(struct ota_transfer_account *account,
                         const struct ota_retry *retry, double floor_us)
{
    const struct ota_air *air = account->job->air;
    struct ota_flow flow = {
        .account = account, .retry = retry, .until_us = INT64_MIN, .loss = -1};
    struct ota_flow_part *part = &flow.parts[0];
    double share;

    part->dist = air->rtt;
    part->from_us = floor_us;
    part->below_us = (double)retry->timeout_us;
    part->scale = 1;
    flow.works = ota_moments_between(part->dist, floor_us, part->below_us,
                                     &part->each, &share);
    flow.slow = share > 1 - 1e-8 ? 0 : 1 - share;
    if (!(flow.slow > 0))
        part->below_us = INFINITY;
    return flow;
}

void ota_flow_redraw(struct ota_flow *flow)
{
    flow->smooth = ota_flow_passes(flow->log_smooth, flow->account->rng);
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
    flow->log_smooth = log1p(-fmin(flow->request_loss, 1)) +
                       log1p(-fmin(flow->loss, 1)) + log1p(-flow->slow);
    ota_flow_redraw(flow);
}

void ota_flow_settle(struct ota_flow *flow)
{
    struct ota_transfer_account *account = flow->account;

    if (flow->parts[0].count || flow->parts[1].count)
        account->now_us = ota_us_add(
            account->now_us, ota_flow_draw_sum(flow->parts, 2, account->rng));
}

/* Draws a round trip that outlasts the first timer's least time. */
static int64_t slow_rtt_us(const struct ota_flow *flow)
{
    const struct ota_dist *dist = flow->parts[0].dist;
    const double below_us = flow->parts[0].below_us;
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
    return time_us < 0x1p62 ? llround(time_us) : OTA_NEVER;
}

/* One try of a rough exchange. */
struct try {
    int number; /* from 0 */
    int64_t at_us;
    int64_t silence_us; /* before it */
};

enum fate { REQUEST_LOST, ANSWER_LOST, PASSED, PASSED_OPEN };

/* What becomes of a try; the first does not go smoothly. Its round trip in
 * *rtt_us, if it passed. */
static enum fate fate_of(struct ota_flow *flow, const struct try *this,
                         int64_t *rtt_us)
{
    struct ota_air *air = flow->account->job->air;
    gsl_rng *rng = flow->account->rng;
    double loss = flow->loss, request_loss = flow->request_loss;
    double u = gsl_rng_uniform(rng);
    bool first = false;

    if (this->number == 0) {
        u *= -expm1(flow->log_smooth);
    } else {
        int64_t until_us;
        if (!flow->deferred)
            loss = ota_air_loss(air, this->at_us, &until_us, rng);
        first = this->silence_us > air->tail_us;
        request_loss = first ? fmax(loss, air->loss_first) : loss;
    }
    if (u < request_loss)
        return REQUEST_LOST;
    if (u < request_loss + (1 - request_loss) * loss)
        return ANSWER_LOST;
    if (this->number == 0) {
        *rtt_us = slow_rtt_us(flow);
        return PASSED;
    }
    if (flow->deferred && !(flow->slow > 0) && !(flow->parts[0].from_us > 0) &&
        !(first && air->rtt_first->a > 0))
        return PASSED_OPEN;
    air->spoke_us = first ? INT64_MIN : this->at_us;
    *rtt_us = ota_air_rtt_us(air, this->at_us, rng);
    return PASSED;
}

struct ota_exchange ota_flow_rough(struct ota_flow *flow, bool *open)
{
    struct ota_transfer_account *account = flow->account;
    struct ota_air *air = account->job->air;
    const struct ota_retry *retry = flow->retry;
    const int64_t begin_us = account->now_us;
    struct ota_exchange exchange = {.ok = false};
    struct try this = {.at_us = begin_us};
    int64_t timeout_us = retry->timeout_us;
    int64_t heard_us = OTA_NEVER;

    *open = false;
    for (; this.number < retry->sends_max; this.number++) {
        int64_t rtt_us;
        const enum fate fate = fate_of(flow, &this, &rtt_us);
        exchange.requests_sent++;
        exchange.answers_sent += fate != REQUEST_LOST;
        exchange.requests_received = exchange.answers_sent;
        if (fate == PASSED_OPEN) {
            *open = true;
            flow->parts[0].count++;
            exchange.ok = true;
            exchange.took_us = this.at_us - begin_us;
            return exchange;
        }
        if (fate == PASSED)
            heard_us = ota_us_min(heard_us, ota_us_add(this.at_us, rtt_us));
        const double stretch =
            1 + retry->spread * gsl_rng_uniform(account->rng);
        this.silence_us = (int64_t)((double)timeout_us * stretch);
        if (fate == ANSWER_LOST) /* which left half a round trip later */
            this.silence_us -= (int64_t)flow->parts[0].each.mean / 2;
        this.at_us += (int64_t)((double)timeout_us * stretch);
        if (heard_us <= this.at_us) {
            exchange.ok = true;
            exchange.took_us = heard_us - begin_us;
            air->spoke_us = heard_us;
            return exchange;
        }
        timeout_us = ota_us_min(2 * timeout_us, retry->timeout_max_us);
    }
    exchange.took_us = this.at_us - begin_us;
    return exchange;
}

double ota_flow_bound_us(const struct ota_flow *flow, double n)
{
    const struct ota_moments *each = &flow->parts[0].each;
    const double timer_us = (double)flow->retry->timeout_us;
    const double share = -expm1(flow->log_smooth);
    const double rough = n * share + 8 * sqrt(n * share) + 3;

    /* A rough exchange waits for 1.5 timers at most if its first repeat
     * passes, and every further loss doubles that. */
    return n * each->mean + 8 * sqrt(n * each->variance) + timer_us +
           rough * 1.5 * timer_us / fmax(1 - 2 * share, 0.1) + 24 * timer_us;
}
