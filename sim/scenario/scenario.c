/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scenario.c - a file, read from the top.
 */
#include "sim/scenario/scenario.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/bind.h"
#include "sim/scenario/catalog_read.h"
#include "sim/scenario/group.h"
#include "sim/scenario/json.h"
#include "sim/scenario/read_file.h"
#include "sim/scenario/sections.h"
#include "sim/scenario/settings.h"

bool ota_scenario_read(struct ota_scenario *scenario, const char *file,
                       const struct ota_setting *settings, size_t setting_count,
                       struct ota_complaints *complaints)
{
    struct ota_place place = {.file = file};
    *scenario = (struct ota_scenario){0};

    size_t length;
    char *text = ota_read_file(file, &length);
    if (!text) {
        const int why = errno;
        if (why == EFBIG)
            ota_complain(complaints, &place,
                         "longer than %d MiB; this is no scenario",
                         OTA_FILE_MAX_BYTES >> 20);
        else
            ota_complain(complaints, &place, "%scannot be read: %s",
                         *file ? "" : "a file without a name ",
                         ota_reason(why));
        return false;
    }
    bool ok = ota_scenario_read_text(scenario, file, text, length, settings,
                                     setting_count, complaints);
    free(text);
    return ok;
}

/* Puts the file's name without folder and ending into *name, and the folder
 * (NULL: the current one) into *folder. */
static bool split_name(const char *file, struct ota_arena *arena,
                       const char **name, const char **folder)
{
    const char *slash = strrchr(file, '/');
    const char *base = slash ? slash + 1 : file;
    const char *dot = strrchr(base, '.');
    size_t length = dot && dot > base ? (size_t)(dot - base) : strlen(base);

    *name = ota_arena_text(arena, base, length);
    *folder = NULL;
    if (slash)
        *folder = ota_arena_text(arena, file,
                                 slash > file ? (size_t)(slash - file) : 1);
    return *name && (!slash || *folder);
}

static bool read_section(struct ota_binder *binder, const struct ota_json *root,
                         int which, void *config)
{
    const struct ota_section *section = &ota_sections[which];
    struct ota_bind_section found;
    return ota_bind_find(binder, root, section->name, &found) &&
           ota_bind_fields(binder, &found, section->fields, NULL, config);
}

/* Title, catalogue, and keys that mean nothing. */
static bool read_top(struct ota_binder *binder, const struct ota_json *root,
                     struct ota_scenario *scenario)
{
    static const char *const others[] = {"$schema", "run",   "release",
                                         "healer",  "fleet", "delivery",
                                         "policy",  NULL};
    const struct ota_bind_section section = {.object = root};
    return ota_bind_fields(binder, &section,
                           ota_sections[OTA_SECTION_SCENARIO].fields, others,
                           scenario);
}

/* Returns where the user's catalogue is, NULL if there is none or no
 * memory (then with a complaint). */
static const char *catalog_file(struct ota_binder *binder,
                                const struct ota_json *at, const char *name)
{
    const char *folder = binder->context.folder;
    if (!name[0] || name[0] == '/' || !folder)
        return name[0] ? name : NULL;
    const size_t size = strlen(folder) + 1 + strlen(name) + 1;
    char *file = ota_arena_alloc(binder->context.arena, 1, size);
    if (file)
        snprintf(file, size, "%s/%s", folder, name);
    else
        ota_bind_complain(binder, at, OTA_NO_MEMORY);
    return file;
}

/* Reads the shipped catalogue and the one that the scenario names. What is
 * wrong with the latter is said where the scenario names it: its own name
 * does not outlive the scenario. */
static bool read_catalog(struct ota_binder *binder, const struct ota_json *root,
                         const struct ota_scenario *scenario,
                         struct ota_catalog *catalog)
{
    const struct ota_json *at = ota_json_find(root, "catalog");
    const size_t before = binder->complaints->total;
    const char *file = catalog_file(binder, at ? at : root, scenario->catalog);
    if (binder->complaints->total > before)
        return false;

    struct ota_complaints heard = {0};
    bool ok = ota_catalog_read(catalog, file, binder->context.arena, &heard);
    for (size_t i = 0; i < heard.count; i++) {
        const struct ota_complaint *c = &heard.items[i];
        char line[16] = "";
        if (c->place.line > 0)
            snprintf(line, sizeof(line), ":%d", c->place.line);
        ota_bind_complain(binder, at ? at : root, "%s%s: %s",
                          c->place.file ? c->place.file : "shipped catalogue",
                          line, c->message);
    }
    binder->complaints->no_memory =
        binder->complaints->no_memory || heard.no_memory;
    return ok;
}

static bool read_release_time(struct ota_binder *binder,
                              const struct ota_json *root,
                              const struct ota_scenario *scenario)
{
    if (scenario->release.at_us < scenario->run.horizon_us)
        return true;
    const struct ota_json *at =
        ota_json_find(ota_json_find(root, "release"), "at");
    assert(at); /* the default is before every horizon */
    return ota_bind_complain(binder, at,
                             "the release is not before the end of the run; "
                             "run.horizon must be later");
}

static bool read_fleet_models(struct ota_binder *binder,
                              const struct ota_json *root,
                              struct ota_fleet_config *fleet)
{
    int delivery = ota_bind_model(binder, ota_kind_find("delivery"), root,
                                  &fleet->delivery.config);
    int policy = ota_bind_model(binder, ota_kind_find("policy"), root,
                                &fleet->policy.config);
    if (delivery >= 0)
        fleet->delivery.model = ota_delivery_models[delivery];
    if (policy >= 0)
        fleet->policy.model = ota_policy_models[policy];
    return delivery >= 0 && policy >= 0;
}

static bool read_parts(struct ota_binder *binder, const struct ota_json *root,
                       struct ota_scenario *scenario)
{
    struct ota_fleet_config *fleet = &scenario->fleet;
    struct ota_catalog catalog;

    bool top = read_top(binder, root, scenario);
    bool run = read_section(binder, root, OTA_SECTION_RUN, &scenario->run);
    bool release =
        read_section(binder, root, OTA_SECTION_RELEASE, &scenario->release);
    bool healer =
        read_section(binder, root, OTA_SECTION_HEALER, &fleet->healer);
    bool models = read_fleet_models(binder, root, fleet);
    bool in_time = run && release && read_release_time(binder, root, scenario);
    bool modules =
        scenario->catalog && read_catalog(binder, root, scenario, &catalog);
    bool groups = ota_groups_read(binder, root, modules ? &catalog : NULL,
                                  release ? &scenario->release : NULL, fleet);

    fleet->horizon_us = scenario->run.horizon_us;
    fleet->release_us = scenario->release.at_us;
    return top && healer && models && in_time && modules && groups;
}

static bool read_text(struct ota_scenario *scenario, const char *file,
                      const char *text, size_t length,
                      const struct ota_setting *settings, size_t setting_count,
                      struct ota_complaints *complaints)
{
    struct ota_arena *arena = &scenario->arena;
    struct ota_binder binder = {.complaints = complaints,
                                .context = {.arena = arena}};
    struct ota_place place = {.file = file};

    if (!split_name(file, arena, &scenario->name, &binder.context.folder)) {
        ota_complain(complaints, &place, OTA_NO_MEMORY);
        return false;
    }
    struct ota_json *root =
        ota_json_parse(file, text, length, arena, complaints);
    if (!root)
        return false;
    if (root->type != OTA_JSON_OBJECT)
        return ota_bind_complain(&binder, root,
                                 "%s where a scenario {...} belongs",
                                 ota_json_type_words(root->type));
    bool set =
        ota_settings_apply(root, settings, setting_count, arena, complaints);
    return read_parts(&binder, root, scenario) && set;
}

bool ota_scenario_read_text(struct ota_scenario *scenario, const char *file,
                            const char *text, size_t length,
                            const struct ota_setting *settings,
                            size_t setting_count,
                            struct ota_complaints *complaints)
{
    const size_t heard = complaints->total;
    *scenario = (struct ota_scenario){0};

    bool ok = read_text(scenario, file, text, length, settings, setting_count,
                        complaints);
    assert(ok || complaints->total > heard);
    /* A key that stands twice is a complaint that stops no reader. */
    ok = ok && complaints->total == heard;
    if (!ok)
        ota_scenario_release(scenario);
    ota_complaints_sort(complaints);
    return ok;
}

void ota_scenario_release(struct ota_scenario *scenario)
{
    ota_arena_release(&scenario->arena);
    *scenario = (struct ota_scenario){0};
}
