/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.c - see options.h.
 *
 * Options may stand before or after other words; "--" ends them. A value is
 * given as --option=VALUE or as the next word.
 */
#include "sim/cli/options.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "sim/base/text.h"
#include "sim/otasim.h"
#include "sim/scenario/import.h"

enum { THREADS_MOST = 1024 };

/* Letters of an option's .of: the commands that take it. */
static const struct {
    char letter;
    const char *name;
} command_letters[] = {{'r', "run"},   {'g', "gates"},  {'t', "trace"},
                       {'c', "check"}, {'m', "models"}, {'i', "import"}};

struct option {
    const char *name;     /* with its dashes */
    const char *argument; /* what its value is, for help; NULL: takes none */
    const char *of;       /* letters of its commands; "*": all, and none */
    const char *help;
    /* Returns what is wrong with the value, or NULL. */
    const char *(*read)(struct ota_options *options, char *value);
};

static const char *add_setting(struct ota_options *options, const char *path,
                               const char *value)
{
    options->settings[options->setting_count++] =
        (struct ota_setting){.path = path, .value = value};
    return NULL;
}

static const char *read_set(struct ota_options *options, char *value)
{
    char *equals = strchr(value, '=');

    if (!equals || equals == value)
        return "it takes PATH=VALUE, such as run.horizon=10d";
    *equals = '\0';
    return add_setting(options, value, equals + 1);
}

/* Whether text is a whole number from least to most, in digits only. */
static bool is_whole(const char *text, uint64_t least, uint64_t most)
{
    if (!*text || text[strspn(text, "0123456789")])
        return false;
    errno = 0;
    const unsigned long long value = strtoull(text, NULL, 10);
    return errno == 0 && value >= least && value <= most;
}

static const char *read_seed(struct ota_options *options, char *value)
{
    if (!is_whole(value, 0, UINT64_MAX))
        return "it takes a whole number from 0 to 18446744073709551615";
    return add_setting(options, "run.seed", value);
}

static const char *read_reps(struct ota_options *options, char *value)
{
    if (!is_whole(value, 1, INT64_MAX))
        return "it takes a whole number, 1 or more";
    return add_setting(options, "run.replications", value);
}

static const char *read_policy(struct ota_options *options, char *value)
{
    if (!*value)
        return "it takes the name of a file";
    return add_setting(options, "@policy", value);
}

static const char *read_out(struct ota_options *options, char *value)
{
    if (!*value)
        return "it takes the name of a folder";
    options->out = value;
    return NULL;
}

static const char *read_threads(struct ota_options *options, char *value)
{
    if (!is_whole(value, 1, THREADS_MOST))
        return "it takes a whole number from 1 to 1024";
    options->threads = (int)strtol(value, NULL, 10);
    return NULL;
}

static const char *read_idle(struct ota_options *options, char *value)
{
    if (strcmp(value, "skip") != 0 && strcmp(value, "step") != 0)
        return "it takes skip or step";
    return add_setting(options, "run.idle", value);
}

static const char *read_file(struct ota_options *options, char *value)
{
    if (!*value)
        return "it takes the name of a file";
    options->out = value;
    return NULL;
}

/* Returns what is wrong with a count, or NULL having set *count. */
static const char *read_count(char *value, uint64_t least, int64_t *count)
{
    if (!is_whole(value, least, INT64_MAX))
        return least > 0 ? "it takes a whole number, 1 or more"
                         : "it takes a whole number, 0 or more";
    *count = (int64_t)strtoull(value, NULL, 10);
    return NULL;
}

static const char *read_device(struct ota_options *options, char *value)
{
    options->device_given = true;
    return read_count(value, 0, &options->device);
}

static const char *read_rep(struct ota_options *options, char *value)
{
    return read_count(value, 0, &options->replication);
}

static const char *read_limit(struct ota_options *options, char *value)
{
    return read_count(value, 1, &options->limit);
}

static const char *read_why(struct ota_options *options, char *value)
{
    if (!*value)
        return "it takes an outcome, or failed";
    options->why = value;
    return NULL;
}

static const char *read_reading(struct ota_options *options, char *value)
{
    char *equals = strchr(value, '=');

    if (!equals || equals == value)
        return "it takes NAME=HOW, such as aws-minute-grain=period";
    *equals = '\0';
    return add_setting(options, value, equals + 1);
}

static const char *read_start(struct ota_options *options, char *value)
{
    options->start_given = ota_import_date(value, &options->start_s);
    return options->start_given ? NULL
                                : "it takes a date such as "
                                  "2026-11-01T02:00:00Z";
}

static const char *read_format(struct ota_options *options, char *value)
{
    for (int f = 0; f < OTA_TRACE_FORMATS; f++) {
        if (strcmp(value, ota_trace_format_names[f]) == 0) {
            options->format = (enum ota_trace_format)f;
            return NULL;
        }
    }
    return "it takes text, ndjson or chrome";
}

static const char *read_json(struct ota_options *options, char *value)
{
    (void)value;
    options->json = true;
    return NULL;
}

static const char *read_quiet(struct ota_options *options, char *value)
{
    (void)value;
    options->quiet = true;
    return NULL;
}

static const char *read_no_plots(struct ota_options *options, char *value)
{
    (void)value;
    options->no_plots = true;
    return NULL;
}

static const char *read_schema(struct ota_options *options, char *value)
{
    (void)value;
    options->schema = true;
    return NULL;
}

static const char *read_help(struct ota_options *options, char *value)
{
    (void)value;
    options->help = true;
    return NULL;
}

static const char *read_version(struct ota_options *options, char *value)
{
    (void)value;
    options->version = true;
    return NULL;
}

static const struct option option_table[] = {
    {"--device", "N", "t", "trace that device; 0 if not given", read_device},
    {"--why", "WORD", "t", "trace devices of that outcome", read_why},
    {"--limit", "K", "t", "with --why: that many; 1 if not given", read_limit},
    {"--rep", "R", "t", "of replication R, from 0; 0 if not given", read_rep},
    {"--format", "F", "t", "text, ndjson or chrome; text if not given",
     read_format},
    {"--seed", "N", "rgtc", "the same as --set run.seed=N", read_seed},
    {"--reps", "N", "rgc", "the same as --set run.replications=N", read_reps},
    {"--idle", "HOW", "rgtc",
     "the same as --set run.idle=HOW: skip idle wakes, or step", read_idle},
    {"--set", "PATH=VALUE", "rgtc",
     "set a field of the scenario; may be given again", read_set},
    {"--policy", "FILE", "rgtc", "that file's policy instead of the scenario's",
     read_policy},
    {"--out", "DIR", "r",
     "write there, not to results/<scenario>; none: nowhere", read_out},
    {"--out", "FILE", "ti", "write there, not to standard output", read_file},
    {"-o", "FILE", "i", "the same as --out", read_file},
    {"--reading", "NAME=HOW", "i", "read an approximation another way",
     read_reading},
    {"--start", "DATE", "i", "when the release is, for files with dates",
     read_start},
    {"--json", NULL, "rgc", "print one JSON object instead of text", read_json},
    {"--json", NULL, "i", "print policy and notes as one JSON object",
     read_json},
    {"--quiet", NULL, "rgc", "print neither text nor progress", read_quiet},
    {"--quiet", NULL, "t", "print no progress", read_quiet},
    {"--threads", "N", "rgt", "use N threads; no result depends on it",
     read_threads},
    {"--no-plots", NULL, "r", "write the scripts of plots, draw nothing",
     read_no_plots},
    {"--schema", NULL, "m", "print the JSON Schema of scenarios", read_schema},
    {"--help", NULL, "*", "help, also of a command", read_help},
    {"--version", NULL, "*", "the version", read_version},
};

enum { OPTIONS = sizeof(option_table) / sizeof(option_table[0]) };

static bool takes(const struct ota_command *command,
                  const struct option *option)
{
    if (option->of[0] == '*')
        return true;
    for (size_t i = 0; i < sizeof(command_letters) / sizeof(command_letters[0]);
         i++)
        if (command && strcmp(command->name, command_letters[i].name) == 0)
            return strchr(option->of, command_letters[i].letter) != NULL;
    return false;
}

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
    const char *names[OPTIONS] = {NULL};

    word[strcspn(word, "=")] = '\0';
    for (size_t i = 0; i < OPTIONS; i++)
        if (!command || takes(command, &option_table[i]))
            names[i] = option_table[i].name;
    ota_unknown("option", word, names, OPTIONS, command);
    return false;
}

/* The option that word is, with or without a value, or NULL. One name may mean
 * different things to commands: the command's own goes first. */
static const struct option *find_option(const char *word,
                                        const struct ota_command *command)
{
    const size_t length = strcspn(word, "=");
    const struct option *found = NULL;

    for (size_t i = 0; i < OPTIONS; i++) {
        if (strlen(option_table[i].name) != length ||
            strncmp(option_table[i].name, word, length) != 0)
            continue;
        if (takes(command, &option_table[i]))
            return &option_table[i];
        if (!found)
            found = &option_table[i];
    }
    return found;
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
    const struct option *option = find_option(word, options->command);
    if (!option)
        return unknown_option(word, options->command);
    if (!takes(options->command, option))
        return misuse(options->command, option->name,
                      options->command ? "not an option of this command"
                                       : "it needs a command");

    char *value = strchr(word, '=');
    if (value)
        value++;
    if (value && !option->argument)
        return misuse(options->command, option->name, "it takes no value");
    if (!value && option->argument) {
        if (*at + 1 >= argc)
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
        const struct option *option = find_option(word, NULL);
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
                      command->operands_least > 1
                          ? "it takes a PLATFORM and a FILE"
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

enum ota_exit ota_options_read(struct ota_options *options, int argc,
                               char **argv)
{
    *options = (struct ota_options){0};
    const size_t words = argc > 0 ? (size_t)argc : 1;
    options->operands = calloc(words, sizeof(*options->operands));
    options->settings = calloc(words, sizeof(*options->settings));
    if (!options->operands || !options->settings) {
        fputs("otasim: " OTA_NO_MEMORY "\n", stderr);
        return OTA_EXIT_FAILED;
    }
    return read_words(options, argc, argv) ? OTA_EXIT_OK : OTA_EXIT_MISUSE;
}

void ota_options_release(struct ota_options *options)
{
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
    for (size_t i = 0; i < OPTIONS; i++) {
        const struct option *option = &option_table[i];
        char left[32];
        if (!takes(command, option))
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
