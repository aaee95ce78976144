/* Copies and conversions: clone, contiguous, to, copy_, fill_, zero_. All are one kernel, the cast from a dtype to a dtype.
 * A write that replaces the old values stops their gradient: it is zero for self, and the gradient itself for the source. */
#include "core/order.h"
#include "ops/ops.h"

static bool cast_into(const char *op, wk_Tensor *out, wk_Tensor *in)
{
    return wk_map(op, wk_kernels->cast[in->dtype][out->dtype], out, 1, &in);
}

static void pass_gradient(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    (void)node;
    out[0] = grad; /* the engine converts it to the input's dtype */
}

/* ---- clone, contiguous, to -------------------------------------------------------------------------- */

static wk_Tensor *clone_forward(wk_Call *call)
{
    const bool *contiguous = call->attributes;
    wk_Tensor *in = call->in[0];
    wk_Tensor *out = *contiguous ? wk_tensor_new("clone", (wk_dtype)in->dtype, in->ndim, in->shape)
                                 : wk_tensor_in_rows_like("clone", (wk_dtype)in->dtype, in);
    if (!out || !cast_into("clone", out, in))
        return NULL;
    out->number = in->number;
    return out;
}

WK_OP(clone_op) = {.name = "clone",
                   .node = "CloneBackward0",
                   .inputs = {"input"},
                   .attributes = sizeof(bool),
                   .any_order = true,
                   .forward = clone_forward,
                   .backward = pass_gradient};

wk_Tensor *wk_clone(wk_Tensor *input)
{
    return WK_APPLY(&clone_op, &(bool){false}, input);
}

wk_Tensor *wk_contiguous_copy(wk_Tensor *input)
{
    return WK_APPLY(&clone_op, &(bool){true}, input);
}

wk_Tensor *wk_contiguous(wk_Tensor *input)
{
    if (!wk_tensor_check(input, "contiguous", "input"))
        return NULL;
    if (!input->contiguous)
        return wk_contiguous_copy(input);
    return wk_rows_to_read(input) ? input : NULL;
}

static wk_Tensor *to_forward(wk_Call *call)
{
    const wk_dtype *dtype = call->attributes;
    wk_Tensor *in = call->in[0], *out = wk_tensor_in_rows_like("to", *dtype, in);
    if (!out || !cast_into("to", out, in))
        return NULL;
    out->number = in->number;
    return out;
}

WK_OP(to_op) = {.name = "to",
                .node = "ToCopyBackward0",
                .inputs = {"input"},
                .attributes = sizeof(wk_dtype),
                .any_order = true,
                .forward = to_forward,
                .backward = pass_gradient};

wk_Tensor *wk_to_dtype(wk_Tensor *input, wk_dtype dtype)
{
    if (!wk_tensor_check(input, "to", "input"))
        return NULL;
    if (dtype == wk_default_dtype)
        dtype = wk_get_default_dtype();
    if ((unsigned)dtype >= WK_DTYPES)
        return wk_raise(WK_ERROR_DTYPE, "to: there is no dtype %d", (int)dtype);
    return input->dtype == dtype ? input : WK_APPLY(&to_op, &dtype, input);
}

/* ---- copy_, fill_, zero_ ---------------------------------------------------------------------------- */

static void overwritten(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    if (wk_node_needs(node, 0))
        out[0] = wk_zeros_like(grad);
    if (node->edge_count > 1 && wk_node_needs(node, 1))
        out[1] = grad;
}

static wk_Tensor *copy_forward(wk_Call *call)
{
    wk_Tensor *self = call->in[0], *source = call->in[1];
    wk_Shape shape;
    if (!wk_shape_broadcast("copy_", self, source, &shape))
        return NULL;
    bool fits = shape.ndim == self->ndim;
    for (int i = 0; fits && i < shape.ndim; i++)
        fits = shape.dims[i] == self->shape[i];
    if (!fits)
        return wk_raise(WK_ERROR_SHAPE, "copy_: output with shape %s doesn't match the broadcast shape %s",
                        WK_SHAPE_TEXT(self), wk_shape_text(shape.ndim, shape.dims).text);
    if (source->storage == self->storage && !(source = wk_clone(source)))
        return NULL;
    return cast_into("copy_", self, source) ? self : NULL;
}

WK_OP(copy_op) = {.name = "copy_",
                  .node = "CopyBackwards",
                  .inputs = {"self", "other"},
                  .any_order = true,
                  .forward = copy_forward,
                  .backward = overwritten};

wk_Tensor *wk_copy_(wk_Tensor *self, wk_Tensor *other)
{
    return WK_APPLY_INPLACE(&copy_op, NULL, self, other);
}

/* Each place in memory once: one value may be written to an expanded tensor, and threads must not write to one place. */
static wk_Tensor *without_repeats(wk_Tensor *self)
{
    wk_Shape shape = {.ndim = self->ndim};
    bool repeats = false;
    for (int i = 0; i < self->ndim; i++) {
        const bool repeated = self->stride[i] == 0 && self->shape[i] > 1;
        shape.dims[i] = repeated ? 1 : self->shape[i];
        repeats = repeats || repeated;
    }
    return repeats ? wk_tensor_alias(self, shape.ndim, shape.dims, self->stride, self->offset) : self;
}

static wk_Tensor *fill_forward(wk_Call *call)
{
    const wk_Number *value = call->attributes;
    wk_Tensor *self = call->in[0], *once = without_repeats(self);
    return wk_filled(call->op->name, once, *value) ? self : NULL;
}

WK_OP(fill_op) = {.name = "fill_",
                  .node = "FillBackward2",
                  .inputs = {"self"},
                  .attributes = sizeof(wk_Number),
                  .any_order = true,
                  .fills = true,
                  .forward = fill_forward,
                  .backward = overwritten};
WK_OP(zero_op) = {.name = "zero_",
                  .node = "ZeroBackward0",
                  .inputs = {"self"},
                  .attributes = sizeof(wk_Number),
                  .any_order = true,
                  .fills = true,
                  .forward = fill_forward,
                  .backward = overwritten};

wk_Tensor *(wk_fill_)(wk_Tensor *self, wk_Number value)
{
    return WK_APPLY_INPLACE(&fill_op, &value, self);
}

wk_Tensor *wk_zero_(wk_Tensor *self)
{
    const wk_Number zero = wk_number(0);
    return WK_APPLY_INPLACE(&zero_op, &zero, self);
}
