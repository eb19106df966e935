/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * delivery.h - kind of model: when the cloud begins an update on a device
 * that the rollout has reached.
 */
#ifndef OTA_DELIVERY_H
#define OTA_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include <gsl/gsl_rng.h>

#include "sim/base/dist.h"
#include "sim/base/model.h"

/* What the cloud knows of a device that has connected, or is online. */
struct ota_delivery_view {
    bool full;  /* the connect was a full handshake */
    bool asked; /* the device's app asked for the update */
    bool polls; /* the device itself asks whether there is one */
};

/* A device's first poll. */
enum ota_delivery_phase {
    OTA_DELIVERY_PHASE_RANDOM, /* at any time within an interval */
    OTA_DELIVERY_PHASE_BOOT,   /* when it connects after a boot; of devices that
                                * booted before time 0: as RANDOM */
    OTA_DELIVERY_PHASE_EVEN,   /* device i of n at i/n of the interval behind
                                * the release */
};

/* How devices ask. */
struct ota_delivery_polling {
    struct ota_dist every;  /* of one that stays online: from poll to poll, */
    struct ota_dist jitter; /* and this on top */
    int phase;              /* enum ota_delivery_phase */
    bool by_clock;          /* one that sleeps asks when that is due, and not at
                             * each connect */
};

/* How an operator sends modules by hand, one after another. */
enum ota_script_safe_mode {
    OTA_SCRIPT_SAFE_MODE_NEVER,
    OTA_SCRIPT_SAFE_MODE_ONCE, /* before the first module */
    OTA_SCRIPT_SAFE_MODE_EACH, /* before every one: a reboot leaves it */
};

enum ota_script_order {
    OTA_SCRIPT_ORDER_NEEDS,    /* each module's needs met when it is sent */
    OTA_SCRIPT_ORDER_REVERSED, /* the other way round */
};

struct ota_delivery_script {
    bool verifies;     /* goes on when the device reports the module, sends it
                        * again otherwise; else by the clock alone */
    int64_t every_us;  /* by the clock: between two modules; verifying: until
                        * it looks again at a device without the module */
    int64_t tries_max; /* verifying: sends of one module; 0: no end */
    int safe_mode;     /* enum ota_script_safe_mode */
    int order;         /* enum ota_script_order */
};

struct ota_delivery_model {
    struct ota_model model;

    /* Returns whether the cloud offers the update on a connect. */
    bool (*offers)(const void *config, const struct ota_delivery_view *view);

    /* Returns whether a device that is online when the rollout reaches it is
     * offered the update there and then. */
    bool (*offers_online)(const void *config);

    /* Returns the time from the offer to the begin of the transfer [us]. */
    int64_t (*delay_us)(const void *config, gsl_rng *rng);

    /* Returns the time from a connect until the cloud has told a device whose
     * Device OS asks that there is no update, or that one is pending [us]. */
    int64_t (*decision_us)(const void *config, gsl_rng *rng);

    /* The cloud's rules for trying again. */
    const struct ota_delivery_retry *(*retry)(const void *config);

    /* Returns the operator's script; NULL: the cloud sends by itself. */
    const struct ota_delivery_script *(*script)(const void *config);

    /* Returns how devices ask for updates; NULL: they are told. */
    const struct ota_delivery_polling *(*polling)(const void *config);
};

struct ota_delivery {
    const struct ota_delivery_model *model;
    const void *config;
};

struct ota_delivery_retry {
    int64_t attempts_max; /* failed attempts after which a device is given up;
                           * 0: never */
    int64_t session_max;  /* attempts within one session; 0: no limit */
    int64_t after_us; /* from a failed attempt to the next offer, at least */
};

/* First member of every delivery config. */
struct ota_delivery_config {
    struct ota_dist begin_delay;
    struct ota_dist decision;
    struct ota_delivery_retry retry;
};

/* begin_delay is the time the operator takes to see a device and to act. */
struct ota_delivery_script_config {
    struct ota_delivery_config common;
    struct ota_delivery_script script;
};

struct ota_delivery_poll_config {
    struct ota_delivery_config common;
    struct ota_delivery_polling polling;
};

extern const struct ota_delivery_model ota_delivery_at_handshake;
extern const struct ota_delivery_model ota_delivery_immediate;
extern const struct ota_delivery_model ota_delivery_on_request;
extern const struct ota_delivery_model ota_delivery_poll;
extern const struct ota_delivery_model ota_delivery_script;

/* Every delivery model, ended by NULL. */
extern const struct ota_delivery_model *const ota_delivery_models[];

#endif
