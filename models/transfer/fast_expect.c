/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fast_expect.c - "fast" transfers in the mean.
 *
 * Behind a flight the device misses m chunks, the air is in a state s, and the
 * next flight has f chunks; what follows costs W(m, f, s) in the mean. How many
 * of a flight of f are lost, and in which state it leaves the air, is worked
 * out chunk by chunk. So W(m, ...) follows from the W of fewer missing chunks,
 * and, where all of a flight may be lost, from itself: two linear equations.
 * Only the last f rows of W are needed, which are kept in a ring. Times have a
 * second moment, too.
 *
 * Exact but for what exchanges leave out (exchange_expect.c), for a half round
 * trip's randomness in the chain of states, and for the device's patience.
 *
 * Over TCP every chunk arrives; see fast_tcp.c.
 */
#include <math.h>
#include <stdlib.h>

#include "models/transfer/expect.h"
#include "models/transfer/fast.h"
#include "models/transfer/old.h"

enum {
    FLIGHT_MAX = 128, /* chunks; larger flights are not worked out */
    SEGMENT_ACK_BYTES = 40,
    TCP_REPEATS = 40,
};

/* A sum of costs: its mean, and the mean square of its time. */
struct cost {
    double took_us, square_us2;
    double chunks;
    double down_bytes, up_bytes; /* but for chunks */
};

/* One behind the other, independent. */
static struct cost both(struct cost a, struct cost b)
{
    return (struct cost){
        .took_us = a.took_us + b.took_us,
        .square_us2 = a.square_us2 + 2 * a.took_us * b.took_us + b.square_us2,
        .chunks = a.chunks + b.chunks,
        .down_bytes = a.down_bytes + b.down_bytes,
        .up_bytes = a.up_bytes + b.up_bytes,
    };
}

static void mix(struct cost *sum, double weight, struct cost part)
{
    sum->took_us += weight * part.took_us;
    sum->square_us2 += weight * part.square_us2;
    sum->chunks += weight * part.chunks;
    sum->down_bytes += weight * part.down_bytes;
    sum->up_bytes += weight * part.up_bytes;
}

/* Of a flight: [k] lost, state at the end. */
struct flight_law {
    double lost[FLIGHT_MAX + 1][2];
};

struct flights {
    struct ota_transfer_expect *expect;
    const struct ota_transfer_fast_config *config;
    struct ota_fast fast;
    struct ota_exchange_law law; /* of the exchanges in between */
    double way_us;
    int64_t request_most; /* chunks in a requested flight */
    int states;
    /* [f][state at its begin] */
    struct flight_law laws[FLIGHT_MAX + 1][2];
    /* [m modulo ring][f][state] */
    int64_t ring;
    struct cost *behind;
};

static struct cost *behind(const struct flights *flights, int64_t missing,
                           int64_t next)
{
    return flights->behind +
           2 * ((missing % flights->ring) * (flights->request_most + 1) + next);
}

/* Works out the laws of flights of 0 to `most` chunks. */
static void fly(struct flights *flights, int64_t most)
{
    const struct ota_air *air = flights->expect->job.air;
    const double pace_us = (double)flights->fast.pace_us;

    for (int s = 0; s < flights->states; s++) {
        struct flight_law law = {0};
        law.lost[0][s] = 1;
        for (int64_t f = 0; f <= most; f++) {
            flights->laws[f][s] = law;
            /* and behind it half a round trip */
            for (int64_t k = 0; k <= f; k++) {
                const double *now = law.lost[k];
                const double bad =
                    now[0] * ota_air_bad_after(air, 0, flights->way_us) +
                    now[1] * ota_air_bad_after(air, 1, flights->way_us);
                flights->laws[f][s].lost[k][1] = bad;
                flights->laws[f][s].lost[k][0] = now[0] + now[1] - bad;
            }
            struct flight_law next = {0};
            for (int64_t k = 0; k <= f && f < most; k++)
                for (int t = 0; t < flights->states; t++) {
                    const double bad = ota_air_bad_after(air, t, pace_us);
                    const double lost = law.lost[k][t] * air->loss[t];
                    const double passed = law.lost[k][t] - lost;
                    next.lost[k][0] += passed * (1 - bad);
                    next.lost[k][1] += passed * bad;
                    next.lost[k + 1][0] += lost * (1 - bad);
                    next.lost[k + 1][1] += lost * bad;
                }
            law = next;
        }
    }
}

/* The cost of an exchange that begins in a state. */
static struct cost of_exchange(const struct flights *flights,
                               const struct ota_transfer_message *message,
                               int state)
{
    const struct ota_exchange_mean *mean = &flights->law.from[state];
    const double asked = mean->requests * (double)message->request_bytes +
                         (double)message->echo_bytes;
    const double answered = mean->answers * (double)message->answer_bytes;

    return (struct cost){
        .took_us = mean->took_us,
        .square_us2 = mean->square_us2,
        .down_bytes = message->cloud_asks ? asked : answered,
        .up_bytes = message->cloud_asks ? answered : asked,
    };
}

/* The cost of a flight itself. */
static struct cost of_flight(const struct flights *flights, int64_t chunks)
{
    const double took_us =
        (double)(chunks * flights->fast.pace_us) + flights->way_us;
    const double half_us2 =
        ota_dist_variance(flights->expect->job.air->rtt) / 4;

    return (struct cost){
        .took_us = took_us,
        .square_us2 = took_us * took_us + half_us2,
        .chunks = (double)chunks,
    };
}

/* What the request for `next` chunks and then their flight begins with, in the
 * state that the exchange before leaves. */
static void request(const struct flights *flights, int state, int64_t next,
                    struct cost *cost, double *bad)
{
    const struct ota_transfer_message message =
        ota_fast_request_message(&flights->fast, next);

    *cost = of_exchange(flights, &message, state);
    *bad = flights->law.from[state].bad_after;
}

/* How many chunks the device asks for, missing so many behind a flight that
 * brought `received`. */
static int64_t asks_for(struct flights *flights, int64_t missing,
                        int64_t received)
{
    flights->fast.missing = missing;
    return ota_fast_request(&flights->fast, received);
}

/* What a flight of f costs, with m missing at its begin in state s, and all
 * behind it, but for the part that leads back to (m, again): the chances of
 * that are put into back[]. */
static struct cost onward(struct flights *flights, int64_t m, int64_t f, int s,
                          int64_t again, double back[2])
{
    const struct cost flight = of_flight(flights, f);
    struct cost sum = {0};

    back[0] = back[1] = 0;
    for (int64_t k = 0; k <= f; k++) {
        const int64_t left = m - f + k;
        const int64_t next = left > 0 ? asks_for(flights, left, f - k) : 0;
        for (int t = 0; t < flights->states; t++) {
            const double chance = flights->laws[f][s].lost[k][t];
            if (!(chance > 0))
                continue;
            if (k == f && next == again) {
                back[t] += chance;
                mix(&sum, chance, flight);
                continue;
            }
            mix(&sum, chance, both(flight, behind(flights, left, next)[t]));
        }
    }
    return sum;
}

/* UpdateDone, and if anything is missing the request, in the state t that a
 * flight left; chance of each state in which the next flight then begins. */
static struct cost between(const struct flights *flights, int t, int64_t next,
                           double state[2])
{
    const struct ota_transfer_message done =
        ota_old_done_message(&flights->expect->account);
    struct cost sum = of_exchange(flights, &done, t);
    double bad = flights->law.from[t].bad_after;

    if (next > 0) {
        struct cost parts[2] = {{0}}, mean = {0};
        double after[2] = {0, 0};
        for (int u = 0; u < flights->states; u++)
            request(flights, u, next, &parts[u], &after[u]);
        mix(&mean, 1 - bad, parts[0]);
        mix(&mean, bad, parts[1]);
        sum = both(sum, mean);
        bad = (1 - bad) * after[0] + bad * after[1];
    }
    state[0] = 1 - bad;
    state[1] = bad;
    return sum;
}

/* Works out W(m, f, .): solves x_t = c_t + sum over u of A_tu x_u, where the
 * flight behind leads back to the same with chance A. */
static bool solve(struct flights *flights, int64_t m, int64_t f)
{
    struct cost c[2] = {{0}}, step[2], ahead[2];
    double a[2][2] = {{0}}, state[2][2], back[2][2] = {{0}};
    struct cost *x = behind(flights, m, f);

    for (int s = 0; s < flights->states; s++)
        ahead[s] = onward(flights, m, f, s, f, back[s]);
    for (int t = 0; t < flights->states; t++) {
        struct cost rest = {0};
        step[t] = between(flights, t, f, state[t]);
        for (int s = 0; s < flights->states; s++) {
            mix(&rest, state[t][s], ahead[s]);
            for (int u = 0; u < 2; u++)
                a[t][u] += state[t][s] * back[s][u];
        }
        c[t] = both(step[t], rest);
    }
    const double det = (1 - a[0][0]) * (1 - a[1][1]) - a[0][1] * a[1][0];
    if (!(det > 1e-9))
        return false;
    x[0] = x[1] = (struct cost){0};
    mix(&x[0], (1 - a[1][1]) / det, c[0]);
    mix(&x[0], a[0][1] / det, c[1]);
    mix(&x[1], a[1][0] / det, c[0]);
    mix(&x[1], (1 - a[0][0]) / det, c[1]);
    /* Squares: E (c + x)^2 = c^2 + 2 c x + x^2 on the way back; c's part there
     * is the time of the exchanges and the lost flight. */
    double q[2];
    for (int t = 0; t < 2; t++) {
        const double lost_us = (t < flights->states ? step[t].took_us : 0) +
                               of_flight(flights, f).took_us;
        q[t] = c[t].square_us2 +
               2 * lost_us * (a[t][0] * x[0].took_us + a[t][1] * x[1].took_us);
    }
    x[0].square_us2 = ((1 - a[1][1]) * q[0] + a[0][1] * q[1]) / det;
    x[1].square_us2 = (a[1][0] * q[0] + (1 - a[0][0]) * q[1]) / det;
    return true;
}

/* Fills in W for every m below `chunks`, from small to large. Of each, first
 * what is asked for behind a flight that was lost, for that may lead back. */
static bool fill(struct flights *flights, int64_t chunks)
{
    double state[2];

    for (int t = 0; t < flights->states; t++)
        behind(flights, 0, 0)[t] = between(flights, t, 0, state);
    for (int64_t m = 1; m <= chunks; m++) {
        const int64_t lost = asks_for(flights, m, 0);
        if (!solve(flights, m, lost))
            return false;
        for (int64_t f = 1; f <= ota_us_min(m, flights->request_most); f++)
            if (f != lost &&
                flights->config->request_rule == OTA_TRANSFER_REQUEST_GROWING &&
                !solve(flights, m, f))
                return false;
    }
    return true;
}

/* The whole, from UpdateReady on. */
static bool run(struct flights *flights, int64_t chunks, struct cost *total)
{
    const struct ota_transfer_fast_config *config = flights->config;
    const int64_t first = ota_us_min(chunks, config->flight_chunks);
    const double bad = flights->expect->talk.bad;
    double back[2];

    if (first > FLIGHT_MAX || flights->request_most > FLIGHT_MAX)
        return false;
    flights->ring = ota_us_max(first, flights->request_most) + 1;
    flights->behind =
        calloc((size_t)(2 * flights->ring * (flights->request_most + 1)),
               sizeof(*flights->behind));
    if (!flights->behind)
        return false;
    fly(flights, ota_us_max(first, flights->request_most));
    /* W of all that the first flight may leave. */
    const bool ok = fill(flights, chunks);
    *total = (struct cost){0};
    for (int s = 0; ok && s < flights->states; s++)
        mix(total, s ? bad : 1 - bad,
            onward(flights, chunks, first, s, -1, back));
    free(flights->behind);
    return ok;
}

static struct ota_fast fast_of(const struct ota_transfer_fast_config *config,
                               struct ota_transfer_expect *expect)
{
    struct ota_fast fast = {.config = config, .account = &expect->account};

    fast.datagram_bytes = ota_transfer_wire_down(
        &expect->account, OTA_FAST_CHUNK_COAP_BYTES + config->chunk_bytes);
    fast.pace_us = ota_transfer_pace_us(&expect->job, fast.datagram_bytes,
                                        config->chunk_bytes);
    return fast;
}

static bool fly_udp(const struct ota_transfer_fast_config *config,
                    struct ota_transfer_expect *expect, int64_t chunks)
{
    struct flights *flights = calloc(1, sizeof(*flights));
    struct cost total;

    if (!flights)
        return false;
    flights->expect = expect;
    flights->config = config;
    flights->fast = fast_of(config, expect);
    flights->law = ota_exchange_law_of(expect->job.air,
                                       ota_transfer_retry(&expect->account), 0);
    flights->way_us = ota_dist_mean(expect->job.air->rtt) / 2;
    flights->request_most = ota_us_min(config->request_chunks, chunks);
    flights->states = expect->job.air->leave_per_s[0] > 0 ? 2 : 1;
    const bool ok = run(flights, chunks, &total);
    if (ok) {
        const double bytes = (double)flights->fast.datagram_bytes;
        ota_talk_pause(&expect->talk, total.took_us,
                       total.square_us2 - total.took_us * total.took_us);
        expect->mean.chunks_sent += total.chunks;
        expect->chunk_bytes_down += total.chunks * bytes;
        expect->mean.down_bytes += total.down_bytes + total.chunks * bytes;
        expect->mean.up_bytes += total.up_bytes;
    }
    free(flights);
    return ok;
}

/* --- over TCP --- */

/* A chunk that leaves with that chance of a bad state; *bad is what it leaves
 * to the next one. Repeats leave a round trip later, then after 1 s, doubling
 * to 60 s. */
static struct cost of_segment(const struct flights *flights, double *bad)
{
    const struct ota_air *air = flights->expect->job.air;
    const double rtt_us = ota_dist_mean(air->rtt);
    struct cost sum = {.chunks = 1};
    double at[2] = {1 - *bad, *bad}, over[2] = {0, 0};
    double gap_us = rtt_us, next_us = (double)OTA_US_PER_S, behind_us = 0;

    for (int sends = 0; sends < TCP_REPEATS; sends++) {
        double lost[2];
        for (int s = 0; s < 2; s++) {
            lost[s] = at[s] * air->loss[s];
            over[s] += at[s] - lost[s];
            sum.square_us2 += (at[s] - lost[s]) * behind_us * behind_us;
        }
        sum.chunks += lost[0] + lost[1];
        sum.took_us += (lost[0] + lost[1]) * gap_us;
        behind_us += gap_us;
        at[1] = lost[0] * ota_air_bad_after(air, 0, gap_us) +
                lost[1] * ota_air_bad_after(air, 1, gap_us);
        at[0] = lost[0] + lost[1] - at[1];
        gap_us = next_us;
        next_us = fmin(2 * next_us, 60 * (double)OTA_US_PER_S);
    }
    const double pace_us = (double)flights->fast.pace_us;
    *bad = over[0] * ota_air_bad_after(air, 0, pace_us) +
           over[1] * ota_air_bad_after(air, 1, pace_us);
    const double wait_us = sum.took_us;
    sum.took_us += pace_us;
    sum.square_us2 += 2 * pace_us * wait_us + pace_us * pace_us;
    return sum;
}

static void fly_tcp(const struct ota_transfer_fast_config *config,
                    struct ota_transfer_expect *expect, int64_t chunks)
{
    struct flights flights = {.expect = expect, .config = config};
    int64_t flight = ota_us_min(chunks, config->flight_chunks);
    const double half_us = ota_dist_mean(expect->job.air->rtt) / 2;
    const double half_us2 = ota_dist_variance(expect->job.air->rtt) / 4;

    flights.fast = fast_of(config, expect);
    const double bytes = (double)flights.fast.datagram_bytes;
    for (int64_t missing = chunks;;) {
        for (int64_t i = 0; i < flight; i++) {
            const struct cost one = of_segment(&flights, &expect->talk.bad);
            expect->talk.took_us += one.took_us;
            expect->talk.variance_us2 +=
                one.square_us2 - one.took_us * one.took_us;
            expect->mean.chunks_sent += one.chunks;
            expect->chunk_bytes_down += one.chunks * bytes;
            expect->mean.down_bytes += one.chunks * bytes;
            expect->mean.up_bytes += SEGMENT_ACK_BYTES;
        }
        ota_talk_pause(&expect->talk, half_us, half_us2);
        missing -= flight;
        ota_expect_old_done(expect);
        if (missing == 0)
            return;
        flight = asks_for(&flights, missing, flight);
        const struct ota_transfer_message message =
            ota_fast_request_message(&flights.fast, flight);
        ota_expect_message(expect, &message);
    }
}

bool ota_fast_expect(const void *opaque, const struct ota_transfer_job *job,
                     double first, struct ota_transfer_mean *mean)
{
    const struct ota_transfer_fast_config *config = opaque;
    const int64_t chunks =
        ota_transfer_chunks(job->size_bytes, config->chunk_bytes);
    struct ota_transfer_expect expect;

    ota_expect_open(&expect, job, first);
    if (!ota_expect_patient(&expect, config->stall_us))
        return false;
    ota_expect_old_open(&expect);
    if (expect.account.wrap == OTA_WRAP_TCP) {
        fly_tcp(config, &expect, chunks);
    } else {
        if (!fly_udp(config, &expect, chunks))
            return false;
        /* Those of the frame are counted; these are the flights' own. */
        const struct ota_exchange_law law = ota_exchange_law_of(
            job->air, ota_transfer_retry(&expect.account), 0);
        const double flights =
            ceil(expect.mean.chunks_sent / (double)config->flight_chunks);
        expect.talk.passes *= pow(1 - law.from[0].fails, 2 * flights - 1);
    }
    const struct ota_fast fast = fast_of(config, &expect);
    return ota_expect_close(
        &expect,
        expect.chunk_bytes_down - (double)(chunks * fast.datagram_bytes), mean);
}
