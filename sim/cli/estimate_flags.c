/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * estimate_flags.c - a scenario of one device, from flags.
 *
 * What a platform is like besides comes from presets: those of its board, its
 * usual SIM or network, and its link. Each choice is told, with what to set
 * where it is wrong. A release may be given by how its name begins, if no other
 * one does.
 */
#include "sim/cli/estimate_flags.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "models/firmware/device_os.h"
#include "sim/base/arena.h"
#include "sim/base/text.h"
#include "sim/base/units.h"
#include "sim/scenario/catalog_read.h"
#include "sim/scenario/preset_read.h"

enum { WORDS_MAX = 256 };

/* A board's presets; of those that have none of their own, the nearest. */
static const struct board {
    const char *platform;
    const char *link;
    const char *battery;
    const char *sleep;
} boards[] = {
    {"electron", "3g", "electron", "hourly_hibernate"},
    {"photon", "wifi_good", "photon", "hourly_hibernate"},
    {"p1", "wifi_good", "photon", "hourly_hibernate"},
    {"argon", "wifi_good", "argon", "hourly_ultra_low_power"},
    {"p2", "wifi_good", "p2", "hourly_ultra_low_power"},
    {"boron", "lte_m_good", "boron_lte", "hourly_ultra_low_power"},
    {"bsom", "lte_m_good", "b402", "hourly_ultra_low_power"},
    {"b5som", "cat1", "b523", "hourly_ultra_low_power"},
    {"tracker", "lte_m_good", "tracker_t402", "hourly_ultra_low_power"},
    {"esomx", "cat1", "b523", "hourly_ultra_low_power"},
    {"msom", "lte_m_good", "m404", "hourly_ultra_low_power"},
};

static const struct board *board_of(const char *platform)
{
    for (size_t i = 0; i < sizeof(boards) / sizeof(boards[0]); i++)
        if (strcmp(boards[i].platform, platform) == 0)
            return &boards[i];
    return NULL;
}

static void chose(struct ota_estimate_flags *flags, const char *format, ...)
    OTA_PRINTF(2, 3);

static void chose(struct ota_estimate_flags *flags, const char *format, ...)
{
    va_list list;

    if (flags->source_count == OTA_ESTIMATE_SOURCES)
        return;
    va_start(list, format);
    vsnprintf(flags->sources[flags->source_count++], sizeof(flags->sources[0]),
              format, list);
    va_end(list);
}

/* Whether the user set something of that section. */
static bool is_set(const struct ota_options *options, const char *section)
{
    const size_t length = strlen(section);

    for (size_t i = 0; i < options->setting_count; i++) {
        const char *path = options->settings[i].path;
        const char *group = strstr(path, "fleet.") == path
                                ? strchr(path + strlen("fleet."), '.')
                                : NULL;
        path = group ? group + 1 : path;
        if (strncmp(path, section, length) == 0 &&
            (path[length] == '.' || path[length] == '\0'))
            return true;
    }
    return false;
}

/* --- what the words mean --- */

/* Words known, each once. */
struct known {
    const char *words[WORDS_MAX];
    size_t count;
};

static void know(struct known *known, const char *word)
{
    for (size_t i = 0; i < known->count; i++)
        if (strcmp(known->words[i], word) == 0)
            return;
    if (known->count < WORDS_MAX)
        known->words[known->count++] = word;
}

static bool knows(const struct known *known, const char *word)
{
    for (size_t i = 0; i < known->count; i++)
        if (strcmp(known->words[i], word) == 0)
            return true;
    return false;
}

static struct known platforms_of(const struct ota_catalog *catalog)
{
    struct known known = {.count = 0};

    for (size_t i = 0; i < catalog->release_count; i++)
        know(&known, catalog->releases[i].platform);
    return known;
}

static struct known releases_of(const struct ota_catalog *catalog,
                                const char *platform)
{
    struct known known = {.count = 0};

    for (size_t i = 0; i < catalog->release_count; i++)
        if (strcmp(catalog->releases[i].platform, platform) == 0)
            know(&known, catalog->releases[i].os);
    return known;
}

/* Replaces *os by the release of that name, or the only one that begins so
 * with a pre-release behind it. Returns false having said that there is none.
 */
static bool find_release(struct ota_estimate_flags *flags,
                         const struct ota_options *options,
                         const struct ota_catalog *catalog, const char *flag,
                         const char **os)
{
    const struct known known = releases_of(catalog, options->platform);
    const size_t length = strlen(*os);
    const char *found = NULL;
    size_t alike = 0;
    char subject[64];

    if (knows(&known, *os))
        return true;
    for (size_t i = 0; i < known.count; i++) {
        if (strncmp(known.words[i], *os, length) != 0 ||
            (known.words[i][length] != '-' && known.words[i][length] != '.'))
            continue;
        found = known.words[i];
        alike++;
    }
    if (alike == 1) {
        chose(flags, "%s %s: %s is the one release of %s that begins so", flag,
              *os, found, options->platform);
        *os = found;
        return true;
    }
    snprintf(subject, sizeof(subject), "release of %s", options->platform);
    ota_unknown(subject, *os, known.words, known.count, options->command);
    return false;
}

static bool find_link(const struct ota_options *options,
                      const struct ota_presets *presets, const char *link)
{
    struct known known = {.count = 0};

    for (size_t i = 0; i < presets->count; i++)
        if (strcmp(presets->items[i].kind->name, "link") == 0)
            know(&known, presets->items[i].name);
    if (knows(&known, link))
        return true;
    ota_unknown("--link", link, known.words, known.count, options->command);
    return false;
}

/* --- the scenario --- */

/* The version of a release's last system part. */
static int32_t system_of(const struct ota_catalog *catalog,
                         const char *platform, const char *os)
{
    const struct ota_release *release = ota_catalog_find(catalog, platform, os);
    const struct ota_module *last =
        release ? ota_release_last_system(release) : NULL;

    return last ? last->version : 0;
}

static const char *session_of(const struct ota_device_os *os)
{
    if (os->tcp)
        return "photon_tcp";
    if (!os->cellular)
        return "argon_ethernet";
    return ota_os_has_connection_id(os) ? "particle_sim_3_1" : "particle_sim";
}

/* What was chosen, but for what the user set. */
static void tell(struct ota_estimate_flags *flags,
                 const struct ota_options *options, const struct board *board,
                 const char *link, const struct ota_device_os *os)
{
    if (!is_set(options, "link"))
        chose(flags,
              "link: preset %s%s; another one by --link, see `otasim models "
              "presets`",
              link, options->link ? "" : ", usual for the platform");
    if (!is_set(options, "session"))
        chose(flags, "session: preset %s%s", session_of(os),
              os->cellular ? "; a third-party SIM by --set "
                             "session.preset=third_party_sim"
                           : "");
    if (!is_set(options, "transfer"))
        chose(flags, "transfer: as the Device OS on the device speaks");
    if (!is_set(options, "battery"))
        chose(flags, "battery: preset %s", board->battery);
    if (!is_set(options, "delivery"))
        chose(flags, "release: standard, offered at full handshakes only; an "
                     "intelligent one by --set delivery.model=immediate");
    if (!is_set(options, "sleep"))
        chose(flags,
              "sleep: preset %s, 10 s online; a device that never sleeps by "
              "--set 'sleep={\"model\": \"always_on\"}'",
              board->sleep);
    if (!is_set(options, "plan"))
        chose(flags, "plan: not known; by --set plan.model=capped --set "
                     "plan.included=1MB --set plan.overage_price=0.99USD it "
                     "is put to an account");
}

static void write_text(struct ota_estimate_flags *flags,
                       const struct ota_options *options,
                       const struct board *board, const char *from,
                       const char *to, const char *link,
                       const struct ota_device_os *os)
{
    snprintf(flags->text, sizeof(flags->text),
             "{\"release\": {\"app_version\": 2, \"app_size\": \"%s\"%s%s%s},"
             " \"delivery\": {\"model\": \"at_handshake\"},"
             " \"fleet\": [{\"name\": \"%s\", \"count\": 1,"
             " \"platform\": \"%s\", \"installed\": [{\"os\": \"%s\"}],"
             " \"sleep\": {\"preset\": \"%s\"},"
             " \"link\": {\"preset\": \"%s\"},"
             " \"session\": {\"preset\": \"%s\"},"
             " \"app\": {\"model\": \"fixed\"},"
             " \"transfer\": {\"model\": \"device_os\"},"
             " \"plan\": {\"model\": \"unlimited\"},"
             " \"battery\": {\"preset\": \"%s\"}}]}",
             options->app ? options->app : "0B", to ? ", \"needs_os\": \"" : "",
             to ? to : "", to ? "\"" : "", options->platform, options->platform,
             from, board->sleep, link, session_of(os), board->battery);
    tell(flags, options, board, link, os);
}

/* --- the whole --- */

static const char *missing(const struct ota_options *options)
{
    if (!options->platform)
        return "--platform is missing";
    if (!options->from)
        return "--from is missing: the Device OS that it runs";
    if (!options->to && !options->app)
        return "--to or --app is missing: what is sent";
    return NULL;
}

/* The size of an app must be one. */
static bool size_is_good(const struct ota_options *options)
{
    char problem[160];
    double bytes;

    if (!options->app ||
        (ota_amount_parse(OTA_SIZE, options->app, strlen(options->app), &bytes,
                          problem, sizeof(problem)) &&
         bytes >= 1))
        return true;
    ota_misuse(options->command, "--app",
               "it takes a size, 1 B or more, such as 21KB");
    return false;
}

static enum ota_exit build(struct ota_estimate_flags *flags,
                           const struct ota_options *options,
                           struct ota_arena *arena)
{
    struct ota_complaints complaints = {0};
    const struct ota_presets_source none = {0};
    struct ota_catalog catalog;
    struct ota_presets presets;

    if (!ota_catalog_read(&catalog, NULL, arena, &complaints) ||
        !ota_presets_read(&presets, &none, arena, &complaints))
        return ota_refuse(&complaints);
    const struct known platforms = platforms_of(&catalog);
    if (!knows(&platforms, options->platform)) {
        ota_unknown("--platform", options->platform, platforms.words,
                    platforms.count, options->command);
        return OTA_EXIT_MISUSE;
    }
    const struct board *board = board_of(options->platform);
    if (!board)
        return ota_misuse(options->command, options->platform,
                          "nothing is known of that board; write a scenario");
    const char *from = options->from, *to = options->to;
    const char *link = options->link ? options->link : board->link;
    if (!find_release(flags, options, &catalog, "--from", &from) ||
        (to && !find_release(flags, options, &catalog, "--to", &to)) ||
        !find_link(options, &presets, link) || !size_is_good(options))
        return OTA_EXIT_MISUSE;
    const struct ota_device_os os = ota_device_os(
        options->platform, system_of(&catalog, options->platform, from));
    write_text(flags, options, board, from, to, link, &os);
    return OTA_EXIT_OK;
}

enum ota_exit ota_estimate_flags_read(struct ota_estimate_flags *flags,
                                      const struct ota_options *options)
{
    struct ota_arena arena = {0};
    const char *lacks = missing(options);

    *flags = (struct ota_estimate_flags){.source_count = 0};
    if (lacks)
        return ota_misuse(options->command, "a device is not described", lacks);
    const enum ota_exit status = build(flags, options, &arena);
    ota_arena_release(&arena);
    return status;
}
