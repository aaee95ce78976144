/* The windows that pooling is tested with. */
#ifndef WICK_TESTS_POOL_SHAPES_H
#define WICK_TESTS_POOL_SHAPES_H

#include "kernels/kernels_test.h"

/* clang-format off */
#define PAIR(a, b) {a, b}
#define WINDOW(planes_, h_, w_, kernel_, stride_, padding_, dilation_, oh_, ow_)              \
    {.planes = planes_, .h = h_, .w = w_, .kernel = PAIR kernel_, .stride = PAIR stride_,     \
     .padding = PAIR padding_, .dilation = PAIR dilation_, .oh = oh_, .ow = ow_}
static const wk_PoolShape pool_shapes[] = {
    /*     planes   h    w    kernel    stride  padding dilation  oh   ow */
    WINDOW(7,      28,  28,  (2, 2),   (2, 2), (0, 0), (1, 1),   14,  14),
    WINDOW(2,       4, 200,  (2, 2),   (2, 2), (0, 0), (1, 1),    2, 100),
    WINDOW(3,       5,   7,  (2, 2),   (2, 2), (0, 0), (1, 1),    2,   3), /* a rest left out */
    WINDOW(3,       6,   6,  (3, 2),   (3, 2), (0, 0), (1, 1),    2,   3),
    WINDOW(3,       9,   7,  (3, 2),   (2, 1), (1, 1), (1, 1),    5,   8),
    WINDOW(2,      11,  13,  (3, 3),   (1, 2), (1, 0), (2, 3),    9,   4),
    WINDOW(2,       5,   6,  (2, 3),   (2, 2), (0, 0), (1, 1),    3,   3), /* ceil_mode: past the edge */
    WINDOW(4,       3,   3,  (1, 1),   (2, 2), (0, 0), (1, 1),    2,   2), /* gaps */
    WINDOW(9,      13,  11,  (3, 3),   (1, 1), (1, 1), (1, 1),   13,  11),
    WINDOW(1,      15,  17,  (15, 17), (1, 1), (0, 0), (1, 1),    1,   1), /* 255 in a window */
    WINDOW(2,       1, 127,  (1, 127), (1, 1), (0, 0), (1, 1),    1,   1), /* as many as bytes can name */
    WINDOW(5,      10,  10,  (2, 2),   (2, 2), (0, 0), (1, 1),    5,   5),
    WINDOW(0,       4,   4,  (2, 2),   (2, 2), (0, 0), (1, 1),    2,   2), /* nothing */
    WINDOW(3,       1,   6,  (2, 2),   (1, 1), (1, 1), (2, 1),    1,   7), /* rows -1 and 1: padding alone */
    WINDOW(2,       5,   4,  (3, 2),   (2, 1), (1, 1), (1, 7),    3,   5), /* columns -1 and 6 too */
};
/* Enough for several threads. */
static const wk_PoolShape large_pool = WINDOW(40, 33, 31, (3, 3), (1, 1), (1, 1), (1, 1), 33, 31);
/* clang-format on */
enum { POOL_SHAPES = sizeof pool_shapes / sizeof *pool_shapes, MOST_IN_A_WINDOW = 255 };

#endif
