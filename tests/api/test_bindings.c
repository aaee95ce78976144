/* What bindings to other languages ask for: pointers of theirs that are given back once, things by their place, a
 * generator wherever numbers are drawn, a single tensor in a file. */
#include "io/temp.h"
#include "support/check.h"
#include "wick/wick.h"

/* Counts how often it was given back; its address is the user pointer. */
static void count_release(void *user)
{
    ++*(int *)user;
}

/* ---- pointers --------------------------------------------------------------------------------------- */

static wk_Tensor *doubled(wk_Tensor *grad, void *user)
{
    (void)user;
    return wk_mul(grad, 2);
}

static void test_a_hook_on_a_tensor(void **state)
{
    (void)state;
    int removed = 0, gone = 0, failed = 0, of_node = 0;
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *w = wk_requires_grad_(f32(3));
    uint64_t id = wk_register_hook_owned(w, doubled, &removed, count_release);
    assert_true(id && wk_register_hook_owned(w, doubled, &gone, count_release));
    EXPECT_TRUE(wk_backward(wk_mul(w, 1)));
    EXPECT_VALUES(wk_grad_of(w), 4);
    assert_true(wk_remove_hook(w, id));
    assert_int_equal(removed, 1);
    EXPECT_ERROR(wk_register_hook_owned(f32(1), doubled, &failed, count_release), WK_ERROR_STATE, "gradient");
    assert_int_equal(failed, 1);
    assert_true(wk_register_hook_owned(wk_mul(w, 2), doubled, &of_node, count_release));
    assert_int_equal(gone + of_node, 0);
    wk_scope_end(scope);
    assert_int_equal(gone, 1);
    assert_int_equal(of_node, 1);
    assert_int_equal(removed, 1);
}

typedef struct Heard {
    int calls, released;
    wk_ErrorKind kind;
    char text[64];
} Heard;

static void hear(wk_ErrorKind kind, const char *message, void *user)
{
    Heard *heard = user;
    heard->calls++;
    heard->kind = kind;
    snprintf(heard->text, sizeof heard->text, "%s", message);
}

static void let_go(void *user)
{
    ((Heard *)user)->released++;
}

static int plain_calls;

static void hear_plainly(wk_ErrorKind kind, const char *message)
{
    (void)kind, (void)message;
    plain_calls++;
}

static void test_an_error_handler(void **state)
{
    (void)state;
    Heard heard = {0};
    wk_on_error_owned(hear, &heard, let_go);
    assert_null(wk_view(wk_zeros(2), 3));
    assert_int_equal(heard.calls, 1);
    assert_int_equal(heard.kind, WK_ERROR_SHAPE);
    assert_string_equal(heard.text, "view: shape '[3]' is invalid for input of size 2");
    assert_int_equal(heard.released, 0);
    wk_on_error(hear_plainly);
    assert_int_equal(heard.released, 1);
    assert_null(wk_view(wk_zeros(2), 3));
    wk_on_error(NULL);
    assert_null(wk_view(wk_zeros(2), 3));
    assert_int_equal(plain_calls, 1);
    assert_int_equal(heard.calls, 1);
    assert_int_equal(heard.released, 1);
    wk_clear_error();
}

static bool no_memory(size_t bytes, void *user)
{
    (void)bytes, (void)user;
    return false;
}

static int no_file(wk_IoOperation operation, const char *path, size_t *bytes, void *user)
{
    (void)operation, (void)path, (void)bytes, (void)user;
    return 13; /* EACCES */
}

static void test_hooks_of_the_process(void **state)
{
    (void)state;
    int memory = 0, io = 0;
    wk_set_memory_hook_owned(no_memory, &memory, count_release);
    EXPECT_ERROR(wk_zeros(2), WK_ERROR_MEMORY, "allocate");
    assert_int_equal(memory, 0);
    wk_set_memory_hook(NULL, NULL);
    assert_int_equal(memory, 1);
    wk_set_io_hook_owned(no_file, &io, count_release);
    EXPECT_ERROR(wk_load_safetensors("tests/golden/README"), WK_ERROR_IO, "Permission denied");
    wk_set_io_hook_owned(NULL, NULL, NULL);
    assert_int_equal(io, 1);
    assert_non_null(wk_zeros(2));
}

static wk_Tensor *squared(wk_List in, void *user)
{
    (void)user;
    return wk_mul(in.tensors[0], in.tensors[0]);
}

static void test_gradcheck_gives_back(void **state)
{
    (void)state;
    int released = 0;
    wk_Tensor *x = wk_requires_grad_(f64(2));
    EXPECT_TRUE(wk_gradcheck(squared, wk_list(x), &released, .release = count_release));
    assert_int_equal(released, 1);
    EXPECT_TRUE(wk_gradgradcheck(squared, wk_list(x), &released, .release = count_release));
    assert_int_equal(released, 2);
    EXPECT_ERROR(
        wk_gradcheck(squared, wk_list(wk_requires_grad_(f32(2))), &released, .release = count_release),
        WK_ERROR_DTYPE, "float64");
    EXPECT_ERROR(wk_gradgradcheck(NULL, wk_list(x), &released, .release = count_release), WK_ERROR_ARGUMENT,
                 "function");
    assert_int_equal(released, 4);
}

/* ---- modules ---------------------------------------------------------------------------------------- */

static wk_Tensor *scaled(wk_Module *self, wk_Tensor *x)
{
    const double *scale = wk_module_user(self);
    return wk_mul(x, *scale);
}

static int scales_released;

static void release_scale(void *user)
{
    (void)user;
    scales_released++;
}

static void test_a_module_with_a_pointer(void **state)
{
    (void)state;
    double two = 2, three = 3;
    wk_Module *net = wk_module_named(sizeof(wk_Module), "Scale", scaled);
    assert_null(wk_module_user(net));
    EXPECT_TRUE(wk_module_set_user(net, &two, release_scale));
    EXPECT_VALUES(wk_call(net, f32(5)), 10);
    EXPECT_TRUE(wk_module_set_user(net, &three, release_scale));
    assert_int_equal(scales_released, 1);
    EXPECT_VALUES(wk_call(net, f32(5)), 15);
    assert_string_equal(wk_class_name(net), "Scale");
    wk_Module *outer = wk_Sequential(net, wk_Linear(1, 1));
    assert_string_equal(wk_class_name(wk_child(outer, 1)), "Linear");
    assert_true(wk_is_training(outer) && wk_is_training(net));
    wk_eval(outer);
    assert_false(wk_is_training(outer) || wk_is_training(net));
    wk_free(outer);
    assert_int_equal(scales_released, 2);
    EXPECT_ERROR(wk_module_set_user(NULL, &two, release_scale), WK_ERROR_ARGUMENT, "module");
    assert_int_equal(scales_released, 3);
}

/* ---- by place --------------------------------------------------------------------------------------- */

static void test_storage_offset(void **state)
{
    (void)state;
    wk_Tensor *x = wk_zeros(3, 4);
    assert_int_equal(wk_storage_offset(x), 0);
    assert_int_equal(wk_storage_offset(wk_select(wk_select(x, 0, 1), 0, 2)), 6);
}

static void test_entries_of_a_state_dict(void **state)
{
    (void)state;
    wk_Module *net = wk_Linear(2, 1);
    wk_StateDict *dict = wk_state_dict(net);
    wk_state_dict_set_metadata(dict, "format", "pt");
    assert_int_equal(wk_state_dict_count(dict), 2);
    assert_string_equal(wk_state_dict_name(dict, 0), "weight");
    assert_string_equal(wk_state_dict_name(dict, 1), "bias");
    EXPECT_SHAPE(wk_state_dict_tensor(dict, 0), 1, 2);
    assert_int_equal(wk_state_dict_metadata_count(dict), 1);
    assert_string_equal(wk_state_dict_metadata_key(dict, 0), "format");
    EXPECT_ERROR(wk_state_dict_name(dict, 2), WK_ERROR_INDEX, "index 2 is out of range, there are 2 entries");
    EXPECT_ERROR(wk_state_dict_tensor(dict, -1), WK_ERROR_INDEX, "index -1");
    EXPECT_ERROR(wk_state_dict_metadata_key(dict, 1), WK_ERROR_INDEX, "there are 1");
    wk_free(dict), wk_free(net);
}

/* ---- generators ------------------------------------------------------------------------------------- */

static void test_generators_of_dropout_and_like(void **state)
{
    (void)state;
    wk_Generator *g = wk_Generator_new();
    uint8_t before[WK_RNG_STATE_BYTES], after[WK_RNG_STATE_BYTES];
    wk_Tensor *x = wk_ones(8);
    wk_manual_seed(4);
    wk_Tensor *want = wk_dropout(x, 0.5, true), *normal = wk_randn_like(x), *uniform = wk_rand_like(x);
    wk_get_rng_state(NULL, before);
    wk_generator_manual_seed(g, 4);
    assert_true(wk_equal(wk_dropout_from(g, x, 0.5, true), want));
    assert_true(wk_equal(wk_randn_like_from(g, x), normal));
    assert_true(wk_equal(wk_rand_like_from(g, x), uniform));
    wk_generator_manual_seed(g, 4);
    assert_true(wk_equal(wk_dropout_from_(g, wk_clone(x), 0.5, true), want));
    wk_get_rng_state(NULL, after);
    assert_memory_equal(before, after, sizeof before);
    EXPECT_ERROR(wk_dropout_from(g, x, 2, true), WK_ERROR_ARGUMENT, "but got 2");
    wk_free(g);
}

/* ---- files ------------------------------------------------------------------------------------------ */

static void test_saving_what_there_is(void **state)
{
    (void)state;
    char path[160];
    snprintf(path, sizeof path, "%s/x.safetensors", temp_folder);
    wk_Tensor *x = wk_view(f64(1, 2, 3, 4), 2, 2);
    const wk_Tensor *c = x;
    EXPECT_TRUE(wk_save(x, path));
    assert_true(wk_equal(wk_load_tensor(path), x));
    EXPECT_TRUE(wk_save(c, path));
    wk_StateDict *dict = wk_load_safetensors(path);
    assert_int_equal(wk_state_dict_count(dict), 1);
    assert_string_equal(wk_state_dict_name(dict, 0), "tensor");
    wk_state_dict_set(dict, "other", f32(1));
    wk_state_dict_set_metadata(dict, "key", "value");
    EXPECT_TRUE(wk_save(dict, path));
    wk_free(dict);
    dict = wk_load_safetensors(path);
    assert_string_equal(wk_state_dict_metadata(dict, "key"), "value");
    assert_true(wk_equal(wk_state_dict_get(dict, "tensor"), x));
    wk_free(dict);
    EXPECT_ERROR(wk_load_tensor(path), WK_ERROR_CORRUPT, "x.safetensors holds 2 tensors, expected 1");
    wk_Module *net = wk_Linear(1, 1);
    EXPECT_TRUE(wk_save(net, path) && wk_load(net, path));
    wk_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_a_hook_on_a_tensor),      TENSOR_TEST(test_an_error_handler),
        TENSOR_TEST(test_hooks_of_the_process),    TENSOR_TEST(test_gradcheck_gives_back),
        TENSOR_TEST(test_a_module_with_a_pointer), TENSOR_TEST(test_storage_offset),
        TENSOR_TEST(test_entries_of_a_state_dict), TENSOR_TEST(test_generators_of_dropout_and_like),
        TENSOR_TEST(test_saving_what_there_is),
    };
    return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
