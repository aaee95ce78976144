/* Rows of single operations: what one costs, products of matrices, elementwise work on 16M elements,
 * convolutions.
 *
 * They are run as a user's step runs them: the result is new in every run and goes with the scope, so that
 * after the first run its memory comes from the library's cache. The rows that end with _cold give that cache
 * back before each run and show what fresh pages from the system cost. */
#include <stdlib.h>

#include "bench.h"

typedef struct TensorWork {
    wk_Tensor *a, *b, *grad; /* kept */
    wk_Tensor *result;       /* of prepare, for run */
    int64_t padding, groups;
} TensorWork;

static void end_tensors(void *work)
{
    TensorWork *w = work;
    wk_free(w->a), wk_free(w->b), wk_free(w->grad);
    free(w);
}

static void *begun(TensorWork work)
{
    TensorWork *w = work.a && work.b && work.grad ? malloc(sizeof *w) : NULL;
    if (w)
        *w = work;
    else
        wk_free(work.a), wk_free(work.b), wk_free(work.grad);
    return w;
}

/* ---- one operation ---------------------------------------------------------------------------------- */

enum { chain = 100 };

static void *begin_one(const BenchRow *row, const BenchOptions *options)
{
    (void)row, (void)options;
    return begun(
        (TensorWork){.a = wk_keep(wk_ones(1)), .b = wk_keep(wk_ones(1)), .grad = wk_keep(wk_ones(1))});
}

static void *begin_chain(const BenchRow *row, const BenchOptions *options)
{
    TensorWork *w = begin_one(row, options);
    if (w)
        wk_requires_grad_(w->a);
    return w;
}

static bool run_add_1(void *work)
{
    TensorWork *w = work;
    bool good = true;
    for (int i = 0; i < chain; i++)
        good = wk_add(w->a, w->b) && good;
    return good;
}

static bool run_chain_forward(void *work)
{
    TensorWork *w = work;
    wk_Tensor *y = w->a;
    for (int i = 0; i < chain; i++)
        y = wk_add(y, w->b);
    return (w->result = y) != NULL;
}

static bool prepare_chain(void *work)
{
    TensorWork *w = work;
    return wk_set_grad(w->a, NULL) && run_chain_forward(work);
}

static bool run_backward(void *work)
{
    TensorWork *w = work;
    return wk_backward(w->result, w->grad);
}

/* ---- products of matrices: size is m, k, n ---------------------------------------------------------- */

static void *begin_gemm(const BenchRow *row, const BenchOptions *options)
{
    (void)options;
    int64_t m = row->size[0], k = row->size[1], n = row->size[2];
    return begun((TensorWork){
        .a = wk_keep(wk_randn(m, k)), .b = wk_keep(wk_randn(k, n)), .grad = wk_keep(wk_ones(1))});
}

static bool run_gemm(void *work)
{
    TensorWork *w = work;
    return wk_mm(w->a, w->b) != NULL;
}

#define GEMM(text, m, k, n)                                                                            \
    {                                                                                                  \
        .name = "gemm_" text, .what = "mm, float32, " #m "x" #k " by " #k "x" #n, .begin = begin_gemm, \
        .run = run_gemm, .end = end_tensors, .limit = BENCH_FMA, .amount = 2.0 * m * k * n, .size = {  \
            m,                                                                                         \
            k,                                                                                         \
            n                                                                                          \
        }                                                                                              \
    }

/* ---- elementwise and by rows, on 16384 x 1024 ------------------------------------------------------- */

enum { rows_16m = 16384, columns_16m = 1024 };

static void *begin_16m(const BenchRow *row, const BenchOptions *options)
{
    (void)options;
    wk_Tensor *a = wk_keep(wk_randn(rows_16m, columns_16m));
    wk_Tensor *b = wk_keep(row->limit == BENCH_TRIAD ? wk_randn(rows_16m, columns_16m) : wk_ones(1));
    return begun((TensorWork){.a = a, .b = b, .grad = wk_keep(wk_ones(1))});
}

static bool prepare_cold(void *work)
{
    (void)work;
    wk_empty_cache();
    return true;
}

#define RUN(name, value)               \
    static bool run_##name(void *work) \
    {                                  \
        TensorWork *w = work;          \
        return (value) != NULL;        \
    }
RUN(add, wk_add(w->a, w->b))
RUN(relu, wk_relu(w->a))
RUN(exp, wk_exp(w->a))
RUN(tanh, wk_tanh(w->a))
RUN(gelu, wk_gelu(w->a))
RUN(softmax, wk_softmax(w->a, -1))
RUN(layer_norm, wk_layer_norm(w->a, wk_dims(columns_16m)))
RUN(sum, wk_sum(w->a))

#define ROW_16M(text, suffix, note, floats, kind, before)                                     \
    {                                                                                         \
        .name = #text "_16m" suffix, .what = #text " of 16384x1024" note, .begin = begin_16m, \
        .prepare = before, .run = run_##text, .end = end_tensors, .limit = kind,              \
        .amount = 4.0 * floats * (16 << 20)                                                   \
    }
#define MAP(text, floats, kind)                           \
    ROW_16M(text, "", ", in a step", floats, kind, NULL), \
        ROW_16M(text, "_cold", ", on fresh pages", floats, kind, prepare_cold)

/* ---- convolutions: size is channels, kernel, groups; 56x56, batch 16 -------------------------------- */

static void *begin_conv(const BenchRow *row, const BenchOptions *options)
{
    (void)options;
    int64_t c = row->size[0], k = row->size[1], groups = row->size[2];
    wk_Tensor *x = wk_keep(wk_randn(16, c, 56, 56)), *weight = wk_keep(wk_randn(c, c / groups, k, k));
    TensorWork *w = begun((TensorWork){
        .a = x, .b = weight, .grad = wk_keep(wk_ones(16, c, 56, 56)), .padding = k / 2, .groups = groups});
    if (w && row->prepare)
        wk_requires_grad_(w->a), wk_requires_grad_(w->b);
    return w;
}

static bool run_conv(void *work)
{
    TensorWork *w = work;
    w->result = wk_conv2d(w->a, w->b, NULL, .padding = w->padding, .groups = w->groups);
    return w->result != NULL;
}

static bool prepare_conv(void *work)
{
    TensorWork *w = work;
    return wk_set_grad(w->a, NULL) && wk_set_grad(w->b, NULL) && run_conv(work);
}

#define CONV_ROW(text, note, c, k, groups, before, action, kind, work)                                 \
    {                                                                                                  \
        .name = "conv_" text, .what = note ", " #c " channels, 56x56, batch 16", .begin = begin_conv,  \
        .prepare = before, .run = action, .end = end_tensors, .limit = kind, .amount = work, .size = { \
            c,                                                                                         \
            k,                                                                                         \
            groups                                                                                     \
        }                                                                                              \
    }
#define CONV(text, note, c, k, groups, kind, work)                                                   \
    CONV_ROW(text "_forward", note " forward", c, k, groups, NULL, run_conv, kind, work),            \
        CONV_ROW(text "_backward", note " backward", c, k, groups, prepare_conv, run_backward, kind, \
                 2.0 * (work))
#define PIXELS (16.0 * 56 * 56)

const BenchRow bench_tensor_rows[] = {
    {.name = "add_1_forward",
     .what = "add of two tensors of one element",
     .begin = begin_one,
     .run = run_add_1,
     .end = end_tensors,
     .parts = chain},
    {.name = "chain_100_forward",
     .what = "100 adds of one element each, recorded",
     .begin = begin_chain,
     .run = run_chain_forward,
     .end = end_tensors},
    {.name = "chain_100_backward",
     .what = "backward through these 100 adds",
     .begin = begin_chain,
     .prepare = prepare_chain,
     .run = run_backward,
     .end = end_tensors},
    GEMM("32", 32, 32, 32),
    GEMM("64", 64, 64, 64),
    GEMM("120", 120, 120, 120),
    GEMM("512", 512, 512, 512),
    GEMM("1024", 1024, 1024, 1024),
    GEMM("2048", 2048, 2048, 2048),
    GEMM("lenet_6x25x784", 6, 25, 784),
    GEMM("lenet_16x150x100", 16, 150, 100),
    GEMM("lenet_64x400x120", 64, 400, 120),
    GEMM("lenet_64x120x84", 64, 120, 84),
    GEMM("lenet_64x84x10", 64, 84, 10),
    GEMM("lenet_1x400x120", 1, 400, 120),
    CONV("64_64_3x3_b16", "3x3", 64, 3, 1, BENCH_FMA, 2 * PIXELS * 64 * 64 * 9),
    CONV("1x1_b16", "1x1", 64, 1, 1, BENCH_FMA, 2 * PIXELS * 64 * 64),
    CONV("depthwise_b16", "depthwise", 64, 3, 64, BENCH_COPY, 8 * PIXELS * 64),
    MAP(add, 3, BENCH_TRIAD),
    MAP(relu, 2, BENCH_COPY),
    MAP(exp, 2, BENCH_COPY),
    MAP(tanh, 2, BENCH_COPY),
    MAP(gelu, 2, BENCH_COPY),
    MAP(softmax, 2, BENCH_COPY),
    MAP(layer_norm, 2, BENCH_COPY),
    ROW_16M(sum, "", ", in a step", 1, BENCH_READ, NULL),
    {.name = NULL},
};
