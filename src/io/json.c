/* JSON for readers that know what must come next.
 *
 * A reader asks for "a string" or "a whole number" and anything else is an error with its byte, so nothing nests that the reader does
 * not nest, and a hostile text can cost neither stack nor memory. What it does not know it may skip. A general parser would build a tree of some 1 KB per entry first:
 * 60 MB of `[],[],...` cost gigabytes there. Strings are decoded where they stand, as decoding never makes them longer. */
#include "io/json.h"

#include <stdio.h>
#include <string.h>

#include "core/checked.h"
#include "core/error.h"
#include "core/text.h"
#include "io/files.h"

bool wk_json_raise(const wk_Json *json, size_t at, const char *what)
{
    wk_raise(WK_ERROR_CORRUPT, "%s: %s: %s at byte %llu", json->op, WK_QUOTED(json->path), what,
             (unsigned long long)(json->base + at));
    return false;
}

static bool json_expected(const wk_Json *json, const char *what)
{
    char text[160], got[16];
    unsigned char c = json->at < json->length ? (unsigned char)json->text[json->at] : 0;
    if (json->at >= json->length)
        snprintf(got, sizeof got, "the end");
    else if (c >= 0x20 && c < 0x7f)
        snprintf(got, sizeof got, "'%c'", c);
    else
        snprintf(got, sizeof got, "\\x%02x", c);
    snprintf(text, sizeof text, "expected %s, got %s", what, got);
    return wk_json_raise(json, json->at, text);
}

char wk_json_peek(wk_Json *json)
{
    while (json->at < json->length && strchr(" \t\r\n", json->text[json->at]) && json->text[json->at])
        json->at++;
    return json->at < json->length ? json->text[json->at] : 0;
}

bool wk_json_maybe(wk_Json *json, char c)
{
    if (wk_json_peek(json) != c)
        return false;
    json->at++;
    return true;
}

bool wk_json_take(wk_Json *json, char c, const char *what)
{
    return wk_json_maybe(json, c) || json_expected(json, what);
}

/* Four hexadecimal digits; -1 if they are none. */
static long hex4(const wk_Json *json, size_t at)
{
    long value = 0;
    if (json->length - at < 4)
        return -1;
    for (size_t i = at; i < at + 4; i++) {
        char c = json->text[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static size_t put_utf8(char *out, unsigned long code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    int extra = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
    out[0] = (char)(lead[extra] | code >> (6 * extra));
    for (int i = 1; i <= extra; i++)
        out[i] = (char)(0x80 | (code >> (6 * (extra - i)) & 0x3f));
    return (size_t)extra + 1;
}

/* Decodes \uXXXX, or a pair of them, at json->at (behind the u). Returns bytes put out, 0 with an error. */
static size_t unicode_escape(wk_Json *json, char *out)
{
    long code = hex4(json, json->at);
    size_t taken = 4;
    if (code >= 0xd800 && code < 0xdc00) {
        long low = -1;
        if (json->length - json->at >= 10 && json->text[json->at + 4] == '\\' &&
            json->text[json->at + 5] == 'u')
            low = hex4(json, json->at + 6);
        code = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : -1;
        taken = 10;
    } else if (code >= 0xdc00 && code < 0xe000) {
        code = -1;
    }
    if (code <= 0) {
        wk_json_raise(json, json->at, code == 0 ? "a NUL in a string" : "not a unicode escape");
        return 0;
    }
    json->at += taken;
    return put_utf8(out, (unsigned long)code);
}

static size_t json_escape(wk_Json *json, char *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = json->at < json->length ? json->text[json->at] : 0;
    const char *known = c ? strchr(from, c) : NULL;
    if (known) {
        json->at++;
        *out = to[known - from];
        return 1;
    }
    if (c != 'u') {
        json_expected(json, "an escape");
        return 0;
    }
    json->at++;
    return unicode_escape(json, out);
}

char *wk_json_string(wk_Json *json, const char *what)
{
    if (!wk_json_take(json, '"', what))
        return NULL;
    char *start = json->text + json->at, *out = start;
    while (json->at < json->length) {
        unsigned char c = (unsigned char)json->text[json->at];
        size_t n = 1;
        if (c == '"') {
            json->at++;
            *out = 0;
            return start;
        }
        if (c < 0x20)
            return wk_json_raise(json, json->at, "a control character in a string"), NULL;
        if (c == '\\') {
            json->at++;
            if (!(n = json_escape(json, out)))
                return NULL;
        } else {
            n = (size_t)wk_utf8_length((unsigned char *)json->text + json->at, json->length - json->at);
            if (!n)
                return wk_json_raise(json, json->at, "invalid UTF-8"), NULL;
            memmove(out, json->text + json->at, n);
            json->at += n;
        }
        out += n;
    }
    json_expected(json, "'\"'");
    return NULL;
}

bool wk_json_whole(wk_Json *json, uint64_t most, uint64_t *out, const char *what)
{
    char c = wk_json_peek(json);
    size_t start = json->at;
    uint64_t value = 0;
    if (c < '0' || c > '9')
        return json_expected(json, what);
    for (; json->at < json->length && (c = json->text[json->at]) >= '0' && c <= '9'; json->at++)
        if (!wk_checked_mul(value, 10u, &value) || !wk_checked_add(value, (uint64_t)(c - '0'), &value) ||
            value > most)
            return wk_json_raise(json, start, "a number that is too large");
    if (json->at - start > 1 && json->text[start] == '0')
        return wk_json_raise(json, start, "a number with leading zeros");
    if (json->at < json->length && strchr(".eE+-", json->text[json->at]) && json->text[json->at])
        return json_expected(json, what);
    *out = value;
    return true;
}

/* ---- values that are skipped ------------------------------------------------------------------------- */

/* The depth at which the usual reader of safetensors gives up, 128, without the two objects around what is skipped. */
enum { JSON_DEEPEST = 125 };

static bool skip_digits(wk_Json *json)
{
    const size_t start = json->at;
    while (json->at < json->length && json->text[json->at] >= '0' && json->text[json->at] <= '9')
        json->at++;
    return json->at > start || json_expected(json, "a digit");
}

/* Takes one of these characters. */
static bool take_any(wk_Json *json, const char *of)
{
    const bool is = json->at < json->length && json->text[json->at] && strchr(of, json->text[json->at]);
    json->at += is;
    return is;
}

static bool skip_number(wk_Json *json)
{
    take_any(json, "-");
    const size_t start = json->at;
    if (!skip_digits(json))
        return false;
    if (json->at - start > 1 && json->text[start] == '0')
        return wk_json_raise(json, start, "a number with leading zeros");
    if (take_any(json, ".") && !skip_digits(json))
        return false;
    if (!take_any(json, "eE"))
        return true;
    take_any(json, "+-");
    return skip_digits(json);
}

static bool skip_scalar(wk_Json *json)
{
    static const char *const words[] = {"null", "true", "false"};
    const char c = wk_json_peek(json);
    if (c == '"')
        return wk_json_string(json, "a string") != NULL;
    for (int i = 0; i < 3; i++) {
        const size_t length = strlen(words[i]);
        if (json->length - json->at >= length && memcmp(json->text + json->at, words[i], length) == 0) {
            json->at += length;
            return true;
        }
    }
    return c == '-' || (c >= '0' && c <= '9') ? skip_number(json) : json_expected(json, "a value");
}

/* The key in front of an object's value. */
static bool skip_key(wk_Json *json)
{
    return wk_json_string(json, "a key") && wk_json_take(json, ':', "':'");
}

bool wk_json_skip(wk_Json *json)
{
    bool object[JSON_DEEPEST]; /* else an array, of what is open */
    int depth = 0;
    for (;;) {
        const char c = wk_json_peek(json);
        if (c == '{' || c == '[') {
            if (depth == JSON_DEEPEST)
                return wk_json_raise(json, json->at, "values that are nested too deeply");
            json->at++;
            object[depth++] = c == '{';
            if (!wk_json_maybe(json, c == '{' ? '}' : ']')) {
                if (c == '{' && !skip_key(json))
                    return false;
                continue;
            }
            depth--;
        } else if (!skip_scalar(json)) {
            return false;
        }
        while (depth > 0 && !wk_json_maybe(json, ',')) {
            if (!(object[depth - 1] ? wk_json_take(json, '}', "',' or '}'")
                                    : wk_json_take(json, ']', "',' or ']'")))
                return false;
            depth--;
        }
        if (depth == 0)
            return true;
        if (object[depth - 1] && !skip_key(json))
            return false;
    }
}
