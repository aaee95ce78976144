/* The text of tensors is PyTorch's to the letter, in any locale; and printing survives a lack of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/format.h"
#include "core/memory.h"
#include "support/skip.h"

typedef struct FormatCase {
    wk_dtype dtype, default_dtype;
    int ndim;
    int64_t shape[5], strides[5]; /* no strides: contiguous */
    bool requires_grad;
    const char *grad_fn;
    const double
        *floats; /* the values; without them value i is start + step * i, and each special'th is NaN */
    const int64_t *wholes;
    double start, step;
    int64_t special;
    const char *text;
} FormatCase;

#include "golden/format.h"

#define CASES (sizeof format_cases / sizeof *format_cases)

static void store(void *data, wk_dtype dtype, int64_t i, double value, int64_t whole)
{
    switch (dtype) {
    case wk_float32:
        ((float *)data)[i] = (float)value;
        break;
    case wk_float64:
        ((double *)data)[i] = value;
        break;
    case wk_int64:
        ((int64_t *)data)[i] = whole;
        break;
    case wk_int32:
        ((int32_t *)data)[i] = (int32_t)whole;
        break;
    case wk_uint8:
        ((uint8_t *)data)[i] = (uint8_t)whole;
        break;
    default:
        ((bool *)data)[i] = whole != 0;
    }
}

static void *values_of(const FormatCase *c)
{
    int64_t numel = 1;
    for (int d = 0; d < c->ndim; d++)
        numel *= c->shape[d];
    void *data = malloc((size_t)numel * 8 + 1);
    assert_non_null(data);
    for (int64_t i = 0; i < numel; i++) {
        double value = c->floats ? c->floats[i] : c->start + c->step * (double)i;
        if (c->special && i % c->special == 0)
            value = NAN;
        bool whole = c->dtype != wk_float32 && c->dtype != wk_float64;
        store(data, c->dtype, i, value, c->wholes ? c->wholes[i] : whole ? (int64_t)value : 0);
    }
    return data;
}

static bool format_case(wk_Text *text, const FormatCase *c, const void *data)
{
    int64_t strides[5];
    for (int64_t d = c->ndim - 1, stride = 1; d >= 0; stride *= c->shape[d--])
        strides[d] = c->strides[0] ? c->strides[d] : stride;
    return wk_format_tensor(text, &(wk_FormatInput){.data = data,
                                                    .dtype = c->dtype,
                                                    .ndim = c->ndim,
                                                    .shape = c->shape,
                                                    .strides = strides,
                                                    .default_dtype = c->default_dtype,
                                                    .requires_grad = c->requires_grad,
                                                    .grad_fn = c->grad_fn});
}

static void check_all_cases(void)
{
    for (size_t i = 0; i < CASES; i++) {
        void *data = values_of(&format_cases[i]);
        wk_Text text = {0};
        assert_true(format_case(&text, &format_cases[i], data));
        assert_string_equal(wk_text_str(&text), format_cases[i].text);
        assert_int_equal(text.length, strlen(format_cases[i].text));
        wk_text_free(&text);
        free(data);
    }
}

static void test_cases(void **state)
{
    (void)state;
    assert_true(CASES >= 150);
    check_all_cases();
}

/* What stands in the text before does not count as a part of the first line. */
static void test_appends(void **state)
{
    (void)state;
    wk_Text text = {0};
    wk_text_repeat(&text, '-', 90);
    int64_t shape = 2, stride = 1;
    wk_format_tensor(&text, &(wk_FormatInput){.data = (double[]){0.5, 1.5},
                                              .dtype = wk_float64,
                                              .ndim = 1,
                                              .shape = &shape,
                                              .strides = &stride,
                                              .requires_grad = true});
    assert_string_equal(wk_text_str(&text) + 90,
                        "tensor([0.5000, 1.5000], dtype=torch.float64, requires_grad=True)");
    wk_text_free(&text);
}

/* A locale with a decimal comma, if this system has one. */
static void test_locale(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8",  "de_DE",
                                        "fr_FR.UTF-8", "ps_AF.UTF-8", "ps_AF"};
    int found = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!setlocale(LC_ALL, names[i]))
            continue;
        found++;
        check_all_cases();
        wk_Text text = {0};
        wk_text_repr(&text, 0.1);
        wk_text_repr(&text, -2.5e-7);
        assert_string_equal(wk_text_str(&text), "0.1-2.5e-07");
        wk_text_free(&text);
        assert_string_equal(WK_NUMBER(0.125), "0.125");
    }
    setlocale(LC_ALL, "C");
    if (!found)
        SKIP("no locale with a decimal comma");
}

static int allocations_left;

static bool count_down(size_t bytes, void *user)
{
    (void)bytes, (void)user;
    return allocations_left-- > 0;
}

/* Fails the n-th allocation for every n until none fails: a message, no leak, no text. */
static void test_no_memory(void **state)
{
    (void)state;
    size_t before = wk_memory_allocated();
    for (size_t i = 0; i < CASES; i++) {
        void *data = values_of(&format_cases[i]);
        bool done = false;
        for (int n = 0; !done; n++) {
            wk_Text text = {0};
            allocations_left = n;
            wk_set_memory_hook(count_down, NULL);
            done = format_case(&text, &format_cases[i], data);
            wk_set_memory_hook(NULL, NULL);
            if (!done) {
                assert_true(text.failed);
                assert_null(wk_text_str(&text));
                assert_int_equal(wk_error_kind(), WK_ERROR_MEMORY);
                wk_clear_error();
            }
            wk_text_free(&text);
            assert_true(n < 100);
        }
        free(data);
    }
    assert_int_equal(wk_memory_allocated(), before);
}

static void test_text(void **state)
{
    (void)state;
    wk_Text text = {0};
    assert_string_equal(wk_text_str(&text), "");
    assert_true(wk_text_printf(&text, "%d of %s", 3, "four"));
    assert_true(wk_text_append_bytes(&text, "!?", 1));
    assert_true(wk_text_repeat(&text, '.', 200));
    assert_true(wk_text_append(&text, "end"));
    assert_int_equal(text.length, 9 + 1 + 200 + 3);
    assert_memory_equal(text.data, "3 of four!...", 13);
    assert_string_equal(text.data + 209, ".end");
    assert_false(wk_text_repeat(&text, '.', SIZE_MAX - 10));
    assert_true(text.failed);
    assert_false(wk_text_append(&text, "more"));
    assert_null(wk_text_str(&text));
    assert_int_equal(wk_error_kind(), WK_ERROR_MEMORY);
    wk_clear_error();
    wk_text_free(&text);
    assert_true(text.data == NULL && text.length == 0 && !text.failed);
}

static void test_repr(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1, "1.0"},
        {-12, "-12.0"},
        {0.1, "0.1"},
        {0.9, "0.9"},
        {0.999, "0.999"},
        {1e-5, "1e-05"},
        {1e-4, "0.0001"},
        {1e-8, "1e-08"},
        {1.5e-7, "1.5e-07"},
        {1e15, "1000000000000000.0"},
        {1e16, "1e+16"},
        {1.25e22, "1.25e+22"},
        {1.0 / 3, "0.3333333333333333"},
        {100.0 / 3, "33.333333333333336"},
        {1e308, "1e+308"},
        {5e-324, "5e-324"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
        {NAN, "nan"},
        {-NAN, "nan"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        wk_Text text = {0};
        assert_true(wk_text_repr(&text, rows[i].value));
        assert_string_equal(wk_text_str(&text), rows[i].text);
        wk_text_free(&text);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    char out[400];
    assert_int_equal(wk_number_format(out, sizeof out, 1e300, 4, 'f'), 306);
    assert_int_equal(wk_number_format(out, 8, 123.456, 4, 'f'), 7);
    assert_string_equal(out, "123.456");
    wk_number_format(out, sizeof out, -1e-5, 4, 'e');
    assert_string_equal(out, "-1.0000e-05");
    assert_string_equal(WK_NUMBER(1e-7), "1e-07");
    assert_string_equal(WK_NUMBER(-NAN), "nan");
    assert_string_equal(WK_NUMBER(-INFINITY), "-inf");
    assert_string_equal(WK_NUMBER(1.7e308), "1.7e+308");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),     cmocka_unit_test(test_appends), cmocka_unit_test(test_locale),
        cmocka_unit_test(test_no_memory), cmocka_unit_test(test_text),    cmocka_unit_test(test_repr),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests_name("core.format", tests, NULL, NULL);
}
