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

typedef struct Product {
    wk_dtype dtype;
    int64_t m, n, k, batch;
    Layout a, b, c;
    double alpha, beta;
    bool bias, whole; /* whole numbers, whose products are exact */
} Product;

/* What C should hold at each place, and how far it may be from that. */
static void reference(const Product *p, const void *x, const void *y, const void *old, const void *v,
                      double *want, double *bound)
{
    const int64_t as = span(p->a, p->m, p->k), cs = span(p->c, p->m, p->n);
    double *row = calloc((size_t)p->k + 1, sizeof(double));
    for (int64_t t = 0; t < p->batch; t++)
        for (int64_t i = 0; i < p->m; i++) {
            for (int64_t q = 0; q < p->k; q++)
                row[q] = test_get(x, p->dtype, t * as + i * p->a.row + q * p->a.col);
            for (int64_t j = 0; j < p->n; j++) {
                long double sum = 0, size = 0;
                for (int64_t q = 0; q < p->k; q++) {
                    const long double term =
                        (long double)row[q] * test_get(y, p->dtype, q * p->b.row + j * p->b.col);
                    sum += term, size += fabsl(term);
                }
                const int64_t at = t * cs + i * p->c.row + j * p->c.col;
                sum = p->alpha * sum + (p->beta ? p->beta * test_get(old, p->dtype, at) : 0) +
                      (p->bias ? test_get(v, p->dtype, j) : 0);
                want[at] = p->dtype == wk_uint8 ? (uint8_t)(int64_t)sum : (double)sum;
                bound[at] = p->whole ? 0
                                     : 4 * test_epsilon(p->dtype) *
                                           (sqrt((double)p->k) * fabs(p->alpha) * (double)size + 8);
            }
        }
    free(row);
}

/* Every instruction set against the reference; the places between C's elements must not be touched. */
static void check(Product p)
{
    const int64_t as = span(p.a, p.m, p.k), bs = span(p.b, p.k, p.n), cs = span(p.c, p.m, p.n),
                  count = cs * p.batch;
    void *x = test_array(as * p.batch, p.dtype), *y = test_array(bs, p.dtype),
         *z = test_array(count, p.dtype);
    void *old = test_array(count, p.dtype), *v = test_array(p.n, p.dtype);
    double *want = calloc((size_t)count + 1, sizeof(double)),
           *bound = calloc((size_t)count + 1, sizeof(double));
    test_fill(x, p.dtype, as * p.batch, p.whole);
    test_fill(y, p.dtype, bs, p.whole);
    test_fill(old, p.dtype, count, p.whole);
    test_fill(v, p.dtype, p.n, p.whole);
    if (p.beta == 0 && p.dtype == wk_float32) /* must not be read */
        for (int64_t i = 0; i < count; i++)
            ((float *)old)[i] = NAN;
    for (int64_t i = 0; i < count; i++)
        want[i] = test_get(old, p.dtype, i);
    reference(&p, x, y, old, v, want, bound);
    FOR_EACH_ISA(k)
    {
        memcpy(z, old, (size_t)count * test_bytes(p.dtype));
        const wk_Gemm g = {.batch = p.batch,
                           .m = p.m,
                           .n = p.n,
                           .k = p.k,
                           .a = {x, p.a.row, p.a.col, as},
                           .b = {y, p.b.row, p.b.col, 0},
                           .c = {z, p.c.row, p.c.col, cs},
                           .alpha = p.alpha,
                           .beta = p.beta,
                           .bias = p.bias ? v : NULL};
        assert_true(k->gemm[p.dtype](&g));
        for (int64_t i = 0; i < count; i++)
            ASSERT_NEAR(test_get(z, p.dtype, i), want[i], bound[i],
                        "%s dtype %d %dx%dx%d strides %d,%d %d,%d %d,%d alpha %g beta %g at %d", k->isa,
                        p.dtype, (int)p.m, (int)p.n, (int)p.k, (int)p.a.row, (int)p.a.col, (int)p.b.row,
                        (int)p.b.col, (int)p.c.row, (int)p.c.col, p.alpha, p.beta, (int)i);
    }
    free(x), free(y), free(z), free(old), free(v), free(want), free(bound);
}

/* kinds: the layouts of A, B and C as digits in base 3. */
static void check_kinds(wk_dtype dtype, int64_t m, int64_t n, int64_t k, int kinds, double alpha, double beta,
                        bool bias, bool whole)
{
    check((Product){dtype, m, n, k, kinds % 2 + 1, layout(kinds % 3, m, k), layout(kinds / 3 % 3, k, n),
                    layout(kinds / 9, m, n), alpha, beta, bias, whole});
}

static void all_sizes_and_layouts(void **state)
{
    (void)state;
    const int64_t sizes[][3] = {{1, 1, 1},      {3, 5, 7},    {14, 32, 16},  {15, 33, 17}, {6, 25, 1},
                                {1, 120, 400},  {64, 10, 84}, {29, 97, 300}, {2, 200, 3},  {200, 2, 3},
                                {113, 129, 65}, {0, 3, 4},    {3, 0, 4},     {4, 5, 0}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const int64_t m = sizes[s][0], n = sizes[s][1], k = sizes[s][2];
        const int step = m * n * k > 100000 ? 5 : 1; /* five is prime to the digits' base */
        for (int kinds = 0; kinds < 27; kinds += step) {
            check_kinds(wk_float32, m, n, k, kinds, 1, 0, kinds % 2, true);
            check_kinds(wk_float64, m, n, k, kinds, 1, 0, kinds % 2, true);
            if (s % 3 == 0) {
                check_kinds(wk_float32, m, n, k, kinds, 0.5, 2, true, false);
                check_kinds(wk_float64, m, n, k, kinds, -1, 1, false, false);
            }
            if (s % 3 == 1)
                for (wk_dtype dtype = wk_int64; dtype <= wk_uint8; dtype++)
                    check_kinds(dtype, m, n, k, kinds, 2, 1, true, true);
        }
    }
}

/* Every number of rows and columns around the tiles, so that every tile and every cut of a vector runs. */
static void all_tiles(void **state)
{
    (void)state;
    for (int64_t m = 1; m <= 30; m++)
        for (int64_t n = 1; n <= 70; n += 1 + (m % 3 != 0) * (1 + n % 4)) {
            Product p = {wk_float32, m, n, 5, 1, {5, 1}, {n, 1}, {n, 1}, 1, (double)(m % 2), n % 2, true};
            check(p);
            p.dtype = wk_float64;
            check(p);
            p.c = (Layout){1, m}; /* across */
            check(p);
        }
}

/* What a linear layer and its gradients ask for, x in rows or, as a convolution with the batch last leaves it, in columns. */
static void linear_layers(void **state)
{
    (void)state;
    const int64_t sizes[][3] = {{64, 400, 120}, {64, 120, 84}, {64, 84, 10},  {1, 400, 120},
                                {2, 400, 120},  {7, 84, 10},   {16, 150, 100}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int columns = 0; columns < 2; columns++) {
            const int64_t batch = sizes[s][0], in = sizes[s][1], out = sizes[s][2];
            const Layout x = columns ? (Layout){1, batch} : (Layout){in, 1}, x_turned = {x.col, x.row};
            check((Product){wk_float32, batch, out, in, 1, x, {1, in}, {out, 1}, 1, 0, true, true});
            check((Product){wk_float32, batch, in, out, 1, {out, 1}, {in, 1}, x, 1, 0, false, true});
            check((Product){wk_float32, out, in, batch, 1, {1, out}, x, {in, 1}, 1, 1, false, true});
            check((Product){wk_float32, in, out, batch, 1, x_turned, {out, 1}, {1, in}, 1, 0, false, false});
        }
}

static void large_ones(void **state)
{
    (void)state;
    check_kinds(wk_float32, 70, 1100, 600, 0, 1, 0, true, true);
    check_kinds(wk_float32, 300, 140, 300, 4, 1, 1, false, false);
    check_kinds(wk_float64, 190, 210, 270, 3, 1, 0, true, false);
    check_kinds(wk_float32, 1, 1030, 1030, 0, 1, 0, true, true);
    check_kinds(wk_float32, 1030, 1, 515, 0, 1, 0, true, true);
    check_kinds(wk_float32, 130, 64, 256, 0, 1, 0, false, true); /* rows of B that crowd the cache */
}

static void threads_do_not_matter(void **state)
{
    (void)state;
    enum {
        M = 150,
        N = 210,
        K = 310,
        BATCH = 5
    }; /* one product is large enough for threads, five of few rows together */
    float *a = malloc(BATCH * M * K * sizeof(float)), *b = malloc(K * N * sizeof(float));
    float *one = calloc(BATCH * M * N, sizeof(float)), *many = calloc(BATCH * M * N, sizeof(float));
    test_fill(a, wk_float32, BATCH * M * K, false);
    test_fill(b, wk_float32, K * N, false);
    FOR_EACH_ISA(k)
    for (int size = 1; size <= 2; size++)
        for (int threads = 1; threads <= 4; threads++) {
            wk_set_num_threads(threads);
            const int64_t m = size == 1 ? 20 : M;
            const wk_Gemm g = {.batch = BATCH,
                               .m = m,
                               .n = N,
                               .k = K,
                               .a = {a, K, 1, M * K},
                               .b = {b, N, 1, 0},
                               .c = {threads == 1 ? one : many, N, 1, M * N},
                               .alpha = 1};
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
    const wk_Gemm g = {
        .m = 8, .n = 8, .k = 8, .a = {x, 8, 1, 0}, .b = {y, 8, 1, 0}, .c = {z, 8, 1, 0}, .alpha = 1};
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
        cmocka_unit_test(all_sizes_and_layouts), cmocka_unit_test(all_tiles),
        cmocka_unit_test(linear_layers),         cmocka_unit_test(large_ones),
        cmocka_unit_test(threads_do_not_matter), cmocka_unit_test(memory_may_be_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
