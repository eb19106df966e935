/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exchange_expect.c - exchanges in the mean.
 *
 * The sends of an exchange are followed one by one with the chance that none
 * has been answered for good yet, separately for either state of the air: the
 * state goes on from one datagram to the next by the chain of air.c, so bad
 * spells are regarded. Timers and half round trips take their mean time in
 * that chain; but where answers may be late, timers of several lengths are
 * looked at.
 *
 * Answers that come after their timer: with S_i when send i leaves, F the law
 * of a round trip and a_i the chance that send i and its answer pass if none
 * before did, nothing has come by t with probability
 *
 *     G(t) = prod over i with S_i <= t of (1 - a_i F(t - S_i)).
 *
 * Then send i is sent with probability G(S_i), and the time is the integral of
 * G. That is exact for losses that are independent; in bad spells it takes the
 * sends for independent given their chances, an approximation where late
 * answers and bad spells meet.
 */
#include "models/link/exchange_expect.h"

#include <math.h>

enum {
    POINTS = 200, /* of the integral, in each timer */
    PLACES = 5,   /* in a timer's spread */
};

/* Answers later than the first timer are regarded if there are so many. */
static const double late_least = 1e-5;

double ota_air_bad_after(const struct ota_air *air, double bad, double dt_us)
{
    const double rate = air->leave_per_s[0] + air->leave_per_s[1];

    if (!(air->leave_per_s[0] > 0))
        return bad;
    const double share = ota_air_bad_share(air);
    return share + (bad - share) * exp(-rate * dt_us / (double)OTA_US_PER_S);
}

/* What the exchange is made of. */
struct sends {
    int count;
    double at_us[OTA_RETRY_SENDS_MAX + 1]; /* the last is the end */
    double first[OTA_RETRY_SENDS_MAX]; /* chance that it follows a silence */
    double reach[OTA_RETRY_SENDS_MAX]; /* that no send before was answered */
    double pass[OTA_RETRY_SENDS_MAX];  /* and this one is */
    double heard[OTA_RETRY_SENDS_MAX]; /* and this one is received */
    double bad[OTA_RETRY_SENDS_MAX];   /* of those that pass: bad behind */

    /* Late answers regarded: that nothing was heard before this send, and if
     * so, that it passes, or is received. */
    double quiet[OTA_RETRY_SENDS_MAX];
    double passes[OTA_RETRY_SENDS_MAX];
    double comes[OTA_RETRY_SENDS_MAX];
};

/* The chance that a timer is longer than the radio's tail. */
static double silence(const struct ota_air *air, const struct ota_retry *retry,
                      double timeout_us)
{
    const double tail = (double)air->tail_us;
    const double most = timeout_us * (1 + retry->spread);

    if (timeout_us >= tail)
        return 1;
    return most <= tail ? 0 : (most - tail) / (most - timeout_us);
}

static double rtt_mean(const struct ota_air *air, double first)
{
    return ota_dist_mean(air->rtt) + first * ota_dist_mean(air->rtt_first);
}

static double rtt_variance(const struct ota_air *air, double first)
{
    const double more = ota_dist_mean(air->rtt_first);

    return ota_dist_variance(air->rtt) +
           first * ota_dist_variance(air->rtt_first) +
           first * (1 - first) * more * more;
}

/* at: where in their spread timers are. */
static void lay_out(struct sends *sends, const struct ota_air *air,
                    const struct ota_retry *retry, double first, double at)
{
    int64_t timeout_us = retry->timeout_us;

    sends->count = retry->sends_max;
    sends->at_us[0] = 0;
    for (int i = 0; i < sends->count; i++) {
        sends->first[i] = first;
        sends->at_us[i + 1] = sends->at_us[i] +
                              (double)timeout_us * (1 + retry->spread * at);
        first = silence(air, retry, (double)timeout_us);
        timeout_us = ota_retry_next_us(retry, timeout_us);
    }
}

/* Follows the state of the air from send to send. */
static void follow(struct sends *sends, const struct ota_air *air,
                   const struct ota_retry *retry, bool bad)
{
    double v[2] = {!bad, bad}; /* nothing passed, and the state */

    for (int i = 0; i < sends->count; i++) {
        const double gap_us = sends->at_us[i + 1] - sends->at_us[i];
        const double half_us =
            fmin(rtt_mean(air, sends->first[i]) / 2, gap_us);
        double next[2] = {0, 0}, passed_bad = 0;

        sends->reach[i] = v[0] + v[1];
        sends->pass[i] = sends->heard[i] = 0;
        for (int s = 0; s < 2; s++) {
            const double more = fmax(air->loss_first - air->loss[s], 0);
            const double lost = air->loss[s] + sends->first[i] * more;
            const double late = ota_air_bad_after(air, s, gap_us);
            const double turn = ota_air_bad_after(air, s, half_us);
            next[0] += v[s] * lost * (1 - late);
            next[1] += v[s] * lost * late;
            sends->heard[i] += v[s] * (1 - lost);
            for (int t = 0; t < 2; t++) {
                const double here =
                    v[s] * (1 - lost) * (t ? turn : 1 - turn);
                const double gone = ota_retry_answer_loss(retry, air->loss[t]);
                const double then =
                    ota_air_bad_after(air, t, gap_us - half_us);
                next[0] += here * gone * (1 - then);
                next[1] += here * gone * then;
                sends->pass[i] += here * (1 - gone);
                passed_bad += here * (1 - gone) *
                              ota_air_bad_after(air, t, half_us);
            }
        }
        sends->bad[i] = sends->pass[i] > 0 ? passed_bad / sends->pass[i] : 0;
        v[0] = next[0];
        v[1] = next[1];
    }
}

/* Every answer that passes comes before the next send. */
static void in_time(const struct sends *sends, const struct ota_air *air,
                    struct ota_exchange_mean *mean)
{
    for (int i = 0; i < sends->count; i++) {
        const double rtt_us = rtt_mean(air, sends->first[i]);
        const double took_us = sends->at_us[i] + rtt_us;
        mean->took_us += sends->pass[i] * took_us;
        mean->square_us2 +=
            sends->pass[i] *
            (took_us * took_us + rtt_variance(air, sends->first[i]));
        mean->requests += sends->reach[i];
        mean->answers += sends->heard[i];
    }
}

/* The law of a round trip that begins with that chance of a silence: the first
 * one's additional time counts by its mean. */
static double rtt_cdf(const struct ota_air *air, double first, double t_us)
{
    const double plain = ota_dist_cdf(air->rtt, t_us);
    const double more = ota_dist_mean(air->rtt_first);

    if (!(first > 0) || !(more > 0))
        return plain;
    return (1 - first) * plain + first * ota_dist_cdf(air->rtt, t_us - more);
}

/* G(t), of sends that leave before t. */
static double nothing_by(const struct sends *sends, const struct ota_air *air,
                         double t_us)
{
    double g = 1;

    for (int i = 0; i < sends->count && sends->at_us[i] < t_us; i++)
        g *= 1 - sends->passes[i] *
                     rtt_cdf(air, sends->first[i], t_us - sends->at_us[i]);
    return g;
}

/* Behind a send that got lost the air is as it was followed; behind one whose
 * answer is under way it is as for the first send. */
static void expect_late(struct sends *sends, const struct ota_air *air)
{
    for (int i = 0; i < sends->count; i++) {
        const double quiet = nothing_by(sends, air, sends->at_us[i]);
        const double reach = fmin(sends->reach[i], quiet);
        const double under_way = quiet - reach;
        const double share = sends->reach[i] > 0 ? reach / sends->reach[i] : 0;
        sends->quiet[i] = quiet;
        sends->passes[i] = sends->comes[i] = 0;
        if (!(quiet > 0))
            continue;
        sends->passes[i] =
            (share * sends->pass[i] + under_way * sends->pass[0]) / quiet;
        sends->comes[i] =
            (share * sends->heard[i] + under_way * sends->heard[0]) / quiet;
    }
}

/* Some come later. */
static void late(struct sends *sends, const struct ota_air *air,
                 struct ota_exchange_mean *mean)
{
    expect_late(sends, air);
    const double never = nothing_by(sends, air, sends->at_us[sends->count]);

    for (int i = 0; i < sends->count; i++) {
        const double from_us = sends->at_us[i];
        const double gap_us = sends->at_us[i + 1] - from_us;
        mean->requests += sends->quiet[i];
        mean->answers += sends->quiet[i] * sends->comes[i];
        /* Denser towards the begin, where most answers come: x = u^2. */
        for (int k = 0; k < POINTS; k++) {
            const double u = (k + 0.5) / POINTS;
            const double t_us = from_us + gap_us * u * u;
            const double weight = 2 * u / POINTS * gap_us *
                                  (nothing_by(sends, air, t_us) - never);
            mean->took_us += weight;
            mean->square_us2 += 2 * t_us * weight;
        }
    }
    mean->fails = never;
}

static struct ota_exchange_mean mean_at(const struct ota_air *air,
                                        const struct ota_retry *retry,
                                        double first, bool bad, double at)
{
    struct ota_exchange_mean mean = {0};
    struct sends sends;

    lay_out(&sends, air, retry, first, at);
    follow(&sends, air, retry, bad);
    double passes = 0;
    for (int i = 0; i < sends.count; i++) {
        passes += sends.pass[i];
        mean.bad_after += sends.pass[i] * sends.bad[i];
    }
    if (passes > 0)
        mean.bad_after /= passes;
    if (1 - rtt_cdf(air, first, sends.at_us[1]) < late_least)
        in_time(&sends, air, &mean);
    else
        late(&sends, air, &mean);
    if (mean.fails == 0)
        mean.fails = 1 - passes;
    /* Given that an answer comes; what is sent in vain is counted as well, for
     * it is very little or else nothing works. */
    if (mean.fails < 1) {
        mean.took_us /= 1 - mean.fails;
        mean.square_us2 /= 1 - mean.fails;
    }
    return mean;
}

/* How many answers are late depends on how long timers are. */
static struct ota_exchange_mean mean_from(const struct ota_air *air,
                                          const struct ota_retry *retry,
                                          double first, bool bad)
{
    struct ota_exchange_mean sum = {0};

    if (retry->spread == 0 ||
        1 - rtt_cdf(air, first, (double)retry->timeout_us) < late_least)
        return mean_at(air, retry, first, bad, 0.5);
    for (int i = 0; i < PLACES; i++) {
        const struct ota_exchange_mean mean =
            mean_at(air, retry, first, bad, (i + 0.5) / PLACES);
        sum.fails += mean.fails / PLACES;
        sum.took_us += mean.took_us / PLACES;
        sum.square_us2 += mean.square_us2 / PLACES;
        sum.requests += mean.requests / PLACES;
        sum.answers += mean.answers / PLACES;
        sum.bad_after += mean.bad_after / PLACES;
    }
    return sum;
}

struct ota_exchange_law ota_exchange_law_of(const struct ota_air *air,
                                            const struct ota_retry *retry,
                                            double first)
{
    struct ota_exchange_law law;

    law.from[0] = mean_from(air, retry, first, false);
    law.from[1] = air->leave_per_s[0] > 0 ? mean_from(air, retry, first, true)
                                          : law.from[0];
    return law;
}

/* --- talks --- */

struct ota_talk ota_talk_open(const struct ota_air *air)
{
    return (struct ota_talk){
        .air = air, .bad = ota_air_bad_share(air), .passes = 1};
}

struct ota_exchange_mean ota_talk_exchange(struct ota_talk *talk,
                                           const struct ota_exchange_law *law)
{
    const struct ota_exchange_mean *good = &law->from[0];
    const struct ota_exchange_mean *bad = &law->from[1];
    const double b = talk->bad, g = 1 - b;
    /* Given that it works. */
    const double works = g * (1 - good->fails) + b * (1 - bad->fails);
    const double wb = works > 0 ? b * (1 - bad->fails) / works : b;
    const double wg = 1 - wb;
    const struct ota_exchange_mean mean = {
        .fails = 1 - works,
        .took_us = wg * good->took_us + wb * bad->took_us,
        .square_us2 = wg * good->square_us2 + wb * bad->square_us2,
        .requests = g * good->requests + b * bad->requests,
        .answers = g * good->answers + b * bad->answers,
        .bad_after = wg * good->bad_after + wb * bad->bad_after,
    };

    talk->bad = mean.bad_after;
    talk->took_us += mean.took_us;
    talk->variance_us2 += mean.square_us2 - mean.took_us * mean.took_us;
    talk->passes *= works;
    return mean;
}

void ota_talk_pause(struct ota_talk *talk, double took_us, double variance_us2)
{
    talk->bad = ota_air_bad_after(talk->air, talk->bad, took_us);
    talk->took_us += took_us;
    talk->variance_us2 += variance_us2;
}
