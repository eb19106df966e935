/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * one_run.c - see one_run.h.
 */
#include "tests/support/one_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/fleet/fleet.h"

enum { SETTINGS_MAX = 32, PATH_SIZE = 128 };

struct listener {
    struct one_run *run;
    const struct ota_observer *also;
};

static void observe(void *self, const struct ota_observation *seen)
{
    struct listener *listener = self;

    if (seen->kind == OTA_SEEN_FINAL)
        listener->run->records[seen->device] = *seen->record;
    if (listener->also && listener->also->wants & 1u << seen->kind)
        listener->also->observe(listener->also->self, seen);
}

static void run_fleet(struct one_run *run, int threads,
                      const struct ota_observer *also)
{
    const struct ota_random_key key = {.seed = run->scenario.run.seed};
    struct ota_error error = {0};
    struct listener listener = {.run = run, .also = also};

    run->count = (size_t)ota_fleet_config_devices(&run->scenario.fleet);
    run->records = calloc(run->count, sizeof(*run->records));
    assert_non_null(run->records);
    struct ota_fleet *fleet = ota_fleet_new(&run->scenario.fleet, &key, &error);
    assert_non_null(fleet);

    const size_t lanes = (size_t)threads;
    struct ota_observer *observers = calloc(lanes, sizeof(*observers));
    assert_non_null(observers);
    for (size_t s = 0; s < lanes; s++)
        observers[s] = (struct ota_observer){
            .wants = 1u << OTA_SEEN_FINAL | (also ? also->wants : 0),
            .observe = observe,
            .self = &listener,
        };
    const struct ota_fleet_run_options options = {
        .observers = observers,
        .threads = threads,
    };
    assert_true(ota_fleet_run(fleet, &options));
    free(observers);
    ota_fleet_free(fleet);
}

/* Splits "path=value" settings; the paths live in `paths`. */
static size_t split(const char *const *settings,
                    char paths[SETTINGS_MAX][PATH_SIZE],
                    struct ota_setting out[SETTINGS_MAX])
{
    size_t count = 0;
    for (; settings && settings[count]; count++) {
        const char *equals = strchr(settings[count], '=');
        assert_non_null(equals);
        size_t length = (size_t)(equals - settings[count]);
        assert_true(count < SETTINGS_MAX && length < PATH_SIZE);
        memcpy(paths[count], settings[count], length);
        paths[count][length] = '\0';
        out[count].path = paths[count];
        out[count].value = equals + 1;
    }
    return count;
}

static void must_read(bool ok, const struct ota_complaints *complaints)
{
    if (!ok)
        ota_complaints_print(complaints, stderr);
    assert_true(ok);
}

void one_run(struct one_run *run, const char *text, const char *const *settings,
             int threads, const struct ota_observer *also)
{
    char paths[SETTINGS_MAX][PATH_SIZE];
    struct ota_setting split_settings[SETTINGS_MAX];
    size_t count = split(settings, paths, split_settings);
    struct ota_complaints complaints = {0};

    must_read(ota_scenario_read_text(&run->scenario, "test", text, strlen(text),
                                     split_settings, count, &complaints),
              &complaints);
    run_fleet(run, threads, also);
}

void one_run_file(struct one_run *run, const char *file,
                  const char *const *settings, int threads,
                  const struct ota_observer *also)
{
    char paths[SETTINGS_MAX][PATH_SIZE];
    struct ota_setting split_settings[SETTINGS_MAX];
    size_t count = split(settings, paths, split_settings);
    struct ota_complaints complaints = {0};

    must_read(ota_scenario_read(&run->scenario, file, split_settings, count,
                                &complaints),
              &complaints);
    run_fleet(run, threads, also);
}

void one_run_release(struct one_run *run)
{
    free(run->records);
    ota_scenario_release(&run->scenario);
}
