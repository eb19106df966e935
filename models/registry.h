/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * registry.h - every kind of model, and every model of each.
 *
 * To add a model: write its file in models/<kind>/, declare its struct in
 * models/<kind>/<kind>.h, list it in that kind's table in
 * models/<kind>/<kind>.c. The scenario reader, `otasim models`, the schema and
 * the contract tests then know it.
 */
#ifndef OTA_REGISTRY_H
#define OTA_REGISTRY_H

#include <stddef.h>

#include "sim/base/model.h"

struct ota_kind {
    const char *name;    /* "link" */
    const char *summary; /* what a model of this kind answers, one line */
    const char *usual;   /* name of the model taken when none is named, or
                          * NULL: one must be named */

    /* Returns the i-th model's head, or NULL from the end of the table on. */
    const struct ota_model *(*at)(size_t i);
};

/* Every kind, in the order of the reference, ended by a NULL name. */
extern const struct ota_kind ota_kinds[];

/* Returns the kind of that name, or NULL. */
const struct ota_kind *ota_kind_find(const char *name);

/* Returns the index of the model of that name in its kind, or -1. */
int ota_kind_model_index(const struct ota_kind *kind, const char *name);

#endif
