/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy_items.h - rows of the policy's tables that are alike but for a name;
 * for the files of the vocabulary alone.
 */
#ifndef OTA_POLICY_ITEMS_H
#define OTA_POLICY_ITEMS_H

#include "sim/base/clock.h"
#include "sim/scenario/policy_vocab.h"

#define TIME_ITEM(key, type, member, text)                                     \
    {                                                                          \
        .field = {                                                             \
            .name = key,                                                       \
            .kind = OTA_FIELD_INTEGER,                                         \
            .dimension = OTA_TIME,                                             \
            .offset = offsetof(type, member),                                  \
            .min = 0,                                                          \
            .max = OTA_VOCAB_TIME_MAX,                                         \
            .help = text                                                       \
        }                                                                      \
    }

/* A time of at least a millisecond, or "never". */
#define NEVER_ITEM(key, type, member, text)                                    \
    {                                                                          \
        .field = {                                                             \
            .name = key,                                                       \
            .kind = OTA_FIELD_INTEGER,                                         \
            .dimension = OTA_TIME,                                             \
            .offset = offsetof(type, member),                                  \
            .min = (double)OTA_US_PER_MS,                                      \
            .max = (double)OTA_NEVER,                                          \
            .help = text                                                       \
        }                                                                      \
    }

#define COUNT_ITEM(key, type, member, most, text)                              \
    {                                                                          \
        .field = {                                                             \
            .name = key,                                                       \
            .kind = OTA_FIELD_INTEGER,                                         \
            .dimension = OTA_COUNT,                                            \
            .offset = offsetof(type, member),                                  \
            .min = 0,                                                          \
            .max = most,                                                       \
            .help = text                                                       \
        }                                                                      \
    }

#define SHARE_ITEM(key, type, member, text)                                    \
    {                                                                          \
        .field = {                                                             \
            .name = key,                                                       \
            .kind = OTA_FIELD_REAL,                                            \
            .dimension = OTA_RATIO,                                            \
            .offset = offsetof(type, member),                                  \
            .min = 0,                                                          \
            .max = 1,                                                          \
            .help = text                                                       \
        }                                                                      \
    }

#define FACTOR_ITEM(key, type, member, text)                                   \
    {                                                                          \
        .field = {                                                             \
            .name = key,                                                       \
            .kind = OTA_FIELD_REAL,                                            \
            .dimension = OTA_COUNT,                                            \
            .offset = offsetof(type, member),                                  \
            .min = 0,                                                          \
            .max = 1e6,                                                        \
            .help = text                                                       \
        }                                                                      \
    }

#define DIST_ITEM(key, type, member, text)                                     \
    {                                                                          \
        .field = {                                                             \
            .name = key,                                                       \
            .kind = OTA_FIELD_DIST,                                            \
            .dimension = OTA_TIME,                                             \
            .offset = offsetof(type, member),                                  \
            .min = 0,                                                          \
            .max = OTA_VOCAB_TIME_MAX,                                         \
            .help = text                                                       \
        }                                                                      \
    }

#define FLAG_ITEM(key, type, member, text)                                     \
    {                                                                          \
        .field = {                                                             \
            .name = key,                                                       \
            .kind = OTA_FIELD_FLAG,                                            \
            .offset = offsetof(type, member),                                  \
            .help = text                                                       \
        }                                                                      \
    }

#define CHOICE_ITEM(key, type, member, words, text)                            \
    {                                                                          \
        .field = {                                                             \
            .name = key,                                                       \
            .kind = OTA_FIELD_CHOICE,                                          \
            .offset = offsetof(type, member),                                  \
            .choices = words,                                                  \
            .help = text                                                       \
        }                                                                      \
    }

#define PAIR_ITEM(key, type, member, words, text)                              \
    {                                                                          \
        .field = {.name = key,                                                 \
                  .kind = OTA_FIELD_CHOICE,                                    \
                  .offset = offsetof(type, member),                            \
                  .choices = words,                                            \
                  .help = text},                                               \
        .as = OTA_AS_PAIR                                                      \
    }

#define FILTER_ITEM(key, type, member, text)                                   \
    {                                                                          \
        .field = {.name = key,                                                 \
                  .offset = offsetof(type, member),                            \
                  .help = text},                                               \
        .as = OTA_AS_FILTER                                                    \
    }

#define BLOCK_ITEM(key, type, member, table, text)                             \
    {                                                                          \
        .field = {.name = key,                                                 \
                  .offset = offsetof(type, member),                            \
                  .help = text},                                               \
        .as = OTA_AS_BLOCK, .block = &(table)                                  \
    }

/* A block whose items are of the same struct as those around. */
#define SAME_BLOCK_ITEM(key, table, text)                                      \
    {                                                                          \
        .field = {.name = key, .help = text}, .as = OTA_AS_BLOCK,              \
        .block = &(table)                                                      \
    }

#define FORM_ITEM(key, type, member, shape, text)                              \
    {                                                                          \
        .field = {.name = key,                                                 \
                  .offset = offsetof(type, member),                            \
                  .help = text},                                               \
        .as = OTA_AS_FORM, .form = &(shape)                                    \
    }

/* A form that has no place, or several. */
#define LOOSE_ITEM(key, shape, text)                                           \
    {                                                                          \
        .field = {.name = key, .help = text}, .as = OTA_AS_FORM,               \
        .form = &(shape)                                                       \
    }

#define END_ITEM                                                               \
    {                                                                          \
        .field = {.name = NULL }                                               \
    }

/* What a rule has, of struct ota_rule (policy_rules.c). */
extern const struct ota_vocab_form ota_vocab_if, ota_vocab_minimums,
    ota_vocab_window;

/* One wave, and how many devices it takes (policy_wave.c). */
extern const struct ota_vocab_block ota_vocab_wave;
extern const struct ota_vocab_form ota_vocab_wave_size;

/* The read of a form that cannot be simulated; its `what` says why. */
bool ota_vocab_refuse(struct ota_policy_reader *reader,
                      const struct ota_vocab_item *item,
                      const struct ota_json *value, void *config);

/* Whether a value is that text. */
bool ota_vocab_is(const struct ota_json *value, const char *word);

/* Reads "label:KEY" and notes the key. *is_label: whether it is one. */
bool ota_vocab_read_label(struct ota_policy_reader *reader,
                          const struct ota_json *value, const char **label,
                          bool *is_label);
void ota_vocab_write_label(struct ota_json_writer *writer, const char *key,
                           const char *label);

/* Of "order", of a wave or of all. */
#define WAVE_ORDER_SCHEMA                                                      \
    "{\"type\": \"string\", \"pattern\": "                                     \
    "\"^(random|id|created|connected_longest|first_seen_newest|"               \
    "last_seen_newest|label:.+)$\"}"

#endif
