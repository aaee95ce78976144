/* The elementwise loops of floats: one for each row of rows.def. kernels/loops.h has their bodies. */
#include "kernels/loops.h"

#define FLOATING_ROW(LOOP, name, numbers, value)             \
    LOOP(name, float32, float, float, float, numbers, value) \
    LOOP(name, float64, double, double, double, numbers, value)
#define VECTOR_ROW(LOOP, name, numbers, value) \
    LOOP##_VECTOR(name, numbers, value) LOOP(name, float64, double, double, double, numbers, value)
#define FLOATING_ONLY_ROW FLOATING_ROW
#define VECTOR_ONLY_ROW   VECTOR_ROW
#define NUMERIC_ROW       FLOATING_ROW
#define COUNTED_ROW       FLOATING_ROW
#define ANY_ROW           FLOATING_ROW
#define TRUTH_ROW(LOOP, name, value)                        \
    LOOP(name, float32, uint8_t, float, float, N0(), value) \
    LOOP(name, float64, uint8_t, double, double, N0(), value)

#define UNARY(name, types, value, ...)               types##_ROW(UNARY_LOOP, name, N0(), value)
#define BINARY(name, types, value, ...)              types##_ROW(BINARY_LOOP, name, N0(), value)
#define UNARY_WITH(name, numbers, types, value, ...) types##_ROW(UNARY_LOOP, name, numbers, value)
#define GRADIENT(name, numbers, types, value, ...)   types##_ROW(BINARY_LOOP, name, numbers, value)
#define COMPARE(name, value)                         TRUTH_ROW(BINARY_LOOP, name, value)
#include "kernels/rows.def"
TRUTH_ROW(UNARY_LOOP, logical_not, x == 0)

/* In pieces so small that one is computed while the stores of the last are still on their way. */
enum { STREAM_PIECE = 2048, STREAM_OPERANDS = 4 };

static bool stream_loop(wk_Loop loop, int64_t n, int inputs, char *const *data, const int64_t *stride,
                        const double *numbers)
{
    _Alignas(64) char piece[STREAM_PIECE];
    const int64_t step = STREAM_PIECE / stride[0];
    const bool aligned = (uintptr_t)data[0] % WK_VECTOR_BYTES == 0;
    bool fine = true; /* of integers: no zero divisor */
    for (int64_t i = 0; i < n; i += step) {
        char *at[STREAM_OPERANDS] = {piece}, *to = data[0] + i * stride[0];
        for (int k = 1; k <= inputs; k++)
            at[k] = data[k] + i * stride[k];
        if (!aligned || n - i < step) {
            at[0] = to;
            fine &= loop(n - i, at, stride, numbers);
            break;
        }
        fine &= loop(step, at, stride, numbers);
        wk_stream_copy(to, piece, STREAM_PIECE);
    }
    wk_streamed();
    return fine;
}

void WK_KERNEL(wk_install_loops)(wk_Kernels *table)
{
#define SET_FLOATING(name)                           \
    table->name[wk_float32] = loop_##name##_float32; \
    table->name[wk_float64] = loop_##name##_float64;
#define UNARY(name, ...)      SET_FLOATING(name)
#define BINARY(name, ...)     SET_FLOATING(name)
#define UNARY_WITH(name, ...) SET_FLOATING(name)
#define GRADIENT(name, ...)   SET_FLOATING(name)
#define COMPARE(name, ...)    SET_FLOATING(name)
#include "kernels/rows.def"
    SET_FLOATING(logical_not)
    table->stream = stream_loop;
}
