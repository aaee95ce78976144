/* Reading safetensors: the header is parsed and held against the file's size before a single tensor is made.
 *
 * After that the tensors are read in the order in which they lie, each straight into its own memory, so a large model is never in
 * memory twice. The elements must follow each other without hole or overlap and fill the file: the format says so, because what
 * nobody reads could hide anything. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/checked.h"
#include "core/memory.h"
#include "core/shape.h"
#include "core/tensor.h"
#include "io/files.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "io/state_dict.h"

static const char safetensors_load_op[] = "load_safetensors";
enum { SAFETENSORS_SMALL = 1 << 14, SAFETENSORS_BUFFER = 1 << 16 };

typedef struct StEntry {
    const char *name;
    uint64_t begin, end; /* of its elements, from the header's end */
    size_t dims;         /* its sizes' place in StFile.dims */
    uint8_t dtype, ndim;
} StEntry;

typedef struct StFile {
    wk_File file;
    wk_Json json;
    uint64_t data_start, data_bytes;
    StEntry *entries;
    uint32_t *order; /* of the entries in the file */
    int64_t *dims;
    wk_Metadata *metadata;
    size_t count, capacity, dims_count, dims_capacity, metadata_count, metadata_capacity, header_bytes;
    bool has_metadata;
} StFile;

/* "load_safetensors: path: tensor 'name': ..." */
__attribute__((format(printf, 4, 5))) static bool st_raise(const StFile *f, wk_ErrorKind kind,
                                                           const char *name, const char *format, ...)
{
    char what[512];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    wk_raise(kind, "%s: %s: tensor '%s': %s", safetensors_load_op, WK_QUOTED(f->file.path), WK_QUOTED(name),
             what);
    return false;
}

/* ---- the header ------------------------------------------------------------------------------------- */

static bool st_shape(StFile *f, StEntry *e)
{
    wk_Json *json = &f->json;
    size_t rank = 0;
    e->dims = f->dims_count;
    if (!wk_json_take(json, '[', "'[' of the shape"))
        return false;
    for (bool end = wk_json_maybe(json, ']'); !end; rank++) {
        uint64_t size;
        if (!wk_json_whole(json, INT64_MAX, &size, "a whole number in the shape"))
            return false;
        if (rank < WK_MAX_DIMS) {
            if (!wk_grow((void **)&f->dims, &f->dims_capacity, f->dims_count, sizeof *f->dims))
                return false;
            f->dims[f->dims_count++] = (int64_t)size;
        }
        end = !wk_json_maybe(json, ',');
        if (end && !wk_json_take(json, ']', "',' or ']' in the shape"))
            return false;
    }
    if (rank > WK_MAX_DIMS)
        return st_raise(f, WK_ERROR_UNSUPPORTED, e->name, "rank %zu, max %d", rank, WK_MAX_DIMS);
    e->ndim = (uint8_t)rank;
    return true;
}

static bool st_offsets(StFile *f, StEntry *e)
{
    static const char what[] = "a whole number in data_offsets";
    wk_Json *json = &f->json;
    return wk_json_take(json, '[', "'[' of data_offsets") &&
           wk_json_whole(json, INT64_MAX, &e->begin, what) &&
           wk_json_take(json, ',', "',' in data_offsets") && wk_json_whole(json, INT64_MAX, &e->end, what) &&
           wk_json_take(json, ']', "']' of data_offsets");
}

static bool st_dtype(StFile *f, StEntry *e)
{
    const char *name = wk_json_string(&f->json, "a dtype");
    if (!name)
        return false;
    for (int i = 0; i < WK_DTYPES; i++)
        if (wk_safetensors_types[i].name && strcmp(wk_safetensors_types[i].name, name) == 0) {
            e->dtype = (uint8_t)i;
            return true;
        }
    return st_raise(f, WK_ERROR_UNSUPPORTED, e->name, "dtype %s not supported", WK_QUOTED(name));
}

/* What one entry says about itself: each of the three keys once, and others that are not for us. */
static bool st_entry(StFile *f, StEntry *e)
{
    static const char *const keys[] = {"dtype", "shape", "data_offsets"};
    static bool (*const readers[])(StFile *, StEntry *) = {st_dtype, st_shape, st_offsets};
    unsigned seen = 0;
    if (!wk_json_take(&f->json, '{', "'{' of a tensor"))
        return false;
    do {
        const char *key = wk_json_string(&f->json, "a key of a tensor");
        int k = 0;
        if (!key)
            return false;
        while (k < 3 && strcmp(keys[k], key) != 0)
            k++;
        if (k == 3) {
            if (!wk_json_take(&f->json, ':', "':'") || !wk_json_skip(&f->json))
                return false;
            continue;
        }
        if (seen & 1u << k)
            return st_raise(f, WK_ERROR_CORRUPT, e->name, "key '%s' comes twice", key);
        seen |= 1u << k;
        if (!wk_json_take(&f->json, ':', "':'") || !readers[k](f, e))
            return false;
    } while (wk_json_maybe(&f->json, ','));
    for (int k = 0; k < 3; k++)
        if (!(seen & 1u << k))
            return st_raise(f, WK_ERROR_CORRUPT, e->name, "key '%s' is missing", keys[k]);
    return wk_json_take(&f->json, '}', "',' or '}' in a tensor");
}

static int order_metadata(const void *a, const void *b)
{
    return strcmp(((const wk_Metadata *)a)->key, ((const wk_Metadata *)b)->key);
}

static bool st_metadata(StFile *f)
{
    wk_Json *json = &f->json;
    if (f->has_metadata)
        return wk_json_raise(json, json->at, "a second __metadata__");
    f->has_metadata = true;
    if (wk_json_peek(json) == 'n')
        return wk_json_skip(json); /* null is none */
    if (!wk_json_take(json, '{', "'{' of __metadata__"))
        return false;
    if (wk_json_maybe(json, '}'))
        return true;
    do {
        const char *key = wk_json_string(json, "a key of __metadata__"), *value = NULL;
        if (!key || !wk_json_take(json, ':', "':'") ||
            !(value = wk_json_string(json, "a string in __metadata__")) ||
            !wk_grow((void **)&f->metadata, &f->metadata_capacity, f->metadata_count, sizeof *f->metadata))
            return false;
        f->metadata[f->metadata_count++] = (wk_Metadata){key, value};
    } while (wk_json_maybe(json, ','));
    if (!wk_json_take(json, '}', "',' or '}' in __metadata__"))
        return false;
    qsort(f->metadata, f->metadata_count, sizeof *f->metadata, order_metadata);
    for (size_t i = 1; i < f->metadata_count; i++)
        if (strcmp(f->metadata[i - 1].key, f->metadata[i].key) == 0)
            return wk_raise(WK_ERROR_CORRUPT, "%s: %s: key '%s' of __metadata__ comes twice",
                            safetensors_load_op, WK_QUOTED(f->file.path), WK_QUOTED(f->metadata[i].key)),
                   false;
    return true;
}

static bool st_parse(StFile *f)
{
    wk_Json *json = &f->json;
    if (json->text[0] != '{')
        return wk_json_raise(json, 0, "a header that does not begin with '{'");
    json->at = 1;
    if (!wk_json_maybe(json, '}')) {
        do {
            StEntry entry = {.name = wk_json_string(json, "the name of a tensor")};
            if (!entry.name || !wk_json_take(json, ':', "':'"))
                return false;
            if (strcmp(entry.name, "__metadata__") == 0) {
                if (!st_metadata(f))
                    return false;
                continue;
            }
            if (!st_entry(f, &entry) ||
                !wk_grow((void **)&f->entries, &f->capacity, f->count, sizeof *f->entries))
                return false;
            f->entries[f->count++] = entry;
        } while (wk_json_maybe(json, ','));
        if (!wk_json_take(json, '}', "',' or '}' in the header"))
            return false;
    }
    wk_json_peek(json);
    return json->at == json->length || wk_json_raise(json, json->at, "text after the header's end");
}

/* ---- checks over all entries ------------------------------------------------------------------------ */

static bool st_unique_names(StFile *f)
{
    size_t slots = 16;
    while (slots < f->count * 2)
        slots *= 2;
    uint32_t *table = wk_zalloc(slots * sizeof *table);
    if (!table)
        return false;
    uint64_t seed = wk_hash_seed();
    bool ok = true;
    for (size_t i = 0; i < f->count && ok; i++) {
        size_t at = (size_t)wk_hash_name(seed, f->entries[i].name) & (slots - 1);
        while (table[at] && strcmp(f->entries[table[at] - 1].name, f->entries[i].name) != 0)
            at = (at + 1) & (slots - 1);
        if (table[at])
            ok = st_raise(f, WK_ERROR_CORRUPT, f->entries[i].name, "the name comes twice");
        table[at] = (uint32_t)i + 1;
    }
    wk_release(table, slots * sizeof *table);
    return ok;
}

/* A file of nothing but single numbers has no sizes at all, and no place to count them from. */
static const int64_t *st_dims(const StFile *f, const StEntry *e)
{
    return e->ndim ? f->dims + e->dims : NULL;
}

static bool st_check_entry(const StFile *f, const StEntry *e)
{
    const int64_t *dims = st_dims(f, e);
    if (e->end < e->begin)
        return st_raise(f, WK_ERROR_CORRUPT, e->name, "data_offsets [%llu, %llu] end before they begin",
                        (unsigned long long)e->begin, (unsigned long long)e->end);
    int64_t numel = wk_shape_numel(e->ndim, dims), bytes;
    if (numel < 0 || !wk_checked_mul(numel, (int64_t)wk_dtype_size((wk_dtype)e->dtype), &bytes))
        return st_raise(f, WK_ERROR_OVERFLOW, e->name, "shape %s overflows",
                        wk_shape_text(e->ndim, dims).text);
    if ((uint64_t)bytes != e->end - e->begin)
        return st_raise(f, WK_ERROR_CORRUPT, e->name,
                        "shape %s of %s needs %lld bytes, data_offsets give %llu",
                        wk_shape_text(e->ndim, dims).text, wk_safetensors_types[e->dtype].name,
                        (long long)bytes, (unsigned long long)(e->end - e->begin));
    return true;
}

/* Sorts by place with a merge sort of its own: the C library's hands no context to the comparison. */
static void st_sort(const StEntry *entries, uint32_t *order, uint32_t *spare, size_t count)
{
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t low = 0; low < count; low += 2 * width) {
            size_t mid = low + width < count ? low + width : count,
                   high = low + 2 * width < count ? low + 2 * width : count;
            size_t a = low, b = mid;
            for (size_t k = low; k < high; k++) {
                bool left = a < mid && (b >= high || entries[order[a]].begin < entries[order[b]].begin ||
                                        (entries[order[a]].begin == entries[order[b]].begin &&
                                         entries[order[a]].end <= entries[order[b]].end));
                spare[k] = left ? order[a++] : order[b++];
            }
        }
        memcpy(order, spare, count * sizeof *order);
    }
}

/* The elements follow each other, without hole or overlap, to the end of the file. */
static bool st_check_places(StFile *f)
{
    uint64_t at = 0;
    for (size_t i = 0; i < f->count; i++) {
        const StEntry *e = &f->entries[f->order[i]];
        if (e->end > f->data_bytes)
            return st_raise(f, WK_ERROR_CORRUPT, e->name, "ends at %llu, the file has %llu bytes of data",
                            (unsigned long long)e->end, (unsigned long long)f->data_bytes);
        if (e->begin != at)
            return st_raise(f, WK_ERROR_CORRUPT, e->name, "begins at %llu, %s the data before it end at %llu",
                            (unsigned long long)e->begin,
                            e->begin < at ? "overlapping:" : "after a hole:", (unsigned long long)at);
        at = e->end;
    }
    if (at != f->data_bytes)
        return wk_raise(WK_ERROR_CORRUPT, "%s: %s: %llu trailing bytes after the last tensor",
                        safetensors_load_op, WK_QUOTED(f->file.path),
                        (unsigned long long)(f->data_bytes - at)),
               false;
    return true;
}

static bool st_check(StFile *f)
{
    for (size_t i = 0; i < f->count; i++)
        if (!st_check_entry(f, &f->entries[i]))
            return false;
    f->order = wk_alloc(f->count * sizeof *f->order);
    uint32_t *spare = f->order ? wk_alloc(f->count * sizeof *spare) : NULL;
    if (!spare)
        return false;
    for (size_t i = 0; i < f->count; i++)
        f->order[i] = (uint32_t)i;
    st_sort(f->entries, f->order, spare, f->count);
    wk_release(spare, f->count * sizeof *spare);
    return st_unique_names(f) && st_check_places(f);
}

/* A ZIP archive or, as before PyTorch 1.6, a pickle. */
static bool is_torch_save(const unsigned char start[4])
{
    return memcmp(start, "PK\3\4", 4) == 0 || (start[0] == 0x80 && start[1] >= 2 && start[1] <= 5);
}

static bool st_read_header(StFile *f)
{
    unsigned char length[8];
    uint64_t n = 0;
    const char *path = f->file.path;
    if (f->file.size < 8)
        return wk_raise(WK_ERROR_CORRUPT, "%s: %s: truncated at byte %llu, header needs 8",
                        safetensors_load_op, WK_QUOTED(path), (unsigned long long)f->file.size),
               false;
    if (!wk_file_read(&f->file, length, 8))
        return false;
    for (int i = 7; i >= 0; i--)
        n = n << 8 | length[i];
    if (n > f->file.size - 8 && is_torch_save(length))
        return wk_raise(
                   WK_ERROR_UNSUPPORTED,
                   "%s: %s: a file of torch.save; in Python, safetensors.torch.save_file writes safetensors",
                   safetensors_load_op, WK_QUOTED(path)),
               false;
    if (n < 2 || n > SAFETENSORS_MAX_HEADER)
        return wk_raise(WK_ERROR_CORRUPT, "%s: %s: a header of %llu bytes, must be 2 to %d",
                        safetensors_load_op, WK_QUOTED(path), (unsigned long long)n, SAFETENSORS_MAX_HEADER),
               false;
    if (n > f->file.size - 8)
        return wk_raise(WK_ERROR_CORRUPT, "%s: %s: a header of %llu bytes in a file of %llu",
                        safetensors_load_op, WK_QUOTED(path), (unsigned long long)n,
                        (unsigned long long)f->file.size),
               false;
    char *text = wk_alloc((size_t)n);
    if (!text)
        return false;
    f->header_bytes = (size_t)n;
    f->json =
        (wk_Json){.op = safetensors_load_op, .path = path, .text = text, .length = (size_t)n, .base = 8};
    f->data_start = 8 + n;
    f->data_bytes = f->file.size - f->data_start;
    return wk_file_read(&f->file, text, (size_t)n);
}

/* ---- the elements ----------------------------------------------------------------------------------- */

/* Reads on, small pieces by way of a buffer so that a million tiny tensors are not a million system calls. */
static bool st_read_on(StFile *f, char *buffer, size_t *have, char *out, size_t bytes)
{
    while (bytes > 0) {
        if (*have == 0 && bytes >= SAFETENSORS_SMALL)
            return wk_file_read(&f->file, out, bytes);
        if (*have == 0) {
            uint64_t left = f->file.size - f->file.at;
            *have = left < SAFETENSORS_BUFFER ? (size_t)left : SAFETENSORS_BUFFER;
            if (!wk_file_read(&f->file, buffer + SAFETENSORS_BUFFER - *have, *have))
                return false;
        }
        size_t part = bytes < *have ? bytes : *have;
        memcpy(out, buffer + SAFETENSORS_BUFFER - *have, part);
        *have -= part;
        out += part;
        bytes -= part;
    }
    return true;
}

static bool st_check_bools(const StFile *f, const StEntry *e, const uint8_t *data)
{
    for (uint64_t i = 0; i < e->end - e->begin; i++)
        if (data[i] > 1)
            return st_raise(f, WK_ERROR_CORRUPT, e->name, "element %llu is %d, not a BOOL",
                            (unsigned long long)i, data[i]);
    return true;
}

static bool st_make(StFile *f, wk_StateDict *dict)
{
    for (size_t i = 0; i < f->count; i++) {
        const StEntry *e = &f->entries[i];
        wk_Scope scope = wk_scope_begin();
        if (!scope.id)
            return false;
        wk_Tensor *t = wk_tensor_new(safetensors_load_op, (wk_dtype)e->dtype, e->ndim, st_dims(f, e));
        bool ok = t && wk_state_dict_set(dict, e->name, t);
        if (!wk_scope_end(scope) || !ok)
            return false;
    }
    for (size_t i = 0; i < f->metadata_count; i++)
        if (!wk_state_dict_push_metadata(dict, f->metadata[i].key, f->metadata[i].value))
            return false;
    return true;
}

static bool st_fill(StFile *f, wk_StateDict *dict)
{
    char *buffer = wk_alloc(SAFETENSORS_BUFFER);
    size_t have = 0;
    bool ok = buffer != NULL;
    for (size_t i = 0; i < f->count && ok; i++) {
        const StEntry *e = &f->entries[f->order[i]];
        char *data = wk_tensor_data(dict->entries[f->order[i]].tensor);
        size_t item = wk_dtype_size((wk_dtype)e->dtype);
        ok = st_read_on(f, buffer, &have, data, (size_t)(e->end - e->begin)) &&
             (e->dtype != wk_bool || st_check_bools(f, e, (uint8_t *)data));
        if (ok)
            wk_swap_bytes(data, item, (e->end - e->begin) / item, false);
    }
    wk_release(buffer, SAFETENSORS_BUFFER);
    return ok;
}

static void st_close(StFile *f)
{
    wk_file_close(&f->file);
    wk_release(f->json.text, f->header_bytes);
    wk_release(f->entries, f->capacity * sizeof *f->entries);
    wk_release(f->order, f->count * sizeof *f->order);
    wk_release(f->dims, f->dims_capacity * sizeof *f->dims);
    wk_release(f->metadata, f->metadata_capacity * sizeof *f->metadata);
}

wk_StateDict *wk_load_safetensors(const char *path)
{
    StFile f = {0};
    wk_StateDict *dict = NULL;
    if (!wk_file_open(&f.file, safetensors_load_op, path))
        return NULL;
    bool ok = st_read_header(&f) && st_parse(&f) && st_check(&f) && (dict = wk_StateDict_new()) != NULL &&
              st_make(&f, dict) && st_fill(&f, dict);
    st_close(&f);
    if (ok)
        return dict;
    wk_state_dict_free(dict);
    return NULL;
}
