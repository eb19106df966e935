/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_models.c - what every model of every kind promises: a complete
 * description, defaults that read, pass and have a source, and the behaviour
 * that its kind's header states. Models that work over the air are in
 * test_air_models.c.
 *
 * A new model is tested by being listed in its kind's table.
 */
#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/app/app.h"
#include "models/battery/battery.h"
#include "models/delivery/delivery.h"
#include "models/firmware/firmware.h"
#include "models/plan/plan.h"
#include "models/presence/presence.h"
#include "models/registry.h"
#include "models/sleep/sleep.h"
#include "sim/base/clock.h"
#include "sim/scenario/sections.h"
#include "tests/support/model_fixture.h"
#include "tests/support/usable_config.h"

static void assert_snake(const char *name)
{
    assert_true(islower((unsigned char)name[0]));
    for (const char *c = name; *c; c++)
        if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) &&
            *c != '_')
            fail_msg("%s is not lower_snake", name);
    assert_true(strlen(name) < OTA_NAME_SIZE);
}

static void assert_line(const char *text, const char *of)
{
    if (!text || !*text || strchr(text, '\n') || text[strlen(text) - 1] == '.')
        fail_msg("%s: not one line without a full stop", of);
}

static size_t value_size(enum ota_field_kind kind)
{
    switch (kind) {
    case OTA_FIELD_INTEGER:
        return sizeof(int64_t);
    case OTA_FIELD_REAL:
        return sizeof(double);
    case OTA_FIELD_FLAG:
        return sizeof(bool);
    case OTA_FIELD_CHOICE:
        return sizeof(int);
    case OTA_FIELD_NAME:
        return OTA_NAME_SIZE;
    case OTA_FIELD_TEXT:
        return sizeof(const char *);
    case OTA_FIELD_SEED:
        return sizeof(uint64_t);
    case OTA_FIELD_DIST:
        return sizeof(struct ota_dist);
    }
    return SIZE_MAX;
}

/* Whether a default says no more than "nothing", "never" or "one": nobody asks
 * where it comes from. Neither do they of a word. */
static bool is_neutral(const struct ota_field *field)
{
    static const char *const neutral[] = {"",      "0", "0s", "0USD",
                                          "false", "1", "1B", "never"};

    if (field->kind == OTA_FIELD_CHOICE || field->kind == OTA_FIELD_NAME ||
        field->kind == OTA_FIELD_TEXT)
        return true;
    for (size_t i = 0; i < sizeof(neutral) / sizeof(neutral[0]); i++)
        if (strcmp(field->fallback, neutral[i]) == 0)
            return true;
    return false;
}

static void check_default(const struct ota_field *field)
{
    if (!field->fallback) {
        assert_null(field->source); /* of a default */
        return;
    }
    if (!field->source && !is_neutral(field))
        fail_msg("%s = %s: where from?", field->name, field->fallback);
}

static void check_field(const struct ota_model *model,
                        const struct ota_field *field)
{
    assert_snake(field->name);
    assert_string_not_equal(field->name, "model");
    assert_line(field->help, field->name);
    if (field->source)
        assert_line(field->source, field->name);
    check_default(field);
    assert_true(value_size(field->kind) <= model->config_size);
    assert_true(field->offset <= model->config_size - value_size(field->kind));
    assert_ptr_equal(ota_field_find(model->fields, field->name), field);
    for (const struct ota_field *next = field + 1; next->name; next++) {
        assert_string_not_equal(field->name, next->name);
        /* No two fields share a place. */
        assert_true(field->offset + value_size(field->kind) <= next->offset ||
                    next->offset + value_size(next->kind) <= field->offset);
    }
}

static void check_field_text(const struct ota_model *model,
                             const struct ota_field *field,
                             struct ota_arena *arena, void *config)
{
    char once[256], twice[256];

    ota_field_format(field, config, once, sizeof(once));
    model_fixture_set(model, config, arena, field->name, once);
    ota_field_format(field, config, twice, sizeof(twice));
    assert_string_equal(once, twice);
    ota_field_describe(field, once, sizeof(once));
    assert_true(strlen(once) > 0);
}

static void kinds_are_described(void **state)
{
    (void)state;
    for (const struct ota_kind *kind = ota_kinds; kind->name; kind++) {
        assert_snake(kind->name);
        assert_line(kind->summary, kind->name);
        assert_ptr_equal(ota_kind_find(kind->name), kind);
        assert_non_null(kind->at(0));
        if (kind->usual)
            assert_true(ota_kind_model_index(kind, kind->usual) >= 0);
        assert_int_equal(ota_kind_model_index(kind, "no_such_model"), -1);
    }
    assert_null(ota_kind_find("no_such_kind"));
}

static void tables_end(void **state)
{
    (void)state;
    for (const struct ota_kind *kind = ota_kinds; kind->name; kind++) {
        size_t count = 0;
        while (kind->at(count))
            count++;
        for (size_t i = count; i < count + 3; i++)
            assert_null(kind->at(i));
    }
}

static void check_model(const struct ota_model *model)
{
    struct ota_arena arena = {0};

    assert_snake(model->name);
    assert_line(model->summary, model->name);
    assert_line(model->source, model->name);
    assert_true(model->config_size > 0);
    for (const struct ota_field *field = model->fields; field->name; field++)
        check_field(model, field);

    void *config = usable_config(model, &arena);
    for (const struct ota_field *field = model->fields; field->name; field++)
        check_field_text(model, field, &arena, config);
    ota_arena_release(&arena);
}

static void models_are_described(void **state)
{
    (void)state;
    for (const struct ota_kind *kind = ota_kinds; kind->name; kind++) {
        const struct ota_model *model;
        for (size_t i = 0; (model = kind->at(i)); i++) {
            check_model(model);
            assert_int_equal(ota_kind_model_index(kind, model->name), i);
        }
    }
}

static void sections_are_described(void **state)
{
    (void)state;
    for (const struct ota_section *section = ota_sections; section->name;
         section++) {
        assert_snake(section->name);
        assert_line(section->summary, section->name);
        for (const struct ota_field *field = section->fields; field->name;
             field++) {
            assert_snake(field->name);
            assert_line(field->help, field->name);
            if (field->source)
                assert_line(field->source, field->name);
            check_default(field);
        }
    }
}

/* --- the device --- */

enum { DRAWS = 1000 };

static void sleeps_go_forward(void **state)
{
    (void)state;
    for (size_t i = 0; ota_sleep_models[i]; i++) {
        const struct ota_sleep_model *model = ota_sleep_models[i];
        struct ota_arena arena = {0};
        const void *config = usable_config(&model->model, &arena);
        const struct ota_sleep_common *common = model->common(config);
        const int64_t lead_us = model->lead_us(config);
        struct ota_stream a, b;

        assert_int_equal(common == NULL, lead_us == 0);
        if (common)
            assert_true(common->depth < OTA_SLEEP_DEPTHS &&
                        common->boot_us >= 0 && common->low_charge >= 0);
        for (uint64_t k = 0; k < DRAWS; k++) {
            model_fixture_stream(&a, k);
            model_fixture_stream(&b, k);
            int64_t wake_us = model->first_us(config, &a.rng);
            assert_true(wake_us >= 0 && wake_us <= lead_us);
            assert_int_equal(model->first_us(config, &b.rng), wake_us);
            for (int w = 0; w < 3; w++) {
                const int64_t next_us = model->next_us(config, wake_us, &a.rng);
                assert_true(next_us > wake_us);
                assert_int_equal(next_us == OTA_NEVER, !common);
                assert_int_equal(model->next_us(config, wake_us, &b.rng),
                                 next_us);
                if (!common)
                    break;
                wake_us = next_us;
            }
        }
        ota_arena_release(&arena);
    }
}

static void presence_changes(void **state)
{
    (void)state;
    for (size_t i = 0; ota_presence_models[i]; i++) {
        const struct ota_presence_model *model = ota_presence_models[i];
        struct ota_arena arena = {0};
        const void *config = usable_config(&model->model, &arena);
        struct ota_stream a, b;

        for (uint64_t k = 0; k < DRAWS; k++) {
            bool on_a = false, on_b = true;
            model_fixture_stream(&a, k);
            model_fixture_stream(&b, k);
            const int64_t first_us = model->first_us(config, &a.rng, &on_a);
            assert_true(first_us > 0);
            assert_int_equal(model->first_us(config, &b.rng, &on_b), first_us);
            assert_int_equal(on_a, on_b);
            if (first_us == OTA_NEVER)
                continue;
            for (int on = 0; on < 2; on++) {
                const int64_t next_us = model->next_us(config, on, &a.rng);
                assert_true(next_us > 0);
                assert_int_equal(model->next_us(config, on, &b.rng), next_us);
            }
        }
        ota_arena_release(&arena);
    }
}

/* --- the app --- */

/* What an app may know in its wake-th wake, all cases in turn. */
static struct ota_app_view view_number(int64_t wake)
{
    static const int64_t told_us[] = {0, OTA_US_PER_S, OTA_NEVER};
    return (struct ota_app_view){
        .now_us = wake * OTA_US_PER_H,
        .wake_count = wake,
        .full = wake % 2 == 0,
        .flagged = wake % 5 == 0,
        .told_us = told_us[wake % 3],
    };
}

static void check_common(const struct ota_app_common *common)
{
    assert_true(common->connect_max_us > 0 && common->pump_us >= 0);
    assert_true(common->stay_max_us >= 0 && common->publishes >= 0);
    assert_true(common->updates >= OTA_APP_UPDATES_ENABLED &&
                common->updates <= OTA_APP_UPDATES_WHEN_IDLE);
    assert_true(common->interferes_us > 0);
    assert_true(common->interferes_per_chunk >= 0 &&
                common->interferes_per_chunk <= 1);
}

static void apps_wait(void **state)
{
    (void)state;
    for (size_t i = 0; ota_app_models[i]; i++) {
        const struct ota_app_model *model = ota_app_models[i];
        struct ota_arena arena = {0};
        const void *config = usable_config(&model->model, &arena);
        struct ota_stream a, b;
        int64_t memory_a = 0, memory_b = 0;

        check_common(config); /* first member of every config */
        model_fixture_stream(&a, i);
        model_fixture_stream(&b, i);
        model->start(config, &memory_a, &a.rng);
        model->start(config, &memory_b, &b.rng);
        for (int64_t wake = 1; wake <= DRAWS; wake++) {
            const struct ota_app_view view = view_number(wake);
            if (model->clears)
                assert_int_equal(
                    model->clears(config, view.now_us, wake, &memory_a),
                    model->clears(config, view.now_us, wake, &memory_b));
            const struct ota_app_wait wait =
                model->wait(config, &view, &memory_a, &a.rng);
            const struct ota_app_wait again =
                model->wait(config, &view, &memory_b, &b.rng);
            assert_true(wait.wait_us >= 0 && wait.wait_us < OTA_NEVER);
            assert_true(wait.bytes >= 0);
            assert_true(wait.asked || wait.bytes == 0);
            assert_int_equal(again.wait_us, wait.wait_us);
            assert_int_equal(again.bytes, wait.bytes);
            assert_int_equal(memory_a, memory_b);
        }
        ota_arena_release(&arena);
    }
}

/* --- the cloud --- */

static void check_script(const struct ota_delivery_script *script)
{
    assert_true(script->every_us > 0 && script->tries_max >= 0);
    assert_true(script->safe_mode >= OTA_SCRIPT_SAFE_MODE_NEVER &&
                script->safe_mode <= OTA_SCRIPT_SAFE_MODE_EACH);
    assert_true(script->order >= OTA_SCRIPT_ORDER_NEEDS &&
                script->order <= OTA_SCRIPT_ORDER_REVERSED);
}

static void deliveries_offer(void **state)
{
    (void)state;
    const struct ota_delivery_view most = {
        .full = true, .asked = true, .polls = true};

    for (size_t i = 0; ota_delivery_models[i]; i++) {
        const struct ota_delivery_model *model = ota_delivery_models[i];
        struct ota_arena arena = {0};
        const void *config = usable_config(&model->model, &arena);
        const struct ota_delivery_retry *retry = model->retry(config);
        struct ota_stream stream;

        /* Every model offers at some connect, or nothing would ever begin;
         * but for an operator, who sends by the clock. */
        assert_true(model->offers(config, &most) || model->script(config));
        assert_true(retry->attempts_max >= 0 && retry->session_max >= 0 &&
                    retry->after_us >= 0);
        if (model->script(config))
            check_script(model->script(config));
        model_fixture_stream(&stream, i);
        for (int k = 0; k < DRAWS; k++) {
            assert_true(model->delay_us(config, &stream.rng) >= 0);
            assert_true(model->decision_us(config, &stream.rng) >= 0);
        }
        ota_arena_release(&arena);
    }
}

static void modules_are_applied_in_time(void **state)
{
    (void)state;
    for (size_t i = 0; ota_firmware_models[i]; i++) {
        const struct ota_firmware_model *model = ota_firmware_models[i];
        struct ota_arena arena = {0};
        const void *config = usable_config(&model->model, &arena);
        struct ota_stream a, b;
        bool applied_a, applied_b;

        for (uint64_t k = 0; k < DRAWS; k++) {
            model_fixture_stream(&a, k);
            model_fixture_stream(&b, k);
            const int64_t took_us =
                model->apply_us(config, 1 + (int64_t)k, &a.rng, &applied_a);
            assert_true(took_us >= 0 && took_us < OTA_NEVER);
            assert_int_equal(
                model->apply_us(config, 1 + (int64_t)k, &b.rng, &applied_b),
                took_us);
            assert_int_equal(applied_a, applied_b);
            assert_int_equal(model->power_loss_bricks(config, &a.rng),
                             model->power_loss_bricks(config, &b.rng));
        }
        ota_arena_release(&arena);
    }
}

static void plans_meter(void **state)
{
    (void)state;
    for (size_t i = 0; ota_plan_models[i]; i++) {
        const struct ota_plan_model *model = ota_plan_models[i];
        struct ota_arena arena = {0};
        const void *config = usable_config(&model->model, &arena);
        struct ota_plan_state sim = {0};
        int64_t cost_uusd = 0;

        assert_true(model->period_us(config) > 0);
        for (int64_t hour = 0; hour < DRAWS; hour++) {
            const int64_t now_us = hour * OTA_US_PER_H;
            model->meter(config, &sim, now_us, 10000);
            model->end_session(config, &sim, now_us);
            assert_true(model->left_bytes(config, &sim, now_us) >= 0);
            assert_true(model->cost_uusd(config, &sim) >= cost_uusd);
            cost_uusd = model->cost_uusd(config, &sim);
            assert_true(model->periods_over(config, &sim) >= 0);
        }
        ota_arena_release(&arena);
    }
}

/* It lasts for as long as no more than left_pc is drained. */
/* To the byte: as many as are free, each a session, cost nothing and leave some
 * to pass; with one step more it shows in what a plan says. */
static void plans_have_free_bytes(void **state)
{
    (void)state;
    enum { ROUNDED = 100, INCLUDED = 12300 };
    for (int pauses = 0; pauses < 2; pauses++) {
        const struct ota_plan_capped_config config = {
            .included_bytes = INCLUDED,
            .at_cap = pauses ? OTA_PLAN_PAUSE : OTA_PLAN_OVERAGE,
            .overage_price_uusd = 1,
            .overage_step_bytes = 1,
            .period_us = OTA_US_PER_DAY,
            .round_bytes = ROUNDED,
            .raise_after_us = OTA_NEVER,
        };
        const struct ota_plan_model *model = &ota_plan_capped;
        const int64_t free_bytes = model->free_bytes(&config);
        struct ota_plan_state sim = {0};

        for (int64_t bytes = 0; bytes < free_bytes; bytes += ROUNDED) {
            model->meter(&config, &sim, 0, ROUNDED / 2);
            model->meter(&config, &sim, 0, ROUNDED / 2);
            model->end_session(&config, &sim, 0);
        }
        assert_int_equal(sim.used_bytes, free_bytes);
        assert_int_equal(model->periods_over(&config, &sim), 0);
        assert_int_equal(model->cost_uusd(&config, &sim), 0);
        assert_true(model->left_bytes(&config, &sim, 0) > 0);
        model->meter(&config, &sim, 0, 1);
        model->end_session(&config, &sim, 0);
        assert_int_equal(model->periods_over(&config, &sim), 1);
    }
    assert_true(ota_plan_unlimited.free_bytes(NULL) == INT64_MAX);
}

static void check_lasts(const struct ota_battery_model *model,
                        const void *config, int64_t left_pc)
{
    for (int p = 0; p < OTA_POWERS; p++) {
        const enum ota_power power = (enum ota_power)p;
        const int64_t lasts_us = model->lasts_us(config, power, left_pc);

        assert_int_equal(ota_battery_charge_pc(config, power, 0), 0);
        assert_int_equal(model->drained_pc(config, power, 0), 0);
        assert_true(ota_battery_charge_pc(config, power, OTA_US_PER_H) >= 0);
        assert_true(lasts_us >= 0);
        if (lasts_us == OTA_NEVER)
            continue;
        assert_true(model->drained_pc(config, power, lasts_us) <= left_pc);
        assert_true(model->drained_pc(config, power, lasts_us + 1) > left_pc);
    }
}

/* A while in each state takes what they take one by one. */
static void check_spends(const struct ota_battery_model *model,
                         const void *config)
{
    static const int64_t whiles_us[] = {
        0, 1, 999, OTA_US_PER_H + 7, 400 * OTA_US_PER_DAY, OTA_NEVER / 2};
    enum { WHILES = sizeof(whiles_us) / sizeof(whiles_us[0]) };

    for (int first = 0; first < WHILES; first++) {
        int64_t power_us[OTA_POWERS], charge_pc;
        double drained = 0, charge = 0;

        for (int p = 0; p < OTA_POWERS; p++) {
            const enum ota_power power = (enum ota_power)p;
            power_us[p] = whiles_us[p == 4 ? first : p % 4];
            charge += (double)ota_battery_charge_pc(config, power, power_us[p]);
            drained += (double)model->drained_pc(config, power, power_us[p]);
        }
        const int64_t drained_pc =
            model->spend_pc(config, power_us, &charge_pc);
        assert_true(fabs((double)charge_pc - fmin(charge, 0x1p63)) <=
                    1e-9 * charge);
        assert_true(fabs((double)drained_pc - fmin(drained, 0x1p63)) <=
                    1e-9 * fabs(drained));
    }
}

static void batteries_last_as_their_charge_says(void **state)
{
    (void)state;
    for (size_t i = 0; ota_battery_models[i]; i++) {
        const struct ota_battery_model *model = ota_battery_models[i];
        struct ota_arena arena = {0};
        const void *config = usable_config(&model->model, &arena);
        const int64_t full_pc = model->capacity_pc(config);
        struct ota_stream a, b;

        assert_true(full_pc > 0);
        check_lasts(model, config, full_pc);
        check_lasts(model, config, full_pc / 3);
        check_spends(model, config);
        for (uint64_t k = 0; k < DRAWS; k++) {
            model_fixture_stream(&a, k);
            model_fixture_stream(&b, k);
            const int64_t start_pc = model->start_pc(config, &a.rng);
            assert_true(start_pc >= 0 && start_pc <= full_pc);
            assert_int_equal(model->start_pc(config, &b.rng), start_pc);
        }
        ota_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_described),
        cmocka_unit_test(tables_end),
        cmocka_unit_test(models_are_described),
        cmocka_unit_test(sections_are_described),
        cmocka_unit_test(sleeps_go_forward),
        cmocka_unit_test(presence_changes),
        cmocka_unit_test(apps_wait),
        cmocka_unit_test(deliveries_offer),
        cmocka_unit_test(modules_are_applied_in_time),
        cmocka_unit_test(plans_meter),
        cmocka_unit_test(plans_have_free_bytes),
        cmocka_unit_test(batteries_last_as_their_charge_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
