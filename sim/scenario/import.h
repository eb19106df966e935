/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * import.h - a platform's own rollout configuration as a policy.
 *
 * Reads what a user would send to AWS IoT Jobs, hawkBit, Mender, NervesHub,
 * Flight Control or Azure Device Update, and makes a policy of it. Nothing is
 * lost in silence: what a platform leaves open is a named approximation, and
 * each field that found no place is listed, with the reason or as unknown.
 * What cannot be expressed, or what the platform itself would refuse, is a
 * complaint.
 */
#ifndef OTA_IMPORT_H
#define OTA_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/arena.h"
#include "sim/base/error.h"
#include "sim/scenario/scenario.h"

enum { OTA_READINGS_MAX = 4 };

/* Something that a platform's documents leave open, or that a policy cannot
 * say exactly. */
struct ota_approximation {
    const char *name;
    /* What it may be read as, the one that holds by itself first; NULL if
     * there is no choice. */
    const char *readings[OTA_READINGS_MAX];
    const char *meanings[OTA_READINGS_MAX]; /* one at least */
};

/* All of them, ended by a NULL name. */
extern const struct ota_approximation ota_approximations[];

/* "aws", ...; NULL-ended. */
extern const char *const ota_import_platforms[];

struct ota_import_options {
    /* Approximation and reading, as path and value; the last one holds. Both
     * must be of ota_approximations. */
    const struct ota_setting *readings;
    size_t reading_count;
    bool start_given; /* when the release is, for files with calendar dates; */
    int64_t start_s;  /* else the earliest date of the file is. Seconds since
                       * 1970-01-01 UTC */
};

/* An approximation that was made. */
struct ota_import_note {
    const char *name, *meaning;
};

/* A field that found no place in the policy. */
struct ota_import_field {
    const char *path;
    int line, column;
    const char *why; /* unknown ones: the nearest known word, or NULL */
};

struct ota_import {
    const char *policy; /* JSON, indented, without a line end behind it */
    const struct ota_import_note *notes;
    size_t note_count;
    const struct ota_import_field *ignored; /* known, and of no bearing */
    size_t ignored_count;
    const struct ota_import_field *unknown;
    size_t unknown_count;
    const char *const *labels; /* keys that its filters ask groups for */
    size_t label_count;
    struct ota_arena arena; /* private: owns all of the above */
};

/*
 * Reads `file`, of the platform ota_import_platforms[platform]. Returns false
 * if there is any complaint; *import then holds nothing.
 */
bool ota_import_read(struct ota_import *import, size_t platform,
                     const char *file, const struct ota_import_options *options,
                     struct ota_complaints *complaints);

/* The same for text[0 .. length); `file` is its name in complaints. */
bool ota_import_read_text(struct ota_import *import, size_t platform,
                          const char *file, const char *text, size_t length,
                          const struct ota_import_options *options,
                          struct ota_complaints *complaints);

void ota_import_release(struct ota_import *import);

/* Returns all of it as one JSON object: policy, approximations, ignored,
 * unknown, labels. The caller frees it. NULL: no memory. */
char *ota_import_to_json(const struct ota_import *import);

/* Reads a date of ISO 8601 such as 2026-11-01T02:00:00Z or 2026-11-01 02:00,
 * UTC unless it says otherwise. Returns false if it is none. */
bool ota_import_date(const char *text, int64_t *seconds);

#endif
