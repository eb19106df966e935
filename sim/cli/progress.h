/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * progress.h - how far a run is, on a terminal, and whether someone wants it
 * to stop.
 */
#ifndef OTA_PROGRESS_H
#define OTA_PROGRESS_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct ota_progress {
    bool shown;                /* stderr is a terminal */
    double device_days;        /* simulated in one replication */
    atomic_llong replications; /* and how many of these there are */
    atomic_llong done;         /* of them */
    int64_t start_ns;          /* all below: private */
    atomic_llong lived, lives; /* devices, of all replications */
    atomic_llong drawn_ns;
    atomic_llong asked_ns; /* when the signals were looked at last */
    atomic_bool interrupted;
    sigset_t mask_before;
};

/* Holds back SIGINT and SIGTERM in this and all later threads; they are then
 * looked for by ota_progress_keep_going(). Before any thread is started.
 * Nothing is shown. */
void ota_progress_listen(struct ota_progress *progress);

/* From here on shows how many of the replications are done: none. */
void ota_progress_show(struct ota_progress *progress, bool shown,
                       double device_days, int64_t replications);

/* Both. */
void ota_progress_start(struct ota_progress *progress, bool shown,
                        double device_days, int64_t replications);

/* For struct ota_experiment_options; context is the progress. */
void ota_progress_done(void *context, int64_t done, int64_t of);
void ota_progress_lived(void *context, int64_t lived, int64_t of);
bool ota_progress_keep_going(void *context);

/* Points are being read, before anything runs; by one thread. */
void ota_progress_reading(struct ota_progress *progress, size_t done,
                          size_t of);

/* The run is over, and its results are being written; warnings may come. */
void ota_progress_writing(const struct ota_progress *progress);

/* It was stopped, if not by ota_progress_keep_going() then on another rank; the
 * same signal may be on its way here. */
void ota_progress_stopped(struct ota_progress *progress);

/* Removes the line from the terminal. */
void ota_progress_clear(const struct ota_progress *progress);

/* Lets SIGINT and SIGTERM through again. One that ota_progress_keep_going()
 * has told of is over and done with; another ends the program here. */
void ota_progress_end(struct ota_progress *progress);

#endif
