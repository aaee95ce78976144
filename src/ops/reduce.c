/* Reductions: sum, mean, extremes, argmax, all, any.
 *
 * The kernel takes the middle of a contiguous [outer, n, inner]. Neighbouring dimensions of a contiguous tensor are such a middle
 * already; any other choice is moved to the end first.
 *   sum: the gradient is expanded again.   extremes: it goes to the elements that are equal to the result, in equal parts
 *   (max along one dimension: to the one that the index names). */
#include <math.h>
#include <string.h>

#include "core/checked.h"
#include "ops/ops.h"

typedef struct ReduceArgs {
    unsigned mask; /* of the dimensions reduced */
    bool keepdim;
    wk_dtype dtype; /* of the result where the caller chose it */
    wk_Shape before;
} ReduceArgs;

/* ---- geometry --------------------------------------------------------------------------------------- */

static wk_Shape reduced_shape(const wk_Tensor *in, const ReduceArgs *a)
{
    wk_Shape s = {0};
    for (int i = 0; i < in->ndim; i++) {
        bool gone = a->mask >> i & 1;
        if (!gone || a->keepdim)
            s.dims[s.ndim++] = gone ? 1 : in->shape[i];
    }
    return s;
}

static bool neighbours(unsigned mask)
{
    unsigned low = mask & (~mask + 1);
    return ((mask + low) & mask) == 0;
}

/* The input as a contiguous [outer, n, inner] with the reduced dimensions in the middle; the order of the rest stays. */
static wk_Tensor *arranged(wk_Tensor *in, unsigned mask, wk_Split *split)
{
    *split = (wk_Split){1, 1, 1};
    bool direct = neighbours(mask);
    int64_t order[WK_MAX_DIMS];
    int count = 0;
    for (int i = 0; i < in->ndim; i++) {
        bool gone = mask >> i & 1;
        int64_t *part = gone ? &split->n : !direct || mask >> i ? &split->outer : &split->inner;
        wk_multiply_size(part, in->shape[i]);
        if (!gone)
            order[count++] = i;
    }
    if (direct)
        return wk_contiguous(in);
    for (int i = 0; i < in->ndim; i++)
        if (mask >> i & 1)
            order[count++] = i;
    return wk_contiguous(wk_permute_dims(in, count, order));
}

/* Gives a reduced tensor its dimensions of size 1 back, so that it broadcasts against the input. */
static wk_Tensor *with_kept_dims(wk_Tensor *t, const ReduceArgs *a)
{
    if (a->keepdim || !t)
        return t;
    wk_Shape s = a->before;
    for (int i = 0; i < s.ndim; i++)
        if (a->mask >> i & 1)
            s.dims[i] = 1;
    return wk_view_shape(t, s.ndim, s.dims);
}

static bool reduce_args(const char *op, const wk_Tensor *in, wk_Dims dims, bool keepdim, ReduceArgs *a)
{
    a->keepdim = keepdim;
    a->dtype = wk_default_dtype;
    a->before.ndim = in->ndim;
    memcpy(a->before.dims, in->shape, sizeof a->before.dims);
    return wk_shape_dim_mask(op, in->ndim, dims, &a->mask);
}

/* ---- sum, mean -------------------------------------------------------------------------------------- */

static wk_Tensor *reduced_by(const char *op, const wk_Reduce *kernels, wk_Tensor *in, const ReduceArgs *a,
                             wk_dtype dtype)
{
    wk_Split s;
    wk_Shape shape = reduced_shape(in, a);
    wk_Tensor *flat = arranged(in, a->mask, &s), *out = wk_tensor_new(op, dtype, shape.ndim, shape.dims);
    if (!flat || !out)
        return NULL;
    if (!kernels[in->dtype])
        return wk_raise_dtype(op, in->dtype);
    return !out->numel || kernels[in->dtype](s.outer, s.n, s.inner, wk_tensor_data(flat), wk_tensor_data(out))
               ? out
               : NULL;
}

/* Integers are added as int64, which a narrower dtype takes the low bits of. */
static wk_Tensor *sum_forward(wk_Call *call)
{
    const ReduceArgs *a = call->attributes;
    wk_Tensor *in = call->in[0];
    wk_dtype dtype = wk_is_floating(in->dtype) ? (wk_dtype)in->dtype : wk_int64;
    wk_Tensor *sum = reduced_by("sum", wk_kernels->sum, in, a, dtype);
    return sum && a->dtype ? wk_to_dtype(sum, a->dtype) : sum;
}

static wk_Tensor *spread(wk_Tensor *grad, const ReduceArgs *a)
{
    return wk_expand_shape(with_kept_dims(grad, a), a->before.ndim, a->before.dims);
}

static void sum_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    out[0] = spread(grad, node->attributes);
}

static double reduced_count(const ReduceArgs *a)
{
    double n = 1;
    for (int i = 0; i < a->before.ndim; i++)
        n *= (a->mask >> i & 1) ? (double)a->before.dims[i] : 1;
    return n;
}

static wk_Tensor *mean_forward(wk_Call *call)
{
    wk_Tensor *in = call->in[0];
    wk_Tensor *sum = reduced_by("mean", wk_kernels->sum, in, call->attributes, (wk_dtype)in->dtype);
    return wk_div__double(sum, reduced_count(call->attributes));
}

static void mean_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    out[0] = wk_div_double(spread(grad, node->attributes), reduced_count(node->attributes));
}

#define REDUCTION(op_name, node_name, ...)                                                           \
    {                                                                                                \
        .name = #op_name, .node = #node_name, .inputs = {"input"}, .attributes = sizeof(ReduceArgs), \
        __VA_ARGS__                                                                                  \
    }
WK_OP(sum_op) = REDUCTION(sum, SumBackward0, .forward = sum_forward, .backward = sum_backward);
WK_OP(sum_dims_op) = REDUCTION(sum, SumBackward1, .forward = sum_forward, .backward = sum_backward);
WK_OP(mean_op) = REDUCTION(mean, MeanBackward0, .forward = mean_forward, .backward = mean_backward);
WK_OP(mean_dims_op) = REDUCTION(mean, MeanBackward1, .forward = mean_forward, .backward = mean_backward);

static wk_Tensor *reduce_input(const char *op, const wk_reduce_options *o)
{
    if (!wk_tensor_check(o->input, op, "input"))
        return NULL;
    return o->dtype ? wk_to_dtype(o->input, o->dtype) : o->input;
}

wk_Tensor *wk_sum_with(wk_reduce_options o)
{
    ReduceArgs a;
    wk_Tensor *in = reduce_input("sum", &o);
    if (!in || !reduce_args("sum", in, o.dims, o.keepdim, &a))
        return NULL;
    a.dtype = o.dtype;
    return WK_APPLY(o.dims.count || o.keepdim ? &sum_dims_op : &sum_op, &a, in);
}

wk_Tensor *wk_mean_with(wk_reduce_options o)
{
    ReduceArgs a;
    wk_Tensor *in = reduce_input("mean", &o);
    if (!in)
        return NULL;
    if (!wk_is_floating(in->dtype))
        return wk_raise(WK_ERROR_DTYPE,
                        "mean: could not infer output dtype. %s dtype must be either a floating point or "
                        "complex dtype. Got: %s",
                        o.dtype ? "Optional" : "Input", wk_dtype_type(in->dtype));
    if (!reduce_args("mean", in, o.dims, o.keepdim, &a))
        return NULL;
    return WK_APPLY(o.dims.count || o.keepdim ? &mean_dims_op : &mean_op, &a, in);
}

/* ---- extremes --------------------------------------------------------------------------------------- */

/* Both of a kernel's results, or the one that is asked for. */
static bool extremes(const char *op, const wk_ReduceIndex *kernels, wk_Tensor *in, const ReduceArgs *a,
                     wk_Tensor **values, wk_Tensor **indices)
{
    wk_Split s;
    wk_Shape shape = reduced_shape(in, a);
    wk_Tensor *flat = arranged(in, a->mask, &s);
    if (!flat)
        return false;
    if (!kernels[in->dtype])
        return wk_raise_dtype(op, in->dtype) != NULL;
    if (values && !(*values = wk_tensor_new(op, (wk_dtype)in->dtype, shape.ndim, shape.dims)))
        return false;
    if (indices && !(*indices = wk_tensor_new(op, wk_int64, shape.ndim, shape.dims)))
        return false;
    return wk_shape_numel(shape.ndim, shape.dims) == 0 ||
           kernels[in->dtype](s.outer, s.n, s.inner, wk_tensor_data(flat),
                              values ? wk_tensor_data(*values) : NULL,
                              indices ? wk_tensor_data(*indices) : NULL);
}

static wk_Tensor *amax_forward(wk_Call *call)
{
    wk_Tensor *values;
    return extremes(call->op->name, wk_kernels->max, call->in[0], call->attributes, &values, NULL) ? values
                                                                                                   : NULL;
}

static wk_Tensor *amin_forward(wk_Call *call)
{
    wk_Tensor *values;
    return extremes(call->op->name, wk_kernels->min, call->in[0], call->attributes, &values, NULL) ? values
                                                                                                   : NULL;
}

/* The gradient of an extreme y, in equal parts to the elements of x that are it. */
static wk_Tensor *shared_gradient(const ReduceArgs *a, wk_Tensor *x, wk_Tensor *y, wk_Tensor *grad)
{
    wk_Tensor *kept = with_kept_dims(y, a);
    wk_Tensor *both_nan = wk_mul_tensor(wk_ne_tensor(x, x), wk_ne_tensor(kept, kept));
    wk_Tensor *hit = wk_to_dtype(wk_add_tensor(wk_eq_tensor(x, kept), both_nan), (wk_dtype)grad->dtype);
    int64_t dims[WK_MAX_DIMS];
    int count = 0;
    for (int i = 0; i < a->before.ndim; i++)
        if (a->mask >> i & 1)
            dims[count++] = i;
    wk_Tensor *hits =
        count ? wk_sum_with((wk_reduce_options){.input = hit, .dims = {count, dims}, .keepdim = true}) : hit;
    return wk_mul_tensor(hit, wk_div_tensor(with_kept_dims(grad, a), hits));
}

static void extreme_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    out[0] = shared_gradient(node->attributes, wk_saved_input(node, 0), wk_saved_output(node), grad);
}

WK_OP(amax_op) = REDUCTION(amax, AmaxBackward0, .uses = {1}, .uses_output = 1, .forward = amax_forward,
                           .backward = extreme_backward);
WK_OP(amin_op) = REDUCTION(amin, AminBackward0, .uses = {1}, .uses_output = 1, .forward = amin_forward,
                           .backward = extreme_backward);
WK_OP(max_op) = REDUCTION(max, MaxBackward1, .uses = {1}, .uses_output = 1, .forward = amax_forward,
                          .backward = extreme_backward);
WK_OP(min_op) = REDUCTION(min, MinBackward1, .uses = {1}, .uses_output = 1, .forward = amin_forward,
                          .backward = extreme_backward);

/* There is no extreme of nothing. */
static bool has_elements(const char *op, const wk_Tensor *in, wk_Dims dims)
{
    if (in->numel != 0)
        return true;
    if (dims.count == 0)
        return wk_raise(WK_ERROR_SHAPE,
                        "%s: Expected reduction dim to be specified for input.numel() == 0. Specify the "
                        "reduction dim with the 'dim' argument.",
                        op),
               false;
    for (int i = 0; i < dims.count; i++) {
        const int d = wk_shape_dim(op, in->ndim, dims.dims[i]);
        if (d < 0)
            return false;
        if (in->shape[d] == 0)
            return wk_raise(WK_ERROR_SHAPE, "%s: Expected reduction dim %lld to have non-zero size.", op,
                            (long long)dims.dims[i]),
                   false;
    }
    return true;
}

static wk_Tensor *extreme_of(const wk_Op *op, wk_reduce_options o)
{
    ReduceArgs a;
    wk_Tensor *in = reduce_input(op->name, &o);
    if (!in || !wk_array_check(o.dims.count, o.dims.dims, op->name, "dims") ||
        !has_elements(op->name, in, o.dims) || !reduce_args(op->name, in, o.dims, o.keepdim, &a))
        return NULL;
    return WK_APPLY(op, &a, in);
}

wk_Tensor *wk_max(wk_Tensor *input)
{
    return extreme_of(&max_op, (wk_reduce_options){.input = input});
}

wk_Tensor *wk_min(wk_Tensor *input)
{
    return extreme_of(&min_op, (wk_reduce_options){.input = input});
}

wk_Tensor *wk_amax_with(wk_reduce_options options)
{
    return extreme_of(&amax_op, options);
}

wk_Tensor *wk_amin_with(wk_reduce_options options)
{
    return extreme_of(&amin_op, options);
}

static wk_Tensor *aminmax_forward(wk_Call *call)
{
    const wk_Op *op = call->op;
    wk_Tensor *least;
    return extremes(op->name, wk_kernels->min, call->in[0], call->attributes, &least, NULL) &&
                   extremes(op->name, wk_kernels->max, call->in[0], call->attributes, &call->more[0], NULL)
               ? least
               : NULL;
}

static bool aminmax_backward(wk_Node *node, wk_Tensor *const *grads, wk_Tensor **out)
{
    wk_Tensor *x = wk_saved_input(node, 0);
    for (int i = 0; i < 2; i++) {
        if (!grads[i])
            continue;
        wk_Tensor *part = shared_gradient(node->attributes, x,
                                          i ? wk_saved_more(node, 0) : wk_saved_output(node), grads[i]);
        out[0] = out[0] ? wk_add_tensor(out[0], part) : part;
        if (!out[0])
            return false;
    }
    return true;
}

WK_OP(aminmax_op) = REDUCTION(aminmax, AminmaxBackward0, .uses = {1}, .uses_output = 1, .uses_more = 1,
                              .differentiable = 2, .forward = aminmax_forward,
                              .backward_all = aminmax_backward);

wk_MinMax wk_aminmax_with(wk_reduce_options o)
{
    const wk_MinMax none = {NULL, NULL};
    ReduceArgs a;
    wk_Tensor *in = reduce_input("aminmax", &o);
    if (!in || !wk_array_check(o.dims.count, o.dims.dims, "aminmax", "dims"))
        return none;
    if (o.dims.count > 1)
        wk_raise(WK_ERROR_ARGUMENT, "aminmax: takes one dim, got %d", o.dims.count);
    else if (!o.dims.count && !in->numel)
        wk_raise(WK_ERROR_SHAPE,
                 "aminmax: cannot compute aminmax over an empty dimension as the operation has no identity.");
    else if (has_elements("aminmax", in, o.dims) && reduce_args("aminmax", in, o.dims, o.keepdim, &a)) {
        wk_MinMax r;
        r.min = wk_apply_more(&aminmax_op, 1, &in, &a, 1, &r.max);
        return r.min ? r : none;
    }
    return none;
}

/* ---- extremes along one dimension, with their indices ----------------------------------------------- */

static wk_Tensor *along_forward(wk_Call *call, const wk_ReduceIndex *kernels)
{
    wk_Tensor *values, *indices;
    if (!extremes(call->op->name, kernels, call->in[0], call->attributes, &values, &indices))
        return NULL;
    call->more[0] = call->extra[0] = indices;
    return values;
}

static wk_Tensor *max_dim_forward(wk_Call *call)
{
    return along_forward(call, wk_kernels->max);
}

static wk_Tensor *min_dim_forward(wk_Call *call)
{
    return along_forward(call, wk_kernels->min);
}

static void along_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const ReduceArgs *a = node->attributes;
    wk_Tensor *zeros = wk_zeros_shape(a->before.ndim, a->before.dims, (wk_dtype)grad->dtype);
    int dim = a->mask ? __builtin_ctz(a->mask) : 0;
    out[0] = wk_scatter_add(zeros, dim, with_kept_dims(wk_saved_extra(node, 0), a), with_kept_dims(grad, a));
}

WK_OP(max_dim_op) = REDUCTION(max, MaxBackward0, .forward = max_dim_forward, .backward = along_backward);
WK_OP(min_dim_op) = REDUCTION(min, MinBackward0, .forward = min_dim_forward, .backward = along_backward);

static wk_ValuesIndices extreme_along(const wk_Op *op, wk_Tensor *input, int64_t dim, bool keepdim)
{
    wk_ValuesIndices r = {0};
    ReduceArgs a;
    if (!wk_tensor_check(input, op->name, "input") || (dim = wk_shape_dim(op->name, input->ndim, dim)) < 0 ||
        !has_elements(op->name, input, (wk_Dims){1, &dim}) ||
        !reduce_args(op->name, input, (wk_Dims){1, &dim}, keepdim, &a))
        return r;
    r.values = wk_apply_more(op, 1, &input, &a, 1, &r.indices);
    return r;
}

wk_ValuesIndices wk_max_dim(wk_Tensor *input, int64_t dim, bool keepdim)
{
    return extreme_along(&max_dim_op, input, dim, keepdim);
}

wk_ValuesIndices wk_min_dim(wk_Tensor *input, int64_t dim, bool keepdim)
{
    return extreme_along(&min_dim_op, input, dim, keepdim);
}

static wk_Tensor *argmax_forward(wk_Call *call)
{
    wk_Tensor *indices;
    return extremes("argmax", wk_kernels->max, call->in[0], call->attributes, NULL, &indices) ? indices
                                                                                              : NULL;
}

static wk_Tensor *argmin_forward(wk_Call *call)
{
    wk_Tensor *indices;
    return extremes("argmin", wk_kernels->min, call->in[0], call->attributes, NULL, &indices) ? indices
                                                                                              : NULL;
}

WK_OP(argmax_op) = REDUCTION(argmax, argmax, .forward = argmax_forward);
WK_OP(argmin_op) = REDUCTION(argmin, argmin, .forward = argmin_forward);

static wk_Tensor *position_of(const wk_Op *op, wk_reduce_options o)
{
    if (o.dims.count > 1)
        return wk_raise(WK_ERROR_ARGUMENT, "%s: one dim at most, got %d", op->name, o.dims.count);
    if (!wk_tensor_check(o.input, op->name, "input") ||
        !wk_array_check(o.dims.count, o.dims.dims, op->name, "dims"))
        return NULL;
    if ((o.dtype ? o.dtype : (wk_dtype)o.input->dtype) == wk_bool)
        return wk_raise(WK_ERROR_DTYPE, "%s: does not support bool input", op->name);
    const int64_t dim = o.dims.count ? wk_shape_dim(op->name, o.input->ndim, *o.dims.dims) : 0;
    if (o.dims.count)
        o.dims.dims = &dim;
    return dim < 0 ? NULL : extreme_of(op, o);
}

wk_Tensor *wk_argmax_with(wk_reduce_options options)
{
    return position_of(&argmax_op, options);
}

wk_Tensor *wk_argmin_with(wk_reduce_options options)
{
    return position_of(&argmin_op, options);
}

/* ---- all, any --------------------------------------------------------------------------------------- */

/* uint8 was PyTorch's bool once, and its truths are still uint8. */
static wk_dtype truth_dtype(const wk_Tensor *in)
{
    return in->dtype == wk_uint8 ? wk_uint8 : wk_bool;
}

static wk_Tensor *all_forward(wk_Call *call)
{
    return reduced_by("all", wk_kernels->all, call->in[0], call->attributes, truth_dtype(call->in[0]));
}

static wk_Tensor *any_forward(wk_Call *call)
{
    return reduced_by("any", wk_kernels->any, call->in[0], call->attributes, truth_dtype(call->in[0]));
}

WK_OP(all_op) = REDUCTION(all, all, .forward = all_forward);
WK_OP(any_op) = REDUCTION(any, any, .forward = any_forward);

static wk_Tensor *truth_of(const wk_Op *op, wk_reduce_options o)
{
    ReduceArgs a;
    wk_Tensor *in = reduce_input(op->name, &o);
    return in && reduce_args(op->name, in, o.dims, o.keepdim, &a) ? WK_APPLY(op, &a, in) : NULL;
}

wk_Tensor *wk_all_with(wk_reduce_options options)
{
    return truth_of(&all_op, options);
}

wk_Tensor *wk_any_with(wk_reduce_options options)
{
    return truth_of(&any_op, options);
}
