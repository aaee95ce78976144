/* Loops over elements of any geometry.
 *
 * Dimensions that lie one after another in every operand are joined, and the rest ordered as in the result; what is left is a row that
 * the kernel's loop takes, and outer indices around it. Work is cut in blocks of a fixed number of elements, whatever the number of
 * threads: each element is computed from its own inputs, so cutting cannot change a result. */
#include <string.h>

#include "core/checked.h"
#include "core/order.h"
#include "core/threads.h"
#include "ops/ops.h"

enum { OPERANDS = 4, BLOCK = 1 << 15 };

typedef struct Map {
    wk_Loop loop;
    const double *numbers;
    int operands, ndim;
    int64_t shape[WK_MAX_DIMS];
    int64_t stride[OPERANDS][WK_MAX_DIMS]; /* bytes */
    char *data[OPERANDS];
    int64_t rows, row, rows_per_block; /* of length `row`, along the last dimension */
    int64_t parts;                     /* a long single row is cut in that many */
    bool streams;                      /* the result leaves the caches anyway */
    atomic_bool failed;
} Map;

static bool joinable(const Map *m, int d)
{
    for (int i = 0; i < m->operands; i++)
        if (m->stride[i][d] != m->stride[i][d + 1] * m->shape[d + 1])
            return false;
    return true;
}

static void exchange_dims(Map *m, int a, int b)
{
    int64_t t = m->shape[a];
    m->shape[a] = m->shape[b];
    m->shape[b] = t;
    for (int i = 0; i < m->operands; i++) {
        t = m->stride[i][a];
        m->stride[i][a] = m->stride[i][b];
        m->stride[i][b] = t;
    }
}

/* Puts the dimensions in the order in which the result lies in memory. */
static void order_dims(Map *m)
{
    for (int d = 1; d < m->ndim; d++)
        for (int e = d; e > 0 && m->stride[0][e - 1] < m->stride[0][e]; e--)
            exchange_dims(m, e - 1, e);
}

/* Joins neighbouring dimensions and drops sizes of one. */
static void join_dims(Map *m)
{
    int n = 0;
    for (int d = 0; d < m->ndim; d++) {
        if (m->shape[d] == 1)
            continue;
        m->shape[n] = m->shape[d];
        for (int i = 0; i < m->operands; i++)
            m->stride[i][n] = m->stride[i][d];
        n++;
    }
    m->ndim = n;
    for (int d = m->ndim - 2; d >= 0; d--) {
        if (!joinable(m, d))
            continue;
        m->shape[d] *= m->shape[d + 1];
        for (int i = 0; i < m->operands; i++)
            m->stride[i][d] = m->stride[i][d + 1];
        for (int e = d + 1; e < m->ndim - 1; e++) {
            m->shape[e] = m->shape[e + 1];
            for (int i = 0; i < m->operands; i++)
                m->stride[i][e] = m->stride[i][e + 1];
        }
        m->ndim--;
    }
    if (m->ndim == 0) {
        m->ndim = 1;
        m->shape[0] = 1;
        for (int i = 0; i < m->operands; i++)
            m->stride[i][0] = 0;
    }
}

static void map_part(Map *m, int64_t row, int64_t first, int64_t count)
{
    char *at[OPERANDS];
    int64_t stride[OPERANDS];
    int last = m->ndim - 1;
    for (int i = 0; i < m->operands; i++) {
        at[i] = m->data[i] + first * m->stride[i][last];
        stride[i] = m->stride[i][last];
    }
    int64_t rest = row;
    for (int d = last - 1; d >= 0; d--) {
        int64_t k = rest % m->shape[d];
        rest /= m->shape[d];
        for (int i = 0; i < m->operands; i++)
            at[i] += k * m->stride[i][d];
    }
    if (!(m->streams ? wk_kernels->stream(m->loop, count, m->operands - 1, at, stride, m->numbers)
                     : m->loop(count, at, stride, m->numbers)))
        atomic_store_explicit(&m->failed, true, memory_order_relaxed);
}

static void map_block(void *context, int64_t block)
{
    Map *m = context;
    if (m->parts > 1) {
        int64_t first = block % m->parts * BLOCK, left = m->row - first;
        map_part(m, block / m->parts, first, left < BLOCK ? left : BLOCK);
        return;
    }
    int64_t end = (block + 1) * m->rows_per_block;
    for (int64_t r = block * m->rows_per_block; r < end && r < m->rows; r++)
        map_part(m, r, 0, m->row);
}

static void add_operand(Map *m, int i, const wk_Tensor *t, const wk_Memory *memory, const wk_Tensor *out)
{
    int64_t bytes = (int64_t)wk_dtype_size((wk_dtype)t->dtype);
    m->data[i] = memory->data;
    for (int d = 0; d < out->ndim; d++) {
        int from = d - (out->ndim - t->ndim);
        m->stride[i][d] = from < 0 || t->shape[from] == 1
                              ? 0
                              : memory->stride[from] * bytes; /* that of a size of 1 may be any */
    }
}

/* The result last: to read an operand may make row-major memory for a storage that both share. */
static bool add_operands(Map *m, wk_Tensor *out, int count, wk_Tensor *const *operands)
{
    wk_Memory memory;
    m->operands = count + 1;
    for (int i = 0; i < count; i++) {
        if (!wk_memory_to_read(operands[i], &memory))
            return false;
        add_operand(m, i + 1, operands[i], &memory, out);
    }
    if (!wk_memory_to_write(out, &memory))
        return false;
    add_operand(m, 0, out, &memory, out);
    return true;
}

static bool raise_zero_divisor(const char *op)
{
    return wk_raise(WK_ERROR_DOMAIN, "%s: ZeroDivisionError", op), false;
}

/* An operand that can be read in the order of the result's memory. */
static bool lies_alike(const wk_Tensor *t, const wk_Tensor *out)
{
    if (t->numel == 1)
        return true;
    if (out->contiguous)
        return t->contiguous && t->numel == out->numel;
    return wk_shape_same(t, out) && memcmp(t->stride, out->stride, out->ndim * sizeof *out->stride) == 0;
}

/* Its row-major memory, if it has some. */
static char *rows_at_hand(const wk_Tensor *t)
{
    char *data = atomic_load_explicit(&t->storage->data, memory_order_acquire);
    return data ? data + (size_t)t->offset * wk_dtype_bytes[t->dtype] : NULL;
}

/* Apart from wk_map_row, as small operations do without its arrays. */
static __attribute__((noinline)) bool map_strided(const char *op, wk_Loop loop, const double *numbers,
                                                  wk_Tensor *out, int how, wk_Tensor *const *operands)
{
    const int count = how & ~WK_SLOW_LOOP;
    Map m = {.loop = loop, .numbers = numbers, .ndim = out->ndim};
    memcpy(m.shape, out->shape, sizeof m.shape);
    if (!add_operands(&m, out, count, operands))
        return false;
    order_dims(&m);
    join_dims(&m);
    const int64_t bytes = (int64_t)wk_dtype_size((wk_dtype)out->dtype);
    m.streams = !(how & WK_SLOW_LOOP) && out->dense && m.stride[0][m.ndim - 1] == bytes &&
                out->numel * bytes >= WK_STREAM_BYTES;
    for (int i = 0; i < count; i++)
        m.streams = m.streams && operands[i]->storage != out->storage;
    m.row = m.shape[m.ndim - 1];
    m.rows = out->numel / m.row;
    m.parts = (m.row + BLOCK - 1) / BLOCK;
    m.rows_per_block = m.row < BLOCK ? BLOCK / m.row : 1;
    int64_t blocks = m.parts > 1 ? m.rows * m.parts : (m.rows + m.rows_per_block - 1) / m.rows_per_block;
    wk_parallel(blocks, map_block, &m);
    return !atomic_load_explicit(&m.failed, memory_order_relaxed) || raise_zero_divisor(op);
}

/* Where everything is dense and in one order, there is no geometry to work out. */
bool wk_map_row(const char *op, wk_Loop loop, const double *numbers, wk_Tensor *out, int how,
                wk_Tensor *const *operands)
{
    const int count = how & ~WK_SLOW_LOOP;
    if (out->numel == 0)
        return true;
    char *data[OPERANDS] = {rows_at_hand(out)};
    int64_t stride[OPERANDS] = {wk_dtype_bytes[out->dtype]};
    bool dense = out->dense && out->numel <= BLOCK && !out->storage->batch;
    for (int i = 0; i < count && dense; i++) {
        const wk_Tensor *t = operands[i];
        data[i + 1] = rows_at_hand(t);
        stride[i + 1] = t->numel == 1 && out->numel != 1 ? 0 : wk_dtype_bytes[t->dtype];
        dense = data[i + 1] && lies_alike(t, out);
    }
    return dense ? loop(out->numel, data, stride, numbers) || raise_zero_divisor(op)
                 : map_strided(op, loop, numbers, out, how, operands);
}

bool wk_map(const char *op, wk_Loop loop, wk_Tensor *out, int count, wk_Tensor *const *operands)
{
    return wk_map_row(op, loop, NULL, out, count, operands);
}

wk_Split wk_split_at(const wk_Tensor *tensor, int dim)
{
    wk_Split s = {1, 1, 1};
    for (int i = 0; i < tensor->ndim; i++) {
        int64_t *part = i < dim ? &s.outer : i == dim ? &s.n : &s.inner;
        wk_multiply_size(part, tensor->shape[i]);
    }
    return s;
}

wk_Tensor *wk_raise_kernel(const char *op, const char *kernel, int dtype)
{
    return wk_raise(WK_ERROR_DTYPE, "%s: \"%s\" not implemented for '%s'", op, kernel, wk_dtype_type(dtype));
}

wk_Tensor *wk_raise_dtype(const char *op, int dtype)
{
    return wk_raise(WK_ERROR_DTYPE, "%s: not implemented for '%s'", op, wk_dtype_type(dtype));
}
