/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * version.h - which of two versions is the later one.
 *
 * As Semantic Versioning 2.0.0 says, section 11: number by number; a
 * pre-release ("-rc.1") is before its release, and what follows a "+" does not
 * count. Beyond it, a "v" in front does not count either, any number of
 * numbers may stand, and missing ones are 0.
 */
#ifndef OTA_VERSION_H
#define OTA_VERSION_H

/* < 0: a is before b; 0: neither; > 0: a is after b. */
int ota_version_compare(const char *a, const char *b);

#endif
