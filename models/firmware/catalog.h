/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catalog.h - modules, releases made of modules, and what a device accepts.
 *
 * A device's firmware is a set of modules, one to a slot; a slot is a letter
 * and an index as the platform's cloud writes them: s1 s2 s3 system parts, b0
 * bootloader, b2 prebootloader, a0 radio stack, c0 network processor, u1 user
 * app. A module may need up to two others, in at least a version each; only
 * its own needs are looked at, not theirs.
 *
 * Source: particle-iot/device-os, dynalib/inc/module_info.h, hal/src/
 * stm32f2xx/ota_flash_hal_stm32f2xx.cpp and hal/src/nRF52840/
 * ota_flash_hal.cpp.
 */
#ifndef OTA_CATALOG_H
#define OTA_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    OTA_SLOT_INDEXES = 4,
    OTA_SLOT_LETTERS = 7,
    OTA_SLOTS = OTA_SLOT_LETTERS * OTA_SLOT_INDEXES,
    OTA_RELEASE_MODULES_MAX = 8,
    OTA_NEEDS_MAX = 2,
    OTA_WORD_SIZE = 16, /* bytes of a platform's or release's name */
};

/* Letters of slots in the order of their numbers: slot = 4 * letter + index.
 * "bsuacmr". */
extern const char ota_slot_letters[];

/* Returns the slot named at text ("s1"), or -1. */
int ota_slot_from_text(const char *text);

/* Writes the slot's name, 3 bytes with its NUL. */
void ota_slot_to_text(int slot, char text[3]);

struct ota_need {
    int slot;
    int32_t version; /* at least */
};

struct ota_module {
    int slot;
    int32_t version;
    int64_t size_bytes;
    int need_count;
    struct ota_need needs[OTA_NEEDS_MAX]; /* order matters: see acceptance */
};

/* One release for one platform, modules in the safe order of flashing, the
 * bootloaders, radio stack and network processor behind the system parts. */
struct ota_release {
    char platform[OTA_WORD_SIZE];
    char os[OTA_WORD_SIZE];
    bool debug_build;
    int module_count;
    struct ota_module modules[OTA_RELEASE_MODULES_MAX];
};

/* Firmware before some version does not know a slot at all. */
struct ota_slot_rule {
    char platform[OTA_WORD_SIZE];
    int slot;
    struct ota_need need; /* to accept a module for slot */
};

/* Releases of a platform stand in the order of their versions. */
struct ota_catalog {
    const struct ota_release *releases;
    size_t release_count;
    const struct ota_slot_rule *rules;
    size_t rule_count;
};

/* What is on a device: version by slot, 0 for an empty slot. */
struct ota_installed {
    int32_t version[OTA_SLOTS];
};

/* Returns the release, or NULL. */
const struct ota_release *ota_catalog_find(const struct ota_catalog *catalog,
                                           const char *platform,
                                           const char *os);

/* Returns the module of a slot in a release, or NULL. */
const struct ota_module *ota_release_module(const struct ota_release *release,
                                            int slot);

/* Returns the release's last system part, which apps built for it need; NULL
 * if it has none. */
const struct ota_module *
ota_release_last_system(const struct ota_release *release);

/* Returns the platform's module of that slot and version, as the first release
 * that lists it has it, or NULL. */
const struct ota_module *ota_catalog_module(const struct ota_catalog *catalog,
                                            const char *platform, int slot,
                                            int32_t version);

/* Finds the modules of the installed system parts: parts[i] is that of slot
 * s<i>, NULL if it is empty or the catalogue has none. */
void ota_catalog_system_parts(const struct ota_catalog *catalog,
                              const char *platform,
                              const struct ota_installed *installed,
                              const struct ota_module *parts[]);

/*
 * Returns what a device in the field that runs the release has: its modules,
 * and of slots that it does not list what its modules need (a device that
 * works has that).
 */
struct ota_installed ota_release_installed(const struct ota_release *release);

enum ota_acceptance {
    OTA_ACCEPTED,
    OTA_REFUSED_UNKNOWN_SLOT, /* a slot rule is not met */
    OTA_REFUSED_NEED,         /* a need that is checked is not met */
    OTA_REFUSED_BREAKS,       /* would leave another system part's need unmet */
};

/*
 * Returns whether a device takes the module over the air. A user app is taken
 * whatever it needs (it then boots into safe mode). Of another module the
 * first need must be met, and the second unless it is a bootloader's, which
 * is looked after later. A system part must also be what every other one that
 * is installed needs. Nothing else keeps a device from taking an older module;
 * it is the cloud that does not send any.
 */
enum ota_acceptance ota_module_acceptance(const struct ota_catalog *catalog,
                                          const char *platform,
                                          const struct ota_installed *installed,
                                          const struct ota_module *module);

/* The same for one who knows the installed system parts: nothing is looked up
 * but the slot rules. */
enum ota_acceptance ota_module_acceptance_among(
    const struct ota_catalog *catalog, const char *platform,
    const struct ota_installed *installed,
    const struct ota_module *const parts[], const struct ota_module *module);

/* Returns whether every need of the module is met. */
bool ota_module_satisfied(const struct ota_installed *installed,
                          const struct ota_module *module);

#endif
