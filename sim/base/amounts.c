/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * amounts.c - reads files of measured amounts.
 */
#include "sim/base/amounts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/error.h"
#include "sim/base/grow.h"

_Static_assert(OTA_AMOUNTS_MAX == 1000000, "as a message below says");

enum {
    LINE_SIZE = 256, /* bytes of a line, with its break and NUL */
    ROOM_LEAST = 256,
};

/* What has been read so far. */
struct amounts {
    double *values;
    size_t count;
    size_t room;
};

/* Returns NULL, or what is wrong with the line. */
static const char *line_read(enum ota_dimension dimension, const char *line,
                             double *value, bool *kept, char *problem,
                             size_t problem_size)
{
    const size_t length = strcspn(line, "#\r\n");

    *kept = strspn(line, " \t") < length;
    if (strlen(line) == LINE_SIZE - 1 && line[LINE_SIZE - 2] != '\n')
        return "the line is too long";
    if (!*kept)
        return NULL;
    if (!ota_amount_parse(dimension, line, length, value, problem,
                          problem_size))
        return problem;
    return *value < 0.0 ? "the amount is negative; it must be 0 or more" : NULL;
}

/* Returns NULL, or why there is no place for one more. */
static const char *append(struct amounts *amounts, double value)
{
    if (amounts->count == OTA_AMOUNTS_MAX)
        return "there are more than 1000000 amounts";
    double *values = ota_grow(amounts->values, amounts->count, &amounts->room,
                              ROOM_LEAST, sizeof(*values));
    if (!values)
        return OTA_NO_MEMORY;
    amounts->values = values;
    amounts->values[amounts->count++] = value;
    return NULL;
}

static bool lines_read(enum ota_dimension dimension, const char *path,
                       FILE *file, struct amounts *amounts, char *problem,
                       size_t problem_size)
{
    char line[LINE_SIZE];
    char detail[OTA_MESSAGE_SIZE];

    for (int number = 1; fgets(line, sizeof(line), file); number++) {
        double value = 0.0;
        bool kept;
        const char *wrong =
            line_read(dimension, line, &value, &kept, detail, sizeof(detail));
        if (!wrong && kept)
            wrong = append(amounts, value);
        if (wrong) {
            snprintf(problem, problem_size, "%s, line %d: %s", path, number,
                     wrong);
            return false;
        }
    }
    if (ferror(file)) {
        snprintf(problem, problem_size, "cannot read %s: %s", path,
                 ota_reason(errno));
        return false;
    }
    if (amounts->count == 0) {
        snprintf(problem, problem_size,
                 "%s has no amounts; write one a line, such as %s", path,
                 ota_dimension_example(dimension));
        return false;
    }
    return true;
}

bool ota_amounts_read(enum ota_dimension dimension, const char *path,
                      double **values, size_t *count, char *problem,
                      size_t problem_size)
{
    struct amounts amounts = {0};

    *values = NULL;
    *count = 0;
    FILE *file = fopen(path, "r");
    if (!file) {
        snprintf(problem, problem_size, "cannot open %s: %s", path,
                 ota_reason(errno));
        return false;
    }

    const bool ok =
        lines_read(dimension, path, file, &amounts, problem, problem_size);
    fclose(file);
    if (!ok) {
        free(amounts.values);
        return false;
    }
    *values = amounts.values;
    *count = amounts.count;
    return true;
}
