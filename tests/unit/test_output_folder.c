/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_output_folder.c - a results folder is complete or absent, and what
 * is not otasim's stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "output/files.h"
#include "output/output.h"
#include "tests/support/sample_report.h"

static bool count_name(void *context, const char *name)
{
    (void)name;
    ++*(size_t *)context;
    return true;
}

static size_t entries(const char *folder)
{
    struct ota_error error = {0};
    size_t count = 0;

    assert_true(ota_files_list(folder, count_name, &count, &error));
    return count;
}

static void own_results_are_replaced(void **state)
{
    struct sample *sample = *state;
    char *folder = sample_write(sample);

    sample->report.seed = 8;
    free(sample_write(sample));
    char *text = sample_contents(folder, "summary.json");
    assert_non_null(strstr(text, "\"seed\": 8,"));
    char *parent = sample_below(sample, "some/where");
    assert_int_equal(entries(parent), 1); /* nothing left beside it */
    free(parent);
    free(text);
    free(folder);
}

/* Writing to `folder` fails with a message that says `why`, and leaves the
 * test's folder with so many entries. */
static void expect_refusal(const struct sample *sample, const char *folder,
                           const char *why, size_t left)
{
    struct ota_error error = {0};

    assert_false(
        ota_output_write(&sample->report, folder, &sample_no_pictures, &error));
    assert_true(error.failed);
    if (!strstr(error.message, why))
        fail_msg("\"%s\" does not say \"%s\"", error.message, why);
    assert_int_equal(entries(sample->folder), left);
}

static void put_file(const char *folder, const char *name, const char *text)
{
    struct ota_error error = {0};
    struct ota_out_file file;

    assert_true(ota_out_file_open(&file, folder, name, &error));
    fputs(text, file.stream);
    assert_true(ota_out_file_close(&file, &error));
}

struct patience {
    int asked, most;
};

static bool patient(void *context)
{
    struct patience *patience = context;

    return ++patience->asked <= patience->most;
}

/* At every point at which it is asked for; nothing is left, neither the folder
 * nor a part. */
static void an_interrupt_leaves_nothing(void **state)
{
    const struct sample *sample = *state;
    char *folder = sample_below(sample, "some/results");
    char *parent = sample_below(sample, "some");
    struct patience patience = {.most = 0};
    struct ota_output_options options = sample_no_pictures;
    options.keep_going = patient;
    options.context = &patience;

    for (;; patience.most++) {
        struct ota_error error = {0};
        patience.asked = 0;
        if (ota_output_write(&sample->report, folder, &options, &error))
            break;
        assert_non_null(strstr(error.message, "interrupted"));
        assert_int_equal(patience.asked, patience.most + 1);
        assert_int_equal(entries(parent), 0);
    }
    assert_true(patience.most > 8); /* also while devices are written */
    free(parent);
    free(folder);
}

/* On one thread and on two, on which several fail. */
static void a_full_disk_leaves_nothing(void **state)
{
    const struct sample *sample = *state;
    char *folder = sample_below(sample, "some/results");
    char *parent = sample_below(sample, "some");
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);

    for (rlim_t size = 0; size <= 65536; size += 16384)
        for (int threads = 1; threads <= 2; threads++) {
            const struct rlimit small = {size, before.rlim_max};
            struct ota_output_options options = sample_no_pictures;
            struct ota_error error = {0};
            options.threads = threads;
            assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
            const bool ok =
                ota_output_write(&sample->report, folder, &options, &error);
            setrlimit(RLIMIT_FSIZE, &before);
            assert_false(ok);
            assert_non_null(strstr(error.message, "cannot write "));
            assert_int_equal(entries(parent), 0);
        }
    free(parent);
    free(folder);
}

static void foreign_folders_are_left_alone(void **state)
{
    const struct sample *sample = *state;
    struct ota_error error = {0};
    char *folder = sample_below(sample, "mine");

    assert_true(ota_files_make_folder(folder, &error));
    put_file(folder, "manifest.json", "{\"name\": \"a web app\"}\n");
    expect_refusal(sample, folder, "no manifest.json of otasim", 1);
    put_file(folder, "diary.txt", "dear diary\n");
    expect_refusal(sample, folder, "it holds diary.txt", 1);
    free(folder);
}

static void a_note_among_results_is_kept(void **state)
{
    const struct sample *sample = *state;
    char *folder = sample_write(sample);

    put_file(folder, "notes.txt", "keep me\n");
    expect_refusal(sample, folder, "it holds notes.txt", 1);
    char *text = sample_contents(folder, "notes.txt");
    assert_string_equal(text, "keep me\n");
    free(text);
    free(folder);
}

static void things_in_the_way_are_errors(void **state)
{
    const struct sample *sample = *state;
    char *file = sample_below(sample, "file");
    char *inside = sample_below(sample, "file/results");
    char *link = sample_below(sample, "link");

    put_file(sample->folder, "file", "");
    expect_refusal(sample, file, "not a folder", 1);
    expect_refusal(sample, inside, "Not a directory", 1);
    assert_int_equal(symlink("/tmp", link), 0);
    expect_refusal(sample, link, "not a folder", 2);
    expect_refusal(sample, "..", "cannot be replaced", 2);
    free(file);
    free(inside);
    free(link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SAMPLE_TEST(own_results_are_replaced),
        SAMPLE_TEST(an_interrupt_leaves_nothing),
        SAMPLE_TEST(a_full_disk_leaves_nothing),
        SAMPLE_TEST(foreign_folders_are_left_alone),
        SAMPLE_TEST(a_note_among_results_is_kept),
        SAMPLE_TEST(things_in_the_way_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
