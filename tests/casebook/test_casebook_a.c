/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The casebook, 1 to 7: system parts sent by hand, what is not success, and
 * who believes what. Each case is run once as it goes wrong and once with its
 * remedy; the luck of both runs is the same, device by device.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/near.h"
#include "tests/support/one_run.h"

#define CASEBOOK "scenarios/casebook/"

/* Bytes of Photon modules of Device OS 0.4.5, and of the app. */
enum { PART1 = 249612, PART2 = 162032, APP = 21000 };

/* A link that loses nothing, so that bytes can be counted by hand. */
#define LOSSLESS "fleet.0.link.loss=0", "fleet.0.link.rssi=-30"

static size_t count_outcome(const struct one_run *run, enum ota_outcome outcome)
{
    size_t count = 0;
    for (size_t i = 0; i < run->count; i++)
        count += run->records[i].outcome == outcome;
    return count;
}

static bool is_updated(const struct ota_device_record *record)
{
    return record->outcome == OTA_OUTCOME_UPDATED_CONFIRMED;
}

/* Four standard errors of a share p of n. */
static double four_errors(double p, double n)
{
    return 4 * sqrt(p * (1 - p) / n);
}

static void assert_share(size_t count, size_t n, double p)
{
    assert_near((double)count / (double)n, p, four_errors(p, (double)n));
}

/* --- what is heard of transfers ------------------------------------------- */

enum { STEPS = 3, DEVICES_MAX = 2000 };

/* Of each device and step: how its transfers went. */
struct heard {
    struct sent {
        int begun, done, applied;
        int cut_in_safe_mode;
        int64_t took_us; /* of the last one */
    } (*sent)[STEPS];    /* by device */
};

static void hear(void *self, const struct ota_observation *seen)
{
    struct heard *heard = self;
    assert_true(seen->device < DEVICES_MAX);
    struct sent *sent = heard->sent[seen->device];
    if (seen->kind == OTA_SEEN_END) {
        const struct ota_transfer_result *result = seen->detail.transfer.result;
        const bool done = result->end == OTA_TRANSFER_DONE;
        sent += seen->detail.transfer.step;
        sent->begun++;
        sent->done += done;
        sent->cut_in_safe_mode += !done && seen->safe_mode;
        sent->took_us = seen->time_us - seen->detail.transfer.begun_us;
    } else {
        sent[seen->detail.boot.step].applied += seen->detail.boot.applied;
    }
}

/* Runs a file and hears of its transfers. */
static void run_and_hear(struct one_run *run, const char *file,
                         const char *const *settings, struct heard *heard)
{
    heard->sent = calloc(DEVICES_MAX, sizeof(*heard->sent));
    assert_non_null(heard->sent);
    const struct ota_observer observer = {
        .wants = 1u << OTA_SEEN_END | 1u << OTA_SEEN_BOOT,
        .observe = hear,
        .self = heard,
    };
    one_run_file(run, file, settings, 1, &observer);
}

/* --- 1: part1 before part2 ------------------------------------------------ */

static void wrong_order_is_refused_each_time(const char *const *settings,
                                             bool lossless)
{
    enum { SENDS = 24 }; /* one an hour, from 3 to 20 s on, for a day */
    struct one_run run;

    one_run_file(&run, CASEBOOK "01-part2-first.json", settings, 1, NULL);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        assert_int_equal(r->outcome, OTA_OUTCOME_FAILED_REFUSED);
        assert_int_equal(r->attempts, SENDS);
        assert_int_equal(r->refused, SENDS);
        assert_int_equal(r->connects, SENDS);
        assert_int_equal(r->modules, 0);
        assert_int_equal(r->useful_bytes, 0);
        assert_true(r->wasted_bytes >= SENDS * PART2);
        if (lossless)
            assert_int_equal(r->wasted_bytes, SENDS * PART2);
    }
    one_run_release(&run);
}

static void right_order_is_accepted(const char *const *settings, bool lossless)
{
    struct one_run run;

    one_run_file(&run, CASEBOOK "01-part2-first-remedy.json", settings, 1,
                 NULL);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        assert_true(is_updated(r));
        assert_int_equal(r->attempts, 2);
        assert_int_equal(r->refused, 0);
        assert_int_equal(r->modules, 2);
        assert_int_equal(r->useful_bytes, PART1 + PART2);
        if (lossless)
            assert_int_equal(r->wasted_bytes, 0);
    }
    one_run_release(&run);
}

/* However often a part must be sent, the right order is never refused: here
 * every other one does not take effect. */
static void right_order_is_accepted_after_retries(void)
{
    const char *settings[] = {"fleet.0.firmware.silent_failure=0.5", NULL};
    struct one_run run;
    double sends = 0;

    one_run_file(&run, CASEBOOK "01-part2-first-remedy.json", settings, 1,
                 NULL);
    for (size_t i = 0; i < run.count; i++) {
        assert_true(is_updated(&run.records[i]));
        assert_int_equal(run.records[i].refused, 0);
        sends += run.records[i].attempts;
    }
    /* Twice geometric(1/2): mean 4, variance 4. */
    const double n = (double)run.count;
    assert_near(sends / n, 4, 4 * sqrt(4 / n));
    one_run_release(&run);
}

static void part1_goes_before_part2(void **state)
{
    (void)state;
    const char *lossless[] = {LOSSLESS, NULL};

    wrong_order_is_refused_each_time(NULL, false);
    wrong_order_is_refused_each_time(lossless, true);
    right_order_is_accepted(NULL, false);
    right_order_is_accepted(lossless, true);
    right_order_is_accepted_after_retries();
}

/* --- 2: started is not success -------------------------------------------- */

static void started_is_not_success(void **state)
{
    (void)state;
    struct one_run sent, version;

    one_run_file(&sent, CASEBOOK "02-started-is-not-success.json", NULL, 1,
                 NULL);
    one_run_file(&version, CASEBOOK "02-started-is-not-success-remedy.json",
                 NULL, 1, NULL);
    assert_share(count_outcome(&sent, OTA_OUTCOME_FAILED_NOT_APPLIED),
                 sent.count, 0.1);
    for (size_t i = 0; i < sent.count; i++) {
        const struct ota_device_record *r = &sent.records[i];
        /* One transfer each, and a good one. */
        assert_int_equal(r->attempts, 1);
        assert_int_equal(r->aborted, 0);
        assert_true(is_updated(r) ||
                    r->outcome == OTA_OUTCOME_FAILED_NOT_APPLIED);
        assert_true(r->believed);
        /* The truth is the same; now the backend has it. */
        assert_int_equal(version.records[i].outcome, r->outcome);
        assert_int_equal(version.records[i].believed, is_updated(r));
    }
    one_run_release(&sent);
    one_run_release(&version);
}

/* --- 3: the timed script against the verifying one ------------------------ */

static void a_timed_script_leaves_devices_behind(void **state)
{
    (void)state;
    const double p = 0.9; /* of modules take effect */
    struct one_run timed, verified;
    double sends = 0;

    one_run_file(&timed, CASEBOOK "03-timed-script.json", NULL, 1, NULL);
    for (size_t i = 0; i < timed.count; i++)
        assert_int_equal(timed.records[i].attempts, 3);
    assert_share(count_outcome(&timed, OTA_OUTCOME_UPDATED_CONFIRMED),
                 timed.count, p * p * p);
    assert_share(count_outcome(&timed, OTA_OUTCOME_SAFE_MODE), timed.count,
                 p * (1 - p * p));
    assert_share(count_outcome(&timed, OTA_OUTCOME_FAILED_NOT_APPLIED),
                 timed.count, 1 - p);
    one_run_release(&timed);

    one_run_file(&verified, CASEBOOK "03-timed-script-remedy.json", NULL, 1,
                 NULL);
    for (size_t i = 0; i < verified.count; i++) {
        assert_true(is_updated(&verified.records[i]));
        assert_int_equal(verified.records[i].refused, 0);
        sends += verified.records[i].attempts;
    }
    /* Three times geometric(p). */
    const double n = (double)verified.count;
    assert_near(sends / n, 3 / p, 4 * sqrt(3 * (1 - p) / (p * p) / n));
    one_run_release(&verified);
}

/* --- 4: the lost report --------------------------------------------------- */

/* Beliefs that came of a query. */
struct corrections {
    size_t count;
    int64_t first_us, last_us;
};

static void hear_correction(void *self, const struct ota_observation *seen)
{
    struct corrections *corrections = self;

    if (!seen->detail.belief.asked)
        return;
    if (corrections->count++ == 0)
        corrections->first_us = corrections->last_us = seen->time_us;
    if (seen->time_us < corrections->first_us)
        corrections->first_us = seen->time_us;
    if (seen->time_us > corrections->last_us)
        corrections->last_us = seen->time_us;
}

static void a_query_heals_what_the_backend_believes(void **state)
{
    (void)state;
    struct one_run run, asked;
    size_t taken_for_updated = 0, not_known = 0;

    one_run_file(&run, CASEBOOK "04-lost-report.json", NULL, 1, NULL);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        taken_for_updated += r->believed && !is_updated(r);
        not_known += !r->believed && is_updated(r);
    }
    assert_share(taken_for_updated, run.count, 0.10 * 0.95);
    assert_share(not_known, run.count, 0.90 * 0.05);

    struct corrections corrections = {0};
    const struct ota_observer observer = {.wants = 1u << OTA_SEEN_BELIEF,
                                          .observe = hear_correction,
                                          .self = &corrections};
    one_run_file(&asked, CASEBOOK "04-lost-report-remedy.json", NULL, 1,
                 &observer);
    for (size_t i = 0; i < asked.count; i++) {
        assert_int_equal(asked.records[i].outcome, run.records[i].outcome);
        assert_int_equal(asked.records[i].believed,
                         is_updated(&asked.records[i]));
    }
    /* The first query, a day after the release, puts all of them right. */
    assert_int_equal(corrections.count, taken_for_updated + not_known);
    assert_int_equal(corrections.first_us, OTA_US_PER_DAY);
    assert_int_equal(corrections.last_us, OTA_US_PER_DAY);
    one_run_release(&run);
    one_run_release(&asked);
}

/* --- 5: the big part fails ------------------------------------------------ */

static double mean_interference_us(const struct one_run *run)
{
    const struct ota_app *app = &run->scenario.fleet.groups[0].app;
    return (double)ota_app_common(app)->interferes_us;
}

/* How many devices took a step at the first try, and the mean of tries. */
static size_t count_first(const struct heard *heard, size_t devices, int step,
                          double *mean_tries)
{
    size_t first = 0, tries = 0;
    for (size_t i = 0; i < devices; i++) {
        assert_int_equal(heard->sent[i][step].done, 1);
        first += heard->sent[i][step].begun == 1;
        tries += (size_t)heard->sent[i][step].begun;
    }
    *mean_tries = (double)tries / (double)devices;
    return first;
}

/*
 * The share of transfers that no interference meets, by the times that they
 * take without: the mean of exp(-time / mean). `steps` in a row if more than
 * one.
 */
static double share_undisturbed(const struct heard *undisturbed, size_t devices,
                                int step, int steps, double mean_us)
{
    double share = 0;
    for (size_t i = 0; i < devices; i++) {
        double took_us = 0;
        for (int s = step; s < step + steps; s++) {
            assert_int_equal(undisturbed->sent[i][s].done, 1);
            took_us += (double)undisturbed->sent[i][s].took_us;
        }
        share += exp(-took_us / mean_us);
    }
    return share / (double)devices;
}

static void the_big_part_fails_where_small_ones_pass(void **state)
{
    (void)state;
    struct one_run run, remedy;
    struct heard heard, undisturbed;

    run_and_hear(&run, CASEBOOK "05-big-part-fails.json", NULL, &heard);
    run_and_hear(&remedy, CASEBOOK "05-big-part-fails-remedy.json", NULL,
                 &undisturbed);
    const size_t n = run.count;
    for (size_t i = 0; i < n; i++) {
        assert_true(is_updated(&run.records[i]));
        assert_true(is_updated(&remedy.records[i]));
        assert_int_equal(remedy.records[i].attempts, STEPS);
    }
    const double mean_us = mean_interference_us(&run);
    double passes[STEPS];
    for (int step = 0; step < STEPS; step++) {
        const double p = share_undisturbed(&undisturbed, n, step, 1, mean_us);
        double tries; /* geometric */
        assert_share(count_first(&heard, n, step, &tries), n, p);
        assert_near(tries, 1 / p, 4 * sqrt((1 - p) / (p * p) / (double)n));
        passes[step] = p;
    }
    /* As told: part1 fails, part2 and the app come through; more often than
     * not, and by more than chance. */
    assert_true(passes[0] + four_errors(passes[0], (double)n) < 0.5);
    assert_true(passes[1] - four_errors(passes[1], (double)n) > 0.5);
    assert_true(passes[2] - four_errors(passes[2], (double)n) > 0.9);

    free(heard.sent);
    free(undisturbed.sent);
    one_run_release(&run);
    one_run_release(&remedy);
}

/* --- 6: safe mode over the air -------------------------------------------- */

static void an_app_for_newer_firmware_brings_safe_mode(void **state)
{
    (void)state;
    const char *never[] = {"fleet.0.app.interferes=never", NULL};
    struct one_run run, remedy, quiet;
    struct heard heard, safe, undisturbed;

    run_and_hear(&run, CASEBOOK "06-safe-mode-over-the-air.json", NULL, &heard);
    run_and_hear(&remedy, CASEBOOK "06-safe-mode-over-the-air-remedy.json",
                 NULL, &safe);
    run_and_hear(&quiet, CASEBOOK "06-safe-mode-over-the-air.json", never,
                 &undisturbed);
    const size_t n = run.count;
    const double mean_us = mean_interference_us(&run);

    /* Part1, part2 and app must all get past the old app ... */
    assert_share(count_outcome(&run, OTA_OUTCOME_UPDATED_CONFIRMED), n,
                 share_undisturbed(&undisturbed, n, 0, 3, mean_us));
    /* ... or the app alone, the parts then coming in safe mode. */
    assert_share(count_outcome(&remedy, OTA_OUTCOME_UPDATED_CONFIRMED), n,
                 share_undisturbed(&undisturbed, n, 2, 1, mean_us));
    for (size_t i = 0; i < n; i++) {
        const bool app = safe.sent[i][0].applied == 1;
        assert_int_equal(is_updated(&remedy.records[i]), app);
        for (int step = 0; step < STEPS; step++)
            assert_int_equal(safe.sent[i][step].cut_in_safe_mode, 0);
    }
    free(heard.sent);
    free(safe.sent);
    free(undisturbed.sent);
    one_run_release(&run);
    one_run_release(&remedy);
    one_run_release(&quiet);
}

/* --- 7: offline while flashing, online between modules -------------------- */

/* What a device went through, a letter an event. */
struct diary {
    char text[64];
    size_t length;
};

static void keep_diary(void *self, const struct ota_observation *seen)
{
    assert_true(seen->device < DEVICES_MAX);
    struct diary *diary = (struct diary *)self + seen->device;
    char letter = '?';

    switch (seen->kind) {
    case OTA_SEEN_BEGIN:
        letter = 'b'; /* flashing begins */
        break;
    case OTA_SEEN_END:
        letter =
            seen->detail.transfer.result->end == OTA_TRANSFER_DONE ? 'd' : 'x';
        break;
    case OTA_SEEN_BOOT:
        letter = seen->detail.boot.applied ? 'r' : 'n'; /* restarts with it */
        break;
    case OTA_SEEN_CONNECT:
        letter = seen->detail.connect.ok ? 'c' : 'f'; /* is online again */
        break;
    case OTA_SEEN_REPORT:
        letter = '!';
        break;
    default:
        fail();
    }
    assert_true(diary->length + 1 < sizeof(diary->text));
    diary->text[diary->length++] = letter;
}

static struct diary *run_with_diaries(struct one_run *run, const char *file)
{
    struct diary *diaries = calloc(DEVICES_MAX, sizeof(*diaries));
    assert_non_null(diaries);
    const struct ota_observer observer = {
        .wants = 1u << OTA_SEEN_BEGIN | 1u << OTA_SEEN_END |
                 1u << OTA_SEEN_BOOT | 1u << OTA_SEEN_CONNECT |
                 1u << OTA_SEEN_REPORT,
        .observe = keep_diary,
        .self = diaries,
    };
    one_run_file(run, file, NULL, 1, &observer);
    return diaries;
}

static void a_device_is_online_between_modules(void **state)
{
    (void)state;
    struct one_run hasty, patient;

    /* The script does not wait: while part1 is flashed the rest is sent, and
     * nobody is there to take it. */
    struct diary *diaries =
        run_with_diaries(&hasty, CASEBOOK "07-online-between-modules.json");
    for (size_t i = 0; i < hasty.count; i++) {
        assert_string_equal(diaries[i].text, "bdrc");
        assert_int_equal(hasty.records[i].modules, 1);
        assert_false(is_updated(&hasty.records[i]));
    }
    free(diaries);
    one_run_release(&hasty);

    /* Module by module: flashed, restarted, online. */
    diaries = run_with_diaries(&patient, CASEBOOK
                               "07-online-between-modules-remedy.json");
    for (size_t i = 0; i < patient.count; i++) {
        assert_string_equal(diaries[i].text, "bdrcbdrcbdrc!");
        assert_true(is_updated(&patient.records[i]));
    }
    free(diaries);
    one_run_release(&patient);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(part1_goes_before_part2),
        cmocka_unit_test(started_is_not_success),
        cmocka_unit_test(a_timed_script_leaves_devices_behind),
        cmocka_unit_test(a_query_heals_what_the_backend_believes),
        cmocka_unit_test(the_big_part_fails_where_small_ones_pass),
        cmocka_unit_test(an_app_for_newer_firmware_brings_safe_mode),
        cmocka_unit_test(a_device_is_online_between_modules),
    };
    return cmocka_run_group_tests_name("casebook 1 to 7", tests, NULL, NULL);
}
