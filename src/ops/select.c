/* Choosing between values: where, masked_fill, clamp, logical_not. The gradient goes to the value that was chosen. */
#include <math.h>

#include "ops/ops.h"

static wk_Tensor *not_forward(wk_Call *call)
{
    wk_Tensor *in = call->in[0], *out = wk_tensor_in_rows_like("logical_not", wk_bool, in);
    return out && wk_map("logical_not", wk_kernels->logical_not[in->dtype], out, 1, &in) ? out : NULL;
}

WK_OP(not_op) = {.name = "logical_not", .inputs = {"input"}, .any_order = true, .forward = not_forward};

wk_Tensor *wk_logical_not(wk_Tensor *input)
{
    return WK_APPLY(&not_op, NULL, input);
}

wk_Tensor *wk_logical_not_(wk_Tensor *self)
{
    return self ? wk_copy_(self, wk_logical_not(self)) : wk_raise_null("logical_not_", "self");
}

/* ---- where ------------------------------------------------------------------------------------------ */

static wk_Tensor *where_forward(wk_Call *call)
{
    wk_Tensor *condition = call->in[0], *values[3] = {condition, call->in[1], call->in[2]};
    wk_Shape both, all;
    if (condition->dtype != wk_bool)
        return wk_raise(WK_ERROR_DTYPE,
                        "where: expected condition to be a boolean tensor, but got a tensor with dtype %s",
                        wk_dtype_type(condition->dtype));
    wk_dtype dtype = wk_promote_types(values[1], values[2]);
    if (!wk_shape_broadcast("where", values[1], values[2], &both))
        return NULL;
    wk_Tensor *out = wk_tensor_new("where", dtype, both.ndim, both.dims);
    if (!out || !wk_shape_broadcast("where", condition, out, &all))
        return NULL;
    out = wk_result_like("where", dtype, &all, 3, values);
    for (int i = 1; i < 3; i++)
        if (!(values[i] = wk_to_dtype(values[i], dtype)))
            return NULL;
    return out && wk_map("where", wk_kernels->where[dtype], out, 3, values) ? out : NULL;
}

static void where_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    wk_Tensor *condition = wk_saved_input(node, 0);
    wk_Tensor *zero = wk_zeros_shape(0, NULL, (wk_dtype)grad->dtype);
    if (wk_node_needs(node, 1))
        out[1] = wk_where(condition, grad, zero);
    if (wk_node_needs(node, 2))
        out[2] = wk_where(condition, zero, grad);
}

WK_OP(where_op) = {.name = "where",
                   .node = "WhereBackward0",
                   .inputs = {"condition", "input", "other"},
                   .uses = {2 | 4},
                   .any_order = true,
                   .forward = where_forward,
                   .backward = where_backward};

wk_Tensor *wk_where(wk_Tensor *condition, wk_Tensor *a, wk_Tensor *b)
{
    return WK_APPLY(&where_op, NULL, condition, a, b);
}

/* ---- masked_fill, clamp ----------------------------------------------------------------------------- */

static wk_Tensor *masked_fill_forward(wk_Call *call)
{
    const double *value = call->attributes;
    wk_Tensor *in = call->in[0], *number = wk_scalar_dtype(*value, (wk_dtype)in->dtype);
    if (call->in[1]->dtype != wk_bool)
        return wk_raise(WK_ERROR_DTYPE,
                        "masked_fill: only supports boolean masks, but got mask with dtype %s",
                        wk_dtype_name((wk_dtype)call->in[1]->dtype));
    return number ? wk_contiguous(wk_where(call->in[1], number, in)) : NULL;
}

static void masked_fill_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    out[0] = wk_masked_fill(grad, wk_saved_input(node, 1), 0);
}

WK_OP(masked_fill_op) = {.name = "masked_fill",
                         .node = "MaskedFillBackward0",
                         .inputs = {"input", "mask"},
                         .uses = {0, 1},
                         .attributes = sizeof(double),
                         .any_order = true,
                         .forward = masked_fill_forward,
                         .backward = masked_fill_backward};

wk_Tensor *wk_masked_fill(wk_Tensor *input, wk_Tensor *mask, double value)
{
    return WK_APPLY(&masked_fill_op, &value, input, mask);
}

typedef struct Bounds {
    double low, high;
} Bounds;

/* A whole bound leaves integers integers. */
static wk_Tensor *bound(double value)
{
    bool whole = value == floor(value) && fabs(value) < 0x1p53;
    return whole ? wk_number_int64((int64_t)value) : wk_number_double(value);
}

static wk_Tensor *clamp_forward(wk_Call *call)
{
    const Bounds *b = call->attributes;
    wk_Tensor *low = isinf(b->low) && b->low < 0 ? NULL : bound(b->low), *in = call->in[0];
    wk_Tensor *high = isinf(b->high) && b->high > 0 ? NULL : bound(b->high);
    wk_Tensor *raised = low ? wk_maximum_tensor(in, low) : in;
    return high ? wk_minimum_tensor(raised, high) : low ? raised : wk_clone(in);
}

static void clamp_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const Bounds *b = node->attributes;
    wk_Tensor *x = wk_saved_input(node, 0);
    out[0] = wk_where(wk_mul_tensor(wk_gt_double(x, b->low), wk_lt_double(x, b->high)), grad,
                      wk_zeros_shape(0, NULL, (wk_dtype)grad->dtype));
}

WK_OP(clamp_op) = {.name = "clamp",
                   .node = "ClampBackward1",
                   .inputs = {"input"},
                   .uses = {1},
                   .attributes = sizeof(Bounds),
                   .any_order = true,
                   .forward = clamp_forward,
                   .backward = clamp_backward};

wk_Tensor *wk_clamp(wk_Tensor *input, double low, double high)
{
    return WK_APPLY(&clamp_op, (&(Bounds){low, high}), input);
}
