/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * option_table.h - one table of options for parsing, help and advice. Private
 * to options.c.
 */
#ifndef OTA_OPTION_TABLE_H
#define OTA_OPTION_TABLE_H

#include "sim/cli/options.h"

struct ota_option {
    const char *name;     /* with its dashes */
    const char *argument; /* what its value is, for help; NULL: takes none */
    const char *of;       /* letters of its commands; "*": all, and none */
    const char *help;
    /* Returns what is wrong with the value, or NULL. */
    const char *(*read)(struct ota_options *options, char *value);
};

/* Every option, ended by a NULL name. A name may stand twice, of different
 * commands. */
extern const struct ota_option ota_option_table[];

enum { OTA_OPTIONS_MAX = 64 }; /* in the table */

/* Whether the command (NULL: none) takes it. */
bool ota_option_taken(const struct ota_command *command,
                      const struct ota_option *option);

/* Why it does not. */
const char *ota_option_refused(const struct ota_command *command,
                               const struct ota_option *option);

#endif
