/* The ordered dictionary of tensors. */
#include "io/temp.h"

#include "wick/tensor.h"

static void state_dicts(void **state)
{
    (void)state;
    size_t memory = wk_memory_allocated();
    wk_Scope scope = wk_scope_begin();
    wk_StateDict *dict = wk_StateDict_new();
    wk_Tensor *a = wk_tensor_copy((float[]){1}, wk_float32, 1, (int64_t[]){1});
    wk_Tensor *b = wk_tensor_copy((float[]){2}, wk_float32, 1, (int64_t[]){1});
    assert_null(wk_state_dict_get(dict, "x0"));
    for (int i = 0; i < 100; i++) {
        char name[20];
        snprintf(name, sizeof name, "x%d", i);
        assert_true(wk_state_dict_set(dict, name, a));
    }
    assert_true(wk_state_dict_set(dict, "x7", b));
    assert_true(wk_state_dict_set_metadata(dict, "k", "1"));
    assert_true(wk_state_dict_set_metadata(dict, "k", "2"));
    wk_scope_end(scope);
    assert_int_equal(dict->count, 100);
    assert_string_equal(dict->entries[99].name, "x99");
    assert_ptr_equal(wk_state_dict_get(dict, "x7"), b);
    assert_ptr_equal(wk_state_dict_get(dict, "x98"), a);
    assert_int_equal(dict->metadata_count, 1);
    assert_string_equal(wk_state_dict_metadata(dict, "k"), "2");
    assert_false(wk_state_dict_set(dict, NULL, a));
    assert_error(WK_ERROR_ARGUMENT, "state_dict: argument name is NULL");
    assert_false(wk_state_dict_set(NULL, "a", a));
    assert_error(WK_ERROR_ARGUMENT, "state_dict: argument dict is NULL");
    wk_state_dict_free(dict);
    wk_state_dict_free(NULL);
    assert_int_equal(wk_memory_allocated(), memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_dicts),
    };
    return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
