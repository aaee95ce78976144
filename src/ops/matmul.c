/* Matrix products. Every matrix goes to the kernel with its own strides, so a transpose costs nothing.
 *
 *   C = A B:   gradient of A = G B^T,   gradient of B = A^T G
 *
 * matmul of more dimensions is folded into one product where the second matrix is common to all, and a batch of products otherwise. */
#include <math.h>
#include <string.h>

#include "core/options.h"
#include "ops/lanes.h"

/* `kernel` is PyTorch's name of what refuses other dtypes. */
static bool multiplies(const char *op, const char *kernel, const wk_Tensor *a)
{
    return wk_kernels->gemm[a->dtype] || wk_raise_kernel(op, kernel, a->dtype);
}

/* The memory of a factor, as it lies. */
static bool matrix_of(wk_Tensor *t, wk_ConstMatrix *matrix)
{
    const int d = t->ndim - 2;
    wk_Memory m;
    if (!(t = wk_with_current_block(t)) || !wk_memory_to_read(t, &m))
        return false;
    *matrix = (wk_ConstMatrix){m.data, m.stride[d], m.stride[d + 1], d ? m.stride[0] : 0};
    return true;
}

/* out = beta * out + alpha * a b + bias, on matrices or batches of them. */
static bool gemm_into(wk_Tensor *out, wk_Tensor *a, wk_Tensor *b, double alpha, double beta, const void *bias)
{
    int d = out->ndim - 2;
    wk_Memory c;
    wk_Gemm g = {.batch = d ? out->shape[0] : 1,
                 .m = a->shape[d],
                 .n = b->shape[d + 1],
                 .k = a->shape[d + 1],
                 .alpha = alpha,
                 .beta = beta,
                 .bias = bias};
    if (out->numel == 0)
        return true;
    if (!matrix_of(a, &g.a) || !matrix_of(b, &g.b) || !wk_memory_to_write(out, &c))
        return false;
    g.c = (wk_Matrix){c.data, c.stride[d], c.stride[d + 1], d ? c.stride[0] : 0};
    return wk_kernels->gemm[out->dtype](&g);
}

/* How a factor lies: its gradient will, too. That of a transposed weight is then, transposed back, contiguous, and that of pictures with
 * the batch last (core/order.h) needs no copy. */
typedef enum Lies { BY_ROWS, BY_COLUMNS, BATCH_LAST } Lies;
typedef struct Factors {
    Lies a, b, out;
} Factors;

static Lies how_it_lies(const wk_Tensor *t)
{
    if (t->storage->batch && wk_lies_batch_last(t))
        return BATCH_LAST;
    return t->stride[0] == 1 && t->stride[1] >= t->shape[0] && t->shape[1] > 1 ? BY_COLUMNS : BY_ROWS;
}

static wk_Tensor *multiply(wk_Tensor *a, wk_Tensor *b, Lies out);

/* G B^T, the gradient of A. */
static wk_Tensor *first_gradient(wk_Tensor *grad, wk_Tensor *b, Lies a)
{
    return a == BY_COLUMNS ? wk_t(wk_mm(b, wk_t(grad))) : multiply(grad, wk_t(b), a);
}

/* A^T G, the gradient of B. */
static wk_Tensor *second_gradient(wk_Tensor *grad, wk_Tensor *a, Lies b)
{
    return b == BY_COLUMNS ? wk_t(wk_mm(wk_t(grad), a)) : multiply(wk_t(a), grad, b);
}

static void product_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    if (wk_node_needs(node, 0))
        out[0] = wk_matmul(grad, wk_transpose(wk_saved_input(node, 1), -2, -1));
    if (wk_node_needs(node, 1))
        out[1] = wk_matmul(wk_transpose(wk_saved_input(node, 0), -2, -1), grad);
}

/* ---- mm, bmm ---------------------------------------------------------------------------------------- */

static void mm_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const Factors *lie = node->attributes;
    if (wk_node_needs(node, 0))
        out[0] = first_gradient(grad, wk_saved_input(node, 1), lie->a);
    if (wk_node_needs(node, 1))
        out[1] = second_gradient(grad, wk_saved_input(node, 0), lie->b);
}

static wk_Tensor *product_forward(wk_Call *call)
{
    wk_Tensor *a = call->in[0], *b = call->in[1];
    const Factors *lie = call->attributes; /* of mm */
    int64_t shape[3] = {a->shape[0], 0, 0};
    int d = a->ndim - 2;
    shape[d] = a->shape[d];
    shape[d + 1] = b->shape[d + 1];
    wk_Tensor *out =
        wk_new_in_order(call->op->name, (wk_dtype)a->dtype, a->ndim, shape, lie && lie->out == BATCH_LAST);
    return out && gemm_into(out, a, b, 1, 0, NULL) ? out : NULL;
}

WK_OP(mm_op) = {.name = "mm",
                .node = "MmBackward0",
                .inputs = {"input", "mat2"},
                .uses = {2, 1},
                .attributes = sizeof(Factors),
                .any_order = true,
                .forward = product_forward,
                .backward = mm_backward};
WK_OP(bmm_op) = {.name = "bmm",
                 .node = "BmmBackward0",
                 .inputs = {"input", "mat2"},
                 .uses = {2, 1},
                 .any_order = true,
                 .forward = product_forward,
                 .backward = product_backward};

static bool shapes_multiply(const char *op, const wk_Tensor *a, const wk_Tensor *b)
{
    return a->shape[1] == b->shape[0] ||
           wk_raise(WK_ERROR_SHAPE, "%s: mat1 and mat2 shapes cannot be multiplied (%lldx%lld and %lldx%lld)",
                    op, (long long)a->shape[0], (long long)a->shape[1], (long long)b->shape[0],
                    (long long)b->shape[1]);
}

static bool factors_fit(const char *op, const wk_Tensor *a, const wk_Tensor *b)
{
    if (!shapes_multiply(op, a, b))
        return false;
    if (a->dtype != b->dtype)
        return wk_raise(WK_ERROR_DTYPE, "%s: expected m1 and m2 to have the same dtype, but got: %s != %s",
                        op, wk_dtype_c_type(a->dtype), wk_dtype_c_type(b->dtype)),
               false;
    return multiplies(op, "addmm_impl_cpu_", a);
}

static bool is_matrix(const char *op, const char *name, const wk_Tensor *t)
{
    return t->ndim == 2 ||
           wk_raise(WK_ERROR_SHAPE, "%s: %s must be a matrix, got %d-D tensor", op, name, t->ndim);
}

static wk_Tensor *multiply(wk_Tensor *a, wk_Tensor *b, Lies out)
{
    if (!a || !b)
        return NULL;
    const Factors lie = {how_it_lies(a), how_it_lies(b), out};
    return WK_APPLY(&mm_op, &lie, a, b);
}

wk_Tensor *wk_mm(wk_Tensor *a, wk_Tensor *b)
{
    if (!wk_tensor_check(a, "mm", "input") || !wk_tensor_check(b, "mm", "mat2"))
        return NULL;
    return is_matrix("mm", "self", a) && is_matrix("mm", "mat2", b) && factors_fit("mm", a, b)
               ? multiply(a, b, BY_ROWS)
               : NULL;
}

wk_Tensor *wk_bmm(wk_Tensor *a, wk_Tensor *b)
{
    if (!wk_tensor_check(a, "bmm", "input") || !wk_tensor_check(b, "bmm", "mat2"))
        return NULL;
    if (a->ndim != 3 || b->ndim != 3)
        return wk_raise(WK_ERROR_SHAPE, "bmm: %s must be a 3D tensor, got %s and %s",
                        a->ndim != 3 ? "batch1" : "batch2", WK_SHAPE_TEXT(a), WK_SHAPE_TEXT(b));
    if (a->shape[0] != b->shape[0] || a->shape[2] != b->shape[1])
        return wk_raise(WK_ERROR_SHAPE,
                        "bmm: Expected size for first two dimensions of batch2 tensor to be: [%lld, %lld] "
                        "but got: [%lld, %lld].",
                        (long long)a->shape[0], (long long)a->shape[2], (long long)b->shape[0],
                        (long long)b->shape[1]);
    if (!multiplies("bmm", "bmm", a))
        return NULL;
    if (a->dtype != b->dtype)
        return wk_raise(WK_ERROR_DTYPE, "bmm: expected scalar type %s but found %s", wk_dtype_type(a->dtype),
                        wk_dtype_type(b->dtype));
    return WK_APPLY(&bmm_op, NULL, a, b);
}

/* ---- mv, dot ---------------------------------------------------------------------------------------- */

/* A vector as a matrix of one column. */
static wk_Tensor *column(wk_Tensor *v)
{
    return wk_unsqueeze(v, 1);
}

static wk_Tensor *mv_forward(wk_Call *call)
{
    wk_Tensor *out = wk_tensor_new("mv", (wk_dtype)call->in[0]->dtype, 1, call->in[0]->shape);
    wk_Tensor *v = column(call->in[1]), *to = out ? column(out) : NULL;
    return v && to && gemm_into(to, call->in[0], v, 1, 0, NULL) ? out : NULL;
}

static void mv_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    if (wk_node_needs(node, 0))
        out[0] = wk_mul_tensor(column(grad), wk_saved_input(node, 1));
    if (wk_node_needs(node, 1))
        out[1] = wk_matmul(wk_t(wk_saved_input(node, 0)), grad);
}

WK_OP(mv_op) = {.name = "mv",
                .node = "MvBackward0",
                .inputs = {"input", "vec"},
                .uses = {2, 1},
                .forward = mv_forward,
                .backward = mv_backward};

static wk_Tensor *dot_forward(wk_Call *call)
{
    wk_Tensor *out = wk_tensor_new("dot", (wk_dtype)call->in[0]->dtype, 0, NULL);
    wk_Tensor *row = wk_unsqueeze(call->in[0], 0), *v = column(call->in[1]),
              *to = out ? wk_view(out, 1, 1) : NULL;
    return row && v && to && gemm_into(to, row, v, 1, 0, NULL) ? out : NULL;
}

static void dot_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    if (wk_node_needs(node, 0))
        out[0] = wk_mul_tensor(grad, wk_saved_input(node, 1));
    if (wk_node_needs(node, 1))
        out[1] = wk_mul_tensor(grad, wk_saved_input(node, 0));
}

WK_OP(dot_op) = {.name = "dot",
                 .node = "DotBackward0",
                 .inputs = {"input", "tensor"},
                 .uses = {2, 1},
                 .forward = dot_forward,
                 .backward = dot_backward};

/* ---- addmm, linear ---------------------------------------------------------------------------------- */

typedef struct Scales {
    double beta, alpha;
    Factors lie;
} Scales;

static wk_Tensor *addmm_forward(wk_Call *call)
{
    const Scales *s = call->attributes;
    wk_Tensor *input = call->in[0], *a = call->in[1], *b = call->in[2];
    int64_t shape[2] = {a->shape[0], b->shape[1]};
    wk_Tensor *out = wk_tensor_new("addmm", (wk_dtype)a->dtype, 2, shape);
    if (!out)
        return NULL;
    bool row = input->contiguous && input->numel == shape[1] &&
               (input->ndim == 1 || (input->ndim == 2 && input->shape[0] == 1));
    if (row && s->beta == 1)
        return wk_rows_to_read(input) && gemm_into(out, a, b, s->alpha, 0, wk_tensor_data(input)) ? out
                                                                                                  : NULL;
    if (s->beta != 0 && !wk_copy_(out, input))
        return NULL;
    return gemm_into(out, a, b, s->alpha, s->beta, NULL) ? out : NULL;
}

static wk_Tensor *times_scale(wk_Tensor *t, double by)
{
    return by == 1 ? t : wk_mul_double(t, by);
}

static void addmm_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const Scales *s = node->attributes;
    if (wk_node_needs(node, 0))
        out[0] = times_scale(grad, s->beta);
    if (wk_node_needs(node, 1))
        out[1] = times_scale(first_gradient(grad, wk_saved_input(node, 2), s->lie.a), s->alpha);
    if (wk_node_needs(node, 2))
        out[2] = times_scale(second_gradient(grad, wk_saved_input(node, 1), s->lie.b), s->alpha);
}

WK_OP(addmm_op) = {.name = "addmm",
                   .node = "AddmmBackward0",
                   .inputs = {"input", "mat1", "mat2"},
                   .uses = {0, 4, 2},
                   .attributes = sizeof(Scales),
                   .any_order = true,
                   .forward = addmm_forward,
                   .backward = addmm_backward};

/* Whether a tensor broadcasts to [rows, columns]. */
static bool expands_to(const wk_Tensor *t, const int64_t *shape)
{
    for (int i = 0; i < t->ndim && t->ndim <= 2; i++)
        if (t->shape[i] != 1 && t->shape[i] != shape[2 - t->ndim + i])
            return false;
    return t->ndim <= 2;
}

/* The options are doubles: a whole one counts as an integer. */
static bool scale_fits(double scale, wk_dtype dtype)
{
    const bool whole = scale >= -0x1p63 && scale < 0x1p63 && scale == trunc(scale);
    return wk_number_fits("addmm", whole ? wk_number((int64_t)scale) : wk_number(scale), dtype);
}

wk_Tensor *wk_addmm_with(wk_addmm_options o)
{
    if (!wk_tensor_check(o.input, "addmm", "input") || !wk_tensor_check(o.mat1, "addmm", "mat1") ||
        !wk_tensor_check(o.mat2, "addmm", "mat2"))
        return NULL;
    if (o.input->dtype != o.mat2->dtype || o.mat1->dtype != o.mat2->dtype) {
        const bool self = o.input->dtype != o.mat2->dtype;
        return wk_raise(WK_ERROR_DTYPE, "addmm: %s and mat2 must have the same dtype, but got %s and %s",
                        self ? "self" : "mat1", wk_dtype_type((self ? o.input : o.mat1)->dtype),
                        wk_dtype_type(o.mat2->dtype));
    }
    if (!is_matrix("addmm", "self", o.mat1) || !is_matrix("addmm", "mat2", o.mat2) ||
        !shapes_multiply("addmm", o.mat1, o.mat2))
        return NULL;
    int64_t shape[2] = {o.mat1->shape[0], o.mat2->shape[1]};
    if (!expands_to(o.input, shape))
        return wk_expand_shape(o.input, 2, shape); /* which says why not */
    Scales s = {wk_double_or(o.beta, 1),
                wk_double_or(o.alpha, 1),
                {how_it_lies(o.mat1), how_it_lies(o.mat2), BY_ROWS}};
    if (!multiplies("addmm", "addmm_impl_cpu_", o.mat1) || !scale_fits(s.beta, (wk_dtype)o.mat1->dtype) ||
        !scale_fits(s.alpha, (wk_dtype)o.mat1->dtype))
        return NULL;
    return WK_APPLY(&addmm_op, &s, o.input, o.mat1, o.mat2);
}

/* As PyTorch composes it: addmm(bias, input, weight.t()) for a matrix, and for more dimensions over the folded rows. */
wk_Tensor *wk_linear(wk_Tensor *input, wk_Tensor *weight, wk_Tensor *bias)
{
    if (!wk_tensor_check(input, "linear", "input") || !wk_tensor_check(weight, "linear", "weight"))
        return NULL;
    if (bias && !wk_tensor_check(bias, "linear", "bias"))
        return NULL;
    if (weight->ndim < 1 || input->ndim < 1)
        return wk_raise(WK_ERROR_SHAPE,
                        "linear: both arguments to linear need to be at least 1D, but they are %dD and %dD",
                        input->ndim, weight->ndim);
    int64_t features = input->shape[input->ndim - 1];
    if (weight->ndim == 2 && features != weight->shape[1] && weight->dtype == input->dtype)
        return wk_raise(WK_ERROR_SHAPE,
                        "linear: mat1 and mat2 shapes cannot be multiplied (%lldx%lld and %lldx%lld)",
                        (long long)(features ? input->numel / features : 0), (long long)features,
                        (long long)weight->shape[1], (long long)weight->shape[0]);
    if (!bias)
        return wk_matmul(input, wk_t(weight));
    if (input->ndim == 2)
        return wk_addmm(bias, input, wk_t(weight));
    if (bias->ndim != 1)
        return wk_add__tensor(wk_matmul(input, wk_t(weight)), bias);
    int64_t shape[WK_MAX_DIMS];
    memcpy(shape, input->shape, sizeof shape);
    shape[input->ndim - 1] = weight->shape[0];
    wk_Tensor *rows = features ? wk_reshape(input, -1, features)
                               : wk_reshape(input, wk_shape_numel(input->ndim - 1, input->shape), 0);
    return wk_unsafe_view(wk_addmm(bias, rows, wk_t(weight)), input->ndim, shape);
}

/* ---- matmul ----------------------------------------------------------------------------------------- */

/* [..., m, k] against a matrix or vector common to all: one product of the folded rows. */
static wk_Tensor *folded(wk_Tensor *a, wk_Tensor *b)
{
    int64_t k = a->shape[a->ndim - 1], rows = wk_shape_numel(a->ndim - 1, a->shape), shape[WK_MAX_DIMS];
    memcpy(shape, a->shape, sizeof shape);
    wk_Tensor *flat = wk_reshape(a, rows, k), *product = wk_matmul(flat, b);
    if (!product)
        return NULL;
    if (b->ndim == 1)
        return wk_unsafe_view(product, a->ndim - 1, shape);
    shape[a->ndim - 1] = b->shape[1];
    return wk_unsafe_view(product, a->ndim, shape);
}

/* Expands the leading dimensions to `batch` and folds them into one. */
static wk_Tensor *batched(wk_Tensor *t, const wk_Shape *batch)
{
    wk_Shape full = *batch;
    full.dims[full.ndim++] = t->shape[t->ndim - 2];
    full.dims[full.ndim++] = t->shape[t->ndim - 1];
    wk_Tensor *expanded = wk_expand_shape(t, full.ndim, full.dims);
    return wk_reshape(expanded, wk_shape_numel(batch->ndim, batch->dims), t->shape[t->ndim - 2],
                      t->shape[t->ndim - 1]);
}

static wk_Tensor *batch_product(wk_Tensor *a, wk_Tensor *b)
{
    wk_Tensor leading[2] = {*a, *b};
    leading[0].ndim = (uint8_t)(a->ndim - 2);
    leading[1].ndim = (uint8_t)(b->ndim - 2);
    wk_Shape batch;
    if (!wk_shape_broadcast("matmul", &leading[0], &leading[1], &batch))
        return NULL;
    if (batch.ndim > WK_MAX_DIMS - 2)
        return wk_raise(WK_ERROR_SHAPE, "matmul: rank %d, max %d", batch.ndim + 2, WK_MAX_DIMS);
    wk_Tensor *product = wk_bmm(batched(a, &batch), batched(b, &batch));
    batch.dims[batch.ndim++] = a->shape[a->ndim - 2];
    batch.dims[batch.ndim++] = b->shape[b->ndim - 1];
    return wk_unsafe_view(product, batch.ndim, batch.dims);
}

static wk_Tensor *dot_product(wk_Tensor *a, wk_Tensor *b)
{
    if (a->dtype != b->dtype)
        return wk_raise(WK_ERROR_DTYPE,
                        "matmul: dot : expected both vectors to have same dtype, but found %s and %s",
                        wk_dtype_type(a->dtype), wk_dtype_type(b->dtype));
    if (a->numel != b->numel)
        return wk_raise(WK_ERROR_SHAPE,
                        "matmul: inconsistent tensor size, expected tensor %s and src %s to have the same "
                        "number of elements, but got %lld and %lld elements respectively",
                        WK_SHAPE_TEXT(a), WK_SHAPE_TEXT(b), (long long)a->numel, (long long)b->numel);
    return multiplies("matmul", "dot", a) ? WK_APPLY(&dot_op, NULL, a, b) : NULL;
}

static wk_Tensor *vector_product(wk_Tensor *a, wk_Tensor *b)
{
    if (a->shape[1] != b->shape[0])
        return wk_raise(
            WK_ERROR_SHAPE, "matmul: size mismatch, got input (%lld), mat (%lldx%lld), vec (%lld)",
            (long long)a->shape[0], (long long)a->shape[0], (long long)a->shape[1], (long long)b->shape[0]);
    if (a->dtype != b->dtype)
        return wk_raise(WK_ERROR_DTYPE,
                        "matmul: addmv input tensors must have the same dtype, but got %s, %s, and %s",
                        wk_dtype_type(b->dtype), wk_dtype_type(a->dtype), wk_dtype_type(b->dtype));
    return multiplies("matmul", "addmv_impl_cpu", a) ? WK_APPLY(&mv_op, NULL, a, b) : NULL;
}

wk_Tensor *wk_matmul(wk_Tensor *a, wk_Tensor *b)
{
    if (!wk_tensor_check(a, "matmul", "a") || !wk_tensor_check(b, "matmul", "b"))
        return NULL;
    if (a->ndim == 0 || b->ndim == 0)
        return wk_raise(WK_ERROR_SHAPE,
                        "matmul: both arguments to matmul need to be at least 1D, but they are %dD and %dD",
                        a->ndim, b->ndim);
    if (a->ndim <= 2 && b->ndim == 1)
        return a->ndim == 1 ? dot_product(a, b) : vector_product(a, b);
    if (a->ndim == 2 && b->ndim == 2)
        return factors_fit("matmul", a, b) ? multiply(a, b, BY_ROWS) : NULL;
    if (a->ndim == 1) {
        wk_Tensor *product = wk_matmul(wk_unsqueeze(a, 0), b);
        return product ? wk_unsafe_squeeze(product, product->ndim - 2) : NULL;
    }
    return b->ndim <= 2 ? folded(a, b) : batch_product(a, b);
}
