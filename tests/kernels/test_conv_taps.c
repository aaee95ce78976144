/* Convolutions tap by tap against plain loops, and padding of any size and beside any number. */
#include "kernels/conv_problem.h"

enum { DRAWN = 150 };

static wk_ConvShape drawn(void)
{
    wk_ConvShape s = {.n = one_of(1, 3), .groups = one_of(1, 3), .h = one_of(1, 9), .w = one_of(1, 9)};
    s.c = s.groups * one_of(1, 3), s.k = s.groups * one_of(1, 3);
    s.r = one_of(1, 4), s.s = one_of(1, 4);
    const int64_t size[2] = {s.h, s.w}, kernel[2] = {s.r, s.s};
    for (int i = 0; i < 2; i++) {
        s.stride[i] = one_of(1, 4), s.dilation[i] = one_of(1, 3);
        const int64_t lacks = s.dilation[i] * (kernel[i] - 1) + 1 - size[i];
        s.padding[i] = one_of(lacks > 0 ? (lacks + 1) / 2 : 0, 7);
    }
    return s;
}

static void compute(const wk_Kernels *k, Problem *p, wk_dtype dtype)
{
    k->conv_taps[dtype](&p->s, p->x, p->w, p->b, p->y);
    k->conv_taps_grad_input[dtype](&p->s, p->gy, p->w, p->gx);
    k->conv_taps_grad_weight[dtype](&p->s, p->gy, p->x, p->gw);
}

static void match_plain_loops(void **state)
{
    (void)state;
    FOR_EACH_ISA(k)
    for (int i = 0; i < DRAWN; i++)
        for (wk_dtype dtype = wk_float32; dtype <= wk_float64; dtype++) {
            const wk_ConvShape s = drawn();
            Problem p = problem(&s, dtype, true);
            reference(&p, dtype);
            compute(k, &p, dtype);
            compare(k->isa, "output", i, p.y, p.ry, p.by, p.ny, dtype, true);
            compare(k->isa, "grad_input", i, p.gx, p.rx, p.bx, p.nx, dtype, true);
            compare(k->isa, "grad_weight", i, p.gw, p.rw, p.bw, p.nw, dtype, true);
            problem_free(&p);
        }
}

/* The reference leaves padding out as well. */
static void padding_meets_no_number(void **state)
{
    (void)state;
    for (int i = 0; i < DRAWN; i++) {
        const wk_ConvShape s = drawn();
        Problem p = problem(&s, wk_float64, true);
        ((double *)p.w)[one_of(0, p.nw - 1)] = INFINITY;
        ((double *)p.gy)[one_of(0, p.ny - 1)] = NAN;
        ((double *)p.x)[one_of(0, p.nx - 1)] = -INFINITY;
        reference(&p, wk_float64);
        compute(wk_kernels, &p, wk_float64);
        for (int64_t j = 0; j < p.ny; j++)
            assert_true(test_same(((double *)p.y)[j], p.ry[j]));
        for (int64_t j = 0; j < p.nx; j++)
            assert_true(test_same(((double *)p.gx)[j], p.rx[j]));
        for (int64_t j = 0; j < p.nw; j++)
            assert_true(test_same(((double *)p.gw)[j], p.rw[j]));
        problem_free(&p);
    }
}

static void any_number_of_threads(void **state)
{
    (void)state;
    const wk_ConvShape s = {.n = 5,
                            .c = 4,
                            .h = 40,
                            .w = 30,
                            .k = 6,
                            .r = 5,
                            .s = 3,
                            .stride = {1, 2},
                            .padding = {9, 20},
                            .dilation = {2, 1},
                            .groups = 2};
    Problem p = problem(&s, wk_float32, false), first = problem(&s, wk_float32, false);
    for (int threads = 1; threads <= 4; threads++) {
        wk_set_num_threads(threads);
        compute(wk_kernels, &p, wk_float32);
        if (threads == 1) {
            memcpy(first.y, p.y, (size_t)p.ny * 4), memcpy(first.gx, p.gx, (size_t)p.nx * 4);
            memcpy(first.gw, p.gw, (size_t)p.nw * 4);
        }
        assert_memory_equal(first.y, p.y, (size_t)p.ny * 4);
        assert_memory_equal(first.gx, p.gx, (size_t)p.nx * 4);
        assert_memory_equal(first.gw, p.gw, (size_t)p.nw * 4);
    }
    wk_set_num_threads(2);
    problem_free(&p), problem_free(&first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(match_plain_loops),
        cmocka_unit_test(padding_meets_no_number),
        cmocka_unit_test(any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
