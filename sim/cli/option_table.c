/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * option_table.c - every option: how its value is read, and its help.
 */
#include "sim/cli/option_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/import.h"

enum {
    THREADS_MOST = 1024,
    REPLICATIONS_MOST = 1000000, /* as of run.replications */
};

/* Letters of an option's .of: the commands that take it. */
static const struct {
    char letter;
    const char *name;
} command_letters[] = {{'r', "run"},    {'s', "sweep"},    {'k', "compare"},
                       {'u', "tune"},   {'e', "estimate"}, {'j', "merge"},
                       {'g', "gates"},  {'t', "trace"},    {'c', "check"},
                       {'m', "models"}, {'i', "import"}};

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
    add_setting(options, "@policy", value);

    /* A policy is there before settings that change it, wherever they stand. */
    size_t at = options->setting_count - 1;
    const struct ota_setting policy = options->settings[at];
    for (; at > 0 && strcmp(options->settings[at - 1].path, "@policy") != 0;
         at--)
        options->settings[at] = options->settings[at - 1];
    options->settings[at] = policy;
    return NULL;
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

static const char *add_word(struct ota_words *words, char *value,
                            const char *problem)
{
    if (!*value)
        return problem;
    words->list[words->count++] = value;
    return NULL;
}

static const char *read_vary(struct ota_options *options, char *value)
{
    const char *problem =
        "it takes PATH=VALUES, such as app.wait=5s..120s:12 or "
        "sleep.period=15min,1h,6h";
    const char *equals = strchr(value, '=');

    return equals && equals > value && equals[1]
               ? add_word(&options->vary, value, problem)
               : problem;
}

static const char *read_with(struct ota_options *options, char *value)
{
    return add_word(&options->with, value, "it takes the name of a file");
}

static const char *read_kpi(struct ota_options *options, char *value)
{
    return add_word(&options->kpis, value,
                    "it takes a measure, such as charge or "
                    "updated_within(7d)");
}

static const char *read_precision(struct ota_options *options, char *value)
{
    return add_word(&options->precisions, value,
                    "it takes MEASURE=WIDTH, such as success_rate=0.5%");
}

static const char *read_goal(struct ota_options *options, char *value)
{
    return add_word(&options->goals, value,
                    "it takes a condition, such as "
                    "'updated_within(7d) >= 99%'");
}

static const char *read_objective(struct ota_options *options, char *value,
                                  bool maximise)
{
    if (!*value)
        return "it takes a measure, such as charge_per_device";
    if (options->objective)
        return "one thing can be made least or most, and one is named already";
    options->objective = value;
    options->maximise = maximise;
    return NULL;
}

static const char *read_minimise(struct ota_options *options, char *value)
{
    return read_objective(options, value, false);
}

static const char *read_maximise(struct ota_options *options, char *value)
{
    return read_objective(options, value, true);
}

static const char *read_lhs(struct ota_options *options, char *value)
{
    return read_count(value, 1, &options->lhs);
}

static const char *read_max_reps(struct ota_options *options, char *value)
{
    if (!is_whole(value, 1, REPLICATIONS_MOST))
        return "it takes a whole number from 1 to 1000000";
    return read_count(value, 1, &options->max_reps);
}

static const char *read_budget(struct ota_options *options, char *value)
{
    return read_count(value, 1, &options->budget);
}

static const char *read_part(struct ota_options *options, char *value)
{
    char *slash = strchr(value, '/');
    const char *problem = "it takes K/N, part K of N, such as 1/3";

    if (!slash)
        return problem;
    *slash = '\0';
    const bool whole =
        is_whole(value, 1, INT32_MAX) && is_whole(slash + 1, 1, INT32_MAX);
    *slash = '/';
    if (!whole)
        return problem;
    options->part = (int64_t)strtoull(value, NULL, 10);
    options->parts = (int64_t)strtoull(slash + 1, NULL, 10);
    return options->part <= options->parts ? NULL : problem;
}

static const char *read_fresh(struct ota_options *options, char *value)
{
    (void)value;
    options->fresh = true;
    return NULL;
}

/* Flags that stand for a scenario; kept as they are. */
static const char *read_flag(const char **flag, char *value)
{
    if (!*value)
        return "its value is missing";
    *flag = value;
    return NULL;
}

static const char *read_platform(struct ota_options *options, char *value)
{
    return read_flag(&options->platform, value);
}

static const char *read_from(struct ota_options *options, char *value)
{
    return read_flag(&options->from, value);
}

static const char *read_to(struct ota_options *options, char *value)
{
    return read_flag(&options->to, value);
}

static const char *read_app(struct ota_options *options, char *value)
{
    return read_flag(&options->app, value);
}

static const char *read_link(struct ota_options *options, char *value)
{
    return read_flag(&options->link, value);
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

const struct ota_option ota_option_table[] = {
    {"--device", "N", "t", "trace that device; 0 if not given", read_device},
    {"--why", "WORD", "t", "trace devices of that outcome", read_why},
    {"--limit", "K", "t", "with --why: that many; 1 if not given", read_limit},
    {"--rep", "R", "t", "of replication R, from 0; 0 if not given", read_rep},
    {"--format", "F", "t", "text, ndjson or chrome; text if not given",
     read_format},
    {"--vary", "PATH=VALUES", "su",
     "vary a field: 5s..120s:12, 5s..120s:12log, 15min,1h,6h", read_vary},
    {"--lhs", "N", "s", "N points of a Latin hypercube instead of a grid",
     read_lhs},
    {"--with", "FILE...", "k", "a variant: a patch, a policy or a scenario",
     read_with},
    {"--goal", "CONDITION", "u",
     "what must hold: MEASURE >= VALUE, or <=", read_goal},
    {"--minimise", "MEASURE", "u", "what is to be least", read_minimise},
    {"--maximise", "MEASURE", "u", "what is to be most", read_maximise},
    {"--budget", "N", "u", "replications at most", read_budget},
    {"--kpi", "MEASURE", "sk", "a number to show; may be given again",
     read_kpi},
    {"--precision", "MEASURE=WIDTH", "rsk",
     "replicate until half the interval is no wider", read_precision},
    {"--max-reps", "N", "rsk", "with --precision: replications at most",
     read_max_reps},
    {"--part", "K/N", "rsk", "do part K of N and write it; see merge",
     read_part},
    {"--fresh", NULL, "rsku", "use nothing that was done before", read_fresh},
    {"--platform", "NAME", "e", "of the device: electron, boron, ...",
     read_platform},
    {"--from", "OS", "e", "the Device OS that it runs", read_from},
    {"--to", "OS", "e", "the Device OS that is sent, or that the app needs",
     read_to},
    {"--app", "SIZE", "e", "size of the app", read_app},
    {"--link", "NAME", "e", "class of its link: 3g, lte_m_good, ...",
     read_link},
    {"--seed", "N", "rskugtc", "the same as --set run.seed=N", read_seed},
    {"--reps", "N", "rskgc", "the same as --set run.replications=N", read_reps},
    {"--idle", "HOW", "rskugtc",
     "the same as --set run.idle=HOW: skip idle wakes, or step", read_idle},
    {"--set", "PATH=VALUE", "rskuegtc",
     "set a field of the scenario; may be given again", read_set},
    {"--policy", "FILE", "rskugtc",
     "that file's policy instead of the scenario's", read_policy},
    {"--out", "DIR", "rsku",
     "write there, not to results/<scenario>; none: nowhere", read_out},
    {"--out", "FILE", "ti", "write there, not to standard output", read_file},
    {"-o", "FILE", "i", "the same as --out", read_file},
    {"--reading", "NAME=HOW", "i", "read an approximation another way",
     read_reading},
    {"--start", "DATE", "i", "when the release is, for files with dates",
     read_start},
    {"--json", NULL, "rskuegc", "print one JSON object instead of text",
     read_json},
    {"--json", NULL, "i", "print policy and notes as one JSON object",
     read_json},
    {"--quiet", NULL, "rskujgc", "print neither text nor progress", read_quiet},
    {"--quiet", NULL, "t", "print no progress", read_quiet},
    {"--threads", "N", "rskujgt", "use N threads; no result depends on it",
     read_threads},
    {"--no-plots", NULL, "rskuj", "write the scripts of plots, draw nothing",
     read_no_plots},
    {"--schema", NULL, "m", "print the JSON Schema of scenarios", read_schema},
    {"--help", NULL, "*", "help, also of a command", read_help},
    {"--version", NULL, "*", "the version", read_version},
    {NULL, NULL, NULL, NULL, NULL},
};

bool ota_option_taken(const struct ota_command *command,
                      const struct ota_option *option)
{
    if (option->of[0] == '*')
        return true;
    for (size_t i = 0; i < sizeof(command_letters) / sizeof(command_letters[0]);
         i++)
        if (command && strcmp(command->name, command_letters[i].name) == 0)
            return strchr(option->of, command_letters[i].letter) != NULL;
    return false;
}

const char *ota_option_refused(const struct ota_command *command,
                               const struct ota_option *option)
{
    if (!command)
        return "it needs a command";
    if (strcmp(command->name, "tune") == 0 &&
        strcmp(option->name, "--part") == 0)
        return "a search cannot be cut into parts: what it tries next depends "
               "on what it found; cut up a sweep, or tune on more threads or "
               "ranks";
    return "not an option of this command";
}
