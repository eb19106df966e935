/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command_estimate.c - `otasim estimate`.
 */
#include "sim/cli/options.h"

enum ota_exit ota_command_estimate(const struct ota_options *options)
{
    (void)options;
    return ota_failed("estimate is not there yet");
}
