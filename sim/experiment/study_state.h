/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study_state.h - what a study consists of, for the files that it is made of.
 */
#ifndef OTA_STUDY_STATE_H
#define OTA_STUDY_STATE_H

#include "sim/experiment/study.h"

/* A scenario, what is known of it, and its values. */
struct ota_study_scenario {
    struct ota_point point;
    char *json;
    uint64_t hash; /* of json: most scenarios differ in it */
    char *name;
    int64_t devices;
    bool staged;
    uint64_t seed;
    double confidence;
    int64_t asked; /* replications that the scenario asks for */

    struct ota_measure *measures;    /* by place */
    struct ota_measure_facts *facts; /* by place */
    int64_t *within_us;              /* that results need */
    size_t within_count;

    int64_t wanted; /* replications, the most that ever were */
    int64_t now;    /* and in a call */
    int64_t room;   /* replications that there is memory for */
    double *values; /* [place][room] */
    bool *there;    /* [room] */
};

/* A measure of the study. */
struct ota_study_measure_name {
    char name[OTA_MEASURE_NAME_SIZE];
    bool read; /* the name is the one for all ways to write it */
};

/* Values that only the first rank has so far. */
struct ota_study_fresh {
    size_t point;
    int64_t replication;
};

struct ota_study {
    struct ota_study_options options;
    struct ota_study_measure_name *measures;
    size_t measure_count;
    const char **names; /* of measures, for the store */
    char **groups;      /* of the first point */
    size_t group_count;
    struct ota_study_scenario *points;
    size_t point_count, point_room;
    int64_t wanted, simulated, found; /* replications of all points */
    struct ota_study_fresh *fresh;
    size_t fresh_count, fresh_room;
};

/* Reads the scenario of a point, and its identity, which the caller frees.
 * Returns false with complaints. */
bool ota_study_read(const struct ota_point *point,
                    struct ota_scenario *scenario, char **json,
                    struct ota_complaints *complaints);

/* The work: replications [first, first + count) of a point, those of them that
 * are not there. */
struct ota_study_unit {
    size_t point;
    int64_t first, count;
};

int64_t ota_study_missing(const struct ota_study *study,
                          const struct ota_study_unit *unit);

/* What a replication goes by in the store. */
struct ota_store_unit ota_study_unit_of(const struct ota_study *study,
                                        size_t point, int64_t replication);

/* Puts the values of a replication into their places, of which there is none
 * yet, and into the store; on the first rank. */
bool ota_study_take(struct ota_study *study, size_t point, int64_t replication,
                    const double *values, struct ota_error *error);

/* Does units, on all threads and ranks; the values come into their places on
 * the first rank. */
bool ota_study_deal(struct ota_study *study, const struct ota_study_unit *units,
                    size_t count, struct ota_error *error);

#endif
