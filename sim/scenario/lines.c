/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lines.c - a copy of the file in which line ends are NULs.
 */
#include "sim/scenario/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/read_file.h"

/* Returns how many lines a text has, one for what has no end. */
static size_t count_lines(const char *text, size_t length)
{
    size_t count = 1;

    for (size_t i = 0; i < length; i++)
        count += text[i] == '\n';
    return count;
}

/* Cuts text[0 .. length) at its line ends. */
static void split(char *text, size_t length, const char **lines)
{
    char *const end = text + length;
    size_t count = 0;

    for (char *line = text; line < end;) {
        char *stop = memchr(line, '\n', (size_t)(end - line));
        if (!stop)
            stop = end;
        *stop = '\0';
        lines[count++] = line;
        line = stop + 1;
    }
    lines[count] = NULL;
}

const char *const *ota_lines_read(const char *file, struct ota_arena *arena,
                                  struct ota_complaints *complaints)
{
    const struct ota_place place = {.file = file};
    size_t length;
    char *text = ota_read_file(file, &length);

    if (!text) {
        ota_complain(complaints, &place, "cannot be read: %s",
                     ota_reason(errno));
        return NULL;
    }
    char *copy = ota_arena_text(arena, text, length);
    const char **lines =
        ota_arena_alloc(arena, count_lines(text, length) + 1, sizeof(*lines));
    free(text);
    if (!copy || !lines) {
        ota_complain(complaints, &place, OTA_NO_MEMORY);
        return NULL;
    }
    split(copy, length, lines);
    return lines;
}
