/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * script.c - see script.h.
 */
#include "output/script.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/files.h"
#include "output/gnuplot.h"

enum { NAME_COLUMNS = 48 }; /* of a scenario's name that a title shows */

/* Single quotes keep all but themselves. twice: what is written twice too. */
static void quoted(FILE *out, const char *text, char twice)
{
    fputc('\'', out);
    for (; *text; text++) {
        if (*text == '\'' || *text == twice)
            fputc((unsigned char)*text, out);
        fputc((unsigned char)*text < 0x20 ? ' ' : *text, out);
    }
    fputc('\'', out);
}

void ota_script_text(FILE *out, const char *text)
{
    quoted(out, text, '\'');
}

void ota_script_tic(FILE *out, const char *text)
{
    quoted(out, text, '%');
}

/* Copies the start of UTF-8 text, with "..." for what a title has no room
 * for. */
static void shortened(const char *text, char *start, size_t size)
{
    size_t length = 0, count = 0;

    for (; text[length] && count < NAME_COLUMNS; length++)
        count += ((unsigned char)text[length + 1] & 0xc0) != 0x80;
    snprintf(start, size, "%.*s%s", (int)length, text,
             text[length] ? "..." : "");
}

void ota_script_begin(FILE *out, const char *title, const char *name,
                      const char *sample)
{
    fputs("# Run within this folder: it reads files beside it.\n"
          "reset\n"
          "set encoding utf8\n"
          "set datafile separator ','\n"
          "set border 3 linecolor rgb '#555555'\n"
          "set tics nomirror out scale 0.6\n"
          "set grid linetype 1 linecolor rgb '#e2e2e2' linewidth 0.6\n",
          out);
    fputs("title = ", out);
    ota_script_text(out, title);
    fputs("\nscenario = ", out);
    char start[4 * NAME_COLUMNS + 8];
    shortened(name, start, sizeof(start));
    ota_script_text(out, start);
    fputs("\nsample = ", out);
    ota_script_text(out, sample);
    fputs("\nset title title.\"\\n\".scenario.': '.sample\n", out);
}

void ota_script_end_with(FILE *out, const char *name, const char *commands,
                         int width, int height, bool small)
{
    fprintf(out,
            "\nset terminal svg noenhanced size %d,%d dynamic "
            "font 'DejaVu Sans,%d' background rgb 'white'\n"
            "set output '%s.svg'\n"
            "%s"
            "set terminal pngcairo noenhanced size %d,%d "
            "font 'DejaVu Sans,%d' linewidth 1.5 background rgb 'white'\n"
            "set output '%s.png'\n"
            "%s"
            "unset output\n",
            width, height, small ? 10 : 12, name, commands, width * 3 / 2,
            height * 3 / 2, small ? 12 : 15, name, commands);
}

void ota_script_end(FILE *out, const char *name)
{
    ota_script_end_with(out, name, "plot @curves\n", 800, 450, false);
}

static const char *const endings[] = {".svg", ".png"};

/* After a failure: no half-drawn pictures. */
static void remove_pictures(const char *folder, const char *name)
{
    struct ota_error ignored = {0};
    char *base = ota_files_join(folder, "/", name, &ignored);

    for (size_t e = 0; base && e < sizeof(endings) / sizeof(endings[0]); e++) {
        char *path = ota_files_join(base, "", endings[e], &ignored);
        if (path)
            (void)unlink(path); /* most often it is not there */
        free(path);
    }
    free(base);
}

static void warn_of(enum ota_gnuplot_status status, const char *problem,
                    FILE *warn)
{
    if (status == OTA_GNUPLOT_MISSING)
        fputs("otasim: gnuplot is not installed (Debian: gnuplot-nox): no "
              "pictures, only their scripts and data\n",
              warn);
    else
        fprintf(warn, "otasim: %s: no pictures, only their scripts and data\n",
                problem);
}

bool ota_script_draw(const char *folder, const char *const *names, size_t count,
                     const struct ota_output_options *options,
                     struct ota_error *error)
{
    char files[OTA_GNUPLOT_SCRIPTS_MAX][OTA_SCRIPT_NAME_SIZE + 4];
    const char *scripts[OTA_GNUPLOT_SCRIPTS_MAX] = {NULL};
    struct ota_error problem = {0};

    assert(count <= OTA_GNUPLOT_SCRIPTS_MAX);
    if (!options->draw)
        return true;
    for (size_t i = 0; i < count; i++) {
        snprintf(files[i], sizeof(files[i]), "%s.gp", names[i]);
        scripts[i] = files[i];
    }
    const enum ota_gnuplot_status status =
        ota_gnuplot_run(folder, scripts, count, options, &problem);
    if (status == OTA_GNUPLOT_DONE)
        return true;
    for (size_t i = 0; i < count; i++)
        remove_pictures(folder, names[i]);
    if (status == OTA_GNUPLOT_INTERRUPTED)
        return ota_fail(error, "%s", problem.message);
    if (options->warn)
        warn_of(status, problem.message, options->warn);
    return true;
}
