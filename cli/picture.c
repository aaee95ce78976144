/* PNG files by libpng, from memory: the library's reader has looked at path and size before.
 *
 * A pixel is what PyTorch's users get from PIL: the stored numbers, whatever gAMA, sRGB or cHRM say of them. 1, 2, 4 and 16 bits are
 * scaled to 8, colour becomes grey by ITU-R 601, L = (299 R + 587 G + 114 B) / 1000, in the integers of PIL's convert("L"), and
 * transparent parts show a white sheet. (PIL clips 16 bits of grey at 255; here they are scaled.) libpng's simple interface would take
 * 16 bits as linear light and weigh colours otherwise. */
#include "picture.h"

#include <string.h>

#include "report.h"
#include "settings.h"

#if WICK_HAS_PNG
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>

enum { PICTURE_SIDE = 4096, PICTURE_BYTES = 64 << 20 };

typedef struct Decoder {
    const char *command, *path;
    png_structp png;
    png_infop info;
    const uint8_t *bytes; /* of the file: those that are left */
    size_t left;
    png_uint_32 width, height;
    int channels, passes; /* after libpng's transformations */
    uint8_t *rows;        /* [height, width, channels] */
    bool out_of_memory;
    char message[160]; /* libpng's, when it has given up */
} Decoder;

/* ---- what libpng calls ------------------------------------------------------------------------------ */

static void on_error(png_structp png, png_const_charp message)
{
    Decoder *d = png_get_error_ptr(png);
    snprintf(d->message, sizeof d->message, "%s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png, (void)message;
}

static png_voidp on_malloc(png_structp png, png_alloc_size_t size)
{
    Decoder *d = png_get_mem_ptr(png);
    void *block = malloc(size);
    d->out_of_memory |= !block;
    return block;
}

static void on_free(png_structp png, png_voidp block)
{
    (void)png;
    free(block);
}

static void on_read(png_structp png, png_bytep out, size_t count)
{
    Decoder *d = png_get_io_ptr(png);
    if (count > d->left)
        png_error(png, "the file is truncated");
    memcpy(out, d->bytes, count);
    d->bytes += count;
    d->left -= count;
}

/* ---- decoding --------------------------------------------------------------------------------------- */

/* Every colour type becomes 8-bit grey or RGB, with alpha if any pixel can be transparent. */
static void set_transformations(png_structp png, png_infop info)
{
    png_set_palette_to_rgb(png);
    png_set_expand_gray_1_2_4_to_8(png);
    if (png_get_valid(png, info, PNG_INFO_tRNS))
        png_set_tRNS_to_alpha(png);
    png_set_scale_16(png);
}

/* Each of these may leave by longjmp: only what lies in *d is sure afterwards. */
static void read_header(Decoder *d)
{
    png_set_read_fn(d->png, d, on_read);
    png_read_info(d->png, d->info);
    d->width = png_get_image_width(d->png, d->info);
    d->height = png_get_image_height(d->png, d->info);
}

static void read_rows(Decoder *d)
{
    set_transformations(d->png, d->info);
    d->passes = png_set_interlace_handling(d->png);
    png_read_update_info(d->png, d->info);
    d->channels = png_get_channels(d->png, d->info);
    const size_t row = (size_t)d->width * (size_t)d->channels;
    if (png_get_rowbytes(d->png, d->info) != row)
        png_error(d->png, "unexpected size of a row");
    d->rows = png_malloc(d->png, row * d->height);
    memset(d->rows, 0, row * d->height);
    for (int pass = 0; pass < d->passes; pass++)
        for (png_uint_32 y = 0; y < d->height; y++)
            png_read_row(d->png, d->rows + y * row, NULL);
}

/* False with a message, or with out_of_memory. */
static bool attempt(Decoder *d, void (*step)(Decoder *d))
{
    if (setjmp(png_jmpbuf(d->png)))
        return false;
    step(d);
    return true;
}

/* A pixel over white as grey, rounded once, from the 1 to 4 numbers of grey, grey-alpha, RGB or RGBA. */
static uint8_t grey(const uint8_t *pixel, int channels)
{
    uint64_t light =
        channels < 3 ? (uint64_t)pixel[0] << 16
                     : pixel[0] * UINT64_C(19595) + pixel[1] * UINT64_C(38470) + pixel[2] * UINT64_C(7471);
    const uint64_t alpha = channels % 2 ? 255 : pixel[channels - 1], white = UINT64_C(255) << 16;
    light = light * alpha + white * (255 - alpha);
    return (uint8_t)((light + 255 * UINT64_C(32768)) / (UINT64_C(255) << 16));
}

static int failed(const Decoder *d)
{
    if (d->out_of_memory)
        return report(d->command, EXIT_INTERNAL, "%s: out of memory", quoted(d->path).text);
    return report(d->command, EXIT_DATA, "%s: %s", quoted(d->path).text, quoted(d->message).text);
}

static int decode(Decoder *d, wk_Tensor **picture)
{
    if (!attempt(d, read_header))
        return failed(d);
    if (d->width > PICTURE_SIDE || d->height > PICTURE_SIDE)
        return report(d->command, EXIT_DATA, "%s: %ux%u, at most %dx%d are read", quoted(d->path).text,
                      d->width, d->height, PICTURE_SIDE, PICTURE_SIDE);
    if (!attempt(d, read_rows))
        return failed(d);
    *picture = wk_empty_shape(3, (const int64_t[]){1, d->height, d->width}, wk_uint8);
    if (!*picture)
        return report_wick(d->command, STAGE_WORKING);
    uint8_t *out = wk_data_ptr(*picture);
    const size_t pixels = (size_t)d->width * d->height;
    for (size_t i = 0; i < pixels; i++)
        out[i] = grey(d->rows + i * (size_t)d->channels, d->channels);
    return EXIT_OK;
}

int picture_read(const char *command, const char *path, wk_Tensor **picture)
{
    wk_Tensor *file = wk_read_file(path, PICTURE_BYTES);
    if (!file)
        return report_wick(command, STAGE_READING);
    Decoder d = {
        .command = command, .path = path, .bytes = wk_data_ptr(file), .left = (size_t)wk_numel(file)};
    int code;
    if (d.left < 8 || png_sig_cmp(d.bytes, 0, 8) != 0)
        return report(command, EXIT_DATA, "%s: not a PNG file", quoted(path).text);
    d.png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &d, on_error, on_warning, &d, on_malloc, on_free);
    d.info = d.png ? png_create_info_struct(d.png) : NULL;
    if (d.info) {
        code = decode(&d, picture);
    } else {
        d.out_of_memory = true;
        code = failed(&d);
    }
    free(d.rows);
    png_destroy_read_struct(&d.png, &d.info, NULL);
    return code;
}

#else

int picture_read(const char *command, const char *path, wk_Tensor **picture)
{
    (void)picture;
    return report(command, EXIT_USAGE, "%s: this wick was built without libpng; IDXFILE:INDEX works",
                  quoted(path).text);
}

#endif
