/* AdaptiveAvgPool2d: the function of its name with the size kept; it prints the size as it was given. */
#include <stdio.h>

#include "core/options.h"
#include "nn/layers.h"
#include "nn/print.h"
#include "nn/text.h"

typedef struct AdaptiveAvgPool2d {
    wk_Module base;
    wk_AdaptiveAvgPool2d_options options;
} AdaptiveAvgPool2d;

static wk_Tensor *AdaptiveAvgPool2d_forward(wk_Module *self, wk_Tensor *x)
{
    const wk_AdaptiveAvgPool2d_options *o = &((const AdaptiveAvgPool2d *)self)->options;
    return wk_adaptive_avg_pool2d(x, o->output_size,
                                  .output_size_hw = {o->output_size_hw[0], o->output_size_hw[1]});
}

static wk_PairText output_size_text(int64_t size)
{
    wk_PairText t;
    if (size == WK_NONE)
        snprintf(t.text, sizeof t.text, "None");
    else
        snprintf(t.text, sizeof t.text, "%lld", (long long)(size == WK_ZERO ? 0 : size));
    return t;
}

static bool AdaptiveAvgPool2d_describe(const wk_Module *self, char *out, size_t size)
{
    const wk_AdaptiveAvgPool2d_options *o = &((const AdaptiveAvgPool2d *)self)->options;
    const int64_t *pair = o->output_size_hw;
    if (pair[0] || pair[1])
        snprintf(out, size, "output_size=(%s, %s)", output_size_text(pair[0]).text,
                 output_size_text(pair[1]).text);
    else
        snprintf(out, size, "output_size=%s", output_size_text(o->output_size).text);
    return true;
}

static const wk_Class adaptive_avg_pool2d_class = {.name = "AdaptiveAvgPool2d",
                                                   .forward = AdaptiveAvgPool2d_forward,
                                                   .describe = AdaptiveAvgPool2d_describe};

wk_Module *wk_AdaptiveAvgPool2d_with(wk_AdaptiveAvgPool2d_options options)
{
    WK_PLACED(options, 1, output_size);
    if (!wk_size_given("AdaptiveAvgPool2d", "output_size", options.output_size, options.output_size_hw))
        return NULL;
    AdaptiveAvgPool2d *pool = (AdaptiveAvgPool2d *)wk_module_new(sizeof *pool, &adaptive_avg_pool2d_class);
    if (!pool)
        return NULL;
    pool->options = options;
    return &pool->base;
}

WK_MAKER(AdaptiveAvgPool2d, wk_AdaptiveAvgPool2d_options)
WK_LAYER(AdaptiveAvgPool2d) = {
    .name = "AdaptiveAvgPool2d",
    .make = AdaptiveAvgPool2d_make,
    .required = 1,
    .arguments = {WK_SIZE(wk_AdaptiveAvgPool2d_options, output_size, WK_NONE_SIZE)},
};
