/* MaxPool2d and AvgPool2d: the functions of their names with the options kept. They print options as they
 * were given. */
#include <stdio.h>

#include "core/options.h"
#include "nn/layers.h"
#include "nn/print.h"
#include "nn/text.h"

typedef struct MaxPool2d {
    wk_Module base;
    wk_MaxPool2d_options options;
} MaxPool2d;

static wk_Tensor *MaxPool2d_forward(wk_Module *self, wk_Tensor *x)
{
    const wk_MaxPool2d_options *o = &((const MaxPool2d *)self)->options;
    return wk_max_pool2d(x, o->kernel_size, o->stride, o->padding, o->dilation, .ceil_mode = o->ceil_mode,
                         .kernel_size_hw = {o->kernel_size_hw[0], o->kernel_size_hw[1]},
                         .stride_hw = {o->stride_hw[0], o->stride_hw[1]},
                         .padding_hw = {o->padding_hw[0], o->padding_hw[1]},
                         .dilation_hw = {o->dilation_hw[0], o->dilation_hw[1]});
}

/* The stride as given, or the kernel size as given. */
static wk_PairText stride_text(int64_t stride, const int64_t stride_hw[2], int64_t kernel,
                               const int64_t kernel_hw[2])
{
    bool given = stride || stride_hw[0] || stride_hw[1];
    return given ? wk_option_text(stride, stride_hw, 0) : wk_option_text(kernel, kernel_hw, 0);
}

static bool MaxPool2d_describe(const wk_Module *self, char *out, size_t size)
{
    const wk_MaxPool2d_options *o = &((const MaxPool2d *)self)->options;
    snprintf(out, size, "kernel_size=%s, stride=%s, padding=%s, dilation=%s, ceil_mode=%s",
             wk_option_text(o->kernel_size, o->kernel_size_hw, 0).text,
             stride_text(o->stride, o->stride_hw, o->kernel_size, o->kernel_size_hw).text,
             wk_option_text(o->padding, o->padding_hw, 0).text,
             wk_option_text(o->dilation, o->dilation_hw, 1).text, o->ceil_mode ? "True" : "False");
    return true;
}

static const wk_Class max_pool2d_class = {
    .name = "MaxPool2d", .forward = MaxPool2d_forward, .describe = MaxPool2d_describe};

wk_Module *wk_MaxPool2d_with(wk_MaxPool2d_options options)
{
    WK_PLACED(options, 1, kernel_size);
    WK_PLACED(options, 2, stride);
    WK_PLACED(options, 4, dilation);
    if (!wk_size_given("MaxPool2d", "kernel_size", options.kernel_size, options.kernel_size_hw))
        return NULL;
    MaxPool2d *pool = (MaxPool2d *)wk_module_new(sizeof *pool, &max_pool2d_class);
    if (!pool)
        return NULL;
    pool->options = options;
    return &pool->base;
}

WK_MAKER(MaxPool2d, wk_MaxPool2d_options)
WK_LAYER(MaxPool2d) = {
    .name = "MaxPool2d",
    .make = MaxPool2d_make,
    .required = 1,
    .arguments = {WK_SIZE(wk_MaxPool2d_options, kernel_size, 0),
                  WK_SIZE(wk_MaxPool2d_options, stride, WK_HAS_NONE),
                  WK_SIZE(wk_MaxPool2d_options, padding, 0), WK_SIZE(wk_MaxPool2d_options, dilation, 0),
                  WK_ONLY(return_indices, "False"), WK_IF(wk_MaxPool2d_options, ceil_mode)},
};

typedef struct AvgPool2d {
    wk_Module base;
    wk_AvgPool2d_options options;
} AvgPool2d;

static wk_Tensor *AvgPool2d_forward(wk_Module *self, wk_Tensor *x)
{
    const wk_AvgPool2d_options *o = &((const AvgPool2d *)self)->options;
    return wk_avg_pool2d(x, o->kernel_size, o->stride, o->padding, .ceil_mode = o->ceil_mode,
                         .exclude_pad = o->exclude_pad, .divisor_override = o->divisor_override,
                         .kernel_size_hw = {o->kernel_size_hw[0], o->kernel_size_hw[1]},
                         .stride_hw = {o->stride_hw[0], o->stride_hw[1]},
                         .padding_hw = {o->padding_hw[0], o->padding_hw[1]});
}

static bool AvgPool2d_describe(const wk_Module *self, char *out, size_t size)
{
    const wk_AvgPool2d_options *o = &((const AvgPool2d *)self)->options;
    snprintf(out, size, "kernel_size=%s, stride=%s, padding=%s",
             wk_option_text(o->kernel_size, o->kernel_size_hw, 0).text,
             stride_text(o->stride, o->stride_hw, o->kernel_size, o->kernel_size_hw).text,
             wk_option_text(o->padding, o->padding_hw, 0).text);
    return true;
}

static const wk_Class avg_pool2d_class = {
    .name = "AvgPool2d", .forward = AvgPool2d_forward, .describe = AvgPool2d_describe};

wk_Module *wk_AvgPool2d_with(wk_AvgPool2d_options options)
{
    WK_PLACED(options, 1, kernel_size);
    WK_PLACED(options, 2, stride);
    if (!wk_by_place_at_most("AvgPool2d", options.by_place, 4, "exclude_pad, divisor_override") ||
        !wk_size_given("AvgPool2d", "kernel_size", options.kernel_size, options.kernel_size_hw))
        return NULL;
    AvgPool2d *pool = (AvgPool2d *)wk_module_new(sizeof *pool, &avg_pool2d_class);
    if (!pool)
        return NULL;
    pool->options = options;
    return &pool->base;
}

WK_MAKER(AvgPool2d, wk_AvgPool2d_options)
WK_LAYER(AvgPool2d) = {
    .name = "AvgPool2d",
    .make = AvgPool2d_make,
    .required = 1,
    .arguments = {WK_SIZE(wk_AvgPool2d_options, kernel_size, 0),
                  WK_SIZE(wk_AvgPool2d_options, stride, WK_HAS_NONE),
                  WK_SIZE(wk_AvgPool2d_options, padding, 0), WK_IF(wk_AvgPool2d_options, ceil_mode),
                  WK_UNLESS(count_include_pad, wk_AvgPool2d_options, exclude_pad),
                  WK_INT(wk_AvgPool2d_options, divisor_override, WK_HAS_ZERO | WK_HAS_NONE)},
};
