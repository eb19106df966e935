/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * devices_csv.c - what each device of the first replication did.
 *
 * A million rows of 35 columns are common, so rows are put together by hand:
 * all numbers are integers, or integers with a fixed point, and need no
 * printf. Quoting follows RFC 4180.
 */
#include <stdlib.h>
#include <string.h>

#include "output/files.h"
#include "output/writers.h"
#include "sim/base/clock.h"

static const char header[] =
    "device,group,outcome,offered_s,begun_s,installed_s,confirmed_s,"
    "routine_bytes,useful_bytes,overhead_bytes,wasted_bytes,total_bytes,"
    "awake_s,charge_mah,overage_usd,periods_over_cap,wakes,connects,"
    "handshakes,offers,attempts,aborted,refused,modules,skipped_wakes,"
    "battery_empty,believed_updated,defect_s,bad,reached_s,revoked_s,left_s,"
    "back_s,back_bytes,back_attempts\n";

/* A row: names and less than 35 numbers of at most 22 bytes each. */
enum { NUMBERS_SIZE = 35 * 22 };

/* Writes value / 10^places, exactly, without trailing zeros. */
static char *put_fixed(char *at, int64_t value, int places)
{
    char digits[24];
    int count = 0;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0 || count <= places);
    int zeros = 0;
    while (zeros < places && digits[zeros] == '0')
        zeros++;

    if (value < 0)
        *at++ = '-';
    for (int i = count - 1; i >= zeros; i--) {
        *at++ = digits[i];
        if (i == places && i > zeros)
            *at++ = '.';
    }
    return at;
}

static char *put_cell(char *at, int64_t value, int places)
{
    *at++ = ',';
    return put_fixed(at, value, places);
}

/* Seconds; empty for an instant that did not come. */
static char *put_instant(char *at, int64_t time_us)
{
    if (time_us != OTA_NEVER)
        return put_cell(at, time_us, 6);
    *at++ = ',';
    return at;
}

static char *put_text(char *at, const char *text)
{
    const size_t length = strlen(text);

    memcpy(at, text, length);
    return at + length;
}

/* Returns a CSV cell of the name, which the caller frees, or NULL. */
static char *quoted(const char *name)
{
    char *cell = malloc(2 * strlen(name) + 3);
    if (!cell)
        return NULL;
    if (!strpbrk(name, ",\"\r\n"))
        return strcpy(cell, name);

    char *at = cell;
    *at++ = '"';
    for (; *name; name++) {
        if (*name == '"')
            *at++ = '"';
        *at++ = *name;
    }
    *at++ = '"';
    *at = '\0';
    return cell;
}

static int64_t awake_us(const struct ota_device_record *device)
{
    int64_t sum_us = 0;

    for (int p = 0; p < OTA_POWERS; p++)
        if (!ota_power_is_sleep((enum ota_power)p))
            sum_us += device->power_us[p];
    return sum_us;
}

static char *put_numbers(char *at, const struct ota_device_record *device)
{
    /* 1 mAh is 3.6e12 pC: shown to the nearest nAh, which is 3.6e6 pC. */
    const int64_t charge_nah =
        device->charge_pc / 3600000 + (device->charge_pc % 3600000 >= 1800000);

    at = put_instant(at, device->offered_us);
    at = put_instant(at, device->begun_us);
    at = put_instant(at, device->installed_us);
    at = put_instant(at, device->confirmed_us);
    at = put_cell(at, device->routine_bytes, 0);
    at = put_cell(at, device->useful_bytes, 0);
    at = put_cell(at, device->overhead_bytes, 0);
    at = put_cell(at, device->wasted_bytes, 0);
    at = put_cell(at,
                  device->routine_bytes + device->useful_bytes +
                      device->overhead_bytes + device->wasted_bytes,
                  0);
    at = put_cell(at, awake_us(device), 6);
    at = put_cell(at, charge_nah, 6);
    at = put_cell(at, device->overage_uusd, 6);
    at = put_cell(at, device->periods_over, 0);
    at = put_cell(at, device->wakes, 0);
    at = put_cell(at, device->connects, 0);
    at = put_cell(at, device->handshakes, 0);
    at = put_cell(at, device->offers, 0);
    at = put_cell(at, device->attempts, 0);
    at = put_cell(at, device->aborted, 0);
    at = put_cell(at, device->refused, 0);
    at = put_cell(at, device->modules, 0);
    at = put_cell(at, device->skipped, 0);
    at = put_cell(at, device->dead ? 1 : 0, 0);
    at = put_cell(at, device->believed ? 1 : 0, 0);
    at = put_instant(at, device->defect_us);
    at = put_cell(at, device->bad ? 1 : 0, 0);
    at = put_instant(at, device->reached_us);
    at = put_instant(at, device->revoked_us);
    at = put_instant(at, device->left_us);
    at = put_instant(at, device->back_us);
    at = put_cell(at, device->back_bytes, 0);
    return put_cell(at, device->back_attempts, 0);
}

/* The rows of devices [first, end), all of one group. */
static bool write_group(const struct ota_report *report, size_t group,
                        size_t first, size_t end, FILE *out)
{
    const struct ota_summary *summary = report->summary;
    char *name = quoted(summary->groups[1 + group].name);
    if (!name)
        return false;
    char *row = malloc(strlen(name) + NUMBERS_SIZE + 64);
    if (!row) {
        free(name);
        return false;
    }

    for (size_t d = first; d < end; d++) {
        const struct ota_device_record *device = &summary->devices[d];
        char *at = put_fixed(row, (int64_t)d, 0);
        *at++ = ',';
        at = put_text(at, name);
        *at++ = ',';
        at = put_text(at, ota_outcome_names[device->outcome]);
        at = put_numbers(at, device);
        *at++ = '\n';
        fwrite(row, 1, (size_t)(at - row), out);
    }
    free(row);
    free(name);
    return true;
}

static bool write_devices(const struct ota_report *report, const char *folder,
                          const struct ota_output_options *options,
                          struct ota_error *error)
{
    (void)options;
    const struct ota_summary *summary = report->summary;
    struct ota_out_file file;
    if (!ota_out_file_open(&file, folder, ota_writer_devices.name, error))
        return false;

    fputs(header, file.stream);
    bool ok = true;
    size_t first = 0;
    for (size_t g = 0; ok && g < summary->group_count; g++) {
        size_t end = first + (size_t)summary->groups[1 + g].devices;
        if (end > summary->device_count)
            end = summary->device_count;
        ok = write_group(report, g, first, end, file.stream) ||
             ota_fail(error, OTA_NO_MEMORY);
        first = end;
    }
    return ota_out_file_close(&file, error) && ok;
}

const struct ota_writer ota_writer_devices = {
    .name = "devices.csv",
    .summary = "what each device of the first replication did",
    .write = write_devices,
};
