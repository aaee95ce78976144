/* Rows turned to columns, eight by eight floats. */
#ifndef WICK_KERNELS_TURN_H
#define WICK_KERNELS_TURN_H

#include <stdint.h>

#include "kernels/isa/vector.h"

#if WK_VECTOR_BYTES >= 32

typedef float wk_v8 __attribute__((vector_size(32)));
typedef float wk_v8_loose __attribute__((vector_size(32), aligned(4), may_alias));

static inline wk_v8 wk_v8_load(const float *p)
{
    return *(const wk_v8_loose *)p;
}

/* Turns 8 rows of 8 floats, `from_step` apart, of which `live` exist (the rest are zeros), to 8 columns of 8
 * floats `to_step` apart, which may be less than 8. Returns NaN somewhere if an element is not finite, else zeros. */
static inline wk_v8 wk_turn8(const float *from, int64_t from_step, int64_t live, float *to, int64_t to_step)
{
    wk_v8 a[8], b[8], bad = {0};
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        a[i] = i < live ? wk_v8_load(from + i * from_step) : (wk_v8){0};
        bad += a[i] * 0.0f;
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        b[2 * i] = __builtin_shufflevector(a[2 * i], a[2 * i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        b[2 * i + 1] = __builtin_shufflevector(a[2 * i], a[2 * i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 8; i += 4)
#pragma GCC unroll 2
        for (int j = 0; j < 2; j++) {
            a[i + 2 * j] = __builtin_shufflevector(b[i + j], b[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            a[i + 2 * j + 1] = __builtin_shufflevector(b[i + j], b[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
#pragma GCC unroll 4
    for (int i = 0; i < 4;
         i++) /* in order: columns may be so near that each overwrites the end of the one before */
        *(wk_v8_loose *)(to + i * to_step) =
            __builtin_shufflevector(a[i], a[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
        *(wk_v8_loose *)(to + (i + 4) * to_step) =
            __builtin_shufflevector(a[i], a[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    return bad;
}

/* The same for fewer than 8 floats a row. */
static inline wk_v8 wk_turn8_part(const float *from, int64_t from_step, int64_t live, int64_t floats,
                                  float *to, int64_t to_step)
{
    wk_v8 bad = {0};
    for (int64_t j = 0; j < floats; j++)
        for (int64_t i = 0; i < 8; i++) {
            const float value = i < live ? from[i * from_step + j] : 0;
            bad[0] += value * 0.0f;
            to[j * to_step + i] = value;
        }
    return bad;
}

/* And for rows of any length: `floats` columns. */
static inline wk_v8 wk_turn8_rows(const float *from, int64_t from_step, int64_t live, int64_t floats,
                                  float *to, int64_t to_step)
{
    wk_v8 bad = {0};
    int64_t j = 0;
    for (; j + 8 <= floats; j += 8)
        bad += wk_turn8(from + j, from_step, live, to + j * to_step, to_step);
    return bad + wk_turn8_part(from + j, from_step, live, floats - j, to + j * to_step, to_step);
}

#endif
#endif
