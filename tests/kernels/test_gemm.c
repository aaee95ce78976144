/* Matrix products against long double: sizes around the tiles, every layout, alpha, beta and bias, batches, threads. */
#include "kernels/kernels_test.h"

typedef struct Layout {
    int64_t row, col;
} Layout;

/* Strides for a [rows, cols] matrix: in rows, in columns, or spread with gaps. */
static Layout layout(int kind, int64_t rows, int64_t cols)
{
    return kind == 0 ? (Layout){cols, 1} : kind == 1 ? (Layout){1, rows} : (Layout){2 * cols + 1, 2};
}

static int64_t span(Layout l, int64_t rows, int64_t cols)
{
    return rows && cols ? (rows - 1) * l.row + (cols - 1) * l.col + 1 : 1;
}

static void check(const wk_Kernels *k, wk_dtype dtype, int64_t m, int64_t n, int64_t depth, int kinds, double alpha, double beta, bool bias,
                  bool whole)
{
    const Layout a = layout(kinds % 3, m, depth), b = layout(kinds / 3 % 3, depth, n), c = layout(kinds / 9, m, n);
    const int64_t batch = kinds % 2 + 1, as = span(a, m, depth), bs = span(b, depth, n), cs = span(c, m, n);
    void *x = test_array(as * batch, dtype), *y = test_array(bs, dtype), *z = test_array(cs * batch, dtype);
    void *old = test_array(cs * batch, dtype), *v = test_array(n, dtype);
    test_fill(x, dtype, as * batch, whole);
    test_fill(y, dtype, bs, whole);
    test_fill(z, dtype, cs * batch, whole);
    test_fill(v, dtype, n, whole);
    if (beta == 0 && dtype == wk_float32) /* must not be read */
        for (int64_t i = 0; i < cs * batch; i++)
            ((float *)z)[i] = NAN;
    memcpy(old, z, (size_t)(cs * batch) * test_bytes(dtype));
    const wk_Gemm g = {.batch = batch, .m = m, .n = n, .k = depth, .a = {x, a.row, a.col, as}, .b = {y, b.row, b.col, 0},
                       .c = {z, c.row, c.col, cs}, .alpha = alpha, .beta = beta, .bias = bias ? v : NULL};
    assert_true(k->gemm[dtype](&g));
    for (int64_t t = 0; t < batch; t++)
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < n; j++) {
                long double sum = 0, size = 0;
                for (int64_t p = 0; p < depth; p++) {
                    long double term = (long double)test_get(x, dtype, t * as + i * a.row + p * a.col) *
                                       test_get(y, dtype, p * b.row + j * b.col);
                    sum += term, size += fabsl(term);
                }
                const int64_t at = t * cs + i * c.row + j * c.col;
                sum = alpha * sum + (beta ? beta * test_get(old, dtype, at) : 0) + (bias ? test_get(v, dtype, j) : 0);
                double bound = whole ? 0 : 4 * test_epsilon(dtype) * (sqrt((double)depth) * fabs(alpha) * (double)size + 8);
                if (dtype == wk_uint8)
                    sum = (uint8_t)(int64_t)sum;
                ASSERT_NEAR(test_get(z, dtype, at), (double)sum, bound, "%s dtype %d %dx%dx%d kinds %d alpha %g beta %g at %d,%d", k->isa, dtype,
                            (int)m, (int)n, (int)depth, kinds, alpha, beta, (int)i, (int)j);
            }
    free(x), free(y), free(z), free(old), free(v);
}

static void all_sizes_and_layouts(void **state)
{
    (void)state;
    const int64_t sizes[][3] = {{1, 1, 1},   {3, 5, 7},    {14, 32, 16},  {15, 33, 17}, {6, 25, 1}, {1, 120, 400}, {64, 10, 84}, {29, 97, 300},
                                {2, 200, 3}, {200, 2, 3}, {113, 129, 65}, {0, 3, 4},    {3, 0, 4},  {4, 5, 0}};
    FOR_EACH_ISA(k)
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int kinds = 0; kinds < 27; kinds++) {
            check(k, wk_float32, sizes[s][0], sizes[s][1], sizes[s][2], kinds, 1, 0, kinds % 2, true);
            check(k, wk_float64, sizes[s][0], sizes[s][1], sizes[s][2], kinds, 1, 0, kinds % 2, true);
            if (s % 3 == 0) {
                check(k, wk_float32, sizes[s][0], sizes[s][1], sizes[s][2], kinds, 0.5, 2, true, false);
                check(k, wk_float64, sizes[s][0], sizes[s][1], sizes[s][2], kinds, -1, 1, false, false);
            }
            if (s % 3 == 1)
                for (wk_dtype dtype = wk_int64; dtype <= wk_uint8; dtype++)
                    check(k, dtype, sizes[s][0], sizes[s][1], sizes[s][2], kinds, 2, 1, true, true);
        }
}

static void large_ones(void **state)
{
    (void)state;
    FOR_EACH_ISA(k)
    {
        check(k, wk_float32, 70, 1100, 600, 0, 1, 0, true, true);
        check(k, wk_float32, 1050, 40, 300, 4, 1, 1, false, false);
        check(k, wk_float64, 100, 90, 530, 3, 1, 0, true, false);
    }
}

static void threads_do_not_matter(void **state)
{
    (void)state;
    enum { M = 150, N = 210, K = 310, BATCH = 5 };
    float *a = malloc(BATCH * M * K * sizeof(float)), *b = malloc(K * N * sizeof(float));
    float *one = calloc(BATCH * M * N, sizeof(float)), *many = calloc(BATCH * M * N, sizeof(float));
    test_fill(a, wk_float32, BATCH * M * K, false);
    test_fill(b, wk_float32, K * N, false);
    FOR_EACH_ISA(k)
    for (int size = 1; size <= 2; size++)
        for (int threads = 1; threads <= 4; threads++) {
            wk_set_num_threads(threads);
            const int64_t m = size == 1 ? 20 : M;
            const wk_Gemm g = {.batch = BATCH, .m = m, .n = N, .k = K, .a = {a, K, 1, M * K}, .b = {b, N, 1, 0},
                               .c = {threads == 1 ? one : many, N, 1, M * N}, .alpha = 1};
            assert_true(k->gemm[wk_float32](&g));
            if (threads > 1)
                assert_memory_equal(one, many, BATCH * M * N * sizeof(float));
            if (threads == 4)
                memcpy(many, one, BATCH * M * N * sizeof(float));
        }
    wk_set_num_threads(2);
    free(a), free(b), free(one), free(many);
}

static bool refuse(size_t bytes, void *user)
{
    (void)bytes, (void)user;
    return false;
}

static void memory_may_be_short(void **state)
{
    (void)state;
    float x[64] = {0}, y[64] = {0}, z[64] = {0};
    const wk_Gemm g = {.m = 8, .n = 8, .k = 8, .a = {x, 8, 1, 0}, .b = {y, 8, 1, 0}, .c = {z, 8, 1, 0}, .alpha = 1};
    FOR_EACH_ISA(k)
    {
        wk_set_memory_hook(refuse, NULL);
        bool done = k->gemm[wk_float32](&g);
        wk_set_memory_hook(NULL, NULL);
        assert_true(done || wk_error_kind() == WK_ERROR_MEMORY);
        wk_clear_error();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_sizes_and_layouts),
        cmocka_unit_test(large_ones),
        cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(memory_may_be_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
