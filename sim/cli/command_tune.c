/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command_tune.c - `otasim tune`.
 */
#include "sim/cli/options.h"

enum ota_exit ota_command_tune(const struct ota_options *options)
{
    (void)options;
    return ota_failed("tune is not there yet");
}
