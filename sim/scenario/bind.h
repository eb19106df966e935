/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bind.h - from JSON to config structs, by field tables.
 *
 * Every function goes on after a complaint, so that one reading finds all,
 * and returns whether it had none. A config with a complaint is all zero in
 * the fields concerned and must not be used.
 */
#ifndef OTA_BIND_H
#define OTA_BIND_H

#include <stdbool.h>
#include <stddef.h>

#include "models/registry.h"
#include "sim/base/error.h"
#include "sim/base/field.h"
#include "sim/scenario/json.h"
#include "sim/scenario/preset_read.h"

struct ota_binder {
    struct ota_complaints *complaints;
    struct ota_field_context context;
    const struct ota_presets *presets; /* NULL: could not be read, which was
                                        * complained about */
};

/* An object of settings, or its absence. */
struct ota_bind_section {
    const struct ota_json *parent; /* NULL at the top */
    const char *key;               /* in the parent, for messages */
    const struct ota_json *object; /* NULL: all defaults */
    const struct ota_json *preset; /* values under the object's own; NULL:
                                    * none */
    const struct ota_kind *kind;   /* of the model it sets, or NULL */
};

/* Complains about a value; returns false. */
bool ota_bind_complain(struct ota_binder *binder, const struct ota_json *value,
                       const char *format, ...) OTA_PRINTF(3, 4);

/* Reads one value into the field's place in config. */
bool ota_bind_value(struct ota_binder *binder, const struct ota_field *field,
                    const struct ota_json *value, void *config);

/* Finds the section of that key; complains if it is no object. */
bool ota_bind_find(struct ota_binder *binder, const struct ota_json *parent,
                   const char *key, struct ota_bind_section *section);

/*
 * Sets config from the section: defaults, then what the preset gives, then
 * what is given. Keys that are neither fields nor among others (ended by NULL,
 * or NULL for none) nor begin with "x-" are complained about.
 */
bool ota_bind_fields(struct ota_binder *binder,
                     const struct ota_bind_section *section,
                     const struct ota_field *fields, const char *const *others,
                     void *config);

/* The same for what is given alone: no defaults, no preset, and nothing is
 * missed. */
bool ota_bind_given(struct ota_binder *binder,
                    const struct ota_bind_section *section,
                    const struct ota_field *fields, const char *const *others,
                    void *config);

/* Lets the model prepare a config whose fields are set, and judge it as a
 * whole; complains at `at`. */
bool ota_bind_finish(struct ota_binder *binder, const struct ota_json *at,
                     const struct ota_model *model, void *config);

/* Whether a scenario may write the field as JSON's own number or flag; and
 * whether in quotes (a share only as a percentage then, a seed because a JSON
 * number has 53 bits). */
bool ota_bind_takes_bare(const struct ota_field *field);
bool ota_bind_takes_quoted(const struct ota_field *field);

/*
 * Reads parent's section of that kind, which may name a preset. Returns the
 * index of the model that it names in the kind's table, its config from the
 * arena in *config; or -1.
 */
int ota_bind_model(struct ota_binder *binder, const struct ota_kind *kind,
                   const struct ota_json *parent, const void **config);

/*
 * Writes "; did you mean "X"?" with the word nearest to text, or else "; known:
 * X, Y", into advice.
 */
void ota_bind_advise(const char *text, const char *const *words, size_t count,
                     char *advice, size_t size);

/*
 * Writes whose setting a key of the section is, if it is of another model of
 * its kind, and what to do where the model was given elsewhere than the
 * setting. Returns whether it is.
 */
bool ota_bind_advise_owner(const struct ota_bind_section *section,
                           const struct ota_json *value, char *advice,
                           size_t size);

#endif
