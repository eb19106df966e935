/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path.h - the modules that take a device from what it has to what is wanted,
 * in the order in which they are sent.
 *
 * The release's app goes first. If the Device OS is too old for it, the device
 * boots into safe mode and the healer sends one module after another: of the
 * stepping stones that are needed, then of the release that the app wants,
 * then a bootloader that the last system part still misses. Stones are whole
 * releases. Of several ways the one with fewest stones is taken, then the one
 * with fewest bytes.
 *
 * What happens on the way may differ from that order: a module may not take
 * effect, an operator may send another one first. So the questions at the end
 * are answered for any subset of the steps; they are cheap and allocate
 * nothing.
 */
#ifndef OTA_PATH_H
#define OTA_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/arena.h"
#include "models/firmware/catalog.h"
#include "models/firmware/device_os.h"

/* One transfer: a module, or app and system part as one combined image. */
struct ota_path_step {
    struct ota_module module; /* of a combined image the system part */
    struct ota_module with;   /* and the app that comes with it; .size_bytes 0:
                               * none */
    int64_t image_bytes;      /* to be sent: compressed where the device takes
                               * that, headers of a combined image included */
    bool compressed;
    int32_t system_before; /* version of the last system part when it is sent,
                            * in this order */
    bool safe_mode_after;  /* the device boots into safe mode behind it */
};

enum { OTA_PATH_STEPS_MAX = 32 };

/* What took effect of a path: bit k for step k. */
typedef uint32_t ota_path_taken;

struct ota_path {
    const struct ota_path_step *steps;
    size_t count;                      /* at most OTA_PATH_STEPS_MAX */
    int64_t payload_bytes;             /* of all images */
    struct ota_installed installed;    /* what it sets out from */
    struct ota_device_os os;           /* and of which platform; .system is that
                                        * of installed */
    const struct ota_catalog *catalog; /* borrowed */
    const char *platform;              /* the catalogue's; the caller's where it
                                        * has none */
    int system_slot;                   /* of the last system part; -1: none */
    /* System parts of installed, the catalogue's; NULL: empty or unknown. */
    const struct ota_module *parts[OTA_SLOT_INDEXES];
};

struct ota_path_options {
    bool compress; /* images, for devices that take them so */
    bool combine;  /* app and system part into one image, for devices that take
                    * them so, if nothing else is to be sent */
    bool app_last; /* the app goes behind what it needs, so that no step leads
                    * into safe mode for its sake */
};

/* Share of its size that a compressed system part or app has left.
 * Source: raw Deflate, level 9, of the release binaries: Boron, Argon, Tracker
 * system parts 0.70 to 0.72; Boron and M-SoM Tinker 0.59 and 0.61. The value
 * for system parts is Boron 4.0.2's, whose combined image Particle logged. */
extern const double ota_path_deflated_system;
extern const double ota_path_deflated_app;

/*
 * Finds the modules that take `installed` to `target`, without an app. The
 * result's memory is the arena's. Returns false with a message in problem if
 * there is no way (or no memory). An empty path is a success.
 */
bool ota_path_to_release(const struct ota_catalog *catalog,
                         const struct ota_installed *installed,
                         const struct ota_release *target,
                         const struct ota_path_options *options,
                         struct ota_arena *arena, struct ota_path *path,
                         char *problem, size_t problem_size);

/*
 * Finds the path of a product release: the app of size app_bytes (slot u1,
 * version app_version), then what heals the device that took it. target may
 * be NULL: the app runs on whatever is installed. app_bytes 0: no app, the
 * release itself is wanted, as ota_path_to_release() finds it.
 */
bool ota_path_to_app(const struct ota_catalog *catalog, const char *platform,
                     const struct ota_installed *installed,
                     const struct ota_release *target, int32_t app_version,
                     int64_t app_bytes, const struct ota_path_options *options,
                     struct ota_arena *arena, struct ota_path *path,
                     char *problem, size_t problem_size);

/* All steps of the path. */
static inline ota_path_taken ota_path_all(const struct ota_path *path)
{
    return (ota_path_taken)((UINT64_C(1) << path->count) - 1);
}

/* What a device has once `taken` of the path took effect, in any order: of
 * each slot the latest version. */
struct ota_installed ota_path_installed(const struct ota_path *path,
                                        ota_path_taken taken);

/* Whether the device would accept step k then, and why not. */
enum ota_acceptance ota_path_acceptance(const struct ota_path *path,
                                        ota_path_taken taken, size_t step);

/* Whether the device boots into safe mode with what it then has. */
bool ota_path_safe_mode(const struct ota_path *path, ota_path_taken taken);

/* Version of the device's last system part then; 0: none. */
int32_t ota_path_system(const struct ota_path *path, ota_path_taken taken);

#endif
