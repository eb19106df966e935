/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session.h - kind of model: the secure session between device and cloud.
 *
 * A session is set up by a full handshake and may be resumed by later
 * connects at a fraction of the bytes. Standard releases are offered at a
 * handshake only, so how long a session lives decides when a sleepy device
 * hears of an update.
 */
#ifndef OTA_SESSION_H
#define OTA_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include <gsl/gsl_rng.h>

#include "models/firmware/device_os.h"
#include "models/link/air.h"
#include "sim/base/model.h"

/* The state of one device's session. */
struct ota_session_state {
    int64_t handshake_us; /* of the last full handshake; may be negative;
                           * OTA_NEVER: there is no session to resume */
    int32_t fruitless;    /* resumes in a row that failed */
};

/* What a connect is made with. */
struct ota_session_call {
    struct ota_air *air;
    struct ota_device_os os; /* what runs on the device */
    int64_t now_us;
    bool changed;   /* other firmware than at the last connect: hello and
                     * describe are sent again, even on a resume */
    bool safe_mode; /* the device says so, with all its modules */
    bool boot;      /* first connect since a boot */
};

/* How a connect went. */
struct ota_session_setup {
    bool ok;
    bool full; /* a full handshake, not a resume */
    int64_t took_us;
    int64_t up_bytes;
    int64_t down_bytes;
};

struct ota_session_model {
    struct ota_model model;

    /* Puts *state as it is at time 0: a session of random age. */
    void (*start)(const void *config, struct ota_session_state *state,
                  gsl_rng *rng);

    /* Returns whether a connect at now_us would resume. */
    bool (*resumes)(const void *config, const struct ota_session_state *state,
                    int64_t now_us);

    /*
     * Sets up or resumes the session and updates *state; *setup says how that
     * went. After a failure the caller decides whether to try again.
     */
    void (*connect)(const void *config, struct ota_session_state *state,
                    const struct ota_session_call *call, gsl_rng *rng,
                    struct ota_session_setup *setup);

    /* Returns when a device that stays connected must do a full handshake
     * again [us]; OTA_NEVER if never. */
    int64_t (*renew_us)(const void *config,
                        const struct ota_session_state *state);

    /* Returns the time between keep-alives while connected [us] (OTA_NEVER:
     * none), and in *bytes what one costs, both ways. */
    int64_t (*keep_alive_us)(const void *config, int64_t *bytes);

    /* Returns how long after a datagram from the device the cloud can still
     * reach it [us] (lifetime of the address mapping); OTA_NEVER: always. */
    int64_t (*mapping_us)(const void *config);
};

struct ota_session {
    const struct ota_session_model *model;
    const void *config;
};

/* A full handshake in the mean, with what the device then says. */
struct ota_session_mean {
    double fails; /* chance that it does not work */
    double took_us;
    double bytes; /* both ways */
};

/* Works that out in closed form, for an air that an arbitrary instant finds;
 * of call, whether something changed and when it is do not matter. */
void ota_session_expect(const struct ota_session *session,
                        const struct ota_session_call *call,
                        struct ota_session_mean *mean);

/* Forgets the session, so that the next connect is a full handshake. */
static inline void ota_session_drop(struct ota_session_state *state)
{
    state->handshake_us = INT64_MAX;
    state->fruitless = 0;
}

/* What all models have; a model's field table says which of it counts. */
struct ota_session_config {
    int64_t full_bytes; /* full handshake, hello and describe, both ways */
    int64_t full_round_trips;
    int64_t resume_bytes;       /* "dtls" only */
    int64_t resume_round_trips; /* "dtls" only */
    int64_t max_age_us;         /* "dtls": forced full handshake after this */
    int64_t fruitless_max;      /* "dtls": failed resumes in a row that drop
                                 * the session */
    int64_t flags_bytes;     /* update flags on each connect, where the Device
                              * OS tells them */
    int64_t describe_bytes;  /* "dtls": hello and describe on a resume after
                              * other firmware */
    int64_t safe_mode_bytes; /* safe-mode event and the modules' list */
    int64_t boot_bytes;      /* events of the first full connect since a boot */
    int64_t keep_alive_us;
    int64_t keep_alive_bytes;
    int64_t mapping_us;
};

extern const struct ota_session_model ota_session_dtls; /* resumes */
extern const struct ota_session_model ota_session_full; /* never resumes */
extern const struct ota_session_model ota_session_tcp;  /* nor does this one */

/* Every session model, ended by NULL. */
extern const struct ota_session_model *const ota_session_models[];

#endif
