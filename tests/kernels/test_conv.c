/* Convolutions and their gradients against seven plain loops: whole numbers must be exact, reals within a bound. */
#include "kernels/kernels_test.h"

static const wk_ConvShape shapes[] = {
    {.n = 3, .c = 1, .h = 32, .w = 32, .k = 6, .r = 5, .s = 5, .stride = {1, 1}, .dilation = {1, 1}, .groups = 1},
    {.n = 35, .c = 6, .h = 14, .w = 14, .k = 16, .r = 5, .s = 5, .stride = {1, 1}, .dilation = {1, 1}, .groups = 1},
    {.n = 2, .c = 3, .h = 9, .w = 11, .k = 4, .r = 3, .s = 2, .stride = {2, 3}, .padding = {1, 2}, .dilation = {1, 1}, .groups = 1},
    {.n = 2, .c = 4, .h = 10, .w = 9, .k = 6, .r = 3, .s = 3, .stride = {1, 2}, .padding = {2, 3}, .dilation = {2, 3}, .groups = 2},
    {.n = 1, .c = 5, .h = 7, .w = 8, .k = 5, .r = 3, .s = 3, .stride = {1, 1}, .padding = {1, 1}, .dilation = {1, 1}, .groups = 5},
    {.n = 17, .c = 3, .h = 5, .w = 6, .k = 7, .r = 1, .s = 1, .stride = {1, 1}, .dilation = {1, 1}, .groups = 1},
    {.n = 2, .c = 3, .h = 5, .w = 6, .k = 7, .r = 1, .s = 1, .stride = {2, 2}, .padding = {1, 0}, .dilation = {1, 1}, .groups = 1},
    {.n = 1, .c = 20, .h = 60, .w = 70, .k = 9, .r = 3, .s = 3, .stride = {1, 1}, .padding = {1, 1}, .dilation = {1, 1}, .groups = 1},
    {.n = 2, .c = 2, .h = 1, .w = 40, .k = 3, .r = 1, .s = 7, .stride = {1, 1}, .padding = {0, 3}, .dilation = {1, 1}, .groups = 1},
    {.n = 1, .c = 1, .h = 2, .w = 2, .k = 1, .r = 2, .s = 2, .stride = {1, 1}, .padding = {3, 3}, .dilation = {1, 1}, .groups = 1},
    {.n = 0, .c = 2, .h = 4, .w = 4, .k = 3, .r = 3, .s = 3, .stride = {1, 1}, .dilation = {1, 1}, .groups = 1},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

typedef struct Problem {
    wk_ConvShape s;
    int64_t nx, nw, ny;
    void *x, *w, *b, *gy;         /* given */
    void *y, *gx, *gw, *gb;       /* computed */
    double *ry, *rx, *rw, *rb;    /* wanted */
    double *by, *bx, *bw, *bb;    /* sums of magnitudes, for bounds */
} Problem;

static double *zeros(int64_t n)
{
    return calloc((size_t)n + 1, sizeof(double));
}

static Problem problem(const wk_ConvShape *shape, wk_dtype dtype, bool whole)
{
    Problem p = {.s = *shape};
    wk_ConvShape *s = &p.s;
    s->oh = (s->h + 2 * s->padding[0] - s->dilation[0] * (s->r - 1) - 1) / s->stride[0] + 1;
    s->ow = (s->w + 2 * s->padding[1] - s->dilation[1] * (s->s - 1) - 1) / s->stride[1] + 1;
    p.nx = s->n * s->c * s->h * s->w, p.nw = s->k * s->c / s->groups * s->r * s->s, p.ny = s->n * s->k * s->oh * s->ow;
    p.x = test_array(p.nx, dtype), p.w = test_array(p.nw, dtype), p.b = test_array(s->k, dtype), p.gy = test_array(p.ny, dtype);
    p.y = test_array(p.ny, dtype), p.gx = test_array(p.nx, dtype), p.gw = test_array(p.nw, dtype), p.gb = test_array(s->k, dtype);
    p.ry = zeros(p.ny), p.rx = zeros(p.nx), p.rw = zeros(p.nw), p.rb = zeros(s->k);
    p.by = zeros(p.ny), p.bx = zeros(p.nx), p.bw = zeros(p.nw), p.bb = zeros(s->k);
    test_fill(p.x, dtype, p.nx, whole);
    test_fill(p.w, dtype, p.nw, whole);
    test_fill(p.b, dtype, s->k, whole);
    test_fill(p.gy, dtype, p.ny, whole);
    return p;
}

static void problem_free(Problem *p)
{
    free(p->x), free(p->w), free(p->b), free(p->gy), free(p->y), free(p->gx), free(p->gw), free(p->gb);
    free(p->ry), free(p->rx), free(p->rw), free(p->rb), free(p->by), free(p->bx), free(p->bw), free(p->bb);
}

/* The convolution is a sum of products x * w * gy over all that touch: each of the three results collects its share. */
static void reference(Problem *p, wk_dtype dtype)
{
    const wk_ConvShape *s = &p->s;
    const int64_t cg = s->c / s->groups, kg = s->k / s->groups;
    for (int64_t at = 0; at < p->ny; at++) {
        const int64_t j = at % s->ow, i = at / s->ow % s->oh, k = at / s->ow / s->oh % s->k, n = at / s->ow / s->oh / s->k;
        const double gy = test_get(p->gy, dtype, at), bias = test_get(p->b, dtype, k);
        p->rb[k] += gy, p->bb[k] += fabs(gy);
        p->ry[at] = bias, p->by[at] = fabs(bias);
        for (int64_t c = 0; c < cg; c++)
            for (int64_t r = 0; r < s->r; r++)
                for (int64_t q = 0; q < s->s; q++) {
                    const int64_t y = i * s->stride[0] + r * s->dilation[0] - s->padding[0];
                    const int64_t x = j * s->stride[1] + q * s->dilation[1] - s->padding[1];
                    if (y < 0 || y >= s->h || x < 0 || x >= s->w)
                        continue;
                    const int64_t xi = ((n * s->c + k / kg * cg + c) * s->h + y) * s->w + x, wi = ((k * cg + c) * s->r + r) * s->s + q;
                    const double xv = test_get(p->x, dtype, xi), wv = test_get(p->w, dtype, wi);
                    p->ry[at] += xv * wv, p->by[at] += fabs(xv * wv);
                    p->rx[xi] += gy * wv, p->bx[xi] += fabs(gy * wv);
                    p->rw[wi] += gy * xv, p->bw[wi] += fabs(gy * xv);
                }
    }
}

static void compute(const wk_Kernels *k, Problem *p, wk_dtype dtype)
{
    assert_true(k->conv2d[dtype](&p->s, p->x, p->w, p->b, p->y));
    assert_true(k->conv2d_grad_input[dtype](&p->s, p->gy, p->w, p->gx));
    assert_true(k->conv2d_grad_weight[dtype](&p->s, p->gy, p->x, p->gw));
    assert_true(k->conv2d_grad_bias[dtype](&p->s, p->gy, p->gb));
}

static void compare(const char *isa, const char *what, int shape, const void *got, const double *want, const double *size, int64_t n, wk_dtype dtype,
                    bool whole)
{
    for (int64_t i = 0; i < n; i++)
        ASSERT_NEAR(test_get(got, dtype, i), want[i], whole ? 0 : 40 * test_epsilon(dtype) * size[i], "%s %s shape %d dtype %d at %d", isa, what,
                    shape, dtype, (int)i);
}

static void match_plain_loops(void **state)
{
    (void)state;
    FOR_EACH_ISA(k)
    for (int i = 0; i < SHAPES; i++)
        for (wk_dtype dtype = wk_float32; dtype <= wk_float64; dtype++)
            for (int whole = 0; whole < 2; whole++) {
                Problem p = problem(&shapes[i], dtype, whole);
                reference(&p, dtype);
                compute(k, &p, dtype);
                compare(k->isa, "output", i, p.y, p.ry, p.by, p.ny, dtype, whole);
                compare(k->isa, "grad_input", i, p.gx, p.rx, p.bx, p.nx, dtype, whole);
                compare(k->isa, "grad_weight", i, p.gw, p.rw, p.bw, p.nw, dtype, whole);
                compare(k->isa, "grad_bias", i, p.gb, p.rb, p.bb, p.s.k, dtype, whole);
                assert_true(k->conv2d[dtype](&p.s, p.x, p.w, NULL, p.y));
                problem_free(&p);
            }
}

static void threads_do_not_matter(void **state)
{
    (void)state;
    FOR_EACH_ISA(k)
    for (int i = 0; i < SHAPES; i++) {
        Problem one = problem(&shapes[i], wk_float32, false), many = problem(&shapes[i], wk_float32, false);
        memcpy(many.x, one.x, (size_t)one.nx * 4);
        memcpy(many.w, one.w, (size_t)one.nw * 4);
        memcpy(many.b, one.b, (size_t)one.s.k * 4);
        memcpy(many.gy, one.gy, (size_t)one.ny * 4);
        wk_set_num_threads(1);
        compute(k, &one, wk_float32);
        for (int threads = 2; threads <= 4; threads++) {
            wk_set_num_threads(threads);
            compute(k, &many, wk_float32);
            assert_memory_equal(one.y, many.y, (size_t)one.ny * 4);
            assert_memory_equal(one.gx, many.gx, (size_t)one.nx * 4);
            assert_memory_equal(one.gw, many.gw, (size_t)one.nw * 4);
            assert_memory_equal(one.gb, many.gb, (size_t)one.s.k * 4);
        }
        problem_free(&one), problem_free(&many);
    }
    wk_set_num_threads(2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(match_plain_loops),
        cmocka_unit_test(threads_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
