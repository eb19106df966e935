/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy_dump.c - a policy as JSON, every default filled in.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/scenario/dump_field.h"
#include "sim/scenario/policy_read.h"

void ota_vocab_write_count(struct ota_json_writer *writer, const char *key,
                           int64_t count)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRId64, count);
    ota_json_write_raw(writer, key, text);
}

void ota_vocab_write_time(struct ota_json_writer *writer, const char *key,
                          int64_t time_us)
{
    char text[64];
    ota_amount_format(OTA_TIME, (double)time_us, text, sizeof(text));
    ota_json_write_text(writer, key, text);
}

/* In percent, without the zeros at its end. */
void ota_vocab_write_pct(struct ota_json_writer *writer, const char *key,
                         int64_t pct)
{
    const int64_t one = OTA_PCT_ALL / 100;
    char text[40];
    snprintf(text, sizeof(text), "%" PRId64 ".%06" PRId64, pct / one,
             pct % one);
    size_t length = strlen(text);
    while (text[length - 1] == '0')
        length--;
    if (text[length - 1] == '.')
        length--;
    text[length] = '\0';
    ota_json_write_raw(writer, key, text);
}

void ota_vocab_write_item(struct ota_json_writer *writer,
                          const struct ota_vocab_item *item, const void *config)
{
    const char *name = item->field.name;
    const void *place = (const char *)config + item->field.offset;
    switch (item->as) {
    case OTA_AS_FIELD:
        ota_dump_field(writer, &item->field, config);
        return;
    case OTA_AS_PCT:
        ota_vocab_write_pct(writer, name, *(const int64_t *)place);
        return;
    case OTA_AS_PAIR:
        ota_json_write_text(writer, name,
                            item->field.choices[*(const bool *)place]);
        return;
    case OTA_AS_FILTER:
        if (((const struct ota_filter *)place)->text)
            ota_json_write_text(writer, name,
                                ((const struct ota_filter *)place)->text);
        return;
    case OTA_AS_BLOCK:
        ota_json_open(writer, name, '{');
        ota_vocab_write(writer, item->block, place);
        ota_json_close(writer, '}');
        return;
    case OTA_AS_FORM:
        if (item->form->write)
            item->form->write(writer, item, config);
        return;
    }
}

void ota_vocab_write(struct ota_json_writer *writer,
                     const struct ota_vocab_block *block, const void *config)
{
    for (const struct ota_vocab_item *i = block->items; i->field.name; i++)
        if (!i->present || i->present(config))
            ota_vocab_write_item(writer, i, config);
}

void ota_vocab_write_list(struct ota_json_writer *writer, const char *key,
                          const struct ota_vocab_block *entry,
                          const void *entries, size_t count)
{
    const char *place = entries;
    ota_json_open(writer, key, '[');
    for (size_t i = 0; i < count; i++, place += entry->size) {
        ota_json_open(writer, NULL, '{');
        ota_vocab_write(writer, entry, place);
        ota_json_close(writer, '}');
    }
    ota_json_close(writer, ']');
}

void ota_policy_write(struct ota_json_writer *writer, const char *key,
                      const struct ota_policy *policy)
{
    ota_json_open(writer, key, '{');
    ota_vocab_write(writer, &ota_vocab_policy, policy);
    ota_json_close(writer, '}');
}
