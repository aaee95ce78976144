/* Pixels of PNG files of every colour type and depth: those that PIL's convert("L") gives, over white. Only grey of 16 bits, which
 * PIL clips, and a transparent grey of fewer than 8, which PIL does not find, are other. */
#include "io/temp.h"

#include "png_file.h"

#include "../cli/picture.c"
#include "../cli/progress.c"
#include "../cli/report.c"

#if WICK_HAS_PNG

enum { GREY = 0, RGB = 2, PALETTE = 3, GREY_ALPHA = 4, RGBA = 6 };

/* A chunk that stands before the pixels. */
typedef struct Chunk {
    const char *name, *data;
    size_t count;
} Chunk;

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1
#define CHUNK(name, text)            \
    {                                \
        name, text, sizeof(text) - 1 \
    }

/* A row of four pixels and what is read of it. */
typedef struct Sample {
    const char *what;
    uint8_t colour, depth, interlaced;
    const uint8_t *row; /* after the filter byte */
    size_t row_bytes;
    uint8_t want[4];
    Chunk chunks[3];
} Sample;

#define COLOURS    \
    "\xff\x00\x00" \
    "\x00\xff\x00" \
    "\x00\x00\xff" \
    "\x0a\xc8\x5a"
#define COLOURS16              \
    "\xff\xff\x00\x00\x00\x00" \
    "\x00\x00\xff\xff\x00\x00" \
    "\x00\x00\x00\x00\xff\xff" \
    "\x0a\x0a\xc8\xc8\x5a\x5a"
#define INDICES CHUNK("PLTE", COLOURS)

static const Sample samples[] = {
    {"grey, 1 bit", GREY, 1, 0, BYTES("\xa0"), {255, 0, 255, 0}, {{0}}},
    {"grey, 2 bits", GREY, 2, 0, BYTES("\x1b"), {0, 85, 170, 255}, {{0}}},
    {"grey, 4 bits", GREY, 4, 0, BYTES("\x05\xaf"), {0, 85, 170, 255}, {{0}}},
    {"grey, 8 bits", GREY, 8, 0, BYTES("\x00\x80\xc8\xff"), {0, 128, 200, 255}, {{0}}},
    {"grey, 16 bits", GREY, 16, 0, BYTES("\x00\x7f\x80\x80\x80\xff\x81\x81"), {0, 128, 128, 129}, {{0}}},
    {"RGB, 8 bits", RGB, 8, 0, BYTES(COLOURS), {76, 150, 29, 131}, {{0}}},
    {"RGB, 16 bits", RGB, 16, 0, BYTES(COLOURS16), {76, 150, 29, 131}, {{0}}},
    {"palette, 2 bits", PALETTE, 2, 0, BYTES("\x1b"), {76, 150, 29, 131}, {INDICES}},
    {"palette, 4 bits", PALETTE, 4, 0, BYTES("\x32\x10"), {131, 29, 150, 76}, {INDICES}},
    {"palette, 8 bits", PALETTE, 8, 0, BYTES("\x03\x00\x02\x01"), {131, 76, 29, 150}, {INDICES}},
    {"palette, 1 bit",
     PALETTE,
     1,
     0,
     BYTES("\xa0"),
     {255, 10, 255, 10},
     {CHUNK("PLTE", "\x0a\x0a\x0a\xff\xff\xff")}},
    {"grey-alpha, 8 bits",
     GREY_ALPHA,
     8,
     0,
     BYTES("\x00\x00\x00\xff\x00\x80\xc8\x64"),
     {255, 0, 127, 233},
     {{0}}},
    {"grey-alpha, 16 bits",
     GREY_ALPHA,
     16,
     0,
     BYTES("\x00\x00\x00\x00"
           "\x00\x00\xff\xff"
           "\x00\x00\x80\x80"
           "\xc8\xc8\x64\x64"),
     {255, 0, 127, 233},
     {{0}}},
    {"RGBA, 8 bits",
     RGBA,
     8,
     0,
     BYTES("\x00\x00\x00\x00"
           "\x00\xff\x00\xff"
           "\x00\x00\xff\x80"
           "\x0a\xc8\x5a\x64"),
     {255, 150, 142, 206},
     {{0}}},
    {"RGBA, 16 bits",
     RGBA,
     16,
     0,
     BYTES("\x00\x00\x00\x00\x00\x00\x00\x00"
           "\x00\x00\xff\xff\x00\x00\xff\xff"
           "\x00\x00\x00\x00\xff\xff\x80\x80"
           "\x0a\x0a\xc8\xc8\x5a\x5a\x64\x64"),
     {255, 150, 142, 206},
     {{0}}},
    {"a transparent grey of 2 bits",
     GREY,
     2,
     0,
     BYTES("\x1b"),
     {0, 255, 170, 255},
     {CHUNK("tRNS", "\x00\x01")}},
    {"a transparent grey of 16 bits, all of them compared",
     GREY,
     16,
     0,
     BYTES("\x00\x00\x00\x01\x80\x80\x00\x02"),
     {0, 255, 128, 0},
     {CHUNK("tRNS", "\x00\x01")}},
    {"a transparent colour",
     RGB,
     8,
     0,
     BYTES(COLOURS),
     {76, 255, 29, 131},
     {CHUNK("tRNS", "\x00\x00\x00\xff\x00\x00")}},
    {"a transparent colour of 16 bits",
     RGB,
     16,
     0,
     BYTES(COLOURS16),
     {76, 150, 255, 131},
     {CHUNK("tRNS", "\x00\x00\x00\x00\xff\xff")}},
    {"a palette with alpha, for the first colours only",
     PALETTE,
     8,
     0,
     BYTES("\x00\x01\x02\x03"),
     {255, 202, 29, 131},
     {INDICES, CHUNK("tRNS", "\x00\x80")}},
    {"a gamma of 1",
     GREY,
     8,
     0,
     BYTES("\x00\x80\xc8\xff"),
     {0, 128, 200, 255},
     {CHUNK("gAMA", "\x00\x01\x86\xa0")}},
    {"a gamma of 1 and 16 bits",
     GREY,
     16,
     0,
     BYTES("\x00\x00\x80\x80\xc8\xc8\xff\xff"),
     {0, 128, 200, 255},
     {CHUNK("gAMA", "\x00\x01\x86\xa0")}},
    {"sRGB and 16 bits",
     GREY,
     16,
     0,
     BYTES("\x00\x00\x80\x80\xc8\xc8\xff\xff"),
     {0, 128, 200, 255},
     {CHUNK("sRGB", "\x00"), CHUNK("gAMA", "\x00\x00\xb1\x8f")}},
    {"other primaries",
     RGB,
     8,
     0,
     BYTES(COLOURS),
     {76, 150, 29, 131},
     {CHUNK("gAMA", "\x00\x01\x86\xa0"),
      CHUNK("cHRM", "\x00\x00\x7a\x26\x00\x00\x80\x84\x00\x00\xfa\x00\x00\x00\x80\xe8"
                    "\x00\x00\x75\x30\x00\x00\xea\x60\x00\x00\x3a\x98\x00\x00\x17\x70")}},
    {"a background of its own",
     GREY_ALPHA,
     8,
     0,
     BYTES("\x00\x00\x00\xff\x00\x80\xc8\x64"),
     {255, 0, 127, 233},
     {CHUNK("bKGD", "\x00\x00")}},
    {"interlaced", GREY, 8, 1, BYTES("\x00\x00\xc8\x00\x80\xff"), {0, 128, 200, 255}, {{0}}},
};

static int read_png(const Png *png, wk_Tensor **picture)
{
    return picture_read("test", temp_write("picture.png", png->bytes, png->count), picture);
}

static void every_kind_of_pixel(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        const Sample *s = &samples[i];
        Png png;
        uint8_t rows[64] = {0};
        wk_Tensor *picture = NULL;
        wk_Scope scope = wk_scope_begin();
        memcpy(rows + 1, s->row, s->row_bytes);
        png_begin(&png, 4, 1, s->depth, s->colour, s->interlaced);
        for (const Chunk *c = s->chunks; c < s->chunks + 3 && c->name; c++)
            png_chunk(&png, c->name, c->data, c->count);
        png_end(&png, rows, s->row_bytes + 1);
        assert_int_equal(read_png(&png, &picture), EXIT_OK);
        assert_int_equal(wk_size(picture, 1), 1);
        assert_int_equal(wk_size(picture, 2), 4);
        const uint8_t *got = wk_data_ptr(picture);
        for (int x = 0; x < 4; x++)
            if (got[x] != s->want[x])
                fail_msg("%s: pixel %d is %d, wanted %d", s->what, x, got[x], s->want[x]);
        wk_scope_end(scope);
    }
}

static void pictures_that_are_wrong(void **state)
{
    (void)state;
    Png png;
    wk_Tensor *picture = NULL;
    const uint8_t row[5] = {0};
    wk_Scope scope = wk_scope_begin();
    png_begin(&png, 4097, 1, 8, GREY, 0);
    png_end(&png, row, sizeof row);
    assert_int_equal(read_png(&png, &picture), EXIT_DATA);
    png_begin(&png, 4, 2, 8, GREY, 0); /* and one row of pixels */
    png_end(&png, row, sizeof row);
    assert_int_equal(read_png(&png, &picture), EXIT_DATA);
    png_begin(&png, 4, 1, 8, PALETTE, 0); /* and no palette */
    png_end(&png, row, sizeof row);
    assert_int_equal(read_png(&png, &picture), EXIT_DATA);
    png_begin(&png, 0, 1, 8, GREY, 0);
    png_end(&png, row, sizeof row);
    assert_int_equal(read_png(&png, &picture), EXIT_DATA);
    assert_null(picture);
    wk_scope_end(scope);
}

#else

static void every_kind_of_pixel(void **state)
{
    (void)state;
    SKIP("built without libpng");
}
#define pictures_that_are_wrong every_kind_of_pixel

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_pixel),
        cmocka_unit_test(pictures_that_are_wrong),
    };
    return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
