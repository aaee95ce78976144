/* The words of rows.def: each has a form for numbers and one for vectors, and both give the same. */
#include "kernels/kernels_test.h"

#include "kernels/math.h"

static const float samples[] = {-30, -2.5f, -1, -0.3f, -0.0f,    0,         0.4f,
                                1,   1.5f,  7,  30,    INFINITY, -INFINITY, NAN};
enum { SAMPLES = sizeof samples / sizeof *samples };

#define SAME(word, x, y, vector, number)                                                    \
    do {                                                                                    \
        const wk_vf got = vector;                                                           \
        const float want = number;                                                          \
        for (int c = 0; c < WK_VF; c++)                                                     \
            if (!test_same(got[c], want))                                                   \
                fail_msg("%s(%g, %g): vector %.9g, number %.9g", word, x, y, got[c], want); \
    } while (0)
#define UNARY_WORD(word)  SAME(#word, x, 0., word(wk_vf_all(x)), word(x));
#define BINARY_WORD(word) SAME(#word, x, y, word(wk_vf_all(x), wk_vf_all(y)), word(x, y));

static void words_have_both_forms(void **state)
{
    (void)state;
    for (int i = 0; i < SAMPLES; i++) {
        const float x = samples[i];
        UNARY_WORD(NEG)
        UNARY_WORD(ABS)
        UNARY_WORD(SIGN)
        UNARY_WORD(RELU)
        UNARY_WORD(FLOOR)
        UNARY_WORD(CEIL)
        UNARY_WORD(ROUND)
        UNARY_WORD(EXPM1)
        UNARY_WORD(LOG)
        UNARY_WORD(LOG1P)
        UNARY_WORD(SIN)
        UNARY_WORD(COS)
        UNARY_WORD(SQRT)
        UNARY_WORD(RSQRT)
        UNARY_WORD(RECIPROCAL)
        UNARY_WORD(TANH)
        UNARY_WORD(ERF)
        UNARY_WORD(SIGMOID)
        UNARY_WORD(SILU)
        UNARY_WORD(GELU)
        UNARY_WORD(SILU_SLOPE)
        UNARY_WORD(GELU_SLOPE)
        for (int k = 0; k < SAMPLES; k++) {
            const float y = samples[k];
            BINARY_WORD(ADD)
            BINARY_WORD(SUB)
            BINARY_WORD(MUL)
            BINARY_WORD(MAXIMUM)
            BINARY_WORD(MINIMUM)
            BINARY_WORD(FLOORDIV)
            BINARY_WORD(REMAINDER)
            BINARY_WORD(POW)
            const wk_vf vx = wk_vf_all(x), vy = wk_vf_all(y);
            SAME("SELECT", x, y, SELECT(vx > vy, vx, LIKE(vx, 2.5)), SELECT(x > y, x, LIKE(x, 2.5)));
        }
    }
}

/* exp of a number goes through double, that of a vector does not: they agree to the last place but one. */
static void exp_has_both_forms(void **state)
{
    (void)state;
    for (float x = -100; x < 88.7f; x += 0.37f) { /* up to the largest float */
        const double number = EXP(x), vector = EXP(wk_vf_all(x))[0];
        assert_true(fabs(number - exp(x)) <= 6e-8 * exp(x) + 1.5e-45);
        assert_true(fabs(vector - exp(x)) <= 1.2e-7 * exp(x) + 1.5e-45);
    }
    assert_true(EXP(INFINITY * 1.0f) == INFINITY && EXP(-INFINITY * 1.0f) == 0 && isnan(EXP(NAN * 1.0f)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_have_both_forms),
        cmocka_unit_test(exp_has_both_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
