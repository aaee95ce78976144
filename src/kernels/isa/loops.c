/* The elementwise loops: one for each row of rows.def and each dtype that the row takes.
 *
 * Every loop has a turn for contiguous memory, which the compiler vectorises, and one for any strides; floating binary loops also
 * have turns for one operand that is a single number. CURVES are written on whole vectors. Results are the same whichever turn runs: all
 * compile the same expression. */
#include "kernels/isa.h"
#include "kernels/isa/vector.h"
#include "kernels/math.h"

#define ABLE(T, S)                          \
    static inline T load_##S(const char *p) \
    {                                       \
        return *(const T *)p;               \
    }
ABLE(float, float32)
ABLE(double, float64)
ABLE(int64_t, int64)
ABLE(int32_t, int32)
ABLE(uint8_t, uint8)

/* Any byte but 0 is true, so a stray 2 cannot make two different truths. */
static inline bool load_bool(const char *p)
{
    return *(const uint8_t *)p != 0;
}

/* out: the type of the result in memory; T: the type of x; M: its type in memory. */
#define UNARY_LOOP(name, S, out_t, T, M, value)                                        \
    static bool loop_##name##_##S(int64_t n, char *const *data, const int64_t *stride) \
    {                                                                                  \
        const int64_t s0 = stride[0], s1 = stride[1];                                  \
        if (s0 == sizeof(out_t) && s1 == sizeof(M)) {                                  \
            WK_INDEPENDENT                                                             \
            for (int64_t i = 0; i < n; i++) {                                          \
                const T x = load_##S((const char *)((const M *)data[1] + i));          \
                ((out_t *)data[0])[i] = (out_t)(value);                                \
            }                                                                          \
            return true;                                                               \
        }                                                                              \
        for (int64_t i = 0; i < n; i++) {                                              \
            const T x = load_##S(data[1] + i * s1);                                    \
            *(out_t *)(data[0] + i * s0) = (out_t)(value);                             \
        }                                                                              \
        return true;                                                                   \
    }

#define BINARY_TURN(S, out_t, T, value, X, Y) \
    {                                         \
        WK_INDEPENDENT                        \
        for (int64_t i = 0; i < n; i++) {     \
            const T x = X, y = Y;             \
            out[i] = (out_t)(value);          \
        }                                     \
        return true;                          \
    }

#define BINARY_LOOP(name, S, out_t, T, M, value)                                            \
    static bool loop_##name##_##S(int64_t n, char *const *data, const int64_t *stride)      \
    {                                                                                       \
        const int64_t s0 = stride[0], s1 = stride[1], s2 = stride[2], size = sizeof(M);     \
        out_t *out = (out_t *)data[0];                                                      \
        const char *a = data[1], *b = data[2];                                              \
        const bool floating = (T)0.5 != 0 && (T)0.5 != 1;                                   \
        if (s0 == sizeof(out_t) && s1 == size && s2 == size)                                \
            BINARY_TURN(S, out_t, T, value, load_##S(a + i * size), load_##S(b + i * size)) \
        if (floating && n > 0 && s0 == sizeof(out_t) && s1 == size && s2 == 0) {            \
            const T fixed = load_##S(b);                                                    \
            BINARY_TURN(S, out_t, T, value, load_##S(a + i * size), fixed)                  \
        }                                                                                   \
        if (floating && n > 0 && s0 == sizeof(out_t) && s1 == 0 && s2 == size) {            \
            const T fixed = load_##S(a);                                                    \
            BINARY_TURN(S, out_t, T, value, fixed, load_##S(b + i * size))                  \
        }                                                                                   \
        for (int64_t i = 0; i < n; i++) {                                                   \
            const T x = load_##S(a + i * s1), y = load_##S(b + i * s2);                     \
            *(out_t *)(data[0] + i * s0) = (out_t)(value);                                  \
        }                                                                                   \
        return true;                                                                        \
    }

/* The value of a whole vector. What is left over at the end, or lies apart in memory, is gathered into one. */
typedef wk_vf (*Curve)(wk_vf x, wk_vf y);

static inline __attribute__((always_inline)) void loop_curve(int64_t n, int inputs, char *const *data,
                                                             const int64_t *stride, Curve value)
{
    if (stride[0] == 4 && stride[1] == 4 && (inputs == 1 || stride[2] == 4)) {
        const float *a = (const float *)data[1], *b = (const float *)data[inputs];
        float *out = (float *)data[0];
        int64_t i = 0;
        for (; i + WK_VF <= n; i += WK_VF)
            wk_vf_store(out + i, value(wk_vf_load(a + i), wk_vf_load(b + i)));
        if (i < n)
            wk_vf_store_part(
                out + i, value(wk_vf_load_part(a + i, n - i, 0), wk_vf_load_part(b + i, n - i, 0)), n - i);
        return;
    }
    for (int64_t i = 0; i < n; i += WK_VF) {
        float part[2][WK_VF] = {{0}};
        const int64_t count = n - i < WK_VF ? n - i : WK_VF;
        for (int k = 0; k < inputs; k++)
            for (int64_t c = 0; c < count; c++)
                part[k][c] = load_float32(data[1 + k] + (i + c) * stride[1 + k]);
        wk_vf_store(part[0], value(wk_vf_load(part[0]), wk_vf_load(part[inputs - 1])));
        for (int64_t c = 0; c < count; c++)
            *(float *)(data[0] + (i + c) * stride[0]) = part[0][c];
    }
}

#define CURVE_LOOP(name, inputs, value)                                                    \
    static inline wk_vf curve_of_##name(wk_vf x, wk_vf y)                                  \
    {                                                                                      \
        (void)y;                                                                           \
        return value;                                                                      \
    }                                                                                      \
    static bool loop_##name##_float32(int64_t n, char *const *data, const int64_t *stride) \
    {                                                                                      \
        loop_curve(n, inputs, data, stride, curve_of_##name);                              \
        return true;                                                                       \
    }
#define UNARY_LOOP_CURVE(name, value)  CURVE_LOOP(name, 1, value)
#define BINARY_LOOP_CURVE(name, value) CURVE_LOOP(name, 2, value)

#define CURVES_ROW(LOOP, name, value) \
    LOOP##_CURVE(name, value) LOOP(name, float64, double, double, double, value)
#define FLOATING_ROW(LOOP, name, value)             \
    LOOP(name, float32, float, float, float, value) \
    LOOP(name, float64, double, double, double, value)
#define NUMERIC_ROW(LOOP, name, value)                  \
    FLOATING_ROW(LOOP, name, value)                     \
    LOOP(name, int64, int64_t, int64_t, int64_t, value) \
    LOOP(name, int32, int32_t, int32_t, int32_t, value) \
    LOOP(name, uint8, uint8_t, uint8_t, uint8_t, value)
#define FLOATS_ROW  CURVES_ROW
#define COUNTED_ROW NUMERIC_ROW
#define ANY_ROW(LOOP, name, value) \
    NUMERIC_ROW(LOOP, name, value) \
    LOOP(name, bool, uint8_t, bool, uint8_t, value)
#define TRUTH_ROW(LOOP, name, value)                    \
    LOOP(name, float32, uint8_t, float, float, value)   \
    LOOP(name, float64, uint8_t, double, double, value) \
    LOOP(name, int64, uint8_t, int64_t, int64_t, value) \
    LOOP(name, int32, uint8_t, int32_t, int32_t, value) \
    LOOP(name, uint8, uint8_t, uint8_t, uint8_t, value) \
    LOOP(name, bool, uint8_t, bool, uint8_t, value)

#define UNARY(name, types, value, ...)  types##_ROW(UNARY_LOOP, name, value)
#define BINARY(name, types, value, ...) types##_ROW(BINARY_LOOP, name, value)
#define COMPARE(name, value)            TRUTH_ROW(BINARY_LOOP, name, value)
#include "kernels/rows.def"
TRUTH_ROW(UNARY_LOOP, logical_not, x == 0)

/* Integers refuse a zero divisor; looked for first, since the result may be the divisor's own memory. */
#define CHECKED_LOOP(name, S, T)                                                               \
    static bool loop_checked_##name##_##S(int64_t n, char *const *data, const int64_t *stride) \
    {                                                                                          \
        bool fine = true;                                                                      \
        for (int64_t i = 0; i < n; i++)                                                        \
            fine &= load_##S(data[2] + i * stride[2]) != 0;                                    \
        loop_##name##_##S(n, data, stride);                                                    \
        return fine;                                                                           \
    }
CHECKED_LOOP(floor_divide, int64, int64_t)
CHECKED_LOOP(floor_divide, int32, int32_t)
CHECKED_LOOP(floor_divide, uint8, uint8_t)
CHECKED_LOOP(remainder, int64, int64_t)
CHECKED_LOOP(remainder, int32, int32_t)
CHECKED_LOOP(remainder, uint8, uint8_t)

/* In pieces so small that one is computed while the stores of the last are still on their way. */
enum { STREAM_PIECE = 2048, STREAM_OPERANDS = 4 };

static bool stream_loop(wk_Loop loop, int64_t n, int inputs, char *const *data, const int64_t *stride)
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
            fine &= loop(n - i, at, stride);
            break;
        }
        fine &= loop(step, at, stride);
        wk_stream_copy(to, piece, STREAM_PIECE);
    }
    wk_streamed();
    return fine;
}

void WK_KERNEL(wk_install_loops)(wk_Kernels *table)
{
#define FLOATING_SET(name)                           \
    table->name[wk_float32] = loop_##name##_float32; \
    table->name[wk_float64] = loop_##name##_float64;
#define CURVES_SET FLOATING_SET
#define FLOATS_SET FLOATING_SET
#define NUMERIC_SET(name)                        \
    FLOATING_SET(name)                           \
    table->name[wk_int64] = loop_##name##_int64; \
    table->name[wk_int32] = loop_##name##_int32; \
    table->name[wk_uint8] = loop_##name##_uint8;
#define COUNTED_SET NUMERIC_SET
#define ANY_SET(name) \
    NUMERIC_SET(name) \
    table->name[wk_bool] = loop_##name##_bool;
#define UNARY(name, types, ...)  types##_SET(name)
#define BINARY(name, types, ...) types##_SET(name)
#define COMPARE(name, ...)       ANY_SET(name)
#include "kernels/rows.def"
    ANY_SET(logical_not)
    table->stream = stream_loop;
    table->floor_divide[wk_int64] = loop_checked_floor_divide_int64;
    table->floor_divide[wk_int32] = loop_checked_floor_divide_int32;
    table->floor_divide[wk_uint8] = loop_checked_floor_divide_uint8;
    table->remainder[wk_int64] = loop_checked_remainder_int64;
    table->remainder[wk_int32] = loop_checked_remainder_int32;
    table->remainder[wk_uint8] = loop_checked_remainder_uint8;
}
