/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session.c - the session models, and what they are made of: round trips that
 * must work before the device is connected, and what it says afterwards.
 *
 * What it says takes no time here: the app runs meanwhile. Each message is
 * repeated until it is acknowledged, at the loss that holds as the connect
 * ends, 4 sends at most; one that is lost for good costs its bytes and nothing
 * else, as the app's own events find out soon enough whether the session works.
 *
 * A record with a connection ID is longer by 8 B of ID and 1 B of type, and is
 * padded to the next 16 B: a ping of 61 B by 20 B, an event of 101 B by 12 B.
 * Source: particle-iot/device-os, communication/src/dtls_message_channel.cpp at
 * v3.1.0; RFC 9146; padding: the default of Mbed TLS, assumed to be Particle's.
 * Records of the full handshake are left as they are: its published size of 5
 * to 6 kB is of all releases.
 */
#include "models/session/session.h"

#include <assert.h>

#include "models/link/exchange_expect.h"
#include "models/link/trials.h"
#include "models/session/session_common.h"

const struct ota_session_model *const ota_session_models[] = {
    &ota_session_dtls,
    &ota_session_full,
    &ota_session_tcp,
    NULL,
};

/* IP 20, UDP 8, DTLS 29 B: 57 B of each datagram are headers, and a CoAP
 * acknowledgement is 4 B. Source: docs.particle.io, cellular data. */
enum {
    DATAGRAM_HEADERS = 57,
    DATAGRAM_ACK = 61,
    CONNECTION_ID = 8,
    PADDING = 16,
    TCP_ACK = 40,
    MESSAGE_SENDS = 4, /* communication/src/coap_channel.h */
};

/* TCP repeats after 1 s, doubling (RFC 6298); the device gives up when its
 * socket does, after 20 s (communication/src/lightssl_message_channel.cpp),
 * here 23 s. */
static const struct ota_retry retry_tcp = {
    .timeout_us = OTA_US_PER_S,
    .timeout_max_us = 8 * OTA_US_PER_S,
    .backoff = 2,
    .spread = 0,
    .sends_max = 5,
};

const struct ota_session_wire ota_session_wire_dtls = {
    .handshake = &ota_retry_dtls,
    .ack_bytes = DATAGRAM_ACK,
    .connection_ids = true,
};

const struct ota_session_wire ota_session_wire_tcp = {
    .handshake = &retry_tcp,
    .ack_bytes = TCP_ACK,
};

/* --- round trips --- */

/* A whole number in parts that differ by 1 at most, one after another. */
struct parts {
    int64_t each, rest; /* total = count * each + rest */
    int64_t count, over;
};

static struct parts parts_of(int64_t total, int64_t count)
{
    if (count <= 1)
        return (struct parts){.each = total, .count = 1};
    return (struct parts){total / count, total % count, count, 0};
}

static int64_t next_part(struct parts *parts)
{
    parts->over += parts->rest;
    if (parts->over < parts->count)
        return parts->each;
    parts->over -= parts->count;
    return parts->each + 1;
}

void ota_session_round_trips(struct ota_session_setup *setup,
                             struct ota_air *air, int64_t now_us,
                             const struct ota_retry *retry, int64_t size_bytes,
                             int64_t round_trips, gsl_rng *rng)
{
    struct parts down = parts_of(size_bytes / 2, round_trips);
    struct parts up = parts_of(size_bytes - size_bytes / 2, round_trips);

    assert(round_trips >= 1 && size_bytes >= 0);
    for (int64_t i = 0; i < round_trips && setup->ok; i++) {
        const struct ota_exchange trip = ota_exchange_run(
            air, retry, ota_us_add(now_us, setup->took_us), rng);

        setup->ok = trip.ok;
        setup->took_us += trip.took_us;
        setup->up_bytes += trip.requests_sent * next_part(&up);
        setup->down_bytes += trip.answers_sent * next_part(&down);
    }
}

void ota_session_handshake(const struct ota_session_config *config,
                           const struct ota_session_wire *wire,
                           struct ota_session_state *state,
                           const struct ota_session_call *call, gsl_rng *rng,
                           struct ota_session_setup *setup)
{
    *setup = (struct ota_session_setup){.ok = true, .full = true};
    ota_session_round_trips(setup, call->air, call->now_us, wire->handshake,
                            config->full_bytes, config->full_round_trips, rng);
    ota_session_drop(state);
    if (!setup->ok)
        return;
    state->handshake_us = ota_us_add(call->now_us, setup->took_us);
    ota_session_announce(setup, config, wire, call, rng);
}

/* --- what the device says --- */

int64_t ota_session_id_bytes(int64_t size_bytes)
{
    const int64_t content = size_bytes - DATAGRAM_HEADERS;

    if (content <= 0)
        return 0;
    return CONNECTION_ID + (content / PADDING + 1) * PADDING - content;
}

/* One confirmable message: up, and down its acknowledgement. */
struct message {
    int64_t up_bytes;
    int64_t down_bytes;
};

static void say(struct ota_session_setup *setup, const struct message *message,
                struct ota_trials *datagrams, gsl_rng *rng)
{
    bool heard = false;

    if (message->up_bytes == 0)
        return;
    for (int send = 0; send < MESSAGE_SENDS && !heard; send++) {
        setup->up_bytes += message->up_bytes;
        if (ota_trials_fail(datagrams, rng))
            continue;
        setup->down_bytes += message->down_bytes;
        heard = !ota_trials_fail(datagrams, rng);
    }
}

/* A message that costs size_bytes with its acknowledgement. */
static struct message message_of(int64_t size_bytes,
                                 const struct ota_session_wire *wire,
                                 const struct ota_device_os *os)
{
    struct message message;

    message.down_bytes = ota_us_min(wire->ack_bytes, size_bytes / 2);
    message.up_bytes = size_bytes - message.down_bytes;
    if (wire->connection_ids && ota_os_has_connection_id(os))
        message.up_bytes += ota_session_id_bytes(message.up_bytes);
    return message;
}

void ota_session_announce(struct ota_session_setup *setup,
                          const struct ota_session_config *config,
                          const struct ota_session_wire *wire,
                          const struct ota_session_call *call, gsl_rng *rng)
{
    const struct ota_device_os *os = &call->os;
    int64_t until_us;
    struct ota_trials datagrams = {
        .p = ota_air_loss(call->air, ota_us_add(call->now_us, setup->took_us),
                          &until_us, rng)};

    if (ota_os_tells_flags(os)) {
        struct parts sizes = parts_of(config->flags_bytes, 2);
        for (int64_t i = 0; i < 2; i++) {
            const struct message flag = message_of(next_part(&sizes), wire, os);
            say(setup, &flag, &datagrams, rng);
        }
    }
    if (call->safe_mode && (setup->full || ota_os_resumes_safe_mode(os))) {
        const struct message modules =
            message_of(config->safe_mode_bytes, wire, os);
        say(setup, &modules, &datagrams, rng);
    }
    if (call->boot && setup->full) {
        const struct message reset = message_of(config->boot_bytes, wire, os);
        say(setup, &reset, &datagrams, rng);
    }
}

/* --- in the mean --- */

/* One message, when datagrams are lost with that probability. */
static double expect_say(struct message message, double loss)
{
    double bytes = 0, unheard = 1;

    for (int send = 0; send < MESSAGE_SENDS && message.up_bytes > 0; send++) {
        bytes += unheard * ((double)message.up_bytes +
                            (1 - loss) * (double)message.down_bytes);
        unheard *= 1 - (1 - loss) * (1 - loss);
    }
    return bytes;
}

/* As ota_session_announce() behind a full handshake. */
static double expect_announce(const struct ota_session_config *config,
                              const struct ota_session_wire *wire,
                              const struct ota_session_call *call, double loss)
{
    const struct ota_device_os *os = &call->os;
    double bytes = 0;

    if (ota_os_tells_flags(os)) {
        struct parts sizes = parts_of(config->flags_bytes, 2);
        for (int i = 0; i < 2; i++)
            bytes += expect_say(message_of(next_part(&sizes), wire, os), loss);
    }
    if (call->safe_mode)
        bytes +=
            expect_say(message_of(config->safe_mode_bytes, wire, os), loss);
    if (call->boot)
        bytes += expect_say(message_of(config->boot_bytes, wire, os), loss);
    return bytes;
}

void ota_session_expect(const struct ota_session *session,
                        const struct ota_session_call *call,
                        struct ota_session_mean *mean)
{
    const struct ota_session_config *config = session->config;
    const struct ota_session_wire *wire = session->model == &ota_session_tcp
                                              ? &ota_session_wire_tcp
                                              : &ota_session_wire_dtls;
    const struct ota_exchange_law law =
        ota_exchange_law_of(call->air, wire->handshake, 0);
    struct ota_talk talk = ota_talk_open(call->air);
    const double part =
        (double)config->full_bytes / 2 / (double)config->full_round_trips;

    *mean = (struct ota_session_mean){0};
    for (int64_t i = 0; i < config->full_round_trips; i++) {
        const struct ota_exchange_mean trip = ota_talk_exchange(&talk, &law);
        mean->bytes += part * (trip.requests + trip.answers);
    }
    mean->fails = 1 - talk.passes;
    mean->took_us = talk.took_us;
    for (int s = 0; s < 2; s++)
        mean->bytes += (s ? talk.bad : 1 - talk.bad) *
                       expect_announce(config, wire, call, call->air->loss[s]);
}

/* --- the rest --- */

int64_t ota_session_keep_alive_us(const void *opaque, int64_t *bytes)
{
    const struct ota_session_config *config = opaque;

    *bytes = config->keep_alive_bytes;
    return config->keep_alive_us;
}

int64_t ota_session_mapping_us(const void *opaque)
{
    const struct ota_session_config *config = opaque;

    return config->mapping_us;
}

void ota_session_none_start(const void *config, struct ota_session_state *state,
                            gsl_rng *rng)
{
    (void)config;
    (void)rng;
    ota_session_drop(state);
}

bool ota_session_none_resumes(const void *config,
                              const struct ota_session_state *state,
                              int64_t now_us)
{
    (void)config;
    (void)state;
    (void)now_us;
    return false;
}

int64_t ota_session_none_renew_us(const void *config,
                                  const struct ota_session_state *state)
{
    (void)config;
    (void)state;
    return OTA_NEVER;
}
