/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command_compare.c - `otasim compare`.
 */
#include "sim/cli/options.h"

enum ota_exit ota_command_compare(const struct ota_options *options)
{
    (void)options;
    return ota_failed("compare is not there yet");
}
