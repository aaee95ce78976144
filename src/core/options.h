/* Options that were given by place. The macros of the public headers count them in .by_place; who fills a struct by
 * name leaves it 0. */
#ifndef WICK_CORE_OPTIONS_H
#define WICK_CORE_OPTIONS_H

#include "core/error.h"
#include "wick/tensor.h"

/* A 0 at that place (from 1) is meant, although 0 is the unset value. */
#define WK_PLACED(options, place, member)                           \
    do {                                                            \
        if ((options).by_place >= (place) && (options).member == 0) \
            (options).member = WK_ZERO;                             \
    } while (0)

/* The value of an option: its default where it is 0, and 0 for WK_ZERO. For an option that came by place the default is 0. */
static inline int64_t wk_int_or(int64_t option, int64_t unset)
{
    return option == WK_ZERO ? 0 : option ? option : unset;
}

static inline double wk_double_or(double option, double unset)
{
    return option == (double)WK_ZERO ? 0 : option != 0 ? option : unset;
}

/* False with an error when more options came by place than PyTorch has in that order. `names` are those to give by name. */
static inline bool wk_by_place_at_most(const char *what, int given, int most, const char *names)
{
    if (given <= most)
        return true;
    wk_raise(WK_ERROR_ARGUMENT, "%s: takes %d positional arguments but %d were given: %s by name", what, most,
             given, names);
    return false;
}

#endif
