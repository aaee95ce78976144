/* What a row of kernels/rows.def becomes: a descriptor, and the forward that all rows have. */
#ifndef WICK_ELEMENTWISE_H
#define WICK_ELEMENTWISE_H

#include <stddef.h>

#include "ops/ops.h"

enum wk_RowTypes { VECTOR, VECTOR_ONLY, FLOATING, FLOATING_ONLY, NUMERIC, COUNTED, ANY };
enum wk_RowSaves { SX = 1, SY = 2, SZ = 4, PENDING = 8 };

/* One row: what the descriptor must know beside the graph. */
typedef struct wk_ElementwiseRow {
    wk_Op op;
    enum wk_RowTypes types;
    size_t loops; /* offset of wk_Loop[WK_DTYPES] in wk_Kernels */
    bool compares;
} wk_ElementwiseRow;

wk_Tensor *wk_elementwise_forward(wk_Call *call);
/* PyTorch refuses a minus with a bool on either side of it. */
bool wk_minus_of_bool(const wk_ElementwiseRow *row, int count, wk_Tensor *const *in);
/* False with an error if a result of that dtype and shape cannot be written to self. */
bool wk_result_fits(const wk_ElementwiseRow *row, const wk_Tensor *self, wk_dtype dtype,
                    const wk_Shape *shape);

#endif
