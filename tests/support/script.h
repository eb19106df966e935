/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * script.h - for tests of campaigns: devices that answer orders by a script.
 *
 * A device that is offered the update starts so long after and ends so long
 * after that, as the test says; it asks for a slot before it starts if the
 * campaign counts these. One that polls learns of anything at its polls alone.
 */
#ifndef OTA_TEST_SCRIPT_H
#define OTA_TEST_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/fleet/campaign.h"

struct script_answer {
    int64_t start_us; /* behind the offer; OTA_NEVER: never says anything */
    int64_t end_us;   /* behind the start; OTA_NEVER: never ends */
    uint8_t kind;     /* enum ota_report_kind of the end */
    uint8_t cause;
};

enum { SCRIPT_WAVES = 8 };

struct script {
    struct ota_policy policy;
    struct ota_wave waves[SCRIPT_WAVES]; /* the policy's list */
    struct ota_campaign_world world;
    struct ota_random_key key;
    struct ota_campaign *campaign;
    /* What a device does with its try number `tries`, from 0. */
    struct script_answer (*answer)(struct script *script, uint32_t device,
                                   int64_t tries);
    /* When a device asks next, at or after at_us; NULL: it is told at once. */
    int64_t (*polls)(struct script *script, uint32_t device, int64_t at_us);
    /* Looks at each order; may be NULL. */
    void (*sees)(struct script *script, const struct ota_order *order);
    /* And at the campaign after each instant. */
    void (*checks)(struct script *script, int64_t now_us);
    void *self; /* the test's */

    int64_t now_us, instants;
    int64_t orders[OTA_ORDER_KINDS]; /* how many of each kind */
    int64_t *offered_us;             /* of a device, first; OTA_NEVER */
    struct script_device *devices;   /* private */
    struct script_event *events;
    size_t event_count, event_places;
    uint64_t event_last;
    struct ota_campaign_report *reports;
    size_t report_places;
};

/* An empty policy but for its order, by number, and a world of so many devices
 * that succeed after a minute; then change what the test is about. */
void script_init(struct script *script, size_t devices);

/* Makes a wave of the list, by number, opened by a rule (the first at once);
 * the list is then that long. pct: of the initial targets; 0: the rest. */
struct ota_wave *script_wave(struct script *script, size_t w, int64_t pct);

/* Has a device report something at an instant, whatever its answers. */
void script_report(struct script *script, int64_t at_us, uint32_t device,
                   enum ota_report_kind kind, enum ota_cause cause);

/* Makes the campaign if there is none, and lives up to an instant, which is
 * included. */
void script_run(struct script *script, int64_t until_us);

struct ota_campaign_record script_record(const struct script *script);

int64_t script_count(const struct script *script, enum ota_counter counter);

void script_free(struct script *script);

#endif
