/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * text.h - small help with words.
 */
#ifndef OTA_TEXT_H
#define OTA_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "sim/base/error.h"

/*
 * Returns how many single-character insertions, deletions, replacements and
 * swaps of neighbours turn a into b (optimal string alignment), letter case
 * ignored. Only the first 63 bytes count.
 */
size_t ota_text_distance(const char *a, const char *b);

/*
 * Returns how many bytes the character of UTF-8 at text[0 .. left) has, left
 * being 1 or more; 0 if there is none (RFC 3629: no overlong forms, no
 * surrogates, at most U+10FFFF).
 */
size_t ota_utf8_length(const char *text, size_t left);

/*
 * Returns the word nearest to text among words[0 .. count), or NULL when none
 * is near enough to be meant (more than a third of its letters differ).
 * NULL words are passed over.
 */
const char *ota_text_nearest(const char *text, const char *const *words,
                             size_t count);

/* FNV-1a of 64 bits: texts that have the same mostly are. Source: G. Fowler,
 * L. C. Noll, K.-P. Vo, D. Eastlake, The FNV Non-Cryptographic Hash
 * Algorithm. */
uint64_t ota_text_hash(const char *text);

/* Appends to the NUL-terminated text of capacity size, cutting what is too
 * long. */
void ota_text_append(char *text, size_t size, const char *format, ...)
    OTA_PRINTF(3, 4);

#endif
