/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json_text.h - text before it is read as JSON: UTF-8 checked, comments
 * blanked, every byte at its line and column.
 */
#ifndef OTA_JSON_TEXT_H
#define OTA_JSON_TEXT_H

#include <stddef.h>

#include "sim/base/error.h"

/*
 * Returns a copy of text[0 .. *length) in which comments are spaces, without
 * a byte order mark, and its length in *length. The caller frees it. NULL
 * with a complaint if the text is not UTF-8 or a comment does not end.
 */
char *ota_json_plain_text(const char *file, const char *text, size_t *length,
                          struct ota_complaints *complaints);

/* Puts line and column of text[offset] into place. */
void ota_json_text_place(const char *text, size_t offset,
                         struct ota_place *place);

#endif
