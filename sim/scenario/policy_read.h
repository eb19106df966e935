/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy_read.h - the scenario's "policy", and all that is told of it.
 */
#ifndef OTA_POLICY_READ_H
#define OTA_POLICY_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/fleet/config.h"
#include "sim/scenario/json_write.h"
#include "sim/scenario/policy_vocab.h"

/*
 * Reads root's "policy" into *policy; that of an empty one if there is none.
 * file is the scenario's: distributions in another file's policy are sought in
 * its folder. left_us is from the release to the end of the run; 0: not known.
 */
bool ota_policy_read(struct ota_policy_reader *reader, const char *file,
                     const struct ota_json *root, int64_t left_us,
                     struct ota_policy *policy);

/* Reads a filter and notes which keys and values it asks for. */
bool ota_policy_read_filter(struct ota_policy_reader *reader,
                            const struct ota_json *value,
                            struct ota_filter *filter);

/* Complains about keys that were noted and no group has, and about values
 * that no device can have (policy_keys.c). */
bool ota_policy_check_keys(struct ota_policy_reader *reader,
                           const struct ota_group *groups, size_t count);

/* Complains about what contradicts itself or never can happen. object is where
 * the policy stands. */
bool ota_policy_check(struct ota_policy_reader *reader,
                      const struct ota_json *object, int64_t left_us,
                      const struct ota_policy *policy);
/* Parts of that. */
struct ota_policy_judge {
    struct ota_policy_reader *reader;
    const struct ota_policy *policy;
    const struct ota_json *object;
    int64_t left_us;
};
bool ota_policy_check_waves(const struct ota_policy_judge *judge);
bool ota_policy_check_rules(const struct ota_policy_judge *judge);
bool ota_policy_check_order(const struct ota_policy_judge *judge,
                            const struct ota_rules *rules,
                            const struct ota_json *at);
bool ota_policy_check_pace(const struct ota_policy_judge *judge);
bool ota_policy_check_devices(const struct ota_policy_judge *judge);

/* Where "rules.list.2.if" stands in a value, or the last that there is of the
 * way to it. */
const struct ota_json *ota_policy_at(const struct ota_json *value,
                                     const char *format, ...) OTA_PRINTF(2, 3);

/* Whether a condition or an action of that kind is among what a rule may
 * do. */
bool ota_rules_have(const struct ota_rules *rules, enum ota_action_kind kind);

/* Writes it with every default filled in; reads back the same. */
void ota_policy_write(struct ota_json_writer *writer, const char *key,
                      const struct ota_policy *policy);

/* Writes the reference: every block, every key. */
void ota_policy_print(FILE *out);

/* Writes the definitions of its JSON Schema, of which "policy" is the first. */
void ota_policy_write_schema(struct ota_json_writer *writer);

#endif
