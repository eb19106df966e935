/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_compare_report.c - a comparison with every kind of verdict, as text and
 * as JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/compare_report.h"

enum { VARIANTS = 2, MEASURES = 4, REPLICATIONS = 20 };

static const struct ota_study_measure measures[MEASURES] = {
    {"confirmed_share", "confirmed", "1", OTA_SCALE_SHARE, 1},
    {"charge", "charge per device", "mAh", OTA_SCALE_CHARGE, -1},
    {"time_to_90", "time to 90 %", "s", OTA_SCALE_TIME, -1},
    {"bricked", "bricked", "devices", OTA_SCALE_COUNT, -1},
};

static struct ota_estimate near(double mean, double half)
{
    return (struct ota_estimate){mean, mean - half, mean + half, REPLICATIONS,
                                 REPLICATIONS};
}

static const struct ota_estimate never = {NAN, NAN, NAN, 0, REPLICATIONS};

struct sample {
    struct ota_study_row rows[1 + VARIANTS];
    struct ota_estimate estimates[(1 + VARIANTS) * MEASURES];
    int64_t devices[1 + VARIANTS];
    struct ota_contrast contrasts[VARIANTS * MEASURES];
    size_t variants[VARIANTS], places[MEASURES];
    struct ota_comparison comparison;
    struct ota_compare_report report;
};

static void fill_contrasts(struct ota_contrast *contrasts)
{
    const struct ota_contrast all[VARIANTS * MEASURES] = {
        {.paired = {.difference = near(0.414, 0.0085), .ratio = 1.5},
         .verdict = OTA_VERDICT_BETTER,
         .differ = 20,
         .above = 20},
        {.paired = {.difference = near(1.2, 2.1), .ratio = 7.3},
         .verdict = OTA_VERDICT_OPEN,
         .differ = 20,
         .above = 13,
         .more = 140},
        {.paired = {.difference = never, .ratio = NAN},
         .evidence = OTA_EVIDENCE_SIGNS,
         .verdict = OTA_VERDICT_BETTER,
         .differ = 20},
        {.paired = {.difference = near(0.0, 0.0), .ratio = NAN},
         .verdict = OTA_VERDICT_SAME},
        {.paired = {.difference = near(-0.01, 0.004), .ratio = 3.0},
         .verdict = OTA_VERDICT_WORSE,
         .differ = 19},
        {.paired = {.difference = near(0.1, 2.2), .ratio = 7.3},
         .verdict = OTA_VERDICT_OPEN,
         .differ = 20,
         .above = 11,
         .more = -1},
        {.paired = {.difference = never, .ratio = NAN},
         .evidence = OTA_EVIDENCE_SIGNS,
         .verdict = OTA_VERDICT_SAME},
        {.paired = {.difference = {1.0, NAN, NAN, 20, 20}, .ratio = INFINITY},
         .verdict = OTA_VERDICT_OPEN,
         .differ = 4,
         .above = 4,
         .more = 1},
    };
    memcpy(contrasts, all, sizeof(all));
}

static void fill(struct sample *sample)
{
    const struct ota_estimate estimates[(1 + VARIANTS) * MEASURES] = {
        near(0.586, 0.005), near(664.0, 0.9), never, near(2.0, 0.1),
        near(1.0, 0.0),     near(665.2, 0.9), never, near(2.0, 0.1),
        near(0.576, 0.005), near(664.1, 0.9), never, near(3.0, 0.1),
    };

    *sample = (struct sample){
        .rows = {{.name = "base"},
                 {.name = "wait-20s"},
                 {.name = "a-name-longer-than-its-column"}},
        .devices = {2000, 2000, 2000},
    };
    memcpy(sample->estimates, estimates, sizeof(estimates));
    sample->estimates[MEASURES + 2] = near(6.58 * 86400.0, 8640.0);
    fill_contrasts(sample->contrasts);
    sample->comparison = (struct ota_comparison){
        .variants = sample->variants,
        .variant_count = VARIANTS,
        .measures = sample->places,
        .measure_count = MEASURES,
        .replications = REPLICATIONS,
        .confidence = 0.95,
        .contrasts = sample->contrasts,
    };
    sample->report = (struct ota_compare_report){
        .study =
            {
                .scenario_name = "base",
                .scenario_title = "",
                .seed = 7,
                .confidence = 0.95,
                .rows = sample->rows,
                .row_count = 1 + VARIANTS,
                .shown_count = MEASURES,
                .measures = measures,
                .measure_count = MEASURES,
                .estimates = sample->estimates,
                .devices = sample->devices,
            },
        .comparison = &sample->comparison,
    };
}

static char *printed(const struct ota_compare_report *report, bool json)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    if (json)
        assert_true(ota_compare_print_json(report, out));
    else
        ota_compare_print(report, out, 80, false);
    fclose(out);
    return text;
}

static void the_page(void **state)
{
    (void)state;
    struct sample sample;
    static const char wanted[] =
        "base\n"
        "2,000 devices, 20 replications each, seed 7. Differences from base, "
        "with the\n"
        "same luck; their intervals are 95 % for all 8 differences together.\n"
        "\n"
        "wait-20s: better: confirmed, time to 90 %; the same in every "
        "replication:\n"
        "bricked; cannot tell yet: charge per device.\n"
        "a-name-longer-than-its-column: worse: confirmed; the same in every "
        "replication:\n"
        "time to 90 %; cannot tell yet: charge per device, bricked.\n"
        "\n"
        "confirmed, more is better\n"
        "  base                       58.6 %  [58.1, 59.1]\n"
        "  wait-20s                    100 %  +41.4 points  [40.5, 42.2]      "
        "better\n"
        "  a-name-lo..ts-column       57.6 %   -1.0 points  [-1.4, -0.6]      "
        "worse\n"
        "\n"
        "charge per device, less is better\n"
        "  base                    664.0 mAh  [663.1, 664.9]\n"
        "  wait-20s                665.2 mAh      +1.2 mAh  [-0.9, 3.3]       "
        "cannot tell\n"
        "    about 140 more replications would tell: --reps 160\n"
        "  a-name-lo..ts-column    664.1 mAh      +0.1 mAh  [-2.1, 2.3]       "
        "cannot tell\n"
        "    no difference larger than 2.3 mAh seen; to tell takes over 10,000 "
        "reps\n"
        "\n"
        "time to 90 %, less is better\n"
        "  base                        never\n"
        "  wait-20s                   6.58 d            sooner in 20 of 20    "
        "better\n"
        "  a-name-lo..ts-column        never                             -    "
        "same in all\n"
        "\n"
        "bricked, less is better\n"
        "  base                         2.00  [1.90, 2.10]\n"
        "  wait-20s                     2.00             0                    "
        "same in all\n"
        "  a-name-lo..ts-column         3.00            +1                    "
        "cannot tell\n"
        "    about 1 more replication would tell: --reps 21\n"
        "\n"
        "Common random numbers: as good as so many times as many "
        "replications\n"
        "  confirmed                          1.5 to 3.0\n"
        "  charge per device                  7.3\n";

    fill(&sample);
    char *text = printed(&sample.report, false);
    assert_string_equal(text, wanted);
    free(text);
}

static const cJSON *at(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);

    assert_non_null(item);
    return item;
}

static void the_object(void **state)
{
    (void)state;
    struct sample sample;

    fill(&sample);
    char *text = printed(&sample.report, true);
    cJSON *json = cJSON_Parse(text);
    assert_non_null(json);
    assert_true(fabs(at(json, "confidence_each")->valuedouble - 0.99375) <
                1e-12);
    const cJSON *charge = at(at(json, "measures"), "charge");
    assert_string_equal(at(charge, "unit")->valuestring, "mAh");
    const cJSON *variant = at(at(charge, "variants"), "wait-20s");
    assert_string_equal(at(variant, "verdict")->valuestring, "open");
    assert_int_equal(at(variant, "more_replications")->valueint, 140);
    assert_true(fabs(at(at(variant, "difference"), "hi")->valuedouble - 3.3) <
                1e-12);
    const cJSON *time = at(at(json, "measures"), "time_to_90");
    variant = at(at(time, "variants"), "wait-20s");
    assert_string_equal(at(variant, "evidence")->valuestring, "signs");
    assert_true(cJSON_IsNull(at(at(variant, "difference"), "mean")));
    cJSON_Delete(json);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page),
        cmocka_unit_test(the_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
