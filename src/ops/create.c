/* Creation: tensors from sizes, numbers, your memory and random numbers. None of them has a gradient. */
#include <math.h>
#include <string.h>

#include "core/random.h"
#include "core/text.h"
#include "ops/ops.h"

wk_Tensor *wk_empty_shape(int ndim, const int64_t *dims, wk_dtype dtype)
{
    return wk_tensor_new("empty", dtype, ndim, dims);
}

/* A new tensor, dense; NULL passes on. */
static wk_Tensor *zeroed(wk_Tensor *t)
{
    if (t)
        memset(wk_tensor_data(t), 0, (size_t)t->numel * wk_dtype_size((wk_dtype)t->dtype));
    return t;
}

static wk_Tensor *filled(const char *op, wk_Tensor *t, double value)
{
    wk_Tensor *number = t ? wk_number_double(value) : NULL;
    return number && wk_map(op, wk_kernels->cast[wk_float64][t->dtype], t, 1, &number) ? t : NULL;
}

wk_Tensor *wk_zeros_shape(int ndim, const int64_t *dims, wk_dtype dtype)
{
    return zeroed(wk_tensor_new("zeros", dtype, ndim, dims));
}

wk_Tensor *wk_ones_shape(int ndim, const int64_t *dims, wk_dtype dtype)
{
    return filled("ones", wk_tensor_new("ones", dtype, ndim, dims), 1);
}

wk_Tensor *wk_full_shape(int ndim, const int64_t *dims, double value, wk_dtype dtype)
{
    return filled("full", wk_tensor_new("full", dtype, ndim, dims), value);
}

wk_Tensor *wk_scalar(double value)
{
    return wk_scalar_dtype(value, wk_default_dtype);
}

wk_Tensor *wk_scalar_dtype(double value, wk_dtype dtype)
{
    return filled("scalar", wk_tensor_new("scalar", dtype, 0, NULL), value);
}

wk_Tensor *wk_tensor_copy(const void *data, wk_dtype dtype, int ndim, const int64_t *dims)
{
    wk_Tensor *t = wk_tensor_new("tensor", dtype, ndim, dims);
    if (!t)
        return NULL;
    if (!data && t->numel)
        return wk_raise_null("tensor", "data");
    if (t->numel)
        memcpy(wk_tensor_data(t), data, (size_t)t->numel * wk_dtype_size((wk_dtype)t->dtype));
    return t;
}

/* ---- like another ----------------------------------------------------------------------------------- */

static wk_Tensor *new_shaped_like(const char *op, wk_Tensor *input)
{
    return wk_tensor_check(input, op, "input") ? wk_tensor_in_rows_like(op, (wk_dtype)input->dtype, input)
                                               : NULL;
}

wk_Tensor *wk_empty_like(wk_Tensor *input)
{
    return new_shaped_like("empty_like", input);
}

wk_Tensor *wk_zeros_like(wk_Tensor *input)
{
    return zeroed(new_shaped_like("zeros_like", input));
}

wk_Tensor *wk_ones_like(wk_Tensor *input)
{
    return filled("ones_like", new_shaped_like("ones_like", input), 1);
}

wk_Tensor *wk_full_like(wk_Tensor *input, double value)
{
    return filled("full_like", new_shaped_like("full_like", input), value);
}

wk_Tensor *wk_rand_like(wk_Tensor *input)
{
    wk_Tensor *t = new_shaped_like("rand_like", input);
    return t ? wk_tensor_as_new(wk_uniform_(t, 0, 1, NULL)) : NULL;
}

wk_Tensor *wk_randn_like(wk_Tensor *input)
{
    wk_Tensor *t = new_shaped_like("randn_like", input);
    return t ? wk_tensor_as_new(wk_normal_(t, 0, 1, NULL)) : NULL;
}

/* ---- sequences -------------------------------------------------------------------------------------- */

wk_Tensor *wk_arange_dtype(double start, double end, double step, wk_dtype dtype)
{
    if (!(step > 0 || step < 0))
        return wk_raise(WK_ERROR_ARGUMENT, "arange: step must be nonzero");
    if (!isfinite(start) || !isfinite(end))
        return wk_raise(WK_ERROR_ARGUMENT, "arange: unsupported range: %s -> %s", WK_NUMBER(start),
                        WK_NUMBER(end));
    if ((step > 0 && start > end) || (step < 0 && start < end))
        return wk_raise(WK_ERROR_ARGUMENT, "arange: upper bound and lower bound inconsistent with step sign");
    double count = ceil((end - start) / step);
    if (!(count < 0x1p62))
        return wk_raise(WK_ERROR_OVERFLOW, "arange: invalid size, possible overflow: %s elements",
                        WK_NUMBER(count));
    int64_t n = (int64_t)count;
    wk_Tensor *values = wk_tensor_new("arange", wk_float64, 1, &n);
    if (!values)
        return NULL;
    double *v = wk_tensor_data(values);
    for (int64_t i = 0; i < n; i++)
        v[i] = start + (double)i * step;
    return wk_to_dtype(values, dtype);
}

wk_Tensor *wk_arange(double start, double end, double step)
{
    bool whole = start == floor(start) && end == floor(end) && step == floor(step);
    return wk_arange_dtype(start, end, step, whole ? wk_int64 : wk_default_dtype);
}

wk_Tensor *wk_linspace(double start, double end, int64_t steps)
{
    if (steps < 0)
        return wk_raise(WK_ERROR_ARGUMENT, "linspace: number of steps must be non-negative, got %lld",
                        (long long)steps);
    wk_Tensor *values = wk_tensor_new("linspace", wk_float64, 1, &steps);
    if (!values)
        return NULL;
    double *v = wk_tensor_data(values), step = steps > 1 ? (end - start) / (double)(steps - 1) : 0;
    for (int64_t i = 0; i < steps; i++) /* from both ends, as PyTorch does, so that the last is `end` */
        v[i] = i < steps / 2 || steps == 1 ? start + step * (double)i : end - step * (double)(steps - 1 - i);
    return wk_to_dtype(values, wk_default_dtype);
}

wk_Tensor *wk_eye(int64_t n)
{
    if (n < 0)
        return wk_raise(WK_ERROR_ARGUMENT, "eye: n must be greater or equal to 0, got %lld", (long long)n);
    wk_Tensor *t = wk_zeros(n, n);
    wk_Tensor *diagonal = t ? wk_as_strided(t, 1, &n, (const int64_t[]){n + 1}, 0) : NULL;
    return diagonal && wk_fill_(diagonal, 1) ? wk_tensor_as_new(t) : NULL;
}

/* ---- random numbers --------------------------------------------------------------------------------- */

wk_Tensor *wk_rand_from(wk_Generator *generator, int ndim, const int64_t *dims, wk_dtype dtype)
{
    wk_Tensor *t = wk_tensor_new("rand", dtype, ndim, dims);
    return t ? wk_tensor_as_new(wk_uniform_(t, 0, 1, generator)) : NULL;
}

wk_Tensor *wk_randn_from(wk_Generator *generator, int ndim, const int64_t *dims, wk_dtype dtype)
{
    wk_Tensor *t = wk_tensor_new("randn", dtype, ndim, dims);
    return t ? wk_tensor_as_new(wk_normal_(t, 0, 1, generator)) : NULL;
}

wk_Tensor *wk_randint_from(wk_Generator *generator, int64_t low, int64_t high, int ndim, const int64_t *dims,
                           wk_dtype dtype)
{
    wk_Tensor *t = wk_tensor_new("randint", dtype == wk_default_dtype ? wk_int64 : dtype, ndim, dims);
    return t ? wk_tensor_as_new(wk_random_(t, low, high, generator)) : NULL;
}

wk_Tensor *wk_randperm_from(wk_Generator *generator, int64_t n)
{
    if (n < 0)
        return wk_raise(WK_ERROR_ARGUMENT, "randperm: n must be non-negative, got %lld", (long long)n);
    wk_Tensor *t = wk_tensor_new("randperm", wk_int64, 1, &n);
    if (!t || !(generator = wk_generator(generator)))
        return NULL;
    wk_fill_randperm(generator, wk_tensor_data(t), n);
    return t;
}

wk_Tensor *wk_rand_shape(int ndim, const int64_t *dims, wk_dtype dtype)
{
    return wk_rand_from(NULL, ndim, dims, dtype);
}

wk_Tensor *wk_randn_shape(int ndim, const int64_t *dims, wk_dtype dtype)
{
    return wk_randn_from(NULL, ndim, dims, dtype);
}

wk_Tensor *wk_randint_shape(int64_t low, int64_t high, int ndim, const int64_t *dims)
{
    return wk_randint_from(NULL, low, high, ndim, dims, wk_int64);
}

wk_Tensor *wk_randperm(int64_t n)
{
    return wk_randperm_from(NULL, n);
}
