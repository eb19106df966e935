/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sections.c - field tables of what is no model.
 */
#include "sim/scenario/sections.h"

#include <stddef.h>
#include <stdint.h>

#include "sim/base/clock.h"
#include "sim/fleet/config.h"
#include "sim/scenario/scenario.h"

/* Long enough for the life of any device; short enough that sums of times
 * stay far from the end of 64 bits. */
#define HORIZON_MAX_US ((double)(3650 * OTA_US_PER_DAY))

static const char *const idle_words[] = {
    [OTA_IDLE_SKIP] = "skip", [OTA_IDLE_STEP] = "step", NULL};

static const struct ota_field run_fields[] = {
    {
        .name = "horizon",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_run_config, horizon_us),
        .fallback = "30d",
        .min = (double)OTA_US_PER_S,
        .max = HORIZON_MAX_US,
        .help = "simulated time, from 0 to the end of the run",
        .source = "ours: one billing period",
    },
    {
        .name = "replications",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_COUNT,
        .offset = offsetof(struct ota_run_config, replications),
        .fallback = "20",
        .min = 1,
        .max = 1000000,
        .help = "independent runs; intervals need at least 2",
        .source = "ours: twice as many narrow the intervals by 3 in 10 only",
    },
    {
        .name = "seed",
        .kind = OTA_FIELD_SEED,
        .offset = offsetof(struct ota_run_config, seed),
        .fallback = "1",
        .min = 0,
        .max = 18446744073709551615.0,
        .help = "names the luck of the run; the same seed gives the same bits",
    },
    {
        .name = "confidence",
        .kind = OTA_FIELD_REAL,
        .dimension = OTA_RATIO,
        .offset = offsetof(struct ota_run_config, confidence),
        .fallback = "0.95",
        .min = 0.5,
        .max = 0.9999,
        .help = "level of the intervals",
        .source = "custom",
    },
    {
        .name = "idle",
        .kind = OTA_FIELD_CHOICE,
        .offset = offsetof(struct ota_run_config, idle),
        .fallback = "skip",
        .choices = idle_words,
        .help = "whether wakes in which nothing is pending are skipped over or "
                "stepped through; both have the same distributions",
    },
    {.name = NULL},
};

static const struct ota_field release_fields[] = {
    {
        .name = "app_version",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_COUNT,
        .offset = offsetof(struct ota_release_config, app_version),
        .min = 1,
        .max = 65535,
        .help = "version of the app; a module's version has 16 bits",
    },
    {
        .name = "app_size",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_SIZE,
        .offset = offsetof(struct ota_release_config, app_bytes),
        .min = 0,
        .max = 1e9,
        .help = "size of the app's module; 0B: there is none, and needs_os is "
                "what is sent",
    },
    {
        .name = "needs_os",
        .kind = OTA_FIELD_NAME,
        .offset = offsetof(struct ota_release_config, needs_os),
        .fallback = "",
        .help = "Device OS that the app was built for, such as \"0.7.0\"; "
                "empty: it runs on what is there",
    },
    {
        .name = "at",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_release_config, at_us),
        .fallback = "0s",
        .min = 0,
        .max = HORIZON_MAX_US,
        .help = "when it is released, from time 0",
    },
    {
        .name = "compress",
        .kind = OTA_FIELD_FLAG,
        .offset = offsetof(struct ota_release_config, compress),
        .fallback = "true",
        .help = "modules are sent compressed to devices that take them so",
        .source = "particle-iot/device-os, pull request 2097: Device OS 2.0.0, "
                  "Gen 3 and later",
    },
    {
        .name = "combine",
        .kind = OTA_FIELD_FLAG,
        .offset = offsetof(struct ota_release_config, combine),
        .fallback = "true",
        .help = "app and system part are sent as one image to devices that "
                "take them so",
        .source = "docs.particle.io, firmware-update-events: Device OS 3.1.0 "
                  "and later",
    },
    {
        .name = "app_first",
        .kind = OTA_FIELD_FLAG,
        .offset = offsetof(struct ota_release_config, app_first),
        .fallback = "true",
        .help = "the app is sent before what it needs, which is then sent in "
                "safe mode; false if left out where delivery is a script",
        .source = "docs.particle.io, ota-updates: the cloud sends the app, and "
                  "repairs the device that is in safe mode for it",
    },
    {
        .name = "forced",
        .kind = OTA_FIELD_FLAG,
        .offset = offsetof(struct ota_release_config, forced),
        .fallback = "false",
        .help = "the operator overrides apps that disabled updates",
    },
    {.name = NULL},
};

static const char *const fate_words[] = {
    [OTA_IMAGE_GOOD] = "good",
    [OTA_IMAGE_CRASHES] = "crashes",
    [OTA_IMAGE_REVERTS] = "reverts",
    [OTA_IMAGE_BRICKS] = "bricks",
    [OTA_IMAGE_LATE] = "late",
    [OTA_IMAGE_FAILS] = "fails",
    NULL,
};

static const struct ota_field image_fields[] = {
    {
        .name = "fate",
        .kind = OTA_FIELD_CHOICE,
        .offset = offsetof(struct ota_image_config, fate),
        .fallback = "good",
        .choices = fate_words,
        .help = "what becomes of a device on which the release is bad: it "
                "crashes for good, reverts to what it had, is bricked, fails "
                "late, having reported itself, or finds it bad before it runs "
                "and reports that",
    },
    {
        .name = "bad",
        .kind = OTA_FIELD_REAL,
        .dimension = OTA_RATIO,
        .offset = offsetof(struct ota_image_config, bad),
        .fallback = "1",
        .min = 0,
        .max = 1,
        .help = "share of devices on which the release is bad, unless its fate "
                "is good",
    },
    {
        .name = "after",
        .kind = OTA_FIELD_DIST,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_image_config, after),
        .fallback = "1h",
        .min = 0,
        .max = HORIZON_MAX_US,
        .help = "reverts, late: from the first boot of the release to that",
        .source = "assumption",
    },
    {.name = NULL},
};

static const struct ota_field healer_fields[] = {
    {
        .name = "product",
        .kind = OTA_FIELD_FLAG,
        .offset = offsetof(struct ota_healer_config, product),
        .fallback = "true",
        .help = "the cloud repairs product devices in safe mode",
        .source = "particle.io/blog/automatic-over-the-air-device-os-"
                  "updates-now-enabled-for-cellular-devices",
    },
    {
        .name = "developer",
        .kind = OTA_FIELD_FLAG,
        .offset = offsetof(struct ota_healer_config, developer),
        .fallback = "false",
        .help = "it repairs developers' devices in safe mode too",
        .source = "the same announcement: before it, cellular devices "
                  "outside a product were not repaired",
    },
    {
        .name = "delay",
        .kind = OTA_FIELD_DIST,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_healer_config, delay),
        .fallback = "uniform(3s, 20s)",
        .min = 0,
        .max = (double)(366 * OTA_US_PER_DAY),
        .help = "from connecting in safe mode to the begin of a transfer",
        .source = "users' reports, community.particle.io/t/41651; assumed "
                  "to be as for any update",
    },
    {
        .name = "tries_max",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_COUNT,
        .offset = offsetof(struct ota_healer_config, tries_max),
        .fallback = "0",
        .min = 0,
        .max = 1000000,
        .help = "transfers to one device after which the cloud leaves it; 0: "
                "no end",
        .source = "assumption: no limit is documented",
    },
    {.name = NULL},
};

static const struct ota_field costs_fields[] = {
    {
        .name = "site_visit",
        .kind = OTA_FIELD_DIST,
        .dimension = OTA_MONEY,
        .offset = offsetof(struct ota_costs, site_visit),
        .fallback = "triangular(150USD, 350USD, 1000USD)",
        .min = 0,
        .max = 1e12,
        .help = "sending somebody to a device that is broken",
        .source = "scienceinsights.org, icwhatuc.com, ihiji.com: what a truck "
                  "roll costs",
    },
    {
        .name = "operator_hour",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_MONEY,
        .offset = offsetof(struct ota_costs, operator_hour_uusd),
        .fallback = "0USD",
        .min = 0,
        .max = 1e12,
        .help = "an hour of whoever looks after the rollout",
        .source = "ours: hours are counted, their price is yours",
    },
    {.name = NULL},
};

static const char *const believes_words[] = {
    [OTA_BACKEND_VERSION] = "version", [OTA_BACKEND_SENT] = "sent", NULL};

static const struct ota_field backend_fields[] = {
    {
        .name = "believes",
        .kind = OTA_FIELD_CHOICE,
        .offset = offsetof(struct ota_backend_config, believes),
        .fallback = "version",
        .choices = believes_words,
        .help = "when the operator's backend takes a device for updated: the "
                "device reported the version, or the last transfer was a "
                "success",
    },
    {
        .name = "report_loss",
        .kind = OTA_FIELD_REAL,
        .dimension = OTA_RATIO,
        .offset = offsetof(struct ota_backend_config, report_loss),
        .fallback = "0",
        .min = 0,
        .max = 1,
        .help = "share of reports lost between the cloud and the backend",
    },
    {
        .name = "report_delay",
        .kind = OTA_FIELD_DIST,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_backend_config, report_delay),
        .fallback = "0s",
        .min = 0,
        .max = HORIZON_MAX_US,
        .help = "what the other reports take to get there",
    },
    {
        .name = "query_every",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_backend_config, query_us),
        .fallback = "never",
        .min = (double)OTA_US_PER_S,
        .max = (double)OTA_NEVER,
        .help = "time between two queries of the cloud for the version that "
                "each device reported, from the release on",
    },
    {.name = NULL},
};

static const struct ota_field group_fields[] = {
    {
        .name = "name",
        .kind = OTA_FIELD_NAME,
        .offset = offsetof(struct ota_group, name),
        .help = "of the group, unlike any other's",
    },
    {
        .name = "count",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_COUNT,
        .offset = offsetof(struct ota_group, count),
        .min = 1,
        .max = OTA_FLEET_DEVICES_MAX,
        .help = "devices in the group",
    },
    {
        .name = "platform",
        .kind = OTA_FIELD_NAME,
        .offset = offsetof(struct ota_group, platform),
        .help = "as the catalogue of modules names it, such as \"electron\"",
    },
    {
        .name = "product",
        .kind = OTA_FIELD_FLAG,
        .offset = offsetof(struct ota_group, product),
        .fallback = "true",
        .help = "product devices, as against developers' devices",
        .source = "ours: fleets are products",
    },
    {
        .name = "absent",
        .kind = OTA_FIELD_REAL,
        .dimension = OTA_RATIO,
        .offset = offsetof(struct ota_group, absent),
        .fallback = "0",
        .min = 0,
        .max = 1,
        .help = "share of devices that are switched off for good",
    },
    {
        .name = "joins",
        .kind = OTA_FIELD_DIST,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_group, joins),
        .fallback = "0s",
        .min = 0,
        .max = HORIZON_MAX_US,
        .help = "when a device comes into the fleet, from time 0; before, it "
                "is as if switched off",
    },
    {
        .name = "utc_offset",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_group, utc_offset_us),
        .fallback = "0s",
        .min = (double)(-14 * OTA_US_PER_H),
        .max = (double)(14 * OTA_US_PER_H),
        .help = "its local time is so far ahead of UTC; less than 0 in the "
                "west",
    },
    {
        .name = "signal_holds",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_group, signal_holds_us),
        .fallback = "never",
        .min = (double)OTA_US_PER_S,
        .max = (double)OTA_NEVER,
        .help = "mean time until a device's signal is drawn anew from the "
                "list; never: each keeps its own",
    },
    {
        .name = "cycle_min",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_group, cycle_min_us),
        .fallback = "10min",
        .min = 0,
        .max = (double)(366 * OTA_US_PER_DAY),
        .help = "least time between two attaches with the modem off in "
                "between, not on Wi-Fi; networks ban a SIM that attaches too "
                "often",
        .source = "docs.particle.io, cellular off: no more often than every 10 "
                  "minutes, or the SIM may be banned",
    },
    {.name = NULL},
};

static const struct ota_field no_fields[] = {{.name = NULL}};

static const struct ota_field installed_fields[] = {
    {
        .name = "os",
        .kind = OTA_FIELD_TEXT,
        .offset = offsetof(struct ota_variant, os),
        .help = "Device OS that runs now, as the catalogue names it",
    },
    {
        .name = "share",
        .kind = OTA_FIELD_REAL,
        .dimension = OTA_RATIO,
        .offset = offsetof(struct ota_variant, share),
        .fallback = "1",
        .min = 0,
        .max = 1,
        .help = "of the group's devices; shares sum to 1, a lone entry needs "
                "none",
    },
    {.name = NULL},
};

static const struct ota_field signal_fields[] = {
    {
        .name = "share",
        .kind = OTA_FIELD_REAL,
        .dimension = OTA_RATIO,
        .offset = offsetof(struct ota_signal, share),
        .fallback = "1",
        .min = 0,
        .max = 1,
        .help = "of the time, or of the devices if signals hold for ever; "
                "shares sum to 1, a lone entry needs none",
    },
    {.name = NULL},
};

static const struct ota_field outage_fields[] = {
    {
        .name = "at",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_outage, begin_us),
        .min = 0,
        .max = HORIZON_MAX_US,
        .help = "when it begins, from time 0",
    },
    {
        .name = "lasts",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_outage, lasts_us),
        .min = (double)OTA_US_PER_MS,
        .max = HORIZON_MAX_US,
        .help = "how long nothing passes",
    },
    {.name = NULL},
};

static const struct ota_field scenario_fields[] = {
    {
        .name = "title",
        .kind = OTA_FIELD_TEXT,
        .offset = offsetof(struct ota_scenario, title),
        .fallback = "",
        .help = "one line over the answers",
    },
    {
        .name = "catalog",
        .kind = OTA_FIELD_TEXT,
        .offset = offsetof(struct ota_scenario, catalog),
        .fallback = "",
        .help = "file of modules and presets added to the shipped ones, sought "
                "in the scenario's folder",
    },
    {.name = NULL},
};

static const char image_about[] =
    "  where: of which devices \"bad\" is the share, such as \"hw=A\"; it is "
    "good on\n      all others\n"
    "      filter, as in `otasim models policy`\n"
    "      default: all\n";

static const char labels_about[] =
    "  KEY: what policies tell devices apart by\n"
    "      \"canary\": all devices of the group have this value\n"
    "      {\"each\": 5}: five in a row share a number, the first 0, or\n"
    "      as \"from\" says\n"
    "      {\"A\": 0.9, \"B\": 0.1}: shares that sum to 1, drawn for each "
    "device\n";

const struct ota_section ota_sections[] = {
    [OTA_SECTION_RUN] = {"run", "how long, how often, which luck", run_fields,
                         NULL},
    [OTA_SECTION_RELEASE] = {"release", "the app that the fleet is to take",
                             release_fields, NULL},
    [OTA_SECTION_IMAGE] = {"image", "how good the release is", image_fields,
                           image_about},
    [OTA_SECTION_HEALER] = {"healer",
                            "how the cloud repairs devices in safe mode",
                            healer_fields, NULL},
    [OTA_SECTION_BACKEND] = {"backend",
                             "what the operator's own backend makes of reports",
                             backend_fields, NULL},
    [OTA_SECTION_CLOUD] = {"cloud",
                           "what downloads share beside each device's link",
                           ota_cloud_fields, NULL},
    [OTA_SECTION_COSTS] = {"costs", "what people's work costs", costs_fields,
                           NULL},
    [OTA_SECTION_FLEET] = {"fleet", "a list of groups of devices alike",
                           group_fields, NULL},
    [OTA_SECTION_INSTALLED] = {"installed",
                               "of a group: a list of what runs on it now",
                               installed_fields, NULL},
    [OTA_SECTION_SIGNAL] = {"signal",
                            "of a group, instead of \"link\": a list of links "
                            "that its devices have, each with a \"link\"",
                            signal_fields, NULL},
    [OTA_SECTION_OUTAGES] = {"outages",
                             "of a group: a list of times at which nothing "
                             "passes",
                             outage_fields, NULL},
    [OTA_SECTION_SCENARIO] = {"scenario", "what stands at the top",
                              scenario_fields, NULL},
    [OTA_SECTION_LABELS] = {"labels",
                            "of a group: what policies tell devices apart by",
                            no_fields, labels_about},
    [OTA_SECTIONS] = {.name = NULL},
};

const char *const ota_group_kinds[] = {
    "presence", "sleep",    "link", "session", "app",
    "transfer", "firmware", "plan", "battery", NULL};

const char *const ota_fleet_kinds[] = {"delivery", NULL};
