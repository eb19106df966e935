/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * device_os.c - platforms, and the version numbers at which Device OS learnt
 * something.
 *
 * A series counts from its first number, prereleases included: 1.2.0 from 1200
 * (1.2.0-alpha.1) on, though 1.2.1 is 1213. Before 1.0.0 numbers were given
 * out one by one, 0.4.7 being 8. Source of the numbers: particle-iot/
 * device-os, system/system-versions.md.
 */
#include "models/firmware/device_os.h"

#include <stddef.h>
#include <string.h>

enum { BOOTLOADER_INFLATES = 1000 };

/* Generation by the processor: STM32F2 (2), nRF52840 (3), RTL872x (4).
 * Source: particle-iot/device-os, build/platform-id.mk and hal/src; TCP:
 * communication/src/lightssl_message_channel.cpp is for Photon and P1 only. */
static const struct {
    const char *name;
    struct ota_device_os os;
} platforms[] = {
    {"photon", {.generation = 2, .tcp = true}},
    {"p1", {.generation = 2, .tcp = true}},
    {"electron", {.generation = 2, .cellular = true}},
    {"argon", {.generation = 3}},
    {"asom", {.generation = 3}},
    {"boron", {.generation = 3, .cellular = true}},
    {"bsom", {.generation = 3, .cellular = true}},
    {"b5som", {.generation = 3, .cellular = true}},
    {"esomx", {.generation = 3, .cellular = true}},
    {"tracker", {.generation = 3, .cellular = true}},
    {"p2", {.generation = 4}},
    {"msom", {.generation = 4, .cellular = true}},
};

struct ota_device_os ota_device_os(const char *platform, int32_t system)
{
    struct ota_device_os os = {.generation = 0};

    for (size_t i = 0; i < sizeof(platforms) / sizeof(*platforms); i++)
        if (strcmp(platforms[i].name, platform) == 0)
            os = platforms[i].os;
    os.system = system;
    return os;
}

/* CHANGELOG, 1.2.0: System.updatesForced(). */
bool ota_os_obeys_forced(const struct ota_device_os *os)
{
    return ota_os_since(os, OTA_OS_1_2_0);
}

/* CHANGELOG, 1.2.0, #1776. */
bool ota_os_drops_fruitless(const struct ota_device_os *os)
{
    return os->generation == 0 || ota_os_since(os, OTA_OS_1_2_0);
}

/* CHANGELOG, 1.4.1; system/src/system_cloud_internal.cpp. */
bool ota_os_resumes_safe_mode(const struct ota_device_os *os)
{
    return os->generation == 0 || ota_os_since(os, OTA_OS_1_4_1);
}

/* hal/inc/hal_platform.h at v3.0.0: for nRF52840 and RTL872x only, so that
 * Gen 2 keeps the old protocol even on 3.x. */
bool ota_os_has_v3(const struct ota_device_os *os)
{
    return os->generation >= 4 ||
           (os->generation == 3 && ota_os_since(os, OTA_OS_3_0_0));
}

/* CHANGELOG, 2.0.0, #2097; system/src/system_cloud_internal.cpp at v2.0.0. */
bool ota_os_takes_compressed(const struct ota_device_os *os, int32_t bootloader)
{
    return os->generation >= 3 && ota_os_since(os, OTA_OS_2_0_0) &&
           bootloader >= BOOTLOADER_INFLATES;
}

/* docs.particle.io, firmware update events: devices that run 3.1.0. */
bool ota_os_takes_combined(const struct ota_device_os *os, int32_t bootloader)
{
    return ota_os_takes_compressed(os, bootloader) &&
           ota_os_since(os, OTA_OS_3_1_0);
}
