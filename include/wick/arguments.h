/* How the macros of the other headers take their arguments, in plain C17. In C++ wick.hpp stands in their place.
 *
 * An argument of a type that a macro does not know is an error when the program is compiled: a tensor or 2.5 as
 * a size, a pointer as a number.
 */
#ifndef WICK_ARGUMENTS_H
#define WICK_ARGUMENTS_H

#include "wick/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How many of the arguments in the text stand before the first option by name: two in "x, 5, .stride = 2". The macros
 * that fill structs of options call it, so that a function knows that a 0 was given, and can refuse by place what
 * PyTorch has another argument for there. NULL has none. */
WK_API int wk_by_place(const char *arguments);

#ifdef __cplusplus
}
#else

/* clang-format off */

/* The number of arguments, 1 to 16. */
#define WK_ARGUMENTS(...) WK_17TH(__VA_ARGS__, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define WK_17TH(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, number, ...) number
#define WK_PASTE(a, b)    WK_PASTE_OF(a, b)
#define WK_PASTE_OF(a, b) a##b

/* 1, 2 or, for 3 to 16 arguments, 3. */
#define WK_1_2_OR_3(...) WK_17TH(__VA_ARGS__, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 1, 0)

/* M(a) M(b) ... for 1 to 16 arguments. */
#define WK_EACH(M, ...) WK_PASTE(WK_EACH_, WK_ARGUMENTS(__VA_ARGS__))(M, __VA_ARGS__)
#define WK_EACH_1(M, a)       M(a)
#define WK_EACH_2(M, a, ...)  M(a) WK_EACH_1(M, __VA_ARGS__)
#define WK_EACH_3(M, a, ...)  M(a) WK_EACH_2(M, __VA_ARGS__)
#define WK_EACH_4(M, a, ...)  M(a) WK_EACH_3(M, __VA_ARGS__)
#define WK_EACH_5(M, a, ...)  M(a) WK_EACH_4(M, __VA_ARGS__)
#define WK_EACH_6(M, a, ...)  M(a) WK_EACH_5(M, __VA_ARGS__)
#define WK_EACH_7(M, a, ...)  M(a) WK_EACH_6(M, __VA_ARGS__)
#define WK_EACH_8(M, a, ...)  M(a) WK_EACH_7(M, __VA_ARGS__)
#define WK_EACH_9(M, a, ...)  M(a) WK_EACH_8(M, __VA_ARGS__)
#define WK_EACH_10(M, a, ...) M(a) WK_EACH_9(M, __VA_ARGS__)
#define WK_EACH_11(M, a, ...) M(a) WK_EACH_10(M, __VA_ARGS__)
#define WK_EACH_12(M, a, ...) M(a) WK_EACH_11(M, __VA_ARGS__)
#define WK_EACH_13(M, a, ...) M(a) WK_EACH_12(M, __VA_ARGS__)
#define WK_EACH_14(M, a, ...) M(a) WK_EACH_13(M, __VA_ARGS__)
#define WK_EACH_15(M, a, ...) M(a) WK_EACH_14(M, __VA_ARGS__)
#define WK_EACH_16(M, a, ...) M(a) WK_EACH_15(M, __VA_ARGS__)

/* A size, an index or a dimension: any integer, but no dtype. Other types have no operator |. */
#define WK_WHOLE(a)   (_Generic((a), wk_dtype: (struct wk_a_dtype_is_no_size *)0, default: (a)) | 0)
#define WK_ELEMENT(a) WK_WHOLE(a),

/* "ndim, dims" for the plain functions: wk_zeros_shape(WK_SHAPE(2, 3), wk_int64). */
#define WK_SHAPE(...) WK_ARGUMENTS(__VA_ARGS__), ((const int64_t[]){WK_EACH(WK_ELEMENT, __VA_ARGS__)})

/* Sizes, and behind them a dtype, a generator, both or neither: each is known by its type. */
#define WK_SIZES(...)                   \
    (0 WK_EACH(WK_IS_SIZE, __VA_ARGS__)), \
        ((const int64_t[]){WK_EACH(WK_SIZE_OR_NONE, __VA_ARGS__)})
#define WK_DTYPE_IN(...)        ((wk_dtype)(0 WK_EACH(WK_DTYPE_OR_NONE, __VA_ARGS__)))
#define WK_GENERATOR_IN(...)    ((wk_Generator *)(0 WK_EACH(WK_GENERATOR_OR_NONE, __VA_ARGS__)))
#define WK_IS_SIZE(a)           +_Generic((a), wk_dtype: 0, wk_Generator *: 0, default: 1)
#define WK_SIZE_OR_NONE(a)      (_Generic((a), wk_dtype: INT64_MIN, wk_Generator *: INT64_MIN, default: (a)) | 0),
#define WK_DTYPE_OR_NONE(a)     +_Generic((a), wk_dtype: (a), default: 0)
#define WK_GENERATOR_OR_NONE(a) +_Generic((a), wk_Generator *: (uintptr_t)(a), default: 0)

/* One dimension as a number, or several as wk_dims(...) or, in parentheses, ((wk_Dims){count, dims}). */
#define WK_DIMS_OF(a)   _Generic((a), wk_Dims: (a), default: ((wk_Dims){1, (const int64_t[]){WK_DIMENSION(a)}}))
#define WK_DIMENSION(a) WK_WHOLE(_Generic((a), wk_Dims: 0, default: (a)))

/* A struct of options with the text that the caller wrote for them. */
#define WK_OPTIONS(type, text, ...) ((type){.by_place = wk_by_place(text), __VA_ARGS__})

/* clang-format on */

#endif
#endif
