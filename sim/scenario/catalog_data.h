/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catalog_data.h - the shipped catalogue, as the build put it into the
 * program: the lines of scenarios/catalog/(any).jsonl, ended by NULL.
 */
#ifndef OTA_CATALOG_DATA_H
#define OTA_CATALOG_DATA_H

extern const char *const ota_catalog_data[];

#endif
