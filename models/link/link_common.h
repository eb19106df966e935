/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link_common.h - what the link models share: attaching, the air of "radio",
 * rows of field tables. Private to this folder.
 */
#ifndef OTA_LINK_COMMON_H
#define OTA_LINK_COMMON_H

#include <stddef.h>

#include "models/link/link.h"

/* One try to attach that takes a draw of attach and fails outright with that
 * probability; as ota_link_model.attach_us(). */
int64_t ota_link_attach_us(const struct ota_link_radio_config *config,
                           const struct ota_dist *attach, double failure,
                           gsl_rng *rng, bool *ok);

/* The air of a link as the config has it, in the regime that state keeps. */
void ota_link_radio_air(const struct ota_link_radio_config *config,
                        const struct ota_link_state *state, int64_t now_us,
                        struct ota_air *air);

/* As the members of ota_link_model; config may be a wifi one. */
void ota_link_radio_start(const void *config, struct ota_link_state *state,
                          int64_t now_us, gsl_rng *rng);
int64_t ota_link_radio_tail_us(const void *config);

/* Rows of a field table. member is of struct ota_link_radio_config, which is
 * at the front of every config. */
#define OTA_LINK_DIST(key, member, text, says, from)                           \
    {                                                                          \
        .name = key, .kind = OTA_FIELD_DIST, .dimension = OTA_TIME,            \
        .offset = offsetof(struct ota_link_radio_config, member),              \
        .fallback = text, .min = 0, .max = INFINITY, .help = says,             \
        .source = from,                                                        \
    }

#define OTA_LINK_SHARE(key, member, text, says, from)                          \
    {                                                                          \
        .name = key, .kind = OTA_FIELD_REAL, .dimension = OTA_RATIO,           \
        .offset = offsetof(struct ota_link_radio_config, member),              \
        .fallback = text, .min = 0, .max = 1, .help = says, .source = from,    \
    }

#define OTA_LINK_TIME(key, member, text, least, most, says, from)              \
    {                                                                          \
        .name = key, .kind = OTA_FIELD_INTEGER, .dimension = OTA_TIME,         \
        .offset = offsetof(struct ota_link_radio_config, member),              \
        .fallback = text, .min = (double)(least), .max = (double)(most),       \
        .help = says, .source = from,                                          \
    }

#define OTA_LINK_GOODPUT(text, from)                                           \
    {                                                                          \
        .name = "goodput", .kind = OTA_FIELD_INTEGER, .dimension = OTA_RATE,   \
        .offset = offsetof(struct ota_link_radio_config, goodput_bit_s),       \
        .fallback = text, .min = 1, .max = 1e12,                               \
        .help = "rate at which bytes come down", .source = from,               \
    }

#define OTA_LINK_ATTACH_FAILURE_HELP                                           \
    "share of tries to attach that fail, slow ones not counted"
#define OTA_LINK_LOSS_FIRST                                                    \
    OTA_LINK_SHARE("loss_first", loss_first, "0",                              \
                   "share of first datagrams after a silence lost, where "     \
                   "that is more than of others",                              \
                   NULL)
#define OTA_LINK_REGIMES                                                       \
    OTA_LINK_SHARE("loss_bad", loss_bad, "0.5",                                \
                   "share of datagrams lost in the bad state",                 \
                   "assumption; good_lasts decides whether there is one"),     \
        OTA_LINK_TIME("good_lasts", good_us, "never", 1, OTA_NEVER,            \
                      "mean time in the good state; never: it never ends",     \
                      NULL),                                                   \
        OTA_LINK_TIME("bad_lasts", bad_us, "3.5s", 1, OTA_US_PER_DAY,          \
                      "mean time in the bad state",                            \
                      "UMTS trace of ravinet/mahimahi, taken while driving")
#define OTA_LINK_GIVE_UP                                                       \
    OTA_LINK_TIME("attach_give_up", attach_give_up_us, "120s", OTA_US_PER_S,   \
                  OTA_US_PER_DAY,                                              \
                  "a try to attach that fails or takes longer ends here",      \
                  "docs.particle.io: do not give up before 120 s")
#define OTA_LINK_TAIL_HELP                                                     \
    "the radio stays up so long after the last datagram; a longer silence "    \
    "makes the next one a first"

#endif
