/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mutate.c - damaged copies of a scenario.
 *
 *     mutate SCENARIO COUNT FOLDER
 *
 * writes FOLDER/0.json to FOLDER/(COUNT-1).json. Copy k depends on k alone.
 * Half of the copies are damaged as bytes, which tries the parser; half as
 * tokens, which mostly stay JSON and try what is behind it.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1 << 16, TOKENS_MAX = 1 << 13 };

struct text {
    size_t length;
    char bytes[TEXT_MAX];
};

struct token {
    size_t begin, length;
};

/* What a scenario would not hold of itself. */
static const char *const oddities[] = {
    "NaN",
    "-1",
    "0",
    "1e999",
    "\"1e999s\"",
    "null",
    "true",
    "{}",
    "[]",
    "\"\"",
    "\"-5s\"",
    "\"5\"",
    "\"5q\"",
    "\"fixed(\"",
    "123456789012345678901",
    "\"\\u0000\"",
    "\"\xff\xfe\"",
    "01",
    "\"uniform(9s, 1s)\"",
    "/*",
};

/* Source: G. Marsaglia, Xorshift RNGs, J. Stat. Software 8(14), 2003. */
static size_t random_below(uint64_t *state, size_t end)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (size_t)(*state >> 11) % end;
}

/* Replaces `length` bytes at `begin` by the given ones, if there is room. */
static void splice(struct text *text, size_t begin, size_t length,
                   const char *bytes, size_t count)
{
    if (text->length - length + count > TEXT_MAX)
        return;
    memmove(text->bytes + begin + count, text->bytes + begin + length,
            text->length - begin - length);
    memcpy(text->bytes + begin, bytes, count);
    text->length += count - length;
}

static void damage_bytes(struct text *text, uint64_t *state)
{
    const size_t at = random_below(state, text->length);
    const char byte = (char)random_below(state, 256);

    switch (random_below(state, 5)) {
    case 0: /* the end is missing */
        text->length = at;
        break;
    case 1: /* a bit is flipped */
        text->bytes[at] ^= (char)(1 << random_below(state, 8));
        break;
    case 2:
        text->bytes[at] = byte;
        break;
    case 3: /* a byte too many */
        splice(text, at, 0, &byte, 1);
        break;
    default: /* a stretch is missing */
        splice(text, at, random_below(state, text->length - at), "", 0);
        break;
    }
}

/* The end of the token that begins at text[i]. */
static size_t token_end(const struct text *text, size_t i)
{
    if (text->bytes[i] == '"') {
        for (i++; i < text->length && text->bytes[i] != '"'; i++) {
            if (text->bytes[i] == '\\')
                i++;
        }
        return i < text->length ? i + 1 : text->length;
    }
    if (strchr("{}[],:", text->bytes[i]))
        return i + 1;
    while (i < text->length && !isspace((unsigned char)text->bytes[i]) &&
           !strchr("{}[],:\"", text->bytes[i]))
        i++;
    return i;
}

/* Finds the tokens outside of line comments. */
static size_t find_tokens(const struct text *text, struct token *tokens)
{
    size_t count = 0;

    for (size_t i = 0; i < text->length && count < TOKENS_MAX;) {
        if (text->bytes[i] == '/') {
            while (i < text->length && text->bytes[i] != '\n')
                i++;
        } else if (text->bytes[i] == '\0' ||
                   isspace((unsigned char)text->bytes[i])) {
            i++;
        } else {
            const size_t end = token_end(text, i);
            tokens[count++] = (struct token){i, end - i};
            i = end;
        }
    }
    return count;
}

static void damage_tokens(struct text *text, uint64_t *state)
{
    struct token tokens[TOKENS_MAX];
    const size_t count = find_tokens(text, tokens);

    if (count == 0)
        return;
    const struct token a = tokens[random_below(state, count)];
    const struct token b = tokens[random_below(state, count)];
    const char *odd =
        oddities[random_below(state, sizeof(oddities) / sizeof(oddities[0]))];
    char copy[TEXT_MAX + 2];

    switch (random_below(state, 4)) {
    case 0: /* something odd in its place */
        splice(text, a.begin, a.length, odd, strlen(odd));
        break;
    case 1: /* another token in its place */
        memcpy(copy, text->bytes + b.begin, b.length);
        splice(text, a.begin, a.length, copy, b.length);
        break;
    case 2: /* gone */
        splice(text, a.begin, a.length, "", 0);
        break;
    default: /* a number as a string, and a string without its quotes */
        if (text->bytes[a.begin] == '"' && a.length >= 2) {
            memcpy(copy, text->bytes + a.begin + 1, a.length - 2);
            splice(text, a.begin, a.length, copy, a.length - 2);
        } else {
            copy[0] = '"';
            memcpy(copy + 1, text->bytes + a.begin, a.length);
            copy[a.length + 1] = '"';
            splice(text, a.begin, a.length, copy, a.length + 2);
        }
        break;
    }
}

static void damage(struct text *text, size_t number)
{
    uint64_t state = 0x9e3779b97f4a7c15u * (number + 1);
    size_t wounds = 1 + random_below(&state, 3);

    for (; wounds > 0 && text->length > 0; wounds--) {
        if (number % 2 == 0)
            damage_bytes(text, &state);
        else
            damage_tokens(text, &state);
    }
}

static int write_copy(const struct text *text, const char *folder,
                      size_t number)
{
    char path[4096];
    if (snprintf(path, sizeof(path), "%s/%zu.json", folder, number) >=
        (int)sizeof(path))
        return 0;
    FILE *file = fopen(path, "wb");
    if (!file)
        return 0;
    const size_t written = fwrite(text->bytes, 1, text->length, file);
    return fclose(file) == 0 && written == text->length;
}

int main(int argc, char **argv)
{
    static struct text original, copy;

    if (argc != 4) {
        fprintf(stderr, "usage: mutate SCENARIO COUNT FOLDER\n");
        return 2;
    }
    FILE *file = fopen(argv[1], "rb");
    if (!file) {
        perror(argv[1]);
        return 1;
    }
    original.length = fread(original.bytes, 1, TEXT_MAX, file);
    fclose(file);

    const size_t count = strtoul(argv[2], NULL, 10);
    for (size_t number = 0; number < count; number++) {
        copy = original;
        damage(&copy, number);
        if (!write_copy(&copy, argv[3], number)) {
            perror(argv[3]);
            return 1;
        }
    }
    return 0;
}
