/* What tests of tensors share: values, shapes and errors as one-line assertions; no leak; the failing allocation.
 *
 *     static void test_x(void **state)
 *     {
 *         wk_Tensor *x = wk_requires_grad_(f64(2, 3));              a float64 vector of these values
 *         EXPECT_VALUES(wk_mul(x, 2), 4, 6);
 *         EXPECT_ERROR(wk_view(x, 3), WK_ERROR_SHAPE, "invalid for input of size 2");
 *     }
 *     int main(void)
 *     {
 *         const struct CMUnitTest tests[] = {TENSOR_TEST(test_x)};   runs in a scope of its own, and fails if memory is left
 *         return cmocka_run_group_tests(tests, NULL, NULL);
 *     }
 */
#ifndef WICK_TESTS_CHECK_H
#define WICK_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/rows.h"
#include "support/skip.h"
#include "wick/autograd.h"
#include "wick/functional.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* ---- tensors from lists ----------------------------------------------------------------------------- */

/* A contiguous tensor of any dtype from doubles; values are taken in order. */
wk_Tensor *tensor_of(wk_dtype dtype, int ndim, const int64_t *dims, const double *values);
#define VALUE_COUNT(...) ((int64_t)(sizeof((double[]){__VA_ARGS__}) / sizeof(double)))
#define VECTOR_OF(dtype, ...) \
    tensor_of(dtype, 1, (int64_t[]){VALUE_COUNT(__VA_ARGS__)}, (double[]){__VA_ARGS__})
#define f64(...)   VECTOR_OF(wk_float64, __VA_ARGS__)
#define f32(...)   VECTOR_OF(wk_float32, __VA_ARGS__)
#define i64(...)   VECTOR_OF(wk_int64, __VA_ARGS__)
#define i32(...)   VECTOR_OF(wk_int32, __VA_ARGS__)
#define u8(...)    VECTOR_OF(wk_uint8, __VA_ARGS__)
#define truth(...) VECTOR_OF(wk_bool, __VA_ARGS__)

/* ---- assertions ------------------------------------------------------------------------------------- */

/* The same numbers in the same order, within PyTorch's tolerance of the dtype; NaN equals NaN. */
void expect_values(wk_Tensor *tensor, int64_t count, const double *values, const char *file, int line);
#define EXPECT_VALUES(tensor, ...) \
    expect_values(tensor, VALUE_COUNT(__VA_ARGS__), (double[]){__VA_ARGS__}, __FILE__, __LINE__)

/* The same of that dtype. */
#define EXPECT_TYPED(tensor, dtype, ...)              \
    do {                                              \
        wk_Tensor *typed_ = (tensor);                 \
        EXPECT_VALUES(typed_, __VA_ARGS__);           \
        assert_int_equal(wk_dtype_of(typed_), dtype); \
    } while (0)

void expect_shape(wk_Tensor *tensor, int ndim, const int64_t *dims, const char *file, int line);
#define EXPECT_SHAPE(tensor, ...) expect_shape(tensor, WK_SHAPE(__VA_ARGS__), __FILE__, __LINE__)
#define EXPECT_SCALAR(tensor)     expect_shape(tensor, 0, NULL, __FILE__, __LINE__)

/* What made the tensor is the graph node of that name. */
void expect_node(wk_Tensor *tensor, const char *name, const char *call, const char *file, int line);
#define EXPECT_NODE(tensor, name) expect_node(tensor, name, #tensor, __FILE__, __LINE__)

/* The call yields NULL or false, with an error of that kind whose message contains the text. Forgets the error. */
void expect_error(bool failed, wk_ErrorKind kind, const char *text, const char *call, const char *file,
                  int line);
#define EXPECT_ERROR(call, kind, text)                                \
    do {                                                              \
        wk_clear_error();                                             \
        expect_error(!(call), kind, text, #call, __FILE__, __LINE__); \
    } while (0)

/* The call succeeds; its message is shown if not. */
void expect_success(bool done, const char *call, const char *file, int line);
#define EXPECT_TRUE(call) expect_success((call), #call, __FILE__, __LINE__)

/* ---- memory ----------------------------------------------------------------------------------------- */

int scope_setup(void **state);
int scope_teardown(void **state);
#define TENSOR_TEST(test) cmocka_unit_test_setup_teardown(test, scope_setup, scope_teardown)

/* Runs the function with its first allocation failing, then its second, and so on until none fails; once with only that one
 * failing and once with all that follow. Each time it must return NULL with WK_ERROR_MEMORY, leave no memory behind, and give
 * the same tensor as ever when it is called again. Returns how many allocations it made. */
int expect_survives_failing_allocations(wk_Tensor *(*run)(void *user), void *user);

/* The memory that the process has from the system now. */
size_t resident_kilobytes(void);

#endif
