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
#include "sim/scenario/catalog_data.h"
#include "sim/scenario/catalog_read.h"
#include "sim/scenario/group_labels.h"
#include "sim/scenario/group.h"
#include "sim/scenario/json.h"
#include "sim/scenario/lines.h"
#include "sim/scenario/policy_read.h"
#include "sim/scenario/preset_read.h"
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
    static const char *const others[] = {
        "$schema", "run",      "release", "image",  "healer", "backend",
        "costs",   "delivery", "cloud",   "policy", "fleet",  NULL};
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

/* Modules and presets, the shipped ones and the user's. It lives as long as
 * the scenario: paths ask the catalogue while time runs. */
struct library {
    struct ota_catalog catalog;
    struct ota_presets presets;
};

/* Reads the library with the user's lines, NULL for none. */
static bool read_lines(struct library *library, const char *file,
                       const char *const *lines,
                       const struct ota_field_context *context,
                       struct ota_complaints *complaints)
{
    const struct ota_presets_source source = {
        .file = file, .lines = lines, .folder = context->folder};
    const bool modules = ota_catalog_read_lines(&library->catalog, file, lines,
                                                context->arena, complaints);
    return ota_presets_read(&library->presets, &source, context->arena,
                            complaints) &&
           modules;
}

/* Reads what is shipped and the file that the scenario names. What is wrong
 * with the latter is said where the scenario names it: its own name does not
 * outlive the scenario. */
static bool read_library(struct ota_binder *binder, const struct ota_json *root,
                         const struct ota_scenario *scenario,
                         struct library *library)
{
    const struct ota_json *at = ota_json_find(root, "catalog");
    const size_t before = binder->complaints->total;
    const char *file = catalog_file(binder, at ? at : root, scenario->catalog);
    if (binder->complaints->total > before)
        return false;

    struct ota_complaints heard = {0};
    struct ota_arena scratch = {0};
    const char *const *lines =
        file ? ota_lines_read(file, &scratch, &heard) : NULL;
    for (size_t l = 0; lines && lines[l]; l++)
        ota_arena_note(binder->context.arena, lines[l], strlen(lines[l]) + 1);
    const bool ok = (lines || !file) &&
                    read_lines(library, file, lines, &binder->context, &heard);
    for (size_t i = 0; i < heard.count; i++) {
        const struct ota_place *place = &heard.items[i].place;
        char line[16] = "";
        if (place->line > 0)
            snprintf(line, sizeof(line), ":%d", place->line);
        ota_bind_complain(binder, at ? at : root, "%s%s: %s%s%s", place->file,
                          line, place->path, place->path[0] ? ": " : "",
                          heard.items[i].message);
    }
    binder->complaints->no_memory =
        binder->complaints->no_memory || heard.no_memory;
    ota_arena_release(&scratch);
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

/* What the release's settings mean together, and with the delivery (NULL: not
 * known). */
static bool check_release(struct ota_binder *binder,
                          const struct ota_json *root,
                          const struct ota_delivery_model *delivery,
                          struct ota_release_config *release)
{
    const struct ota_json *object = ota_json_find(root, "release");
    /* A script's operator works for the order in which all is accepted. */
    if (delivery == &ota_delivery_script && !ota_json_find(object, "app_first"))
        release->app_first = false;
    if (release->app_bytes > 0 || release->needs_os[0])
        return true;
    return ota_bind_complain(binder, ota_json_find(object, "app_size"),
                             "an app of 0B is none; name the Device OS that is "
                             "to be sent in \"needs_os\", or give the app its "
                             "size");
}

static bool read_delivery(struct ota_binder *binder,
                          const struct ota_json *root,
                          struct ota_fleet_config *fleet)
{
    int delivery = ota_bind_model(binder, ota_kind_find("delivery"), root,
                                  &fleet->delivery.config);
    if (delivery >= 0)
        fleet->delivery.model = ota_delivery_models[delivery];
    return delivery >= 0;
}

static bool read_image(struct ota_policy_reader *reader,
                       const struct ota_json *root,
                       struct ota_image_config *image)
{
    static const char *const others[] = {"where", NULL};
    const struct ota_section *section = &ota_sections[OTA_SECTION_IMAGE];
    struct ota_bind_section found;
    if (!ota_bind_find(reader->binder, root, section->name, &found))
        return false;
    const bool fields =
        ota_bind_fields(reader->binder, &found, section->fields, others, image);
    const struct ota_json *where = ota_json_find(found.object, "where");
    return (!where || ota_policy_read_filter(reader, where, &image->where)) &&
           fields;
}

/* The sections that the fleet takes as they are. */
static bool read_fleet_sections(struct ota_policy_reader *reader,
                                const struct ota_json *root,
                                struct ota_fleet_config *fleet)
{
    struct ota_binder *binder = reader->binder;
    const bool image = read_image(reader, root, &fleet->image);
    const bool healer =
        read_section(binder, root, OTA_SECTION_HEALER, &fleet->healer);
    const bool backend =
        read_section(binder, root, OTA_SECTION_BACKEND, &fleet->backend);
    return image && healer && backend;
}

static bool read_cloud(struct ota_binder *binder, const struct ota_json *root,
                       bool groups, struct ota_fleet_config *fleet)
{
    const struct ota_json *object = ota_json_find(root, "cloud");
    struct ota_cloud_config *cloud = &fleet->cloud;

    if (!read_section(binder, root, OTA_SECTION_CLOUD, cloud))
        return false;
    const char *problem = ota_cloud_problem(cloud);
    if (problem)
        return ota_bind_complain(binder, object, "%s", problem);
    if (groups && cloud->uplink_of[0] &&
        !ota_groups_have_label(fleet->groups, fleet->group_count,
                               cloud->uplink_of))
        return ota_bind_complain(
            binder, ota_json_find(object, "uplink_of"),
            "no group has a label \"%s\"; give it to those that share an "
            "uplink: \"labels\": {\"%s\": {\"each\": 5}}",
            cloud->uplink_of, cloud->uplink_of);
    return true;
}

/* The release in time, what it means together, the groups that take it. */
static bool read_rollout(struct ota_policy_reader *reader,
                         const struct ota_json *root,
                         const struct ota_catalog *catalog,
                         struct ota_scenario *scenario)
{
    struct ota_binder *binder = reader->binder;
    struct ota_fleet_config *fleet = &scenario->fleet;
    const bool run =
        read_section(binder, root, OTA_SECTION_RUN, &scenario->run);
    bool release =
        read_section(binder, root, OTA_SECTION_RELEASE, &scenario->release);
    const bool delivery = read_delivery(binder, root, fleet);
    const bool in_time =
        run && release && read_release_time(binder, root, scenario);
    const int64_t left_us =
        in_time ? scenario->run.horizon_us - scenario->release.at_us : 0;
    const bool policy =
        ota_policy_read(reader, root->file, root, left_us, &fleet->policy);
    release = release && check_release(binder, root, fleet->delivery.model,
                                       &scenario->release);
    const bool groups = ota_groups_read(
        binder, root, catalog, release ? &scenario->release : NULL, fleet);
    const bool keys = !groups || ota_policy_check_keys(reader, fleet->groups,
                                                       fleet->group_count);
    const bool cloud = read_cloud(binder, root, groups, fleet);
    return delivery && in_time && policy && release && groups && keys && cloud;
}

static bool read_parts(struct ota_binder *binder, const struct ota_json *root,
                       struct ota_scenario *scenario)
{
    struct ota_fleet_config *fleet = &scenario->fleet;
    struct ota_policy_reader reader = {.binder = binder};
    struct library *library =
        ota_arena_alloc(binder->context.arena, 1, sizeof(*library));

    if (!library)
        return ota_bind_complain(binder, root, OTA_NO_MEMORY);
    const bool top = read_top(binder, root, scenario);
    const bool shelf =
        scenario->catalog && read_library(binder, root, scenario, library);
    binder->presets = shelf ? &library->presets : NULL;
    const bool sections = read_fleet_sections(&reader, root, fleet);
    const bool costs =
        read_section(binder, root, OTA_SECTION_COSTS, &scenario->costs);
    const bool rollout =
        read_rollout(&reader, root, shelf ? &library->catalog : NULL, scenario);

    fleet->horizon_us = scenario->run.horizon_us;
    fleet->release_us = scenario->release.at_us;
    fleet->forced = scenario->release.forced;
    fleet->idle_step = scenario->run.idle == OTA_IDLE_STEP;
    binder->presets = NULL;
    return top && shelf && sections && costs && rollout;
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

const char *ota_scenario_sources(void)
{
    return ota_sources_sum;
}
