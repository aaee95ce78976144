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
    assert_int_equal(temp_files(), 1); /* the last one has cleaned up behind the others */
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

/* ---- what was there before -------------------------------------------------------------------------- */

static void the_mode_and_owner_stay(void **state)
{
    (void)state;
    struct stat status;
    const char *path = temp_path("owned");
    static const mode_t modes[] = {0600, 0664, 0755};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_true(save(path, 'a'));
        assert_int_equal(chmod(path, modes[i]), 0);
        if (geteuid() == 0)
            assert_int_equal(chown(path, 1234, 5678), 0);
        mode_t old = umask(077);
        assert_true(save(path, 'b'));
        umask(old);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, modes[i]);
        assert_int_equal(status.st_uid, geteuid() ? geteuid() : 1234);
        assert_int_equal(status.st_gid, geteuid() ? getegid() : 5678);
        remove(path);
    }
}

/* Whose group cannot be kept, its members get no more than everybody. */
static void a_group_that_cannot_be_kept(void **state)
{
    (void)state;
    struct stat status;
    if (geteuid() != 0)
        SKIP("needs root to make a file of another user");
    const char *folder = temp_path("open"), *path = temp_path("open/x");
    assert_int_equal(mkdir(folder, 0777), 0);
    assert_int_equal(chmod(folder, 0777), 0);
    assert_true(save(path, 'a'));
    assert_int_equal(chown(path, 1234, 5678), 0);
    assert_int_equal(chmod(path, 0676), 0);
    if (temp_lower_privileges()) {
        assert_true(save(path, 'b'));
        temp_raise_privileges();
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_uid, 65534);
        assert_int_equal(status.st_mode & 0777, 0666);
    }
    remove(path);
    assert_int_equal(rmdir(folder), 0);
}

/* What stands under the temporary name when the file is to be made: a link to `victim`, or a file. */
typedef struct Plant {
    wk_Writer *writer;
    const char *victim;
    char name[WRITER_PATH];
    int planted;
} Plant;

static int plant(wk_IoOperation operation, const char *path, size_t *bytes, void *user)
{
    (void)path, (void)bytes;
    Plant *p = user;
    if (operation != WK_IO_CREATE || p->planted++)
        return 0;
    snprintf(p->name, sizeof p->name, "%s", p->writer->temporary);
    if (p->victim)
        assert_int_equal(symlink(p->victim, p->name), 0);
    else
        close(open(p->name, O_WRONLY | O_CREAT, 0600));
    return 0;
}

/* Nothing is written through what somebody has put under the temporary name, and nothing of it is removed. */
static void what_has_the_temporary_name_stays(void **state)
{
    (void)state;
    struct stat status;
    char nothing[300];
    snprintf(nothing, sizeof nothing, "%s", temp_path("nothing"));
    const char *path = temp_path("model"), *victim = temp_write("victim", "precious", 8);
    for (int k = 0; k < 3; k++) { /* a link to a file, a link to nothing, a file */
        wk_Writer writer;
        Plant p = {.writer = &writer, .victim = k == 0 ? victim : k == 1 ? nothing : NULL};
        wk_set_io_hook(plant, &p);
        bool opened = wk_writer_open(&writer, "save", path);
        wk_set_io_hook(NULL, NULL);
        assert_true(opened);
        assert_int_equal(p.planted, 2);
        wk_writer_write(&writer, "abc", 3);
        assert_true(wk_writer_close(&writer));
        assert_int_equal(lstat(p.name, &status), 0);
        assert_true(k == 2 ? S_ISREG(status.st_mode) && status.st_size == 0 : S_ISLNK(status.st_mode));
        assert_int_equal(stat(victim, &status), 0);
        assert_int_equal(status.st_size, 8);
        assert_int_equal(access(nothing, F_OK), -1);
        remove(p.name);
    }
    remove(path);
    remove(victim);
}

static void leftovers_are_removed(void **state)
{
    (void)state;
    char name[400], folder[300], path[320];
    struct stat status;
    snprintf(folder, sizeof folder, "%s", temp_path("left"));
    snprintf(path, sizeof path, "%s/x", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    for (int i = 0; i < 150; i++) { /* of a process that had this one's number */
        snprintf(name, sizeof name, "%s/.wick-%lx-%x.tmp", folder, (unsigned long)getpid(), (unsigned)i);
        close(open(name, O_WRONLY | O_CREAT, 0600));
    }
    static const char *const others[] = {".wick-.tmp", ".wick-x.tmp", ".wick-1.tmp2", "wick-1.tmp"};
    const char *victim = temp_write("victim", "precious", 8);
    for (size_t i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "%s/%s", folder, others[i]);
        close(open(name, O_WRONLY | O_CREAT, 0600));
    }
    snprintf(name, sizeof name, "%s/.wick-2.tmp", folder);
    assert_int_equal(symlink(victim, name), 0);
    assert_true(save(path, 'a'));
    assert_int_equal(lstat(name, &status), 0); /* no link is taken for a leftover */
    remove(name);
    for (size_t i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "%s/%s", folder, others[i]);
        assert_int_equal(remove(name), 0);
    }
    assert_int_equal(remove(path), 0);
    assert_int_equal(rmdir(folder), 0); /* the 150 are gone */
    remove(victim);
}

/* A file that is being written is no leftover: neither another process nor this one removes it. */
static void what_is_being_written_is_no_leftover(void **state)
{
    (void)state;
    wk_Writer writer;
    int status;
    const char *path = temp_path("slow");
    assert_true(wk_writer_open(&writer, "save", path));
    wk_writer_write(&writer, "abc", 3);
    pid_t child = fork();
    if (child == 0)
        _exit(save(temp_path("quick"), 'q') ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(access(writer.temporary, F_OK), 0);
    assert_true(wk_writer_close(&writer));
    size_t count;
    free(temp_read(path, &count));
    assert_int_equal(count, 3);
    remove(path);
    remove(temp_path("quick"));
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

static void paths_that_cannot_be_written(void **state)
{
    (void)state;
    ROW("C69");
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

static void folders_that_may_not_be_written(void **state)
{
    (void)state;
    ROW("C69");
    const char *folder = temp_path("closed"), *path = temp_path("closed/x");
    assert_int_equal(mkdir(folder, 0555), 0);
    if (temp_lower_privileges())
        every_writer_refuses(path, "create", "Permission denied");
    temp_raise_privileges();
    assert_int_equal(rmdir(folder), 0);
}

static void files_that_may_not_be_written(void **state)
{
    (void)state;
    ROW("C69");
    const char *path = temp_write("closed-file", "good", 4);
    assert_int_equal(chmod(path, 0444), 0);
    assert_int_equal(chmod(temp_folder, 0777), 0);
    if (temp_lower_privileges()) /* as open for writing says, though a rename would do */
        every_writer_refuses(path, "write", "Permission denied");
    temp_raise_privileges();
    remove(path);
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
        cmocka_unit_test(the_mode_and_owner_stay),
        cmocka_unit_test(a_group_that_cannot_be_kept),
        cmocka_unit_test(what_has_the_temporary_name_stays),
        cmocka_unit_test(leftovers_are_removed),
        cmocka_unit_test(what_is_being_written_is_no_leftover),
        cmocka_unit_test(refuses_what_is_no_file),
        cmocka_unit_test(paths_that_cannot_be_written),
        cmocka_unit_test(folders_that_may_not_be_written),
        cmocka_unit_test(files_that_may_not_be_written),
        cmocka_unit_test(a_long_name_is_written),
        cmocka_unit_test(giving_up_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, settle_and_setup, free_and_teardown);
}
