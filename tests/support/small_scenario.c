/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * small_scenario.c - see small_scenario.h.
 */
#include "tests/support/small_scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

const char small_scenario[] =
    "{\"release\": {\"app_version\": 2, \"app_size\": \"21KB\", "
    "\"needs_os\": \"0.7.0\"},\n"
    " \"fleet\": [{\"name\": \"a\", \"count\": 10, \"platform\": "
    "\"electron\",\n"
    "  \"installed\": [{\"os\": \"0.6.0\", \"share\": 0.75},\n"
    "                {\"os\": \"0.6.4\", \"share\": 0.25}],\n"
    "  \"sleep\": {\"model\": \"always_on\"},\n"
    "  \"plan\": {\"model\": \"unlimited\"}},\n"
    " {\"name\": \"b\", \"count\": 5, \"platform\": \"electron\",\n"
    "  \"installed\": [{\"os\": \"0.7.0\"}],\n"
    "  \"sleep\": {\"model\": \"always_on\"},\n"
    "  \"plan\": {\"model\": \"unlimited\"}}]}\n";

bool small_read_sets(struct ota_scenario *scenario,
                     const struct ota_setting *settings, size_t count,
                     struct ota_complaints *complaints)
{
    *complaints = (struct ota_complaints){0};
    return ota_scenario_read_text(scenario, "dir/small.json", small_scenario,
                                  strlen(small_scenario), settings, count,
                                  complaints);
}

bool small_read_set(struct ota_scenario *scenario, const char *path,
                    const char *value, struct ota_complaints *complaints)
{
    const struct ota_setting setting = {path, value};
    return small_read_sets(scenario, &setting, path ? 1 : 0, complaints);
}

/* Reads text, gives its dump. */
char *small_dump(const char *text)
{
    struct ota_scenario s;
    struct ota_complaints complaints = {0};
    if (!ota_scenario_read_text(&s, "t.json", text, strlen(text), NULL, 0,
                                &complaints)) {
        ota_complaints_print(&complaints, stderr);
        fail();
    }
    char *json = ota_scenario_to_json(&s, 0);
    assert_non_null(json);
    ota_scenario_release(&s);
    return json;
}
