/* Operations and the graph they leave behind.
 *
 * An operation is one const wk_Op in its own file, defined by WK_OP(name_op) = {...}. wk_apply is the only door into the graph: it
 * checks the inputs, runs the forward, decides whether a node is needed, and saves what the backward says it uses.
 *
 * WK_OP also puts the operation's address in the linker section wk_ops. Nothing in the library reads that: the tests walk the section
 * and fail for an operation whose gradient they have not checked. So there is no list of operations to keep in step. The
 * amalgamated sources have no such section. */
#ifndef WICK_AUTOGRAD_NODE_H
#define WICK_AUTOGRAD_NODE_H

#include "core/shape.h"
#include "core/tensor.h"
#include "wick/autograd.h"

#define WK_OP_INPUTS 4 /* inputs that an op may name; operations on lists have more of the last */
#define WK_EXTRAS    2
#define WK_MORE      2 /* results beyond the first */

/* One call of an operation's forward. */
typedef struct wk_Call {
    const struct wk_Op *op;
    int count;
    wk_Tensor *const *in;
    void *attributes;            /* a copy of the caller's, which forward may complete */
    bool recorded;               /* a gradient may be asked for */
    wk_Tensor *inplace;          /* the tensor to write the result to, or NULL for a new one */
    wk_Tensor *more[WK_MORE];    /* results beyond the first */
    wk_Tensor *extra[WK_EXTRAS]; /* further tensors that backward uses */
} wk_Call;

typedef struct wk_Op {
    const char *name;                 /* as messages name it: "conv2d" */
    const char *node;                 /* as the graph names it: "ConvolutionBackward0" */
    const char *inputs[WK_OP_INPUTS]; /* argument names, for messages */
    unsigned optional;                /* bit i: input i may be NULL */
    unsigned constant;                /* bit i: input i never has a gradient: no next function is for it */
    unsigned uses[WK_OP_INPUTS]; /* bit j of uses[i]: the gradient of input j uses the values of input i */
    unsigned uses_output;        /* bit j: the gradient of input j uses the result */
    int differentiable; /* results with a gradient; 0 counts as 1, the first. An op with several needs backward_all */
    unsigned uses_more; /* bit i: a gradient uses the value of more[i] */
    size_t attributes;  /* bytes */
    bool view;          /* the result shares the first input's memory */
    bool any_order;     /* forward asks for its inputs' memory itself (core/order.h) */
    bool fills;         /* every element gets one value: in place, elements may share memory */
    bool takes_pending; /* backward takes a gradient that is not written yet */

    /* The result, or NULL with an error. */
    wk_Tensor *(*forward)(wk_Call *call);
    /* Fills in out[i] for every input i that needs it, in differentiable operations. A NULL left there is a failure. */
    void (*backward)(wk_Node *node, wk_Tensor *grad, wk_Tensor **out);
    /* In its place, for nodes of several outputs: grads may hold NULL for one without gradient, a NULL in out means none,
     * and false tells a failure. */
    bool (*backward_all)(wk_Node *node, wk_Tensor *const *grads, wk_Tensor **out);
    /* Lets go of what the attributes hold. */
    void (*drop)(wk_Node *node);
} wk_Op;

#if defined(__ELF__) && !defined(WICK_AMALGAMATED)
#define WK_LISTED(symbol, address) static const wk_Op *const symbol##_listed WK_LISTED_IN("wk_ops") = address;
/* Linkers that drop what is not referred to leave the section alone. */
#if __has_attribute(retain)
#define WK_LISTED_IN(name) __attribute__((used, retain, section(name)))
#else
#define WK_LISTED_IN(name) __attribute__((used, section(name)))
#endif
#else
#define WK_LISTED(symbol, address)
#endif
#define WK_OP(symbol)          \
    static const wk_Op symbol; \
    WK_LISTED(symbol, &symbol) \
    static const wk_Op symbol

/* Runs an operation: `count` inputs, `attributes` (op->attributes bytes, or NULL). */
wk_Tensor *wk_apply(const wk_Op *op, int count, wk_Tensor *const *in, const void *attributes);
/* The same with as many results beyond the first as asked for; NULL when any of them fails. */
wk_Tensor *wk_apply_more(const wk_Op *op, int count, wk_Tensor *const *in, const void *attributes,
                         int more_count, wk_Tensor **more);
/* The same with the result written into the first input. */
wk_Tensor *wk_apply_inplace(const wk_Op *op, int count, wk_Tensor *const *in, const void *attributes);

#define WK_APPLY(op, attributes, ...)                                               \
    wk_apply(op, (int)(sizeof((wk_Tensor *[]){__VA_ARGS__}) / sizeof(wk_Tensor *)), \
             (wk_Tensor *[]){__VA_ARGS__}, attributes)
#define WK_APPLY_INPLACE(op, attributes, ...)                                               \
    wk_apply_inplace(op, (int)(sizeof((wk_Tensor *[]){__VA_ARGS__}) / sizeof(wk_Tensor *)), \
                     (wk_Tensor *[]){__VA_ARGS__}, attributes)

/* ---- in a backward ---------------------------------------------------------------------------------- */

/* What the forward saved. NULL with PyTorch's message if it was freed or changed since; passing it on is enough. */
wk_Tensor *wk_saved_input(wk_Node *node, int input);
wk_Tensor *wk_saved_output(wk_Node *node);
wk_Tensor *wk_saved_more(wk_Node *node, int index);
wk_Tensor *wk_saved_extra(wk_Node *node, int index);
bool wk_node_needs(const wk_Node *node, int input);

/* ---- the graph -------------------------------------------------------------------------------------- */

/* Shape and dtype of an output: what its gradient must have. */
typedef struct wk_Meta {
    wk_Shape shape;
    wk_dtype dtype;
} wk_Meta;

typedef struct wk_Edge {
    wk_Node *node; /* NULL: no gradient needed */
    int output;    /* which of that node's outputs */
} wk_Edge;

typedef struct wk_Saved {
    wk_Tensor *tensor;
    uint32_t version;
    /* Where its history is when `tensor` is kept without it: output `from` of the node itself, or what edge `from` leads to. */
    enum {
        WK_SAVED_WHOLE,
        WK_SAVED_OUTPUT,
        WK_SAVED_INPUT,
        WK_SAVED_LEAF, /* not owned: edge `from` holds the leaf */
    } kind;
    int from;
} wk_Saved;

typedef struct wk_NodeHook {
    struct wk_NodeHook *next;
    uint64_t id;
    int output;
    wk_Hook call; /* NULL: keep the gradient for `retained` */
    void *user;
    void (*release)(void *user);
    struct wk_Variable *retained; /* not owned: it takes its hook away when it goes */
} wk_NodeHook;

/* Ends a hook that is in no list any more. */
void wk_node_hook_free(wk_NodeHook *hook);

struct wk_Node {
    wk_Object object;
    const wk_Op *op;
    uint64_t sequence; /* later operations have higher numbers and go first on the way back */
    int edge_count, saved_count, output_count;
    bool freed;   /* the saved tensors are gone */
    bool of_leaf; /* an AccumulateGrad */
    wk_Edge *edges;
    wk_Saved *saved; /* inputs in order, the output, the extras: NULL where not saved */
    wk_Meta *meta;   /* of each output */
    void *attributes;
    wk_NodeHook *hooks;
    union {
        wk_Node *inner; /* a node that runs inside this one, or NULL */
        wk_Tensor *
            leaf; /* of an AccumulateGrad: the node is the leaf's, and all its shares together hold one of the leaf */
    };
    wk_Node *outer;        /* not owned: the node inside which this one runs */
    wk_Node *release_next; /* the list of nodes being released, so that long chains need no deep stack */
    size_t bytes;
};

wk_Node *wk_node_new(const wk_Op *op, int edges, int saved, int outputs, const void *attributes,
                     size_t attribute_bytes);
void wk_node_release(wk_Node *node);
static inline wk_Node *wk_node_retain(wk_Node *node)
{
    if (node && atomic_fetch_add_explicit(&node->object.refs, 1, memory_order_relaxed) == 0)
        wk_tensor_retain(node->leaf); /* only an AccumulateGrad can be without a share */
    return node;
}
void wk_node_set_meta(wk_Node *node, int output, const wk_Tensor *tensor);
void wk_node_save(wk_Node *node, int slot, wk_Tensor *tensor);
/* The same for an input, whose history is that of the edge `input`. */
bool wk_node_save_input(wk_Node *node, int slot, wk_Tensor *tensor, int input);
bool wk_node_save_output(wk_Node *node, int slot, wk_Tensor *tensor, int output);
void wk_node_free_saved(wk_Node *node);
wk_Tensor *wk_node_unpack(wk_Node *node, int slot);

/* ---- what hangs on a tensor ------------------------------------------------------------------------- */

/* Where a tensor that shows another's memory comes from. A write in place that is recorded reaches the history of the memory's owner
 * through a WK_FROM_OPERATION alone. */
typedef enum wk_Origin {
    WK_FROM_OPERATION,
    WK_FROM_NO_GRAD,  /* a view made while nothing was recorded */
    WK_FROM_FUNCTION, /* a function's output that is a view, or the input itself */
    WK_FROM_SEVERAL,  /* the same of a function with several outputs */
    WK_FROM_SAVED,    /* what backward unpacks */
} wk_Origin;

typedef struct wk_Variable {
    wk_History history;
    bool requires_grad; /* of a leaf */
    bool retains_grad;
    uint8_t origin;        /* of what may not be written in place while that is recorded: a wk_Origin */
    int output;            /* of grad_fn */
    uint32_t view_version; /* of the storage when grad_fn was set, for views */
    wk_Node *grad_fn;
    _Atomic(wk_Node *) accumulate; /* the leaf's AccumulateGrad, or NULL as long as nothing recorded it */
    wk_Tensor *grad;
    wk_Tensor *base;    /* of a view */
    wk_NodeHook *hooks; /* of a leaf */
} wk_Variable;

static inline wk_Variable *wk_variable(const wk_Tensor *tensor)
{
    return (wk_Variable *)tensor->history;
}
wk_Variable *wk_variable_make(wk_Tensor *tensor);

/* The edge that leads to a tensor's history; its node is NULL when the tensor needs no gradient. The node is owned by the caller. */
bool wk_gradient_edge(wk_Tensor *tensor, wk_Edge *edge);
static inline bool wk_tracks(const wk_Tensor *tensor)
{
    const wk_Variable *v = wk_variable(tensor);
    return v && (v->requires_grad || v->grad_fn || v->base) && wk_requires_grad(tensor);
}
/* Makes `node` the history of the tensor; takes over the caller's share. */
bool wk_set_history(wk_Tensor *tensor, wk_Node *node, int output);
/* Links a view to the tensor whose memory it shows. */
bool wk_link_view(wk_Tensor *view, wk_Tensor *of);
/* Makes later writes in place to a tensor an error, as its origin has it. */
bool wk_set_origin(wk_Tensor *tensor, wk_Origin origin);
/* False with an error if writing in place is refused: a leaf that requires a gradient, a view of one, a view of another origin.
 * `tracked`: one of the operands requires a gradient. */
bool wk_inplace_check(wk_Tensor *self, const char *op, bool tracked);
/* Whether a view has no history any more, as its base was written to and its origin gives it no other. */
bool wk_view_is_invalid(const wk_Tensor *tensor);
/* A write in place is recorded in two steps, so that the one after the write cannot fail: prepare makes all that it takes, commit
 * makes `node` (its first edge is the tensor's own past) the history, and takes over the caller's share of both. `through` is the
 * node that the base of a view gets, NULL for what is no view. */
bool wk_rebase_prepare(wk_Tensor *self, wk_Node *node, wk_Node **through);
void wk_rebase_commit(wk_Tensor *self, wk_Node *node, wk_Node *through);

/* Makes the gradient that a leaf has, if any, zeros without history. */
bool wk_zero_gradient(wk_Tensor *tensor);

/* Whether recording is off: by the user, or inside an operation or backward, whose views of temporaries need no link. */
enum { WK_GRAD_ON, WK_GRAD_OFF, WK_GRAD_INSIDE };
extern _Thread_local uint8_t wk_grad_disabled;
uint64_t wk_next_sequence(void);

#endif
