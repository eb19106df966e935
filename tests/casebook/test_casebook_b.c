/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_casebook_b.c - cases 8 to 14 of scenarios/casebook: what each scenario's
 * comment claims, of the symptom and of the remedy.
 *
 * Where a transfer is broken off at a random instant, the share that gets
 * through follows from how long transfers take that nothing breaks: those of
 * the remedy's run. Means and shares are accepted within 4 standard errors.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/one_run.h"

#define CASEBOOK "scenarios/casebook/"

/* --- runs, and what was heard of their transfers --- */

struct sent {
    uint64_t device;
    uint32_t step;
    bool safe_mode;
    double lasts_s;
    int64_t chunks;
    int64_t wire_bytes;
    enum ota_transfer_end end;
};

struct case_run {
    struct one_run run;
    struct sent *sent; /* in order of time for each device */
    size_t sent_count;
};

static void hear(void *self, const struct ota_observation *seen)
{
    struct case_run *it = self;
    const struct ota_transfer_result *result = seen->detail.transfer.result;
    struct sent *sent =
        realloc(it->sent, (it->sent_count + 1) * sizeof(*it->sent));

    assert_non_null(sent);
    it->sent = sent;
    sent[it->sent_count++] = (struct sent){
        .device = seen->device,
        .step = seen->detail.transfer.step,
        .safe_mode = seen->safe_mode,
        .lasts_s =
            ota_s_from_us(result->end_us - seen->detail.transfer.begun_us),
        .chunks = result->chunks_sent,
        .wire_bytes = result->down_bytes + result->up_bytes,
        .end = result->end,
    };
}

static void run_case(struct case_run *it, const char *file)
{
    const struct ota_observer observer = {
        .wants = 1u << OTA_SEEN_END,
        .observe = hear,
        .self = it,
    };

    *it = (struct case_run){.sent = NULL};
    one_run_file(&it->run, file, NULL, 1, &observer);
}

static void release_case(struct case_run *it)
{
    free(it->sent);
    one_run_release(&it->run);
}

static size_t ended(const struct case_run *it, enum ota_outcome outcome)
{
    size_t count = 0;
    for (size_t i = 0; i < it->run.count; i++)
        count += it->run.records[i].outcome == outcome;
    return count;
}

static size_t updated(const struct case_run *it)
{
    return ended(it, OTA_OUTCOME_UPDATED_CONFIRMED);
}

/* --- statistics --- */

struct estimate {
    double mean;
    double error; /* of the mean */
};

static struct estimate mean_of(const double *values, size_t count)
{
    double sum = 0, squares = 0;

    assert_true(count > 1);
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    const double mean = sum / (double)count;
    for (size_t i = 0; i < count; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return (struct estimate){
        .mean = mean,
        .error = sqrt(squares / (double)(count - 1) / (double)count),
    };
}

static double share_error(double share, size_t count)
{
    return sqrt(share * (1 - share) / (double)count);
}

static void assert_within(const char *what, double value, double expected,
                          double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%s: %.6g, expected %.6g within %.3g", what, value, expected,
                 tolerance);
}

/* Fails unless a share is less than, or more than, the bound by 4 standard
 * errors. */
static void assert_less_by(double bound, size_t count, size_t of, double sign,
                           const char *what)
{
    const double share = (double)count / (double)of;

    if (!(sign * (bound - share) > 4 * share_error(bound, of)))
        fail_msg("%s: %zu of %zu, bound %g", what, count, of, bound);
}

static void assert_less(double bound, size_t count, size_t of, const char *what)
{
    assert_less_by(bound, count, of, 1, what);
}

static void assert_more(double bound, size_t count, size_t of, const char *what)
{
    assert_less_by(bound, count, of, -1, what);
}

/* Share of the transfers of that step that get through when something breaks
 * one after a time that is exponential with that mean: the mean of
 * exp(-duration / mean) over transfers that nothing breaks. */
static struct estimate share_through(const struct case_run *unbroken,
                                     uint32_t step, double mean_s)
{
    double *shares = calloc(unbroken->sent_count, sizeof(*shares));
    size_t count = 0;

    assert_non_null(shares);
    for (size_t i = 0; i < unbroken->sent_count; i++) {
        const struct sent *sent = &unbroken->sent[i];
        if (sent->step != step)
            continue;
        assert_int_equal(sent->end, OTA_TRANSFER_DONE);
        shares[count++] = exp(-sent->lasts_s / mean_s);
    }
    const struct estimate share = mean_of(shares, count);
    free(shares);
    return share;
}

/* --- 8: weak Wi-Fi --- */

static void a_range_extender_helps(void **state)
{
    (void)state;
    struct case_run symptom, remedy;

    run_case(&symptom, CASEBOOK "08-weak-wifi.json");
    run_case(&remedy, CASEBOOK "08-weak-wifi-remedy.json");
    const size_t devices = symptom.run.count;
    size_t at_first = 0, later = 0;
    for (size_t i = 0; i < devices; i++) {
        const struct ota_device_record *record = &symptom.run.records[i];
        if (record->outcome != OTA_OUTCOME_UPDATED_CONFIRMED)
            continue;
        at_first += record->attempts == 1;
        later += record->attempts > 1;
    }

    /* "Sometimes if I retry several times": most fail at first; some succeed
     * later; some do not in ten tries. */
    assert_less(0.5, at_first, devices, "at the first try");
    assert_more(0.2, later, devices, "at a later try");
    assert_more(0.2, devices - at_first - later, devices, "in no try");

    /* "Now there's no problem": all at the first try, flashing "for 5-10
     * seconds". */
    assert_int_equal(updated(&remedy), devices);
    assert_int_equal(remedy.sent_count, devices);
    size_t usual = 0;
    for (size_t i = 0; i < devices; i++)
        usual += remedy.sent[i].lasts_s >= 5 && remedy.sent[i].lasts_s <= 10;
    assert_more(0.95, usual, devices, "5 to 10 s");
    release_case(&symptom);
    release_case(&remedy);
}

/* --- 9: an app that interferes --- */

/* The mean of an exponential time that is less than most_s. */
static double mean_before(double mean_s, double most_s)
{
    return mean_s - most_s / expm1(most_s / mean_s);
}

static void safe_mode_keeps_the_app_from_interfering(void **state)
{
    (void)state;
    const double mean_s = 2; /* until the app breaks it */
    enum { TRIES = 10 };
    struct case_run symptom, remedy;

    run_case(&symptom, CASEBOOK "09-app-interferes.json");
    run_case(&remedy, CASEBOOK "09-app-interferes-remedy.json");
    const struct estimate through_once = share_through(&remedy, 0, mean_s);
    const double p = through_once.mean;
    const size_t tries = symptom.sent_count;
    const size_t through = updated(&symptom);

    /* Each try gets through with p, and a device has ten. */
    assert_within("tries that get through", (double)through / (double)tries, p,
                  4 * hypot(share_error(p, tries), through_once.error));
    const double all = 1 - pow(1 - p, TRIES);
    const double slope = TRIES * pow(1 - p, TRIES - 1);
    assert_within("devices updated",
                  (double)through / (double)symptom.run.count, all,
                  4 * hypot(share_error(all, symptom.run.count),
                            slope * through_once.error));
    assert_int_equal(through + ended(&symptom, OTA_OUTCOME_FAILED_GIVEN_UP),
                     symptom.run.count);

    /* "For about 1 second". */
    double *broken_s = calloc(tries, sizeof(*broken_s));
    assert_non_null(broken_s);
    size_t broken = 0;
    for (size_t i = 0; i < tries; i++)
        if (symptom.sent[i].end != OTA_TRANSFER_DONE)
            broken_s[broken++] = symptom.sent[i].lasts_s;
    const struct estimate broken_try = mean_of(broken_s, broken);
    const double whole_s = -mean_s * log(p);
    assert_within("a broken try [s]", broken_try.mean,
                  mean_before(mean_s, whole_s), 4 * broken_try.error);
    free(broken_s);

    assert_int_equal(updated(&remedy), remedy.run.count);
    assert_int_equal(remedy.sent_count, remedy.run.count); /* first try */
    for (size_t i = 0; i < remedy.sent_count; i++)
        assert_true(remedy.sent[i].safe_mode);
    release_case(&symptom);
    release_case(&remedy);
}

/* --- 10: nine modules on a 1 MB plan --- */

enum {
    CHUNK = 512,
    CHUNK_WIRE = CHUNK + 73,
    MODULES = 9,
};

/* The way, with the rules of the Device OS that takes each: before 1.0.0 it
 * asks for up to 50 chunks at once, from 1.0.0 on for 20 % more than the last
 * flight brought, up to 40. */
static const struct {
    int64_t size_bytes;
    int64_t flight;
    bool grows;
} way[MODULES] = {
    {122916, 50, false}, {122436, 50, false}, /* 0.5.3, by 0.4.8 */
    {55004, 50, false},  {123712, 50, false}, {114848, 50, false}, /* 0.6.4 */
    {87468, 50, false},  {114012, 50, false}, {123052, 50, false}, /* 2.3.1 */
    {15672, 40, true}, /* its bootloader, by 2.3.1 */
};

static int64_t chunks_of(int64_t size_bytes)
{
    return (size_bytes + CHUNK - 1) / CHUNK;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* All datagrams of one module when none is lost: UpdateBegin and UpdateReady
 * with their acknowledgements, and flights, each with an UpdateDone and its
 * answer, and but for the last a request of 2 B a chunk and its answer. */
static int64_t wire_of(size_t module)
{
    int64_t missing = chunks_of(way[module].size_bytes);
    int64_t flight = least(missing, way[module].flight);
    int64_t bytes = 77 + 61 + 64 + 61;

    for (;;) {
        bytes += flight * CHUNK_WIRE + 64 + 62;
        missing -= flight;
        if (!missing)
            return bytes;
        const int64_t grown = flight + (flight / 5 > 2 ? flight / 5 : 2);
        flight =
            least(missing, way[module].grows ? least(grown, way[module].flight)
                                             : way[module].flight);
        bytes += 64 + 2 * flight + 61;
    }
}

static void nine_modules_are_more_than_a_megabyte(void **state)
{
    (void)state;
    enum { PAYLOAD = 879120, CHUNKS = 1722, WIRE = 1004826, PLAN = 1000000 };
    struct case_run symptom, remedy;
    int64_t payload = 0, chunks = 0, handshakes = 0;

    for (size_t m = 0; m < MODULES; m++) {
        payload += way[m].size_bytes;
        chunks += chunks_of(way[m].size_bytes);
    }
    assert_int_equal(payload, PAYLOAD);
    assert_int_equal(chunks, CHUNKS);
    assert_int_equal(payload + 73 * chunks, WIRE);

    run_case(&symptom, CASEBOOK "10-nine-modules.json");
    run_case(&remedy, CASEBOOK "10-nine-modules-remedy.json");

    /* Every byte of every transfer, none of them lost. */
    assert_int_equal(remedy.sent_count, MODULES * remedy.run.count);
    for (size_t i = 0; i < remedy.sent_count; i++) {
        const struct sent *sent = &remedy.sent[i];
        assert_int_equal(sent->end, OTA_TRANSFER_DONE);
        assert_int_equal(sent->chunks, chunks_of(way[sent->step].size_bytes));
        assert_int_equal(sent->wire_bytes, wire_of(sent->step));
    }
    assert_int_equal(updated(&remedy), remedy.run.count);
    for (size_t i = 0; i < remedy.run.count; i++) {
        const struct ota_device_record *record = &remedy.run.records[i];
        assert_int_equal(record->modules, MODULES);
        assert_int_equal(record->offers, MODULES);
        assert_int_equal(record->offers_begun, MODULES);
        assert_int_equal(record->useful_bytes, PAYLOAD);
        assert_int_equal(record->wasted_bytes, 0);
        assert_int_equal(record->overage_uusd, 990000); /* one more MB */
        handshakes += record->handshakes;
    }
    assert_true(handshakes >= MODULES * (int64_t)remedy.run.count);

    /* The plan ends in the eighth module. What passes the cap is no more than
     * the handshake and the event that were under way. */
    assert_int_equal(ended(&symptom, OTA_OUTCOME_OUT_OF_DATA),
                     symptom.run.count);
    for (size_t i = 0; i < symptom.run.count; i++) {
        const struct ota_device_record *record = &symptom.run.records[i];
        assert_int_equal(record->modules, 7);
        assert_int_equal(record->periods_over, 1);
        const int64_t bytes = record->routine_bytes + record->useful_bytes +
                              record->overhead_bytes + record->wasted_bytes;
        assert_in_range(bytes, PLAN, PLAN + 5656 + 128);
        assert_int_equal(record->overage_uusd, 0);
    }
    release_case(&symptom);
    release_case(&remedy);
}

/* --- 11: the healer and developers' devices --- */

static void developers_devices_stay_in_safe_mode(void **state)
{
    (void)state;
    enum { PRODUCT = 200, STEPS = 4 }; /* the app, and three of 0.6.2 */
    struct case_run symptom, remedy;

    run_case(&symptom, CASEBOOK "11-healer-developers.json");
    run_case(&remedy, CASEBOOK "11-healer-developers-remedy.json");
    for (size_t i = 0; i < symptom.run.count; i++) {
        const struct ota_device_record *record = &symptom.run.records[i];
        const bool product = i < PRODUCT;
        assert_int_equal(record->outcome, product
                                              ? OTA_OUTCOME_UPDATED_CONFIRMED
                                              : OTA_OUTCOME_SAFE_MODE);
        assert_int_equal(record->modules, product ? STEPS : 1);
    }
    assert_int_equal(updated(&remedy), remedy.run.count);
    for (size_t i = 0; i < remedy.run.count; i++)
        assert_int_equal(remedy.run.records[i].modules, STEPS);

    /* The app meets an app; what it needs meets none. */
    for (size_t i = 0; i < remedy.sent_count; i++)
        assert_int_equal(remedy.sent[i].safe_mode, remedy.sent[i].step > 0);
    release_case(&symptom);
    release_case(&remedy);
}

/* --- 12: safe mode between two parts --- */

static void a_reboot_leaves_safe_mode(void **state)
{
    (void)state;
    const double mean_s = 10; /* until the app breaks it */
    struct case_run symptom, remedy;

    run_case(&symptom, CASEBOOK "12-safe-mode-again.json");
    run_case(&remedy, CASEBOOK "12-safe-mode-again-remedy.json");
    const size_t devices = symptom.run.count;
    const struct estimate through_once = share_through(&remedy, 1, mean_s);
    const double p = through_once.mean;

    /* Part 1 meets no app, part 2 does. */
    size_t tries = 0, through = 0;
    for (size_t i = 0; i < symptom.sent_count; i++) {
        const struct sent *sent = &symptom.sent[i];
        assert_int_equal(sent->safe_mode, sent->step == 0);
        tries += sent->step == 1;
        if (sent->step == 0)
            assert_int_equal(sent->end, OTA_TRANSFER_DONE);
        else
            through += sent->end == OTA_TRANSFER_DONE;
    }
    assert_within("part 2 under the app", (double)through / (double)tries, p,
                  4 * hypot(share_error(p, tries), through_once.error));
    for (size_t i = 0; i < devices; i++) {
        const struct ota_device_record *record = &symptom.run.records[i];
        if (record->attempts == 2)
            assert_int_equal(record->modules, 2 - record->aborted);
    }

    /* A device may be away, to set up its session, when its part is sent: the
     * script does not look. */
    assert_more(0.95, updated(&remedy), devices, "in safe mode");
    for (size_t i = 0; i < remedy.sent_count; i++) {
        assert_true(remedy.sent[i].safe_mode);
        assert_int_equal(remedy.sent[i].end, OTA_TRANSFER_DONE);
    }
    release_case(&symptom);
    release_case(&remedy);
}

/* --- 13: six delays of 10 s --- */

static void long_delays_starve_the_update(void **state)
{
    (void)state;
    enum { CHUNKS = 42, DELAYS = 6 }; /* 21 KB; a minute of 10 s */
    struct case_run symptom, remedy;

    run_case(&symptom, CASEBOOK "13-long-delays.json");
    run_case(&remedy, CASEBOOK "13-long-delays-remedy.json");

    /* Nobody; each try is cut by the sleep, at six chunks at most. */
    assert_int_equal(updated(&symptom), 0);
    for (size_t i = 0; i < symptom.sent_count; i++) {
        assert_true(symptom.sent[i].end == OTA_TRANSFER_CUT);
        assert_true(symptom.sent[i].chunks <= DELAYS);
        assert_true(symptom.sent[i].lasts_s <= 60);
    }
    /* Offered at each handshake, every 3 days and at the next wake; begun if
     * that was not late in the minute. */
    for (size_t i = 0; i < symptom.run.count; i++) {
        const struct ota_device_record *record = &symptom.run.records[i];
        assert_int_equal(record->offers, record->handshakes);
        assert_in_range(record->offers, 4, 5);
        assert_true(record->attempts <= record->offers);
    }

    /* All, at the first offer but for those whose session ends late in the
     * minute; as 3 days are 72 wakes, the next one then does so too. */
    const size_t devices = remedy.run.count;
    size_t at_first = 0;
    for (size_t i = 0; i < devices; i++) {
        const struct ota_device_record *record = &remedy.run.records[i];
        at_first += record->outcome == OTA_OUTCOME_UPDATED_CONFIRMED &&
                    record->offers == 1;
    }
    assert_more(0.9, at_first, devices, "at the first offer");
    assert_more(0.95, updated(&remedy), devices, "at last");
    for (size_t i = 0; i < remedy.sent_count; i++)
        if (remedy.sent[i].end == OTA_TRANSFER_DONE)
            assert_true(remedy.sent[i].chunks >= CHUNKS);
    release_case(&symptom);
    release_case(&remedy);
}

/* --- 14: a third-party SIM --- */

/*
 * Routine bytes of 30 days: 122 B a keep-alive; a full handshake and an event
 * each time that the session is renewed. Each of those, and the update, starts
 * the keep-alives anew, which costs one at most; and at 0.5 % loss each way 1 %
 * of round trips are repeated, so that a renewal is no more than 2 % dearer.
 */
static void assert_month(const struct case_run *it, double every_s)
{
    const double keep_alive = 122, renewal = 5500 + 67 + 61;
    double bytes = 0, renewals = 0;

    for (size_t i = 0; i < it->run.count; i++) {
        const struct ota_device_record *record = &it->run.records[i];
        bytes += (double)record->routine_bytes;
        renewals += record->handshakes - 1; /* one is the update's */
    }
    bytes /= (double)it->run.count;
    renewals /= (double)it->run.count;
    const double expected =
        30 * 86400 / every_s * keep_alive + renewals * renewal;
    assert_within("bytes a month", bytes, expected,
                  (renewals + 2) * keep_alive + renewals * 0.02 * renewal);
}

static double begun_within(const struct case_run *it, double window_s)
{
    const int64_t at_us = it->run.scenario.release.at_us;
    size_t count = 0;

    for (size_t i = 0; i < it->run.count; i++) {
        const int64_t begun_us = it->run.records[i].begun_us;
        assert_true(begun_us != OTA_NEVER);
        count += ota_s_from_us(begun_us - at_us) <= window_s;
    }
    return (double)count / (double)it->run.count;
}

/*
 * Begin of the update after d uniform in 3 to 20 s, at a device that last spoke
 * anywhere within K: at once with M / K, M being how long the network keeps the
 * address, else up to K - M later. So within t of the release, for t of 20 s
 * and more,
 *
 *     M / K + (1 - M / K) (t - 11.5 s) / (K - M).
 */
static void the_cloud_waits_for_a_keep_alive(void **state)
{
    (void)state;
    const double every_s = 23 * 60, mapping_s = 60, mean_delay_s = 11.5;
    static const double windows_s[] = {20, 60, 300, 600, 1200};
    const double fresh = mapping_s / every_s;
    struct case_run symptom, remedy;

    run_case(&symptom, CASEBOOK "14-nat-mapping.json");
    run_case(&remedy, CASEBOOK "14-nat-mapping-remedy.json");
    const size_t devices = symptom.run.count;
    for (size_t i = 0; i < sizeof(windows_s) / sizeof(*windows_s); i++) {
        const double t_s = windows_s[i];
        const double share =
            fresh + (1 - fresh) * (t_s - mean_delay_s) / (every_s - mapping_s);
        assert_within("begun within a while", begun_within(&symptom, t_s),
                      share, 4 * share_error(share, devices));
    }
    /* But for a device that happens to set up its session anew. */
    assert_true(begun_within(&symptom, every_s) >= 0.99);
    assert_true(begun_within(&remedy, 20) >= 0.99);
    assert_int_equal(updated(&symptom), devices);
    assert_int_equal(updated(&remedy), devices);

    /* 229 kB against 10.5 MB a month. */
    assert_month(&symptom, every_s);
    assert_month(&remedy, 30);
    release_case(&symptom);
    release_case(&remedy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_extender_helps),
        cmocka_unit_test(safe_mode_keeps_the_app_from_interfering),
        cmocka_unit_test(nine_modules_are_more_than_a_megabyte),
        cmocka_unit_test(developers_devices_stay_in_safe_mode),
        cmocka_unit_test(a_reboot_leaves_safe_mode),
        cmocka_unit_test(long_delays_starve_the_update),
        cmocka_unit_test(the_cloud_waits_for_a_keep_alive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
