/* The elementwise loops: one for each row of rows.def and each dtype that the row takes.
 *
 * Every loop has a turn for contiguous memory, which the compiler vectorises, and one for any strides; floating binary loops also
 * have turns for one operand that is a single number. Results are the same whichever turn runs: all compile the same expression. */
#include "kernels/isa.h"
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

#define FLOATING_ROW(LOOP, name, value)             \
    LOOP(name, float32, float, float, float, value) \
    LOOP(name, float64, double, double, double, value)
#define NUMERIC_ROW(LOOP, name, value)                  \
    FLOATING_ROW(LOOP, name, value)                     \
    LOOP(name, int64, int64_t, int64_t, int64_t, value) \
    LOOP(name, int32, int32_t, int32_t, int32_t, value) \
    LOOP(name, uint8, uint8_t, uint8_t, uint8_t, value)
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

void WK_KERNEL(wk_install_loops)(wk_Kernels *table)
{
#define FLOATING_SET(name)                           \
    table->name[wk_float32] = loop_##name##_float32; \
    table->name[wk_float64] = loop_##name##_float64;
#define NUMERIC_SET(name)                        \
    FLOATING_SET(name)                           \
    table->name[wk_int64] = loop_##name##_int64; \
    table->name[wk_int32] = loop_##name##_int32; \
    table->name[wk_uint8] = loop_##name##_uint8;
#define ANY_SET(name) \
    NUMERIC_SET(name) \
    table->name[wk_bool] = loop_##name##_bool;
#define UNARY(name, types, ...)  types##_SET(name)
#define BINARY(name, types, ...) types##_SET(name)
#define COMPARE(name, ...)       ANY_SET(name)
#include "kernels/rows.def"
    ANY_SET(logical_not)
    table->floor_divide[wk_int64] = loop_checked_floor_divide_int64;
    table->floor_divide[wk_int32] = loop_checked_floor_divide_int32;
    table->floor_divide[wk_uint8] = loop_checked_floor_divide_uint8;
    table->remainder[wk_int64] = loop_checked_remainder_int64;
    table->remainder[wk_int32] = loop_checked_remainder_int32;
    table->remainder[wk_uint8] = loop_checked_remainder_uint8;
}
