/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tune_terminal.c - the answer of a tuning for a person: what to set, what
 * shows that it is good, and what the neighbours would be like.
 */
#include <math.h>
#include <string.h>

#include "output/page.h"
#include "output/tune.h"
#include "sim/base/clock.h"
#include "sim/base/text.h"

enum {
    TEXT_SIZE = 512,
    CELL_SIZE = 80,
    FRONT_MOST = 10, /* rows of the front */
};

static const struct ota_study_measure *
measure_named(const struct ota_tune_report *report, const char *name)
{
    return &report->study.measures[ota_tune_measure(report, name)];
}

/* A number in the digits that its interval justifies. */
static void write_mean(const struct ota_study_measure *measure,
                       const struct ota_estimate *estimate, char *text,
                       size_t size)
{
    const struct ota_reading reading = ota_reading_of(measure->scale, estimate);

    ota_reading_format(&reading, estimate->mean, text, size);
}

/* A value that somebody chose: "99 %", "7 d". */
static void write_value(const struct ota_study_measure *measure, double value,
                        char *text, size_t size)
{
    if (measure->scale == OTA_SCALE_SHARE)
        snprintf(text, size, "%.10g %%", 100.0 * value);
    else
        ota_number_human(measure->scale, value, text, size);
}

static void write_goal(const struct ota_tune_report *report, size_t goal,
                       char *text, size_t size)
{
    const struct ota_goal *of = &report->setup->goals[goal];
    const struct ota_study_measure *measure =
        measure_named(report, of->measure);
    char value[OTA_NUMBER_SIZE];

    write_value(measure, of->value, value, sizeof(value));
    snprintf(text, size, "%s at %s %s", measure->label,
             of->at_least ? "least" : "most", value);
}

static void print_title(const struct ota_tune_report *report,
                        const struct ota_page *page)
{
    const struct ota_study_report *study = &report->study;
    const struct ota_tune_setup *setup = report->setup;
    char devices[OTA_NUMBER_SIZE], horizon[OTA_NUMBER_SIZE];
    char line[2 * TEXT_SIZE], goal[TEXT_SIZE];

    ota_page_style(page, "1");
    ota_page_paragraph(page, study->scenario_title[0] ? study->scenario_title
                                                      : study->scenario_name);
    ota_page_style(page, "0");
    ota_number_grouped((double)study->devices[report->tune->chosen], 0, devices,
                       sizeof(devices));
    ota_number_human(OTA_SCALE_TIME, ota_s_from_us(report->horizon_us), horizon,
                     sizeof(horizon));
    snprintf(line, sizeof(line), "Wanted: %s %s",
             setup->maximise ? "most" : "least",
             measure_named(report, setup->objective)->label);
    for (size_t g = 0; g < setup->goal_count; g++) {
        write_goal(report, g, goal, sizeof(goal));
        ota_text_append(line, sizeof(line), "%s%s", g > 0 ? " and " : " with ",
                        goal);
    }
    ota_text_append(line, sizeof(line), "; %s devices over %s, seed %llu",
                    devices, horizon, (unsigned long long)study->seed);
    ota_page_paragraph(page, line);
}

/* --- the chosen one --- */

static void print_settings(const struct ota_tune_report *report,
                           const struct ota_page *page)
{
    const struct ota_tried *chosen = &report->tune->tried[report->tune->chosen];

    for (size_t a = 0; a < report->setup->axis_count; a++) {
        const char *value = chosen->settings[a].value;
        const char *quote =
            value[strcspn(value, " \"'$\\(){}[]*;&|<>?~#!")] ? "'" : "";
        ota_page_style(page, "1;32");
        ota_page_row(page, "  --set %s%s=%s%s", quote, chosen->settings[a].path,
                     value, quote);
        ota_page_style(page, "0");
    }
}

static void print_measure(const struct ota_tune_report *report,
                          const struct ota_page *page, const char *name)
{
    const struct ota_study_measure *measure = measure_named(report, name);
    char mean[CELL_SIZE], interval[CELL_SIZE];

    ota_page_cells(measure->scale,
                   ota_study_report_estimate(&report->study,
                                             report->tune->chosen,
                                             ota_tune_measure(report, name)),
                   mean, sizeof(mean), interval, sizeof(interval));
    ota_page_row(page, "  %-*s  %-10s %s", OTA_PAGE_LABEL, measure->label, mean,
                 interval);
}

static bool is_goal(const struct ota_tune_report *report, const char *name)
{
    for (size_t g = 0; g < report->setup->goal_count; g++)
        if (strcmp(report->setup->goals[g].measure, name) == 0)
            return true;
    return false;
}

static void print_measures(const struct ota_tune_report *report,
                           const struct ota_page *page)
{
    const struct ota_tune_setup *setup = report->setup;

    print_measure(report, page, setup->objective);
    for (size_t g = 0; g < setup->goal_count; g++)
        if (strcmp(setup->goals[g].measure, setup->objective) != 0)
            print_measure(report, page, setup->goals[g].measure);
    for (int r = 0; r < OTA_TUNE_RESPECTS; r++)
        if (strcmp(report->tune->respects[r], setup->objective) != 0 &&
            !is_goal(report, report->tune->respects[r]))
            print_measure(report, page, report->tune->respects[r]);
}

/* Replications of what is staged may be quite unlike each other: how seldom a
 * story may be that they have not told. */
static void print_unseen(const struct ota_tune_report *report,
                         const struct ota_page *page)
{
    const struct ota_tune *tune = report->tune;
    const size_t point = tune->tried[tune->chosen].point;
    char line[TEXT_SIZE];

    if (report->setup->goal_count == 0 ||
        !ota_study_point(report->study.study, point).staged)
        return;
    const double unseen = -expm1(log(1.0 - tune->evidence[0].confidence) /
                                 (double)tune->evidence_replications);
    snprintf(line, sizeof(line),
             "Devices share a rollout or capacity: what goes wrong in fewer "
             "than %.2g %% of replications may not have shown.",
             100.0 * unseen);
    ota_page_paragraph(page, line);
}

static void print_evidence(const struct ota_tune_report *report,
                           const struct ota_page *page)
{
    const struct ota_tune *tune = report->tune;
    char goal[TEXT_SIZE], bound[CELL_SIZE], line[2 * TEXT_SIZE];

    for (size_t g = 0; g < report->setup->goal_count; g++) {
        const bool at_least = report->setup->goals[g].at_least;
        const struct ota_tune_evidence *evidence = &tune->evidence[g];
        const struct ota_study_measure *measure =
            measure_named(report, report->setup->goals[g].measure);
        const struct ota_reading reading =
            ota_reading_of(measure->scale, &evidence->estimate);
        write_goal(report, g, goal, sizeof(goal));
        ota_reading_format(
            &reading, at_least ? evidence->estimate.lo : evidence->estimate.hi,
            bound, sizeof(bound));
        snprintf(line, sizeof(line),
                 "%s holds with %g %% confidence: at %s %s in %lld "
                 "replications that the search had not seen; %zu setting%s put "
                 "to that test.",
                 goal, 100.0 * report->setup->confidence,
                 at_least ? "least" : "most", bound,
                 (long long)tune->evidence_replications, tune->candidates,
                 tune->candidates == 1 ? " was" : "s were");
        ota_page_paragraph(page, line);
    }
    print_unseen(report, page);
    if (report->setup->goal_count == 0)
        ota_page_paragraph(
            page, "It is the best by the means of what was tried; there is no "
                  "goal to show.");
}

/* Whether a goal asks for the most or the least that its measure can be. */
static bool is_absolute(const struct ota_tune_report *report)
{
    for (size_t g = 0; g < report->setup->goal_count; g++) {
        const struct ota_goal *goal = &report->setup->goals[g];
        const size_t point = report->tune->tried[report->tune->chosen].point;
        const size_t place = ota_tune_measure(report, goal->measure);
        const struct ota_study *study = report->study.study;
        double least, most;
        ota_measure_range(ota_study_measure(study, point, place),
                          ota_study_facts(study, point, place)->devices, &least,
                          &most);
        if (goal->at_least ? goal->value >= most : goal->value <= least)
            return true;
    }
    return false;
}

/* What went wrong, as nothing was shown to meet the goals. */
static void print_failure(const struct ota_tune_report *report,
                          const struct ota_page *page)
{
    const struct ota_tried *chosen = &report->tune->tried[report->tune->chosen];
    char line[2 * TEXT_SIZE], goal[TEXT_SIZE];

    snprintf(line, sizeof(line),
             chosen->shortfall > 0.0
                 ? "No setting that was tried meets"
                 : "No setting that was tried could be shown to meet");
    for (size_t g = 0; g < report->setup->goal_count; g++) {
        write_goal(report, g, goal, sizeof(goal));
        ota_text_append(line, sizeof(line), "%s %s", g > 0 ? " and" : "", goal);
    }
    if (!isfinite(chosen->shortfall))
        ota_text_append(line, sizeof(line),
                        ". Of none did all replications come so far that it "
                        "has a value; this is one of them.");
    else if (chosen->shortfall > 0.0)
        ota_text_append(line, sizeof(line), ". This one comes nearest.");
    else
        ota_text_append(line, sizeof(line),
                        " with %g %% confidence. This one meets it in the "
                        "mean; %s.",
                        100.0 * report->setup->confidence,
                        is_absolute(report)
                            ? "that it is always so no number of replications "
                              "shows: allow a little"
                        : report->tune->exhausted
                            ? "a larger --budget may show it"
                            : "it is too near to the edge");
    ota_page_paragraph(page, line);
}

/* What is best at an end of a range may be better beyond. */
static void print_ends(const struct ota_tune_report *report,
                       const struct ota_page *page)
{
    const struct ota_tried *chosen = &report->tune->tried[report->tune->chosen];

    for (size_t a = 0; a < report->setup->axis_count; a++) {
        const struct ota_axis *axis = &report->setup->axes[a];
        char line[TEXT_SIZE];
        if (!axis->range || (chosen->numbers[a] != axis->least &&
                             chosen->numbers[a] != axis->most))
            continue;
        snprintf(line, sizeof(line),
                 "%s=%s is the end of its range: a wider --vary may find a "
                 "better one.",
                 axis->path, chosen->settings[a].value);
        ota_page_paragraph(page, line);
    }
}

/* --- neighbours --- */

/* "app.wait=26s", what differs from the chosen one. */
static void write_difference(const struct ota_tune_report *report, size_t t,
                             char *text, size_t size)
{
    const struct ota_tune *tune = report->tune;
    const struct ota_setting *chosen = tune->tried[tune->chosen].settings;
    const struct ota_setting *other = tune->tried[t].settings;

    text[0] = '\0';
    for (size_t a = 0; a < report->setup->axis_count; a++)
        if (strcmp(chosen[a].value, other[a].value) != 0)
            ota_text_append(text, size, "%s%s=%s", text[0] ? " " : "",
                            other[a].path, other[a].value);
}

/* "-2.1 %": of the objective, by the replications that both have. */
static void write_change(const struct ota_tune_report *report, size_t t,
                         char *text, size_t size)
{
    const struct ota_tune *tune = report->tune;
    const struct ota_tried *chosen = &tune->tried[tune->chosen];
    const struct ota_tried *other = &tune->tried[t];
    const int64_t both = other->replications < chosen->replications
                             ? other->replications
                             : chosen->replications;
    const size_t place = ota_tune_measure(report, report->setup->objective);
    const struct ota_estimate change =
        ota_study_paired(report->study.study, other->point, chosen->point,
                         place, both, report->study.confidence)
            .difference;
    const double base =
        ota_study_estimate(report->study.study, chosen->point, place, both,
                           report->study.confidence)
            .mean;

    if (isfinite(change.mean) && base != 0.0)
        snprintf(text, size, "%+.1f %%", 100.0 * change.mean / fabs(base));
    else
        snprintf(text, size, "-");
}

static void print_neighbours(const struct ota_tune_report *report,
                             const struct ota_page *page)
{
    const struct ota_tune *tune = report->tune;
    const struct ota_study_measure *objective =
        measure_named(report, report->setup->objective);
    size_t width = 0;
    char text[TEXT_SIZE], mean[CELL_SIZE], change[CELL_SIZE];

    if (tune->neighbour_count == 0)
        return;
    ota_page_heading(page, "Neighbours");
    for (size_t n = 0; n < tune->neighbour_count; n++) {
        write_difference(report, tune->neighbours[n], text, sizeof(text));
        width = strlen(text) > width ? strlen(text) : width;
    }
    for (size_t n = 0; n < tune->neighbour_count; n++) {
        const struct ota_tried *tried = &tune->tried[tune->neighbours[n]];
        char line[2 * TEXT_SIZE];
        write_difference(report, tune->neighbours[n], text, sizeof(text));
        write_mean(objective, &tried->objective, mean, sizeof(mean));
        write_change(report, tune->neighbours[n], change, sizeof(change));
        snprintf(line, sizeof(line), "  %-*s  %10s (%s)", (int)width, text,
                 mean, change);
        for (size_t g = 0; g < report->setup->goal_count; g++) {
            const struct ota_study_measure *measure =
                measure_named(report, report->setup->goals[g].measure);
            write_mean(measure, &tried->goals[g], mean, sizeof(mean));
            ota_text_append(line, sizeof(line), "  %s %s", measure->label,
                            mean);
        }
        if (tried->shortfall > 0.0)
            ota_text_append(line, sizeof(line), ", misses");
        ota_page_row(page, "%s", line);
    }
}

/* --- the front --- */

/* Rows that are less than this part of the whole range of the front from the
 * last in all respects are left out. */
static const double same = 0.04;

static bool is_apart(const struct ota_tune_report *report, size_t a, size_t b,
                     const double *range)
{
    const struct ota_tried *tried = report->tune->tried;

    for (int r = 0; r < OTA_TUNE_RESPECTS; r++)
        if (fabs(tried[a].respects[r].mean - tried[b].respects[r].mean) >
            same * range[r])
            return true;
    return false;
}

/* Rows of the front, the chosen one among them. Returns how many. */
static size_t choose_front(const struct ota_tune_report *report, size_t *rows)
{
    const struct ota_tune *tune = report->tune;
    double range[OTA_TUNE_RESPECTS];
    size_t count = 0;

    for (int r = 0; r < OTA_TUNE_RESPECTS; r++) {
        double least = INFINITY, most = -INFINITY;
        for (size_t t = 0; t < tune->tried_count; t++) {
            if (!tune->tried[t].front)
                continue;
            least = fmin(least, tune->tried[t].respects[r].mean);
            most = fmax(most, tune->tried[t].respects[r].mean);
        }
        range[r] = most - least;
    }
    for (size_t t = 0; t < tune->tried_count && count < FRONT_MOST; t++) {
        bool apart = tune->tried[t].front;
        for (size_t i = 0; i < count && apart; i++)
            apart = is_apart(report, t, rows[i], range);
        if (apart &&
            (t == tune->chosen || is_apart(report, t, tune->chosen, range)))
            rows[count++] = t;
        else if (t == tune->chosen && tune->tried[t].front && count > 0)
            rows[count - 1] = t;
    }
    return count;
}

/* Where a label is cut in two lines: at the space nearest to its middle, or at
 * its end. */
static size_t cut_at(const char *label)
{
    const size_t length = strlen(label);
    size_t best = length;
    size_t off = length;

    for (size_t i = 0; i < length; i++) {
        const size_t from = 2 * i > length ? 2 * i - length : length - 2 * i;
        if (label[i] == ' ' && from < off) {
            best = i;
            off = from;
        }
    }
    return best;
}

/* Heads in two lines; widths takes those of the columns. */
static void print_front_head(const struct ota_tune_report *report,
                             const struct ota_page *page, size_t indent,
                             int widths[OTA_TUNE_RESPECTS])
{
    enum { LEAST = 10 }; /* "1.078 MB", "741.6 mAh" */
    char first[TEXT_SIZE] = "", second[TEXT_SIZE] = "";

    for (int r = 0; r < OTA_TUNE_RESPECTS; r++) {
        const char *label =
            measure_named(report, report->tune->respects[r])->label;
        const size_t cut = cut_at(label);
        const char *rest = label[cut] ? label + cut + 1 : "";
        const size_t wide = strlen(rest) > cut ? strlen(rest) : cut;
        widths[r] = wide > LEAST ? (int)wide : LEAST;
        ota_text_append(first, sizeof(first), "  %*.*s", widths[r], (int)cut,
                        label);
        ota_text_append(second, sizeof(second), "  %*s", widths[r], rest);
    }
    ota_page_row(page, "  %-*s%s", (int)indent, "", first);
    ota_page_row(page, "  %-*s%s", (int)indent, "", second);
}

static void print_front(const struct ota_tune_report *report,
                        const struct ota_page *page)
{
    const struct ota_tune *tune = report->tune;
    size_t rows[FRONT_MOST], width = strlen("setting");
    const size_t count = choose_front(report, rows);
    struct ota_study_row of = {.setting_count = report->setup->axis_count};
    char text[TEXT_SIZE], cells[OTA_TUNE_RESPECTS][CELL_SIZE];
    int widths[OTA_TUNE_RESPECTS];

    if (count < 2)
        return;
    ota_page_heading(page, "Nothing that was tried beats these in all of");
    for (size_t i = 0; i < count; i++) {
        of.settings = tune->tried[rows[i]].settings;
        ota_study_row_text(&of, text, sizeof(text));
        width = strlen(text) > width ? strlen(text) : width;
    }
    print_front_head(report, page, width, widths);
    for (size_t i = 0; i < count; i++) {
        of.settings = tune->tried[rows[i]].settings;
        ota_study_row_text(&of, text, sizeof(text));
        for (int r = 0; r < OTA_TUNE_RESPECTS; r++)
            write_mean(measure_named(report, tune->respects[r]),
                       &tune->tried[rows[i]].respects[r], cells[r], CELL_SIZE);
        ota_page_row(page, "  %-*s  %*s  %*s  %*s%s", (int)width, text,
                     widths[0], cells[0], widths[1], cells[1], widths[2],
                     cells[2], rows[i] == tune->chosen ? "  <" : "");
    }
}

void ota_tune_print(const struct ota_tune_report *report, FILE *out, int width,
                    bool colour)
{
    const struct ota_page page = ota_page_on(out, width, colour);
    const struct ota_tune *tune = report->tune;
    char line[TEXT_SIZE], settings[OTA_NUMBER_SIZE];

    print_title(report, &page);
    ota_page_heading(&page, tune->met ? "Chosen" : "Not met");
    if (!tune->met)
        print_failure(report, &page);
    print_settings(report, &page);
    print_measures(report, &page);
    if (tune->met)
        print_evidence(report, &page);
    print_ends(report, &page);
    print_neighbours(report, &page);
    print_front(report, &page);
    ota_number_grouped((double)tune->tried_count, 0, settings,
                       sizeof(settings));
    snprintf(line, sizeof(line),
             "%s settings tried in %lld of %lld replications%s", settings,
             (long long)tune->replications, (long long)tune->budget,
             tune->exhausted ? ": the budget cut the search short, --budget N "
                               "allows more"
                             : "");
    fputc('\n', out);
    ota_page_paragraph(&page, line);
}
