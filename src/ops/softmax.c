/* softmax and log_softmax along a dimension.
 *
 *   y = softmax(x):       gradient of x = y (g - sum(g y))
 *   y = log_softmax(x):   gradient of x = g - exp(y) sum(g)
 *
 * Both gradients are operations with a fused kernel and a gradient of their own. */
#include <stdio.h>

#include "ops/ops.h"

typedef struct Along {
    int dim;
} Along;

/* PyTorch has one kernel for the last dimension and one for the others; messages name them. */
static wk_Tensor *run_rows(const char *op, const wk_Rows *kernels, wk_Tensor *in, int dim)
{
    if (!kernels[in->dtype] && in->numel) {
        char kernel[48];
        snprintf(kernel, sizeof kernel, "%s_%skernel_impl", op, dim + 1 < in->ndim ? "" : "lastdim_");
        return wk_raise_kernel(op, kernel, in->dtype);
    }
    wk_Tensor *x = wk_contiguous(in), *out = x ? wk_empty_like(x) : NULL;
    if (!out)
        return NULL;
    wk_Split s = wk_split_at(x, dim);
    if (out->numel)
        kernels[x->dtype](s.outer, s.n, s.inner, wk_tensor_data(x), wk_tensor_data(out));
    return out;
}

static wk_Tensor *run_rows_backward(const wk_RowsBackward *kernels, wk_Tensor *grad, wk_Tensor *result,
                                    int dim)
{
    wk_Tensor *g = wk_contiguous(grad), *y = wk_contiguous(result), *out = g && y ? wk_empty_like(y) : NULL;
    if (!out)
        return NULL;
    wk_Split s = wk_split_at(y, dim);
    if (out->numel)
        kernels[y->dtype](s.outer, s.n, s.inner, wk_tensor_data(g), wk_tensor_data(y), wk_tensor_data(out));
    return out;
}

static wk_Tensor *sum_along(wk_Tensor *t, int dim)
{
    int64_t d = dim;
    return t && t->ndim == 0 ? t
                             : wk_sum_with((wk_reduce_options){.input = t, .dims = {1, &d}, .keepdim = true});
}

static int dim_of(const wk_Node *node)
{
    return ((const Along *)node->attributes)->dim;
}

/* ---- softmax ---------------------------------------------------------------------------------------- */

static wk_Tensor *softmax_backward_forward(wk_Call *call)
{
    return run_rows_backward(wk_kernels->softmax_backward, call->in[0], call->in[1],
                             ((Along *)call->attributes)->dim);
}

static wk_Tensor *softmax_gradient(wk_Tensor *grad, wk_Tensor *y, int dim);

static void softmax_backward_backward(wk_Node *node, wk_Tensor *v, wk_Tensor **out)
{
    int dim = dim_of(node);
    wk_Tensor *y = wk_saved_input(node, 1);
    if (wk_node_needs(node, 0))
        out[0] = softmax_gradient(v, y, dim);
    if (wk_node_needs(node, 1)) {
        wk_Tensor *g = wk_saved_input(node, 0);
        wk_Tensor *first = wk_mul_tensor(v, wk_sub_tensor(g, sum_along(wk_mul_tensor(g, y), dim)));
        out[1] = wk_sub_tensor(first, wk_mul_tensor(g, sum_along(wk_mul_tensor(v, y), dim)));
    }
}

WK_OP(softmax_backward_op) = {.name = "softmax_backward",
                              .node = "SoftmaxBackwardDataBackward0",
                              .inputs = {"grad", "result"},
                              .uses = {2, 1 | 2},
                              .attributes = sizeof(Along),
                              .forward = softmax_backward_forward,
                              .backward = softmax_backward_backward};

static wk_Tensor *softmax_gradient(wk_Tensor *grad, wk_Tensor *y, int dim)
{
    return WK_APPLY(&softmax_backward_op, &(Along){dim}, grad, y);
}

static wk_Tensor *softmax_forward(wk_Call *call)
{
    return run_rows("softmax", wk_kernels->softmax, call->in[0], ((Along *)call->attributes)->dim);
}

static void softmax_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    out[0] = softmax_gradient(grad, wk_saved_output(node), dim_of(node));
}

WK_OP(softmax_op) = {.name = "softmax",
                     .node = "SoftmaxBackward0",
                     .inputs = {"input"},
                     .uses_output = 1,
                     .attributes = sizeof(Along),
                     .forward = softmax_forward,
                     .backward = softmax_backward};

/* ---- log_softmax ------------------------------------------------------------------------------------ */

static wk_Tensor *log_softmax_backward_forward(wk_Call *call)
{
    return run_rows_backward(wk_kernels->log_softmax_backward, call->in[0], call->in[1],
                             ((Along *)call->attributes)->dim);
}

static void log_softmax_backward_backward(wk_Node *node, wk_Tensor *v, wk_Tensor **out)
{
    int dim = dim_of(node);
    wk_Tensor *p = wk_exp(wk_saved_input(node, 1));
    if (wk_node_needs(node, 0))
        out[0] = wk_sub_tensor(v, sum_along(wk_mul_tensor(v, p), dim));
    if (wk_node_needs(node, 1))
        out[1] = wk_neg(wk_mul_tensor(wk_mul_tensor(v, p), sum_along(wk_saved_input(node, 0), dim)));
}

WK_OP(log_softmax_backward_op) = {.name = "log_softmax_backward",
                                  .node = "LogSoftmaxBackwardDataBackward0",
                                  .inputs = {"grad", "result"},
                                  .uses = {2, 1 | 2},
                                  .attributes = sizeof(Along),
                                  .forward = log_softmax_backward_forward,
                                  .backward = log_softmax_backward_backward};

static wk_Tensor *log_softmax_forward(wk_Call *call)
{
    return run_rows("log_softmax", wk_kernels->log_softmax, call->in[0], ((Along *)call->attributes)->dim);
}

static void log_softmax_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    out[0] = WK_APPLY(&log_softmax_backward_op, &(Along){dim_of(node)}, grad, wk_saved_output(node));
}

WK_OP(log_softmax_op) = {.name = "log_softmax",
                         .node = "LogSoftmaxBackward0",
                         .inputs = {"input"},
                         .uses_output = 1,
                         .attributes = sizeof(Along),
                         .forward = log_softmax_forward,
                         .backward = log_softmax_backward};

static wk_Tensor *softmax_along(const wk_Op *op, wk_Tensor *input, int64_t dim)
{
    if (!wk_tensor_check(input, op->name, "input"))
        return NULL;
    int d = wk_shape_dim(op->name, input->ndim, dim);
    return d < 0 ? NULL : WK_APPLY(op, &(Along){d}, input);
}

wk_Tensor *wk_softmax(wk_Tensor *input, int64_t dim)
{
    return softmax_along(&softmax_op, input, dim);
}

wk_Tensor *wk_log_softmax(wk_Tensor *input, int64_t dim)
{
    return softmax_along(&log_softmax_op, input, dim);
}
