/* Reductions and softmax against plain loops in long double, and the same bits for 1 to 4 threads. */
#include "kernels/kernels_test.h"

static const int64_t shapes[][3] = {{1, 1, 1},     {1, 77, 1},   {5, 3, 1},    {1, 3, 7},    {3, 130, 67},
                                    {2, 0, 3},     {0, 4, 2},    {4, 1000, 1}, {1, 5000, 3}, {1, 300000, 1},
                                    {1, 40000, 5}, {700, 10, 1}, {2, 17, 200}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static void sums_and_products(void **state)
{
    (void)state;
    FOR_EACH_ISA(k)
    for (int s = 0; s < SHAPES; s++)
        for (wk_dtype dtype = wk_float32; dtype <= wk_bool; dtype++) {
            const int64_t outer = shapes[s][0], n = shapes[s][1], inner = shapes[s][2],
                          results = outer * inner;
            const bool floating = dtype <= wk_float64;
            const wk_dtype type = floating ? dtype : wk_int64;
            void *in = test_array(outer * n * inner, dtype), *sum = test_array(results, type),
                 *prod = test_array(results, type);
            test_fill(in, dtype, outer * n * inner, !floating);
            assert_true(k->sum[dtype](outer, n, inner, in, sum));
            assert_true(k->prod[dtype](outer, n, inner, in, prod));
            for (int64_t r = 0; r < results; r++) {
                long double total = 0, size = 0;
                double product = 1;
                uint64_t wrapped = 1;
                for (int64_t i = 0; i < n; i++) {
                    double v = test_get(in, dtype, (r / inner * n + i) * inner + r % inner);
                    total += v, size += fabs(v), product *= v, wrapped *= (uint64_t)(int64_t)v;
                }
                ASSERT_NEAR(test_get(sum, type, r), (double)total,
                            floating ? 8 * test_epsilon(dtype) * (double)size + 1e-300 : 0,
                            "%s sum of shape %d dtype %d", k->isa, s, dtype);
                if (!floating)
                    assert_true(((int64_t *)prod)[r] == (int64_t)wrapped);
                else if (n <= 130)
                    ASSERT_NEAR(test_get(prod, type, r), product,
                                (double)(n + 1) * test_epsilon(dtype) * fabs(product) + 1e-38,
                                "%s prod of shape %d", k->isa, s);
            }
            free(in), free(sum), free(prod);
        }
}

static void a_long_sum_is_accurate(void **state)
{
    (void)state;
    enum { N = 10000000 };
    float *in = malloc(N * sizeof(float)), sum;
    for (int i = 0; i < N; i++)
        in[i] = 0.1f;
    FOR_EACH_ISA(k)
    {
        assert_true(k->sum[wk_float32](1, N, 1, in, &sum));
        ASSERT_NEAR(sum, 1000000.0149011612, 0.0625, "%s", k->isa);
        assert_true(k->sum[wk_float32](1, N / 8, 8, in, (float[8]){0}));
    }
    free(in);
}

static void extremes(void **state)
{
    (void)state;
    FOR_EACH_ISA(k)
    for (int s = 0; s < SHAPES; s++)
        for (wk_dtype dtype = wk_float32; dtype <= wk_bool; dtype++)
            for (int nan = 0; nan < (dtype <= wk_float64 ? 2 : 1); nan++) {
                const int64_t outer = shapes[s][0], n = shapes[s][1], inner = shapes[s][2],
                              results = outer * inner;
                if (n == 0)
                    continue;
                void *in = test_array(outer * n * inner, dtype), *most = test_array(results, dtype),
                     *least = test_array(results, dtype);
                int64_t *most_at = test_array(results, wk_int64), *least_at = test_array(results, wk_int64);
                test_fill(in, dtype, outer * n * inner, true); /* many ties */
                for (int64_t i = 0; nan && i < outer * n * inner; i += 7 + (int64_t)(test_random() % 50)) {
                    if (dtype == wk_float32)
                        ((float *)in)[i] = NAN;
                    else
                        ((double *)in)[i] = NAN;
                }
                assert_true(k->max[dtype](outer, n, inner, in, most, most_at));
                assert_true(k->min[dtype](outer, n, inner, in, least, NULL));
                assert_true(k->min[dtype](outer, n, inner, in, NULL, least_at));
                for (int64_t r = 0; r < results; r++) {
                    int64_t high = 0, low = 0;
                    double top = test_get(in, dtype, r / inner * n * inner + r % inner), bottom = top;
                    for (int64_t i = 1; i < n; i++) {
                        double v = test_get(in, dtype, (r / inner * n + i) * inner + r % inner);
                        if (v > top || (v != v && top == top))
                            top = v, high = i;
                        if (v < bottom || (v != v && bottom == bottom))
                            bottom = v, low = i;
                    }
                    assert_true(test_same(test_get(most, dtype, r), top) &&
                                test_same(test_get(least, dtype, r), bottom));
                    assert_int_equal(most_at[r], high);
                    assert_int_equal(least_at[r], low);
                }
                free(in), free(most), free(least), free(most_at), free(least_at);
            }
}

static void any_and_all(void **state)
{
    (void)state;
    FOR_EACH_ISA(k)
    for (int s = 0; s < SHAPES; s++)
        for (wk_dtype dtype = wk_float32; dtype <= wk_bool; dtype++)
            for (int fill = 0; fill < 3; fill++) {
                const int64_t outer = shapes[s][0], n = shapes[s][1], inner = shapes[s][2],
                              results = outer * inner;
                void *in = test_array(outer * n * inner, dtype);
                uint8_t *any = test_array(results, wk_bool), *all = test_array(results, wk_bool);
                if (fill == 1)
                    test_fill(in, dtype, outer * n * inner, true);
                for (int64_t i = 0; fill == 2 && i < outer * n * inner; i++)
                    memset((char *)in + (size_t)i * test_bytes(dtype), i % 31 != 30, 1);
                k->any[dtype](outer, n, inner, in, any);
                k->all[dtype](outer, n, inner, in, all);
                for (int64_t r = 0; r < results; r++) {
                    bool some = false, every = true;
                    for (int64_t i = 0; i < n; i++) {
                        bool v = test_get(in, dtype, (r / inner * n + i) * inner + r % inner) != 0;
                        some |= v, every &= v;
                    }
                    assert_true(any[r] == some && all[r] == every);
                }
                free(in), free(any), free(all);
            }
}

/* One row of a softmax and its gradient in long double. */
static void softmax_reference(const void *x, const void *g, wk_dtype dtype, int64_t at, int64_t n,
                              int64_t step, bool logarithm, long double *y, long double *gx)
{
    long double most = -INFINITY, sum = 0, dot = 0;
    for (int64_t i = 0; i < n; i++)
        most = fmaxl(most, test_get(x, dtype, at + i * step));
    for (int64_t i = 0; i < n; i++)
        sum += expl(test_get(x, dtype, at + i * step) - most);
    for (int64_t i = 0; i < n; i++) {
        y[i] = test_get(x, dtype, at + i * step) - most;
        y[i] = logarithm ? y[i] - logl(sum) : expl(y[i]) / sum;
        dot += test_get(g, dtype, at + i * step) * (logarithm ? 1 : y[i]);
    }
    for (int64_t i = 0; i < n; i++) {
        long double v = test_get(g, dtype, at + i * step);
        gx[i] = logarithm ? v - expl(y[i]) * dot : y[i] * (v - dot);
    }
}

static void softmaxes(void **state)
{
    (void)state;
    FOR_EACH_ISA(k)
    for (int s = 0; s < SHAPES; s++)
        for (wk_dtype dtype = wk_float32; dtype <= wk_float64; dtype++)
            for (int logarithm = 0; logarithm < 2; logarithm++) {
                const int64_t outer = shapes[s][0], n = shapes[s][1], inner = shapes[s][2],
                              total = outer * n * inner;
                void *x = test_array(total, dtype), *g = test_array(total, dtype),
                     *y = test_array(total, dtype);
                void *gx = test_array(total, dtype);
                long double *want = malloc((size_t)(n + 1) * sizeof *want),
                            *want_gx = malloc((size_t)(n + 1) * sizeof *want);
                test_fill(x, dtype, total, false);
                test_fill(g, dtype, total, false);
                (logarithm ? k->log_softmax : k->softmax)[dtype](outer, n, inner, x, y);
                (logarithm ? k->log_softmax_backward : k->softmax_backward)[dtype](outer, n, inner, g, y, gx);
                for (int64_t r = 0; r < outer * inner; r++) {
                    const int64_t at = r / inner * n * inner + r % inner;
                    softmax_reference(x, g, dtype, at, n, inner, logarithm, want, want_gx);
                    for (int64_t i = 0; i < n; i++) {
                        const double eps =
                            test_epsilon(dtype); /* sums are double: in double they err with sqrt(n) */
                        const double share = dtype == wk_float32 ? 24 : 24 + 2 * sqrt((double)n);
                        ASSERT_NEAR(test_get(y, dtype, at + i * inner), (double)want[i],
                                    share * eps * fabs((double)want[i]) + 4 * eps * logarithm,
                                    "%s softmax %d shape %d", k->isa, logarithm, s);
                        ASSERT_NEAR(test_get(gx, dtype, at + i * inner), (double)want_gx[i],
                                    64 * eps * (2 + fabs((double)want_gx[i])),
                                    "%s softmax gradient %d shape %d", k->isa, logarithm, s);
                    }
                }
                free(x), free(g), free(y), free(gx), free(want), free(want_gx);
            }
}

static void softmax_edges(void **state)
{
    (void)state;
    const float in[][3] = {{1e4f, 0, -1e4f},
                           {-INFINITY, 0, -INFINITY},
                           {-INFINITY, -INFINITY, -INFINITY},
                           {INFINITY, 0, 0},
                           {NAN, 0, 1}};
    const float soft[][3] = {{1, 0, 0}, {0, 1, 0}, {NAN, NAN, NAN}, {NAN, 0, 0}, {NAN, NAN, NAN}};
    FOR_EACH_ISA(k)
    for (int e = 0; e < 5; e++) {
        float y[3], wide[3][2] = {{0}}, g[3] = {1, 1, 1}, gx[3];
        k->softmax[wk_float32](1, 3, 1, in[e], y);
        for (int i = 0; i < 3; i++)
            if (e != 3)
                assert_true(test_same(y[i], soft[e][i]));
        for (int i = 0; i < 3; i++)
            wide[i][0] = wide[i][1] = in[e][i];
        k->softmax[wk_float32](1, 3, 2, wide, wide);
        for (int i = 0; i < 3; i++)
            assert_true(test_same(wide[i][1], y[i]));
        if (e == 0) {
            k->log_softmax[wk_float32](1, 3, 1, in[e], y);
            assert_true(y[0] == 0 && y[1] == -1e4f && y[2] == -2e4f);
            k->log_softmax_backward[wk_float32](1, 3, 1, g, y, gx);
            assert_true(gx[0] == -2 && gx[1] == 1 && gx[2] == 1);
        }
        if (e == 3) /* inf - inf */
            assert_true(isnan(y[0]) && isnan(y[1]) == isnan(wide[1][1]));
    }
}

static void threads_do_not_matter(void **state)
{
    (void)state;
    enum { N = 400000 };
    float *in = malloc(N * sizeof(float)), *one = malloc(N * sizeof(float)),
          *many = malloc(N * sizeof(float));
    test_fill(in, wk_float32, N, false);
    FOR_EACH_ISA(k)
    for (int64_t inner = 1; inner <= 100; inner += 33) {
        memset(one, 0, N * sizeof(float));
        memset(many, 0, N * sizeof(float));
        for (int threads = 1; threads <= 4; threads++) {
            wk_set_num_threads(threads);
            float *out = threads == 1 ? one : many;
            k->sum[wk_float32](1, N / inner, inner, in, out);
            k->softmax[wk_float32](N / 1000 / inner, 900, inner, in, out + 100);
            assert_memory_equal(threads == 1 ? one : many, one, N * sizeof(float));
        }
    }
    wk_set_num_threads(2);
    free(in), free(one), free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_and_products),
        cmocka_unit_test(a_long_sum_is_accurate),
        cmocka_unit_test(extremes),
        cmocka_unit_test(any_and_all),
        cmocka_unit_test(softmaxes),
        cmocka_unit_test(softmax_edges),
        cmocka_unit_test(threads_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
