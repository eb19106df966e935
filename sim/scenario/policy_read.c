/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy_read.c - the section "policy" from the top.
 */
#include "sim/scenario/policy_read.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/text.h"

/* --- the vocabulary ------------------------------------------------------- */

/* Longer than blocks are deep. */
enum { DEPTH_MAX = 16 };

struct walk {
    void (*visit)(void *self, const struct ota_vocab_block *block);
    void *self;
    const struct ota_vocab_block *around[DEPTH_MAX];
};

static void walk_block(struct walk *walk, const struct ota_vocab_block *block,
                       size_t depth)
{
    for (size_t i = 0; i < depth; i++)
        if (walk->around[i] == block)
            return;
    if (depth == DEPTH_MAX)
        return;
    walk->around[depth] = block;
    walk->visit(walk->self, block);
    for (const struct ota_vocab_item *i = block->items; i->field.name; i++) {
        if (i->as == OTA_AS_BLOCK)
            walk_block(walk, i->block, depth + 1);
        /* What is said of the whole is said of a wave. */
        else if (i->as == OTA_AS_FORM && i->form->entry && !i->form->schema)
            walk_block(walk, i->form->entry, depth + 1);
    }
    if (block != &ota_vocab_rules)
        return;
    for (const struct ota_vocab_block *const *c = ota_vocab_conditions; *c; c++)
        walk_block(walk, *c, depth + 1);
    for (const struct ota_vocab_block *const *a = ota_vocab_actions; *a; a++)
        walk_block(walk, *a, depth + 1);
}

void ota_vocab_walk(void (*visit)(void *self,
                                  const struct ota_vocab_block *block),
                    void *self)
{
    struct walk walk = {.visit = visit, .self = self};
    walk_block(&walk, &ota_vocab_policy, 0);
}

/* --- places --------------------------------------------------------------- */

/* The value of a word in a list or an object, or NULL. */
static const struct ota_json *step_into(const struct ota_json *value,
                                        const char *word)
{
    if (value->type != OTA_JSON_LIST)
        return ota_json_find(value, word);
    size_t index = (size_t)strtoull(word, NULL, 10);
    const struct ota_json *entry = value->child;
    while (entry && index-- > 0)
        entry = entry->next;
    return entry;
}

const struct ota_json *ota_policy_at(const struct ota_json *value,
                                     const char *format, ...)
{
    char path[OTA_PATH_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(path, sizeof(path), format, args);
    va_end(args);
    for (char *word = path; *word;) {
        char *end = word + strcspn(word, ".");
        const bool last = *end == '\0';
        *end = '\0';
        const struct ota_json *next = step_into(value, word);
        if (!next)
            break;
        value = next;
        word = last ? end : end + 1;
    }
    return value;
}

/* --- the section ---------------------------------------------------------- */

/* Puts the folder of the file that the policy is in (NULL: the current one)
 * into *folder. */
static bool find_folder(struct ota_policy_reader *reader,
                        const struct ota_json *object, const char **folder)
{
    const char *slash = strrchr(object->file, '/');
    *folder = NULL;
    if (!slash)
        return true;
    *folder = ota_arena_text(
        reader->binder->context.arena, object->file,
        slash > object->file ? (size_t)(slash - object->file) : 1);
    return *folder || ota_bind_complain(reader->binder, object, OTA_NO_MEMORY);
}

bool ota_policy_read(struct ota_policy_reader *reader, const char *file,
                     const struct ota_json *root, int64_t left_us,
                     struct ota_policy *policy)
{
    const struct ota_json *object = ota_json_find(root, "policy");
    struct ota_field_context *context = &reader->binder->context;
    const char *const folder = context->folder;
    ota_policy_init(policy);
    if (!object)
        return true;
    if (object->type != OTA_JSON_OBJECT)
        return ota_vocab_expect(reader, object, "a policy {...}");
    /* What --set gives is of the scenario. */
    if (object->at.line > 0 && strcmp(object->file, file) != 0 &&
        !find_folder(reader, object, &context->folder))
        return false;
    const bool ok = ota_vocab_read(reader, &ota_vocab_policy, object, policy) &&
                    ota_policy_check(reader, object, left_us, policy);
    context->folder = folder;
    return ok;
}
