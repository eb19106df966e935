/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * device_os.h - what a Device OS can do, by platform and version.
 *
 * A version is that of the last system part, as the cloud writes it: 102 is
 * 0.6.0, 1213 is 1.2.1. Each question below is one line of the platform's
 * history; models ask it instead of comparing numbers. Of a platform that is
 * not Particle's nothing is known: it is taken to hold the limits that configs
 * set (refuses updates while they are disabled, drops fruitless sessions, tells
 * of safe mode) and to have none of Particle's other features.
 *
 * Source: particle-iot/device-os, system/system-versions.md and CHANGELOG.md.
 */
#ifndef OTA_DEVICE_OS_H
#define OTA_DEVICE_OS_H

#include <stdbool.h>
#include <stdint.h>

struct ota_device_os {
    uint8_t generation; /* 2, 3 or 4; 0: not one of Particle's */
    bool tcp;           /* Photon, P1: TCP with AES instead of UDP with DTLS */
    bool cellular;
    int32_t system; /* version of the last system part; 0: none */
};

/* Returns what is known of a platform ("electron") that runs that version. An
 * unknown platform has generation 0. */
struct ota_device_os ota_device_os(const char *platform, int32_t system);

/* Releases that changed something, as numbers of the last system part. */
enum {
    OTA_OS_0_4_7 = 8,
    OTA_OS_1_2_0 = 1200,
    OTA_OS_1_4_1 = 1402,
    OTA_OS_2_0_0 = 2000,
    OTA_OS_3_0_0 = 3000,
    OTA_OS_3_1_0 = 3100,
    OTA_OS_4_0_0 = 4000,
};

/* Whether it is Particle's, and of that release or later. */
static inline bool ota_os_since(const struct ota_device_os *os, int32_t system)
{
    return os->generation > 0 && os->system >= system;
}

/* One of Particle's on Wi-Fi, whose network nobody can be banned from. */
static inline bool ota_os_is_wifi(const struct ota_device_os *os)
{
    return os->generation > 0 && !os->cellular;
}

/* Tells the cloud on every connect whether updates are enabled and forced, and
 * hears from it that one is pending. CHANGELOG, 1.2.0: updates/enabled and
 * updates/forced are published; system/src/system_cloud_internal.cpp. */
static inline bool ota_os_tells_flags(const struct ota_device_os *os)
{
    return ota_os_since(os, OTA_OS_1_2_0);
}

/* Refuses an update while updates are disabled. CHANGELOG, 0.4.7. */
static inline bool ota_os_refuses_disabled(const struct ota_device_os *os)
{
    return os->generation == 0 || ota_os_since(os, OTA_OS_0_4_7);
}

/* An operator's "forced" beats an app that disabled updates (1.2.0). */
bool ota_os_obeys_forced(const struct ota_device_os *os);

/* The app can ask whether an update is coming: updateStatus(). CHANGELOG,
 * 4.0.0, #2344. */
static inline bool ota_os_tells_status(const struct ota_device_os *os)
{
    return ota_os_since(os, OTA_OS_4_0_0);
}

/* Drops a session after 3 resumes without an answer (1.2.0). */
bool ota_os_drops_fruitless(const struct ota_device_os *os);

/* Says on a resume, too, that it is in safe mode (1.4.1). */
bool ota_os_resumes_safe_mode(const struct ota_device_os *os);

/* Sends a DTLS connection ID with every record, not over TCP.
 * communication/src/dtls_message_channel.cpp at v2.0.0 and v3.1.0. */
static inline bool ota_os_has_connection_id(const struct ota_device_os *os)
{
    return ota_os_since(os, OTA_OS_3_1_0) && !os->tcp;
}

/* Takes updates by protocol v3, which resumes (Gen 3 from 3.0.0, Gen 4). */
bool ota_os_has_v3(const struct ota_device_os *os);

/* Takes compressed images (Gen 3 and 4 from 2.0.0, bootloader 1000), and app
 * and system part as one image (from 3.1.0). */
bool ota_os_takes_compressed(const struct ota_device_os *os,
                             int32_t bootloader);
bool ota_os_takes_combined(const struct ota_device_os *os, int32_t bootloader);

#endif
