/* Windows of 3 x 3 by Winograd's F(2x2, 3x3): 16 multiplications for four outputs instead of 36.
 *
 *   Y = A' [(G w G') . (B' d B)] A        d: 4 x 4 inputs under a tile of 2 x 2 outputs, . element by element
 *
 *   input   d d d d      B' = 1  0 -1  0     G = 1    0    0      A' = 1  1  1  0
 *           d d d d           0  1  1  0         1/2  1/2  1/2         0  1 -1 -1
 *           d d d d           0 -1  1  0         1/2 -1/2  1/2
 *           d d d d           0  1  0 -1         0    0    1
 *
 * With the batch last in memory each letter above is a vector of samples, and each of the 16 elements of the products, summed over the
 * input channels, is a matrix product [k, c] x [c, columns]; a column is a tile's vector of samples. Columns are taken in blocks
 * that stay in the second cache. The gradient of the input is the same with the weight turned by half a turn; that of the weight is
 *
 *   G' [sum over columns of (A dY A') . (B' d B)] G
 *
 * with 16 products [k, columns] x [columns, c]. An element that is not finite would spread over its tile, so results that are not
 * all finite are refused, and computed again by the plain loops. (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2015.) */
#include "kernels/isa/conv_winograd.h"

#include "kernels/isa/gemm.h"

enum {
    WINO_CHANNELS = 16,     /* fewer do not pay for the transforms */
    WINO_CACHE = 768 << 10, /* bytes that a block's inputs and products should take */
    WINO_FEW = 6,           /* columns of a block, at least */
    WINO_MANY = 12,         /* and at most */
    WINO_SHARE = 8,         /* channels that a task transforms */
};

/* Tiles of the outputs, and the blocks of samples of each. */
typedef struct WinoGrid {
    int64_t n, h, w, oh, ow; /* of samples, input and output */
    int64_t pad[2];
    int64_t across, vectors, columns;
} WinoGrid;

/* A tile's vector of samples: its first output, its first sample; `fresh` samples at its end are no other's. */
typedef struct WinoColumn {
    int64_t y, x, sample, fresh;
} WinoColumn;

static WinoGrid wino_grid(int64_t n, int64_t h, int64_t w, int64_t oh, int64_t ow, const int64_t pad[2])
{
    WinoGrid grid = {.n = n, .h = h, .w = w, .oh = oh, .ow = ow, .pad = {pad[0], pad[1]}};
    grid.across = (ow + 1) / 2;
    grid.vectors = (n + LANES - 1) / LANES;
    grid.columns = (oh + 1) / 2 * grid.across * grid.vectors;
    return grid;
}

static inline WinoColumn wino_column(const WinoGrid *grid, int64_t column)
{
    const int64_t tile = column / grid->vectors, first = column % grid->vectors * LANES;
    WinoColumn at = {.y = tile / grid->across * 2, .x = tile % grid->across * 2};
    at.sample = lanes_min(first, grid->n - LANES);
    at.fresh = LANES - (first - at.sample);
    return at;
}

/* ---- the transforms ------------------------------------------------------------------------------------- */

typedef LaneVector WinoTile[4][4];

/* d = B' d B. */
static inline __attribute__((always_inline)) void wino_of_input(WinoTile d)
{
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
        const LaneVector a = d[0][j], b = d[1][j], c = d[2][j], e = d[3][j];
        d[0][j] = a - c, d[1][j] = b + c, d[2][j] = c - b, d[3][j] = b - e;
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        const LaneVector a = d[i][0], b = d[i][1], c = d[i][2], e = d[i][3];
        d[i][0] = a - c, d[i][1] = b + c, d[i][2] = c - b, d[i][3] = b - e;
    }
}

/* d = A y A', of a gradient of 2 x 2 outputs. */
static inline __attribute__((always_inline)) void wino_of_grad(LaneVector y[2][2], WinoTile d)
{
#pragma GCC unroll 2
    for (int j = 0; j < 2; j++) {
        const LaneVector a = y[0][j], b = y[1][j];
        d[0][j] = a, d[1][j] = a + b, d[2][j] = a - b, d[3][j] = -b;
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        const LaneVector a = d[i][0], b = d[i][1];
        d[i][1] = a + b, d[i][2] = a - b, d[i][3] = -b;
    }
}

/* The 2 x 2 outputs A' m A of a tile; element (i, j) of m lies (4 i + j) * step floats on. */
static inline __attribute__((always_inline)) void wino_of_product(const float *m, int64_t step,
                                                                  LaneVector y[2][2])
{
    LaneVector rows[2][4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
        const LaneVector a = lanes_load(m + j * step), b = lanes_load(m + (4 + j) * step),
                         c = lanes_load(m + (8 + j) * step), d = lanes_load(m + (12 + j) * step);
        rows[0][j] = a + b + c, rows[1][j] = b - c - d;
    }
#pragma GCC unroll 2
    for (int i = 0; i < 2; i++) {
        y[i][0] = rows[i][0] + rows[i][1] + rows[i][2];
        y[i][1] = rows[i][1] - rows[i][2] - rows[i][3];
    }
}

/* The input under a tile; zeros where it is padding. */
static inline void wino_load_input(const WinoGrid *g, const float *plane, const WinoColumn *at, WinoTile d)
{
    const int64_t y = at->y - g->pad[0], x = at->x - g->pad[1], line = g->w * g->n;
    const float *from = plane + (y * g->w + x) * g->n + at->sample;
    const bool inside = y >= 0 && x >= 0 && y + 4 <= g->h && x + 4 <= g->w;
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++)
            d[i][j] = inside || (y + i >= 0 && y + i < g->h && x + j >= 0 && x + j < g->w)
                          ? lanes_load(from + i * line + j * g->n)
                          : (LaneVector){0};
}

/* Stores element (i, j) (4 i + j) * step floats on. */
static inline void wino_store(WinoTile d, float *to, int64_t step)
{
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++)
            *(LaneLoose *)(to + (4 * i + j) * step) = d[i][j];
}

/* Columns [first, first + count) of one channel of the input, side by side at `to`. */
static void wino_inputs(const WinoGrid *grid, const float *plane, int64_t first, int64_t count, float *to,
                        int64_t step)
{
    for (int64_t j = 0; j < count; j++) {
        const WinoColumn at = wino_column(grid, first + j);
        WinoTile d;
        wino_load_input(grid, plane, &at, d);
        wino_of_input(d);
        wino_store(d, to + j * LANES, step);
    }
}

/* ---- the weight ----------------------------------------------------------------------------------------- */

/* [16][out][in] of a weight [out][in][3][3], or of its half turn if it lies as [in][out][3][3]. */
typedef struct WinoWeight {
    const float *w;
    int64_t out, in;
    bool turned;
    float *u;
} WinoWeight;

static void wino_weight_rows(void *context, int64_t share)
{
    const WinoWeight *v = context;
    const int64_t end = lanes_min((share + 1) * WINO_SHARE, v->out), step = v->out * v->in;
    for (int64_t o = share * WINO_SHARE; o < end; o++)
        for (int64_t i = 0; i < v->in; i += LANES) {
            const int64_t live = lanes_min(LANES, v->in - i);
            LaneVector g[3][3], rows[4][3];
            float lanes[9][LANES] = {{0}};
            for (int64_t l = 0; l < live; l++) {
                const float *from = v->w + 9 * (v->turned ? (i + l) * v->out + o : o * v->in + i + l);
                for (int t = 0; t < 9; t++)
                    lanes[t][l] = from[v->turned ? 8 - t : t];
            }
            memcpy(g, lanes, sizeof g);
            for (int j = 0; j < 3; j++) {
                const LaneVector ends = g[0][j] + g[2][j];
                rows[0][j] = g[0][j], rows[3][j] = g[2][j];
                rows[1][j] = (ends + g[1][j]) * 0.5f, rows[2][j] = (ends - g[1][j]) * 0.5f;
            }
            for (int r = 0; r < 4; r++) {
                const LaneVector ends = rows[r][0] + rows[r][2];
                const LaneVector u[4] = {rows[r][0], (ends + rows[r][1]) * 0.5f, (ends - rows[r][1]) * 0.5f,
                                         rows[r][2]};
                for (int j = 0; j < 4; j++)
                    memcpy(v->u + (4 * r + j) * step + o * v->in + i, &u[j], (size_t)live * sizeof(float));
            }
        }
}

static bool wino_finite(LaneVector bad)
{
    for (int i = 0; i < LANES; i++)
        if (bad[i] != 0) /* zero times each number, added up: NaN if one was not finite */
            return false;
    return true;
}

/* ---- outputs, and the gradient of the input ------------------------------------------------------------- */

typedef struct WinoConv {
    WinoGrid grid;
    const float *in; /* [c, h, w, n] */
    int64_t c, k;
    const float *u, *bias;
    float *out;
    int64_t block, blocks;     /* columns of a block, blocks */
    int64_t in_step, out_step; /* floats from one of the 16 to the next */
    char *scratch;
    size_t inputs, products, bytes; /* of a thread */
    _Atomic int64_t turn;
    _Atomic bool finite;
} WinoConv;

/* Stores what lies inside of the outputs. */
static inline void wino_put(const WinoGrid *g, const WinoColumn *at, LaneVector y[2][2], float *plane)
{
    for (int i = 0; i < 2 && at->y + i < g->oh; i++)
        for (int j = 0; j < 2 && at->x + j < g->ow; j++) {
            float *to = plane + ((at->y + i) * g->ow + at->x + j) * g->n + at->sample;
            const int64_t known = LANES - at->fresh;
            if (!known)
                *(LaneLoose *)to = y[i][j];
            else
                memcpy(to + known, (const float *)&y[i][j] + known, (size_t)at->fresh * sizeof *to);
        }
}

static void wino_block(const WinoConv *v, int64_t block, char *scratch, LaneVector *bad)
{
    const WinoGrid *grid = &v->grid;
    const int64_t first = block * v->block, count = lanes_min(v->block, grid->columns - first),
                  row = v->block * LANES;
    float *inputs = (float *)(void *)scratch, *products = (float *)(void *)(scratch + v->inputs);
    for (int64_t c = 0; c < v->c; c++)
        wino_inputs(grid, v->in + c * grid->h * grid->w * grid->n, first, count, inputs + c * row,
                    v->in_step);
    for (int t = 0; t < 16; t++) {
        const Gemm_f32 product = {.m = v->k,
                                  .n = count * LANES,
                                  .k = v->c,
                                  .a = v->u + t * v->k * v->c,
                                  .a_row = v->c,
                                  .a_col = 1,
                                  .b = inputs + t * v->in_step,
                                  .b_row = row,
                                  .b_col = 1,
                                  .c = products + t * v->out_step,
                                  .c_row = row,
                                  .c_col = 1,
                                  .alpha = 1};
        WK_KERNEL(wk_gemm_run_f32)(&product, scratch + v->inputs + v->products);
    }
    for (int64_t k = 0; k < v->k; k++) {
        const LaneVector bias = lanes_all(v->bias ? v->bias[k] : 0);
        for (int64_t j = 0; j < count; j++) {
            const WinoColumn at = wino_column(grid, first + j);
            LaneVector y[2][2];
            wino_of_product(products + k * row + j * LANES, v->out_step, y);
            for (int i = 0; i < 4; i++) {
                y[i / 2][i % 2] += bias;
                *bad += y[i / 2][i % 2] * 0.0f;
            }
            wino_put(grid, &at, y, v->out + k * grid->oh * grid->ow * grid->n);
        }
    }
}

static void wino_thread(void *context, int64_t thread)
{
    WinoConv *v = context;
    LaneVector bad = {0};
    for (;;) {
        const int64_t block = atomic_fetch_add_explicit(&v->turn, 1, memory_order_relaxed);
        if (block >= v->blocks)
            break;
        wino_block(v, block, v->scratch + (size_t)thread * v->bytes, &bad);
    }
    if (!wino_finite(bad))
        atomic_store_explicit(&v->finite, false, memory_order_relaxed);
}

static size_t wino_round(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}

/* Blocks of nearly equal size. */
static void wino_blocks(WinoConv *v)
{
    const int64_t fit = WINO_CACHE / (16 * (v->c + v->k) * LANES * (int64_t)sizeof(float)),
                  most = lanes_max(lanes_min(fit, WINO_MANY), WINO_FEW);
    v->blocks = (v->grid.columns + most - 1) / most;
    v->block = (v->grid.columns + v->blocks - 1) / v->blocks;
    v->blocks = (v->grid.columns + v->block - 1) / v->block;
    v->in_step =
        (v->c * v->block + 1) * LANES; /* one more: the 16 must not fall on each other in the caches */
    v->out_step = (v->k * v->block + 1) * LANES;
    v->inputs = wino_round((size_t)(16 * v->in_step) * sizeof(float));
    v->products = wino_round((size_t)(16 * v->out_step) * sizeof(float));
    v->bytes =
        v->inputs + v->products + wino_round(WK_KERNEL(wk_gemm_scratch_f32)(v->k, v->block * LANES, v->c));
}

static LaneAnswer wino_conv(WinoConv *v, WinoWeight *weight)
{
    wino_blocks(v);
    const int64_t threads = lanes_min(wk_thread_count(), v->blocks);
    const size_t weights = wino_round((size_t)(16 * v->k * v->c) * sizeof(float)),
                 bytes = weights + (size_t)threads * v->bytes;
    char *memory = wk_alloc(bytes);
    if (!memory)
        return LANES_FAILED;
    v->scratch = memory + weights;
    v->u = weight->u = (float *)(void *)memory;
    v->finite = true;
    wk_parallel((weight->out + WINO_SHARE - 1) / WINO_SHARE, wino_weight_rows, weight);
    wk_parallel(threads, wino_thread, v);
    wk_release(memory, bytes);
    return v->finite ? LANES_DONE : LANES_REFUSED;
}

/* ---- images that do not have the batch last -------------------------------------------------------------- */

typedef struct WinoTurn {
    LaneImage image;
    LanePack pack;
    float *to;
} WinoTurn;

static void wino_turn_channel(void *context, int64_t c)
{
    const WinoTurn *v = context;
    WK_KERNEL(wk_lanes_pack)(&v->image, &v->pack, 0, c, 0, v->image.h, v->to + c * v->image.h * v->pack.line);
}

/* The image with the batch last: itself, or a copy of *bytes. */
static const float *wino_batch_last(const LaneImage *image, float **copy, size_t *bytes)
{
    *copy = NULL;
    if (image->batch_last)
        return image->data;
    *bytes = (size_t)(image->n * image->c * image->h * image->w) * sizeof(float);
    WinoTurn v = {
        .image = *image,
        .pack = {.samples = image->n, .blocks = 1, .column = image->n, .line = image->w * image->n}};
    v.to = *copy = wk_alloc(*bytes);
    if (*copy)
        wk_parallel(image->c, wino_turn_channel, &v);
    return *copy;
}

/* ---- whether, and the three ----------------------------------------------------------------------------- */

static bool wino_pays(const wk_ConvShape *s, int64_t oh, int64_t ow)
{
    const int64_t tiles = (oh + 1) / 2 * ((ow + 1) / 2);
    return s->r == 3 && s->s == 3 && s->groups == 1 && s->c >= WINO_CHANNELS && s->k >= WINO_CHANNELS &&
           s->n >= LANES && s->n <= LANES_WHOLE && tiles * 4 * 3 <= oh * ow * 4;
}

LaneAnswer WK_KERNEL(wk_winograd)(const wk_ConvShape *s, const float *x, bool batch_last, const float *w,
                                  const float *bias, float *y)
{
    if (!wino_pays(s, s->oh, s->ow))
        return LANES_REFUSED;
    float *copy;
    size_t bytes = 0;
    WinoConv v = {.grid = wino_grid(s->n, s->h, s->w, s->oh, s->ow, s->padding),
                  .c = s->c,
                  .k = s->k,
                  .bias = bias,
                  .out = y};
    v.in = wino_batch_last(&(LaneImage){x, batch_last, s->n, s->c, s->h, s->w}, &copy, &bytes);
    if (!v.in)
        return LANES_FAILED;
    const LaneAnswer answer = wino_conv(&v, &(WinoWeight){.w = w, .out = s->k, .in = s->c});
    wk_release(copy, bytes);
    return answer;
}

LaneAnswer WK_KERNEL(wk_winograd_grad_input)(const wk_ConvShape *s, const float *g, const float *w, float *gx)
{
    if (!wino_pays(s, s->h, s->w))
        return LANES_REFUSED;
    const int64_t pad[2] = {2 - s->padding[0], 2 - s->padding[1]};
    WinoConv v = {
        .grid = wino_grid(s->n, s->oh, s->ow, s->h, s->w, pad), .in = g, .c = s->k, .k = s->c, .out = gx};
    return wino_conv(&v, &(WinoWeight){.w = w, .out = s->c, .in = s->k, .turned = true});
}

/* ---- the gradient of the weight ------------------------------------------------------------------------- */

typedef struct WinoGrad {
    const wk_ConvShape *s;
    WinoGrid grid;
    const float *g, *x;   /* with the batch last */
    int64_t first, count; /* columns of this turn */
    int64_t row, g_step, x_step;
    float *inputs, *grads, *sums; /* [16][c][row], [16][k][row], [16][k][c] */
    LaneVector *bias_sums;        /* [k] */
    char *scratch;
    size_t bytes; /* of a product */
} WinoGrad;

static void wino_grads(const WinoGrad *v, int64_t k)
{
    const WinoGrid *g = &v->grid;
    const float *plane = v->g + k * g->oh * g->ow * g->n;
    for (int64_t column = 0; column < v->count; column++) {
        const WinoColumn at = wino_column(g, v->first + column);
        LaneMask fresh; /* lanes that are another column's count there */
        for (int l = 0; l < LANES; l++)
            fresh[l] = -(l >= LANES - at.fresh);
        LaneVector y[2][2];
        for (int i = 0; i < 2; i++)
            for (int j = 0; j < 2; j++) {
                const bool inside = at.y + i < g->oh && at.x + j < g->ow;
                y[i][j] =
                    inside ? lanes_masked(plane + ((at.y + i) * g->ow + at.x + j) * g->n + at.sample, fresh)
                           : (LaneVector){0};
                v->bias_sums[k] += y[i][j];
            }
        WinoTile d;
        wino_of_grad(y, d);
        wino_store(d, v->grads + k * v->row + column * LANES, v->g_step);
    }
}

/* Some channels of the input or of the gradient. */
static void wino_transform(void *context, int64_t task)
{
    const WinoGrad *v = context;
    const WinoGrid *grid = &v->grid;
    const int64_t inputs = (v->s->c + WINO_SHARE - 1) / WINO_SHARE;
    if (task < inputs)
        for (int64_t c = task * WINO_SHARE; c < lanes_min((task + 1) * WINO_SHARE, v->s->c); c++)
            wino_inputs(grid, v->x + c * grid->h * grid->w * grid->n, v->first, v->count,
                        v->inputs + c * v->row, v->x_step);
    else
        for (int64_t k = (task - inputs) * WINO_SHARE;
             k < lanes_min((task - inputs + 1) * WINO_SHARE, v->s->k); k++)
            wino_grads(v, k);
}

static void wino_product(void *context, int64_t t)
{
    const WinoGrad *v = context;
    const int64_t k = v->s->k, c = v->s->c;
    const Gemm_f32 product = {.m = k,
                              .n = c,
                              .k = v->count * LANES,
                              .a = v->grads + t * v->g_step,
                              .a_row = v->row,
                              .a_col = 1,
                              .b = v->inputs + t * v->x_step,
                              .b_row = 1,
                              .b_col = v->row,
                              .c = v->sums + t * k * c,
                              .c_row = c,
                              .c_col = 1,
                              .alpha = 1,
                              .beta = v->first ? 1 : 0};
    WK_KERNEL(wk_gemm_run_f32)(&product, v->scratch + (size_t)t * v->bytes);
}

/* gw = G' sums G. Returns whether all is finite. */
static bool wino_gather(const WinoGrad *v, float *gw, float *gb)
{
    const int64_t step = v->s->k * v->s->c;
    float bad = 0;
    for (int64_t i = 0; i < step; i++, gw += 9) {
        float rows[3][4];
        for (int j = 0; j < 4; j++) {
            const float *u = v->sums + j * step + i;
            const float sum = 0.5f * (u[4 * step] + u[8 * step]);
            rows[0][j] = u[0] + sum;
            rows[1][j] = 0.5f * (u[4 * step] - u[8 * step]);
            rows[2][j] = sum + u[12 * step];
        }
        for (int r = 0; r < 3; r++) {
            const float sum = 0.5f * (rows[r][1] + rows[r][2]);
            gw[3 * r] = rows[r][0] + sum;
            gw[3 * r + 1] = 0.5f * (rows[r][1] - rows[r][2]);
            gw[3 * r + 2] = sum + rows[r][3];
            bad += gw[3 * r] * 0 + gw[3 * r + 1] * 0 + gw[3 * r + 2] * 0;
        }
    }
    for (int64_t k = 0; gb && k < v->s->k; k++) {
        gb[k] = 0;
        for (int i = 0; i < LANES; i++)
            gb[k] += v->bias_sums[k][i];
    }
    return bad == 0;
}

/* The memory of all of it, in one block; its size. */
static size_t wino_grad_memory(WinoGrad *v, char *memory)
{
    const wk_ConvShape *s = v->s;
    const size_t inputs = wino_round((size_t)(16 * v->x_step) * sizeof(float)),
                 grads = wino_round((size_t)(16 * v->g_step) * sizeof(float)),
                 sums = wino_round((size_t)(16 * s->k * s->c) * sizeof(float)),
                 biases = (size_t)s->k * sizeof(LaneVector);
    if (memory) {
        v->bias_sums = (LaneVector *)(void *)memory;
        v->inputs = (float *)(void *)(memory + biases);
        v->grads = (float *)(void *)(memory + biases + inputs);
        v->sums = (float *)(void *)(memory + biases + inputs + grads);
        v->scratch = memory + biases + inputs + grads + sums;
    }
    return biases + inputs + grads + sums + 16 * v->bytes;
}

static LaneAnswer wino_grad_run(WinoGrad *v, float *gw, float *gb)
{
    const wk_ConvShape *s = v->s;
    const int64_t shares = (s->c + WINO_SHARE - 1) / WINO_SHARE + (s->k + WINO_SHARE - 1) / WINO_SHARE;
    v->row = WINO_MANY * LANES;
    v->x_step = (s->c * WINO_MANY + 1) * LANES;
    v->g_step = (s->k * WINO_MANY + 1) * LANES;
    v->bytes = wino_round(WK_KERNEL(wk_gemm_scratch_f32)(s->k, s->c, v->row));
    const size_t bytes = wino_grad_memory(v, NULL);
    char *memory = wk_alloc(bytes);
    if (!memory)
        return LANES_FAILED;
    wino_grad_memory(v, memory);
    memset(v->bias_sums, 0, (size_t)s->k * sizeof *v->bias_sums);
    for (v->first = 0; v->first < v->grid.columns; v->first += WINO_MANY) {
        v->count = lanes_min(WINO_MANY, v->grid.columns - v->first);
        wk_parallel(shares, wino_transform, v);
        wk_parallel(16, wino_product, v);
    }
    const bool finite = wino_gather(v, gw, gb);
    wk_release(memory, bytes);
    return finite ? LANES_DONE : LANES_REFUSED;
}

LaneAnswer WK_KERNEL(wk_winograd_grad_weight)(const wk_ConvShape *s, const float *g, const float *x,
                                              bool batch_last, float *gw, float *gb)
{
    if (!wino_pays(s, s->oh, s->ow))
        return LANES_REFUSED;
    float *copy;
    size_t bytes = 0;
    WinoGrad v = {.s = s, .grid = wino_grid(s->n, s->h, s->w, s->oh, s->ow, s->padding), .g = g};
    v.x = wino_batch_last(&(LaneImage){x, batch_last, s->n, s->c, s->h, s->w}, &copy, &bytes);
    if (!v.x)
        return LANES_FAILED;
    const LaneAnswer answer = wino_grad_run(&v, gw, gb);
    wk_release(copy, bytes);
    return answer;
}
