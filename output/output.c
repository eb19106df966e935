/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * output.c - a results folder: complete or absent.
 */
#include "output/output.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/files.h"
#include "output/writers.h"

/* Those that take long go first, so that others are written beside them. */
const struct ota_writer *const ota_writers[] = {
    &ota_writer_sqlite,   &ota_writer_devices,
    &ota_writer_summary,  &ota_writer_timeline,
    &ota_writer_scenario, &ota_writer_plots,
    &ota_writer_manifest, NULL,
};

/* How every manifest begins. */
static const char signature[] = "{\n  \"otasim\": \"";

static bool has_signature(const char *folder, struct ota_error *error)
{
    char *path = ota_files_join(folder, "/", "manifest.json", error);
    if (!path)
        return false;

    char start[sizeof(signature)] = "";
    FILE *file = fopen(path, "r");
    free(path);
    if (!file)
        return false;
    const size_t length = fread(start, 1, sizeof(signature) - 1, file);
    fclose(file);
    return length == sizeof(signature) - 1 && strcmp(start, signature) == 0;
}

struct contents {
    size_t count;
    char foreign[256]; /* the first name that no writer has; "" if none */
};

static bool look_at(void *context, const char *name)
{
    struct contents *contents = context;

    contents->count++;
    for (size_t i = 0; ota_writers[i]; i++)
        if (strcmp(name, ota_writers[i]->name) == 0)
            return true;
    snprintf(contents->foreign, sizeof(contents->foreign), "%s", name);
    return false;
}

/* Whether what stands at `folder` may be replaced; *exists: is there any. */
static bool may_replace(const char *folder, bool *exists,
                        struct ota_error *error)
{
    struct stat status;

    *exists = lstat(folder, &status) == 0;
    if (!*exists) {
        if (errno == ENOENT)
            return true;
        return ota_fail(error, "cannot write results to %s: %s", folder,
                        strerror(errno));
    }
    if (!S_ISDIR(status.st_mode))
        return ota_fail(error,
                        "cannot write results to %s: it is there and is not "
                        "a folder; choose another with --out",
                        folder);

    struct contents contents = {0};
    if (!ota_files_list(folder, look_at, &contents, error))
        return false;
    if (contents.count == 0)
        return true;
    if (contents.foreign[0])
        return ota_fail(error,
                        "will not replace %s: it holds %s, which otasim did "
                        "not write; choose another folder with --out",
                        folder, contents.foreign);
    if (!has_signature(folder, error))
        return ota_fail(error,
                        "will not replace %s: it has no manifest.json of "
                        "otasim; choose another folder with --out",
                        folder);
    return true;
}

bool ota_output_goes_on(const struct ota_output_options *options,
                        struct ota_error *error)
{
    return !options->keep_going || options->keep_going(options->context) ||
           ota_fail(error, "interrupted; no results were written");
}

static bool write_one(const struct ota_writer *writer,
                      const struct ota_report *report, const char *folder,
                      const struct ota_output_options *options,
                      struct ota_error *error)
{
    return ota_output_goes_on(options, error) &&
           writer->write(report, folder, options, error);
}

/* All but the manifest beside each other, as they have nothing to do with each
 * other, and then the manifest. */
static bool write_all(const struct ota_report *report, const char *folder,
                      const struct ota_output_options *options,
                      struct ota_error *error)
{
    int last = 0;
    while (ota_writers[last + 1])
        last++;
    atomic_bool ok = true;

#pragma omp parallel for schedule(dynamic, 1)                                  \
    num_threads(options->threads > 0 ? options->threads : 1)
    for (int i = 0; i < last; i++) {
        struct ota_error own = {.failed = false};
        if (!atomic_load(&ok) ||
            write_one(ota_writers[i], report, folder, options, &own))
            continue;
#pragma omp critical(ota_output_error)
        if (atomic_exchange(&ok, false))
            *error = own;
    }
    return ok && write_one(ota_writers[last], report, folder, options, error);
}

/* Puts the finished `partial` in the place of `folder`. */
static bool put_in_place(const char *partial, const char *folder, bool exists,
                         struct ota_error *error)
{
    if (!exists)
        return ota_files_rename(partial, folder, error);

    char *old = ota_files_join(partial, "-", "old", error);
    if (!old)
        return false;
    bool ok = ota_files_rename(folder, old, error);
    if (ok && !ota_files_rename(partial, folder, error)) {
        ok = false;
        (void)rename(old, folder); /* the first error is the one to tell */
    } else if (ok) {
        ok = ota_files_remove(old, error);
    }
    free(old);
    return ok;
}

static bool write_beside(const struct ota_report *report, const char *folder,
                         const struct ota_output_options *options,
                         struct ota_error *error)
{
    bool exists;
    if (!may_replace(folder, &exists, error) ||
        !ota_files_make_parents(folder, error))
        return false;

    char id[32];
    snprintf(id, sizeof(id), "%ld", (long)getpid());
    char *partial = ota_files_join(folder, ".partial-", id, error);
    if (!partial)
        return false;

    bool ok = ota_files_make_folder(partial, error);
    if (ok) {
        ok = write_all(report, partial, options, error) &&
             put_in_place(partial, folder, exists, error);
        struct ota_error ignored = {0};
        if (!ok)
            ota_files_remove(partial, &ignored);
    }
    free(partial);
    return ok;
}

/* Returns a copy of the name without slashes at its end, which the caller
 * frees; NULL if it names no folder that could be renamed. */
static char *leaf_path(const char *folder, struct ota_error *error)
{
    char *path = ota_files_join(folder, "", "", error);
    if (!path)
        return NULL;

    size_t length = strlen(path);
    while (length > 0 && path[length - 1] == '/')
        path[--length] = '\0';
    const char *slash = strrchr(path, '/');
    const char *leaf = slash ? slash + 1 : path;
    if (*leaf && strcmp(leaf, ".") != 0 && strcmp(leaf, "..") != 0)
        return path;
    ota_fail(error,
             "cannot write results to \"%s\": it cannot be replaced as a "
             "whole; name a folder in it",
             folder);
    free(path);
    return NULL;
}

bool ota_output_check(const char *folder, struct ota_error *error)
{
    bool exists;
    char *path = leaf_path(folder, error);
    const bool ok = path && may_replace(path, &exists, error) &&
                    ota_files_may_make(path, error);

    free(path);
    return ok;
}

bool ota_output_write(const struct ota_report *report, const char *folder,
                      const struct ota_output_options *options,
                      struct ota_error *error)
{
    char *path = leaf_path(folder, error);
    const bool ok = path && write_beside(report, path, options, error);

    free(path);
    return ok;
}

size_t ota_report_instants(const struct ota_report *report)
{
    const struct ota_summary *summary = report->summary;
    const int64_t to_horizon =
        (report->horizon_us + summary->step_us - 1) / summary->step_us + 1;

    return (size_t)to_horizon < summary->instants ? (size_t)to_horizon
                                                  : summary->instants;
}
