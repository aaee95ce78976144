/* Results that are stored past the caches are the same as those that are not. */
#include "kernels/kernels_test.h"

static void loops_in_pieces(void **state)
{
    (void)state;
    enum { LENGTH = 5003 };
    static float x[LENGTH + 1], want[LENGTH];
    _Alignas(64) static float y[LENGTH + 17];
    test_fill(x, wk_float32, LENGTH, false);
    const int64_t stride[] = {4, 4, 0}, whole[] = {4, 4};
    const float two = 2;
    FOR_EACH_ISA(k)
    for (int shift = 0; shift < 2; shift++) { /* aligned, and not */
        char *data[] = {(char *)(y + shift), (char *)x, (char *)(uintptr_t)&two};
        memset(y, 0, sizeof y);
        assert_true(k->stream(k->exp[wk_float32], LENGTH, 1, data, stride, NULL));
        k->exp[wk_float32](LENGTH, (char *[]){(char *)want, (char *)x}, whole, NULL);
        assert_memory_equal(y + shift, want, sizeof want);
        assert_true(y[LENGTH + shift] == 0);
        assert_true(k->stream(k->mul[wk_float32], LENGTH, 2, data, stride, NULL));
        for (int i = 0; i < LENGTH; i++)
            assert_true(y[i + shift] == 2 * x[i]);
    }
}

static void zero_divisors_are_told(void **state)
{
    (void)state;
    enum { LENGTH = 2000 };
    _Alignas(64) static int32_t a[LENGTH], b[LENGTH], out[LENGTH];
    for (int i = 0; i < LENGTH; i++)
        b[i] = 1;
    char *data[] = {(char *)out, (char *)a, (char *)b};
    FOR_EACH_ISA(k)
    {
        b[3] = 1;
        assert_true(k->stream(k->remainder[wk_int32], LENGTH, 2, data, (int64_t[]){4, 4, 4}, NULL));
        b[3] = 0;
        assert_false(k->stream(k->remainder[wk_int32], LENGTH, 2, data, (int64_t[]){4, 4, 4}, NULL));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loops_in_pieces),
        cmocka_unit_test(zero_divisors_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
