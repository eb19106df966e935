/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group_labels.c - labels, of three shapes: "canary", {"each": 5},
 * {"A": 0.9, "B": 0.1}.
 */
#include "sim/scenario/group_labels.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

static const double share_tolerance = 1e-9;

static const char shapes[] =
    "a label such as \"canary\", {\"each\": 5} or {\"A\": 0.9, \"B\": 0.1}";

static bool is_remark(const struct ota_json *value)
{
    return strncmp(value->key, "x-", 2) == 0;
}

/* What filters can name: no blanks, no signs of theirs, no key that devices
 * have anyhow. */
static bool check_key(struct ota_binder *binder, const struct ota_json *value)
{
    static const char *const taken[] = {"group", "platform", "product",
                                        "link",  "os",       "id"};
    const char *key = value->key;
    bool plain = isalpha((unsigned char)key[0]) || key[0] == '_';
    for (const char *c = key; *c; c++)
        plain = plain && (isalnum((unsigned char)*c) || strchr("_-.", *c));
    if (strlen(key) >= OTA_NAME_SIZE)
        return ota_bind_complain(binder, value,
                                 "a label's name has %d bytes at most",
                                 OTA_NAME_SIZE - 1);
    if (!plain)
        return ota_bind_complain(binder, value,
                                 "a label's name is made of letters, digits "
                                 "and _ - ., and begins with a letter");
    for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
        if (strcmp(taken[i], key) == 0)
            return ota_bind_complain(binder, value,
                                     "every device has a \"%s\" of its own; "
                                     "call the label otherwise",
                                     key);
    return true;
}

static struct ota_label_value *make_values(struct ota_binder *binder,
                                           const struct ota_json *at,
                                           size_t count,
                                           struct ota_label *label)
{
    struct ota_label_value *values =
        ota_arena_alloc(binder->context.arena, count, sizeof(*values));
    if (!values) {
        ota_bind_complain(binder, at, OTA_NO_MEMORY);
        return NULL;
    }
    label->values = values;
    label->value_count = count;
    return values;
}

/* The text of a value; a tree's lives as long as the scenario. */
static bool read_lone(struct ota_binder *binder, const struct ota_json *value,
                      struct ota_label *label)
{
    struct ota_label_value *values = make_values(binder, value, 1, label);
    if (!values)
        return false;
    *values = (struct ota_label_value){.text = value->text, .share = 1};
    return true;
}

static bool read_each(struct ota_binder *binder, const struct ota_json *each,
                      struct ota_label *label)
{
    static const struct ota_field field = {.name = "each",
                                           .kind = OTA_FIELD_INTEGER,
                                           .dimension = OTA_COUNT,
                                           .offset =
                                               offsetof(struct ota_label, each),
                                           .min = 1,
                                           .max = 1e9};
    static const struct ota_field from = {.name = "from",
                                          .kind = OTA_FIELD_INTEGER,
                                          .dimension = OTA_COUNT,
                                          .offset =
                                              offsetof(struct ota_label, from),
                                          .min = 0,
                                          .max = 1e9};
    bool ok = ota_bind_value(binder, &field, each, label);
    for (const struct ota_json *v = each->parent->child; v; v = v->next) {
        if (v == each || is_remark(v))
            continue;
        if (strcmp(v->key, "from") == 0)
            ok = ota_bind_value(binder, &from, v, label) && ok;
        else
            ok = ota_bind_complain(binder, v,
                                   "beside \"each\" there are no values, but "
                                   "a number to begin with, \"from\"");
    }
    return ok;
}

static bool read_shares(struct ota_binder *binder, const struct ota_json *value,
                        struct ota_label *label)
{
    static const struct ota_field field = {
        .name = "share",
        .kind = OTA_FIELD_REAL,
        .dimension = OTA_RATIO,
        .offset = offsetof(struct ota_label_value, share),
        .min = 0,
        .max = 1};
    size_t count = 0;
    for (const struct ota_json *v = value->child; v; v = v->next)
        count += !is_remark(v);
    if (count == 0)
        return ota_bind_complain(binder, value, "no values; write %s", shapes);
    struct ota_label_value *values = make_values(binder, value, count, label);
    if (!values)
        return false;
    bool ok = true;
    double sum = 0;
    for (const struct ota_json *v = value->child; v; v = v->next) {
        if (is_remark(v))
            continue;
        values->text = v->key;
        ok = ota_bind_value(binder, &field, v, values) && ok;
        sum += values++->share;
    }
    if (ok && fabs(sum - 1.0) > share_tolerance)
        return ota_bind_complain(
            binder, value, "the shares sum to %.10g; they must sum to 1", sum);
    return ok;
}

static bool read_label(struct ota_binder *binder, const struct ota_json *value,
                       struct ota_label *label)
{
    *label = (struct ota_label){.key = value->key};
    if (!check_key(binder, value))
        return false;
    if (value->type == OTA_JSON_TEXT && !value->text[0])
        return ota_bind_complain(binder, value,
                                 "an empty text is what devices without the "
                                 "label have; leave it out");
    if (value->type == OTA_JSON_TEXT || value->type == OTA_JSON_NUMBER)
        return read_lone(binder, value, label);
    const struct ota_json *each = ota_json_find(value, "each");
    if (each)
        return read_each(binder, each, label);
    if (value->type == OTA_JSON_OBJECT)
        return read_shares(binder, value, label);
    return ota_bind_complain(binder, value, "%s where %s belongs",
                             ota_json_type_words(value->type), shapes);
}

bool ota_group_read_labels(struct ota_binder *binder,
                           const struct ota_json *object,
                           struct ota_group *group)
{
    struct ota_bind_section found;
    if (!ota_bind_find(binder, object, "labels", &found))
        return false;
    size_t count = 0;
    const struct ota_json *first = found.object ? found.object->child : NULL;
    for (const struct ota_json *v = first; v; v = v->next)
        count += !is_remark(v);
    if (count == 0)
        return true;
    struct ota_label *labels =
        ota_arena_alloc(binder->context.arena, count, sizeof(*labels));
    if (!labels)
        return ota_bind_complain(binder, found.object, OTA_NO_MEMORY);
    group->labels = labels;
    group->label_count = count;
    bool ok = true;
    for (const struct ota_json *v = first; v; v = v->next)
        if (!is_remark(v))
            ok = read_label(binder, v, labels++) && ok;
    return ok;
}

bool ota_groups_have_label(const struct ota_group *groups, size_t count,
                           const char *key)
{
    for (size_t g = 0; g < count; g++)
        for (size_t l = 0; l < groups[g].label_count; l++)
            if (groups[g].labels[l].key &&
                strcmp(groups[g].labels[l].key, key) == 0)
                return true;
    return false;
}
