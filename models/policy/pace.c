/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pace.c - when offers may go out, how many, and how long to wait.
 *
 * A smooth rate is kept by counting, not by adding up gaps: within a stretch at
 * one rate the k-th offer is at its begin + round((k - done) per / rate), so
 * that no rounding adds up. A stretch ends when the rate changes or when an
 * offer went out later than it might have: the time that it was late is lost,
 * not made up for (assumption: ours; no platform documents it).
 *
 * A rate in bursts hands out whole offers at each period; the fraction that a
 * burst leaves over counts towards the next (assumption: ours).
 */
#include "models/policy/pace.h"

#include <assert.h>
#include <math.h>

#include "sim/base/clock.h"

/* Later than this [us] is never; doubles that are less convert safely. */
static const double us_max = 9e18;

static int64_t us_of(double value_us)
{
    return value_us < us_max ? llround(value_us) : OTA_NEVER;
}

/* --- rates --------------------------------------------------------------- */

double ota_rate_of(const struct ota_policy_rate *rate, int64_t counted)
{
    assert(counted >= 0);
    if (rate->every <= 0)
        return fmin(rate->max, rate->base);

    const double grown = pow(rate->factor, (double)(counted / rate->every));
    return fmin(rate->max, rate->base * grown);
}

/* When the next offer of a stretch is due. */
static int64_t due_us(const struct ota_rate_state *state,
                      const struct ota_policy_rate *rate)
{
    const double offers = (double)(state->released + 1) - state->done;

    return ota_us_add(state->begun_us,
                      us_of(offers * (double)rate->per_us / state->rate));
}

/* What of the next offer is done at now_us; 0 if less than a tick's worth,
 * which is what rounding instants to ticks leaves. */
static double done_at(const struct ota_rate_state *state,
                      const struct ota_policy_rate *rate, int64_t now_us)
{
    const double per_tick = state->rate / (double)rate->per_us;
    const double done = state->done +
                        (double)(now_us - state->begun_us) * per_tick -
                        (double)state->released;

    return done < per_tick ? 0 : fmin(done, 1);
}

/* Begins a stretch if there is none or the rate is another. */
static void stretch(struct ota_rate_state *state,
                    const struct ota_policy_rate *rate, int64_t counted,
                    int64_t now_us)
{
    const double wanted = ota_rate_of(rate, counted);

    if (state->rate == wanted)
        return;
    *state = (struct ota_rate_state){
        .begun_us = now_us,
        .done = state->rate > 0 ? done_at(state, rate, now_us) : 0,
        .rate = wanted,
    };
}

/* Begins the period that now_us is in, if it has not. */
static void period(struct ota_rate_state *state,
                   const struct ota_policy_rate *rate, int64_t counted,
                   int64_t now_us)
{
    int64_t begun_us = now_us;

    if (state->rate > 0) {
        const int64_t gone = (now_us - state->begun_us) / rate->per_us;
        if (gone < 1)
            return;
        begun_us = state->begun_us + gone * rate->per_us;
        const double left = state->rate + state->done;
        state->done = left - floor(left);
    }
    state->begun_us = begun_us;
    state->released = 0;
    state->rate = ota_rate_of(rate, counted);
}

/* Offers in the burst of the period. */
static int64_t burst_of(double offers)
{
    return offers < us_max ? (int64_t)floor(offers) : INT64_MAX;
}

static int64_t next_burst_us(const struct ota_rate_state *state,
                             const struct ota_policy_rate *rate,
                             int64_t counted, int64_t now_us, int64_t *burst)
{
    const double now = state->rate + state->done;
    const int64_t left = burst_of(now) - state->released;

    if (left > 0) {
        *burst = left;
        return now_us;
    }
    *burst = burst_of(ota_rate_of(rate, counted) + now - floor(now));
    return ota_us_add(state->begun_us, rate->per_us);
}

int64_t ota_rate_next_us(struct ota_rate_state *state,
                         const struct ota_policy_rate *rate, int64_t counted,
                         int64_t now_us, int64_t *burst)
{
    const double wanted = rate->limited ? ota_rate_of(rate, counted) : INFINITY;

    assert(now_us != OTA_NEVER && (!rate->limited || rate->per_us > 0));
    *burst = INT64_MAX;
    if (isinf(wanted))
        return now_us;
    if (rate->grain) {
        period(state, rate, counted, now_us);
        return state->rate > 0
                   ? next_burst_us(state, rate, counted, now_us, burst)
                   : OTA_NEVER;
    }
    *burst = 1;
    stretch(state, rate, counted, now_us);
    return state->rate > 0 ? ota_us_max(now_us, due_us(state, rate))
                           : OTA_NEVER;
}

void ota_rate_take(struct ota_rate_state *state,
                   const struct ota_policy_rate *rate, int64_t counted,
                   int64_t now_us, int64_t taken)
{
    if (!rate->limited || taken == 0 || isinf(ota_rate_of(rate, counted)))
        return;
    if (rate->grain) {
        period(state, rate, counted, now_us);
        state->released += taken;
        return;
    }
    if (state->rate <= 0)
        stretch(state, rate, counted, now_us);
    if (state->rate <= 0)
        return;

    const bool late = now_us > due_us(state, rate);
    state->released += taken;
    if (late)
        *state =
            (struct ota_rate_state){.begun_us = now_us, .rate = state->rate};
    stretch(state, rate, counted, now_us);
}

/* --- budgets ------------------------------------------------------------- */

int64_t ota_budget(int64_t max, int64_t min_available, int64_t total,
                   int64_t available, int64_t busy)
{
    int64_t budget = INT64_MAX;

    assert(max >= 0 && min_available >= 0 && total >= 0);
    if (max > 0)
        budget = max - busy;
    if (min_available > 0) {
        const int64_t most = total > 1 ? total - 1 : 0;
        const int64_t kept = min_available < most ? min_available : most;
        budget = ota_us_min(budget, available - kept);
    }
    return budget > 0 ? budget : 0;
}

int64_t ota_stale_us(int64_t spoke_us, int64_t stale_us, int64_t sweep_us)
{
    const int64_t from_us = ota_us_add(spoke_us, stale_us);

    if (from_us == OTA_NEVER || sweep_us == OTA_NEVER)
        return OTA_NEVER;
    assert(from_us >= 0 && sweep_us >= 0);
    if (sweep_us == 0 || from_us % sweep_us == 0)
        return from_us;
    return ota_us_add(from_us, sweep_us - from_us % sweep_us);
}

/* --- back-off ------------------------------------------------------------ */

/* first_us * factor ^ steps, max_us at most. */
static int64_t grown_us(int64_t first_us, double factor, int64_t steps,
                        int64_t max_us)
{
    const double grown = (double)first_us * pow(factor, (double)steps);

    return ota_us_min(max_us, us_of(grown));
}

int64_t ota_poll_retry_us(const struct ota_policy_poll_retry *retry,
                          int64_t tries)
{
    const int64_t repeat = retry->repeat > 0 ? retry->repeat : 1;
    const int64_t level = tries / repeat;

    assert(tries >= 0);
    if (retry->first_us == 0)
        return OTA_NEVER;
    if (retry->give_up > 0 && tries >= retry->give_up)
        return OTA_NEVER;
    if (retry->give_up == 0 && level > 0 &&
        (retry->factor <= 1 || grown_us(retry->first_us, retry->factor,
                                        level - 1, OTA_NEVER) >= retry->max_us))
        return OTA_NEVER;
    return grown_us(retry->first_us, retry->factor, level, retry->max_us);
}

int64_t ota_retry_wait_us(const struct ota_policy_retry *retry, int64_t tries)
{
    assert(tries >= 0);
    return grown_us(retry->wait_us, retry->factor, tries, retry->wait_max_us);
}

/* --- the penalty box ----------------------------------------------------- */

/* Whether the last rate_n attempts, this one too, began less than rate_us
 * before now_us. */
static bool too_often(const struct ota_penalty_state *state,
                      const struct ota_policy_penalty *penalty, int64_t now_us)
{
    if (penalty->rate_n == 0 || state->attempts < penalty->rate_n)
        return false;

    const int64_t first = state->attempts - penalty->rate_n;
    return now_us - state->at_us[first % OTA_PENALTY_RATE_MAX] <
           penalty->rate_us;
}

bool ota_penalty_attempt(struct ota_penalty_state *state,
                         const struct ota_policy_penalty *penalty,
                         int64_t now_us)
{
    assert(penalty->rate_n <= OTA_PENALTY_RATE_MAX);
    state->at_us[state->attempts % OTA_PENALTY_RATE_MAX] = now_us;
    state->attempts++;
    if (!too_often(state, penalty, now_us) &&
        (penalty->after_attempts == 0 ||
         state->attempts < penalty->after_attempts))
        return false;

    state->attempts = 0;
    state->blocked_us = ota_us_add(now_us, penalty->block_us);
    return penalty->block_us > 0;
}

bool ota_penalty_failed(struct ota_penalty_state *state,
                        const struct ota_policy_penalty *penalty,
                        int64_t now_us, bool refused)
{
    const int64_t block_us =
        refused ? penalty->on_refused_us : penalty->on_failed_us;

    if (block_us == 0)
        return false;
    state->blocked_us =
        ota_us_max(state->blocked_us, ota_us_add(now_us, block_us));
    return true;
}

void ota_penalty_success(struct ota_penalty_state *state)
{
    *state = (struct ota_penalty_state){0};
}
