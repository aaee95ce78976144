/* Every public function given NULL, and a count that none was forgotten.
 *
 *     REFUSES(wk_matmul(NULL, x), "matmul: argument a is NULL");     NULL, false, -1, NaN or 0, with this message to the letter
 *     ALLOWS(wk_linear(x, w, NULL));                                 NULL is a value: no error
 *     TAKES_NO_POINTER(wk_set_num_threads);
 *     expect_all_called((const char *const[]){"tensor.h", NULL});    every function that these headers declare was named above
 */
#ifndef WICK_TESTS_NULL_H
#define WICK_TESTS_NULL_H

#include "support/check.h"

/* What a function returns when it fails. */
static inline bool no_pointer(const void *p)
{
    return !p;
}
static inline bool no_truth(bool b)
{
    return !b;
}
static inline bool no_count(int64_t n)
{
    return n < 0;
}
static inline bool no_number(double x)
{
    return isnan(x);
}
static inline bool no_size(uint64_t n)
{
    return n == 0;
}

/* clang-format off */
#define IS_FAILURE(result)      \
    _Generic((result),          \
        bool: no_truth,         \
        int: no_count,          \
        long: no_count,         \
        double: no_number,      \
        char: no_size,          \
        unsigned: no_size,      \
        unsigned long: no_size, \
        default: no_pointer)(result)
/* clang-format on */

/* The name is what the call begins with; message NULL: no error. */
void expect_null(bool as_wanted, const char *call, const char *message, const char *file, int line);
#define REFUSES(call, message) \
    (wk_clear_error(), expect_null(IS_FAILURE(call), #call, message, __FILE__, __LINE__))
#define ALLOWS(call) (wk_clear_error(), (void)(call), expect_null(true, #call, NULL, __FILE__, __LINE__))
#define IGNORES(statement) \
    (wk_clear_error(), statement, expect_null(true, #statement, NULL, __FILE__, __LINE__))
#define TELLS(statement, message) \
    (wk_clear_error(), statement, expect_null(true, #statement, message, __FILE__, __LINE__))
#define TAKES_NO_POINTER(name) note_called(#name)

void note_called(const char *name);
void expect_all_called(const char *const *headers);

#endif
