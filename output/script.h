/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * script.h - what scripts of gnuplot have in common: looks, title, the files
 * they draw, and who draws them.
 *
 * Colours: M. Okabe, K. Ito, Color Universal Design (2008), told apart by
 * readers with any kind of colour vision.
 */
#ifndef OTA_SCRIPT_H
#define OTA_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "output/output.h"
#include "sim/base/error.h"

enum { OTA_SCRIPT_NAME_SIZE = 64 }; /* of a picture's, without ending */

/* Begins a script: looks, and a title of two lines, what it shows and
 * "NAME: SAMPLE". A long name is cut. */
void ota_script_begin(FILE *out, const char *title, const char *name,
                      const char *sample);

/* Ends it. It has put what to plot into the string `curves`, which goes to
 * NAME.svg and NAME.png. */
void ota_script_end(FILE *out, const char *name);

/* The same of commands that plot, in a picture of that size; small: with small
 * letters. */
void ota_script_end_with(FILE *out, const char *name, const char *commands,
                         int width, int height, bool small);

/* Writes a string; and one of a tic, which gnuplot takes for a format. */
void ota_script_text(FILE *out, const char *text);
void ota_script_tic(FILE *out, const char *text);

/* Has the scripts NAME.gp of that folder draw, if that is wanted. That gnuplot
 * does not is a warning, and leaves no pictures. */
bool ota_script_draw(const char *folder, const char *const *names, size_t count,
                     const struct ota_output_options *options,
                     struct ota_error *error);

#endif
