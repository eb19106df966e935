/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command_merge.c - `otasim merge`: what --part left, put together.
 *
 * The command that the parts are of is done once more, by its own code, with
 * the difference that all it would simulate is found. So what it says and
 * writes is to the byte what one process would have.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/cli/options.h"
#include "sim/cli/parts.h"
#include "sim/otasim.h"
#include "sim/scenario/json.h"

/* A part, as its notes tell. */
struct part {
    const char *file;
    char *command, *number, *complete;
    int64_t part, parts;
};

static bool read_part(struct part *part, struct ota_error *error)
{
    char *end;

    if (!ota_store_read_note(part->file, OTASIM_VERSION, "command",
                             &part->command, error) ||
        !ota_store_read_note(part->file, OTASIM_VERSION, "part", &part->number,
                             error) ||
        !ota_store_read_note(part->file, OTASIM_VERSION, "complete",
                             &part->complete, error))
        return false;
    if (!part->command || !part->number || !part->complete)
        return ota_fail(error,
                        "%s is no part; --part writes them, as "
                        "DIR.part-K-of-N",
                        part->file);
    part->part = strtoll(part->number, &end, 10);
    part->parts = *end == '/' ? strtoll(end + 1, NULL, 10) : 0;
    return part->part >= 1 && part->part <= part->parts
               ? true
               : ota_fail(error, "%s: part %s makes no sense", part->file,
                          part->number);
}

/* --- whether they are what is needed --- */

static bool same_command(const struct part *parts, size_t count,
                         struct ota_error *error)
{
    for (size_t p = 1; p < count; p++) {
        if (strcmp(parts[p].command, parts[0].command) != 0)
            return ota_fail(error,
                            "%s and %s are not of one command: %s; and %s",
                            parts[0].file, parts[p].file, parts[0].command,
                            parts[p].command);
        if (parts[p].parts != parts[0].parts)
            return ota_fail(error,
                            "%s is one of %lld parts, and %s is one of %lld",
                            parts[0].file, (long long)parts[0].parts,
                            parts[p].file, (long long)parts[p].parts);
        for (size_t q = 0; q < p; q++)
            if (parts[q].part == parts[p].part)
                return ota_fail(error, "%s and %s are the same part, %s",
                                parts[q].file, parts[p].file, parts[p].number);
    }
    return true;
}

/* Says on stderr which are missing; false: some are. */
static bool all_there(const struct part *parts, size_t count)
{
    const int64_t of = parts[0].parts;
    const char *before = "";

    if ((int64_t)count == of)
        return true;
    fprintf(stderr, "otasim: of %lld parts, %lld %s missing: ", (long long)of,
            (long long)(of - (int64_t)count),
            of - (int64_t)count == 1 ? "is" : "are");
    for (int64_t k = 1; k <= of; k++) {
        bool there = false;
        for (size_t p = 0; p < count; p++)
            there = there || parts[p].part == k;
        if (there)
            continue;
        fprintf(stderr, "%s%lld", before, (long long)k);
        before = ", ";
    }
    fputc('\n', stderr);
    return false;
}

/* The same for those that were interrupted. */
static bool all_complete(const struct part *parts, size_t count)
{
    bool complete = true;

    for (size_t p = 0; p < count; p++) {
        if (strcmp(parts[p].complete, "yes") == 0)
            continue;
        fprintf(stderr,
                "otasim: %s was interrupted; its command, with --part %s, goes "
                "on from it\n",
                parts[p].file, parts[p].number);
        complete = false;
    }
    return complete;
}

/* --- the command --- */

/* The words of the command line that was noted, behind the program's name, in
 * the arena; NULL: it makes no sense, or no memory. */
static char **read_words(const struct part *part, struct ota_arena *arena,
                         int *count)
{
    struct ota_complaints complaints = {.count = 0};
    const struct ota_json *list = ota_json_parse(
        part->file, part->command, strlen(part->command), arena, &complaints);
    size_t most = 2;

    if (!list || list->type != OTA_JSON_LIST)
        return NULL;
    for (const struct ota_json *word = list->child; word; word = word->next)
        most++;
    char **words = ota_arena_alloc(arena, most, sizeof(*words));
    *count = 0;
    if (words)
        words[(*count)++] = ota_arena_text(arena, "otasim", 6);
    for (const struct ota_json *word = list->child; words && word;
         word = word->next) {
        char *text = word->type == OTA_JSON_TEXT
                         ? ota_arena_text(arena, word->text, strlen(word->text))
                         : NULL;
        if (!text)
            return NULL;
        words[(*count)++] = text;
    }
    return words;
}

/* Does the command that the parts are of. */
static enum ota_exit do_command(const struct ota_options *options,
                                const struct part *part)
{
    struct ota_arena arena = {0};
    struct ota_options inner = {0};
    int count;
    enum ota_exit status = OTA_EXIT_FAILED;

    char **words = read_words(part, &arena, &count);
    if (!words) {
        fprintf(stderr, "otasim: %s: its command makes no sense: %s\n",
                part->file, part->command);
    } else {
        status = ota_options_read(&inner, count, words);
        inner.merged.list = options->operands;
        inner.merged.count = options->operand_count;
        inner.threads = options->threads;
        inner.quiet = options->quiet;
        inner.no_plots = inner.no_plots || options->no_plots;
        if (status == OTA_EXIT_OK)
            status = inner.command->run(&inner);
        ota_options_release(&inner);
    }
    ota_arena_release(&arena);
    return status;
}

static enum ota_exit merge(const struct ota_options *options,
                           struct part *parts)
{
    const size_t count = options->operand_count;
    struct ota_error error = {.failed = false};

    for (size_t p = 0; p < count; p++) {
        parts[p].file = options->operands[p];
        if (!read_part(&parts[p], &error))
            return ota_failed(error.message);
    }
    if (!same_command(parts, count, &error))
        return ota_failed(error.message);
    const bool there = all_there(parts, count);
    if (!all_complete(parts, count) || !there)
        return OTA_EXIT_FAILED;
    return do_command(options, &parts[0]);
}

enum ota_exit ota_command_merge(const struct ota_options *options)
{
    struct part *parts = calloc(options->operand_count, sizeof(*parts));
    if (!parts)
        return ota_failed(OTA_NO_MEMORY);
    const enum ota_exit status = merge(options, parts);
    for (size_t p = 0; p < options->operand_count; p++) {
        free(parts[p].command);
        free(parts[p].number);
        free(parts[p].complete);
    }
    free(parts);
    return status;
}
