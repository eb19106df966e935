/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * model_fixture.c - see model_fixture.h.
 */
#include "tests/support/model_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

void model_fixture_stream(struct ota_stream *stream, uint64_t index)
{
    const struct ota_random_key key = {.seed = 20240229, .replication = 0};

    ota_stream_init(stream, &key, 0, OTA_PURPOSE_FREE, index);
}

void *model_fixture_config(const struct ota_model *model,
                           struct ota_arena *arena)
{
    const struct ota_field_context context = {.arena = arena};
    void *config = ota_arena_alloc(arena, 1, model->config_size);

    assert_non_null(config);
    assert_true(ota_fields_set_defaults(model->fields, config, &context));
    return config;
}

void model_fixture_set(const struct ota_model *model, void *config,
                       struct ota_arena *arena, const char *name,
                       const char *text)
{
    const struct ota_field_context context = {.arena = arena};
    const struct ota_field *field = ota_field_find(model->fields, name);
    char problem[256] = "";

    if (!field)
        fail_msg("%s has no field %s", model->name, name);
    if (!ota_field_set(field, config, text, &context, NULL, problem,
                       sizeof(problem)))
        fail_msg("%s.%s: %s", model->name, name, problem);
}

void model_fixture_assert_mean(double n, double sum, double sum_squares,
                               double expected)
{
    const double mean = sum / n;
    const double variance = (sum_squares - sum * mean) / (n - 1);
    const double tolerance = 4 * sqrt(variance / n);

    if (!(fabs(mean - expected) <= tolerance))
        fail_msg("mean %.9g, expected %.9g +- %.3g", mean, expected, tolerance);
}

void model_fixture_assert_share(double n, double hits, double p)
{
    const double tolerance = 4 * sqrt(p * (1 - p) / n);

    if (!(fabs(hits / n - p) <= tolerance))
        fail_msg("share %.9g, expected %.9g +- %.3g", hits / n, p, tolerance);
}
