/* Convolution without im2col, for float: what the forward and the gradients share.
 *
 * A network's first layers have too few channels to fill a vector, and copying windows out moves each input
 * r * s times. Here a vector holds neighbouring outputs of one row, and a convolution is a dense loop of fused
 * multiply-adds over the rows of the input:
 *
 *   out[k][y][j] += w[k][c][r][s] * in[c][y + r][j + s * column]        j = x * column + sample
 *
 *   samples   many samples: tensors lie as [c, h, w, n], and a column is n floats (LANES_BLOCK samples at a
 *             time if n is large, as columns far apart fall on each other in the caches)
 *   rows      few samples: tensors lie as [n, c, h, w], and a column is one float
 *
 * What must be padded is copied, what need not be is read where it lies; if the outputs are few, it is not
 * worth a copy. The last vector of a row ends with the row: it overlaps the one before. Rows shorter than a
 * vector are copied to where there is room behind them. */
#ifndef WICK_KERNELS_CONV_LANES_H
#define WICK_KERNELS_CONV_LANES_H

#include <stdatomic.h>
#include <string.h>

#include "core/memory.h"
#include "core/threads.h"
#include "kernels/isa/vector.h"

enum {
    LANES = WK_VF,
    LANES_K = WK_VECTOR_BYTES == 64 ? 8 : 4, /* channels of a tile */
    LANES_SAMPLES = 4,                       /* the fewest that are worth turning the input for */
    LANES_WHOLE = 512,                       /* the most samples that are not split into blocks */
    LANES_BLOCK = 64,                        /* of samples */
    LANES_BAND = 1 << 18,   /* bytes of packed input that a task works on, if that is more than a few rows */
    LANES_SERIAL = 1 << 19, /* multiplications below which threads do not pay */
    LANES_WEIGHTS = 1 << 22 /* largest weight: its gradient is kept four times over */
};

static inline int64_t lanes_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t lanes_max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static inline wk_vf lanes_masked(const float *p, wk_vi mask)
{
    return (wk_vf)((wk_vi)wk_vf_load(p) & mask);
}

/* Keeps a vector in a register, where gcc would load it from memory for each of its uses. */
static inline wk_vf lanes_held(wk_vf v)
{
#if defined(__x86_64__)
    __asm__("" : "+v"(v));
#elif defined(__aarch64__)
    __asm__("" : "+w"(v));
#endif
    return v;
}

/* A tensor of [n, c, h, w] elements, in memory so or with the batch last. */
typedef struct LaneImage {
    const float *data;
    bool batch_last;
    int64_t n, c, h, w;
} LaneImage;

/* How an image is read, for outputs of `ow` columns: block by block, rows of `line` floats. */
typedef struct LanePack {
    int64_t pad[2];
    int64_t samples, blocks;
    int64_t column, line, reach; /* floats of a column, of a row, of a row of outputs */
    bool copy;                   /* else it is read where it lies */
} LanePack;

/* `skips`: whoever reads leaves out what would be padding, so that samples in their order need no copy. */
LanePack WK_KERNEL(wk_lanes_packing)(const LaneImage *image, bool rows, const int64_t pad[2], int64_t s,
                                     int64_t ow, bool skips);
/* Rows [first, first + rows) of channel c of a block, counted in the padded image. */
void WK_KERNEL(wk_lanes_pack)(const LaneImage *image, const LanePack *pack, int64_t block, int64_t c,
                              int64_t first, int64_t rows, float *out);
/* Channel c of a block where it lies. */
static inline const float *lanes_plane(const LaneImage *m, const LanePack *p, int64_t block, int64_t c)
{
    return m->data + (block * m->c + c) * m->h * m->w * p->column;
}

/* The threads that a convolution of so many multiplications pays for. */
static inline int lanes_threads(int64_t work)
{
    return work < LANES_SERIAL ? 1 : wk_thread_count();
}

bool WK_KERNEL(wk_lanes_grad_weight)(const wk_ConvShape *s, const float *g, const float *x, bool batch_last,
                                     float *gw, float *gb);
wk_LaneOrder WK_KERNEL(wk_lanes_order)(const wk_ConvShape *s);

#endif
