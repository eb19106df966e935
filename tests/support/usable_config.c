/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * usable_config.c - see usable_config.h.
 */
#include "tests/support/usable_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unistd.h>

#include <cmocka.h>

#include "tests/support/model_fixture.h"

/* A file that a config names, while it is prepared. */
struct record {
    char name[32];
};

static void record_write(struct record *record)
{
    snprintf(record->name, sizeof(record->name), "/tmp/otasim-record-XXXXXX");
    const int descriptor = mkstemp(record->name);
    assert_true(descriptor >= 0);
    FILE *out = fdopen(descriptor, "w");
    assert_non_null(out);
    fputs("1h\n2h\n30min\n", out);
    assert_int_equal(fclose(out), 0);
}

/* Values for fields that have no default. */
static const char *required_text(const struct ota_field *field,
                                 const struct record *record)
{
    if (field->kind == OTA_FIELD_TEXT)
        return strcmp(field->name, "file") == 0 ? record->name : "06:00 18:30";
    switch (field->dimension) {
    case OTA_TIME:
        return "1h";
    case OTA_SIZE:
        return "1MB";
    default:
        return "1";
    }
}

void *usable_config(const struct ota_model *model, struct ota_arena *arena)
{
    const struct ota_field_context context = {.arena = arena};
    void *config = model_fixture_config(model, arena);
    char problem[256] = "";
    struct record record = {""};

    record_write(&record);
    for (const struct ota_field *field = model->fields; field->name; field++)
        if (!field->fallback)
            model_fixture_set(model, config, arena, field->name,
                              required_text(field, &record));
    if (model->prepare &&
        !model->prepare(config, &context, problem, sizeof(problem)))
        fail_msg("%s: %s", model->name, problem);
    if (model->problem && model->problem(config))
        fail_msg("%s: %s", model->name, model->problem(config));
    assert_int_equal(unlink(record.name), 0);
    return config;
}
