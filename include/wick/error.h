/* Errors: what went wrong, of which kind, and what happens besides.
 *
 * Every function takes NULL and passes it on, so an expression needs one check, at its end:
 *
 *     wk_Tensor *loss = wk_mse_loss(wk_call(net, x), y);
 *     if (!loss)
 *         fprintf(stderr, "%s\n", wk_error());
 *
 * Errors are kept per thread. The first failure is kept, and those after it add nothing, until it is looked at (wk_error or
 * wk_error_kind). Then it can be looked at again, until wk_clear_error or the thread's next failure, which takes its place. Calls that
 * succeed change nothing: only what a call returns tells whether that call has failed.
 */
#ifndef WICK_ERROR_H
#define WICK_ERROR_H

#include <stddef.h>

#if defined(__GNUC__)
#define WK_API __attribute__((visibility("default")))
#else
#define WK_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wk_ErrorKind {
    WK_OK = 0,
    WK_ERROR_ARGUMENT,    /* a missing or meaningless argument */
    WK_ERROR_SHAPE,       /* sizes, ranks and strides that do not fit */
    WK_ERROR_DTYPE,       /* a dtype that the operation does not take */
    WK_ERROR_INDEX,       /* an index, class or dimension out of range */
    WK_ERROR_DOMAIN,      /* a value outside a function's domain */
    WK_ERROR_OVERFLOW,    /* a size that does not fit in 64 bits, a number that does not fit a dtype */
    WK_ERROR_MEMORY,      /* an allocation failed */
    WK_ERROR_IO,          /* the system refused a file operation */
    WK_ERROR_CORRUPT,     /* a file's bytes are not what its format says */
    WK_ERROR_UNSUPPORTED, /* well formed, but not offered */
    WK_ERROR_STATE,       /* right call, wrong moment: a second backward, a finished step's tensor */
} wk_ErrorKind;

/* The message of the failure that is kept, or NULL. The text stays valid until the thread's next failure. */
WK_API const char *wk_error(void);

/* The kind of the failure that wk_error() tells; WK_OK if there is none. */
WK_API wk_ErrorKind wk_error_kind(void);

/* Forgets this thread's error. */
WK_API void wk_clear_error(void);

/* What happens at each failure besides returning NULL or false; NULL (the default) for nothing. One setting per process. */
typedef void (*wk_ErrorHandler)(wk_ErrorKind kind, const char *message);
WK_API void wk_on_error(wk_ErrorHandler handler);

/* The same with a pointer of yours; release(user), if given, is called when another handler takes its place. Set it while no other
 * thread uses the library. */
typedef void (*wk_ErrorCallback)(wk_ErrorKind kind, const char *message, void *user);
WK_API void wk_on_error_owned(wk_ErrorCallback handler, void *user, void (*release)(void *user));

/* What the library has to say that is no error: a program that runs, but not as its author will have meant it. Each warning comes once in
 * a process, on the thread that causes it. NULL (the default) for silence. One setting per process.     torch: warnings.warn */
typedef void (*wk_WarningHandler)(const char *message);
WK_API void wk_on_warning(wk_WarningHandler handler);

/* A handler for programs: prints the message to stderr and exits with status 1. */
WK_API void wk_die(wk_ErrorKind kind, const char *message);

/* ---- for messages of your own ----------------------------------------------------------------------- */

/* Copies text from outside into out, of size bytes, as messages show it: control characters and what is not UTF-8 become \xNN, long
 * text is cut with "...". Returns out. */
WK_API const char *wk_quote(char *out, size_t size, const char *text);

/* Which of many known words a misspelt one was to be: `known` if word may stand for it and is closer to it than to best, else best.
 *     const char *best = NULL;
 *     for (int i = 0; i < count; i++)
 *         best = wk_closer_word(word, best, names[i]);             NULL in the end: to none of them */
WK_API const char *wk_closer_word(const char *word, const char *best, const char *known);

#ifdef __cplusplus
}
#endif
#endif
