/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * app.c - the app models, and what they do now and then.
 *
 * By time, the first connect at least `every` after the last one counts, and
 * the last one before time 0 is uniform in (-every, 0]. By wakes, the first
 * connect at least every_wakes wakes after the last one does, and which of the
 * first every_wakes wakes that is, is equally likely for each. Either way a
 * wake that does not connect delays the next one, and does not skip it.
 */
#include "models/app/app.h"

#include <stddef.h>

#include "models/app/app_common.h"

#include "sim/base/random.h"

const struct ota_app_model *const ota_app_models[] = {
    &ota_app_fixed, &ota_app_long_every,    &ota_app_until_told,
    &ota_app_ask,   &ota_app_session_clear, NULL,
};

/* In the order of enum ota_app_updates. */
const char *const ota_app_updates_words[] = {
    "enabled",
    "disabled",
    "when_idle",
    NULL,
};

void ota_app_start_blank(const void *config, int64_t *memory, gsl_rng *rng)
{
    (void)config;
    (void)rng;
    *memory = 0;
}

static bool by_wakes(struct ota_app_rhythm rhythm)
{
    return rhythm.every_wakes > 0;
}

/* Time or wakes in between. */
static int64_t spacing(struct ota_app_rhythm rhythm)
{
    return by_wakes(rhythm) ? rhythm.every_wakes : rhythm.every_us;
}

void ota_app_rhythm_start(struct ota_app_rhythm rhythm, int64_t *memory,
                          gsl_rng *rng)
{
    *memory = -(int64_t)((double)spacing(rhythm) * ota_uniform(rng));
}

bool ota_app_rhythm_due(struct ota_app_rhythm rhythm, int64_t now_us,
                        int64_t wake_count, int64_t memory)
{
    const int64_t now = by_wakes(rhythm) ? wake_count : now_us;

    return now - memory >= spacing(rhythm);
}

void ota_app_rhythm_note(struct ota_app_rhythm rhythm, int64_t now_us,
                         int64_t wake_count, int64_t *memory)
{
    *memory = by_wakes(rhythm) ? wake_count : now_us;
}
