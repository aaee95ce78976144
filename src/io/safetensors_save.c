/* Writing safetensors: 8 bytes with the header's length, the header (JSON, padded with spaces to a multiple of 8), the elements.
 *
 * The order is that of the format's own writer, widest dtype first and then by name, so that every tensor lies aligned in the file
 * and the same tensors give the same bytes as from Python. Tensors that are no longer contiguous are gathered on the way out. */
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/order.h"
#include "core/shape.h"
#include "core/text.h"
#include "io/files.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "io/writer.h"

const wk_SafetensorsType wk_safetensors_types[WK_DTYPES] = {
    [wk_int64] = {"I64", 6}, [wk_float64] = {"F64", 5}, [wk_float32] = {"F32", 4},
    [wk_int32] = {"I32", 3}, [wk_uint8] = {"U8", 2},    [wk_bool] = {"BOOL", 1},
};

static const char safetensors_save_op[] = "save_safetensors";

static int order_by_name(const void *a, const void *b)
{
    return strcmp((*(const wk_NamedTensor *const *)a)->name, (*(const wk_NamedTensor *const *)b)->name);
}

static int order_in_file(const void *a, const void *b)
{
    const wk_NamedTensor *x = *(const wk_NamedTensor *const *)a, *y = *(const wk_NamedTensor *const *)b;
    int rank = wk_safetensors_types[y->tensor->dtype].rank - wk_safetensors_types[x->tensor->dtype].rank;
    return rank ? rank : strcmp(x->name, y->name);
}

static bool valid_text(const char *what, const char *text)
{
    if (!text)
        return wk_raise_null(safetensors_save_op, what), false;
    size_t left = strlen(text);
    for (const unsigned char *c = (const unsigned char *)text; left > 0;) {
        int n = wk_utf8_length(c, left);
        if (!n)
            return wk_raise(WK_ERROR_ARGUMENT, "%s: %s '%s' is not UTF-8", safetensors_save_op, what,
                            WK_QUOTED(text)),
                   false;
        c += n;
        left -= (size_t)n;
    }
    return true;
}

/* Everything that can be wrong with the arguments, before a file is touched. Fills `sorted`. */
static bool check_all(const wk_save_safetensors_options *o, const wk_NamedTensor **sorted)
{
    for (int i = 0; i < o->count; i++) {
        const wk_NamedTensor *t = &o->tensors[i];
        if (!valid_text("tensor name", t->name) || !wk_tensor_check(t->tensor, safetensors_save_op, t->name))
            return false;
        if (strcmp(t->name, "__metadata__") == 0)
            return wk_raise(WK_ERROR_ARGUMENT, "%s: no tensor can be named '__metadata__'",
                            safetensors_save_op),
                   false;
        sorted[i] = t;
    }
    qsort(sorted, (size_t)o->count, sizeof *sorted, order_by_name);
    for (int i = 1; i < o->count; i++)
        if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
            return wk_raise(WK_ERROR_ARGUMENT, "%s: two tensors are named '%s'", safetensors_save_op,
                            WK_QUOTED(sorted[i]->name)),
                   false;
    for (int i = 0; i < o->metadata_count; i++) {
        if (!valid_text("metadata key", o->metadata[i].key) ||
            !valid_text("metadata value", o->metadata[i].value))
            return false;
        for (int k = 0; k < i; k++)
            if (strcmp(o->metadata[k].key, o->metadata[i].key) == 0)
                return wk_raise(WK_ERROR_ARGUMENT, "%s: metadata key '%s' comes twice", safetensors_save_op,
                                WK_QUOTED(o->metadata[i].key)),
                       false;
    }
    qsort(sorted, (size_t)o->count, sizeof *sorted, order_in_file);
    return true;
}

static void json_put_string(wk_Text *out, const char *text)
{
    static const char special[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    wk_text_append(out, "\"");
    for (const char *c = text; *c;) {
        const char *known = strchr(special, *c);
        if (known) {
            char escape[3] = {'\\', letters[known - special], 0};
            wk_text_append(out, escape);
            c++;
        } else if ((unsigned char)*c < 0x20) {
            wk_text_printf(out, "\\u%04x", (unsigned)(unsigned char)*c++);
        } else {
            size_t plain = 1;
            while ((unsigned char)c[plain] >= 0x20 && c[plain] != '"' && c[plain] != '\\')
                plain++;
            wk_text_append_bytes(out, c, plain);
            c += plain;
        }
    }
    wk_text_append(out, "\"");
}

static void put_metadata(wk_Text *out, const wk_save_safetensors_options *o)
{
    if (!o->metadata_count)
        return;
    wk_text_append(out, "\"__metadata__\":{");
    for (int i = 0; i < o->metadata_count; i++) {
        wk_text_append(out, i ? "," : "");
        json_put_string(out, o->metadata[i].key);
        wk_text_append(out, ":");
        json_put_string(out, o->metadata[i].value);
    }
    wk_text_append(out, o->count ? "}," : "}");
}

static bool put_header(wk_Text *out, const wk_save_safetensors_options *o,
                       const wk_NamedTensor *const *sorted)
{
    uint64_t at = 0;
    wk_text_append(out, "{");
    put_metadata(out, o);
    for (int i = 0; i < o->count; i++) {
        const wk_Tensor *t = sorted[i]->tensor;
        uint64_t end = at + (uint64_t)t->numel * wk_dtype_size((wk_dtype)t->dtype);
        wk_text_append(out, i ? "," : "");
        json_put_string(out, sorted[i]->name);
        wk_text_printf(out, ":{\"dtype\":\"%s\",\"shape\":[", wk_safetensors_types[t->dtype].name);
        for (int d = 0; d < t->ndim; d++)
            wk_text_printf(out, d ? ",%lld" : "%lld", (long long)t->shape[d]);
        wk_text_printf(out, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)at,
                       (unsigned long long)end);
        at = end;
    }
    wk_text_append(out, "}");
    wk_text_repeat(out, ' ', (8 - out->length % 8) % 8);
    if (!out->failed && out->length > SAFETENSORS_MAX_HEADER)
        return wk_raise(WK_ERROR_OVERFLOW, "%s: a header of %zu bytes, max %d", safetensors_save_op,
                        out->length, SAFETENSORS_MAX_HEADER),
               false;
    return !out->failed;
}

/* In the order of the indices, little-endian; by an odometer where the memory is in another order. */
static void write_elements(wk_Writer *w, const wk_Tensor *t)
{
    size_t item = wk_dtype_size((wk_dtype)t->dtype);
    if (t->contiguous && wk_has_rows(t) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) {
        wk_writer_write(w, wk_tensor_data(t), (size_t)t->numel * item);
        return;
    }
    int64_t at[WK_MAX_DIMS] = {0};
    for (int64_t i = 0; i < t->numel; i++) {
        char element[8];
        int64_t place = t->offset;
        for (int d = 0; d < t->ndim; d++)
            place += at[d] * t->stride[d];
        memcpy(element, wk_element_at(t, place), item);
        wk_swap_bytes(element, item, 1, false);
        wk_writer_write(w, element, item);
        for (int d = t->ndim - 1; d >= 0 && ++at[d] == t->shape[d]; d--)
            at[d] = 0;
    }
}

static bool save_sorted(const wk_save_safetensors_options *o, const wk_NamedTensor *const *sorted)
{
    wk_Text header = {0};
    wk_Writer writer;
    bool ok = put_header(&header, o, sorted) && wk_writer_open(&writer, safetensors_save_op, o->path);
    if (ok) {
        unsigned char length[8];
        for (int i = 0; i < 8; i++)
            length[i] = (unsigned char)((uint64_t)header.length >> (8 * i));
        wk_writer_write(&writer, length, sizeof length);
        wk_writer_write(&writer, header.data, header.length);
        for (int i = 0; i < o->count; i++)
            write_elements(&writer, sorted[i]->tensor);
        ok = wk_writer_close(&writer);
    }
    wk_text_free(&header);
    return ok;
}

bool wk_save_safetensors_with(wk_save_safetensors_options o)
{
    if (!o.path)
        return wk_raise_null(safetensors_save_op, "path"), false;
    if (o.count < 0 || o.metadata_count < 0)
        return wk_raise(WK_ERROR_ARGUMENT, "%s: count is %d", safetensors_save_op,
                        o.count < 0 ? o.count : o.metadata_count),
               false;
    if ((o.count && !o.tensors) || (o.metadata_count && !o.metadata))
        return wk_raise_null(safetensors_save_op, o.count && !o.tensors ? "tensors" : "metadata"), false;
    size_t bytes = (size_t)o.count * sizeof(wk_NamedTensor *);
    const wk_NamedTensor **sorted = wk_alloc(bytes);
    bool ok = sorted && check_all(&o, sorted) && save_sorted(&o, sorted);
    wk_release(sorted, bytes);
    return ok;
}
