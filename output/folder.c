/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * folder.c - see folder.h. What otasim wrote is told by how its manifest
 * begins; whatever else is there is somebody's and stays.
 */
#include "output/folder.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/files.h"

static const char manifest_name[] = "manifest.json";

/* How every manifest begins. */
static const char signature[] = "{\n  \"otasim\": \"";

static bool has_signature(const char *folder, struct ota_error *error)
{
    char *path = ota_files_join(folder, "/", manifest_name, error);
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
    const struct ota_folder_file *const *files;
    size_t count;
    char foreign[256]; /* the first that is none of these; "" if none */
};

static bool look_at(void *context, const char *name)
{
    struct contents *contents = context;

    contents->count++;
    for (size_t i = 0; contents->files[i]; i++)
        if (strcmp(name, contents->files[i]->name) == 0)
            return true;
    snprintf(contents->foreign, sizeof(contents->foreign), "%s", name);
    return false;
}

/* Whether what stands at `folder` may be replaced; *exists: is there any. */
static bool may_replace(const char *folder,
                        const struct ota_folder_file *const *files,
                        bool *exists, struct ota_error *error)
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

    struct contents contents = {.files = files};
    if (!ota_files_list(folder, look_at, &contents, error))
        return false;
    if (contents.count == 0)
        return true;
    const bool ours = has_signature(folder, error);
    if (contents.foreign[0])
        return ota_fail(error,
                        "will not replace %s: it holds %s, which %s; choose "
                        "another folder with --out",
                        folder, contents.foreign,
                        ours ? "is not one of these results"
                             : "otasim did not write");
    if (!ours)
        return ota_fail(error,
                        "will not replace %s: it has no manifest.json of "
                        "otasim; choose another folder with --out",
                        folder);
    return true;
}

bool ota_folder_goes_on(const struct ota_output_options *options,
                        struct ota_error *error)
{
    return !options->keep_going || options->keep_going(options->context) ||
           ota_fail(error, "interrupted; no results were written");
}

static bool write_one(const struct ota_folder_file *file, const void *report,
                      const char *folder,
                      const struct ota_output_options *options,
                      struct ota_error *error)
{
    return ota_folder_goes_on(options, error) &&
           file->write(report, folder, options, error);
}

/* All but the manifest beside each other, as they have nothing to do with each
 * other, and then the manifest. */
static bool write_all(const void *report,
                      const struct ota_folder_file *const *files,
                      const char *folder,
                      const struct ota_output_options *options,
                      struct ota_error *error)
{
    int last = 0;
    while (files[last + 1])
        last++;
    atomic_bool ok = true;

#pragma omp parallel for schedule(dynamic, 1)                                  \
    num_threads(options->threads > 0 ? options->threads : 1)
    for (int i = 0; i < last; i++) {
        struct ota_error own = {.failed = false};
        if (!atomic_load(&ok) ||
            write_one(files[i], report, folder, options, &own))
            continue;
#pragma omp critical(ota_output_error)
        if (atomic_exchange(&ok, false))
            *error = own;
    }
    return ok && write_one(files[last], report, folder, options, error);
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

static bool write_beside(const void *report,
                         const struct ota_folder_file *const *files,
                         const char *folder,
                         const struct ota_output_options *options,
                         struct ota_error *error)
{
    bool exists;
    if (!may_replace(folder, files, &exists, error) ||
        !ota_files_make_parents(folder, error))
        return false;

    char id[32];
    snprintf(id, sizeof(id), "%ld", (long)getpid());
    char *partial = ota_files_join(folder, ".partial-", id, error);
    if (!partial)
        return false;

    bool ok = ota_files_make_folder(partial, error);
    if (ok) {
        ok = write_all(report, files, partial, options, error) &&
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

bool ota_folder_check(const char *folder,
                      const struct ota_folder_file *const *files,
                      struct ota_error *error)
{
    bool exists;
    char *path = leaf_path(folder, error);
    const bool ok = path && may_replace(path, files, &exists, error) &&
                    ota_files_may_make(path, error);

    free(path);
    return ok;
}

bool ota_folder_write(const void *report,
                      const struct ota_folder_file *const *files,
                      const char *folder,
                      const struct ota_output_options *options,
                      struct ota_error *error)
{
    char *path = leaf_path(folder, error);
    const bool ok = path && write_beside(report, files, path, options, error);

    free(path);
    return ok;
}

void ota_folder_begin_manifest(struct ota_json_out *json, const char *version)
{
    ota_json_out_open(json, '{');
    ota_json_out_key(json, "otasim");
    ota_json_out_string(json, version);
}

struct listing {
    struct ota_json_out *json;
    const char *folder; /* that is listed */
    const char *within; /* its name before each name; "": none */
    struct ota_error *error;
    bool ok;
};

static bool list_inner(void *context, const char *name)
{
    struct listing *listing = context;
    char *path = ota_files_join(listing->within, "/", name, listing->error);

    listing->ok = path != NULL;
    if (path)
        ota_json_out_string(listing->json, path);
    free(path);
    return listing->ok;
}

static bool is_folder(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool list_file(void *context, const char *name)
{
    struct listing *listing = context;

    if (strcmp(name, manifest_name) == 0)
        return true;
    char *path = ota_files_join(listing->folder, "/", name, listing->error);
    listing->ok = path != NULL;
    if (path && is_folder(path)) {
        struct listing inner = *listing;
        inner.within = name;
        listing->ok =
            ota_files_list(path, list_inner, &inner, listing->error) &&
            inner.ok;
    } else if (path) {
        ota_json_out_string(listing->json, name);
    }
    free(path);
    return listing->ok;
}

bool ota_folder_end_manifest(struct ota_json_out *json, const char *folder,
                             const char *scenario_json, struct ota_error *error)
{
    struct listing listing = {json, folder, "", error, true};

    ota_json_out_key(json, "files");
    ota_json_out_open(json, '[');
    const bool ok = ota_files_list(folder, list_file, &listing, error);
    ota_json_out_close(json, ']');
    ota_json_out_key(json, "input");
    ota_json_out_raw(json, scenario_json);
    ota_json_out_close(json, '}');
    ota_json_out_end(json);
    return ok && listing.ok;
}
