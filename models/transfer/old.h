/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * old.h - the frame of Device OS's old protocol, slow and fast: UpdateBegin,
 * UpdateReady and UpdateDone. Private to models/transfer.
 */
#ifndef OTA_TRANSFER_OLD_H
#define OTA_TRANSFER_OLD_H

#include "models/transfer/account.h"
#include "models/transfer/flow.h"

enum {
    OTA_OLD_BEGIN_COAP_BYTES = 20,
    OTA_OLD_READY_COAP_BYTES = 7,
    /* Header 4, token 1, Uri-Path "u" 2; and its answer 2.04 or 4.00. */
    OTA_OLD_DONE_COAP_BYTES = 7,
    OTA_OLD_DONE_ANSWER_COAP_BYTES = 5,
};

bool ota_old_exchange(struct ota_transfer_account *account,
                      const struct ota_transfer_message *message);

/* UpdateBegin and UpdateReady. Returns false if the transfer ended: the device
 * may refuse it. Its patience begins with the first of them. */
bool ota_old_open(struct ota_transfer_account *account, int64_t stall_us);

struct ota_transfer_message
ota_old_begin_message(const struct ota_transfer_account *account);
struct ota_transfer_message
ota_old_ready_message(const struct ota_transfer_account *account);
struct ota_transfer_message
ota_old_done_message(const struct ota_transfer_account *account);

/* UpdateDone and its answer. */
bool ota_old_done(struct ota_transfer_account *account);

/* Fills in what follows from the end: a device keeps nothing of a transfer
 * that ended early, and resets if it lost patience. */
void ota_old_close(struct ota_transfer_account *account, int64_t chunks,
                   int64_t datagram_bytes);

#define OTA_OLD_CHUNK_FIELD(config)                                            \
    {                                                                          \
        .name = "chunk_size", .kind = OTA_FIELD_INTEGER,                       \
        .dimension = OTA_SIZE, .offset = offsetof(config, chunk_bytes),        \
        .fallback = "512B", .min = 64, .max = 1024,                            \
        .help = "payload of a chunk",                                          \
        .source = "particle-iot/device-os, OTA_CHUNK_SIZE",                    \
    }

#define OTA_OLD_STALL_FIELD(config)                                            \
    {                                                                          \
        .name = "stall", .kind = OTA_FIELD_INTEGER, .dimension = OTA_TIME,     \
        .offset = offsetof(config, stall_us), .fallback = "90s",               \
        .min = (double)OTA_US_PER_S, .max = (double)OTA_US_PER_DAY,            \
        .help = "without a new chunk for so long, the device resets; Wi-Fi "   \
                "30s, cellular from Device OS 1.0.0 300s",                     \
        .source = "particle-iot/device-os, system/inc/system_cloud.h, v0.6.2", \
    }

#endif
