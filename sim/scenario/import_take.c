/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * import_take.c - fields are looked for by name, and each search is kept: a
 * field that no search found is what is left over, and what was searched for
 * in its object in vain is what it may have been meant to be.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/text.h"
#include "sim/scenario/import_parts.h"

/* Returns room for one more of count members of that size in a list that
 * doubles, NULL without memory. */
static void *grow(struct ota_importer *im, void *list, size_t count,
                  size_t size)
{
    if (count & (count - 1)) /* between powers of two there is room */
        return list;
    void *more = ota_arena_alloc(im->arena, count ? 2 * count : 1, size);
    if (!more)
        im->no_memory = true;
    else if (count)
        memcpy(more, list, count * size);
    return more;
}

static void note_asked(struct ota_importer *im, const struct ota_json *object,
                       const char *key, const struct ota_json *found)
{
    struct ota_import_asked *asked =
        grow(im, im->asked, im->asked_count, sizeof(*asked));
    if (!asked)
        return;
    im->asked = asked;
    asked[im->asked_count++] = (struct ota_import_asked){object, key, found};
}

/* The key with its first letter large, as templates of CloudFormation write
 * it. */
static const struct ota_json *find_capital(const struct ota_json *object,
                                           const char *key)
{
    char capital[64];

    snprintf(capital, sizeof(capital), "%c%s", toupper((unsigned char)key[0]),
             key + 1);
    return ota_json_find(object, capital);
}

const struct ota_json *ota_import_take(struct ota_importer *im,
                                       const struct ota_json *object,
                                       const char *key)
{
    if (!object || object->type != OTA_JSON_OBJECT)
        return NULL;
    const struct ota_json *found = ota_json_find(object, key);
    if (!found && im->any_case)
        found = find_capital(object, key);
    note_asked(im, object, key, found);
    return found && found->type != OTA_JSON_NULL ? found : NULL;
}

void ota_import_refuse(struct ota_importer *im, const struct ota_json *value,
                       const char *format, ...)
{
    char message[OTA_MESSAGE_SIZE];
    struct ota_place place;
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    ota_json_place(value, &place);
    ota_complain(im->complaints, &place, "%s", message);
}

bool ota_import_need(struct ota_importer *im, const struct ota_json *object,
                     const char *key, const char *why)
{
    if (ota_import_take(im, object, key))
        return true;
    ota_import_refuse(im, object, "\"%s\" is missing: %s", key, why);
    return false;
}

const struct ota_json *ota_import_take_type(struct ota_importer *im,
                                            const struct ota_json *object,
                                            const char *key,
                                            enum ota_json_type type)
{
    const struct ota_json *value = ota_import_take(im, object, key);

    if (!value || value->type == type)
        return value;
    ota_import_refuse(im, value, "%s where %s belongs",
                      ota_json_type_words(value->type),
                      ota_json_type_words(type));
    return NULL;
}

/* " (SOURCE)" behind a message, or nothing. */
static const char *cite(const char *source, char *text, size_t size)
{
    text[0] = '\0';
    if (source)
        snprintf(text, size, " (%s)", source);
    return text;
}

bool ota_import_whole(struct ota_importer *im, const struct ota_json *object,
                      const char *key, int64_t least, int64_t most,
                      const char *source, int64_t *value)
{
    const struct ota_json *json =
        ota_import_take_type(im, object, key, OTA_JSON_NUMBER);
    char from[128];
    if (!json)
        return false;
    char *end;
    errno = 0;
    const long long number = strtoll(json->text, &end, 10);
    if (*end) { /* 1e3 and 5.0 are whole too */
        const double real = strtod(json->text, NULL);
        if (real != floor(real)) {
            ota_import_refuse(im, json, "%s is no whole number", json->text);
            return false;
        }
        errno = fabs(real) < 1e15 ? 0 : ERANGE;
        if (errno == 0) {
            *value = (int64_t)real;
            if (*value >= least && *value <= most)
                return true;
        }
    } else if (errno == 0 && number >= least && number <= most) {
        *value = number;
        return true;
    }
    if (least == most)
        ota_import_refuse(im, json, "%s is out of range: %lld alone is%s",
                          json->text, (long long)least,
                          cite(source, from, sizeof(from)));
    else if (most >= INT32_MAX)
        ota_import_refuse(im, json, "%s is out of range: at least %lld%s",
                          json->text, (long long)least,
                          cite(source, from, sizeof(from)));
    else
        ota_import_refuse(im, json, "%s is out of range: from %lld to %lld%s",
                          json->text, (long long)least, (long long)most,
                          cite(source, from, sizeof(from)));
    return false;
}

bool ota_import_decimal(struct ota_importer *im, const struct ota_json *object,
                        const char *key, double least, double most, int digits,
                        const char *source, double *value)
{
    const struct ota_json *json =
        ota_import_take_type(im, object, key, OTA_JSON_NUMBER);
    char from[128];
    if (!json)
        return false;
    const double number = strtod(json->text, NULL);
    if (number < least || number > most) {
        ota_import_refuse(im, json, "%s is out of range: from %g to %g%s",
                          json->text, least, most,
                          cite(source, from, sizeof(from)));
        return false;
    }
    const double scaled = number * pow(10.0, digits);
    if (fabs(scaled - round(scaled)) > 1e-6) {
        ota_import_refuse(im, json, "%s has more than %d decimal digit%s%s",
                          json->text, digits, digits == 1 ? "" : "s",
                          cite(source, from, sizeof(from)));
        return false;
    }
    *value = number;
    return true;
}

bool ota_import_flag(struct ota_importer *im, const struct ota_json *object,
                     const char *key, bool *value)
{
    const struct ota_json *json =
        ota_import_take_type(im, object, key, OTA_JSON_FLAG);

    if (json)
        *value = strcmp(json->text, "true") == 0;
    return json != NULL;
}

const char *ota_import_text(struct ota_importer *im,
                            const struct ota_json *object, const char *key)
{
    const struct ota_json *json =
        ota_import_take_type(im, object, key, OTA_JSON_TEXT);

    return json ? json->text : NULL;
}

int ota_import_word(struct ota_importer *im, const struct ota_json *object,
                    const char *key, const char *const *words)
{
    const struct ota_json *json =
        ota_import_take_type(im, object, key, OTA_JSON_TEXT);
    char known[256] = "";
    size_t count = 0;
    if (!json)
        return -1;
    for (; words[count]; count++) {
        if (strcmp(json->text, words[count]) == 0)
            return (int)count;
        ota_text_append(known, sizeof(known), "%s%s", count ? ", " : "",
                        words[count]);
    }
    const char *nearest = ota_text_nearest(json->text, words, count);
    if (nearest)
        ota_import_refuse(im, json, "unknown word \"%s\"; did you mean %s?",
                          json->text, nearest);
    else
        ota_import_refuse(im, json, "unknown word \"%s\"; known: %s",
                          json->text, known);
    return -1;
}

/* --- what was not taken --- */

void ota_import_seen(struct ota_importer *im, const struct ota_json *value)
{
    note_asked(im, value->parent, value->key ? value->key : "", value);
    for (const struct ota_json *v = value->child; v; v = v->next)
        ota_import_seen(im, v);
}

static void list_field(struct ota_importer *im, struct ota_import_field **list,
                       size_t *count, const struct ota_json *value,
                       const char *why)
{
    struct ota_place place;
    ota_json_key_place(value, &place);
    struct ota_import_field *fields = grow(im, *list, *count, sizeof(*fields));
    const char *path =
        ota_arena_text(im->arena, place.path, strlen(place.path));
    if (!fields || !path) {
        im->no_memory = true;
        return;
    }
    *list = fields;
    fields[(*count)++] = (struct ota_import_field){
        .path = path, .line = place.line, .column = place.column, .why = why};
}

void ota_import_idle(struct ota_importer *im, const struct ota_json *value,
                     const char *why)
{
    ota_import_seen(im, value);
    list_field(im, &im->ignored, &im->out->ignored_count, value, why);
}

static int compare_found(const void *a, const void *b)
{
    const struct ota_import_asked *x = a, *y = b;
    return (x->found > y->found) - (x->found < y->found);
}

static bool was_taken(const struct ota_importer *im,
                      const struct ota_json *value)
{
    const struct ota_import_asked wanted = {.found = value};

    return im->asked_count > 0 && bsearch(&wanted, im->asked, im->asked_count,
                                          sizeof(wanted), compare_found);
}

/* The nearest of what was looked for in an object and not there. */
static const char *nearest_asked(const struct ota_importer *im,
                                 const struct ota_json *value)
{
    const char *words[64];
    size_t count = 0;

    for (size_t i = 0; i < im->asked_count && count < 64; i++)
        if (im->asked[i].object == value->parent && !im->asked[i].found)
            words[count++] = im->asked[i].key;
    return ota_text_nearest(value->key, words, count);
}

static void list_leftover(struct ota_importer *im, const struct ota_json *value,
                          const struct ota_import_idle_field *idle)
{
    for (; idle->key; idle++) {
        const bool same =
            strcmp(idle->key, value->key) == 0 ||
            (im->any_case &&
             tolower((unsigned char)value->key[0]) == idle->key[0] &&
             strcmp(idle->key + 1, value->key + 1) == 0);
        if (!same)
            continue;
        list_field(im, &im->ignored, &im->out->ignored_count, value,
                   idle->why ? idle->why : "no bearing on the rollout");
        return;
    }
    list_field(im, &im->unknown, &im->out->unknown_count, value,
               nearest_asked(im, value));
}

/* Depth is bounded by the scanner. */
static void look_through(struct ota_importer *im, const struct ota_json *value,
                         const struct ota_import_idle_field *idle)
{
    for (const struct ota_json *v = value->child; v; v = v->next) {
        if (!v->key || was_taken(im, v))
            look_through(im, v, idle);
        else
            list_leftover(im, v, idle);
    }
}

void ota_import_leftovers(struct ota_importer *im, const struct ota_json *root,
                          const struct ota_import_idle_field *idle)
{
    if (im->asked_count > 0)
        qsort(im->asked, im->asked_count, sizeof(*im->asked), compare_found);
    look_through(im, root, idle);
}
