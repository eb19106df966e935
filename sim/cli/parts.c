/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * parts.c - see parts.h.
 *
 * The command line is noted without what differs from part to part and makes no
 * difference to the results: --part itself, --threads, --quiet, --fresh.
 */
#include "sim/cli/parts.h"

#include <stdlib.h>
#include <string.h>

#include "output/files.h"
#include "output/json_out.h"
#include "sim/otasim.h"

const char *ota_part_problem(const struct ota_options *options)
{
    if (options->parts == 0)
        return NULL;
    if (options->precisions.count > 0)
        return "it does not go with --precision: how many replications there "
               "are to be depends on all of them, and a part knows its own; "
               "give their number with --reps";
    if (options->out && strcmp(options->out, "none") == 0)
        return "it writes a file, and --out none leaves no place for it";
    return NULL;
}

char *ota_part_path(const struct ota_options *options, const char *folder,
                    struct ota_error *error)
{
    char ending[64];

    snprintf(ending, sizeof(ending), "part-%lld-of-%lld",
             (long long)options->part, (long long)options->parts);
    return ota_files_join(folder, ".", ending, error);
}

/* --- the command line --- */

/* How many words, from this one on, are not noted. */
static size_t passed_over(const char *word)
{
    static const struct {
        const char *name;
        bool argument;
    } options[] = {{"--part", true},
                   {"--threads", true},
                   {"--quiet", false},
                   {"--fresh", false}};

    for (size_t o = 0; o < sizeof(options) / sizeof(options[0]); o++) {
        const size_t length = strlen(options[o].name);
        if (strncmp(word, options[o].name, length) != 0)
            continue;
        if (word[length] == '\0')
            return options[o].argument ? 2 : 1;
        if (word[length] == '=')
            return 1;
    }
    return 0;
}

/* The command line as a JSON list, which the caller frees; NULL without
 * memory. */
static char *command_line(const struct ota_options *options)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    bool ended = false; /* by "--" */

    if (!out)
        return NULL;
    struct ota_json_out json = ota_json_out_to(out, false);
    ota_json_out_open(&json, '[');
    for (size_t w = 0; w < options->word_count;) {
        const size_t over = ended ? 0 : passed_over(options->words[w]);
        ended = ended || strcmp(options->words[w], "--") == 0;
        if (over == 0)
            ota_json_out_string(&json, options->words[w]);
        w += over > 0 ? over : 1;
    }
    ota_json_out_close(&json, ']');
    const bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}

/* --- a part --- */

/* Notes what it is a part of, or finds that noted. */
static bool note_command(const struct ota_options *options, const char *path,
                         struct ota_store *store, struct ota_error *error)
{
    char part[64];
    char *noted = NULL;
    char *line = command_line(options);
    bool good = line || ota_fail(error, OTA_NO_MEMORY);

    snprintf(part, sizeof(part), "%lld/%lld", (long long)options->part,
             (long long)options->parts);
    good = good && ota_store_noted(store, "command", &noted, error);
    if (good && noted && strcmp(noted, line) != 0)
        good = ota_fail(error,
                        "%s is a part of another command, %s; --fresh begins "
                        "it anew",
                        path, noted);
    good = good && ota_store_note(store, "command", line, error) &&
           ota_store_note(store, "part", part, error) &&
           ota_store_note(store, "complete", "no", error);
    free(noted);
    free(line);
    return good;
}

struct ota_store *ota_part_open(const struct ota_options *options,
                                const char *path, struct ota_error *error)
{
    if (!ota_files_make_parents(path, error) ||
        (options->fresh && !ota_store_discard(path, error)))
        return NULL;
    struct ota_store *store = ota_store_open(path, OTASIM_VERSION, error);
    if (store && !note_command(options, path, store, error)) {
        ota_store_close(store);
        return NULL;
    }
    return store;
}

enum ota_exit ota_part_end(const struct ota_options *options, const char *path,
                           const char *folder, struct ota_store *store)
{
    struct ota_error error = {.failed = false};
    int64_t units;

    if (!ota_store_note(store, "complete", "yes", &error) ||
        !ota_store_count(store, &units, &error))
        return ota_failed(error.message);
    if (options->json) {
        struct ota_json_out json = ota_json_out_to(stdout, false);
        ota_json_out_open(&json, '{');
        ota_json_out_key(&json, "part");
        ota_json_out_integer(&json, options->part);
        ota_json_out_key(&json, "parts");
        ota_json_out_integer(&json, options->parts);
        ota_json_out_key(&json, "replications");
        ota_json_out_integer(&json, units);
        ota_json_out_key(&json, "file");
        ota_json_out_string(&json, path);
        ota_json_out_close(&json, '}');
        ota_json_out_end(&json);
    } else if (!options->quiet) {
        printf("Part %lld of %lld: %lld replications in %s\n"
               "When all parts are there:\n"
               "  otasim merge %s.part-*-of-%lld\n",
               (long long)options->part, (long long)options->parts,
               (long long)units, path, folder, (long long)options->parts);
    }
    return OTA_EXIT_OK;
}

struct ota_store *ota_parts_together(const struct ota_words *files,
                                     struct ota_error *error)
{
    struct ota_store *store = ota_store_open(NULL, OTASIM_VERSION, error);

    for (size_t f = 0; store && f < files->count; f++)
        if (!ota_store_absorb(store, files->list[f], error)) {
            ota_store_close(store);
            store = NULL;
        }
    return store;
}
