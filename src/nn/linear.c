/* Linear. Both tensors of a Linear are there before the first random number is drawn. */
#include <math.h>
#include <stdio.h>

#include "core/options.h"
#include "nn/layers.h"
#include "nn/text.h"

typedef struct Linear {
    wk_Module base;
    int64_t in_features, out_features;
    wk_Tensor *weight, *bias;
} Linear;

static wk_Tensor *Linear_forward(wk_Module *self, wk_Tensor *x)
{
    const Linear *linear = (const Linear *)self;
    return wk_linear(x, linear->weight, linear->bias);
}

static bool Linear_describe(const wk_Module *self, char *out, size_t size)
{
    const Linear *linear = (const Linear *)self;
    snprintf(out, size, "in_features=%lld, out_features=%lld, bias=%s", (long long)linear->in_features,
             (long long)linear->out_features, linear->bias ? "True" : "False");
    return true;
}

static bool Linear_reset(wk_Module *self)
{
    const Linear *linear = (const Linear *)self;
    return wk_reset_weight_bias(linear->weight, linear->bias);
}

static const wk_Class linear_class = {
    .name = "Linear", .forward = Linear_forward, .describe = Linear_describe, .reset = Linear_reset};

wk_Module *wk_Linear_with(wk_Linear_options options)
{
    if (!wk_by_place_at_most("Linear", options.by_place, 2, "no_bias"))
        return NULL;
    Linear *linear = (Linear *)wk_module_new(sizeof *linear, &linear_class);
    if (!linear)
        return NULL;
    linear->in_features = options.in_features;
    linear->out_features = options.out_features;
    const int64_t weight[] = {options.out_features, options.in_features};
    wk_attr(linear, weight, wk_parameter_empty("Linear", 2, weight));
    if (!options.no_bias)
        wk_attr(linear, bias, wk_parameter_empty("Linear", 1, weight));
    return wk_layer_ready(&linear->base);
}

WK_MAKER(Linear, wk_Linear_options)
WK_LAYER(Linear) = {
    .name = "Linear",
    .make = Linear_make,
    .arguments = WK_TAKES(WK_INT(wk_Linear_options, in_features, WK_REQUIRED),
                          WK_INT(wk_Linear_options, out_features, WK_REQUIRED),
                          WK_UNLESS(bias, wk_Linear_options, no_bias)),
};
