/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * child.c - see child.h.
 *
 * Times and memory are the system's own account of the finished process. wait4
 * is not POSIX, but Linux and the BSDs have it.
 */
#define _DEFAULT_SOURCE /* wait4 */

#include "tests/support/child.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + 1e-6 * (double)time.tv_usec;
}

/* Reads until nobody writes any more. */
static void take_in(int from, char *output, size_t size)
{
    char spill[4096] = {0}; /* what does not fit */
    size_t held = 0;

    for (;;) {
        const bool full = held + 1 >= size;
        const ssize_t got = read(from, full ? spill : output + held,
                                 full ? sizeof(spill) : size - 1 - held);
        if (got <= 0)
            break;
        held += full ? 0 : (size_t)got;
    }
    output[held] = '\0';
}

bool child_run(char *const argv[], char *output, size_t size,
               struct child_run *run)
{
    struct rusage usage;
    int ends[2];
    int status;

    if (pipe(ends) != 0)
        return false;
    const double begin_s = now_s();
    const pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execvp(argv[0], argv);
        _exit(127);
    }
    close(ends[1]);
    take_in(ends[0], output, size);
    close(ends[0]);
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
        return false;
    run->wall_s = now_s() - begin_s;
    run->cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    run->peak_mb = 1024e-6 * (double)usage.ru_maxrss;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double child_median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), by_value);
    return values[count / 2];
}
