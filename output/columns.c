/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * columns.c - see columns.h.
 */
#include "output/columns.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "output/page.h"

enum { HEAD_LEAST = 12 }; /* columns that a heading gets in any case */

void ota_cell_copy(struct ota_cell *cell, const char *text, size_t columns)
{
    const bool whole = ota_page_columns(text) <= columns;
    size_t used = 0;

    for (size_t at = 0; *text && used + 4 < sizeof(cell->text); text++) {
        at += ((unsigned char)*text & 0xc0) != 0x80;
        if (!whole && at + 2 > columns)
            break;
        cell->text[used++] = iscntrl((unsigned char)*text) ? ' ' : *text;
    }
    cell->text[used] = '\0';
    if (*text)
        strcpy(cell->text + used, "..");
}

/* Where so many columns of the text end. */
static const char *behind(const char *text, size_t columns)
{
    for (; columns > 0; columns--)
        for (text++; ((unsigned char)*text & 0xc0) == 0x80;)
            text++;
    return text;
}

void ota_cell_shorten(struct ota_cell *cell, const char *text, size_t columns)
{
    const size_t length = ota_page_columns(text);
    const size_t last = (columns - 2) / 2;
    char cut[OTA_CELL_SIZE];

    if (length <= columns) {
        ota_cell_copy(cell, text, columns);
        return;
    }
    snprintf(cut, sizeof(cut), "%.*s..%s",
             (int)(behind(text, columns - 2 - last) - text), text,
             behind(text, length - last));
    ota_cell_copy(cell, cut, columns);
}

/* Adds words to a line of a heading. */
static void add_words(char *line, const char *words, size_t length)
{
    const size_t used = strlen(line);

    snprintf(line + used, OTA_CELL_SIZE - used, "%.*s", (int)length, words);
}

/* Bytes of the word at text; a percent sign belongs to its number. */
static size_t word_length(const char *text)
{
    const size_t length = strcspn(text, " .");

    if (strncmp(text + length, " %", 2) == 0)
        return length + 1 + strcspn(text + length + 1, " ");
    return length;
}

static void break_head(struct ota_table_column *column, const char *text,
                       size_t columns)
{
    size_t line = 0;

    column->heads[0].text[0] = '\0';
    while (*text) {
        const size_t word = word_length(text);
        const size_t length = word + (text[word] != '\0');
        const size_t used = strlen(column->heads[line].text);
        if (used > 0 && used + word > columns && line + 1 < OTA_HEAD_LINES)
            column->heads[++line].text[0] = '\0';
        add_words(column->heads[line].text, text, length);
        text += length;
    }
    column->head_count = line + 1;
}

static void widen(struct ota_table_column *column, const char *text)
{
    const size_t width = ota_page_columns(text);

    if (width > column->width)
        column->width = width;
}

void ota_column_close(struct ota_table_column *column, size_t rows,
                      const char *head)
{
    for (size_t r = 0; r < rows; r++)
        widen(column, column->cells[r].text);
    break_head(column, head,
               column->width > HEAD_LEAST ? column->width : HEAD_LEAST);
    for (size_t l = 0; l < column->head_count; l++) {
        char *line = column->heads[l].text;
        const size_t length = strlen(line);
        if (length > 0 && line[length - 1] == ' ')
            line[length - 1] = '\0';
        widen(column, line);
    }
}

void ota_column_pad(char *line, size_t size, const char *text, size_t width)
{
    const size_t used = strlen(line);
    const size_t columns = ota_page_columns(text);

    snprintf(line + used, size - used, "%*s%s", used > 0 ? OTA_COLUMN_GAP : 0,
             "", text);
    const size_t end = strlen(line);
    if (columns < width && end + width - columns < size) {
        memset(line + end, ' ', width - columns);
        line[end + width - columns] = '\0';
    }
}
