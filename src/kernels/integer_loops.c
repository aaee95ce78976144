/* The elementwise loops of integers and bool: one for each row of rows.def that takes them. Networks spend no time in them, so they are
 * compiled once, not for each instruction set. */
#include "kernels/loops.h"

#define VECTOR_ROW(...)
#define VECTOR_ONLY_ROW(...)
#define FLOATING_ROW(...)
#define FLOATING_ONLY_ROW(...)
#define NUMERIC_ROW(LOOP, name, numbers, value)                  \
    LOOP(name, int64, int64_t, int64_t, int64_t, numbers, value) \
    LOOP(name, int32, int32_t, int32_t, int32_t, numbers, value) \
    LOOP(name, uint8, uint8_t, uint8_t, uint8_t, numbers, value)
#define COUNTED_ROW NUMERIC_ROW
#define ANY_ROW(LOOP, name, numbers, value) \
    NUMERIC_ROW(LOOP, name, numbers, value) \
    LOOP(name, truth, uint8_t, bool, uint8_t, numbers, value)
#define TRUTH_ROW(LOOP, name, value)                          \
    LOOP(name, int64, uint8_t, int64_t, int64_t, N0(), value) \
    LOOP(name, int32, uint8_t, int32_t, int32_t, N0(), value) \
    LOOP(name, uint8, uint8_t, uint8_t, uint8_t, N0(), value) \
    LOOP(name, truth, uint8_t, bool, uint8_t, N0(), value)

#define UNARY(name, types, value, ...)               types##_ROW(UNARY_LOOP, name, N0(), value)
#define BINARY(name, types, value, ...)              types##_ROW(BINARY_LOOP, name, N0(), value)
#define UNARY_WITH(name, numbers, types, value, ...) types##_ROW(UNARY_LOOP, name, numbers, value)
#define GRADIENT(name, numbers, types, value, ...)   types##_ROW(BINARY_LOOP, name, numbers, value)
#define COMPARE(name, value)                         TRUTH_ROW(BINARY_LOOP, name, value)
#include "kernels/rows.def"
TRUTH_ROW(UNARY_LOOP, logical_not, x == 0)

/* Integers refuse a zero divisor; looked for first, since the result may be the divisor's own memory. */
#define CHECKED_LOOP(name, S, T)                                                               \
    static bool loop_checked_##name##_##S(int64_t n, char *const *data, const int64_t *stride, \
                                          const double *numbers)                               \
    {                                                                                          \
        bool fine = true;                                                                      \
        for (int64_t i = 0; i < n; i++)                                                        \
            fine &= load_##S(data[2] + i * stride[2]) != 0;                                    \
        loop_##name##_##S(n, data, stride, numbers);                                           \
        return fine;                                                                           \
    }
CHECKED_LOOP(floor_divide, int64, int64_t)
CHECKED_LOOP(floor_divide, int32, int32_t)
CHECKED_LOOP(floor_divide, uint8, uint8_t)
CHECKED_LOOP(remainder, int64, int64_t)
CHECKED_LOOP(remainder, int32, int32_t)
CHECKED_LOOP(remainder, uint8, uint8_t)

void wk_install_integer_loops(wk_Kernels *table)
{
#define VECTOR_SET(name)
#define VECTOR_ONLY_SET(name)
#define FLOATING_SET(name)
#define FLOATING_ONLY_SET(name)
#define NUMERIC_SET(name)                        \
    table->name[wk_int64] = loop_##name##_int64; \
    table->name[wk_int32] = loop_##name##_int32; \
    table->name[wk_uint8] = loop_##name##_uint8;
#define COUNTED_SET NUMERIC_SET
#define ANY_SET(name) \
    NUMERIC_SET(name) \
    table->name[wk_bool] = loop_##name##_truth;
#define UNARY(name, types, ...)               types##_SET(name)
#define BINARY(name, types, ...)              types##_SET(name)
#define UNARY_WITH(name, numbers, types, ...) types##_SET(name)
#define GRADIENT(name, numbers, types, ...)   types##_SET(name)
#define COMPARE(name, ...)                    ANY_SET(name)
#include "kernels/rows.def"
    ANY_SET(logical_not)
    table->floor_divide[wk_int64] = loop_checked_floor_divide_int64;
    table->floor_divide[wk_int32] = loop_checked_floor_divide_int32;
    table->floor_divide[wk_uint8] = loop_checked_floor_divide_uint8;
    table->remainder[wk_int64] = loop_checked_remainder_int64;
    table->remainder[wk_int32] = loop_checked_remainder_int32;
    table->remainder[wk_uint8] = loop_checked_remainder_uint8;
}
