/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * qblock.h - the protocol of CoAP Q-Block2 (RFC 9177). Private to
 * models/transfer.
 */
#ifndef OTA_QBLOCK_H
#define OTA_QBLOCK_H

#include "models/transfer/transfer.h"

/* Runs one transfer; config is a struct ota_transfer_qblock_config. */
struct ota_transfer_result ota_qblock_run(const void *config,
                                          const struct ota_transfer_job *job,
                                          gsl_rng *rng);

#endif
