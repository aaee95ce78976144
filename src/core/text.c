/* Growing strings, and numbers as text.
 *
 * printf and strtod follow the process's locale, which belongs to the program and not to this library:
 * "0,5" may come out. The digits are right in every locale, so wk_number_format lets printf do its exact
 * rounding and then puts a point where the radix stood, whatever its bytes are. That needs no lock, unlike
 * switching the locale. */
#include "core/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"

/* Room for `extra` more bytes and the NUL. */
static bool text_reserve(wk_Text *text, size_t extra)
{
    if (text->failed)
        return false;
    if (extra >= SIZE_MAX / 2 - text->length) {
        wk_raise(WK_ERROR_MEMORY, "text: %zu bytes more than %zu are too many", extra, text->length);
        text->failed = true;
        return false;
    }
    size_t need = text->length + extra + 1;
    if (need <= text->capacity)
        return true;
    size_t capacity = text->capacity ? text->capacity * 2 : 128;
    if (capacity < need)
        capacity = need;
    char *data = wk_realloc(text->data, text->capacity, capacity);
    if (!data) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

bool wk_text_append_bytes(wk_Text *text, const char *bytes, size_t count)
{
    if (!text_reserve(text, count))
        return false;
    if (count)
        memcpy(text->data + text->length, bytes, count);
    text->length += count;
    text->data[text->length] = 0;
    return true;
}

bool wk_text_append(wk_Text *text, const char *string)
{
    return wk_text_append_bytes(text, string, strlen(string));
}

bool wk_text_repeat(wk_Text *text, char character, size_t count)
{
    if (!text_reserve(text, count))
        return false;
    memset(text->data + text->length, character, count);
    text->length += count;
    text->data[text->length] = 0;
    return true;
}

bool wk_text_printf(wk_Text *text, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    bool good = length >= 0 && text_reserve(text, (size_t)length);
    if (good) {
        vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    } else if (length < 0) {
        wk_raise(WK_ERROR_ARGUMENT, "text: printf refuses the format \"%s\"", format);
        text->failed = true;
    }
    va_end(again);
    return good;
}

const char *wk_text_str(const wk_Text *text)
{
    if (text->failed)
        return NULL;
    return text->data ? text->data : "";
}

void wk_text_free(wk_Text *text)
{
    wk_release(text->data, text->capacity);
    *text = (wk_Text){0};
}

size_t wk_number_format(char *out, size_t size, double value, int precision, char conversion)
{
    if (isnan(value))
        return (size_t)snprintf(out, size, "nan");
    if (conversion == 'e')
        snprintf(out, size, "%.*e", precision, value);
    else if (conversion == 'f')
        snprintf(out, size, "%.*f", precision, value);
    else
        snprintf(out, size, "%.*g", precision, value);
    const size_t length = strlen(out);
    if (isinf(value))
        return length;
    size_t written = 0;
    for (const char *from = out, *end = out + length; from < end; from++) {
        if (strchr("0123456789+-e", *from))
            out[written++] = *from;
        else if (!written || out[written - 1] != '.')
            out[written++] = '.'; /* a radix may be several bytes long */
    }
    out[written] = 0;
    return written;
}

wk_NumberText wk_number_text(double value)
{
    wk_NumberText number;
    wk_number_format(number.text, sizeof number.text, value, 6, 'g');
    return number;
}

/* The fewest digits, 1 to 17, that read back as value, as "d.ddde+XX" with a radix of the locale. */
static int text_shortest_digits(double value)
{
    char digits[64];
    int precision = 0;
    do
        snprintf(digits, sizeof digits, "%.*e", precision, value);
    while (strtod(digits, NULL) != value && ++precision < 16);
    return precision + 1;
}

bool wk_text_repr(wk_Text *text, double value)
{
    char out[64];
    if (!isfinite(value)) {
        wk_number_format(out, sizeof out, value, 0, 'f');
        return wk_text_append(text, out);
    }
    int digits = text_shortest_digits(value);
    size_t length = wk_number_format(out, sizeof out, value, digits - 1, 'e');
    int exponent = atoi(strchr(out, 'e') + 1);
    if (exponent < -4 || exponent >= 16)
        return wk_text_append_bytes(text, out, length);
    length = wk_number_format(out, sizeof out, value, digits > exponent + 1 ? digits - 1 - exponent : 1, 'f');
    return wk_text_append_bytes(text, out, length);
}

/* "e-05" at text[*at], which it goes past; false when something else is there. */
static bool text_exponent(const char *text, size_t length, size_t *at, int *exponent)
{
    bool down = *at + 1 < length && text[*at + 1] == '-';
    size_t first = *at + 1 + (down || (*at + 1 < length && text[*at + 1] == '+')), i = first;
    if ((text[*at] | 0x20) != 'e')
        return false;
    for (*exponent = 0; i < length && text[i] >= '0' && text[i] <= '9'; i++)
        if (*exponent < 100000) /* infinite or 0 whatever follows */
            *exponent = *exponent * 10 + text[i] - '0';
    *exponent = down ? -*exponent : *exponent;
    *at = i;
    return i > first;
}

/* strtod's rounding without its radix: it is given the digits without the point, "12.5e3" as "125e2". */
bool wk_number_read(const char *text, size_t length, double *value)
{
    char digits[128];
    enum { MOST = 100 };
    size_t at = 0, used = 0;
    int64_t whole = 0;
    int count = 0, fraction = 0, exponent = 0;
    bool minus = length && text[0] == '-', point = false;
    if (length > MOST)
        return false;
    for (at = minus || (length && text[0] == '+'); at < length; at++) {
        if (text[at] == '.' && !point) {
            point = true;
        } else if (text[at] >= '0' && text[at] <= '9') {
            digits[used++] = text[at];
            fraction += point;
            if (++count <= 15)
                whole = whole * 10 + text[at] - '0';
        } else {
            break;
        }
    }
    if (!count || (at < length && (!text_exponent(text, length, &at, &exponent) || at < length)))
        return false;
    *value = (double)whole;
    if (count > 15 || exponent != fraction) {
        snprintf(digits + used, sizeof digits - used, "e%d", exponent - fraction);
        *value = strtod(digits, NULL);
    }
    *value = minus ? -*value : *value;
    return true;
}

int wk_utf8_length(const unsigned char *s, size_t left)
{
    int length = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
    if ((size_t)length > left)
        return 0;
    for (int i = 1; i < length; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool surrogate = s[0] == 0xed && s[1] > 0x9f;
    bool too_high = s[0] == 0xf4 && s[1] > 0x8f;
    return overlong || surrogate || too_high ? 0 : length;
}
