/* IDX, the format of MNIST: 0, 0, a code of the dtype, the rank; the sizes, 32 bits big-endian; the elements, big-endian.
 *
 * Strict: nothing may follow the elements. For a compressed file the header's claim is held against what deflate can make of the
 * file's size at most, so that memory is not asked for on the word of four bytes; and one byte past the claim is where reading ends. */
#include <string.h>

#include "core/checked.h"
#include "core/memory.h"
#include "core/order.h"
#include "core/shape.h"
#include "io/gzip.h"
#include "io/writer.h"

static const struct {
    uint8_t code;
    uint8_t bytes;
    wk_dtype dtype;
    const char *name;
} wk_idx_types[] = {
    {0x08, 1, wk_uint8, "unsigned byte"}, {0x09, 1, wk_default_dtype, "signed byte"},
    {0x0b, 2, wk_default_dtype, "short"}, {0x0c, 4, wk_int32, "int"},
    {0x0d, 4, wk_float32, "float"},       {0x0e, 8, wk_float64, "double"},
};
enum { IDX_TYPES = sizeof wk_idx_types / sizeof *wk_idx_types };

typedef struct IdxHeader {
    wk_dtype dtype;
    size_t item;
    int ndim;
    int64_t dims[WK_MAX_DIMS];
    uint64_t start, bytes; /* of the elements */
} IdxHeader;

static bool idx_truncated(wk_Stream *s, uint64_t have, uint64_t need, const char *what)
{
    wk_raise(WK_ERROR_CORRUPT, "%s: %s: truncated at byte %llu, %s %llu", s->file->op,
             WK_QUOTED(s->file->path), (unsigned long long)have, what, (unsigned long long)need);
    return false;
}

static bool idx_read_magic(wk_Stream *s, IdxHeader *h)
{
    unsigned char magic[4];
    int64_t got = wk_stream_read(s, magic, 4);
    if (got < 0)
        return false;
    if (got < 4)
        return idx_truncated(s, (uint64_t)got, 4, "header needs");
    unsigned word = (unsigned)magic[0] << 24 | (unsigned)magic[1] << 16 | (unsigned)magic[2] << 8 | magic[3];
    const char *op = s->file->op, *path = s->file->path;
    int type = 0;
    while (type < IDX_TYPES && wk_idx_types[type].code != magic[2])
        type++;
    if (magic[0] || magic[1] || type == IDX_TYPES || magic[3] == 0)
        return wk_raise(WK_ERROR_CORRUPT, "%s: %s: magic 0x%08x is not that of an IDX file", op,
                        WK_QUOTED(path), word),
               false;
    if (wk_idx_types[type].dtype == wk_default_dtype)
        return wk_raise(WK_ERROR_UNSUPPORTED, "%s: %s: magic 0x%08x: elements of type %s not supported", op,
                        WK_QUOTED(path), word, wk_idx_types[type].name),
               false;
    if (magic[3] > WK_MAX_DIMS)
        return wk_raise(WK_ERROR_SHAPE, "%s: %s: magic 0x%08x: rank %d, max %d", op, WK_QUOTED(path), word,
                        magic[3], WK_MAX_DIMS),
               false;
    h->dtype = wk_idx_types[type].dtype;
    h->item = wk_idx_types[type].bytes;
    h->ndim = magic[3];
    return true;
}

static bool idx_read_sizes(wk_Stream *s, IdxHeader *h)
{
    unsigned char sizes[4 * WK_MAX_DIMS];
    size_t need = (size_t)h->ndim * 4;
    int64_t got = wk_stream_read(s, sizes, need);
    if (got < 0)
        return false;
    h->start = 4 + need;
    if ((size_t)got < need)
        return idx_truncated(s, 4 + (uint64_t)got, h->start, "header needs");
    bool overflow = false;
    h->bytes = h->item;
    for (int i = 0; i < h->ndim; i++) {
        const unsigned char *p = sizes + 4 * i;
        h->dims[i] = (int64_t)p[0] << 24 | (int64_t)p[1] << 16 | (int64_t)p[2] << 8 | p[3];
        overflow |= !wk_checked_mul(h->bytes, (uint64_t)h->dims[i], &h->bytes);
    }
    if (overflow || h->bytes > INT64_MAX)
        return wk_raise(WK_ERROR_OVERFLOW, "%s: %s: sizes %s overflow", s->file->op, WK_QUOTED(s->file->path),
                        wk_shape_text(h->ndim, h->dims).text),
               false;
    return true;
}

/* The claim against the size of the file, before any memory is asked for. */
static bool idx_check_size(wk_Stream *s, const IdxHeader *h)
{
    const wk_File *f = s->file;
    if (!s->inflater && h->bytes < f->size - h->start)
        return wk_raise(WK_ERROR_CORRUPT,
                        "%s: %s: %llu trailing bytes after the %llu that the header tells of", f->op,
                        WK_QUOTED(f->path), (unsigned long long)(f->size - h->start - h->bytes),
                        (unsigned long long)(h->start + h->bytes)),
               false;
    if (h->bytes > s->most - h->start) {
        if (s->inflater)
            return wk_raise(WK_ERROR_CORRUPT,
                            "%s: %s: need %llu bytes, %llu compressed ones cannot hold them", f->op,
                            WK_QUOTED(f->path), (unsigned long long)(h->start + h->bytes),
                            (unsigned long long)f->size),
                   false;
        return wk_raise(WK_ERROR_CORRUPT, "%s: %s: need %llu bytes, have %llu", f->op, WK_QUOTED(f->path),
                        (unsigned long long)(h->start + h->bytes), (unsigned long long)f->size),
               false;
    }
    return true;
}

static bool idx_read_elements(wk_Stream *s, const IdxHeader *h, wk_Tensor *tensor)
{
    unsigned char extra;
    int64_t got = wk_stream_read(s, wk_tensor_data(tensor), (size_t)h->bytes);
    if (got < 0)
        return false;
    if ((uint64_t)got < h->bytes)
        return wk_raise(WK_ERROR_CORRUPT, "%s: %s: need %llu bytes, have %llu", s->file->op,
                        WK_QUOTED(s->file->path), (unsigned long long)(h->start + h->bytes),
                        (unsigned long long)s->at),
               false;
    got = wk_stream_read(s, &extra, 1);
    if (got > 0)
        wk_raise(WK_ERROR_CORRUPT, "%s: %s: trailing bytes after the %llu that the header tells of",
                 s->file->op, WK_QUOTED(s->file->path), (unsigned long long)(h->start + h->bytes));
    if (got != 0)
        return false;
    wk_swap_bytes(wk_tensor_data(tensor), h->item, h->bytes / h->item, true);
    return true;
}

wk_Tensor *wk_load_idx(const char *path)
{
    wk_File file;
    wk_Stream stream;
    IdxHeader header;
    wk_Tensor *result = NULL;
    if (!wk_file_open(&file, "load_idx", path))
        return NULL;
    if (wk_stream_open(&stream, &file) && idx_read_magic(&stream, &header) &&
        idx_read_sizes(&stream, &header) && idx_check_size(&stream, &header)) {
        wk_Scope scope = wk_scope_begin();
        wk_Tensor *tensor =
            scope.id ? wk_tensor_new("load_idx", header.dtype, header.ndim, header.dims) : NULL;
        if (tensor && idx_read_elements(&stream, &header, tensor))
            result = tensor;
        if (scope.id)
            wk_scope_end_keeping(scope, result);
    }
    wk_stream_close(&stream);
    wk_file_close(&file);
    return result;
}

bool wk_save_idx(wk_Tensor *tensor, const char *path)
{
    if (!wk_tensor_check(tensor, "save_idx", "tensor"))
        return false;
    int type = 0;
    while (type < IDX_TYPES && wk_idx_types[type].dtype != (wk_dtype)tensor->dtype)
        type++;
    if (type == IDX_TYPES)
        return wk_raise(WK_ERROR_DTYPE, "save_idx: IDX has no type for %s",
                        wk_dtype_name((wk_dtype)tensor->dtype)),
               false;
    if (tensor->ndim == 0 || !tensor->contiguous)
        return wk_raise(WK_ERROR_SHAPE, "save_idx: expected a contiguous tensor of at least 1 dimension"),
               false;
    unsigned char header[4 + 4 * WK_MAX_DIMS] = {0, 0, wk_idx_types[type].code, tensor->ndim};
    for (int i = 0; i < tensor->ndim; i++) {
        if (tensor->shape[i] > UINT32_MAX)
            return wk_raise(WK_ERROR_OVERFLOW, "save_idx: size %lld does not fit in 32 bits",
                            (long long)tensor->shape[i]),
                   false;
        for (int b = 0; b < 4; b++)
            header[4 + 4 * i + b] = (unsigned char)(tensor->shape[i] >> (24 - 8 * b));
    }
    wk_Writer writer;
    if (!wk_rows_to_read(tensor) || !wk_writer_open(&writer, "save_idx", path))
        return false;
    wk_writer_write(&writer, header, 4 + 4 * (size_t)tensor->ndim);
    const unsigned char *data = wk_tensor_data(tensor);
    size_t item = wk_idx_types[type].bytes, chunk = 4096 / item;
    unsigned char part[4096];
    for (int64_t at = 0; at < tensor->numel; at += (int64_t)chunk) {
        size_t n = (size_t)(tensor->numel - at) < chunk ? (size_t)(tensor->numel - at) : chunk;
        memcpy(part, data + (size_t)at * item, n * item);
        wk_swap_bytes(part, item, n, true);
        wk_writer_write(&writer, part, n * item);
    }
    return wk_writer_close(&writer);
}
