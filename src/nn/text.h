/* How a layer is written in a network's text: each layer's own file says it, in PyTorch's words.
 *
 *     WK_MAKER(Linear, wk_Linear_options)
 *     WK_LAYER(Linear) = {.name = "Linear", .make = Linear_make, .required = 2, .arguments = {
 *         WK_INT(wk_Linear_options, in_features, 0), WK_INT(wk_Linear_options, out_features, 0),
 *         WK_UNLESS(bias, wk_Linear_options, no_bias)}};
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
    WK_ARGUMENT_INT,    /* int64_t */
    WK_ARGUMENT_SIZE,   /* int64_t for one number, `also` an int64_t[2] for a pair */
    WK_ARGUMENT_DIMS,   /* wk_Dims */
    WK_ARGUMENT_NUMBER, /* double */
    WK_ARGUMENT_IF,     /* bool, set by True */
    WK_ARGUMENT_UNLESS, /* bool, set by False */
    WK_ARGUMENT_ONLY,   /* nothing: the value must be `only` */
} wk_ArgumentKind;

enum {
    WK_HAS_ZERO = 1, /* 0 goes there as WK_ZERO, as unset means something else */
    WK_HAS_NONE = 2, /* None is allowed: it leaves the option unset, or sets the bool at `also` of a NUMBER */
    WK_NONE_SIZE = 4, /* None is allowed in a SIZE: it goes there as WK_NONE */
};

typedef struct wk_Argument {
    const char *name, *only;
    uint16_t at, also;   /* offsets */
    uint8_t kind, flags; /* wk_ArgumentKind, WK_HAS_... */
} wk_Argument;

enum { WK_LAYER_ARGUMENTS = 10, WK_LAYER_OPTIONS = 192 };

typedef struct wk_Layer {
    const char *name;
    wk_Module *(*make)(const void *options);
    int required;         /* the first arguments, which have no default */
    const void *defaults; /* options to begin with, `bytes` of them; NULL: all unset */
    size_t bytes;
    wk_Argument arguments[WK_LAYER_ARGUMENTS]; /* in PyTorch's order; the rest have no name */
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
#define WK_DIMS(options, member) WK_ROW(member, WK_ARGUMENT_DIMS, 0, WK_OFFSET(wk_Dims, options, member), 0)
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
