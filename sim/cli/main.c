/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * main.c - the program: a client of the library like any other.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/cli/options.h"
#include "sim/otasim.h"

/*
 * Someone may start us without standard streams. A result file would then
 * get their numbers, and text meant for a person would end in it. Each missing
 * one is opened the wrong way round, so that using it still is an error.
 */
static void guard_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* A full disk behind stdout must not look like success. */
static enum ota_exit finish(enum ota_exit status)
{
    errno = 0;
    const bool bad = ferror(stdout) != 0;
    if (fflush(stdout) == 0 && !bad)
        return status;
    fprintf(stderr, "otasim: cannot write to standard output: %s\n",
            errno ? strerror(errno) : "write error");
    return status == OTA_EXIT_OK ? OTA_EXIT_FAILED : status;
}

enum ota_exit ota_command_help(const struct ota_options *options)
{
    if (options->operand_count == 0) {
        ota_help(NULL, stdout);
        return OTA_EXIT_OK;
    }
    const struct ota_command *command = ota_command_named(options->operands[0]);
    if (!command)
        return OTA_EXIT_MISUSE;
    ota_help(command, stdout);
    return OTA_EXIT_OK;
}

static enum ota_exit obey(const struct ota_options *options)
{
    if (options->version) {
        puts("otasim " OTASIM_VERSION);
        return OTA_EXIT_OK;
    }
    if (options->help) {
        ota_help(options->command, stdout);
        return OTA_EXIT_OK;
    }
    if (ota_ranks_self(options->ranks) > 0 && !options->command->ranked)
        return OTA_EXIT_OK;
    return options->command->run(options);
}

/* Of several ranks the first speaks for all. */
static void hush(void)
{
    const int nowhere = open("/dev/null", O_WRONLY);

    if (nowhere < 0)
        return;
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    close(nowhere);
}

int main(int argc, char **argv)
{
    struct ota_options options;

    guard_standard_streams();
    struct ota_ranks *ranks = ota_ranks_begin(&argc, &argv);
    if (ota_ranks_self(ranks) > 0)
        hush();
    enum ota_exit status = ota_options_read(&options, argc, argv);
    options.ranks = ranks;
    if (status == OTA_EXIT_OK)
        status = obey(&options);
    status = finish(status);
    ota_options_release(&options);
    return ota_ranks_end(ranks, (int)status);
}
