/* Max pooling with the batch innermost, [planes, h, w, n]: a window's elements are rows of n floats, compared lane by lane.
 *
 * What is kept for the way back is one byte an output: which position of the window won. Windows that do not overlap write each input
 * once; others add into zeros. A task is a plane. */
#include <string.h>

#include "core/threads.h"
#include "kernels/isa.h"

enum { POOL_LANES = WK_VECTOR_BYTES / 4, POOL_SERIAL = 1 << 15 };

typedef float PoolVector __attribute__((vector_size(WK_VECTOR_BYTES)));
typedef int32_t PoolMask __attribute__((vector_size(WK_VECTOR_BYTES)));
typedef uint8_t PoolBytes __attribute__((vector_size(WK_VECTOR_BYTES / 4)));

typedef struct PoolLanes {
    const wk_PoolShape *s;
    int64_t n;
    const float *in;
    float *out;
    uint8_t *which;
    const uint8_t *won;
    bool apart; /* windows do not overlap and cover all */
} PoolLanes;

/* The positions of a window that lie inside the input. */
typedef struct LaneWindow {
    int64_t at[255]; /* rows of n from the plane's start */
    uint8_t name[255];
    int count;
} LaneWindow;

static void lane_window(const wk_PoolShape *s, int64_t oy, int64_t ox, LaneWindow *w)
{
    w->count = 0;
    for (int64_t r = 0; r < s->kernel[0]; r++) {
        const int64_t y = oy * s->stride[0] - s->padding[0] + r * s->dilation[0];
        for (int64_t q = 0; q < s->kernel[1] && y >= 0 && y < s->h; q++) {
            const int64_t x = ox * s->stride[1] - s->padding[1] + q * s->dilation[1];
            if (x < 0 || x >= s->w)
                continue;
            w->at[w->count] = y * s->w + x;
            w->name[w->count++] = (uint8_t)(r * s->kernel[1] + q);
        }
    }
}

static void pool_max_window(const PoolLanes *p, const LaneWindow *w, const float *plane, float *out,
                            uint8_t *which)
{
    int64_t i = 0;
    for (; i + POOL_LANES <= p->n; i += POOL_LANES) {
        PoolVector best, value;
        memcpy(&best, plane + w->at[0] * p->n + i, sizeof best);
        PoolMask name = w->name[0] - (PoolMask){0};
        for (int k = 1; k < w->count; k++) {
            memcpy(&value, plane + w->at[k] * p->n + i, sizeof value);
            const PoolMask wins = (value > best) | (value != value);
            best = (PoolVector)(((PoolMask)value & wins) | ((PoolMask)best & ~wins));
            name = ((w->name[k] - (PoolMask){0}) & wins) | (name & ~wins);
        }
        const PoolBytes bytes = __builtin_convertvector(name, PoolBytes);
        memcpy(out + i, &best, sizeof best);
        memcpy(which + i, &bytes, sizeof bytes);
    }
    for (; i < p->n; i++) {
        out[i] = plane[w->at[0] * p->n + i];
        which[i] = w->name[0];
        for (int k = 1; k < w->count; k++) {
            const float value = plane[w->at[k] * p->n + i];
            if (value > out[i] || value != value) {
                out[i] = value;
                which[i] = w->name[k];
            }
        }
    }
}

static void pool_max_plane(void *context, int64_t plane)
{
    const PoolLanes *p = context;
    const wk_PoolShape *s = p->s;
    LaneWindow w;
    int64_t at = plane * s->oh * s->ow * p->n;
    for (int64_t oy = 0; oy < s->oh; oy++)
        for (int64_t ox = 0; ox < s->ow; ox++, at += p->n) {
            lane_window(s, oy, ox, &w);
            pool_max_window(p, &w, p->in + plane * s->h * s->w * p->n, p->out + at, p->which + at);
        }
}

static void pool_back_window(const PoolLanes *p, const LaneWindow *w, const float *grad, const uint8_t *won,
                             float *plane)
{
    for (int k = 0; k < w->count; k++) {
        float *to = plane + w->at[k] * p->n;
        const uint8_t name = w->name[k];
        if (p->apart) {
            WK_INDEPENDENT
            for (int64_t i = 0; i < p->n; i++)
                to[i] = won[i] == name ? grad[i] : 0;
        } else {
            WK_INDEPENDENT
            for (int64_t i = 0; i < p->n; i++)
                to[i] += won[i] == name ? grad[i] : 0;
        }
    }
}

static void pool_back_plane(void *context, int64_t plane)
{
    const PoolLanes *p = context;
    const wk_PoolShape *s = p->s;
    LaneWindow w;
    float *out = p->out + plane * s->h * s->w * p->n;
    if (!p->apart)
        memset(out, 0, (size_t)(s->h * s->w * p->n) * sizeof *out);
    int64_t at = plane * s->oh * s->ow * p->n;
    for (int64_t oy = 0; oy < s->oh; oy++)
        for (int64_t ox = 0; ox < s->ow; ox++, at += p->n) {
            lane_window(s, oy, ox, &w);
            pool_back_window(p, &w, p->in + at, p->won + at, out);
        }
}

static void pool_planes(PoolLanes *p, void (*plane)(void *, int64_t))
{
    if (p->s->planes * p->s->h * p->s->w * p->n >= POOL_SERIAL) {
        wk_parallel(p->s->planes, plane, p);
        return;
    }
    for (int64_t i = 0; i < p->s->planes; i++)
        plane(p, i);
}

static void pool_lanes_max(const wk_PoolShape *shape, int64_t n, const float *input, float *output,
                           uint8_t *which)
{
    PoolLanes p = {.s = shape, .n = n, .in = input, .out = output, .which = which};
    pool_planes(&p, pool_max_plane);
}

static bool pool_tiles(const wk_PoolShape *s, int i, int64_t size, int64_t out)
{
    return s->stride[i] == s->kernel[i] && s->dilation[i] == 1 && s->padding[i] == 0 &&
           out * s->kernel[i] == size;
}

static void pool_lanes_max_backward(const wk_PoolShape *shape, int64_t n, const float *grad,
                                    const uint8_t *which, float *grad_input)
{
    PoolLanes p = {.s = shape, .n = n, .in = grad, .out = grad_input, .won = which};
    p.apart = pool_tiles(shape, 0, shape->h, shape->oh) && pool_tiles(shape, 1, shape->w, shape->ow);
    pool_planes(&p, pool_back_plane);
}

void WK_KERNEL(wk_install_pool_lanes)(wk_Kernels *table)
{
    table->pool_lanes = (wk_PoolLanes){pool_lanes_max, pool_lanes_max_backward};
}
