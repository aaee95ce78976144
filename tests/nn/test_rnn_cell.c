/* LSTMCell, GRUCell and RNNCell against PyTorch: text, first weights to the bit, both results and all gradients
 * (tests/golden/nn.safetensors); states left out; every mistake. */
#include "support/golden.h"

GOLDEN_FILE(wanted, "nn.safetensors")

typedef struct Case {
    const char *name;
    wk_Module *(*make)(void);
    int states, batch; /* batch 0: none */
    int64_t input, hidden;
} Case;

#define MAKER(name, call)               \
    static wk_Module *make_##name(void) \
    {                                   \
        return call;                    \
    }
MAKER(lstm_cell, wk_LSTMCell(4, 3))
MAKER(lstm_cell_no_bias, wk_LSTMCell(2, 2, .no_bias = true))
MAKER(gru_cell, wk_GRUCell(4, 3))
MAKER(gru_cell_no_bias, wk_GRUCell(2, 2, .no_bias = true))
MAKER(rnn_cell, wk_RNNCell(4, 3))
MAKER(rnn_cell_relu, wk_RNNCell(2, 2, .no_bias = true, .nonlinearity = "relu"))

static const Case cases[] = {
    {"lstm_cell", make_lstm_cell, 2, 5, 4, 3}, {"lstm_cell_no_bias", make_lstm_cell_no_bias, 2, 0, 2, 2},
    {"gru_cell", make_gru_cell, 1, 5, 4, 3},   {"gru_cell_no_bias", make_gru_cell_no_bias, 1, 0, 2, 2},
    {"rnn_cell", make_rnn_cell, 1, 5, 4, 3},   {"rnn_cell_relu", make_rnn_cell_relu, 1, 0, 2, 2},
};

static wk_Tensor *random_leaf(int batch, int64_t size)
{
    const int64_t dims[] = {batch, size};
    return wk_requires_grad_(wk_randn_shape(batch ? 2 : 1, batch ? dims : dims + 1, wk_default_dtype));
}

static void expect_results(const char *name, const char *which, wk_Results out, int count)
{
    EXPECT_TRUE(out.count == count);
    for (int i = 0; i < count; i++)
        expect_close(out.tensors[i], golden(wanted, "%s.%s.%d", name, which, i), 1.3e-6, 1e-5, name);
}

static void one_case(const Case *c)
{
    wk_manual_seed(7);
    wk_Module *cell = c->make();
    char *text = wk_str(cell);
    EXPECT_TRUE(text != NULL);
    assert_string_equal(text, wk_state_dict_metadata(wanted, c->name));
    wk_str_free(text);
    wk_NamedTensors all = wk_named_parameters(cell);
    for (int i = 0; i < all.count; i++)
        expect_close(all.items[i].tensor, golden(wanted, "%s.%s", c->name, all.items[i].name), 0, 0, c->name);
    wk_Tensor *in[3] = {random_leaf(c->batch, c->input), random_leaf(c->batch, c->hidden)};
    if (c->states == 2)
        in[2] = random_leaf(c->batch, c->hidden);
    expect_results(c->name, "first", wk_call_all(cell, (wk_List){1, in}), c->states);
    wk_Results out = wk_call_all(cell, (wk_List){1 + c->states, in});
    expect_results(c->name, "out", out, c->states);
    wk_Tensor *loss = NULL;
    for (int i = 0; i < c->states; i++) {
        wk_Tensor *part = wk_sum(wk_mul(out.tensors[i], wk_randn_like(out.tensors[i])));
        loss = loss ? wk_add(loss, part) : part;
    }
    EXPECT_TRUE(wk_backward(loss));
    expect_close(wk_grad_of(in[0]), golden(wanted, "%s.x.grad", c->name), 1.3e-6, 1e-5, c->name);
    for (int i = 0; i < c->states; i++)
        expect_close(wk_grad_of(in[1 + i]), golden(wanted, "%s.state.%d.grad", c->name, i), 1.3e-6, 1e-5,
                     c->name);
    for (int i = 0; i < all.count; i++)
        expect_close(wk_grad_of(all.items[i].tensor),
                     golden(wanted, "%s.%s.grad", c->name, all.items[i].name), 1.3e-6, 1e-5, c->name);
    wk_free(cell);
}

static void as_pytorch(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        wk_Scope scope = wk_scope_begin();
        one_case(&cases[i]);
        wk_scope_end(scope);
    }
}

static void graph_names(void **state)
{
    (void)state;
    wk_Module *lstm = wk_LSTMCell(3, 2), *gru = wk_GRUCell(3, 2);
    wk_Results r = wk_call_all(lstm, wk_list(wk_ones(2, 3)));
    assert_string_equal(wk_node_name(wk_grad_fn(r.tensors[0])), "MulBackward0");
    assert_string_equal(wk_node_name(wk_grad_fn(r.tensors[1])), "AddBackward0");
    assert_string_equal(wk_node_name(wk_grad_fn(wk_call(gru, wk_ones(2, 3)))), "AddBackward0");
    EXPECT_SHAPE(wk_call(lstm, wk_ones(0, 3)), 0, 2);
    wk_free(lstm), wk_free(gru);
}

static wk_Tensor *all_results(wk_List inputs, void *cell)
{
    wk_Results r = wk_call_all(cell, inputs);
    return r.count == 2 ? wk_mul(r.tensors[0], wk_exp(r.tensors[1])) : r.tensors[0];
}

static void gradients(void **state)
{
    (void)state;
    wk_manual_seed(1);
    wk_Module *cells[] = {wk_LSTMCell(2, 2), wk_GRUCell(2, 2), wk_RNNCell(2, 2)};
    for (size_t i = 0; i < LENGTH(cells); i++) {
        wk_module_to_dtype(cells[i], wk_float64);
        wk_Tensor *in[3];
        for (int k = 0; k < 3; k++)
            in[k] = wk_requires_grad_(wk_to_dtype(wk_randn(3, 2), wk_float64));
        const wk_List inputs = {i == 0 ? 3 : 2, in};
        EXPECT_TRUE(wk_gradcheck(all_results, inputs, .user = cells[i]));
        EXPECT_TRUE(wk_gradgradcheck(all_results, inputs, .user = cells[i]));
        wk_free(cells[i]);
    }
}

/* nn.PReLU(2): both its inputs. */
static wk_Tensor *prelu_of(wk_List inputs, void *user)
{
    (void)user;
    return wk_prelu(inputs.tensors[0], inputs.tensors[1]);
}

static void prelu_gradients(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(wk_view(f64(0.4, -0.7, 1.2, -0.3), 2, 2));
    wk_List inputs = wk_list(x, wk_requires_grad_(f64(0.25, -0.5)));
    EXPECT_TRUE(wk_gradcheck(prelu_of, inputs));
    EXPECT_TRUE(wk_gradgradcheck(prelu_of, inputs));
}

static void mistakes(void **state)
{
    (void)state;
    ROW("A42");
    wk_Module *lstm = wk_LSTMCell(3, 2), *gru = wk_GRUCell(3, 2);
    wk_Tensor *x = wk_ones(2, 3), *h = wk_ones(2, 2), *one = wk_ones(2);
    EXPECT_ERROR(wk_call(lstm, x, h, h, h, h), WK_ERROR_ARGUMENT,
                 "LSTMCell: takes 1 to 3 tensors, got 5 (in LSTMCell)");
    EXPECT_ERROR(wk_call(gru, x, h, h), WK_ERROR_ARGUMENT, "GRUCell: takes 1 to 2 tensors, got 3");
    EXPECT_ERROR(wk_call(lstm, x, h), WK_ERROR_ARGUMENT, "LSTMCell: lstm_cell expects two hidden states");
    EXPECT_ERROR(wk_call(lstm, x, NULL, h), WK_ERROR_ARGUMENT, "lstm_cell expects two hidden states");
    EXPECT_ERROR(wk_call(lstm, NULL, h, h), WK_ERROR_ARGUMENT, "LSTMCell: argument input is NULL");
    ROW("A43");
    EXPECT_ERROR(wk_call(lstm, wk_ones(2, 4)), WK_ERROR_SHAPE,
                 "LSTMCell: input has inconsistent input_size: got 4 expected 3");
    EXPECT_ERROR(wk_call(lstm, wk_ones(1, 1, 3)), WK_ERROR_SHAPE,
                 "LSTMCell: Expected input to be 1D or 2D, got 3D instead");
    EXPECT_ERROR(wk_call(lstm, x, wk_ones(1, 2, 2), h), WK_ERROR_SHAPE,
                 "LSTMCell: Expected hx[0] to be 1D or 2D, got 3D instead");
    EXPECT_ERROR(wk_call(gru, x, wk_ones(1, 2, 2)), WK_ERROR_SHAPE,
                 "GRUCell: Expected hidden to be 1D or 2D, got 3D instead");
    EXPECT_ERROR(wk_call(lstm, x, wk_ones(3, 2), h), WK_ERROR_SHAPE,
                 "Input batch size 2 doesn't match hidden0 batch size 3");
    EXPECT_ERROR(wk_call(lstm, x, h, wk_ones(2, 3)), WK_ERROR_SHAPE,
                 "hidden1 has inconsistent hidden_size: got 3, expected 2");
    EXPECT_ERROR(wk_call(lstm, x, one, h), WK_ERROR_SHAPE,
                 "Expected 2D hidden0 (batch x hidden_size), but got 1D tensor");
    EXPECT_ERROR(wk_call(lstm, wk_ones(3), h, h), WK_ERROR_SHAPE,
                 "Expected 2D hidden0 (batch x hidden_size), but got 3D tensor");
    EXPECT_ERROR(wk_call(gru, wk_to_dtype(x, wk_float64)), WK_ERROR_DTYPE, "must have the same dtype");
    wk_free(lstm), wk_free(gru);
}

static void makers(void **state)
{
    (void)state;
    EXPECT_ERROR(wk_LSTMCell(-1, 2), WK_ERROR_SHAPE, "negative dimension -1: [8, -1]");
    EXPECT_ERROR(wk_LSTMCell(2, INT64_MAX / 2), WK_ERROR_OVERFLOW, "LSTMCell: hidden_size");
    EXPECT_ERROR(wk_GRUCell(2, 2, true), WK_ERROR_ARGUMENT,
                 "GRUCell: takes 2 positional arguments but 3 were given: no_bias by name");
    EXPECT_ERROR(wk_RNNCell(2, 2, .nonlinearity = "si\033n"), WK_ERROR_ARGUMENT,
                 "RNNCell: Unknown nonlinearity: si\\x1bn");
    EXPECT_ERROR(wk_LSTMCell(2, 2, .nonlinearity = "tanh"), WK_ERROR_ARGUMENT,
                 "LSTMCell: unexpected keyword argument 'nonlinearity'");
    wk_Module *empty = wk_LSTMCell(0, 0);
    EXPECT_SHAPE(wk_call(empty, wk_ones(2, 0)), 2, 0);
    wk_free(empty);
    EXPECT_ERROR(wk_PReLU(-1), WK_ERROR_SHAPE, "PReLU: dim 0 is -1");
    wk_Module *prelu = wk_PReLU(3);
    EXPECT_ERROR(wk_call(prelu, wk_ones(2, 4)), WK_ERROR_SHAPE, "Mismatch of parameter numbers");
    wk_free(prelu);
}

static wk_Tensor *cell_made_and_called(void *user)
{
    (void)user;
    wk_manual_seed(3);
    wk_Module *cell = wk_LSTMCell(2, 2);
    wk_Tensor *x = wk_ones(1, 2), *result = wk_call_all(cell, wk_list(x)).tensors[1];
    wk_free(cell);
    return result;
}

static void memory_runs_out_at_each_allocation(void **state)
{
    (void)state;
    assert_true(expect_survives_failing_allocations(cell_made_and_called, NULL) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(as_pytorch),
        TENSOR_TEST(graph_names),
        TENSOR_TEST(gradients),
        TENSOR_TEST(prelu_gradients),
        TENSOR_TEST(mistakes),
        TENSOR_TEST(makers),
        TENSOR_TEST(memory_runs_out_at_each_allocation),
    };
    return cmocka_run_group_tests(tests, load_wanted, free_wanted);
}
