/* The graph as a drawing: Graphviz's language, gradients flowing downwards. */
#include <stdio.h>

#include "autograd/engine.h"
#include "autograd/node.h"
#include "core/memory.h"
#include "core/text.h"

typedef struct Drawing {
    wk_Text text;
    wk_Node **nodes; /* in order of discovery: the index is the name in the drawing */
    size_t count, capacity;
} Drawing;

/* The node's index, found by a walk over the list: drawings are small enough to be looked at. */
static size_t index_of_node(Drawing *d, wk_Node *node, bool *fresh)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->nodes[i] == node) {
            *fresh = false;
            return i;
        }
    if (!wk_grow((void **)&d->nodes, &d->capacity, d->count, sizeof(wk_Node *)))
        return SIZE_MAX;
    d->nodes[d->count] = node;
    *fresh = true;
    return d->count++;
}

static void draw_node(Drawing *d, size_t index)
{
    const wk_Node *node = d->nodes[index];
    const wk_Shape *shape = &node->meta[0].shape;
    bool leaf = wk_is_accumulate(node);
    wk_text_printf(&d->text, "  n%zu [label=\"%s\\n%s\"%s];\n", index, wk_node_name(node),
                   wk_shape_text(shape->ndim, shape->dims).text,
                   leaf ? ", style=filled, fillcolor=lightblue" : "");
}

static bool draw_edges(Drawing *d, size_t index)
{
    wk_Node *node = d->nodes[index];
    for (int i = 0; i < node->edge_count; i++) {
        if (!node->edges[i].node)
            continue;
        bool fresh;
        size_t to = index_of_node(d, node->edges[i].node, &fresh);
        if (to == SIZE_MAX)
            return false;
        if (fresh)
            draw_node(d, to);
        wk_text_printf(&d->text, "  n%zu -> n%zu;\n", index, to);
    }
    return true;
}

char *wk_graph_dot(wk_Tensor *tensor)
{
    wk_Node *root = wk_tensor_check(tensor, "graph_dot", "tensor") ? wk_grad_fn(tensor) : NULL;
    if (!root)
        return wk_raise_if_silent(WK_ERROR_STATE, "graph_dot: the tensor has no history");
    Drawing d = {0};
    bool fresh;
    wk_text_printf(&d.text, "digraph wick {\n  node [shape=box, fontname=monospace];\n");
    bool done = index_of_node(&d, root, &fresh) != SIZE_MAX;
    if (done)
        draw_node(&d, 0);
    for (size_t i = 0; done && i < d.count; i++)
        done = draw_edges(&d, i);
    wk_text_printf(&d.text, "}\n");
    wk_release((void *)d.nodes, d.capacity * sizeof *d.nodes);
    char *text = done && wk_text_str(&d.text) ? wk_strdup(wk_text_str(&d.text)) : NULL;
    wk_text_free(&d.text);
    return text;
}

void wk_str_free(char *text)
{
    wk_strfree(text);
}
