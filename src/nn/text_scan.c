/* Lines, words and values of a network's text. Every line is checked to its end before it is looked at. */
#include "nn/text_scan.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/checked.h"

enum { TEXT_LINE = 1024 };

/* ---- messages --------------------------------------------------------------------------------------- */

wk_TextPlace wk_scan_place(const wk_TextReader *r, const char *at)
{
    wk_TextPlace place;
    snprintf(place.text, sizeof place.text, "%s:%d:%d: ", r->name, r->line, (int)(at - r->line_start) + 1);
    return place;
}

bool wk_scan_error(const wk_TextReader *r, const char *at, const char *format, ...)
{
    char what[512];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    wk_raise(WK_ERROR_CORRUPT, "%s%s", wk_scan_place(r, at).text, what);
    return false;
}

wk_TextQuoted wk_scan_quoted(wk_TextSpan span)
{
    wk_TextQuoted quoted;
    char copy[64];
    snprintf(copy, sizeof copy, "%.*s", (int)span.length, span.at);
    wk_quote(quoted.text, sizeof quoted.text, copy);
    return quoted;
}

wk_TextQuoted wk_scan_hint(const char *near_word)
{
    wk_TextQuoted hint = {""};
    if (near_word)
        snprintf(hint.text, sizeof hint.text, ". Did you mean: '%s'?", near_word);
    return hint;
}

const char *wk_scan_closer(wk_TextSpan span, const char *best, const char *known)
{
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)span.length, span.at);
    return wk_closer_word(word, best, known);
}

bool wk_scan_expected(const wk_TextReader *r, const char *what)
{
    if (*r->at == '\n' || *r->at == '#')
        return wk_scan_error(r, r->at, "expected %s, got the end of the line", what);
    return wk_scan_error(r, r->at, "expected %s, got '%s'", what,
                         wk_scan_quoted((wk_TextSpan){r->at, 1}).text);
}

/* ---- lines and words -------------------------------------------------------------------------------- */

bool wk_scan_check_line(const wk_TextReader *r, const char *end, const char **newline)
{
    size_t left = (size_t)(end - r->at);
    const char *stop = memchr(r->at, '\n', left < TEXT_LINE ? left : TEXT_LINE);
    *newline = stop;
    if (r->line == 1 && left >= 3 && memcmp(r->at, "\xef\xbb\xbf", 3) == 0)
        return wk_scan_error(r, r->at, "a byte order mark: save the text without it");
    if (!stop && left >= TEXT_LINE)
        return wk_scan_error(r, r->at + TEXT_LINE - 1, "a line has at most %d bytes", TEXT_LINE);
    stop = stop ? stop : end;
    for (const char *c = r->at; c < stop;) {
        int length = wk_utf8_length((const unsigned char *)c, (size_t)(stop - c));
        if (*c == 0)
            return wk_scan_error(r, c, "a NUL byte");
        if (*c == '\r')
            return wk_scan_error(r, c, "a carriage return: lines end with a newline alone");
        if (!length)
            return wk_scan_error(r, c, "invalid UTF-8");
        c += length;
    }
    if (!*newline)
        return wk_scan_error(r, end, "no newline at the end: is this all of the text?");
    return true;
}

void wk_scan_skip(wk_TextReader *r)
{
    while (*r->at == ' ' || *r->at == '\t')
        r->at++;
}

bool wk_scan_take(wk_TextReader *r, char c)
{
    wk_scan_skip(r);
    if (*r->at != c)
        return false;
    r->at++;
    return true;
}

static bool word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

wk_TextSpan wk_scan_word(wk_TextReader *r)
{
    wk_scan_skip(r);
    wk_TextSpan word = {r->at, 0};
    if (*r->at < '0' || *r->at > '9')
        while (word_char(*r->at))
            r->at++;
    word.length = (size_t)(r->at - word.at);
    return word;
}

bool wk_scan_is(wk_TextSpan span, const char *word)
{
    return strlen(word) == span.length && memcmp(span.at, word, span.length) == 0;
}

/* ---- values ----------------------------------------------------------------------------------------- */

/* WK_ZERO and WK_NONE are no numbers that a text can give. */
static bool read_int(const wk_TextReader *r, wk_TextSpan text, int64_t *out)
{
    bool minus = *text.at == '-';
    int64_t value = 0;
    for (size_t i = minus || *text.at == '+'; i < text.length; i++)
        if (!wk_checked_mul(value, 10, &value) || !wk_checked_add(value, text.at[i] - '0', &value) ||
            value == INT64_MAX)
            return wk_scan_error(r, text.at, "%s does not fit in 64 bits", wk_scan_quoted(text).text);
    *out = minus ? -value : value;
    return true;
}

static bool take_number(wk_TextReader *r, wk_TextValue *v)
{
    wk_TextSpan text = {r->at, 0};
    while (word_char(*r->at) || *r->at == '.' || *r->at == '+' || *r->at == '-')
        r->at++;
    text.length = (size_t)(r->at - text.at);
    size_t sign = *text.at == '-' || *text.at == '+', digits = sign;
    while (digits < text.length && isdigit((unsigned char)text.at[digits]))
        digits++;
    v->text = text;
    if (digits == text.length && digits > sign) {
        v->type = WK_TEXT_INT;
        v->count = 1;
        return read_int(r, text, v->ints) && ((v->number = (double)v->ints[0]), true);
    }
    v->type = WK_TEXT_FLOAT;
    if (!wk_number_read(text.at, text.length, &v->number))
        return wk_scan_error(r, text.at, "'%s' is not a number", wk_scan_quoted(text).text);
    if (isinf(v->number))
        return wk_scan_error(r, text.at, "%s does not fit in a float", wk_scan_quoted(text).text);
    return true;
}

static bool number_next(const wk_TextReader *r)
{
    return isdigit((unsigned char)*r->at) || *r->at == '-' || *r->at == '+' || *r->at == '.';
}

static bool take_tuple(wk_TextReader *r, wk_TextValue *v)
{
    const char *start = r->at++;
    v->type = WK_TEXT_TUPLE;
    v->count = 0;
    while (!wk_scan_take(r, ')')) {
        wk_TextValue item;
        if (v->count && !wk_scan_take(r, ','))
            return wk_scan_expected(r, "',' or ')'");
        if (v->count && wk_scan_take(r, ')'))
            break;
        wk_scan_skip(r);
        if (v->count == WK_MAX_DIMS)
            return wk_scan_error(r, r->at, "at most %d numbers in parentheses", WK_MAX_DIMS);
        if (number_next(r)) {
            if (!take_number(r, &item))
                return false;
            if (item.type != WK_TEXT_INT)
                return wk_scan_error(r, item.text.at, "expected an int, got %s",
                                     wk_scan_quoted(item.text).text);
            v->ints[v->count++] = item.ints[0];
            continue;
        }
        const char *at = r->at;
        if (!wk_scan_is(wk_scan_word(r), "None"))
            return r->at = at, wk_scan_expected(r, "an int");
        v->ints[v->count++] = WK_NONE;
    }
    v->text = (wk_TextSpan){start, (size_t)(r->at - start)};
    return true;
}

static bool take_string(wk_TextReader *r, wk_TextValue *v)
{
    const char *start = r->at++;
    while (*r->at != *start && *r->at != '\n')
        r->at++;
    if (*r->at == '\n')
        return wk_scan_error(r, start, "no quote ends the word");
    r->at++;
    v->type = WK_TEXT_WORD;
    v->text = (wk_TextSpan){start, (size_t)(r->at - start)};
    return true;
}

bool wk_scan_value(wk_TextReader *r, wk_TextValue *v)
{
    wk_scan_skip(r);
    if (number_next(r))
        return take_number(r, v);
    if (*r->at == '(')
        return take_tuple(r, v);
    if (*r->at == '\'' || *r->at == '"')
        return take_string(r, v);
    const char *start = r->at;
    v->text = wk_scan_word(r);
    v->type = wk_scan_is(v->text, "True")    ? WK_TEXT_TRUE
              : wk_scan_is(v->text, "False") ? WK_TEXT_FALSE
                                             : WK_TEXT_NONE;
    if (v->type != WK_TEXT_NONE || wk_scan_is(v->text, "None"))
        return true;
    r->at = start;
    return v->text.length
               ? wk_scan_error(r, start, "expected a value, got '%s'", wk_scan_quoted(v->text).text)
               : wk_scan_expected(r, "a value");
}
