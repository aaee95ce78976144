/* Writing safetensors: the official writer's bytes, what is refused, and failures at each allocation and operation. */
#include "io/temp.h"

#include "wick/tensor.h"

static const char golden[] = "tests/golden/official.safetensors";

static bool save_dict(const wk_StateDict *dict, const char *path)
{
    return wk_save_safetensors(dict->count, dict->entries, path, .metadata_count = dict->metadata_count,
                               .metadata = dict->metadata);
}

static void the_same_bytes_are_written(void **state)
{
    (void)state;
    wk_StateDict *dict = wk_load_safetensors(golden);
    for (int i = 0; i < dict->count / 2; i++) { /* the order of writing does not depend on that of the list */
        wk_NamedTensor t = dict->entries[i];
        dict->entries[i] = dict->entries[dict->count - 1 - i];
        dict->entries[dict->count - 1 - i] = t;
    }
    const char *path = temp_path("copy");
    assert_true(save_dict(dict, path));
    wk_state_dict_free(dict);
    size_t a, b;
    unsigned char *want = temp_read(golden, &a), *have = temp_read(path, &b);
    assert_int_equal(a, b);
    assert_memory_equal(want, have, a);
    free(want);
    free(have);
}

static void views_are_gathered(void **state)
{
    (void)state;
    wk_Scope scope = wk_scope_begin();
    const char *path = temp_path("view");
    wk_Tensor *t = wk_tensor_copy((float[]){1, 2, 3, 4, 5, 6}, wk_float32, 2, (int64_t[]){2, 3});
    wk_Tensor *turned = wk_tensor_alias(t, 2, (int64_t[]){3, 2}, (int64_t[]){1, 3}, 0);
    assert_true(wk_save_safetensors(1, (wk_NamedTensor[]){{"t", turned}}, path));
    wk_StateDict *dict = wk_load_safetensors(path);
    assert_memory_equal(wk_data_ptr(wk_state_dict_get(dict, "t")), ((float[]){1, 4, 2, 5, 3, 6}), 24);
    wk_state_dict_free(dict);
    wk_scope_end(scope);
}

static void save_refused(wk_save_safetensors_options options, wk_ErrorKind kind, const char *text)
{
    assert_false(wk_save_safetensors_with(options));
    assert_error(kind, text);
    int files = temp_files();
    if (options.path)
        assert_int_not_equal(access(options.path, F_OK), 0);
    assert_int_equal(temp_files(), files);
}

static void wrong_arguments_of_saving(void **state)
{
    (void)state;
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *t = wk_tensor_copy((float[]){1}, wk_float32, 1, (int64_t[]){1});
    const char *path = temp_path("never");
    save_refused((wk_save_safetensors_options){1, (wk_NamedTensor[]){{"a", NULL}}, path, 0, NULL},
                 WK_ERROR_ARGUMENT, "save_safetensors: argument a is NULL");
    save_refused((wk_save_safetensors_options){1, (wk_NamedTensor[]){{NULL, t}}, path, 0, NULL},
                 WK_ERROR_ARGUMENT, "save_safetensors: argument tensor name is NULL");
    save_refused((wk_save_safetensors_options){2, (wk_NamedTensor[]){{"a", t}, {"a", t}}, path, 0, NULL},
                 WK_ERROR_ARGUMENT, "save_safetensors: two tensors are named 'a'");
    save_refused((wk_save_safetensors_options){1, (wk_NamedTensor[]){{"\x80", t}}, path, 0, NULL},
                 WK_ERROR_ARGUMENT, "save_safetensors: tensor name '\\x80' is not UTF-8");
    save_refused((wk_save_safetensors_options){1, (wk_NamedTensor[]){{"__metadata__", t}}, path, 0, NULL},
                 WK_ERROR_ARGUMENT, "save_safetensors: no tensor can be named '__metadata__'");
    save_refused((wk_save_safetensors_options){1, (wk_NamedTensor[]){{"a", t}}, NULL, 0, NULL},
                 WK_ERROR_ARGUMENT, "save_safetensors: argument path is NULL");
    save_refused((wk_save_safetensors_options){-1, NULL, path, 0, NULL}, WK_ERROR_ARGUMENT,
                 "save_safetensors: count is -1");
    save_refused((wk_save_safetensors_options){1, NULL, path, 0, NULL}, WK_ERROR_ARGUMENT,
                 "save_safetensors: argument tensors is NULL");
    save_refused((wk_save_safetensors_options){0, NULL, path, 2, (wk_Metadata[]){{"k", "1"}, {"k", "2"}}},
                 WK_ERROR_ARGUMENT, "save_safetensors: metadata key 'k' comes twice");
    wk_scope_end(scope);
}

/* ---- failure ---------------------------------------------------------------------------------------- */

static void memory_runs_out_while_saving(void **state)
{
    (void)state;
    wk_StateDict *dict = wk_load_safetensors(golden);
    const char *path = temp_path("kept");
    for (int forever = 0; forever < 2; forever++) {
        bool ok = false;
        temp_write("kept", "old", 3);
        int files = temp_files();
        for (long at = 0; !ok; at++) {
            size_t count, memory = wk_memory_allocated();
            TempFault fault = {.at = at, .forever = forever};
            wk_set_memory_hook(temp_memory_hook, &fault);
            ok = save_dict(dict, path);
            wk_set_memory_hook(NULL, NULL);
            assert_int_equal(wk_memory_allocated(), memory);
            assert_int_equal(temp_files(), files);
            free(temp_read(path, &count));
            assert_true(ok ? count > 3 : count == 3);
            assert_true(ok ? !wk_error() : wk_error_kind() == WK_ERROR_MEMORY);
            wk_clear_error();
            assert_true(at < 300);
        }
    }
    wk_state_dict_free(dict);
}

static void files_fail_while_saving(void **state)
{
    (void)state;
    wk_StateDict *dict = wk_load_safetensors(golden);
    const char *path = temp_path("kept");
    bool ok = false;
    for (long at = 0; !ok; at++) {
        temp_write("kept", "old", 3);
        size_t count, memory = wk_memory_allocated();
        int files = temp_files();
        TempFault fault = {.at = at};
        wk_set_io_hook(temp_io_hook, &fault);
        ok = save_dict(dict, path);
        wk_set_io_hook(NULL, NULL);
        free(temp_read(path, &count));
        bool renamed = ok || strstr(wk_error(), "fsync the folder of");
        assert_true(renamed ? count > 3 : count == 3);
        if (!ok)
            assert_error(WK_ERROR_IO, "kept: Input/output error");
        assert_int_equal(wk_memory_allocated(), memory);
        assert_int_equal(temp_files(), files);
        assert_true(at < 20);
    }
    wk_state_dict_free(dict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_bytes_are_written), cmocka_unit_test(views_are_gathered),
        cmocka_unit_test(wrong_arguments_of_saving),  cmocka_unit_test(memory_runs_out_while_saving),
        cmocka_unit_test(files_fail_while_saving),
    };
    return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
