/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * number.h - numbers as text: exact for files, short for people.
 */
#ifndef OTA_NUMBER_H
#define OTA_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/stats/interval.h"

enum { OTA_NUMBER_SIZE = 48 }; /* bytes of a number with its unit */

/* Writes the shortest decimal that reads back as the same double. value is
 * finite. */
void ota_number_exact(double value, char *text, size_t size);

/* Writes value with so many decimals and commas between thousands. */
void ota_number_grouped(double value, int decimals, char *text, size_t size);

/* What a number for a person counts. */
enum ota_scale {
    OTA_SCALE_COUNT,  /* devices, transfers */
    OTA_SCALE_SHARE,  /* written as a percentage */
    OTA_SCALE_TIME,   /* given in s */
    OTA_SCALE_SIZE,   /* given in bytes */
    OTA_SCALE_CHARGE, /* given in mAh */
    OTA_SCALE_MONEY,  /* given in USD */
};

/* How to write a number and all that stands beside it: in one unit, with the
 * digits that its interval justifies. */
struct ota_reading {
    const char *unit; /* with a space before it; "" if there is none */
    double worth;     /* of the unit, in what the number is given in */
    int decimals;
    bool share; /* all of it is "100 %", without decimals */
    bool cents; /* always with its decimals */
};

/*
 * Chooses unit and digits for an estimate. Half the width of the interval
 * keeps two digits if they are 10 to 35, else one (the rule of the Particle
 * Data Group, Review of Particle Physics, 5.3 "Rounding"); without an interval
 * the number keeps three. Never more than four digits in all, but whole
 * numbers are never cut, and a share that is not all of it never reads as 100
 * %.
 */
struct ota_reading ota_reading_of(enum ota_scale scale,
                                  const struct ota_estimate *estimate);

/* The same, in the unit that suits another number: of a column, say. */
struct ota_reading ota_reading_in(enum ota_scale scale, double unit_for,
                                  const struct ota_estimate *estimate);

/* Adds decimals until value no longer reads as from, which it is not. */
void ota_reading_apart(struct ota_reading *reading, double value, double from);

/* Writes "1.07 MB", or "-" for a number that there is not. */
void ota_reading_format(const struct ota_reading *reading, double value,
                        char *text, size_t size);

/*
 * Writes "[1.05, 1.09]"; "at most 0.18" or "at least 199.3" when nothing or
 * everything was counted in each replication; "same in all" when they do not
 * differ, which leaves no interval; "" if there is none.
 */
void ota_reading_interval(const struct ota_reading *reading,
                          const struct ota_estimate *estimate, char *text,
                          size_t size);

/* Writes a lone value in a unit that suits it, three digits long; trailing
 * zeros behind the point are left out: "30 d", "1.5 MB". */
void ota_number_human(enum ota_scale scale, double value, char *text,
                      size_t size);

#endif
