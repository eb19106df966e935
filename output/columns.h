/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * columns.h - columns of a table on a terminal: text under a heading that is
 * broken into lines. Private to the writers for people.
 */
#ifndef OTA_COLUMNS_H
#define OTA_COLUMNS_H

#include <stddef.h>

enum { OTA_CELL_SIZE = 128, OTA_HEAD_LINES = 4 };

struct ota_cell {
    char text[OTA_CELL_SIZE];
};

struct ota_table_column {
    struct ota_cell heads[OTA_HEAD_LINES];
    size_t head_count;
    size_t width;           /* columns of the terminal */
    struct ota_cell *cells; /* by row */
};

/* Puts text into a cell, without what a terminal would obey, cut to so many
 * columns. */
void ota_cell_copy(struct ota_cell *cell, const char *text, size_t columns);

/* The same, cut in its middle: names of files differ at both ends. */
void ota_cell_shorten(struct ota_cell *cell, const char *text, size_t columns);

/* Makes the column as wide as its cells, or a little wider for its heading,
 * which is broken behind blanks and points. */
void ota_column_close(struct ota_table_column *column, size_t rows,
                      const char *head);

/* Adds a cell to a line, behind a gap, with blanks up to that width. */
void ota_column_pad(char *line, size_t size, const char *text, size_t width);

enum { OTA_COLUMN_GAP = 2 };

#endif
