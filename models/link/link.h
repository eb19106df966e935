/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link.h - kind of model: the radio link between a device and the cloud.
 *
 * A link says how long attaching takes, how long a round trip takes, which
 * datagrams are lost and how fast bytes arrive. Sizes on the wire count IP,
 * UDP and DTLS headers.
 */
#ifndef OTA_LINK_H
#define OTA_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include <gsl/gsl_rng.h>

#include "sim/base/dist.h"
#include "sim/base/model.h"

struct ota_link_model {
    struct ota_model model;

    /*
     * Returns how long it takes to attach to the network [us] (> 0), and in
     * *ok whether it worked; if not, that long was spent in vain.
     */
    int64_t (*attach_us)(const void *config, gsl_rng *rng, bool *ok);

    /* Returns one round trip of a small datagram and its answer [us], > 0. */
    int64_t (*rtt_us)(const void *config, gsl_rng *rng);

    /* Returns whether one datagram, up or down, is lost. */
    bool (*lost)(const void *config, gsl_rng *rng);

    /* Returns the rate at which bytes come down [bit/s], > 0. */
    int64_t (*goodput_bit_s)(const void *config);

    /* Returns how long the device works on size_bytes it received (modem
     * interface, decryption, flash) before it can take more [us]. */
    int64_t (*device_us)(const void *config, int64_t size_bytes);
};

struct ota_link {
    const struct ota_link_model *model;
    const void *config;
};

struct ota_link_lognormal_config {
    struct ota_dist attach;    /* time to attach */
    double attach_failure;     /* share of tries that fail */
    int64_t attach_give_up_us; /* a failed or slower try ends here */
    struct ota_dist rtt;
    double loss; /* share of datagrams lost, each way */
    int64_t goodput_bit_s;
    int64_t device_us_per_kib;
};

extern const struct ota_link_model ota_link_lognormal;

/* Every link model, ended by NULL. */
extern const struct ota_link_model *const ota_link_models[];

#endif
