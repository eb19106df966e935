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

/* One of Particle's on Wi-Fi, whose network nobody can be banned from. */
static inline bool ota_os_is_wifi(const struct ota_device_os *os)
{
    return os->generation > 0 && !os->cellular;
}

/* Tells the cloud on every connect whether updates are enabled and forced, and
 * hears from it that one is pending (1.2.0). */
bool ota_os_tells_flags(const struct ota_device_os *os);

/* Refuses an update while updates are disabled (0.4.7). */
bool ota_os_refuses_disabled(const struct ota_device_os *os);

/* An operator's "forced" beats an app that disabled updates (1.2.0). */
bool ota_os_obeys_forced(const struct ota_device_os *os);

/* The app can ask whether an update is coming: updateStatus() (4.0.0). */
bool ota_os_tells_status(const struct ota_device_os *os);

/* Drops a session after 3 resumes without an answer (1.2.0). */
bool ota_os_drops_fruitless(const struct ota_device_os *os);

/* Says on a resume, too, that it is in safe mode (1.4.1). */
bool ota_os_resumes_safe_mode(const struct ota_device_os *os);

/* Sends a DTLS connection ID with every record (3.1.0, not over TCP). */
bool ota_os_has_connection_id(const struct ota_device_os *os);

/* Takes updates by protocol v3, which resumes (Gen 3 from 3.0.0, Gen 4). */
bool ota_os_has_v3(const struct ota_device_os *os);

/* Takes compressed images (Gen 3 and 4 from 2.0.0, bootloader 1000), and app
 * and system part as one image (from 3.1.0). */
bool ota_os_takes_compressed(const struct ota_device_os *os,
                             int32_t bootloader);
bool ota_os_takes_combined(const struct ota_device_os *os, int32_t bootloader);

#endif
