/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command_import.c - `otasim import`: a platform's rollout configuration as a
 * policy, and on stderr what there is to say of it.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/files.h"
#include "sim/base/text.h"
#include "sim/cli/options.h"
#include "sim/otasim.h"
#include "sim/scenario/import.h"

/* Writes words behind so many spaces, broken at 80 columns; the line has
 * `column` characters already. */
static void wrap(FILE *out, const char *words, int indent, int column)
{
    while (*words) {
        const int length = (int)strcspn(words, " ");
        if (column + 1 + length > 79) {
            fprintf(out, "\n%*s", indent - 1, "");
            column = indent - 1;
        }
        fprintf(out, " %.*s", length, words);
        column += 1 + length;
        words += length;
        words += strspn(words, " ");
    }
    fputc('\n', out);
}

void ota_help_readings(FILE *out)
{
    fputs("\nreadings, of what a platform leaves open; the first holds by "
          "itself:\n",
          out);
    for (const struct ota_approximation *a = ota_approximations; a->name; a++) {
        if (!a->readings[0])
            continue;
        fprintf(out, "  %s\n", a->name);
        for (int r = 0; r < OTA_READINGS_MAX && a->readings[r]; r++) {
            fprintf(out, "    %-10s", a->readings[r]);
            wrap(out, a->meanings[r], 15, 14);
        }
    }
}

/* --- the command line --- */

/* The platform's number; -1, having said so, if there is none. */
static int find_platform(const struct ota_options *options)
{
    int count = 0;

    for (; ota_import_platforms[count]; count++)
        if (strcmp(ota_import_platforms[count], options->operands[0]) == 0)
            return count;
    ota_unknown("platform", options->operands[0], ota_import_platforms,
                (size_t)count, options->command);
    return -1;
}

static enum ota_exit check_reading(const struct ota_options *options,
                                   const struct ota_setting *setting)
{
    const char *names[64];
    char what[64];
    size_t count = 0;

    for (const struct ota_approximation *a = ota_approximations; a->name; a++) {
        if (!a->readings[0])
            continue;
        names[count++] = a->name;
        if (strcmp(a->name, setting->path) != 0)
            continue;
        size_t r = 0;
        for (; r < OTA_READINGS_MAX && a->readings[r]; r++)
            if (strcmp(a->readings[r], setting->value) == 0)
                return OTA_EXIT_OK;
        snprintf(what, sizeof(what), "reading of %s", a->name);
        ota_unknown(what, setting->value, a->readings, r, options->command);
        return OTA_EXIT_MISUSE;
    }
    ota_unknown("approximation", setting->path, names, count, options->command);
    return OTA_EXIT_MISUSE;
}

/* --- what there is to say --- */

/* A line on stderr; quotes of the file pass the guard of ota_fail(). */
static void say(const char *format, ...) OTA_PRINTF(1, 2);

static void say(const char *format, ...)
{
    char text[OTA_MESSAGE_SIZE];
    struct ota_error line = {0};
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    ota_fail(&line, "%s", text);
    fprintf(stderr, "%s\n", line.message);
}

/* With the other readings that it has. */
static void say_note(const struct ota_import_note *note)
{
    const struct ota_approximation *a = ota_approximations;
    char others[128] = "";

    while (strcmp(a->name, note->name) != 0)
        a++;
    for (int r = 0; r < OTA_READINGS_MAX && a->readings[r]; r++)
        if (a->meanings[r] != note->meaning)
            ota_text_append(
                others, sizeof(others), "%s%s",
                others[0] ? ", " : " (other readings: ", a->readings[r]);
    say("%s: %s%s%s", note->name, note->meaning, others, others[0] ? ")" : "");
}

static bool is_noted(const struct ota_import *import, const char *name)
{
    for (size_t i = 0; i < import->note_count; i++)
        if (strcmp(import->notes[i].name, name) == 0)
            return true;
    return false;
}

static void say_all(const struct ota_options *options,
                    const struct ota_import *import)
{
    const char *file = options->operands[1];
    const struct ota_import_field *f;

    for (size_t i = 0; i < import->note_count; i++)
        say_note(&import->notes[i]);
    for (size_t i = 0; i < options->setting_count; i++)
        if (!is_noted(import, options->settings[i].path))
            say("--reading %s: this file does not need it",
                options->settings[i].path);
    for (size_t i = 0; i < import->label_count; i++)
        say("label %s: its filters ask groups of the scenario for it",
            import->labels[i]);
    for (size_t i = 0; i < import->ignored_count; i++) {
        f = &import->ignored[i];
        say("%s:%d:%d: %s: not used: %s", file, f->line, f->column, f->path,
            f->why);
    }
    for (size_t i = 0; i < import->unknown_count; i++) {
        f = &import->unknown[i];
        say("%s:%d:%d: unknown field %s: not used%s%s%s", file, f->line,
            f->column, f->path, f->why ? "; did you mean " : "",
            f->why ? f->why : "", f->why ? "?" : "");
    }
}

/* --- the file --- */

static enum ota_exit cannot_write(const char *path, int reason)
{
    fprintf(stderr, "otasim: %s: cannot write: %s\n", path, ota_reason(reason));
    return OTA_EXIT_FAILED;
}

/* Returns 0, or why it failed. */
static int write_to(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");
    if (!out)
        return errno;
    errno = 0;
    const bool bad = fprintf(out, "%s\n", text) < 0 || fflush(out) != 0;
    int reason = bad ? errno : 0;
    if (fclose(out) != 0 && !bad)
        reason = errno;
    return bad && !reason ? EIO : reason;
}

/* A file is there whole or as it was; what is no file, such as a pipe, is
 * written to as it is. */
static enum ota_exit write_file(const char *path, const char *text)
{
    struct ota_error error = {0};
    struct stat status;

    if (!ota_files_make_parents(path, &error))
        return ota_failed(error.message);
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        const int reason =
            S_ISDIR(status.st_mode) ? EISDIR : write_to(path, text);
        return reason ? cannot_write(path, reason) : OTA_EXIT_OK;
    }
    const size_t size = strlen(path) + sizeof(".partial");
    char *beside = malloc(size);
    if (!beside)
        return ota_failed(OTA_NO_MEMORY);
    snprintf(beside, size, "%s.partial", path);
    int reason = write_to(beside, text);
    if (!reason && rename(beside, path) != 0)
        reason = errno;
    if (reason)
        unlink(beside);
    free(beside);
    return reason ? cannot_write(path, reason) : OTA_EXIT_OK;
}

static enum ota_exit write_text(const struct ota_options *options,
                                const char *text)
{
    if (options->out)
        return write_file(options->out, text);
    puts(text); /* main() looks at stdout */
    return OTA_EXIT_OK;
}

static enum ota_exit answer(const struct ota_options *options,
                            const struct ota_import *import)
{
    if (!options->json) {
        const enum ota_exit status = write_text(options, import->policy);
        if (status == OTA_EXIT_OK)
            say_all(options, import);
        return status;
    }
    char *json = ota_import_to_json(import);
    if (!json)
        return ota_failed(OTA_NO_MEMORY);
    const enum ota_exit status = write_text(options, json);
    free(json);
    return status;
}

enum ota_exit ota_command_import(const struct ota_options *options)
{
    const struct ota_import_options wanted = {
        .readings = options->settings,
        .reading_count = options->setting_count,
        .start_given = options->start_given,
        .start_s = options->start_s,
    };
    struct ota_complaints complaints = {0};
    struct ota_import import;
    const int platform = find_platform(options);

    if (platform < 0)
        return OTA_EXIT_MISUSE;
    for (size_t i = 0; i < options->setting_count; i++) {
        const enum ota_exit status =
            check_reading(options, &options->settings[i]);
        if (status != OTA_EXIT_OK)
            return status;
    }
    if (!ota_import_read(&import, (size_t)platform, options->operands[1],
                         &wanted, &complaints))
        return ota_refuse(&complaints);
    const enum ota_exit status = answer(options, &import);
    ota_import_release(&import);
    return status;
}
