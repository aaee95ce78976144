/* PReLU: wk_prelu with a weight of its own. */
#include <stdio.h>

#include "core/options.h"
#include "nn/layers.h"
#include "nn/text.h"

typedef struct PReLU {
    wk_Module base;
    wk_Tensor *weight;
    double init;
} PReLU;

static wk_Tensor *PReLU_forward(wk_Module *self, wk_Tensor *x)
{
    return wk_prelu(x, ((const PReLU *)self)->weight);
}

static bool PReLU_describe(const wk_Module *self, char *out, size_t size)
{
    snprintf(out, size, "num_parameters=%lld", (long long)((const PReLU *)self)->weight->numel);
    return true;
}

static bool PReLU_reset(wk_Module *self)
{
    return wk_constant_(((const PReLU *)self)->weight, ((const PReLU *)self)->init);
}

static const wk_Class prelu_class = {
    .name = "PReLU", .forward = PReLU_forward, .describe = PReLU_describe, .reset = PReLU_reset};

wk_Module *wk_PReLU_with(wk_PReLU_options options)
{
    WK_PLACED(options, 1, num_parameters);
    WK_PLACED(options, 2, init);
    PReLU *prelu = (PReLU *)wk_module_new(sizeof *prelu, &prelu_class);
    if (!prelu)
        return NULL;
    const int64_t count = wk_int_or(options.num_parameters, 1);
    prelu->init = wk_double_or(options.init, 0.25);
    wk_attr(prelu, weight, wk_parameter_empty("PReLU", 1, &count));
    return wk_layer_ready(&prelu->base);
}

WK_MAKER(PReLU, wk_PReLU_options)
WK_LAYER(PReLU) = {
    .name = "PReLU",
    .make = PReLU_make,
    .arguments = WK_TAKES(WK_INT(wk_PReLU_options, num_parameters, WK_HAS_ZERO),
                          WK_NUMBER_OF(wk_PReLU_options, init, WK_HAS_ZERO)),
};
