/* Convolutions and their gradients against seven plain loops: whole numbers must be exact, reals within a
 * bound. */
#include "kernels/conv_problem.h"

static const wk_ConvShape shapes[] = {
    {.n = 3,
     .c = 1,
     .h = 32,
     .w = 32,
     .k = 6,
     .r = 5,
     .s = 5,
     .stride = {1, 1},
     .dilation = {1, 1},
     .groups = 1},
    {.n = 35,
     .c = 6,
     .h = 14,
     .w = 14,
     .k = 16,
     .r = 5,
     .s = 5,
     .stride = {1, 1},
     .dilation = {1, 1},
     .groups = 1},
    {.n = 2,
     .c = 3,
     .h = 9,
     .w = 11,
     .k = 4,
     .r = 3,
     .s = 2,
     .stride = {2, 3},
     .padding = {1, 2},
     .dilation = {1, 1},
     .groups = 1},
    {.n = 2,
     .c = 4,
     .h = 10,
     .w = 9,
     .k = 6,
     .r = 3,
     .s = 3,
     .stride = {1, 2},
     .padding = {2, 3},
     .dilation = {2, 3},
     .groups = 2},
    {.n = 1,
     .c = 5,
     .h = 7,
     .w = 8,
     .k = 5,
     .r = 3,
     .s = 3,
     .stride = {1, 1},
     .padding = {1, 1},
     .dilation = {1, 1},
     .groups = 5},
    {.n = 17,
     .c = 3,
     .h = 5,
     .w = 6,
     .k = 7,
     .r = 1,
     .s = 1,
     .stride = {1, 1},
     .dilation = {1, 1},
     .groups = 1},
    {.n = 2,
     .c = 3,
     .h = 5,
     .w = 6,
     .k = 7,
     .r = 1,
     .s = 1,
     .stride = {2, 2},
     .padding = {1, 0},
     .dilation = {1, 1},
     .groups = 1},
    {.n = 1,
     .c = 20,
     .h = 60,
     .w = 70,
     .k = 9,
     .r = 3,
     .s = 3,
     .stride = {1, 1},
     .padding = {1, 1},
     .dilation = {1, 1},
     .groups = 1},
    {.n = 2,
     .c = 2,
     .h = 1,
     .w = 40,
     .k = 3,
     .r = 1,
     .s = 7,
     .stride = {1, 1},
     .padding = {0, 3},
     .dilation = {1, 1},
     .groups = 1},
    {.n = 1,
     .c = 1,
     .h = 2,
     .w = 2,
     .k = 1,
     .r = 2,
     .s = 2,
     .stride = {1, 1},
     .padding = {3, 3},
     .dilation = {1, 1},
     .groups = 1},
    {.n = 0,
     .c = 2,
     .h = 4,
     .w = 4,
     .k = 3,
     .r = 3,
     .s = 3,
     .stride = {1, 1},
     .dilation = {1, 1},
     .groups = 1},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static void compute(const wk_Kernels *k, Problem *p, wk_dtype dtype)
{
    assert_true(k->conv2d[dtype](&p->s, p->x, p->w, p->b, p->y));
    assert_true(k->conv2d_grad_input[dtype](&p->s, p->gy, p->w, p->gx));
    assert_true(k->conv2d_grad_weight[dtype](&p->s, p->gy, p->x, p->gw));
    assert_true(k->conv2d_grad_bias[dtype](&p->s, p->gy, p->gb));
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
