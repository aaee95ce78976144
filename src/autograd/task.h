/* What one call of backward keeps while it runs: the nodes it reaches, what they wait for, which of them are ready. */
#ifndef WICK_AUTOGRAD_TASK_H
#define WICK_AUTOGRAD_TASK_H

#include "autograd/engine.h"
#include "autograd/node.h"

typedef struct Slot {
    wk_Node *node;
    int64_t waits;     /* gradients still to come */
    int64_t next_edge; /* of the walk */
    bool walked;
    bool leads;        /* to an input that is asked for: it must run */
    bool needed;       /* it leads to one, or is one */
    bool asked;        /* for its gradient in .grad */
    int capture;       /* 1 + index of the first input that is this node's output, 0 for none */
    wk_Tensor **grads; /* one per output of the node, owned; allocated when the first arrives */
} Slot;

typedef struct Task {
    Slot *slots;
    size_t count, capacity;
    size_t *table; /* open addressing: 1 + slot, 0 for free */
    size_t table_size;
    size_t *stack; /* of the walk; then the heap of ready slots */
    size_t stack_count, stack_capacity;
    wk_Scope outermost; /* of this backward, or of the one whose hook it runs in */
    bool only_inputs, retain_graph, create_graph;
    bool into_grads; /* the gradients of the inputs are added to their .grad, not captured */
    int input_count;
    wk_Tensor *const *inputs;
    wk_Edge *input_edges;
    int *input_next;      /* chain of inputs with the same node: 1 + index */
    wk_Tensor **captured; /* owned */
} Task;

/* The slot of a node, made if it is new; SIZE_MAX when memory is short. */
size_t wk_task_slot(Task *t, wk_Node *node);

/* The slot of a node that has one. It allocates nothing, so it cannot fail. */
Slot *wk_task_find(const Task *t, const wk_Node *node);

/* Walks the graph below a slot: counts what each node waits for, and marks those that lead to an input that is asked for. */
bool wk_task_walk(Task *t, size_t root);

/* Puts a slot among the ready ones, and takes out the one that was recorded last. */
bool wk_task_ready(Task *t, size_t slot);
size_t wk_task_next(Task *t);

/* Runs the ready nodes, and those that become ready, until none is left. */
bool wk_task_run(Task *t);

/* Adds a gradient to what a node's output has so far; gives all of a slot's gradients back. */
bool wk_task_deliver(Slot *slot, int output, wk_Tensor *grad);
void wk_task_drop_grads(Slot *slot);

/* Adds a gradient to a leaf's .grad, and to that of a tensor that retains it. */
bool wk_accumulate(const Task *t, wk_Tensor *leaf, wk_Tensor *grad);
bool wk_keep_gradient(const Task *t, wk_Variable *v, wk_Tensor *grad);

#endif
