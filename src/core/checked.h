/* Checked arithmetic on sizes, strides, offsets and counts that a caller or a file gives.
 *
 * Each is true when the exact result fits in *out, and writes it there. The operands and *out may be of any
 * integer types. On false *out holds no useful value. The product of all sizes of a shape: wk_shape_numel. */
#ifndef WICK_CORE_CHECKED_H
#define WICK_CORE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define wk_checked_add(a, b, out) (!__builtin_add_overflow((a), (b), (out)))
#define wk_checked_sub(a, b, out) (!__builtin_sub_overflow((a), (b), (out)))
#define wk_checked_mul(a, b, out) (!__builtin_mul_overflow((a), (b), (out)))

/* Multiplies some sizes of a shape, one at a time. Where a further size is 0 the others may be any, so the product stops at INT64_MAX. */
static inline void wk_multiply_size(int64_t *product, int64_t size)
{
    if (!wk_checked_mul(*product, size, product))
        *product = INT64_MAX;
}

/* Moves an offset by some strides. What does not fit is a place in an empty tensor, which nothing reads: then the offset stays. */
static inline void wk_move_offset(int64_t *offset, int64_t count, int64_t stride)
{
    int64_t distance, moved;
    if (wk_checked_mul(count, stride, &distance) && wk_checked_add(*offset, distance, &moved))
        *offset = moved;
}

/* a / b rounded up, for a >= 0 and b > 0: cannot overflow, where (a + b - 1) / b can. */
static inline int64_t wk_ceil_div(int64_t a, int64_t b)
{
    return a / b + (a % b != 0);
}

#endif
