/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * import_parts.h - what the importers of all platforms share: taking fields
 * from the platform's JSON, saying what became of them, and building the
 * policy's.
 *
 * An importer takes the fields that it knows. What it has not taken when it is
 * done is looked up among the fields of no bearing, and is unknown otherwise.
 */
#ifndef OTA_IMPORT_PARTS_H
#define OTA_IMPORT_PARTS_H

#include "sim/scenario/import.h"
#include "sim/scenario/json.h"

/* In the order of ota_approximations. */
enum ota_approximation_id {
    OTA_START_IS_RELEASE,
    OTA_AWS_MINUTE_GRAIN,
    OTA_AWS_ABORT_DENOMINATOR,
    OTA_AWS_ABORT_INSTANT,
    OTA_AWS_ABORT_TIE,
    OTA_AWS_EITHER_CRITERION,
    OTA_AWS_RETRY_NOW,
    OTA_AWS_WINDOW_TAIL,
    OTA_AWS_END_BEHAVIOR,
    OTA_MQTT_BLOCK_LATENCY,
    OTA_HB_UNORDERED,
    OTA_HB_DOWNLOAD_ONLY,
    OTA_HB_ASK,
    OTA_HB_HUMAN,
    OTA_HB_START,
    OTA_MENDER_QUOTA_CARRY,
    OTA_MENDER_RETRY_NEXT_POLL,
    OTA_MENDER_PAUSE_POINT,
    OTA_MENDER_DOWNLOAD_RETRY,
    OTA_NH_SLOT_RACE,
    OTA_NH_HUMAN,
    OTA_NH_PULL_DELAY,
    OTA_NH_VERSION,
    OTA_NH_MATCH_LIMIT,
    OTA_NH_CATCH_ALL,
    OTA_FC_UNORDERED,
    OTA_FC_EMPTY_BATCH,
    OTA_FC_GRACE,
    OTA_FC_HUMAN,
    OTA_ADU_AND,
    OTA_ADU_DENOMINATOR,
    OTA_ADU_VERSION,
    OTA_APPROXIMATIONS
};

/* A known field of no bearing, and why; NULL: it names or describes
 * something. */
struct ota_import_idle_field {
    const char *key;
    const char *why;
};

/* A field that was asked for. */
struct ota_import_asked {
    const struct ota_json *object;
    const char *key;
    const struct ota_json *found; /* or NULL */
};

struct ota_importer {
    const struct ota_import_options *options;
    const char *platform;
    bool any_case; /* keys may begin with a capital letter */
    struct ota_arena *arena;
    struct ota_complaints *complaints;
    struct ota_import *out;
    bool no_memory;
    bool zero_known; /* of the calendar dates */
    int64_t zero_s;

    /* Lists that grow in the arena by doubling. */
    struct ota_import_asked *asked;
    size_t asked_count;
    struct ota_import_note *notes;
    struct ota_import_field *ignored, *unknown;
    const char **labels;
};

struct ota_import_platform {
    const char *name;
    const struct ota_import_idle_field *idle; /* ended by a NULL key */
    /* Fills the policy, an object that holds "policy" and "name". */
    void (*read)(struct ota_importer *im, const struct ota_json *root,
                 struct ota_json *policy);
};

extern const struct ota_import_platform ota_import_aws, ota_import_hawkbit,
    ota_import_mender, ota_import_nerveshub, ota_import_flightctl,
    ota_import_adu;

/* --- taking fields (import_take.c) --- */

/* The value of a key; NULL if it is absent or null. */
const struct ota_json *ota_import_take(struct ota_importer *im,
                                       const struct ota_json *object,
                                       const char *key);

/* The same of a type; NULL with a complaint if it is of another. */
const struct ota_json *ota_import_take_type(struct ota_importer *im,
                                            const struct ota_json *object,
                                            const char *key,
                                            enum ota_json_type type);

/* Whether it is there and good; *value stays as it is if not. A range that is
 * the platform's own comes with its source. */
bool ota_import_whole(struct ota_importer *im, const struct ota_json *object,
                      const char *key, int64_t least, int64_t most,
                      const char *source, int64_t *value);
/* At most so many decimal digits. */
bool ota_import_decimal(struct ota_importer *im, const struct ota_json *object,
                        const char *key, double least, double most, int digits,
                        const char *source, double *value);
bool ota_import_flag(struct ota_importer *im, const struct ota_json *object,
                     const char *key, bool *value);
/* Text; NULL if absent or wrong. */
const char *ota_import_text(struct ota_importer *im,
                            const struct ota_json *object, const char *key);
/* Which of the words, NULL-ended; -1 if absent or, with a complaint, none of
 * them. */
int ota_import_word(struct ota_importer *im, const struct ota_json *object,
                    const char *key, const char *const *words);

/* Complains about a value. */
void ota_import_refuse(struct ota_importer *im, const struct ota_json *value,
                       const char *format, ...) OTA_PRINTF(3, 4);

/* Whether an object has a key; complains if not, `why` saying what for. */
bool ota_import_need(struct ota_importer *im, const struct ota_json *object,
                     const char *key, const char *why);

/* This value and all in it was looked at. */
void ota_import_seen(struct ota_importer *im, const struct ota_json *value);

/* The same, and it made no difference, because. */
void ota_import_idle(struct ota_importer *im, const struct ota_json *value,
                     const char *why);

/* Lists as ignored or unknown what was not taken. */
void ota_import_leftovers(struct ota_importer *im, const struct ota_json *root,
                          const struct ota_import_idle_field *idle);

/* --- notes (import_notes.c) --- */

/* Notes the approximation once; returns which of its readings holds. */
int ota_import_approximate(struct ota_importer *im,
                           enum ota_approximation_id id);

/* One whose meaning depends on the file. */
void ota_import_approximate_so(struct ota_importer *im,
                               enum ota_approximation_id id, const char *format,
                               ...) OTA_PRINTF(3, 4);

/* Notes that filters ask groups for a label. */
void ota_import_label(struct ota_importer *im, const char *key);

/* --- building (import_build.c); a NULL parent is passed over --- */

struct ota_json *ota_build_object(struct ota_importer *im,
                                  struct ota_json *parent, const char *key);
struct ota_json *ota_build_list(struct ota_importer *im,
                                struct ota_json *parent, const char *key);
void ota_build_text(struct ota_importer *im, struct ota_json *parent,
                    const char *key, const char *format, ...) OTA_PRINTF(4, 5);
void ota_build_whole(struct ota_importer *im, struct ota_json *parent,
                     const char *key, int64_t value);
void ota_build_number(struct ota_importer *im, struct ota_json *parent,
                      const char *key, double value);
void ota_build_flag(struct ota_importer *im, struct ota_json *parent,
                    const char *key, bool value);

/* A duration; 0 is a bare 0. */
void ota_build_minutes(struct ota_importer *im, struct ota_json *parent,
                       const char *key, int64_t minutes);
/* In minutes if it is some. */
void ota_build_seconds(struct ota_importer *im, struct ota_json *parent,
                       const char *key, int64_t seconds);
/* In the largest unit that fits. */
void ota_build_span(struct ota_importer *im, struct ota_json *parent,
                    const char *key, int64_t seconds);

/* {"share": counter, "of": of, "op": op, "pct": pct} */
void ota_build_share(struct ota_importer *im, struct ota_json *parent,
                     const char *key, const char *counter, const char *of,
                     const char *op, double pct);
/* {"count": counter, "op": op, "n": n} */
void ota_build_count(struct ota_importer *im, struct ota_json *parent,
                     const char *key, const char *counter, const char *op,
                     int64_t n);

/* Returns the tree as text from the arena, NULL without memory; broken into
 * lines where it is wider than a terminal. */
const char *ota_build_print(struct ota_importer *im,
                            const struct ota_json *tree);

/* --- time (import_time.c) --- */

/* The calendar's zero, unless the user gave one. */
void ota_import_zero(struct ota_importer *im, int64_t seconds);

/* Seconds from the zero to a date, 0 if it is earlier; the zero is known. */
int64_t ota_import_since_zero(const struct ota_importer *im, int64_t seconds);

/* A date as text; whether it is there and good. */
bool ota_import_take_date(struct ota_importer *im,
                          const struct ota_json *object, const char *key,
                          int64_t *seconds);

/* A duration of Go, such as "1h30m": whole seconds, > 0. */
bool ota_import_take_span(struct ota_importer *im,
                          const struct ota_json *object, const char *key,
                          int64_t *seconds);

/* --- filters (import_filter.c) --- */

/* Appends " & " unless text is empty, then key op value, having checked that
 * both can stand in a filter; value is at `at`. Returns false with a
 * complaint. */
bool ota_filter_add(struct ota_importer *im, const struct ota_json *at,
                    char *text, size_t size, const char *key, const char *op,
                    const char *value);

/* hawkBit's queries (RSQL), as far as devices here have what they ask for;
 * empty if it asks for nothing. NULL with a complaint. */
const char *ota_filter_of_rsql(struct ota_importer *im,
                               const struct ota_json *query);

/* A version requirement of Elixir, such as ">= 1.2.0 and < 2.0.0" or
 * "~> 1.4". NULL with a complaint. */
const char *ota_filter_of_versions(struct ota_importer *im,
                                   const struct ota_json *requirement);

/* A Kubernetes-like selector: matchLabels, matchExpressions. NULL with a
 * complaint. */
const char *ota_filter_of_selector(struct ota_importer *im,
                                   const struct ota_json *selector);

enum { OTA_FILTER_SIZE = 1024 };

#endif
