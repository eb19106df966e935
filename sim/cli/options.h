/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - the commands and options of the program: one table of each
 * drives parsing, help and the nearest valid word.
 */
#ifndef OTA_OPTIONS_H
#define OTA_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "output/trace.h"
#include "sim/ranks/ranks.h"
#include "sim/scenario/scenario.h"

/* Exit statuses, as --help says. */
enum ota_exit {
    OTA_EXIT_OK = 0,
    OTA_EXIT_FAILED = 1,   /* a run or a write failed, or was interrupted */
    OTA_EXIT_MISUSE = 2,   /* of the command line */
    OTA_EXIT_SCENARIO = 3, /* something is wrong with the scenario */
};

/* Values of an option that may be given again, in order. */
struct ota_words {
    const char **list;
    size_t count;
};

/* What stands on the command line. Text is borrowed from argv where nothing
 * else is said. */
struct ota_options {
    struct ota_ranks *ranks; /* of the program; NULL: alone */
    char **words; /* the command line as it was given; its own copy */
    size_t word_count;
    struct ota_words merged; /* parts to take all values from, for merge */
    const struct ota_command *command; /* NULL: none given */
    const char **operands;             /* what is neither command nor option */
    size_t operand_count;
    struct ota_setting *settings; /* --set, --seed, --reps, --idle, in order;
                                   * import: --reading */
    size_t setting_count;
    const char *out; /* NULL: the default */
    int threads;     /* 0: as many as the machine has */
    const char *why; /* trace: an outcome or the begin of one; NULL: none */
    int64_t device;  /* trace: from 0 */
    bool device_given;
    int64_t replication; /* trace: from 0 */
    int64_t limit;       /* trace: devices; 0: not given */
    struct ota_words vary, with, goals, kpis, precisions;
    const char *objective; /* tune: measure; NULL: not given */
    bool maximise;
    int64_t lhs;         /* sweep: points; 0: not given */
    int64_t max_reps;    /* 0: not given */
    int64_t budget;      /* tune: replications; 0: not given */
    int64_t part, parts; /* from 1; 0: not given */
    bool fresh;          /* use nothing that was done before */
    const char *platform, *from, *to, *app, *link; /* estimate; or NULL */
    bool start_given; /* import: when the release is, */
    int64_t start_s;  /* in seconds since 1970 */
    enum ota_trace_format format;
    bool json, quiet, no_plots, schema, help, version;
};

struct ota_command {
    const char *name;
    const char *operands; /* "SCENARIO", for help */
    size_t operands_least, operands_most;
    const char *missing; /* what is said if there are fewer; NULL: the usual */
    const char *summary; /* one line */
    const char *about;   /* more, for the command's own help; lines */
    void (*more)(FILE *out); /* or NULL: writes what lists there are to it */
    bool ranked;             /* done by all ranks; else by the first */
    enum ota_exit (*run)(const struct ota_options *options);
};

/* Every command, ended by a NULL name. */
extern const struct ota_command ota_commands[];

const struct ota_command *ota_command_find(const char *name);

/*
 * Reads the command line. Returns OTA_EXIT_OK, or having said on stderr what
 * is wrong OTA_EXIT_MISUSE or, without memory, OTA_EXIT_FAILED. In any case
 * ota_options_release() frees the lists.
 */
enum ota_exit ota_options_read(struct ota_options *options, int argc,
                               char **argv);

void ota_options_release(struct ota_options *options);

/* Writes the help of a command, or of the program if command is NULL. */
void ota_help(const struct ota_command *command, FILE *out);

/* The command of that name; NULL, having said so, if there is none. */
const struct ota_command *ota_command_named(const char *name);

/* Says on stderr "otasim: unknown WHAT WORD; did you mean X?", or which words
 * are known if none is near, and where there is help. NULL words are passed
 * over. */
void ota_unknown(const char *what, const char *word, const char *const *words,
                 size_t count, const struct ota_command *command);

/* Says on stderr "otasim: SUBJECT: PROBLEM" and where there is help; returns
 * OTA_EXIT_MISUSE. */
enum ota_exit ota_misuse(const struct ota_command *command, const char *subject,
                         const char *problem);

/* Says on stderr what is wrong with a scenario. Returns OTA_EXIT_SCENARIO, or
 * OTA_EXIT_FAILED if it could not be read for lack of memory. */
enum ota_exit ota_refuse(const struct ota_complaints *complaints);

/* Says on stderr why something failed; returns OTA_EXIT_FAILED. */
enum ota_exit ota_failed(const char *message);

/* How many threads to run on, each rank. */
int ota_threads(const struct ota_options *options);

/* Of standard output. */
int ota_terminal_width(void);
bool ota_wants_colour(const struct ota_options *options);

enum ota_exit ota_command_run(const struct ota_options *options);
enum ota_exit ota_command_sweep(const struct ota_options *options);
enum ota_exit ota_command_compare(const struct ota_options *options);
enum ota_exit ota_command_tune(const struct ota_options *options);
enum ota_exit ota_command_estimate(const struct ota_options *options);
enum ota_exit ota_command_merge(const struct ota_options *options);
enum ota_exit ota_command_gates(const struct ota_options *options);
enum ota_exit ota_command_trace(const struct ota_options *options);
enum ota_exit ota_command_check(const struct ota_options *options);
enum ota_exit ota_command_models(const struct ota_options *options);
enum ota_exit ota_command_import(const struct ota_options *options);
void ota_help_readings(FILE *out);
enum ota_exit ota_command_help(const struct ota_options *options);

#endif
