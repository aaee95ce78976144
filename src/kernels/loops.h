/* How a row of rows.def becomes a loop: for floats once an instruction set (isa/loops.c), for integers once (integer_loops.c).
 *
 * A loop computes contiguous memory, which the compiler vectorises. Binary rows of floats also compute one operand that is a single
 * number. Any other stride goes through wk_loop_in_pieces: the operands are copied to contiguous pieces, so that there is one body
 * a row and dtype, and its results do not depend on strides. */
#ifndef WICK_KERNELS_LOOPS_H
#define WICK_KERNELS_LOOPS_H

#include "kernels/isa.h"
#include "kernels/math.h"

#define LOADER(T, S)                        \
    static inline T load_##S(const char *p) \
    {                                       \
        return *(const T *)p;               \
    }
LOADER(float, float32)
LOADER(double, float64)
LOADER(int64_t, int64)
LOADER(int32_t, int32)
LOADER(uint8_t, uint8)

/* Any byte but 0 is true, so a stray 2 cannot make two different truths. */
static inline bool load_truth(const char *p)
{
    return *(const uint8_t *)p != 0;
}

/* The numbers of a row under their names: as one of the row's dtype, and in all lanes of a vector. */
#define NUMBER_OF_N0()
#define NUMBER_OF_N1(a, ...) const element a = (element)numbers[0]
#define NUMBER_OF_N2(a, da, b, ...) \
    NUMBER_OF_N1(a, da);            \
    const element b = (element)numbers[1]
#define NUMBER_OF_N3(a, da, b, db, c, ...) \
    NUMBER_OF_N2(a, da, b, db);            \
    const element c = (element)numbers[2]
#define LANES_OF_N0()
#define LANES_OF_N1(a, ...) const wk_vf a = wk_vf_all((float)numbers[0])
#define LANES_OF_N2(a, da, b, ...) \
    LANES_OF_N1(a, da);            \
    const wk_vf b = wk_vf_all((float)numbers[1])
#define LANES_OF_N3(a, da, b, db, c, ...) \
    LANES_OF_N2(a, da, b, db);            \
    const wk_vf c = wk_vf_all((float)numbers[2])

/* out_t: the type of the result in memory; T: the type of x; M: its type in memory. */
#define LOOP_HEAD(name, S) \
    static bool loop_##name##_##S(int64_t n, char *const *data, const int64_t *stride, const double *numbers)

#define OTHER_STRIDES(name, S, operands) \
    wk_loop_in_pieces(loop_##name##_##S, n, operands, data, stride, numbers)

#define UNARY_LOOP(name, S, out_t, T, M, number_list, value)                         \
    LOOP_HEAD(name, S)                                                               \
    {                                                                                \
        typedef T element;                                                           \
        NUMBER_OF_##number_list;                                                     \
        if (stride[0] != sizeof(out_t) || stride[1] != sizeof(M))                    \
            return OTHER_STRIDES(name, S, WK_OPERANDS(1, sizeof(out_t), sizeof(M))); \
        WK_INDEPENDENT                                                               \
        for (int64_t i = 0; i < n; i++) {                                            \
            const element x = load_##S((const char *)((const M *)data[1] + i));      \
            ((out_t *)data[0])[i] = (out_t)(value);                                  \
        }                                                                            \
        return true;                                                                 \
    }

#define BINARY_BODY(out_t, value, X, Y)   \
    {                                     \
        WK_INDEPENDENT                    \
        for (int64_t i = 0; i < n; i++) { \
            const element x = X, y = Y;   \
            out[i] = (out_t)(value);      \
        }                                 \
        return true;                      \
    }

#define BINARY_LOOP(name, S, out_t, T, M, number_list, value)                                          \
    LOOP_HEAD(name, S)                                                                                 \
    {                                                                                                  \
        typedef T element;                                                                             \
        const int64_t s0 = stride[0], s1 = stride[1], s2 = stride[2], size = sizeof(M);                \
        out_t *out = (out_t *)data[0];                                                                 \
        const char *a = data[1], *b = data[2];                                                         \
        const bool floating = (T)0.5 != 0 && (T)0.5 != 1;                                              \
        NUMBER_OF_##number_list;                                                                       \
        if (s0 == sizeof(out_t) && s1 == size && s2 == size)                                           \
            BINARY_BODY(out_t, value, load_##S(a + i * size), load_##S(b + i * size))                  \
        if (floating && n > 0 && s0 == sizeof(out_t) && s1 == size && s2 == 0) {                       \
            const element fixed = load_##S(b);                                                         \
            BINARY_BODY(out_t, value, load_##S(a + i * size), fixed)                                   \
        }                                                                                              \
        if (floating && n > 0 && s0 == sizeof(out_t) && s1 == 0 && s2 == size) {                       \
            const element fixed = load_##S(a);                                                         \
            BINARY_BODY(out_t, value, fixed, load_##S(b + i * size))                                   \
        }                                                                                              \
        return wk_loop_in_pieces(loop_##name##_##S, n, WK_OPERANDS(2, sizeof(out_t), sizeof(M)), data, \
                                 stride, numbers);                                                     \
    }

/* The value of a whole vector at a time. */
#define VECTOR_LOOP(name, inputs, number_list, value)                                               \
    LOOP_HEAD(name, float32)                                                                        \
    {                                                                                               \
        LANES_OF_##number_list;                                                                     \
        if (stride[0] != 4 || stride[1] != 4 || stride[inputs] != 4)                                \
            return OTHER_STRIDES(name, float32, WK_OPERANDS(inputs, 4, 4));                         \
        const float *a = (const float *)data[1], *b = (const float *)data[inputs];                  \
        float *out = (float *)data[0];                                                              \
        int64_t i = 0;                                                                              \
        for (; i + WK_VF <= n; i += WK_VF) {                                                        \
            const wk_vf x = wk_vf_load(a + i), y = wk_vf_load(b + i);                               \
            (void)y;                                                                                \
            wk_vf_store(out + i, value);                                                            \
        }                                                                                           \
        if (i < n) {                                                                                \
            const wk_vf x = wk_vf_load_part(a + i, n - i, 0), y = wk_vf_load_part(b + i, n - i, 0); \
            (void)y;                                                                                \
            wk_vf_store_part(out + i, value, n - i);                                                \
        }                                                                                           \
        return true;                                                                                \
    }
#define UNARY_LOOP_VECTOR(name, number_list, value)  VECTOR_LOOP(name, 1, number_list, value)
#define BINARY_LOOP_VECTOR(name, number_list, value) VECTOR_LOOP(name, 2, number_list, value)

#endif
