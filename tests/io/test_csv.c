/* CSV files: what is right is read to the bit, in every locale; what is wrong is told by line and column. */
#include "io/temp.h"
#include "support/check.h"

#include <locale.h>
#include <math.h>

#include "core/text.h"

/* Loading these bytes fails so; the message begins with the path. */
static void refused_bytes(const char *text, size_t length, const char *message)
{
    char want[1024];
    const char *path = temp_write("pixels.csv", text, length);
    size_t memory = wk_memory_allocated();
    assert_null(wk_load_csv(path, NULL));
    snprintf(want, sizeof want, "%s:%s", path, message);
    assert_non_null(wk_error());
    assert_string_equal(wk_error(), want);
    assert_error(WK_ERROR_CORRUPT, want);
    assert_int_equal(wk_memory_allocated(), memory);
}

static void refused(const char *text, const char *message)
{
    refused_bytes(text, strlen(text), message);
}

/* These rows are read, the first of them at that line. */
static void reads(const char *text, int64_t line, int64_t rows, int64_t columns, const float *want)
{
    int64_t first = 0;
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *t = wk_load_csv(temp_write("rows.csv", text, strlen(text)), &first);
    if (!t)
        fail_msg("%s", wk_error());
    assert_int_equal(wk_dtype_of(t), wk_float32);
    assert_int_equal(wk_ndim(t), 2);
    assert_int_equal(wk_size(t, 0), rows);
    assert_int_equal(wk_size(t, 1), columns);
    assert_memory_equal(wk_data_ptr(t), want, (size_t)(rows * columns) * sizeof(float));
    assert_int_equal(first, line);
    wk_scope_end(scope);
}

static void rows_of_numbers(void **state)
{
    (void)state;
    reads("1,2,3\n4,5,6\n", 1, 2, 3, (float[]){1, 2, 3, 4, 5, 6});
    reads("1,2,3\r\n4,5,6\r\n", 1, 2, 3, (float[]){1, 2, 3, 4, 5, 6});
    reads("1,2\n3,4", 1, 2, 2, (float[]){1, 2, 3, 4});
    reads("\xef\xbb\xbf 1 ,\t2\n", 1, 1, 2, (float[]){1, 2});
    reads("7\n8\n", 1, 2, 1, (float[]){7, 8});
    reads("label,pixel 0\n5,255\n", 2, 1, 2, (float[]){5, 255});
    reads("-0,+1.5,.25,3.,1e2,2.5E-1,1e-999,3.4028235e38\n", 1, 1, 8,
          (float[]){-0.0f, 1.5f, 0.25f, 3, 100, 0.25f, 0, 3.4028235e38f});
    reads("0.1,16777217,1.1754942e-38,123456789012345678\n", 1, 1, 4,
          (float[]){0.1f, 16777216, 1.1754942e-38f, 123456789012345678.0f});
}

static void the_wrong_number_of_columns(void **state)
{
    (void)state;
    ROW("C72");
    refused("1,2,3\n4,5,6\n7,8\n", "3: 2 columns, expected 3");
    refused("1,2\n4,5,6\n", "2: 3 columns, expected 2");
    refused("a,b,c\n4,5\n", "2: 2 columns, expected 3");
    refused("1,2\n3\n", "2: 1 columns, expected 2");
    char wide[4096] =
        "0"; /* many short lines after a wide one ask for no memory that the file has no bytes for */
    for (int i = 0; i < 999; i++)
        strcat(wide, ",0");
    for (int i = 0; i < 900; i++)
        strcat(wide, "\n0");
    refused(wide, "2: 1 columns, expected 1000");
}

static void text_that_is_no_number(void **state)
{
    (void)state;
    ROW("C72");
    refused("1,2\n3,nan\n", "2:2: 'nan' is not a finite number");
    refused("NaN,-Inf\n", "1:1: 'NaN' is not a finite number");
    refused("1,+infinity\n", "1:2: '+infinity' is not a finite number");
    refused("1,2\n3,abc\n", "2:2: 'abc' is not a number");
    refused("a,1\n", "1:1: 'a' is not a number");
    refused("1,2x\n", "1:2: '2x' is not a number");
    refused("1,0x10\n", "1:2: '0x10' is not a number");
    refused("1,1 2\n", "1:2: '1 2' is not a number");
    refused("1,\"2\"\n", "1:2: '\"2\"' is not a number");
    refused("1,1e\n", "1:2: '1e' is not a number");
    refused("1,.\n", "1:2: '.' is not a number");
    refused("1;2\n3;4\n", "2:1: '3;4' is not a number");
    refused("1,1e999\n", "1:2: '1e999' does not fit in float32");
    refused("1,-3.5e38\n", "1:2: '-3.5e38' does not fit in float32");
    refused("1,\x1b[31m\n", "1:2: '\\x1b[31m' is not a number");
}

static void nothing_where_something_should_be(void **state)
{
    (void)state;
    ROW("C72");
    refused("", "1: no row of numbers");
    refused("\xef\xbb\xbf", "1: no row of numbers");
    refused("label,pixel\n", "2: no row of numbers");
    refused("1,,3\n", "1:2: '' is empty");
    refused("1,2\n3, \n", "2:2: '' is empty");
    refused(",,\n", "1:1: '' is empty");
    refused("1,2\n\n3,4\n", "2: an empty line");
    refused("\n", "1: an empty line");
    refused("1,2\n3,4\n\r\n", "3: an empty line");
}

static void bytes_that_are_no_text(void **state)
{
    (void)state;
    ROW("C72");
    refused_bytes("1,2\n3,\0\n", 8, "2: a NUL byte");
    size_t length = (1 << 20) + 10;
    char *line = malloc(length);
    memset(line, '1', length);
    line[0] = '5', line[1] = '\n';
    refused_bytes(line, length, "2: a line of more than 1048576 bytes");
    refused_bytes(line, 2 + 200, "2:1: '11111111111111111111111111111111111111111111...' is not a number");
    free(line);
    assert_null(wk_load_csv("/nowhere", NULL));
    assert_error(WK_ERROR_IO, "load_csv: cannot open /nowhere: No such file or directory");
    assert_null(wk_load_csv(NULL, NULL));
    assert_error(WK_ERROR_ARGUMENT, "load_csv: argument path is NULL");
}

static void locales_do_not_matter(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "C"};
    for (int i = 0; i < 4; i++)
        if (setlocale(LC_ALL, names[i]))
            reads("0.5,1.25e1\n", 1, 1, 2, (float[]){0.5f, 12.5f});
    setlocale(LC_ALL, "C");
}

/* To the bit what the C library's strtod reads in the C locale. */
static void numbers_are_rounded_once(void **state)
{
    (void)state;
    static const char *const texts[] = {"0.1",
                                        "1e23",
                                        "9007199254740993",
                                        "2.2250738585072014e-308",
                                        "5e-324",
                                        "8.5e-1000",
                                        "1e308",
                                        "123456789012345.678",
                                        "00000000.5",
                                        "999999999999999",
                                        "1e0000000000001",
                                        "-17e-3",
                                        "1.7976931348623157e308"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double value = 0, want = strtod(texts[i], NULL);
        assert_true(wk_number_read(texts[i], strlen(texts[i]), &value));
        assert_memory_equal(&value, &want, sizeof value);
    }
    double value;
    assert_true(wk_number_read("-1e99999999999", 14, &value));
    assert_true(isinf(value) && value < 0);
    static const char *const wrong[] = {"",      "-",   "+",  ".",  "e5",  "1e", "1e+",
                                        "1.2.3", "--1", " 1", "1 ", "1_0", "0b1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(wk_number_read(wrong[i], strlen(wrong[i]), &value));
}

static wk_Tensor *load_again(void *path)
{
    return wk_load_csv(path, NULL);
}

static void memory_runs_out_at_each_allocation(void **state)
{
    (void)state;
    assert_true(expect_survives_failing_allocations(
                    load_again, (void *)(uintptr_t)temp_write("rows.csv", "1,2,3\n4,5,6\n", 12)) > 2);
}

static void files_that_fail(void **state)
{
    (void)state;
    const char *path = temp_write("rows.csv", "1,2,3\n4,5,6\n", 12);
    TempFault fault = {.at = 1};
    wk_set_io_hook(temp_io_hook, &fault);
    assert_null(wk_load_csv(path, NULL));
    wk_set_io_hook(NULL, NULL);
    char want[600];
    snprintf(want, sizeof want, "load_csv: cannot read %s: Input/output error", path);
    assert_error(WK_ERROR_IO, want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_numbers),          cmocka_unit_test(the_wrong_number_of_columns),
        cmocka_unit_test(text_that_is_no_number),   cmocka_unit_test(nothing_where_something_should_be),
        cmocka_unit_test(bytes_that_are_no_text),   cmocka_unit_test(locales_do_not_matter),
        cmocka_unit_test(numbers_are_rounded_once), cmocka_unit_test(memory_runs_out_at_each_allocation),
        cmocka_unit_test(files_that_fail),
    };
    return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
