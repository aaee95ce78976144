/* Which outputs of a convolution read the input, and not padding, under one element of the window. */
#ifndef WICK_KERNELS_CONV_SPAN_H
#define WICK_KERNELS_CONV_SPAN_H

#include "core/checked.h"
#include "kernels/kernels.h"

/* Outputs [begin, end) along one direction; `from` is the input position of the first. */
typedef struct ConvSpan {
    int64_t begin, end, from;
} ConvSpan;

/* dim 0: rows of the output for row `tap` of the window; dim 1: columns. */
static inline ConvSpan conv_span(const wk_ConvShape *s, int dim, int64_t tap)
{
    const int64_t stride = s->stride[dim], size = dim ? s->w : s->h, out = dim ? s->ow : s->oh;
    const int64_t first = s->padding[dim] - tap * s->dilation[dim],
                  last = size - 1 + first; /* of o * stride */
    ConvSpan span = {.begin = first > 0 ? wk_ceil_div(first, stride) : 0,
                     .end = last < 0 ? 0 : last / stride + 1};
    span.end = span.end < out ? span.end : out;
    if (span.begin >= span.end)
        return (ConvSpan){0};
    span.from = span.begin * stride - first;
    return span;
}

#endif
