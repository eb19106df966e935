/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * goal.c - reads what --goal takes.
 */
#include <stdio.h>
#include <string.h>

#include "sim/base/error.h"
#include "sim/base/units.h"
#include "sim/experiment/tune.h"

/* The dimension of a measure's unit, and what the unit is worth in its base. */
static enum ota_dimension dimension_of(const char *unit, double *worth)
{
    static const struct {
        const char *unit;
        enum ota_dimension dimension;
        double worth;
    } units[] = {
        {"1", OTA_RATIO, 1.0},       {"s", OTA_TIME, 1e6},
        {"h", OTA_TIME, 3.6e9},      {"B", OTA_SIZE, 1.0},
        {"mAh", OTA_CHARGE, 1e3},    {"USD", OTA_MONEY, 1e6},
        {"devices", OTA_COUNT, 1.0},
    };

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(units[i].unit, unit) == 0) {
            *worth = units[i].worth;
            return units[i].dimension;
        }
    }
    *worth = 1.0;
    return OTA_COUNT;
}

static size_t trimmed(const char **text, size_t length)
{
    while (length > 0 && strchr(" \t", **text)) {
        (*text)++;
        length--;
    }
    while (length > 0 && strchr(" \t", (*text)[length - 1]))
        length--;
    return length;
}

static bool wrong(char *problem, size_t size, const char *text)
{
    snprintf(problem, size, "%s", text);
    return false;
}

/* Finds the sign: >= and <= however they are written and, as they mean the
 * same of a mean, > and <. */
static const char *find_sign(const char *text, bool *at_least, size_t *length)
{
    static const struct {
        const char *sign;
        bool at_least;
    } signs[] = {
        {">=", true},  {"=>", true},  {"\u2265", true},  {">", true},
        {"<=", false}, {"=<", false}, {"\u2264", false}, {"<", false},
    };

    for (; *text; text++)
        for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
            *length = strlen(signs[i].sign);
            if (strncmp(text, signs[i].sign, *length) == 0) {
                *at_least = signs[i].at_least;
                return text;
            }
        }
    return NULL;
}

/* Nothing meets a goal that the measure cannot reach: success >= 99, say, which
 * is 9900 %. */
static bool can_be(const struct ota_goal *goal,
                   const struct ota_measure *measure, const char *value,
                   size_t length, char *problem, size_t problem_size)
{
    double least, most;

    ota_measure_range(measure, INT64_MAX, &least, &most);
    if (goal->at_least && goal->value > most && most == 1.0 &&
        goal->value <= 100.0 && value[length - 1] != '%') {
        snprintf(
            problem, problem_size,
            "\"%.*s\" is %g %%, and a share is at most 100 %%; did you mean "
            "\"%.*s%%\"?",
            (int)length, value, 100.0 * goal->value, (int)length, value);
        return false;
    }
    if (goal->at_least && goal->value > most && most == 1.0)
        return wrong(problem, problem_size, "a share is at most 100 %");
    if (!goal->at_least && goal->value < least)
        return wrong(problem, problem_size, "it is never less than 0");
    return true;
}

bool ota_goal_read(struct ota_goal *goal, const char *text,
                   const char *const *groups, size_t group_count, char *problem,
                   size_t problem_size)
{
    char name[OTA_MEASURE_NAME_SIZE];
    struct ota_measure measure;
    size_t sign_length;
    double worth;

    const char *sign = find_sign(text, &goal->at_least, &sign_length);
    if (!sign)
        return wrong(problem, problem_size,
                     "it takes MEASURE >= VALUE or MEASURE <= VALUE, such as "
                     "'updated_within(7d) >= 99%'");
    const size_t length = trimmed(&text, (size_t)(sign - text));
    if (length >= sizeof(name))
        return wrong(problem, problem_size, "no measure has so long a name");
    if (length == 0)
        return wrong(problem, problem_size,
                     "the measure goes before the sign, as in "
                     "'updated_within(7d) >= 99%'");
    memcpy(name, text, length);
    name[length] = '\0';
    if (!ota_measure_read(&measure, name, groups, group_count, problem,
                          problem_size))
        return false;
    memcpy(goal->measure, measure.name, sizeof(goal->measure));

    const char *value = sign + sign_length;
    const size_t value_length = trimmed(&value, strlen(value));
    if (value_length == 0)
        return wrong(problem, problem_size, "nothing stands behind the sign");
    if (!ota_amount_parse(dimension_of(ota_measure_unit(&measure), &worth),
                          value, value_length, &goal->value, problem,
                          problem_size))
        return false;
    goal->value /= worth;
    return can_be(goal, &measure, value, value_length, problem, problem_size);
}
