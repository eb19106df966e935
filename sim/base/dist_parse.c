/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dist_parse.c - reads the text form of distributions:
 *
 *     dist     = amount | name "(" argument { "," argument } ")"
 *     argument = amount | number | share ":" amount | share ":" dist | file
 *
 * A text is a piece of the whole, so that every complaint has its column.
 */
#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/amounts.h"
#include "sim/base/dist.h"
#include "sim/base/error.h"
#include "sim/base/text.h"

enum {
    ARGUMENTS_MAX = 3, /* of a law with plain arguments */
    DEPTH_MAX = 4,     /* mixtures within mixtures */
    WORD_SIZE = 32,    /* bytes of a law's name */
    PATH_SIZE = 4096,  /* bytes of a file's path */
};

/* Shares and quantiles meet 1 when they miss it by no more than this. */
static const double share_slack = 1e-9;

/* Standard normal 95th percentile. */
static const double z_95 = 1.6448536269514722;

/* The least shape of gamma and Weibull, a choice of ours: below, nearly every
 * draw is next to 0 and the rest are astronomical. */
static const double shape_least = 0.05;

struct reader {
    const char *whole; /* the text as given; columns count from here */
    enum ota_dimension dimension;
    const char *folder;
    struct ota_arena *arena;
    size_t *column;
    char *problem;
    size_t problem_size;
};

/* A part of the reader's text. */
struct piece {
    const char *at;
    size_t length;
};

/* A law whose arguments are plain numbers. */
struct law {
    const char *name;
    const char *usage; /* "(LEAST, MOST)" */
    enum ota_dist_kind kind;
    size_t arguments;
    bool shape_first; /* the first is a bare number */
    /* Checks the arguments in a, b, c and turns them into the parameters.
     * Returns what is wrong, or NULL. */
    const char *(*settle)(struct ota_dist *dist);
};

/* --- small help ---------------------------------------------------------- */

static struct piece trimmed(struct piece piece)
{
    while (piece.length > 0 && isspace((unsigned char)piece.at[0])) {
        piece.at++;
        piece.length--;
    }
    while (piece.length > 0 &&
           isspace((unsigned char)piece.at[piece.length - 1]))
        piece.length--;
    return piece;
}

/* Says what is wrong at `at` and returns false. */
static bool fail(const struct reader *reader, const char *at,
                 const char *format, ...) __attribute__((format(printf, 3, 4)));

static bool fail(const struct reader *reader, const char *at,
                 const char *format, ...)
{
    va_list args;

    *reader->column = (size_t)(at - reader->whole);
    va_start(args, format);
    vsnprintf(reader->problem, reader->problem_size, format, args);
    va_end(args);
    return false;
}

static bool fail_memory(const struct reader *reader, const char *at)
{
    return fail(reader, at, "%s", OTA_NO_MEMORY);
}

/* Length of the piece up to `mark` outside of brackets; all of it if there is
 * none. */
static size_t length_to(struct piece piece, char mark)
{
    int depth = 0;

    for (size_t i = 0; i < piece.length; i++) {
        if (piece.at[i] == mark && depth == 0)
            return i;
        depth += piece.at[i] == '(';
        depth -= piece.at[i] == ')';
    }
    return piece.length;
}

/* Takes the next argument off the front of *rest; false: there is none. */
static bool argument_next(struct piece *rest, struct piece *argument)
{
    if (!rest->at)
        return false;

    const size_t length = length_to(*rest, ',');
    *argument = trimmed((struct piece){rest->at, length});
    if (length == rest->length) {
        rest->at = NULL;
    } else {
        rest->at += length + 1;
        rest->length -= length + 1;
    }
    return true;
}

static size_t argument_count(struct piece rest)
{
    struct piece argument;
    size_t count = 0;

    while (argument_next(&rest, &argument))
        count++;
    return count;
}

/* Reads an amount, which must not be negative. */
static bool amount_read(const struct reader *reader,
                        enum ota_dimension dimension, struct piece piece,
                        double *value)
{
    piece = trimmed(piece);
    *reader->column = (size_t)(piece.at - reader->whole);
    if (!ota_amount_parse(dimension, piece.at, piece.length, value,
                          reader->problem, reader->problem_size))
        return false;
    if (*value < 0.0)
        return fail(reader, piece.at,
                    "\"%.*s\" is negative; it must be 0 or "
                    "more",
                    (int)piece.length, piece.at);
    return true;
}

/* --- laws with plain arguments ------------------------------------------- */

static const char *settle_fixed(struct ota_dist *dist)
{
    (void)dist;
    return NULL;
}

static const char *settle_uniform(struct ota_dist *dist)
{
    return dist->a <= dist->b ? NULL : "LEAST must not exceed MOST";
}

static const char *settle_triangular(struct ota_dist *dist)
{
    return dist->a <= dist->b && dist->b <= dist->c
               ? NULL
               : "the three values must ascend";
}

static const char *settle_exponential(struct ota_dist *dist)
{
    return dist->a > 0.0 ? NULL : "MEAN must be more than 0";
}

static const char *settle_lognormal(struct ota_dist *dist)
{
    const double median = dist->a;
    const double p95 = dist->b;

    if (!(median > 0.0))
        return "MEDIAN must be more than 0";
    if (!(p95 > median))
        return "P95 must exceed MEDIAN";
    dist->a = log(median);
    dist->b = log(p95 / median) / z_95;
    return NULL;
}

static const char *settle_gamma(struct ota_dist *dist)
{
    if (!(dist->a >= shape_least))
        return "SHAPE must be 0.05 or more";
    if (!(dist->b > 0.0))
        return "MEAN must be more than 0";
    dist->b /= dist->a;
    return NULL;
}

static const char *settle_weibull(struct ota_dist *dist)
{
    if (!(dist->a >= shape_least))
        return "SHAPE must be 0.05 or more";
    return dist->b > 0.0 ? NULL : "SCALE must be more than 0";
}

static const struct law laws[] = {
    {"fixed", "(VALUE)", OTA_DIST_FIXED, 1, false, settle_fixed},
    {"uniform", "(LEAST, MOST)", OTA_DIST_UNIFORM, 2, false, settle_uniform},
    {"triangular", "(LEAST, LIKELIEST, MOST)", OTA_DIST_TRIANGULAR, 3, false,
     settle_triangular},
    {"exponential", "(MEAN)", OTA_DIST_EXPONENTIAL, 1, false,
     settle_exponential},
    {"lognormal", "(MEDIAN, P95)", OTA_DIST_LOGNORMAL, 2, false,
     settle_lognormal},
    {"gamma", "(SHAPE, MEAN)", OTA_DIST_GAMMA, 2, true, settle_gamma},
    {"weibull", "(SHAPE, SCALE)", OTA_DIST_WEIBULL, 2, true, settle_weibull},
};

enum { LAWS = sizeof(laws) / sizeof(laws[0]) };

static bool law_read(const struct reader *reader, const struct law *law,
                     struct piece name, struct piece rest,
                     struct ota_dist *dist)
{
    const size_t given = argument_count(rest);
    double values[ARGUMENTS_MAX] = {0};
    struct piece argument;

    if (given != law->arguments)
        return fail(reader, name.at, "%s has %zu value%s; write %s%s",
                    law->name, given, given == 1 ? "" : "s", law->name,
                    law->usage);
    for (size_t i = 0; argument_next(&rest, &argument); i++) {
        const bool shape = i == 0 && law->shape_first;
        if (!amount_read(reader, shape ? OTA_COUNT : reader->dimension,
                         argument, &values[i]))
            return false;
    }
    dist->kind = law->kind;
    dist->a = values[0];
    dist->b = values[1];
    dist->c = values[2];

    const char *wrong = law->settle(dist);
    if (wrong)
        return fail(reader, name.at, "%s%s: %s", law->name, law->usage, wrong);
    if (!isfinite(ota_dist_mean(dist)))
        return fail(reader, name.at, "%s%s: the values are too large",
                    law->name, law->usage);
    return true;
}

/* --- empirical ----------------------------------------------------------- */

static bool quantile_read(const struct reader *reader, struct piece argument,
                          struct ota_dist_part *part)
{
    const size_t colon = length_to(argument, ':');

    if (colon == argument.length)
        return fail(reader, argument.at,
                    "a quantile has no \":\"; write "
                    "P: VALUE with P from 0 to 1, such as 0.5: %s",
                    ota_dimension_example(reader->dimension));
    return amount_read(reader, OTA_RATIO, (struct piece){argument.at, colon},
                       &part->weight) &&
           amount_read(reader, reader->dimension,
                       (struct piece){argument.at + colon + 1,
                                      argument.length - colon - 1},
                       &part->value);
}

static bool quantiles_read(const struct reader *reader, struct piece rest,
                           struct ota_dist *dist)
{
    const char *start = rest.at;
    const size_t count = argument_count(rest);
    struct ota_dist_part *parts =
        ota_arena_alloc(reader->arena, count, sizeof(*parts));
    struct piece argument;

    if (!parts)
        return fail_memory(reader, start);
    if (count < 2)
        return fail(reader, start,
                    "one quantile is not enough; write at "
                    "least those of 0 and 1");
    for (size_t i = 0; argument_next(&rest, &argument); i++) {
        if (!quantile_read(reader, argument, &parts[i]))
            return false;
        if (i == 0 && parts[i].weight != 0.0)
            return fail(reader, argument.at,
                        "the first quantile must be that of 0");
        if (i > 0 && !(parts[i].weight > parts[i - 1].weight))
            return fail(reader, argument.at,
                        "quantiles must stand in ascending order");
        if (i > 0 && !(parts[i].value >= parts[i - 1].value))
            return fail(reader, argument.at,
                        "a quantile must not be less than the one before");
        if (i == count - 1 && parts[i].weight != 1.0)
            return fail(reader, argument.at,
                        "the last quantile must be that of 1");
    }
    dist->parts = parts;
    dist->count = count;
    return true;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The quantile function of equally likely values is a staircase: two
 * quantiles for each step. */
static bool staircase(const struct reader *reader, struct piece name,
                      double *values, size_t count, struct ota_dist *dist)
{
    struct ota_dist_part *parts =
        ota_arena_alloc(reader->arena, 2 * count, sizeof(*parts));

    if (!parts)
        return fail_memory(reader, name.at);
    qsort(values, count, sizeof(values[0]), compare_doubles);
    for (size_t i = 0; i < count; i++) {
        parts[2 * i].weight = (double)i / (double)count;
        parts[2 * i].value = values[i];
        parts[2 * i + 1].weight = (double)(i + 1) / (double)count;
        parts[2 * i + 1].value = values[i];
    }
    dist->parts = parts;
    dist->count = 2 * count;
    return true;
}

static bool file_read(const struct reader *reader, struct piece name,
                      struct ota_dist *dist)
{
    const bool beside = reader->folder && name.at[0] != '/';
    char path[PATH_SIZE];
    double *values;
    size_t count;

    const int length =
        snprintf(path, sizeof(path), "%s%s%.*s", beside ? reader->folder : "",
                 beside ? "/" : "", (int)name.length, name.at);
    if (length < 0 || (size_t)length >= sizeof(path))
        return fail(reader, name.at, "the file's name is too long");

    *reader->column = (size_t)(name.at - reader->whole);
    if (!ota_amounts_read(reader->dimension, path, &values, &count,
                          reader->problem, reader->problem_size))
        return false;
    ota_arena_note(reader->arena, values, count * sizeof(*values));
    const bool ok = staircase(reader, name, values, count, dist);
    free(values);
    return ok;
}

static bool empirical_read(const struct reader *reader, struct piece arguments,
                           struct ota_dist *dist)
{
    const struct piece all = trimmed(arguments);

    dist->kind = OTA_DIST_EMPIRICAL;
    if (all.length == 0)
        return fail(reader, all.at,
                    "empirical has no values; write "
                    "empirical(0: LEAST, ..., 1: MOST) or empirical(FILE)");
    if (memchr(all.at, ':', all.length))
        return quantiles_read(reader, arguments, dist);
    return file_read(reader, all, dist);
}

/* --- mixture and the rest ------------------------------------------------ */

static bool dist_read(const struct reader *reader, struct piece piece,
                      int depth, struct ota_dist *dist);

static bool share_read(const struct reader *reader, struct piece argument,
                       int depth, struct ota_dist_part *part)
{
    const size_t colon = length_to(argument, ':');

    if (colon == argument.length)
        return fail(reader, argument.at,
                    "a part has no share; write "
                    "mixture(SHARE: VALUE, SHARE: VALUE, ...)");
    if (!amount_read(reader, OTA_RATIO, (struct piece){argument.at, colon},
                     &part->weight))
        return false;
    if (!(part->weight > 0.0))
        return fail(reader, argument.at,
                    "a share of 0 has no effect; leave the part out");
    return dist_read(
        reader,
        (struct piece){argument.at + colon + 1, argument.length - colon - 1},
        depth + 1, &part->of);
}

static bool mixture_read(const struct reader *reader, struct piece rest,
                         int depth, struct ota_dist *dist)
{
    const char *start = rest.at;
    const size_t count = argument_count(rest);
    struct ota_dist_part *parts =
        ota_arena_alloc(reader->arena, count, sizeof(*parts));
    struct piece argument;
    double sum = 0.0;

    if (!parts)
        return fail_memory(reader, start);
    if (depth == DEPTH_MAX)
        return fail(reader, start,
                    "mixtures are nested too deep; %d levels "
                    "are the most",
                    DEPTH_MAX);
    for (size_t i = 0; argument_next(&rest, &argument); i++) {
        if (!share_read(reader, argument, depth, &parts[i]))
            return false;
        sum += parts[i].weight;
        parts[i].weight = sum;
    }
    if (!(fabs(sum - 1.0) <= share_slack))
        return fail(reader, start, "the shares sum to %.9g; they must sum to 1",
                    sum);
    parts[count - 1].weight = 1.0;
    dist->kind = OTA_DIST_MIXTURE;
    dist->parts = parts;
    dist->count = count;
    return true;
}

static bool unknown(const struct reader *reader, struct piece name)
{
    const char *words[LAWS + 2] = {0};
    char word[WORD_SIZE];
    char list[128] = "";

    for (size_t i = 0; i < LAWS; i++)
        words[i] = laws[i].name;
    words[LAWS] = "empirical";
    words[LAWS + 1] = "mixture";
    for (size_t i = 0; i < LAWS + 2; i++)
        ota_text_append(list, sizeof(list), "%s%s", i > 0 ? " " : "", words[i]);

    snprintf(word, sizeof(word), "%.*s", (int)name.length, name.at);
    const char *meant = ota_text_nearest(word, words, LAWS + 2);
    if (meant)
        return fail(reader, name.at,
                    "no distribution is called \"%s\"; did you mean \"%s\"? "
                    "(%s)",
                    word, meant, list);
    return fail(reader, name.at,
                "no distribution is called \"%s\"; there are %s", word, list);
}

static bool named_read(const struct reader *reader, struct piece name,
                       struct piece arguments, int depth, struct ota_dist *dist)
{
    static const char empirical[] = "empirical";
    static const char mixture[] = "mixture";

    for (size_t i = 0; i < LAWS; i++)
        if (strlen(laws[i].name) == name.length &&
            memcmp(laws[i].name, name.at, name.length) == 0)
            return law_read(reader, &laws[i], name, arguments, dist);
    if (name.length == sizeof(empirical) - 1 &&
        memcmp(empirical, name.at, name.length) == 0)
        return empirical_read(reader, arguments, dist);
    if (name.length == sizeof(mixture) - 1 &&
        memcmp(mixture, name.at, name.length) == 0)
        return mixture_read(reader, arguments, depth, dist);
    return unknown(reader, name);
}

/* Returns the length up to the bracket that closes the one at piece[open], or
 * the piece's length if none does. */
static size_t closing(struct piece piece, size_t open)
{
    int depth = 0;

    for (size_t i = open; i < piece.length; i++) {
        depth += piece.at[i] == '(';
        depth -= piece.at[i] == ')';
        if (depth == 0)
            return i;
    }
    return piece.length;
}

static bool dist_read(const struct reader *reader, struct piece piece,
                      int depth, struct ota_dist *dist)
{
    piece = trimmed(piece);
    *dist = (struct ota_dist){.dimension = reader->dimension};
    dist->text = ota_arena_text(reader->arena, piece.at, piece.length);
    if (!dist->text)
        return fail_memory(reader, piece.at);

    const char *bracket = memchr(piece.at, '(', piece.length);
    if (!bracket) {
        dist->kind = OTA_DIST_FIXED;
        return amount_read(reader, reader->dimension, piece, &dist->a);
    }

    const size_t open = (size_t)(bracket - piece.at);
    const size_t close = closing(piece, open);
    if (close == piece.length)
        return fail(reader, piece.at + open, "a \")\" is missing");
    const struct piece rest =
        trimmed((struct piece){piece.at + close + 1, piece.length - close - 1});
    if (rest.length > 0)
        return fail(reader, rest.at, "nothing may follow the closing \")\"");
    return named_read(reader, trimmed((struct piece){piece.at, open}),
                      (struct piece){piece.at + open + 1, close - open - 1},
                      depth, dist);
}

bool ota_dist_parse(enum ota_dimension dimension, const char *text,
                    const char *folder, struct ota_arena *arena,
                    struct ota_dist *dist, size_t *column, char *problem,
                    size_t problem_size)
{
    const struct reader reader = {
        .whole = text,
        .dimension = dimension,
        .folder = folder,
        .arena = arena,
        .column = column,
        .problem = problem,
        .problem_size = problem_size,
    };

    return dist_read(&reader, (struct piece){text, strlen(text)}, 0, dist);
}
