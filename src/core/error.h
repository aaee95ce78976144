/* Raising errors inside the library. */
#ifndef WICK_CORE_ERROR_H
#define WICK_CORE_ERROR_H

#include <stdatomic.h>
#include <stdbool.h>

#include "core/math_flags.h"
#include "wick/error.h"

/* The length of a message, with the byte that ends it; more is cut. */
enum { WK_ERROR_TEXT = 2048 };

/* Records a failure of this thread and returns NULL, so that `return wk_raise(...)` ends a function that yields a pointer,
 * and `return wk_raise(...), false;` one that yields bool. The message is the caller's text with the path of the modules being called. */
__attribute__((format(printf, 2, 3))) void *wk_raise(wk_ErrorKind kind, const char *format, ...);

/* Hands a warning to the program's handler, unless the same place has done so before: `said` is a static flag of that place. */
__attribute__((format(printf, 2, 3))) void wk_warn_once(atomic_flag *said, const char *format, ...);

/* Raises only if no failure is pending: for what may have failed with a message or without one. */
__attribute__((format(printf, 2, 3))) void *wk_raise_if_silent(wk_ErrorKind kind, const char *format, ...);

/* How many failures this thread has raised; with wk_failed_since it tells whether a callback that returned NULL has failed: one was
 * raised since, and the callback has not cleared it. */
unsigned wk_failures(void);
int wk_failed_since(unsigned failures);

/* For an argument that must not be NULL: passes a failure on when one is pending, otherwise raises "OP: argument NAME is NULL". Returns NULL. */
void *wk_raise_null(const char *op, const char *name);

/* Whether the pointer is to a living object, which begins with a wk_Object. False with an error for NULL, a freed object and anything
 * else. kind, for the message: "optimizer". */
bool wk_object_check(const void *object, const char *op, const char *kind);

/* Whether an array argument is what its count says: false with an error for a count below 0, and for NULL where there should be items. */
bool wk_array_check(int count, const void *items, const char *op, const char *name);

/* The modules being called on this thread, outermost first: a frame lives on the stack of the call. */
typedef struct wk_Frame {
    const struct wk_Frame *outer;
    const char *name; /* class name for the outermost, attribute name below */
} wk_Frame;
extern _Thread_local const wk_Frame *wk_frames;

/* While it is set, what begins this thread's messages: "net.txt:3:9: ", for a reader that lets others judge what it has read. */
extern _Thread_local const char *wk_error_place;

#endif
