/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_spill.c - records in a file without a name, by several lanes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "output/files.h"
#include "output/spill.h"

enum { DEVICES = 5000, LANES = 3 };

static struct ota_device_record record_of(size_t device, int64_t version)
{
    return (struct ota_device_record){
        .offered_us = (int64_t)device * 1000 + version,
        .wakes = (int32_t)version,
        .back_attempts = (int32_t)device,
    };
}

static void put(const struct ota_spill *spill, size_t lane, size_t device,
                int64_t version)
{
    const struct ota_device_sink *sink = ota_spill_sink(spill);
    const struct ota_device_record record = record_of(device, version);

    sink->put(sink->self, lane, device, &record);
}

static struct ota_spill *open_spill(void)
{
    struct ota_error error = {.failed = false};
    struct ota_spill *spill =
        ota_spill_new("/tmp/not/there/yet", DEVICES, LANES, &error);
    assert_non_null(spill);
    return spill;
}

/* Devices [first, first + count) are of that version. */
static void expect(const struct ota_spill *spill, size_t first, size_t count,
                   int64_t version)
{
    struct ota_error error = {.failed = false};
    struct ota_device_record *records = calloc(count, sizeof(*records));
    assert_non_null(records);
    assert_true(ota_spill_read(spill, first, count, records, &error));
    for (size_t i = 0; i < count; i++) {
        const struct ota_device_record wanted = record_of(first + i, version);
        assert_int_equal(records[i].offered_us, wanted.offered_us);
        assert_int_equal(records[i].wakes, wanted.wakes);
        assert_int_equal(records[i].back_attempts, wanted.back_attempts);
    }
    free(records);
}

static void all_that_is_put_is_read(void **state)
{
    (void)state;
    struct ota_error error = {.failed = false};
    struct ota_spill *spill = open_spill();

    for (size_t d = 0; d < DEVICES; d++)
        put(spill, d / 64 % LANES, d, 7);
    assert_true(ota_spill_finish(spill, &error));
    expect(spill, 0, DEVICES, 7);
    expect(spill, DEVICES - 1, 1, 7);
    expect(spill, 63, 1000, 7);
    ota_spill_free(spill);
}

/* A lane that writes late has old records of devices that came again on another
 * lane. */
static void the_last_one_counts(void **state)
{
    (void)state;
    struct ota_error error = {.failed = false};
    struct ota_spill *spill = open_spill();

    for (size_t d = 0; d < 300; d++)
        put(spill, 0, d, 1);
    for (size_t d = DEVICES; d-- > 0;)
        put(spill, 1, d, 2);
    for (size_t d = 0; d < DEVICES; d += 2)
        put(spill, 2, d, 3);
    for (size_t d = 0; d < DEVICES; d += 2)
        put(spill, 1, d, 4);
    assert_true(ota_spill_finish(spill, &error));
    for (size_t d = 0; d < DEVICES; d++)
        expect(spill, d, 1, d % 2 ? 2 : 4);
    ota_spill_free(spill);
}

static bool count_name(void *context, const char *name)
{
    (void)name;
    ++*(size_t *)context;
    return true;
}

static void the_file_has_no_name(void **state)
{
    (void)state;
    char folder[] = "/tmp/otasim-test-XXXXXX";
    struct ota_error error = {.failed = false};
    size_t count = 0;
    assert_non_null(mkdtemp(folder));
    char *path = ota_files_join(folder, "/", "some/results", &error);
    struct ota_spill *spill = ota_spill_new(path, DEVICES, LANES, &error);

    assert_non_null(spill);
    assert_true(ota_files_list(folder, count_name, &count, &error));
    assert_int_equal(count, 0);
    ota_spill_free(spill);
    free(path);
    assert_int_equal(rmdir(folder), 0);
    spill = ota_spill_new("/proc/there/is/none", DEVICES, LANES, &error);
    assert_null(spill);
    assert_non_null(strstr(error.message, "cannot write /proc/"));
}

/* No file may be longer than 1 MB. */
static void what_cannot_be_written_is_told(void **state)
{
    (void)state;
    struct ota_error error = {.failed = false};
    struct ota_spill *spill = open_spill();
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit small = {1 << 20, before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);

    for (size_t d = 0; d < DEVICES; d++)
        put(spill, 0, d, 1);
    const bool ok = ota_spill_finish(spill, &error);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_false(ok);
    assert_non_null(strstr(error.message, "cannot keep the records of "));
    assert_non_null(strstr(error.message, " devices in /tmp: "));
    ota_spill_free(spill);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_is_put_is_read),
        cmocka_unit_test(the_last_one_counts),
        cmocka_unit_test(the_file_has_no_name),
        cmocka_unit_test(what_cannot_be_written_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
