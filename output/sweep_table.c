/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sweep_table.c - a sweep for a person: a row a point, a column a measure.
 *
 * All numbers of a column are in one unit, with the digits that each one's
 * interval justifies, points under points. Measures that do not fit beside each
 * other continue in further blocks, each with the settings, or where these take
 * too much room with numbers of the points. A best point is marked only where
 * its interval is apart from those of all others.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "output/columns.h"
#include "output/page.h"
#include "output/sweep.h"
#include "sim/base/clock.h"

enum {
    CELL_COLUMNS = 32, /* of a setting's value that are shown */
    ROWS_MOST = 40,    /* shown, */
    ROWS_ENDS = 10,    /* else so many from either end */
};

struct table {
    const struct ota_sweep_report *report;
    const struct ota_page *page;
    struct ota_arena arena;
    size_t *rows;          /* shown */
    size_t row_count, cut; /* rows left out behind so many; 0: none */
    struct ota_table_column *columns;
    size_t column_count, key_count; /* columns that every block has */
    bool marked, missing;
};

static struct ota_table_column *add_column(struct table *table)
{
    struct ota_table_column *column = &table->columns[table->column_count++];

    column->cells = ota_arena_alloc(&table->arena, table->row_count,
                                    sizeof(struct ota_cell));
    return column->cells ? column : NULL;
}

/* --- columns --- */

static bool add_axis(struct table *table, size_t axis)
{
    struct ota_table_column *column = add_column(table);

    if (!column)
        return false;
    for (size_t r = 0; r < table->row_count; r++)
        ota_cell_copy(
            &column->cells[r],
            table->report->study.rows[table->rows[r]].settings[axis].value,
            CELL_COLUMNS);
    ota_column_close(column, table->row_count, table->report->axes[axis].path);
    return true;
}

static bool add_counts(struct table *table, const char *head,
                       int64_t (*count)(const struct table *table, size_t row))
{
    struct ota_table_column *column = add_column(table);

    if (!column)
        return false;
    for (size_t r = 0; r < table->row_count; r++)
        ota_number_grouped((double)count(table, table->rows[r]), 0,
                           column->cells[r].text, OTA_CELL_SIZE);
    ota_column_close(column, table->row_count, head);
    return true;
}

static int64_t number_of(const struct table *table, size_t row)
{
    (void)table;
    return (int64_t)row + 1;
}

static int64_t replications_of(const struct table *table, size_t row)
{
    return table->report->study.rows[row].replications;
}

static int64_t devices_of(const struct table *table, size_t row)
{
    return table->report->study.devices[row];
}

/* A number of a measure, taken apart at its point. */
struct number {
    struct ota_cell whole, interval;
    int places; /* columns from the point on */
};

static void write_number(const struct table *table, size_t row, size_t measure,
                         double unit_for, struct number *number)
{
    const struct ota_estimate *estimate =
        ota_study_report_estimate(&table->report->study, row, measure);
    struct ota_reading reading = ota_reading_in(
        table->report->study.measures[measure].scale, unit_for, estimate);

    reading.unit = "";
    ota_reading_format(&reading, estimate->mean, number->whole.text,
                       OTA_CELL_SIZE);
    const char *point = strchr(number->whole.text, '.');
    number->places = point ? (int)strlen(point) : 0;
    if (isfinite(estimate->mean))
        ota_reading_interval(&reading, estimate, number->interval.text,
                             OTA_CELL_SIZE);
    else if (estimate->values == 0)
        snprintf(number->interval.text, OTA_CELL_SIZE, "never");
    else
        snprintf(number->interval.text, OTA_CELL_SIZE, "in %lld of %lld",
                 (long long)estimate->values, (long long)estimate->of);
}

/* Points under points, and the intervals behind. */
static void join(struct table *table, struct ota_table_column *column,
                 const struct number *numbers, size_t best)
{
    int wholes = 0, places = 0;

    for (size_t r = 0; r < table->row_count; r++) {
        const int length = (int)strlen(numbers[r].whole.text);
        if (length - numbers[r].places > wholes)
            wholes = length - numbers[r].places;
        if (numbers[r].places > places)
            places = numbers[r].places;
    }
    for (size_t r = 0; r < table->row_count; r++) {
        const bool mark = table->rows[r] == best;
        const int left = (int)strlen(numbers[r].whole.text) - numbers[r].places;
        table->marked = table->marked || mark;
        snprintf(column->cells[r].text, OTA_CELL_SIZE, "%*s%.40s%*s%s %.60s",
                 wholes - left, "", numbers[r].whole.text,
                 places - numbers[r].places, "",
                 mark                                    ? "*"
                 : best < table->report->study.row_count ? " "
                                                         : "",
                 numbers[r].interval.text);
    }
}

static bool add_measure(struct table *table, size_t measure)
{
    const struct ota_study_measure *of =
        &table->report->study.measures[measure];
    const double unit_for = ota_sweep_unit_for(table->report, measure);
    const struct ota_estimate none = {NAN, NAN, NAN, 0, 0};
    struct ota_table_column *column = add_column(table);
    struct number *numbers =
        ota_arena_alloc(&table->arena, table->row_count, sizeof(*numbers));
    char head[192];

    if (!column || !numbers)
        return false;
    for (size_t r = 0; r < table->row_count; r++) {
        write_number(table, table->rows[r], measure, unit_for, &numbers[r]);
        table->missing =
            table->missing || strcmp(numbers[r].whole.text, "-") == 0;
    }
    join(table, column, numbers, ota_sweep_best(table->report, measure));
    const char *unit = ota_reading_in(of->scale, unit_for, &none).unit;
    snprintf(head, sizeof(head), "%s%s%s", of->label, *unit ? "," : "", unit);
    ota_column_close(column, table->row_count, head);
    return true;
}

/* --- the table --- */

/* What differs in devices differs in an axis, replications need not. */
static bool replications_differ(const struct table *table)
{
    for (size_t r = 1; r < table->report->study.row_count; r++)
        if (replications_of(table, r) != replications_of(table, 0))
            return true;
    return false;
}

static size_t width_of(const struct table *table, size_t from, size_t to)
{
    size_t width = 0;

    for (size_t c = from; c < to; c++)
        width += (c > from ? OTA_COLUMN_GAP : 0) + table->columns[c].width;
    return width;
}

static bool choose_rows(struct table *table)
{
    const size_t count = table->report->study.row_count;

    table->cut = count > ROWS_MOST ? ROWS_ENDS : 0;
    table->row_count = table->cut ? 2 * (size_t)ROWS_ENDS : count;
    table->rows =
        ota_arena_alloc(&table->arena, table->row_count, sizeof(*table->rows));
    for (size_t r = 0; table->rows && r < table->row_count; r++)
        table->rows[r] =
            table->cut && r >= table->cut ? count - table->row_count + r : r;
    return table->rows != NULL;
}

static bool make(struct table *table)
{
    const struct ota_sweep_report *report = table->report;

    table->columns = ota_arena_alloc(
        &table->arena, report->axis_count + report->study.shown_count + 2,
        sizeof(struct ota_table_column));
    if (!table->columns || !choose_rows(table))
        return false;
    /* Numbers of points first; passed over if settings take their place. */
    bool ok = add_counts(table, "point", number_of);
    for (size_t a = 0; ok && a < report->axis_count; a++)
        ok = add_axis(table, a);
    if (ok && replications_differ(table))
        ok = add_counts(table, "reps", replications_of);
    table->key_count = table->column_count;
    for (size_t m = 0; ok && m < report->study.shown_count; m++)
        ok = add_measure(table, m);
    return ok;
}

/* The columns that a block has: keys, and [from, to). */
struct block {
    size_t key_from, key_to, from, to;
};

static size_t block_columns(const struct block *block)
{
    return block->key_to - block->key_from + block->to - block->from;
}

static const struct ota_table_column *
block_column(const struct table *table, const struct block *block, size_t i)
{
    const size_t keys = block->key_to - block->key_from;

    return &table->columns[i < keys ? block->key_from + i
                                    : block->from + i - keys];
}

static void print_heads(const struct table *table, const struct block *block)
{
    size_t lines = 0;

    for (size_t i = 0; i < block_columns(block); i++) {
        const size_t count = block_column(table, block, i)->head_count;
        lines = count > lines ? count : lines;
    }
    fputc('\n', table->page->out);
    ota_page_style(table->page, "1");
    for (size_t l = 0; l < lines; l++) {
        char line[1024] = "";
        for (size_t i = 0; i < block_columns(block); i++) {
            const struct ota_table_column *column =
                block_column(table, block, i);
            const size_t above = lines - column->head_count;
            ota_column_pad(line, sizeof(line),
                           l < above ? "" : column->heads[l - above].text,
                           column->width);
        }
        ota_page_row(table->page, "%s", line);
    }
    ota_page_style(table->page, "0");
}

static void print_block(const struct table *table, const struct block *block)
{
    print_heads(table, block);
    for (size_t r = 0; r < table->row_count; r++) {
        char line[1024] = "";
        if (table->cut && r == table->cut)
            ota_page_row(table->page, "...");
        for (size_t i = 0; i < block_columns(block); i++) {
            const struct ota_table_column *column =
                block_column(table, block, i);
            ota_column_pad(line, sizeof(line), column->cells[r].text,
                           column->width);
        }
        ota_page_row(table->page, "%s", line);
    }
}

/* As many columns as fit, at least one, block after block. */
static void print_blocks(const struct table *table, struct block block,
                         size_t end)
{
    const size_t page = (size_t)table->page->width;
    const size_t keys = width_of(table, block.key_from, block.key_to);

    while (block.from < end) {
        block.to = block.from + 1;
        while (block.to < end &&
               keys + OTA_COLUMN_GAP +
                       width_of(table, block.from, block.to + 1) <=
                   page)
            block.to++;
        print_block(table, &block);
        block.from = block.to;
    }
}

static size_t widest(const struct table *table, size_t from)
{
    size_t width = 0;

    for (size_t c = from; c < table->column_count; c++)
        if (table->columns[c].width > width)
            width = table->columns[c].width;
    return width;
}

static void print_table(const struct table *table)
{
    const size_t keys = width_of(table, 1, table->key_count);
    const struct block settings = {0, 1, 1, 1};
    const struct block beside = {1, table->key_count, table->key_count, 0};
    const struct block numbered = {0, 1, table->key_count, 0};

    if (keys + OTA_COLUMN_GAP + widest(table, table->key_count) <=
        (size_t)table->page->width) {
        print_blocks(table, beside, table->column_count);
    } else {
        print_blocks(table, settings, table->key_count);
        print_blocks(table, numbered, table->column_count);
    }
}

/* "20", "20 to 85" */
static void print_range(int64_t least, int64_t most, char *text, size_t size)
{
    char from[OTA_NUMBER_SIZE], to[OTA_NUMBER_SIZE];

    ota_number_grouped((double)least, 0, from, sizeof(from));
    ota_number_grouped((double)most, 0, to, sizeof(to));
    snprintf(text, size, most > least ? "%s to %s" : "%s", from, to);
}

static void print_title(const struct table *table)
{
    const struct ota_study_report *study = &table->report->study;
    const struct ota_page *page = table->page;
    char points[OTA_NUMBER_SIZE], devices[2 * OTA_NUMBER_SIZE + 8];
    char reps[2 * OTA_NUMBER_SIZE + 8], horizon[OTA_NUMBER_SIZE], line[512];
    int64_t least[2] = {INT64_MAX, INT64_MAX}, most[2] = {0, 0};

    for (size_t r = 0; r < study->row_count; r++) {
        const int64_t counts[2] = {devices_of(table, r),
                                   replications_of(table, r)};
        for (int c = 0; c < 2; c++) {
            least[c] = counts[c] < least[c] ? counts[c] : least[c];
            most[c] = counts[c] > most[c] ? counts[c] : most[c];
        }
    }
    ota_page_style(page, "1");
    ota_page_paragraph(page, study->scenario_title[0] ? study->scenario_title
                                                      : study->scenario_name);
    ota_page_style(page, "0");
    ota_number_grouped((double)study->row_count, 0, points, sizeof(points));
    print_range(least[0], most[0], devices, sizeof(devices));
    print_range(least[1], most[1], reps, sizeof(reps));
    ota_number_human(OTA_SCALE_TIME, ota_s_from_us(table->report->horizon_us),
                     horizon, sizeof(horizon));
    snprintf(line, sizeof(line),
             "%s%s point%s of %s replication%s of %s, %s device%s, seed %llu; "
             "in brackets %g %% intervals",
             points, table->report->grid ? "" : " random",
             study->row_count == 1 ? "" : "s", reps, most[1] == 1 ? "" : "s",
             horizon, devices, most[0] == 1 ? "" : "s",
             (unsigned long long)study->seed, 100.0 * study->confidence);
    ota_page_paragraph(page, line);
}

/* Where a precision is met, and what the others would take. */
static void say_precision(const struct table *table, size_t p)
{
    const struct ota_study_report *study = &table->report->study;
    const struct ota_replicate *replicate = study->replicate;
    const size_t count = replicate->precision_count;
    char label[128], width[64], most[OTA_NUMBER_SIZE], line[512];
    size_t met = 0, never = 0;
    int64_t needed = 0;
    bool known = true; /* what is needed */

    for (size_t r = 0; r < study->row_count; r++) {
        const struct ota_precision_look *look =
            &replicate->looks[r * count + p];
        met += look->met;
        never += look->never;
        known = known && (look->met || look->needed > 0);
        needed = look->needed > needed ? look->needed : needed;
    }
    ota_measure_label(&replicate->precisions[p].measure, label, sizeof(label));
    ota_precision_write(&replicate->precisions[p], width, sizeof(width));
    ota_number_grouped((double)replicate->most, 0, most, sizeof(most));
    if (met == study->row_count)
        snprintf(line, sizeof(line), "%s: known to within %s at all points.",
                 label, width);
    else if (never > 0)
        snprintf(line, sizeof(line),
                 "%s: known to within %s at %zu of %zu points; at %zu it has "
                 "no mean, as not all replications gave it.",
                 label, width, met, study->row_count, never);
    else if (!known)
        snprintf(line, sizeof(line),
                 "%s: known to within %s at %zu of %zu points; %s replications "
                 "are the most (--max-reps).",
                 label, width, met, study->row_count, most);
    else
        snprintf(line, sizeof(line),
                 "%s: known to within %s at %zu of %zu points; %s replications "
                 "are the most, and up to about %lld are needed (--max-reps).",
                 label, width, met, study->row_count, most, (long long)needed);
    ota_page_paragraph(table->page, line);
}

static void print_notes(const struct table *table, const char *where)
{
    const size_t left = table->report->study.row_count - table->row_count;
    char line[512];

    const size_t precisions =
        table->report->study.replicate
            ? table->report->study.replicate->precision_count
            : 0;

    if (left > 0 || table->marked || table->missing || precisions > 0)
        fputc('\n', table->page->out);
    if (left > 0) {
        snprintf(line, sizeof(line),
                 where ? "%zu points are left out here; all are in %s."
                       : "%zu points are left out here; all are written with "
                         "--out DIR or --json.",
                 left, where);
        ota_page_paragraph(table->page, line);
    }
    if (table->marked)
        ota_page_paragraph(table->page, "* the best; its interval is apart "
                                        "from those of all others.");
    if (table->missing)
        ota_page_paragraph(table->page,
                           "- no mean, as it did not happen in all "
                           "replications; \"in\" says in how many.");
    for (size_t p = 0; p < precisions; p++)
        say_precision(table, p);
}

bool ota_sweep_print(const struct ota_sweep_report *report, FILE *out,
                     int width, bool colour, const char *where)
{
    const struct ota_page page = ota_page_on(out, width, colour);
    struct table table = {.report = report, .page = &page};
    const bool ok = make(&table);

    if (ok) {
        print_title(&table);
        print_table(&table);
        print_notes(&table, where);
    }
    ota_arena_release(&table.arena);
    return ok;
}
