/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plots.c - pictures: a gnuplot script each, which runs by hand from within
 * the folder too (`gnuplot states.gp`), and what it draws as SVG and PNG.
 */
#include <math.h>
#include <stdlib.h>

#include "output/files.h"
#include "output/number.h"
#include "output/script.h"
#include "output/writers.h"
#include "sim/base/clock.h"

static const struct {
    const char *label, *colour;
} looks[OTA_STATES] = {
    [OTA_STATE_WAITING] = {"waiting", "#bdbdbd"},
    [OTA_STATE_DOWNLOADING] = {"downloading", "#f0e442"},
    [OTA_STATE_APPLYING] = {"applying", "#0072b2"},
    [OTA_STATE_SAFE_MODE] = {"in safe mode", "#d55e00"},
    [OTA_STATE_INSTALLED] = {"updated, unreported", "#56b4e9"},
    [OTA_STATE_CONFIRMED] = {"updated, confirmed", "#009e73"},
    [OTA_STATE_GIVEN_UP] = {"given up", "#cc79a7"},
    [OTA_STATE_OUT_OF_DATA] = {"out of data", "#e69f00"},
    [OTA_STATE_DEAD] = {"battery empty", "#000000"},
    [OTA_STATE_ABSENT] = {"switched off", "#e5e5e5"},
    [OTA_STATE_CRASHING] = {"crashing", "#a50026"},
    [OTA_STATE_REVERTED] = {"back to the old version", "#8073ac"},
    [OTA_STATE_BRICKED] = {"bricked", "#4d4d4d"},
    [OTA_STATE_ROLLED_BACK] = {"rolled back", "#b2abd2"},
};

/* From the bottom of the stack to its top. */
static const enum ota_state stack[OTA_STATES] = {
    OTA_STATE_CONFIRMED,   OTA_STATE_INSTALLED,   OTA_STATE_APPLYING,
    OTA_STATE_DOWNLOADING, OTA_STATE_SAFE_MODE,   OTA_STATE_WAITING,
    OTA_STATE_GIVEN_UP,    OTA_STATE_OUT_OF_DATA, OTA_STATE_DEAD,
    OTA_STATE_REVERTED,    OTA_STATE_ROLLED_BACK, OTA_STATE_CRASHING,
    OTA_STATE_BRICKED,     OTA_STATE_ABSENT,
};

/* Columns of timeline.csv: the time, then mean, lo, hi of each state. */
static int mean_column(enum ota_state state)
{
    return 2 + 3 * (int)state;
}

struct axis {
    const char *unit;
    int64_t unit_us;
};

/* A unit in which the whole axis has a handy number of them. */
static struct axis time_axis(int64_t length_us)
{
    if (length_us >= 3 * OTA_US_PER_DAY)
        return (struct axis){"days", OTA_US_PER_DAY};
    if (length_us >= 3 * OTA_US_PER_H)
        return (struct axis){"hours", OTA_US_PER_H};
    return (struct axis){"minutes", OTA_US_PER_MIN};
}

/* "2,000 devices, mean of 20 replications" */
static void sample_size(const struct ota_report *report, char *text,
                        size_t size, const char *each)
{
    char devices[OTA_NUMBER_SIZE], replications[OTA_NUMBER_SIZE];

    ota_number_grouped((double)report->summary->groups[0].devices, 0, devices,
                       sizeof(devices));
    ota_number_grouped((double)report->summary->replications, 0, replications,
                       sizeof(replications));
    if (report->summary->replications == 1)
        snprintf(text, size, "%s device%s, one replication", devices,
                 report->summary->groups[0].devices == 1 ? "" : "s");
    else
        snprintf(text, size, "%s device%s, %s %s replications", devices,
                 report->summary->groups[0].devices == 1 ? "" : "s", each,
                 replications);
}

static void begin_script(const struct ota_report *report, FILE *out,
                         const char *title, const char *each)
{
    char size[3 * OTA_NUMBER_SIZE + 32];

    sample_size(report, size, sizeof(size), each);
    ota_script_begin(out, title, report->scenario_name, size);
}

static bool is_ever_seen(const struct ota_report *report, enum ota_state state)
{
    const size_t instants = ota_report_instants(report);

    for (size_t i = 0; i < instants; i++)
        if (report->summary->timeline[i * OTA_STATES + (size_t)state].mean >
            0.0)
            return true;
    return false;
}

static void states_script(const struct ota_report *report, FILE *out)
{
    const struct axis axis = time_axis(report->horizon_us);

    begin_script(report, out, "State of the fleet over time", "mean of");
    fprintf(out,
            "unit_s = %lld.0\n"
            "set xlabel 'time (%s)'\n"
            "set ylabel 'share of the devices'\n"
            "set xrange [0:%.17g]\n"
            "set yrange [0:100]\n"
            "set ytics 25\n"
            "set format y '%%g %%%%'\n"
            "set key outside right center Left reverse samplen 1.2 "
            "spacing 1.3\n"
            "set grid front\n",
            (long long)(axis.unit_us / OTA_US_PER_S), axis.unit,
            (double)report->horizon_us / (double)axis.unit_us);

    /* Each area hides the lower part of the one before it. */
    fputs("\ncurves = \"", out);
    const char *separator = "";
    for (size_t top = OTA_STATES; top-- > 0;) {
        if (!is_ever_seen(report, stack[top]))
            continue;
        fprintf(out,
                "%s \\\n  '../timeline.csv' skip 1 using ($1/unit_s):(100*(0",
                separator);
        for (size_t s = 0; s <= top; s++)
            if (is_ever_seen(report, stack[s]))
                fprintf(out, "+$%d", mean_column(stack[s]));
        fprintf(out, ")) with filledcurves x1 linecolor rgb '%s' title '%s'",
                looks[stack[top]].colour, looks[stack[top]].label);
        separator = ",";
    }
    fputs("\"\n", out);
    ota_script_end(out, "states");
}

/* Marks at which so many devices are confirmed. */
static void time_marks(const struct ota_report *report, const struct axis *axis,
                       FILE *out)
{
    static const struct {
        enum ota_kpi kpi;
        int percent;
    } marks[] = {
        {OTA_KPI_TIME_TO_50, 50},
        {OTA_KPI_TIME_TO_90, 90},
        {OTA_KPI_TIME_TO_99, 99},
    };

    const double end = (double)(report->horizon_us - report->release_us) /
                       (double)axis->unit_us;
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        const struct ota_estimate *time =
            &report->summary->groups[0].kpi[marks[i].kpi];
        if (time->values < time->of || !isfinite(time->mean))
            continue;
        const double x =
            time->mean * (double)OTA_US_PER_S / (double)axis->unit_us;
        char human[OTA_NUMBER_SIZE];
        ota_number_human(OTA_SCALE_TIME, time->mean, human, sizeof(human));
        const bool left = x > 0.75 * end;
        fprintf(out,
                "set arrow from %.17g,0 to %.17g,%d nohead dashtype 3 "
                "linecolor rgb '#555555'\n"
                "set label '%d %%: %s' at %.17g,%d %s offset %s "
                "point pointtype 7 pointsize 0.6 "
                "linecolor rgb '#222222' front\n",
                x, x, marks[i].percent, marks[i].percent, human, x,
                marks[i].percent, left ? "right" : "left",
                left ? "-0.8,0.8" : "0.8,-0.8");
    }
}

/* Where a rule stopped the rollout, if one did. */
static void stop_mark(const struct ota_report *report, const struct axis *axis,
                      FILE *out)
{
    const struct ota_summary *summary = report->summary;
    const struct ota_estimate *stop =
        &summary->groups[0].kpi[OTA_KPI_STOP_TIME];

    if (summary->rollout.stops == 0 || !isfinite(stop->mean))
        return;
    const double x = stop->mean * (double)OTA_US_PER_S / (double)axis->unit_us;
    char human[OTA_NUMBER_SIZE];
    ota_number_human(OTA_SCALE_TIME, stop->mean, human, sizeof(human));
    fprintf(out,
            "set arrow from %.17g,0 to %.17g,graph 1 nohead "
            "linecolor rgb '#d55e00' linewidth 1.5 front\n"
            "set label 'stopped in %lld of %lld: %s' at %.17g,graph 0.96 "
            "left offset 0.8,0 textcolor rgb '#d55e00' front\n",
            x, x, (long long)summary->rollout.stops,
            (long long)summary->replications, human, x);
}

static bool has_band(const struct ota_report *report)
{
    const size_t instants = ota_report_instants(report);

    for (size_t i = 0; i < instants; i++) {
        const struct ota_estimate *share =
            &report->summary->timeline[i * OTA_STATES + OTA_STATE_CONFIRMED];
        if (isfinite(share->lo) && isfinite(share->hi))
            return true;
    }
    return false;
}

static void time_script(const struct ota_report *report, FILE *out)
{
    const int64_t length_us = report->horizon_us - report->release_us;
    const struct axis axis = time_axis(length_us);
    const int mean = mean_column(OTA_STATE_CONFIRMED);

    begin_script(report, out, "Devices updated and confirmed", "mean of");
    fprintf(out,
            "unit_s = %lld.0\n"
            "release_s = %.17g\n"
            "set xlabel 'time since the release (%s)'\n"
            "set ylabel 'share of the devices'\n"
            "set xrange [0:%.17g]\n"
            "set yrange [0:102]\n"
            "set ytics 25\n"
            "set format y '%%g %%%%'\n"
            "set key bottom right Left reverse samplen 1.5\n",
            (long long)(axis.unit_us / OTA_US_PER_S),
            ota_s_from_us(report->release_us), axis.unit,
            (double)length_us / (double)axis.unit_us);
    time_marks(report, &axis, out);
    stop_mark(report, &axis, out);

    fputs("\ncurves = \"", out);
    if (has_band(report))
        fprintf(out,
                " \\\n  '../timeline.csv' skip 1 "
                "using (($1-release_s)/unit_s):(100*$%d):(100*$%d) with "
                "filledcurves "
                "linecolor rgb '#99d8c7' title '%g %% interval',",
                mean + 1, mean + 2, 100.0 * report->summary->confidence);
    fprintf(out,
            " \\\n  '../timeline.csv' skip 1 "
            "using (($1-release_s)/unit_s):(100*$%d) with lines linewidth 2 "
            "linecolor rgb '#009e73' title 'confirmed'\"\n",
            mean);
    ota_script_end(out, "time_to_update");
}

/* The bins from the first to the last that is not empty; false: none is. */
static bool used_bins(const struct ota_histogram *histogram, size_t *first,
                      size_t *last)
{
    bool any = false;

    for (size_t b = 0; b < OTA_HISTOGRAM_BINS; b++) {
        if (histogram->bins[b] == 0)
            continue;
        if (!any)
            *first = b;
        *last = b;
        any = true;
    }
    return any;
}

static void bytes_data(const struct ota_report *report, FILE *out)
{
    const struct ota_histogram *histogram = &report->summary->bytes;
    size_t first = 0, last = 0;

    fputs("from_bytes,to_bytes,share_of_devices\n", out);
    if (!used_bins(histogram, &first, &last))
        return;
    for (size_t b = first; b <= last; b++)
        fprintf(out, "%.17g,%.17g,%.17g\n", ota_histogram_edge(b),
                ota_histogram_edge(b + 1),
                (double)histogram->bins[b] / (double)histogram->count);
}

static void bytes_range(const struct ota_report *report, FILE *out)
{
    const int64_t cap_bytes = report->plan_cap_bytes;
    size_t first = 0, last = 0;

    used_bins(&report->summary->bytes, &first, &last);
    double least = ota_histogram_edge(first) / 1.6;
    double most = ota_histogram_edge(last + 1) * 1.6;

    /* A cap far away would squeeze the data into a corner. */
    if (cap_bytes != INT64_MAX && (double)cap_bytes > least / 20.0 &&
        (double)cap_bytes < most * 20.0) {
        char human[OTA_NUMBER_SIZE];
        ota_number_human(OTA_SCALE_SIZE, (double)cap_bytes, human,
                         sizeof(human));
        least = fmin(least, (double)cap_bytes / 1.6);
        most = fmax(most, (double)cap_bytes * 1.6);
        const bool left = (double)cap_bytes > sqrt(least * most);
        fprintf(out,
                "set arrow from %lld,graph 0 to %lld,graph 1 nohead "
                "linecolor rgb '#d55e00' linewidth 1.5 front\n"
                "set label 'plan: %s a billing period' at %lld,graph 0.96 "
                "%s offset %s,0 textcolor rgb '#d55e00' front\n",
                (long long)cap_bytes, (long long)cap_bytes, human,
                (long long)cap_bytes, left ? "right" : "left",
                left ? "-0.8" : "0.8");
    }
    fprintf(out, "set xrange [%.17g:%.17g]\n", least, most);

    /* 1, 2, 5 of each decade, as a log axis has too few labels of its own. */
    fputs("set xtics ()\nset mxtics 1\n", out);
    for (int decade = 0; decade <= OTA_HISTOGRAM_DECADES; decade++) {
        static const double steps[] = {1.0, 2.0, 5.0};
        for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
            const double at = steps[s] * pow(10.0, decade);
            char human[OTA_NUMBER_SIZE];
            if (at < least || at > most)
                continue;
            ota_number_human(OTA_SCALE_SIZE, at, human, sizeof(human));
            fprintf(out, "set xtics add ('%s' %.17g)\n", human, at);
        }
    }
}

/* "data of one device in 30 d (1.3 % of the devices used none)" */
static void bytes_label(const struct ota_report *report, FILE *out)
{
    const struct ota_histogram *bytes = &report->summary->bytes;
    char horizon[OTA_NUMBER_SIZE];

    ota_number_human(OTA_SCALE_TIME, ota_s_from_us(report->horizon_us), horizon,
                     sizeof(horizon));
    fprintf(out, "set xlabel 'data of one device in %s", horizon);
    if (bytes->zeros > 0) {
        char none[OTA_NUMBER_SIZE];
        ota_number_human(OTA_SCALE_SHARE,
                         (double)bytes->zeros / (double)bytes->count, none,
                         sizeof(none));
        fprintf(out, " (%s of the devices used none)", none);
    }
    fputs("'\n", out);
}

static void bytes_script(const struct ota_report *report, FILE *out)
{
    size_t first, last;

    begin_script(report, out, "Data per device, update and routine", "all of");
    bytes_label(report, out);
    fputs("set ylabel 'share of the devices'\n"
          "set format y '%g %%'\n"
          "set style fill solid 0.9 noborder\n"
          "unset key\n",
          out);
    if (used_bins(&report->summary->bytes, &first, &last)) {
        fputs("set logscale x\nset yrange [0:*]\n", out);
        bytes_range(report, out);
        fputs("\ncurves = \"'bytes_per_device.dat' skip 1 "
              "using (sqrt($1*$2)):(100*$3):1:2:(0):(100*$3) with boxxyerror "
              "linecolor rgb '#0072b2'\"\n",
              out);
    } else {
        /* gnuplot wants a curve: one out of sight. */
        fputs("set xrange [0:1]\nunset xtics\nset yrange [0:100]\n"
              "set label 'no device used any data' at graph 0.5,0.5 center\n"
              "\ncurves = '-1'\n",
              out);
    }
    ota_script_end(out, "bytes_per_device");
}

static const struct {
    const char *name;
    void (*write)(const struct ota_report *report, FILE *out);
} files[] = {
    {"states.gp", states_script},
    {"time_to_update.gp", time_script},
    {"bytes_per_device.gp", bytes_script},
    {"bytes_per_device.dat", bytes_data},
};

static const char *const pictures[] = {"states", "time_to_update",
                                       "bytes_per_device"};

static bool write_files(const struct ota_report *report, const char *folder,
                        struct ota_error *error)
{
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct ota_out_file file;
        if (!ota_out_file_open(&file, folder, files[i].name, error))
            return false;
        files[i].write(report, file.stream);
        if (!ota_out_file_close(&file, error))
            return false;
    }
    return true;
}

static bool write_plots(const void *of, const char *folder,
                        const struct ota_output_options *options,
                        struct ota_error *error)
{
    const struct ota_report *report = of;
    char *plots = ota_files_join(folder, "/", ota_writer_plots.name, error);
    if (!plots)
        return false;

    const bool ok =
        ota_files_make_folder(plots, error) &&
        write_files(report, plots, error) &&
        ota_script_draw(plots, pictures, sizeof(pictures) / sizeof(pictures[0]),
                        options, error);
    free(plots);
    return ok;
}

const struct ota_folder_file ota_writer_plots = {
    .name = "plots",
    .summary = "states, time to update, bytes per device: SVG, PNG, gnuplot",
    .write = write_plots,
};
