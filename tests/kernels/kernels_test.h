/* For the tests of kernels: every instruction set of this machine, numbers, and bounds. */
#ifndef WICK_TESTS_KERNELS_H
#define WICK_TESTS_KERNELS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka asks for the four above */
#include <cmocka.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/threads.h"
#include "kernels/kernels.h"
#include "wick/runtime.h"

/* Runs the statement that follows with `k` as each table that this machine can run. */
#define FOR_EACH_ISA(k)                                                                        \
    for (int isa_ = 0; isa_ < 4; isa_++)                                                       \
        for (const wk_Kernels *k =                                                             \
                 wk_kernels_for((const char *[]){"portable", "avx2", "avx512", "neon"}[isa_]); \
             k; k = NULL)

static uint64_t test_state = 88172645463325252u;

static inline uint64_t test_random(void)
{
    test_state ^= test_state << 13;
    test_state ^= test_state >> 7;
    return test_state ^= test_state << 17;
}

/* In [low, high). */
static inline double test_uniform(double low, double high)
{
    return low + (high - low) * (double)(test_random() >> 11) * 0x1p-53;
}

/* An array of n random values of dtype, whole numbers in -4..4 or reals in (-2, 2). */
static inline void test_fill(void *array, wk_dtype dtype, int64_t n, bool whole)
{
    for (int64_t i = 0; i < n; i++) {
        double v = whole ? (double)(test_random() % 9) - 4 : test_uniform(-2, 2);
        if (dtype == wk_float32)
            ((float *)array)[i] = (float)v;
        else if (dtype == wk_float64)
            ((double *)array)[i] = v;
        else if (dtype == wk_int64)
            ((int64_t *)array)[i] = (int64_t)v;
        else if (dtype == wk_int32)
            ((int32_t *)array)[i] = (int32_t)v;
        else
            ((uint8_t *)array)[i] = (uint8_t)(dtype == wk_bool ? v > 0 : fabs(v));
    }
}

static inline double test_get(const void *array, wk_dtype dtype, int64_t i)
{
    switch (dtype) {
    case wk_float32:
        return ((const float *)array)[i];
    case wk_float64:
        return ((const double *)array)[i];
    case wk_int64:
        return (double)((const int64_t *)array)[i];
    case wk_int32:
        return ((const int32_t *)array)[i];
    default:
        return ((const uint8_t *)array)[i];
    }
}

static inline size_t test_bytes(wk_dtype dtype)
{
    return dtype == wk_float32 || dtype == wk_int32 ? 4 : dtype == wk_float64 || dtype == wk_int64 ? 8 : 1;
}

static inline double test_epsilon(wk_dtype dtype)
{
    return dtype == wk_float32 ? 0x1p-24 : 0x1p-53;
}

static inline bool test_same(double a, double b)
{
    return a == b ? signbit(a) == signbit(b) || a != 0 : a != a && b != b;
}

static inline void *test_array(int64_t n, wk_dtype dtype)
{
    return calloc((size_t)n + 1, test_bytes(dtype));
}

/* Fails the test, saying where, unless |got - want| <= bound (or both are NaN or the same infinity). */
#define ASSERT_NEAR(got, want, bound, ...)                                                               \
    do {                                                                                                 \
        const double got_ = (got), want_ = (want);                                                       \
        if (!(fabs(got_ - want_) <= (bound)) && !(got_ == want_) && !(got_ != got_ && want_ != want_)) { \
            printf(__VA_ARGS__);                                                                         \
            fail_msg(": got %.17g, wanted %.17g", got_, want_);                                          \
        }                                                                                                \
    } while (0)

#endif
