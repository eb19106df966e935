/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * units.h - amounts as people write them ("30s", "285KB", "17.9mA") and as
 * the simulator counts them: integers of one base unit a dimension.
 *
 * KB and MB are 1,000 and 1,000,000 bytes, as data plans bill them; KiB and
 * MiB are 1,024 and 1,048,576, as flash is sized. "m" is read as minutes, and
 * written "min".
 */
#ifndef OTA_UNITS_H
#define OTA_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ota_dimension {
    OTA_COUNT,   /* a bare number */
    OTA_RATIO,   /* a bare number, or a percentage "2%" */
    OTA_TIME,    /* us */
    OTA_SIZE,    /* bytes */
    OTA_CURRENT, /* nA */
    OTA_CHARGE,  /* uAh */
    OTA_MONEY,   /* millionths of a US dollar */
    OTA_RATE,    /* bit/s */
    OTA_DIMENSIONS
};

/* One unit and what it is worth in the base unit of its dimension. */
struct ota_unit {
    const char *name;
    double base;
};

/* The units of a dimension, smallest first, ended by a NULL name. Empty for
 * OTA_COUNT; OTA_RATIO has "%". */
const struct ota_unit *ota_units(enum ota_dimension dimension);

/* "duration", "size", ...: for messages and the reference. */
const char *ota_dimension_name(enum ota_dimension dimension);

/* An example such as "30s", for messages. */
const char *ota_dimension_example(enum ota_dimension dimension);

/* "us ms s min h d": the accepted units, space-separated, into text. */
void ota_units_list(enum ota_dimension dimension, char *text, size_t size);

/*
 * Reads an amount such as "1.5h" at text[0 .. length): a decimal number and a
 * unit, spaces around either allowed. Puts it into *value in base units and
 * returns true; or puts a message for a person (what is wrong; what would be
 * right) into problem and returns false. Never accepts NaN or infinity.
 */
bool ota_amount_parse(enum ota_dimension dimension, const char *text,
                      size_t length, double *value, char *problem,
                      size_t problem_size);

/*
 * Writes value, in base units and finite, in the unit that needs the fewest
 * characters. ota_amount_parse() reads exactly the same back if value is a
 * whole number of base units, or a bare number.
 */
void ota_amount_format(enum ota_dimension dimension, double value, char *text,
                       size_t size);

#endif
