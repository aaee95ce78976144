/* Conversions between dtypes, and where.
 *
 * Float to integer is undefined in C where the value does not fit, so each case is chosen before the conversion: NaN gives 0, int64
 * and int32 saturate, and uint8 takes the low byte of the int64, as PyTorch does for -1 (255) and 300 (44). */
#include "kernels/isa.h"

#include <string.h>

#define CAST_MEMORY(S, M)                        \
    typedef M memory_##S;                        \
    static inline M cast_load_##S(const char *p) \
    {                                            \
        return *(const M *)p;                    \
    }
CAST_MEMORY(float32, float)
CAST_MEMORY(float64, double)
CAST_MEMORY(int64, int64_t)
CAST_MEMORY(int32, int32_t)
CAST_MEMORY(uint8, uint8_t)
typedef uint8_t memory_truth; /* `bool` would turn into _Bool on its way through two macros */

static inline uint8_t cast_load_truth(const char *p)
{
    return *(const uint8_t *)p != 0;
}

static inline int64_t saturate_i64(double x)
{
    const double top = 9223372036854775808.0;
    double inside = x >= top || x != x ? 0 : x < -top ? -top : x;
    return x >= top ? INT64_MAX : (int64_t)inside;
}

static inline int32_t saturate_i32(double x)
{
    double inside = x != x ? 0 : x < -2147483648.0 ? -2147483648.0 : x > 2147483647.0 ? 2147483647.0 : x;
    return (int32_t)inside;
}

#define PLAIN(x)    (x)
#define TO_INT64(x) saturate_i64((double)(x))
#define TO_INT32(x) saturate_i32((double)(x))
#define TO_UINT8(x) saturate_i64((double)(x))
#define TO_TRUTH(x) ((x) != 0)

#define CAST_LOOP(from, to, convert)                                                                       \
    static bool cast_##from##_##to(int64_t n, char *const *data, const int64_t *stride,                    \
                                   const double *numbers)                                                  \
    {                                                                                                      \
        (void)numbers;                                                                                     \
        const int64_t s0 = stride[0], s1 = stride[1];                                                      \
        const int64_t from_bytes = sizeof(memory_##from), to_bytes = sizeof(memory_##to);                  \
        if (s0 == to_bytes && s1 == from_bytes) {                                                          \
            const char *restrict in = data[1];                                                             \
            memory_##to *restrict out = (memory_##to *)data[0];                                            \
            for (int64_t i = 0; i < n; i++)                                                                \
                out[i] = (memory_##to)convert(cast_load_##from(in + i * from_bytes));                      \
            return true;                                                                                   \
        }                                                                                                  \
        for (int64_t i = 0; i < n; i++)                                                                    \
            *(memory_##to *)(data[0] + i * s0) = (memory_##to)convert(cast_load_##from(data[1] + i * s1)); \
        return true;                                                                                       \
    }

#define CAST_FROM_FLOAT(from)        \
    CAST_LOOP(from, float32, PLAIN)  \
    CAST_LOOP(from, float64, PLAIN)  \
    CAST_LOOP(from, int64, TO_INT64) \
    CAST_LOOP(from, int32, TO_INT32) \
    CAST_LOOP(from, uint8, TO_UINT8) \
    CAST_LOOP(from, truth, TO_TRUTH)
#define CAST_FROM_INTEGER(from)     \
    CAST_LOOP(from, float32, PLAIN) \
    CAST_LOOP(from, float64, PLAIN) \
    CAST_LOOP(from, int64, PLAIN)   \
    CAST_LOOP(from, int32, PLAIN)   \
    CAST_LOOP(from, uint8, PLAIN)   \
    CAST_LOOP(from, truth, TO_TRUTH)
CAST_FROM_FLOAT(float32)
CAST_FROM_FLOAT(float64)
CAST_FROM_INTEGER(int64)
CAST_FROM_INTEGER(int32)
CAST_FROM_INTEGER(uint8)
CAST_FROM_INTEGER(truth)

#define COPY_LOOP(S)                                                                                 \
    static bool copy_##S(int64_t n, char *const *data, const int64_t *stride, const double *numbers) \
    {                                                                                                \
        (void)numbers;                                                                               \
        const int64_t s0 = stride[0], s1 = stride[1], size = sizeof(memory_##S);                     \
        if (s0 == size && s1 == size) {                                                              \
            if (n > 0)                                                                               \
                memmove(data[0], data[1], (size_t)(n * size));                                       \
            return true;                                                                             \
        }                                                                                            \
        if (s0 == size && s1 == 0 && n > 0) {                                                        \
            const memory_##S value = cast_load_##S(data[1]);                                         \
            for (int64_t i = 0; i < n; i++)                                                          \
                ((memory_##S *)data[0])[i] = value;                                                  \
            return true;                                                                             \
        }                                                                                            \
        return cast_##S##_##S(n, data, stride, numbers);                                             \
    }
COPY_LOOP(float32)
COPY_LOOP(float64)
COPY_LOOP(int64)
COPY_LOOP(int32)
COPY_LOOP(uint8)
COPY_LOOP(truth)

#define WHERE_LOOP(S)                                                                                 \
    static bool where_##S(int64_t n, char *const *data, const int64_t *stride, const double *numbers) \
    {                                                                                                 \
        (void)numbers;                                                                                \
        const int64_t s0 = stride[0], s1 = stride[1], s2 = stride[2], s3 = stride[3];                 \
        const int64_t size = sizeof(memory_##S);                                                      \
        const char *a = data[2], *b = data[3];                                                        \
        if (s0 == size && s1 == 1 && s2 == size && s3 == size) {                                      \
            WK_INDEPENDENT                                                                            \
            for (int64_t i = 0; i < n; i++) {                                                         \
                const memory_##S x = cast_load_##S(a + i * size), y = cast_load_##S(b + i * size);    \
                ((memory_##S *)data[0])[i] = ((const uint8_t *)data[1])[i] ? x : y;                   \
            }                                                                                         \
            return true;                                                                              \
        }                                                                                             \
        for (int64_t i = 0; i < n; i++) {                                                             \
            const memory_##S x = cast_load_##S(a + i * s2), y = cast_load_##S(b + i * s3);            \
            *(memory_##S *)(data[0] + i * s0) = data[1][i * s1] ? x : y;                              \
        }                                                                                             \
        return true;                                                                                  \
    }
WHERE_LOOP(float32)
WHERE_LOOP(float64)
WHERE_LOOP(int64)
WHERE_LOOP(int32)
WHERE_LOOP(uint8)
WHERE_LOOP(truth)

void WK_KERNEL(wk_install_casts)(wk_Kernels *table)
{
#define CAST_SET(S, dtype)                               \
    table->cast[dtype][wk_float32] = cast_##S##_float32; \
    table->cast[dtype][wk_float64] = cast_##S##_float64; \
    table->cast[dtype][wk_int64] = cast_##S##_int64;     \
    table->cast[dtype][wk_int32] = cast_##S##_int32;     \
    table->cast[dtype][wk_uint8] = cast_##S##_uint8;     \
    table->cast[dtype][wk_bool] = cast_##S##_truth;      \
    table->cast[dtype][dtype] = copy_##S;                \
    table->where[dtype] = where_##S;
    CAST_SET(float32, wk_float32)
    CAST_SET(float64, wk_float64)
    CAST_SET(int64, wk_int64)
    CAST_SET(int32, wk_int32)
    CAST_SET(uint8, wk_uint8)
    CAST_SET(truth, wk_bool)
}
