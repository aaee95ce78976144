/* The modules of nn/modules.def: what the table's words become. */
#include "nn/row.h"

#include "core/options.h"
#include "core/text.h"

/* ---- arguments, over the options O of their row ----------------------------------------------------- */

/* clang-format off */
#define KIND_OF(member)                      \
    _Generic(((O *)0)->member,               \
        int64_t: WK_ARGUMENT_INT,            \
        double: WK_ARGUMENT_NUMBER,          \
        bool: WK_ARGUMENT_IF,                \
        wk_Reduction: WK_ARGUMENT_REDUCTION, \
        wk_Tensor *: WK_ARGUMENT_TENSOR)
/* clang-format on */

#define ARGUMENT(member, value, how, bits, check)                                                      \
    {                                                                                                  \
        .name = #member, .at = offsetof(O, member), .kind = KIND_OF(member),                           \
        .flags = (bits) | ((value) != 0 && !((bits)&WK_TEXT_DEFAULT) ? WK_HAS_ZERO : 0), .print = how, \
        .unset = value, .allowed = check                                                               \
    }
#define NAMED(member, value) ARGUMENT(member, value, WK_PRINT_NAMED, 0, NULL)
#define BARE(member, value)  ARGUMENT(member, value, WK_PRINT_BARE, 0, NULL)
#define NEVER(member, value) ARGUMENT(member, value, WK_PRINT_NEVER, 0, NULL)
#define FLAG(member)         ARGUMENT(member, 0, WK_PRINT_IF_SET, 0, NULL)
#define GIVEN(member)        ARGUMENT(member, 0, WK_PRINT_NAMED, WK_REQUIRED, NULL)
#define SIZE(member, value, bits)                                                                           \
    {                                                                                                       \
        .name = #member, .at = WK_OFFSET(int64_t, O, member), .also = WK_OFFSET(int64_t *, O, member##_hw), \
        .kind = WK_ARGUMENT_SIZE, .flags = (bits) | WK_HAS_ZERO, .print = WK_PRINT_NAMED, .unset = value    \
    }
#define NOT_HERE(member) ARGUMENT(member, 0, WK_PRINT_NEVER, 0, unknown_option)
#define UNLESS(label, member)                                                                          \
    {                                                                                                  \
        .name = #label, .only = #member, .at = WK_OFFSET(bool, O, member), .kind = WK_ARGUMENT_UNLESS, \
    }
#define ONLY(label, value)                                      \
    {                                                           \
        .name = #label, .only = value, .kind = WK_ARGUMENT_ONLY \
    }
#define WORD(label, value)                                                               \
    {                                                                                    \
        .name = #label, .only = value, .kind = WK_ARGUMENT_ONLY, .print = WK_PRINT_NAMED \
    }
#define NONE         \
    {                \
        .name = NULL \
    }

static bool probability(const char *layer, const wk_Argument *a, const void *option)
{
    (void)a;
    const double p = *(const double *)option;
    if (p >= 0 && p <= 1)
        return true;
    wk_raise(WK_ERROR_ARGUMENT, "%s: dropout probability has to be between 0 and 1, but got %s", layer,
             WK_NUMBER(p));
    return false;
}

/* Both numbers are resolved: min_val comes first. */
static bool above_min_val(const char *layer, const wk_Argument *a, const void *option)
{
    (void)a;
    const wk_Hardtanh_options *o =
        (const void *)((const char *)option - offsetof(wk_Hardtanh_options, max_val));
    const double min = wk_double_or(o->min_val, 0), max = wk_double_or(o->max_val, 0);
    if (!(max <= min))
        return true;
    wk_raise(WK_ERROR_ARGUMENT, "%s: max_val (%s) must be greater than min_val (%s)", layer, WK_NUMBER(max),
             WK_NUMBER(min));
    return false;
}

/* An option of the struct that this module's PyTorch class does not have. */
static bool unknown_option(const char *layer, const wk_Argument *a, const void *option)
{
    if (a->kind == WK_ARGUMENT_TENSOR ? !*(wk_Tensor *const *)option : *(const double *)option == 0)
        return true;
    wk_raise(WK_ERROR_ARGUMENT, "%s: unexpected keyword argument '%s'", layer, a->name);
    return false;
}

/* ---- rows ------------------------------------------------------------------------------------------- */

/* Options of modules whose makers take none, or a dimension. */
typedef struct PlainOptions {
    int by_place;
} PlainOptions;
typedef struct AlongOptions {
    int by_place;
    int64_t dim;
} AlongOptions;

/* NAME_row(): the row, whose class has that forward. */
#define ROW(NAME, OPTIONS, forwards, ...)                                          \
    static const wk_ModuleRow *NAME##_row(void)                                    \
    {                                                                              \
        typedef OPTIONS O;                                                         \
        static const wk_Argument arguments[] = {__VA_ARGS__, NONE};                \
        static const wk_ModuleRow row = {                                          \
            .cls = {.name = #NAME, .describe = wk_row_describe, forwards},         \
            .layer = {.name = #NAME, .make = NAME##_make, .arguments = arguments}, \
            .bytes = sizeof(O),                                                    \
            .by_place = offsetof(O, by_place),                                     \
        };                                                                         \
        return &row;                                                               \
    }
#define MAKE(NAME)                                     \
    static wk_Module *NAME##_make(const void *options) \
    {                                                  \
        return wk_row_module(NAME##_row(), options);   \
    }
#define MAKE_WITH(NAME, OPTIONS)                      \
    wk_Module *wk_##NAME##_with(OPTIONS options)      \
    {                                                 \
        return wk_row_module(NAME##_row(), &options); \
    }

/* Into the list of what a network's text may hold. */
#define ENTER(NAME)                                               \
    __attribute__((constructor)) static void NAME##_enter(void)   \
    {                                                             \
        static wk_LayerEntry entry;                               \
        entry = (wk_LayerEntry){&NAME##_row()->layer, wk_layers}; \
        wk_layers = &entry;                                       \
    }

#define LAYER(NAME, OPTIONS, call, ...)                             \
    static wk_Tensor *NAME##_forward(wk_Module *self, wk_Tensor *x) \
    {                                                               \
        const OPTIONS *o = wk_row_options(self);                    \
        return (void)o, call;                                       \
    }                                                               \
    static const wk_ModuleRow *NAME##_row(void);                    \
    MAKE(NAME)                                                      \
    ROW(NAME, OPTIONS, .forward = NAME##_forward, __VA_ARGS__)      \
    ENTER(NAME)
#define MODULE(NAME, OPTIONS, call, ...)    \
    LAYER(NAME, OPTIONS, call, __VA_ARGS__) \
    MAKE_WITH(NAME, OPTIONS)
#define PLAIN(NAME, call, ...)                                        \
    LAYER(NAME, PlainOptions, call, __VA_ARGS__)                      \
    wk_Module *wk_##NAME(void)                                        \
    {                                                                 \
        return wk_row_module(NAME##_row(), &(const PlainOptions){0}); \
    }
#define ALONG(NAME, call)                                                      \
    LAYER(NAME, AlongOptions, call, GIVEN(dim))                                \
    wk_Module *wk_##NAME(int64_t dim)                                          \
    {                                                                          \
        return wk_row_module(NAME##_row(), &(const AlongOptions){.dim = dim}); \
    }

/* The list form, of one tensor or two: x and target. */
#define LIST_ROW(NAME, OPTIONS, takes, results, ...)              \
    static wk_Results NAME##_forward(wk_Module *self, wk_List in) \
    {                                                             \
        const OPTIONS *o = wk_row_options(self);                  \
        wk_Tensor *x = in.tensors[0], *target = in.tensors[1];    \
        return (void)target, results;                             \
    }                                                             \
    static const wk_ModuleRow *NAME##_row(void);                  \
    MAKE(NAME)                                                    \
    ROW(NAME, OPTIONS, takes(NAME), __VA_ARGS__)                  \
    MAKE_WITH(NAME, OPTIONS)
#define ONE_INPUT(NAME)        .forward_all = NAME##_forward, .inputs = {"input"}
#define INPUT_AND_TARGET(NAME) .forward_all = NAME##_forward, .inputs = {"input", "target"}

#define RESULTS(NAME, OPTIONS, results, ...)                 \
    LIST_ROW(NAME, OPTIONS, ONE_INPUT, results, __VA_ARGS__) \
    ENTER(NAME)
#define LOSS(NAME, OPTIONS, call, ...) \
    LIST_ROW(NAME, OPTIONS, INPUT_AND_TARGET, wk_results(call), __VA_ARGS__)

/* ---- what takes more than an expression ------------------------------------------------------------- */

static wk_Tensor *softmax2d(wk_Tensor *x)
{
    if (x->ndim != 3 && x->ndim != 4)
        return wk_raise(WK_ERROR_SHAPE, "Softmax2d: expected input to be 3D or 4D, got %dD instead", x->ndim);
    return wk_softmax(x, -3);
}

/* {o->a, o->b} for an option's pair. */
#define PAIR(name) .name = {o->name[0], o->name[1]}

static wk_Results max_pool2d_results(wk_Tensor *x, const wk_MaxPool2d_options *o)
{
    const wk_max_pool2d_options call = {.input = x,
                                        .kernel_size = o->kernel_size,
                                        .stride = o->stride,
                                        .padding = o->padding,
                                        .dilation = o->dilation,
                                        .ceil_mode = o->ceil_mode,
                                        PAIR(kernel_size_hw),
                                        PAIR(stride_hw),
                                        PAIR(padding_hw),
                                        PAIR(dilation_hw)};
    if (!o->return_indices)
        return wk_results(wk_max_pool2d_with(call));
    const wk_ValuesIndices both = wk_max_pool2d_with_indices(call);
    return wk_results(both.values, both.indices);
}

#include "nn/modules.def"
