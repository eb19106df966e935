/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * transfer.c - the transfer models.
 */
#include "models/transfer/transfer.h"

#include <stddef.h>

const char *const ota_transfer_end_names[OTA_TRANSFER_ENDS] = {
    [OTA_TRANSFER_DONE] = "done",       [OTA_TRANSFER_CUT] = "cut",
    [OTA_TRANSFER_STALLED] = "stalled", [OTA_TRANSFER_GAVE_UP] = "gave_up",
    [OTA_TRANSFER_CAPPED] = "capped",   [OTA_TRANSFER_BROKEN] = "broken",
    [OTA_TRANSFER_REFUSED] = "refused",
};

const struct ota_transfer_model *const ota_transfer_models[] = {
    &ota_transfer_device_os, &ota_transfer_slow,
    &ota_transfer_fast,      &ota_transfer_v3,
    &ota_transfer_block,     &ota_transfer_multicast,
    &ota_transfer_qblock,    NULL,
};
