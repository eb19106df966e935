/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * setting_path.h - what the words of a setting's path mean, by where in the
 * scenario they stand.
 *
 * A path that begins with what a group has ("app.wait") is of all groups. Some
 * words have a second name ("awake.wait", "sleep.every").
 */
#ifndef OTA_SETTING_PATH_H
#define OTA_SETTING_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/scenario/json.h"

/* The name of what a word means as a key of `at`: itself, unless it is a second
 * name there. */
const char *ota_setting_word(const struct ota_json *at, const char *word);

/* Whether a scenario, or each group of it, has a key of that name. */
bool ota_setting_is_top(const char *word);
bool ota_setting_is_group(const char *word);

/* Writes "; did you mean ...?" for a word with which no path begins. */
void ota_setting_advise(const char *word, char *advice, size_t size);

/*
 * Returns the entry of a list that word means, by index or by name; or NULL,
 * with what is wrong in problem.
 */
struct ota_json *ota_setting_entry(const struct ota_json *list,
                                   const char *word, char *problem,
                                   size_t problem_size);

/* The second names, ended by a NULL written: "awake.wait" means "app.wait". */
struct ota_second_name {
    const char *section; /* in which it stands; NULL: in a group */
    const char *written, *meant;
};

extern const struct ota_second_name ota_second_names[];

#endif
