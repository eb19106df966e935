/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cron.h - stretches of time that open by a calendar.
 *
 * Five fields, minute hour day-of-month month day-of-week, with * , - / and
 * names of months and days; also the six of "cron(0 2 * * ? *)", whose last is
 * the year. Time 0 of a run
 * is a Monday 00:00 UTC, 1 January of a year of 365 days.
 */
#ifndef OTA_CRON_H
#define OTA_CRON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ota_cron {
    uint64_t minutes; /* bit set, 0 to 59 */
    uint32_t hours, days, months;
    uint8_t weekdays; /* bit 0: Sunday */
    bool any_day, any_weekday;
};

enum ota_zone { OTA_ZONE_UTC, OTA_ZONE_LOCAL };
extern const char *const ota_zone_words[];

/* One of a policy's windows. */
struct ota_policy_window {
    const char *text; /* as written */
    struct ota_cron cron;
    int64_t for_us;    /* > 0 */
    int zone;          /* enum ota_zone: LOCAL is the group's "utc_offset" */
    int64_t offset_us; /* UTC: a fixed one, such as of "+02:00" */
};

/* Reads text. Returns false with what is wrong in problem. */
bool ota_cron_parse(const char *text, struct ota_cron *cron, char *problem,
                    size_t problem_size);

/*
 * Whether one of the windows is open at now_us (since time 0, UTC), and in
 * *until_us up to when that stays so: the end of the last one that is open and
 * of those that join it without a gap, or the next begin; OTA_NEVER if none
 * comes. Joined windows are followed only so far: at *until_us, ask again. A
 * window is open from its begin, included, to its end, excluded. No windows at
 * all: open for ever.
 */
bool ota_windows_open(const struct ota_policy_window *windows, size_t count,
                      int64_t local_offset_us, int64_t now_us,
                      int64_t *until_us);

#endif
