/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sections.h - the parts of a scenario that are no models.
 */
#ifndef OTA_SECTIONS_H
#define OTA_SECTIONS_H

#include "sim/base/field.h"

struct ota_section {
    const char *name;
    const char *summary;
    const struct ota_field *fields; /* ended by a NULL name */
    const char *about; /* keys that are no fields, for the reference; NULL:
                        * there are none */
};

/* Indexes into ota_sections. */
enum {
    OTA_SECTION_RUN,
    OTA_SECTION_RELEASE,
    OTA_SECTION_IMAGE,
    OTA_SECTION_HEALER,
    OTA_SECTION_BACKEND,
    OTA_SECTION_CLOUD,
    OTA_SECTION_COSTS,
    OTA_SECTION_FLEET,     /* one group of devices */
    OTA_SECTION_INSTALLED, /* one entry of a group's "installed", */
    OTA_SECTION_SIGNAL,    /* of its "signal", */
    OTA_SECTION_OUTAGES,   /* of its "outages" */
    OTA_SECTION_SCENARIO,  /* what stands at the top */
    OTA_SECTION_LABELS,    /* of a group: its "labels", no fields */
    OTA_SECTIONS
};

/* Each section, ended by a NULL name. */
extern const struct ota_section ota_sections[];

/* Of a group: names of the kinds of model that each group has, ended by NULL;
 * and of those that the fleet has once. */
extern const char *const ota_group_kinds[];
extern const char *const ota_fleet_kinds[];

enum {
    OTA_FLEET_DEVICES_MAX = 100000000,
    OTA_SIGNALS_MAX = 255, /* of a group: a device's is one byte */
};

#endif
