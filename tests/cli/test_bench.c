/* `wick bench` as a program sees it: the JSON of a row, the list, what it refuses. No times are held against anything. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "support/skip.h"

typedef struct Ran {
    int code;
    char text[16384]; /* stdout and stderr */
} Ran;

static Ran run(const char *arguments)
{
    static Ran ran;
    char command[4096];
    const char *program = getenv("WICK_PROGRAM");
    if (!program)
        SKIP("no program to run; set WICK_PROGRAM");
    snprintf(command, sizeof command, "'%s' bench %s 2>&1", program, arguments);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t length = fread(ran.text, 1, sizeof ran.text - 1, pipe);
    ran.text[length] = 0;
    int status = pclose(pipe);
    ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return ran;
}

/* The row of that exact name alone, though gemm_32 is not the only one that a looser match would find. */
static void test_json_of_a_product(void **state)
{
    (void)state;
    double median = 0, gflops = 0, of_limit = 0;
    int threads = 0, end = 0;
    Ran ran = run("--json --match gemm_32 --quick --threads 2");
    assert_int_equal(ran.code, 0);
    assert_int_equal(
        sscanf(ran.text,
               "[\n  {\"name\": \"gemm_32\", \"threads\": %d, \"median_us\": %lf, \"gflops\": %lf, "
               "\"of_limit\": %lf}\n]\n%n",
               &threads, &median, &gflops, &of_limit, &end),
        4);
    assert_int_equal(end, strlen(ran.text));
    assert_int_equal(threads, 2);
    assert_true(median > 0 && gflops > 0 && of_limit > 0);
}

/* Two rows with a comma between, bandwidth as gbs, and no limit where there is none. */
static void test_json_of_small_work(void **state)
{
    (void)state;
    Ran ran = run("--json --match chain_100 --quick");
    assert_int_equal(ran.code, 0);
    assert_non_null(strstr(ran.text, "\"chain_100_forward\""));
    assert_non_null(strstr(ran.text, "\"of_limit\": null},\n  {\"name\": \"chain_100_backward\""));
    assert_null(strstr(ran.text, "gflops"));
    ran = run("--json --match limit_read --quick");
    assert_non_null(strstr(ran.text, "\"gbs\": "));
}

static void test_process_of_its_own(void **state)
{
    (void)state;
    Ran ran = run("--json --match start_to_first_prediction --quick");
    assert_int_equal(ran.code, 0);
    assert_non_null(strstr(ran.text, "\"peak_mb\": "));
}

static void test_list(void **state)
{
    (void)state;
    Ran ran = run("--list");
    assert_int_equal(ran.code, 0);
    static const char *const names[] = {"lenet_step_b64 ", "lenet_infer_b1 ",     "gemm_1024 ",
                                        "add_1_forward ",  "chain_100_backward ", "mnist_epoch_b64 ",
                                        "process_epoch "};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_non_null(strstr(ran.text, names[i]));
    for (const char *line = ran.text; *line;) {
        const char *end = strchr(line, '\n');
        assert_non_null(end);
        assert_true(end - line <= 80);
        line = end + 1;
    }
}

static void test_refusals(void **state)
{
    (void)state;
    Ran ran = run("--match 'no such row'");
    assert_int_equal(ran.code, 2);
    assert_string_equal(ran.text,
                        "wick bench: no row's name contains 'no such row' (see: wick bench --list)\n");
    ran = run("--match lenet_infer_b1 --data /nowhere");
    assert_int_equal(ran.code, 66);
    assert_non_null(strstr(ran.text, "/nowhere"));
    assert_non_null(strstr(ran.text, "wick bench: lenet_infer_b1 was not measured\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_of_a_product),  cmocka_unit_test(test_json_of_small_work),
        cmocka_unit_test(test_process_of_its_own), cmocka_unit_test(test_list),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
