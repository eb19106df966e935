/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group.c - groups of devices.
 */
#include "sim/scenario/group.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/clock.h"
#include "sim/base/text.h"
#include "sim/base/units.h"
#include "sim/scenario/group_labels.h"
#include "sim/scenario/group_path.h"
#include "sim/scenario/list.h"
#include "sim/scenario/sections.h"

enum { TIME_SIZE = 32 }; /* bytes of a time as text */

/* A time as scenarios write it. */
static const char *time_text(int64_t time_us, char text[TIME_SIZE])
{
    ota_amount_format(OTA_TIME, (double)time_us, text, TIME_SIZE);
    return text;
}

/* --- lists -----------------------------------------------------------------*/

/* Reads a group's "installed". Returns NULL with complaints. */
static struct ota_variant *read_variants(struct ota_binder *binder,
                                         const struct ota_json *object,
                                         size_t *count)
{
    const struct ota_json *list = ota_list_find(binder, object, "installed",
                                                "[{\"os\": \"0.6.0\"}]", count);
    if (!list)
        return NULL;
    bool ok;
    struct ota_variant *variants = ota_list_read(
        binder, list, sizeof(*variants), OTA_SECTION_INSTALLED, NULL, &ok);
    ok = ok && ota_list_check_shares(binder, list, variants, sizeof(*variants),
                                     offsetof(struct ota_variant, share));
    return ok ? variants : NULL;
}

static bool read_link(struct ota_binder *binder, const struct ota_json *parent,
                      struct ota_link *link)
{
    const int index =
        ota_bind_model(binder, ota_kind_find("link"), parent, &link->config);
    if (index >= 0)
        link->model = ota_link_models[index];
    return index >= 0;
}

/* Reads a group's "signal". */
static bool read_signal_list(struct ota_binder *binder,
                             const struct ota_json *object,
                             struct ota_group *group)
{
    static const char *const others[] = {"link", NULL};
    const struct ota_json *list = ota_list_find(
        binder, object, "signal", "[{\"share\": 0.9, \"link\": {...}}, ...]",
        &group->signal_count);
    if (!list)
        return false;
    if (ota_json_find(object, "link"))
        ota_bind_complain(binder, list,
                          "there is a \"link\" too; put it into this list, or "
                          "leave the list out");
    if (group->signal_count > OTA_SIGNALS_MAX)
        return ota_bind_complain(binder, list, "%zu entries; %d are the most",
                                 group->signal_count, OTA_SIGNALS_MAX);
    bool ok;
    struct ota_signal *signals = ota_list_read(binder, list, sizeof(*signals),
                                               OTA_SECTION_SIGNAL, others, &ok);
    if (!signals)
        return false;
    group->signals = signals;
    ok = ok && ota_list_check_shares(binder, list, signals, sizeof(*signals),
                                     offsetof(struct ota_signal, share));
    for (const struct ota_json *v = list->child; v; v = v->next, signals++)
        ok = read_link(binder, v, &signals->link) && ok;
    return ok && !ota_json_find(object, "link");
}

/* Reads a group's "signal", or else its "link" as the only one. */
static bool read_signals(struct ota_binder *binder,
                         const struct ota_json *object, struct ota_group *group)
{
    if (ota_json_find(object, "signal"))
        return read_signal_list(binder, object, group);

    struct ota_signal *signal =
        ota_arena_alloc(binder->context.arena, 1, sizeof(*signal));
    if (!signal)
        return ota_bind_complain(binder, object, OTA_NO_MEMORY);
    signal->share = 1;
    group->signals = signal;
    group->signal_count = 1;
    return read_link(binder, object, &signal->link);
}

/* Whether each outage is over before the next begins. */
static bool check_outages(struct ota_binder *binder,
                          const struct ota_json *list,
                          const struct ota_outage *outages)
{
    const struct ota_json *entry = list->child->next;
    for (size_t i = 1; entry; i++, entry = entry->next) {
        const int64_t end_us =
            ota_us_add(outages[i - 1].begin_us, outages[i - 1].lasts_us);
        char end[TIME_SIZE], begin[TIME_SIZE];
        if (outages[i].begin_us > end_us)
            continue;
        return ota_bind_complain(
            binder, entry,
            "begins at %s, but the outage before it ends at %s; write outages "
            "in order of time and apart",
            time_text(outages[i].begin_us, begin), time_text(end_us, end));
    }
    return true;
}

/* Reads a group's "outages"; it may have none. */
static bool read_outages(struct ota_binder *binder,
                         const struct ota_json *object, struct ota_group *group)
{
    const struct ota_json *list = ota_json_find(object, "outages");
    if (!list || (list->type == OTA_JSON_LIST && !list->child))
        return true;
    if (!ota_list_find(binder, object, "outages",
                       "[{\"at\": \"3d\", \"lasts\": \"6h\"}]",
                       &group->outage_count))
        return false;
    bool ok;
    const struct ota_outage *outages = ota_list_read(
        binder, list, sizeof(*outages), OTA_SECTION_OUTAGES, NULL, &ok);
    group->outages = outages;
    return ok && check_outages(binder, list, outages);
}

/* --- groups ----------------------------------------------------------------*/

/* Reads one of the group's models: `kind` is the kind and the member. */
#define READ_MODEL(kind)                                                       \
    do {                                                                       \
        int index_ = ota_bind_model(binder, ota_kind_find(#kind), object,      \
                                    &group->kind.config);                      \
        ok = ok && index_ >= 0;                                                \
        if (index_ >= 0)                                                       \
            group->kind.model = ota_##kind##_models[index_];                   \
    } while (0)

static bool read_models(struct ota_binder *binder,
                        const struct ota_json *object, struct ota_group *group)
{
    bool ok = true;
    READ_MODEL(presence);
    READ_MODEL(sleep);
    READ_MODEL(session);
    READ_MODEL(app);
    READ_MODEL(transfer);
    READ_MODEL(firmware);
    READ_MODEL(plan);
    READ_MODEL(battery);
    return ok;
}

#undef READ_MODEL

/* Complains about devices that by their own clock attach more often than their
 * network bears. */
static bool check_cycle(struct ota_binder *binder,
                        const struct ota_json *object,
                        const struct ota_group *group)
{
    const struct ota_device_os os = ota_device_os(group->platform, 0);
    if (group->sleep.model != &ota_sleep_interval || ota_os_is_wifi(&os))
        return true;
    const struct ota_sleep_interval_config *sleep = group->sleep.config;
    const double least_us = (double)sleep->period_us * (1 - sleep->jitter);
    if (sleep->common.depth == OTA_SLEEP_STANDBY ||
        least_us >= (double)group->cycle_min_us)
        return true;
    char period[TIME_SIZE], least[TIME_SIZE], cycle[TIME_SIZE];
    char jitter[TIME_SIZE + 32] = "";
    if (sleep->jitter > 0)
        snprintf(jitter, sizeof(jitter), " (by its jitter %s at the least)",
                 time_text((int64_t)least_us, least));
    return ota_bind_complain(
        binder, ota_json_find(object, "sleep"),
        "wakes every %s%s with the modem off, more often than cycle_min (%s); "
        "sleep in standby, wake less often, or set cycle_min",
        time_text(sleep->period_us, period), jitter,
        time_text(group->cycle_min_us, cycle));
}

/* Collects the keys of a group that are no fields. */
static void collect_keys(const char *keys[16])
{
    size_t count = 0;
    keys[count++] = "installed";
    keys[count++] = "signal";
    keys[count++] = "outages";
    keys[count++] = "labels";
    for (const char *const *kind = ota_group_kinds; *kind; kind++) {
        assert(count < 15);
        keys[count++] = *kind;
    }
    keys[count] = NULL;
}

/* Reads what needs no catalogue. */
static bool read_settings(struct ota_binder *binder,
                          const struct ota_json *object,
                          struct ota_group *group)
{
    const struct ota_bind_section section = {
        .parent = object->parent, .key = "fleet", .object = object};
    const char *others[16];
    collect_keys(others);
    const bool fields =
        ota_bind_fields(binder, &section,
                        ota_sections[OTA_SECTION_FLEET].fields, others, group);
    const bool models = read_models(binder, object, group);
    const bool signals = read_signals(binder, object, group);
    const bool outages = read_outages(binder, object, group);
    const bool labels = ota_group_read_labels(binder, object, group);
    const bool cycle = fields && models && check_cycle(binder, object, group);
    return cycle && signals && outages && labels;
}

static bool read_group(const struct ota_group_reader *reader,
                       const struct ota_json *object, struct ota_group *group)
{
    if (!ota_list_entry(reader->binder, object))
        return false;
    const bool ok = read_settings(reader->binder, object, group);
    struct ota_variant *variants =
        read_variants(reader->binder, object, &group->variant_count);
    group->variants = variants;

    /* The catalogue is asked even if other settings are wrong. */
    if (!reader->catalog || !group->platform[0])
        return ok && variants;
    if (!ota_group_check_platform(reader, object, group->platform))
        return false;
    if (!variants || !reader->release ||
        !ota_group_find_paths(reader, object, group, variants))
        return false;
    return ok && ota_group_check_chunks(reader, object, group);
}

/* Complains about a name that two groups have, and about too many devices. */
static bool check_groups(struct ota_binder *binder, const struct ota_json *list,
                         const struct ota_fleet_config *config)
{
    bool ok = true;
    size_t i = 0;
    for (const struct ota_json *v = list->child; v; v = v->next, i++) {
        const char *name = config->groups[i].name;
        for (size_t j = 0; j < i && name[0]; j++)
            if (strcmp(config->groups[j].name, name) == 0)
                ok = ota_bind_complain(binder, ota_json_find(v, "name"),
                                       "fleet[%zu] is named \"%s\" already", j,
                                       name);
    }
    int64_t devices = 0;
    for (i = 0; i < config->group_count && devices <= OTA_FLEET_DEVICES_MAX;
         i++)
        devices += config->groups[i].count;
    if (devices > OTA_FLEET_DEVICES_MAX)
        ok = ota_bind_complain(binder, list,
                               "more than %d devices in all; scale the "
                               "fleet down and the costs up",
                               OTA_FLEET_DEVICES_MAX);
    return ok;
}

bool ota_groups_read(struct ota_binder *binder, const struct ota_json *root,
                     const struct ota_catalog *catalog,
                     const struct ota_release_config *release,
                     struct ota_fleet_config *config)
{
    const struct ota_group_reader reader = {
        .binder = binder,
        .catalog = catalog,
        .release = release,
        .needs_os = ota_json_find(ota_json_find(root, "release"), "needs_os"),
    };
    const struct ota_json *list = ota_list_find(
        binder, root, "fleet", "[{\"name\": ...}]", &config->group_count);
    if (!list)
        return false;
    struct ota_group *groups = ota_arena_alloc(
        binder->context.arena, config->group_count, sizeof(*groups));
    if (!groups)
        return ota_bind_complain(binder, list, OTA_NO_MEMORY);
    config->groups = groups;

    bool ok = true;
    size_t i = 0;
    for (const struct ota_json *v = list->child; v; v = v->next, i++)
        ok = read_group(&reader, v, &groups[i]) && ok;
    ok = check_groups(binder, list, config) && ok;
    for (i = 0; ok && config->delivery.model && i < config->group_count; i++)
        ota_group_prepare(&groups[i], config);
    return ok;
}
