/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * preset_read.h - named settings of a model, from JSON lines.
 *
 * "preset": "lte_m_good" in a model's section stands for the model and the
 * values of that preset; what the section sets itself goes before them, and
 * what neither sets has the field's default. scenarios/catalog/README.md
 * describes the lines.
 *
 * To list what the program ships with:
 *
 *     struct ota_presets presets;
 *     struct ota_presets_source shipped = {0};
 *     if (ota_presets_read(&presets, &shipped, &arena, &complaints))
 *         for (size_t i = 0; i < presets.count; i++)
 *             puts(presets.items[i].name);
 */
#ifndef OTA_PRESET_READ_H
#define OTA_PRESET_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "models/registry.h"
#include "sim/base/arena.h"
#include "sim/base/error.h"
#include "sim/scenario/json.h"

/* Memory is the arena's that it was read into. */
struct ota_preset {
    const struct ota_kind *kind;
    const char *name;
    const struct ota_model *model;
    const char *basis;          /* one line: where the values come from */
    const struct ota_json *set; /* an object: its children have the field's
                                 * name as key and the value as text */
};

/* In the order of the lines, so not grouped by kind. */
struct ota_presets {
    const struct ota_preset *items;
    size_t count;
};

/* Lines of the user's that follow the shipped ones. All zero: none. */
struct ota_presets_source {
    const char *file;         /* their name in complaints; outlives them */
    const char *const *lines; /* ended by NULL; those of modules and rules are
                               * passed over */
    const char *folder; /* where files that values name are sought; NULL: the
                         * current one */
};

/*
 * Reads the shipped presets and the user's, and checks every value. Returns
 * false if there is any complaint; *presets is then not to be used.
 */
bool ota_presets_read(struct ota_presets *presets,
                      const struct ota_presets_source *user,
                      struct ota_arena *arena,
                      struct ota_complaints *complaints);

/* Returns the preset of that name of a kind, or NULL. */
const struct ota_preset *ota_preset_find(const struct ota_presets *presets,
                                         const struct ota_kind *kind,
                                         const char *name);

/* Whether a line of a catalogue is a preset: it has the key "preset". */
bool ota_line_is_preset(const char *line);

#endif
