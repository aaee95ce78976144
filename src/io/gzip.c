/* Reading gzip files with zlib, in pieces: what a reader does not ask for is never inflated, so a small file cannot fill the memory.
 *
 * zlib checks header, CRC and length of each member. Members may follow each other (gzip's own rule); anything else after one is
 * an error. zlib's memory comes from the library's allocator, with the size in front of each block, so its failures can be tested. */
#include "io/gzip.h"

#include <string.h>

#include "core/error.h"
#include "core/memory.h"

#if WICK_HAS_ZLIB
#include <zlib.h>

enum { INFLATER_INPUT = 1 << 16, ZLIB_HEADER = 16 };

typedef struct wk_Inflater {
    z_stream z;
    bool ended; /* between two members, or at the end */
    unsigned char input[INFLATER_INPUT];
} wk_Inflater;

static voidpf zlib_alloc(voidpf user, uInt items, uInt size)
{
    (void)user;
    size_t bytes = ZLIB_HEADER + (size_t)items * size;
    char *block = wk_zalloc(bytes);
    if (!block)
        return Z_NULL;
    memcpy(block, &bytes, sizeof bytes);
    return block + ZLIB_HEADER;
}

static void zlib_free(voidpf user, voidpf address)
{
    (void)user;
    char *block = (char *)address - ZLIB_HEADER;
    size_t bytes;
    memcpy(&bytes, block, sizeof bytes);
    wk_release(block, bytes);
}

static bool inflater_start(wk_Stream *stream)
{
    wk_Inflater *in = wk_alloc(sizeof *in);
    if (!in)
        return false;
    memset(&in->z, 0, sizeof in->z);
    in->z.zalloc = zlib_alloc;
    in->z.zfree = zlib_free;
    in->ended = true;
    int status = inflateInit2(&in->z, 15 + 16); /* 16: gzip and nothing else */
    if (status != Z_OK) {
        wk_release(in, sizeof *in);
        return wk_raise(WK_ERROR_MEMORY, "%s: %s: zlib could not start", stream->file->op,
                        WK_QUOTED(stream->file->path)),
               false;
    }
    stream->inflater = in;
    return true;
}

static bool gzip_corrupt(wk_Stream *stream, const char *what)
{
    uint64_t at = stream->file->at - stream->inflater->z.avail_in;
    wk_raise(WK_ERROR_CORRUPT, "%s: %s: gzip: %s at byte %llu", stream->file->op,
             WK_QUOTED(stream->file->path), what, (unsigned long long)at);
    return false;
}

/* Keeps input before the inflater. False on error; *empty at the end of the file. */
static bool refill(wk_Stream *stream, bool *empty)
{
    wk_Inflater *in = stream->inflater;
    *empty = false;
    if (in->z.avail_in > 0)
        return true;
    int64_t got = wk_file_read_some(stream->file, in->input, INFLATER_INPUT);
    if (got < 0)
        return false;
    in->z.next_in = in->input;
    in->z.avail_in = (uInt)got;
    *empty = got == 0;
    return true;
}

static bool next_member(wk_Stream *stream)
{
    wk_Inflater *in = stream->inflater;
    if (in->z.next_in[0] != 0x1f)
        return gzip_corrupt(stream, "trailing bytes");
    inflateReset(&in->z);
    in->ended = false;
    return true;
}

static int64_t inflate_read(wk_Stream *stream, void *out, size_t bytes)
{
    wk_Inflater *in = stream->inflater;
    size_t done = 0;
    while (done < bytes) {
        bool empty;
        if (!refill(stream, &empty))
            return -1;
        if (empty && in->ended)
            break;
        if (empty)
            return gzip_corrupt(stream, "truncated"), -1;
        if (in->ended && !next_member(stream))
            return -1;
        uInt part = bytes - done < ((size_t)1 << 30) ? (uInt)(bytes - done) : (uInt)1 << 30;
        in->z.next_out = (unsigned char *)out + done;
        in->z.avail_out = part;
        int status = inflate(&in->z, Z_NO_FLUSH);
        done += part - in->z.avail_out;
        if (status == Z_STREAM_END)
            in->ended = true;
        else if (status == Z_MEM_ERROR)
            return wk_raise(WK_ERROR_MEMORY, "%s: %s: zlib ran out of memory", stream->file->op,
                            WK_QUOTED(stream->file->path)),
                   -1;
        else if (status != Z_OK)
            return gzip_corrupt(stream, in->z.msg ? in->z.msg : "damaged"), -1;
    }
    return (int64_t)done;
}

static void inflater_end(wk_Inflater *in)
{
    inflateEnd(&in->z);
    wk_release(in, sizeof *in);
}

#else

static bool inflater_start(wk_Stream *stream)
{
    return wk_raise(WK_ERROR_UNSUPPORTED, "%s: %s: compressed by gzip, and this wick was built without zlib",
                    stream->file->op, WK_QUOTED(stream->file->path)),
           false;
}

static int64_t inflate_read(wk_Stream *stream, void *out, size_t bytes)
{
    (void)stream, (void)out, (void)bytes;
    return -1;
}

static void inflater_end(struct wk_Inflater *in)
{
    (void)in;
}

#endif

bool wk_stream_open(wk_Stream *stream, wk_File *file)
{
    unsigned char magic[2];
    *stream = (wk_Stream){.file = file, .most = file->size};
    int64_t got = wk_file_read_some(file, magic, 2);
    if (got < 0)
        return false;
    file->at = 0;
    if (got < 2 || magic[0] != 0x1f || magic[1] != 0x8b)
        return true;
    /* Deflate makes at most 1032 bytes of one. */
    stream->most = file->size > UINT64_MAX / 1032 ? UINT64_MAX : file->size * 1032;
    return inflater_start(stream);
}

int64_t wk_stream_read(wk_Stream *stream, void *out, size_t bytes)
{
    int64_t got =
        stream->inflater ? inflate_read(stream, out, bytes) : wk_file_read_some(stream->file, out, bytes);
    stream->at += got > 0 ? (uint64_t)got : 0;
    return got;
}

void wk_stream_close(wk_Stream *stream)
{
    if (stream->inflater)
        inflater_end(stream->inflater);
    stream->inflater = NULL;
}
