/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * design.c - grids and Latin hypercubes.
 *
 * In a Latin hypercube each axis deals its strata to the points in an order of
 * its own (a Fisher-Yates shuffle), and the point lies anywhere in its stratum.
 */
#include "sim/experiment/design.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <gsl/gsl_randist.h>

#include "sim/base/error.h"
#include "sim/base/random.h"

enum {
    GRID_COUNT = 5,  /* values of a range that says no number */
    VALUE_SIZE = 64, /* bytes of a value that is made here */
};

/* What is being filled. */
struct table {
    struct ota_setting *settings;
    double *numbers;
    size_t axes;
    struct ota_arena *arena;
};

static bool fail(char *problem, size_t size, const char *format, ...)
    OTA_PRINTF(3, 4);

static bool fail(char *problem, size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(problem, size, format, args);
    va_end(args);
    return false;
}

static bool check_paths(const struct ota_axis *axes, size_t count,
                        char *problem, size_t size)
{
    for (size_t a = 0; a < count; a++)
        for (size_t b = 0; b < a; b++)
            if (strcmp(axes[a].path, axes[b].path) == 0)
                return fail(problem, size,
                            "%s is varied twice; give all its values at once",
                            axes[a].path);
    return true;
}

/* Gets memory for the points and makes the design theirs. */
static bool begin(struct ota_design *design, struct table *table, size_t points,
                  struct ota_arena *arena)
{
    const size_t cells = points * design->axis_count;

    *table = (struct table){
        .settings = ota_arena_alloc(arena, cells, sizeof(*table->settings)),
        .numbers = ota_arena_alloc(arena, cells, sizeof(*table->numbers)),
        .axes = design->axis_count,
        .arena = arena,
    };
    design->point_count = points;
    design->settings = table->settings;
    design->numbers = table->numbers;
    return table->settings && table->numbers;
}

/* Puts the axis's value of that place into the point. */
static void put_value(const struct table *table, size_t point, size_t a,
                      const struct ota_axis *axis, size_t place)
{
    const size_t cell = point * table->axes + a;

    assert(place < axis->count);
    table->settings[cell] =
        (struct ota_setting){axis->path, axis->values[place]};
    table->numbers[cell] = axis->numbers ? axis->numbers[place] : NAN;
}

/* --- grid ------------------------------------------------------------------*/

/* Gives values to ranges that have none; *axes is replaced by a copy. */
static bool fill_axes(const struct ota_axis **axes, size_t count,
                      struct ota_arena *arena)
{
    struct ota_axis *filled = ota_arena_alloc(arena, count, sizeof(*filled));

    if (!filled)
        return false;
    for (size_t a = 0; a < count; a++) {
        filled[a] = (*axes)[a];
        if (filled[a].count > 0)
            continue;
        const double wholes = filled[a].most - filled[a].least + 1;
        const bool few = filled[a].whole && wholes < GRID_COUNT;
        if (!ota_axis_fill(&filled[a], few ? (size_t)wholes : GRID_COUNT,
                           arena))
            return false;
    }
    *axes = filled;
    return true;
}

bool ota_design_grid(struct ota_design *design, const struct ota_axis *axes,
                     size_t axis_count, struct ota_arena *arena, char *problem,
                     size_t problem_size)
{
    struct table table;
    double points = 1.0;

    assert(axis_count > 0);
    if (!check_paths(axes, axis_count, problem, problem_size))
        return false;
    if (!fill_axes(&axes, axis_count, arena))
        return fail(problem, problem_size, OTA_NO_MEMORY);
    for (size_t a = 0; a < axis_count; a++)
        points *= (double)axes[a].count;
    if (points > OTA_DESIGN_POINTS_MAX)
        return fail(problem, problem_size,
                    "every value with every other makes %.0f points; %d are "
                    "the most: take fewer values, or a Latin hypercube "
                    "(--lhs 100)",
                    points, OTA_DESIGN_POINTS_MAX);
    *design = (struct ota_design){
        .axes = axes, .axis_count = axis_count, .grid = true};
    if (!begin(design, &table, (size_t)points, arena))
        return fail(problem, problem_size, OTA_NO_MEMORY);
    for (size_t p = 0; p < design->point_count; p++) {
        size_t rest = p;
        for (size_t a = axis_count; a-- > 0; rest /= axes[a].count)
            put_value(&table, p, a, &axes[a], rest % axes[a].count);
    }
    return true;
}

/* --- Latin hypercube -------------------------------------------------------*/

/* Puts the axis's number at u, in [0, 1), into the point. */
static bool put_number(const struct table *table, size_t point, size_t a,
                       const struct ota_axis *axis, double u)
{
    const size_t cell = point * table->axes + a;
    const double wholes = axis->most - axis->least + 1;
    const double number =
        axis->whole && !axis->log
            ? fmin(axis->least + floor(u * wholes), axis->most)
            : ota_axis_number(axis, u);
    char text[VALUE_SIZE];

    ota_axis_write(axis, number, text, sizeof(text));
    table->settings[cell] = (struct ota_setting){
        axis->path, ota_arena_text(table->arena, text, strlen(text))};
    table->numbers[cell] = number;
    return table->settings[cell].value != NULL;
}

/* Deals the axis's values or strata to the points. */
static bool deal(const struct table *table, size_t points, size_t a,
                 const struct ota_axis *axis, size_t *order, uint64_t seed)
{
    const struct ota_random_key key = {.seed = seed};
    struct ota_stream stream;

    ota_stream_init(&stream, &key, a, OTA_PURPOSE_DESIGN, 0);
    for (size_t p = 0; p < points; p++)
        order[p] = p;
    gsl_ran_shuffle(&stream.rng, order, points, sizeof(*order));
    for (size_t p = 0; p < points; p++) {
        if (axis->count > 0) {
            put_value(table, p, a, axis, order[p] * axis->count / points);
            continue;
        }
        const double u =
            ((double)order[p] + ota_uniform(&stream.rng)) / (double)points;
        if (!put_number(table, p, a, axis, u))
            return false;
    }
    return true;
}

bool ota_design_lhs(struct ota_design *design, const struct ota_axis *axes,
                    size_t axis_count, size_t points, uint64_t seed,
                    struct ota_arena *arena, char *problem, size_t problem_size)
{
    struct table table;

    assert(axis_count > 0 && points > 0);
    if (!check_paths(axes, axis_count, problem, problem_size))
        return false;
    if (points > OTA_DESIGN_POINTS_MAX)
        return fail(problem, problem_size, "%zu points; %d are the most",
                    points, OTA_DESIGN_POINTS_MAX);
    *design = (struct ota_design){.axes = axes, .axis_count = axis_count};
    size_t *order = ota_arena_alloc(arena, points, sizeof(*order));
    bool ok = order && begin(design, &table, points, arena);
    for (size_t a = 0; ok && a < axis_count; a++)
        ok = deal(&table, points, a, &axes[a], order, seed);
    return ok || fail(problem, problem_size, OTA_NO_MEMORY);
}
