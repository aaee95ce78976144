/* Whole files as tensors of bytes, for formats that other libraries read. */
#include "core/order.h"
#include "io/files.h"
#include "io/writer.h"

static wk_Tensor *read_bytes(wk_File *file, int64_t limit)
{
    int64_t size = (int64_t)file->size;
    if (limit > 0 && size > limit)
        return wk_raise(WK_ERROR_CORRUPT, "%s: %s: %lld bytes, at most %lld are read", file->op,
                        WK_QUOTED(file->path), (long long)size, (long long)limit);
    wk_Scope scope = wk_scope_begin();
    if (!scope.id)
        return NULL;
    wk_Tensor *bytes = wk_tensor_new(file->op, wk_uint8, 1, &size);
    if (bytes && !wk_file_read(file, wk_tensor_data(bytes), (size_t)size))
        bytes = NULL;
    return wk_scope_end_keeping(scope, bytes) ? bytes : NULL;
}

wk_Tensor *wk_read_file(const char *path, int64_t limit)
{
    wk_File file;
    if (!wk_file_open(&file, "read_file", path))
        return NULL;
    wk_Tensor *bytes = read_bytes(&file, limit);
    wk_file_close(&file);
    return bytes;
}

bool wk_write_file(const char *path, wk_Tensor *data)
{
    wk_Writer writer;
    if (!wk_tensor_check(data, "write_file", "data"))
        return false;
    if (data->dtype != wk_uint8 || data->ndim != 1 || !data->contiguous)
        return wk_raise(WK_ERROR_SHAPE, "write_file: expected a contiguous uint8 tensor of 1 dimension"),
               false;
    if (!wk_rows_to_read(data) || !wk_writer_open(&writer, "write_file", path))
        return false;
    wk_writer_write(&writer, wk_tensor_data(data), (size_t)data->numel);
    return wk_writer_close(&writer);
}
