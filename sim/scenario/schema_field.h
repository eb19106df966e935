/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * schema_field.h - the JSON Schema of one setting: name, type, units, choices.
 */
#ifndef OTA_SCHEMA_FIELD_H
#define OTA_SCHEMA_FIELD_H

#include "sim/base/field.h"
#include "sim/scenario/json_write.h"

void ota_schema_field(struct ota_json_writer *writer,
                      const struct ota_field *field);

/* Ends an object's schema: other keys mean nothing but for "x-...". */
void ota_schema_close(struct ota_json_writer *writer);

#endif
