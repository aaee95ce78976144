/* Windows of 3 x 3 and more by Winograd's F(2x2, 3x3): 16 multiplications for four outputs instead of 36.
 *
 *   Y = A' [(G w G') . (B' d B)] A        d: 4 x 4 inputs under a tile of 2 x 2 outputs, . element by element
 *
 *   input   d d d d      B' = 1  0 -1  0     G = 1    0    0      A' = 1  1  1  0
 *           d d d d           0  1  1  0         1/2  1/2  1/2         0  1 -1 -1
 *           d d d d           0 -1  1  0         1/2 -1/2  1/2
 *           d d d d           0  1  0 -1         0    0    1
 *
 * A side of more than three taps is a sum of parts of two taps, the last of three if the side is odd, each two inputs further on:
 *
 *   g g | g g g       the first part meets tile t of the input, the second tile t + 1, whose transform serves both
 *
 * A part of two taps has nothing in the last row of its products, so 5 x 5 takes (3 + 4)^2 = 49 multiplications instead of 100, all
 * added up before the one transform back. A term is such a product of a part, and one of its 16 elements.
 *
 * With the batch last in memory each letter above is a vector of samples. A task walks down a strip of tiles of some vectors of samples;
 * the transforms of the rows of input tiles that its outputs need lie in a ring. For each tile, some output channels and some vectors of
 * samples have their sums over terms and input channels in registers, element by element, and are transformed back from the first cache.
 *
 * The gradient of the input is the same with the weight turned by half a turn; that of the weight is in conv_winograd_weight.c. An element
 * that is not finite would spread over its tile, so results that are not all finite are refused, and computed again by the plain loops.
 * (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2015.) */
#include "kernels/isa/conv_winograd_product.h"
#include "kernels/isa/conv_winograd_tile.h"

enum {
    WINO_WIDE = 3,          /* tiles side by side in a tile of products, of one vector */
    WINO_PAIR = 2,          /* vectors that are not made fewer for the caches' sake */
    WINO_STRIP = 512 << 10, /* bytes of a strip's transforms, unless that is less than WINO_WIDE tiles */
};

typedef struct WinoConv {
    WinoGrid grid;
    const float *in; /* [c, h, w, n] */
    int64_t c, k, r, s;
    const float *w; /* [k][c][r][s]; turned: [c][k][r][s], to be turned by half a turn */
    bool turned;
    const float *bias;
    float *out;
    int64_t k_tiles;               /* of output channels */
    int64_t first[17];             /* where the terms of each element begin */
    int64_t groups, strips, bands; /* of vectors, of tiles across, of tiles down: a task is one of each */
    int64_t strip;                 /* tiles of a strip; the last may have fewer */
    int64_t tile;                  /* floats of a transformed input tile, of the largest group */
    float *u;                      /* [k tile][term][c][channel of the k tile] */
    char *scratch;
    size_t bytes; /* of a thread */
    _Atomic bool finite;
} WinoConv;

/* ---- parts of a side ------------------------------------------------------------------------------------ */

static int64_t wino_ceiling(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static int64_t wino_parts(int64_t side)
{
    return side / 2;
}

static int64_t wino_part_taps(int64_t side, int64_t part)
{
    return side % 2 && part + 1 == wino_parts(side) ? 3 : 2;
}

/* The first part that has something in row i of its products. */
static int64_t wino_first_part(int64_t side, int i)
{
    return i < 3 ? 0 : wino_parts(side) - side % 2;
}

/* The parts of a side that meet inputs for the outputs of tile t, of rows or of columns. */
static void wino_meet(int64_t side, int64_t t, int64_t pad, int64_t size, int64_t *first, int64_t *end)
{
    const int64_t at = 2 * t - pad; /* of the first part's inputs */
    *first = lanes_min(lanes_max((-at - 2) / 2, 0), wino_parts(side));
    *end = lanes_max(lanes_min((size - at + 1) / 2, wino_parts(side)), *first);
}

/* ---- the weight ----------------------------------------------------------------------------------------- */

static int64_t wino_k_first(const WinoConv *v, int64_t k_tile)
{
    return v->k * k_tile / v->k_tiles;
}

/* d = G g G'. */
static void wino_of_weight(wk_vf g[3][3], WinoTile d)
{
    wk_vf rows[4][3];
    for (int j = 0; j < 3; j++) {
        const wk_vf ends = g[0][j] + g[2][j];
        rows[0][j] = g[0][j], rows[3][j] = g[2][j];
        rows[1][j] = (ends + g[1][j]) * 0.5f, rows[2][j] = (ends - g[1][j]) * 0.5f;
    }
    for (int i = 0; i < 4; i++) {
        const wk_vf ends = rows[i][0] + rows[i][2];
        d[i][0] = rows[i][0], d[i][3] = rows[i][2];
        d[i][1] = (ends + rows[i][1]) * 0.5f, d[i][2] = (ends - rows[i][1]) * 0.5f;
    }
}

/* Part (a, b) of the weights from channel `in` to channels [k, k + kt), in the lanes. */
static void wino_load_weight(const WinoConv *v, int64_t in, int64_t k, int64_t kt, int64_t a, int64_t b,
                             wk_vf g[3][3])
{
    const int64_t window = v->r * v->s, next = (v->turned ? 1 : v->c) * window;
    const float *from = v->w + (v->turned ? in * v->k + k : k * v->c + in) * window;
    float lanes[9][LANES] = {{0}};
    for (int64_t i = 0; i < wino_part_taps(v->r, a); i++)
        for (int64_t j = 0; j < wino_part_taps(v->s, b); j++) {
            const int64_t tap = (2 * a + i) * v->s + 2 * b + j, at = v->turned ? window - 1 - tap : tap;
            for (int64_t l = 0; l < kt; l++)
                lanes[3 * i + j][l] = from[l * next + at];
        }
    memcpy(g, lanes, sizeof lanes);
}

static void wino_weight_tile(void *context, int64_t k_tile)
{
    const WinoConv *v = context;
    const int64_t k = wino_k_first(v, k_tile), kt = wino_k_first(v, k_tile + 1) - k, term = v->c * kt;
    float *u = v->u + k * v->first[16] * v->c;
    for (int64_t in = 0; in < v->c; in++, u += kt)
        for (int64_t a = 0; a < wino_parts(v->r); a++)
            for (int64_t b = 0; b < wino_parts(v->s); b++) {
                wk_vf g[3][3];
                WinoTile d;
                wino_load_weight(v, in, k, kt, a, b, g);
                wino_of_weight(g, d);
                for (int t = 0; t < 16; t++) {
                    const int64_t rows = a - wino_first_part(v->r, t / 4),
                                  columns = b - wino_first_part(v->s, t % 4),
                                  across = wino_parts(v->s) - wino_first_part(v->s, t % 4);
                    if (rows >= 0 && columns >= 0)
                        memcpy(u + (v->first[t] + rows * across + columns) * term, &d[t / 4][t % 4],
                               (size_t)kt * sizeof *u);
                }
            }
}

/* ---- outputs, and the gradient of the input ------------------------------------------------------------- */

/* A group's vectors, and the columns of tiles of a strip. */
typedef struct WinoTask {
    int64_t vector, vectors, x;
    int64_t step;   /* floats from one of a tile's 16 elements to the next */
    int64_t across; /* input tiles */
    float *ring;    /* [rows of parts][across][16][c][vectors] */
    wk_vf bad;
} WinoTask;

static float *wino_input_tile(const WinoConv *v, const WinoTask *task, int64_t y, int64_t x)
{
    return task->ring + (y % wino_parts(v->r) * task->across + x - task->x) * v->tile;
}

/* Transforms a row of input tiles into the ring. Of those that are all padding zeros are read if tiles side by side are taken at once. */
static void wino_input_row(const WinoConv *v, const WinoTask *task, int64_t y)
{
    const WinoGrid *grid = &v->grid;
    const int64_t plane = grid->h * grid->w * grid->n;
    for (int64_t c = 0; c < v->c; c++)
        for (int64_t x = task->x; x < task->x + task->across; x++) {
            const WinoUnder under = wino_under(grid, 2 * y, 2 * x);
            if (!under.inside && task->vectors > 1)
                continue;
            float *to = wino_input_tile(v, task, y, x) + c * task->vectors * LANES;
            for (int64_t j = 0; j < task->vectors; j++, to += LANES) {
                WinoTile d;
                wino_load_input(grid, &under, v->in + c * plane + wino_sample(grid, task->vector + j), d);
                wino_of_input(d);
                wino_store(d, to, task->step);
            }
        }
}

/* Where the outputs of `wide` tiles side by side find their inputs: parts [a0, a1) and [b0, b1) meet some. */
typedef struct WinoPlace {
    int64_t y, x, wide, a0, a1, b0, b1;
    const float *rows[WINO_PARTS];
} WinoPlace;

static WinoPlace wino_place(const WinoConv *v, const WinoTask *task, int64_t y, int64_t x, int64_t wide)
{
    const WinoGrid *grid = &v->grid;
    WinoPlace p = {.y = y, .x = x, .wide = wide};
    int64_t rest;
    wino_meet(v->r, y, grid->pad[0], grid->h, &p.a0, &p.a1);
    wino_meet(v->s, x, grid->pad[1], grid->w, &rest, &p.b1);
    wino_meet(v->s, x + wide - 1, grid->pad[1], grid->w, &p.b0, &rest);
    for (int64_t a = p.a0; a < p.a1; a++)
        p.rows[a] = wino_input_tile(v, task, y + a, x);
    return p;
}

/* All products of the channels of a k tile: [16][channel][tile][vector], WINO_SUMS vectors to an element. */
static void wino_sums(const WinoConv *v, const WinoTask *task, const WinoPlace *p, int64_t k, int64_t kt,
                      float *m)
{
    WinoProduct *product = WK_KERNEL(wk_winograd_product)(kt, p->wide * task->vectors);
    const int64_t parts = wino_parts(v->s), term = kt * v->c;
    WinoSum sum = {.c = v->c, .vector = p->wide > 1 ? v->tile : LANES, .channel = task->vectors * LANES};
    for (int t = 0; t < 16; t++, m += WINO_SUMS * LANES) {
        const int64_t a_first = wino_first_part(v->r, t / 4), b_first = wino_first_part(v->s, t % 4);
        const float *u = v->u + k * v->first[16] * v->c + v->first[t] * term;
        sum.count = 0;
        for (int64_t a = a_first; a < p->a1; a++)
            for (int64_t b = b_first; b < parts; b++, u += term)
                if (a >= p->a0 && b >= p->b0 && b < p->b1)
                    sum.terms[sum.count++] = (WinoTerm){u, p->rows[a] + b * v->tile + t * task->step};
        product(&sum, m);
    }
}

/* Transforms a tile's vector back, and stores what lies inside of the outputs. */
static inline __attribute__((always_inline)) void wino_output(const WinoGrid *grid, const float *m,
                                                              wk_vf bias, int64_t y, int64_t x,
                                                              int64_t vector, float *plane, wk_vf *bad)
{
    wk_vf out[2][2];
    wino_of_product(m, WINO_SUMS * LANES, out);
#pragma GCC unroll 4
    for (int e = 0; e < 4; e++) {
        out[e / 2][e % 2] += bias;
        *bad += out[e / 2][e % 2] * 0.0f;
    }
    const int64_t first = wino_sample(grid, vector), known = vector * LANES - first;
    float *to = plane + (y * grid->ow + x) * grid->n + first;
    if (!known && y + 1 < grid->oh && x + 1 < grid->ow) {
        const int64_t line = grid->ow * grid->n;
        wk_vf_store(to, out[0][0]), wk_vf_store(to + grid->n, out[0][1]);
        wk_vf_store(to + line, out[1][0]), wk_vf_store(to + line + grid->n, out[1][1]);
        return;
    }
    for (int i = 0; i < 2 && y + i < grid->oh; i++)
        for (int j = 0; j < 2 && x + j < grid->ow; j++) {
            float lanes[LANES];
            wk_vf_store(lanes, out[i][j]);
            memcpy(to + (i * grid->ow + j) * grid->n + known, lanes + known,
                   (size_t)(LANES - known) * sizeof *to);
        }
}

static void wino_outputs(const WinoConv *v, WinoTask *task, const WinoPlace *p, int64_t k_tile)
{
    const WinoGrid *grid = &v->grid;
    const int64_t k = wino_k_first(v, k_tile), kt = wino_k_first(v, k_tile + 1) - k,
                  size = grid->oh * grid->ow * grid->n;
    float sums[16 * WINO_SUMS * LANES] __attribute__((aligned(64)));
    wino_sums(v, task, p, k, kt, sums);
    const float *m = sums;
    wk_vf bad = task->bad;
    for (int64_t i = k; i < k + kt; i++) {
        const wk_vf bias = wk_vf_all(v->bias ? v->bias[i] : 0);
        for (int64_t tile = 0; tile < p->wide; tile++)
            for (int64_t j = 0; j < task->vectors; j++, m += LANES)
                wino_output(grid, m, bias, 2 * p->y, 2 * (p->x + tile), task->vector + j, v->out + i * size,
                            &bad);
    }
    task->bad = bad;
}

static bool wino_finite(wk_vf bad)
{
    for (int i = 0; i < LANES; i++)
        if (bad[i] != 0) /* zero times each number, added up: NaN if one was not finite */
            return false;
    return true;
}

static void wino_task(void *context, int64_t index)
{
    WinoConv *v = context;
    const WinoGrid *grid = &v->grid;
    const int64_t group = index / v->bands / v->strips, strip = index / v->bands % v->strips,
                  band = index % v->bands, width = lanes_min(v->strip, grid->across - strip * v->strip);
    WinoTask task = {.vector = grid->vectors * group / v->groups,
                     .x = strip * v->strip,
                     .across = width + wino_parts(v->s) - 1,
                     .ring = (float *)(void *)(v->scratch + (size_t)wk_thread_number() * v->bytes)};
    task.vectors = grid->vectors * (group + 1) / v->groups - task.vector;
    task.step = (v->c * task.vectors + 1) * LANES;
    const int64_t turns = wino_ceiling(width, task.vectors == 1 ? WINO_WIDE : 1);
    int64_t y = grid->down * band / v->bands, known = y;
    for (; y < grid->down * (band + 1) / v->bands; y++) {
        for (; known < y + wino_parts(v->r); known++)
            wino_input_row(v, &task, known);
        for (int64_t k_tile = 0; k_tile < v->k_tiles; k_tile++)
            for (int64_t turn = 0; turn < turns; turn++) {
                const int64_t x = width * turn / turns;
                const WinoPlace p = wino_place(v, &task, y, task.x + x, width * (turn + 1) / turns - x);
                wino_outputs(v, &task, &p, k_tile);
            }
    }
    if (!wino_finite(task.bad))
        atomic_store_explicit(&v->finite, false, memory_order_relaxed);
}

/* Strips and groups that the caches hold, and tasks for all threads. */
static void wino_divide(WinoConv *v, int threads)
{
    const WinoGrid *grid = &v->grid;
    const int64_t parts[2] = {wino_parts(v->r), wino_parts(v->s)};
    int64_t vectors, column; /* bytes of the ring in a column of tiles */
    v->groups = lanes_max(wino_ceiling(grid->vectors, WINO_VECTORS), lanes_min(grid->vectors, threads));
    for (;; v->groups++) {
        vectors = wino_ceiling(grid->vectors, v->groups);
        v->tile = 16 * (v->c * vectors + 1) *
                  LANES; /* one more: the 16 must not fall on each other in the caches */
        column = parts[0] * v->tile * (int64_t)sizeof(float);
        if (vectors <= WINO_PAIR || column * (grid->across + parts[1] - 1) <= WINO_STRIP)
            break;
    }
    v->strip = WINO_STRIP / column - parts[1] + 1;
    v->strip = lanes_min(lanes_max(v->strip - v->strip % WINO_WIDE, WINO_WIDE), grid->across);
    v->strips = wino_ceiling(grid->across, v->strip);
    v->bands = threads == 1 ? 1 : lanes_min(wino_ceiling(2 * threads, v->groups * v->strips), grid->down);
    v->k_tiles = wino_ceiling(v->k, lanes_min(WINO_SUMS / vectors, WINO_CHANNELS));
    v->bytes = (size_t)((v->strip + parts[1] - 1) * column);
}

static wk_LaneAnswer wino_conv(WinoConv *v)
{
    const int most = lanes_threads(v->k * v->c * v->r * v->s * v->grid.oh * v->grid.ow * v->grid.n);
    wino_divide(v, most);
    for (int t = 0; t < 16; t++)
        v->first[t + 1] = v->first[t] + (wino_parts(v->r) - wino_first_part(v->r, t / 4)) *
                                            (wino_parts(v->s) - wino_first_part(v->s, t % 4));
    const int64_t tasks = v->groups * v->strips * v->bands;
    const int threads = (int)lanes_min(most, tasks);
    const size_t weights = wino_round((size_t)(v->first[16] * v->k * v->c) * sizeof(float)),
                 bytes = weights + (size_t)threads * v->bytes;
    char *memory = wk_alloc(bytes);
    if (!memory)
        return wk_lanes_failed;
    v->u = (float *)(void *)memory;
    v->scratch = memory + weights;
    v->finite = true;
    wk_parallel_on(most, v->k_tiles, wino_weight_tile, v);
    wk_parallel_on(threads, tasks, wino_task, v);
    wk_release(memory, bytes);
    return v->finite ? wk_lanes_done : wk_lanes_refused;
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

/* ---- where it pays --------------------------------------------------------------------------------------- */

/* A side's work, over all of its outputs: taps that meet inputs, products of tiles, transforms of input and of output tiles. */
typedef struct WinoWork {
    int64_t taps, products, in, out;
} WinoWork;

static WinoWork wino_work(int64_t side, int64_t size, int64_t out, int64_t pad)
{
    WinoWork work = {.out = (out + 1) / 2};
    for (int64_t o = 0; o < out; o++)
        work.taps += lanes_max(lanes_min(side, size + pad - o) - lanes_max(pad - o, 0), 0);
    for (int64_t t = 0; t < work.out; t++) {
        int64_t first, end;
        wino_meet(side, t, pad, size, &first, &end);
        work.products += 3 * (end - first) + (side % 2 && end > first && end == wino_parts(side));
    }
    for (int64_t t = 0; t < work.out + wino_parts(side) - 1; t++)
        work.in += 2 * t + 3 >= pad && 2 * t < size + pad;
    return work;
}

/* What dense tiles and these take, in multiply-adds of a vector of samples, transforms by what they cost as measured. */
typedef struct WinoCost {
    int64_t dense, tiles;
} WinoCost;

static WinoCost wino_cost(const WinoConv *v)
{
    enum { IN = 80, OUT = 100 };
    const WinoGrid *g = &v->grid;
    const WinoWork rows = wino_work(v->r, g->h, g->oh, g->pad[0]),
                   columns = wino_work(v->s, g->w, g->ow, g->pad[1]);
    return (WinoCost){.dense = rows.taps * columns.taps * v->c * v->k,
                      .tiles = rows.products * columns.products * v->c * v->k +
                               rows.in * columns.in * v->c * IN + rows.out * columns.out * v->k * OUT};
}

static bool wino_pays(const WinoConv *v, WinoCost cost)
{
    enum { PERCENT = WK_VECTOR_BYTES == 64 ? 95 : 105 };
    return v->r >= 2 && v->r <= WINO_SIDE && v->s >= 2 && v->s <= WINO_SIDE && v->k >= WINO_LEAST &&
           cost.tiles / PERCENT < cost.dense / 100;
}

/* ---- the two --------------------------------------------------------------------------------------------- */

wk_LaneAnswer WK_KERNEL(wk_winograd)(const wk_ConvShape *s, const float *x, bool batch_last, const float *w,
                                     const float *bias, float *y)
{
    WinoConv v = {.grid = wino_grid(s->n, s->h, s->w, s->oh, s->ow, s->padding),
                  .c = s->c,
                  .k = s->k,
                  .r = s->r,
                  .s = s->s,
                  .w = w,
                  .bias = bias,
                  .out = y};
    if (!wino_fits(s, s->oh, s->ow) || !wino_pays(&v, wino_cost(&v)))
        return wk_lanes_refused;
    float *copy;
    size_t bytes = 0;
    v.in =
        WK_KERNEL(wk_winograd_batch_last)(&(LaneImage){x, batch_last, s->n, s->c, s->h, s->w}, &copy, &bytes);
    if (!v.in)
        return wk_lanes_failed;
    const wk_LaneAnswer answer = wino_conv(&v);
    wk_release(copy, bytes);
    return answer;
}

static WinoConv wino_grad_input(const wk_ConvShape *s)
{
    const int64_t pad[2] = {s->r - 1 - s->padding[0], s->s - 1 - s->padding[1]};
    return (WinoConv){.grid = wino_grid(s->n, s->oh, s->ow, s->h, s->w, pad),
                      .c = s->k,
                      .k = s->c,
                      .r = s->r,
                      .s = s->s,
                      .turned = true};
}

wk_LaneAnswer WK_KERNEL(wk_winograd_grad_input)(const wk_ConvShape *s, const float *g, const float *w,
                                                float *gx)
{
    WinoConv v = wino_grad_input(s);
    if (!wino_fits(s, s->h, s->w) || !wino_pays(&v, wino_cost(&v)))
        return wk_lanes_refused;
    v.in = g, v.w = w, v.out = gx;
    return wino_conv(&v);
}

int64_t WK_KERNEL(wk_winograd_input_cost)(const wk_ConvShape *s)
{
    const WinoConv v = wino_grad_input(s);
    const WinoCost cost = wino_cost(&v);
    return wino_fits(s, s->h, s->w) && wino_pays(&v, cost) ? cost.tiles : cost.dense;
}
