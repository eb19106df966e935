/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy_keys.c - filters, orders and units ask for what devices have: a key
 * that no group gives its devices, or a value that none of them can have, is a
 * mistake that would otherwise quietly choose nobody, or everybody.
 *
 * A label that devices draw from several values counts with all of these. ""
 * is what devices without a label have. Platforms, links and versions are not
 * judged: a policy may speak of devices that this fleet has none of.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/text.h"
#include "sim/scenario/group_labels.h"
#include "sim/scenario/policy_read.h"

enum { KEYS_MAX = 64 };

static const char *const known_keys[] = {"group", "platform", "product",
                                         "link",  "os",       "id"};

/* Collects the keys that devices have, each once. */
static size_t collect_keys(const struct ota_group *groups, size_t count,
                           const char *words[KEYS_MAX])
{
    size_t words_count = 0;
    for (; words_count < sizeof(known_keys) / sizeof(*known_keys);
         words_count++)
        words[words_count] = known_keys[words_count];
    for (size_t g = 0; g < count; g++)
        for (size_t l = 0; l < groups[g].label_count; l++) {
            const char *key = groups[g].labels[l].key;
            bool had = words_count == KEYS_MAX || !key;
            for (size_t i = 0; i < words_count && !had; i++)
                had = strcmp(words[i], key) == 0;
            if (!had)
                words[words_count++] = key;
        }
    return words_count;
}

/* --- values --- */

/* What devices have of a key: texts, each once, as far as there is room; and
 * the first span of numbers. */
struct values {
    const char *wanted;
    bool found;
    const char *words[KEYS_MAX];
    size_t count;
    bool spans;
    int64_t first, last;
};

static void meet_text(struct values *values, const char *text)
{
    bool had = values->count == KEYS_MAX || !text[0];

    values->found = values->found || strcmp(values->wanted, text) == 0;
    for (size_t i = 0; i < values->count && !had; i++)
        had = strcmp(values->words[i], text) == 0;
    if (!had)
        values->words[values->count++] = text;
}

/* The numbers that a group's units have. */
static void meet_span(struct values *values, int64_t first, int64_t last)
{
    char text[24];
    const int64_t number = strtoll(values->wanted, NULL, 10);

    snprintf(text, sizeof(text), "%lld", (long long)number);
    if (strcmp(text, values->wanted) == 0 && number >= first && number <= last)
        values->found = true;
    values->first =
        values->spans && values->first < first ? values->first : first;
    values->last = values->spans && values->last > last ? values->last : last;
    values->spans = true;
}

static void meet_label(struct values *values, const struct ota_group *group,
                       const struct ota_label *label)
{
    if (label->each > 0 && group->count > 0)
        meet_span(values, label->from,
                  label->from + (group->count - 1) / label->each);
    for (size_t v = 0; v < label->value_count; v++)
        if (label->values[v].text)
            meet_text(values, label->values[v].text);
}

static void meet_group(struct values *values, const struct ota_group *group,
                       const char *key)
{
    if (strcmp(key, "group") == 0)
        meet_text(values, group->name);
    for (size_t l = 0; l < group->label_count; l++)
        if (group->labels[l].key && strcmp(group->labels[l].key, key) == 0)
            meet_label(values, group, &group->labels[l]);
}

static bool check_value(struct ota_policy_reader *reader,
                        const struct ota_policy_key *asked,
                        const struct ota_group *groups, size_t count)
{
    struct values values = {.wanted = asked->value};
    char advice[OTA_MESSAGE_SIZE];

    for (size_t g = 0; g < count; g++)
        meet_group(&values, &groups[g], asked->key);
    if (values.found || !asked->value[0] || (!values.count && !values.spans))
        return true;
    ota_bind_advise(asked->value, values.words, values.count, advice,
                    sizeof(advice));
    if (values.spans && !strchr(advice, '?'))
        ota_text_append(advice, sizeof(advice), "%s%lld to %lld",
                        values.count ? ", " : "; known: ",
                        (long long)values.first, (long long)values.last);
    return ota_bind_complain(reader->binder, asked->at,
                             "no device has %.40s=\"%.40s\"%s", asked->key,
                             asked->value, advice);
}

/* --- both --- */

static bool complain_of_key(struct ota_policy_reader *reader,
                            const struct ota_policy_key *asked,
                            const char *const *words, size_t count)
{
    char advice[OTA_MESSAGE_SIZE];

    ota_bind_advise(asked->key, words, count, advice, sizeof(advice));
    if (!strchr(advice, '?'))
        ota_text_append(advice, sizeof(advice),
                        "; others are the groups' \"labels\": {\"%.40s\": "
                        "...}",
                        asked->key);
    return ota_bind_complain(reader->binder, asked->at,
                             "no device has \"%.40s\"%s", asked->key, advice);
}

bool ota_policy_check_keys(struct ota_policy_reader *reader,
                           const struct ota_group *groups, size_t count)
{
    const char *words[KEYS_MAX];
    const size_t words_count = collect_keys(groups, count, words);
    bool ok = true;
    for (const struct ota_policy_key *k = reader->keys; k; k = k->next) {
        bool known = ota_groups_have_label(groups, count, k->key);
        for (size_t i = 0; i < words_count && !known; i++)
            known = strcmp(words[i], k->key) == 0;
        if (!known)
            ok = complain_of_key(reader, k, words, words_count);
        else if (k->value)
            ok = check_value(reader, k, groups, count) && ok;
    }
    return ok;
}
