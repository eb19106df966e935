/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dump.c - a scenario as JSON, every default filled in.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/bind.h"
#include "sim/scenario/dump_field.h"
#include "sim/scenario/json_write.h"
#include "sim/scenario/policy_read.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/sections.h"

enum { VALUE_SIZE = 512 }; /* of a field's text; longer ones are pointed to */

/* Whether a value is written as JSON's own number or flag; a share may be
 * text, "2%". */
static bool is_bare(const struct ota_field *field, const char *text)
{
    return ota_bind_takes_bare(field) &&
           (field->kind == OTA_FIELD_FLAG ||
            strspn(text, "0123456789+-.eE") == strlen(text));
}

void ota_dump_field(struct ota_json_writer *writer,
                    const struct ota_field *field, const void *config)
{
    const char *place = (const char *)config + field->offset;
    char buffer[VALUE_SIZE];
    const char *text = NULL;

    /* Texts of any length stand in the config as they are. */
    if (field->kind == OTA_FIELD_TEXT)
        memcpy(&text, place, sizeof(text));
    else if (field->kind == OTA_FIELD_DIST)
        memcpy(&text, place + offsetof(struct ota_dist, text), sizeof(text));
    if (!text) {
        ota_field_format(field, config, buffer, sizeof(buffer));
        text = buffer;
    }

    if (is_bare(field, text))
        ota_json_write_raw(writer, field->name, text);
    else
        ota_json_write_text(writer, field->name, text);
}

static void write_fields(struct ota_json_writer *writer,
                         const struct ota_field *fields, const void *config)
{
    for (; fields->name; fields++)
        ota_dump_field(writer, fields, config);
}

static void write_section(struct ota_json_writer *writer, int which,
                          const void *config)
{
    ota_json_open(writer, ota_sections[which].name, '{');
    write_fields(writer, ota_sections[which].fields, config);
    ota_json_close(writer, '}');
}

static void write_model(struct ota_json_writer *writer, const char *kind,
                        const struct ota_model *model, const void *config)
{
    ota_json_open(writer, kind, '{');
    ota_json_write_text(writer, "model", model->name);
    write_fields(writer, model->fields, config);
    ota_json_close(writer, '}');
}

static void write_link(struct ota_json_writer *writer,
                       const struct ota_link *link)
{
    write_model(writer, "link", &link->model->model, link->config);
}

/* A lone signal is the group's link. */
static void write_signals(struct ota_json_writer *writer,
                          const struct ota_group *group)
{
    if (group->signal_count == 1) {
        write_link(writer, &group->signals[0].link);
        return;
    }
    ota_json_open(writer, "signal", '[');
    for (size_t i = 0; i < group->signal_count; i++) {
        ota_json_open(writer, NULL, '{');
        write_fields(writer, ota_sections[OTA_SECTION_SIGNAL].fields,
                     &group->signals[i]);
        write_link(writer, &group->signals[i].link);
        ota_json_close(writer, '}');
    }
    ota_json_close(writer, ']');
}

static void write_outages(struct ota_json_writer *writer,
                          const struct ota_group *group)
{
    if (group->outage_count == 0)
        return;
    ota_json_open(writer, "outages", '[');
    for (size_t i = 0; i < group->outage_count; i++) {
        ota_json_open(writer, NULL, '{');
        write_fields(writer, ota_sections[OTA_SECTION_OUTAGES].fields,
                     &group->outages[i]);
        ota_json_close(writer, '}');
    }
    ota_json_close(writer, ']');
}

static void write_labels(struct ota_json_writer *writer,
                         const struct ota_group *group)
{
    char text[40];
    if (group->label_count == 0)
        return;
    ota_json_open(writer, "labels", '{');
    for (size_t l = 0; l < group->label_count; l++) {
        const struct ota_label *label = &group->labels[l];
        if (label->each == 0 && label->value_count == 1) {
            ota_json_write_text(writer, label->key, label->values[0].text);
            continue;
        }
        ota_json_open(writer, label->key, '{');
        if (label->each > 0) {
            snprintf(text, sizeof(text), "%lld", (long long)label->each);
            ota_json_write_raw(writer, "each", text);
            snprintf(text, sizeof(text), "%lld", (long long)label->from);
            ota_json_write_raw(writer, "from", text);
        }
        for (size_t v = 0; v < label->value_count; v++) {
            ota_amount_format(OTA_RATIO, label->values[v].share, text,
                              sizeof(text));
            ota_json_write_raw(writer, label->values[v].text, text);
        }
        ota_json_close(writer, '}');
    }
    ota_json_close(writer, '}');
}

static void write_group(struct ota_json_writer *writer,
                        const struct ota_group *group)
{
    ota_json_open(writer, NULL, '{');
    write_fields(writer, ota_sections[OTA_SECTION_FLEET].fields, group);
    write_labels(writer, group);
    ota_json_open(writer, "installed", '[');
    for (size_t v = 0; v < group->variant_count; v++) {
        ota_json_open(writer, NULL, '{');
        write_fields(writer, ota_sections[OTA_SECTION_INSTALLED].fields,
                     &group->variants[v]);
        ota_json_close(writer, '}');
    }
    ota_json_close(writer, ']');
    write_model(writer, "presence", &group->presence.model->model,
                group->presence.config);
    write_model(writer, "sleep", &group->sleep.model->model,
                group->sleep.config);
    write_signals(writer, group);
    write_outages(writer, group);
    write_model(writer, "session", &group->session.model->model,
                group->session.config);
    write_model(writer, "app", &group->app.model->model, group->app.config);
    write_model(writer, "transfer", &group->transfer.model->model,
                group->transfer.config);
    write_model(writer, "firmware", &group->firmware.model->model,
                group->firmware.config);
    write_model(writer, "plan", &group->plan.model->model, group->plan.config);
    write_model(writer, "battery", &group->battery.model->model,
                group->battery.config);
    ota_json_close(writer, '}');
}

static void write_image(struct ota_json_writer *writer,
                        const struct ota_image_config *image)
{
    ota_json_open(writer, "image", '{');
    write_fields(writer, ota_sections[OTA_SECTION_IMAGE].fields, image);
    if (image->where.text)
        ota_json_write_text(writer, "where", image->where.text);
    ota_json_close(writer, '}');
}

static void write_scenario(struct ota_json_writer *writer,
                           const struct ota_scenario *scenario)
{
    const struct ota_fleet_config *fleet = &scenario->fleet;
    struct ota_run_config run = scenario->run;

    run.idle = fleet->idle_step ? OTA_IDLE_STEP : OTA_IDLE_SKIP;
    ota_json_open(writer, NULL, '{');
    if (scenario->title[0])
        ota_json_write_text(writer, "title", scenario->title);
    if (scenario->catalog[0])
        ota_json_write_text(writer, "catalog", scenario->catalog);
    write_section(writer, OTA_SECTION_RUN, &run);
    write_section(writer, OTA_SECTION_RELEASE, &scenario->release);
    write_image(writer, &fleet->image);
    write_model(writer, "delivery", &fleet->delivery.model->model,
                fleet->delivery.config);
    write_section(writer, OTA_SECTION_HEALER, &fleet->healer);
    write_section(writer, OTA_SECTION_BACKEND, &fleet->backend);
    write_section(writer, OTA_SECTION_CLOUD, &fleet->cloud);
    ota_policy_write(writer, "policy", &fleet->policy);
    write_section(writer, OTA_SECTION_COSTS, &scenario->costs);
    ota_json_open(writer, "fleet", '[');
    for (size_t g = 0; g < fleet->group_count; g++)
        write_group(writer, &fleet->groups[g]);
    ota_json_close(writer, ']');
    ota_json_close(writer, '}');
}

char *ota_scenario_to_json(const struct ota_scenario *scenario, int indent)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;

    struct ota_json_writer writer = {.out = out, .indent = indent};
    write_scenario(&writer, scenario);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}
