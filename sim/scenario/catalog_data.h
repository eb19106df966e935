/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catalog_data.h - the shipped catalogue and presets, as the build put them
 * into the program: lines, ended by NULL.
 */
#ifndef OTA_CATALOG_DATA_H
#define OTA_CATALOG_DATA_H

/* scenarios/catalog/(any other).jsonl: modules and rules. */
extern const char *const ota_catalog_data[];

/* scenarios/catalog/presets.jsonl */
extern const char *const ota_preset_data[];

/* A checksum of the sources that results depend on. */
extern const char ota_sources_sum[];

#endif
