/* Binary cross entropy, of probabilities and of logits: each is one node, with the gradients that PyTorch has.
 *
 *   probabilities: -w (t log(x) + (1 - t) log(1 - x)), logarithms of at least -100
 *     gradient of x = w g (x - t) / max((1 - x) x, 1e-12)     of t = w g (log(1 - x) - log(x))
 *   logits: w ((1 - t) x - l log_sigmoid(x)) with l = 1 + (p - 1) t for the weight p of the positive class
 *     gradient of x = w g (l sigmoid(x) - p t), where p is 1 w g (sigmoid(x) - t)     of t = w g (-x - (p - 1) log_sigmoid(x)) */
#include <string.h>

#include "ops/ops.h"

enum { INPUT, TARGET, WEIGHT, POSITIVE };

/* The gradient of each element, behind the reduction and the weight. */
static wk_Tensor *element_gradient(wk_Node *node, wk_Tensor *grad, wk_Tensor *input,
                                   const wk_Tensor *has_weight)
{
    const wk_Reduction reduction = *(const wk_Reduction *)node->attributes;
    wk_Tensor *g = reduction == wk_reduction_mean && input && input->numel
                       ? wk_div_double(grad, (double)input->numel)
                       : grad;
    return has_weight ? wk_mul_tensor(g, wk_saved_input(node, WEIGHT)) : g;
}

/* ---- of probabilities ------------------------------------------------------------------------------- */

static wk_Tensor *bounded_log(wk_Tensor *x)
{
    return wk_maximum_double(wk_log(x), -100);
}

static wk_Tensor *binary_forward(wk_Call *call)
{
    wk_Tensor *x = call->in[INPUT], *t = call->in[TARGET];
    if (wk_item(wk_all(wk_mul_tensor(wk_ge_double(x, 0), wk_le_double(x, 1)))) == 0)
        return wk_raise(WK_ERROR_DOMAIN, "%s: all elements of input should be between 0 and 1",
                        call->op->name);
    wk_Tensor *loss = wk_sub_tensor(wk_mul_tensor(wk_sub_double(t, 1), bounded_log(wk_rsub(x, 1))),
                                    wk_mul_tensor(t, bounded_log(x)));
    if (call->in[WEIGHT])
        loss = wk_mul_tensor(loss, call->in[WEIGHT]);
    return wk_reduced(loss, *(const wk_Reduction *)call->attributes);
}

static void binary_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    wk_Tensor *x = wk_saved_input(node, INPUT);
    wk_Tensor *g = element_gradient(node, grad, x, node->saved[WEIGHT].tensor);
    if (wk_node_needs(node, INPUT)) {
        wk_Tensor *scale = wk_maximum_double(wk_mul_tensor(wk_rsub(x, 1), x), 1e-12);
        out[INPUT] = wk_div_tensor(wk_mul_tensor(g, wk_sub_tensor(x, wk_saved_input(node, TARGET))), scale);
    }
    if (wk_node_needs(node, TARGET))
        out[TARGET] = wk_mul_tensor(g, wk_sub_tensor(bounded_log(wk_rsub(x, 1)), bounded_log(x)));
}

WK_OP(binary_op) = {.name = "binary_cross_entropy",
                    .node = "BinaryCrossEntropyBackward0",
                    .inputs = {"input", "target", "weight"},
                    .optional = 1 << WEIGHT,
                    .constant = 1 << WEIGHT,
                    .uses = {3, 1, 3},
                    .attributes = sizeof(wk_Reduction),
                    .forward = binary_forward,
                    .backward = binary_backward};

/* ---- of logits -------------------------------------------------------------------------------------- */

/* 1 + (p - 1) t */
static wk_Tensor *positive_scale(wk_Tensor *target, wk_Tensor *positive)
{
    return wk_add_double(wk_mul_tensor(wk_sub_double(positive, 1), target), 1);
}

static wk_Tensor *logits_forward(wk_Call *call)
{
    wk_Tensor *x = call->in[INPUT], *t = call->in[TARGET], *likelihood = wk_logsigmoid(x);
    if (call->in[POSITIVE])
        likelihood = wk_mul_tensor(likelihood, positive_scale(t, call->in[POSITIVE]));
    wk_Tensor *loss = wk_sub_tensor(wk_mul_tensor(wk_rsub(t, 1), x), likelihood);
    if (call->in[WEIGHT])
        loss = wk_mul_tensor(loss, call->in[WEIGHT]);
    return wk_reduced(loss, *(const wk_Reduction *)call->attributes);
}

static void logits_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    wk_Tensor *x = wk_saved_input(node, INPUT), *t = NULL, *positive = NULL;
    if (node->saved[POSITIVE].tensor)
        positive = wk_saved_input(node, POSITIVE);
    wk_Tensor *g = element_gradient(node, grad, x, node->saved[WEIGHT].tensor);
    if (wk_node_needs(node, INPUT)) {
        t = wk_saved_input(node, TARGET);
        wk_Tensor *share = wk_sigmoid(x), *expected = t;
        if (node->saved[POSITIVE].tensor) {
            share = wk_mul_tensor(share, positive_scale(t, positive));
            expected = wk_mul_tensor(positive, t);
        }
        out[INPUT] = wk_mul_tensor(g, wk_sub_tensor(share, expected));
    }
    if (wk_node_needs(node, TARGET)) {
        wk_Tensor *slope = x;
        if (node->saved[POSITIVE].tensor)
            slope = wk_add_tensor(x, wk_mul_tensor(wk_sub_double(positive, 1), wk_logsigmoid(x)));
        out[TARGET] = wk_neg(wk_mul_tensor(g, slope));
    }
}

WK_OP(logits_op) = {.name = "binary_cross_entropy_with_logits",
                    .node = "BinaryCrossEntropyWithLogitsBackward0",
                    .inputs = {"input", "target", "weight", "pos_weight"},
                    .optional = 1 << WEIGHT | 1 << POSITIVE,
                    .constant = 1 << WEIGHT | 1 << POSITIVE,
                    .uses = {3, 1, 3, 3},
                    .attributes = sizeof(wk_Reduction),
                    .forward = logits_forward,
                    .backward = logits_backward};

/* ---- the functions ---------------------------------------------------------------------------------- */

/* What both refuse. */
static bool binary_inputs(const char *op, const char *mismatch, wk_Tensor *input, wk_Tensor *target,
                          wk_Tensor *const *weights, wk_Reduction reduction)
{
    static const char *const names[] = {"weight", "pos_weight"};
    if (!wk_tensor_check(input, op, "input") || !wk_tensor_check(target, op, "target"))
        return false;
    if (!wk_reduction_known(op, reduction))
        return false;
    if (!wk_shape_same(input, target))
        return wk_raise(WK_ERROR_SHAPE, mismatch, op, WK_SHAPE_TEXT(target), WK_SHAPE_TEXT(input)), false;
    for (int i = 0; i < 2; i++) {
        wk_Shape shape;
        if (!weights[i])
            continue;
        if (!wk_tensor_check(weights[i], op, names[i]) || !wk_shape_broadcast(op, input, weights[i], &shape))
            return false;
        if (shape.ndim != input->ndim ||
            memcmp(shape.dims, input->shape, (size_t)shape.ndim * sizeof *shape.dims) != 0)
            return wk_raise(WK_ERROR_SHAPE,
                            "%s: %s with shape %s does not broadcast to that of the input, %s", op, names[i],
                            WK_SHAPE_TEXT(weights[i]), WK_SHAPE_TEXT(input)),
                   false;
        if (wk_requires_grad(weights[i]))
            return wk_raise(WK_ERROR_STATE,
                            "%s: The function '%s' is not differentiable with respect to argument '%s'. This "
                            "input "
                            "cannot have requires_grad True.",
                            op, op, names[i]),
                   false;
    }
    return true;
}

wk_Tensor *wk_binary_cross_entropy_with(wk_binary_cross_entropy_options o)
{
    const char *op = binary_op.name;
    if (!binary_inputs(op,
                       "%s: Using a target size (torch.Size(%s)) that is different to the input size "
                       "(torch.Size(%s)) is "
                       "deprecated. Please ensure they have the same size.",
                       o.input, o.target, (wk_Tensor *[]){o.weight, NULL}, o.reduction))
        return NULL;
    if (o.target->dtype != o.input->dtype)
        return wk_raise(WK_ERROR_DTYPE, "%s: Found dtype %s but expected %s", op,
                        wk_dtype_type(o.target->dtype), wk_dtype_type(o.input->dtype));
    if (!wk_is_floating(o.input->dtype))
        return wk_raise_kernel(op, "binary_cross_entropy", o.input->dtype);
    return WK_APPLY(&binary_op, &o.reduction, o.input, o.target, o.weight);
}

wk_Tensor *wk_binary_cross_entropy_with_logits_with(wk_binary_cross_entropy_with_logits_options o)
{
    const char *op = logits_op.name;
    if (!binary_inputs(op, "%s: Target size (torch.Size(%s)) must be the same as input size (torch.Size(%s))",
                       o.input, o.target, (wk_Tensor *[]){o.weight, o.pos_weight}, o.reduction))
        return NULL;
    if (!wk_is_floating(o.input->dtype))
        return wk_raise_kernel(op, "log_sigmoid_cpu", o.input->dtype);
    if (!wk_is_floating(o.target->dtype))
        return wk_raise(WK_ERROR_DTYPE, "%s: result type %s can't be cast to the desired output type %s", op,
                        wk_dtype_type(o.input->dtype), wk_dtype_type(o.target->dtype));
    return WK_APPLY(&logits_op, &o.reduction, o.input, o.target, o.weight, o.pos_weight);
}
