/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "output/tune.h"
static bool write_plots(const void *of, const char *folder,
                        const struct ota_output_options *options,
                        struct ota_error *error)
{
    (void)of;
    (void)folder;
    (void)options;
    (void)error;
    return true;
}
const struct ota_folder_file ota_tune_file_plots = {
    .name = "plots", .summary = "pictures", .write = write_plots};
