/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group_path.c - words of the catalogue, and paths through it.
 */
#include "sim/scenario/group_path.h"

#include <assert.h>
#include <string.h>

#include "models/firmware/path.h"
#include "sim/base/text.h"

enum {
    WORDS_MAX = 256, /* platforms, releases of one platform */

    /* Bytes of a chunk where the transfer model goes by the Device OS.
     * Source: particle-iot/device-os, OTA_CHUNK_SIZE in hal/src. */
    USUAL_CHUNK_BYTES = 512,
};

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

bool ota_group_check_platform(const struct ota_group_reader *reader,
                              const struct ota_json *object,
                              const char *platform)
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
static const struct ota_release *
find_release(const struct ota_group_reader *reader, const char *platform,
             const char *os, const struct ota_json *at)
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

/* Finds the way from one release. */
static bool find_path(const struct ota_group_reader *reader,
                      const struct ota_json *entry, const char *platform,
                      const struct ota_release *target,
                      struct ota_variant *variant)
{
    const struct ota_release_config *wanted = reader->release;
    const struct ota_path_options options = {
        .compress = wanted->compress,
        .combine = wanted->combine,
        .app_last = !wanted->app_first,
    };
    const struct ota_release *from =
        find_release(reader, platform, variant->os, ota_json_find(entry, "os"));
    if (!from)
        return false;
    const struct ota_installed installed = ota_release_installed(from);
    char problem[OTA_MESSAGE_SIZE];
    if (!ota_path_to_app(reader->catalog, platform, &installed, target,
                         (int32_t)wanted->app_version, wanted->app_bytes,
                         &options, reader->binder->context.arena,
                         &variant->path, problem, sizeof(problem)))
        return ota_bind_complain(reader->binder, entry, "%s", problem);
    assert(variant->path.count <= OTA_PATH_STEPS_MAX); /* the planner's word */
    return true;
}

bool ota_group_find_paths(const struct ota_group_reader *reader,
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
    for (size_t i = 0; i < group->variant_count; i++, entry = entry->next)
        ok = find_path(reader, entry, group->platform, target, &variants[i]) &&
             ok;
    return ok;
}

/* Returns the bytes of a chunk as the transfer sets them; 0 if the model goes
 * by the Device OS. Every transfer model that cuts an image into chunks of one
 * size has the field "chunk_size". */
static int64_t chunk_size(const struct ota_transfer *transfer)
{
    const struct ota_field *field =
        ota_field_find(transfer->model->model.fields, "chunk_size");
    int64_t bytes = 0;
    if (field) {
        assert(field->kind == OTA_FIELD_INTEGER);
        memcpy(&bytes, (const char *)transfer->config + field->offset,
               sizeof(bytes));
    }
    return bytes;
}

static int64_t largest_image(const struct ota_group *group)
{
    int64_t largest = 0;
    for (size_t v = 0; v < group->variant_count; v++) {
        const struct ota_path *path = &group->variants[v].path;
        for (size_t i = 0; i < path->count; i++)
            if (path->steps[i].image_bytes > largest)
                largest = path->steps[i].image_bytes;
    }
    return largest;
}

/* A transfer counts an image's chunks in 16 bits. */
bool ota_group_check_chunks(const struct ota_group_reader *reader,
                            const struct ota_json *object,
                            const struct ota_group *group)
{
    const int64_t set_bytes = chunk_size(&group->transfer);
    const int64_t chunk_bytes = set_bytes > 0 ? set_bytes : USUAL_CHUNK_BYTES;
    const int64_t size_bytes = largest_image(group);

    if (ota_transfer_chunks(size_bytes, chunk_bytes) <= OTA_TRANSFER_CHUNKS_MAX)
        return true;
    return ota_bind_complain(
        reader->binder, object,
        "a module of %lld bytes is more than %lld chunks of %lld bytes; make "
        "%sthe module smaller",
        (long long)size_bytes, (long long)OTA_TRANSFER_CHUNKS_MAX,
        (long long)chunk_bytes,
        set_bytes > 0 ? "transfer.chunk_size larger or " : "");
}
