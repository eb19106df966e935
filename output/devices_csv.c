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

#include "output/cells.h"
#include "output/files.h"
#include "output/writers.h"
#include "sim/base/clock.h"

enum {
    BATCH = 512,     /* devices read at once */
    CELL_SIZE = 22,  /* of the longest number, with its comma */
    MICRO = 1000000, /* what 6 places count */
};

static const char pairs[] = "00010203040506070809"
                            "10111213141516171819"
                            "20212223242526272829"
                            "30313233343536373839"
                            "40414243444546474849"
                            "50515253545556575859"
                            "60616263646566676869"
                            "70717273747576777879"
                            "80818283848586878889"
                            "90919293949596979899";

static char *put_whole(char *at, uint64_t value)
{
    char digits[20];
    char *from = digits + sizeof(digits);

    for (; value >= 100; value /= 100)
        memcpy(from -= 2, &pairs[value % 100 * 2], 2);
    if (value >= 10)
        memcpy(from -= 2, &pairs[value * 2], 2);
    else
        *--from = (char)('0' + value);
    const size_t length = (size_t)(digits + sizeof(digits) - from);
    memcpy(at, from, length);
    return at + length;
}

/* Writes the point and the six digits behind it, without zeros at the end. */
static char *put_micro(char *at, uint32_t part)
{
    at[0] = '.';
    memcpy(at + 1, &pairs[part / 10000 * 2], 2);
    memcpy(at + 3, &pairs[part / 100 % 100 * 2], 2);
    memcpy(at + 5, &pairs[part % 100 * 2], 2);
    at += 7;
    while (at[-1] == '0')
        at--;
    return at;
}

/* Writes value / 10^places, exactly; nothing for OTA_NEVER. */
static char *put_cell(char *at, int64_t value, int places)
{
    *at++ = ',';
    if (value == OTA_NEVER)
        return at;
    uint64_t rest = (uint64_t)value;
    if (value < 0) {
        *at++ = '-';
        rest = -rest;
    }
    if (places == 0)
        return put_whole(at, rest);
    at = put_whole(at, rest / MICRO);
    const uint32_t part = (uint32_t)(rest % MICRO);
    return part == 0 ? at : put_micro(at, part);
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

static char *put_row(char *at, uint64_t number, const char *group,
                     const struct ota_device_record *device)
{
    int64_t cells[OTA_CELLS];

    ota_cells_of(device, cells);
    at = put_whole(at, number);
    *at++ = ',';
    at = put_text(at, group);
    *at++ = ',';
    at = put_text(at, ota_outcome_names[device->outcome]);
    for (size_t c = 0; c < OTA_CELLS; c++)
        at = put_cell(at, cells[c], ota_cells[c].places);
    *at++ = '\n';
    return at;
}

/* What writing the rows of a group needs; its memory is the group's. */
struct rows {
    const struct ota_report *report;
    const struct ota_output_options *options;
    FILE *out;
    char *group;
    char *text; /* of a batch */
    struct ota_device_record *records;
};

static bool open_rows(struct rows *rows, const char *group,
                      struct ota_error *error)
{
    rows->group = quoted(group);
    const size_t row_size = (rows->group ? strlen(rows->group) : 0) +
                            (OTA_CELLS + 1) * CELL_SIZE + 64;
    rows->text = malloc(BATCH * row_size);
    rows->records = malloc(BATCH * sizeof(*rows->records));
    return (rows->group && rows->text && rows->records) ||
           ota_fail(error, OTA_NO_MEMORY);
}

static void close_rows(struct rows *rows)
{
    free(rows->group);
    free(rows->text);
    free(rows->records);
}

/* The rows of devices [first, end), all of one group. */
static bool write_rows(const struct rows *rows, size_t first, size_t end,
                       struct ota_error *error)
{
    while (first < end) {
        const size_t count = end - first < BATCH ? end - first : BATCH;
        if (!ota_folder_goes_on(rows->options, error) ||
            !ota_spill_read(rows->report->devices, first, count, rows->records,
                            error))
            return false;
        char *at = rows->text;
        for (size_t i = 0; i < count; i++)
            at = put_row(at, first + i, rows->group, &rows->records[i]);
        fwrite(rows->text, 1, (size_t)(at - rows->text), rows->out);
        first += count;
    }
    return true;
}

static void write_header(FILE *out)
{
    fputs("device,group,outcome", out);
    for (size_t c = 0; c < OTA_CELLS; c++)
        fprintf(out, ",%s", ota_cells[c].name);
    fputc('\n', out);
}

static bool write_devices(const void *of, const char *folder,
                          const struct ota_output_options *options,
                          struct ota_error *error)
{
    const struct ota_report *report = of;
    const struct ota_summary *summary = report->summary;
    struct ota_out_file file;
    if (!ota_out_file_open(&file, folder, ota_writer_devices.name, error))
        return false;

    struct rows rows = {
        .report = report, .options = options, .out = file.stream};
    bool ok = true;
    size_t first = 0;
    write_header(file.stream);
    for (size_t g = 1; ok && g <= summary->group_count; g++) {
        const size_t end = first + (size_t)summary->groups[g].devices;
        ok = open_rows(&rows, summary->groups[g].name, error) &&
             write_rows(&rows, first, end, error);
        close_rows(&rows);
        first = end;
    }
    return ota_out_file_close(&file, error) && ok;
}

const struct ota_folder_file ota_writer_devices = {
    .name = "devices.csv",
    .summary = "what each device of the first replication did",
    .write = write_devices,
};
