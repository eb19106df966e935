/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * file_kind.c - tells scenarios, policies and changes apart by their keys.
 *
 * A policy has keys that no scenario has ("waves", "rules"), and a few that
 * are also a group's ("name", "transfer"): these alone are changes.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/json.h"
#include "sim/scenario/policy_vocab.h"
#include "sim/scenario/read_file.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/setting_path.h"

static bool is_of_policy(const char *key)
{
    for (const struct ota_vocab_item *i = ota_vocab_policy.items; i->field.name;
         i++)
        if (strcmp(i->field.name, key) == 0)
            return true;
    return false;
}

static bool is_policy(const struct ota_json *object)
{
    const struct ota_json *version = ota_json_find(object, "policy");
    bool own = false;

    if (version)
        return version->type != OTA_JSON_OBJECT;
    for (const struct ota_json *v = object->child; v; v = v->next) {
        if (strncmp(v->key, "x-", 2) == 0)
            continue;
        if (!is_of_policy(v->key))
            return false;
        own = own ||
              !(ota_setting_is_top(v->key) || ota_setting_is_group(v->key));
    }
    return own;
}

enum ota_file_kind ota_scenario_file_kind(const char *file)
{
    enum ota_file_kind kind = OTA_FILE_CHANGES;
    struct ota_arena arena = {0};
    struct ota_complaints complaints = {0};
    size_t length;
    char *text = ota_read_file(file, &length);
    const struct ota_json *root =
        text ? ota_json_parse(file, text, length, &arena, &complaints) : NULL;

    if (root && root->type == OTA_JSON_OBJECT) {
        const struct ota_json *fleet = ota_json_find(root, "fleet");
        if (fleet && fleet->type == OTA_JSON_LIST)
            kind = OTA_FILE_SCENARIO;
        else if (is_policy(root))
            kind = OTA_FILE_POLICY;
    }
    ota_arena_release(&arena);
    free(text);
    return kind;
}
