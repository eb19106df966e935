/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * import.c - from a platform's file to a policy, and what there is to say of
 * it.
 */
#include "sim/scenario/import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/text.h"
#include "sim/scenario/import_parts.h"
#include "sim/scenario/json_write.h"
#include "sim/scenario/read_file.h"

static const struct ota_import_platform *const platforms[] = {
    &ota_import_aws,       &ota_import_hawkbit,   &ota_import_mender,
    &ota_import_nerveshub, &ota_import_flightctl, &ota_import_adu,
};

const char *const ota_import_platforms[] = {
    "aws", "hawkbit", "mender", "nerveshub", "flightctl", "adu", NULL,
};

/* The name of a file without its folders. */
static const char *base_name(const char *file)
{
    const char *slash = strrchr(file, '/');

    return slash ? slash + 1 : file;
}

/* What the policy came from, and what was made of it on the way. */
static void build_origin(struct ota_importer *im, struct ota_json *policy,
                         const char *file)
{
    struct ota_json *from = ota_build_object(im, policy, "x-imported-from");
    struct ota_json *list;

    ota_build_text(im, from, "platform", "%s", im->platform);
    ota_build_text(im, from, "file", "%s", base_name(file));
    list = ota_build_list(im, from, "approximations");
    for (size_t i = 0; i < im->out->note_count; i++)
        ota_build_text(im, list, NULL, "%s", im->notes[i].name);
}

/* A file of YAML is the likeliest mistake. */
static void hint_at_yaml(struct ota_importer *im, const char *file)
{
    const char *dot = strrchr(file, '.');
    const struct ota_place place = {.file = file};

    if (dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0))
        ota_complain(im->complaints, &place,
                     "YAML is not read; `yq -o json FILE` makes JSON of it");
}

static int compare_places(const void *a, const void *b)
{
    const struct ota_import_field *x = a, *y = b;

    return x->line != y->line ? x->line - y->line : x->column - y->column;
}

/* In the order of the file. */
static const struct ota_import_field *sorted(struct ota_import_field *fields,
                                             size_t count)
{
    if (count > 1)
        qsort(fields, count, sizeof(*fields), compare_places);
    return fields;
}

/* Whether a field at the top of the file went into the policy. */
static bool took_any(const struct ota_importer *im, const struct ota_json *root)
{
    for (size_t i = 0; i < im->asked_count; i++)
        if (im->asked[i].object == root && im->asked[i].found)
            return true;
    return false;
}

/* A file of which nothing is used, and most of it unknown, is another
 * platform's, or starts with a mistake; its policy would be an empty one. */
static void refuse_strange(struct ota_importer *im, const struct ota_json *root)
{
    const struct ota_import *out = im->out;
    char words[256] = "";

    if (im->no_memory || took_any(im, root) ||
        out->unknown_count <= out->ignored_count)
        return;
    for (size_t i = 0; i < out->unknown_count && i < 4; i++) {
        const struct ota_import_field *f = &im->unknown[i];
        ota_text_append(words, sizeof(words), "%s%.40s", i ? ", " : "",
                        f->path);
        if (f->why)
            ota_text_append(words, sizeof(words), " (did you mean %s?)",
                            f->why);
    }
    ota_import_refuse(im, root,
                      "it has no field of %s rollouts; unknown: %s%s; is it of "
                      "another platform?",
                      im->platform, words,
                      out->unknown_count > 4 ? ", ..." : "");
}

static bool read_policy(struct ota_importer *im,
                        const struct ota_import_platform *platform,
                        const char *file, const struct ota_json *root)
{
    struct ota_json *policy = ota_arena_alloc(im->arena, 1, sizeof(*policy));

    if (!policy) {
        im->no_memory = true;
        return false;
    }
    policy->type = OTA_JSON_OBJECT;
    ota_build_whole(im, policy, "policy", 1);
    im->platform = platform->name;
    platform->read(im, root, policy);
    ota_import_leftovers(im, root, platform->idle);
    refuse_strange(im, root);
    build_origin(im, policy, file);
    im->out->policy = ota_build_print(im, policy);
    im->out->notes = im->notes;
    im->out->ignored = sorted(im->ignored, im->out->ignored_count);
    im->out->unknown = sorted(im->unknown, im->out->unknown_count);
    im->out->labels = im->labels;
    return !im->no_memory;
}

static bool read_text(struct ota_importer *im,
                      const struct ota_import_platform *platform,
                      const char *file, const char *text, size_t length)
{
    struct ota_json *root =
        ota_json_parse(file, text, length, im->arena, im->complaints);

    if (!root) {
        hint_at_yaml(im, file);
        return false;
    }
    if (root->type != OTA_JSON_OBJECT) {
        ota_import_refuse(im, root, "%s where an object {...} belongs",
                          ota_json_type_words(root->type));
        return false;
    }
    im->notes =
        ota_arena_alloc(im->arena, OTA_APPROXIMATIONS, sizeof(*im->notes));
    if (im->notes && read_policy(im, platform, file, root))
        return true;
    const struct ota_place place = {.file = file};
    ota_complain(im->complaints, &place, OTA_NO_MEMORY);
    return false;
}

bool ota_import_read_text(struct ota_import *import, size_t platform,
                          const char *file, const char *text, size_t length,
                          const struct ota_import_options *options,
                          struct ota_complaints *complaints)
{
    const size_t heard = complaints->total;

    *import = (struct ota_import){0};
    struct ota_importer im = {.options = options,
                              .arena = &import->arena,
                              .complaints = complaints,
                              .out = import,
                              .zero_known = options->start_given,
                              .zero_s = options->start_s};
    bool ok = read_text(&im, platforms[platform], file, text, length);
    ok = ok && complaints->total == heard;
    if (!ok)
        ota_import_release(import);
    ota_complaints_sort(complaints);
    return ok;
}

bool ota_import_read(struct ota_import *import, size_t platform,
                     const char *file, const struct ota_import_options *options,
                     struct ota_complaints *complaints)
{
    size_t length;
    char *text = ota_read_file(file, &length);

    *import = (struct ota_import){0};
    if (!text) {
        const struct ota_place place = {.file = file};
        ota_complain(complaints, &place, "cannot be read: %s",
                     ota_reason(errno));
        return false;
    }
    const bool ok = ota_import_read_text(import, platform, file, text, length,
                                         options, complaints);
    free(text);
    return ok;
}

void ota_import_release(struct ota_import *import)
{
    ota_arena_release(&import->arena);
    *import = (struct ota_import){0};
}

/* --- as JSON --- */

static void write_fields(struct ota_json_writer *writer, const char *key,
                         const struct ota_import_field *fields, size_t count)
{
    char number[16];

    ota_json_open(writer, key, '[');
    for (size_t i = 0; i < count; i++) {
        ota_json_open(writer, NULL, '{');
        ota_json_write_text(writer, "field", fields[i].path);
        snprintf(number, sizeof(number), "%d", fields[i].line);
        ota_json_write_raw(writer, "line", number);
        snprintf(number, sizeof(number), "%d", fields[i].column);
        ota_json_write_raw(writer, "column", number);
        if (fields[i].why)
            ota_json_write_text(writer,
                                strcmp(key, "ignored") == 0 ? "why" : "nearest",
                                fields[i].why);
        ota_json_close(writer, '}');
    }
    ota_json_close(writer, ']');
}

/* The policy's text, its lines moved in. */
static void write_policy(struct ota_json_writer *writer, const char *policy)
{
    ota_json_write_raw(writer, "policy", "");
    for (; *policy; policy++) {
        putc(*policy, writer->out);
        if (*policy == '\n')
            fputs("  ", writer->out);
    }
}

static void write_all(const struct ota_import *import, FILE *out)
{
    struct ota_json_writer writer = {.out = out};

    ota_json_open(&writer, NULL, '{');
    write_policy(&writer, import->policy);
    ota_json_open(&writer, "approximations", '[');
    for (size_t i = 0; i < import->note_count; i++) {
        ota_json_open(&writer, NULL, '{');
        ota_json_write_text(&writer, "name", import->notes[i].name);
        ota_json_write_text(&writer, "meaning", import->notes[i].meaning);
        ota_json_close(&writer, '}');
    }
    ota_json_close(&writer, ']');
    write_fields(&writer, "ignored", import->ignored, import->ignored_count);
    write_fields(&writer, "unknown", import->unknown, import->unknown_count);
    ota_json_open(&writer, "labels", '[');
    for (size_t i = 0; i < import->label_count; i++)
        ota_json_write_text(&writer, NULL, import->labels[i]);
    ota_json_close(&writer, ']');
    ota_json_close(&writer, '}');
}

char *ota_import_to_json(const struct ota_import *import)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    if (!out)
        return NULL;
    write_all(import, out);
    const bool bad = ferror(out) != 0;
    if (fclose(out) != 0 || bad) {
        free(text);
        return NULL;
    }
    return text;
}
