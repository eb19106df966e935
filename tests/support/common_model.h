/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * common_model.h - for tests and benchmarks: one small model of a fleet that
 * takes an update, written without the simulator, as an oracle and as a peer.
 *
 * The model, which tests/bench/README.md states in full: a device wakes each
 * 1 h U(0.9, 1.1), has done so for ever at time 0, attaches for a lognormal
 * time, waits 10 s; the cloud begins a transfer U(3, 20) s after the connect,
 * if the device is still there; chunks go one by one, each try 60 ms, or lost
 * and found out 2 s later, four tries at most; the device restarts for 15 s,
 * attaches and is updated. scenarios/scale/common.json says the same to the
 * simulator.
 */
#ifndef OTA_TEST_COMMON_MODEL_H
#define OTA_TEST_COMMON_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { COMMON_CHUNKS = 600, COMMON_TRIES = 4 };

struct common_config {
    int64_t horizon_us;
    double loss; /* of each try of a chunk */
};

/* As scenarios/scale/common.json has it. */
extern const struct common_config common_usual;

/* How the same model is carried out. */
enum common_how {
    COMMON_EACH_TRY,   /* a heap of devices, an event a try */
    COMMON_EACH_PHASE, /* a heap of devices, an event a phase */
    COMMON_ALONE,      /* an event a phase, one device behind the other */
    COMMON_HOWS
};

extern const char *const common_how_names[COMMON_HOWS];

/* How a device stood at the horizon. */
enum common_end {
    COMMON_UPDATED,
    COMMON_UNREPORTED, /* restarted, not yet attached */
    COMMON_BUSY,       /* in a transfer or restarting */
    COMMON_ABORTED,    /* all transfers begun failed */
    COMMON_NEVER_BEGUN,
    COMMON_ENDS
};

struct common_device {
    enum common_end end;
    int64_t updated_us; /* since time 0, if updated */
    int64_t awake_us;   /* since time 0, until updated or the horizon */
    int64_t sends;      /* tries in transfers that ended by themselves */
};

/* Fills devices[count] and returns how many events that took; 0 without
 * memory. */
uint64_t common_model_run(const struct common_config *config,
                          enum common_how how, uint64_t seed,
                          struct common_device *devices, size_t count);

/* --- what they did --- */

enum common_statistic {
    COMMON_SHARE_0, /* one for each end */
    COMMON_TIME_MEAN_S = COMMON_SHARE_0 + COMMON_ENDS,
    COMMON_TIME_P50_S, /* of those updated */
    COMMON_TIME_P95_S,
    COMMON_TIME_P99_S,
    COMMON_SENDS, /* a device */
    COMMON_AWAKE_S,
    COMMON_STATISTICS
};

extern const char *const common_statistic_names[COMMON_STATISTICS];

/* An estimate and its standard error: of means by the variance, of quantiles
 * by the order statistics four standard errors of rank to either side. */
struct common_estimate {
    double value, error;
};

/* Fills out[COMMON_STATISTICS]. Returns false without memory. */
bool common_summarize(const struct common_device *devices, size_t count,
                      struct common_estimate *out);

/* The difference in standard errors. */
double common_z(struct common_estimate a, struct common_estimate b);

/* Prints one line of JSON: who, the devices, the seconds taken by the clock and
 * of processors, and "NAME": [VALUE, ERROR] for each statistic. */
void common_print(FILE *file, const char *who, size_t devices, double took_s,
                  double cpu_s, const struct common_estimate *statistics);

#endif
