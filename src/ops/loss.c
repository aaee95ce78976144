/* Losses: mse, l1, nll, cross entropy.
 *
 *   mse:  (x - t)^2, reduced;   gradient of x = 2 (x - t) g / N
 *   nll:  -w[t] x[t], reduced;  linear in x: its gradient scatters -w[t] g, and that gradient's own gradient is nll again
 *
 * cross entropy is log_softmax and nll in that order, as PyTorch composes it: two nodes, each with its fused kernels. */
#include <math.h>
#include <string.h>

#include "core/checked.h"
#include "core/options.h"
#include "core/text.h"
#include "ops/ops.h"

typedef struct LossArgs {
    const char *op; /* that was called */
    wk_Reduction reduction;
    int64_t ignore_index;
    wk_Shape before; /* of nll: the input */
} LossArgs;

bool wk_reduction_known(const char *op, wk_Reduction reduction)
{
    if ((unsigned)reduction > wk_reduction_none)
        return wk_raise(WK_ERROR_ARGUMENT, "%s: %d is not a valid value for reduction", op, (int)reduction),
               false;
    return true;
}

wk_Tensor *wk_reduced(wk_Tensor *t, wk_Reduction reduction)
{
    return reduction == wk_reduction_none ? t : reduction == wk_reduction_sum ? wk_sum(t) : wk_mean(t);
}

/* ---- mse, l1 ---------------------------------------------------------------------------------------- */

static wk_Tensor *mse_forward(wk_Call *call)
{
    const LossArgs *a = call->attributes;
    return wk_reduced(wk_square(wk_sub_tensor(call->in[0], call->in[1])), a->reduction);
}

static void mse_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const LossArgs *a = node->attributes;
    wk_Tensor *difference = wk_sub_tensor(wk_saved_input(node, 0), wk_saved_input(node, 1));
    double norm = a->reduction == wk_reduction_mean && difference ? 2.0 / (double)difference->numel : 2.0;
    wk_Tensor *g = wk_mul_tensor(wk_mul_double(difference, norm), grad);
    if (wk_node_needs(node, 0))
        out[0] = g;
    if (wk_node_needs(node, 1))
        out[1] = wk_neg(g);
}

WK_OP(mse_op) = {.name = "mse_loss",
                 .node = "MseLossBackward0",
                 .inputs = {"input", "target"},
                 .uses = {3, 3},
                 .attributes = sizeof(LossArgs),
                 .forward = mse_forward,
                 .backward = mse_backward};

/* Checks both and brings them to one shape, as F.mse_loss does. */
static bool same_shapes(const char *op, wk_loss_options *o)
{
    wk_Shape s;
    if (!wk_tensor_check(o->input, op, "input") || !wk_tensor_check(o->target, op, "target") ||
        !wk_reduction_known(op, o->reduction) || !wk_shape_broadcast(op, o->input, o->target, &s))
        return false;
    if (wk_shape_same(o->input, o->target))
        return true;
    o->input = wk_expand_shape(o->input, s.ndim, s.dims);
    o->target = wk_expand_shape(o->target, s.ndim, s.dims);
    return o->input && o->target;
}

/* Brings both to the dtype that they promote to, which must be floating. */
static bool same_dtypes(const char *op, const char *kernel, wk_loss_options *o)
{
    const wk_dtype dtype = wk_promote_types(o->input, o->target);
    if (!wk_is_floating(dtype))
        return wk_raise_kernel(op, kernel, dtype) != NULL;
    o->input = wk_to_dtype(o->input, dtype);
    o->target = wk_to_dtype(o->target, dtype);
    return o->input && o->target;
}

wk_Tensor *wk_mse_loss_with(wk_loss_options o)
{
    LossArgs a = {.reduction = o.reduction};
    return same_shapes("mse_loss", &o) && same_dtypes("mse_loss", "mse_cpu", &o)
               ? WK_APPLY(&mse_op, &a, o.input, o.target)
               : NULL;
}

wk_Tensor *wk_l1_loss_with(wk_loss_options o)
{
    return same_shapes("l1_loss", &o) ? wk_reduced(wk_abs(wk_sub_tensor(o.input, o.target)), o.reduction)
                                      : NULL;
}

/* ---- nll -------------------------------------------------------------------------------------------- */

/* [outer, classes, inner]: [C] is one sample. */
static wk_Split classes_of(const wk_Shape *shape)
{
    wk_Split s = {1, 1, 1};
    int dim = shape->ndim > 1 ? 1 : 0;
    for (int i = 0; i < shape->ndim; i++) {
        int64_t *part = i < dim ? &s.outer : i == dim ? &s.n : &s.inner;
        wk_multiply_size(part, shape->dims[i]);
    }
    return s;
}

static bool targets_fit(const LossArgs *a, const wk_Tensor *target, int64_t classes)
{
    const int64_t *t = wk_tensor_data(target);
    for (int64_t i = 0; i < target->numel; i++)
        if (t[i] != a->ignore_index && (t[i] < 0 || t[i] >= classes))
            return wk_raise(WK_ERROR_INDEX,
                            "%s: Target %lld is out of bounds: target[%lld]=%lld, classes=%lld", a->op,
                            (long long)t[i], (long long)i, (long long)t[i], (long long)classes),
                   false;
    return true;
}

/* One loop over samples for every dtype: value(at, weight, i) at the place of each sample's class. */
#define EACH_SAMPLE(type, body)                                                         \
    for (int64_t i = 0; i < s.outer * s.inner; i++) {                                   \
        int64_t class = t[i], at = (i / s.inner * s.n + class) * s.inner + i % s.inner; \
        bool counted = class != a->ignore_index;                                        \
        type weight = counted ? w ? ((const type *)w)[class] : 1 : 0;                   \
        body                                                                            \
    }

#define NLL(type, name)                                                                                    \
    static void nll_##name(const LossArgs *a, wk_Split s, const int64_t *t, const void *w, const void *in, \
                           void *out, void *total)                                                         \
    {                                                                                                      \
        const type *x = in;                                                                                \
        type *y = out;                                                                                     \
        double weights = 0, sum = 0;                                                                       \
        bool each = a->reduction == wk_reduction_none;                                                     \
        EACH_SAMPLE(type, {                                                                                \
            type value = counted ? -x[at] * weight : 0;                                                    \
            weights += (double)weight;                                                                     \
            sum += (double)value;                                                                          \
            if (each)                                                                                      \
                y[i] = value;                                                                              \
        })                                                                                                 \
        if (!each)                                                                                         \
            *y = (type)(a->reduction == wk_reduction_mean ? sum / weights : sum);                          \
        *(type *)total = (type)weights;                                                                    \
    }                                                                                                      \
    static void nll_backward_##name(const LossArgs *a, wk_Split s, const int64_t *t, const void *w,        \
                                    const void *in, void *out, const void *total)                          \
    {                                                                                                      \
        const type *g = in;                                                                                \
        type *y = out, scale = a->reduction == wk_reduction_mean ? *(const type *)total : 1;               \
        bool each = a->reduction == wk_reduction_none;                                                     \
        EACH_SAMPLE(type, {                                                                                \
            if (counted)                                                                                   \
                y[at] = -weight * (each ? g[i] : *g) / scale;                                              \
        })                                                                                                 \
    }
NLL(float, f32)
NLL(double, f64)

static wk_Shape shape_without_classes(int ndim, const int64_t *dims)
{
    wk_Shape s = {0};
    for (int i = 0; i < ndim; i++)
        if (i != (ndim > 1 ? 1 : 0))
            s.dims[s.ndim++] = dims[i];
    return s;
}

static wk_Tensor *nll_forward(wk_Call *call)
{
    const LossArgs *a = call->attributes;
    wk_Tensor *x = wk_contiguous(call->in[0]), *t = wk_contiguous(call->in[1]),
              *w = call->in[2] ? wk_contiguous(call->in[2]) : NULL;
    if (!x || !t || (call->in[2] && !w))
        return NULL;
    wk_Split s = classes_of(&a->before);
    if (!targets_fit(a, t, s.n))
        return NULL;
    wk_Shape shape = a->reduction == wk_reduction_none ? shape_without_classes(a->before.ndim, a->before.dims)
                                                       : (wk_Shape){0};
    wk_Tensor *out = wk_tensor_new("nll_loss", (wk_dtype)x->dtype, shape.ndim, shape.dims);
    wk_Tensor *total = wk_tensor_new("nll_loss", (wk_dtype)x->dtype, 0, NULL);
    if (!out || !total)
        return NULL;
    (x->dtype == wk_float32 ? nll_f32 : nll_f64)(a, s, wk_tensor_data(t), w ? wk_tensor_data(w) : NULL,
                                                 wk_tensor_data(x), wk_tensor_data(out),
                                                 wk_tensor_data(total));
    call->extra[0] = total;
    return out;
}

static wk_Tensor *nll_backward_forward(wk_Call *call)
{
    const LossArgs *a = call->attributes;
    wk_Tensor *g = wk_contiguous(call->in[0]), *t = wk_contiguous(call->in[1]),
              *w = call->in[2] ? wk_contiguous(call->in[2]) : NULL;
    wk_Tensor *out = g && t ? wk_zeros_shape(a->before.ndim, a->before.dims, (wk_dtype)g->dtype) : NULL;
    if (!out || (call->in[2] && !w))
        return NULL;
    (g->dtype == wk_float32 ? nll_backward_f32 : nll_backward_f64)(
        a, classes_of(&a->before), wk_tensor_data(t), w ? wk_tensor_data(w) : NULL, wk_tensor_data(g),
        wk_tensor_data(out), wk_tensor_data(call->in[3]));
    return out;
}

static const wk_Op nll_op;

static wk_Tensor *saved_weight(wk_Node *node)
{
    return node->saved[2].tensor ? wk_saved_input(node, 2) : NULL;
}

static void nll_backward_backward(wk_Node *node, wk_Tensor *v, wk_Tensor **out)
{
    out[0] = wk_apply(&nll_op, 3, (wk_Tensor *[]){v, wk_saved_input(node, 1), saved_weight(node)},
                      node->attributes);
}

WK_OP(nll_backward_op) = {.name = "nll_loss_backward",
                          .node = "NllLossBackwardBackward0",
                          .inputs = {"grad", "target", "weight", "total_weight"},
                          .optional = 4,
                          .constant = 14,
                          .uses = {0, 1, 1, 1},
                          .attributes = sizeof(LossArgs),
                          .forward = nll_backward_forward,
                          .backward = nll_backward_backward};

static void nll_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    out[0] =
        wk_apply(&nll_backward_op, 4,
                 (wk_Tensor *[]){grad, wk_saved_input(node, 1), saved_weight(node), wk_saved_extra(node, 0)},
                 node->attributes);
}

WK_OP(nll_op) = {.name = "nll_loss",
                 .node = "NllLossBackward0",
                 .inputs = {"input", "target", "weight"},
                 .optional = 4,
                 .constant = 6,
                 .uses = {0, 1, 1},
                 .attributes = sizeof(LossArgs),
                 .forward = nll_forward,
                 .backward = nll_backward};
WK_OP(nll2d_op) = {.name = "nll_loss",
                   .node = "NllLoss2DBackward0",
                   .inputs = {"input", "target", "weight"},
                   .optional = 4,
                   .constant = 6,
                   .uses = {0, 1, 1},
                   .attributes = sizeof(LossArgs),
                   .forward = nll_forward,
                   .backward = nll_backward};

/* Whether the sizes of a target of classes are those of the input without its classes; PyTorch's messages, which depend on the rank. */
static bool target_fits(const char *op, const wk_Tensor *x, const wk_Tensor *t)
{
    if (x->ndim < 1)
        return wk_raise(WK_ERROR_SHAPE, "%s: Expected 1 or more dimensions (got 0)", op), false;
    const int64_t samples = t->ndim ? t->shape[0] : 0;
    if (x->ndim > 1 && (t->ndim == 0 || samples != x->shape[0]))
        return wk_raise(WK_ERROR_SHAPE,
                        "%s: Expected input batch_size (%lld) to match target batch_size (%lld).", op,
                        (long long)x->shape[0], (long long)samples),
               false;
    if (x->ndim <= 2 && t->ndim > 1)
        return wk_raise(WK_ERROR_SHAPE,
                        "%s: 0D or 1D target tensor expected, multi-target not supported, got %s", op,
                        WK_SHAPE_TEXT(t)),
               false;
    if (x->ndim == 1 && t->ndim == 1 && samples != 1)
        return wk_raise(WK_ERROR_SHAPE,
                        "%s: For 1D input, 1D target must have size 1, but got target size: %lld", op,
                        (long long)samples),
               false;
    if (x->ndim == 4 && t->ndim != 3)
        return wk_raise(WK_ERROR_SHAPE,
                        "%s: only batches of spatial targets supported (3D tensors) but got targets of "
                        "dimension: %d",
                        op, t->ndim),
               false;
    if (x->ndim <= 2)
        return true;
    const wk_Shape want = shape_without_classes(x->ndim, x->shape);
    if (t->ndim == want.ndim && memcmp(t->shape, want.dims, (size_t)want.ndim * sizeof *want.dims) == 0)
        return true;
    if (x->ndim == 4)
        return wk_raise(WK_ERROR_SHAPE, "%s: size mismatch (got input: %s , target: %s)", op,
                        WK_SHAPE_TEXT(x), WK_SHAPE_TEXT(t)),
               false;
    return wk_raise(WK_ERROR_SHAPE, "%s: Expected target size %s, got %s", op,
                    wk_shape_text(want.ndim, want.dims).text, WK_SHAPE_TEXT(t)),
           false;
}

static bool weight_fits(const char *op, const wk_Tensor *w, int64_t classes)
{
    if (!w || (w->ndim == 1 && w->shape[0] == classes))
        return true;
    return wk_raise(WK_ERROR_SHAPE,
                    "%s: weight tensor should be defined either for all %lld classes or no classes but got "
                    "weight tensor of shape: %s",
                    op, (long long)classes, WK_SHAPE_TEXT(w)),
           false;
}

/* Checks what nll_loss and cross_entropy with classes take, makes the target int64, and fills in the attributes. */
static bool nll_fits(const char *op, wk_nll_loss_options *o, LossArgs *a)
{
    const wk_Tensor *x = o->input, *t = o->target, *w = o->weight;
    if (!target_fits(op, x, t))
        return false;
    a->op = op;
    a->before.ndim = x->ndim;
    memcpy(a->before.dims, x->shape, sizeof a->before.dims);
    if (!weight_fits(op, w, classes_of(&a->before).n))
        return false;
    if (t->dtype != wk_int64 && t->dtype != wk_uint8)
        return wk_raise(WK_ERROR_DTYPE, "%s: expected target dtype to be Long or Byte, but got %s", op,
                        wk_dtype_type(t->dtype)),
               false;
    if (!wk_is_floating(x->dtype))
        return wk_raise_kernel(op, "nll_loss_out_frame", x->dtype) != NULL;
    if (w && w->dtype != x->dtype)
        return wk_raise(WK_ERROR_DTYPE, "%s: expected scalar type %s but found %s", op,
                        wk_dtype_type(x->dtype), wk_dtype_type(w->dtype)),
               false;
    a->reduction = o->reduction;
    a->ignore_index = wk_int_or(o->ignore_index, -100);
    o->target = wk_to_dtype(o->target, wk_int64);
    if (o->target && x->ndim == 1) /* one sample, in a vector of one perhaps */
        o->target = wk_view_shape(o->target, 0, NULL);
    return o->target != NULL;
}

/* Inputs of other than 2 or 4 dimensions are shown as [N, C, 1, rest], as PyTorch does. */
static wk_Tensor *nll(LossArgs *a, wk_Tensor *input, const wk_nll_loss_options *o)
{
    wk_Tensor *in[] = {input, o->target, o->weight};
    const int ndim = input->ndim;
    if (ndim < 3 || ndim == 4)
        return wk_apply(ndim == 4 ? &nll2d_op : &nll_op, 3, in, a);
    const int64_t *sizes = input->shape;
    a->before = (wk_Shape){.ndim = 4, .dims = {sizes[0], sizes[1], 1, wk_shape_numel(ndim - 2, sizes + 2)}};
    in[0] = wk_view_shape(wk_contiguous(in[0]), 4, a->before.dims);
    wk_Tensor *loss = wk_apply(&nll2d_op, 3, in, a);
    return loss && loss->ndim ? wk_view_shape(loss, o->target->ndim, o->target->shape) : loss;
}

static bool loss_operands(const char *op, const wk_nll_loss_options *o)
{
    return wk_tensor_check(o->input, op, "input") && wk_tensor_check(o->target, op, "target") &&
           (!o->weight || wk_tensor_check(o->weight, op, "weight")) && wk_reduction_known(op, o->reduction);
}

wk_Tensor *wk_nll_loss_with(wk_nll_loss_options o)
{
    LossArgs a;
    return loss_operands("nll_loss", &o) && nll_fits("nll_loss", &o, &a) ? nll(&a, o.input, &o) : NULL;
}

/* ---- cross entropy ---------------------------------------------------------------------------------- */

static int class_dim(const wk_Tensor *input)
{
    return input->ndim > 1 ? 1 : 0;
}

/* The class weights in a shape that broadcasts along the class dimension of the input. */
static wk_Tensor *weights_along(wk_Tensor *weight, const wk_Tensor *input)
{
    int64_t shape[WK_MAX_DIMS] = {1, 1, 1, 1, 1, 1, 1, 1};
    shape[class_dim(input)] = weight->shape[0];
    return wk_view_shape(weight, input->ndim, shape);
}

/* What PyTorch's check of a target of the input's shape refuses. */
static bool soft_fits(const char *op, const wk_nll_loss_options *o)
{
    if (!wk_is_floating(o->target->dtype))
        return wk_raise(WK_ERROR_DTYPE,
                        "%s: Expected floating point type for target with class probabilities, got %s", op,
                        wk_dtype_type(o->target->dtype)),
               false;
    if (o->ignore_index > 0 || o->ignore_index == WK_ZERO)
        return wk_raise(WK_ERROR_ARGUMENT, "%s: ignore_index is not supported for floating point target", op),
               false;
    return weight_fits(op, o->weight, o->input->shape[class_dim(o->input)]);
}

/* With probabilities for targets: -sum over classes of w t log p, the mean being over samples. */
static wk_Tensor *soft_cross_entropy(const wk_nll_loss_options *o, wk_Tensor *log_p)
{
    wk_Tensor *target = o->target, *x = o->input;
    int64_t dim = class_dim(x), classes = x->shape[dim];
    if (o->label_smoothing > 0)
        target = wk_add_double(wk_mul_double(target, 1 - o->label_smoothing),
                               o->label_smoothing / (double)classes);
    wk_Tensor *terms = wk_mul_tensor(log_p, target);
    if (o->weight)
        terms = wk_mul_tensor(terms, weights_along(o->weight, x));
    if (o->reduction == wk_reduction_none)
        return wk_neg(wk_sum_with((wk_reduce_options){.input = terms, .dims = {1, &dim}}));
    wk_Tensor *sum = wk_neg(wk_sum(terms));
    return o->reduction == wk_reduction_sum ? sum : wk_div_scalar(sum, (double)x->numel / (double)classes);
}

/* The smoothed part: every class in equal shares, the ignored samples left out. */
static wk_Tensor *smooth_loss(const wk_nll_loss_options *o, wk_Tensor *log_p)
{
    wk_Tensor *x = o->input;
    int64_t dim = class_dim(x);
    wk_Tensor *weighted = o->weight ? wk_mul_tensor(log_p, weights_along(o->weight, x)) : log_p;
    wk_Tensor *loss = wk_neg(wk_sum_with((wk_reduce_options){.input = weighted, .dims = {1, &dim}}));
    wk_Tensor *dropped = wk_eq_int64(o->target, wk_int_or(o->ignore_index, -100));
    loss = wk_masked_fill(loss, dropped, 0);
    if (o->reduction == wk_reduction_none)
        return loss;
    wk_Tensor *sum = wk_sum(loss);
    if (o->reduction == wk_reduction_sum)
        return sum;
    wk_Tensor *kept = wk_to_dtype(wk_logical_not(dropped), (wk_dtype)x->dtype);
    if (o->weight) {
        wk_Tensor *classes = wk_reshape(wk_where(dropped, wk_zeros_like(o->target), o->target), -1);
        kept = wk_mul_tensor(wk_reshape(kept, -1), wk_index_select(o->weight, 0, classes));
    }
    return wk_div_tensor(sum, wk_sum(kept));
}

wk_Tensor *wk_cross_entropy_with(wk_nll_loss_options o)
{
    const char *op = "cross_entropy";
    if (!loss_operands(op, &o))
        return NULL;
    if (!(o.label_smoothing >= 0 && o.label_smoothing <= 1))
        return wk_raise(WK_ERROR_ARGUMENT,
                        "cross_entropy: label_smoothing must be between 0.0 and 1.0. Got: %s",
                        WK_NUMBER(o.label_smoothing));
    const bool soft = o.input->ndim > 0 && wk_shape_same(o.input, o.target);
    LossArgs a;
    if (soft ? !soft_fits(op, &o) : !nll_fits(op, &o, &a))
        return NULL;
    wk_Tensor *log_p = wk_log_softmax(o.input, class_dim(o.input));
    if (!log_p || soft)
        return log_p ? soft_cross_entropy(&o, log_p) : NULL;
    wk_Tensor *loss = nll(&a, log_p, &o);
    if (o.label_smoothing <= 0)
        return loss;
    double share = o.label_smoothing / (double)o.input->shape[class_dim(o.input)];
    return wk_add_tensor(wk_mul_scalar(loss, 1 - o.label_smoothing),
                         wk_mul_scalar(smooth_loss(&o, log_p), share));
}
