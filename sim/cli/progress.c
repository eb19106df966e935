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
static const double least_share = 0.01; /* to tell the time that is left by */

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

void ota_progress_listen(struct ota_progress *progress)
{
    const sigset_t signals = wishes_to_stop();

    sigprocmask(SIG_BLOCK, &signals, &progress->mask_before);
    progress->shown = false;
    atomic_init(&progress->asked_ns, 0);
    atomic_init(&progress->interrupted, false);
}

void ota_progress_show(struct ota_progress *progress, bool shown,
                       double device_days, int64_t replications)
{
    progress->shown = shown;
    progress->device_days = device_days;
    atomic_init(&progress->replications, replications);
    progress->start_ns = now_ns();
    atomic_init(&progress->done, 0);
    atomic_init(&progress->lived, 0);
    atomic_init(&progress->lives, 0);
    atomic_init(&progress->drawn_ns, progress->start_ns);
    if (shown) {
        fprintf(stderr, "\r  0/%lld replications\033[K",
                (long long)replications);
        fflush(stderr);
    }
}

void ota_progress_start(struct ota_progress *progress, bool shown,
                        double device_days, int64_t replications)
{
    ota_progress_listen(progress);
    ota_progress_show(progress, shown, device_days, replications);
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

/* How much of the run is over, from 0 to 1. */
static double share_of(struct ota_progress *progress)
{
    const long long lived = atomic_load(&progress->lived);
    const long long lives = atomic_load(&progress->lives);

    return lives > 0 ? (double)lived / (double)lives
                     : (double)atomic_load(&progress->done) /
                           (double)atomic_load(&progress->replications);
}

/* Draws the line anew if that is due, by the thread that comes first. */
static void draw(struct ota_progress *progress)
{
    if (!progress->shown)
        return;
    const int64_t at_ns = now_ns();
    long long drawn_ns = atomic_load(&progress->drawn_ns);
    const double share = share_of(progress);
    if (at_ns - drawn_ns < draw_every_ns || share <= 0.0 ||
        !atomic_compare_exchange_strong(&progress->drawn_ns, &drawn_ns, at_ns))
        return;

    const double passed_s = (double)(at_ns - progress->start_ns) / 1e9;
    const double device_days = share * progress->device_days *
                               (double)atomic_load(&progress->replications);
    char rate[OTA_NUMBER_SIZE];
    char left[OTA_NUMBER_SIZE] = "";
    format_rate(device_days / passed_s, rate, sizeof(rate));
    if (share >= least_share)
        snprintf(left, sizeof(left), ", %.0f s left",
                 passed_s / share * (1.0 - share));
    fprintf(stderr,
            "\r  %lld/%lld replications, %.0f %%, %s device-days/s%s\033[K",
            (long long)atomic_load(&progress->done),
            (long long)atomic_load(&progress->replications), 100.0 * share,
            rate, left);
    fflush(stderr);
}

void ota_progress_done(void *context, int64_t done, int64_t of)
{
    struct ota_progress *progress = context;

    atomic_store(&progress->replications, of);
    atomic_store(&progress->done, done);
    draw(progress);
}

void ota_progress_lived(void *context, int64_t lived, int64_t of)
{
    struct ota_progress *progress = context;

    if (!progress->shown)
        return;
    atomic_store(&progress->lives, of);
    atomic_store(&progress->lived, lived);
    draw(progress);
}

void ota_progress_reading(struct ota_progress *progress, size_t done, size_t of)
{
    const int64_t at_ns = now_ns();

    if (!progress->shown ||
        at_ns - atomic_load(&progress->drawn_ns) < draw_every_ns)
        return;
    atomic_store(&progress->drawn_ns, at_ns);
    fprintf(stderr, "\r  %zu of %zu points read\033[K", done, of);
    fflush(stderr);
}

void ota_progress_writing(const struct ota_progress *progress)
{
    if (!progress->shown)
        return;
    fputs("\r  writing the results\033[K\r", stderr);
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
