/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bind_advice.c - what was probably meant.
 */
#include <stdio.h>
#include <string.h>

#include "sim/base/text.h"
#include "sim/scenario/bind.h"

void ota_bind_advise(const char *text, const char *const *words, size_t count,
                     char *advice, size_t size)
{
    const char *nearest = ota_text_nearest(text, words, count);
    advice[0] = '\0';
    if (nearest) {
        ota_text_append(advice, size, "; did you mean \"%s\"?", nearest);
        return;
    }
    for (size_t i = 0; i < count; i++)
        ota_text_append(advice, size, "%s%s", i ? ", " : "; known: ", words[i]);
}

/* Returns another model of the section's kind that has such a field, or
 * NULL. */
static const struct ota_model *
find_owner(const struct ota_bind_section *section, const char *key)
{
    const struct ota_model *m;
    for (size_t i = 0; section->kind && (m = section->kind->at(i)); i++)
        if (ota_field_find(m->fields, key))
            return m;
    return NULL;
}

bool ota_bind_advise_owner(const struct ota_bind_section *section,
                           const struct ota_json *value, char *advice,
                           size_t size)
{
    const struct ota_model *owner = find_owner(section, value->key);
    const struct ota_json *model = ota_json_find(section->object, "model");
    if (!owner)
        return false;
    if (!model)
        model = ota_json_find(section->object, "preset");
    const struct ota_json *name = ota_json_find(section->parent, "name");
    const bool moved = model && model->text && model->file != value->file;

    snprintf(advice, size, ": it belongs to the %s model \"%s\"",
             section->kind->name, owner->name);
    if (value->said && !(model && model->said) && name && name->text)
        ota_text_append(advice, size,
                        ", and group \"%s\" has another; set it in groups "
                        "that have that: fleet.NAME.%s.%s",
                        name->text, section->kind->name, value->key);
    else if (moved && model->at.line > 0)
        ota_text_append(advice, size,
                        "; %s makes it \"%s\", and can take this away: "
                        "\"%s\": null",
                        model->file, model->text, value->key);
    else if (moved)
        ota_text_append(advice, size,
                        "; give the new model as a whole: %s='{\"model\": "
                        "\"%s\"}'",
                        section->kind->name, model->text);
    return true;
}
