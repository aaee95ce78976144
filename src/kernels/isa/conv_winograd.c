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
 * in conv_winograd_weight.c. An element that is not finite would spread over its tile, so results that are not
 * all finite are refused, and computed again by the plain loops. (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2015.) */
#include "kernels/isa/conv_winograd_tile.h"
#include "kernels/isa/gemm.h"

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
            wk_vf g[3][3], rows[4][3];
            float lanes[9][LANES] = {{0}};
            for (int64_t l = 0; l < live; l++) {
                const float *from = v->w + 9 * (v->turned ? (i + l) * v->out + o : o * v->in + i + l);
                for (int t = 0; t < 9; t++)
                    lanes[t][l] = from[v->turned ? 8 - t : t];
            }
            memcpy(g, lanes, sizeof g);
            for (int j = 0; j < 3; j++) {
                const wk_vf ends = g[0][j] + g[2][j];
                rows[0][j] = g[0][j], rows[3][j] = g[2][j];
                rows[1][j] = (ends + g[1][j]) * 0.5f, rows[2][j] = (ends - g[1][j]) * 0.5f;
            }
            for (int r = 0; r < 4; r++) {
                const wk_vf ends = rows[r][0] + rows[r][2];
                const wk_vf u[4] = {rows[r][0], (ends + rows[r][1]) * 0.5f, (ends - rows[r][1]) * 0.5f,
                                    rows[r][2]};
                for (int j = 0; j < 4; j++)
                    memcpy(v->u + (4 * r + j) * step + o * v->in + i, &u[j], (size_t)live * sizeof(float));
            }
        }
}

static bool wino_finite(wk_vf bad)
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
static inline void wino_put(const WinoGrid *g, const WinoColumn *at, wk_vf y[2][2], float *plane)
{
    for (int i = 0; i < 2 && at->y + i < g->oh; i++)
        for (int j = 0; j < 2 && at->x + j < g->ow; j++) {
            float *to = plane + ((at->y + i) * g->ow + at->x + j) * g->n + at->sample;
            const int64_t known = LANES - at->fresh;
            if (!known)
                wk_vf_store(to, y[i][j]);
            else
                memcpy(to + known, (const float *)&y[i][j] + known, (size_t)at->fresh * sizeof *to);
        }
}

static void wino_block(const WinoConv *v, int64_t block, char *scratch, wk_vf *bad)
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
        const wk_vf bias = wk_vf_all(v->bias ? v->bias[k] : 0);
        for (int64_t j = 0; j < count; j++) {
            const WinoColumn at = wino_column(grid, first + j);
            wk_vf y[2][2];
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
    wk_vf bad = {0};
    for (;;) {
        const int64_t block = atomic_fetch_add_explicit(&v->turn, 1, memory_order_relaxed);
        if (block >= v->blocks)
            break;
        wino_block(v, block, v->scratch + (size_t)thread * v->bytes, &bad);
    }
    if (!wino_finite(bad))
        atomic_store_explicit(&v->finite, false, memory_order_relaxed);
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

const float *WK_KERNEL(wk_winograd_batch_last)(const LaneImage *image, float **copy, size_t *bytes)
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

/* ---- the two ---- */

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
    v.in =
        WK_KERNEL(wk_winograd_batch_last)(&(LaneImage){x, batch_last, s->n, s->c, s->h, s->w}, &copy, &bytes);
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
