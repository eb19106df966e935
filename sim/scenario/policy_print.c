/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy_print.c - the reference of policies, for `otasim models policy`.
 *
 * Defaults are read off a policy that was given nothing.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/policy_read.h"

/* --- values --------------------------------------------------------------- */

/* Prints JSON in one line, a lone text without its quotes. */
static void print_value(FILE *out, const char *json)
{
    const size_t length = strlen(json);
    if (length >= 2 && json[0] == '"' && json[length - 1] == '"') {
        fprintf(out, "%s", length > 2 ? "" : "\"\"");
        fwrite(json + 1, 1, length - 2, out);
        return;
    }
    for (bool blank = false; *json; json++) {
        const bool space = isspace((unsigned char)*json) != 0;
        if (!space && blank)
            putc(' ', out);
        if (!space)
            putc(*json, out);
        blank = space;
    }
}

static void print_default(FILE *out, const struct ota_vocab_item *item,
                          const void *config)
{
    struct ota_vocab_item nameless = *item;
    char *text = NULL;
    size_t size = 0;
    const char *const *own =
        (const char *const *)((const char *)config + item->field.offset);
    if (item->as == OTA_AS_FIELD && item->field.kind == OTA_FIELD_TEXT && !*own)
        return; /* made of where it stands */
    if (item->must) {
        fputs("      must be given\n", out);
        return;
    }
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return;
    struct ota_json_writer writer = {.out = memory};
    nameless.field.name = NULL;
    if (!item->present || item->present(config))
        ota_vocab_write_item(&writer, &nameless, config);
    if (fclose(memory) == 0 && size > 0) {
        fputs("      default: ", out);
        print_value(out, text);
        putc('\n', out);
    }
    free(text);
}

/* --- items ---------------------------------------------------------------- */

static bool is_refused(const struct ota_vocab_item *item)
{
    return item->as == OTA_AS_FORM && item->form->schema &&
           strcmp(item->form->schema, "false") == 0;
}

static void print_item(FILE *out, const struct ota_vocab_item *item,
                       const void *config)
{
    char what[512];
    fprintf(out, "  %s: %s\n", item->field.name, item->field.help);
    switch (item->as) {
    case OTA_AS_FIELD:
        ota_field_describe(&item->field, what, sizeof(what));
        fprintf(out, "      %s\n", what);
        break;
    case OTA_AS_PCT:
        fputs("      percentage, 0 to 100, of 6 decimals at most\n", out);
        break;
    case OTA_AS_PAIR:
        fprintf(out, "      one of %s %s\n", item->field.choices[0],
                item->field.choices[1]);
        break;
    case OTA_AS_FILTER:
        fputs("      filter\n", out);
        return;
    case OTA_AS_BLOCK:
        fprintf(out, "      see %s\n", item->block->path);
        return;
    case OTA_AS_FORM:
        fprintf(out, "      %s%s\n", is_refused(item) ? "refused: " : "",
                item->form->what);
        if (is_refused(item) || item->form->entry)
            return;
        break;
    }
    print_default(out, item, config);
}

/* --- blocks --------------------------------------------------------------- */

static void print_block(FILE *out, const struct ota_vocab_block *block,
                        const void *config)
{
    fprintf(out, "\n%s: %s\n", block->path, block->summary);
    for (const struct ota_vocab_item *i = block->items; i->field.name; i++)
        print_item(out, i, config);
}

/* One that is given memory of its own, with its defaults. */
static void print_entry(FILE *out, const struct ota_vocab_block *block,
                        size_t size)
{
    void *entry = calloc(1, size);
    if (!entry)
        return;
    if (block->init)
        block->init(entry);
    print_block(out, block, entry);
    free(entry);
}

/* The block, and those within. Windows are of one shape, though of three
 * lists. */
static void print_all(FILE *out, const struct ota_vocab_block *block,
                      const void *config)
{
    const struct ota_vocab_block *last = NULL;
    print_block(out, block, config);
    for (const struct ota_vocab_item *i = block->items; i->field.name; i++) {
        const void *place = (const char *)config + i->field.offset;
        if (i->as == OTA_AS_BLOCK)
            print_all(out, i->block, place);
        if (i->as != OTA_AS_FORM || !i->form->entry || i->form->schema ||
            i->form->entry == last)
            continue;
        last = i->form->entry;
        print_entry(out, last, last->size);
    }
    if (block != &ota_vocab_rules)
        return;
    for (const struct ota_vocab_block *const *c = ota_vocab_conditions; *c; c++)
        print_entry(out, *c, sizeof(struct ota_condition));
    for (const struct ota_vocab_block *const *a = ota_vocab_actions; *a; a++)
        print_entry(out, *a, sizeof(struct ota_action));
}

void ota_policy_print(FILE *out)
{
    struct ota_policy policy;
    ota_policy_init(&policy);
    fprintf(
        out,
        "policy: %s\n\n"
        "Every block and every key may be left out, but for those that "
        "must be given.\nDefaults are ours: no limits, no rules, no "
        "retries. A duration is \"30min\"\nor a number of seconds; "
        "a distribution of it also {\"exp\": \"2d\"} or {\"uniform\":\n"
        "\"60s\"}. Keys that begin with \"x-\" are remarks.\n\n"
        "filters: \"stage=canary & link=wifi\", \"os<2.0.0 | (hw=A & "
        "!group=lab)\"; keys are\n  group, platform, product, link, os, id "
        "and the groups' \"labels\"\n\n"
        "counters:",
        ota_vocab_policy.summary);
    for (size_t i = 0; ota_counter_names[i]; i++)
        fprintf(out, "%s%s", i % 8 ? " " : "\n  ", ota_counter_names[i]);
    fputs("\n  bad: failed, rejected, timed_out; executed: succeeded, bad; "
          "terminal: the\n  seven ends; in_flight: offered, and in none of "
          "them\n",
          out);
    print_all(out, &ota_vocab_policy, &policy);
}
