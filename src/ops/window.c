/* Arguments of sliding windows. */
#include "ops/window.h"

#include "core/checked.h"
#include "core/options.h"
#include "wick/tensor.h"

void wk_window_pair(int64_t number, const int64_t pair[2], int64_t unset, int64_t out[2])
{
    bool as_pair = pair[0] || pair[1];
    for (int i = 0; i < 2; i++)
        out[i] = as_pair ? wk_int_or(pair[i], 0) : wk_int_or(number, unset);
}

bool wk_window_output(const char *op, int64_t size, int64_t kernel, int64_t stride, int64_t padding,
                      int64_t dilation, bool ceil_mode, int64_t *out)
{
    int64_t padded, extent, room; /* extent: of a window, with the gaps of dilation */
    if (!wk_checked_mul(padding, 2, &padded) || !wk_checked_add(size, padded, &padded) ||
        !wk_checked_mul(dilation, kernel - 1, &extent) || !wk_checked_add(extent, 1, &extent) ||
        !wk_checked_sub(padded, extent, &room) || !wk_checked_add(room, ceil_mode ? stride - 1 : 0, &room))
        return wk_raise(WK_ERROR_OVERFLOW,
                        "%s: size %lld, kernel %lld, stride %lld, padding %lld and dilation %lld overflow",
                        op, (long long)size, (long long)kernel, (long long)stride, (long long)padding,
                        (long long)dilation),
               false;
    *out = room / stride - (room % stride < 0) + 1; /* rounded down: negative too */
    /* A last window must begin inside the input or its left padding. */
    if (ceil_mode && (*out - 1) * stride >= size + padding)
        --*out;
    return true;
}
