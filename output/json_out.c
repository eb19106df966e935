/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json_out.c - see json_out.h. Grammar: RFC 8259.
 */
#include "output/json_out.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>

#include "output/number.h"

static bool on_one_line(const struct ota_json_out *json)
{
    return !json->pretty ||
           (json->flat_depth && json->depth >= json->flat_depth);
}

static void new_line(const struct ota_json_out *json)
{
    fputc('\n', json->out);
    for (int i = 0; i < json->depth; i++)
        fputs("  ", json->out);
}

/* What stands before a value or a key. */
static void begin(struct ota_json_out *json)
{
    if (json->after_key) {
        json->after_key = false;
        return;
    }
    if (json->has_sibling)
        fputc(',', json->out);
    if (json->depth == 0)
        return;
    if (!on_one_line(json))
        new_line(json);
    else if (json->has_sibling)
        fputc(' ', json->out);
}

static void quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c == '\n')
            fputs("\\n", out);
        else if (c == '\t')
            fputs("\\t", out);
        else if (c < 0x20)
            fprintf(out, "\\u%04x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

struct ota_json_out ota_json_out_to(FILE *out, bool pretty)
{
    return (struct ota_json_out){.out = out, .pretty = pretty};
}

void ota_json_out_open(struct ota_json_out *json, char bracket)
{
    assert(bracket == '{' || bracket == '[');

    begin(json);
    fputc(bracket, json->out);
    json->depth++;
    json->has_sibling = false;
}

void ota_json_out_open_flat(struct ota_json_out *json, char bracket)
{
    ota_json_out_open(json, bracket);
    if (!json->flat_depth)
        json->flat_depth = json->depth;
}

void ota_json_out_close(struct ota_json_out *json, char bracket)
{
    assert(bracket == '}' || bracket == ']');
    assert(json->depth > 0 && !json->after_key);

    const bool flat = on_one_line(json);
    if (json->flat_depth == json->depth)
        json->flat_depth = 0;
    json->depth--;
    if (!flat && json->has_sibling)
        new_line(json);
    fputc(bracket, json->out);
    json->has_sibling = true;
}

void ota_json_out_key(struct ota_json_out *json, const char *key)
{
    assert(!json->after_key);

    begin(json);
    quoted(json->out, key);
    fputs(": ", json->out);
    json->after_key = true;
}

void ota_json_out_string(struct ota_json_out *json, const char *text)
{
    begin(json);
    quoted(json->out, text);
    json->has_sibling = true;
}

void ota_json_out_integer(struct ota_json_out *json, int64_t value)
{
    begin(json);
    fprintf(json->out, "%" PRId64, value);
    json->has_sibling = true;
}

void ota_json_out_number(struct ota_json_out *json, double value)
{
    char text[OTA_NUMBER_SIZE] = "null";

    if (isfinite(value))
        ota_number_exact(value, text, sizeof(text));
    begin(json);
    fputs(text, json->out);
    json->has_sibling = true;
}

void ota_json_out_unsigned(struct ota_json_out *json, uint64_t value)
{
    const char *quote = value > UINT64_C(1) << 53 ? "\"" : "";

    begin(json);
    fprintf(json->out, "%s%" PRIu64 "%s", quote, value, quote);
    json->has_sibling = true;
}

void ota_json_out_raw(struct ota_json_out *json, const char *text)
{
    begin(json);
    /* A string never holds a bare line break, so each one is layout. */
    for (; *text; text++) {
        if (*text != '\n')
            fputc(*text, json->out);
        else if (text[1])
            new_line(json);
    }
    json->has_sibling = true;
}

void ota_json_out_end(struct ota_json_out *json)
{
    assert(json->depth == 0);

    fputc('\n', json->out);
}

void ota_json_out_estimate(struct ota_json_out *json,
                           const struct ota_estimate *estimate)
{
    ota_json_out_key(json, "mean");
    ota_json_out_number(json, estimate->mean);
    ota_json_out_key(json, "lo");
    ota_json_out_number(json, estimate->lo);
    ota_json_out_key(json, "hi");
    ota_json_out_number(json, estimate->hi);
}
