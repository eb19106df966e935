/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sample_report.h - for tests of the writers: a report made by hand, and a
 * folder of the test's own.
 */
#ifndef OTA_TEST_SAMPLE_REPORT_H
#define OTA_TEST_SAMPLE_REPORT_H

#include "output/output.h"

enum {
    SAMPLE_DEVICES = 4,
    SAMPLE_INSTANTS = 31,
    SAMPLE_GROUPS = 2,
    SAMPLE_WAVES = 2,
    SAMPLE_RULES = 2
};

/* A report and all that it points to. */
struct sample {
    struct ota_group_summary groups[1 + SAMPLE_GROUPS];
    struct ota_estimate timeline[SAMPLE_INSTANTS * OTA_STATES];
    struct ota_device_record devices[SAMPLE_DEVICES];
    struct ota_wave_summary waves[SAMPLE_WAVES];
    int64_t by_rule[SAMPLE_RULES];
    struct ota_summary summary;
    struct ota_spill *spill; /* of the devices */
    struct ota_report report;
    char folder[64]; /* a folder of the test's own */
};

extern const char *const sample_group_names[SAMPLE_GROUPS];

/* Pictures are slow and not needed by most tests. */
extern const struct ota_output_options sample_no_pictures;

/* cmocka's setup and teardown: a sample as *state, and its folder. */
int sample_setup(void **state);
int sample_teardown(void **state);

/* A test with both. */
#define SAMPLE_TEST(function)                                                  \
    cmocka_unit_test_setup_teardown(function, sample_setup, sample_teardown)

/* Makes it the report of a rollout in two waves that rules stopped in 12 of the
 * 20 replications. */
void sample_stage(struct sample *sample);

/* An estimate from 20 replications with an interval of that half width. */
struct ota_estimate sample_about(double mean, double half);

/* The path of a name below the sample's folder; the caller frees it. */
char *sample_below(const struct sample *sample, const char *name);

/* The text of a file, which the caller frees; NULL if there is none. It has
 * room for SAMPLE_TEXT_SIZE bytes, zeros behind its end. */
char *sample_contents(const char *folder, const char *name);

enum { SAMPLE_TEXT_SIZE = 1 << 20 };

/* Writes the results without pictures; returns their folder, which the caller
 * frees. The test fails if that fails. */
char *sample_write(const struct sample *sample);

#endif
