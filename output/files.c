/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * files.c - see files.h.
 */
#include "output/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool no_memory(struct ota_error *error)
{
    return ota_fail(error, OTA_NO_MEMORY);
}

char *ota_files_join(const char *folder, const char *between, const char *name,
                     struct ota_error *error)
{
    const size_t size = strlen(folder) + strlen(between) + strlen(name) + 1;
    char *path = malloc(size);

    if (!path) {
        no_memory(error);
        return NULL;
    }
    snprintf(path, size, "%s%s%s", folder, between, name);
    return path;
}

bool ota_out_file_open(struct ota_out_file *file, const char *folder,
                       const char *name, struct ota_error *error)
{
    file->stream = NULL;
    file->path = ota_files_join(folder, "/", name, error);
    if (!file->path)
        return false;

    /* "x": whatever is there already is not ours to write through. */
    file->stream = fopen(file->path, "wx");
    if (file->stream)
        return true;
    ota_fail(error, "cannot write %s: %s", file->path, strerror(errno));
    free(file->path);
    file->path = NULL;
    return false;
}

bool ota_out_file_close(struct ota_out_file *file, struct ota_error *error)
{
    errno = 0;
    bool ok = fflush(file->stream) == 0 && !ferror(file->stream);
    const int reason = errno;
    ok = fclose(file->stream) == 0 && ok;
    if (!ok)
        ota_fail(error, "cannot write %s: %s", file->path,
                 reason ? strerror(reason) : "write error");
    free(file->path);
    *file = (struct ota_out_file){0};
    return ok;
}

bool ota_files_make_folder(const char *path, struct ota_error *error)
{
    if (mkdir(path, 0777) == 0)
        return true;
    return ota_fail(error, "cannot make folder %s: %s", path, strerror(errno));
}

static bool is_folder(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Cuts path off before its last name; what is left may be "/" or ".". */
static void cut_name(char *path)
{
    char *slash = strrchr(path, '/');

    if (!slash)
        strcpy(path, ".");
    else
        slash[slash == path] = '\0';
}

char *ota_files_nearest(const char *path, struct ota_error *error)
{
    char *folder = ota_files_join(path, "", ".", error); /* room for "." */
    if (!folder)
        return NULL;

    do
        cut_name(folder);
    while (access(folder, F_OK) != 0 && errno == ENOENT &&
           strcmp(folder, ".") != 0);
    return folder;
}

bool ota_files_may_make(const char *path, struct ota_error *error)
{
    char *folder = ota_files_nearest(path, error);
    if (!folder)
        return false;

    const bool ok = access(folder, W_OK | X_OK) == 0 ||
                    ota_fail(error, "cannot write in folder %s: %s", folder,
                             strerror(errno));
    free(folder);
    return ok;
}

bool ota_files_make_parents(const char *path, struct ota_error *error)
{
    char *parent = ota_files_join(path, "", "", error);
    if (!parent)
        return false;

    bool ok = true;
    for (char *at = parent + 1; ok && *parent && *at; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        if (mkdir(parent, 0777) != 0) {
            const int reason = errno;
            if (!is_folder(parent))
                ok = ota_fail(error, "cannot make folder %s: %s", parent,
                              strerror(reason));
        }
        *at = '/';
    }
    free(parent);
    return ok;
}

/* Removes what is in the open folder; -1 with errno set on failure. */
static int empty_folder(int folder_fd);

static int remove_entry(int folder_fd, const char *name)
{
    struct stat status;

    if (fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return -1;
    if (!S_ISDIR(status.st_mode))
        return unlinkat(folder_fd, name, 0);

    const int fd = openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (fd < 0 || empty_folder(fd) != 0)
        return -1;
    return unlinkat(folder_fd, name, AT_REMOVEDIR);
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int empty_folder(int folder_fd)
{
    DIR *folder = fdopendir(folder_fd);
    if (!folder) {
        close(folder_fd);
        return -1;
    }

    int result = 0;
    const struct dirent *entry;
    while (result == 0 && (entry = readdir(folder)))
        if (!is_dots(entry->d_name))
            result = remove_entry(folder_fd, entry->d_name);

    const int reason = errno;
    closedir(folder);
    errno = reason;
    return result;
}

bool ota_files_remove(const char *path, struct ota_error *error)
{
    if (remove_entry(AT_FDCWD, path) == 0)
        return true;
    return ota_fail(error, "cannot remove %s: %s", path, strerror(errno));
}

bool ota_files_rename(const char *from, const char *to, struct ota_error *error)
{
    if (rename(from, to) == 0)
        return true;
    return ota_fail(error, "cannot rename %s to %s: %s", from, to,
                    strerror(errno));
}

struct name_list {
    char **names;
    size_t count;
};

static bool add_name(struct name_list *list, const char *name)
{
    char **more =
        realloc(list->names, (list->count + 1) * sizeof(*list->names));
    if (!more)
        return false;
    list->names = more;

    more[list->count] = malloc(strlen(name) + 1);
    if (!more[list->count])
        return false;
    strcpy(more[list->count++], name);
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool read_names(const char *folder, struct name_list *list,
                       struct ota_error *error)
{
    DIR *stream = opendir(folder);
    if (!stream)
        return ota_fail(error, "cannot read folder %s: %s", folder,
                        strerror(errno));

    bool ok = true;
    const struct dirent *entry;
    while (ok && (entry = readdir(stream)))
        if (!is_dots(entry->d_name) && !add_name(list, entry->d_name))
            ok = no_memory(error);
    closedir(stream);
    return ok;
}

bool ota_files_list(const char *folder,
                    bool (*each)(void *context, const char *name),
                    void *context, struct ota_error *error)
{
    struct name_list list = {0};
    const bool ok = read_names(folder, &list, error);

    if (ok && list.count > 0) {
        qsort(list.names, list.count, sizeof(*list.names), by_name);
        for (size_t i = 0; i < list.count; i++)
            if (!each(context, list.names[i]))
                break;
    }
    for (size_t i = 0; i < list.count; i++)
        free(list.names[i]);
    free(list.names);
    return ok;
}
