/* Activations: the functions of their names as modules. */
#include <stdio.h>

#include "nn/module.h"
#include "nn/text.h"

typedef struct Activation {
    wk_Module base;
    bool inplace;
    int64_t dim; /* of softmax */
} Activation;

static bool inplace_describe(const wk_Module *self, char *out, size_t size)
{
    snprintf(out, size, "%s", ((const Activation *)self)->inplace ? "inplace=True" : "");
    return true;
}

static bool dim_describe(const wk_Module *self, char *out, size_t size)
{
    snprintf(out, size, "dim=%lld", (long long)((const Activation *)self)->dim);
    return true;
}

static wk_Module *activation_new(const wk_Class *cls, bool inplace, int64_t dim)
{
    Activation *activation = (Activation *)wk_module_new(sizeof *activation, cls);
    if (!activation)
        return NULL;
    activation->inplace = inplace;
    activation->dim = dim;
    return &activation->base;
}

static wk_Tensor *ReLU_forward(wk_Module *self, wk_Tensor *x)
{
    return ((const Activation *)self)->inplace ? wk_relu_(x) : wk_relu(x);
}

static wk_Tensor *SiLU_forward(wk_Module *self, wk_Tensor *x)
{
    return ((const Activation *)self)->inplace ? wk_silu_(x) : wk_silu(x);
}

static wk_Tensor *Tanh_forward(wk_Module *self, wk_Tensor *x)
{
    (void)self;
    return wk_tanh(x);
}

static wk_Tensor *Sigmoid_forward(wk_Module *self, wk_Tensor *x)
{
    (void)self;
    return wk_sigmoid(x);
}

static wk_Tensor *GELU_forward(wk_Module *self, wk_Tensor *x)
{
    (void)self;
    return wk_gelu(x);
}

static bool GELU_describe(const wk_Module *self, char *out, size_t size)
{
    (void)self;
    snprintf(out, size, "approximate='none'");
    return true;
}

static wk_Tensor *Softmax_forward(wk_Module *self, wk_Tensor *x)
{
    return wk_softmax(x, ((const Activation *)self)->dim);
}

static wk_Tensor *LogSoftmax_forward(wk_Module *self, wk_Tensor *x)
{
    return wk_log_softmax(x, ((const Activation *)self)->dim);
}

static const wk_Class relu_class = {.name = "ReLU", .forward = ReLU_forward, .describe = inplace_describe};
static const wk_Class silu_class = {.name = "SiLU", .forward = SiLU_forward, .describe = inplace_describe};
static const wk_Class tanh_class = {.name = "Tanh", .forward = Tanh_forward};
static const wk_Class sigmoid_class = {.name = "Sigmoid", .forward = Sigmoid_forward};
static const wk_Class gelu_class = {.name = "GELU", .forward = GELU_forward, .describe = GELU_describe};
static const wk_Class softmax_class = {
    .name = "Softmax", .forward = Softmax_forward, .describe = dim_describe};
static const wk_Class log_softmax_class = {
    .name = "LogSoftmax", .forward = LogSoftmax_forward, .describe = dim_describe};

wk_Module *wk_ReLU_with(wk_Activation_options options)
{
    return activation_new(&relu_class, options.inplace, 0);
}

wk_Module *wk_SiLU_with(wk_Activation_options options)
{
    return activation_new(&silu_class, options.inplace, 0);
}

wk_Module *wk_Tanh(void)
{
    return activation_new(&tanh_class, false, 0);
}

wk_Module *wk_Sigmoid(void)
{
    return activation_new(&sigmoid_class, false, 0);
}

wk_Module *wk_GELU(void)
{
    return activation_new(&gelu_class, false, 0);
}

wk_Module *wk_Softmax(int64_t dim)
{
    return activation_new(&softmax_class, false, dim);
}

wk_Module *wk_LogSoftmax(int64_t dim)
{
    return activation_new(&log_softmax_class, false, dim);
}

/* ---- as text ---------------------------------------------------------------------------------------- */

static wk_Module *Tanh_make(const void *none)
{
    (void)none;
    return wk_Tanh();
}

static wk_Module *Sigmoid_make(const void *none)
{
    (void)none;
    return wk_Sigmoid();
}

static wk_Module *GELU_make(const void *none)
{
    (void)none;
    return wk_GELU();
}

typedef struct SoftmaxOptions {
    int64_t dim;
} SoftmaxOptions;

static wk_Module *Softmax_make(const void *options)
{
    return wk_Softmax(((const SoftmaxOptions *)options)->dim);
}

static wk_Module *LogSoftmax_make(const void *options)
{
    return wk_LogSoftmax(((const SoftmaxOptions *)options)->dim);
}

WK_MAKER(ReLU, wk_Activation_options)
WK_MAKER(SiLU, wk_Activation_options)
WK_LAYER(ReLU) = {.name = "ReLU", .make = ReLU_make, .arguments = {WK_IF(wk_Activation_options, inplace)}};
WK_LAYER(SiLU) = {.name = "SiLU", .make = SiLU_make, .arguments = {WK_IF(wk_Activation_options, inplace)}};
WK_LAYER(Tanh) = {.name = "Tanh", .make = Tanh_make};
WK_LAYER(Sigmoid) = {.name = "Sigmoid", .make = Sigmoid_make};
WK_LAYER(GELU) = {.name = "GELU", .make = GELU_make, .arguments = {WK_ONLY(approximate, "'none'")}};
WK_LAYER(Softmax) = {
    .name = "Softmax", .make = Softmax_make, .required = 1, .arguments = {WK_INT(SoftmaxOptions, dim, 0)}};
WK_LAYER(LogSoftmax) = {.name = "LogSoftmax",
                        .make = LogSoftmax_make,
                        .required = 1,
                        .arguments = {WK_INT(SoftmaxOptions, dim, 0)}};
