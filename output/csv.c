/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * csv.c - see csv.h.
 */
#include "output/csv.h"

#include <math.h>
#include <string.h>

#include "output/number.h"

void ota_csv_text(FILE *out, const char *text)
{
    if (!text[strcspn(text, ",\"\r\n")]) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc((unsigned char)*text, out);
    }
    fputc('"', out);
}

void ota_csv_number(FILE *out, double value)
{
    char text[OTA_NUMBER_SIZE] = "";

    if (isfinite(value))
        ota_number_exact(value, text, sizeof(text));
    fprintf(out, ",%s", text);
}

void ota_csv_estimate(FILE *out, const struct ota_estimate *estimate)
{
    ota_csv_number(out, estimate->mean);
    ota_csv_number(out, estimate->lo);
    ota_csv_number(out, estimate->hi);
}
