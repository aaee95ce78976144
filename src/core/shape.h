/* Sizes and strides: checks, broadcasting, views, promotion of dtypes. */
#ifndef WICK_CORE_SHAPE_H
#define WICK_CORE_SHAPE_H

#include "core/tensor.h"

typedef struct wk_Shape {
    int ndim;
    int64_t dims[WK_MAX_DIMS];
} wk_Shape;

/* Room for the text of a shape, "[2, 3, 4]", in messages. */
typedef struct wk_ShapeText {
    char text[WK_MAX_DIMS * 22 + 3]; /* the longest size has 20 characters, and ", " */
} wk_ShapeText;
wk_ShapeText wk_shape_text(int ndim, const int64_t *dims);
#define WK_SHAPE_TEXT(tensor) (wk_shape_text((tensor)->ndim, (tensor)->shape).text)

/* The product of the sizes, -1 when it overflows. */
int64_t wk_shape_numel(int ndim, const int64_t *dims);
void wk_shape_strides(int ndim, const int64_t *dims, int64_t *strides);
bool wk_shape_contiguous(int ndim, const int64_t *dims, const int64_t *strides);
/* Every element at a place of its own, without gaps, in some order of the dimensions. */
bool wk_shape_dense(int ndim, const int64_t *dims, const int64_t *strides);
bool wk_shape_same(const wk_Tensor *a, const wk_Tensor *b);

/* dim in [-ndim, ndim) as an index from the front; -1 with an error otherwise. A 0-d tensor takes 0 and -1. */
int wk_shape_dim(const char *op, int ndim, int64_t dim);

/* The set of dims as a bit mask; all when count is 0. False with an error on a dim out of range or named twice. */
bool wk_shape_dim_mask(const char *op, int ndim, wk_Dims dims, unsigned *mask);

/* The common shape, or an error that names both shapes and the dimension. */
bool wk_shape_broadcast(const char *op, const wk_Tensor *a, const wk_Tensor *b, wk_Shape *out);

/* Fills in a -1 and checks the number of elements: "shape '[4, 2]' is invalid for input of size 6". */
bool wk_shape_infer(const char *op, int64_t numel, int ndim, const int64_t *dims, wk_Shape *out);

/* Strides under which `input` shows the new shape without a copy; false (no error) when there are none. */
bool wk_shape_view_strides(const wk_Tensor *input, const wk_Shape *shape, int64_t *strides);

/* The result type of two operands as PyTorch promotes them. */
wk_dtype wk_promote_types(const wk_Tensor *a, const wk_Tensor *b);
static inline bool wk_is_floating(int dtype)
{
    return dtype == wk_float32 || dtype == wk_float64;
}

#endif
