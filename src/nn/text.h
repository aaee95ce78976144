/* How a layer is written in a network's text: each layer's own file says it, in PyTorch's words.
 *
 *     WK_MAKER(Linear, wk_Linear_options)
 *     WK_LAYER(Linear) = {.name = "Linear", .make = Linear_make, .arguments = WK_TAKES(
 *         WK_INT(wk_Linear_options, in_features, WK_REQUIRED), WK_INT(wk_Linear_options, out_features, WK_REQUIRED),
 *         WK_UNLESS(bias, wk_Linear_options, no_bias))};
 *
 * A module without parameters is a row of nn/modules.def, from which its layer is made too.
 *
 * Each layer enters a list when the library is loaded, so no list of them is kept anywhere; linkers keep constructors,
 * whatever else they drop. All of src/nn is one object file (cmake/library.cmake): a static library gives its linker
 * every layer or none. */
#ifndef WICK_NN_TEXT_H
#define WICK_NN_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "wick/nn.h"

/* What an argument takes and where in the options it goes. */
typedef enum wk_ArgumentKind {
    WK_ARGUMENT_INT,       /* int64_t */
    WK_ARGUMENT_SIZE,      /* int64_t for one number, `also` an int64_t[2] for a pair */
    WK_ARGUMENT_DIMS,      /* wk_Dims */
    WK_ARGUMENT_NUMBER,    /* double */
    WK_ARGUMENT_IF,        /* bool, set by True */
    WK_ARGUMENT_UNLESS,    /* bool, set by False */
    WK_ARGUMENT_ONLY,      /* nothing: the value must be `only` */
    WK_ARGUMENT_REDUCTION, /* wk_Reduction */
    WK_ARGUMENT_TENSOR,    /* wk_Tensor *, which a text cannot give */
} wk_ArgumentKind;

enum {
    WK_HAS_ZERO = 1, /* 0 goes there as WK_ZERO, as unset means something else */
    WK_HAS_NONE = 2, /* None is allowed: it leaves the option unset, or sets the bool at `also` of a NUMBER */
    WK_NONE_SIZE = 4,     /* None is allowed in a SIZE: it goes there as WK_NONE */
    WK_REQUIRED = 8,      /* of a row: there is no default */
    WK_AS_FIRST = 16,     /* of a row: the default is the first argument */
    WK_TEXT_DEFAULT = 32, /* of a row: a text may leave it out, a call in C may not */
};

/* How a description prints an argument. */
typedef enum wk_ArgumentPrint {
    WK_PRINT_NEVER,
    WK_PRINT_NAMED,  /* "dim=1" */
    WK_PRINT_BARE,   /* "1" */
    WK_PRINT_IF_SET, /* "inplace=True", or nothing */
} wk_ArgumentPrint;

typedef struct wk_Argument {
    const char *name, *only; /* only: of UNLESS the option's name */
    uint16_t at, also;       /* offsets */
    uint8_t kind, flags;     /* wk_ArgumentKind, WK_HAS_... */
    /* Of a row of nn/modules.def: */
    uint8_t print; /* wk_ArgumentPrint */
    double unset;  /* what an option that was not given stands for */
    /* Raises unless the option is allowed; NULL: anything is. */
    bool (*allowed)(const char *layer, const struct wk_Argument *a, const void *option);
} wk_Argument;

enum { WK_LAYER_OPTIONS = 192 };

typedef struct wk_Layer {
    const char *name;
    wk_Module *(*make)(const void *options);
    int required; /* the first arguments, which have no default */
    const wk_Argument
        *arguments; /* in PyTorch's order, those without a default first; the last has no name */
} wk_Layer;

/* A layer in the list of all, which it enters when the library is loaded. */
typedef struct wk_LayerEntry {
    const wk_Layer *layer;
    struct wk_LayerEntry *next;
} wk_LayerEntry;
extern wk_LayerEntry *wk_layers;

#define WK_LAYER(name)                                          \
    static const wk_Layer name##_layer;                         \
    static wk_LayerEntry name##_entry = {&name##_layer, NULL};  \
    __attribute__((constructor)) static void name##_enter(void) \
    {                                                           \
        name##_entry.next = wk_layers;                          \
        wk_layers = &name##_entry;                              \
    }                                                           \
    static const wk_Layer name##_layer

/* LAYER_make, for makers of the form wk_LAYER_with(options). */
#define WK_MAKER(layer, options)                                                         \
    _Static_assert(sizeof(options) <= WK_LAYER_OPTIONS, "options of a layer fit there"); \
    static wk_Module *layer##_make(const void *given)                                    \
    {                                                                                    \
        return wk_##layer##_with(*(const options *)given);                               \
    }

/* The arguments of a layer, at least one. */
#define WK_TAKES(...)     \
    (const wk_Argument[]) \
    {                     \
        __VA_ARGS__,      \
        {                 \
            .name = NULL  \
        }                 \
    }

/* An option's offset, if it has that type. */
#define WK_OFFSET(type, options, member) \
    (uint16_t)(_Generic(((options *)0)->member, type : offsetof(options, member)))

/* Rows of `arguments`: those named like their option, and those that are not. */
#define WK_ROW(label, type, bits, offset, other)                                 \
    {                                                                            \
        .name = #label, .at = offset, .also = other, .kind = type, .flags = bits \
    }
#define WK_INT(options, member, flags) \
    WK_ROW(member, WK_ARGUMENT_INT, flags, WK_OFFSET(int64_t, options, member), 0)
#define WK_SIZE(options, member, flags)                                                          \
    WK_ROW(member, WK_ARGUMENT_SIZE, (flags) | WK_HAS_ZERO, WK_OFFSET(int64_t, options, member), \
           WK_OFFSET(int64_t *, options, member##_hw))
#define WK_DIMS(options, member, flags) \
    WK_ROW(member, WK_ARGUMENT_DIMS, flags, WK_OFFSET(wk_Dims, options, member), 0)
#define WK_NUMBER_OF(options, member, flags) \
    WK_ROW(member, WK_ARGUMENT_NUMBER, flags, WK_OFFSET(double, options, member), 0)
#define WK_IF(options, member) WK_ROW(member, WK_ARGUMENT_IF, 0, WK_OFFSET(bool, options, member), 0)
#define WK_UNLESS(name, options, member) \
    WK_ROW(name, WK_ARGUMENT_UNLESS, 0, WK_OFFSET(bool, options, member), 0)
#define WK_ONLY(label, value)                                   \
    {                                                           \
        .name = #label, .only = value, .kind = WK_ARGUMENT_ONLY \
    }

#endif
