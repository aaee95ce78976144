/* Digits drawn on the spot, for a first try without a download: a hand is chosen among a few, its points are jittered, joined by
 * curves, slanted, turned, scaled and shifted, and the line is inked with soft edges and noise.
 *
 * Only + - * / and comparisons are used, so every machine draws the same pixels; a turn by t half-angles is the rational
 * ((1 - t^2) / (1 + t^2), 2t / (1 + t^2)). The random numbers are splitmix64, seeded per picture: picture i does not depend on how
 * many there are, and the blocks of pictures can be drawn in any order. */
#include "data/digits_glyphs.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/tensor.h"
#include "core/threads.h"
#include "data/images.h"

enum {
    DIGIT_SIDE = 28,
    DIGIT_BLOCK = 256,
    DIGIT_STEPS = 5,
    DIGIT_TRAIN = 20000,
    DIGIT_TEST = 4000,
    DIGIT_MOST = 10000000
};

typedef struct DigitPoint {
    float x, y;
} DigitPoint;

/* The line from the box of 100 to pixels, and the ink. */
typedef struct DigitPen {
    float xx, xy, yx, yy, x, y;
    float radius, ink;
    float canvas[DIGIT_SIDE][DIGIT_SIDE];
} DigitPen;

static uint64_t digit_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static float digit_uniform(uint64_t *state, float low, float high)
{
    return low + (high - low) * ((float)(digit_random(state) >> 40) * 0x1p-24f);
}

/* Roughly normal: the sum of four 16-bit uniforms, of variance 1. */
static float digit_normal(uint64_t *state)
{
    uint64_t w = digit_random(state);
    int32_t sum = (int32_t)(w & 0xffff) + (int32_t)(w >> 16 & 0xffff) + (int32_t)(w >> 32 & 0xffff) +
                  (int32_t)(w >> 48);
    return (float)(sum - 2 * 65535) * (1.7320508f / 65536.0f);
}

static void ink_line(DigitPen *pen, DigitPoint a, DigitPoint b)
{
    float dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy, reach = pen->radius + 1.0f;
    float low_x = (a.x < b.x ? a.x : b.x) - reach, high_x = (a.x < b.x ? b.x : a.x) + reach;
    float low_y = (a.y < b.y ? a.y : b.y) - reach, high_y = (a.y < b.y ? b.y : a.y) + reach;
    int x0 = low_x > 0 ? (int)low_x : 0, x1 = high_x < DIGIT_SIDE - 1 ? (int)high_x : DIGIT_SIDE - 1;
    int y0 = low_y > 0 ? (int)low_y : 0, y1 = high_y < DIGIT_SIDE - 1 ? (int)high_y : DIGIT_SIDE - 1;
    float scale = length2 > 0 ? 1.0f / length2 : 0.0f;
    for (int y = y0; y <= y1; y++)
        for (int x = x0; x <= x1; x++) {
            float px = (float)x - a.x, py = (float)y - a.y, t = (px * dx + py * dy) * scale;
            t = t < 0 ? 0 : t > 1 ? 1 : t;
            px -= t * dx;
            py -= t * dy;
            float cover = pen->radius + 0.5f - sqrtf(px * px + py * py);
            cover = cover > 1 ? 1 : cover;
            if (cover > pen->canvas[y][x])
                pen->canvas[y][x] = cover;
        }
}

/* The curve through b and c whose neighbours are a and d (Catmull-Rom), at t in [0, 1]. */
static float curve_at(float a, float b, float c, float d, float t)
{
    return b + 0.5f * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

static void ink_stroke(DigitPen *pen, const GlyphStroke *stroke, float jitter, uint64_t *random)
{
    DigitPoint p[GLYPH_POINTS];
    int n = stroke->count;
    for (int i = 0; i < n; i++) {
        float x = (float)stroke->xy[i][0] - 50 + jitter * digit_normal(random);
        float y = (float)stroke->xy[i][1] - 50 + jitter * digit_normal(random);
        p[i] = (DigitPoint){pen->x + pen->xx * x + pen->xy * y, pen->y + pen->yx * x + pen->yy * y};
    }
    for (int i = 0; i + 1 < n; i++) {
        DigitPoint a = p[i > 0 ? i - 1 : 0], d = p[i + 2 < n ? i + 2 : n - 1], from = p[i];
        int steps = stroke->round ? DIGIT_STEPS : 1;
        for (int s = 1; s <= steps; s++) {
            float t = (float)s / (float)steps;
            DigitPoint to = p[i + 1];
            if (s < steps)
                to = (DigitPoint){curve_at(a.x, p[i].x, p[i + 1].x, d.x, t),
                                  curve_at(a.y, p[i].y, p[i + 1].y, d.y, t)};
            ink_line(pen, from, to);
            from = to;
        }
    }
}

static void choose_pen(DigitPen *pen, uint64_t *random)
{
    float half = digit_uniform(random, -0.15f, 0.15f), turn = 1 + half * half;
    float c = (1 - half * half) / turn, s = 2 * half / turn;
    float width = digit_uniform(random, 0.15f, 0.25f), height = digit_uniform(random, 0.16f, 0.24f);
    float slant = digit_uniform(random, -0.15f, 0.45f);
    /* turn * slant * scale; up is to the right for a positive slant */
    pen->xx = c * width;
    pen->xy = -(c * slant + s) * height;
    pen->yx = s * width;
    pen->yy = (c - s * slant) * height;
    pen->x = 13.5f + digit_uniform(random, -2.5f, 2.5f);
    pen->y = 13.5f + digit_uniform(random, -2.5f, 2.5f);
    pen->radius = digit_uniform(random, 0.5f, 1.6f);
    pen->ink = digit_uniform(random, 0.7f, 1.0f);
    memset(pen->canvas, 0, sizeof pen->canvas);
}

static const Glyph *choose_glyph(int digit, uint64_t *random)
{
    int first = 0, count = 0, all = (int)(sizeof glyphs / sizeof *glyphs);
    while (glyphs[first].digit != digit)
        first++;
    while (first + count < all && glyphs[first + count].digit == digit)
        count++;
    return &glyphs[first + (int)((digit_random(random) >> 32) % (unsigned)count)];
}

static uint8_t draw_digit(uint64_t seed, uint8_t *pixels)
{
    uint64_t random = seed;
    DigitPen pen;
    uint8_t digit = (uint8_t)((digit_random(&random) >> 32) % IMAGES_CLASSES);
    const Glyph *glyph = choose_glyph(digit, &random);
    choose_pen(&pen, &random);
    float jitter = digit_uniform(&random, 1.0f, 4.5f), noise = digit_uniform(&random, 0.0f, 0.12f);
    for (int i = 0; i < GLYPH_STROKES && glyph->strokes[i].count; i++)
        ink_stroke(&pen, &glyph->strokes[i], jitter, &random);
    for (int y = 0; y < DIGIT_SIDE; y++)
        for (int x = 0; x < DIGIT_SIDE; x++) {
            float v = pen.ink * pen.canvas[y][x] + noise * digit_normal(&random);
            v = v < 0 ? 0 : v > 1 ? 1 : v;
            pixels[y * DIGIT_SIDE + x] = (uint8_t)(v * 255 + 0.5f);
        }
    return digit;
}

typedef struct DigitJob {
    uint64_t seed;
    int64_t count;
    uint8_t *pixels, *labels;
} DigitJob;

static void draw_block(void *context, int64_t block)
{
    const DigitJob *job = context;
    int64_t end = (block + 1) * DIGIT_BLOCK < job->count ? (block + 1) * DIGIT_BLOCK : job->count;
    for (int64_t i = block * DIGIT_BLOCK; i < end; i++) {
        uint64_t mix = job->seed ^ (uint64_t)i * UINT64_C(0xd1342543de82ef95);
        job->labels[i] = draw_digit(digit_random(&mix), job->pixels + i * DIGIT_SIDE * DIGIT_SIDE);
    }
}

static wk_Dataset *draw_digits(const wk_Digits_options *options, int64_t count)
{
    wk_Tensor *images = wk_tensor_new("Digits", wk_uint8, 3, (int64_t[]){count, DIGIT_SIDE, DIGIT_SIDE});
    wk_Tensor *labels = images ? wk_tensor_new("Digits", wk_uint8, 1, &count) : NULL;
    if (!labels)
        return NULL;
    uint64_t seed = options->seed * 2 + options->test;
    DigitJob job = {digit_random(&seed), count, wk_tensor_data(images), wk_tensor_data(labels)};
    wk_parallel((count + DIGIT_BLOCK - 1) / DIGIT_BLOCK, draw_block, &job);
    return wk_images_dataset("Digits", images, labels, options->resize, options->resize_mode);
}

wk_Dataset *wk_Digits_with(wk_Digits_options options)
{
    int64_t count = options.count ? options.count : options.test ? DIGIT_TEST : DIGIT_TRAIN;
    if (count < 0 || count > DIGIT_MOST)
        return wk_raise(WK_ERROR_ARGUMENT, "Digits: count is %lld, must be 0 to %d", (long long)count,
                        DIGIT_MOST);
    wk_Scope scope = wk_scope_begin();
    wk_Dataset *dataset = scope.id ? draw_digits(&options, count) : NULL;
    if (scope.id)
        wk_scope_end(scope);
    return dataset;
}
