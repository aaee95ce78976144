/* Optimizer sweeps against PyTorch's own numbers, to the bit.
 *
 * The values were made by torch.optim's single-tensor code on the inputs below, with a correctly rounded square root in the place of
 * the one of the mathematics library that PyTorch happens to be built with. Without fused multiply-adds (the portable set) doubles
 * differ in the last bits. */
#include "kernels/kernels_test.h"

enum { COUNT = 11, STEPS = 5 };

typedef struct Case {
    enum { SGD, ADAM, RMSPROP } kind;
    wk_dtype dtype;
    union {
        wk_SgdStep sgd;
        wk_AdamStep adam;
        wk_RmspropStep rmsprop;
    };
    double want[3]; /* elements 0, 3 and 10 after 5 steps */
} Case;

static const Case cases[] = {
    {SGD,
     wk_float32,
     {.sgd = {.lr = 0.05}},
     {-0x1.49999a0000000p-1, -0x1.eccccc0000000p-2, 0x1.e000000000000p-3}},
    {SGD,
     wk_float64,
     {.sgd = {.lr = 0.05}},
     {-0x1.499999999999ap-1, -0x1.ecccccccccccdp-2, 0x1.e000000000001p-3}},
    {SGD,
     wk_float32,
     {.sgd = {.lr = 0.05, .momentum = 0.9, .dampening = 0.1, .weight_decay = 0.01, .maximize = true}},
     {-0x1.3505d80000000p-1, -0x1.2485980000000p-1, 0x1.2e0c0e0000000p-2}},
    {SGD,
     wk_float64,
     {.sgd = {.lr = 0.05, .momentum = 0.9, .dampening = 0.1, .weight_decay = 0.01, .maximize = true}},
     {-0x1.3505d768fa5e1p-1, -0x1.2485980ab5e9ep-1, 0x1.2e0c0ed6b2154p-2}},
    {SGD,
     wk_float32,
     {.sgd = {.lr = 0.05, .momentum = 0.9, .weight_decay = 0.01, .nesterov = true}},
     {-0x1.50953a0000000p-1, -0x1.a45c9a0000000p-2, 0x1.871bd00000000p-3}},
    {SGD,
     wk_float64,
     {.sgd = {.lr = 0.05, .momentum = 0.9, .weight_decay = 0.01, .nesterov = true}},
     {-0x1.50953b276d6b6p-1, -0x1.a45c9982f2966p-2, 0x1.871bd05001ebfp-3}},
    {ADAM,
     wk_float32,
     {.adam = {.lr = 0.01, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8}},
     {-0x1.3efcca0000000p-1, -0x1.e575fc0000000p-2, 0x1.dc95440000000p-3}},
    {ADAM,
     wk_float64,
     {.adam = {.lr = 0.01, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8}},
     {-0x1.3efcc9c00549cp-1, -0x1.e575fce0bf3dap-2, 0x1.dc9545d27ce03p-3}},
    {ADAM,
     wk_float32,
     {.adam = {.lr = 0.01,
               .beta1 = 0.9,
               .beta2 = 0.999,
               .eps = 1e-8,
               .weight_decay = 0.01,
               .amsgrad = true,
               .maximize = true}},
     {-0x1.4070c80000000p-1, -0x1.0cf24a0000000p-1, 0x1.114a5a0000000p-2}},
    {ADAM,
     wk_float64,
     {.adam = {.lr = 0.01,
               .beta1 = 0.9,
               .beta2 = 0.999,
               .eps = 1e-8,
               .weight_decay = 0.01,
               .amsgrad = true,
               .maximize = true}},
     {-0x1.4070c84dac74ap-1, -0x1.0cf24ad45076ep-1, 0x1.114a5af40cd1bp-2}},
    {ADAM,
     wk_float32,
     {.adam =
          {.lr = 0.01, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .weight_decay = 0.01, .decoupled = true}},
     {-0x1.3ed42a0000000p-1, -0x1.e5364e0000000p-2, 0x1.dc56100000000p-3}},
    {ADAM,
     wk_float64,
     {.adam =
          {.lr = 0.01, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .weight_decay = 0.01, .decoupled = true}},
     {-0x1.3ed42d4c6bbe4p-1, -0x1.e53650152c310p-2, 0x1.dc56147677da4p-3}},
    {ADAM,
     wk_float32,
     {.adam = {.lr = 0.01, .beta1 = 0.3, .beta2 = 0.9, .eps = 1e-8}},
     {-0x1.425cfe0000000p-1, -0x1.f0eb5a0000000p-2, 0x1.e1da5e0000000p-3}},
    {ADAM,
     wk_float64,
     {.adam = {.lr = 0.01, .beta1 = 0.3, .beta2 = 0.9, .eps = 1e-8}},
     {-0x1.425d00b69b408p-1, -0x1.f0eb5b98bef43p-2, 0x1.e1da5f66d2b3fp-3}},
    {RMSPROP,
     wk_float32,
     {.rmsprop = {.lr = 0.01, .alpha = 0.99, .eps = 1e-8}},
     {-0x1.4886600000000p-1, -0x1.9bfbf00000000p-2, 0x1.3c1a540000000p-3}},
    {RMSPROP,
     wk_float64,
     {.rmsprop = {.lr = 0.01, .alpha = 0.99, .eps = 1e-8}},
     {-0x1.488660cd2c457p-1, -0x1.9bfbef3bd4b0bp-2, 0x1.3c1a52e49994cp-3}},
    {RMSPROP,
     wk_float32,
     {.rmsprop =
          {.lr = 0.01, .alpha = 0.99, .eps = 1e-8, .weight_decay = 0.01, .momentum = 0.9, .centered = true}},
     {-0x1.d1fd580000000p-2, -0x1.83a4980000000p-4, -0x1.53fdb20000000p-4}},
    {RMSPROP,
     wk_float64,
     {.rmsprop =
          {.lr = 0.01, .alpha = 0.99, .eps = 1e-8, .weight_decay = 0.01, .momentum = 0.9, .centered = true}},
     {-0x1.d1fd5785b4665p-2, -0x1.83a48d3da3470p-4, -0x1.53fdaa68094d6p-4}},
    {RMSPROP,
     wk_float32,
     {.rmsprop = {.lr = 0.01, .alpha = 0.99, .eps = 1e-8, .centered = true, .maximize = true}},
     {-0x1.37826c0000000p-1, -0x1.325eee0000000p-1, 0x1.62b1060000000p-2}},
    {RMSPROP,
     wk_float64,
     {.rmsprop = {.lr = 0.01, .alpha = 0.99, .eps = 1e-8, .centered = true, .maximize = true}},
     {-0x1.37826cae9afd0p-1, -0x1.325eee82e73acp-1, 0x1.62b1059405ccbp-2}},
};

static void put(void *array, wk_dtype dtype, int64_t i, double value)
{
    if (dtype == wk_float32)
        ((float *)array)[i] = (float)value;
    else
        ((double *)array)[i] = value;
}

static void step(const wk_Kernels *k, const Case *c, int t, void *param, const void *grad, void *const *state)
{
    Case now = *c;
    if (c->kind == SGD) {
        now.sgd.first = t == 1;
        k->sgd[c->dtype](COUNT, &now.sgd, param, grad, c->sgd.momentum != 0 ? state[0] : NULL);
    } else if (c->kind == ADAM) {
        now.adam.step = t;
        k->adam[c->dtype](COUNT, &now.adam, param, grad, state[0], state[1],
                          c->adam.amsgrad ? state[2] : NULL);
    } else {
        k->rmsprop[c->dtype](COUNT, &now.rmsprop, param, grad, state[0],
                             c->rmsprop.centered ? state[1] : NULL,
                             c->rmsprop.momentum > 0 ? state[2] : NULL);
    }
}

static void pytorchs_numbers(void **unused)
{
    (void)unused;
    FOR_EACH_ISA(k)
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        const Case *c = &cases[n];
        void *param = test_array(COUNT, c->dtype), *grad = test_array(COUNT, c->dtype), *state[3];
        for (int i = 0; i < 3; i++)
            state[i] = test_array(COUNT, c->dtype);
        for (int i = 0; i < COUNT; i++)
            put(param, c->dtype, i, (i * 37 % 11 - 5) / 8.0);
        for (int t = 1; t <= STEPS; t++) {
            for (int i = 0; i < COUNT; i++)
                put(grad, c->dtype, i, ((i * 7 + t * 5) % 13 - 6) / 16.0);
            step(k, c, t, param, grad, state);
        }
        const double bound = c->dtype == wk_float64 && strcmp(k->isa, "portable") == 0 ? 1e-13 : 0;
        for (int i = 0; i < 3; i++)
            ASSERT_NEAR(test_get(param, c->dtype, (int[]){0, 3, 10}[i]), c->want[i], bound,
                        "%s case %d element %d", k->isa, (int)n, i);
        free(param), free(grad), free(state[0]), free(state[1]), free(state[2]);
    }
}

/* Long arrays, shared out to threads, have the same bits as each element alone. */
static void blocks_do_not_matter(void **unused)
{
    (void)unused;
    enum { N = 50000 };
    const wk_AdamStep how = {
        .lr = 0.01, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .weight_decay = 0.1, .step = 3};
    float *a[4], *b[4];
    for (int i = 0; i < 4; i++) {
        a[i] = test_array(N, wk_float32), b[i] = test_array(N, wk_float32);
        test_fill(a[i], wk_float32, N, false);
        for (int j = 0; i == 3 && j < N; j++)
            a[i][j] = fabsf(a[i][j]);
    }
    FOR_EACH_ISA(k)
    for (int threads = 1; threads <= 4; threads++) {
        wk_set_num_threads(threads);
        for (int i = 0; i < 4; i++)
            memcpy(b[i], a[i], N * sizeof(float));
        k->adam[wk_float32](N, &how, b[0], b[1], b[2], b[3], NULL);
        for (int j = 0; j < N; j += 97) {
            float p = a[0][j], m = a[2][j], v = a[3][j];
            k->adam[wk_float32](1, &how, &p, &a[1][j], &m, &v, NULL);
            assert_true(p == b[0][j] && m == b[2][j] && v == b[3][j]);
        }
    }
    wk_set_num_threads(2);
    for (int i = 0; i < 4; i++)
        free(a[i]), free(b[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pytorchs_numbers),
        cmocka_unit_test(blocks_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
