/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.c - see options.h.
 *
 * Options may stand before or after other words; "--" ends them. A value is
 * given as --option=VALUE or as the next word.
 */
#include "sim/cli/options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "sim/base/text.h"
#include "sim/cli/option_table.h"
#include "sim/otasim.h"

static void point_to_help(const struct ota_command *command)
{
    fprintf(stderr, "See `otasim%s%s --help`.\n", command ? " " : "",
            command ? command->name : "");
}

void ota_unknown(const char *what, const char *word, const char *const *words,
                 size_t count, const struct ota_command *command)
{
    const char *nearest = ota_text_nearest(word, words, count);
    const char *separator = "; known:";

    fprintf(stderr, "otasim: unknown %s %s", what, *word ? word : "\"\"");
    if (nearest)
        fprintf(stderr, "; did you mean %s?", nearest);
    for (size_t i = 0; !nearest && i < count; i++) {
        if (!words[i])
            continue;
        fprintf(stderr, "%s %s", separator, words[i]);
        separator = ",";
    }
    fputc('\n', stderr);
    point_to_help(command);
}

enum ota_exit ota_misuse(const struct ota_command *command, const char *subject,
                         const char *problem)
{
    fprintf(stderr, "otasim: %s: %s\n", subject, problem);
    point_to_help(command);
    return OTA_EXIT_MISUSE;
}

static bool misuse(const struct ota_command *command, const char *subject,
                   const char *problem)
{
    (void)ota_misuse(command, subject, problem);
    return false;
}

/* Says so; cuts off the value of "--option=value". */
static bool unknown_option(char *word, const struct ota_command *command)
{
    const char *names[OTA_OPTIONS_MAX];
    size_t count = 0;

    word[strcspn(word, "=")] = '\0';
    for (size_t i = 0; ota_option_table[i].name; i++)
        if (!command || ota_option_taken(command, &ota_option_table[i]))
            names[count++] = ota_option_table[i].name;
    ota_unknown("option", word, names, count, command);
    return false;
}

/* The option that word is, with or without a value, or NULL. One name may mean
 * different things to commands: the command's own goes first. */
static const struct ota_option *find_option(const char *word,
                                            const struct ota_command *command)
{
    const size_t length = strcspn(word, "=");
    const struct ota_option *found = NULL;

    for (size_t i = 0; ota_option_table[i].name; i++) {
        if (strlen(ota_option_table[i].name) != length ||
            strncmp(ota_option_table[i].name, word, length) != 0)
            continue;
        if (ota_option_taken(command, &ota_option_table[i]))
            return &ota_option_table[i];
        if (!found)
            found = &ota_option_table[i];
    }
    return found;
}

/* "--json", in the place of a value: one was forgotten. */
static bool is_option(const char *word, const struct ota_command *command)
{
    return strncmp(word, "--", 2) == 0 && find_option(word, command);
}

/* Reads the option at argv[*at] and moves *at to the last word it used. */
static bool read_option(struct ota_options *options, int argc, char **argv,
                        int *at)
{
    char *word = argv[*at];
    if (strcmp(word, "-h") == 0) {
        options->help = true;
        return true;
    }
    const struct ota_option *option = find_option(word, options->command);
    if (!option)
        return unknown_option(word, options->command);
    if (!ota_option_taken(options->command, option))
        return misuse(options->command, option->name,
                      ota_option_refused(options->command, option));

    char *value = strchr(word, '=');
    if (value)
        value++;
    if (value && !option->argument)
        return misuse(options->command, option->name, "it takes no value");
    if (!value && option->argument) {
        if (*at + 1 >= argc || is_option(argv[*at + 1], options->command))
            return misuse(options->command, option->name,
                          "its value is missing");
        value = argv[++*at];
    }
    const char *problem = option->read(options, value);
    return problem ? misuse(options->command, option->name, problem) : true;
}

/* Finds the first word that is neither an option nor the value of one; *at is
 * 0 if there is none. */
static bool find_command(int argc, char **argv, int *at)
{
    for (*at = 1; *at < argc && strcmp(argv[*at], "--") != 0; ++*at) {
        char *word = argv[*at];
        if (word[0] != '-')
            return true;
        const struct ota_option *option = find_option(word, NULL);
        if (!option && strcmp(word, "-h") != 0)
            return unknown_option(word, NULL);
        if (option && option->argument && !strchr(word, '='))
            ++*at;
    }
    *at = 0;
    return true;
}

static bool check_operands(const struct ota_options *options)
{
    const struct ota_command *command = options->command;

    if (options->help || options->version)
        return true;
    if (!command) {
        fputs("otasim: a command is missing\n", stderr);
        point_to_help(NULL);
        return false;
    }
    if (options->operand_count < command->operands_least)
        return misuse(command, command->name,
                      command->missing ? command->missing
                                       : "a SCENARIO is missing");
    if (options->operand_count > command->operands_most)
        return misuse(command, options->operands[command->operands_most],
                      "one word too many");
    return true;
}

/* Reads the words into the lists of options, which have room for them. */
static bool read_words(struct ota_options *options, int argc, char **argv)
{
    int command_at;
    if (!find_command(argc, argv, &command_at))
        return false;
    if (command_at && !(options->command = ota_command_named(argv[command_at])))
        return false;

    bool ended = false; /* by "--" */
    for (int at = 1; at < argc; at++) {
        if (at == command_at)
            continue;
        if (!ended && strcmp(argv[at], "--") == 0)
            ended = true;
        else if (!ended && argv[at][0] == '-' && argv[at][1]) {
            if (!read_option(options, argc, argv, &at))
                return false;
        } else
            options->operands[options->operand_count++] = argv[at];
    }
    return check_operands(options);
}

/* Readers of options cut words up. */
static bool copy_words(struct ota_options *options, int argc, char **argv)
{
    options->words = calloc((size_t)argc + 1, sizeof(*options->words));
    for (int at = 1; options->words && at < argc; at++) {
        options->words[options->word_count] = strdup(argv[at]);
        if (!options->words[options->word_count])
            return false;
        options->word_count++;
    }
    return options->words != NULL;
}

enum ota_exit ota_options_read(struct ota_options *options, int argc,
                               char **argv)
{
    *options = (struct ota_options){0};
    const size_t words = argc > 0 ? (size_t)argc : 1;
    struct ota_words *const lists[] = {
        &options->vary, &options->with,       &options->goals,
        &options->kpis, &options->precisions,
    };
    const size_t list_count = sizeof(lists) / sizeof(lists[0]);

    options->operands =
        calloc((1 + list_count) * words, sizeof(*options->operands));
    options->settings = calloc(words, sizeof(*options->settings));
    for (size_t l = 0; options->operands && l < list_count; l++)
        lists[l]->list = options->operands + (1 + l) * words;
    if (!options->operands || !options->settings ||
        !copy_words(options, argc, argv)) {
        fputs("otasim: " OTA_NO_MEMORY "\n", stderr);
        return OTA_EXIT_FAILED;
    }
    return read_words(options, argc, argv) ? OTA_EXIT_OK : OTA_EXIT_MISUSE;
}

void ota_options_release(struct ota_options *options)
{
    for (size_t w = 0; w < options->word_count; w++)
        free(options->words[w]);
    free(options->words);
    free(options->operands);
    free(options->settings);
    *options = (struct ota_options){0};
}

enum ota_exit ota_failed(const char *message)
{
    fprintf(stderr, "otasim: %s\n", message);
    return OTA_EXIT_FAILED;
}

int ota_threads(const struct ota_options *options)
{
    if (options->threads)
        return options->threads;
#ifdef _OPENMP
    const int here = ota_ranks_here(options->ranks);
    const int most = omp_get_max_threads();
    const int fair =
        here > 1 ? (int)sysconf(_SC_NPROCESSORS_ONLN) / here : most;
    return fair < 1 ? 1 : fair < most ? fair : most;
#else
    return 1;
#endif
}

enum ota_exit ota_refuse(const struct ota_complaints *complaints)
{
    ota_complaints_print(complaints, stderr);
    return complaints->no_memory ? OTA_EXIT_FAILED : OTA_EXIT_SCENARIO;
}

static void help_options(const struct ota_command *command, FILE *out)
{
    fputs("\noptions:\n", out);
    for (size_t i = 0; ota_option_table[i].name; i++) {
        const struct ota_option *option = &ota_option_table[i];
        char left[32];
        if (!ota_option_taken(command, option))
            continue;
        snprintf(left, sizeof(left), "%s%s%s", option->name,
                 option->argument ? " " : "",
                 option->argument ? option->argument : "");
        fprintf(out, "  %-18s %s\n", left, option->help);
    }
}

void ota_help(const struct ota_command *command, FILE *out)
{
    if (command) {
        fprintf(out, "usage: otasim %s [OPTION]... %s\n\n%s\n", command->name,
                command->operands, command->summary);
        if (*command->about)
            fprintf(out, "\n%s", command->about);
        if (command->more)
            command->more(out);
        help_options(command, out);
        return;
    }
    fputs("otasim " OTASIM_VERSION
          ": firmware updates over the air to fleets of sleepy devices\n\n"
          "usage: otasim COMMAND [OPTION]... [SCENARIO]\n\ncommands:\n",
          out);
    for (const struct ota_command *c = ota_commands; c->name; c++)
        fprintf(out, "  %-18s %s\n", c->name, c->summary);
    help_options(NULL, out);
    fputs("\nexit status:\n"
          "  0  all went well\n"
          "  1  a run or a write failed, or was interrupted\n"
          "  2  the command line makes no sense\n"
          "  3  something is wrong with the scenario\n",
          out);
}
