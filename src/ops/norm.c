/* layer_norm and group_norm: a row, or a group of a sample's channels, to mean 0 and variance 1. Gradient:
 * norm_grad.c.
 *
 * Layer norm is group norm of one group whose channels are single elements, so both share one kernel. */
#include "ops/norm.h"
#include "core/checked.h"
#include "core/options.h"

#include <string.h>

bool wk_norm_operands(const char *op, const char *kernel, const wk_Tensor *input, wk_Tensor *const *others,
                      int count)
{
    if (!wk_is_floating(input->dtype))
        return wk_raise_kernel(op, kernel, input->dtype), false;
    for (int i = 0; i < count; i++)
        if (others[i] && others[i]->dtype != input->dtype)
            return wk_raise(WK_ERROR_DTYPE,
                            "%s: mixed dtype (CPU): expect parameter to have scalar type of %s, but got %s",
                            op, wk_dtype_type(input->dtype), wk_dtype_type(others[i]->dtype)),
                   false;
    return true;
}

static wk_Tensor *group_norm_forward(wk_Call *call)
{
    const wk_NormArgs *a = call->attributes;
    const wk_NormShape *s = &a->shape;
    wk_Tensor *x = wk_contiguous(call->in[0]), *w = call->in[1], *b = call->in[2];
    if (!x || (w && !(w = wk_contiguous(w))) || (b && !(b = wk_contiguous(b))))
        return NULL;
    const int64_t rows[] = {3, s->n * s->groups};
    wk_Tensor *stats = wk_tensor_new(call->op->name, wk_float64, 2, rows);
    wk_Tensor *out = wk_tensor_new(call->op->name, (wk_dtype)x->dtype, x->ndim, x->shape);
    if (!stats || !out)
        return NULL;
    if (out->numel)
        wk_kernels->group_norm[x->dtype](s, wk_tensor_data(x), wk_data_or_null(w), wk_data_or_null(b),
                                         wk_tensor_data(out), wk_tensor_data(stats));
    call->extra[0] = stats;
    return out;
}

#define GROUP_NORM(op_name, node_name)                                                                \
    {                                                                                                 \
        .name = op_name, .node = node_name, .inputs = {"input", "weight", "bias"}, .optional = 2 | 4, \
        .uses = {1 | 2 | 4, 1}, .attributes = sizeof(wk_NormArgs), .forward = group_norm_forward,     \
        .backward = wk_norm_backward,                                                                 \
    }
WK_OP(layer_norm_op) = GROUP_NORM("layer_norm", "NativeLayerNormBackward0");
WK_OP(group_norm_op) = GROUP_NORM("group_norm", "NativeGroupNormBackward0");

/* ---- layer_norm ------------------------------------------------------------------------------------- */

static bool layer_norm_fits(const wk_Tensor *x, wk_Dims shape)
{
    if (shape.count < 1 || shape.count > WK_MAX_DIMS)
        return wk_raise(WK_ERROR_SHAPE,
                        shape.count < 1
                            ? "layer_norm: Expected normalized_shape to be at least 1-dimensional, i.e., "
                              "containing at "
                              "least one element, but got normalized_shape = []"
                            : "layer_norm: normalized_shape has %d dimensions, at most %d are possible",
                        shape.count, WK_MAX_DIMS),
               false;
    if (!wk_array_check(shape.count, shape.dims, "layer_norm", "normalized_shape"))
        return false;
    if (shape.count <= x->ndim &&
        memcmp(x->shape + x->ndim - shape.count, shape.dims, (size_t)shape.count * sizeof *shape.dims) == 0)
        return true;
    wk_ShapeText text = wk_shape_text(shape.count, shape.dims);
    return wk_raise(WK_ERROR_SHAPE,
                    "layer_norm: Given normalized_shape=%s, expected input with shape [*, %s, but got input "
                    "of size%s",
                    text.text, text.text + 1, WK_SHAPE_TEXT(x)),
           false;
}

static bool layer_norm_operand_fits(const char *name, const wk_Tensor *t, wk_Dims shape)
{
    if (!t || (t->ndim == shape.count &&
               memcmp(t->shape, shape.dims, (size_t)shape.count * sizeof *shape.dims) == 0))
        return true;
    return wk_raise(WK_ERROR_SHAPE,
                    "layer_norm: Expected %s to be of same shape as normalized_shape, but got %s of shape %s "
                    "and normalized_shape = %s",
                    name, name, WK_SHAPE_TEXT(t), wk_shape_text(shape.count, shape.dims).text),
           false;
}

wk_Tensor *wk_layer_norm_with(wk_layer_norm_options o)
{
    if (!wk_tensor_check(o.input, "layer_norm", "input") ||
        (o.weight && !wk_tensor_check(o.weight, "layer_norm", "weight")) ||
        (o.bias && !wk_tensor_check(o.bias, "layer_norm", "bias")))
        return NULL;
    wk_Tensor *in[] = {o.input, o.weight, o.bias};
    wk_NormArgs a = {.training = true, .has_weight = o.weight, .weight.ndim = o.normalized_shape.count};
    if (!layer_norm_fits(o.input, o.normalized_shape) ||
        !layer_norm_operand_fits("weight", o.weight, o.normalized_shape) ||
        !layer_norm_operand_fits("bias", o.bias, o.normalized_shape) ||
        !wk_norm_operands("layer_norm", "LayerNormKernelImpl", o.input, in + 1, 2))
        return NULL;
    a.shape = (wk_NormShape){.n = 1, .c = 1, .inner = 1, .groups = 1, .eps = wk_double_or(o.eps, 1e-5)};
    for (int i = 0; i < o.input->ndim; i++) {
        bool within = i >= o.input->ndim - o.normalized_shape.count;
        wk_multiply_size(within ? &a.shape.c : &a.shape.n, o.input->shape[i]);
    }
    memcpy(a.weight.dims, o.normalized_shape.dims, (size_t)o.normalized_shape.count * sizeof *a.weight.dims);
    return wk_apply(&layer_norm_op, 3, in, &a);
}

/* ---- group_norm ------------------------------------------------------------------------------------- */

static bool group_norm_operand_fits(const char *name, const wk_Tensor *t, const wk_Tensor *x)
{
    if (!t || (t->ndim == 1 && t->shape[0] == x->shape[1]))
        return true;
    return wk_raise(WK_ERROR_SHAPE,
                    "group_norm: Expected %s to be a vector of size equal to the number of channels in "
                    "input, but got %s of shape %s "
                    "and input of shape %s",
                    name, name, WK_SHAPE_TEXT(t), WK_SHAPE_TEXT(x)),
           false;
}

static bool group_norm_fits(const wk_Tensor *x, const wk_NormShape *s)
{
    if (s->groups <= 0)
        return wk_raise(WK_ERROR_ARGUMENT, "group_norm: Expected num groups to be greater than 0, got %lld",
                        (long long)s->groups),
               false;
    if (s->c % s->groups)
        return wk_raise(WK_ERROR_SHAPE,
                        "group_norm: Expected number of channels in input to be divisible by num_groups, but "
                        "got input of shape %s "
                        "and num_groups=%lld",
                        WK_SHAPE_TEXT(x), (long long)s->groups),
               false;
    if (s->c == 0 || s->inner == 0)
        return wk_raise(WK_ERROR_SHAPE, "group_norm: Expected %s to be greater than 0, got 0",
                        s->c ? "HxW" : "number of channels"),
               false;
    if (s->n * (s->c / s->groups) * s->inner == 1)
        return wk_raise(WK_ERROR_SHAPE,
                        "group_norm: Expected more than 1 value per channel when training, got input size %s",
                        WK_SHAPE_TEXT(x)),
               false;
    return true;
}

wk_Tensor *wk_group_norm_with(wk_group_norm_options o)
{
    if (!wk_tensor_check(o.input, "group_norm", "input") ||
        (o.weight && !wk_tensor_check(o.weight, "group_norm", "weight")) ||
        (o.bias && !wk_tensor_check(o.bias, "group_norm", "bias")))
        return NULL;
    wk_Tensor *x = o.input, *in[] = {x, o.weight, o.bias};
    if (x->ndim < 2)
        return wk_raise(WK_ERROR_SHAPE,
                        "group_norm: Expected at least 2 dimensions for input tensor but received %d",
                        x->ndim);
    wk_NormArgs a = {.training = true, .has_weight = o.weight, .weight = {1, {x->shape[1]}}};
    a.shape = (wk_NormShape){.n = x->shape[0],
                             .c = x->shape[1],
                             .inner = 1,
                             .groups = wk_int_or(o.num_groups, 0),
                             .eps = wk_double_or(o.eps, 1e-5)};
    for (int i = 2; i < x->ndim; i++)
        wk_multiply_size(&a.shape.inner, x->shape[i]);
    if (!group_norm_fits(x, &a.shape) || !group_norm_operand_fits("weight", o.weight, x) ||
        !group_norm_operand_fits("bias", o.bias, x) ||
        !wk_norm_operands("group_norm", "GroupNormKernelImpl", x, in + 1, 2))
        return NULL;
    return wk_apply(&group_norm_op, 3, in, &a);
}
