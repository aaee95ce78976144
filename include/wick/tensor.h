/* Tensors: creation, properties, arithmetic, shapes, indexing, reductions.
 *
 * Result and ownership, once for all: an operation returns a new tensor that lives until the innermost scope of its thread ends
 * (see runtime.h), or NULL with wk_error() set. wk_keep makes it yours, wk_free gives it back. An operation given NULL returns NULL.
 * A name ending in _ works in place and returns its argument.
 *
 * Shapes are counted macros over plain functions: wk_randn(2, 3) is wk_randn_shape(2, (int64_t[]){2, 3}, wk_default_dtype).
 * Behind the sizes a dtype may stand, and a generator where random numbers are drawn: wk_randn(2, 3, wk_float64, generator).
 */
#ifndef WICK_TENSOR_H
#define WICK_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wick/arguments.h"
#include "wick/dimension.h"
#include "wick/error.h"
#include "wick/number.h"
#include "wick/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wk_Tensor wk_Tensor;

/* The types of elements. Zero stands for "the default": wk_float32 unless wk_set_default_dtype says otherwise.
 * A type of its own, by which macros tell wk_int64 from a size. */
#define WK_DTYPE_NAMES wk_default_dtype = 0, wk_float32, wk_float64, wk_int64, wk_int32, wk_uint8, wk_bool
#ifdef __cplusplus
enum wk_dtype : char { WK_DTYPE_NAMES };
#else
typedef char wk_dtype;
enum { WK_DTYPE_NAMES };
#define wk_default_dtype ((wk_dtype)wk_default_dtype)
#define wk_float32       ((wk_dtype)wk_float32)
#define wk_float64       ((wk_dtype)wk_float64)
#define wk_int64         ((wk_dtype)wk_int64)
#define wk_int32         ((wk_dtype)wk_int32)
#define wk_uint8         ((wk_dtype)wk_uint8)
#define wk_bool          ((wk_dtype)wk_bool)
#endif
#define WK_DTYPES   7 /* slots of a table indexed by dtype */
#define WK_MAX_DIMS 8

/* Where 0 itself is meant in an option by name whose unset value is not 0. */
#define WK_ZERO INT64_MIN

/* Dimensions: wk_sum(x, wk_dims(0, 1)); one of them is just wk_sum(x, 0). WK_ALL are all. */
typedef struct wk_Dims {
    int count;
    const int64_t *dims;
} wk_Dims;
#define wk_dims(...) ((wk_Dims){WK_SHAPE(__VA_ARGS__)})
#define WK_ALL       ((wk_Dims){0, wk_no_dimensions})
static const int64_t wk_no_dimensions[1] = {0};

/* A list of tensors: wk_cat(wk_list(a, b), 0). */
typedef struct wk_List {
    int count;
    wk_Tensor *const *tensors;
} wk_List;
#define wk_list(...)                                                              \
    ((wk_List){(int)(sizeof((wk_Tensor *[]){__VA_ARGS__}) / sizeof(wk_Tensor *)), \
               (wk_Tensor *[]){__VA_ARGS__}})

/* ---- ownership -------------------------------------------------------------------------------------- */

/* Makes the tensor yours past the end of the scope, and returns it. Each wk_keep asks for one wk_free. */
WK_API wk_Tensor *wk_keep(wk_Tensor *tensor);
WK_API void wk_tensor_free(wk_Tensor *tensor);

/* ---- creation --------------------------------------------------------------------------------------- */

/* Tensors of the given sizes.                                    torch: empty, zeros, ones, full, rand, randn, randint
 *     wk_zeros(2, 3)   wk_zeros(2, 3, wk_int64)   wk_full(0.5, 2, 3)
 *   sizes >= 0, at most WK_MAX_DIMS of them; rand is uniform in [0, 1), randn normal(0, 1), randint in [low, high) and
 *   int64 unless a dtype is given
 * Differs from PyTorch: full of a whole number is of the default dtype, too. */
WK_API wk_Tensor *wk_empty_shape(int ndim, const int64_t *dims, wk_dtype dtype);
WK_API wk_Tensor *wk_zeros_shape(int ndim, const int64_t *dims, wk_dtype dtype);
WK_API wk_Tensor *wk_ones_shape(int ndim, const int64_t *dims, wk_dtype dtype);
WK_API wk_Tensor *wk_full_shape(int ndim, const int64_t *dims, wk_Number value, wk_dtype dtype);
WK_API wk_Tensor *wk_rand_shape(int ndim, const int64_t *dims, wk_dtype dtype);
WK_API wk_Tensor *wk_randn_shape(int ndim, const int64_t *dims, wk_dtype dtype);
WK_API wk_Tensor *wk_randint_shape(int64_t low, int64_t high, int ndim, const int64_t *dims);
#define wk_empty(...)       wk_empty_shape(WK_SIZES(__VA_ARGS__), WK_DTYPE_IN(__VA_ARGS__))
#define wk_zeros(...)       wk_zeros_shape(WK_SIZES(__VA_ARGS__), WK_DTYPE_IN(__VA_ARGS__))
#define wk_ones(...)        wk_ones_shape(WK_SIZES(__VA_ARGS__), WK_DTYPE_IN(__VA_ARGS__))
#define wk_full(value, ...) wk_full_shape(WK_SIZES(__VA_ARGS__), value, WK_DTYPE_IN(__VA_ARGS__))
#define wk_rand(...) \
    wk_rand_from(WK_GENERATOR_IN(__VA_ARGS__), WK_SIZES(__VA_ARGS__), WK_DTYPE_IN(__VA_ARGS__))
#define wk_randn(...) \
    wk_randn_from(WK_GENERATOR_IN(__VA_ARGS__), WK_SIZES(__VA_ARGS__), WK_DTYPE_IN(__VA_ARGS__))
#define wk_randint(low, high, ...) \
    wk_randint_from(WK_GENERATOR_IN(__VA_ARGS__), low, high, WK_SIZES(__VA_ARGS__), WK_DTYPE_IN(__VA_ARGS__))

/* The same with the random numbers of a generator; NULL is the default one.             torch: rand(..., generator=) */
WK_API wk_Tensor *wk_rand_from(wk_Generator *generator, int ndim, const int64_t *dims, wk_dtype dtype);
WK_API wk_Tensor *wk_randn_from(wk_Generator *generator, int ndim, const int64_t *dims, wk_dtype dtype);
WK_API wk_Tensor *wk_randint_from(wk_Generator *generator, int64_t low, int64_t high, int ndim,
                                  const int64_t *dims, wk_dtype dtype);
WK_API wk_Tensor *wk_randperm_from(wk_Generator *generator, int64_t n);
WK_API wk_Tensor *wk_rand_like_from(wk_Generator *generator, wk_Tensor *input);
WK_API wk_Tensor *wk_randn_like_from(wk_Generator *generator, wk_Tensor *input);

/* clang-format off */
/* Each size of a literal, (int64_t[]){2, 3}, is an argument of its own to a macro: one for every number of them. */
#define wk_full_shape(...) WK_FULL_OF(__VA_ARGS__, 8, 7, 6, 5, 4, 3, 2, 1, 0)(__VA_ARGS__)
#define WK_FULL_OF(n, a, b, c, d, e, f, g, h, value, dtype, count, ...) WK_FULL_##count
#define WK_FULL_1(n, a, value, dtype) wk_full_shape(n, a, wk_number(value), dtype)
#define WK_FULL_2(n, a, b, value, dtype) wk_full_shape(n, a, b, wk_number(value), dtype)
#define WK_FULL_3(n, a, b, c, value, dtype) wk_full_shape(n, a, b, c, wk_number(value), dtype)
#define WK_FULL_4(n, a, b, c, d, value, dtype) wk_full_shape(n, a, b, c, d, wk_number(value), dtype)
#define WK_FULL_5(n, a, b, c, d, e, value, dtype) wk_full_shape(n, a, b, c, d, e, wk_number(value), dtype)
#define WK_FULL_6(n, a, b, c, d, e, f, value, dtype) wk_full_shape(n, a, b, c, d, e, f, wk_number(value), dtype)
#define WK_FULL_7(n, a, b, c, d, e, f, g, value, dtype) wk_full_shape(n, a, b, c, d, e, f, g, wk_number(value), dtype)
#define WK_FULL_8(n, a, b, c, d, e, f, g, h, value, dtype) wk_full_shape(n, a, b, c, d, e, f, g, h, wk_number(value), dtype)
/* clang-format on */

/* The shape and dtype of another tensor.                                        torch: zeros_like and its kin */
WK_API wk_Tensor *wk_empty_like(wk_Tensor *input);
WK_API wk_Tensor *wk_zeros_like(wk_Tensor *input);
WK_API wk_Tensor *wk_ones_like(wk_Tensor *input);
WK_API wk_Tensor *wk_full_like(wk_Tensor *input, wk_Number value);
#define wk_full_like(input, value) wk_full_like(input, wk_number(value))
WK_API wk_Tensor *wk_rand_like(wk_Tensor *input);
WK_API wk_Tensor *wk_randn_like(wk_Tensor *input);

/* 0 .. n-1 shuffled, int64; start, start + step, ... before end (int64 when all three are of integer types, else the default dtype);
 * steps values from start to end; the identity matrix.                torch: randperm, arange, linspace, eye */
WK_API wk_Tensor *wk_randperm(int64_t n);
WK_API wk_Tensor *wk_arange(wk_Number start, wk_Number end, wk_Number step);
WK_API wk_Tensor *wk_arange_dtype(wk_Number start, wk_Number end, wk_Number step, wk_dtype dtype);
#define wk_arange(start, end, step) wk_arange(wk_number(start), wk_number(end), wk_number(step))
#define wk_arange_dtype(start, end, step, dtype) \
    wk_arange_dtype(wk_number(start), wk_number(end), wk_number(step), dtype)
WK_API wk_Tensor *wk_linspace(double start, double end, int64_t steps);
WK_API wk_Tensor *wk_eye(int64_t n);

/* A copy of your data:  wk_tensor(((float[]){1, 2, 3, 4}), 2, 2).                              torch: torch.tensor */
WK_API wk_Tensor *wk_tensor_copy(const void *data, wk_dtype dtype, int ndim, const int64_t *dims);
/* clang-format off */
#define WK_DTYPE_OF(data)          \
    _Generic(*(data),              \
        float: wk_float32,         \
        double: wk_float64,        \
        long: wk_int64_of_long,    \
        long long: wk_int64,       \
        int: wk_int32,             \
        unsigned char: wk_uint8,   \
        _Bool: wk_bool)
#define wk_int64_of_long ((wk_dtype)(sizeof(long) == 8 ? wk_int64 : wk_int32))
/* clang-format on */
#define wk_tensor(data, ...) wk_tensor_copy(data, WK_DTYPE_OF(data), WK_SHAPE(__VA_ARGS__))

/* A tensor of no dimensions, of the default dtype.                                        torch: torch.scalar_tensor(3.5) */
WK_API wk_Tensor *wk_scalar(wk_Number value);
WK_API wk_Tensor *wk_scalar_dtype(wk_Number value, wk_dtype dtype);
#define wk_scalar(value)              wk_scalar(wk_number(value))
#define wk_scalar_dtype(value, dtype) wk_scalar_dtype(wk_number(value), dtype)

/* Your memory, not copied; release(data, user) is called when the last tensor over it is gone (NULL: never).
 *                                                                                       torch: torch.from_blob */
WK_API wk_Tensor *wk_from_blob(void *data, int ndim, const int64_t *dims, wk_dtype dtype,
                               void (*release)(void *data, void *user), void *user);

/* The dtype of wk_default_dtype: wk_float32 or wk_float64.                  torch: set_default_dtype */
WK_API bool wk_set_default_dtype(wk_dtype dtype);
WK_API wk_dtype wk_get_default_dtype(void);

/* ---- properties ------------------------------------------------------------------------------------- */

/* Rank; size and stride (in elements) of a dimension, -ndim <= dim < ndim; number of elements. -1 on error. torch: dim, size, stride, numel */
WK_API int wk_ndim(const wk_Tensor *tensor);
WK_API int64_t wk_size(const wk_Tensor *tensor, int64_t dim);
WK_API int64_t wk_stride(const wk_Tensor *tensor, int64_t dim);
WK_API int64_t wk_storage_offset(
    const wk_Tensor *tensor); /* elements in front of the first, -1 on error. torch: storage_offset */
WK_API int64_t wk_numel(const wk_Tensor *tensor);
WK_API const int64_t *wk_shape(const wk_Tensor *tensor);
WK_API wk_dtype wk_dtype_of(const wk_Tensor *tensor);
WK_API const char *wk_dtype_name(wk_dtype dtype); /* "float32" */
WK_API size_t wk_dtype_size(wk_dtype dtype);
WK_API bool wk_is_contiguous(const wk_Tensor *tensor);

/* The first element; the others lie wk_stride elements apart. Views share memory and may have gaps; wk_contiguous gives rows. NULL on error:
 * memory may be short, as elements that a kernel left in an order of its own are put in the order of the strides first.
 * Write through it only while no graph needs the values: no copy is made, no version counted.              torch: data_ptr */
WK_API void *wk_data_ptr(const wk_Tensor *tensor);
#define wk_data(tensor, type) ((type *)wk_data_ptr(tensor))

/* The only element as a number; NaN with an error if there is not exactly one. wk_item_int64 is exact for every integer and cuts
 * floats off.                                                                            torch: Tensor.item */
WK_API double wk_item(const wk_Tensor *tensor);
WK_API int64_t wk_item_int64(const wk_Tensor *tensor);

/* One element by its indices: wk_at(x, 0, 2).                                            torch: x[0, 2].item() */
WK_API double wk_at_index(const wk_Tensor *tensor, int count, const int64_t *indices);
#define wk_at(tensor, ...) wk_at_index(tensor, WK_SHAPE(__VA_ARGS__))

/* Same shape and values (NaN differs), of whatever dtypes.                                   torch: torch.equal */
WK_API bool wk_equal(wk_Tensor *a, wk_Tensor *b);
/* |a - b| <= atol + rtol * |b| everywhere, NaN equal to NaN if asked for.                 torch: torch.allclose */
WK_API bool wk_allclose(wk_Tensor *a, wk_Tensor *b, double rtol, double atol, bool equal_nan);

/* PyTorch's text of a tensor; wk_tensor_str's result is yours and goes back with wk_str_free.  torch: str, print */
WK_API char *wk_tensor_str(const wk_Tensor *tensor);
WK_API bool wk_tensor_print(const wk_Tensor *tensor);
WK_API void wk_str_free(char *text);

/* ---- conversion and copies -------------------------------------------------------------------------- */

/* The tensor itself if it has that dtype, else a converted one. Floats become integers as wk_int64 saturating (NaN is 0).
 *                                                                                        torch: Tensor.to */
WK_API wk_Tensor *wk_to_dtype(wk_Tensor *input, wk_dtype dtype);
WK_API wk_Tensor *wk_clone(wk_Tensor *input);
WK_API wk_Tensor *wk_contiguous(wk_Tensor *input);

/* Copies other's values, converted and broadcast, into self; one value for every element.  torch: Tensor.copy_, fill_, zero_ */
WK_API wk_Tensor *wk_copy_(wk_Tensor *self, wk_Tensor *other);
WK_API wk_Tensor *wk_fill_(wk_Tensor *self, wk_Number value);
#define wk_fill_(self, value) wk_fill_(self, wk_number(value))
WK_API wk_Tensor *wk_zero_(wk_Tensor *self);

/* Random values in place, from the default generator (NULL) or another.  torch: uniform_, normal_, bernoulli_ */
WK_API wk_Tensor *wk_uniform_(wk_Tensor *self, double from, double to, wk_Generator *generator);
WK_API wk_Tensor *wk_normal_(wk_Tensor *self, double mean, double std, wk_Generator *generator);
WK_API wk_Tensor *wk_bernoulli_(wk_Tensor *self, double p, wk_Generator *generator);
WK_API wk_Tensor *wk_random_(wk_Tensor *self, int64_t from, int64_t to, wk_Generator *generator);
/* 0 or 1 with the probabilities in input.                                                  torch: torch.bernoulli */
WK_API wk_Tensor *wk_bernoulli(wk_Tensor *input, wk_Generator *generator);

/* ---- arithmetic ------------------------------------------------------------------------------------- */

/* Elementwise, broadcasting, with PyTorch's type promotion. The second operand is a tensor or a number:
 *     wk_add(a, b)   wk_mul(x, 0.5)   wk_sub_(weight, wk_mul(grad, lr))
 * input [...]   other [...] or a number   ->   [broadcast]
 *   an unsigned number above INT64_MAX is a number for floating tensors, and WK_ERROR_OVERFLOW for others
 *   div is true division; floor_divide and remainder round towards minus infinity, and integers refuse a zero divisor
 *   maximum, minimum: NaN wins; at a tie each side gets half the gradient
 *                                                      torch: add, sub, mul, div, floor_divide, remainder, pow, maximum, minimum */
#define WK_DECLARE_BINARY(name)                                               \
    WK_API wk_Tensor *wk_##name##_tensor(wk_Tensor *input, wk_Tensor *other); \
    WK_API wk_Tensor *wk_##name##_double(wk_Tensor *input, double other);     \
    WK_API wk_Tensor *wk_##name##_int64(wk_Tensor * input, int64_t other);    \
    WK_API wk_Tensor *wk_##name##_uint64(wk_Tensor *input, uint64_t other);   \
    WK_BINARY_OF_CONSTANT(name)
#define WK_DECLARE_BINARY_INPLACE(name)                                       \
    WK_DECLARE_BINARY(name)                                                   \
    WK_API wk_Tensor *wk_##name##__tensor(wk_Tensor *self, wk_Tensor *other); \
    WK_API wk_Tensor *wk_##name##__double(wk_Tensor *self, double other);     \
    WK_API wk_Tensor *wk_##name##__int64(wk_Tensor * self, int64_t other);    \
    WK_API wk_Tensor *wk_##name##__uint64(wk_Tensor *self, uint64_t other);   \
    WK_BINARY_OF_CONSTANT(name##_)
/* A constant tensor is one that is not written to; the graph counts it among its holders all the same. */
#define WK_BINARY_OF_CONSTANT(name)                                                         \
    static inline wk_Tensor *wk_##name##_constant(wk_Tensor *input, const wk_Tensor *other) \
    {                                                                                       \
        return wk_##name##_tensor(input, (wk_Tensor *)(uintptr_t)other);                    \
    }
WK_DECLARE_BINARY_INPLACE(add)
WK_DECLARE_BINARY_INPLACE(sub)
WK_DECLARE_BINARY_INPLACE(mul)
WK_DECLARE_BINARY_INPLACE(div)
WK_DECLARE_BINARY_INPLACE(floor_divide)
WK_DECLARE_BINARY_INPLACE(remainder)
WK_DECLARE_BINARY_INPLACE(pow)
WK_DECLARE_BINARY(maximum)
WK_DECLARE_BINARY(minimum)
WK_DECLARE_BINARY(eq)
WK_DECLARE_BINARY(ne)
WK_DECLARE_BINARY(lt)
WK_DECLARE_BINARY(le)
WK_DECLARE_BINARY(gt)
WK_DECLARE_BINARY(ge)
/* clang-format off */
#define WK_BINARY(name, a, b)                       \
    _Generic((b),                                   \
        wk_Tensor *: wk_##name##_tensor,            \
        const wk_Tensor *: wk_##name##_constant,      \
        void *: wk_##name##_tensor,                 \
        float: wk_##name##_double,                  \
        double: wk_##name##_double,                 \
        long double: wk_##name##_double,            \
        _Bool: wk_##name##_int64,                   \
        char: wk_##name##_int64,                    \
        signed char: wk_##name##_int64,             \
        unsigned char: wk_##name##_int64,           \
        short: wk_##name##_int64,                   \
        unsigned short: wk_##name##_int64,          \
        int: wk_##name##_int64,                     \
        unsigned: wk_##name##_int64,                \
        long: wk_##name##_int64,                    \
        long long: wk_##name##_int64,               \
        unsigned long: wk_##name##_uint64,          \
        unsigned long long: wk_##name##_uint64)(a, b)
/* clang-format on */
#define wk_add(a, b)           WK_BINARY(add, a, b)
#define wk_sub(a, b)           WK_BINARY(sub, a, b)
#define wk_mul(a, b)           WK_BINARY(mul, a, b)
#define wk_div(a, b)           WK_BINARY(div, a, b)
#define wk_floor_divide(a, b)  WK_BINARY(floor_divide, a, b)
#define wk_remainder(a, b)     WK_BINARY(remainder, a, b)
#define wk_pow(a, b)           WK_BINARY(pow, a, b)
#define wk_maximum(a, b)       WK_BINARY(maximum, a, b)
#define wk_minimum(a, b)       WK_BINARY(minimum, a, b)
#define wk_eq(a, b)            WK_BINARY(eq, a, b)
#define wk_ne(a, b)            WK_BINARY(ne, a, b)
#define wk_lt(a, b)            WK_BINARY(lt, a, b)
#define wk_le(a, b)            WK_BINARY(le, a, b)
#define wk_gt(a, b)            WK_BINARY(gt, a, b)
#define wk_ge(a, b)            WK_BINARY(ge, a, b)
#define wk_add_(a, b)          WK_BINARY(add_, a, b)
#define wk_sub_(a, b)          WK_BINARY(sub_, a, b)
#define wk_mul_(a, b)          WK_BINARY(mul_, a, b)
#define wk_div_(a, b)          WK_BINARY(div_, a, b)
#define wk_floor_divide_(a, b) WK_BINARY(floor_divide_, a, b)
#define wk_remainder_(a, b)    WK_BINARY(remainder_, a, b)
#define wk_pow_(a, b)          WK_BINARY(pow_, a, b)

/* input + alpha * other, input - alpha * other; integers take a whole alpha.    torch: add(..., alpha=), sub(..., alpha=) */
WK_API wk_Tensor *wk_add_alpha(wk_Tensor *input, wk_Tensor *other, wk_Number alpha);
WK_API wk_Tensor *wk_sub_alpha(wk_Tensor *input, wk_Tensor *other, wk_Number alpha);
WK_API wk_Tensor *wk_add_alpha_(wk_Tensor *self, wk_Tensor *other, wk_Number alpha);
WK_API wk_Tensor *wk_sub_alpha_(wk_Tensor *self, wk_Tensor *other, wk_Number alpha);
#define wk_add_alpha(input, other, alpha) wk_add_alpha(input, other, wk_number(alpha))
#define wk_sub_alpha(input, other, alpha) wk_sub_alpha(input, other, wk_number(alpha))
#define wk_add_alpha_(self, other, alpha) wk_add_alpha_(self, other, wk_number(alpha))
#define wk_sub_alpha_(self, other, alpha) wk_sub_alpha_(self, other, wk_number(alpha))

/* number - input (as a number cannot come first in the macros above), number ** input.  torch: rsub, torch.pow(2, x) */
WK_API wk_Tensor *wk_rsub(wk_Tensor *input, wk_Number number);
WK_API wk_Tensor *wk_scalar_pow(wk_Number number, wk_Tensor *exponent);
#define wk_rsub(input, number)          wk_rsub(input, wk_number(number))
#define wk_scalar_pow(number, exponent) wk_scalar_pow(wk_number(number), exponent)

/* Elementwise functions of one input. Integers give floats where the function is not whole, and silu and gelu refuse them.
 *                                                                                             torch: the same names */
#define WK_DECLARE_UNARY(name)                     \
    WK_API wk_Tensor *wk_##name(wk_Tensor *input); \
    WK_API wk_Tensor *wk_##name##_(wk_Tensor *self);
WK_DECLARE_UNARY(neg)
WK_DECLARE_UNARY(abs)
WK_DECLARE_UNARY(sign)
WK_DECLARE_UNARY(exp)
WK_DECLARE_UNARY(expm1)
WK_DECLARE_UNARY(log)
WK_DECLARE_UNARY(log1p)
WK_DECLARE_UNARY(sqrt)
WK_DECLARE_UNARY(rsqrt)
WK_DECLARE_UNARY(square)
WK_DECLARE_UNARY(reciprocal)
WK_DECLARE_UNARY(sin)
WK_DECLARE_UNARY(cos)
WK_DECLARE_UNARY(erf)
WK_DECLARE_UNARY(floor)
WK_DECLARE_UNARY(ceil)
WK_DECLARE_UNARY(round)
WK_DECLARE_UNARY(relu)
WK_DECLARE_UNARY(tanh)
WK_DECLARE_UNARY(sigmoid)
WK_DECLARE_UNARY(logical_not)

/* condition (bool, or uint8: not 0) ? input : other, elementwise and broadcasting.                           torch: torch.where */
WK_API wk_Tensor *wk_where(wk_Tensor *condition, wk_Tensor *input, wk_Tensor *other);
/* value where mask (bool), input elsewhere.                                                 torch: masked_fill */
WK_API wk_Tensor *wk_masked_fill(wk_Tensor *input, wk_Tensor *mask, wk_Number value);
#define wk_masked_fill(input, mask, value) wk_masked_fill(input, mask, wk_number(value))
/* min(max(input, low), high); the gradient at the bounds is 0, NaN stays. One side alone: -INFINITY or INFINITY on the other, and
 * INT64_MIN or INT64_MAX for integers of any width, which a bound of floats makes floats.   torch: torch.clamp */
WK_API wk_Tensor *wk_clamp(wk_Tensor *input, wk_Number low, wk_Number high);
#define wk_clamp(input, low, high) wk_clamp(input, wk_number(low), wk_number(high))

/* ---- matrices --------------------------------------------------------------------------------------- */

/* Matrix product: [n] [n] -> []   [m, n] [n] -> [m]   [n] [n, p] -> [p]   [..., m, n] [..., n, p] -> [broadcast..., m, p]
 *                                                                                           torch: torch.matmul */
WK_API wk_Tensor *wk_matmul(wk_Tensor *a, wk_Tensor *b);
/* [m, n] [n, p] -> [m, p];  [b, m, n] [b, n, p] -> [b, m, p].                                torch: torch.mm, torch.bmm */
WK_API wk_Tensor *wk_mm(wk_Tensor *input, wk_Tensor *mat2);
WK_API wk_Tensor *wk_bmm(wk_Tensor *input, wk_Tensor *mat2);
/* beta * input + alpha * (a @ b); input broadcasts to [m, p]. Unset beta and alpha are 1, and WK_ZERO is 0; integers take their whole
 * part.                                                                                     torch: torch.addmm */
typedef struct wk_addmm_options {
    wk_Tensor *input, *mat1, *mat2;
    double beta, alpha;
} wk_addmm_options;
WK_API wk_Tensor *wk_addmm_with(wk_addmm_options options);
#define wk_addmm(x, a, ...) wk_addmm_with((wk_addmm_options){.input = x, .mat1 = a, .mat2 = __VA_ARGS__})

/* ---- shape ------------------------------------------------------------------------------------------ */

/* Other sizes over the same elements; one may be -1. view shares memory or fails, reshape copies if it must. torch: view, reshape */
WK_API wk_Tensor *wk_view_shape(wk_Tensor *input, int ndim, const int64_t *dims);
WK_API wk_Tensor *wk_reshape_shape(wk_Tensor *input, int ndim, const int64_t *dims);
#define wk_view(input, ...)    wk_view_shape(input, WK_SHAPE(__VA_ARGS__))
#define wk_reshape(input, ...) wk_reshape_shape(input, WK_SHAPE(__VA_ARGS__))

/* Dimensions start_dim..end_dim as one.                                          torch: torch.flatten(input, 0, -1) */
WK_API wk_Tensor *wk_flatten(wk_Tensor *input, int64_t start_dim, int64_t end_dim);

/* Views with dimensions exchanged, reordered, dropped (size 1; all of them when unset) or added.
 *                                          torch: transpose, t, permute, squeeze, unsqueeze */
WK_API wk_Tensor *wk_transpose(wk_Tensor *input, int64_t dim0, int64_t dim1);
WK_API wk_Tensor *wk_t(wk_Tensor *input);
WK_API wk_Tensor *wk_permute_dims(wk_Tensor *input, int count, const int64_t *dims);
#define wk_permute(input, ...) wk_permute_dims(input, WK_SHAPE(__VA_ARGS__))
WK_API wk_Tensor *wk_squeeze_dims(wk_Tensor *input, int count, const int64_t *dims);
WK_API wk_Tensor *wk_squeeze(wk_Tensor *input);
WK_API wk_Tensor *wk_unsqueeze(wk_Tensor *input, int64_t dim);

/* A view with sizes of 1 repeated without copying; -1 keeps a size.                        torch: Tensor.expand */
WK_API wk_Tensor *wk_expand_shape(wk_Tensor *input, int ndim, const int64_t *dims);
#define wk_expand(input, ...) wk_expand_shape(input, WK_SHAPE(__VA_ARGS__))

/* Views: one index of a dimension; start <= i < end in steps (negative counts from the end, WK_END is "to the end").
 *                                                                torch: x.select(dim, i), x[..., start:end:step] */
#define WK_END INT64_MAX
WK_API wk_Tensor *wk_select(wk_Tensor *input, int64_t dim, int64_t index);
WK_API wk_Tensor *wk_slice(wk_Tensor *input, int64_t dim, int64_t start, int64_t end, int64_t step);
WK_API wk_Tensor *wk_narrow(wk_Tensor *input, int64_t dim, int64_t start, int64_t length);
/* x[i, j, ...] for whole numbers: wk_index(x, 0) is the first row.                         torch: x[0] */
WK_API wk_Tensor *wk_index_ints(wk_Tensor *input, int count, const int64_t *indices);
#define wk_index(input, ...) wk_index_ints(input, WK_SHAPE(__VA_ARGS__))
/* A view of any geometry over the same storage, checked against its size.                  torch: torch.as_strided */
WK_API wk_Tensor *wk_as_strided(wk_Tensor *input, int ndim, const int64_t *dims, const int64_t *strides,
                                int64_t offset);

/* A copy of input with source written at that geometry.                                     torch: as_strided_scatter */
WK_API wk_Tensor *wk_as_strided_scatter(wk_Tensor *input, wk_Tensor *source, int ndim, const int64_t *dims,
                                        const int64_t *strides, int64_t offset);

/* Rows of a dimension by a vector of indices; elements by indices of the result's shape; input with each element of src added at its
 * index. Indices are int64 or int32, never negative; an index of no elements may have any dtype.  torch: index_select, gather, scatter_add
 * Differs from PyTorch: src may be larger than index in backward too. */
WK_API wk_Tensor *wk_index_select(wk_Tensor *input, int64_t dim, wk_Tensor *index);
WK_API wk_Tensor *wk_gather(wk_Tensor *input, int64_t dim, wk_Tensor *index);
WK_API wk_Tensor *wk_scatter_add(wk_Tensor *input, int64_t dim, wk_Tensor *index, wk_Tensor *src);

/* The elements moved along dimensions; what leaves at one end comes in at the other. Without dims, of the flattened
 * tensor; else there is a shift for each of them.                                                          torch: roll
 *     wk_roll(x, 1)   wk_roll(x, 2, 0)   wk_roll(x, wk_dims(1, -2), wk_dims(0, 1)) */
WK_API wk_Tensor *wk_roll_dims(wk_Tensor *input, wk_Dims shifts, wk_Dims dims);
#define wk_roll(input, ...)        WK_PASTE(WK_ROLL_, WK_1_2_OR_3(__VA_ARGS__))(input, __VA_ARGS__)
#define WK_ROLL_1(input, by)       wk_roll_dims(input, WK_DIMS_OF(by), ((wk_Dims){0, NULL}))
#define WK_ROLL_2(input, by, dims) wk_roll_dims(input, WK_DIMS_OF(by), WK_DIMS_OF(dims))

/* Joined along a dimension that exists, or along a new one.                                torch: cat, stack */
WK_API wk_Tensor *wk_cat(wk_List tensors, int64_t dim);
WK_API wk_Tensor *wk_stack(wk_List tensors, int64_t dim);

#ifdef __cplusplus
}
#endif
#endif
