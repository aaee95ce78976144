/* var, std and norm.
 *
 *   var:  gradient of x = 2 g (x - mean) / (n - correction)
 *   std:  that of var by 1 / (2 std), and 0 where std is 0
 *   norm: g x |x|^(p-2) / norm^(p-1), and 0 where the norm is 0; p = 1: g sign(x); infinite p: shared by
 *   the extreme elements
 *
 * The kernel of var takes two passes over what fits the cache, so a large mean does no harm. */
#include "core/checked.h"
#include "core/options.h"
#include "core/text.h"
#include "ops/norm.h"

#include <math.h>
#include <string.h>

typedef struct SpreadArgs {
    unsigned mask; /* of the dimensions reduced */
    bool keepdim, all;
    double number; /* the divisor's correction, or p */
    wk_Shape before;
} SpreadArgs;

static bool spread_args(const char *op, const wk_Tensor *in, wk_Dims dims, bool keepdim, double number,
                        SpreadArgs *a)
{
    *a = (SpreadArgs){.keepdim = keepdim,
                      .all = dims.count == 0 || in->ndim == 0,
                      .number = number,
                      .before.ndim = in->ndim};
    memcpy(a->before.dims, in->shape, sizeof a->before.dims);
    return wk_shape_dim_mask(op, in->ndim, dims, &a->mask);
}

/* The reduced dimensions as a list; none of a 0-d tensor. */
static wk_Dims spread_dims(const SpreadArgs *a, int64_t dims[WK_MAX_DIMS])
{
    int count = 0;
    for (int i = 0; i < a->before.ndim; i++)
        if (a->mask >> i & 1)
            dims[count++] = i;
    return (wk_Dims){count, dims};
}

static double spread_count(const SpreadArgs *a)
{
    double n = 1;
    for (int i = 0; i < a->before.ndim; i++)
        n *= a->mask >> i & 1 ? (double)a->before.dims[i] : 1;
    return n;
}

/* A result or its gradient with the dimensions of size 1 that broadcast against the input. */
static wk_Tensor *spread_kept(wk_Tensor *t, const SpreadArgs *a)
{
    wk_Shape s = a->before;
    for (int i = 0; i < s.ndim; i++)
        if (a->mask >> i & 1)
            s.dims[i] = 1;
    return a->keepdim ? t : wk_reshape_shape(t, s.ndim, s.dims);
}

static wk_Tensor *reduced_with(wk_Tensor *(*reduce)(wk_reduce_options), wk_Tensor *t, const SpreadArgs *a,
                               bool keepdim)
{
    int64_t dims[WK_MAX_DIMS];
    wk_Dims list = spread_dims(a, dims);
    return list.count ? reduce((wk_reduce_options){.input = t, .dims = list, .keepdim = keepdim}) : t;
}

/* ---- var, std --------------------------------------------------------------------------------------- */

static wk_Tensor *var_forward(wk_Call *call, bool root)
{
    const SpreadArgs *a = call->attributes;
    wk_Tensor *in = call->in[0];
    int64_t order[WK_MAX_DIMS], shape[WK_MAX_DIMS], outer = 1, n = 1, inner = 1;
    int count = 0, kept = 0, last = -1;
    for (int i = 0; i < in->ndim; i++)
        if (a->mask >> i & 1)
            last = i;
    /* Reduced dimensions that lie together are the middle of [outer, n, inner]; others are moved to the
     * end. */
    const unsigned low = a->mask & (~a->mask + 1);
    const bool together = ((a->mask + low) & a->mask) == 0;
    for (int i = 0; i < in->ndim; i++) {
        const bool gone = a->mask >> i & 1;
        wk_multiply_size(gone ? &n : together && i > last ? &inner : &outer, in->shape[i]);
        if (!gone)
            order[count++] = i;
        if (!gone || a->keepdim)
            shape[kept++] = gone ? 1 : in->shape[i];
    }
    for (int i = 0; i < in->ndim; i++)
        if (a->mask >> i & 1)
            order[count++] = i;
    wk_Tensor *flat = wk_contiguous(together ? in : wk_permute_dims(in, count, order));
    wk_Tensor *out = wk_tensor_new(call->op->name, (wk_dtype)in->dtype, kept, shape);
    if (!flat || !out)
        return NULL;
    if (out->numel && !wk_kernels->var[in->dtype](outer, n, inner, a->number, root, wk_tensor_data(flat),
                                                  wk_tensor_data(out)))
        return NULL;
    return out;
}

static wk_Tensor *variance_forward(wk_Call *call)
{
    return var_forward(call, false);
}

static wk_Tensor *deviation_forward(wk_Call *call)
{
    return var_forward(call, true);
}

/* x - mean. The mean is rounded to the dtype; what it was off by is the mean of the differences, and is taken away too, unless it is
 * not finite: then the differences already say so. */
static wk_Tensor *centred(const SpreadArgs *a, wk_Tensor *x)
{
    wk_Tensor *near = wk_sub_tensor(x, reduced_with(wk_mean_with, x, a, true));
    wk_Tensor *off = reduced_with(wk_mean_with, near, a, true);
    return wk_sub_tensor(near, wk_masked_fill(off, wk_ne_double(wk_sub_tensor(off, off), 0), 0));
}

/* 2 (x - mean) g / (n - correction). As PyTorch's where that divisor is 0 or less: over named dimensions the formula still holds;
 * over all of them it is infinite, and NaN where x is the mean. */
static wk_Tensor *variance_gradient(const SpreadArgs *a, wk_Tensor *x, wk_Tensor *g)
{
    const double divisor = spread_count(a) - a->number;
    wk_Tensor *scale = spread_kept(g, a);
    if (a->all && divisor <= 0) {
        wk_Tensor *middle = wk_eq_tensor(x, reduced_with(wk_mean_with, x, a, true));
        return wk_mul_tensor(scale, wk_masked_fill(wk_full_like(x, INFINITY), middle, NAN));
    }
    return wk_mul_tensor(wk_mul_double(scale, 2 / divisor), centred(a, x));
}

static void variance_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    out[0] = variance_gradient(node->attributes, wk_saved_input(node, 0), grad);
}

static void deviation_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    wk_Tensor *y = wk_saved_output(node);
    wk_Tensor *g = wk_masked_fill(wk_div_tensor(grad, wk_mul_double(y, 2)), wk_eq_double(y, 0), 0);
    out[0] = variance_gradient(node->attributes, wk_saved_input(node, 0), g);
}

WK_OP(var_op) = {.name = "var",
                 .node = "VarBackward0",
                 .inputs = {"input"},
                 .uses = {1},
                 .attributes = sizeof(SpreadArgs),
                 .forward = variance_forward,
                 .backward = variance_backward};
WK_OP(std_op) = {.name = "std",
                 .node = "StdBackward0",
                 .inputs = {"input"},
                 .uses = {1},
                 .uses_output = 1,
                 .attributes = sizeof(SpreadArgs),
                 .forward = deviation_forward,
                 .backward = deviation_backward};

static bool variance_args(const char *op, const wk_var_options *o, SpreadArgs *a)
{
    if (!wk_tensor_check(o->input, op, "input"))
        return false;
    if (!wk_is_floating(o->input->dtype))
        return wk_raise(WK_ERROR_DTYPE,
                        "%s: std and var only support floating point and complex dtypes, but got %s", op,
                        wk_dtype_type(o->input->dtype)),
               false;
    return spread_args(op, o->input, o->dims, o->keepdim, wk_double_or(o->correction, 1), a);
}

static wk_Tensor *variance_of(const wk_Op *op, wk_var_options o)
{
    SpreadArgs a;
    return variance_args(op->name, &o, &a) ? WK_APPLY(op, &a, o.input) : NULL;
}

wk_Tensor *wk_var_with(wk_var_options options)
{
    return variance_of(&var_op, options);
}

wk_Tensor *wk_std_with(wk_var_options options)
{
    return variance_of(&std_op, options);
}

static wk_Tensor *var_mean_forward(wk_Call *call)
{
    const SpreadArgs *a = call->attributes;
    call->more[0] = reduced_with(wk_mean_with, call->in[0], a, a->keepdim);
    if (call->more[0] && call->more[0]->storage == call->in[0]->storage) /* of a 0-d tensor */
        call->more[0] = wk_clone(call->more[0]);
    return call->more[0] ? var_forward(call, false) : NULL;
}

static bool var_mean_backward(wk_Node *node, wk_Tensor *const *grads, wk_Tensor **out)
{
    const SpreadArgs *a = node->attributes;
    wk_Tensor *x = wk_saved_input(node, 0);
    if (grads[0])
        out[0] = variance_gradient(a, x, grads[0]);
    if (grads[1]) {
        wk_Tensor *part = wk_div_double(spread_kept(grads[1], a), spread_count(a));
        out[0] =
            grads[0] ? wk_add_tensor(out[0], part) : wk_expand_shape(part, a->before.ndim, a->before.dims);
    }
    return out[0] || (!grads[0] && !grads[1]);
}

WK_OP(var_mean_op) = {.name = "var_mean",
                      .node = "VarMeanBackward0",
                      .inputs = {"input"},
                      .uses = {1},
                      .attributes = sizeof(SpreadArgs),
                      .differentiable = 2,
                      .forward = var_mean_forward,
                      .backward_all = var_mean_backward};

wk_VarMean wk_var_mean_with(wk_var_options o)
{
    wk_VarMean r = {NULL, NULL};
    SpreadArgs a;
    if (variance_args("var_mean", &o, &a))
        r.var = wk_apply_more(&var_mean_op, 1, &o.input, &a, 1, &r.mean);
    if (!r.var)
        r.mean = NULL;
    return r;
}

/* ---- norm ------------------------------------------------------------------------------------------- */

static wk_Tensor *norm_forward(wk_Call *call)
{
    const SpreadArgs *a = call->attributes;
    /* Of one element every norm but the 0-norm is its size, which its power might not hold. */
    const double p = a->number != 0 && spread_count(a) == 1 ? 1 : a->number;
    wk_Tensor *x = call->in[0];
    if (isinf(p))
        return reduced_with(p > 0 ? wk_amax_with : wk_amin_with, wk_abs(x), a, a->keepdim);
    if (p == 0)
        return reduced_with(wk_sum_with, wk_to_dtype(wk_ne_double(x, 0), (wk_dtype)x->dtype), a, a->keepdim);
    if (p == 1)
        return reduced_with(wk_sum_with, wk_abs(x), a, a->keepdim);
    if (p == 2)
        return wk_sqrt(reduced_with(wk_sum_with, wk_square(x), a, a->keepdim));
    return wk_pow_double(reduced_with(wk_sum_with, wk_pow_double(wk_abs(x), p), a, a->keepdim), 1 / p);
}

/* Each of k extreme elements gets g / k. A NaN is the extreme, and its sign, as that of 0, is 0. */
static wk_Tensor *extreme_norm_gradient(const SpreadArgs *a, wk_Tensor *x, wk_Tensor *y, wk_Tensor *g)
{
    wk_Tensor *hit = wk_add_tensor(wk_eq_tensor(wk_abs(x), y), wk_ne_tensor(x, x));
    hit = g ? wk_to_dtype(hit, (wk_dtype)g->dtype) : NULL;
    wk_Tensor *hits = reduced_with(wk_sum_with, hit, a, true);
    return wk_mul_tensor(wk_mul_tensor(wk_sign(x), hit), wk_div_tensor(g, hits));
}

/* sign(x) |x|^(p-1) g / y^(p-1). Where x is 0, no power of it is taken: it could be infinite. */
static wk_Tensor *power_norm_gradient(double p, wk_Tensor *x, wk_Tensor *y, wk_Tensor *g)
{
    wk_Tensor *size = wk_masked_fill(wk_abs(x), wk_eq_double(x, 0), 1);
    wk_Tensor *slope = wk_mul_tensor(wk_sign(x), wk_pow_double(size, p - 1));
    wk_Tensor *scale =
        p < 1 ? wk_mul_tensor(g, wk_pow_double(y, 1 - p)) : wk_div_tensor(g, wk_pow_double(y, p - 1));
    return wk_mul_tensor(slope, wk_masked_fill(scale, wk_eq_double(y, 0), 0));
}

static void norm_gradient(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const SpreadArgs *a = node->attributes;
    const double p = a->number;
    wk_Tensor *x = wk_saved_input(node, 0), *y = spread_kept(wk_saved_output(node), a),
              *g = spread_kept(grad, a);
    if (p == 0)
        out[0] = wk_zeros_like(x);
    else if (p == 1)
        out[0] = wk_mul_tensor(wk_sign(x), g);
    else if (isinf(p))
        out[0] = extreme_norm_gradient(a, x, y, g);
    else if (p == 2)
        out[0] = wk_mul_tensor(x, wk_masked_fill(wk_div_tensor(g, y), wk_eq_double(y, 0), 0));
    else
        out[0] = power_norm_gradient(p, x, y, g);
}

WK_OP(norm_op) = {.name = "norm",
                  .node = "LinalgVectorNormBackward0",
                  .inputs = {"input"},
                  .uses = {1},
                  .uses_output = 1,
                  .attributes = sizeof(SpreadArgs),
                  .forward = norm_forward,
                  .backward = norm_gradient};

/* Of nothing there is no extreme, nor a negative power. */
static bool norm_has_elements(const wk_Tensor *x, const SpreadArgs *a)
{
    if (a->number >= 0 && !isinf(a->number))
        return true;
    if (a->all && x->numel == 0)
        return wk_raise(WK_ERROR_SHAPE,
                        "norm: linalg.vector_norm cannot compute the %s norm on an empty tensor because the "
                        "operation does not have an identity",
                        WK_NUMBER(a->number)),
               false;
    for (int i = 0; i < x->ndim; i++)
        if ((a->mask >> i & 1) && x->shape[i] == 0)
            return wk_raise(WK_ERROR_SHAPE,
                            "norm: linalg.vector_norm cannot compute the %s norm on the dimension %d because "
                            "this dimension is empty and the operation does not have an identity",
                            WK_NUMBER(a->number), i),
                   false;
    return true;
}

wk_Tensor *wk_norm_with(wk_norm_options o)
{
    SpreadArgs a;
    if (!wk_tensor_check(o.input, "norm", "input"))
        return NULL;
    if (!wk_is_floating(o.input->dtype))
        return wk_raise(
            WK_ERROR_DTYPE,
            "norm: linalg.vector_norm: Expected a floating point or complex tensor as input. Got %s",
            wk_dtype_type(o.input->dtype));
    if (!spread_args("norm", o.input, o.dims, o.keepdim, wk_double_or(o.p, 2), &a) ||
        !norm_has_elements(o.input, &a))
        return NULL;
    return WK_APPLY(&norm_op, &a, o.input);
}
