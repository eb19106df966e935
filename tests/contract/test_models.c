/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_models.c - what every model of every kind promises: a complete
 * description, defaults that read and pass, and the behaviour that its kind's
 * header states.
 *
 * A new model is tested by being listed in its kind's table.
 */
#include <ctype.h>
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
#include "models/policy/policy.h"
#include "models/registry.h"
#include "models/session/session.h"
#include "models/sleep/sleep.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"
#include "tests/support/transfer_fixture.h"

/* Values for fields that have no default. */
static const char *required_text(const struct ota_field *field)
{
    switch (field->dimension) {
    case OTA_TIME:
        return "1h";
    case OTA_SIZE:
        return "1MB";
    default:
        return "1";
    }
}

static void *usable_config(const struct ota_model *model,
                           struct ota_arena *arena)
{
    void *config = model_fixture_config(model, arena);

    for (const struct ota_field *field = model->fields; field->name; field++)
        if (!field->fallback)
            model_fixture_set(model, config, arena, field->name,
                              required_text(field));
    return config;
}

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

static void check_field(const struct ota_model *model,
                        const struct ota_field *field)
{
    assert_snake(field->name);
    assert_string_not_equal(field->name, "model");
    assert_line(field->help, field->name);
    if (field->source)
        assert_line(field->source, field->name);
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
    if (model->problem && model->problem(config))
        fail_msg("%s: %s", model->name, model->problem(config));
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

/* --- what each kind's functions promise --- */

enum { DRAWS = 1000 };

static void sleeps_go_forward(void **state)
{
    (void)state;
    for (size_t i = 0; ota_sleep_models[i]; i++) {
        const struct ota_sleep_model *model = ota_sleep_models[i];
        struct ota_arena arena = {0};
        const void *config = usable_config(&model->model, &arena);
        struct ota_stream a, b;
        int64_t boot_us = -1;

        const enum ota_sleep_depth depth = model->depth(config, &boot_us);
        assert_true(depth <= OTA_SLEEP_STANDBY && boot_us >= 0);
        for (uint64_t k = 0; k < DRAWS; k++) {
            model_fixture_stream(&a, k);
            model_fixture_stream(&b, k);
            const int64_t first_us = model->first_us(config, &a.rng);
            assert_true(first_us >= 0 && first_us < OTA_NEVER);
            assert_int_equal(model->first_us(config, &b.rng), first_us);
            const int64_t next_us = model->next_us(config, first_us, &a.rng);
            assert_true(next_us > first_us);
            assert_int_equal(model->next_us(config, first_us, &b.rng), next_us);
        }
        ota_arena_release(&arena);
    }
}

static void links_take_time(void **state)
{
    (void)state;
    for (size_t i = 0; ota_link_models[i]; i++) {
        const struct ota_link_model *model = ota_link_models[i];
        struct ota_arena arena = {0};
        const void *config = usable_config(&model->model, &arena);
        struct ota_stream a, b;
        bool ok_a, ok_b;

        assert_true(model->goodput_bit_s(config) > 0);
        assert_int_equal(model->device_us(config, 0), 0);
        assert_true(model->device_us(config, 512) <=
                    model->device_us(config, 1024));
        for (uint64_t k = 0; k < DRAWS; k++) {
            model_fixture_stream(&a, k);
            model_fixture_stream(&b, k);
            const int64_t attach_us = model->attach_us(config, &a.rng, &ok_a);
            assert_true(attach_us > 0);
            assert_int_equal(model->attach_us(config, &b.rng, &ok_b),
                             attach_us);
            assert_int_equal(ok_a, ok_b);
            assert_true(model->rtt_us(config, &a.rng) > 0);
            (void)model->rtt_us(config, &b.rng);
            assert_int_equal(model->lost(config, &a.rng),
                             model->lost(config, &b.rng));
        }
        ota_arena_release(&arena);
    }
}

static void sessions_connect(void **state)
{
    (void)state;
    struct ota_link_lognormal_config link_config;
    const struct ota_link link = model_fixture_link(&link_config, 250e3, 0);

    for (size_t i = 0; ota_session_models[i]; i++) {
        const struct ota_session_model *model = ota_session_models[i];
        struct ota_arena arena = {0};
        const void *config = usable_config(&model->model, &arena);
        struct ota_session_state session;
        struct ota_stream stream;
        int64_t bytes = -1, now_us = 0;

        assert_true(model->keep_alive_us(config, &bytes) > 0 && bytes >= 0);
        assert_true(model->mapping_us(config) > 0);
        model_fixture_stream(&stream, i);
        model->start(config, &session, &stream.rng);
        for (int k = 0; k < 200; k++) {
            const bool resumes = model->resumes(config, &session, now_us);
            const struct ota_session_setup setup =
                model->connect(config, &session, &link, now_us, &stream.rng);
            assert_true(setup.ok && setup.full == !resumes);
            assert_true(setup.took_us > 0);
            assert_true(setup.up_bytes > 0 && setup.down_bytes > 0);
            assert_true(model->renew_us(config, &session) > now_us);
            now_us += OTA_US_PER_H;
        }
        ota_session_drop(&session);
        assert_false(model->resumes(config, &session, now_us));
        assert_true(model->renew_us(config, &session) == OTA_NEVER);
        ota_arena_release(&arena);
    }
}

static void apps_wait(void **state)
{
    (void)state;
    for (size_t i = 0; ota_app_models[i]; i++) {
        const struct ota_app_model *model = ota_app_models[i];
        struct ota_arena arena = {0};
        const void *config = usable_config(&model->model, &arena);
        struct ota_stream stream;
        int64_t last_long = 0;

        model_fixture_stream(&stream, i);
        model->start(config, &last_long, &stream.rng);
        for (int64_t wake = 1; wake <= DRAWS; wake++) {
            const int64_t wait_us =
                model->wait_us(config, wake * OTA_US_PER_H, wake, &last_long);
            assert_true(wait_us >= 0 && wait_us < OTA_NEVER);
        }
        ota_arena_release(&arena);
    }
}

static void deliveries_offer(void **state)
{
    (void)state;
    for (size_t i = 0; ota_delivery_models[i]; i++) {
        const struct ota_delivery_model *model = ota_delivery_models[i];
        struct ota_arena arena = {0};
        const void *config = usable_config(&model->model, &arena);
        struct ota_stream stream;

        /* Every model offers at some connect, or nothing would ever begin. */
        assert_true(model->offers(config, true) ||
                    model->offers(config, false));
        assert_true(model->attempts_max(config) >= 0);
        model_fixture_stream(&stream, i);
        for (int k = 0; k < DRAWS; k++)
            assert_true(model->delay_us(config, &stream.rng) >= 0);
        ota_arena_release(&arena);
    }
}

/* Lossy links, cuts, caps and slow apps in turn. */
static struct ota_transfer_job job_number(int64_t k, struct plain_link *link)
{
    struct ota_transfer_job job = transfer_fixture_job(1 + k * 617 % 50000);

    *link = (struct plain_link){
        .rtt_us = 1 + k * 7919 % 2000000,
        .goodput_bit_s = 500000,
        .loss = 0.1 * (double)(k % 6),
    };
    if (k % 3 == 0)
        job.cut_us = job.begin_us + 1 + k * 104729 % 60000000;
    if (k % 5 == 0)
        job.data_left_bytes = k * 15485863 % 80000;
    job.cut_is_graceful = k % 2 == 0;
    job.pump_us = k % 4 * 100 * OTA_US_PER_MS;
    return job;
}

static void transfers_end_within_bounds(void **state)
{
    (void)state;
    for (size_t i = 0; ota_transfer_models[i]; i++) {
        const struct ota_transfer_model *model = ota_transfer_models[i];
        struct ota_arena arena = {0};
        const void *config = usable_config(&model->model, &arena);

        for (int64_t k = 0; k < DRAWS; k++) {
            struct plain_link link;
            const struct ota_transfer_job job = job_number(k, &link);
            const struct ota_transfer_result r =
                transfer_fixture_run(model, config, &link, job, (uint64_t)k);
            const struct ota_transfer_result again =
                transfer_fixture_run(model, config, &link, job, (uint64_t)k);
            const int64_t all_bytes = r.down_bytes + r.up_bytes;

            assert_true(r.end < OTA_TRANSFER_ENDS);
            assert_true(r.end_us > job.begin_us && r.end_us <= job.cut_us);
            assert_true(all_bytes >= 0 && all_bytes <= job.data_left_bytes);
            assert_true(r.payload_bytes >= 0 && r.spent_bytes >= 0);
            assert_true(r.payload_bytes + r.spent_bytes <= r.down_bytes);
            assert_true(r.kept_bytes >= 0 && r.kept_bytes <= job.size_bytes);
            if (r.end == OTA_TRANSFER_DONE)
                assert_int_equal(r.payload_bytes, job.size_bytes);
            assert_int_equal(again.end_us, r.end_us);
            assert_int_equal(again.down_bytes + again.up_bytes, all_bytes);
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

static void batteries_last_as_their_charge_says(void **state)
{
    (void)state;
    for (size_t i = 0; ota_battery_models[i]; i++) {
        const struct ota_battery_model *model = ota_battery_models[i];
        struct ota_arena arena = {0};
        const void *config = usable_config(&model->model, &arena);
        const int64_t full_pc = model->capacity_pc(config);

        assert_true(full_pc > 0);
        for (int power = 0; power < OTA_POWERS; power++) {
            const enum ota_power state_of = (enum ota_power)power;
            const int64_t lasts_us = model->lasts_us(config, state_of, full_pc);
            assert_int_equal(model->charge_pc(config, state_of, 0), 0);
            if (lasts_us == OTA_NEVER)
                continue;
            assert_true(model->charge_pc(config, state_of, lasts_us) <=
                        full_pc);
            assert_true(model->charge_pc(config, state_of, lasts_us + 1) >
                        full_pc);
        }
        ota_arena_release(&arena);
    }
}

static void policies_stay_within_targets(void **state)
{
    (void)state;
    for (size_t i = 0; ota_policy_models[i]; i++) {
        const struct ota_policy_model *model = ota_policy_models[i];
        struct ota_arena arena = {0};
        const void *config = usable_config(&model->model, &arena);
        struct ota_policy_view view = {.targets = 1000};

        for (int k = 0; k < DRAWS; k++) {
            const struct ota_policy_decision decision =
                model->decide(config, &view);
            assert_true(decision.reach >= 0);
            view.reached += decision.reach;
            assert_true(view.reached <= view.targets);
            assert_true(decision.next_us > view.now_us);
            if (decision.next_us == OTA_NEVER)
                break;
            view.now_us = decision.next_us;
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
        cmocka_unit_test(sleeps_go_forward),
        cmocka_unit_test(links_take_time),
        cmocka_unit_test(sessions_connect),
        cmocka_unit_test(apps_wait),
        cmocka_unit_test(deliveries_offer),
        cmocka_unit_test(transfers_end_within_bounds),
        cmocka_unit_test(modules_are_applied_in_time),
        cmocka_unit_test(plans_meter),
        cmocka_unit_test(batteries_last_as_their_charge_says),
        cmocka_unit_test(policies_stay_within_targets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
