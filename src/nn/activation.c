/* Activations: the functions of their names as modules. */
#include <stdio.h>

#include "nn/module.h"

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
