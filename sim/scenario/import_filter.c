/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * import_filter.c - the platforms' questions about devices as filters.
 *
 * A device here has its number, its group, platform, link, the OS installed
 * and one value for each label. Questions about anything else (when it was
 * last seen, wildcards in its name) are refused, with the label that would do.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/text.h"
#include "sim/scenario/import_parts.h"

static const char *const own_keys[] = {"group", "platform", "product",
                                       "link",  "os",       "id"};

/* Whether text may stand in a filter as it is. */
static bool is_word(const char *text)
{
    return *text && !text[strcspn(text, " \t\r\n\v\f&|!()=<>\"'\\")];
}

/* Whether a value may stand there in quotes. */
static bool is_quotable(const char *text)
{
    return !text[strcspn(text, "\r\n\"\\")];
}

static const char *keep(struct ota_importer *im, const char *text)
{
    const char *copy = ota_arena_text(im->arena, text, strlen(text));

    im->no_memory = im->no_memory || !copy;
    return copy ? copy : "";
}

bool ota_filter_add(struct ota_importer *im, const struct ota_json *at,
                    char *text, size_t size, const char *key, const char *op,
                    const char *value)
{
    if (!is_word(key) || !is_quotable(value)) {
        ota_import_refuse(im, at,
                          "\"%s\" cannot stand in a filter; give the devices "
                          "a label of plain letters and digits",
                          is_word(key) ? value : key);
        return false;
    }
    if (strlen(text) + strlen(key) + strlen(value) + 16 > size) {
        ota_import_refuse(im, at, "a filter longer than %zu characters", size);
        return false;
    }
    bool own = false;
    for (size_t i = 0; i < sizeof(own_keys) / sizeof(own_keys[0]); i++)
        own = own || strcmp(own_keys[i], key) == 0;
    if (!own)
        ota_import_label(im, key);
    const size_t length = strlen(text);
    const bool joined = length > 0 && !strchr("(|!& ", text[length - 1]);
    const char *quote = is_word(value) ? "" : "'";
    if (*quote && strchr(value, '\''))
        quote = "\"";
    ota_text_append(text, size, "%s%s%s%s%s%s", joined ? " & " : "", key, op,
                    quote, value, quote);
    return true;
}

/* --- RSQL of hawkBit --- */

/* A reader of one query. */
struct rsql {
    struct ota_importer *im;
    const struct ota_json *query;
    const char *at;
    char text[OTA_FILTER_SIZE];
    int depth;
    bool all; /* the term just read asks for nothing: name==* */
};

static bool rsql_fail(struct rsql *r, const char *what)
{
    ota_import_refuse(r->im, r->query, "at character %d of the query: %s",
                      (int)(r->at - r->query->text) + 1, what);
    return false;
}

static void rsql_space(struct rsql *r)
{
    r->at += strspn(r->at, " \t\n");
}

/* Whether the next word is that one, and goes past it. */
static bool rsql_skip(struct rsql *r, const char *word)
{
    const size_t length = strlen(word);

    rsql_space(r);
    if (strncmp(r->at, word, length) != 0 ||
        (isalpha((unsigned char)word[0]) &&
         isalnum((unsigned char)r->at[length])))
        return false;
    r->at += length;
    return true;
}

/* A selector or a value, quotes taken off. */
static bool rsql_word(struct rsql *r, char *word, size_t size)
{
    rsql_space(r);
    size_t length;
    if (*r->at == '"' || *r->at == '\'') {
        const char *close = strchr(r->at + 1, *r->at);
        if (!close)
            return rsql_fail(r, "a quote that does not end");
        length = (size_t)(close - r->at) - 1;
        snprintf(word, size, "%.*s", (int)length, r->at + 1);
        r->at = close + 1;
    } else {
        length = strcspn(r->at, " \t\n\"'();,=!<>");
        snprintf(word, size, "%.*s", (int)length, r->at);
        r->at += length;
    }
    if (length == 0 || length >= size)
        return rsql_fail(r, length ? "too long a word" : "a word is missing");
    return true;
}

/* What hawkBit's field is called here; NULL, having said so, if devices have
 * nothing like it. */
static const char *rsql_key(struct rsql *r, const char *selector)
{
    static const char *const prefixes[] = {"attribute.", "metadata.",
                                           "controllerattributes."};

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (strncmp(selector, prefixes[i], strlen(prefixes[i])) == 0)
            return selector + strlen(prefixes[i]);
    if (strcmp(selector, "tag") == 0)
        return "tag";
    if (strcmp(selector, "targettype.name") == 0 ||
        strcmp(selector, "targettype.key") == 0 ||
        strcmp(selector, "targettype") == 0)
        return "targettype";
    ota_import_refuse(r->im, r->query,
                      "\"%s\" is nothing that simulated devices have; give "
                      "those that are meant a label, and ask for "
                      "attribute.LABEL==VALUE",
                      selector);
    return NULL;
}

static bool rsql_compare(struct rsql *r, const char *key, const char *op)
{
    char value[128];

    if (!rsql_word(r, value, sizeof(value)))
        return false;
    if (strchr(value, '*'))
        return rsql_fail(r, "a filter here knows no wildcards; give the "
                            "devices that are meant a label of their own");
    return ota_filter_add(r->im, r->query, r->text, sizeof(r->text), key, op,
                          value);
}

/* key=in=(a,b) is (key=a | key=b); key=out=(a,b) is key!=a & key!=b. */
static bool rsql_set(struct rsql *r, const char *key, bool in)
{
    if (!rsql_skip(r, "("))
        return rsql_fail(r, "a list (a,b) is missing");
    ota_text_append(r->text, sizeof(r->text), "(");
    do {
        if (!rsql_compare(r, key, in ? "=" : "!="))
            return false;
        const bool more = rsql_skip(r, ",");
        if (!more)
            break;
        ota_text_append(r->text, sizeof(r->text), in ? " | " : " & ");
    } while (true);
    ota_text_append(r->text, sizeof(r->text), ")");
    return rsql_skip(r, ")") || rsql_fail(r, "a \")\" is missing");
}

static bool rsql_any(struct rsql *r);

static bool rsql_term(struct rsql *r)
{
    char selector[128];

    r->all = false;
    if (rsql_skip(r, "(")) {
        if (++r->depth > 16)
            return rsql_fail(r, "brackets nested more than 16 deep");
        ota_text_append(r->text, sizeof(r->text), "(");
        if (!rsql_any(r))
            return false;
        r->depth--;
        ota_text_append(r->text, sizeof(r->text), ")");
        return rsql_skip(r, ")") || rsql_fail(r, "a \")\" is missing");
    }
    if (!rsql_word(r, selector, sizeof(selector)))
        return false;
    rsql_space(r);
    /* Everybody: what hawkBit's own forms write. */
    if ((strcmp(selector, "name") == 0 || strcmp(selector, "id") == 0 ||
         strcmp(selector, "controllerid") == 0 ||
         strcmp(selector, "controllerId") == 0) &&
        strncmp(r->at, "==*", 3) == 0 && strchr(" ;)", r->at[3]) &&
        r->depth == 0) {
        r->at += 3;
        return r->all = true;
    }
    const char *key = rsql_key(r, selector);
    if (!key)
        return false;
    if (rsql_skip(r, "=="))
        return rsql_compare(r, key, "=");
    if (rsql_skip(r, "!="))
        return rsql_compare(r, key, "!=");
    if (rsql_skip(r, "=in="))
        return rsql_set(r, key, true);
    if (rsql_skip(r, "=out="))
        return rsql_set(r, key, false);
    return rsql_fail(r, "labels are compared with ==, !=, =in= and =out= only");
}

static bool rsql_both(struct rsql *r)
{
    bool first = true;

    do {
        if (!first && r->text[0] && !r->all)
            ota_text_append(r->text, sizeof(r->text), " & ");
        first = false;
        if (!rsql_term(r))
            return false;
    } while (rsql_skip(r, ";") || rsql_skip(r, "and"));
    return true;
}

static bool rsql_any(struct rsql *r)
{
    while (true) {
        if (!rsql_both(r))
            return false;
        if (!rsql_skip(r, ",") && !rsql_skip(r, "or"))
            return true;
        if (r->all)
            return rsql_fail(r, "everybody or some others are everybody");
        ota_text_append(r->text, sizeof(r->text), " | ");
    }
}

const char *ota_filter_of_rsql(struct ota_importer *im,
                               const struct ota_json *query)
{
    struct rsql r = {.im = im, .query = query, .at = query->text};

    if (!rsql_any(&r))
        return NULL;
    rsql_space(&r);
    if (*r.at) {
        rsql_fail(&r, "; , and, or belong between two conditions");
        return NULL;
    }
    if (r.all && r.text[0]) /* "... ;name==*" leaves a joint behind */
        r.text[strlen(r.text) - 3] = '\0';
    return keep(im, r.text);
}

/* --- version requirements of Elixir --- */

/* "~> 1.4" is 1.4 up to, not including, 2.0; "~> 1.4.2" up to 1.5.0. */
static bool add_about(struct ota_importer *im, const struct ota_json *at,
                      char *text, size_t size, const char *version)
{
    unsigned major, minor, patch;
    char next[48];
    const int parts = sscanf(version, "%u.%u.%u", &major, &minor, &patch);

    if (parts < 2) {
        ota_import_refuse(im, at, "\"~> %s\" has not two or three numbers",
                          version);
        return false;
    }
    if (parts == 3)
        snprintf(next, sizeof(next), "%u.%u.0", major, minor + 1);
    else
        snprintf(next, sizeof(next), "%u.0.0", major + 1);
    return ota_filter_add(im, at, text, size, "os", ">=", version) &&
           ota_filter_add(im, at, text, size, "os", "<", next);
}

/* One comparison at *at, which moves behind it. */
static bool add_version(struct ota_importer *im, const struct ota_json *json,
                        const char **at, char *text, size_t size)
{
    static const char *const words[] = {
        ">=", "<=", "!=", "==", "~>", ">", "<", ""};
    static const char *const ops[] = {">=", "<=", "!=", "=",
                                      NULL, ">",  "<",  "="};
    char version[64];
    size_t i = 0;

    *at += strspn(*at, " ");
    while (strncmp(*at, words[i], strlen(words[i])) != 0)
        i++;
    *at += strlen(words[i]);
    *at += strspn(*at, " ");
    const size_t length = strcspn(*at, " ");
    if (!isdigit((unsigned char)**at) || length >= sizeof(version)) {
        ota_import_refuse(im, json,
                          "\"%s\" is no version requirement; one is \">= 1.2.0 "
                          "and < 2.0.0\" or \"~> 1.4\"",
                          json->text);
        return false;
    }
    snprintf(version, sizeof(version), "%.*s", (int)length, *at);
    *at += length;
    *at += strspn(*at, " ");
    return ops[i] ? ota_filter_add(im, json, text, size, "os", ops[i], version)
                  : add_about(im, json, text, size, version);
}

const char *ota_filter_of_versions(struct ota_importer *im,
                                   const struct ota_json *requirement)
{
    char text[OTA_FILTER_SIZE] = "";
    const char *at = requirement->text;
    bool alternative = false;

    while (true) {
        if (!add_version(im, requirement, &at, text, sizeof(text)))
            return NULL;
        if (!*at)
            break;
        if (strncmp(at, "or ", 3) == 0) {
            ota_text_append(text, sizeof(text), " | ");
            alternative = true;
            at += 3;
        } else if (strncmp(at, "and ", 4) == 0) {
            at += 4; /* "&" binds before "|" as "and" does before "or" */
        } else {
            ota_import_refuse(im, requirement,
                              "\"%s\" stands where \"and\" or \"or\" belongs",
                              at);
            return NULL;
        }
    }
    char whole[OTA_FILTER_SIZE + 2];
    snprintf(whole, sizeof(whole), alternative ? "(%s)" : "%s", text);
    return keep(im, whole);
}

/* --- selectors of labels --- */

static bool add_expression(struct ota_importer *im,
                           const struct ota_json *expression, char *text,
                           size_t size)
{
    static const char *const operators[] = {"In", "NotIn", "Exists",
                                            "DoesNotExist", NULL};
    const char *key = ota_import_text(im, expression, "key");
    const int op = ota_import_word(im, expression, "operator", operators);
    const struct ota_json *values =
        ota_import_take_type(im, expression, "values", OTA_JSON_LIST);

    if (!key || op < 0)
        return false;
    if (op > 1) /* a label that a device has not got is "" */
        return ota_filter_add(im, expression, text, size, key,
                              op == 2 ? "!=" : "=", "");
    if (!values || !values->child)
        return ota_import_need(im, expression, "values",
                               "In and NotIn compare with a list");
    ota_text_append(text, size, "%s(", text[0] ? " & " : "");
    for (const struct ota_json *v = values->child; v; v = v->next) {
        if (op == 0 && v != values->child)
            ota_text_append(text, size, " | ");
        if (v->type != OTA_JSON_TEXT ||
            !ota_filter_add(im, v, text, size, key, op ? "!=" : "=", v->text))
            return false;
    }
    ota_text_append(text, size, ")");
    return true;
}

const char *ota_filter_of_selector(struct ota_importer *im,
                                   const struct ota_json *selector)
{
    char text[OTA_FILTER_SIZE] = "";
    const struct ota_json *labels =
        ota_import_take_type(im, selector, "matchLabels", OTA_JSON_OBJECT);
    const struct ota_json *expressions =
        ota_import_take_type(im, selector, "matchExpressions", OTA_JSON_LIST);
    bool ok = true;

    if (labels)
        ota_import_seen(im, labels);
    for (const struct ota_json *v = labels ? labels->child : NULL; v && ok;
         v = v->next) {
        ok = v->type == OTA_JSON_TEXT;
        if (!ok)
            ota_import_refuse(im, v, "%s where a label's value belongs",
                              ota_json_type_words(v->type));
        ok = ok &&
             ota_filter_add(im, v, text, sizeof(text), v->key, "=", v->text);
    }
    for (const struct ota_json *v = expressions ? expressions->child : NULL;
         v && ok; v = v->next)
        ok = add_expression(im, v, text, sizeof(text));
    return ok ? keep(im, text) : NULL;
}
