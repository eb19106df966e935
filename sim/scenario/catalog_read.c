/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catalog_read.c - one JSON object a line: a release (with "os") or a rule
 * (with "slot"). Every wrong line is complained of; reading goes on.
 */
#include "sim/scenario/catalog_read.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "sim/scenario/catalog_data.h"
#include "sim/scenario/lines.h"
#include "sim/scenario/preset_read.h"

enum {
    VERSION_MAX = 65535,             /* 16 bits of a module's header */
    MODULE_BYTES_MAX = 16 * 1048576, /* far above any module; catches units */
};

/* What is being read, and where to. */
struct reader {
    struct ota_release *releases;
    size_t release_count;
    struct ota_slot_rule *rules;
    size_t rule_count;
    struct ota_place place;
    struct ota_complaints *complaints;
};

static bool is_word(const cJSON *item)
{
    return cJSON_IsString(item) && item->valuestring[0] &&
           strlen(item->valuestring) < OTA_WORD_SIZE;
}

/* Reads the string at key into a word. */
static bool read_word(const struct reader *in, const cJSON *object,
                      const char *key, char word[OTA_WORD_SIZE])
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

    if (!is_word(item)) {
        ota_complain(in->complaints, &in->place,
                     "\"%s\" is not a name; it must be a string of 1 to %d "
                     "characters",
                     key, OTA_WORD_SIZE - 1);
        return false;
    }
    memcpy(word, item->valuestring, strlen(item->valuestring) + 1);
    return true;
}

static bool is_whole(const cJSON *item, double most)
{
    return cJSON_IsNumber(item) && item->valuedouble >= 1 &&
           item->valuedouble <= most &&
           floor(item->valuedouble) == item->valuedouble;
}

/* Reads "s2>=21". */
static bool read_need(const struct reader *in, const cJSON *item,
                      struct ota_need *need)
{
    const char *text = cJSON_IsString(item) ? item->valuestring : "";
    char slot[3] = "";
    char *end = NULL;

    if (strlen(text) > 4 && !strncmp(text + 2, ">=", 2) && text[4] >= '0' &&
        text[4] <= '9') {
        memcpy(slot, text, 2);
        need->slot = ota_slot_from_text(slot);
        const long version = strtol(text + 4, &end, 10);
        if (!*end && need->slot >= 0 && version >= 1 &&
            version <= VERSION_MAX) {
            need->version = (int32_t)version;
            return true;
        }
    }
    ota_complain(in->complaints, &in->place,
                 "\"%.40s\" is not a need; write slot>=version, such as "
                 "\"s2>=21\"",
                 text);
    return false;
}

static bool read_slot(const struct reader *in, const cJSON *item, int *slot)
{
    const char *text = cJSON_IsString(item) ? item->valuestring : "";

    *slot = ota_slot_from_text(text);
    if (*slot < 0) {
        ota_complain(in->complaints, &in->place,
                     "\"%.40s\" is not a slot; write a letter of \"%s\" and an "
                     "index from 0 to %d, such as \"s1\"",
                     text, ota_slot_letters, OTA_SLOT_INDEXES - 1);
        return false;
    }
    return true;
}

/* Reads ["s2", 108, 114068, ["s1>=108"]]. */
static bool read_module(const struct reader *in, const cJSON *item,
                        struct ota_module *module)
{
    const cJSON *version = cJSON_GetArrayItem(item, 1);
    const cJSON *size = cJSON_GetArrayItem(item, 2);
    const cJSON *needs = cJSON_GetArrayItem(item, 3);

    if (!cJSON_IsArray(item) || cJSON_GetArraySize(item) != 4 ||
        !is_whole(version, VERSION_MAX) || !is_whole(size, MODULE_BYTES_MAX) ||
        !cJSON_IsArray(needs) || cJSON_GetArraySize(needs) > OTA_NEEDS_MAX) {
        ota_complain(in->complaints, &in->place,
                     "a module is not [slot, version, bytes, [needs]], with a "
                     "version of 1 to %d, 1 to %d bytes and at most %d needs",
                     VERSION_MAX, MODULE_BYTES_MAX, OTA_NEEDS_MAX);
        return false;
    }
    if (!read_slot(in, cJSON_GetArrayItem(item, 0), &module->slot))
        return false;
    module->version = (int32_t)version->valuedouble;
    module->size_bytes = (int64_t)size->valuedouble;
    const cJSON *need;
    cJSON_ArrayForEach(need, needs)
    {
        if (!read_need(in, need, &module->needs[module->need_count++]))
            return false;
    }
    return true;
}

static bool read_modules(const struct reader *in, const cJSON *list,
                         struct ota_release *release)
{
    const int count = cJSON_GetArraySize(list);
    const cJSON *item;

    if (!cJSON_IsArray(list) || count < 1 || count > OTA_RELEASE_MODULES_MAX) {
        ota_complain(in->complaints, &in->place,
                     "\"m\" is not a list of modules; it must have 1 to %d",
                     OTA_RELEASE_MODULES_MAX);
        return false;
    }
    cJSON_ArrayForEach(item, list)
    {
        struct ota_module module = {0};
        if (!read_module(in, item, &module))
            return false;
        if (ota_release_module(release, module.slot)) {
            ota_complain(in->complaints, &in->place,
                         "two modules have slot \"%s\"; a release has one",
                         cJSON_GetArrayItem(item, 0)->valuestring);
            return false;
        }
        release->modules[release->module_count++] = module;
    }
    if (!ota_release_last_system(release)) {
        ota_complain(in->complaints, &in->place,
                     "the release has no system part; list a module of slot "
                     "s1, s2 or s3");
        return false;
    }
    return true;
}

static void read_release(struct reader *in, const cJSON *object)
{
    struct ota_release *release = &in->releases[in->release_count];
    const cJSON *build = cJSON_GetObjectItemCaseSensitive(object, "build");

    *release = (struct ota_release){0};
    if (!read_word(in, object, "p", release->platform) ||
        !read_word(in, object, "os", release->os) ||
        !read_modules(in, cJSON_GetObjectItemCaseSensitive(object, "m"),
                      release))
        return;
    if (build &&
        !(cJSON_IsString(build) && !strcmp(build->valuestring, "debug"))) {
        ota_complain(in->complaints, &in->place,
                     "\"build\" is not \"debug\"; leave it out of a release "
                     "build");
        return;
    }
    release->debug_build = build != NULL;
    for (size_t i = 0; i < in->release_count; i++) {
        const struct ota_release *other = &in->releases[i];
        if (!strcmp(other->platform, release->platform) &&
            !strcmp(other->os, release->os)) {
            ota_complain(in->complaints, &in->place,
                         "%s %s is in the catalogue already; give a changed "
                         "one another name",
                         release->platform, release->os);
            return;
        }
    }
    in->release_count++;
}

static void read_rule(struct reader *in, const cJSON *object)
{
    struct ota_slot_rule *rule = &in->rules[in->rule_count];
    const cJSON *slot = cJSON_GetObjectItemCaseSensitive(object, "slot");
    const cJSON *need = cJSON_GetObjectItemCaseSensitive(object, "needs");

    *rule = (struct ota_slot_rule){.slot = -1};
    if (read_word(in, object, "p", rule->platform) &&
        read_slot(in, slot, &rule->slot) && read_need(in, need, &rule->need))
        in->rule_count++;
}

/* Returns whether all keys are among `keys` (ended by NULL), each once. */
static bool keys_known(const struct reader *in, const cJSON *object,
                       const char *const *keys, const char *list)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, object)
    {
        size_t k = 0;
        while (keys[k] && strcmp(keys[k], item->string) != 0)
            k++;
        if (!keys[k]) {
            ota_complain(in->complaints, &in->place,
                         "unknown key \"%.40s\"; a line like this has %s",
                         item->string, list);
            return false;
        }
        if (cJSON_GetObjectItemCaseSensitive(object, item->string) != item) {
            ota_complain(in->complaints, &in->place,
                         "key \"%s\" is given twice; give it once",
                         item->string);
            return false;
        }
    }
    return true;
}

static void read_object(struct reader *in, const cJSON *object)
{
    static const char *const release_keys[] = {"p", "os", "m", "build", NULL};
    static const char *const rule_keys[] = {"p", "slot", "needs", "why", NULL};

    if (!cJSON_IsObject(object)) {
        ota_complain(in->complaints, &in->place,
                     "not a JSON object; each line is one, such as "
                     "{\"p\":\"electron\",\"os\":\"0.6.2\",\"m\":[...]}");
    } else if (cJSON_GetObjectItemCaseSensitive(object, "slot")) {
        if (keys_known(in, object, rule_keys, "p, slot, needs and maybe why"))
            read_rule(in, object);
    } else if (keys_known(in, object, release_keys,
                          "p, os, m and maybe build (a release), or p, slot, "
                          "needs and maybe why (a rule)")) {
        read_release(in, object);
    }
}

/* Reads one line without its end. */
static void read_line(struct reader *in, const char *line)
{
    const char *end = NULL;

    in->place.column = 0;
    if (!line[strspn(line, " \t\r\n")])
        return;
    errno = 0;
    cJSON *object = cJSON_ParseWithOpts(line, &end, true);
    if (object) {
        read_object(in, object);
    } else if (errno == ENOMEM) {
        ota_complain(in->complaints, &in->place, OTA_NO_MEMORY);
    } else {
        in->place.column = (int)(end - line) + 1;
        ota_complain(in->complaints, &in->place,
                     "not JSON; each line must hold one object");
    }
    cJSON_Delete(object);
}

/* Reads lines, ended by NULL, that stand in that file. */
static void read_lines(struct reader *in, const char *file,
                       const char *const *lines)
{
    in->place = (struct ota_place){.file = file};
    for (; *lines; lines++) {
        in->place.line++;
        if (!ota_line_is_preset(*lines))
            read_line(in, *lines);
    }
}

static size_t count_lines(const char *const *lines)
{
    size_t count = 0;

    while (lines[count])
        count++;
    return count;
}

/* By platform and system version. */
static int compare_releases(const void *a, const void *b)
{
    const struct ota_release *left = a;
    const struct ota_release *right = b;
    const int32_t l = ota_release_last_system(left)->version;
    const int32_t r = ota_release_last_system(right)->version;
    const int platforms = strcmp(left->platform, right->platform);

    if (platforms)
        return platforms;
    if (l != r)
        return l < r ? -1 : 1;
    return strcmp(left->os, right->os);
}

static bool make_room(struct reader *in, struct ota_arena *arena, size_t lines)
{
    in->releases = ota_arena_alloc(arena, lines, sizeof(*in->releases));
    in->rules = ota_arena_alloc(arena, lines, sizeof(*in->rules));
    if (in->releases && in->rules)
        return true;
    ota_complain(in->complaints, &in->place, OTA_NO_MEMORY);
    return false;
}

bool ota_catalog_read_lines(struct ota_catalog *catalog, const char *file,
                            const char *const *lines, struct ota_arena *arena,
                            struct ota_complaints *complaints)
{
    struct reader in = {.place = {.file = file}, .complaints = complaints};
    const size_t complaints_before = complaints->total;
    size_t most = count_lines(ota_catalog_data) + 1;

    if (lines)
        most += count_lines(lines);
    if (make_room(&in, arena, most)) {
        read_lines(&in, "shipped catalogue", ota_catalog_data);
        if (lines)
            read_lines(&in, file, lines);
        qsort(in.releases, in.release_count, sizeof(*in.releases),
              compare_releases);
        *catalog = (struct ota_catalog){
            .releases = in.releases,
            .release_count = in.release_count,
            .rules = in.rules,
            .rule_count = in.rule_count,
        };
    }
    return complaints->total == complaints_before;
}

bool ota_catalog_read(struct ota_catalog *catalog, const char *file,
                      struct ota_arena *arena,
                      struct ota_complaints *complaints)
{
    struct ota_arena scratch = {0};
    const char *const *lines = NULL;

    if (file)
        lines = ota_lines_read(file, &scratch, complaints);
    const bool ok =
        (lines || !file) &&
        ota_catalog_read_lines(catalog, file, lines, arena, complaints);
    ota_arena_release(&scratch);
    return ok;
}
