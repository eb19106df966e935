/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * progress.c - see progress.h.
 *
 * Signals stay blocked and are asked for, so that no handler and no global is
 * needed, and nothing is cut off half-way.
 */
#include "sim/cli/progress.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "output/number.h"

static const int64_t draw_every_ns = INT64_C(100000000);
static const int64_t ask_every_ns = INT64_C(20000000);

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static sigset_t wishes_to_stop(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    return signals;
}

void ota_progress_start(struct ota_progress *progress, bool shown,
                        double device_days, int64_t replications)
{
    const sigset_t signals = wishes_to_stop();

    sigprocmask(SIG_BLOCK, &signals, &progress->mask_before);
    progress->shown = shown;
    progress->device_days = device_days;
    progress->start_ns = now_ns();
    progress->drawn_ns = progress->start_ns;
    progress->done = 0;
    atomic_init(&progress->asked_ns, 0);
    atomic_init(&progress->interrupted, false);
    if (shown) {
        fprintf(stderr, "\r  0/%lld replications\033[K",
                (long long)replications);
        fflush(stderr);
    }
}

/* "1.2 M": few digits at a glance. */
static void format_rate(double rate, char *text, size_t size)
{
    if (rate >= 1e6)
        snprintf(text, size, "%.1f M", rate / 1e6);
    else if (rate >= 1e3)
        snprintf(text, size, "%.0f k", rate / 1e3);
    else
        snprintf(text, size, "%.0f", rate);
}

void ota_progress_done(void *context, int64_t done, int64_t of)
{
    struct ota_progress *progress = context;
    const int64_t at_ns = now_ns();

    progress->done = done;
    if (!progress->shown || at_ns - progress->drawn_ns < draw_every_ns)
        return;
    progress->drawn_ns = at_ns;

    const double passed_s = (double)(at_ns - progress->start_ns) / 1e9;
    char rate[OTA_NUMBER_SIZE];
    format_rate((double)done * progress->device_days / passed_s, rate,
                sizeof(rate));
    fprintf(stderr,
            "\r  %lld/%lld replications, %s device-days/s, %.0f s left\033[K",
            (long long)done, (long long)of, rate,
            passed_s / (double)done * (double)(of - done));
    fflush(stderr);
}

bool ota_progress_keep_going(void *context)
{
    struct ota_progress *progress = context;

    if (atomic_load_explicit(&progress->interrupted, memory_order_relaxed))
        return false;

    const int64_t at_ns = now_ns();
    if (at_ns -
            atomic_load_explicit(&progress->asked_ns, memory_order_relaxed) <
        ask_every_ns)
        return true;
    atomic_store_explicit(&progress->asked_ns, at_ns, memory_order_relaxed);

    sigset_t pending;
    if (sigpending(&pending) != 0 || (sigismember(&pending, SIGINT) != 1 &&
                                      sigismember(&pending, SIGTERM) != 1))
        return true;
    atomic_store_explicit(&progress->interrupted, true, memory_order_relaxed);
    return false;
}

void ota_progress_stopped(struct ota_progress *progress)
{
    atomic_store(&progress->interrupted, true);
}

void ota_progress_clear(const struct ota_progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
}

void ota_progress_end(struct ota_progress *progress)
{
    const sigset_t signals = wishes_to_stop();
    const struct timespec at_once = {0};

    if (atomic_load(&progress->interrupted))
        while (sigtimedwait(&signals, NULL, &at_once) > 0)
            continue;
    sigprocmask(SIG_SETMASK, &progress->mask_before, NULL);
}
