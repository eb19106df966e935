/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command_merge.c - `otasim merge`.
 */
#include "sim/cli/options.h"

enum ota_exit ota_command_merge(const struct ota_options *options)
{
    (void)options;
    return ota_failed("merge is not there yet");
}
