/* Numbers made with PyTorch, from files in tests/golden. */
#ifndef WICK_TESTS_GOLDEN_H
#define WICK_TESTS_GOLDEN_H

#include "support/check.h"
#include "wick/wick.h"

/* The tensor of that name, formatted as by printf; the test fails if there is none. */
wk_Tensor *golden(const wk_StateDict *file, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The cases of tests/golden/norm.safetensors, between these two as setup and teardown of a group. */
extern wk_StateDict *norm_cases;
int load_norm_cases(void **state);
int free_norm_cases(void **state);

/* A test's own file: `name`, and load_<name> and free_<name> as setup and teardown of a group. */
#define GOLDEN_FILE(name, path)                           \
    static wk_StateDict *name;                            \
    static int load_##name(void **state)                  \
    {                                                     \
        (void)state;                                      \
        name = wk_load_safetensors("tests/golden/" path); \
        if (!name)                                        \
            print_error("%s\n", wk_error());              \
        return name ? 0 : -1;                             \
    }                                                     \
    static int free_##name(void **state)                  \
    {                                                     \
        (void)state;                                      \
        wk_state_dict_free(name);                         \
        return 0;                                         \
    }

/* |have - want| <= atol + rtol * |want| everywhere, shape and dtype the same; (0, 0) is to the bit. */
void expect_close(wk_Tensor *have, wk_Tensor *want, double rtol, double atol, const char *what);

/* A case "name" of a file: name.x, and name.weight and name.bias if they are there; name.y that call makes of them; name.grad_x and so on
 * for the gradient name.g, from the fused backward and from the recorded one.
 *
 *     GOLDEN_CASE(layer, wk_layer_norm(x, wk_dims(7), weight, bias))
 *     expect_golden_case(file, "layer_norm", layer); */
typedef wk_Tensor *(*GoldenCall)(const char *name, wk_Tensor *x, wk_Tensor *weight, wk_Tensor *bias);
void expect_golden_case(const wk_StateDict *file, const char *name, GoldenCall call);
#define GOLDEN_CASE(function_name, expression)                                                          \
    static wk_Tensor *function_name(const char *name, wk_Tensor *x, wk_Tensor *weight, wk_Tensor *bias) \
    {                                                                                                   \
        (void)name, (void)weight, (void)bias;                                                           \
        return expression;                                                                              \
    }

#endif
