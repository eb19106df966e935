/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json_out.h - writes JSON as it goes, on one line or indented.
 *
 * The caller keeps to the grammar: a key before each value of an object, as
 * many closes as opens. Failures of the stream are left in ferror().
 */
#ifndef OTA_JSON_OUT_H
#define OTA_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/stats/interval.h"

struct ota_json_out {
    FILE *out;
    bool pretty;
    int depth;        /* private, as all below */
    int flat_depth;   /* depth from which on all is on one line; 0: none */
    bool has_sibling; /* a value stands before the next one */
    bool after_key;
};

struct ota_json_out ota_json_out_to(FILE *out, bool pretty);

/* Opens an object '{' or a list '['. A flat one is kept on one line. */
void ota_json_out_open(struct ota_json_out *json, char bracket);
void ota_json_out_open_flat(struct ota_json_out *json, char bracket);
void ota_json_out_close(struct ota_json_out *json, char bracket);

void ota_json_out_key(struct ota_json_out *json, const char *key);
void ota_json_out_string(struct ota_json_out *json, const char *text);
void ota_json_out_integer(struct ota_json_out *json, int64_t value);

/* Shortest decimal that reads back; null for NaN and infinities. */
void ota_json_out_number(struct ota_json_out *json, double value);

/* "mean", "lo" and "hi" of an object that is open. */
void ota_json_out_estimate(struct ota_json_out *json,
                           const struct ota_estimate *estimate);

/* A number up to 2^53, which every reader keeps exactly, else a string. */
void ota_json_out_unsigned(struct ota_json_out *json, uint64_t value);

/* Puts in JSON text from elsewhere, indented to fit. */
void ota_json_out_raw(struct ota_json_out *json, const char *text);

/* Ends the document with a line break. */
void ota_json_out_end(struct ota_json_out *json);

#endif
