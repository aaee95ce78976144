/* What the samples of gradients share. Each file of this folder holds those of a file of src/ops:
 *
 *     DEFINE(mm, wk_mm(a, b))                  an expression over the inputs a, b, c
 *     GRADIENTS_OF(matrices)                   runs with all others, in a scope of its own
 *     {
 *         CHECK(mm, X(2, 3), X(3, 4));
 *     }
 *
 * CHECK compares gradients, and gradients of gradients, with differences, and notes which operations lie in both graphs. An operation of
 * the library that no file of this folder brings into a graph fails the run. */
#ifndef WICK_TESTS_GRADIENTS_H
#define WICK_TESTS_GRADIENTS_H

#include "support/check.h"

#include "autograd/node.h"

/* ---- registering ------------------------------------------------------------------------------------ */

void add_gradient_test(const char *name, void (*run)(void **state));
#define GRADIENTS_OF(name)                                         \
    static void name##_gradients(void **state);                    \
    __attribute__((constructor)) static void register_##name(void) \
    {                                                              \
        add_gradient_test(#name, name##_gradients);                \
    }                                                              \
    static void name##_gradients(void **state __attribute__((unused)))

/* ---- one check -------------------------------------------------------------------------------------- */

typedef wk_Tensor *(*Function)(wk_List in, void *user);

/* First and second derivatives of function(in, user) against differences. */
void check_all(Function function, wk_List in, void *user, const char *what);

/* Only notes the operations: for a function whose differences cannot be taken. */
void note_graphs(Function function, wk_List in, void *user);
void note_node(const wk_Node *node);

#define a (in.tensors[0])
#define b (in.tensors[1])
#define c (in.tensors[2])
#define DEFINE(name, expression)                   \
    static wk_Tensor *name(wk_List in, void *user) \
    {                                              \
        (void)user, (void)in;                      \
        return expression;                         \
    }
#define CHECK(function, ...) check_all(function, wk_list(__VA_ARGS__), NULL, #function "(" #__VA_ARGS__ ")")

/* ---- samples: leaves of float64 --------------------------------------------------------------------- */

/* Values in an interval. */
wk_Tensor *sample(double low, double high, int ndim, const int64_t *dims);
#define X(...)             sample(-2, 2, WK_SHAPE(__VA_ARGS__))
#define BETWEEN(l, h, ...) sample(l, h, WK_SHAPE(__VA_ARGS__))
#define X0(l, h)           sample(l, h, 0, NULL)

/* Elements that lie apart and in another order: every second column of a transpose. */
wk_Tensor *strided(double low, double high, int64_t rows, int64_t columns);

/* Distinct values far apart, shuffled: no two can tie within a step of the differences. */
wk_Tensor *distinct(int ndim, const int64_t *dims);
#define DISTINCT(...) distinct(WK_SHAPE(__VA_ARGS__))

#endif
