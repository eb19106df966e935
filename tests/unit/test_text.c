/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_text.c - distances between words, the nearest word, appending, UTF-8.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sim/base/text.h"

static void distance_counts_edits_and_swaps(void **state)
{
    static const struct {
        const char *a, *b;
        size_t distance;
    } cases[] = {
        {"", "", 0},          {"abc", "", 3},
        {"", "abc", 3},       {"wait", "wait", 0},
        {"wait", "WAIT", 0},  {"wait", "wat", 1},
        {"wait", "waiit", 1}, {"wait", "bait", 1},
        {"wait", "wiat", 1},  {"kitten", "sitting", 3},
        {"ca", "abc", 3}, /* 2 if swapped letters could be parted again */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(ota_text_distance(cases[i].a, cases[i].b),
                         cases[i].distance);
        assert_int_equal(ota_text_distance(cases[i].b, cases[i].a),
                         cases[i].distance);
    }
}

static void only_63_bytes_count(void **state)
{
    char a[100];
    char b[200];

    (void)state;
    memset(a, 'x', sizeof(a) - 1);
    a[sizeof(a) - 1] = '\0';
    memset(b, 'x', sizeof(b) - 1);
    b[sizeof(b) - 1] = '\0';
    assert_int_equal(ota_text_distance(a, b), 0);
    assert_int_equal(ota_text_distance(a, ""), 63);
}

static void the_nearest_word_is_near_enough(void **state)
{
    static const char *const words[] = {"overage", NULL, "pause", "parse"};

    (void)state;
    assert_string_equal(ota_text_nearest("overrage", words, 4), "overage");
    assert_string_equal(ota_text_nearest("paus", words, 4), "pause");
    assert_string_equal(ota_text_nearest("PARSE", words, 4), "parse");
    assert_null(ota_text_nearest("stop", words, 4));
    assert_null(ota_text_nearest("", words, 4));
    assert_null(ota_text_nearest("pause", words, 0));
    assert_string_equal(ota_text_nearest("parse", words, 3), "pause");
}

static void appending_cuts_what_is_too_long(void **state)
{
    char text[8] = "ab";

    (void)state;
    ota_text_append(text, sizeof(text), "%d", 12);
    assert_string_equal(text, "ab12");
    ota_text_append(text, sizeof(text), "cdefgh");
    assert_string_equal(text, "ab12cde");
    ota_text_append(text, sizeof(text), "i");
    assert_string_equal(text, "ab12cde");
}

static void characters_of_utf8_have_their_length(void **state)
{
    static const struct {
        const char *text;
        size_t length;
    } cases[] = {
        {"a", 1},
        {"\x7f", 1},
        {"\xc2\xb5", 2},      /* micro sign */
        {"\xe2\x82\xacz", 3}, /* euro sign */
        {"\xef\xbf\xbf", 3},
        {"\xf4\x8f\xbf\xbf", 4}, /* U+10FFFF */
        {"\x80", 0},             /* goes on, but nothing began */
        {"\xc1\xbf", 0},         /* overlong, as the next three */
        {"\xe0\x9f\xbf", 0},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xed\xa0\x80", 0},     /* surrogate */
        {"\xf4\x90\x80\x80", 0}, /* above U+10FFFF */
        {"\xff", 0},
        {"\xc3z", 0},
        {"\xe2\x82", 0}, /* cut short */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(ota_utf8_length(cases[i].text, strlen(cases[i].text)),
                         cases[i].length);
    assert_int_equal(ota_utf8_length("\xe2\x82\xac", 2), 0);
    assert_int_equal(ota_utf8_length("\0x", 2), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_counts_edits_and_swaps),
        cmocka_unit_test(only_63_bytes_count),
        cmocka_unit_test(the_nearest_word_is_near_enough),
        cmocka_unit_test(appending_cuts_what_is_too_long),
        cmocka_unit_test(characters_of_utf8_have_their_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
