/* Choosing between values: where, masked_fill, clamp, logical_not. The gradient goes to the value that was chosen. */
#include <math.h>
#include <string.h>

#include "core/text.h"
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
    wk_Shape first, shape;
    if (condition->dtype != wk_bool && condition->dtype != wk_uint8)
        return wk_raise(WK_ERROR_DTYPE,
                        "where: expected condition to be a boolean tensor, but got a tensor with dtype %s",
                        wk_dtype_type(condition->dtype));
    wk_dtype dtype = wk_promote_types(values[1], values[2]);
    if (!wk_shape_broadcast("where", condition, values[1], &first))
        return NULL;
    wk_Tensor all = {.ndim = (uint8_t)first.ndim};
    memcpy(all.shape, first.dims, sizeof all.shape);
    if (!wk_shape_broadcast("where", &all, values[2], &shape))
        return NULL;
    wk_Tensor *out = wk_result_like("where", dtype, &shape, 3, values);
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
                   .constant = 1,
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
    const wk_Number *value = call->attributes;
    wk_Tensor *in = call->in[0], *mask = call->in[1];
    if (mask->dtype != wk_bool)
        return wk_raise(WK_ERROR_DTYPE,
                        "masked_fill: masked_fill_ only supports boolean masks, but got mask with dtype %s",
                        wk_dtype_c_type(mask->dtype));
    wk_Shape shape;
    wk_Tensor *number = wk_number_as("masked_fill", *value, (wk_dtype)in->dtype);
    return number && wk_shape_broadcast("masked_fill", mask, in, &shape)
               ? wk_contiguous(wk_where(mask, number, in))
               : NULL;
}

static void masked_fill_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    out[0] = wk_masked_fill(grad, wk_saved_input(node, 1), 0);
}

WK_OP(masked_fill_op) = {.name = "masked_fill",
                         .node = "MaskedFillBackward0",
                         .inputs = {"input", "mask"},
                         .constant = 2,
                         .uses = {0, 1},
                         .attributes = sizeof(wk_Number),
                         .any_order = true,
                         .forward = masked_fill_forward,
                         .backward = masked_fill_backward};

wk_Tensor *(wk_masked_fill)(wk_Tensor *input, wk_Tensor *mask, wk_Number value)
{
    return WK_APPLY(&masked_fill_op, &value, input, mask);
}

typedef struct Bounds {
    wk_Number low, high;
} Bounds;

/* Whether a bound changes nothing. One beyond all integers of the dtype on the other side would leave nothing: an error. */
static bool bounds_nothing(wk_Number by, wk_dtype dtype, bool low, bool *fits)
{
    if (wk_is_floating((int)dtype))
        return by.floating && isinf(by.as_double) && (by.as_double < 0) == low;
    const int64_t x = by.as_int64;
    const wk_Integers held = wk_integers_of[(int)dtype];
    *fits = low ? x <= held.most : x >= held.least;
    if (!*fits)
        wk_raise(WK_ERROR_OVERFLOW, "clamp: Clamp %s value %s is outside the representable range of %s",
                 low ? "min" : "max", WK_NUMBER(by.as_double), wk_dtype_type((int)dtype));
    return low ? x <= held.least : x >= held.most;
}

static wk_Tensor *bounded(wk_Tensor *x, wk_Number by, bool low)
{
    bool fits = true;
    if (!x || bounds_nothing(by, (wk_dtype)x->dtype, low, &fits))
        return x;
    wk_Tensor *number = fits ? wk_number_as("clamp", by, (wk_dtype)x->dtype) : NULL;
    return !number ? NULL : low ? wk_maximum_tensor(x, number) : wk_minimum_tensor(x, number);
}

static wk_Tensor *clamp_forward(wk_Call *call)
{
    Bounds b = *(const Bounds *)call->attributes;
    wk_Tensor *in = call->in[0];
    wk_dtype dtype = (wk_dtype)in->dtype;
    if (!wk_is_floating((int)dtype))
        dtype = b.low.floating || b.high.floating ? wk_get_default_dtype()
                : dtype == wk_bool                ? wk_int64
                                                  : dtype;
    if (isnan(b.low.as_double)) /* NaN everywhere, whatever the other bound is */
        b.high = b.low;
    else if (isnan(b.high.as_double))
        b.low = b.high;
    wk_Tensor *out = bounded(bounded(wk_to_dtype(in, dtype), b.low, true), b.high, false);
    return out == in ? wk_clone(in) : out;
}

static void clamp_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const Bounds *b = node->attributes;
    wk_Tensor *x = wk_saved_input(node, 0), *low = wk_number_tensor(b->low),
              *high = wk_number_tensor(b->high);
    out[0] = wk_where(wk_mul_tensor(wk_gt_tensor(x, low), wk_lt_tensor(x, high)), grad,
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

wk_Tensor *(wk_clamp)(wk_Tensor *input, wk_Number low, wk_Number high)
{
    return WK_APPLY(&clamp_op, (&(Bounds){low, high}), input);
}
