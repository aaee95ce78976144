/* Errors: one message and kind per thread.
 *
 * The first failure is the one worth telling: what follows it is only NULL being passed on. So a message stays until it has been
 * looked at (wk_error, wk_error_kind) or cleared; the failure after that takes its place. The text lies in thread-local storage, so that even a failed
 * allocation can be reported. */
#include "core/error.h"

#include "core/callback.h"
#include "core/object.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local struct {
    wk_ErrorKind kind;
    int read;
    unsigned count; /* of all failures, so far */
    char text[WK_ERROR_TEXT];
} wk_last_error;

static wk_Callback wk_error_callback;
static _Atomic(wk_WarningHandler) wk_warning_handler;

_Thread_local const wk_Frame *wk_frames;
_Thread_local const char *wk_error_place;

/* Appends " (in Net.conv1)" for the modules being called. */
static void append_module_path(char *text, size_t size)
{
    const wk_Frame *path[64];
    int depth = 0;
    for (const wk_Frame *f = wk_frames; f && depth < 64; f = f->outer)
        path[depth++] = f;
    if (!depth)
        return;
    size_t used = strlen(text);
    for (int i = depth - 1; i >= 0 && used < size; i--) {
        char name[80];
        wk_quote(name, sizeof name, path[i]->name);
        int n = snprintf(text + used, size - used, "%s%s", i == depth - 1 ? " (in " : ".", name);
        used += (size_t)n;
    }
    if (used < size)
        snprintf(text + used, size - used, ")");
}

static void *raise_text(wk_ErrorKind kind, const char *format, va_list args)
{
    char text[sizeof wk_last_error.text];
    size_t used = 0;
    if (wk_error_place) {
        snprintf(text, sizeof text / 2, "%s", wk_error_place);
        used = strlen(text);
    }
    vsnprintf(text + used, sizeof text - used, format, args);
    append_module_path(text, sizeof text);
    wk_last_error.count++;

    if (!wk_last_error.kind || wk_last_error.read) {
        wk_last_error.kind = kind;
        wk_last_error.read = 0;
        memcpy(wk_last_error.text, text, sizeof text);
    }
    wk_ErrorCallback handler =
        (wk_ErrorCallback)atomic_load_explicit(&wk_error_callback.call, memory_order_acquire);
    if (handler)
        handler(kind, text, atomic_load(&wk_error_callback.user));
    return NULL;
}

void *wk_raise(wk_ErrorKind kind, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    raise_text(kind, format, args);
    va_end(args);
    return NULL;
}

void *wk_raise_if_silent(wk_ErrorKind kind, const char *format, ...)
{
    if (wk_last_error.kind && !wk_last_error.read)
        return NULL;
    va_list args;
    va_start(args, format);
    raise_text(kind, format, args);
    va_end(args);
    return NULL;
}

unsigned wk_failures(void)
{
    return wk_last_error.count;
}

int wk_failed_since(unsigned failures)
{
    return wk_last_error.count != failures && wk_last_error.kind;
}

void *wk_raise_null(const char *op, const char *name)
{
    return wk_raise_if_silent(WK_ERROR_ARGUMENT, "%s: argument %s is NULL", op, name);
}

bool wk_object_check(const void *object, const char *op, const char *kind)
{
    if (!object)
        return wk_raise_null(op, kind), false;
    const uint32_t magic = ((const wk_Object *)object)->magic;
    if (magic == WK_ALIVE)
        return true;
    if (magic == WK_FREED)
        wk_raise(WK_ERROR_STATE, "%s: this %s has been freed", op, kind);
    else
        wk_raise(WK_ERROR_ARGUMENT, "%s: this is not a%s %s", op, strchr("aeiou", kind[0]) ? "n" : "", kind);
    return false;
}

bool wk_array_check(int count, const void *items, const char *op, const char *name)
{
    if (count < 0)
        return wk_raise(WK_ERROR_ARGUMENT, "%s: argument %s has %d items", op, name, count), false;
    return !count || items || wk_raise_null(op, name);
}

const char *wk_error(void)
{
    if (!wk_last_error.kind)
        return NULL;
    wk_last_error.read = 1;
    return wk_last_error.text;
}

wk_ErrorKind wk_error_kind(void)
{
    wk_last_error.read = 1;
    return wk_last_error.kind;
}

void wk_clear_error(void)
{
    wk_last_error.kind = WK_OK;
    wk_last_error.read = 0;
}

void wk_on_error_owned(wk_ErrorCallback handler, void *user, void (*release)(void *user))
{
    wk_callback_set(&wk_error_callback, (void (*)(void))handler, user, release);
}

/* A handler without a pointer is the pointer of this one. */
static void call_handler(wk_ErrorKind kind, const char *message, void *user)
{
    wk_ErrorHandler handler;
    memcpy(&handler, &user, sizeof handler);
    handler(kind, message);
}

void wk_on_error(wk_ErrorHandler handler)
{
    _Static_assert(sizeof(void *) == sizeof(wk_ErrorHandler), "a pointer takes a function's place");
    void *user;
    memcpy(&user, &handler, sizeof user);
    wk_on_error_owned(handler ? call_handler : NULL, user, NULL);
}

void wk_on_warning(wk_WarningHandler handler)
{
    atomic_store_explicit(&wk_warning_handler, handler, memory_order_release);
}

void wk_warn_once(atomic_flag *said, const char *format, ...)
{
    wk_WarningHandler handler = atomic_load_explicit(&wk_warning_handler, memory_order_acquire);
    char text[512];
    if (!handler || atomic_flag_test_and_set(said))
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    handler(text);
}

void wk_die(wk_ErrorKind kind, const char *message)
{
    (void)kind;
    fprintf(stderr, "%s\n", message ? message : "wick: an error without a message");
    exit(1);
}
