/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_scale.c - the program itself on fleets of a million and more.
 *
 *     bench_scale PROGRAM
 *
 * Runs `PROGRAM run` on the scenarios of scenarios/scale for the answer alone,
 * and once with its files, in turn and several times. Printed are medians:
 * seconds by the clock, processor time, that a device, and the most memory
 * held; then ratios of lines above, of processor time unless the line says
 * otherwise. In the environment BENCH_LARGE=1 adds what takes long or much
 * memory, BENCH_RUNS is how many runs are made (3). A scenario that is not
 * there is left out. Nothing is asserted: times are read by people.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/child.h"

enum { RUNS_MAX = 9, EXTRA_MAX = 6, WORDS_MAX = 10 + EXTRA_MAX };

#define SCALE "scenarios/scale/"
#define POLICIES "tests/bench/policies/"

/* One line of the table. */
struct line {
    const char *what, *file;
    double devices;
    int threads;
    bool large; /* BENCH_LARGE only */
    bool files; /* written, but for plots */
    const char *extra[EXTRA_MAX];
};

enum {
    MILLION,
    TWICE,
    FILES,
    TENTH,
    TEN,
    DAY,
    YEAR,
    FREE,
    RULE,
    SHARED,
    SIMPLE,
};

#define OF_A_MILLION(name, number)                                             \
    .what = (name), .file = SCALE "million.json", .devices = 1e6,              \
    .threads = (number)

/* A year without updates would run the million's batteries down. */
#define OF_COMMON(name, number)                                                \
    .what = (name), .file = SCALE "common.json", .devices = 1e6,               \
    .threads = (number)

#define COUNT "--set", "fleet.0.count=1000000"

static const struct line lines[] = {
    [MILLION] = {OF_A_MILLION("million", 1)},
    [TWICE] = {OF_A_MILLION("million, two threads", 2)},
    [FILES] = {OF_A_MILLION("million, its files written", 1), .files = true},
    [TENTH] = {.what = "a tenth of it",
               .file = SCALE "million.json",
               .devices = 1e5,
               .threads = 1,
               .extra = {"--set", "fleet.0.count=100000"}},
    [TEN] = {.what = "ten times it",
             .file = SCALE "million.json",
             .devices = 1e7,
             .threads = 1,
             .large = true,
             .extra = {"--set", "fleet.0.count=10000000"}},
    [DAY] = {OF_COMMON("common, an idle day before", 1),
             .extra = {COUNT, "--set", "release.at=1d", "--set",
                       "run.horizon=31d"}},
    [YEAR] = {OF_COMMON("common, an idle year before", 1),
              .extra = {COUNT, "--set", "release.at=365d", "--set",
                        "run.horizon=395d"}},
    [FREE] = {OF_A_MILLION("million, no rules", 1),
              .extra = {"--policy", POLICIES "none.json"}},
    [RULE] = {OF_A_MILLION("million, a rule that never acts", 1),
              .extra = {"--policy", POLICIES "rule.json"}},
    [SHARED] = {OF_A_MILLION("million, capacity shared", 1),
                .extra = {"--policy", POLICIES "none.json", "--set",
                          "cloud.egress=100Gbit/s"}},
    [SIMPLE] = {OF_COMMON("common, a million", 1), .extra = {COUNT}},
    {OF_COMMON("common, two threads", 2), .extra = {COUNT}},
    {.what = "ten-million, two threads",
     .file = SCALE "ten-million.json",
     .devices = 1e7,
     .threads = 2,
     .large = true},
    {.what = "hundred-million, two threads",
     .file = SCALE "hundred-million.json",
     .devices = 1e8,
     .threads = 2,
     .large = true},
};

enum { LINES = sizeof(lines) / sizeof(lines[0]) };

struct found {
    bool good;
    double wall_s[RUNS_MAX], cpu_s[RUNS_MAX], peak_mb[RUNS_MAX];
    size_t runs;
    double wall, cpu, peak; /* medians */
};

static bool run_line(const char *program, const char *folder,
                     const struct line *line, struct found *found)
{
    const size_t run = found->runs++;
    char threads[16], results[64];
    const char *const fixed[] = {program,      "run",       "--quiet",
                                 "--no-plots", "--threads", threads,
                                 "--out",      results,     line->file};
    char words[WORDS_MAX][256];
    char *argv[WORDS_MAX + 1];
    char output[256];
    struct child_run times;
    size_t count = 0;

    snprintf(threads, sizeof(threads), "%d", line->threads);
    snprintf(results, sizeof(results), "%s", "none");
    if (line->files)
        snprintf(results, sizeof(results), "%s/results", folder);
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        snprintf(words[count++], sizeof(words[0]), "%s", fixed[i]);
    for (size_t i = 0; i < EXTRA_MAX && line->extra[i]; i++)
        snprintf(words[count++], sizeof(words[0]), "%s", line->extra[i]);
    for (size_t i = 0; i < count; i++)
        argv[i] = words[i];
    argv[count] = NULL;
    const bool good = child_run(argv, output, sizeof(output), &times);
    found->wall_s[run] = times.wall_s;
    found->cpu_s[run] = times.cpu_s;
    found->peak_mb[run] = times.peak_mb;
    return good;
}

static void print_lines(struct found *all)
{
    printf("%-32s %9s %9s %9s %9s\n", "the program", "seconds", "cpu s",
           "ns each", "peak MB");
    for (size_t l = 0; l < LINES; l++) {
        struct found *found = &all[l];
        if (!found->good) {
            printf("%-32s left out\n", lines[l].what);
            continue;
        }
        found->wall = child_median(found->wall_s, found->runs);
        found->cpu = child_median(found->cpu_s, found->runs);
        found->peak = child_median(found->peak_mb, found->runs);
        printf("%-32s %9.3f %9.3f %9.0f %9.1f\n", lines[l].what, found->wall,
               found->cpu, 1e9 * found->cpu / lines[l].devices, found->peak);
    }
}

static void print_ratio(const char *what, const struct found *a,
                        const struct found *b, double ratio)
{
    if (a->good && b->good)
        printf("%-60s %9.3f\n", what, ratio);
}

/* Of processor time. */
static void print_over(const char *what, const struct found *a,
                       const struct found *b, double per)
{
    print_ratio(what, a, b, a->cpu / b->cpu / per);
}

static void print_ratios(const struct found *all)
{
    const struct found *one = &all[MILLION], *two = &all[TWICE];

    print_ratio("two threads, times as fast by the clock", one, two,
                one->wall / two->wall);
    print_ratio("two threads, times the memory", two, one,
                two->peak / one->peak);
    print_over("its files written over not", &all[FILES], one, 1);
    print_over("a device of 1e6 over one of 1e5", one, &all[TENTH], 10);
    print_over("a device of 1e7 over one of 1e6", &all[TEN], one, 10);
    print_over("an idle year before over a day", &all[YEAR], &all[DAY], 1);
    print_over("a rule that never acts over none", &all[RULE], &all[FREE], 1);
    print_over("capacity shared over not", &all[SHARED], &all[FREE], 1);
    print_over("the million over the common model's", one, &all[SIMPLE], 1);
}

int main(int argc, char **argv)
{
    static struct found all[LINES];
    char folder[] = "/tmp/otasim-bench-XXXXXX";
    char output[8];
    struct child_run times;
    const char *large = getenv("BENCH_LARGE"), *wanted = getenv("BENCH_RUNS");
    const size_t asked = wanted ? strtoul(wanted, NULL, 10) : 3;
    const size_t runs = asked < 1 ? 1 : asked < RUNS_MAX ? asked : RUNS_MAX;

    if (argc < 2 || !mkdtemp(folder)) {
        fprintf(stderr, "usage: bench_scale PROGRAM\n");
        return EXIT_FAILURE;
    }
    for (size_t l = 0; l < LINES; l++)
        all[l].good = access(lines[l].file, R_OK) == 0 &&
                      (!lines[l].large || (large && strcmp(large, "1") == 0));
    for (size_t run = 0; run < runs; run++)
        for (size_t l = 0; l < LINES; l++)
            all[l].good =
                all[l].good && run_line(argv[1], folder, &lines[l], &all[l]);
    print_lines(all);
    print_ratios(all);
    char *clean[] = {"rm", "-rf", folder, NULL};
    return child_run(clean, output, sizeof(output), &times) ? EXIT_SUCCESS
                                                            : EXIT_FAILURE;
}
