/* Numbers made with PyTorch, from files in tests/golden. */
#ifndef WICK_TESTS_GOLDEN_H
#define WICK_TESTS_GOLDEN_H

#include "support/check.h"
#include "wick/wick.h"

/* The tensor of that name, formatted as by printf; the test fails if there is none. */
wk_Tensor *golden(const wk_StateDict *file, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* |have - want| <= atol + rtol * |want| everywhere, shape and dtype the same; (0, 0) is to the bit. */
void expect_close(wk_Tensor *have, wk_Tensor *want, double rtol, double atol, const char *what);

#endif
