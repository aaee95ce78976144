/* The seam for devices: every computation on elements, as one table of functions on plain pointers.
 *
 * Kernels know nothing of tensors. Sizes and strides are trusted: operations check them first. Tables are indexed by dtype, and NULL
 * where a kernel does not take that dtype. Functions that need scratch memory return false with WK_ERROR_MEMORY raised, and are true
 * otherwise. All but the loops split large work among threads themselves, in blocks that do not depend on their number. */
#ifndef WICK_KERNELS_H
#define WICK_KERNELS_H

#include "core/math_flags.h"
#include "wick/tensor.h"

/* One row of an elementwise operation: data[0] is the result, data[1..] the inputs; strides in bytes, 0 repeats an input.
 * The result may be one of the inputs, element for element. numbers: the row's own, in its order; NULL if it has none. False: an integer divisor was zero (the other results are written). */
typedef bool (*wk_Loop)(int64_t n, char *const *data, const int64_t *stride, const double *numbers);

/* A result of so many bytes fits into no cache, and fast loops store it past them: its lines are not read first, a third of the traffic.
 * (What the system says of the last cache cannot be trusted: in a virtual machine it may be that of the whole host.) */
enum { WK_STREAM_BYTES = 32 << 20 };

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
 * oh and ow are the caller's; a window may reach past the input, where it reads zeros. The number of multiplications, each a window's
 * element with an input or padding, is less than 2^56. */
typedef struct wk_ConvShape {
    int64_t n, c, h, w, k, r, s;
    int64_t stride[2], padding[2], dilation[2];
    int64_t groups, oh, ow;
} wk_ConvShape;

/* input [planes, h, w]   output [planes, oh, ow], contiguous. kernel, stride, padding and dilation fit in 31 bits. Only a dilated window may
 * have no element but padding: its largest is the lowest value of the dtype (-inf), and has no winner. */
typedef struct wk_PoolShape {
    int64_t planes, h, w;
    int64_t kernel[2], stride[2], padding[2], dilation[2];
    int64_t oh, ow;
} wk_PoolShape;
/* The gradient behind max pooling, before it is spread over the input: the winners' bytes name its places. */
typedef struct wk_Winners {
    const wk_PoolShape *shape;
    const float *grad;
    const uint8_t *which;
    bool positive; /* only winners above zero count, and NaN: there was a ReLU before the pooling */
} wk_Winners;
enum {
    WK_WINNER_LOW = 0x80,  /* in a winner's byte: zero or less */
    WK_WINNER_NAME = 0x7f, /* its position in the window, kernel[1] * row + column */
    WK_WINNER_NONE = 0x7f, /* a position that no window has: the window has no winner */
    WK_WINNER_FAR = 0x40,  /* a bit of WK_WINNER_NONE that no position in a window of up to 64 has */
};

/* Float convolutions with outputs in the lanes of a vector. `order` tells which shapes they take and are the better choice for:
 * with wk_lanes_batch output, grad and grad_input lie as [c, h, w, n], and an input so (batch_last) or as [n, c, h, w]; with
 * wk_lanes_rows everything is contiguous. grad_bias may be NULL. */
typedef enum wk_LaneOrder {
    wk_lanes_none,
    wk_lanes_batch,
    wk_lanes_rows,
} wk_LaneOrder;
/* What a way that is not for all shapes and numbers says. */
typedef enum wk_LaneAnswer {
    wk_lanes_refused, /* it does not pay or cannot be: take another, which writes all results again */
    wk_lanes_done,
    wk_lanes_failed, /* no memory */
} wk_LaneAnswer;
typedef struct wk_ConvLanes {
    wk_LaneOrder (*order)(const wk_ConvShape *shape);
    bool (*forward)(const wk_ConvShape *shape, const float *input, bool batch_last, const float *weight,
                    const float *bias, float *output);
    bool (*grad_input)(const wk_ConvShape *shape, const float *grad, const float *weight, float *grad_input);
    bool (*grad_weight)(const wk_ConvShape *shape, const float *grad, const float *input, bool batch_last,
                        float *grad_weight, float *grad_bias);
    /* The same, and the gradient of the input, for a gradient that max pooling would spread: pooling's order in memory is that of grad. */
    wk_LaneAnswer (*winners_weight)(const wk_ConvShape *shape, const wk_Winners *grad, const float *input,
                                    bool batch_last, float *grad_weight, float *grad_bias);
    wk_LaneAnswer (*winners_input)(const wk_ConvShape *shape, const wk_Winners *grad, const float *weight,
                                   float *grad_input);
} wk_ConvLanes;

typedef struct wk_AvgPool {
    bool count_include_pad;
    int64_t divisor_override; /* 0: none */
} wk_AvgPool;

/* [n, c, inner], contiguous, normalised with the statistics of a channel (batch norm) or of a sample's group of channels (group norm;
 * layer norm is one group and inner 1). */
typedef struct wk_NormShape {
    int64_t n, c, inner, groups;
    double eps;
} wk_NormShape;

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
typedef struct wk_AdagradStep {
    double lr; /* of this step: decayed */
    double weight_decay, eps;
    bool maximize;
} wk_AdagradStep;
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
#define UNARY(name, ...)      wk_Loop name[WK_DTYPES];
#define BINARY(name, ...)     wk_Loop name[WK_DTYPES];
#define COMPARE(name, ...)    wk_Loop name[WK_DTYPES];
#define UNARY_WITH(name, ...) wk_Loop name[WK_DTYPES];
#define GRADIENT(name, ...)   wk_Loop name[WK_DTYPES];
#include "kernels/rows.def"
    wk_Loop logical_not[WK_DTYPES];
    wk_Loop where[WK_DTYPES]; /* data: result, condition (bool), a, b */
    /* cast[from][to]; cast[t][t] copies, and fills where the input's stride is 0. Float to integer: NaN is 0; int64 and int32
     * saturate; uint8 wraps. Anything to bool is x != 0. */
    wk_Loop cast[WK_DTYPES][WK_DTYPES];

    /* Runs a loop of so many inputs whose result, dense and none of the inputs, is stored past the caches. */
    bool (*stream)(wk_Loop loop, int64_t n, int inputs, char *const *data, const int64_t *stride,
                   const double *numbers);

    /* Reductions. sum and prod of integers and bool are int64; of nothing, 0 and 1. Floats are added in a fixed tree. */
    wk_Reduce sum[WK_DTYPES], prod[WK_DTYPES];
    wk_Reduce any[WK_DTYPES], all[WK_DTYPES]; /* to bool */
    /* Sums of the elements up to each, or from each on in reverse; floats are added in double. Rows split among threads. */
    void (*cumsum[WK_DTYPES])(int64_t outer, int64_t n, int64_t inner, bool reverse, const void *in,
                              void *out);
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

    wk_ConvLanes conv_lanes;
    bool (*all_finite[WK_DTYPES])(int64_t n,
                                  const void *in); /* of floats: neither infinity nor NaN among them */
    /* The same without the zeros of padding: it multiplies them with nothing, and takes no time for them. Slow beside the others. All but
     * bool forward, floats back. */
    void (*conv_taps[WK_DTYPES])(const wk_ConvShape *shape, const void *input, const void *weight,
                                 const void *bias, void *output);
    void (*conv_taps_grad_input[WK_DTYPES])(const wk_ConvShape *shape, const void *grad, const void *weight,
                                            void *grad_input);
    void (*conv_taps_grad_weight[WK_DTYPES])(const wk_ConvShape *shape, const void *grad, const void *input,
                                             void *grad_weight);

    /* indices: position in h * w of the first largest, NaN being larger than all; -1: no winner. Backward overwrites all of grad_input. */
    void (*max_pool2d[WK_DTYPES])(const wk_PoolShape *shape, const void *input, void *output,
                                  int64_t *indices);
    void (*max_pool2d_backward[WK_DTYPES])(const wk_PoolShape *shape, const void *grad,
                                           const int64_t *indices, void *grad_input);
    /* Float max pooling of [planes, h, w, n] (the batch last, or n = 1) that keeps, for the way back, a byte of each winner (which
     * is NULL if there is no such way). A window has at most WK_WINNER_NAME elements. */
    void (*max_pool_winners)(const wk_PoolShape *shape, int64_t n, const float *input, float *output,
                             uint8_t *which);
    void (*max_pool_winners_backward)(const wk_Winners *winners, int64_t n, float *grad_input);
    void (*avg_pool2d[WK_DTYPES])(const wk_PoolShape *shape, const wk_AvgPool *how, const void *input,
                                  void *output);
    void (*avg_pool2d_backward[WK_DTYPES])(const wk_PoolShape *shape, const wk_AvgPool *how, const void *grad,
                                           void *grad_input);

    /* buffer may be NULL when momentum is 0; largest (of the squares) unless amsgrad; mean unless centered. */
    void (*sgd[WK_DTYPES])(int64_t n, const wk_SgdStep *step, void *param, const void *grad, void *buffer);
    void (*adam[WK_DTYPES])(int64_t n, const wk_AdamStep *step, void *param, const void *grad, void *average,
                            void *square, void *largest);
    void (*adagrad[WK_DTYPES])(int64_t n, const wk_AdagradStep *step, void *param, const void *grad,
                               void *sum);
    void (*rmsprop[WK_DTYPES])(int64_t n, const wk_RmspropStep *step, void *param, const void *grad,
                               void *square, void *mean, void *buffer);

    /* (x - mean) * rstd * weight + bias with rstd = 1 / sqrt(var + eps); weight and bias are [c] or NULL, and so are the results of the
     * backwards. n * inner > 0 here, c * inner > 0 in group_norm. stats are
     * doubles: [4, c] in batch_norm: the mean's two leading numbers of the dtype, rstd and biased variance, written in training; else the
     * first and the last row are read and the others written. [3, n * groups] in group_norm: the same without the variance. */
    void (*batch_norm[WK_DTYPES])(const wk_NormShape *shape, bool training, const void *in,
                                  const void *weight, const void *bias, void *out, double *stats);
    void (*batch_norm_backward[WK_DTYPES])(const wk_NormShape *shape, bool training, const void *grad,
                                           const void *in, const double *stats, const void *weight,
                                           void *grad_in, void *grad_weight, void *grad_bias);
    /* running += momentum * (statistic - running); the variance is unbiased, of `count` elements. */
    void (*batch_norm_running[WK_DTYPES])(int64_t c, double count, double momentum, const double *stats,
                                          void *running_mean, void *running_var);
    void (*group_norm[WK_DTYPES])(const wk_NormShape *shape, const void *in, const void *weight,
                                  const void *bias, void *out, double *stats);
    bool (*group_norm_backward[WK_DTYPES])(const wk_NormShape *shape, const void *grad, const void *in,
                                           const double *stats, const void *weight, void *grad_in,
                                           void *grad_weight, void *grad_bias);
    /* The variance over the middle of [outer, n, inner], divided by max(n - correction, 0), or its root; two passes, so that a large
     * mean does no harm. */
    bool (*var[WK_DTYPES])(int64_t outer, int64_t n, int64_t inner, double correction, bool root,
                           const void *in, void *out);

    /* The mean over rows [floor(i h / oh), ceil((i + 1) h / oh)) and columns alike; only the sizes of the shape count. */
    void (*adaptive_avg_pool2d[WK_DTYPES])(const wk_PoolShape *shape, const void *input, void *output);
    void (*adaptive_avg_pool2d_backward[WK_DTYPES])(const wk_PoolShape *shape, const void *grad,
                                                    void *grad_input);
} wk_Kernels;

/* Fills in the members that are compiled once, not for each instruction set. */
void wk_install_conv_taps(wk_Kernels *table);
void wk_install_integer_loops(wk_Kernels *table);
void wk_install_scan(wk_Kernels *table);

/* Runs a loop of one or two inputs that takes contiguous elements on others, in contiguous copies. The operands are the number of inputs
 * and the bytes of an element, in one word: with six arguments the call from a loop needs no frame. */
#define WK_OPERANDS(inputs, out_bytes, in_bytes) \
    ((unsigned)(inputs) | (unsigned)(out_bytes) << 8 | (unsigned)(in_bytes) << 16)
bool wk_loop_in_pieces(wk_Loop loop, int64_t n, unsigned operands, char *const *data, const int64_t *stride,
                       const double *numbers);

/* The best table for this machine, or the lesser one that WK_ISA names; chosen when the library is loaded. */
extern const wk_Kernels *wk_kernels;

/* The table by name, NULL if it is unknown or this machine cannot run it. */
const wk_Kernels *wk_kernels_for(const char *isa);

#endif
