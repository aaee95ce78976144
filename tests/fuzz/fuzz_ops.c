/* Fuzzing of operations: the input is a program of calls with arguments of every size.
 *
 * Besides what the sanitizers see, it holds what must be true of every call: a failure has a message and a success has none, a
 * tensor lies within its memory, gradients have the shape of what they belong to, and no memory is left at the end. Large
 * requests fail by the memory hook, so that an input costs little. */
#include "fuzz/fuzz_ops.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/shape.h"
#include "core/tensor.h"

/* What a wrong answer looks like to the fuzzer: a crash. */
#define MUST(condition, name)                                                                             \
    do {                                                                                                  \
        if (!(condition)) {                                                                               \
            fprintf(stderr, "%s: not %s (%s)\n", name, #condition, wk_error() ? wk_error() : "no error"); \
            abort();                                                                                      \
        }                                                                                                 \
    } while (0)

enum { LARGEST = 4 << 20, IN_ALL = 64 << 20, LARGEST_NEW = 4096, REPEAT = 0xd0 };

static bool small_only(size_t bytes, void *user)
{
    (void)user;
    return bytes <= LARGEST && wk_memory_allocated() < IN_ALL;
}

/* ---- numbers ---------------------------------------------------------------------------------------- */

static unsigned byte(Fuzz *f)
{
    if (!f->left)
        return 0;
    f->left--;
    return *f->data++;
}

bool draw_bool(Fuzz *f)
{
    return byte(f) & 1;
}

bool draw_rarely(Fuzz *f)
{
    return (byte(f) & 3) == 3;
}

int draw_int(Fuzz *f)
{
    int64_t value = draw_int64(f);
    return value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : (int)value;
}

int draw_enum(Fuzz *f)
{
    return (int)(byte(f) % 9);
}

int64_t draw_int64(Fuzz *f)
{
    static const int64_t extreme[] = {15,        16,         17,           31,
                                      33,        63,         64,           65,
                                      100,       127,        128,          255,
                                      256,       257,        1000,         65536,
                                      -3,        -8,         -9,           -100,
                                      INT32_MAX, INT32_MIN,  1LL << 31,    (1LL << 32) - 1,
                                      1LL << 32, 1LL << 40,  1LL << 61,    (1LL << 53) + 1,
                                      1LL << 62, INT64_MAX,  INT64_MIN,    INT64_MAX - 1,
                                      WK_NONE,   -INT64_MAX, -(1LL << 62), INT64_MAX / 2};
    static const int8_t usual[] = {0, 1, 1, 1, 2, 2, 2, 3, 3, -1, -2, 4, 5, 7, 0, 1};
    unsigned b = byte(f);
    if (b < 216)
        return usual[b % sizeof usual];
    return extreme[(b - 216) % (sizeof extreme / sizeof *extreme)];
}

double draw_double(Fuzz *f)
{
    static const double table[] = {0,   1,         -1,    0.5,    2,      -0.5,    1e-3,   0.1,   0.9,
                                   3,   NAN,       -0.0,  1e308,  -1e308, 1e-308,  1e-320, 1e-45, INFINITY,
                                   255, -INFINITY, 1e20,  -1e20,  0.25,   1.5,     1e10,   -2,    256,
                                   300, 1e-8,      0.999, 0x1p53, 0x1p63, -0x1p63, 1e38,   3.5e38};
    return table[byte(f) % (sizeof table / sizeof *table)];
}

wk_Number draw_number(Fuzz *f)
{
    return draw_bool(f) ? wk_number_double(draw_double(f)) : wk_number_int64(draw_int64(f));
}

int draw_count(Fuzz *f)
{
    unsigned b = byte(f);
    if (b < 240)
        return (int)(b % 6);
    return (int[]){-1, 6, 7, 8, 9, FUZZ_SIZES, -100, 5}[b % 8];
}

const int64_t *draw_sizes(Fuzz *f, int count)
{
    int64_t *sizes = f->sizes[f->sizes_next++ % 4];
    for (int i = 0; i < count && i < FUZZ_SIZES; i++)
        sizes[i] = draw_int64(f);
    return sizes;
}

wk_Dims draw_dims(Fuzz *f)
{
    int count = draw_count(f);
    return (wk_Dims){count, draw_sizes(f, count)};
}

const char *draw_word(Fuzz *f)
{
    static const char *const words[] = {
        "relu", "leaky_relu", "tanh",  "sigmoid", "linear",       "conv2d",   "selu",
        "lr",   "momentum",   "beta1", "beta2",   "weight_decay", "nesterov", "eps",
        "",     "alpha",      "0",     "weight",  "%n\x1b",       "0.weight"};
    return words[byte(f) % (sizeof words / sizeof *words)];
}

const char *draw_text(Fuzz *f)
{
    f->word_length = byte(f);
    if (f->word_length > f->left)
        f->word_length = f->left;
    memcpy(f->word, f->data, f->word_length);
    f->data += f->word_length;
    f->left -= f->word_length;
    return f->word;
}

wk_Generator *draw_generator(Fuzz *f)
{
    return draw_bool(f) ? f->generator : NULL;
}

/* ---- tensors ---------------------------------------------------------------------------------------- */

static wk_Tensor *new_tensor(Fuzz *f)
{
    static const wk_dtype dtypes[] = {wk_float32, wk_float32, wk_float32, wk_float64,
                                      wk_int64,   wk_int32,   wk_uint8,   wk_bool};
    unsigned how = byte(f);
    int ndim = (int[]){0, 1, 2, 3, 4, 4, 4, 2, 1, 5, 4, 3, 2, 1, 4, 0}[byte(f) % 16];
    int64_t dims[5], numel = 1;
    for (int i = 0; i < ndim; i++) {
        /* Few sizes, so that tensors often fit each other. */
        unsigned b = byte(f);
        dims[i] = b < 230   ? (int[]){2, 3, 1, 2, 4, 3, 5, 2}[b % 8]
                  : b < 246 ? (int[]){0, 6, 7, 8, 9, 10, 16, 12}[b % 8]
                            : (int[]){17, 33, 64, 65, 130, 300, 1000, 15, 31, 0}[b - 246];
        if (numel * dims[i] > LARGEST_NEW)
            dims[i] = 1;
        numel *= dims[i];
    }
    wk_Tensor *t = wk_zeros_shape(ndim, dims, dtypes[how % 8]);
    switch (how / 8 % 4) {
    case 0: /* indices, classes */
        return wk_random_(t, 0, 4, NULL);
    case 1:
        return wk_random_(t, 0, 2, NULL);
    case 2:
        return wk_is_floating(how % 8 < 4 ? dtypes[how % 8] : wk_int64) ? wk_normal_(t, 0, 1, NULL) : t;
    default:
        return wk_fill_(t, draw_double(f));
    }
}

wk_Tensor *draw_tensor(Fuzz *f)
{
    unsigned b = byte(f);
    if (b == 255)
        return NULL;
    wk_Tensor *t = b < 176 ? f->tensors[b % FUZZ_POOL] : NULL;
    if (!t) {
        t = new_tensor(f);
        wk_clear_error();
        take_tensor(f, t, "new tensor", false);
    }
    return t;
}

wk_List draw_list(Fuzz *f)
{
    int count = (int)(byte(f) % 5);
    for (int i = 0; i < 4 && i < count; i++)
        f->list[i] = draw_tensor(f);
    return (wk_List){count, f->list};
}

wk_Node *draw_node(Fuzz *f)
{
    wk_Tensor *t = f->tensors[byte(f) % FUZZ_POOL];
    return t ? wk_grad_fn(t) : NULL;
}

/* The elements lie within the storage. */
static bool within(const wk_Tensor *t)
{
    int64_t first = t->offset, last = t->offset, numel = 1;
    for (int i = 0; i < t->ndim; i++)
        if (t->shape[i] == 0)
            return t->numel == 0;
    for (int i = 0; i < t->ndim; i++)
        if (__builtin_mul_overflow(numel, t->shape[i], &numel))
            return false;
    if (numel != t->numel || t->ndim > WK_MAX_DIMS)
        return false;
    for (int i = 0; i < t->ndim; i++)
        *(t->stride[i] < 0 ? &first : &last) += (t->shape[i] - 1) * t->stride[i];
    return first >= 0 && (uint64_t)(last + 1) * wk_dtype_size((wk_dtype)t->dtype) <= t->storage->bytes;
}

void take_tensor(Fuzz *f, wk_Tensor *result, const char *name, bool must)
{
    if (!result) {
        MUST(!must || (wk_error() && *wk_error()), name);
        return;
    }
    MUST(!wk_error(), name);
    MUST(within(result), name);
    if (result->numel <= 64) { /* reads every element */
        char *text = wk_tensor_str(result);
        MUST(text || wk_error_kind() == WK_ERROR_MEMORY, name);
        wk_str_free(text);
        wk_clear_error();
    }
    wk_Tensor *kept = f->kept_count < FUZZ_KEPT ? wk_keep(result) : NULL;
    if (!kept)
        return;
    f->kept[f->kept_count++] = kept;
    f->tensors[byte(f) % FUZZ_POOL] = kept;
}

void take_pair(Fuzz *f, wk_ValuesIndices result, const char *name)
{
    MUST(!result.values == !result.indices, name);
    take_tensor(f, result.values, name, true);
    if (result.values)
        take_tensor(f, result.indices, name, true);
}

void take_results(Fuzz *f, wk_Results results, const char *name)
{
    MUST(results.count > 0 || wk_error() != NULL, name);
    for (int i = 0; i < results.count; i++)
        take_tensor(f, results.tensors[i], name, true);
}

void take_text(Fuzz *f, char *result, const char *name)
{
    (void)f;
    MUST(result ? !wk_error() : wk_error() != NULL, name);
    wk_str_free(result);
}

/* ---- objects ---------------------------------------------------------------------------------------- */

#define OBJECT(type, release)                                                               \
    type *draw_##type(Fuzz *f)                                                              \
    {                                                                                       \
        return f->type##_pool[byte(f) % FUZZ_POOL];                                         \
    }                                                                                       \
    void take_##type(Fuzz *f, type *made)                                                   \
    {                                                                                       \
        MUST(made || (wk_error() && *wk_error()), #type);                                   \
        if (f->type##_count == FUZZ_MADE)                                                   \
            release(made);                                                                  \
        else if (made)                                                                      \
            f->type##_pool[byte(f) % FUZZ_POOL] = f->type##_made[f->type##_count++] = made; \
    }                                                                                       \
    static void release_##type(Fuzz *f)                                                     \
    {                                                                                       \
        while (f->type##_count)                                                             \
            release(f->type##_made[--f->type##_count]);                                     \
    }
OBJECT(wk_Module, wk_module_free)
OBJECT(wk_Optimizer, wk_optimizer_free)
OBJECT(wk_LRScheduler, wk_lr_scheduler_free)
OBJECT(wk_StateDict, wk_state_dict_free)
OBJECT(wk_DataLoader, wk_dataloader_free)
OBJECT(wk_Dataset, wk_dataset_free)

/* Gradients that were made with create_graph hold their graph, which holds them: they are taken away first. */
static void release_all(Fuzz *f)
{
    for (int i = 0; i < f->wk_Module_count; i++)
        wk_module_zero_grad(f->wk_Module_made[i], true);
    for (int i = 0; i < f->kept_count; i++)
        wk_set_grad(f->kept[i], NULL);
    release_wk_LRScheduler(f);
    release_wk_Optimizer(f);
    release_wk_DataLoader(f);
    release_wk_Dataset(f);
    release_wk_StateDict(f);
    release_wk_Module(f);
    while (f->kept_count)
        wk_tensor_free(f->kept[--f->kept_count]);
    wk_generator_free(f->generator);
}

/* ---- a run ------------------------------------------------------------------------------------------ */

/* Backward from every result that has a history; every gradient has the shape and dtype of its tensor. */
static void go_back(Fuzz *f)
{
    for (int i = 0; i < FUZZ_POOL; i++) {
        wk_Tensor *t = f->tensors[i];
        if (!t || !wk_requires_grad(t) || wk_is_leaf(t))
            continue;
        wk_backward_with(
            (wk_backward_options){.tensor = wk_sum(t), .retain_graph = true, .create_graph = i & 1});
        wk_clear_error();
    }
    for (int i = 0; i < FUZZ_POOL; i++) {
        wk_Tensor *t = f->tensors[i], *grad = t ? wk_grad_of(t) : NULL;
        if (!grad)
            continue;
        MUST(within(grad) && grad->dtype == t->dtype && grad->ndim == t->ndim, "gradient");
        for (int d = 0; d < t->ndim; d++)
            MUST(grad->shape[d] == t->shape[d], "gradient");
    }
    wk_clear_error();
}

static const FuzzCall *call_for(const FuzzCall *calls, size_t count, unsigned selector)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (calls[middle].selector < selector)
            low = middle + 1;
        else
            high = middle;
    }
    return &calls[low % count];
}

/* What a thread keeps for later, such as the scope's list of tensors, has its final size before memory is counted. */
static void warm_up(void)
{
    static bool warm;
    if (warm)
        return;
    warm = true;
    wk_Scope scope = wk_scope_begin();
    for (int i = 0; i < 1 << 16; i++)
        wk_scalar(1);
    wk_scope_end(scope);
}

void fuzz_run(const FuzzCall *calls, size_t count, const uint8_t *data, size_t size)
{
    warm_up();
    Fuzz *f = calloc(1, sizeof *f);
    MUST(f, "calloc");
    f->data = data;
    f->left = size;
    wk_set_num_threads(1);
    wk_set_memory_hook(small_only, NULL);
    wk_set_default_dtype(wk_float32);
    wk_set_grad_enabled(true);
    wk_manual_seed(0);
    wk_clear_error();
    size_t before = wk_memory_allocated();
    wk_Scope scope = wk_scope_begin();
    f->generator = wk_Generator_new();
    const FuzzCall *call = NULL;
    for (int i = 0; f->left > 1 && i < 100; i++) {
        unsigned first = byte(f);
        if (!call ||
            first < REPEAT) /* else the same function again, so that a few bytes reach deep into it */
            call = call_for(calls, count, (first << 8 | byte(f)) * 0x100 / REPEAT);
        if (getenv("WICK_FUZZ_VERBOSE"))
            fprintf(stderr, "%s\n", call->name);
        wk_clear_error();
        call->call(f);
    }
    wk_set_grad_enabled(true);
    go_back(f);
    release_all(f);
    wk_scope_end(scope);
    wk_clear_error();
    MUST(wk_memory_allocated() == before, "memory is left");
    free(f);
}
