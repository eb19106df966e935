/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link_wifi.c - Wi-Fi whose quality follows the strength of the signal.
 *
 * The RSSI is normal over devices and time, with a correlation that falls by
 * exp(-d / holds): an Ornstein-Uhlenbeck process, that is AR(1) at any
 * spacing, so it is brought up to date by one normal draw however long nobody
 * looked (Gillespie, Phys. Rev. E 54 (1996), 2084).
 *
 * What the repeats of the link layer leave lost is a logistic of the RSSI,
 *
 *     p = 1 / (1 + exp((rssi + 90) / 2.2)),
 *
 * 1 % at -80 dBm, 9 % at -85, one half at -90. Its shape is ours: -70 dBm is
 * the usual advice, -80 slow but usable, below -85 unreliable (iotclass.org).
 * A datagram is lost with p or with the loss of the regime, whichever is more;
 * attaching fails with p besides failing for other reasons. The step to a low
 * rate is that of an ESP32 which fell to 0.64 Mbit/s at -74 dBm and stayed
 * there (esp32.io, topic 27420).
 */
#include "models/link/link.h"

#include <math.h>

#include <gsl/gsl_cdf.h>

#include "models/link/link_common.h"
#include "sim/base/clock.h"
#include "sim/base/sample.h"

static double loss_at(double rssi_dbm)
{
    const double half_dbm = -90, slope_db = 2.2;

    return 1 / (1 + exp((rssi_dbm - half_dbm) / slope_db));
}

static bool is_weak(const struct ota_link_wifi_config *config,
                    const struct ota_link_state *state)
{
    return state->rssi_dbm <= config->weak_dbm;
}

/* The air that state leads to. */
static void wifi_air(const struct ota_link_wifi_config *config,
                     const struct ota_link_state *state, int64_t now_us,
                     struct ota_air *air)
{
    ota_link_radio_air(&config->radio, state, now_us, air);

    const double loss = loss_at(state->rssi_dbm);
    for (int i = 0; i < 2; i++)
        air->loss[i] = fmax(air->loss[i], loss);
    if (is_weak(config, state)) {
        air->rtt = &config->rtt_weak;
        air->goodput_bit_s = config->goodput_weak_bit_s;
    }
}

/* Share of tries to attach that fail outright. */
static double attach_failure(const struct ota_link_wifi_config *config,
                             const struct ota_link_state *state)
{
    return 1 -
           (1 - config->radio.attach_failure) * (1 - loss_at(state->rssi_dbm));
}

static void wifi_start(const void *opaque, struct ota_link_state *state,
                       int64_t now_us, gsl_rng *rng)
{
    const struct ota_link_wifi_config *config = opaque;

    ota_link_radio_start(&config->radio, state, now_us, rng);
    state->rssi_dbm = config->rssi_dbm;
    if (config->spread_db > 0)
        state->rssi_dbm += config->spread_db * ota_normal(rng);
}

/* Lets the RSSI wander until now_us. */
static void wander(const struct ota_link_wifi_config *config,
                   struct ota_link_state *state, int64_t now_us, gsl_rng *rng)
{
    const int64_t past_us = now_us - state->at_us;

    if (past_us <= 0 || config->holds_us == OTA_NEVER || config->spread_db <= 0)
        return;

    const double past = (double)past_us / (double)config->holds_us;
    const double off_db = state->rssi_dbm - config->rssi_dbm;
    const double memory = exp(-past);
    const double new_db = config->spread_db * sqrt((1 - memory) * (1 + memory));

    state->rssi_dbm =
        config->rssi_dbm + off_db * memory + new_db * ota_normal(rng);
}

static void wifi_sense(const void *opaque, struct ota_link_state *state,
                       int64_t now_us, gsl_rng *rng, struct ota_air *air)
{
    const struct ota_link_wifi_config *config = opaque;

    wander(config, state, now_us, rng);
    state->at_us = now_us;
    wifi_air(config, state, now_us, air);
}

static int64_t wifi_attach_us(const void *opaque,
                              const struct ota_link_state *state, bool warm,
                              gsl_rng *rng, bool *ok)
{
    const struct ota_link_wifi_config *config = opaque;
    const struct ota_link_radio_config *radio = &config->radio;
    const struct ota_dist *attach =
        is_weak(config, state) ? &config->attach_weak : &radio->attach;

    return ota_link_attach_us(radio, warm ? &radio->attach_warm : attach,
                              attach_failure(config, state), rng, ok);
}

enum { SLICES = 64 };

static int slices_of(const struct ota_link_wifi_config *config)
{
    return config->spread_db > 0 ? SLICES : 1;
}

/* The signal in the middle of a slice, the strongest first. */
static double slice_dbm(const struct ota_link_wifi_config *config, int slice)
{
    const double p = (slice + 0.5) / slices_of(config);

    return config->rssi_dbm - config->spread_db * gsl_cdf_ugaussian_Pinv(p);
}

/* Slices of equal share of the signal's law, each by its middle; those so
 * strong that the signal makes no difference are one. */
static bool wifi_condition(const void *opaque, int k,
                           struct ota_link_condition *condition)
{
    const struct ota_link_wifi_config *config = opaque;
    struct ota_link_state state = {.until_us = OTA_NEVER};
    const int slices = slices_of(config);
    int strong = 0;

    for (; strong < slices; strong++) {
        state.rssi_dbm = slice_dbm(config, strong);
        if (is_weak(config, &state) ||
            loss_at(state.rssi_dbm) > config->radio.loss / 2)
            break;
    }
    const bool is_strong = k == 0 && strong > 0;
    const int slice = is_strong ? 0 : k + strong - (strong > 0);
    if (slice >= slices)
        return false;
    state.rssi_dbm = slice_dbm(config, slice);
    *condition = (struct ota_link_condition){
        .share = (double)(is_strong ? strong : 1) / slices,
        .attach = is_weak(config, &state) ? &config->attach_weak
                                          : &config->radio.attach,
        .attach_failure = attach_failure(config, &state),
        .attach_give_up_us = config->radio.attach_give_up_us,
    };
    wifi_air(config, &state, 0, &condition->air);
    return true;
}

#define WIFI_DBM(key, member, text, least, most, says, from)                   \
    {                                                                          \
        .name = key, .kind = OTA_FIELD_REAL, .dimension = OTA_COUNT,           \
        .offset = offsetof(struct ota_link_wifi_config, member),               \
        .fallback = text, .min = least, .max = most, .help = says,             \
        .source = from,                                                        \
    }

static const struct ota_field wifi_fields[] = {
    WIFI_DBM("rssi", rssi_dbm, "-66", -120, 0,
             "mean strength of the signal over devices and time, in dBm",
             "assumption: no survey of a fleet is public"),
    WIFI_DBM("rssi_spread", spread_db, "11", 0, 40,
             "its standard deviation over devices and time, in dB",
             "assumption: no survey of a fleet is public"),
    {
        .name = "rssi_holds",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_link_wifi_config, holds_us),
        .fallback = "19.5h",
        .min = (double)OTA_US_PER_S,
        .max = (double)OTA_NEVER,
        .help = "correlation time of it; never: each device keeps its own",
        .source = "assumption: correlation 0.95 after an hour",
    },
    WIFI_DBM("weak", weak_dbm, "-74", -120, 0,
             "the signal is weak from here down, in dBm",
             "esp32.io, topic 27420: an ESP32 fell to its low rate here"),
    OTA_LINK_DIST("attach", attach, "lognormal(2.5s, 4.1s)",
                  "time to join and get an address, the signal not being weak",
                  "ESP-IDF logs of golioth-firmware-sdk: about 2.5 s; spread "
                  "assumed"),
    {
        .name = "attach_weak",
        .kind = OTA_FIELD_DIST,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_link_wifi_config, attach_weak),
        .fallback = "lognormal(5s, 13.4s)",
        .min = 0,
        .max = INFINITY,
        .help = "the same while it is weak",
        .source = "assumption: twice as long",
    },
    OTA_LINK_DIST("attach_warm", attach_warm, "500ms", "the same from standby",
                  "assumption"),
    OTA_LINK_SHARE("attach_failure", attach_failure, "0",
                   "share of tries to attach that fail, weak signals and slow "
                   "tries not counted",
                   NULL),
    OTA_LINK_GIVE_UP,
    OTA_LINK_DIST("rtt", rtt, "lognormal(60ms, 224ms)",
                  "round trip of a small datagram and its answer, the signal "
                  "not being weak",
                  "golioth-firmware-sdk, ESP32 log: 85 ms a block besides the "
                  "device's time; median 60 ms, sigma 0.8"),
    {
        .name = "rtt_weak",
        .kind = OTA_FIELD_DIST,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_link_wifi_config, rtt_weak),
        .fallback = "lognormal(120ms, 622ms)",
        .min = 0,
        .max = INFINITY,
        .help = "the same while it is weak",
        .source = "assumption: median 120 ms, sigma 1",
    },
    OTA_LINK_DIST("rtt_first", rtt_first, "0s",
                  "added to the first round trip after a silence", NULL),
    OTA_LINK_SHARE("loss", loss, "0.001",
                   "share of datagrams lost, each way, however strong the "
                   "signal",
                   "assumption: what the link layer's repeats leave"),
    OTA_LINK_LOSS_FIRST,
    OTA_LINK_REGIMES,
    OTA_LINK_GOODPUT("4Mbit/s",
                     "esp32.io, topic 27420: 2 to 4 Mbit/s at 90 m before it "
                     "fell"),
    {
        .name = "goodput_weak",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_RATE,
        .offset = offsetof(struct ota_link_wifi_config, goodput_weak_bit_s),
        .fallback = "640kbit/s",
        .min = 1,
        .max = 1e12,
        .help = "the same while it is weak",
        .source = "esp32.io, topic 27420: 0.64 Mbit/s at -74 dBm",
    },
    OTA_LINK_TIME("device_time_per_kib", device_us_per_kib, "100ms", 0,
                  OTA_US_PER_H,
                  "time the device works on each KiB before it takes more",
                  "golioth-firmware-sdk, ESP32 log: 185 ms a block in all"),
    OTA_LINK_TIME("tail", tail_us, "0s", 0, OTA_US_PER_H, OTA_LINK_TAIL_HELP,
                  NULL),
    {.name = NULL},
};

const struct ota_link_model ota_link_wifi = {
    .model =
        {
            .name = "wifi",
            .summary = "losses, rate and attaching follow a signal that "
                       "wanders",
            .source = "Gillespie, Phys. Rev. E 54 (1996), 2084; the logistic "
                      "of losses is ours",
            .config_size = sizeof(struct ota_link_wifi_config),
            .fields = wifi_fields,
        },
    .start = wifi_start,
    .sense = wifi_sense,
    .attach_us = wifi_attach_us,
    .tail_us = ota_link_radio_tail_us,
    .condition = wifi_condition,
};
