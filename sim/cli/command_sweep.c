/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command_sweep.c - `otasim sweep`.
 */
#include "sim/cli/options.h"

enum ota_exit ota_command_sweep(const struct ota_options *options)
{
    (void)options;
    return ota_failed("sweep is not there yet");
}
