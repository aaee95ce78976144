/* The seam for devices: every computation on elements, as one table of functions on plain pointers.
 *
 * Kernels know nothing of tensors. Sizes and strides are trusted: operations check them first. Tables are indexed by dtype, and NULL
 * where a kernel does not take that dtype. Functions that need scratch memory return false with WK_ERROR_MEMORY raised, and are true
 * otherwise. All but the loops split large work among threads themselves, in blocks that do not depend on their number. */
#ifndef WICK_KERNELS_H
#define WICK_KERNELS_H

#include "wick/tensor.h"

/* One row of an elementwise operation: data[0] is the result, data[1..] the inputs; strides in bytes, 0 repeats an input.
 * The result may be one of the inputs, element for element. False: an integer divisor was zero (the other results are written). */
typedef bool (*wk_Loop)(int64_t n, char *const *data, const int64_t *stride);

/* C = beta * C + alpha * A B + bias, for each of `batch` triples (0 counts as 1). A is [m, k], B [k, n], C [m, n]; row, col and
 * batch are strides in elements, so that a transposed or broadcast matrix costs nothing. C must not overlap A or B, and is not read
 * when beta is 0. bias is NULL or has n values, added to every row. k = 0 gives beta * C + bias. */
typedef struct wk_Matrix {
    void *data;
    int64_t row, col, batch;
} wk_Matrix;
typedef struct wk_ConstMatrix {
    const void *data;
    int64_t row, col, batch;
} wk_ConstMatrix;
typedef struct wk_Gemm {
    int64_t batch, m, n, k;
    wk_ConstMatrix a, b;
    wk_Matrix c;
    double alpha, beta;
    const void *bias;
} wk_Gemm;

/* input [n, c, h, w]   weight [k, c/groups, r, s]   bias [k]   output [n, k, oh, ow], all contiguous. Pairs are {height, width}.
 * oh and ow are the caller's; a window may reach past the input, where it reads zeros. */
typedef struct wk_ConvShape {
    int64_t n, c, h, w, k, r, s;
    int64_t stride[2], padding[2], dilation[2];
    int64_t groups, oh, ow;
} wk_ConvShape;

/* input [planes, h, w]   output [planes, oh, ow], contiguous. Every window must hold an element that is not padding. */
typedef struct wk_PoolShape {
    int64_t planes, h, w;
    int64_t kernel[2], stride[2], padding[2], dilation[2];
    int64_t oh, ow;
} wk_PoolShape;
typedef struct wk_AvgPool {
    bool count_include_pad;
    int64_t divisor_override; /* 0: none */
} wk_AvgPool;

/* One step of an optimizer over contiguous arrays of n, in PyTorch's order of operations. */
typedef struct wk_SgdStep {
    double lr, momentum, dampening, weight_decay;
    bool nesterov, maximize;
    bool first; /* the buffer holds nothing yet: it becomes the gradient */
} wk_SgdStep;
typedef struct wk_AdamStep {
    double lr, beta1, beta2, eps, weight_decay;
    bool amsgrad, maximize;
    bool decoupled; /* AdamW: the decay acts on the parameter, not on the gradient */
    int64_t step;   /* 1 at the first */
} wk_AdamStep;
typedef struct wk_RmspropStep {
    double lr, alpha, eps, weight_decay, momentum;
    bool centered, maximize;
} wk_RmspropStep;

/* Over the middle of a contiguous [outer, n, inner]; the result is [outer, inner]. */
typedef bool (*wk_Reduce)(int64_t outer, int64_t n, int64_t inner, const void *in, void *out);
typedef bool (*wk_ReduceIndex)(int64_t outer, int64_t n, int64_t inner, const void *in, void *values,
                               int64_t *indices);
/* From [outer, n, inner] to the same shape; the result may be the input. */
typedef void (*wk_Rows)(int64_t outer, int64_t n, int64_t inner, const void *in, void *out);
typedef void (*wk_RowsBackward)(int64_t outer, int64_t n, int64_t inner, const void *grad, const void *out,
                                void *grad_in);

typedef struct wk_Kernels {
    const char *isa;

    /* Elementwise: a member for every row, such as wk_kernels->exp[wk_float32] (unary: data[0] = f(data[1])). Input and result have
     * the same dtype, but comparisons and logical_not give bool. */
#define UNARY(name, ...)   wk_Loop name[WK_DTYPES];
#define BINARY(name, ...)  wk_Loop name[WK_DTYPES];
#define COMPARE(name, ...) wk_Loop name[WK_DTYPES];
#include "kernels/rows.def"
    wk_Loop logical_not[WK_DTYPES];
    wk_Loop where[WK_DTYPES]; /* data: result, condition (bool), a, b */
    /* cast[from][to]; cast[t][t] copies, and fills where the input's stride is 0. Float to integer: NaN is 0; int64 and int32
     * saturate; uint8 wraps. Anything to bool is x != 0. */
    wk_Loop cast[WK_DTYPES][WK_DTYPES];

    /* Reductions. sum and prod of integers and bool are int64; of nothing, 0 and 1. Floats are added in a fixed tree. */
    wk_Reduce sum[WK_DTYPES], prod[WK_DTYPES];
    wk_Reduce any[WK_DTYPES], all[WK_DTYPES]; /* to bool */
    /* The extreme and the index of the first such element; NaN wins. values or indices may be NULL; n > 0. */
    wk_ReduceIndex max[WK_DTYPES], min[WK_DTYPES];

    wk_Rows softmax[WK_DTYPES], log_softmax[WK_DTYPES];
    wk_RowsBackward softmax_backward[WK_DTYPES], log_softmax_backward[WK_DTYPES];

    bool (*gemm[WK_DTYPES])(const wk_Gemm *gemm);

    bool (*conv2d[WK_DTYPES])(const wk_ConvShape *shape, const void *input, const void *weight,
                              const void *bias, void *output);
    bool (*conv2d_grad_input[WK_DTYPES])(const wk_ConvShape *shape, const void *grad, const void *weight,
                                         void *grad_input);
    bool (*conv2d_grad_weight[WK_DTYPES])(const wk_ConvShape *shape, const void *grad, const void *input,
                                          void *grad_weight);
    bool (*conv2d_grad_bias[WK_DTYPES])(const wk_ConvShape *shape, const void *grad, void *grad_bias);

    /* indices: position in h * w of the first largest, NaN being larger than all. Backward overwrites all of grad_input. */
    void (*max_pool2d[WK_DTYPES])(const wk_PoolShape *shape, const void *input, void *output,
                                  int64_t *indices);
    void (*max_pool2d_backward[WK_DTYPES])(const wk_PoolShape *shape, const void *grad,
                                           const int64_t *indices, void *grad_input);
    void (*avg_pool2d[WK_DTYPES])(const wk_PoolShape *shape, const wk_AvgPool *how, const void *input,
                                  void *output);
    void (*avg_pool2d_backward[WK_DTYPES])(const wk_PoolShape *shape, const wk_AvgPool *how, const void *grad,
                                           void *grad_input);

    /* buffer may be NULL when momentum is 0; largest (of the squares) unless amsgrad; mean unless centered. */
    void (*sgd[WK_DTYPES])(int64_t n, const wk_SgdStep *step, void *param, const void *grad, void *buffer);
    void (*adam[WK_DTYPES])(int64_t n, const wk_AdamStep *step, void *param, const void *grad, void *average,
                            void *square, void *largest);
    void (*rmsprop[WK_DTYPES])(int64_t n, const wk_RmspropStep *step, void *param, const void *grad,
                               void *square, void *mean, void *buffer);
} wk_Kernels;

/* The best table for this machine, or the lesser one that WK_ISA names; chosen when the library is loaded. */
extern const wk_Kernels *wk_kernels;

/* The table by name, NULL if it is unknown or this machine cannot run it. */
const wk_Kernels *wk_kernels_for(const char *isa);

#endif
