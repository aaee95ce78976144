/* Conversions, copies, fills and where. */
#include "kernels/kernels_test.h"

static void floats_to_integers(void **state)
{
    (void)state;
    double in[] = {NAN, INFINITY, -INFINITY, 1e20, -1e20, 300,
                   -1,  3e9,      -3e9,      2.9,  -2.9,  9223372036854774784.0};
    const int64_t i64[] = {0,  INT64_MAX,  INT64_MIN,   INT64_MAX, INT64_MIN, 300,
                           -1, 3000000000, -3000000000, 2,         -2,        9223372036854774784};
    const int32_t i32[] = {0,  INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN, 300,
                           -1, INT32_MAX, INT32_MIN, 2,         -2,        INT32_MAX};
    const uint8_t truth[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    FOR_EACH_ISA(k)
    {
        int64_t a[12];
        int32_t b[12];
        uint8_t c[12];
        k->cast[wk_float64][wk_int64](12, (char *[]){(char *)a, (char *)in}, (int64_t[]){8, 8}, NULL);
        assert_memory_equal(a, i64, sizeof a);
        k->cast[wk_float64][wk_int32](12, (char *[]){(char *)b, (char *)in}, (int64_t[]){4, 8}, NULL);
        assert_memory_equal(b, i32, sizeof b);
        k->cast[wk_float64][wk_uint8](12, (char *[]){(char *)c, (char *)in}, (int64_t[]){1, 8}, NULL);
        assert_int_equal(c[0], 0);
        assert_int_equal(c[5], 44);
        assert_int_equal(c[6], 255);
        k->cast[wk_float64][wk_bool](12, (char *[]){(char *)c, (char *)in}, (int64_t[]){1, 8}, NULL);
        assert_memory_equal(c, truth, sizeof c);
        k->cast[wk_float32][wk_int64](2, (char *[]){(char *)a, (char *)(float[]){NAN, 1e30f}},
                                      (int64_t[]){8, 4}, NULL);
        assert_true(a[0] == 0 && a[1] == INT64_MAX);
        k->cast[wk_int64][wk_uint8](2, (char *[]){(char *)c, (char *)(int64_t[]){-1, ((int64_t)1 << 40) + 5}},
                                    (int64_t[]){1, 8}, NULL);
        assert_true(c[0] == 255 && c[1] == 5);
        k->cast[wk_int64][wk_bool](2, (char *[]){(char *)c, (char *)(int64_t[]){256, 0}}, (int64_t[]){1, 8},
                                   NULL);
        assert_true(c[0] == 1 && c[1] == 0);
    }
}

/* Small whole numbers survive every conversion, along every stride. */
static void every_pair(void **state)
{
    (void)state;
    enum { N = 67 };
    FOR_EACH_ISA(k)
    for (wk_dtype from = wk_float32; from <= wk_bool; from++)
        for (wk_dtype to = wk_float32; to <= wk_bool; to++)
            for (int64_t stride = 0; stride <= 2; stride++) {
                char *in = test_array(N * 2, from), *out = test_array(N * 2, to);
                test_fill(in, from, N * 2, true);
                for (int64_t i = 0; i < N * 2; i++) /* no negative ones: uint8 */
                    if (test_get(in, from, i) < 0)
                        memset(in + (size_t)i * test_bytes(from), 0, test_bytes(from));
                const int64_t to_stride = stride ? stride : 1;
                k->cast[from][to](
                    N, (char *[]){out, in},
                    (int64_t[]){to_stride * (int64_t)test_bytes(to), stride * (int64_t)test_bytes(from)},
                    NULL);
                for (int64_t i = 0; i < N; i++) {
                    double want = test_get(in, from, i * stride);
                    assert_true(test_get(out, to, i * to_stride) == (to == wk_bool ? want != 0 : want));
                }
                free(in), free(out);
            }
}

static void where_chooses(void **state)
{
    (void)state;
    enum { N = 67 };
    FOR_EACH_ISA(k)
    for (wk_dtype dtype = wk_float32; dtype <= wk_bool; dtype++)
        for (int64_t step = 0; step <= 2; step++) {
            char *a = test_array(N * 2, dtype), *b = test_array(N * 2, dtype), *out = test_array(N, dtype);
            uint8_t mask[N];
            test_fill(a, dtype, N * 2, true);
            test_fill(b, dtype, N * 2, true);
            test_fill(mask, wk_bool, N, true);
            const int64_t size = (int64_t)test_bytes(dtype);
            k->where[dtype](N, (char *[]){out, (char *)mask, a, b}, (int64_t[]){size, 1, step * size, size},
                            NULL);
            for (int64_t i = 0; i < N; i++)
                assert_true(test_get(out, dtype, i) ==
                            (mask[i] ? test_get(a, dtype, i * step) : test_get(b, dtype, i)));
            free(a), free(b), free(out);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floats_to_integers),
        cmocka_unit_test(every_pair),
        cmocka_unit_test(where_chooses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
