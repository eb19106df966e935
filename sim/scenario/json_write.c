/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json_write.c - brackets, commas, quotes.
 */
#include "sim/scenario/json_write.h"

#include <assert.h>

enum { STEP = 2 }; /* spaces a level */

static void break_line(struct ota_json_writer *writer)
{
    fprintf(writer->out, "\n%*s", writer->indent + STEP * writer->depth, "");
}

static void write_quoted(FILE *out, const char *text)
{
    putc('"', out);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20)
            fprintf(out, "\\u%04x", c);
        else
            putc(c, out);
    }
    putc('"', out);
}

/* The comma, line break and key before a value. */
static void begin_value(struct ota_json_writer *writer, const char *key)
{
    if (writer->started)
        putc(',', writer->out);
    if (writer->depth > 0)
        break_line(writer);
    writer->started = true;
    if (key) {
        write_quoted(writer->out, key);
        fputs(": ", writer->out);
    }
}

void ota_json_open(struct ota_json_writer *writer, const char *key,
                   char bracket)
{
    assert(bracket == '{' || bracket == '[');

    begin_value(writer, key);
    putc(bracket, writer->out);
    writer->depth++;
    writer->started = false;
}

void ota_json_close(struct ota_json_writer *writer, char bracket)
{
    assert((bracket == '}' || bracket == ']') && writer->depth > 0);

    writer->depth--;
    if (writer->started)
        break_line(writer);
    putc(bracket, writer->out);
    writer->started = true;
}

void ota_json_write_text(struct ota_json_writer *writer, const char *key,
                         const char *text)
{
    begin_value(writer, key);
    write_quoted(writer->out, text);
}

void ota_json_write_raw(struct ota_json_writer *writer, const char *key,
                        const char *json)
{
    begin_value(writer, key);
    fputs(json, writer->out);
}
