/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells.c - see cells.h.
 */
#include "output/cells.h"

const struct ota_cell_info ota_cells[OTA_CELLS] = {
    {"offered_s", 6},        {"begun_s", 6},       {"installed_s", 6},
    {"confirmed_s", 6},      {"routine_bytes", 0}, {"useful_bytes", 0},
    {"overhead_bytes", 0},   {"wasted_bytes", 0},  {"total_bytes", 0},
    {"awake_s", 6},          {"charge_mah", 6},    {"overage_usd", 6},
    {"periods_over_cap", 0}, {"wakes", 0},         {"connects", 0},
    {"handshakes", 0},       {"offers", 0},        {"attempts", 0},
    {"aborted", 0},          {"refused", 0},       {"modules", 0},
    {"skipped_wakes", 0},    {"battery_empty", 0}, {"believed_updated", 0},
    {"defect_s", 6},         {"bad", 0},           {"reached_s", 6},
    {"revoked_s", 6},        {"left_s", 6},        {"back_s", 6},
    {"back_bytes", 0},       {"back_attempts", 0},
};

void ota_cells_of(const struct ota_device_record *device,
                  int64_t cells[OTA_CELLS])
{
    /* 1 mAh is 3.6e12 pC: shown to the nearest nAh, which is 3.6e6 pC. */
    const int64_t charge_nah =
        device->charge_pc / 3600000 + (device->charge_pc % 3600000 >= 1800000);
    int64_t *at = cells;

    *at++ = device->offered_us;
    *at++ = device->begun_us;
    *at++ = device->installed_us;
    *at++ = device->confirmed_us;
    *at++ = device->routine_bytes;
    *at++ = device->useful_bytes;
    *at++ = device->overhead_bytes;
    *at++ = device->wasted_bytes;
    *at++ = device->routine_bytes + device->useful_bytes +
            device->overhead_bytes + device->wasted_bytes;
    *at++ = ota_record_awake_us(device);
    *at++ = charge_nah;
    *at++ = device->overage_uusd;
    *at++ = device->periods_over;
    *at++ = device->wakes;
    *at++ = device->connects;
    *at++ = device->handshakes;
    *at++ = device->offers;
    *at++ = device->attempts;
    *at++ = device->aborted;
    *at++ = device->refused;
    *at++ = device->modules;
    *at++ = device->skipped;
    *at++ = device->dead;
    *at++ = device->believed;
    *at++ = device->defect_us;
    *at++ = device->bad;
    *at++ = device->reached_us;
    *at++ = device->revoked_us;
    *at++ = device->left_us;
    *at++ = device->back_us;
    *at++ = device->back_bytes;
    *at++ = device->back_attempts;
}
