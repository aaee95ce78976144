/* PNG files of every kind, written by hand: what libpng would refuse to write is needed too. */
#ifndef WICK_TESTS_PNG_FILE_H
#define WICK_TESTS_PNG_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct Png {
    uint8_t bytes[4096];
    size_t count;
} Png;

static inline void png_put(Png *p, const void *bytes, size_t count)
{
    memcpy(p->bytes + p->count, bytes, count);
    p->count += count;
}

static inline void png_put_32(uint8_t out[4], uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}

static inline void png_chunk(Png *p, const char name[4], const void *data, size_t count)
{
    uint8_t word[4];
    png_put_32(word, (uint32_t)count);
    png_put(p, word, 4);
    const size_t start = p->count;
    png_put(p, name, 4);
    png_put(p, data, count);
    uint32_t crc = ~UINT32_C(0);
    for (size_t i = start; i < p->count; i++) {
        crc ^= p->bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
    }
    png_put_32(word, ~crc);
    png_put(p, word, 4);
}

static inline void png_begin(Png *p, uint32_t width, uint32_t height, uint8_t depth, uint8_t colour,
                             uint8_t interlaced)
{
    uint8_t header[13] = {[8] = depth, [9] = colour, [12] = interlaced};
    p->count = 0;
    png_put(p, "\211PNG\r\n\032\n", 8);
    png_put_32(header, width);
    png_put_32(header + 4, height);
    png_chunk(p, "IHDR", header, sizeof header);
}

/* The rows, each with its filter byte in front, as one stored block of zlib; and the end. */
static inline void png_end(Png *p, const uint8_t *rows, size_t count)
{
    uint8_t data[2048] = {0x78, 0x01, 1};
    uint32_t a = 1, b = 0;
    data[3] = (uint8_t)count, data[4] = (uint8_t)(count >> 8);
    data[5] = (uint8_t)~data[3], data[6] = (uint8_t)~data[4];
    memcpy(data + 7, rows, count);
    for (size_t i = 0; i < count; i++) {
        a = (a + rows[i]) % 65521;
        b = (b + a) % 65521;
    }
    png_put_32(data + 7 + count, b << 16 | a);
    png_chunk(p, "IDAT", data, count + 11);
    png_chunk(p, "IEND", "", 0);
}

#endif
