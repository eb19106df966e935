/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cloud.c - the settings of shared capacity.
 */
#include "models/cloud/cloud.h"

#include <stddef.h>

#include "models/cloud/share.h"

const struct ota_field ota_cloud_fields[] = {
    {
        .name = "egress",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_RATE,
        .offset = offsetof(struct ota_cloud_config, egress_bit_s),
        .fallback = "0bit/s",
        .min = 0,
        .max = 1e13,
        .help = "what all downloads together get from the server; 0: no limit",
        .source = "assumption: a content network has enough for any fleet",
    },
    {
        .name = "uplink_of",
        .kind = OTA_FIELD_TEXT,
        .offset = offsetof(struct ota_cloud_config, uplink_of),
        .fallback = "",
        .help = "a label: devices with one value of it, as of one site, share "
                "an uplink",
    },
    {
        .name = "uplink",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_RATE,
        .offset = offsetof(struct ota_cloud_config, uplink_bit_s),
        .fallback = "0bit/s",
        .min = 0,
        .max = 1e13,
        .help = "what the downloads over one uplink get together; 0: no limit",
        .source = "assumption: each device has its own way to the internet",
    },
    {.name = NULL},
};

const char *ota_cloud_problem(const struct ota_cloud_config *config)
{
    if (config->uplink_of[0] == '\0' && config->uplink_bit_s > 0)
        return "uplink is set, but not whose; uplink_of must name a label";
    if (config->uplink_of[0] != '\0' && config->uplink_bit_s == 0)
        return "uplink_of is set without uplink; it must be above 0bit/s";
    if (config->uplink_bit_s > 0 && config->egress_bit_s > 0)
        return "egress and uplink are not shared at once; give the narrower";
    return NULL;
}

int64_t ota_cloud_capacity_bytes_per_s(int64_t bit_s)
{
    if (bit_s == 0)
        return OTA_SHARE_ANY;
    return bit_s < 8 ? 1 : bit_s / 8;
}
