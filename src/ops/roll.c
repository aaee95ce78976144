/* roll: two slices of each dimension that moves, joined in the other order. Its gradient is rolled back. */
#include <string.h>

#include "ops/ops.h"

typedef struct RollArgs {
    int count;
    int64_t shift[WK_MAX_DIMS], dim[WK_MAX_DIMS];
    bool flat;
} RollArgs;

static wk_Tensor *roll_forward(wk_Call *call)
{
    const RollArgs *a = call->attributes;
    wk_Tensor *in = call->in[0], *out = in;
    if (a->flat)
        out = wk_reshape_shape(in, 1, &(int64_t){in->numel});
    for (int i = 0; i < a->count && out; i++) {
        const int64_t n = out->shape[a->dim[i]], by = n ? (a->shift[i] % n + n) % n : 0;
        if (by)
            out = wk_cat(wk_list(wk_narrow(out, a->dim[i], n - by, by), wk_narrow(out, a->dim[i], 0, n - by)),
                         a->dim[i]);
    }
    out = a->flat ? wk_reshape_shape(out, in->ndim, in->shape) : out;
    return out && out->storage == in->storage ? wk_contiguous_copy(in) : out;
}

static void roll_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out);

WK_OP(roll_op) = {.name = "roll",
                  .node = "RollBackward0",
                  .inputs = {"input"},
                  .attributes = sizeof(RollArgs),
                  .forward = roll_forward,
                  .backward = roll_backward};

static void roll_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    RollArgs a = *(const RollArgs *)node->attributes;
    for (int i = 0; i < a.count; i++)
        a.shift[i] = -a.shift[i];
    out[0] = WK_APPLY(&roll_op, &a, grad);
}

wk_Tensor *wk_roll_dims(wk_Tensor *input, wk_Dims shifts, wk_Dims dims)
{
    if (!wk_tensor_check(input, "roll", "input") ||
        !wk_array_check(shifts.count, shifts.dims, "roll", "shifts") ||
        !wk_array_check(dims.count, dims.dims, "roll", "dims"))
        return NULL;
    if (!shifts.count)
        return wk_raise(WK_ERROR_ARGUMENT, "roll: `shifts` required");
    if ((dims.count || shifts.count != 1) && shifts.count != dims.count)
        return wk_raise(WK_ERROR_ARGUMENT, "roll: shifts and dimensions must align. shifts: %d, dims:%d",
                        shifts.count, dims.count);
    if (dims.count && !input->ndim)
        return wk_raise(WK_ERROR_INDEX, "roll: Dimension specified as %lld but tensor has no dimensions",
                        (long long)dims.dims[0]);
    if (shifts.count > WK_MAX_DIMS)
        return wk_raise(WK_ERROR_ARGUMENT, "roll: at most %d shifts, got %d", WK_MAX_DIMS, shifts.count);
    RollArgs a = {.count = shifts.count, .flat = !dims.count};
    for (int i = 0; i < a.count; i++) {
        const int dim = a.flat ? 0 : wk_shape_dim("roll", input->ndim, dims.dims[i]);
        if (dim < 0)
            return NULL;
        const int64_t n = a.flat ? input->numel : input->shape[dim];
        a.dim[i] = dim;
        a.shift[i] = n ? shifts.dims[i] % n : 0;
    }
    return WK_APPLY(&roll_op, &a, input);
}
