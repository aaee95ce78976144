/* What has been freed, freed again and used. In debug builds the memory of an object is not used again at once, and its magic word
 * betrays the stale pointer. */
#include "support/check.h"

#include "wick/wick.h"

/* A statement without a result that raises. */
#define EXPECT_COMPLAINT(statement, text) EXPECT_ERROR((statement, !wk_error()), WK_ERROR_STATE, text)

static void test_null_may_be_freed(void **state)
{
    (void)state;
    wk_clear_error();
    wk_free((wk_Tensor *)NULL), wk_free((wk_Module *)NULL), wk_free((wk_Optimizer *)NULL),
        wk_free((wk_LRScheduler *)NULL);
    wk_free((wk_DataLoader *)NULL), wk_free((wk_Dataset *)NULL), wk_free((wk_StateDict *)NULL);
    wk_free((wk_Generator *)NULL), wk_str_free(NULL);
    assert_null(wk_error());
}

static void test_what_is_no_object(void **state)
{
    (void)state;
    int64_t other[64] = {0};
    void *p = other;
    EXPECT_ERROR(wk_relu((wk_Tensor *)p), WK_ERROR_ARGUMENT, "relu: input is not a tensor");
    EXPECT_ERROR(wk_call((wk_Module *)p, wk_ones(1)), WK_ERROR_ARGUMENT, "call: this is not a module");
    EXPECT_ERROR(wk_step((wk_Optimizer *)p), WK_ERROR_ARGUMENT, "step: this is not an optimizer");
}

#ifndef NDEBUG
static void test_tensor(void **state)
{
    (void)state;
    ROW("A2");
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *x = wk_keep(wk_zeros(2));
    wk_scope_end(scope);
    wk_free(x);
    EXPECT_COMPLAINT(wk_free(x), "free: tensor is a tensor of a finished step: wk_keep it");
    EXPECT_ERROR(wk_keep(x), WK_ERROR_STATE, "keep: tensor is a tensor of a finished step: wk_keep it");
    EXPECT_ERROR(wk_relu(x), WK_ERROR_STATE, "relu: input is a tensor of a finished step: wk_keep it");
    EXPECT_ERROR(wk_add(f32(1), x), WK_ERROR_STATE, "add: other is a tensor of a finished step: wk_keep it");
}

static void test_module(void **state)
{
    (void)state;
    ROW("A2");
    wk_Module *child = wk_Linear(2, 1), *net = wk_Sequential(child);
    wk_free(net);
    EXPECT_COMPLAINT(wk_free(net), "free: this module has been freed");
    EXPECT_ERROR(wk_call(net, wk_ones(1, 2)), WK_ERROR_STATE, "call: this module has been freed");
    EXPECT_ERROR(wk_call(child, wk_ones(1, 2)), WK_ERROR_STATE, "call: this module has been freed");
    EXPECT_ERROR(wk_call(net, wk_ones(1, 2), wk_ones(1, 2)), WK_ERROR_STATE,
                 "call: this module has been freed");
    EXPECT_ERROR(wk_call_all(net, wk_list(wk_ones(1, 2))).tensors[0], WK_ERROR_STATE,
                 "call: this module has been freed");
    EXPECT_ERROR(wk_remove_forward_hook(net, 1), WK_ERROR_STATE,
                 "remove_forward_hook: this module has been freed");
    EXPECT_ERROR(wk_parameters(net).tensors, WK_ERROR_STATE, "parameters: this module has been freed");
    EXPECT_ERROR(wk_append(net, wk_Tanh()), WK_ERROR_STATE, "append: this module has been freed");
    wk_Module *other = wk_Sequential_of(0, NULL);
    EXPECT_ERROR(wk_append(other, child), WK_ERROR_STATE, "register_module: this module has been freed");
    wk_free(other);
}

static void test_optimizer(void **state)
{
    (void)state;
    ROW("A2");
    wk_Optimizer *opt = wk_SGD(wk_list(wk_requires_grad_(f32(1))));
    wk_free(opt);
    EXPECT_COMPLAINT(wk_free(opt), "free: this optimizer has been freed");
    EXPECT_ERROR(wk_step(opt), WK_ERROR_STATE, "step: this optimizer has been freed");
}

static void test_data(void **state)
{
    (void)state;
    wk_Dataset *dataset = wk_TensorDataset(wk_list(f32(1, 2)));
    wk_DataLoader *loader = wk_DataLoader(wk_dataset_keep(dataset));
    wk_Batch batch;
    wk_free(dataset), wk_free(loader);
    EXPECT_COMPLAINT(wk_free(dataset), "free: this dataset has been freed");
    EXPECT_ERROR(wk_dataset_len(dataset) >= 0, WK_ERROR_STATE, "dataset_len: this dataset has been freed");
    EXPECT_ERROR(wk_DataLoader(dataset), WK_ERROR_STATE, "DataLoader: this dataset has been freed");
    EXPECT_COMPLAINT(wk_free(loader), "free: this loader has been freed");
    EXPECT_ERROR(wk_next(loader, &batch), WK_ERROR_STATE, "next: this loader has been freed");
}

static void test_state_dict_and_generator(void **state)
{
    (void)state;
    wk_StateDict *dict = wk_StateDict_new();
    wk_free(dict);
    EXPECT_COMPLAINT(wk_free(dict), "free: the state_dict has been freed");
    EXPECT_ERROR(wk_state_dict_set(dict, "a", f32(1)), WK_ERROR_STATE,
                 "state_dict: the state_dict has been freed");
    wk_Generator *generator = wk_Generator_new();
    wk_free(generator);
    EXPECT_COMPLAINT(wk_free(generator), "generator: this generator has been freed");
    EXPECT_ERROR(wk_uniform_(f32(1), 0, 1, generator), WK_ERROR_STATE,
                 "generator: this generator has been freed");
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_null_may_be_freed),
        TENSOR_TEST(test_what_is_no_object),
#ifndef NDEBUG
        TENSOR_TEST(test_tensor),
        TENSOR_TEST(test_module),
        TENSOR_TEST(test_optimizer),
        TENSOR_TEST(test_data),
        TENSOR_TEST(test_state_dict_and_generator),
#endif
    };
#ifdef NDEBUG
    print_message("skipped: stale pointers are noticed in debug builds only\n");
#endif
    return cmocka_run_group_tests(tests, NULL, NULL);
}
