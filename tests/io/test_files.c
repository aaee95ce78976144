/* Opening and reading what may be anything. */
#include "io/temp.h"

#include "io/files.h"

static void refused(const char *path, const char *message)
{
    wk_File file;
    assert_false(wk_file_open(&file, "load", path));
    assert_error(WK_ERROR_IO, message);
    assert_int_equal(file.fd, -1);
}

static void refuses_what_is_no_file(void **state)
{
    (void)state;
    char want[1024];
    refused(temp_folder, "Is a directory");
    const char *fifo = temp_path("fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    snprintf(want, sizeof want, "load: cannot read %s: Is a FIFO, not a regular file", fifo);
    refused(fifo, want);
    refused("/dev/zero", "load: cannot read /dev/zero: Is a device, not a regular file");
    const char *missing = temp_path("missing");
    snprintf(want, sizeof want, "load: cannot open %s: No such file or directory", missing);
    refused(missing, want);
    const char *link = temp_path("link");
    assert_int_equal(symlink("nowhere", link), 0);
    snprintf(want, sizeof want, "load: cannot open %s: No such file or directory", link);
    refused(link, want);
    remove(fifo);
    remove(link);
}

static void refuses_long_and_strange_names(void **state)
{
    (void)state;
    ROW("A28");
    char name[5000];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = 0;
    refused(name, "...: File name too long");
    refused("no\x1b[31m%n\n", "load: cannot open no\\x1b[31m%n\\x0a: No such file or directory");
    wk_File file;
    assert_false(wk_file_open(&file, "load", NULL));
    assert_error(WK_ERROR_ARGUMENT, "load: argument path is NULL");
}

/* ---- C69: what a path may be, asked of every reader ------------------------------------------------- */

static bool read_idx(const char *path)
{
    return wk_load_idx(path) != NULL;
}

static bool read_safetensors(const char *path)
{
    wk_StateDict *dict = wk_load_safetensors(path);
    wk_state_dict_free(dict);
    return dict != NULL;
}

static bool read_bytes(const char *path)
{
    return wk_read_file(path, 0) != NULL;
}

static const struct {
    const char *op;
    bool (*read)(const char *path);
} readers[] = {{"load_idx", read_idx}, {"load_safetensors", read_safetensors}, {"read_file", read_bytes}};

/* Each says "OP: cannot VERB PATH: why". */
static void every_reader_refuses(const char *path, const char *verb, const char *why)
{
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        char want[1024];
        size_t memory = wk_memory_allocated();
        assert_false(readers[i].read(path));
        snprintf(want, sizeof want, "%s: cannot %s %s: %s", readers[i].op, verb, WK_QUOTED(path), why);
        assert_string_equal(wk_error(), want);
        assert_int_equal(wk_error_kind(), WK_ERROR_IO);
        wk_clear_error();
        assert_int_equal(wk_memory_allocated(), memory);
    }
}

static void paths_that_are_no_file(void **state)
{
    (void)state;
    ROW("C69");
    every_reader_refuses(temp_folder, "read", "Is a directory");
    const char *path = temp_path("pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    every_reader_refuses(path, "read", "Is a FIFO, not a regular file");
    remove(path);
    path = temp_path("missing");
    every_reader_refuses(path, "open", "No such file or directory");
    path = temp_path("dangling");
    assert_int_equal(symlink("nowhere", path), 0);
    every_reader_refuses(path, "open", "No such file or directory");
    remove(path);
    path = temp_path("round");
    assert_int_equal(symlink("round", path), 0);
    every_reader_refuses(path, "open", "Too many levels of symbolic links");
    remove(path);
}

static void names_of_4096_bytes_and_more(void **state)
{
    (void)state;
    ROW("C69");
    static char name[5000];
    memset(name, 'a', sizeof name - 1);
    every_reader_refuses(name, "open", "File name too long");
    name[4096] = 0;
    every_reader_refuses(name, "open", "File name too long");
    name[256] = 0; /* too long for a folder's entry, not for a path */
    every_reader_refuses(name, "open", "File name too long");
}

static void files_that_may_not_be_read(void **state)
{
    (void)state;
    ROW("C69");
    const char *path = temp_write("secret", "abc", 3);
    assert_int_equal(chmod(path, 0), 0);
    if (temp_lower_privileges())
        every_reader_refuses(path, "open", "Permission denied");
    temp_raise_privileges();
    remove(path);
}

static int deny(wk_IoOperation operation, const char *path, size_t *bytes, void *user)
{
    (void)path, (void)bytes;
    return operation == *(wk_IoOperation *)user ? EACCES : 0;
}

static void the_system_may_refuse(void **state)
{
    (void)state;
    char want[1024];
    const char *path = temp_write("f", "abc", 3);
    wk_IoOperation which = WK_IO_OPEN;
    wk_set_io_hook(deny, &which);
    snprintf(want, sizeof want, "load: cannot open %s: Permission denied", path);
    refused(path, want);
    which = WK_IO_READ;
    assert_null(wk_read_file(path, 100));
    snprintf(want, sizeof want, "read_file: cannot read %s: Permission denied", path);
    assert_error(WK_ERROR_IO, want);
    wk_set_io_hook(NULL, NULL);
}

/* A hook that says ENOMEM from the n-th operation on. */
static int no_memory(wk_IoOperation operation, const char *path, size_t *bytes, void *user)
{
    (void)operation, (void)path, (void)bytes;
    return temp_fault_now(user) ? ENOMEM : 0;
}

static bool write_bytes(const char *path)
{
    int64_t n = 100000;
    wk_Tensor *t = wk_tensor_new("test", wk_uint8, 1, &n);
    return t && memset(wk_tensor_data(t), 0, 100000) && wk_write_file(path, t);
}

static bool read_csv(const char *path)
{
    return wk_load_csv(path, NULL) != NULL;
}

/* The kind is memory, in whichever operation on a file the system has none, and whether the system says so or the allocator; never that
 * of a file that cannot be read, or is not what it should be. */
static void lack_of_memory_is_of_its_kind(void **state)
{
    (void)state;
    static const char csv[] = "1,2\n3,4\n";
    static const char idx[] = "\0\0\10\1\0\0\0\3abc";
    static const char model[] =
        "\x35\0\0\0\0\0\0\0{\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}x";
    static const struct {
        const char *bytes;
        size_t count;
        bool (*run)(const char *path);
    } runs[] = {{idx, sizeof idx - 1, read_idx},
                {model, sizeof model - 1, read_safetensors},
                {csv, sizeof csv - 1, read_csv},
                {csv, sizeof csv - 1, read_bytes},
                {csv, sizeof csv - 1, write_bytes}};
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
        for (int allocator = 0; allocator < 2; allocator++) {
            bool done = false;
            int at = 0;
            for (; !done; at++) {
                TempFault fault = {.at = at, .forever = true};
                wk_Scope scope = wk_scope_begin();
                const char *path = temp_write("short", runs[i].bytes, runs[i].count);
                if (allocator)
                    wk_set_memory_hook(temp_memory_hook, &fault);
                else
                    wk_set_io_hook(no_memory, &fault);
                done = runs[i].run(path);
                wk_set_memory_hook(NULL, NULL);
                wk_set_io_hook(NULL, NULL);
                wk_scope_end(scope);
                if (!done && wk_error_kind() != WK_ERROR_MEMORY)
                    fail_msg("run %zu, %s %d: %s", i, allocator ? "allocation" : "operation", at, wk_error());
                wk_clear_error();
            }
            assert_true(at > 2);
        }
}

static int one_byte_and_interrupts(wk_IoOperation operation, const char *path, size_t *bytes, void *user)
{
    (void)operation, (void)path;
    if (*bytes > 1)
        *bytes = 1;
    return ++*(int *)user % 2 ? EINTR : 0;
}

static void short_reads_and_interrupts_are_no_errors(void **state)
{
    (void)state;
    int calls = 0;
    const char *path = temp_write("f", "abcde", 5);
    wk_Scope scope = wk_scope_begin();
    wk_set_io_hook(one_byte_and_interrupts, &calls);
    wk_Tensor *bytes = wk_read_file(path, 5);
    wk_set_io_hook(NULL, NULL);
    assert_int_equal(wk_numel(bytes), 5);
    assert_memory_equal(wk_data_ptr(bytes), "abcde", 5);
    assert_true(wk_write_file(temp_path("g"), bytes));
    size_t count;
    unsigned char *copy = temp_read(temp_path("g"), &count);
    assert_int_equal(count, 5);
    assert_memory_equal(copy, "abcde", 5);
    free(copy);
    wk_scope_end(scope);
}

static void reads_are_bounded(void **state)
{
    (void)state;
    char want[1024], out[8];
    const char *path = temp_write("f", "abcde", 5);
    assert_null(wk_read_file(path, 4));
    snprintf(want, sizeof want, "read_file: %s: 5 bytes, at most 4 are read", path);
    assert_error(WK_ERROR_CORRUPT, want);
    wk_File file;
    assert_true(wk_file_open(&file, "load", path));
    assert_true(wk_file_seek(&file, 3));
    assert_false(wk_file_read(&file, out, 4));
    snprintf(want, sizeof want, "load: %s: truncated at byte 5, need 7", path);
    assert_error(WK_ERROR_CORRUPT, want);
    assert_false(wk_file_seek(&file, 6));
    snprintf(want, sizeof want, "load: %s: byte 6 is past the end, 5", path);
    assert_error(WK_ERROR_CORRUPT, want);
    wk_file_close(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_no_file),
        cmocka_unit_test(refuses_long_and_strange_names),
        cmocka_unit_test(the_system_may_refuse),
        cmocka_unit_test(lack_of_memory_is_of_its_kind),
        cmocka_unit_test(short_reads_and_interrupts_are_no_errors),
        cmocka_unit_test(reads_are_bounded),
        cmocka_unit_test(paths_that_are_no_file),
        cmocka_unit_test(names_of_4096_bytes_and_more),
        cmocka_unit_test(files_that_may_not_be_read),
    };
    return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
