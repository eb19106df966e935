/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * labels.h - a small number for each value of a label. Private to sim/fleet.
 *
 * Devices with the same text of a label are one unit, in whatever group they
 * are; those without the label have the text "" and are one too.
 */
#ifndef OTA_LABELS_H
#define OTA_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/policy/filter.h"

struct ota_labels {
    const char *key;
    size_t count;      /* units */
    uint32_t *unit_of; /* by device; numbered as they come, without gaps */
    uint32_t *rank;    /* of a unit, by text */
};

/* Numbers the values of key, which is borrowed, that devices 0 .. devices - 1
 * have. Returns false if there is no memory. Release in either case. */
bool ota_labels_init(struct ota_labels *labels, const char *key, size_t devices,
                     ota_attribute_of attribute_of, void *self);

/* All zero may be released too. */
void ota_labels_release(struct ota_labels *labels);

#endif
