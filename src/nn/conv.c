/* Conv2d. Options are kept as pairs, which is how PyTorch keeps and prints them. */
#include <stdio.h>

#include "core/options.h"
#include "nn/layers.h"
#include "nn/print.h"
#include "nn/text.h"
#include "ops/window.h"

typedef struct Conv2d {
    wk_Module base;
    int64_t in_channels, out_channels, groups;
    int64_t kernel_size[2], stride[2], padding[2], dilation[2];
    wk_Tensor *weight, *bias;
} Conv2d;

static wk_Tensor *Conv2d_forward(wk_Module *self, wk_Tensor *x)
{
    const Conv2d *c = (const Conv2d *)self;
    return wk_conv2d(x, c->weight, c->bias, .stride_hw = {c->stride[0], c->stride[1]},
                     .padding_hw = {c->padding[0], c->padding[1]},
                     .dilation_hw = {c->dilation[0], c->dilation[1]}, .groups = c->groups);
}

static bool Conv2d_describe(const wk_Module *self, char *out, size_t size)
{
    const Conv2d *c = (const Conv2d *)self;
    bool padded = c->padding[0] || c->padding[1], dilated = c->dilation[0] != 1 || c->dilation[1] != 1;
    char groups[32] = "";
    if (c->groups != 1)
        snprintf(groups, sizeof groups, ", groups=%lld", (long long)c->groups);
    snprintf(out, size, "%lld, %lld, kernel_size=%s, stride=%s%s%s%s%s%s%s", (long long)c->in_channels,
             (long long)c->out_channels, wk_pair_text(c->kernel_size).text, wk_pair_text(c->stride).text,
             padded ? ", padding=" : "", padded ? wk_pair_text(c->padding).text : "",
             dilated ? ", dilation=" : "", dilated ? wk_pair_text(c->dilation).text : "", groups,
             c->bias ? "" : ", bias=False");
    return true;
}

static bool Conv2d_reset(wk_Module *self)
{
    const Conv2d *c = (const Conv2d *)self;
    return wk_reset_weight_bias(c->weight, c->bias);
}

static const wk_Class conv2d_class = {
    .name = "Conv2d", .forward = Conv2d_forward, .describe = Conv2d_describe, .reset = Conv2d_reset};

static bool conv_channels_allowed(int64_t in_channels, int64_t out_channels, int64_t groups)
{
    if (groups <= 0)
        return wk_raise(WK_ERROR_ARGUMENT, "Conv2d: groups must be a positive integer, got %lld",
                        (long long)groups),
               false;
    if (in_channels % groups)
        return wk_raise(WK_ERROR_ARGUMENT,
                        "Conv2d: in_channels must be divisible by groups, got %lld and %lld",
                        (long long)in_channels, (long long)groups),
               false;
    if (out_channels % groups)
        return wk_raise(WK_ERROR_ARGUMENT,
                        "Conv2d: out_channels must be divisible by groups, got %lld and %lld",
                        (long long)out_channels, (long long)groups),
               false;
    return true;
}

wk_Module *wk_Conv2d_with(wk_Conv2d_options options)
{
    if (!wk_by_place_at_most("Conv2d", options.by_place, 7, "no_bias"))
        return NULL;
    WK_PLACED(options, 3, kernel_size);
    WK_PLACED(options, 4, stride);
    WK_PLACED(options, 6, dilation);
    WK_PLACED(options, 7, groups);
    if (!wk_size_given("Conv2d", "kernel_size", options.kernel_size, options.kernel_size_hw))
        return NULL;
    int64_t groups = wk_int_or(options.groups, 1);
    if (!conv_channels_allowed(options.in_channels, options.out_channels, groups))
        return NULL;
    Conv2d *c = (Conv2d *)wk_module_new(sizeof *c, &conv2d_class);
    if (!c)
        return NULL;
    c->in_channels = options.in_channels;
    c->out_channels = options.out_channels;
    c->groups = groups;
    wk_window_pair(options.kernel_size, options.kernel_size_hw, 0, c->kernel_size);
    wk_window_pair(options.stride, options.stride_hw, 1, c->stride);
    wk_window_pair(options.padding, options.padding_hw, 0, c->padding);
    wk_window_pair(options.dilation, options.dilation_hw, 1, c->dilation);
    const int64_t weight[] = {options.out_channels, options.in_channels / groups, c->kernel_size[0],
                              c->kernel_size[1]};
    wk_attr(c, weight, wk_parameter_empty("Conv2d", 4, weight));
    if (!options.no_bias)
        wk_attr(c, bias, wk_parameter_empty("Conv2d", 1, weight));
    return wk_layer_ready(&c->base);
}

WK_MAKER(Conv2d, wk_Conv2d_options)
WK_LAYER(Conv2d) = {
    .name = "Conv2d",
    .make = Conv2d_make,
    .arguments = WK_TAKES(WK_INT(wk_Conv2d_options, in_channels, WK_REQUIRED),
                          WK_INT(wk_Conv2d_options, out_channels, WK_REQUIRED),
                          WK_SIZE(wk_Conv2d_options, kernel_size, WK_REQUIRED),
                          WK_SIZE(wk_Conv2d_options, stride, 0), WK_SIZE(wk_Conv2d_options, padding, 0),
                          WK_SIZE(wk_Conv2d_options, dilation, 0),
                          WK_INT(wk_Conv2d_options, groups, WK_HAS_ZERO),
                          WK_UNLESS(bias, wk_Conv2d_options, no_bias), WK_ONLY(padding_mode, "'zeros'")),
};
