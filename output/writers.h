/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * writers.h - the writers that output.c lists, whose report is a struct
 * ota_report, and what they share.
 */
#ifndef OTA_WRITERS_H
#define OTA_WRITERS_H

#include "output/folder.h"
#include "output/json_out.h"
#include "output/output.h"

extern const struct ota_folder_file ota_writer_summary;
extern const struct ota_folder_file ota_writer_devices;
extern const struct ota_folder_file ota_writer_sqlite;
extern const struct ota_folder_file ota_writer_timeline;
extern const struct ota_folder_file ota_writer_plots;
extern const struct ota_folder_file ota_writer_scenario;
extern const struct ota_folder_file ota_writer_manifest;

/* Writes {"outcomes", "kpi", "rollout"} of the whole fleet. */
void ota_summary_fleet_json(struct ota_json_out *json,
                            const struct ota_summary *summary);

/* Writes the key "precision" and what was found; nothing if none was asked
 * for. */
void ota_precisions_json(struct ota_json_out *json,
                         const struct ota_report *report);

/* Instants of the timeline up to the horizon; the grid may go beyond it. */
size_t ota_report_instants(const struct ota_report *report);

#endif
