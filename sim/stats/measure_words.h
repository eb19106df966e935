/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * measure_words.h - what measures are called without group and time. Private to
 * measure*.c.
 */
#ifndef OTA_MEASURE_WORDS_H
#define OTA_MEASURE_WORDS_H

#include "sim/stats/measure.h"

struct ota_within_words {
    const char *name, *label;
};

extern const struct ota_within_words ota_within_words[OTA_WITHINS];

/* "charge", "bricked", "updated_within". */
const char *ota_measure_word(const struct ota_measure *measure);

#endif
