/* All of a file or nothing: every operation of a save fails once, fails from then on, or is the last of the process. */
#include "io/temp.h"

#include <sys/wait.h>

#include "io/files.h"
#include "io/writer.h"

enum { CONTENT = 200000 }; /* more than the writer's buffer */

static bool save(const char *path, char letter)
{
    static char content[CONTENT];
    memset(content, letter, sizeof content);
    wk_Writer writer;
    if (!wk_writer_open(&writer, "save", path))
        return false;
    for (size_t at = 0; at < CONTENT; at += CONTENT / 10)
        wk_writer_write(&writer, content + at, CONTENT / 10);
    return wk_writer_close(&writer);
}

/* The letter that the file is made of; 0 when it is torn. */
static char whole(const char *path)
{
    size_t count;
    unsigned char *bytes = temp_read(path, &count);
    char letter = (char)bytes[0];
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != bytes[0])
            letter = 0;
    free(bytes);
    return count == CONTENT ? letter : 0;
}

static long count_operations(const char *path)
{
    TempFault none = {.at = -1};
    wk_set_io_hook(temp_io_hook, &none);
    assert_true(save(path, 'a'));
    wk_set_io_hook(NULL, NULL);
    return none.calls;
}

static void each_operation_fails(int forever)
{
    const char *path = temp_path("model");
    long calls = count_operations(path);
    assert_true(calls >= 5);
    for (long n = 0; n < calls; n++) {
        assert_true(save(path, 'a'));
        size_t memory = wk_memory_allocated();
        TempFault fault = {.at = n, .forever = forever};
        wk_set_io_hook(temp_io_hook, &fault);
        assert_false(save(path, 'b'));
        wk_set_io_hook(NULL, NULL);
        assert_non_null(strstr(wk_error(), path));
        assert_error(WK_ERROR_IO, ": Input/output error");
        assert_int_equal(whole(path), n == calls - 1
                                          ? 'b'
                                          : 'a'); /* the last is the folder's fsync: the new file stands */
        assert_int_equal(temp_files(), 1);
        assert_int_equal(wk_memory_allocated(), memory);
        assert_true(save(path, 'c'));
        assert_int_equal(whole(path), 'c');
    }
    remove(path);
}

static void each_operation_fails_once(void **state)
{
    (void)state;
    each_operation_fails(0);
}

static void each_operation_fails_for_ever(void **state)
{
    (void)state;
    each_operation_fails(1);
}

static int leave(wk_IoOperation operation, const char *path, size_t *bytes, void *user)
{
    (void)operation, (void)path, (void)bytes;
    if (temp_fault_now(user))
        _exit(42);
    return 0;
}

static void the_process_ends_at_each_operation(void **state)
{
    (void)state;
    const char *path = temp_path("model");
    int status = 42 << 8;
    assert_true(save(path, 'a'));
    for (long n = 0; WEXITSTATUS(status) == 42; n++) {
        pid_t child = fork();
        if (child == 0) {
            TempFault fault = {.at = n};
            wk_set_io_hook(leave, &fault);
            _exit(save(path, 'b') ? 0 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        char letter = whole(path);
        assert_true(letter == 'a' || letter == 'b');
    }
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(whole(path), 'b');
}

static int trickle(wk_IoOperation operation, const char *path, size_t *bytes, void *user)
{
    (void)path;
    if (operation == WK_IO_WRITE && *bytes > 1000)
        *bytes = 1000;
    return operation != WK_IO_RENAME && ++*(int *)user % 3 == 0 ? EINTR : 0;
}

static void short_writes_and_interrupts_are_no_errors(void **state)
{
    (void)state;
    const char *path = temp_path("model");
    for (int calls = 0; calls < 3; calls++) {
        int count = calls;
        wk_set_io_hook(trickle, &count);
        assert_true(save(path, (char)('d' + calls)));
        wk_set_io_hook(NULL, NULL);
        assert_int_equal(whole(path), 'd' + calls);
    }
}

static wk_IoOperation seen_operations[64];
static int seen_count;
static int watch(wk_IoOperation operation, const char *path, size_t *bytes, void *user)
{
    (void)path, (void)bytes, (void)user;
    if (seen_count < 64 && (seen_count == 0 || seen_operations[seen_count - 1] != operation))
        seen_operations[seen_count++] = operation;
    return 0;
}

static void the_disk_has_it_before_the_name(void **state)
{
    (void)state;
    static const wk_IoOperation want[] = {WK_IO_CREATE, WK_IO_WRITE, WK_IO_FSYNC, WK_IO_RENAME,
                                          WK_IO_FSYNC_DIR};
    seen_count = 0;
    wk_set_io_hook(watch, NULL);
    assert_true(save(temp_path("model"), 'e'));
    wk_set_io_hook(NULL, NULL);
    assert_int_equal(seen_count, 5);
    assert_memory_equal(seen_operations, want, sizeof want);
}

static void the_mask_and_links_are_respected(void **state)
{
    (void)state;
    struct stat status;
    const char *path = temp_path("masked");
    mode_t old = umask(077);
    assert_true(save(path, 'f'));
    umask(old);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    const char *link = temp_path("to-masked");
    assert_int_equal(symlink("masked", link), 0);
    assert_true(save(link, 'g'));
    assert_int_equal(lstat(link, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(whole(path), 'g');
}

static void refused(const char *path, const char *message)
{
    wk_Writer writer;
    assert_false(wk_writer_open(&writer, "save", path));
    assert_error(WK_ERROR_IO, message);
}

static void refuses_what_is_no_file(void **state)
{
    (void)state;
    char name[5000];
    refused(temp_folder, "Is a directory");
    refused("/dev/full", "save: cannot write /dev/full: Not a regular file");
    refused(temp_path("no-folder/x"), "No such file or directory");
    refused("", "save: cannot write : No such file or directory");
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = 0;
    refused(name, "...: File name too long");
    const char *link = temp_path("dangling");
    assert_int_equal(symlink("nowhere", link), 0);
    refused(link, "No such file or directory");
    wk_Writer writer;
    assert_false(wk_writer_open(&writer, "save", NULL));
    assert_error(WK_ERROR_ARGUMENT, "save: argument path is NULL");
}

/* ---- C69: what a path may be, asked of every writer ------------------------------------------------- */

static wk_Tensor *bytes_to_write;

static bool write_idx(const char *path)
{
    return wk_save_idx(bytes_to_write, path);
}

static bool write_safetensors(const char *path)
{
    return wk_save_safetensors(1, (wk_NamedTensor[]){{"w", bytes_to_write}}, path);
}

static bool write_bytes(const char *path)
{
    return wk_write_file(path, bytes_to_write);
}

static const struct {
    const char *op;
    bool (*write)(const char *path);
} writers[] = {{"save_idx", write_idx}, {"save_safetensors", write_safetensors}, {"write_file", write_bytes}};

static void every_writer_refuses(const char *path, const char *verb, const char *why)
{
    int files = temp_files();
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++) {
        char want[1024];
        assert_false(writers[i].write(path));
        snprintf(want, sizeof want, "%s: cannot %s %s: %s", writers[i].op, verb, WK_QUOTED(path), why);
        assert_string_equal(wk_error(), want);
        assert_int_equal(wk_error_kind(), WK_ERROR_IO);
        wk_clear_error();
    }
    assert_int_equal(temp_files(), files);
}

/* C69 */
static void paths_that_cannot_be_written(void **state)
{
    (void)state;
    static char name[5000];
    every_writer_refuses(temp_folder, "write", "Is a directory");
    const char *path = temp_path("pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    every_writer_refuses(path, "write", "Not a regular file");
    remove(path);
    path = temp_path("no-folder/x");
    every_writer_refuses(path, "create", "No such file or directory");
    path = temp_path("hanging");
    assert_int_equal(symlink("nowhere", path), 0);
    every_writer_refuses(path, "write", "No such file or directory");
    remove(path);
    memset(name, 'a', sizeof name - 1);
    every_writer_refuses(name, "write", "File name too long");
    name[4096] = 0;
    every_writer_refuses(name, "write", "File name too long");
}

/* C69 */
static void folders_that_may_not_be_written(void **state)
{
    (void)state;
    const char *folder = temp_path("closed"), *path = temp_path("closed/x");
    assert_int_equal(mkdir(folder, 0555), 0);
    if (temp_lower_privileges())
        every_writer_refuses(path, "create", "Permission denied");
    temp_raise_privileges();
    assert_int_equal(rmdir(folder), 0);
}

static int settle_and_setup(void **state)
{
    int failed = temp_setup(state);
    static int64_t dims[] = {3};
    bytes_to_write = wk_keep(wk_tensor_copy("abc", wk_uint8, 1, dims));
    return failed;
}

static int free_and_teardown(void **state)
{
    wk_tensor_free(bytes_to_write);
    return temp_teardown(state);
}

static void a_long_name_is_written(void **state)
{
    (void)state;
    char name[256];
    memset(name, 'n', 255);
    name[255] = 0;
    assert_true(save(temp_path(name), 'h'));
    assert_int_equal(whole(temp_path(name)), 'h');
}

static void giving_up_leaves_nothing(void **state)
{
    (void)state;
    const char *path = temp_path("given-up");
    int files = temp_files();
    wk_Writer writer;
    assert_true(wk_writer_open(&writer, "save", path));
    wk_writer_write(&writer, "abc", 3);
    assert_int_equal(temp_files(), files + 1);
    wk_writer_abandon(&writer);
    assert_int_equal(temp_files(), files);
    wk_writer_abandon(&writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_operation_fails_once),
        cmocka_unit_test(each_operation_fails_for_ever),
        cmocka_unit_test(the_disk_has_it_before_the_name),
        cmocka_unit_test(the_process_ends_at_each_operation),
        cmocka_unit_test(short_writes_and_interrupts_are_no_errors),
        cmocka_unit_test(the_mask_and_links_are_respected),
        cmocka_unit_test(refuses_what_is_no_file),
        cmocka_unit_test(paths_that_cannot_be_written),
        cmocka_unit_test(folders_that_may_not_be_written),
        cmocka_unit_test(a_long_name_is_written),
        cmocka_unit_test(giving_up_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, settle_and_setup, free_and_teardown);
}
