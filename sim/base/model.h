/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * model.h - what a model of any kind says about itself.
 *
 * A kind of model is a small const struct of functions that begins with this
 * head (models/<kind>/<kind>.h); a model is one such struct, and its config
 * is a plain struct that its field table describes. An instance is the two
 * together. Models compute: they are given config, state, time and a random
 * stream and return numbers. They schedule nothing and print nothing.
 */
#ifndef OTA_MODEL_H
#define OTA_MODEL_H

#include <stddef.h>

#include "sim/base/field.h"

/* All of it is static. */
struct ota_model {
    const char *name;               /* as written in scenarios */
    const char *summary;            /* one line for `otasim models` */
    const char *source;             /* where the mathematics comes from */
    size_t config_size;             /* bytes; never 0 */
    const struct ota_field *fields; /* of the config, ended by a NULL name */

    /*
     * Works out what is no field from those that are (times of day from their
     * text, a file's lines); called once the fields are set, before problem().
     * Returns false with what is wrong, and what would be right, in problem.
     * May be NULL.
     */
    bool (*prepare)(void *config, const struct ota_field_context *context,
                    char *problem, size_t problem_size);

    /*
     * Returns what is wrong with a config as a whole, or NULL; may be NULL
     * itself. The fields have passed their own checks by then.
     */
    const char *(*problem)(const void *config);
};

#endif
