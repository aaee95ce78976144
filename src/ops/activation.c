/* Activations that are made of other operations. */
#include "core/shape.h"
#include "ops/ops.h"

wk_Tensor *wk_softsign(wk_Tensor *input)
{
    return input ? wk_div(input, wk_add(wk_abs(input), 1)) : wk_raise_null("softsign", "input");
}

wk_Tensor *wk_tanhshrink(wk_Tensor *input)
{
    return input ? wk_sub(input, wk_tanh(input)) : wk_raise_null("tanhshrink", "input");
}

wk_Tensor *wk_softmin(wk_Tensor *input, int64_t dim)
{
    return input ? wk_softmax(wk_neg(input), dim) : wk_raise_null("softmin", "input");
}

wk_Tensor *wk_glu(wk_Tensor *input, int64_t dim)
{
    if (!wk_tensor_check(input, "glu", "input"))
        return NULL;
    if (input->ndim == 0)
        return wk_raise(WK_ERROR_SHAPE,
                        "glu: glu does not support scalars because halving size must be even");
    int at = wk_shape_dim("glu", input->ndim, dim);
    if (at < 0)
        return NULL;
    const int64_t size = input->shape[at];
    if (size % 2)
        return wk_raise(WK_ERROR_SHAPE, "glu: Halving dimension must be even, but dimension %d is size %lld",
                        at, (long long)size);
    return wk_mul(wk_narrow(input, at, 0, size / 2), wk_sigmoid(wk_narrow(input, at, size / 2, size / 2)));
}

wk_Tensor *wk_prelu_kernel_tensor(wk_Tensor *input, wk_Tensor *weight); /* a row */

wk_Tensor *wk_prelu(wk_Tensor *input, wk_Tensor *weight)
{
    if (!wk_tensor_check(input, "prelu", "input") || !wk_tensor_check(weight, "prelu", "weight"))
        return NULL;
    if (input->dtype != weight->dtype)
        return wk_raise(WK_ERROR_DTYPE, "prelu: Type promoting not supported. Got %s and %s",
                        wk_dtype_type(input->dtype), wk_dtype_type(weight->dtype));
    if (weight->numel != 1) {
        if (input->ndim == 0)
            return wk_raise(WK_ERROR_SHAPE, "prelu: Not allow zero-dim input tensor.");
        const int64_t channels = input->ndim > 1 ? input->shape[1] : 1;
        if (channels != weight->numel)
            return wk_raise(WK_ERROR_SHAPE,
                            "prelu: Mismatch of parameter numbers and input channel size. Found parameter "
                            "numbers = %lld and channel size = %lld.",
                            (long long)weight->numel, (long long)channels);
    }
    if (weight->ndim > 1)
        return wk_raise(WK_ERROR_SHAPE,
                        "prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = %d",
                        weight->ndim);
    int64_t dims[WK_MAX_DIMS];
    for (int d = 0; d < input->ndim; d++)
        dims[d] = d == 1 ? weight->numel : 1;
    if (input->ndim != 1 || weight->numel != 1 || weight->ndim != 1)
        weight = wk_reshape_shape(weight, input->ndim, dims);
    return wk_prelu_kernel_tensor(input, weight);
}
