/* Convolutions over many samples leave their result with the batch innermost in memory; nothing but strides
 * may tell. Whole numbers, so that float in that order and double in the usual one must agree exactly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka asks for the four above */
#include <cmocka.h>

#include "core/order.h"
#include "wick/wick.h"

typedef wk_Tensor *(*Network)(wk_Tensor *x, wk_Tensor *w, wk_Tensor *b);

static wk_Tensor *plain(wk_Tensor *x, wk_Tensor *w, wk_Tensor *b)
{
    return wk_conv2d(x, w, b);
}
static wk_Tensor *padded(wk_Tensor *x, wk_Tensor *w, wk_Tensor *b)
{
    return wk_conv2d(x, w, b, .padding = 1);
}
static wk_Tensor *pooled(wk_Tensor *x, wk_Tensor *w, wk_Tensor *b)
{
    return wk_max_pool2d(wk_relu(wk_conv2d(x, w, b)), 2);
}
static wk_Tensor *overlapping(wk_Tensor *x, wk_Tensor *w, wk_Tensor *b)
{
    return wk_max_pool2d(wk_conv2d(x, w, b, .padding = 1), 3, .stride = 2, .padding = 1, .ceil_mode = true);
}
static wk_Tensor *averaged(wk_Tensor *x, wk_Tensor *w, wk_Tensor *b)
{
    return wk_avg_pool2d(wk_conv2d(x, w, b), 2);
}
static wk_Tensor *twice(wk_Tensor *x, wk_Tensor *w, wk_Tensor *b)
{
    return wk_conv2d(wk_max_pool2d(wk_conv2d(x, w, b, .padding = 2), 2), w, b, .padding = 1);
}
static wk_Tensor *pointwise(wk_Tensor *x, wk_Tensor *w, wk_Tensor *b)
{
    wk_Tensor *middle = wk_select(wk_select(w, 3, 1), 2, 1);
    return wk_conv2d(wk_conv2d(x, w, b), wk_reshape(middle, 3, 3, 1, 1), b);
}
static wk_Tensor *pointwise_of_usual(wk_Tensor *x, wk_Tensor *w, wk_Tensor *b)
{
    return wk_conv2d(wk_conv2d(x, wk_reshape(wk_select(wk_select(w, 3, 1), 2, 0), 3, 3, 1, 1), b), w, b);
}
static wk_Tensor *flattened(wk_Tensor *x, wk_Tensor *w, wk_Tensor *b)
{
    wk_Tensor *y = wk_conv2d(x, w, b);
    return wk_view(y, wk_size(y, 0), -1);
}
static wk_Tensor *joined(wk_Tensor *x, wk_Tensor *w, wk_Tensor *b)
{
    wk_Tensor *y = wk_conv2d(x, w, b, .padding = 1);
    return wk_cat(wk_list(y, wk_mul(y, 2), x), 1);
}
static wk_Tensor *transposed(wk_Tensor *x, wk_Tensor *w, wk_Tensor *b)
{
    return wk_reshape(wk_transpose(wk_conv2d(x, w, b), 1, 3), -1, 2);
}

static const Network networks[] = {plain,     padded, pooled,    overlapping,
                                   averaged,  twice,  pointwise, pointwise_of_usual,
                                   flattened, joined, transposed};
enum { NETWORKS = sizeof networks / sizeof *networks, RESULTS = 7 };

static wk_Tensor *whole(wk_dtype dtype, int64_t n, int64_t c, int64_t h, int64_t w)
{
    return wk_requires_grad_(wk_to_dtype(wk_randint(-2, 3, n, c, h, w), dtype));
}

/* The value, its gradients and those of their sum of squares, of x, w and b. */
static bool results(Network network, wk_dtype dtype, int64_t n, wk_Tensor *r[RESULTS])
{
    wk_manual_seed(7);
    wk_Tensor *x = whole(dtype, n, 3, 9, 8), *w = whole(dtype, 3, 3, 3, 3);
    wk_Tensor *b = wk_requires_grad_(wk_to_dtype(wk_randint(-2, 3, 3), dtype));
    r[0] = network(x, w, b);
    wk_Tensor *v = r[0] ? wk_to_dtype(wk_randint_shape(-2, 3, wk_ndim(r[0]), wk_shape(r[0])), dtype) : NULL;
    if (!v ||
        !wk_grads(r + 1, wk_list(r[0]), wk_list(x, w, b), .grad_outputs = wk_list(v), .create_graph = true))
        return false;
    wk_Tensor *squares = wk_add(wk_sum(wk_mul(r[1], r[1])), wk_sum(wk_mul(r[2], r[2])));
    return wk_grads(r + 4, wk_list(squares), wk_list(x, w, b), .allow_unused = true,
                    .materialize_grads = true);
}

static void values_and_gradients_are_those_of_the_usual_order(void **state)
{
    (void)state;
    for (int64_t n = 1; n <= 37; n += 12)
        for (int i = 0; i < NETWORKS; i++) {
            wk_Scope scope = wk_scope_begin();
            wk_Tensor *got[RESULTS], *want[RESULTS];
            if (!results(networks[i], wk_float32, n, got) || !results(networks[i], wk_float64, n, want))
                fail_msg("network %d, n %d: %s", i, (int)n, wk_error());
            for (int k = 0; k < RESULTS; k++)
                if (!wk_equal(wk_to_dtype(got[k], wk_float64), want[k]))
                    fail_msg("network %d, n %d: result %d differs", i, (int)n, k);
            wk_scope_end(scope);
        }
}

static void gradients_of_a_plain_backward_too(void **state)
{
    (void)state;
    for (int64_t n = 1; n <= 37; n += 12)
        for (int i = 0; i < NETWORKS; i++) {
            wk_Scope scope = wk_scope_begin();
            wk_Tensor *grads[2][3];
            for (int d = 0; d < 2; d++) {
                const wk_dtype dtype = d ? wk_float64 : wk_float32;
                wk_manual_seed(9);
                wk_Tensor *x = whole(dtype, n, 3, 9, 8), *w = whole(dtype, 3, 3, 3, 3);
                wk_Tensor *b = wk_requires_grad_(wk_to_dtype(wk_randint(-2, 3, 3), dtype));
                wk_Tensor *y = networks[i](x, w, b);
                assert_true(
                    wk_backward(y, wk_to_dtype(wk_randint_shape(-2, 3, wk_ndim(y), wk_shape(y)), dtype)));
                grads[d][0] = wk_grad_of(x), grads[d][1] = wk_grad_of(w), grads[d][2] = wk_grad_of(b);
                for (int k = 0; k < 3; k++)
                    grads[d][k] = wk_clone(grads[d][k]);
            }
            for (int k = 0; k < 3; k++)
                assert_true(wk_equal(wk_to_dtype(grads[0][k], wk_float64), grads[1][k]));
            wk_scope_end(scope);
        }
}

static void it_prints_views_and_copies_as_any_other(void **state)
{
    (void)state;
    wk_Scope scope = wk_scope_begin();
    wk_manual_seed(3);
    wk_Tensor *x = wk_to_dtype(wk_randint(-2, 3, 16, 2, 4, 4), wk_float32),
              *w = wk_to_dtype(wk_randint(-2, 3, 3, 2, 3, 3), wk_float32);
    wk_Tensor *y = wk_conv2d(x, w),
              *same =
                  wk_to_dtype(wk_conv2d(wk_to_dtype(x, wk_float64), wk_to_dtype(w, wk_float64)), wk_float32);
    assert_false(wk_has_rows(y)); /* or this test shows nothing */
    assert_true(wk_is_contiguous(same));
    char *text = wk_tensor_str(y), *want = wk_tensor_str(same);
    assert_string_equal(text, want);
    wk_str_free(text), wk_str_free(want);

    wk_Tensor *dense = wk_contiguous(y);
    assert_true(wk_is_contiguous(dense));
    assert_memory_equal(wk_data(dense, float), wk_data(same, float), (size_t)wk_numel(y) * sizeof(float));
    assert_true(wk_equal(wk_view(y, 16, 12), wk_view(same, 16, 12)));
    assert_true(wk_equal(wk_reshape(y, -1), wk_reshape(same, -1)));
    assert_true(wk_equal(wk_select(y, 0, 3), wk_select(same, 0, 3)));
    assert_true(wk_equal(wk_select(y, 1, 2), wk_select(same, 1, 2)));
    assert_true(wk_equal(wk_sum(y, wk_dims(1, 3)), wk_sum(same, wk_dims(1, 3))));
    for (int64_t i = 0; i < 16; i++)
        assert_true(wk_at(y, i, 1, 0, 1) == wk_at(same, i, 1, 0, 1));
    wk_scope_end(scope);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_gradients_are_those_of_the_usual_order),
        cmocka_unit_test(gradients_of_a_plain_backward_too),
        cmocka_unit_test(it_prints_views_and_copies_as_any_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
