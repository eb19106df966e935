/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * version.c - see version.h. Nothing is copied: parts are walked side by side.
 */
#include "models/policy/version.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* One number or word of a version. */
struct part {
    const char *at;
    size_t length;
};

/* Takes the next part off *rest, which ends before any of `ends`; its length
 * is 0 if there is none. */
static struct part part_next(const char **rest, const char *ends)
{
    const struct part part = {*rest, strcspn(*rest, ends)};

    *rest += part.length;
    if (**rest == '.')
        (*rest)++;
    return part;
}

static bool is_number(struct part part)
{
    for (size_t i = 0; i < part.length; i++)
        if (!isdigit((unsigned char)part.at[i]))
            return false;
    return part.length > 0;
}

static int compare_texts(struct part a, struct part b)
{
    const size_t both = a.length < b.length ? a.length : b.length;
    const int order = both ? memcmp(a.at, b.at, both) : 0;

    return order ? order : (a.length > b.length) - (a.length < b.length);
}

/* Numbers by value, words by letters, numbers before words. */
static int compare_parts(struct part a, struct part b)
{
    if (is_number(a) != is_number(b))
        return is_number(a) ? -1 : 1;
    if (!is_number(a))
        return compare_texts(a, b);
    while (a.length > 0 && *a.at == '0')
        a = (struct part){a.at + 1, a.length - 1};
    while (b.length > 0 && *b.at == '0')
        b = (struct part){b.at + 1, b.length - 1};
    if (a.length != b.length)
        return a.length < b.length ? -1 : 1;
    return compare_texts(a, b);
}

/* Compares what stands behind the "-"s; fewer parts are before more. */
static int compare_pre_releases(const char *a, const char *b)
{
    for (;;) {
        const struct part of_a = part_next(&a, ".+");
        const struct part of_b = part_next(&b, ".+");
        if (of_a.length == 0 || of_b.length == 0)
            return (of_a.length > 0) - (of_b.length > 0);
        const int order = compare_parts(of_a, of_b);
        if (order)
            return order;
    }
}

int ota_version_compare(const char *a, const char *b)
{
    static const struct part zero = {"0", 1};

    a += *a == 'v';
    b += *b == 'v';
    for (;;) {
        const struct part of_a = part_next(&a, ".-+");
        const struct part of_b = part_next(&b, ".-+");
        if (of_a.length == 0 && of_b.length == 0)
            break;
        const int order =
            compare_parts(of_a.length ? of_a : zero, of_b.length ? of_b : zero);
        if (order)
            return order;
    }
    if (*a != '-' || *b != '-')
        return (*a != '-') - (*b != '-');
    return compare_pre_releases(a + 1, b + 1);
}
