/* Nodes: what one recorded operation leaves behind.
 *
 * A node is one block: edges, saved tensors, output shapes and the attributes lie behind the struct. It owns the nodes its edges lead to,
 * and so the whole past; releasing walks that past with a list, not with the stack.
 *
 * A saved output is kept without its history, or node and output would own each other. So is a saved input, which the node's edge can
 * give its history back: x.add_(f(x)) would make x own itself otherwise. */
#include "autograd/engine.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"

static atomic_uint_least64_t wk_sequence = 1;

uint64_t wk_next_sequence(void)
{
    return atomic_fetch_add_explicit(&wk_sequence, 1, memory_order_relaxed);
}

static size_t aligned16(size_t bytes)
{
    return (bytes + 15) & ~(size_t)15;
}

wk_Node *wk_node_new(const wk_Op *op, int edges, int saved, int outputs, const void *attributes,
                     size_t attribute_bytes)
{
    size_t at_edges = aligned16(sizeof(wk_Node));
    size_t at_saved = at_edges + aligned16((size_t)edges * sizeof(wk_Edge));
    size_t at_meta = at_saved + aligned16((size_t)saved * sizeof(wk_Saved));
    size_t at_attributes = at_meta + aligned16((size_t)outputs * sizeof(wk_Meta));
    size_t bytes = at_attributes + attribute_bytes;
    char *block = wk_alloc(bytes);
    if (!block)
        return NULL;
    memset(block, 0, at_meta);
    wk_Node *node = (wk_Node *)(void *)block;
    wk_object_init(&node->object);
    node->op = op;
    node->sequence = wk_next_sequence();
    node->edge_count = edges;
    node->saved_count = saved;
    node->output_count = outputs;
    node->edges = (wk_Edge *)(void *)(block + at_edges);
    node->saved = (wk_Saved *)(void *)(block + at_saved);
    node->meta = (wk_Meta *)(void *)(block + at_meta);
    node->attributes = block + at_attributes;
    node->bytes = bytes;
    if (attributes)
        memcpy(node->attributes, attributes, attribute_bytes);
    return node;
}

void wk_node_free_saved(wk_Node *node)
{
    for (int i = 0; i < node->saved_count; i++)
        if (node->saved[i].tensor) {
            if (node->saved[i].kind != WK_SAVED_LEAF)
                wk_tensor_release(node->saved[i].tensor);
            node->saved[i].tensor = NULL;
            node->freed = true;
        }
    if (node->inner)
        wk_node_free_saved(node->inner);
}

/* A thread's nodes waiting to be taken apart. Non-NULL while a release is under way: inner releases only add to it. */
static _Thread_local wk_Node *wk_dying_nodes;
static _Thread_local bool wk_nodes_dying;

void wk_node_hook_free(wk_NodeHook *hook)
{
    if (hook->release)
        hook->release(hook->user);
    wk_release(hook, sizeof *hook);
}

static void take_apart(wk_Node *node)
{
    wk_node_free_saved(node);
    while (node->hooks) {
        wk_NodeHook *hook = node->hooks;
        node->hooks = hook->next;
        wk_node_hook_free(hook);
    }
    for (int i = 0; i < node->edge_count; i++)
        wk_node_release(node->edges[i].node);
    wk_node_release(node->inner);
    if (node->op->drop)
        node->op->drop(node);
    wk_release(node, node->bytes);
}

void wk_node_release(wk_Node *node)
{
    if (node && node->of_leaf) {
        wk_accumulate_release(node);
        return;
    }
    if (!node || !wk_object_drop(&node->object))
        return;
    node->release_next = wk_dying_nodes;
    wk_dying_nodes = node;
    if (wk_nodes_dying)
        return;
    wk_nodes_dying = true;
    while (wk_dying_nodes) {
        wk_Node *next = wk_dying_nodes;
        wk_dying_nodes = next->release_next;
        take_apart(next);
    }
    wk_nodes_dying = false;
}

void wk_node_set_meta(wk_Node *node, int output, const wk_Tensor *tensor)
{
    wk_Meta *meta = &node->meta[output];
    meta->dtype = (wk_dtype)tensor->dtype;
    meta->shape.ndim = tensor->ndim;
    memcpy(meta->shape.dims, tensor->shape, tensor->ndim * sizeof *tensor->shape);
}

void wk_node_save(wk_Node *node, int slot, wk_Tensor *tensor)
{
    node->saved[slot] =
        (wk_Saved){.tensor = wk_tensor_retain(tensor), .version = tensor ? wk_tensor_version(tensor) : 0};
}

bool wk_node_save_input(wk_Node *node, int slot, wk_Tensor *tensor, int input)
{
    const wk_Variable *v = wk_variable(tensor);
    if (v && v->requires_grad && !v->grad_fn) {
        node->saved[slot] = (wk_Saved){
            .tensor = tensor, .version = wk_tensor_version(tensor), .kind = WK_SAVED_LEAF, .from = input};
        return true;
    }
    wk_Tensor *plain = !wk_is_floating(tensor->dtype) ? tensor : wk_tensor_shallow(tensor);
    if (!plain)
        return false;
    wk_node_save(node, slot, plain);
    if (plain != tensor) {
        node->saved[slot].kind = WK_SAVED_INPUT;
        node->saved[slot].from = input;
    }
    return true;
}

bool wk_node_save_output(wk_Node *node, int slot, wk_Tensor *tensor, int output)
{
    wk_Tensor *plain = wk_tensor_shallow(tensor);
    if (!plain)
        return false;
    node->saved[slot] = (wk_Saved){.tensor = wk_tensor_retain(plain),
                                   .version = wk_tensor_version(tensor),
                                   .kind = WK_SAVED_OUTPUT,
                                   .from = output};
    return true;
}

/* Where the history of a saved tensor is; no node for one that has none, or kept it. */
static wk_Edge origin_of(const wk_Node *node, const wk_Saved *saved)
{
    if (saved->kind == WK_SAVED_INPUT)
        return node->edges[saved->from];
    return saved->kind == WK_SAVED_OUTPUT ? (wk_Edge){(wk_Node *)node, saved->from} : (wk_Edge){NULL, 0};
}

static wk_Tensor *raise_freed(void)
{
    return wk_raise(WK_ERROR_STATE, "Trying to backward through the graph a second time (or directly access "
                                    "saved tensors after they have already been "
                                    "freed). Saved intermediate values of the graph are freed when you call "
                                    "backward or grad. Specify .retain_graph = "
                                    "true if you need to backward through the graph a second time or if you "
                                    "need to access saved tensors after calling "
                                    "backward.");
}

int wk_node_word(const char *name)
{
    const char *end = strstr(name, "Backward");
    return (int)(end ? end - name : (long)strlen(name));
}

static wk_Tensor *raise_changed(const wk_Node *node, const wk_Saved *saved)
{
    const wk_Tensor *t = saved->tensor;
    char origin[128] = "";
    wk_Edge from = origin_of(node, saved);
    const char *name = saved->kind != WK_SAVED_OUTPUT && t->storage->writer ? t->storage->writer
                       : from.node                                          ? wk_node_name(from.node)
                                                                            : NULL;
    if (name)
        snprintf(origin, sizeof origin, ", which is output %d of %.*s,", from.output, wk_node_word(name),
                 name);
    return wk_raise(WK_ERROR_STATE,
                    "one of the variables needed for gradient computation has been modified by an inplace "
                    "operation: [torch.%sTensor "
                    "%s]%s is at version %u; expected version %u instead.",
                    wk_dtype_type(t->dtype), WK_SHAPE_TEXT(t), origin, wk_tensor_version(t), saved->version);
}

wk_Tensor *wk_node_unpack(wk_Node *node, int slot)
{
    const wk_Saved *saved = &node->saved[slot];
    if (!saved->tensor)
        return node->freed ? raise_freed() : NULL;
    const bool leaf = saved->kind == WK_SAVED_LEAF;
    if (leaf && node->edges[saved->from].node->leaf != saved->tensor)
        return wk_raise_moved_leaf();
    if (wk_tensor_version(saved->tensor) != saved->version)
        return raise_changed(node, saved);
    if (leaf || saved->kind == WK_SAVED_WHOLE || wk_grad_disabled)
        return saved->tensor;
    if (saved->kind == WK_SAVED_OUTPUT && node->outer)
        return wk_written_view(node->outer, saved->tensor);
    wk_Edge from = origin_of(node, saved);
    wk_Tensor *unpacked = wk_tensor_shallow(saved->tensor);
    if (!unpacked || !wk_set_origin(unpacked, WK_FROM_SAVED))
        return NULL;
    if (from.node && !wk_set_history(unpacked, wk_node_retain(from.node), from.output))
        return NULL;
    return unpacked;
}
