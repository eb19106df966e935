/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy_vocab.h - the vocabulary of policies: which keys stand where, and
 * what each may be.
 *
 * A policy is blocks within blocks. A block is a table of items, and an item
 * is a field as anywhere in a scenario, or one of a few things that only
 * policies have. Reader, dump, reference and JSON Schema all walk these tables.
 */
#ifndef OTA_POLICY_VOCAB_H
#define OTA_POLICY_VOCAB_H

#include <stdbool.h>
#include <stddef.h>

#include "models/policy/policy.h"
#include "sim/base/field.h"
#include "sim/scenario/bind.h"
#include "sim/scenario/json_write.h"

/* A key that a filter, an order or a unit asks devices for. */
struct ota_policy_key {
    const char *key;
    const char *value;         /* that it is compared with, or NULL */
    const struct ota_json *at; /* where it is asked for */
    const struct ota_policy_key *next;
};

struct ota_policy_reader {
    struct ota_binder *binder;
    const struct ota_policy_key *keys;
    bool in_wave; /* rules that are read are a wave's own */
};

struct ota_vocab_block;
struct ota_vocab_item;

/* A value of a shape of its own. config is the block's; a form may set more
 * than its place. */
struct ota_vocab_form {
    const char *what;   /* "2h after the begin, ...": what belongs there */
    const char *schema; /* of the JSON; NULL: a list of `entry` */
    const struct ota_vocab_block *entry; /* of a list, or of an object with
                                          * memory of its own */
    bool (*read)(struct ota_policy_reader *reader,
                 const struct ota_vocab_item *item,
                 const struct ota_json *value, void *config);
    /* NULL: nothing to write, as it is said otherwise or cannot be had. */
    void (*write)(struct ota_json_writer *writer,
                  const struct ota_vocab_item *item, const void *config);
};

enum ota_vocab_as {
    OTA_AS_FIELD,  /* as its kind says; times also as a number of
                    * seconds, distributions also as {"exp": "2d"} */
    OTA_AS_PCT,    /* int64_t, millionths of a percent: 0 to 100 */
    OTA_AS_PAIR,   /* bool: which of two choices */
    OTA_AS_FILTER, /* struct ota_filter */
    OTA_AS_BLOCK,  /* a block within */
    OTA_AS_FORM,
};

struct ota_vocab_item {
    struct ota_field field; /* its fallback is not looked at: defaults are
                             * what the block holds before it is read */
    enum ota_vocab_as as;
    const struct ota_vocab_block *block; /* AS_BLOCK */
    const struct ota_vocab_form *form;   /* AS_FORM */
    bool must;                           /* be given */
    void (*given)(void *config);         /* called if it is, or NULL */
    /* Whether it is to be written; NULL: always. */
    bool (*present)(const void *config);
};

struct ota_vocab_block {
    const char *path; /* "policy.pace.rate" */
    const char *summary;
    const struct ota_vocab_item *items; /* ended by a NULL name */
    size_t size;                        /* of an entry's memory; else 0 */
    void (*init)(void *config);         /* of an entry: its defaults */
    /* What is left to do with what was given; NULL: nothing. */
    bool (*finish)(struct ota_policy_reader *reader,
                   const struct ota_json *object, void *config);
};

/* The whole: of struct ota_policy. */
extern const struct ota_vocab_block ota_vocab_policy;

/* Parts that have files of their own. */
extern const struct ota_vocab_block ota_vocab_target, ota_vocab_waves,
    ota_vocab_pace, ota_vocab_rules, ota_vocab_attempt, ota_vocab_windows,
    ota_vocab_device, ota_vocab_transfer, ota_vocab_operator;

/* Of struct ota_condition, for the reference and the schema; ended by NULL. */
extern const struct ota_vocab_block *const ota_vocab_conditions[];
/* Of struct ota_action. */
extern const struct ota_vocab_block *const ota_vocab_actions[];

/* Calls visit for each block, those within behind those around. */
void ota_vocab_walk(void (*visit)(void *self,
                                  const struct ota_vocab_block *block),
                    void *self);

/* Longest time that a policy may hold, so that sums stay far from the end of
 * 64 bits. */
#define OTA_VOCAB_TIME_MAX 315360000000000.0 /* 3650 days */

/* --- reading (policy_bind.c) --- */

/* Reads what is given of a block into config. */
bool ota_vocab_read(struct ota_policy_reader *reader,
                    const struct ota_vocab_block *block,
                    const struct ota_json *object, void *config);

/* Reads a list of entries; *count is how many. Returns them, or NULL with a
 * complaint, or without one if the list is empty. */
void *ota_vocab_read_list(struct ota_policy_reader *reader,
                          const struct ota_vocab_block *entry,
                          const struct ota_json *list, size_t *count, bool *ok);

/* Reads one value by a field, times and distributions as policies have
 * them. */
bool ota_vocab_read_field(struct ota_policy_reader *reader,
                          const struct ota_field *field,
                          const struct ota_json *value, void *config);
bool ota_vocab_read_pct(struct ota_policy_reader *reader,
                        const struct ota_json *value, int64_t *pct);

/* A duration to *time_us. */
bool ota_vocab_read_time(struct ota_policy_reader *reader,
                         const struct ota_json *value, int64_t *time_us);

/* Notes that devices are asked for a key, and whether they have that value;
 * NULL: any. */
bool ota_vocab_note_key(struct ota_policy_reader *reader, const char *key,
                        const char *value, const struct ota_json *at);

/* Complains that something else stands where `what` belongs. */
bool ota_vocab_expect(struct ota_policy_reader *reader,
                      const struct ota_json *value, const char *what);

/* The only key of an object that is no "x-..."; NULL if it has none or
 * several, or is no object. */
const struct ota_json *ota_vocab_only(const struct ota_json *object);

/* --- writing (policy_dump.c) --- */

/* Writes the items of a block; the brackets are the caller's. */
void ota_vocab_write(struct ota_json_writer *writer,
                     const struct ota_vocab_block *block, const void *config);
void ota_vocab_write_item(struct ota_json_writer *writer,
                          const struct ota_vocab_item *item,
                          const void *config);
void ota_vocab_write_list(struct ota_json_writer *writer, const char *key,
                          const struct ota_vocab_block *entry,
                          const void *entries, size_t count);
void ota_vocab_write_time(struct ota_json_writer *writer, const char *key,
                          int64_t time_us);
void ota_vocab_write_pct(struct ota_json_writer *writer, const char *key,
                         int64_t pct);
void ota_vocab_write_count(struct ota_json_writer *writer, const char *key,
                           int64_t count);

#endif
