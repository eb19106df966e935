/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * filter.c - reads and applies filters, by recursive descent:
 *
 *     any  = all { "|" all }
 *     all  = one { "&" one }
 *     one  = "!" one | "(" any ")" | key sign value
 *     sign = "=" | "!=" | "<" | "<=" | ">" | ">="
 *
 * A key or a value is a run of characters other than blanks and those above; a
 * value may stand in quotes, single or double. A chain of "&" is one node with
 * many parts, so that only brackets and "!" nest, and these have a limit.
 */
#include "models/policy/filter.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "models/policy/version.h"
#include "sim/base/error.h"

enum {
    DEPTH_MAX = 32,  /* brackets and "!" within each other */
    VALUE_SIZE = 64, /* room for the value of an attribute */
    SHOWN_MAX = 40,  /* bytes of a text in a message */
};

enum node_kind { NODE_ANY, NODE_ALL, NODE_NOT, NODE_IS };

enum sign {
    SIGN_EQUAL,
    SIGN_OTHER,
    SIGN_LESS,
    SIGN_AT_MOST,
    SIGN_MORE,
    SIGN_AT_LEAST,
    SIGNS
};

static const char *const sign_texts[SIGNS] = {"=", "!=", "<", "<=", ">", ">="};

struct ota_filter_node {
    enum node_kind kind;
    enum sign sign;                /* IS */
    const char *key;               /* IS */
    const char *value;             /* IS */
    struct ota_filter_node *first; /* ANY, ALL, NOT: the parts */
    struct ota_filter_node *next;  /* among the parts of one node */
};

struct reader {
    const char *whole; /* columns count from here */
    const char *at;
    int depth;
    struct ota_arena *arena;
    size_t *column;
    char *problem;
    size_t problem_size;
};

static struct ota_filter_node *read_any(struct reader *reader);

/* --- reading ------------------------------------------------------------- */

/* Says what is wrong at `at` and returns NULL. */
static void *fail(const struct reader *reader, const char *at,
                  const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void *fail(const struct reader *reader, const char *at,
                  const char *format, ...)
{
    va_list args;

    *reader->column = (size_t)(at - reader->whole);
    va_start(args, format);
    vsnprintf(reader->problem, reader->problem_size, format, args);
    va_end(args);
    return NULL;
}

static void skip_blanks(struct reader *reader)
{
    while (isspace((unsigned char)*reader->at))
        reader->at++;
}

/* Takes the mark off the front, if it stands there. */
static bool take(struct reader *reader, char mark)
{
    skip_blanks(reader);
    if (*reader->at != mark)
        return false;
    reader->at++;
    return true;
}

static struct ota_filter_node *node_new(struct reader *reader,
                                        enum node_kind kind)
{
    struct ota_filter_node *node =
        ota_arena_alloc(reader->arena, 1, sizeof *node);

    if (!node)
        return fail(reader, reader->at, "%s", OTA_NO_MEMORY);
    node->kind = kind;
    return node;
}

static size_t word_length(const char *at)
{
    return strcspn(at, " \t\r\n\v\f&|!()=<>\"'");
}

/* Returns a copy of a text of the filter, or NULL. */
static const char *copied(struct reader *reader, const char *at, size_t length)
{
    const char *text = ota_arena_text(reader->arena, at, length);

    return text ? text : fail(reader, at, "%s", OTA_NO_MEMORY);
}

static const char *read_key(struct reader *reader)
{
    skip_blanks(reader);

    const char *at = reader->at;
    const size_t length = word_length(at);

    if (length == 0 && *at == '\0')
        return fail(reader, at,
                    "the filter ends where a key such as group or a label "
                    "should stand");
    if (length == 0)
        return fail(reader, at,
                    "a key such as group or a label should stand here, not "
                    "\"%c\"",
                    *at);
    reader->at += length;
    return copied(reader, at, length);
}

static bool read_sign(struct reader *reader, const char *key, enum sign *sign)
{
    skip_blanks(reader);

    size_t best = 0;
    for (int i = 0; i < SIGNS; i++) {
        const size_t length = strlen(sign_texts[i]);
        if (length > best && strncmp(reader->at, sign_texts[i], length) == 0) {
            *sign = (enum sign)i;
            best = length;
        }
    }
    if (best == 0) {
        fail(reader, reader->at,
             "behind the key \"%.*s\" one of = != < <= > >= should stand",
             SHOWN_MAX, key);
        return false;
    }
    if (reader->at[0] == '=' && strchr("=<>", reader->at[1]) &&
        reader->at[1] != '\0') {
        fail(reader, reader->at, "there is no \"=%c\"; write \"%s\"",
             reader->at[1],
             reader->at[1] == '='   ? "="
             : reader->at[1] == '<' ? "<="
                                    : ">=");
        return false;
    }
    reader->at += best;
    return true;
}

static const char *read_value(struct reader *reader, const char *key)
{
    skip_blanks(reader);

    const char *at = reader->at;
    if (*at == '"' || *at == '\'') {
        const char *end = strchr(at + 1, *at);
        if (!end)
            return fail(reader, at, "the quote that begins here has no end");
        reader->at = end + 1;
        return copied(reader, at + 1, (size_t)(end - at - 1));
    }

    const size_t length = word_length(at);
    if (length == 0)
        return fail(reader, at,
                    "a value of \"%.*s\" should stand here; the empty one is "
                    "\"\"",
                    SHOWN_MAX, key);
    reader->at += length;
    return copied(reader, at, length);
}

/* Whether text is a whole number that fits. */
static bool number_of(const char *text, uint64_t *number)
{
    *number = 0;
    for (const char *at = text; *at; at++) {
        if (*at < '0' || *at > '9' || *number > (UINT64_MAX - 9) / 10)
            return false;
        *number = 10 * *number + (uint64_t)(*at - '0');
    }
    return *text != '\0';
}

static bool is_ordered(enum sign sign)
{
    return sign != SIGN_EQUAL && sign != SIGN_OTHER;
}

/* Whether the value is one that the key can have. */
static bool value_fits(const struct reader *reader, const char *key_at,
                       const char *value_at, const struct ota_filter_node *node)
{
    const bool ordered = is_ordered(node->sign);
    uint64_t number;

    if (ordered && strcmp(node->key, "id") != 0 && strcmp(node->key, "os") != 0)
        fail(reader, key_at,
             "only os and id compare with \"%s\"; \"%.*s\" compares with = and "
             "!=",
             sign_texts[node->sign], SHOWN_MAX, node->key);
    else if (strcmp(node->key, "id") == 0 && !number_of(node->value, &number))
        fail(reader, value_at, "an id is a whole number, not \"%.*s\"",
             SHOWN_MAX, node->value);
    else if (ordered && strcmp(node->key, "os") == 0 &&
             !isdigit(
                 (unsigned char)node->value[node->value[0] == 'v' ? 1 : 0]))
        fail(reader, value_at,
             "\"%.*s\" is no version; one is like 2.0.0 or 2.0.0-rc.1",
             SHOWN_MAX, node->value);
    else if (strcmp(node->key, "product") == 0 &&
             strcmp(node->value, "true") != 0 &&
             strcmp(node->value, "false") != 0)
        fail(reader, value_at, "product is true or false, not \"%.*s\"",
             SHOWN_MAX, node->value);
    else if (strcmp(node->key, "link") == 0 &&
             strcmp(node->value, "wifi") != 0 &&
             strcmp(node->value, "radio") != 0)
        fail(reader, value_at, "link is wifi or radio, not \"%.*s\"", SHOWN_MAX,
             node->value);
    else
        return true;
    return false;
}

static struct ota_filter_node *read_is(struct reader *reader)
{
    struct ota_filter_node *node = node_new(reader, NODE_IS);

    if (!node)
        return NULL;
    skip_blanks(reader);
    const char *key_at = reader->at;
    node->key = read_key(reader);
    if (!node->key || !read_sign(reader, node->key, &node->sign))
        return NULL;
    skip_blanks(reader);
    const char *value_at = reader->at;
    node->value = read_value(reader, node->key);
    return node->value && value_fits(reader, key_at, value_at, node) ? node
                                                                     : NULL;
}

static struct ota_filter_node *read_one(struct reader *reader)
{
    struct ota_filter_node *node;

    skip_blanks(reader);
    const char *at = reader->at;
    if (*at != '!' && *at != '(')
        return read_is(reader);
    if (reader->depth == DEPTH_MAX)
        return fail(reader, at, "more than %d brackets within each other",
                    (int)DEPTH_MAX);
    reader->depth++;
    reader->at++;
    if (*at == '!') {
        node = node_new(reader, NODE_NOT);
        if (node)
            node->first = read_one(reader);
        if (!node || !node->first)
            return NULL;
    } else {
        node = read_any(reader);
        if (!node)
            return NULL;
        if (!take(reader, ')'))
            return fail(reader, at,
                        "the bracket that opens here is not closed");
    }
    reader->depth--;
    return node;
}

/* Reads what read_part reads, once or several times with marks between. */
static struct ota_filter_node *
read_chain(struct reader *reader, enum node_kind kind, char mark,
           struct ota_filter_node *(*read_part)(struct reader *reader))
{
    struct ota_filter_node *last = read_part(reader);

    if (!last || !take(reader, mark))
        return last;

    struct ota_filter_node *node = node_new(reader, kind);
    if (!node)
        return NULL;
    node->first = last;
    do {
        if (take(reader, mark))
            return fail(reader, reader->at - 1, "write \"%c\" once", mark);
        last->next = read_part(reader);
        last = last->next;
    } while (last && take(reader, mark));
    return last ? node : NULL;
}

static struct ota_filter_node *read_all(struct reader *reader)
{
    return read_chain(reader, NODE_ALL, '&', read_one);
}

static struct ota_filter_node *read_any(struct reader *reader)
{
    return read_chain(reader, NODE_ANY, '|', read_all);
}

bool ota_filter_parse(const char *text, struct ota_arena *arena,
                      struct ota_filter *filter, size_t *column, char *problem,
                      size_t problem_size)
{
    struct reader reader = {.whole = text,
                            .at = text,
                            .arena = arena,
                            .column = column,
                            .problem = problem,
                            .problem_size = problem_size};

    skip_blanks(&reader);
    if (*reader.at == '\0') {
        fail(&reader, text, "the filter is empty; leave it out to match all");
        return false;
    }

    const struct ota_filter_node *root = read_any(&reader);
    if (!root)
        return false;
    skip_blanks(&reader);
    if (*reader.at == ')') {
        fail(&reader, reader.at, "the bracket that closes here was not opened");
        return false;
    }
    if (*reader.at != '\0') {
        fail(&reader, reader.at,
             "\"&\" or \"|\" should stand here; a value with blanks or signs "
             "goes in quotes");
        return false;
    }

    filter->text = copied(&reader, text, strlen(text));
    filter->root = root;
    return filter->text != NULL;
}

/* --- matching ------------------------------------------------------------ */

struct matching {
    uint64_t device;
    ota_attribute_of attribute_of;
    void *self;
};

static bool sign_holds(enum sign sign, int order)
{
    switch (sign) {
    case SIGN_LESS:
        return order < 0;
    case SIGN_AT_MOST:
        return order <= 0;
    case SIGN_MORE:
        return order > 0;
    case SIGN_AT_LEAST:
        return order >= 0;
    case SIGN_EQUAL:
        return order == 0;
    default:
        return order != 0;
    }
}

static bool is_matches(const struct ota_filter_node *node,
                       const struct matching *matching)
{
    char buffer[VALUE_SIZE];
    const char *value = matching->attribute_of(
        matching->self, matching->device, node->key, buffer, sizeof buffer);
    uint64_t wanted, number;

    if (strcmp(node->key, "id") == 0) {
        if (!number_of(node->value, &wanted) || !number_of(value, &number))
            return false;
        return sign_holds(node->sign, (number > wanted) - (number < wanted));
    }
    if (node->sign == SIGN_EQUAL || node->sign == SIGN_OTHER)
        return sign_holds(node->sign, strcmp(value, node->value));
    return *value != '\0' &&
           sign_holds(node->sign, ota_version_compare(value, node->value));
}

/* Depth is bounded by the reader. */
static bool node_matches(const struct ota_filter_node *node,
                         const struct matching *matching)
{
    switch (node->kind) {
    case NODE_IS:
        return is_matches(node, matching);
    case NODE_NOT:
        return !node_matches(node->first, matching);
    case NODE_ALL:
        for (node = node->first; node; node = node->next)
            if (!node_matches(node, matching))
                return false;
        return true;
    case NODE_ANY:
        for (node = node->first; node; node = node->next)
            if (node_matches(node, matching))
                return true;
        return false;
    }
    assert(false);
    return false;
}

bool ota_filter_matches(const struct ota_filter *filter, uint64_t device,
                        ota_attribute_of attribute_of, void *self)
{
    const struct matching matching = {device, attribute_of, self};

    return !filter->root || node_matches(filter->root, &matching);
}

static void visit_keys(const struct ota_filter_node *node,
                       void (*visit)(void *self, const char *key,
                                     const char *value),
                       void *self)
{
    if (node->kind == NODE_IS)
        visit(self, node->key, is_ordered(node->sign) ? NULL : node->value);
    for (node = node->first; node; node = node->next)
        visit_keys(node, visit, self);
}

void ota_filter_keys(const struct ota_filter *filter,
                     void (*visit)(void *self, const char *key,
                                   const char *value),
                     void *self)
{
    if (filter->root)
        visit_keys(filter->root, visit, self);
}
