/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * text.c - small help with words.
 */
#include "sim/base/text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LETTERS_MAX = 63 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t length_of(const char *text)
{
    return strnlen(text, LETTERS_MAX);
}

static int lower(char letter)
{
    return tolower((unsigned char)letter);
}

size_t ota_utf8_length(const char *text, size_t left)
{
    const unsigned char first = (unsigned char)text[0];
    const size_t length = first < 0x80                     ? 1
                          : first >= 0xC2 && first <= 0xDF ? 2
                          : first >= 0xE0 && first <= 0xEF ? 3
                          : first >= 0xF0 && first <= 0xF4 ? 4
                                                           : 0;

    if (length < 2 || length > left)
        return length == 1;
    for (size_t i = 1; i < length; i++)
        if (((unsigned char)text[i] & 0xC0) != 0x80)
            return 0;

    const unsigned char second = (unsigned char)text[1];
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
        (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F))
        return 0;
    return length;
}

/*
 * Rows of the usual table: row[i][j] is the distance between the first i
 * letters of a and the first j of b. Three rows suffice, as a swap looks two
 * back. Source: R. A. Wagner, M. J. Fischer, J. ACM 21 (1974); swaps: R.
 * Lowrance, R. A. Wagner, J. ACM 22 (1975).
 */
size_t ota_text_distance(const char *a, const char *b)
{
    const size_t a_length = length_of(a);
    const size_t b_length = length_of(b);
    size_t rows[3][LETTERS_MAX + 1];

    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i - 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            const int here = lower(a[i - 1]);
            const int there = lower(b[j - 1]);
            row[j] = least(above[j - 1] + (here != there),
                           least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && here == lower(b[j - 2]) &&
                there == lower(a[i - 2]))
                row[j] = least(row[j], rows[(i - 2) % 3][j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

const char *ota_text_nearest(const char *text, const char *const *words,
                             size_t count)
{
    const char *nearest = NULL;
    size_t nearest_distance = 0;

    for (size_t i = 0; i < count; i++) {
        if (!words[i])
            continue;
        const size_t distance = ota_text_distance(text, words[i]);
        const size_t text_length = length_of(text);
        const size_t word_length = length_of(words[i]);
        const size_t letters =
            text_length > word_length ? text_length : word_length;
        if (distance * 3 > letters)
            continue;
        if (!nearest || distance < nearest_distance) {
            nearest = words[i];
            nearest_distance = distance;
        }
    }
    return nearest;
}

void ota_text_append(char *text, size_t size, const char *format, ...)
{
    const size_t length = strnlen(text, size);

    if (length + 1 >= size)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(text + length, size - length, format, args);
    va_end(args);
}

uint64_t ota_text_hash(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return hash;
}
