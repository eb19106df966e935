/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gnuplot.c - see gnuplot.h.
 */
#include "output/gnuplot.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* What a shell says when a program is not there; so do some posix_spawn(). */
enum { EXIT_NOT_FOUND = 127 };

enum { ASK_EVERY_MS = 100 };

/* Returns the command that enters the folder. In single quotes gnuplot takes
 * everything as it is, but a quote is written twice; a tilde in front would
 * be taken for a home. */
static char *cd_command(const char *folder)
{
    char *command = malloc(2 * strlen(folder) + sizeof("cd './'"));
    if (!command)
        return NULL;

    char *at = command;
    memcpy(at, "cd '", 4);
    at += 4;
    if (*folder != '/') {
        *at++ = '.';
        *at++ = '/';
    }
    for (; *folder; folder++) {
        if (*folder == '\'')
            *at++ = '\'';
        *at++ = *folder;
    }
    *at++ = '\'';
    *at = '\0';
    return command;
}

/* Starts gnuplot with its complaints going to `complaints_fd`. Returns 0 or
 * an error number. */
static int start(char *const *arguments, int complaints_fd, pid_t *child)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;

    int reason = posix_spawn_file_actions_init(&files);
    if (reason)
        return reason;
    reason = posix_spawnattr_init(&attributes);
    if (reason) {
        posix_spawn_file_actions_destroy(&files);
        return reason;
    }
    /* The caller may block signals; the child must still hear Ctrl-C. */
    sigemptyset(&none);
    if (!(reason = posix_spawnattr_setsigmask(&attributes, &none)) &&
        !(reason =
              posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK)) &&
        !(reason = posix_spawn_file_actions_addopen(&files, 0, "/dev/null",
                                                    O_RDONLY, 0)) &&
        !(reason = posix_spawn_file_actions_addopen(&files, 1, "/dev/null",
                                                    O_WRONLY, 0)) &&
        !(reason = posix_spawn_file_actions_adddup2(&files, complaints_fd, 2)))
        reason = posix_spawnp(child, arguments[0], &files, &attributes,
                              arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return reason;
}

/* Like read(), once there is something to read. Until then the child is ended
 * if nobody wants it to go on. */
static ssize_t read_later(int fd, char *buffer, size_t size, pid_t child,
                          const struct ota_output_options *options)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    while (poll(&ready, 1, ASK_EVERY_MS) == 0)
        if (options->keep_going && !options->keep_going(options->context))
            kill(child, SIGTERM);
    return read(fd, buffer, size);
}

/* Reads all that comes and keeps what fits, as one line. */
static void read_complaints(int fd, pid_t child,
                            const struct ota_output_options *options,
                            char *text, size_t size)
{
    size_t used = 0;
    char buffer[512];
    ssize_t length;

    for (;;) {
        length = read_later(fd, buffer, sizeof(buffer), child, options);
        if (length == 0 || (length < 0 && errno != EINTR))
            break;
        for (ssize_t i = 0; i < length && used + 1 < size; i++) {
            const char c = buffer[i];
            const bool blank = c == '\n' || c == '\r' || c == '\t' || c == ' ';
            if (!blank)
                text[used++] = c;
            else if (used > 0 && text[used - 1] != ' ')
                text[used++] = ' ';
        }
    }
    while (used > 0 && text[used - 1] == ' ')
        used--;
    text[used] = '\0';
}

static enum ota_gnuplot_status judge(int status, const char *complaints,
                                     struct ota_error *error)
{
    if (WIFSIGNALED(status)) {
        ota_fail(error, "gnuplot was ended by signal %d", WTERMSIG(status));
        return OTA_GNUPLOT_INTERRUPTED;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOT_FOUND)
        return OTA_GNUPLOT_MISSING;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return OTA_GNUPLOT_DONE;
    ota_fail(error, "gnuplot failed: %s",
             complaints[0] ? complaints : "it did not say why");
    return OTA_GNUPLOT_FAILED;
}

static enum ota_gnuplot_status run(char *const *arguments,
                                   const struct ota_output_options *options,
                                   struct ota_error *error)
{
    int ends[2];
    if (pipe(ends) != 0) {
        ota_fail(error, "cannot start gnuplot: %s", strerror(errno));
        return OTA_GNUPLOT_FAILED;
    }
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);

    pid_t child;
    const int reason = start(arguments, ends[1], &child);
    close(ends[1]);
    if (reason) {
        close(ends[0]);
        if (reason == ENOENT)
            return OTA_GNUPLOT_MISSING;
        ota_fail(error, "cannot start gnuplot: %s", strerror(reason));
        return OTA_GNUPLOT_FAILED;
    }

    char complaints[OTA_MESSAGE_SIZE / 2];
    read_complaints(ends[0], child, options, complaints, sizeof(complaints));
    close(ends[0]);

    int status;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            ota_fail(error, "gnuplot was lost: %s", strerror(errno));
            return OTA_GNUPLOT_FAILED;
        }
    }
    return judge(status, complaints, error);
}

enum ota_gnuplot_status
ota_gnuplot_run(const char *folder, const char *const *scripts, size_t count,
                const struct ota_output_options *options,
                struct ota_error *error)
{
    assert(count <= OTA_GNUPLOT_SCRIPTS_MAX);

    char *command = cd_command(folder);
    if (!command) {
        ota_fail(error, OTA_NO_MEMORY);
        return OTA_GNUPLOT_FAILED;
    }
    char name[] = "gnuplot", option[] = "-e";
    char *arguments[3 + OTA_GNUPLOT_SCRIPTS_MAX + 1] = {name, option, command};
    /* posix_spawn() takes char *const [] and does not write to the words. */
    for (size_t i = 0; i < count; i++)
        arguments[3 + i] = (char *)(uintptr_t)scripts[i];

    const enum ota_gnuplot_status status = run(arguments, options, error);
    free(command);
    return status;
}
