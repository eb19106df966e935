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

double ota_flow_rate(double log_pass)
{
    return log_pass < 0 ? 1 / log_pass : -INFINITY;
}

int64_t ota_flow_passes(double rate, gsl_rng *rng)
{
    if (isinf(rate))
        return INT64_MAX;
    /* 1 - U is exact: U is a multiple of 2^-53. */
    const double passes = log(1 - gsl_rng_uniform(rng)) * rate;
    return passes < 0x1p62 ? (int64_t)passes : INT64_MAX;
}

enum { INVERSES = 33 };

/* Of 1, 2, ...: multiplying is faster than dividing. */
static const double inverses[INVERSES] = {
    0,        1.0 / 1,  1.0 / 2,  1.0 / 3,  1.0 / 4,  1.0 / 5,  1.0 / 6,
    1.0 / 7,  1.0 / 8,  1.0 / 9,  1.0 / 10, 1.0 / 11, 1.0 / 12, 1.0 / 13,
    1.0 / 14, 1.0 / 15, 1.0 / 16, 1.0 / 17, 1.0 / 18, 1.0 / 19, 1.0 / 20,
    1.0 / 21, 1.0 / 22, 1.0 / 23, 1.0 / 24, 1.0 / 25, 1.0 / 26, 1.0 / 27,
    1.0 / 28, 1.0 / 29, 1.0 / 30, 1.0 / 31, 1.0 / 32,
};

/* By inversion: walks up the distribution function; for a small mean. */
static int64_t binomial_inversion(int64_t n, double p, double log_miss,
                                  gsl_rng *rng)
{
    const double odds = p / (1 - p);
    double u = gsl_rng_uniform(rng);
    double mass = exp((double)n * log_miss);
    double left = (double)n;
    int hits = 0;

    while (u >= mass && left > 0) {
        u -= mass;
        hits++;
        mass *= odds * left-- *
                (hits < INVERSES ? inverses[hits] : 1 / (double)hits);
    }
    return hits;
}

int64_t ota_flow_binomial_log(int64_t n, double p, double log_miss,
                              gsl_rng *rng)
{
    if (n <= 0 || p <= 0)
        return 0;
    if (p <= 0.5 && (double)n * p < 20)
        return binomial_inversion(n, p, log_miss, rng);
    return ota_flow_binomial(n, p, rng);
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
        return binomial_inversion(n, p, log1p(-p), rng);
    assert(n <= UINT32_MAX);
    return (int64_t)gsl_ran_binomial(rng, p, (unsigned)n);
}

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
                                  .longest_us = -1};
}

static void walk_sense(struct ota_flow_walk *walk, int64_t now_us)
{
    struct ota_air *air = walk->air;

    walk->loss = ota_air_loss(air, now_us, &walk->until_us, walk->rng);
    /* Each is the radio's first then, except behind an exchange. */
    walk->odd = walk->gap_us > air->tail_us && walk->loss < air->loss_first;
    if (walk->odd)
        walk->loss = air->loss_first;
    walk->rate = ota_flow_rate(log1p(-fmin(walk->loss, 1)));
    walk->passes = ota_flow_passes(walk->rate, walk->rng);
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
        *lost = gsl_rng_uniform(walk->rng) < air->loss_first;
        return !*lost;
    }
    if (walk->odd && !ota_air_is_first(air, now_us)) {
        air->spoke_us = now_us;
        *lost = gsl_rng_uniform(walk->rng) < air->loss[air->bad];
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
        walk->passes = ota_flow_passes(walk->rate, walk->rng);
    }
    air->spoke_us = now_us + (passes + *lost - 1) * walk->gap_us;
    return passes;
}

/* A round trip that is practically never outlasted [us]. */
static double longest_us(const struct ota_dist *rtt)
{
    return rtt->kind == OTA_DIST_LOGNORMAL ? exp(rtt->a + 5.2 * rtt->b)
                                           : ota_dist_most(rtt);
}

bool ota_flow_walk_exchange(struct ota_flow_walk *walk,
                            const struct ota_retry *retry, int64_t now_us,
                            struct ota_exchange *exchange)
{
    struct ota_air *air = walk->air;
    gsl_rng *rng = walk->rng;

    if (walk->longest_us < 0)
        walk->longest_us =
            ota_air_firsts_matter(air) ? INFINITY : longest_us(air->rtt);
    if (walk->longest_us >= (double)retry->timeout_us || retry->sends_max < 2)
        return false;
    if (now_us >= walk->until_us)
        walk_sense(walk, now_us);
    if (walk->loss >= 1 ||
        ota_us_add(now_us, retry->timeout_us) >= walk->until_us)
        return false;
    *exchange = (struct ota_exchange){.ok = true,
                                      .requests_sent = 1,
                                      .requests_received = 1,
                                      .answers_sent = 1};
    if (walk->passes >= 2) {
        walk->passes -= walk->passes == INT64_MAX ? 0 : 2;
        exchange->took_us = ota_us_max(ota_dist_draw_us(air->rtt, rng), 1);
        air->spoke_us = ota_us_add(now_us, exchange->took_us);
        return true;
    }
    /* The first try fails, and the rest is an exchange with one try less. */
    const int64_t answered = walk->passes;
    struct ota_retry rest = *retry;
    const double stretch = 1 + retry->spread * gsl_rng_uniform(rng);
    const int64_t timer_us = (int64_t)((double)retry->timeout_us * stretch);
    rest.timeout_us = ota_us_min(2 * rest.timeout_us, rest.timeout_max_us);
    rest.sends_max--;
    walk->passes = ota_flow_passes(walk->rate, rng);
    *exchange = ota_exchange_run(air, &rest, now_us + timer_us, rng);
    exchange->took_us += timer_us;
    exchange->requests_sent++;
    exchange->requests_received += (int)answered;
    exchange->answers_sent += (int)answered;
    return true;
}

bool ota_flow_walk_enter(struct ota_flow_walk *walk,
                         struct ota_transfer_account *account,
                         const struct ota_transfer_message *message)
{
    const struct ota_retry *retry = ota_transfer_retry(account);
    struct ota_exchange exchange;

    if (!ota_flow_walk_exchange(walk, retry, account->now_us, &exchange))
        return ota_transfer_exchange(account, message, retry);
    return ota_transfer_enter(account, message, &exchange);
}

/* --- exchanges --- */

void ota_flow_open(struct ota_flow *flow, struct ota_transfer_account *account,
                   const struct ota_retry *retry, double floor_us)
{
    struct ota_flow_part *part = &flow->parts[OTA_FLOW_ROUND_TRIPS];
    double share;

    *flow = (struct ota_flow){
        .account = account, .retry = retry, .until_us = INT64_MIN, .tries = 1};
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

void ota_flow_redraw(struct ota_flow *flow)
{
    flow->smooth = ota_flow_passes(flow->rate, flow->account->rng);
}

static void set_smooth(struct ota_flow *flow, int tries)
{
    flow->tries = tries;
    flow->rate = ota_flow_rate(
        log1p(tries > 1 ? -flow->spoilt * flow->spoilt : -flow->spoilt));
    ota_flow_redraw(flow);
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
    flow->log_pass = log1p(-fmin(flow->loss, 1));
    flow->spoilt =
        1 - (1 - flow->request_loss) * (1 - flow->loss) * (1 - flow->slow);
    set_smooth(flow, 1);
}

void ota_flow_defer(struct ota_flow *flow)
{
    const struct ota_air *air = flow->account->job->air;
    const double timeout_us = (double)flow->retry->timeout_us;
    const double spread_us = timeout_us * flow->retry->spread;
    struct ota_flow_part *timers = &flow->parts[OTA_FLOW_TIMERS];

    if (flow->deferred)
        return;
    flow->deferred = true;
    /* A second try fares as a first one does, but for a radio's silence and
     * its longer timer. */
    if (flow->slow > 0 || flow->parts[OTA_FLOW_ROUND_TRIPS].from_us > 0 ||
        flow->retry->sends_max < 3 ||
        (ota_air_firsts_matter(air) &&
         timeout_us + spread_us > (double)air->tail_us))
        return;
    flow->timer = (struct ota_dist){.kind = OTA_DIST_UNIFORM,
                                    .dimension = OTA_TIME,
                                    .a = timeout_us,
                                    .b = timeout_us + spread_us};
    timers->below_us = INFINITY;
    timers->scale = 1;
    timers->each.mean = timeout_us + spread_us / 2;
    timers->each.variance = spread_us * spread_us / 12;
    set_smooth(flow, 2);
}

void ota_flow_undefer(struct ota_flow *flow)
{
    flow->deferred = false;
    if (flow->tries > 1)
        set_smooth(flow, 1);
}

int64_t ota_flow_count(struct ota_flow *flow, int64_t n, int64_t *answers_lost)
{
    gsl_rng *rng = flow->account->rng;

    flow->parts[OTA_FLOW_ROUND_TRIPS].count += n;
    if (flow->smooth != INT64_MAX)
        flow->smooth -= n;
    *answers_lost = 0;
    if (flow->tries == 1)
        return 0;
    /* Of those that are not rough, spoilt (1 - spoilt) in 1 - spoilt^2. */
    const int64_t twice =
        ota_flow_binomial(n, flow->spoilt / (1 + flow->spoilt), rng);
    *answers_lost =
        ota_flow_binomial(twice, 1 - flow->request_loss / flow->spoilt, rng);
    flow->parts[OTA_FLOW_TIMERS].count += twice;
    return twice;
}

void ota_flow_settle(struct ota_flow *flow)
{
    struct ota_transfer_account *account = flow->account;

    flow->parts[OTA_FLOW_TIMERS].dist = &flow->timer;
    if (flow->parts[OTA_FLOW_ROUND_TRIPS].count ||
        flow->parts[OTA_FLOW_OWN].count)
        account->now_us = ota_us_add(
            account->now_us,
            ota_flow_draw_sum(flow->parts, OTA_FLOW_PARTS, account->rng));
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
    return time_us < 0x1p62 ? llround(time_us) : OTA_NEVER;
}

/* One try of a rough exchange. */
struct
try {
    int number; /* from 0 */
    int64_t at_us;
    int64_t silence_us; /* before it */
};

enum fate { REQUEST_LOST, ANSWER_LOST, PASSED, PASSED_OPEN };

/* What becomes of a try; the first (or two) does not go smoothly. Its round
 * trip in *rtt_us, if it passed. In *spare what the choice left over of its
 * random number: uniform in [0, 1) and independent of it. */
static enum fate fate_of(struct ota_flow *flow, const struct try *this,
                         int64_t *rtt_us, double *spare)
{
    struct ota_air *air = flow->account->job->air;
    gsl_rng *rng = flow->account->rng;
    double loss = flow->loss, request_loss = flow->request_loss;
    double u = gsl_rng_uniform(rng);
    double all = 1;
    bool first = false;

    if (this->number < flow->tries) {
        all = flow->spoilt;
        u *= all;
    } else {
        int64_t until_us;
        if (!flow->deferred)
            loss = ota_air_loss(air, this->at_us, &until_us, rng);
        first = this->silence_us > air->tail_us;
        request_loss = first ? fmax(loss, air->loss_first) : loss;
    }
    if (u < request_loss) {
        *spare = u / request_loss;
        return REQUEST_LOST;
    }
    const double either = request_loss + (1 - request_loss) * loss;
    if (u < either) {
        *spare = (u - request_loss) / (either - request_loss);
        return ANSWER_LOST;
    }
    *spare = fmin((u - either) / (all - either), 1 - 0x1p-53);
    if (this->number < flow->tries) {
        *rtt_us = slow_rtt_us(flow);
        return PASSED;
    }
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
        timeout_us = ota_us_min(2 * timeout_us, retry->timeout_max_us);
    }
    exchange.took_us = this.at_us - begin_us;
    return exchange;
}

double ota_flow_bound_us(const struct ota_flow *flow, double n)
{
    const struct ota_moments *each = &flow->parts[OTA_FLOW_ROUND_TRIPS].each;
    const double timer_us = (double)flow->retry->timeout_us;
    const double share = flow->spoilt;
    const double rough = n * share + 8 * sqrt(n * share) + 3;

    /* A rough exchange waits for 1.5 timers at most if its first repeat
     * passes, and every further loss doubles that. */
    return n * each->mean + 8 * sqrt(n * each->variance) + timer_us +
           rough * 1.5 * timer_us / fmax(1 - 2 * share, 0.1) + 24 * timer_us;
}
