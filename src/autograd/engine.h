/* The parts of autograd that only autograd knows. */
#ifndef WICK_AUTOGRAD_ENGINE_H
#define WICK_AUTOGRAD_ENGINE_H

#include "autograd/node.h"

/* The node that adds to a leaf's .grad: one per leaf, which owns it. The caller gets a share, which is one of the leaf. Any number of
 * threads may ask at once. */
wk_Node *wk_accumulate_node(wk_Tensor *leaf);
bool wk_is_accumulate(const wk_Node *node);

/* Ends a share of such a node. */
void wk_accumulate_release(wk_Node *node);

/* Parts a leaf from its node, as it becomes the result of an operation: it may be one that leads back to the node. */
void wk_accumulate_part(wk_Variable *v);

/* "leaf variable has been moved into the graph interior" */
void *wk_raise_moved_leaf(void);

/* Tells the node, if there is one, that the leaf's dtype has changed. */
void wk_accumulate_retype(wk_Tensor *leaf);

/* The length of a node's name in messages: "Mul" of "MulBackward0", as PyTorch has it. */
int wk_node_word(const char *name);

/* Gives a view whose memory was written in place the history of its base. */
bool wk_refresh_view(wk_Tensor *view);

/* The result that a node inside a CopySlices has saved, with the history that the written view has. */
wk_Tensor *wk_written_view(const wk_Node *outer, const wk_Tensor *saved);

/* Runs the backward of a node: out has node->edge_count slots, set to NULL before. A NULL left there means no gradient. */
bool wk_node_run(wk_Node *node, wk_Tensor *const *grads, wk_Tensor **out);

/* The gradient summed to a shape that broadcast to its own, and converted. */
wk_Tensor *wk_reduce_gradient(wk_Tensor *grad, const wk_Meta *meta, const wk_Node *from, int index);

#endif
