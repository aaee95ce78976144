/* torch: reductions and sums along dimensions. */
#ifndef WICK_REDUCE_H
#define WICK_REDUCE_H

#include "wick/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Over one dimension, several, or all when only the tensor is given; then options by name, of which keepdim may come by
 * place. Sums of integers are int64; .dtype converts first, and is the result's.
 *     wk_sum(x)   wk_sum(x, 0)   wk_mean(x, -1, true)   wk_sum(x, wk_dims(0, 1), .keepdim = true)
 * An option by name may follow the tensor at once; more than one follow the dimensions. A wk_Dims of yours that is
 * empty goes by name, as by place it is dimension 0. Within a list of initializers gcc's -Wmissing-braces warns of a
 * number there; wk_dims(0) says the same.
 *     wk_sum(x, .dtype = wk_float64)   wk_sum(x, WK_ALL, .keepdim = true, .dtype = wk_float64)
 *                                               torch: sum, mean */
typedef struct wk_reduce_options {
    wk_Tensor *input;
    wk_Dims dims;
    bool keepdim;
    wk_dtype dtype;
} wk_reduce_options;
#ifndef __cplusplus
WK_DEFINE_PLACED(wk_reduce_options)
#endif
WK_API wk_Tensor *wk_sum_with(wk_reduce_options options);
WK_API wk_Tensor *wk_mean_with(wk_reduce_options options);
#define wk_sum(...)  WK_REDUCE(wk_sum_with, wk_reduce_options, __VA_ARGS__)
#define wk_mean(...) WK_REDUCE(wk_mean_with, wk_reduce_options, __VA_ARGS__)

/* The largest and smallest element: at a tie of k, each gets 1/k of the gradient. amax and amin over dimensions.
 *                                                                                          torch: max, min, amax, amin */
WK_API wk_Tensor *wk_max(wk_Tensor *input);
WK_API wk_Tensor *wk_min(wk_Tensor *input);
WK_API wk_Tensor *wk_amax_with(wk_reduce_options options);
WK_API wk_Tensor *wk_amin_with(wk_reduce_options options);
#define wk_amax(...) WK_REDUCE(wk_amax_with, wk_reduce_options, __VA_ARGS__)
#define wk_amin(...) WK_REDUCE(wk_amin_with, wk_reduce_options, __VA_ARGS__)

/* Along one dimension, with the index of the first: the gradient goes to that element.     torch: max(dim), min(dim) */
typedef struct wk_ValuesIndices {
    wk_Tensor *values, *indices;
} wk_ValuesIndices;
WK_API wk_ValuesIndices wk_max_dim(wk_Tensor *input, int64_t dim, bool keepdim);
WK_API wk_ValuesIndices wk_min_dim(wk_Tensor *input, int64_t dim, bool keepdim);

/* Index of the first largest (smallest) element of the flattened tensor, or along a dimension.  torch: argmax, argmin */
WK_API wk_Tensor *wk_argmax_with(wk_reduce_options options);
WK_API wk_Tensor *wk_argmin_with(wk_reduce_options options);
#define wk_argmax(...) WK_REDUCE(wk_argmax_with, wk_reduce_options, __VA_ARGS__)
#define wk_argmin(...) WK_REDUCE(wk_argmin_with, wk_reduce_options, __VA_ARGS__)

/* bool (uint8 of uint8): is every, is some element not zero.                               torch: all, any */
WK_API wk_Tensor *wk_all_with(wk_reduce_options options);
WK_API wk_Tensor *wk_any_with(wk_reduce_options options);
#define wk_all(...) WK_REDUCE(wk_all_with, wk_reduce_options, __VA_ARGS__)
#define wk_any(...) WK_REDUCE(wk_any_with, wk_reduce_options, __VA_ARGS__)

/* Both at once, over one dimension or all: they share the gradient's node.                                 torch: aminmax
 *     wk_aminmax(x).max   wk_aminmax(x, 0, true).min
 *   the gradient is shared by elements that are equal to the result */
typedef struct wk_MinMax {
    wk_Tensor *min, *max;
} wk_MinMax;
WK_API wk_MinMax wk_aminmax_with(wk_reduce_options options);
#define wk_aminmax(...) WK_REDUCE(wk_aminmax_with, wk_reduce_options, __VA_ARGS__)

/* Variance, and its root, divided by the number of elements less correction; dimensions as in wk_sum.  torch: var, std
 *     wk_var(x)   wk_var(x, 0, .keepdim = true)   wk_std(x, WK_ALL, .correction = WK_ZERO)
 *   correction: unset is 1, WK_ZERO is 0; of as many elements as that, or fewer, the variance is infinite, or NaN where
 *   it would be 0. The gradient of std at equal elements is 0
 * Differs from PyTorch: never. */
typedef struct wk_var_options {
    wk_Tensor *input;
    wk_Dims dims;
    bool keepdim;
    double correction;
} wk_var_options;
WK_API wk_Tensor *wk_var_with(wk_var_options options);
WK_API wk_Tensor *wk_std_with(wk_var_options options);
#ifndef __cplusplus
WK_DEFINE_PLACED(wk_var_options)
#endif
#define wk_var(...) WK_REDUCE(wk_var_with, wk_var_options, __VA_ARGS__)
#define wk_std(...) WK_REDUCE(wk_std_with, wk_var_options, __VA_ARGS__)

/* sum(|x|^p)^(1/p); dimensions as in wk_sum, behind p.                                       torch: norm
 *     wk_norm(x)   wk_norm(x, 1)   wk_norm(x, 2, 0, true)   wk_norm(x, INFINITY, wk_dims(0, 1), .keepdim = true)
 *   p: INFINITY is the largest |x|, -INFINITY the smallest, 0 counts what is not 0 (WK_ZERO in the struct,
 *   where unset is 2). Its gradient at 0 is 0
 * Differs from PyTorch: never. */
typedef struct wk_norm_options {
    wk_Tensor *input;
    double p;
    wk_Dims dims;
    bool keepdim;
} wk_norm_options;
WK_API wk_Tensor *wk_norm_with(wk_norm_options options);
#ifndef __cplusplus
static inline double wk_given(double number) /* as an option that is not unset */
{
    return number == 0 ? (double)WK_ZERO : number;
}
static inline wk_norm_options wk_norm_placed(wk_norm_options o, bool by_place)
{
    if (by_place)
        o.p = wk_given(o.p);
    return o;
}
#endif
#define wk_norm(...)             wk_norm_with(WK_PASTE(WK_NORM_, WK_1_2_OR_3(__VA_ARGS__))(__VA_ARGS__))
#define WK_NORM_1(x)             ((wk_norm_options){.input = x})
#define WK_NORM_2(x, second)     wk_norm_placed((wk_norm_options){.input = x, second}, (#second)[0] != '.')
#define WK_NORM_3(x, order, ...) WK_PASTE(WK_NORM_AND_, WK_1_2_OR_3(__VA_ARGS__))(x, order, __VA_ARGS__)
#define WK_NORM_AND_1(x, order, over) \
    ((wk_norm_options){.input = x, .p = wk_given(order), .dims = WK_DIMS_OF(over)})
#define WK_NORM_AND_2 WK_NORM_AND_3
#define WK_NORM_AND_3(x, order, over, ...) \
    ((wk_norm_options){.input = x, .p = wk_given(order), .dims = WK_DIMS_OF(over), __VA_ARGS__})

/* Variance and mean at once, as wk_var has them.                                                         torch: var_mean */
typedef struct wk_VarMean {
    wk_Tensor *var, *mean;
} wk_VarMean;
WK_API wk_VarMean wk_var_mean_with(wk_var_options options);
#define wk_var_mean(...) WK_REDUCE(wk_var_mean_with, wk_var_options, __VA_ARGS__)

/* The sums of the elements up to each along a dimension, floats in double. Integers and bool give int64; .dtype converts
 * first, and is the result's.                                                                              torch: cumsum
 *     wk_cumsum(x, 0)   wk_cumsum(x, -1, .dtype = wk_float64) */
typedef struct wk_cumsum_options {
    wk_Tensor *input;
    int64_t dim;
    wk_dtype dtype;
} wk_cumsum_options;
WK_API wk_Tensor *wk_cumsum_with(wk_cumsum_options options);
#define wk_cumsum(x, ...) wk_cumsum_with((wk_cumsum_options){.input = x, .dim = __VA_ARGS__})

#ifdef __cplusplus
}
#endif
#endif
