/* Text that grows, and numbers as text whatever the locale. */
#ifndef WICK_CORE_TEXT_H
#define WICK_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A growing string; {0} is an empty one. data ends with a NUL and is NULL until something is appended.
 *
 *     wk_Text text = {0};
 *     wk_text_printf(&text, "%d of %d", 3, 4);
 *     if (!text.failed)
 *         puts(wk_text_str(&text));
 *     wk_text_free(&text);
 *
 * When memory is short the appending function raises WK_ERROR_MEMORY, sets `failed` and returns false;
 * later ones then do nothing. */
typedef struct wk_Text {
    char *data;
    size_t length, capacity;
    bool failed;
} wk_Text;

bool wk_text_append(wk_Text *text, const char *string);
bool wk_text_append_bytes(wk_Text *text, const char *bytes, size_t count);
bool wk_text_repeat(wk_Text *text, char character, size_t count);

/* printf for integers and strings; %f and its kin would follow the locale: append what wk_number_format
 * gives instead. */
__attribute__((format(printf, 2, 3))) bool wk_text_printf(wk_Text *text, const char *format, ...);

/* A number as Python's repr writes it, the shortest text that reads back the same: "0.1", "1e-05", "3.0",
 * "inf". A few powers of two (2**-1017 is one) get a digit more than Python gives them. */
bool wk_text_repr(wk_Text *text, double value);

/* The string so far, "" when it is empty; NULL when an append has failed. Valid until the next append or
 * the free. */
const char *wk_text_str(const wk_Text *text);
void wk_text_free(wk_Text *text);

/* printf's %.{precision}{conversion} of value, conversion one of e f g, with a point in every locale and
 * "nan" without a sign. Returns the length; out, of size bytes, is always terminated. */
size_t wk_number_format(char *out, size_t size, double value, int precision, char conversion);

/* A number in a message, as C++ streams and so PyTorch's messages write it: %g. */
typedef struct wk_NumberText {
    char text[32];
} wk_NumberText;
wk_NumberText wk_number_text(double value);
#define WK_NUMBER(value) (wk_number_text(value).text)

/* The number that the whole text is, as Python's float() and C's strtod read it, with a point in every locale:
 * "12", "-.5", "1e-05". False when it is none; nan and inf are none. Too large a one is infinite. */
bool wk_number_read(const char *text, size_t length, double *value);

/* Length of the UTF-8 sequence at text (1 to 4), 0 when it is not one; `left` bytes are there. */
int wk_utf8_length(const unsigned char *text, size_t left);

#endif
