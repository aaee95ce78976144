/* A strict JSON reader that is led by what is expected: it allocates nothing and cannot recurse. */
#ifndef WICK_IO_JSON_H
#define WICK_IO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A text being read. Strings are decoded in place, so it must be writable. Positions in messages count from `base`. */
typedef struct wk_Json {
    const char *op, *path;
    char *text;
    size_t length, at;
    uint64_t base;
} wk_Json;

/* The next character that is no white space, without taking it; 0 at the end. */
char wk_json_peek(wk_Json *json);

/* Takes `c` or raises "expected WHAT, got ...". */
bool wk_json_take(wk_Json *json, char c, const char *what);

/* Takes `c` if it is next. */
bool wk_json_maybe(wk_Json *json, char c);

/* A string, decoded and terminated in place (so it may hold no NUL); NULL with an error. `what` names it in messages. */
char *wk_json_string(wk_Json *json, const char *what);

/* A whole number from 0 to most; no sign, point, exponent or leading zero. */
bool wk_json_whole(wk_Json *json, uint64_t most, uint64_t *out, const char *what);

/* Goes past a value of any kind, which must be JSON and may nest 125 deep. */
bool wk_json_skip(wk_Json *json);

/* Raises WK_ERROR_CORRUPT "op: path: WHAT at byte N" with the given place, and returns false. */
bool wk_json_raise(const wk_Json *json, size_t at, const char *what);

#endif
