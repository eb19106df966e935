/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * model_fixture.h - configs and streams for tests of the models.
 */
#ifndef OTA_TEST_MODEL_FIXTURE_H
#define OTA_TEST_MODEL_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "sim/base/arena.h"
#include "sim/base/model.h"
#include "sim/base/random.h"

/* Starts a stream of a fixed seed; index tells streams apart. */
void model_fixture_stream(struct ota_stream *stream, uint64_t index);

/* Returns a config of the model with every default set; the test fails if one
 * does not read. */
void *model_fixture_config(const struct ota_model *model,
                           struct ota_arena *arena);

/* Sets a field from text; the test fails if it does not read. */
void model_fixture_set(const struct ota_model *model, void *config,
                       struct ota_arena *arena, const char *name,
                       const char *text);

/* Asserts that the mean of n draws, given their sum and sum of squares, is
 * within 4 standard errors of expected. */
void model_fixture_assert_mean(double n, double sum, double sum_squares,
                               double expected);

/* Asserts that a share of n draws is within 4 standard errors of p. */
void model_fixture_assert_share(double n, double hits, double p);

#endif
