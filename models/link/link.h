/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link.h - kind of model: the radio link between a device and the cloud.
 *
 * A link says how long attaching takes and what the air is like (air.h):
 * round trips, losses, rates. What changes from device to device and slowly in
 * time, such as the strength of the signal, is the link's state. Sizes on the
 * wire count IP, UDP and DTLS headers.
 */
#ifndef OTA_LINK_H
#define OTA_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include <gsl/gsl_rng.h>

#include "models/link/air.h"
#include "sim/base/dist.h"
#include "sim/base/model.h"

/* One device's link. Which members mean anything is the model's affair. */
struct ota_link_state {
    double rssi_dbm;
    int64_t at_us;    /* when it was as it is here */
    int64_t until_us; /* the Gilbert-Elliott state holds until then */
    bool bad;
};

/* What a link is like for a share of all devices and times. */
struct ota_link_condition {
    double share;
    struct ota_air air;
    const struct ota_dist *attach; /* from the modem being off */
    double attach_failure;         /* slow tries not counted */
    int64_t attach_give_up_us;
};

struct ota_link_model {
    struct ota_model model;

    /* Puts *state as it is at an arbitrary time, now_us. */
    void (*start)(const void *config, struct ota_link_state *state,
                  int64_t now_us, gsl_rng *rng);

    /* Brings *state up to now_us (which never goes back) and works out the
     * air, as if there were no outage and the link was in use. The caller
     * knows of outages and when the link was used last: it sets those members
     * of *air itself, behind this. */
    void (*sense)(const void *config, struct ota_link_state *state,
                  int64_t now_us, gsl_rng *rng, struct ota_air *air);

    /*
     * Returns how long it takes to attach to the network [us] (> 0), and in
     * *ok whether it worked; if not, that long was spent in vain. warm: the
     * modem has the network's data from before (standby).
     */
    int64_t (*attach_us)(const void *config, const struct ota_link_state *state,
                         bool warm, gsl_rng *rng, bool *ok);

    /* Returns how long the radio stays up after the last datagram [us]. */
    int64_t (*tail_us)(const void *config);

    /* The k-th of the conditions that stand for all the link goes through;
     * false: there are no more. Shares sum to 1. */
    bool (*condition)(const void *config, int k,
                      struct ota_link_condition *condition);
};

struct ota_link {
    const struct ota_link_model *model;
    const void *config;
};

/* Keeps for later what time did to the air since it was sensed. */
static inline void ota_link_keep(struct ota_link_state *state,
                                 const struct ota_air *air)
{
    state->bad = air->bad;
    state->until_us = air->until_us;
}

/* "radio": what every class of links is made of. First member of "wifi"'s
 * config too. */
struct ota_link_radio_config {
    struct ota_dist attach;      /* from the modem being off */
    struct ota_dist attach_warm; /* from standby */
    double attach_failure;       /* share of tries that fail */
    int64_t attach_give_up_us;   /* a failed or slower try ends here */
    struct ota_dist rtt;         /* in a session */
    struct ota_dist rtt_first;   /* added to it after a silence: promotion of
                                  * the radio, random access */
    double loss;                 /* each way, in the good state */
    double loss_bad;             /* and in the bad one */
    double loss_first;           /* of the first datagram after a silence,
                                  * where that is more */
    int64_t good_us;             /* mean time in the good state; OTA_NEVER: it
                                  * never gets bad */
    int64_t bad_us;              /* and in the bad one */
    int64_t goodput_bit_s;
    int64_t device_us_per_kib;
    int64_t tail_us;
};

extern const struct ota_link_model ota_link_radio;

/* "wifi": loss and attach failures follow the RSSI, which wanders slowly
 * about one mean for all devices. */
struct ota_link_wifi_config {
    struct ota_link_radio_config radio; /* while the signal is not weak */
    double rssi_dbm;                    /* mean over devices and time */
    double spread_db;                   /* its standard deviation */
    int64_t holds_us; /* correlation time; OTA_NEVER: each device keeps its */
    double weak_dbm;  /* weak from here down: */
    struct ota_dist attach_weak; /* instead of radio.attach */
    struct ota_dist rtt_weak;    /* instead of radio.rtt */
    int64_t goodput_weak_bit_s;  /* instead of radio.goodput_bit_s */
};

extern const struct ota_link_model ota_link_wifi;

/* Every link model, ended by NULL. */
extern const struct ota_link_model *const ota_link_models[];

#endif
