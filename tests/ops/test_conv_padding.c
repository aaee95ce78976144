/* Padding of convolutions: it is no part of a sum, so that it makes no NaN of an infinite factor, and costs nothing however much
 * there is. */
#include <time.h>

#include "support/check.h"

typedef struct Convolution {
    wk_dtype dtype;
    int64_t n, c, k, h, w, r, s;
    int64_t stride, padding, dilation, groups;
} Convolution;

/* Every way that a convolution goes: samples in the lanes and Winograd's, columns in the lanes, channels in the lanes, products of
 * matrices, groups. */
static const Convolution ways[] = {
    {wk_float32, 16, 8, 8, 12, 12, 3, 3, 1, 1, 1, 1}, {wk_float32, 17, 3, 6, 9, 10, 5, 5, 1, 2, 1, 1},
    {wk_float32, 5, 2, 3, 7, 7, 3, 3, 1, 2, 1, 1},    {wk_float32, 40, 20, 20, 6, 6, 3, 3, 1, 1, 1, 1},
    {wk_float32, 1, 3, 4, 9, 30, 3, 3, 1, 1, 1, 1},   {wk_float32, 1, 6, 16, 9, 10, 3, 3, 1, 1, 1, 1},
    {wk_float32, 2, 6, 4, 10, 33, 3, 5, 1, 2, 1, 2},  {wk_float32, 1, 3, 4, 9, 9, 3, 3, 2, 1, 1, 1},
    {wk_float32, 16, 3, 4, 9, 9, 3, 3, 1, 2, 2, 1},   {wk_float64, 1, 3, 4, 9, 9, 3, 3, 1, 1, 1, 1},
    {wk_float64, 16, 4, 4, 8, 8, 3, 3, 1, 1, 1, 2},   {wk_float32, 2, 2, 2, 4, 4, 3, 3, 1, 5, 1, 1},
};

enum { FACTORS = 3 };
typedef struct Tensors {
    wk_Tensor *at[FACTORS]; /* input, weight, gradient of the output */
} Tensors;

static Tensors tensors(const Convolution *c)
{
    const int64_t oh = (c->h + 2 * c->padding - c->dilation * (c->r - 1) - 1) / c->stride + 1,
                  ow = (c->w + 2 * c->padding - c->dilation * (c->s - 1) - 1) / c->stride + 1;
    return (Tensors){{wk_to_dtype(wk_randint(1, 4, c->n, c->c, c->h, c->w), c->dtype),
                      wk_to_dtype(wk_randint(1, 4, c->k, c->c / c->groups, c->r, c->s), c->dtype),
                      wk_to_dtype(wk_randint(1, 4, c->n, c->k, oh, ow), c->dtype)}};
}

/* The three results: output and both gradients. */
static Tensors results(const Convolution *c, Tensors t)
{
    wk_Tensor *x = wk_requires_grad_(wk_clone(t.at[0])), *w = wk_requires_grad_(wk_clone(t.at[1]));
    wk_Tensor *y = wk_conv2d(x, w, .stride = c->stride, .padding = c->padding ? c->padding : WK_ZERO,
                             .dilation = c->dilation, .groups = c->groups);
    EXPECT_TRUE(wk_backward(y, t.at[2]));
    return (Tensors){{wk_detach(y), wk_grad_of(x), wk_grad_of(w)}};
}

static int64_t count(wk_Tensor *mask)
{
    return wk_item_int64(wk_sum(mask));
}

/* All numbers are above zero: a result that meets the number is infinite, or NaN as the number is; no other. To find which do, the number
 * is 2^20 first, which no other sum reaches. */
static void expect_only_what_meets(const Convolution *c, Tensors t, int factor, int64_t at, double number)
{
    wk_Tensor *flat = wk_view(t.at[factor], -1), *place = wk_index(flat, at);
    wk_fill_(place, 1 << 20);
    const Tensors large = results(c, t);
    wk_fill_(place, number);
    const Tensors got = results(c, t);
    for (int i = 0; i < 3; i++) {
        wk_Tensor *meets = wk_ge(large.at[i], 1 << 20),
                  *bad = isnan(number) ? wk_ne(got.at[i], got.at[i]) : wk_eq(got.at[i], number);
        assert_int_equal(count(wk_ne(meets, bad)), 0);
        wk_Tensor *same = wk_le(wk_abs(wk_sub(got.at[i], large.at[i])), 0.5); /* tiles round */
        assert_int_equal(count(same) + count(meets), wk_numel(meets));
    }
}

static void padding_makes_no_nan(void **state)
{
    (void)state;
    wk_manual_seed(1);
    for (size_t i = 0; i < LENGTH(ways); i++)
        for (int factor = 0; factor < FACTORS; factor++)
            for (int k = 0; k < 3; k++) {
                const Tensors t = tensors(&ways[i]);
                const int64_t last = wk_numel(t.at[factor]) - 1;
                static const double numbers[] = {INFINITY, -INFINITY, NAN};
                expect_only_what_meets(&ways[i], t, factor,
                                       k == 0   ? 0
                                       : k == 1 ? last
                                                : last / 2,
                                       numbers[k]);
            }
}

/* Behind a pooling, whose gradient is not spread. */
static void padding_makes_no_nan_behind_pooling(void **state)
{
    (void)state;
    for (int64_t n = 1; n <= 40; n += 13) {
        wk_Tensor *x = wk_ones(n, 1, 6, 30), *w = wk_ones(8, 1, 3, 3);
        wk_fill_(wk_index(x, 0, 0, 0, 0), 100), wk_fill_(wk_index(w, 3, 0, 1, 1), 10); /* the corner wins */
        wk_requires_grad_(x), wk_requires_grad_(w);
        wk_Tensor *y = wk_max_pool2d(wk_relu(wk_conv2d(x, w, .padding = 1)), 2), *g = wk_ones_like(y);
        wk_fill_(wk_index(g, 0, 3, 0, 0), INFINITY);
        EXPECT_TRUE(wk_backward(y, g));
        wk_Tensor *gw = wk_grad_of(w);
        assert_int_equal(count(wk_ne(gw, gw)), 0);
        assert_int_equal(count(wk_eq(gw, INFINITY)), 4);
    }
}

static double seconds(void)
{
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Windows of 100,000 rows and as many outputs: 10^10 multiplications, of which 10^5 meet the input. */
static void padding_costs_nothing(void **state)
{
    (void)state;
    const double start = seconds();
    const int64_t rows = 100000;
    for (int i = 0; i < 6; i++) {
        const wk_dtype dtype = i % 2 ? wk_float64 : wk_float32;
        const int64_t n = i / 2 == 1 ? 4 : 1, columns = i / 2 == 2 ? 20 : 1;
        wk_Tensor *x = wk_requires_grad_(wk_to_dtype(wk_ones(n, 1, 1, columns), dtype)),
                  *w = wk_requires_grad_(wk_to_dtype(wk_ones(1, 1, rows, 1), dtype));
        wk_Tensor *y = wk_conv2d(x, w, .padding_hw = {rows - 1, WK_ZERO});
        EXPECT_SHAPE(y, n, 1, rows, columns);
        assert_true(wk_item(wk_all(wk_eq(y, 1))) == 1);
        EXPECT_TRUE(wk_backward(wk_sum(y)));
        assert_true(wk_item(wk_all(wk_eq(wk_grad_of(w), (double)(n * columns)))) == 1);
        assert_true(wk_item(wk_all(wk_eq(wk_grad_of(x), (double)rows))) == 1);
    }
    assert_true(seconds() - start < 30); /* the former way took minutes */
}

static void integers(void **state)
{
    (void)state;
    static const double want[] = {97, 17, 97, 17, 25, 17, 97, 17, 97}; /* of 256 */
    wk_Tensor *x = wk_full_shape(3, (const int64_t[]){1, 3, 3}, 200, wk_uint8),
              *w = wk_full_shape(4, (const int64_t[]){1, 1, 3, 3}, 3, wk_uint8), *b = u8(1);
    expect_values(wk_conv2d(x, w, b, .padding = 1), 9, want, __FILE__, __LINE__);
    EXPECT_VALUES(wk_conv2d(wk_view(i64(1, 2, 3, 4), 1, 1, 2, 2), wk_view(i64(5, -6), 1, 1, 1, 2)), -7, -9);
    EXPECT_VALUES(wk_conv2d(wk_view(i32(1, 2, 3, 4), 1, 1, 2, 2), wk_view(i32(5, -6), 1, 1, 2, 1), i32(100)),
                  87, 86);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(padding_makes_no_nan),
        TENSOR_TEST(padding_makes_no_nan_behind_pooling),
        TENSOR_TEST(padding_costs_nothing),
        TENSOR_TEST(integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
