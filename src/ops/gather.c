/* Elements by int64 indices along a dimension: index_select, gather, scatter_add. Every index is checked before anything is written.
 *
 *   gather:       out[i][j] = in[index[i][j]][j]        its gradient scatters and adds
 *   index_select: whole rows, one index for all         likewise, with the index expanded
 *   scatter_add:  out = in; out[index[i][j]][j] += source[i][j]      its gradient gathers */
#include <string.h>

#include "ops/ops.h"

typedef struct GatherArgs {
    int dim;
    wk_Shape before;
} GatherArgs;

static bool indices_fit(const char *op, const wk_Tensor *index, int64_t size, int dim)
{
    const int64_t *p = wk_tensor_data(index);
    for (int64_t i = 0; i < index->numel; i++)
        if (p[i] < 0 || p[i] >= size)
            return wk_raise(WK_ERROR_INDEX,
                            "%s: index %lld is out of bounds for dimension %d with size %lld (at element "
                            "%lld of index)",
                            op, (long long)p[i], dim, (long long)size, (long long)i),
                   false;
    return true;
}

/* Calls visit(at, position) for each element of `shape` in order: `at` is its offset under `stride`, leaving out `dim`. */
typedef struct Walk {
    int ndim, dim;
    const int64_t *shape, *stride;
    int64_t at, counter[WK_MAX_DIMS];
} Walk;

static void walk_next(Walk *w)
{
    for (int d = w->ndim - 1; d >= 0; d--) {
        int64_t step = d == w->dim ? 0 : w->stride[d];
        w->at += step;
        if (++w->counter[d] < w->shape[d])
            return;
        w->at -= step * w->shape[d];
        w->counter[d] = 0;
    }
}

/* ---- gather ----------------------------------------------------------------------------------------- */

static wk_Tensor *gather_forward(wk_Call *call)
{
    const GatherArgs *a = call->attributes;
    const wk_Tensor *in = call->in[0];
    wk_Tensor *index = wk_contiguous(call->in[1]);
    wk_Tensor *out = index ? wk_tensor_new("gather", (wk_dtype)in->dtype, index->ndim, index->shape) : NULL;
    if (!out || !indices_fit("gather", index, in->ndim ? in->shape[a->dim] : 1, a->dim))
        return NULL;
    size_t bytes = wk_dtype_size((wk_dtype)in->dtype);
    int64_t step = in->ndim ? in->stride[a->dim] : 0;
    const int64_t *p = wk_tensor_data(index);
    const char *from = wk_tensor_data(in);
    char *to = wk_tensor_data(out);
    Walk w = {.ndim = index->ndim, .dim = a->dim, .shape = index->shape, .stride = in->stride};
    for (int64_t i = 0; i < out->numel; i++, walk_next(&w))
        memcpy(to + (size_t)i * bytes, from + (w.at + p[i] * step) * (int64_t)bytes, bytes);
    return out;
}

static wk_Tensor *zeros_before(const GatherArgs *a, const wk_Tensor *grad)
{
    return wk_zeros_shape(a->before.ndim, a->before.dims, (wk_dtype)grad->dtype);
}

static void gather_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const GatherArgs *a = node->attributes;
    out[0] = wk_scatter_add(zeros_before(a, grad), a->dim, wk_saved_input(node, 1), grad);
}

WK_OP(gather_op) = {.name = "gather",
                    .node = "GatherBackward0",
                    .inputs = {"input", "index"},
                    .uses = {0, 1},
                    .attributes = sizeof(GatherArgs),
                    .forward = gather_forward,
                    .backward = gather_backward};

/* Checks common to gather and scatter: int64, and no size beyond those of the other tensor (but along dim, if `free_dim`). */
static bool index_fits(const char *op, const wk_Tensor *index, const wk_Tensor *other, int dim, bool free_dim)
{
    if (index->dtype != wk_int64)
        return wk_raise(WK_ERROR_DTYPE, "%s: Expected dtype int64 for index, got %s", op,
                        wk_dtype_name((wk_dtype)index->dtype)),
               false;
    bool fits = (index->ndim ? index->ndim : 1) == (other->ndim ? other->ndim : 1);
    for (int i = 0; fits && i < index->ndim && i < other->ndim; i++)
        fits = index->shape[i] <= other->shape[i] || (free_dim && i == dim) || index->numel == 0;
    if (!fits)
        return wk_raise(WK_ERROR_SHAPE,
                        "%s: Size does not match at dimension: expected index %s to be smaller than %s apart "
                        "from dimension %d",
                        op, WK_SHAPE_TEXT(index), WK_SHAPE_TEXT(other), dim),
               false;
    return true;
}

static bool gather_args(const char *op, const wk_Tensor *input, int64_t dim, GatherArgs *a)
{
    a->dim = wk_shape_dim(op, input->ndim, dim);
    a->before.ndim = input->ndim;
    memcpy(a->before.dims, input->shape, sizeof a->before.dims);
    return a->dim >= 0;
}

wk_Tensor *wk_gather(wk_Tensor *input, int64_t dim, wk_Tensor *index)
{
    GatherArgs a;
    if (!wk_tensor_check(input, "gather", "input") || !wk_tensor_check(index, "gather", "index") ||
        !gather_args("gather", input, dim, &a) || !index_fits("gather", index, input, a.dim, true))
        return NULL;
    return WK_APPLY(&gather_op, &a, input, index);
}

/* ---- scatter_add ------------------------------------------------------------------------------------ */

#define SCATTER(type, sum_type)                                                 \
    for (int64_t i = 0; i < index->numel; i++, walk_next(&w), walk_next(&s)) {  \
        type *cell = (type *)to + w.at + p[i] * step;                           \
        *cell = (type)((sum_type)*cell + (sum_type)((const type *)from)[s.at]); \
    }

static wk_Tensor *scatter_add_forward(wk_Call *call)
{
    const GatherArgs *a = call->attributes;
    const wk_Tensor *source = call->in[2];
    wk_Tensor *index = wk_contiguous(call->in[1]), *out = wk_contiguous_copy(call->in[0]);
    if (!out || !index || !indices_fit("scatter_add", index, out->ndim ? out->shape[a->dim] : 1, a->dim))
        return NULL;
    int64_t step = out->ndim ? out->stride[a->dim] : 0;
    const int64_t *p = wk_tensor_data(index);
    const void *from = wk_tensor_data(source);
    void *to = wk_tensor_data(out);
    Walk w = {.ndim = index->ndim, .dim = a->dim, .shape = index->shape, .stride = out->stride};
    Walk s = {.ndim = index->ndim, .dim = -1, .shape = index->shape, .stride = source->stride};
    switch ((wk_dtype)out->dtype) {
    case wk_float32:
        SCATTER(float, float)
        break;
    case wk_float64:
        SCATTER(double, double)
        break;
    case wk_int64:
        SCATTER(int64_t, uint64_t)
        break;
    case wk_int32:
        SCATTER(int32_t, uint32_t)
        break;
    case wk_uint8:
        SCATTER(uint8_t, unsigned)
        break;
    default:
        return wk_raise_dtype("scatter_add", out->dtype);
    }
    return out;
}

static void scatter_add_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const GatherArgs *a = node->attributes;
    if (wk_node_needs(node, 0))
        out[0] = grad;
    if (wk_node_needs(node, 2))
        out[2] = wk_gather(grad, a->dim, wk_saved_input(node, 1));
}

WK_OP(scatter_add_op) = {.name = "scatter_add",
                         .node = "ScatterAddBackward0",
                         .inputs = {"input", "index", "src"},
                         .uses = {0, 4},
                         .attributes = sizeof(GatherArgs),
                         .forward = scatter_add_forward,
                         .backward = scatter_add_backward};

wk_Tensor *wk_scatter_add(wk_Tensor *input, int64_t dim, wk_Tensor *index, wk_Tensor *src)
{
    GatherArgs a;
    if (!wk_tensor_check(input, "scatter_add", "input") || !wk_tensor_check(index, "scatter_add", "index") ||
        !wk_tensor_check(src, "scatter_add", "src") || !gather_args("scatter_add", input, dim, &a) ||
        !index_fits("scatter_add", index, input, a.dim, true) ||
        !index_fits("scatter_add", index, src, a.dim, false))
        return NULL;
    if (input->dtype != src->dtype)
        return wk_raise(WK_ERROR_DTYPE,
                        "scatter_add: Expected self.dtype to be equal to src.dtype, got %s and %s",
                        wk_dtype_name((wk_dtype)input->dtype), wk_dtype_name((wk_dtype)src->dtype));
    return WK_APPLY(&scatter_add_op, &a, input, index, src);
}

/* ---- index_select ----------------------------------------------------------------------------------- */

static wk_Tensor *index_select_forward(wk_Call *call)
{
    const GatherArgs *a = call->attributes;
    wk_Tensor *in = wk_contiguous(call->in[0]), *index = wk_contiguous(call->in[1]);
    if (!in || !index || !indices_fit("index_select", index, in->ndim ? in->shape[a->dim] : 1, a->dim))
        return NULL;
    int64_t shape[WK_MAX_DIMS];
    memcpy(shape, in->shape, sizeof shape);
    shape[a->dim] = index->numel;
    wk_Tensor *out = wk_tensor_new("index_select", (wk_dtype)in->dtype, in->ndim, shape);
    if (!out)
        return NULL;
    wk_Split s = wk_split_at(in, in->ndim ? a->dim : 0);
    size_t row = (size_t)s.inner * wk_dtype_size((wk_dtype)in->dtype);
    const int64_t *p = wk_tensor_data(index);
    const char *from = wk_tensor_data(in);
    char *to = wk_tensor_data(out);
    for (int64_t o = 0; o < s.outer; o++)
        for (int64_t i = 0; i < index->numel; i++)
            memcpy(to + (size_t)(o * index->numel + i) * row, from + (size_t)(o * s.n + p[i]) * row, row);
    return out;
}

static void index_select_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const GatherArgs *a = node->attributes;
    wk_Tensor *index = wk_saved_input(node, 1);
    int64_t ones[WK_MAX_DIMS] = {1, 1, 1, 1, 1, 1, 1, 1};
    if (!index)
        return;
    if (grad->ndim)
        ones[a->dim] = index->numel;
    index = wk_expand_shape(wk_view_shape(index, grad->ndim, ones), grad->ndim, grad->shape);
    out[0] = wk_scatter_add(zeros_before(a, grad), a->dim, index, grad);
}

WK_OP(index_select_op) = {.name = "index_select",
                          .node = "IndexSelectBackward0",
                          .inputs = {"input", "index"},
                          .uses = {0, 1},
                          .attributes = sizeof(GatherArgs),
                          .forward = index_select_forward,
                          .backward = index_select_backward};

wk_Tensor *wk_index_select(wk_Tensor *input, int64_t dim, wk_Tensor *index)
{
    GatherArgs a;
    if (!wk_tensor_check(input, "index_select", "input") ||
        !wk_tensor_check(index, "index_select", "index") || !gather_args("index_select", input, dim, &a))
        return NULL;
    if (index->dtype != wk_int64)
        return wk_raise(WK_ERROR_DTYPE, "index_select: Expected dtype int64 for index, got %s",
                        wk_dtype_name((wk_dtype)index->dtype));
    if (index->ndim > 1 || (input->ndim == 0 && index->numel != 1))
        return wk_raise(
            WK_ERROR_SHAPE,
            "index_select: Index is supposed to be a vector, but got dim: %d with shape %s for input %s",
            index->ndim, WK_SHAPE_TEXT(index), WK_SHAPE_TEXT(input));
    return WK_APPLY(&index_select_op, &a, input, index);
}
