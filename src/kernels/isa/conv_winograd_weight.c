/* Gradient of the weight by Winograd's tiles (conv_winograd.c):
 *
 *   G' [sum over columns of (A dY A') . (B' d B)] G
 *
 * Columns are taken some at a time: the channels of input and gradient are transformed, and each of the 16 elements adds its product
 * [k, columns] x [columns, c] to its sums. One element's product is one task, so the order of additions does not depend on the threads. */
#include "kernels/isa/conv_winograd_tile.h"
#include "kernels/isa/gemm.h"

enum {
    WINO_MANY = 12, /* columns of a turn */
    WINO_SHARE = 8, /* channels that a task transforms */
};

typedef struct WinoGrad {
    const wk_ConvShape *s;
    WinoGrid grid;
    const float *g, *x;   /* with the batch last */
    int64_t first, count; /* columns of this turn */
    int64_t row, g_step, x_step;
    float *inputs, *grads, *sums; /* [16][c][row], [16][k][row], [16][k][c] */
    wk_vf *bias_sums;             /* [k] */
    char *scratch;
    size_t bytes; /* of a product */
} WinoGrad;

/* A column is a tile's vector of samples. */
typedef struct WinoColumn {
    int64_t y, x, vector; /* its first output */
} WinoColumn;

static WinoColumn wino_column(const WinoGrid *grid, int64_t column)
{
    const int64_t tile = column / grid->vectors;
    return (WinoColumn){2 * (tile / grid->across), 2 * (tile % grid->across), column % grid->vectors};
}

static void wino_inputs(const WinoGrad *v, int64_t c)
{
    const WinoGrid *grid = &v->grid;
    const float *plane = v->x + c * grid->h * grid->w * grid->n;
    for (int64_t j = 0; j < v->count; j++) {
        const WinoColumn at = wino_column(grid, v->first + j);
        const WinoUnder under = wino_under(grid, at.y, at.x);
        WinoTile d;
        wino_load_input(grid, &under, plane + wino_sample(grid, at.vector), d);
        wino_of_input(d);
        wino_store(d, v->inputs + c * v->row + j * LANES, v->x_step);
    }
}

static void wino_grads(const WinoGrad *v, int64_t k)
{
    const WinoGrid *g = &v->grid;
    const float *plane = v->g + k * g->oh * g->ow * g->n;
    for (int64_t column = 0; column < v->count; column++) {
        const WinoColumn at = wino_column(g, v->first + column);
        const int64_t sample = wino_sample(g, at.vector);
        wk_vi fresh; /* lanes that are another column's count there */
        for (int l = 0; l < LANES; l++)
            fresh[l] = -(l >= at.vector * LANES - sample);
        wk_vf y[2][2];
        for (int i = 0; i < 2; i++)
            for (int j = 0; j < 2; j++) {
                const bool inside = at.y + i < g->oh && at.x + j < g->ow;
                y[i][j] = inside
                              ? lanes_masked(plane + ((at.y + i) * g->ow + at.x + j) * g->n + sample, fresh)
                              : (wk_vf){0};
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
    const int64_t inputs = (v->s->c + WINO_SHARE - 1) / WINO_SHARE;
    if (task < inputs)
        for (int64_t c = task * WINO_SHARE; c < lanes_min((task + 1) * WINO_SHARE, v->s->c); c++)
            wino_inputs(v, c);
    else
        for (int64_t k = (task - inputs) * WINO_SHARE;
             k < lanes_min((task - inputs + 1) * WINO_SHARE, v->s->k); k++)
            wino_grads(v, k);
}

static void wino_grad_product(void *context, int64_t t)
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
                 biases = (size_t)s->k * sizeof(wk_vf);
    if (memory) {
        v->bias_sums = (wk_vf *)(void *)memory;
        v->inputs = (float *)(void *)(memory + biases);
        v->grads = (float *)(void *)(memory + biases + inputs);
        v->sums = (float *)(void *)(memory + biases + inputs + grads);
        v->scratch = memory + biases + inputs + grads + sums;
    }
    return biases + inputs + grads + sums + 16 * v->bytes;
}

static wk_LaneAnswer wino_grad_run(WinoGrad *v, float *gw, float *gb)
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
        return wk_lanes_failed;
    wino_grad_memory(v, memory);
    memset(v->bias_sums, 0, (size_t)s->k * sizeof *v->bias_sums);
    for (v->first = 0; v->first < v->grid.columns; v->first += WINO_MANY) {
        v->count = lanes_min(WINO_MANY, v->grid.columns - v->first);
        wk_parallel(shares, wino_transform, v);
        wk_parallel(16, wino_grad_product, v);
    }
    const bool finite = wino_gather(v, gw, gb);
    wk_release(memory, bytes);
    return finite ? wk_lanes_done : wk_lanes_refused;
}

wk_LaneAnswer WK_KERNEL(wk_winograd_grad_weight)(const wk_ConvShape *s, const float *g, const float *x,
                                                 bool batch_last, float *gw, float *gb)
{
    if (!wino_weight_pays(s))
        return wk_lanes_refused;
    float *copy;
    size_t bytes = 0;
    WinoGrad v = {.s = s, .grid = wino_grid(s->n, s->h, s->w, s->oh, s->ow, s->padding), .g = g};
    v.x =
        WK_KERNEL(wk_winograd_batch_last)(&(LaneImage){x, batch_last, s->n, s->c, s->h, s->w}, &copy, &bytes);
    if (!v.x)
        return wk_lanes_failed;
    const wk_LaneAnswer answer = wino_grad_run(&v, gw, gb);
    wk_release(copy, bytes);
    return answer;
}
