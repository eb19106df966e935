/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dump_field.h - one field of a config as a scenario writes it.
 */
#ifndef OTA_DUMP_FIELD_H
#define OTA_DUMP_FIELD_H

#include "sim/base/field.h"
#include "sim/scenario/json_write.h"

void ota_dump_field(struct ota_json_writer *writer,
                    const struct ota_field *field, const void *config);

#endif
