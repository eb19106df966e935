/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * near.h - for tests: doubles that must be equal but for an error of known
 * size. cmocka's own check is of floats.
 */
#ifndef OTA_TEST_NEAR_H
#define OTA_TEST_NEAR_H

/* Fails the test if value is not within `within` of wanted; a NaN never
 * is. */
#define assert_near(value, wanted, within)                                     \
    near_check(value, wanted, within, __FILE__, __LINE__)

void near_check(double value, double wanted, double within, const char *file,
                int line);

#endif
