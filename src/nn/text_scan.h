/* Reading a network's text: its lines, words and values, and messages that tell the place. */
#ifndef WICK_NN_TEXT_SCAN_H
#define WICK_NN_TEXT_SCAN_H

#include "nn/module.h"

/* Where reading is. A line that was checked ends with "\n", so what looks at *at needs no other end. */
typedef struct wk_TextReader {
    char name[256]; /* of the text, for messages */
    const char *line_start, *at;
    int line;
    wk_Module *net; /* what it becomes */
} wk_TextReader;

/* A piece of the text. */
typedef struct wk_TextSpan {
    const char *at;
    size_t length;
} wk_TextSpan;

typedef struct wk_TextValue {
    enum {
        WK_TEXT_INT,
        WK_TEXT_FLOAT,
        WK_TEXT_TRUE,
        WK_TEXT_FALSE,
        WK_TEXT_NONE,
        WK_TEXT_WORD,
        WK_TEXT_TUPLE
    } type;
    wk_TextSpan text;
    double number;             /* of an int too */
    int count;                 /* of ints: 1 for an int */
    int64_t ints[WK_MAX_DIMS]; /* None in a tuple is WK_NONE */
} wk_TextValue;

/* "net.txt:3:9: " for that place. */
typedef struct wk_TextPlace {
    char text[320];
} wk_TextPlace;
wk_TextPlace wk_scan_place(const wk_TextReader *r, const char *at);

/* Raises WK_ERROR_CORRUPT with the place in front, and returns false. */
__attribute__((format(printf, 3, 4))) bool wk_scan_error(const wk_TextReader *r, const char *at,
                                                         const char *format, ...);

/* Raises "expected WHAT, got ..." of what is next, and returns false. */
bool wk_scan_expected(const wk_TextReader *r, const char *what);

/* A piece of the text for a message, escaped and cut. */
typedef struct wk_TextQuoted {
    char text[64];
} wk_TextQuoted;
wk_TextQuoted wk_scan_quoted(wk_TextSpan span);

/* ". Did you mean: 'Conv2d'?" for a word that is near; "" for NULL. */
wk_TextQuoted wk_scan_hint(const char *near_word);

/* wk_closer_word of a piece of the text. */
const char *wk_scan_closer(wk_TextSpan span, const char *best, const char *known);

/* Whether the line that begins here can be read, and where it ends; `end` is the text's. */
bool wk_scan_check_line(const wk_TextReader *r, const char *end, const char **newline);

/* Goes past blanks, and then past `c` if it is next. */
void wk_scan_skip(wk_TextReader *r);
bool wk_scan_take(wk_TextReader *r, char c);

/* Goes past blanks and a name; empty if none is there. */
wk_TextSpan wk_scan_word(wk_TextReader *r);
bool wk_scan_is(wk_TextSpan span, const char *word);

/* Reads a value; false with an error. */
bool wk_scan_value(wk_TextReader *r, wk_TextValue *v);

#endif
