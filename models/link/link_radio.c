/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link_radio.c - a link of right-skewed times, with losses that are
 * independent or come in bad spells.
 *
 * Attach times and round trips are lognormal by default; any distribution may
 * stand in their place. The defaults are those of a stationary 3G device: no
 * public data set gives them as distributions, so they are assumptions of the
 * right size (docs.particle.io gives 15 to 90 s for a reconnect, and advises
 * not to give up before 120 s). Nothing but the regime of losses changes with
 * time, and the air itself keeps that, so sensing it draws nothing.
 */
#include "models/link/link.h"

#include <math.h>

#include <gsl/gsl_rng.h>

#include "models/link/link_common.h"
#include "sim/base/clock.h"
#include "sim/base/random.h"

/* The rate of leaving a state of that mean length. */
static double rate_per_s(int64_t mean_us)
{
    return mean_us == OTA_NEVER ? 0 : (double)OTA_US_PER_S / (double)mean_us;
}

int64_t ota_link_attach_us(const struct ota_link_radio_config *config,
                           const struct ota_dist *attach, double failure,
                           gsl_rng *rng, bool *ok)
{
    const bool fails = ota_uniform(rng) < failure;
    const int64_t attach_us = ota_dist_draw_us(attach, rng);

    *ok = !fails && attach_us <= config->attach_give_up_us;
    return *ok ? ota_us_max(attach_us, 1) : config->attach_give_up_us;
}

void ota_link_radio_air(const struct ota_link_radio_config *config,
                        const struct ota_link_state *state, int64_t now_us,
                        struct ota_air *air)
{
    const double leave_good = rate_per_s(config->good_us);

    *air = (struct ota_air){
        .rtt = &config->rtt,
        .rtt_first = &config->rtt_first,
        .loss = {config->loss, config->loss_bad},
        .loss_first = config->loss_first,
        .leave_per_s = {leave_good,
                        leave_good > 0 ? rate_per_s(config->bad_us) : 0},
        .goodput_bit_s = config->goodput_bit_s,
        .device_us_per_kib = config->device_us_per_kib,
        .tail_us = config->tail_us,
        .outage_begin_us = OTA_NEVER,
        .outage_end_us = OTA_NEVER,
        .bad = state->bad,
        .until_us = state->until_us,
        .spoke_us = now_us,
    };
}

void ota_link_radio_start(const void *opaque, struct ota_link_state *state,
                          int64_t now_us, gsl_rng *rng)
{
    struct ota_air air;

    *state = (struct ota_link_state){.at_us = now_us};
    ota_link_radio_air(opaque, state, now_us, &air);
    ota_air_start(&air, now_us, rng);
    ota_link_keep(state, &air);
}

int64_t ota_link_radio_tail_us(const void *opaque)
{
    const struct ota_link_radio_config *config = opaque;

    return config->tail_us;
}

static void radio_sense(const void *opaque, struct ota_link_state *state,
                        int64_t now_us, gsl_rng *rng, struct ota_air *air)
{
    (void)rng;
    state->at_us = now_us;
    ota_link_radio_air(opaque, state, now_us, air);
}

static int64_t radio_attach_us(const void *opaque,
                               const struct ota_link_state *state, bool warm,
                               gsl_rng *rng, bool *ok)
{
    const struct ota_link_radio_config *config = opaque;

    (void)state;
    return ota_link_attach_us(config,
                              warm ? &config->attach_warm : &config->attach,
                              config->attach_failure, rng, ok);
}

static bool radio_condition(const void *opaque, int k,
                            struct ota_link_condition *condition)
{
    const struct ota_link_radio_config *config = opaque;
    const struct ota_link_state state = {.until_us = OTA_NEVER};

    if (k > 0)
        return false;
    *condition = (struct ota_link_condition){
        .share = 1,
        .attach = &config->attach,
        .attach_failure = config->attach_failure,
        .attach_give_up_us = config->attach_give_up_us,
    };
    ota_link_radio_air(config, &state, 0, &condition->air);
    return true;
}

static const struct ota_field radio_fields[] = {
    OTA_LINK_DIST("attach", attach, "lognormal(15s, 40s)",
                  "time to attach to the network, the modem being off",
                  "assumption for 3G; docs.particle.io: 15 to 90 s"),
    OTA_LINK_DIST("attach_warm", attach_warm, "lognormal(1s, 2s)",
                  "the same from standby",
                  "docs.particle.io: publishes within 1 to 2 s"),
    OTA_LINK_SHARE("attach_failure", attach_failure, "0",
                   OTA_LINK_ATTACH_FAILURE_HELP, NULL),
    OTA_LINK_GIVE_UP,
    OTA_LINK_DIST("rtt", rtt, "lognormal(250ms, 791ms)",
                  "round trip of a small datagram and its answer",
                  "assumption for 3G: median 250 ms, sigma 0.7"),
    OTA_LINK_DIST("rtt_first", rtt_first, "0s",
                  "added to the first round trip after a silence", NULL),
    OTA_LINK_SHARE("loss", loss, "0.005",
                   "share of datagrams lost, each way, independent",
                   "assumption for a stationary device on 3G"),
    OTA_LINK_LOSS_FIRST,
    OTA_LINK_REGIMES,
    OTA_LINK_GOODPUT("500kbit/s",
                     "assumption for 3G; the EVDO traces of ravinet/mahimahi "
                     "average 521 kbit/s"),
    OTA_LINK_TIME("device_time_per_kib", device_us_per_kib, "150ms", 0,
                  OTA_US_PER_H,
                  "time the device works on each KiB before it takes more",
                  "assumption: modem interface, decryption and flash"),
    OTA_LINK_TIME("tail", tail_us, "12s", 0, OTA_US_PER_H, OTA_LINK_TAIL_HELP,
                  "assumption: inactivity timers of 3G networks, 10 to 15 s"),
    {.name = NULL},
};

const struct ota_link_model ota_link_radio = {
    .model =
        {
            .name = "radio",
            .summary = "skewed attach times and round trips; losses alone or "
                       "in bad spells",
            .source = "Johnson, Kotz, Balakrishnan: Continuous Univariate "
                      "Distributions, vol. 1 (1994), ch. 14; Gilbert (1960), "
                      "Elliott (1963)",
            .config_size = sizeof(struct ota_link_radio_config),
            .fields = radio_fields,
        },
    .start = ota_link_radio_start,
    .sense = radio_sense,
    .attach_us = radio_attach_us,
    .tail_us = ota_link_radio_tail_us,
    .condition = radio_condition,
};
