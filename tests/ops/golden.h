/* The types of tests/golden/ops.h, which includes none itself. */
#ifndef WICK_TESTS_OPS_GOLDEN_H
#define WICK_TESTS_OPS_GOLDEN_H

#include "support/check.h"

typedef struct PromotionCase {
    const char *op;
    int kind_a, kind_b; /* tensor, scalar tensor, whole number, real number */
    const char *results;
} PromotionCase;

typedef struct ShapeStep {
    const char *op;
    int count;
    int64_t args[8];
} ShapeStep;

typedef struct ShapeCase {
    int start_ndim;
    int64_t start[4];
    int first, steps;
    bool fails;
    int ndim;
    int64_t shape[8], stride[8];
    int values;
} ShapeCase;

typedef struct ProgramGolden {
    const char *name;
    double value, gradient[6], second[6];
    const char *fails;
} ProgramGolden;

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#endif
#include "golden/ops.h"
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#endif
