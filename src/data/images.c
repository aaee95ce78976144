/* Pictures as bytes, turned into float32 [n, 1, side, side] in batches: 47 MB for MNIST instead of 245.
 *
 * Bilinear is F.interpolate(mode="bilinear", align_corners=False) of pixels / 255 to the bit: with the weights' products w00..w11 of
 * the four neighbours a b / c d PyTorch computes fma(d, w11, fma(c, w10, fma(a, w00, b * w01))). So the same is written out here with
 * explicit fma, compiled a second time for machines that have the instruction (elsewhere the C library's is as right, only slower). */
#include "data/images.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/shape.h"
#include "core/tensor.h"

/* One output coordinate: its two inputs and their weights. */
typedef struct Tap {
    int32_t low, high;
    float low_weight, high_weight;
} Tap;

typedef struct Images {
    wk_Dataset base;
    wk_Tensor *images, *labels;
    int64_t height, width, side_y, side_x; /* of a picture in the file, and as given out */
    wk_resize_mode mode;
    float value[256]; /* pixel / 255 */
    size_t tap_count;
    Tap *taps; /* rows, then columns; NULL where nothing is resized */
} Images;

static void make_taps(Tap *taps, int64_t in, int64_t out)
{
    float scale = (float)in / (float)out;
    for (int64_t i = 0; i < out; i++) {
        float at = fmaf(scale, (float)i + 0.5f, -0.5f);
        at = at < 0 ? 0 : at;
        int64_t low = (int64_t)at < in - 1 ? (int64_t)at : in - 1;
        float high_weight = at - (float)low;
        taps[i] =
            (Tap){(int32_t)low, (int32_t)(low + 1 < in ? low + 1 : low), 1.0f - high_weight, high_weight};
    }
}

static inline __attribute__((always_inline)) void bilinear_rows(const Images *d, const float *in, float *out)
{
    const Tap *rows = d->taps, *columns = d->taps + d->side_y;
    for (int64_t y = 0; y < d->side_y; y++) {
        const float *top = in + rows[y].low * d->width, *bottom = in + rows[y].high * d->width;
        float h0 = rows[y].low_weight, h1 = rows[y].high_weight;
        for (int64_t x = 0; x < d->side_x; x++) {
            Tap c = columns[x];
            float sum = top[c.high] * (h0 * c.high_weight);
            sum = __builtin_fmaf(top[c.low], h0 * c.low_weight, sum);
            sum = __builtin_fmaf(bottom[c.low], h1 * c.low_weight, sum);
            out[y * d->side_x + x] = __builtin_fmaf(bottom[c.high], h1 * c.high_weight, sum);
        }
    }
}

static void bilinear_plain(const Images *d, const float *in, float *out)
{
    bilinear_rows(d, in, out);
}

#if defined(__x86_64__)
__attribute__((target("fma"))) static void bilinear_fma(const Images *d, const float *in, float *out)
{
    bilinear_rows(d, in, out);
}

static void bilinear(const Images *d, const float *in, float *out)
{
    if (__builtin_cpu_supports("fma"))
        bilinear_fma(d, in, out);
    else
        bilinear_plain(d, in, out);
}
#else
#define bilinear bilinear_plain
#endif

static void padded(const Images *d, const uint8_t *pixels, float *out)
{
    int64_t top = (d->side_y - d->height) / 2, left = (d->side_x - d->width) / 2;
    memset(out, 0, (size_t)(d->side_y * d->side_x) * sizeof *out);
    for (int64_t y = 0; y < d->height; y++)
        for (int64_t x = 0; x < d->width; x++)
            out[(y + top) * d->side_x + x + left] = d->value[pixels[y * d->width + x]];
}

static bool batch_labels(const Images *d, const int64_t *indices, int64_t count, wk_Tensor **target)
{
    if (!d->labels)
        return true;
    if (!(*target = wk_tensor_new("DataLoader", wk_int64, 1, &count)))
        return false;
    const uint8_t *labels = wk_tensor_data(d->labels);
    for (int64_t i = 0; i < count; i++)
        wk_data(*target, int64_t)[i] = labels[indices[i]];
    return true;
}

static bool images_batch(wk_Dataset *self, const int64_t *indices, int64_t count, wk_Tensor **tensors,
                         int *tensor_count)
{
    Images *d = (Images *)self;
    int64_t in_pixels = d->height * d->width, out_pixels = d->side_y * d->side_x;
    size_t scratch_bytes = (size_t)in_pixels * sizeof(float);
    float *scratch = wk_alloc(scratch_bytes);
    tensors[0] = scratch
                     ? wk_tensor_new("DataLoader", wk_float32, 4, (int64_t[]){count, 1, d->side_y, d->side_x})
                     : NULL;
    if (!tensors[0] || !batch_labels(d, indices, count, &tensors[1])) {
        wk_release(scratch, scratch_bytes);
        return false;
    }
    *tensor_count = d->labels ? 2 : 1;
    const uint8_t *images = wk_tensor_data(d->images);
    float *out = wk_tensor_data(tensors[0]);
    for (int64_t i = 0; i < count; i++, out += out_pixels) {
        const uint8_t *pixels = images + indices[i] * in_pixels;
        if (!d->taps) {
            padded(d, pixels, out);
            continue;
        }
        for (int64_t p = 0; p < in_pixels; p++)
            scratch[p] = d->value[pixels[p]];
        bilinear(d, scratch, out);
    }
    wk_release(scratch, scratch_bytes);
    return true;
}

static void images_release(wk_Dataset *self)
{
    Images *d = (Images *)self;
    wk_tensor_release(d->images);
    wk_tensor_release(d->labels);
    wk_release(d->taps, d->tap_count * sizeof *d->taps);
    wk_release(d, sizeof *d);
}

static const wk_DatasetClass images_class = {"Images", images_batch, images_release};

static bool check_resize(const char *op, const wk_Tensor *images, int64_t resize, wk_resize_mode mode)
{
    int64_t h = images->shape[1], w = images->shape[2];
    if (resize < 0 || resize > IMAGES_MAX_SIDE)
        return wk_raise(WK_ERROR_ARGUMENT, "%s: resize is %lld, must be 1 to %d", op, (long long)resize,
                        IMAGES_MAX_SIDE),
               false;
    if (mode != wk_bilinear && mode != wk_pad)
        return wk_raise(WK_ERROR_ARGUMENT, "%s: there is no resize_mode %d", op, (int)mode), false;
    if (h < 1 || w < 1 || h > IMAGES_MAX_SIDE || w > IMAGES_MAX_SIDE)
        return wk_raise(WK_ERROR_SHAPE, "%s: pictures of %lldx%lld, must be 1x1 to %dx%d", op, (long long)h,
                        (long long)w, IMAGES_MAX_SIDE, IMAGES_MAX_SIDE),
               false;
    if (resize && mode == wk_pad && (resize < h || resize < w || (resize - h) % 2 || (resize - w) % 2))
        return wk_raise(WK_ERROR_SHAPE, "%s: %lldx%lld cannot be padded evenly to %lldx%lld", op,
                        (long long)h, (long long)w, (long long)resize, (long long)resize),
               false;
    return true;
}

wk_Dataset *wk_images_dataset(const char *op, wk_Tensor *images, wk_Tensor *labels, int64_t resize,
                              wk_resize_mode mode)
{
    if (!check_resize(op, images, resize, mode))
        return NULL;
    Images *d = wk_zalloc(sizeof *d);
    if (!d)
        return NULL;
    wk_dataset_init(&d->base, &images_class, images->shape[0]);
    d->height = images->shape[1];
    d->width = images->shape[2];
    d->side_y = resize ? resize : d->height;
    d->side_x = resize ? resize : d->width;
    d->mode = mode;
    for (int i = 0; i < 256; i++)
        d->value[i] = (float)i / 255.0f;
    if (mode == wk_bilinear && (d->side_y != d->height || d->side_x != d->width)) {
        d->tap_count = (size_t)(d->side_y + d->side_x);
        if (!(d->taps = wk_alloc(d->tap_count * sizeof *d->taps))) {
            wk_release(d, sizeof *d);
            return NULL;
        }
        make_taps(d->taps, d->height, d->side_y);
        make_taps(d->taps + d->side_y, d->width, d->side_x);
    }
    d->images = wk_tensor_retain(images);
    d->labels = wk_tensor_retain(labels);
    return &d->base;
}

bool wk_images_check_labels(const char *op, const char *where, const wk_Tensor *images,
                            const wk_Tensor *labels)
{
    if (images->shape[0] != labels->shape[0])
        return wk_raise(WK_ERROR_CORRUPT, "%s: %s%lld labels for %lld images", op, where,
                        (long long)labels->shape[0], (long long)images->shape[0]),
               false;
    const uint8_t *label = wk_tensor_data(labels);
    for (int64_t i = 0; i < labels->numel; i++)
        if (label[i] >= IMAGES_CLASSES)
            return wk_raise(WK_ERROR_CORRUPT, "%s: %slabel[%lld]=%d, classes=%d", op, where, (long long)i,
                            label[i], IMAGES_CLASSES),
                   false;
    return true;
}

static bool check_bytes(const wk_Tensor *t, const char *name, int rank)
{
    if (!wk_tensor_check(t, "Images", name))
        return false;
    if (t->dtype != wk_uint8)
        return wk_raise(WK_ERROR_DTYPE, "Images: expected %s to be uint8, but got %s", name,
                        wk_dtype_name((wk_dtype)t->dtype)),
               false;
    if (t->ndim != rank)
        return wk_raise(WK_ERROR_SHAPE, "Images: expected %s to have %d dimensions, but got %s", name, rank,
                        WK_SHAPE_TEXT(t)),
               false;
    return true;
}

wk_Dataset *wk_Images_with(wk_Images_options options)
{
    if (!check_bytes(options.images, "images", 3) ||
        (options.labels && !check_bytes(options.labels, "labels", 1)))
        return NULL;
    wk_Tensor *images = wk_contiguous(options.images),
              *labels = options.labels ? wk_contiguous(options.labels) : NULL;
    if (!images || (options.labels && (!labels || !wk_images_check_labels("Images", "", images, labels))))
        return NULL;
    return wk_images_dataset("Images", images, labels, options.resize, options.resize_mode);
}
