/* Reductions over the middle of [outer, n, inner].
 *
 * Sums of floats are kept in double. Sums are cascades: 16 rows are added to an accumulator, 16 accumulators to the one above, and so on, so that the error
 * grows with log n. Long sums are cut into up to 16 pieces, by sizes alone and never by the number of threads, and the pieces are added
 * in order. For inner = 1 the elements are read as rows of REDUCE_LANES, whose sums are then added pairwise.
 * Everything else is exact in any order, and needs no tree. */
#include "kernels/isa.h"

#include <string.h>

#include "core/memory.h"
#include "core/threads.h"
#include "kernels/isa/vector.h"
#include "kernels/math.h"

enum {
    REDUCE_LANES = 64, /* columns in one turn */
    CASCADE = 16,      /* rows to an accumulator */
    LEVELS = 16,       /* 16^16 rows */
    PIECES = 16,       /* of a long sum */
    GRAIN = 1 << 15,   /* elements that are worth a thread's attention */
};

static inline int64_t reduce_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* How a reduction is cut: a task is one outer index, one group of columns and one piece of n. */
typedef struct ReducePlan {
    int64_t outer, n, inner;
    int64_t groups, pieces, piece; /* groups of columns, pieces of n, rows in a piece */
    int64_t tasks, per_block;      /* tasks together in one block for the threads */
    const void *in;
    void *out;
    void *partial; /* [outer, pieces, inner] when there are several pieces */
    int64_t *indices;
} ReducePlan;

static ReducePlan reduce_plan(int64_t outer, int64_t n, int64_t inner, const void *in, void *out, bool pieces)
{
    ReducePlan p = {.outer = outer, .n = n, .inner = inner, .in = in, .out = out};
    p.groups = (inner + REDUCE_LANES - 1) / REDUCE_LANES;
    p.pieces = 1;
    int64_t work = reduce_min(inner, REDUCE_LANES) * n; /* of a task */
    if (pieces && outer * p.groups < PIECES && work > 2 * GRAIN)
        p.pieces = reduce_min(PIECES, work / GRAIN);
    p.piece = (n + p.pieces - 1) / p.pieces;
    p.piece = (p.piece + REDUCE_LANES - 1) / REDUCE_LANES * REDUCE_LANES; /* whole rows of lanes */
    p.tasks = outer * p.groups * p.pieces;
    work = work / p.pieces + 1;
    p.per_block = work >= GRAIN ? 1 : GRAIN / work;
    return p;
}

typedef struct ReduceTask {
    int64_t o, column, columns, row, rows, piece;
} ReduceTask;

static inline ReduceTask reduce_task(const ReducePlan *p, int64_t task)
{
    ReduceTask t;
    t.piece = task % p->pieces;
    int64_t group = task / p->pieces % p->groups;
    t.o = task / p->pieces / p->groups;
    t.column = group * REDUCE_LANES;
    t.columns = reduce_min(REDUCE_LANES, p->inner - t.column);
    t.row = reduce_min(t.piece * p->piece, p->n);
    t.rows = reduce_min(p->piece, p->n - t.row);
    return t;
}

static void reduce_run(ReducePlan *p, void (*block)(void *, int64_t))
{
    if (p->tasks > 0)
        wk_parallel((p->tasks + p->per_block - 1) / p->per_block, block, p);
}

/* Rows of REDUCE_LANES, at most CASCADE of them, added to sums: those of floats stay in registers meanwhile. */
#define REDUCE_ROWS(name, S, T, A, COMBINE)                                                  \
    static inline void rows_##name##_##S(const T *in, int64_t rows, int64_t stride, A *sums) \
    {                                                                                        \
        for (int64_t r = 0; r < rows; r++)                                                   \
            for (int64_t c = 0; c < REDUCE_LANES; c++)                                       \
                sums[c] = COMBINE(sums[c], (A)in[r * stride + c]);                           \
    }
#define REDUCE_ROWS_SUM(S, T, LOAD)                                                             \
    static inline void rows_sum_##S(const T *in, int64_t rows, int64_t stride, double *sums)    \
    {                                                                                           \
        for (int64_t c = 0; c < REDUCE_LANES; c += 4 * WK_VD) {                                 \
            wk_vd a0 = wk_vd_load(sums + c), a1 = wk_vd_load(sums + c + WK_VD);                 \
            wk_vd a2 = wk_vd_load(sums + c + 2 * WK_VD), a3 = wk_vd_load(sums + c + 3 * WK_VD); \
            for (int64_t r = 0; r < rows; r++) {                                                \
                const T *from = in + r * stride + c;                                            \
                a0 += LOAD(from);                                                               \
                a1 += LOAD(from + WK_VD);                                                       \
                a2 += LOAD(from + 2 * WK_VD);                                                   \
                a3 += LOAD(from + 3 * WK_VD);                                                   \
            }                                                                                   \
            wk_vd_store(sums + c, a0);                                                          \
            wk_vd_store(sums + c + WK_VD, a1);                                                  \
            wk_vd_store(sums + c + 2 * WK_VD, a2);                                              \
            wk_vd_store(sums + c + 3 * WK_VD, a3);                                              \
        }                                                                                       \
    }
REDUCE_ROWS_SUM(float32, float, wk_vd_load_floats)
REDUCE_ROWS_SUM(float64, double, wk_vd_load)
REDUCE_ROWS(sum, int64, int64_t, int64_t, ADD)
REDUCE_ROWS(sum, int32, int32_t, int64_t, ADD)
REDUCE_ROWS(sum, uint8, uint8_t, int64_t, ADD)
REDUCE_ROWS(prod, float32, float, float, MUL)
REDUCE_ROWS(prod, float64, double, double, MUL)
REDUCE_ROWS(prod, int64, int64_t, int64_t, MUL)
REDUCE_ROWS(prod, int32, int32_t, int64_t, MUL)
REDUCE_ROWS(prod, uint8, uint8_t, int64_t, MUL)

/* sum and prod: `COMBINE(a, b)` with neutral element ZERO, of T, accumulated in A, the result an R. */
#define REDUCE_CASCADE(name, S, T, A, R, ZERO, COMBINE)                                                    \
    /* out[0..columns) from rows of memory `stride` elements apart. */                                     \
    static void cascade_##name##_##S(const T *in, int64_t rows, int64_t stride, int64_t columns, A *out)   \
    {                                                                                                      \
        A level[LEVELS][REDUCE_LANES];                                                                     \
        int64_t count[LEVELS] = {0};                                                                       \
        int top = 0;                                                                                       \
        for (int64_t c = 0; c < columns; c++)                                                              \
            level[0][c] = ZERO;                                                                            \
        for (int64_t r = 0; r < rows; r += CASCADE) {                                                      \
            const int64_t some = reduce_min(CASCADE, rows - r);                                            \
            if (columns == REDUCE_LANES)                                                                   \
                rows_##name##_##S(in + r * stride, some, stride, level[0]);                                \
            else                                                                                           \
                for (int64_t i = r; i < r + some; i++)                                                     \
                    for (int64_t c = 0; c < columns; c++)                                                  \
                        level[0][c] = COMBINE(level[0][c], (A)in[i * stride + c]);                         \
            count[0] += some;                                                                              \
            for (int l = 0; count[l] == CASCADE && l + 1 < LEVELS; l++) {                                  \
                for (int64_t c = 0; c < columns; c++) {                                                    \
                    level[l + 1][c] = l == top ? level[l][c] : COMBINE(level[l + 1][c], level[l][c]);      \
                    level[l][c] = ZERO;                                                                    \
                }                                                                                          \
                count[l] = 0;                                                                              \
                count[l + 1]++;                                                                            \
                top = l + 1 > top ? l + 1 : top;                                                           \
            }                                                                                              \
        }                                                                                                  \
        for (int l = 0; l < top; l++)                                                                      \
            for (int64_t c = 0; c < columns; c++)                                                          \
                level[l + 1][c] = COMBINE(level[l + 1][c], level[l][c]);                                   \
        for (int64_t c = 0; c < columns; c++)                                                              \
            out[c] = level[top][c];                                                                        \
    }                                                                                                      \
    static A cascade_line_##name##_##S(const T *in, int64_t n)                                             \
    {                                                                                                      \
        A lanes[REDUCE_LANES], rest = ZERO;                                                                \
        int64_t rows = n / REDUCE_LANES;                                                                   \
        for (int64_t i = rows * REDUCE_LANES; i < n; i++)                                                  \
            rest = COMBINE(rest, (A)in[i]);                                                                \
        if (rows == 0)                                                                                     \
            return rest;                                                                                   \
        cascade_##name##_##S(in, rows, REDUCE_LANES, REDUCE_LANES, lanes);                                 \
        for (int half = REDUCE_LANES / 2; half > 0; half /= 2)                                             \
            for (int c = 0; c < half; c++)                                                                 \
                lanes[c] = COMBINE(lanes[c], lanes[c + half]);                                             \
        return COMBINE(lanes[0], rest);                                                                    \
    }                                                                                                      \
    static void reduce_block_##name##_##S(void *context, int64_t index)                                    \
    {                                                                                                      \
        const ReducePlan *p = context;                                                                     \
        int64_t end = reduce_min((index + 1) * p->per_block, p->tasks);                                    \
        for (int64_t i = index * p->per_block; i < end; i++) {                                             \
            const ReduceTask t = reduce_task(p, i);                                                        \
            const T *in = (const T *)p->in + (t.o * p->n + t.row) * p->inner + t.column;                   \
            const int64_t at = (t.o * p->pieces + t.piece) * p->inner + t.column;                          \
            A sums[REDUCE_LANES];                                                                          \
            if (p->inner == 1)                                                                             \
                sums[0] = cascade_line_##name##_##S(in, t.rows);                                           \
            else                                                                                           \
                cascade_##name##_##S(in, t.rows, p->inner, t.columns, sums);                               \
            for (int64_t c = 0; c < t.columns; c++)                                                        \
                if (p->pieces > 1)                                                                         \
                    ((A *)p->partial)[at + c] = sums[c];                                                   \
                else                                                                                       \
                    ((R *)p->out)[at + c] = (R)sums[c];                                                    \
        }                                                                                                  \
    }                                                                                                      \
    static bool reduce_##name##_##S(int64_t outer, int64_t n, int64_t inner, const void *in, void *result) \
    {                                                                                                      \
        ReducePlan p = reduce_plan(outer, n, inner, in, result, true);                                     \
        size_t bytes = (size_t)(p.outer * p.pieces * p.inner) * sizeof(A);                                 \
        if (p.pieces > 1 && !(p.partial = wk_alloc(bytes)))                                                \
            return false;                                                                                  \
        reduce_run(&p, reduce_block_##name##_##S);                                                         \
        if (p.pieces == 1)                                                                                 \
            return true;                                                                                   \
        R *out = result;                                                                                   \
        const A *partial = p.partial;                                                                      \
        for (int64_t o = 0; o < outer; o++)                                                                \
            for (int64_t c = 0; c < inner; c++) {                                                          \
                A total = partial[o * p.pieces * inner + c];                                               \
                for (int64_t i = 1; i < p.pieces; i++)                                                     \
                    total = COMBINE(total, partial[(o * p.pieces + i) * inner + c]);                       \
                out[o * inner + c] = (R)total;                                                             \
            }                                                                                              \
        wk_release(p.partial, bytes);                                                                      \
        return true;                                                                                       \
    }
REDUCE_CASCADE(sum, float32, float, double, float, 0, ADD)
REDUCE_CASCADE(sum, float64, double, double, double, 0, ADD)
REDUCE_CASCADE(sum, int64, int64_t, int64_t, int64_t, 0, ADD)
REDUCE_CASCADE(sum, int32, int32_t, int64_t, int64_t, 0, ADD)
REDUCE_CASCADE(sum, uint8, uint8_t, int64_t, int64_t, 0, ADD)
REDUCE_CASCADE(prod, float32, float, float, float, 1, MUL)
REDUCE_CASCADE(prod, float64, double, double, double, 1, MUL)
REDUCE_CASCADE(prod, int64, int64_t, int64_t, int64_t, 1, MUL)
REDUCE_CASCADE(prod, int32, int32_t, int64_t, int64_t, 1, MUL)
REDUCE_CASCADE(prod, uint8, uint8_t, int64_t, int64_t, 1, MUL)

bool WK_KERNEL(wk_sum_f32)(int64_t outer, int64_t n, int64_t inner, const void *in, void *out)
{
    return reduce_sum_float32(outer, n, inner, in, out);
}

bool WK_KERNEL(wk_sum_f64)(int64_t outer, int64_t n, int64_t inner, const void *in, void *out)
{
    return reduce_sum_float64(outer, n, inner, in, out);
}

/* max and min with the index of the first. `BEATS(x, best)`: x is better, strictly; NaN beats all but NaN. */
#define LARGER(x, best)      ((x) > (best))
#define SMALLER(x, best)     ((x) < (best))
#define LARGER_NAN(x, best)  ((x) > (best) || ((x) != (x) && (best) == (best)))
#define SMALLER_NAN(x, best) ((x) < (best) || ((x) != (x) && (best) == (best)))
#define REDUCE_EXTREME(name, S, T, BEATS)                                                                   \
    static void extreme_block_##name##_##S(void *context, int64_t index)                                    \
    {                                                                                                       \
        const ReducePlan *p = context;                                                                      \
        int64_t end = reduce_min((index + 1) * p->per_block, p->tasks);                                     \
        for (int64_t i = index * p->per_block; i < end; i++) {                                              \
            const ReduceTask t = reduce_task(p, i);                                                         \
            const T *in = (const T *)p->in + t.o * p->n * p->inner + t.column;                              \
            T best[REDUCE_LANES];                                                                           \
            int64_t where[REDUCE_LANES];                                                                    \
            for (int64_t c = 0; c < t.columns; c++)                                                         \
                best[c] = in[c], where[c] = 0;                                                              \
            for (int64_t r = 1; r < p->n; r++)                                                              \
                for (int64_t c = 0; c < t.columns; c++) {                                                   \
                    const T x = in[r * p->inner + c];                                                       \
                    const bool better = BEATS(x, best[c]);                                                  \
                    best[c] = better ? x : best[c];                                                         \
                    where[c] = better ? r : where[c];                                                       \
                }                                                                                           \
            for (int64_t c = 0; c < t.columns; c++) {                                                       \
                if (p->out)                                                                                 \
                    ((T *)p->out)[t.o * p->inner + t.column + c] = best[c];                                 \
                if (p->indices)                                                                             \
                    p->indices[t.o * p->inner + t.column + c] = where[c];                                   \
            }                                                                                               \
        }                                                                                                   \
    }                                                                                                       \
    static bool extreme_##name##_##S(int64_t outer, int64_t n, int64_t inner, const void *in, void *values, \
                                     int64_t *indices)                                                      \
    {                                                                                                       \
        ReducePlan p = reduce_plan(outer, n, inner, in, values, false);                                     \
        p.indices = indices;                                                                                \
        reduce_run(&p, extreme_block_##name##_##S);                                                         \
        return true;                                                                                        \
    }
REDUCE_EXTREME(max, float32, float, LARGER_NAN)
REDUCE_EXTREME(max, float64, double, LARGER_NAN)
REDUCE_EXTREME(max, int64, int64_t, LARGER)
REDUCE_EXTREME(max, int32, int32_t, LARGER)
REDUCE_EXTREME(max, uint8, uint8_t, LARGER)
REDUCE_EXTREME(min, float32, float, SMALLER_NAN)
REDUCE_EXTREME(min, float64, double, SMALLER_NAN)
REDUCE_EXTREME(min, int64, int64_t, SMALLER)
REDUCE_EXTREME(min, int32, int32_t, SMALLER)
REDUCE_EXTREME(min, uint8, uint8_t, SMALLER)

#define REDUCE_TRUTH(S, T)                                                                                \
    static inline void truth_##S(const ReducePlan *p, int64_t i, bool sought)                             \
    {                                                                                                     \
        const ReduceTask t = reduce_task(p, i);                                                           \
        const T *in = (const T *)p->in + t.o * p->n * p->inner + t.column;                                \
        uint8_t found[REDUCE_LANES] = {0};                                                                \
        for (int64_t r = 0; r < p->n; r++)                                                                \
            for (int64_t c = 0; c < t.columns; c++)                                                       \
                found[c] |= (in[r * p->inner + c] != 0) == sought;                                        \
        for (int64_t c = 0; c < t.columns; c++)                                                           \
            ((uint8_t *)p->out)[t.o * p->inner + t.column + c] = (found[c] != 0) == sought;               \
    }                                                                                                     \
    static void any_block_##S(void *context, int64_t index)                                               \
    {                                                                                                     \
        const ReducePlan *p = context;                                                                    \
        for (int64_t i = index * p->per_block; i < reduce_min((index + 1) * p->per_block, p->tasks); i++) \
            truth_##S(p, i, true);                                                                        \
    }                                                                                                     \
    static void all_block_##S(void *context, int64_t index)                                               \
    {                                                                                                     \
        const ReducePlan *p = context;                                                                    \
        for (int64_t i = index * p->per_block; i < reduce_min((index + 1) * p->per_block, p->tasks); i++) \
            truth_##S(p, i, false);                                                                       \
    }                                                                                                     \
    static bool any_##S(int64_t outer, int64_t n, int64_t inner, const void *in, void *out)               \
    {                                                                                                     \
        ReducePlan p = reduce_plan(outer, n, inner, in, out, false);                                      \
        reduce_run(&p, any_block_##S);                                                                    \
        return true;                                                                                      \
    }                                                                                                     \
    static bool all_##S(int64_t outer, int64_t n, int64_t inner, const void *in, void *out)               \
    {                                                                                                     \
        ReducePlan p = reduce_plan(outer, n, inner, in, out, false);                                      \
        reduce_run(&p, all_block_##S);                                                                    \
        return true;                                                                                      \
    }
REDUCE_TRUTH(float32, float)
REDUCE_TRUTH(float64, double)
REDUCE_TRUTH(int64, int64_t)
REDUCE_TRUTH(int32, int32_t)
REDUCE_TRUTH(uint8, uint8_t)

void WK_KERNEL(wk_install_reduce)(wk_Kernels *table)
{
#define REDUCE_SET(S)                      \
    table->sum[wk_##S] = reduce_sum_##S;   \
    table->prod[wk_##S] = reduce_prod_##S; \
    table->max[wk_##S] = extreme_max_##S;  \
    table->min[wk_##S] = extreme_min_##S;  \
    table->any[wk_##S] = any_##S;          \
    table->all[wk_##S] = all_##S;
    REDUCE_SET(float32)
    REDUCE_SET(float64)
    REDUCE_SET(int64)
    REDUCE_SET(int32)
    REDUCE_SET(uint8)
    /* A bool is a byte of 0 or 1. */
    table->sum[wk_bool] = reduce_sum_uint8;
    table->prod[wk_bool] = reduce_prod_uint8;
    table->max[wk_bool] = extreme_max_uint8;
    table->min[wk_bool] = extreme_min_uint8;
    table->any[wk_bool] = any_uint8;
    table->all[wk_bool] = all_uint8;
}
