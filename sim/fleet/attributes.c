/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * attributes.c - what a device is, as far as its config and its own streams
 * tell: the same draws that put it into its state at time 0.
 */
#include "sim/fleet/attributes.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct ota_seat ota_fleet_seat(const struct ota_fleet_config *config,
                               uint64_t device)
{
    struct ota_seat place = {.index = (int64_t)device};

    while (place.index >= config->groups[place.group].count) {
        place.index -= config->groups[place.group].count;
        place.group++;
        assert(place.group < config->group_count);
    }
    return place;
}

size_t ota_fleet_group_of(const struct ota_fleet_config *config,
                          uint64_t device)
{
    return ota_fleet_seat(config, device).group;
}

/* --- draws by shares --- */

uint16_t ota_fleet_variant(const struct ota_group *group,
                           const struct ota_random_key *key, uint64_t device)
{
    struct ota_stream stream;

    if (group->variant_count == 1)
        return 0;
    ota_stream_init(&stream, key, device, OTA_PURPOSE_START, OTA_START_VARIANT);
    double left = ota_uniform(&stream.rng);
    for (size_t v = 0; v + 1 < group->variant_count; v++) {
        left -= group->variants[v].share;
        if (left < 0)
            return (uint16_t)v;
    }
    return (uint16_t)(group->variant_count - 1);
}

uint8_t ota_fleet_draw_signal(const struct ota_group *group, gsl_rng *rng)
{
    if (group->signal_count == 1)
        return 0;
    double left = ota_uniform(rng);
    for (size_t s = 0; s + 1 < group->signal_count; s++) {
        left -= group->signals[s].share;
        if (left < 0)
            return (uint8_t)s;
    }
    return (uint8_t)(group->signal_count - 1);
}

/* Which of the values a device has of its group's label of that number. */
static size_t draw_value(const struct ota_label *label, size_t number,
                         const struct ota_random_key *key, uint64_t device)
{
    struct ota_stream stream;

    if (label->value_count == 1)
        return 0;
    ota_stream_init(&stream, key, device, OTA_PURPOSE_LABEL, number);
    double left = ota_uniform(&stream.rng);
    for (size_t v = 0; v + 1 < label->value_count; v++) {
        left -= label->values[v].share;
        if (left < 0)
            return v;
    }
    return label->value_count - 1;
}

/* --- attributes --- */

static const struct ota_label *find_label(const struct ota_group *group,
                                          const char *key)
{
    for (size_t i = 0; i < group->label_count; i++)
        if (strcmp(group->labels[i].key, key) == 0)
            return &group->labels[i];
    return NULL;
}

static const char *number(int64_t value, char *buffer, size_t size)
{
    snprintf(buffer, size, "%" PRId64, value);
    return buffer;
}

static const char *link_name(const struct ota_group *group,
                             const struct ota_random_key *key, uint64_t device)
{
    struct ota_stream stream;

    ota_stream_init(&stream, key, device, OTA_PURPOSE_SIGNAL, OTA_FIRST_SIGNAL);
    const uint8_t signal = ota_fleet_draw_signal(group, &stream.rng);
    return group->signals[signal].link.model->model.name;
}

const char *ota_fleet_attribute(const struct ota_fleet_config *config,
                                const struct ota_random_key *key,
                                uint64_t device, const char *attribute,
                                char *buffer, size_t size)
{
    const struct ota_seat place = ota_fleet_seat(config, device);
    const struct ota_group *group = &config->groups[place.group];

    if (strcmp(attribute, "id") == 0)
        return number((int64_t)device, buffer, size);
    if (strcmp(attribute, "group") == 0)
        return group->name;
    if (strcmp(attribute, "platform") == 0)
        return group->platform;
    if (strcmp(attribute, "product") == 0)
        return group->product ? "true" : "false";
    if (strcmp(attribute, "link") == 0)
        return link_name(group, key, device);
    if (strcmp(attribute, "os") == 0)
        return group->variants[ota_fleet_variant(group, key, device)].os;
    const struct ota_label *label = find_label(group, attribute);
    if (!label)
        return "";
    if (label->each > 0)
        return number(label->from + place.index / label->each, buffer, size);
    return label
        ->values[draw_value(label, (size_t)(label - group->labels), key,
                            device)]
        .text;
}

const char *ota_fleet_attribute_of(void *source, uint64_t device,
                                   const char *attribute, char *buffer,
                                   size_t size)
{
    const struct ota_attribute_source *from = source;

    return ota_fleet_attribute(from->config, from->key, device, attribute,
                               buffer, size);
}
