/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group.c - groups of devices.
 */
#include "sim/scenario/group.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "models/firmware/path.h"
#include "sim/base/text.h"
#include "sim/scenario/sections.h"

enum { WORDS_MAX = 256 }; /* platforms, releases of one platform */

static const double share_tolerance = 1e-9;

/* What all groups are read with. */
struct reader {
    struct ota_binder *binder;
    const struct ota_catalog *catalog;
    const struct ota_release_config *release;
    const struct ota_json *needs_os; /* where it stands, or NULL */
};

/* --- the catalogue ---------------------------------------------------------*/

static bool contains(const char *const *words, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

/* Collects the platforms of the catalogue, or with a platform its releases. */
static size_t catalog_words(const struct ota_catalog *catalog,
                            const char *platform, const char *words[WORDS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < catalog->release_count && count < WORDS_MAX; i++) {
        const struct ota_release *r = &catalog->releases[i];
        if (!platform && !contains(words, count, r->platform))
            words[count++] = r->platform;
        else if (platform && strcmp(r->platform, platform) == 0)
            words[count++] = r->os;
    }
    return count;
}

static bool check_platform(const struct reader *reader,
                           const struct ota_json *object, const char *platform)
{
    const char *words[WORDS_MAX];
    const size_t count = catalog_words(reader->catalog, NULL, words);
    if (contains(words, count, platform))
        return true;
    char advice[OTA_MESSAGE_SIZE];
    ota_bind_advise(platform, words, count, advice, sizeof(advice));
    return ota_bind_complain(reader->binder, ota_json_find(object, "platform"),
                             "the catalogue has no platform \"%s\"%s", platform,
                             advice);
}

/* The nearest word of the same minor version, or NULL: "1.3.1" is spelt like
 * "2.3.1", yet nobody means it. */
static const char *nearest_version(const char *os, const char *const *words,
                                   size_t count)
{
    const char *major_end = strchr(os, '.');
    const char *end = major_end ? strchr(major_end + 1, '.') : NULL;
    const char *alike[WORDS_MAX];
    size_t alike_count = 0;

    if (!end)
        return ota_text_nearest(os, words, count);
    for (size_t i = 0; i < count; i++)
        if (strncmp(os, words[i], (size_t)(end - os) + 1) == 0)
            alike[alike_count++] = words[i];
    return ota_text_nearest(os, alike, alike_count);
}

/* Returns the release, or NULL with a complaint at `at`. */
static const struct ota_release *find_release(const struct reader *reader,
                                              const char *platform,
                                              const char *os,
                                              const struct ota_json *at)
{
    const struct ota_release *release =
        ota_catalog_find(reader->catalog, platform, os);
    if (release)
        return release;
    const char *words[WORDS_MAX];
    const size_t count = catalog_words(reader->catalog, platform, words);
    char meant[2 * OTA_WORD_SIZE] = "", known[OTA_MESSAGE_SIZE] = "";
    const char *nearest = nearest_version(os, words, count);
    if (nearest)
        ota_text_append(meant, sizeof(meant), "; did you mean \"%s\"?",
                        nearest);
    for (size_t i = 0; i < count; i++)
        ota_text_append(known, sizeof(known), "%s%s",
                        i         ? ", "
                        : nearest ? " Known: "
                                  : "; known: ",
                        words[i]);
    ota_bind_complain(reader->binder, at,
                      "the catalogue has no Device OS \"%s\" for %s%s%s", os,
                      platform, meant, known);
    return NULL;
}

/* --- what is installed -----------------------------------------------------*/

/* Finds the way from each variant to the release. */
static bool find_paths(const struct reader *reader,
                       const struct ota_json *object,
                       const struct ota_group *group,
                       struct ota_variant *variants)
{
    const struct ota_release *target = NULL;
    const char *needs_os = reader->release->needs_os;
    if (needs_os[0]) {
        target =
            find_release(reader, group->platform, needs_os, reader->needs_os);
        if (!target)
            return false;
    }

    const struct ota_json *entry = ota_json_find(object, "installed")->child;
    bool ok = true;
    for (size_t i = 0; i < group->variant_count; i++, entry = entry->next) {
        const struct ota_release *from =
            find_release(reader, group->platform, variants[i].os,
                         ota_json_find(entry, "os"));
        if (!from) {
            ok = false;
            continue;
        }
        const struct ota_installed installed = ota_release_installed(from);
        char problem[OTA_MESSAGE_SIZE];
        if (!ota_path_to_app(reader->catalog, &installed, target,
                             (int32_t)reader->release->app_version,
                             reader->release->app_bytes,
                             reader->binder->context.arena, &variants[i].path,
                             problem, sizeof(problem)))
            ok = ota_bind_complain(reader->binder, entry, "%s", problem);
    }
    return ok;
}

static bool check_shares(const struct reader *reader,
                         const struct ota_json *list,
                         const struct ota_variant *variants, size_t count)
{
    double sum = 0;
    size_t i = 0;
    for (const struct ota_json *v = list->child; v; v = v->next, i++) {
        if (count > 1 && !ota_json_find(v, "share"))
            return ota_bind_complain(reader->binder, v,
                                     "\"share\" is missing; only a lone entry "
                                     "needs none");
        sum += variants[i].share;
    }
    if (fabs(sum - 1.0) <= share_tolerance)
        return true;
    return ota_bind_complain(reader->binder, list,
                             "the shares sum to %.10g; they must sum to 1",
                             sum);
}

/* Returns the list of that key with its length, or NULL with a complaint. */
static const struct ota_json *find_list(const struct reader *reader,
                                        const struct ota_json *parent,
                                        const char *key, const char *example,
                                        size_t *count)
{
    const struct ota_json *list = ota_json_find(parent, key);
    *count = 0;
    if (!list)
        ota_bind_complain(reader->binder, parent,
                          "\"%s\" is missing, a list such as %s", key, example);
    else if (list->type != OTA_JSON_LIST)
        ota_bind_complain(reader->binder, list,
                          "%s where a list such as %s belongs",
                          ota_json_type_words(list->type), example);
    else if (!list->child)
        ota_bind_complain(reader->binder, list,
                          "the list is empty; write one such as %s", example);
    else
        for (const struct ota_json *v = list->child; v; v = v->next)
            ++*count;
    return *count > 0 ? list : NULL;
}

/* Complains if an entry of a list is no object. */
static bool is_object(const struct reader *reader, const struct ota_json *entry)
{
    if (entry->type == OTA_JSON_OBJECT)
        return true;
    return ota_bind_complain(reader->binder, entry,
                             "%s where an object of settings {...} belongs",
                             ota_json_type_words(entry->type));
}

/* Reads a group's "installed". Returns NULL with complaints. */
static struct ota_variant *read_variants(const struct reader *reader,
                                         const struct ota_json *object,
                                         size_t *count)
{
    const struct ota_json *list =
        find_list(reader, object, "installed", "[{\"os\": \"0.6.0\"}]", count);
    if (!list)
        return NULL;
    struct ota_variant *variants = ota_arena_alloc(
        reader->binder->context.arena, *count, sizeof(*variants));
    if (!variants) {
        ota_bind_complain(reader->binder, list, OTA_NO_MEMORY);
        return NULL;
    }
    bool ok = true;
    size_t i = 0;
    for (const struct ota_json *v = list->child; v; v = v->next, i++) {
        const struct ota_bind_section section = {.parent = list, .object = v};
        ok = is_object(reader, v) &&
             ota_bind_fields(reader->binder, &section,
                             ota_sections[OTA_SECTION_INSTALLED].fields, NULL,
                             &variants[i]) &&
             ok;
    }
    ok = ok && check_shares(reader, list, variants, *count);
    return ok ? variants : NULL;
}

/* --- groups ----------------------------------------------------------------*/

/* Reads one of the group's models: `kind` is the kind and the member. */
#define READ_MODEL(kind)                                                       \
    do {                                                                       \
        int index_ = ota_bind_model(binder, ota_kind_find(#kind), object,      \
                                    &group->kind.config);                      \
        ok = ok && index_ >= 0;                                                \
        if (index_ >= 0)                                                       \
            group->kind.model = ota_##kind##_models[index_];                   \
    } while (0)

static bool read_models(struct ota_binder *binder,
                        const struct ota_json *object, struct ota_group *group)
{
    bool ok = true;
    READ_MODEL(sleep);
    READ_MODEL(link);
    READ_MODEL(session);
    READ_MODEL(app);
    READ_MODEL(transfer);
    READ_MODEL(firmware);
    READ_MODEL(plan);
    READ_MODEL(battery);
    return ok;
}

#undef READ_MODEL

/* A transfer counts a module's chunks in 16 bits. Every transfer model that
 * cuts a module into chunks has the field "chunk_size". */
static bool check_chunks(const struct reader *reader,
                         const struct ota_json *object,
                         const struct ota_group *group)
{
    const struct ota_field *field =
        ota_field_find(group->transfer.model->model.fields, "chunk_size");
    if (!field)
        return true;
    assert(field->kind == OTA_FIELD_INTEGER);
    int64_t chunk_bytes;
    memcpy(&chunk_bytes, (const char *)group->transfer.config + field->offset,
           sizeof(chunk_bytes));

    for (size_t v = 0; v < group->variant_count; v++) {
        const struct ota_path *path = &group->variants[v].path;
        for (size_t i = 0; i < path->count; i++) {
            int64_t size = path->steps[i].module.size_bytes;
            if (ota_transfer_chunks(size, chunk_bytes) <=
                OTA_TRANSFER_CHUNKS_MAX)
                continue;
            return ota_bind_complain(
                reader->binder, object,
                "a module of %lld bytes is more than %lld chunks of %lld "
                "bytes; make transfer.chunk_size larger or the module smaller",
                (long long)size, (long long)OTA_TRANSFER_CHUNKS_MAX,
                (long long)chunk_bytes);
        }
    }
    return true;
}

static bool read_group(const struct reader *reader,
                       const struct ota_json *object, struct ota_group *group)
{
    /* The kinds of model, and "installed". */
    const char *others[16];
    size_t other_count = 0;
    others[other_count++] = "installed";
    for (const char *const *kind = ota_group_kinds; *kind; kind++)
        others[other_count++] = *kind;
    others[other_count] = NULL;
    assert(other_count < sizeof(others) / sizeof(*others));

    if (!is_object(reader, object))
        return false;
    const struct ota_bind_section section = {
        .parent = object->parent, .key = "fleet", .object = object};
    bool ok =
        ota_bind_fields(reader->binder, &section,
                        ota_sections[OTA_SECTION_FLEET].fields, others, group);
    ok = read_models(reader->binder, object, group) && ok;
    struct ota_variant *variants =
        read_variants(reader, object, &group->variant_count);
    group->variants = variants;

    /* The catalogue is asked even if other settings are wrong. */
    if (!reader->catalog || !group->platform[0])
        return ok && variants;
    if (!check_platform(reader, object, group->platform))
        return false;
    if (!variants || !reader->release ||
        !find_paths(reader, object, group, variants))
        return false;
    return ok && check_chunks(reader, object, group);
}

/* Complains about a name that two groups have, and about too many devices. */
static bool check_groups(const struct reader *reader,
                         const struct ota_json *list,
                         const struct ota_fleet_config *config)
{
    bool ok = true;
    size_t i = 0;
    for (const struct ota_json *v = list->child; v; v = v->next, i++) {
        const char *name = config->groups[i].name;
        for (size_t j = 0; j < i && name[0]; j++)
            if (strcmp(config->groups[j].name, name) == 0)
                ok = ota_bind_complain(reader->binder, ota_json_find(v, "name"),
                                       "fleet[%zu] is named \"%s\" already", j,
                                       name);
    }
    int64_t devices = 0;
    for (i = 0; i < config->group_count && devices <= OTA_FLEET_DEVICES_MAX;
         i++)
        devices += config->groups[i].count;
    if (devices > OTA_FLEET_DEVICES_MAX)
        ok = ota_bind_complain(reader->binder, list,
                               "more than %d devices in all; scale the "
                               "fleet down and the costs up",
                               OTA_FLEET_DEVICES_MAX);
    return ok;
}

bool ota_groups_read(struct ota_binder *binder, const struct ota_json *root,
                     const struct ota_catalog *catalog,
                     const struct ota_release_config *release,
                     struct ota_fleet_config *config)
{
    const struct reader reader = {
        .binder = binder,
        .catalog = catalog,
        .release = release,
        .needs_os = ota_json_find(ota_json_find(root, "release"), "needs_os"),
    };
    const struct ota_json *list = find_list(
        &reader, root, "fleet", "[{\"name\": ...}]", &config->group_count);
    if (!list)
        return false;
    struct ota_group *groups = ota_arena_alloc(
        binder->context.arena, config->group_count, sizeof(*groups));
    if (!groups)
        return ota_bind_complain(binder, list, OTA_NO_MEMORY);
    config->groups = groups;

    bool ok = true;
    size_t i = 0;
    for (const struct ota_json *v = list->child; v; v = v->next, i++)
        ok = read_group(&reader, v, &groups[i]) && ok;
    return check_groups(&reader, list, config) && ok;
}
