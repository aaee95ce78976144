/* torch.nn.functional: operations with the arguments and defaults of PyTorch's.
 *
 * Mandatory arguments come first, then options by name:  wk_conv2d(x, w, b, .stride = 2).  One number stands for both directions; a pair
 * is .stride_hw = {2, 1} and goes before the number. Unset is PyTorch's default.
 */
#ifndef WICK_FUNCTIONAL_H
#define WICK_FUNCTIONAL_H

#include "wick/reduce.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How a loss is reduced over its elements. */
typedef enum wk_Reduction {
    wk_reduction_mean = 0,
    wk_reduction_sum,
    wk_reduction_none,
} wk_Reduction;

/* ---- linear and convolution ------------------------------------------------------------------------- */

/* input @ weight.T + bias.                                                                torch: F.linear
 *   input [..., I]   weight [O, I]   bias [O] or NULL   ->   [..., O]
 * Differs from PyTorch: never. */
WK_API wk_Tensor *wk_linear(wk_Tensor *input, wk_Tensor *weight, wk_Tensor *bias);

/* 2-D convolution of input with weight.                                                   torch: F.conv2d
 *   input [N, C, H, W] or [C, H, W]   weight [K, C/groups, R, S]   bias [K] or NULL   ->   [N, K, OH, OW]
 *   of any dtype but bool: integers wrap around, and have no gradients
 *   OH = (H + 2*padding - dilation*(R-1) - 1) / stride + 1
 * Differs from PyTorch: the result is contiguous for channels_last input too. */
typedef struct wk_conv2d_options {
    wk_Tensor *input, *weight, *bias;
    int64_t stride, padding, dilation, groups;
    int64_t stride_hw[2], padding_hw[2], dilation_hw[2];
} wk_conv2d_options;
WK_API wk_Tensor *wk_conv2d_with(wk_conv2d_options options);
#define wk_conv2d(x, ...) wk_conv2d_with((wk_conv2d_options){.input = x, .weight = __VA_ARGS__})

/* ---- pooling ---------------------------------------------------------------------------------------- */

/* The largest element of each window; the gradient goes to the first of them.             torch: F.max_pool2d
 *   input [N, C, H, W] or [C, H, W], of any dtype but bool   ->   [N, C, OH, OW]     stride: unset is kernel_size
 *   OH = (H + 2*padding - dilation*(kernel_size-1) - 1) / stride + 1, rounded up with ceil_mode
 *   a window of padding alone, which dilation can make, gives -inf (of integers the lowest) and has no gradient
 * Differs from PyTorch: the result is contiguous for channels_last input too. */
typedef struct wk_max_pool2d_options {
    wk_Tensor *input;
    int64_t kernel_size, stride, padding, dilation;
    bool ceil_mode;
    int64_t kernel_size_hw[2], stride_hw[2], padding_hw[2], dilation_hw[2];
} wk_max_pool2d_options;
WK_API wk_Tensor *wk_max_pool2d_with(wk_max_pool2d_options options);
#define wk_max_pool2d(...) wk_max_pool2d_with((wk_max_pool2d_options){.input = __VA_ARGS__})

/* The same with the index of each maximum in the flattened H*W plane.                     torch: F.max_pool2d_with_indices
 * Differs from PyTorch: a window of padding alone has the index -1. */
WK_API wk_ValuesIndices wk_max_pool2d_with_indices(wk_max_pool2d_options options);

/* The mean of each window.                                                                torch: F.avg_pool2d
 *   input [N, C, H, W] or [C, H, W], of floats or int64 (rounded towards zero)   ->   [N, C, OH, OW]
 *   padding counts into the mean unless .exclude_pad (PyTorch: count_include_pad = False); divisor_override replaces the count
 * Differs from PyTorch: the flag is named by its non-default; the result is contiguous for channels_last input too. */
typedef struct wk_avg_pool2d_options {
    wk_Tensor *input;
    int64_t kernel_size, stride, padding;
    bool ceil_mode, exclude_pad;
    int64_t divisor_override;
    int64_t kernel_size_hw[2], stride_hw[2], padding_hw[2];
} wk_avg_pool2d_options;
WK_API wk_Tensor *wk_avg_pool2d_with(wk_avg_pool2d_options options);
#define wk_avg_pool2d(...) wk_avg_pool2d_with((wk_avg_pool2d_options){.input = __VA_ARGS__})

/* ---- softmax and dropout ---------------------------------------------------------------------------- */

/* exp(x) / sum(exp(x)), and its logarithm, along dim.                              torch: F.softmax, F.log_softmax */
WK_API wk_Tensor *wk_softmax(wk_Tensor *input, int64_t dim);
WK_API wk_Tensor *wk_log_softmax(wk_Tensor *input, int64_t dim);

/* Zeroes each element with probability p and scales the rest by 1/(1-p), if training.     torch: F.dropout
 *   p in [0, 1]; p = 0, and not training, draw no random numbers
 * Differs from PyTorch: p and training have no defaults. */
WK_API wk_Tensor *wk_dropout(wk_Tensor *input, double p, bool training);
WK_API wk_Tensor *wk_dropout_(wk_Tensor *self, double p, bool training);

/* The same with the random numbers of a generator; NULL is the default one.                torch: none */
WK_API wk_Tensor *wk_dropout_from(wk_Generator *generator, wk_Tensor *input, double p, bool training);
WK_API wk_Tensor *wk_dropout_from_(wk_Generator *generator, wk_Tensor *self, double p, bool training);

/* ---- activations (relu, tanh and sigmoid are in tensor.h) ------------------------------------------- */

/* x * sigmoid(x); x * (1 + erf(x / sqrt(2))) / 2.                                          torch: F.silu, F.gelu */
WK_DECLARE_UNARY(silu)
WK_DECLARE_UNARY(gelu)

/* x * relu6(x + 3) / 6; relu6(x + 3) / 6; x * tanh(softplus(x)); log(sigmoid(x)).
 *                                                                 torch: F.hardswish, F.hardsigmoid, F.mish, F.logsigmoid */
WK_DECLARE_UNARY(hardswish)
WK_DECLARE_UNARY(hardsigmoid)
WK_DECLARE_UNARY(mish)
WK_DECLARE_UNARY(logsigmoid)

/* scale * x where x is above 0, else scale * alpha * (exp(x) - 1), with alpha = 1.6732632 and scale = 1.0507010; min(max(x, 0), 6).
 *                                                                                          torch: F.selu, F.relu6 */
WK_DECLARE_UNARY(selu)
WK_DECLARE_UNARY(relu6)

/* x / (1 + |x|); x - tanh(x); softmax(-x).                               torch: F.softsign, F.tanhshrink, F.softmin */
WK_API wk_Tensor *wk_softsign(wk_Tensor *input);
WK_API wk_Tensor *wk_tanhshrink(wk_Tensor *input);
WK_API wk_Tensor *wk_softmin(wk_Tensor *input, int64_t dim);

/* x where it is above 0, else weight * x.                                                  torch: F.prelu
 *   input [N, C, ...]   weight: one element, or [C]   ->   as input */
WK_API wk_Tensor *wk_prelu(wk_Tensor *input, wk_Tensor *weight);

/* The first half of the input along dim times the sigmoid of the second.                   torch: F.glu */
WK_API wk_Tensor *wk_glu(wk_Tensor *input, int64_t dim);

/* x where it is above 0, else negative_slope * x.                                          torch: F.leaky_relu
 *     wk_leaky_relu(x)   wk_leaky_relu(x, 0.2)
 * Here and below: a number by place is what it says; by name 0 is the default, and WK_ZERO is 0. The function with _ at its end
 * writes into its input. */
typedef struct wk_leaky_relu_options {
    int by_place;
    wk_Tensor *input;
    double negative_slope; /* = 0.01 */
} wk_leaky_relu_options;
WK_API wk_Tensor *wk_leaky_relu_with(wk_leaky_relu_options options);
WK_API wk_Tensor *wk_leaky_relu__with(wk_leaky_relu_options options);
#define wk_leaky_relu(...) \
    wk_leaky_relu_with(WK_OPTIONS(wk_leaky_relu_options, #__VA_ARGS__, .input = __VA_ARGS__))
#define wk_leaky_relu_(...) \
    wk_leaky_relu__with(WK_OPTIONS(wk_leaky_relu_options, #__VA_ARGS__, .input = __VA_ARGS__))

/* scale * x where x is above 0, else scale * alpha * (exp(input_scale * x) - 1).           torch: F.elu
 * Differs from PyTorch: scale and input_scale, which torch.ops.aten.elu has, are options too. */
typedef struct wk_elu_options {
    int by_place;
    wk_Tensor *input;
    double alpha;              /* = 1 */
    double scale, input_scale; /* = 1 */
} wk_elu_options;
WK_API wk_Tensor *wk_elu_with(wk_elu_options options);
WK_API wk_Tensor *wk_elu__with(wk_elu_options options);
#define wk_elu(...)  wk_elu_with(WK_OPTIONS(wk_elu_options, #__VA_ARGS__, .input = __VA_ARGS__))
#define wk_elu_(...) wk_elu__with(WK_OPTIONS(wk_elu_options, #__VA_ARGS__, .input = __VA_ARGS__))

/* x where it is above 0, else alpha * (exp(x / alpha) - 1).                                torch: F.celu */
typedef struct wk_celu_options {
    int by_place;
    wk_Tensor *input;
    double alpha; /* = 1 */
} wk_celu_options;
WK_API wk_Tensor *wk_celu_with(wk_celu_options options);
WK_API wk_Tensor *wk_celu__with(wk_celu_options options);
#define wk_celu(...)  wk_celu_with(WK_OPTIONS(wk_celu_options, #__VA_ARGS__, .input = __VA_ARGS__))
#define wk_celu_(...) wk_celu__with(WK_OPTIONS(wk_celu_options, #__VA_ARGS__, .input = __VA_ARGS__))

/* log(1 + exp(beta * x)) / beta; x itself where beta * x is above threshold.               torch: F.softplus */
typedef struct wk_softplus_options {
    int by_place;
    wk_Tensor *input;
    double beta;      /* = 1 */
    double threshold; /* = 20 */
} wk_softplus_options;
WK_API wk_Tensor *wk_softplus_with(wk_softplus_options options);
#define wk_softplus(...) wk_softplus_with(WK_OPTIONS(wk_softplus_options, #__VA_ARGS__, .input = __VA_ARGS__))

/* x within [min_val, max_val]; integers stay integers. The gradient is 0 on the bounds.    torch: F.hardtanh */
typedef struct wk_hardtanh_options {
    int by_place;
    wk_Tensor *input;
    double min_val; /* = -1 */
    double max_val; /* = 1 */
} wk_hardtanh_options;
WK_API wk_Tensor *wk_hardtanh_with(wk_hardtanh_options options);
WK_API wk_Tensor *wk_hardtanh__with(wk_hardtanh_options options);
#define wk_hardtanh(...) wk_hardtanh_with(WK_OPTIONS(wk_hardtanh_options, #__VA_ARGS__, .input = __VA_ARGS__))
#define wk_hardtanh_(...) \
    wk_hardtanh__with(WK_OPTIONS(wk_hardtanh_options, #__VA_ARGS__, .input = __VA_ARGS__))

/* x where it is above threshold, else value: wk_threshold(x, 0.1, 20).                     torch: F.threshold */
typedef struct wk_threshold_options {
    int by_place;
    wk_Tensor *input;
    double threshold, value;
} wk_threshold_options;
WK_API wk_Tensor *wk_threshold_with(wk_threshold_options options);
WK_API wk_Tensor *wk_threshold__with(wk_threshold_options options);
#define wk_threshold(x, at, ...) \
    wk_threshold_with((wk_threshold_options){.input = x, .threshold = at, .value = __VA_ARGS__})
#define wk_threshold_(x, at, ...) \
    wk_threshold__with((wk_threshold_options){.input = x, .threshold = at, .value = __VA_ARGS__})

/* x moved towards 0 by lambd, 0 where |x| <= lambd; x, 0 where |x| <= lambd.               torch: F.softshrink, F.hardshrink */
typedef struct wk_softshrink_options {
    int by_place;
    wk_Tensor *input;
    double lambd; /* = 0.5 */
} wk_softshrink_options;
typedef struct wk_hardshrink_options {
    int by_place;
    wk_Tensor *input;
    double lambd; /* = 0.5 */
} wk_hardshrink_options;
WK_API wk_Tensor *wk_softshrink_with(wk_softshrink_options options);
WK_API wk_Tensor *wk_hardshrink_with(wk_hardshrink_options options);
#define wk_softshrink(...) \
    wk_softshrink_with(WK_OPTIONS(wk_softshrink_options, #__VA_ARGS__, .input = __VA_ARGS__))
#define wk_hardshrink(...) \
    wk_hardshrink_with(WK_OPTIONS(wk_hardshrink_options, #__VA_ARGS__, .input = __VA_ARGS__))

/* ---- normalisation ---------------------------------------------------------------------------------- */

/* (x - mean) / sqrt(var + eps) * weight + bias for each channel.                           torch: F.batch_norm
 *   input [N, C, ...]   running_mean, running_var, weight, bias [C] or NULL   ->   as input
 *   .training takes mean and variance of the batch, more than one value for each channel, and moves the
 *   running ones towards them by
 *   momentum (unset is 0.1, WK_ZERO is 0), the variance unbiased; otherwise it takes the running ones. eps:
 *   unset is 1e-5
 * Differs from PyTorch: a call that fails leaves the running statistics alone; here and below the mean is not rounded to the dtype
 * before it is subtracted. */
typedef struct wk_batch_norm_options {
    wk_Tensor *input, *running_mean, *running_var, *weight, *bias;
    bool training;
    double momentum, eps;
} wk_batch_norm_options;
WK_API wk_Tensor *wk_batch_norm_with(wk_batch_norm_options options);
#define wk_batch_norm(...) wk_batch_norm_with((wk_batch_norm_options){.input = __VA_ARGS__})

/* The same over the last dimensions, named by their sizes: wk_layer_norm(x, 768), wk_layer_norm(x, wk_dims(8, 8), weight, bias).  torch: F.layer_norm
 *   input [..., *normalized_shape]   weight, bias [*normalized_shape] or NULL   ->   as input     eps:
 *   unset is 1e-5
 * Differs from PyTorch: as batch_norm does. */
typedef struct wk_layer_norm_options {
    wk_Tensor *input;
    wk_Dims normalized_shape;
    wk_Tensor *weight, *bias;
    double eps;
} wk_layer_norm_options;
WK_API wk_Tensor *wk_layer_norm_with(wk_layer_norm_options options);
#define wk_layer_norm(x, ...) \
    wk_layer_norm_with(WK_PASTE(WK_LAYER_NORM_, WK_1_2_OR_3(__VA_ARGS__))(x, __VA_ARGS__))
#define WK_LAYER_NORM_1(x, sizes) ((wk_layer_norm_options){.input = x, .normalized_shape = WK_DIMS_OF(sizes)})
#define WK_LAYER_NORM_2           WK_LAYER_NORM_3
#define WK_LAYER_NORM_3(x, sizes, ...) \
    ((wk_layer_norm_options){.input = x, .normalized_shape = WK_DIMS_OF(sizes), __VA_ARGS__})

/* The same over each of num_groups equal groups of a sample's channels.                    torch: F.group_norm
 *   input [N, C, ...]   weight, bias [C] or NULL   ->   as input     eps: unset is 1e-5
 * Differs from PyTorch: the result is contiguous for channels_last input too. */
typedef struct wk_group_norm_options {
    wk_Tensor *input;
    int64_t num_groups;
    wk_Tensor *weight, *bias;
    double eps;
} wk_group_norm_options;
WK_API wk_Tensor *wk_group_norm_with(wk_group_norm_options options);
#define wk_group_norm(x, ...) \
    wk_group_norm_with((wk_group_norm_options){.input = x, .num_groups = __VA_ARGS__})

/* The mean of output_size windows in each direction: wk_adaptive_avg_pool2d(x, 1) is that of the plane.  torch: F.adaptive_avg_pool2d
 *   input [N, C, H, W] or [C, H, W]   ->   [N, C, OH, OW]; WK_NONE in a pair keeps the input's size,
 *   WK_ZERO is 0
 *   window i of OH is rows floor(i*H/OH) to ceil((i+1)*H/OH) - 1
 * Differs from PyTorch: the result is contiguous for channels_last input too. */
#define WK_NONE (INT64_MIN + 1)
typedef struct wk_adaptive_avg_pool2d_options {
    wk_Tensor *input;
    int64_t output_size;
    int64_t output_size_hw[2];
} wk_adaptive_avg_pool2d_options;
WK_API wk_Tensor *wk_adaptive_avg_pool2d_with(wk_adaptive_avg_pool2d_options options);
#define wk_adaptive_avg_pool2d(...) \
    wk_adaptive_avg_pool2d_with((wk_adaptive_avg_pool2d_options){.input = __VA_ARGS__})

/* ---- losses ----------------------------------------------------------------------------------------- */

/* (input - target)^2 and |input - target|; the shapes broadcast, the dtypes promote.      torch: F.mse_loss, F.l1_loss
 *   mse_loss asks for a floating result; l1_loss does not take bool, and its mean asks for a floating result
 * Differs from PyTorch: never. */
typedef struct wk_loss_options {
    wk_Tensor *input, *target;
    wk_Reduction reduction;
} wk_loss_options;
WK_API wk_Tensor *wk_mse_loss_with(wk_loss_options options);
WK_API wk_Tensor *wk_l1_loss_with(wk_loss_options options);
#define wk_mse_loss(x, ...) wk_mse_loss_with((wk_loss_options){.input = x, .target = __VA_ARGS__})
#define wk_l1_loss(x, ...)  wk_l1_loss_with((wk_loss_options){.input = x, .target = __VA_ARGS__})

/* -weight[target] * input[target], of log-probabilities.                                  torch: F.nll_loss
 *   input [N, C], [N, C, d...] or [C]   target int64 or uint8 [N], [N, d...] or []   weight [C] or NULL
 *   the mean is over the weights of the targets; a target equal to ignore_index counts for nothing.
 *   ignore_index: unset is -100, WK_ZERO is 0
 * Differs from PyTorch: a target out of range is named by its place; uint8 targets may have any rank. */
typedef struct wk_nll_loss_options {
    wk_Tensor *input, *target, *weight;
    int64_t ignore_index;
    wk_Reduction reduction;
    double label_smoothing; /* of cross_entropy only, in [0, 1] */
} wk_nll_loss_options;
WK_API wk_Tensor *wk_nll_loss_with(wk_nll_loss_options options);
#define wk_nll_loss(x, ...) wk_nll_loss_with((wk_nll_loss_options){.input = x, .target = __VA_ARGS__})

/* nll_loss(log_softmax(input, 1), target). A floating target of the input's shape holds probabilities.  torch: F.cross_entropy
 *   with probabilities the mean is over the samples, and ignore_index must not be 0 or more
 * Differs from PyTorch: label_smoothing below 0 or NaN is refused. */
WK_API wk_Tensor *wk_cross_entropy_with(wk_nll_loss_options options);
#define wk_cross_entropy(x, ...) \
    wk_cross_entropy_with((wk_nll_loss_options){.input = x, .target = __VA_ARGS__})

/* Of probabilities: -(t log(x) + (1 - t) log(1 - x)) with logarithms of at least -100.     torch: F.binary_cross_entropy
 *   input in [0, 1], target of its shape and dtype; weight broadcasts to it, or NULL
 * Of logits: the same of sigmoid(x), without its rounding.                                 torch: F.binary_cross_entropy_with_logits
 *   pos_weight: weighs t log(x), for each class in the last dimension, or NULL
 * Differs from PyTorch: never. */
typedef struct wk_binary_cross_entropy_options {
    wk_Tensor *input, *target, *weight;
    wk_Reduction reduction;
} wk_binary_cross_entropy_options;
typedef struct wk_binary_cross_entropy_with_logits_options {
    wk_Tensor *input, *target, *weight, *pos_weight;
    wk_Reduction reduction;
} wk_binary_cross_entropy_with_logits_options;
WK_API wk_Tensor *wk_binary_cross_entropy_with(wk_binary_cross_entropy_options options);
WK_API wk_Tensor *
wk_binary_cross_entropy_with_logits_with(wk_binary_cross_entropy_with_logits_options options);
#define wk_binary_cross_entropy(x, ...) \
    wk_binary_cross_entropy_with((wk_binary_cross_entropy_options){.input = x, .target = __VA_ARGS__})
#define wk_binary_cross_entropy_with_logits(x, ...) \
    wk_binary_cross_entropy_with_logits_with(       \
        (wk_binary_cross_entropy_with_logits_options){.input = x, .target = __VA_ARGS__})

#ifdef __cplusplus
}
#endif
#endif
