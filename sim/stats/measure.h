/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * measure.h - a number of a replication that a person can ask for by name:
 * to compare, to sweep, to tune for.
 *
 *     charge                    a KPI (kpi.h)
 *     bricked                   an outcome: devices that ended so
 *     updated_within(7d)        share of the targets that ran the release so
 *                               long after it at the latest; offered_within()
 *                               and confirmed_within() likewise
 *     meters.charge             the same of a group alone
 *
 * Some go by a second name (success_rate, charge_per_device, ...). Upper case,
 * and - or a space for _, are as good.
 */
#ifndef OTA_MEASURE_H
#define OTA_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/stats/interval.h"
#include "sim/stats/results.h"

enum { OTA_MEASURE_NAME_SIZE = 96 };

enum ota_measure_kind {
    OTA_MEASURE_KPI,
    OTA_MEASURE_OUTCOME,
    OTA_MEASURE_WITHIN,
};

struct ota_measure {
    enum ota_measure_kind kind;
    int which;         /* enum ota_kpi, ota_outcome or ota_within */
    int64_t within_us; /* since the release; of WITHIN only */
    size_t group;      /* 0: the fleet, 1 + g: group g */
    char name[OTA_MEASURE_NAME_SIZE]; /* one for all ways to write it */
};

/* Other ways to say a name, ended by NULL. */
struct ota_measure_second {
    const char *name, *means;
};

extern const struct ota_measure_second ota_measure_seconds[];

/* What the method of an interval depends on, beside the values. */
struct ota_measure_facts {
    int64_t devices;             /* of the measure's group, in a replication */
    bool staged;                 /* see struct ota_results */
    const struct ota_ends *ends; /* by KPI, of the measure's group in the only
                                  * replication; NULL: none */
};

/*
 * Reads a measure's name. Returns false with a message for a person in problem
 * (what is wrong, the nearest name).
 */
bool ota_measure_read(struct ota_measure *measure, const char *text,
                      const char *const *groups, size_t group_count,
                      char *problem, size_t problem_size);

/* "B", "s", "1", ...: as of KPIs; outcomes have "devices". */
const char *ota_measure_unit(const struct ota_measure *measure);

/* Writes what it is called for a person: "charge per device". */
void ota_measure_label(const struct ota_measure *measure, char *text,
                       size_t size);

/* 1: more is better, -1: less is, 0: neither can be said. */
int ota_measure_better(const struct ota_measure *measure);

/* The least and the most that it can be at all; infinite if there is none. */
void ota_measure_range(const struct ota_measure *measure, int64_t devices,
                       double *least, double *most);

/*
 * The instants that results must have been asked for: puts within_us of each
 * measure of that kind into times, each once, ascending, and returns how many;
 * times has room for count.
 */
size_t ota_measure_times(const struct ota_measure *measures, size_t count,
                         int64_t *times);

/* Its value in a replication; NaN: there is none, as of a time that is after
 * the end of the run. Results of a within() measure were asked for its time. */
double ota_measure_value(const struct ota_measure *measure,
                         const struct ota_results *results);

/*
 * What values[0 .. count), one a replication and in that order, say together,
 * by the method that suits the measure (summary.h).
 */
struct ota_estimate ota_measure_estimate(const struct ota_measure *measure,
                                         const struct ota_measure_facts *facts,
                                         const double *values, size_t count,
                                         double confidence);

#endif
