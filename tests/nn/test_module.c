/* Modules: what they own and how it is named, sharing, text, lists, and every mistake as a message. */
#include "nn/net.h"
#include "support/golden.h"

static void expect_names(wk_NamedTensors list, int count, const char *const *names)
{
    assert_int_equal(list.count, count);
    for (int i = 0; i < count; i++)
        assert_string_equal(list.items[i].name, names[i]);
}
#define EXPECT_NAMES(list, ...) \
    expect_names(list, (int)LENGTH(((const char *const[]){__VA_ARGS__})), (const char *const[]){__VA_ARGS__})

static void expect_module_text(wk_Module *module, const char *want)
{
    char *text = wk_str(module);
    EXPECT_TRUE(text != NULL);
    assert_string_equal(text, want);
    wk_str_free(text);
}

/* ---- making, listing, text -------------------------------------------------------------------------- */

static void test_lists(void **state)
{
    (void)state;
    wk_Module *net = Net_new();
    wk_register_buffer(net, "steps", wk_zeros(1), true);
    wk_register_buffer(net, "scratch", wk_zeros(1), false);
    EXPECT_NAMES(wk_named_parameters(net), "scale", "fc1.weight", "fc1.bias", "fc2.weight");
    EXPECT_NAMES(wk_named_buffers(net), "steps", "scratch");
    wk_List list = wk_parameters(net);
    assert_int_equal(list.count, 4);
    assert_ptr_equal(list.tensors[1], wk_get_parameter(net, "fc1.weight"));
    assert_ptr_equal(wk_parameters(net).tensors, list.tensors); /* lent again, nothing allocated */
    assert_int_equal(wk_child_count(net), 2);
    assert_string_equal(wk_child_name(net, 1), "fc2");
    assert_ptr_equal(wk_child(net, -1), wk_get_submodule(net, "fc2"));
    assert_ptr_equal(wk_get_submodule(net, ""), net);
    wk_StateDict *dict = wk_state_dict(net);
    assert_int_equal(dict->count, 5);
    assert_string_equal(dict->entries[1].name, "steps"); /* a module's buffers follow its parameters */
    assert_false(wk_requires_grad(dict->entries[0].tensor));
    wk_free(dict);
    wk_free(net);
}

static void test_text(void **state)
{
    (void)state;
    wk_Module *net = Net_new();
    expect_module_text(net, "Net(\n"
                            "  (fc1): Linear(in_features=3, out_features=4, bias=True)\n"
                            "  (fc2): Linear(in_features=4, out_features=2, bias=False)\n"
                            ")");
    wk_free(net);
    wk_Module *empty = wk_module_named(sizeof(wk_Module), "Net", NULL);
    expect_module_text(empty, "Net()");
    wk_free(empty);
    wk_Module *nested = wk_Sequential(wk_Sequential(wk_ReLU(), wk_Identity()), wk_Softmax(-1));
    expect_module_text(nested, "Sequential(\n"
                               "  (0): Sequential(\n"
                               "    (0): ReLU()\n"
                               "    (1): Identity()\n"
                               "  )\n"
                               "  (1): Softmax(dim=-1)\n"
                               ")");
    wk_free(nested);
    /* repr(nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.Sequential(nn.ReLU()), nn.Sequential(nn.ReLU()), nn.Tanh()])) */
    wk_Module *list = wk_ModuleList(wk_Linear(2, 2), wk_Linear(2, 2), wk_Sequential(wk_ReLU()),
                                    wk_Sequential(wk_ReLU()), wk_Tanh());
    expect_module_text(list, "ModuleList(\n"
                             "  (0-1): 2 x Linear(in_features=2, out_features=2, bias=True)\n"
                             "  (2-3): 2 x Sequential(\n"
                             "    (0): ReLU()\n"
                             "  )\n"
                             "  (4): Tanh()\n"
                             ")");
    assert_ptr_equal(wk_append(list, wk_Tanh()), list);
    assert_int_equal(wk_child_count(list), 6);
    wk_free(list);
    list = wk_ModuleList_of(0, NULL);
    expect_module_text(list, "ModuleList()");
    wk_free(list);
}

static bool lines_describe(const wk_Module *self, char *out, size_t size)
{
    (void)self;
    snprintf(out, size, "first\nsecond");
    return true;
}

static int released;

static void count_release(wk_Module *self)
{
    (void)self;
    released++;
}

static void test_own_class(void **state)
{
    (void)state;
    static const wk_Class own = {.name = "Own", .describe = lines_describe, .release = count_release};
    wk_Module *module = wk_module_new(sizeof(wk_Module), &own);
    expect_module_text(module, "Own(\n  first\n  second\n)");
    wk_register_module(module, "act", wk_Tanh());
    expect_module_text(module, "Own(\n  first\n  second\n  (act): Tanh()\n)");
    released = 0;
    wk_free(module);
    assert_int_equal(released, 1);
    EXPECT_ERROR(wk_module_new(8, &own), WK_ERROR_ARGUMENT, "Own has 8 bytes, but begins with a wk_Module");
    EXPECT_ERROR(wk_module_new(100, NULL), WK_ERROR_ARGUMENT, "module: argument class is NULL");
}

/* ---- ownership -------------------------------------------------------------------------------------- */

static void test_names(void **state)
{
    (void)state;
    ROW("A28");
    wk_Module *net = Net_new();
    EXPECT_ERROR(wk_register_module(net, "a.b", wk_Tanh()), WK_ERROR_ARGUMENT,
                 "module name can't contain \".\", got: a.b");
    EXPECT_ERROR(wk_register_module(net, "", wk_Tanh()), WK_ERROR_ARGUMENT,
                 "module name can't be empty string \"\"");
    EXPECT_ERROR(wk_register_module(net, "scale", wk_Tanh()), WK_ERROR_ARGUMENT,
                 "register_module: attribute 'scale' already exists");
    EXPECT_ERROR(wk_register_module(net, "fc3", NULL), WK_ERROR_ARGUMENT,
                 "register_module: argument child is NULL");
    EXPECT_ERROR(wk_register_module(net, NULL, wk_Tanh()), WK_ERROR_ARGUMENT,
                 "register_module: argument name is NULL");
    EXPECT_ERROR(wk_register_parameter(net, "a.b", wk_Parameter(wk_ones(1))), WK_ERROR_ARGUMENT,
                 "parameter name can't contain \".\"");
    EXPECT_ERROR(wk_register_parameter(net, "", wk_Parameter(wk_ones(1))), WK_ERROR_ARGUMENT,
                 "parameter name can't be empty string \"\"");
    EXPECT_ERROR(wk_register_parameter(net, "fc1", wk_Parameter(wk_ones(1))), WK_ERROR_ARGUMENT,
                 "register_parameter: attribute 'fc1' already exists");
    EXPECT_ERROR(wk_register_buffer(net, "scale", wk_ones(1), true), WK_ERROR_ARGUMENT,
                 "attribute 'scale' already exists");
    EXPECT_ERROR(
        wk_register_parameter(net, "w", wk_mul(wk_requires_grad_(wk_ones(1)), 2)), WK_ERROR_ARGUMENT,
        "Cannot assign non-leaf Tensor to parameter 'w'. Model parameters must be created explicitly.");
    EXPECT_ERROR(wk_register_module(net, "x\033[31m%n.", wk_Tanh()), WK_ERROR_ARGUMENT, "got: x\\x1b[31m%n.");
    char longer[5000];
    memset(longer, 'a', sizeof longer);
    longer[0] = '.', longer[sizeof longer - 1] = 0;
    EXPECT_ERROR(wk_register_module(net, longer, wk_Tanh()), WK_ERROR_ARGUMENT, "aaaa...");
    wk_free(net);
}

/* A name that is registered again names the new value, in its former position; the former value is released. */
static void test_replace(void **state)
{
    (void)state;
    Net *net = (Net *)Net_new();
    wk_Module *former = wk_module_keep(net->fc1);
    wk_attr(net, fc1, wk_Linear(5, 4));
    wk_attr(net, fc1, wk_Linear(3, 6, .no_bias = true));
    wk_attr(net, fc2, wk_Linear(6, 2, .no_bias = true));
    wk_attr(net, scale, wk_Parameter(f32(3, 4)));
    EXPECT_NAMES(wk_named_parameters(&net->base), "scale", "fc1.weight", "fc2.weight");
    expect_module_text(&net->base, "Net(\n"
                                   "  (fc1): Linear(in_features=3, out_features=6, bias=False)\n"
                                   "  (fc2): Linear(in_features=6, out_features=2, bias=False)\n"
                                   ")");
    EXPECT_SHAPE(wk_call(&net->base, wk_ones(1, 3)), 1, 2);
    EXPECT_VALUES(wk_get_parameter(&net->base, "scale"), 3, 4);
    EXPECT_SHAPE(wk_call(former, wk_ones(1, 3)), 1, 4); /* kept by the caller, it lives on by itself */
    EXPECT_ERROR(wk_call(former, wk_ones(1, 7)), WK_ERROR_SHAPE, "(in Linear)");
    assert_ptr_equal(wk_register_module(&net->base, "fc1", net->fc1), net->fc1); /* by itself */
    assert_ptr_equal(wk_register_parameter(&net->base, "scale", net->scale), net->scale);
    EXPECT_SHAPE(wk_call(&net->base, wk_ones(1, 3)), 1, 2);
    EXPECT_ERROR(wk_call(&net->base, wk_ones(1, 7)), WK_ERROR_SHAPE, "(in Net.fc1)");
    wk_register_buffer(&net->base, "steps", wk_zeros(1), true);
    wk_register_buffer(&net->base, "steps", wk_ones(2), false);
    EXPECT_VALUES(wk_named_buffers(&net->base).items[0].tensor, 1, 1);
    wk_StateDict *dict = wk_state_dict(&net->base);
    assert_null(wk_state_dict_get(dict, "steps")); /* persistent no more */
    wk_free(dict), wk_free(former), wk_free(&net->base);
}

/* What layers use is what is registered, also when the program has put another tensor there. */
static void test_replaced_in_layers(void **state)
{
    (void)state;
    wk_Module *linear = wk_Linear(2, 1, .no_bias = true), *tied = wk_Linear(2, 1, .no_bias = true);
    wk_register_parameter(linear, "weight", wk_Parameter(wk_view(f32(3, 5), 1, 2)));
    EXPECT_VALUES(wk_call(linear, f32(1, 2)), 13);
    wk_register_parameter(tied, "weight", wk_get_parameter(linear, "weight"));
    EXPECT_VALUES(wk_call(tied, f32(1, 2)), 13);
    wk_free(linear), wk_free(tied);
    wk_Module *loss = wk_NLLLoss(.weight = f32(1, 2), .reduction = wk_reduction_sum);
    wk_register_buffer(loss, "weight", f32(1, 7), true);
    EXPECT_VALUES(wk_call(loss, wk_view(f32(0, 2), 1, 2), i64(1)), -14);
    wk_free(loss);
    wk_Module *norm = wk_BatchNorm1d(2);
    wk_register_buffer(norm, "running_mean", f32(1, 2), true);
    wk_eval(norm);
    EXPECT_VALUES(wk_call(norm, wk_view(f32(1, 3), 1, 2)), 0, 0.999995);
    wk_register_buffer(norm, "num_batches_tracked", wk_zeros(0), true);
    EXPECT_ERROR(wk_call(norm, wk_ones(3, 2)), WK_ERROR_DTYPE,
                 "BatchNorm1d: expected num_batches_tracked to be an int64 of one element (in BatchNorm1d)");
    wk_free(norm);
}

/* What could not be made makes the module incomplete: it does not run, train or save as if nothing had happened. */
static void test_incomplete(void **state)
{
    (void)state;
    Net *net = wk_module(Net, net_forward);
    wk_attr(net, fc1, wk_Linear(3, -4));
    assert_non_null(strstr(wk_error(), "Linear: dim 0 is -4"));
    assert_null(net->fc1);
    wk_attr(net, fc2, wk_Linear(4, 2));
    EXPECT_ERROR(wk_call(&net->base, wk_ones(1, 3)), WK_ERROR_STATE, "Net is incomplete");
    EXPECT_ERROR(wk_parameters(&net->base).tensors, WK_ERROR_STATE, "parameters: Net is incomplete");
    EXPECT_ERROR(wk_state_dict(&net->base), WK_ERROR_STATE, "state_dict: Net is incomplete");
    EXPECT_ERROR(wk_SGD(wk_parameters(&net->base)), WK_ERROR_STATE, "parameters: Net is incomplete");
    EXPECT_ERROR(wk_module_to_dtype(&net->base, wk_float64), WK_ERROR_STATE, "Net is incomplete");
    assert_non_null(wk_eval(&net->base));
    wk_free(&net->base);
    net = NULL;
    wk_clear_error();
    assert_null(wk_attr(net, fc1, wk_Linear(1, 1))); /* no module: the child goes */
    wk_clear_error();
    EXPECT_ERROR(wk_Sequential(wk_Tanh(), NULL, wk_ReLU()), WK_ERROR_ARGUMENT,
                 "append: argument module is NULL");
}

static void test_cycle(void **state)
{
    (void)state;
    ROW("A23");
    wk_Module *a = wk_Sequential_of(0, NULL), *b = wk_Sequential_of(0, NULL);
    wk_append(a, b);
    EXPECT_ERROR(wk_append(a, a), WK_ERROR_ARGUMENT,
                 "Sequential cannot be held by Sequential, which it holds itself");
    EXPECT_ERROR(wk_append(b, a), WK_ERROR_ARGUMENT,
                 "Sequential cannot be held by Sequential, which it holds itself");
    wk_free(a);
}

/* The same module in two places: its parameters once in lists, twice in the state_dict and the text, as in PyTorch. */
static void test_shared_module(void **state)
{
    (void)state;
    wk_Module *net = wk_Sequential_of(0, NULL), *linear = wk_Linear(2, 2);
    wk_append(net, linear);
    wk_append(net, linear);
    EXPECT_NAMES(wk_named_parameters(net), "0.weight", "0.bias");
    assert_int_equal(wk_parameters(net).count, 2);
    wk_StateDict *dict = wk_state_dict(net);
    assert_int_equal(dict->count, 4);
    assert_string_equal(dict->entries[2].name, "1.weight");
    EXPECT_TRUE(wk_load_state_dict(net, dict));
    wk_free(dict);
    EXPECT_TRUE(wk_backward(wk_sum(wk_call(net, wk_ones(1, 2)))));
    EXPECT_ERROR((wk_free(linear), !wk_error()), WK_ERROR_STATE,
                 "free: this Linear belongs to another module");
    assert_ptr_equal(wk_module_keep(linear), linear);
    wk_free(net);
    EXPECT_SHAPE(wk_call(linear, wk_ones(1, 2)), 1, 2);
    EXPECT_ERROR(wk_call(linear, wk_ones(1, 3)), WK_ERROR_SHAPE, "(in Linear)");
    wk_free(linear);
    wk_free((wk_Module *)NULL);
}

/* Tied weights: a parameter that has a place gets a second one. */
static void test_shared_parameter(void **state)
{
    (void)state;
    wk_Module *a = wk_Linear(2, 2), *net = wk_Sequential(a, wk_Identity());
    wk_register_parameter(wk_child(net, 1), "weight", wk_get_parameter(a, "weight"));
    EXPECT_NAMES(wk_named_parameters(net), "0.weight", "0.bias");
    wk_free(net);
}

/* Tensors of a scope, of the caller, and of both. */
static void test_tensor_ownership(void **state)
{
    (void)state;
    wk_Module *net = wk_module_named(sizeof(wk_Module), "Net", NULL);
    wk_Scope scope = wk_scope_begin();
    wk_register_buffer(net, "scoped", wk_ones(3), true);
    wk_register_buffer(net, "kept", wk_keep(wk_ones(3)), true);
    wk_register_parameter(net, "made", wk_Parameter(wk_t(wk_ones(2, 3))));
    wk_scope_end(scope);
    EXPECT_VALUES(wk_named_buffers(net).items[0].tensor, 1, 1, 1);
    EXPECT_VALUES(wk_named_buffers(net).items[1].tensor, 1, 1, 1);
    assert_true(wk_is_contiguous(wk_get_parameter(net, "made")));
    EXPECT_ERROR(wk_Parameter(wk_arange(0, 3, 1)), WK_ERROR_DTYPE,
                 "only Tensors of floating point dtype can require gradients");
    EXPECT_ERROR(wk_get_parameter(net, "other"), WK_ERROR_ARGUMENT,
                 "get_parameter: Net has no attribute `other`");
    EXPECT_ERROR(wk_get_submodule(net, "a.b"), WK_ERROR_ARGUMENT, "get_submodule: Net has no attribute `a`");
    EXPECT_ERROR(wk_child(net, 0), WK_ERROR_INDEX, "index 0 is out of range: Net has 0 children");
    wk_free(net);
}

/* ---- calling ---------------------------------------------------------------------------------------- */

static void test_path_in_messages(void **state)
{
    (void)state;
    wk_Module *net = Net_new();
    EXPECT_ERROR(wk_call(net, wk_ones(2, 5)), WK_ERROR_SHAPE, "(in Net.fc1)");
    wk_free(net);
    net = wk_Sequential(wk_Identity(), wk_Sequential(wk_Conv2d(1, 6, 5)));
    EXPECT_ERROR(
        wk_call(net, wk_ones(8, 3, 28, 28)), WK_ERROR_SHAPE,
        "expected input[8, 3, 28, 28] to have 1 channels, but got 3 channels instead (in Sequential.1.0)");
    EXPECT_ERROR(wk_view(wk_ones(2), 3), WK_ERROR_SHAPE, "input of size 2"); /* no frame is left */
    assert_null(strstr(wk_error() ? wk_error() : "", "(in"));
    wk_free(net);
}

static wk_Tensor *silent_forward(wk_Module *self, wk_Tensor *x)
{
    (void)self, (void)x;
    return NULL;
}

static void test_forward_without_result(void **state)
{
    (void)state;
    wk_Module *net = wk_module_named(sizeof(wk_Module), "Net", silent_forward);
    EXPECT_ERROR(wk_call(net, wk_ones(1)), WK_ERROR_STATE,
                 "Net: forward returned NULL without an error (in Net)");
    wk_free(net);
}

/* Without a graph a deep net holds one result at a time. */
static void test_memory_of_inference(void **state)
{
    (void)state;
    wk_Module *net = wk_Sequential_of(0, NULL);
    for (int i = 0; i < 50; i++)
        wk_append(net, wk_Sequential(wk_Tanh(), wk_Sigmoid()));
    wk_Tensor *x = wk_ones(1 << 16);
    size_t one = wk_memory_allocated();
    wk_no_grad
    {
        wk_Scope scope = wk_scope_begin();
        size_t most = wk_max_memory_allocated();
        wk_Tensor *y = wk_call(net, x);
        EXPECT_TRUE(y != NULL);
        assert_true(wk_memory_allocated() < one + (size_t)(2 << 18));
        assert_true(wk_max_memory_allocated() < (most > one ? most : one) + (size_t)(4 << 18));
        wk_scope_end(scope);
    }
    wk_free(net);
}

/* ---- training, gradients, dtype --------------------------------------------------------------------- */

static void count_module(wk_Module *module, void *user)
{
    char *seen = user;
    strcat(seen, module->cls->name);
    strcat(seen, " ");
}

static void test_modes(void **state)
{
    (void)state;
    wk_Module *net = Net_new();
    assert_true(net->training && wk_get_submodule(net, "fc1")->training);
    assert_ptr_equal(wk_eval(net), net);
    assert_false(net->training || wk_get_submodule(net, "fc2")->training);
    wk_train(net, true);
    assert_true(wk_get_submodule(net, "fc2")->training);
    char seen[100] = "";
    assert_ptr_equal(wk_module_apply(net, count_module, seen), net);
    assert_string_equal(seen, "Linear Linear Net ");
    wk_Module *shared = wk_Linear(1, 1), *twice = wk_Sequential(shared, wk_Sequential(shared));
    *seen = 0;
    assert_ptr_equal(wk_module_apply(twice, count_module, seen), twice);
    assert_string_equal(seen, "Linear Linear Sequential Sequential "); /* once a place, as in PyTorch */
    wk_free(twice);
    wk_module_requires_grad_(net, false);
    assert_false(wk_requires_grad(wk_call(net, wk_ones(1, 3))));
    wk_module_requires_grad_(net, true);
    EXPECT_TRUE(wk_backward(wk_sum(wk_call(net, wk_ones(1, 3)))));
    wk_Tensor *w = wk_get_parameter(net, "fc2.weight");
    assert_non_null(wk_grad_of(w));
    EXPECT_TRUE(wk_module_zero_grad(net, false));
    EXPECT_VALUES(wk_grad_of(w), 0, 0, 0, 0, 0, 0, 0, 0);
    EXPECT_TRUE(wk_zero_grad(net));
    assert_null(wk_grad_of(w));
    wk_free(net);
}

static void test_to_dtype(void **state)
{
    (void)state;
    wk_Module *net = Net_new();
    wk_register_buffer(net, "steps", wk_ones(1), true);
    wk_register_buffer(net, "count", i64(3), true);
    EXPECT_TRUE(wk_backward(wk_sum(wk_call(net, wk_ones(1, 3)))));
    wk_Tensor *w = wk_get_parameter(net, "fc1.weight"), *as_it_was = wk_clone(wk_detach(w));
    assert_ptr_equal(wk_module_to_dtype(net, wk_float64), net);
    assert_int_equal(wk_dtype_of(w), wk_float64);
    assert_int_equal(wk_dtype_of(wk_grad_of(w)), wk_float64);
    assert_int_equal(wk_dtype_of(wk_named_buffers(net).items[0].tensor), wk_float64);
    assert_int_equal(wk_dtype_of(wk_named_buffers(net).items[1].tensor), wk_int64);
    assert_true(wk_equal(wk_to_dtype(wk_detach(w), wk_float32), as_it_was));
    assert_int_equal(wk_dtype_of(wk_call(net, wk_to_dtype(wk_ones(1, 3), wk_float64))), wk_float64);
    EXPECT_ERROR(wk_module_to_dtype(net, wk_int64), WK_ERROR_DTYPE,
                 "nn.Module.to only accepts floating point dtypes");
    wk_free(net);
}

/* ---- nesting ---------------------------------------------------------------------------------------- */

/* Deeper than the stack could follow: an error, and freeing works off a list. */
static void test_deep(void **state)
{
    (void)state;
    wk_Module *net = wk_Sequential(wk_Linear(1, 1));
    for (int i = 0; i < 1500; i++)
        net = wk_Sequential(net);
    EXPECT_ERROR(wk_parameters(net).tensors, WK_ERROR_OVERFLOW, "modules nest more than 1000 deep");
    EXPECT_ERROR(wk_str(net), WK_ERROR_OVERFLOW, "modules nest more than 1000 deep");
    wk_free(net);
}

/* Every level holds the one below twice: 2^40 places, but 40 modules. */
static void test_doubling(void **state)
{
    (void)state;
    wk_Module *net = wk_Linear(1, 1);
    for (int i = 0; i < 40; i++) {
        wk_Module *outer = wk_Sequential(net);
        wk_append(outer, net);
        net = outer;
    }
    assert_int_equal(wk_parameters(net).count, 2);
    EXPECT_ERROR(wk_state_dict(net), WK_ERROR_OVERFLOW, "places");
    EXPECT_ERROR(wk_str(net), WK_ERROR_OVERFLOW, "their text is too long");
    wk_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_lists),
        TENSOR_TEST(test_text),
        TENSOR_TEST(test_own_class),
        TENSOR_TEST(test_names),
        TENSOR_TEST(test_replace),
        TENSOR_TEST(test_replaced_in_layers),
        TENSOR_TEST(test_incomplete),
        TENSOR_TEST(test_cycle),
        TENSOR_TEST(test_shared_module),
        TENSOR_TEST(test_shared_parameter),
        TENSOR_TEST(test_tensor_ownership),
        TENSOR_TEST(test_path_in_messages),
        TENSOR_TEST(test_forward_without_result),
        TENSOR_TEST(test_memory_of_inference),
        TENSOR_TEST(test_modes),
        TENSOR_TEST(test_to_dtype),
        TENSOR_TEST(test_deep),
        TENSOR_TEST(test_doubling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
