/* torch.nn: layers, containers and losses, and torch.nn.init.
 *
 * A layer is made by a call in PyTorch's words: mandatory arguments, then options by name. One number stands
 * for both directions; a pair is .stride_hw = {2, 1} and goes before the number. Unset is PyTorch's default.
 * Initial weights are PyTorch's own for the same seed.
 *
 *     wk_Module *net = wk_Sequential(wk_Conv2d(1, 6, 5, .padding = 2), wk_ReLU(), wk_MaxPool2d(2),
 *                                    wk_Flatten(), wk_Linear(1176, 10));
 *
 * The result is yours: wk_free it, or hand it to another module. NULL on error.
 */
#ifndef WICK_NN_H
#define WICK_NN_H

#include "wick/functional.h"
#include "wick/module.h"

#ifdef __cplusplus
extern "C" {
#endif

/* by_place, which the macros set, tells how many options were given without a name: a 0 among them is meant. Where
 * PyTorch has an argument that wick names by its opposite (bias, affine), it is refused by place. */

/* ---- containers ------------------------------------------------------------------------------------- */

/* Modules one after another, named "0", "1", ...: each gets the result of the one before.
 *                                                                                        torch: nn.Sequential
 * The modules are taken over, even when it fails. */
WK_API wk_Module *wk_Sequential_of(int count, wk_Module *const *modules);
#define wk_Sequential(...)                                                              \
    wk_Sequential_of((int)(sizeof((wk_Module *[]){__VA_ARGS__}) / sizeof(wk_Module *)), \
                     (wk_Module *[]){__VA_ARGS__})

/* A Sequential from text, a layer a line, as PyTorch writes it; "name:" in front names the layer, else its number does:
 *     # LeNet for 1x32x32 pictures
 *     conv1: Conv2d(1, 6, kernel_size=5)
 *     ReLU()
 * Every layer of this header can stand there with PyTorch's arguments, names and defaults. Lines end with a newline, the last one
 * too. What is wrong is told by place, "net.txt:3:9: Conv2d: unexpected argument 'kernel'", and then nothing is made: name
 * stands for the file's (NULL: "text").                                                            torch: none */
WK_API wk_Module *wk_Sequential_from_text(const char *text, size_t length, const char *name);
WK_API wk_Module *wk_Sequential_from_file(const char *path);

/* A list of modules that has no forward: its owner walks it by wk_child.              torch: nn.ModuleList */
WK_API wk_Module *wk_ModuleList_of(int count, wk_Module *const *modules);
#define wk_ModuleList(...)                                                              \
    wk_ModuleList_of((int)(sizeof((wk_Module *[]){__VA_ARGS__}) / sizeof(wk_Module *)), \
                     (wk_Module *[]){__VA_ARGS__})

/* One more module at the end of either; taken over. Returns the container.
 *                                                              torch: Sequential.append, ModuleList.append */
WK_API wk_Module *wk_append(wk_Module *container, wk_Module *module);

/* ---- linear ----------------------------------------------------------------------------------------- */

/* x @ weight.T + bias.                                                                    torch: nn.Linear
 *   x [..., in_features]   ->   [..., out_features]
 *   weight [out_features, in_features]   bias [out_features]
 *   both uniform within +-1/sqrt(in_features) */
typedef struct wk_Linear_options {
    int64_t in_features, out_features;
    bool no_bias;
    int by_place;
} wk_Linear_options;
WK_API wk_Module *wk_Linear_with(wk_Linear_options options);
#define wk_Linear(in, ...) \
    wk_Linear_with(        \
        WK_OPTIONS(wk_Linear_options, #in "," #__VA_ARGS__, .in_features = in, .out_features = __VA_ARGS__))

/* x itself.                                                                             torch: nn.Identity */
WK_API wk_Module *wk_Identity(void);

/* ---- convolution and pooling ------------------------------------------------------------------------ */

/* 2-D convolution: wk_conv2d with a weight and a bias of its own.                          torch: nn.Conv2d
 *   x [N, in_channels, H, W]   ->   [N, out_channels, OH, OW]
 *   weight [out_channels, in_channels/groups, R, S]   bias [out_channels]
 * Differs from PyTorch: .padding_mode is always zeros. */
typedef struct wk_Conv2d_options {
    int64_t in_channels, out_channels, kernel_size;
    int64_t stride, padding, dilation, groups;
    bool no_bias;
    int64_t kernel_size_hw[2], stride_hw[2], padding_hw[2], dilation_hw[2];
    int by_place;
} wk_Conv2d_options;
WK_API wk_Module *wk_Conv2d_with(wk_Conv2d_options options);
#define wk_Conv2d(in, ...) \
    wk_Conv2d_with(        \
        WK_OPTIONS(wk_Conv2d_options, #in "," #__VA_ARGS__, .in_channels = in, .out_channels = __VA_ARGS__))

/* wk_max_pool2d as a module; unset stride is kernel_size. With .return_indices its second result are the indices that
 * wk_max_pool2d_with_indices gives: wk_call_all(pool, wk_list(x)).                     torch: nn.MaxPool2d
 * Differs from PyTorch: return_indices goes by name. */
typedef struct wk_MaxPool2d_options {
    int by_place;
    int64_t kernel_size, stride, padding, dilation;
    bool ceil_mode;
    int64_t kernel_size_hw[2], stride_hw[2], padding_hw[2], dilation_hw[2];
    bool return_indices;
} wk_MaxPool2d_options;
WK_API wk_Module *wk_MaxPool2d_with(wk_MaxPool2d_options options);
#define wk_MaxPool2d(...) wk_MaxPool2d_with(WK_OPTIONS(wk_MaxPool2d_options, #__VA_ARGS__, __VA_ARGS__))

/* wk_avg_pool2d as a module; .exclude_pad is count_include_pad = False.                torch: nn.AvgPool2d */
typedef struct wk_AvgPool2d_options {
    int by_place;
    int64_t kernel_size, stride, padding;
    bool ceil_mode, exclude_pad;
    int64_t divisor_override;
    int64_t kernel_size_hw[2], stride_hw[2], padding_hw[2];
} wk_AvgPool2d_options;
WK_API wk_Module *wk_AvgPool2d_with(wk_AvgPool2d_options options);
#define wk_AvgPool2d(...) wk_AvgPool2d_with(WK_OPTIONS(wk_AvgPool2d_options, #__VA_ARGS__, __VA_ARGS__))

/* ---- activations ------------------------------------------------------------------------------------ */

/* The functions of their names; .inplace writes into the input.                    torch: nn.ReLU, nn.SiLU */
typedef struct wk_Activation_options {
    int by_place;
    bool inplace;
} wk_Activation_options;
WK_API wk_Module *wk_ReLU_with(wk_Activation_options options);
WK_API wk_Module *wk_SiLU_with(wk_Activation_options options);
#define wk_ReLU(...) wk_ReLU_with(WK_OPTIONS(wk_Activation_options, #__VA_ARGS__, __VA_ARGS__))
#define wk_SiLU(...) wk_SiLU_with(WK_OPTIONS(wk_Activation_options, #__VA_ARGS__, __VA_ARGS__))

/*                                                 torch: nn.SELU, nn.ReLU6, nn.Mish, nn.Hardswish, nn.Hardsigmoid */
WK_API wk_Module *wk_SELU_with(wk_Activation_options options);
WK_API wk_Module *wk_ReLU6_with(wk_Activation_options options);
WK_API wk_Module *wk_Mish_with(wk_Activation_options options);
WK_API wk_Module *wk_Hardswish_with(wk_Activation_options options);
WK_API wk_Module *wk_Hardsigmoid_with(wk_Activation_options options);
#define wk_SELU(...)        wk_SELU_with(WK_OPTIONS(wk_Activation_options, #__VA_ARGS__, __VA_ARGS__))
#define wk_ReLU6(...)       wk_ReLU6_with(WK_OPTIONS(wk_Activation_options, #__VA_ARGS__, __VA_ARGS__))
#define wk_Mish(...)        wk_Mish_with(WK_OPTIONS(wk_Activation_options, #__VA_ARGS__, __VA_ARGS__))
#define wk_Hardswish(...)   wk_Hardswish_with(WK_OPTIONS(wk_Activation_options, #__VA_ARGS__, __VA_ARGS__))
#define wk_Hardsigmoid(...) wk_Hardsigmoid_with(WK_OPTIONS(wk_Activation_options, #__VA_ARGS__, __VA_ARGS__))

/* x where it is above 0, else negative_slope * x: wk_LeakyReLU(0.2). Unset is 0.01; WK_ZERO is 0.  torch: nn.LeakyReLU
 * Here and below a 0 by place is meant, and descriptions print numbers as floats. */
typedef struct wk_LeakyReLU_options {
    int by_place;
    double negative_slope;
    bool inplace;
} wk_LeakyReLU_options;
WK_API wk_Module *wk_LeakyReLU_with(wk_LeakyReLU_options options);
#define wk_LeakyReLU(...) wk_LeakyReLU_with(WK_OPTIONS(wk_LeakyReLU_options, #__VA_ARGS__, __VA_ARGS__))

/* wk_elu and wk_celu; unset alpha is 1, WK_ZERO is 0.                                      torch: nn.ELU, nn.CELU */
typedef struct wk_ELU_options {
    int by_place;
    double alpha;
    bool inplace;
} wk_ELU_options;
WK_API wk_Module *wk_ELU_with(wk_ELU_options options);
WK_API wk_Module *wk_CELU_with(wk_ELU_options options);
#define wk_ELU(...)  wk_ELU_with(WK_OPTIONS(wk_ELU_options, #__VA_ARGS__, __VA_ARGS__))
#define wk_CELU(...) wk_CELU_with(WK_OPTIONS(wk_ELU_options, #__VA_ARGS__, __VA_ARGS__))

/* x within [min_val, max_val]; unset is -1 and 1, WK_ZERO is 0.                                torch: nn.Hardtanh */
typedef struct wk_Hardtanh_options {
    int by_place;
    double min_val, max_val;
    bool inplace;
} wk_Hardtanh_options;
WK_API wk_Module *wk_Hardtanh_with(wk_Hardtanh_options options);
#define wk_Hardtanh(...) wk_Hardtanh_with(WK_OPTIONS(wk_Hardtanh_options, #__VA_ARGS__, __VA_ARGS__))

/* log(1 + exp(beta * x)) / beta, and x where beta * x > threshold; unset is 1 and 20, WK_ZERO is 0. torch: nn.Softplus */
typedef struct wk_Softplus_options {
    int by_place;
    double beta, threshold;
} wk_Softplus_options;
WK_API wk_Module *wk_Softplus_with(wk_Softplus_options options);
#define wk_Softplus(...) wk_Softplus_with(WK_OPTIONS(wk_Softplus_options, #__VA_ARGS__, __VA_ARGS__))

/* x where it is above threshold, else value: wk_Threshold(0.1, 20).                           torch: nn.Threshold */
typedef struct wk_Threshold_options {
    double threshold, value;
    bool inplace;
    int by_place;
} wk_Threshold_options;
WK_API wk_Module *wk_Threshold_with(wk_Threshold_options options);
#define wk_Threshold(at, ...) \
    wk_Threshold_with(        \
        WK_OPTIONS(wk_Threshold_options, #at "," #__VA_ARGS__, .threshold = at, .value = __VA_ARGS__))

/* wk_softshrink and wk_hardshrink; unset lambd is 0.5, WK_ZERO is 0.           torch: nn.Softshrink, nn.Hardshrink */
typedef struct wk_Shrink_options {
    int by_place;
    double lambd;
} wk_Shrink_options;
WK_API wk_Module *wk_Softshrink_with(wk_Shrink_options options);
WK_API wk_Module *wk_Hardshrink_with(wk_Shrink_options options);
#define wk_Softshrink(...) wk_Softshrink_with(WK_OPTIONS(wk_Shrink_options, #__VA_ARGS__, __VA_ARGS__))
#define wk_Hardshrink(...) wk_Hardshrink_with(WK_OPTIONS(wk_Shrink_options, #__VA_ARGS__, __VA_ARGS__))

/* The first half along dim times the sigmoid of the second. Unset is -1; WK_ZERO is 0.              torch: nn.GLU */
typedef struct wk_GLU_options {
    int by_place;
    int64_t dim;
} wk_GLU_options;
WK_API wk_Module *wk_GLU_with(wk_GLU_options options);
#define wk_GLU(...) wk_GLU_with(WK_OPTIONS(wk_GLU_options, #__VA_ARGS__, __VA_ARGS__))

/* x where it is above 0, else weight * x.                                                         torch: nn.PReLU
 *   x [N, C, ...]   ->   as x      weight [num_parameters]: 1 or C, all `init` at first
 *   num_parameters: unset is 1; init: unset is 0.25, WK_ZERO is 0 */
typedef struct wk_PReLU_options {
    int by_place;
    int64_t num_parameters;
    double init;
} wk_PReLU_options;
WK_API wk_Module *wk_PReLU_with(wk_PReLU_options options);
#define wk_PReLU(...) wk_PReLU_with(WK_OPTIONS(wk_PReLU_options, #__VA_ARGS__, __VA_ARGS__))

/*               torch: nn.Tanh, nn.Sigmoid, nn.GELU, nn.LogSigmoid, nn.Softsign, nn.Tanhshrink */
WK_API wk_Module *wk_Tanh(void);
WK_API wk_Module *wk_Sigmoid(void);
WK_API wk_Module *wk_GELU(void);
WK_API wk_Module *wk_LogSigmoid(void);
WK_API wk_Module *wk_Softsign(void);
WK_API wk_Module *wk_Tanhshrink(void);

/* Along dimension dim: wk_Softmax(1).                             torch: nn.Softmax, nn.LogSoftmax, nn.Softmin */
WK_API wk_Module *wk_Softmax(int64_t dim);
WK_API wk_Module *wk_LogSoftmax(int64_t dim);
WK_API wk_Module *wk_Softmin(int64_t dim);

/* Softmax over the channels of [N, C, H, W] or [C, H, W].                                   torch: nn.Softmax2d */
WK_API wk_Module *wk_Softmax2d(void);

/* ---- recurrent cells -------------------------------------------------------------------------------- */

/* One step of a recurrent network: wk_call_all(cell, wk_list(x, h, c)) gives h and c of an LSTMCell, wk_call(cell, x, h) the h
 * of the others. States that are left out or NULL are zeros.                 torch: nn.LSTMCell, nn.GRUCell, nn.RNNCell
 *   x [N, input_size] or [input_size]   h, c [N, hidden_size] or [hidden_size]   ->   h, c
 *   weight_ih [k*hidden_size, input_size]   weight_hh [k*hidden_size, hidden_size]   bias_ih, bias_hh [k*hidden_size]
 *   k is 4, 3 and 1; all uniform within +-1/sqrt(hidden_size)
 *   nonlinearity is of RNNCell alone: "tanh", the default, or "relu" */
typedef struct wk_RNNCell_options {
    int64_t input_size, hidden_size;
    bool no_bias;
    const char *nonlinearity;
    int by_place;
} wk_RNNCell_options;
WK_API wk_Module *wk_LSTMCell_with(wk_RNNCell_options options);
WK_API wk_Module *wk_GRUCell_with(wk_RNNCell_options options);
WK_API wk_Module *wk_RNNCell_with(wk_RNNCell_options options);
#define WK_CELL(in, ...) \
    WK_OPTIONS(wk_RNNCell_options, #in "," #__VA_ARGS__, .input_size = in, .hidden_size = __VA_ARGS__)
#define wk_LSTMCell(...) wk_LSTMCell_with(WK_CELL(__VA_ARGS__))
#define wk_GRUCell(...)  wk_GRUCell_with(WK_CELL(__VA_ARGS__))
#define wk_RNNCell(...)  wk_RNNCell_with(WK_CELL(__VA_ARGS__))

/* ---- dropout and flatten ---------------------------------------------------------------------------- */

/* wk_dropout with probability p while training.                                            torch: nn.Dropout
 * Differs from PyTorch: p has no default. */
typedef struct wk_Dropout_options {
    double p;
    bool inplace;
    int by_place;
} wk_Dropout_options;
WK_API wk_Module *wk_Dropout_with(wk_Dropout_options options);
#define wk_Dropout(...) wk_Dropout_with(WK_OPTIONS(wk_Dropout_options, #__VA_ARGS__, .p = __VA_ARGS__))

/* Dimensions start_dim to end_dim as one. Unset is 1 and -1; WK_ZERO is 0.               torch: nn.Flatten */
typedef struct wk_Flatten_options {
    int by_place;
    int64_t start_dim, end_dim;
} wk_Flatten_options;
WK_API wk_Module *wk_Flatten_with(wk_Flatten_options options);
#define wk_Flatten(...) wk_Flatten_with(WK_OPTIONS(wk_Flatten_options, #__VA_ARGS__, __VA_ARGS__))

/* ---- losses: wk_call(criterion, output, target) ----------------------------------------------------- */

/*                                                                             torch: nn.MSELoss, nn.L1Loss */
typedef struct wk_Loss_options {
    int by_place;
    wk_Reduction reduction;
} wk_Loss_options;
WK_API wk_Module *wk_MSELoss_with(wk_Loss_options options);
WK_API wk_Module *wk_L1Loss_with(wk_Loss_options options);
#define wk_MSELoss(...) wk_MSELoss_with(WK_OPTIONS(wk_Loss_options, #__VA_ARGS__, __VA_ARGS__))
#define wk_L1Loss(...)  wk_L1Loss_with(WK_OPTIONS(wk_Loss_options, #__VA_ARGS__, __VA_ARGS__))

/* wk_nll_loss and wk_cross_entropy as modules. weight [C] becomes a buffer of the module too; ignore_index:
 * unset is -100, WK_ZERO is 0; label_smoothing is of CrossEntropyLoss only.
 *                                                                   torch: nn.NLLLoss, nn.CrossEntropyLoss */
typedef struct wk_ClassLoss_options {
    int by_place;
    wk_Tensor *weight;
    int64_t ignore_index;
    wk_Reduction reduction;
    double label_smoothing;
} wk_ClassLoss_options;
WK_API wk_Module *wk_NLLLoss_with(wk_ClassLoss_options options);
WK_API wk_Module *wk_CrossEntropyLoss_with(wk_ClassLoss_options options);
#define wk_NLLLoss(...) wk_NLLLoss_with(WK_OPTIONS(wk_ClassLoss_options, #__VA_ARGS__, __VA_ARGS__))
#define wk_CrossEntropyLoss(...) \
    wk_CrossEntropyLoss_with(WK_OPTIONS(wk_ClassLoss_options, #__VA_ARGS__, __VA_ARGS__))

/* wk_binary_cross_entropy and wk_binary_cross_entropy_with_logits as modules. weight and pos_weight become buffers of the module too;
 * pos_weight is of BCEWithLogitsLoss only.                                   torch: nn.BCELoss, nn.BCEWithLogitsLoss */
typedef struct wk_BCELoss_options {
    int by_place;
    wk_Tensor *weight;
    wk_Reduction reduction;
    wk_Tensor *pos_weight;
} wk_BCELoss_options;
WK_API wk_Module *wk_BCELoss_with(wk_BCELoss_options options);
WK_API wk_Module *wk_BCEWithLogitsLoss_with(wk_BCELoss_options options);
#define wk_BCELoss(...) wk_BCELoss_with(WK_OPTIONS(wk_BCELoss_options, #__VA_ARGS__, __VA_ARGS__))
#define wk_BCEWithLogitsLoss(...) \
    wk_BCEWithLogitsLoss_with(WK_OPTIONS(wk_BCELoss_options, #__VA_ARGS__, __VA_ARGS__))

/* ---- normalisation ---------------------------------------------------------------------------------- */

/* wk_batch_norm with weight, bias and running statistics [num_features] of its own; in evaluation it takes the running ones.
 *   BatchNorm1d: x [N, C] or [N, C, L]   BatchNorm2d: x [N, C, H, W]   BatchNorm3d: x [N, C, D, H, W]   ->   as x
 *   eps: unset is 1e-5; momentum: unset is 0.1, WK_ZERO is 0; .cumulative (PyTorch: momentum = None) averages all batches alike;
 *   .no_track_running_stats takes the batch's own statistics always
 *   The statistics and the count of batches move when the layer has run, and not when it fails; what fails after it does not move
 *   them back.
 *                                                              torch: nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d */
typedef struct wk_BatchNorm_options {
    int64_t num_features;
    double eps, momentum;
    bool no_affine, no_track_running_stats, no_bias;
    bool cumulative;
    int by_place;
} wk_BatchNorm_options;
WK_API wk_Module *wk_BatchNorm1d_with(wk_BatchNorm_options options);
WK_API wk_Module *wk_BatchNorm2d_with(wk_BatchNorm_options options);
WK_API wk_Module *wk_BatchNorm3d_with(wk_BatchNorm_options options);
#define wk_BatchNorm1d(...) \
    wk_BatchNorm1d_with(WK_OPTIONS(wk_BatchNorm_options, #__VA_ARGS__, .num_features = __VA_ARGS__))
#define wk_BatchNorm2d(...) \
    wk_BatchNorm2d_with(WK_OPTIONS(wk_BatchNorm_options, #__VA_ARGS__, .num_features = __VA_ARGS__))
#define wk_BatchNorm3d(...) \
    wk_BatchNorm3d_with(WK_OPTIONS(wk_BatchNorm_options, #__VA_ARGS__, .num_features = __VA_ARGS__))

/* wk_layer_norm with weight and bias [normalized_shape] of its own: wk_LayerNorm(wk_dims(768)).  torch: nn.LayerNorm */
typedef struct wk_LayerNorm_options {
    wk_Dims normalized_shape;
    double eps;
    bool no_elementwise_affine, no_bias;
    int by_place;
} wk_LayerNorm_options;
WK_API wk_Module *wk_LayerNorm_with(wk_LayerNorm_options options);
#define wk_LayerNorm(...) \
    wk_LayerNorm_with(WK_PASTE(WK_LAYERNORM_, WK_1_2_OR_3(__VA_ARGS__))(#__VA_ARGS__, __VA_ARGS__))
#define WK_LAYERNORM_1(text, sizes) ((wk_LayerNorm_options){.normalized_shape = WK_DIMS_OF(sizes)})
#define WK_LAYERNORM_2              WK_LAYERNORM_3
#define WK_LAYERNORM_3(text, sizes, ...) \
    WK_OPTIONS(wk_LayerNorm_options, text, .normalized_shape = WK_DIMS_OF(sizes), __VA_ARGS__)

/* wk_group_norm with weight and bias [num_channels] of its own.                            torch: nn.GroupNorm */
typedef struct wk_GroupNorm_options {
    int64_t num_groups, num_channels;
    double eps;
    bool no_affine, no_bias;
    int by_place;
} wk_GroupNorm_options;
WK_API wk_Module *wk_GroupNorm_with(wk_GroupNorm_options options);
#define wk_GroupNorm(groups, ...)                                                                      \
    wk_GroupNorm_with(WK_OPTIONS(wk_GroupNorm_options, #groups "," #__VA_ARGS__, .num_groups = groups, \
                                 .num_channels = __VA_ARGS__))

/* wk_adaptive_avg_pool2d as a module: wk_AdaptiveAvgPool2d(1) is global average pooling.   torch: nn.AdaptiveAvgPool2d */
typedef struct wk_AdaptiveAvgPool2d_options {
    int by_place;
    int64_t output_size;
    int64_t output_size_hw[2];
} wk_AdaptiveAvgPool2d_options;
WK_API wk_Module *wk_AdaptiveAvgPool2d_with(wk_AdaptiveAvgPool2d_options options);
#define wk_AdaptiveAvgPool2d(...) \
    wk_AdaptiveAvgPool2d_with(WK_OPTIONS(wk_AdaptiveAvgPool2d_options, #__VA_ARGS__, __VA_ARGS__))

/* ---- torch.nn.init ---------------------------------------------------------------------------------- */

/* The recommended gain of a nonlinearity: "linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu" (param
 * is its slope; NaN is the default 0.01), "selu". NaN with an error for others.
 *                                                                            torch: nn.init.calculate_gain */
WK_API double wk_calculate_gain(const char *nonlinearity, double param);

/* They fill the tensor in place without recording, leaves too, and return it. generator NULL is the default
 * one. xavier: uniform within +-gain * sqrt(6 / (fan_in + fan_out)), or normal with std
 * gain * sqrt(2 / (fan_in + fan_out)); unset gain is 1.
 *                                                           torch: nn.init.xavier_uniform_, xavier_normal_ */
typedef struct wk_xavier_options {
    wk_Tensor *tensor;
    double gain;
    wk_Generator *generator;
    int by_place;
} wk_xavier_options;
WK_API wk_Tensor *wk_xavier_uniform_with(wk_xavier_options options);
WK_API wk_Tensor *wk_xavier_normal_with(wk_xavier_options options);
#define wk_xavier_uniform_(...) \
    wk_xavier_uniform_with(WK_OPTIONS(wk_xavier_options, #__VA_ARGS__, .tensor = __VA_ARGS__))
#define wk_xavier_normal_(...) \
    wk_xavier_normal_with(WK_OPTIONS(wk_xavier_options, #__VA_ARGS__, .tensor = __VA_ARGS__))

/* kaiming: uniform within +-gain * sqrt(3 / fan), or normal with std gain / sqrt(fan); fan is fan_in, or fan_out
 * with .fan_out; gain is that of the nonlinearity, unset "leaky_relu" with slope a.
 *                                                         torch: nn.init.kaiming_uniform_, kaiming_normal_ */
typedef struct wk_kaiming_options {
    wk_Tensor *tensor;
    double a;
    bool fan_out;
    const char *nonlinearity;
    wk_Generator *generator;
    int by_place;
} wk_kaiming_options;
WK_API wk_Tensor *wk_kaiming_uniform_with(wk_kaiming_options options);
WK_API wk_Tensor *wk_kaiming_normal_with(wk_kaiming_options options);
#define wk_kaiming_uniform_(...) \
    wk_kaiming_uniform_with(WK_OPTIONS(wk_kaiming_options, #__VA_ARGS__, .tensor = __VA_ARGS__))
#define wk_kaiming_normal_(...) \
    wk_kaiming_normal_with(WK_OPTIONS(wk_kaiming_options, #__VA_ARGS__, .tensor = __VA_ARGS__))

/* wk_uniform_ and wk_normal_ of tensor.h refuse a leaf that requires a gradient; these do not.
 *                                               torch: nn.init.uniform_, normal_, constant_, zeros_, ones_ */
WK_API wk_Tensor *wk_init_uniform_(wk_Tensor *tensor, double a, double b, wk_Generator *generator);
WK_API wk_Tensor *wk_init_normal_(wk_Tensor *tensor, double mean, double std, wk_Generator *generator);
WK_API wk_Tensor *wk_constant_(wk_Tensor *tensor, double value);
WK_API wk_Tensor *wk_zeros_(wk_Tensor *tensor);
WK_API wk_Tensor *wk_ones_(wk_Tensor *tensor);

#ifdef __cplusplus
}
#endif
#endif
