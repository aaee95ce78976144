/* LSTMCell, GRUCell and RNNCell: one step of a recurrent network, composed of operations in PyTorch's order.
 *
 *   RNN:  h' = tanh(W x + U h)
 *   GRU:  h' = (h - n) z + n,  n = tanh(W_n x + r U_n h);  r, z = sigmoid(W x + U h)
 *   LSTM: c' = f c + i tanh(g),  h' = o tanh(c');  i, f, o = sigmoid(W x + U h),  g likewise without sigmoid
 *
 * A state without batch dimension goes with an input without one; within, all have one. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/checked.h"
#include "core/options.h"
#include "nn/layers.h"
#include "nn/text.h"

typedef struct Cell {
    wk_Module base;
    int64_t input_size, hidden_size;
    bool relu;
    wk_Tensor *weight_ih, *weight_hh, *bias_ih, *bias_hh;
} Cell;

/* ---- inputs ----------------------------------------------------------------------------------------- */

static bool cell_dims(const wk_Module *self, const wk_Tensor *tensor, const char *name)
{
    if (tensor->ndim == 1 || tensor->ndim == 2)
        return true;
    wk_raise(WK_ERROR_SHAPE, "%s: Expected %s to be 1D or 2D, got %dD instead", self->cls->name, name,
             tensor->ndim);
    return false;
}

static bool cell_state_fits(const Cell *cell, const wk_Tensor *x, const wk_Tensor *state, int index)
{
    const char *name = cell->base.cls->name;
    if (state->ndim != 2)
        wk_raise(WK_ERROR_SHAPE, "%s: Expected 2D hidden%d (batch x hidden_size), but got %dD tensor", name,
                 index, state->ndim);
    else if (state->shape[0] != x->shape[0])
        wk_raise(WK_ERROR_SHAPE, "%s: Input batch size %lld doesn't match hidden%d batch size %lld", name,
                 (long long)x->shape[0], index, (long long)state->shape[0]);
    else if (state->shape[1] != cell->hidden_size)
        wk_raise(WK_ERROR_SHAPE, "%s: hidden%d has inconsistent hidden_size: got %lld, expected %lld", name,
                 index, (long long)state->shape[1], (long long)cell->hidden_size);
    else
        return true;
    return false;
}

/* Brings x and the states to two dimensions, absent states to zeros, and checks them. */
static bool cell_inputs(wk_Module *self, int states, wk_Tensor **in)
{
    static const char *const names[2][2] = {{"hidden"}, {"hx[0]", "hx[1]"}};
    const Cell *cell = (const Cell *)self;
    if (!cell_dims(self, in[0], "input"))
        return false;
    for (int i = 0; i < states; i++)
        if (in[1 + i] && !cell_dims(self, in[1 + i], names[states - 1][i]))
            return false;
    const bool batched = in[0]->ndim == 2;
    in[0] = batched ? in[0] : wk_unsqueeze(in[0], 0);
    if (!in[0])
        return false;
    if (in[0]->shape[1] != cell->input_size)
        return wk_raise(WK_ERROR_SHAPE, "%s: input has inconsistent input_size: got %lld expected %lld",
                        self->cls->name, (long long)in[0]->shape[1], (long long)cell->input_size),
               false;
    const int64_t dims[] = {in[0]->shape[0], cell->hidden_size};
    for (int i = 1; i <= states; i++) {
        in[i] = !in[i]    ? wk_zeros_shape(2, dims, (wk_dtype)in[0]->dtype)
                : batched ? in[i]
                          : wk_unsqueeze(in[i], 0);
        if (!in[i] || !cell_state_fits(cell, in[0], in[i], i - 1))
            return false;
    }
    return true;
}

/* The results as the input was: with a batch dimension or without. */
static wk_Results cell_results(wk_Results results, const wk_Tensor *input)
{
    for (int i = 0; input->ndim == 1 && i < results.count; i++)
        results.tensors[i] =
            results.tensors[i] ? wk_squeeze_dims(results.tensors[i], 1, &(int64_t){0}) : NULL;
    return results;
}

/* Columns of gate i. */
static wk_Tensor *gate(const Cell *cell, wk_Tensor *gates, int i)
{
    return gates ? wk_narrow(gates, 1, i * cell->hidden_size, cell->hidden_size) : NULL;
}

/* ---- steps ------------------------------------------------------------------------------------------ */

static wk_Tensor *cell_of_x(const Cell *cell, wk_Tensor *x)
{
    return wk_linear(x, cell->weight_ih, cell->bias_ih);
}

static wk_Tensor *cell_of_h(const Cell *cell, wk_Tensor *h)
{
    return wk_linear(h, cell->weight_hh, cell->bias_hh);
}

static wk_Results RNNCell_forward(wk_Module *self, wk_List list)
{
    const Cell *cell = (const Cell *)self;
    wk_Tensor *in[] = {list.tensors[0], list.tensors[1]};
    if (!cell_inputs(self, 1, in))
        return (wk_Results){0};
    wk_Tensor *sum = wk_add(cell_of_h(cell, in[1]), cell_of_x(cell, in[0]));
    return cell_results(wk_results(cell->relu ? wk_relu(sum) : wk_tanh(sum)), list.tensors[0]);
}

static wk_Results GRUCell_forward(wk_Module *self, wk_List list)
{
    const Cell *cell = (const Cell *)self;
    wk_Tensor *in[] = {list.tensors[0], list.tensors[1]};
    if (!cell_inputs(self, 1, in))
        return (wk_Results){0};
    wk_Tensor *h = in[1], *of_x = cell_of_x(cell, in[0]), *of_h = cell_of_h(cell, h);
    wk_Tensor *reset = wk_sigmoid(wk_add(gate(cell, of_h, 0), gate(cell, of_x, 0)));
    wk_Tensor *update = wk_sigmoid(wk_add(gate(cell, of_h, 1), gate(cell, of_x, 1)));
    wk_Tensor *new_state = wk_tanh(wk_add(gate(cell, of_x, 2), wk_mul(gate(cell, of_h, 2), reset)));
    wk_Tensor *out = wk_add(wk_mul(wk_sub(h, new_state), update), new_state);
    return cell_results(wk_results(out), list.tensors[0]);
}

static wk_Results LSTMCell_forward(wk_Module *self, wk_List list)
{
    const Cell *cell = (const Cell *)self;
    wk_Tensor *in[] = {list.tensors[0], list.tensors[1], list.tensors[2]};
    if (!in[1] != !in[2])
        return wk_raise(WK_ERROR_ARGUMENT, "LSTMCell: lstm_cell expects two hidden states"), (wk_Results){0};
    if (!cell_inputs(self, 2, in))
        return (wk_Results){0};
    wk_Tensor *gates = wk_add(cell_of_h(cell, in[1]), cell_of_x(cell, in[0]));
    wk_Tensor *input = wk_sigmoid(gate(cell, gates, 0)), *forget = wk_sigmoid(gate(cell, gates, 1));
    wk_Tensor *value = wk_tanh(gate(cell, gates, 2)), *output = wk_sigmoid(gate(cell, gates, 3));
    wk_Tensor *c = wk_add(wk_mul(forget, in[2]), wk_mul(input, value));
    return cell_results(wk_results(wk_mul(output, wk_tanh(c)), c), list.tensors[0]);
}

/* ---- making ----------------------------------------------------------------------------------------- */

static bool cell_describe(const wk_Module *self, char *out, size_t size)
{
    const Cell *cell = (const Cell *)self;
    snprintf(out, size, "%lld, %lld%s%s", (long long)cell->input_size, (long long)cell->hidden_size,
             cell->bias_ih ? "" : ", bias=False", cell->relu ? ", nonlinearity=relu" : "");
    return true;
}

static bool cell_reset(wk_Module *self)
{
    const Cell *cell = (const Cell *)self;
    wk_Tensor *const all[] = {cell->weight_ih, cell->weight_hh, cell->bias_ih, cell->bias_hh};
    const double bound = cell->hidden_size > 0 ? 1 / sqrt((double)cell->hidden_size) : 0;
    for (int i = 0; i < 4; i++)
        if (all[i] && !wk_init_uniform_(all[i], -bound, bound, NULL))
            return false;
    return true;
}

static const wk_Class lstm_cell_class = {.name = "LSTMCell",
                                         .forward_all = LSTMCell_forward,
                                         .inputs = {"input", "h?", "c?"},
                                         .describe = cell_describe,
                                         .reset = cell_reset};
static const wk_Class gru_cell_class = {.name = "GRUCell",
                                        .forward_all = GRUCell_forward,
                                        .inputs = {"input", "hx?"},
                                        .describe = cell_describe,
                                        .reset = cell_reset};
static const wk_Class rnn_cell_class = {.name = "RNNCell",
                                        .forward_all = RNNCell_forward,
                                        .inputs = {"input", "hx?"},
                                        .describe = cell_describe,
                                        .reset = cell_reset};

static wk_Module *cell_new(const wk_Class *cls, int gates, wk_RNNCell_options options)
{
    int64_t rows;
    if (!wk_by_place_at_most(cls->name, options.by_place, 2, "no_bias"))
        return NULL;
    if (options.nonlinearity && cls != &rnn_cell_class)
        return wk_raise(WK_ERROR_ARGUMENT, "%s: unexpected keyword argument 'nonlinearity'", cls->name);
    if (!wk_checked_mul(gates, options.hidden_size, &rows))
        return wk_raise(WK_ERROR_OVERFLOW, "%s: hidden_size %lld is too large", cls->name,
                        (long long)options.hidden_size);
    Cell *cell = (Cell *)wk_module_new(sizeof *cell, cls);
    if (!cell)
        return NULL;
    cell->input_size = options.input_size;
    cell->hidden_size = options.hidden_size;
    const int64_t ih[] = {rows, options.input_size}, hh[] = {rows, options.hidden_size};
    wk_attr(cell, weight_ih, wk_parameter_empty(cls->name, 2, ih));
    wk_attr(cell, weight_hh, wk_parameter_empty(cls->name, 2, hh));
    if (!options.no_bias) {
        wk_attr(cell, bias_ih, wk_parameter_empty(cls->name, 1, ih));
        wk_attr(cell, bias_hh, wk_parameter_empty(cls->name, 1, hh));
    }
    return wk_layer_ready(&cell->base);
}

wk_Module *wk_LSTMCell_with(wk_RNNCell_options options)
{
    return cell_new(&lstm_cell_class, 4, options);
}

wk_Module *wk_GRUCell_with(wk_RNNCell_options options)
{
    return cell_new(&gru_cell_class, 3, options);
}

wk_Module *wk_RNNCell_with(wk_RNNCell_options options)
{
    const char *kind = options.nonlinearity ? options.nonlinearity : "tanh";
    char quoted[80];
    const bool relu = strcmp(kind, "relu") == 0;
    if (!relu && strcmp(kind, "tanh") != 0)
        return wk_raise(WK_ERROR_ARGUMENT, "RNNCell: Unknown nonlinearity: %s",
                        wk_quote(quoted, sizeof quoted, kind));
    wk_Module *cell = cell_new(&rnn_cell_class, 1, options);
    if (cell)
        ((Cell *)cell)->relu = relu;
    return cell;
}

#define CELL_LAYER(cls, ...)                                                              \
    {                                                                                     \
        .name = #cls, .make = cls##_make,                                                 \
        .arguments = WK_TAKES(WK_INT(wk_RNNCell_options, input_size, WK_REQUIRED),        \
                              WK_INT(wk_RNNCell_options, hidden_size, WK_REQUIRED),       \
                              WK_UNLESS(bias, wk_RNNCell_options, no_bias), __VA_ARGS__), \
    }
WK_MAKER(LSTMCell, wk_RNNCell_options)
WK_MAKER(GRUCell, wk_RNNCell_options)
WK_MAKER(RNNCell, wk_RNNCell_options)
WK_LAYER(LSTMCell) = CELL_LAYER(LSTMCell, {.name = NULL});
WK_LAYER(GRUCell) = CELL_LAYER(GRUCell, {.name = NULL});
WK_LAYER(RNNCell) = CELL_LAYER(RNNCell, WK_ONLY(nonlinearity, "'tanh'"));
