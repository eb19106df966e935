/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exchange_expect.h - what exchanges cost in the mean, in closed form: what
 * ota_exchange_run() gives over many of them.
 *
 * A talk goes through exchanges and pauses and keeps how likely the air is bad
 * meanwhile, given that all went well so far.
 */
#ifndef OTA_EXCHANGE_EXPECT_H
#define OTA_EXCHANGE_EXPECT_H

#include <stdbool.h>

#include "models/link/exchange.h"

/* One exchange that begins with the air in a known state, given that an answer
 * comes. */
struct ota_exchange_mean {
    double fails; /* chance that no answer comes */
    double took_us;
    double square_us2; /* mean square of that */
    double requests;   /* sent by the asking side */
    double answers;    /* sent, one a request received */
    double bad_after;  /* chance that the air is bad at the end */
};

/* By the air's state at its begin: [0] good, [1] bad. */
struct ota_exchange_law {
    struct ota_exchange_mean from[2];
};

/* first: chance that the first send comes after a silence. */
struct ota_exchange_law ota_exchange_law_of(const struct ota_air *air,
                                            const struct ota_retry *retry,
                                            double first);

/* Chance that the air, bad at a moment with that chance, is so dt_us later. */
double ota_air_bad_after(const struct ota_air *air, double bad, double dt_us);

/* Exchanges and pauses one after another. */
struct ota_talk {
    const struct ota_air *air;
    double bad; /* chance that the air is bad */
    double took_us;
    double variance_us2;
    double passes; /* chance that all went well */
};

/* One that an arbitrary instant begins. */
struct ota_talk ota_talk_open(const struct ota_air *air);

/* Returns the exchange as it is in this talk, and enters it. */
struct ota_exchange_mean ota_talk_exchange(struct ota_talk *talk,
                                           const struct ota_exchange_law *law);

void ota_talk_pause(struct ota_talk *talk, double took_us, double variance_us2);

#endif
