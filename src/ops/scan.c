/* cumsum. Its gradient is the sum from the other end, which is the same operation in reverse. */
#include "ops/ops.h"

typedef struct ScanArgs {
    int dim;
    bool reverse;
} ScanArgs;

static wk_Tensor *cumsum_forward(wk_Call *call)
{
    const ScanArgs *a = call->attributes;
    wk_Tensor *in = wk_contiguous(call->in[0]);
    wk_Tensor *out = in ? wk_tensor_new("cumsum", (wk_dtype)in->dtype, in->ndim, in->shape) : NULL;
    if (!out)
        return NULL;
    const wk_Split s = wk_split_at(in, a->dim);
    if (out->numel)
        wk_kernels->cumsum[in->dtype](s.outer, s.n, s.inner, a->reverse, wk_tensor_data(in),
                                      wk_tensor_data(out));
    return out;
}

static wk_Tensor *scanned(wk_Tensor *input, ScanArgs a);

static void cumsum_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const ScanArgs *a = node->attributes;
    out[0] = scanned(grad, (ScanArgs){a->dim, !a->reverse});
}

WK_OP(cumsum_op) = {.name = "cumsum",
                    .node = "CumsumBackward0",
                    .inputs = {"input"},
                    .attributes = sizeof(ScanArgs),
                    .forward = cumsum_forward,
                    .backward = cumsum_backward};

static wk_Tensor *scanned(wk_Tensor *input, ScanArgs a)
{
    return WK_APPLY(&cumsum_op, &a, input);
}

wk_Tensor *wk_cumsum_with(wk_cumsum_options o)
{
    if (!wk_tensor_check(o.input, "cumsum", "input"))
        return NULL;
    const int dim = wk_shape_dim("cumsum", o.input->ndim, o.dim);
    if (dim < 0)
        return NULL;
    if (o.dtype == wk_default_dtype)
        o.dtype = wk_is_floating(o.input->dtype) ? (wk_dtype)o.input->dtype : wk_int64;
    wk_Tensor *input = wk_to_dtype(o.input, o.dtype); /* refuses what is no dtype */
    if (input && !wk_kernels->cumsum[input->dtype])
        return wk_raise_kernel("cumsum", "cumsum_out_cpu", input->dtype);
    return scanned(input, (ScanArgs){dim, false});
}
