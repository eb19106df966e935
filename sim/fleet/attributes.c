/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * attributes.c - what a device is, as far as its config and its own streams
 * tell: the same draws that put it into its state at time 0.
 *
 * Units of a label are numbered group after group: a group with `each` takes
 * as many numbers as it has values, one with drawn values a number for each
 * text that no group before it has, and the first without the label one.
 */
#include "sim/fleet/attributes.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
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

    ota_stream_init(&stream, key, device, OTA_PURPOSE_START, OTA_START_VARIANT);
    double left = gsl_rng_uniform(&stream.rng);
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
    double left = gsl_rng_uniform(rng);
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
    double left = gsl_rng_uniform(&stream.rng);
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

/* --- units --- */

/* The value of a unit by text; NULL: of devices without the label. */
static bool is_text(const struct ota_label *label, size_t value,
                    const char *text)
{
    if (!label || !text)
        return !label && !text;
    return strcmp(label->values[value].text, text) == 0;
}

/* How many values with a text of its own a group has; one without the label
 * has one, NULL. */
static size_t texts_of(const struct ota_label *label)
{
    if (!label)
        return 1;
    return label->each > 0 ? 0 : label->value_count;
}

static const char *text_of(const struct ota_label *label, size_t value)
{
    return label ? label->values[value].text : NULL;
}

/* Whether a text comes before the given value of the given group. */
static bool is_listed(const struct ota_fleet_config *config, const char *key,
                      size_t group, size_t value)
{
    const char *text = text_of(find_label(&config->groups[group], key), value);

    for (size_t g = 0; g <= group; g++) {
        const struct ota_label *label = find_label(&config->groups[g], key);
        const size_t most = g < group ? texts_of(label) : value;
        for (size_t v = 0; v < most; v++)
            if (is_text(label, v, text))
                return true;
    }
    return false;
}

/* Units of values by number. */
static size_t numbers_of(const struct ota_group *group,
                         const struct ota_label *label)
{
    if (!label || label->each == 0)
        return 0;
    return (size_t)((group->count + label->each - 1) / label->each);
}

/*
 * Numbers the units up to `group` (not included), and in *found that of text
 * if it is among them; the text is not looked for if found is NULL.
 */
static size_t count_units(const struct ota_fleet_config *config,
                          const char *key, size_t group, const char *text,
                          size_t *found)
{
    size_t units = 0;

    for (size_t g = 0; g < group; g++) {
        const struct ota_label *label = find_label(&config->groups[g], key);
        units += numbers_of(&config->groups[g], label);
        for (size_t v = 0; v < texts_of(label); v++) {
            if (is_listed(config, key, g, v))
                continue;
            if (found && is_text(label, v, text))
                *found = units;
            units++;
        }
    }
    return units;
}

size_t ota_fleet_label_units(const struct ota_fleet_config *config,
                             const char *label)
{
    return count_units(config, label, config->group_count, NULL, NULL);
}

size_t ota_fleet_label_unit(const struct ota_fleet_config *config,
                            const struct ota_random_key *key, uint64_t device,
                            const char *label)
{
    const struct ota_seat place = ota_fleet_seat(config, device);
    const struct ota_group *group = &config->groups[place.group];
    const struct ota_label *own = find_label(group, label);
    size_t unit = SIZE_MAX;

    if (own && own->each > 0)
        return count_units(config, label, place.group, NULL, NULL) +
               (size_t)(place.index / own->each);
    const size_t value =
        own ? draw_value(own, (size_t)(own - group->labels), key, device) : 0;
    count_units(config, label, place.group + 1, text_of(own, value), &unit);
    assert(unit != SIZE_MAX);
    return unit;
}
