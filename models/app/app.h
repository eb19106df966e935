/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * app.h - kind of model: what the user's app does in a wake, and how long it
 * stays for an update that may come.
 *
 * The models differ in the wait; the rest is common. In safe mode the app does
 * not run and nothing here applies.
 */
#ifndef OTA_APP_H
#define OTA_APP_H

#include <stdbool.h>
#include <stdint.h>

#include <gsl/gsl_rng.h>

#include "sim/base/dist.h"
#include "sim/base/model.h"

/* Whether the app lets updates in. */
enum ota_app_updates {
    OTA_APP_UPDATES_ENABLED,
    OTA_APP_UPDATES_DISABLED,  /* refused, until the app hears that one is
                                * pending if it listens to that */
    OTA_APP_UPDATES_WHEN_IDLE, /* refused while it works and publishes */
};

/* First member of every app config. */
struct ota_app_common {
    struct ota_dist work;      /* time the app needs online, each wake */
    int64_t publishes;         /* events a wake */
    struct ota_dist publish;   /* size of one event on the wire, up, with
                                * headers */
    int64_t publish_ack_bytes; /* and of its acknowledgement, down */
    int64_t connect_max_us;    /* a device that sleeps gives up connecting so
                                * long after it woke, and sleeps */
    bool threaded;             /* the system thread pumps the cloud */
    int64_t pump_us;           /* not threaded: time between two pumps, each
                                * of which takes one message */
    bool stay_once_begun;      /* stays awake for an update that has begun */
    int64_t stay_max_us;       /* but no longer than this after it began */
    int updates;               /* enum ota_app_updates */
    bool on_pending;           /* enables updates and stays up to stay_max when
                                * the cloud says that one is pending */
    int64_t interferes_us;     /* mean time under an update until the app
                                * breaks it; OTA_NEVER: it does not */
    double interferes_per_chunk; /* chance to break it at each chunk */
};

/* What the app knows when it decides how long to stay. */
struct ota_app_view {
    int64_t now_us;     /* it has just connected */
    int64_t wake_count; /* in its wake_count-th wake, from 1 */
    bool full;          /* by a full handshake */
    bool flagged;       /* a server that is asked says: stay, there is one */
    int64_t told_us;    /* how long after now the Device OS says that there is
                         * no update [us]; OTA_NEVER: it cannot, or there is
                         * one */
};

struct ota_app_wait {
    int64_t wait_us; /* from now_us on, to the sleep */
    int64_t bytes;   /* spent on asking, both ways */
    bool asked;      /* a server whether there is an update */
};

struct ota_app_model {
    struct ota_model model;

    /* Puts *memory, what the app remembers over sleeps (when the last long
     * wait was: a time [us], or the number of a wake for a model that counts
     * wakes), as it is at time 0. */
    void (*start)(const void *config, int64_t *memory, gsl_rng *rng);

    /* Returns whether the app throws its session away before it connects at
     * now_us in its wake_count-th wake, so as to force a handshake. NULL: it
     * never does. */
    bool (*clears)(const void *config, int64_t now_us, int64_t wake_count,
                   int64_t *memory);

    /* Returns how long the device stays awake after it connected, and updates
     * *memory. */
    struct ota_app_wait (*wait)(const void *config,
                                const struct ota_app_view *view,
                                int64_t *memory, gsl_rng *rng);
};

struct ota_app {
    const struct ota_app_model *model;
    const void *config; /* begins with struct ota_app_common */
};

static inline const struct ota_app_common *
ota_app_common(const struct ota_app *app)
{
    return app->config;
}

struct ota_app_fixed_config {
    struct ota_app_common common;
    int64_t wait_us;
};

struct ota_app_long_every_config {
    struct ota_app_common common;
    int64_t wait_us;      /* usually */
    int64_t long_wait_us; /* now and then */
    int64_t every_us;     /* the first wake this long after the last long one;
                           * not used when every_wakes > 0 */
    int64_t every_wakes;  /* each so many wakes; 0: by time */
};

/* Leaves as soon as the Device OS says that there is no update; one that
 * cannot say so waits blind. */
struct ota_app_until_told_config {
    struct ota_app_common common;
    int64_t wait_us; /* at most */
};

/* Asks a server whether this device is flagged; stays only if so. */
struct ota_app_ask_config {
    struct ota_app_common common;
    int64_t wait_us;        /* if it is not: at least so long */
    int64_t long_wait_us;   /* if it is */
    struct ota_dist answer; /* how long the server takes */
    int64_t ask_bytes;      /* question and answer, both ways */
};

/* Drops the session now and then to force a handshake, and waits for what it
 * brings. */
struct ota_app_session_clear_config {
    struct ota_app_common common;
    int64_t wait_us;      /* usually */
    int64_t long_wait_us; /* after it cleared the session */
    int64_t every_us;     /* as in long_every */
    int64_t every_wakes;
};

extern const struct ota_app_model ota_app_fixed;
extern const struct ota_app_model ota_app_long_every;
extern const struct ota_app_model ota_app_until_told;
extern const struct ota_app_model ota_app_ask;
extern const struct ota_app_model ota_app_session_clear;

/* Every app model, ended by NULL. */
extern const struct ota_app_model *const ota_app_models[];

#endif
