/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scenario.h - from a scenario file to a complete, checked fleet.
 *
 * A scenario is JSON with comments. Everything wrong with it is said at once,
 * each complaint with line, column and path; nothing runs on a bad one. The
 * only folder that knows JSON is this one.
 */
#ifndef OTA_SCENARIO_H
#define OTA_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/base/arena.h"
#include "sim/base/error.h"
#include "sim/fleet/config.h"

/* What is done with wakes in which nothing is pending. */
enum ota_idle_way { OTA_IDLE_SKIP, OTA_IDLE_STEP };

struct ota_run_config {
    int64_t horizon_us;
    int64_t replications;
    uint64_t seed;
    double confidence;
    int idle; /* enum ota_idle, as read; fleet.idle_step is what counts */
};

/* The product release that the fleet is to take. */
struct ota_release_config {
    int64_t app_version;
    int64_t app_bytes;            /* 0: the Device OS alone is sent */
    char needs_os[OTA_NAME_SIZE]; /* "" if the app runs on what is there */
    int64_t at_us;
    bool compress; /* see struct ota_path_options */
    bool combine;
    bool app_first;
    bool forced; /* see struct ota_fleet_config */
};

/* What work costs that no plan has. */
struct ota_costs {
    struct ota_dist site_visit; /* millionths of a US dollar */
    int64_t operator_hour_uusd;
};

struct ota_scenario {
    const char *name;    /* of the file, without folder and ending */
    const char *title;   /* "" if it has none */
    const char *catalog; /* the user's own catalogue, as given, or "" */
    struct ota_run_config run;
    struct ota_release_config release;
    struct ota_costs costs;
    struct ota_fleet_config fleet;
    struct ota_arena arena; /* private: owns all of the above */
};

/* One --set PATH=VALUE. A path is keys and indexes joined by dots; a group
 * goes by index or name ("fleet.0.app.wait", "fleet.electrons.app.wait"), and
 * all groups without ("app.wait"). Of a path that begins with "@", the value is
 * the name of a JSON file that holds it ("@policy"); "@" alone merges a file
 * into the whole scenario (sim/scenario/patch.h). */
struct ota_setting {
    const char *path;
    const char *value; /* text, or JSON if it begins with { [ or " */
};

/*
 * Reads the scenario in `file`, applies the settings in order and checks it
 * all. Returns false if there is any complaint, or if the file cannot be read
 * (a complaint without a line); *scenario then holds nothing.
 */
bool ota_scenario_read(struct ota_scenario *scenario, const char *file,
                       const struct ota_setting *settings, size_t setting_count,
                       struct ota_complaints *complaints);

/* The same for text[0 .. length); `file` is its name in complaints, and files
 * it names are sought in that name's folder. */
bool ota_scenario_read_text(struct ota_scenario *scenario, const char *file,
                            const char *text, size_t length,
                            const struct ota_setting *settings,
                            size_t setting_count,
                            struct ota_complaints *complaints);

enum ota_file_kind {
    OTA_FILE_SCENARIO, /* has a fleet, a list */
    OTA_FILE_POLICY,   /* what --policy takes */
    OTA_FILE_CHANGES,  /* to a scenario: whatever else reads, or does not */
};

/* What a JSON file is good for, by its keys. Nothing is complained about. */
enum ota_file_kind ota_scenario_file_kind(const char *file);

void ota_scenario_release(struct ota_scenario *scenario);

/*
 * Returns the scenario as JSON with every default filled in, which reads back
 * as the same scenario, indented by `indent` spaces behind each line break.
 * The caller frees it. NULL: no memory.
 */
char *ota_scenario_to_json(const struct ota_scenario *scenario, int indent);

/* A checksum of the program's sources that results depend on: with the same
 * one, the same scenario has the same. */
const char *ota_scenario_sources(void);

/* Writes the JSON Schema of scenarios, made from the field tables. Returns
 * false if writing failed. */
bool ota_scenario_write_schema(FILE *out);

#endif
