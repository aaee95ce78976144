/* The gradient of batch, layer and group normalisation.
 *
 *   y = x^ w + b with x^ = (x - mean) rstd:
 *   grad x = rstd (gw - mean(gw) - x^ mean(gw x^))      grad w = sum(g x^)      grad b = sum(g)
 *   with given statistics (batch_norm in evaluation):  grad x = rstd gw
 *
 * One fused kernel does it all at once. It has no gradient itself: when the way back is recorded, the same
 * is made of operations from
 * the input's values, of which the statistics are functions too. */
#include "ops/norm.h"

#include <string.h>

/* ---- in operations ---------------------------------------------------------------------------------- */

static wk_Tensor *norm_sum(wk_Tensor *t, int64_t first, int64_t second, bool mean)
{
    int64_t dims[2] = {first, second};
    wk_reduce_options o = {.input = t, .dims = {2, dims}, .keepdim = true};
    return mean ? wk_mean_with(o) : wk_sum_with(o);
}

/* The mean over what shares statistics. */
static wk_Tensor *shared_mean(const wk_NormArgs *a, wk_Tensor *t)
{
    return a->batch ? norm_sum(t, 0, 3, true) : norm_sum(t, 2, 3, true);
}

static wk_Tensor *seen_as(wk_Tensor *t, int64_t n, int64_t groups, int64_t c, int64_t inner)
{
    return wk_reshape(t, n, groups, c, inner);
}

/* Row `index` of the statistics, in x's dtype, to broadcast against it. */
static wk_Tensor *statistic(const wk_NormArgs *a, wk_Tensor *stats, const wk_Tensor *x, int64_t index)
{
    const wk_NormShape *s = &a->shape;
    wk_Tensor *row = x ? wk_to_dtype(wk_select(stats, 0, index), (wk_dtype)x->dtype) : NULL;
    return a->batch ? seen_as(row, 1, s->groups, s->c / s->groups, 1) : seen_as(row, s->n, s->groups, 1, 1);
}

static void norm_backward_recorded(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const wk_NormArgs *a = node->attributes;
    const wk_NormShape *s = &a->shape;
    const wk_Shape *before = &node->meta[0].shape;
    const int64_t channels = s->c / s->groups;
    wk_Tensor *x = seen_as(wk_saved_input(node, 0), s->n, s->groups, channels, s->inner);
    wk_Tensor *g = seen_as(grad, s->n, s->groups, channels, s->inner), *rstd, *normal;
    if (a->training) {
        wk_Tensor *near = wk_sub_tensor(x, shared_mean(a, x)),
                  *centred = wk_sub_tensor(near, shared_mean(a, near));
        rstd = wk_rsqrt(wk_add_double(shared_mean(a, wk_square(centred)), s->eps));
        normal = wk_mul_tensor(centred, rstd);
    } else {
        wk_Tensor *stats = wk_saved_extra(node, 0);
        rstd = statistic(a, stats, x, 2);
        normal = wk_mul_tensor(wk_sub_tensor(x, statistic(a, stats, x, 0)), rstd);
    }
    if (wk_node_needs(node, 0)) {
        wk_Tensor *w = a->has_weight ? seen_as(wk_saved_input(node, 1), 1, s->groups, channels, 1) : NULL;
        wk_Tensor *weighted = a->has_weight ? wk_mul_tensor(g, w) : g, *rest = weighted;
        if (a->training) {
            wk_Tensor *along = wk_mul_tensor(normal, shared_mean(a, wk_mul_tensor(weighted, normal)));
            rest = wk_sub_tensor(wk_sub_tensor(weighted, shared_mean(a, weighted)), along);
        }
        out[0] = wk_reshape_shape(wk_mul_tensor(rest, rstd), before->ndim, before->dims);
    }
    if (wk_node_needs(node, 1))
        out[1] =
            wk_reshape_shape(norm_sum(wk_mul_tensor(g, normal), 0, 3, false), a->weight.ndim, a->weight.dims);
    if (wk_node_needs(node, 2))
        out[2] = wk_reshape_shape(norm_sum(g, 0, 3, false), a->weight.ndim, a->weight.dims);
}

/* ---- fused ------------------------------------------------------------------------------------------ */

/* A new tensor whose elements will be where those of x are. */
static wk_Tensor *new_like(const char *op, const wk_Tensor *x, bool block)
{
    return (block ? wk_tensor_like : wk_tensor_in_rows_like)(op, (wk_dtype)x->dtype, x);
}

/* grad with its elements where those of x are. */
static wk_Tensor *laid_out_as(wk_Tensor *grad, const wk_Tensor *x, bool block)
{
    bool same = !block || wk_is_whole_block(grad);
    for (int i = 0; same && i < x->ndim; i++)
        same = x->shape[i] == 1 || grad->stride[i] == x->stride[i];
    if (same && block)
        return wk_with_current_block(grad);
    if (same)
        return wk_rows_to_read(grad) ? grad : NULL;
    wk_Tensor *copy = new_like("batch_norm", x, block);
    return copy && wk_map("batch_norm", wk_kernels->cast[x->dtype][x->dtype], copy, 1, &grad) ? copy : NULL;
}

/* Zeros of nothing: the kernels are not asked about empty inputs. */
static wk_Tensor *new_gradient(const wk_Op *op, const wk_Tensor *x, bool block, const wk_Shape *weight)
{
    if (!weight)
        return new_like(op->name, x, block);
    return x->numel ? wk_tensor_new(op->name, (wk_dtype)x->dtype, weight->ndim, weight->dims)
                    : wk_zeros_shape(weight->ndim, weight->dims, (wk_dtype)x->dtype);
}

static bool run_fused(const wk_NormArgs *a, wk_Tensor *g, wk_Tensor *x, bool block, wk_Tensor *stats,
                      wk_Tensor *w, wk_Tensor **made)
{
    void *to[3];
    for (int i = 0; i < 3; i++)
        to[i] = made[i] ? wk_data_in_order(made[i], block && i == 0) : NULL;
    const void *grad = wk_data_in_order(g, block), *input = wk_data_in_order(x, block);
    if (!a->batch)
        return wk_kernels->group_norm_backward[x->dtype](&a->shape, grad, input, wk_tensor_data(stats),
                                                         wk_data_or_null(w), to[0], to[1], to[2]);
    wk_NormShape s = wk_batch_norm_layout(x, a->shape.eps);
    wk_kernels->batch_norm_backward[x->dtype](&s, a->training, grad, input, wk_tensor_data(stats),
                                              wk_data_or_null(w), to[0], to[1], to[2]);
    return true;
}

static void norm_backward_fused(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const wk_NormArgs *a = node->attributes;
    wk_Tensor *saved = wk_saved_input(node, 0), *stats = wk_saved_extra(node, 0), *w = NULL,
              *made[3] = {NULL};
    wk_Tensor *x = a->batch ? wk_batch_norm_input(saved) : wk_contiguous(saved);
    const bool block = x && a->batch && wk_is_whole_block(x);
    wk_Tensor *g = x ? laid_out_as(grad, x, block) : NULL;
    if (a->has_weight && wk_node_needs(node, 0) && !(w = wk_contiguous(wk_saved_input(node, 1))))
        return;
    if (!g || !stats)
        return;
    for (int i = 0; i < 3; i++)
        if (wk_node_needs(node, i) && !(made[i] = new_gradient(node->op, x, block, i ? &a->weight : NULL)))
            return;
    if (x->numel == 0 || run_fused(a, g, x, block, stats, w, made))
        memcpy(out, made, sizeof made);
}

void wk_norm_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    if (wk_is_grad_enabled())
        norm_backward_recorded(node, grad, out);
    else
        norm_backward_fused(node, grad, out);
}
