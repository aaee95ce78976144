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

wk_Tensor *wk_zeros_shape(int ndim, const int64_t *dims, wk_dtype dtype)
{
    return zeroed(wk_tensor_new("zeros", dtype, ndim, dims));
}

wk_Tensor *wk_ones_shape(int ndim, const int64_t *dims, wk_dtype dtype)
{
    return wk_filled("ones", wk_tensor_new("ones", dtype, ndim, dims), wk_number(1));
}

wk_Tensor *(wk_full_shape)(int ndim, const int64_t *dims, wk_Number value, wk_dtype dtype)
{
    return wk_filled("full", wk_tensor_new("full", dtype, ndim, dims), value);
}

wk_Tensor *(wk_scalar)(wk_Number value)
{
    return wk_scalar_dtype(value, wk_default_dtype);
}

wk_Tensor *(wk_scalar_dtype)(wk_Number value, wk_dtype dtype)
{
    return wk_number_as("scalar", value, dtype);
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
    return wk_filled("ones_like", new_shaped_like("ones_like", input), wk_number(1));
}

wk_Tensor *(wk_full_like)(wk_Tensor *input, wk_Number value)
{
    return wk_filled("full_like", new_shaped_like("full_like", input), value);
}

wk_Tensor *wk_rand_like_from(wk_Generator *generator, wk_Tensor *input)
{
    wk_Tensor *t = new_shaped_like("rand_like", input);
    return t ? wk_tensor_as_new(wk_uniform_(t, 0, 1, generator)) : NULL;
}

wk_Tensor *wk_randn_like_from(wk_Generator *generator, wk_Tensor *input)
{
    wk_Tensor *t = new_shaped_like("randn_like", input);
    return t ? wk_tensor_as_new(wk_normal_(t, 0, 1, generator)) : NULL;
}

wk_Tensor *wk_rand_like(wk_Tensor *input)
{
    return wk_rand_like_from(NULL, input);
}

wk_Tensor *wk_randn_like(wk_Tensor *input)
{
    return wk_randn_like_from(NULL, input);
}

/* ---- sequences -------------------------------------------------------------------------------------- */

typedef struct Range {
    wk_Number start, end, step;
    bool whole; /* all three are: counted and computed exactly */
} Range;

static int64_t whole_count(const Range *r)
{
    const uint64_t start = (uint64_t)r->start.as_int64, end = (uint64_t)r->end.as_int64,
                   step = (uint64_t)r->step.as_int64;
    const bool up = r->step.as_int64 > 0;
    const uint64_t gap = up ? end - start : start - end, by = up ? step : 0 - step;
    return (int64_t)(gap / by + (gap % by != 0));
}

/* How many steps from start lie before end; -1 with an error. */
static int64_t count_of(const Range *r)
{
    const double start = r->start.as_double, end = r->end.as_double, step = r->step.as_double;
    if (!isfinite(step))
        return wk_raise(WK_ERROR_ARGUMENT, "arange: step must be finite but got %s", WK_NUMBER(step)), -1;
    if (!(step > 0 || step < 0))
        return wk_raise(WK_ERROR_ARGUMENT, "arange: step must be nonzero"), -1;
    if (!isfinite(start) || !isfinite(end))
        return wk_raise(WK_ERROR_ARGUMENT, "arange: unsupported range: %s -> %s", WK_NUMBER(start),
                        WK_NUMBER(end)),
               -1;
    const bool falls = r->whole ? r->end.as_int64 < r->start.as_int64 : end < start,
               rises = r->whole ? r->end.as_int64 > r->start.as_int64 : end > start;
    if (step > 0 ? falls : rises)
        return wk_raise(WK_ERROR_ARGUMENT, "arange: upper bound and lower bound inconsistent with step sign"),
               -1;
    const double count = ceil((end - start) / step);
    if (!(count < 0x1p62))
        return wk_raise(WK_ERROR_OVERFLOW, "arange: invalid size, possible overflow? %s elements",
                        WK_NUMBER(count)),
               -1;
    return r->whole ? whole_count(r) : (int64_t)count;
}

/* start + i * step with both as int64 first, as PyTorch has it for integers of every width. */
static bool write_whole(const Range *r, wk_Tensor *values)
{
    if (!wk_number_fits("arange", r->start, wk_int64) || !wk_number_fits("arange", r->end, wk_int64) ||
        !wk_number_fits("arange", r->step, wk_int64))
        return false;
    const uint64_t start = (uint64_t)(r->start.floating ? (int64_t)r->start.as_double : r->start.as_int64),
                   step = (uint64_t)(r->step.floating ? (int64_t)r->step.as_double : r->step.as_int64);
    int64_t *v = wk_tensor_data(values);
    for (int64_t i = 0; i < values->numel; i++)
        v[i] = (int64_t)(start + (uint64_t)i * step);
    return true;
}

static bool write_floats(const Range *r, wk_Tensor *values)
{
    const double start = r->start.as_double, step = r->step.as_double;
    double *v = wk_tensor_data(values);
    for (int64_t i = 0; i < values->numel; i++)
        v[i] = start + (double)i * step;
    return true;
}

wk_Tensor *(wk_arange_dtype)(wk_Number start, wk_Number end, wk_Number step, wk_dtype dtype)
{
    if (dtype == wk_default_dtype)
        dtype = wk_get_default_dtype();
    if (dtype == wk_bool)
        return wk_raise_kernel("arange", "arange_cpu", dtype);
    const Range r = {start, end, step, !start.floating && !end.floating && !step.floating};
    const bool whole = r.whole || !wk_is_floating((int)dtype);
    const int64_t n = count_of(&r);
    wk_Tensor *values = n >= 0 ? wk_tensor_new("arange", whole ? wk_int64 : wk_float64, 1, &n) : NULL;
    return values && (whole ? write_whole : write_floats)(&r, values) ? wk_to_dtype(values, dtype) : NULL;
}

wk_Tensor *(wk_arange)(wk_Number start, wk_Number end, wk_Number step)
{
    const bool whole = !start.floating && !end.floating && !step.floating;
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
