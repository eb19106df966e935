/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * field.h - the settings of a config struct, described once.
 *
 * A table of fields fills the struct, checks ranges, prints the reference
 * (`otasim models`), writes the JSON Schema and dumps a config back as a
 * scenario would write it, so that these cannot drift apart.
 *
 * Values are set from text ("30s", "0.02", "true", "uniform(3s, 20s)"), which
 * is also how defaults are written. What a scenario file looks like is not
 * known here.
 */
#ifndef OTA_FIELD_H
#define OTA_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/base/arena.h"
#include "sim/base/dist.h"
#include "sim/base/units.h"

enum { OTA_NAME_SIZE = 64 }; /* bytes of a name, with its NUL */

/* What a field is, and what stands at its offset. */
enum ota_field_kind {
    OTA_FIELD_INTEGER, /* int64_t, base units of the dimension */
    OTA_FIELD_REAL,    /* double, base units */
    OTA_FIELD_FLAG,    /* bool */
    OTA_FIELD_CHOICE,  /* int, index into choices */
    OTA_FIELD_NAME,    /* char[OTA_NAME_SIZE], not empty when required */
    OTA_FIELD_TEXT,    /* const char *, in the arena; never NULL once set */
    OTA_FIELD_SEED,    /* uint64_t; all 64 bits */
    OTA_FIELD_DIST,    /* struct ota_dist; min and max bound its support; where
                        * that has no upper end, max bounds the mean */
};

/* One setting. A NULL name ends a table. */
struct ota_field {
    const char *name; /* key in the scenario; no unit: values carry theirs */
    enum ota_field_kind kind;
    enum ota_dimension dimension; /* INTEGER, REAL, DIST */
    size_t offset;                /* in the config struct */
    const char *fallback;         /* as text; NULL: must be given */
    double min, max;              /* accepted, ends included, base units */
    const char *const *choices;   /* CHOICE: words, ended by NULL */
    const char *help;             /* one line */
    const char *source;           /* where fallback comes from, or NULL */
};

/* What a value needs to be read: where its memory comes from, and the folder
 * in which files it names are sought (NULL: the current one). */
struct ota_field_context {
    struct ota_arena *arena;
    const char *folder;
};

/*
 * Reads text into the field's place in config, checking unit and range.
 * Returns false with a message in problem (what is wrong; what would be
 * right) and in *column, if not NULL, how far into text it stands.
 */
bool ota_field_set(const struct ota_field *field, void *config,
                   const char *text, const struct ota_field_context *context,
                   size_t *column, char *problem, size_t problem_size);

/*
 * Sets every field that has a fallback. A fallback that does not read is a
 * bug of ours; running out of memory returns false.
 */
bool ota_fields_set_defaults(const struct ota_field *fields, void *config,
                             const struct ota_field_context *context);

/* Writes the field's value as ota_field_set() would read it. */
void ota_field_format(const struct ota_field *field, const void *config,
                      char *text, size_t size);

/* The field of that name, or NULL. */
const struct ota_field *ota_field_find(const struct ota_field *fields,
                                       const char *name);

/* "duration, 1s to 30d", "share, 0 to 1", "one of overage pause": for the
 * reference and messages. */
void ota_field_describe(const struct ota_field *field, char *text, size_t size);

#endif
