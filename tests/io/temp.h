/* For tests of files: a folder that goes with the test, files of given bytes, and what a failure must say. */
#ifndef TESTS_IO_TEMP_H
#define TESTS_IO_TEMP_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/rows.h"
#include "support/skip.h"

#include "core/tensor.h"
#include "wick/error.h"
#include "wick/io.h"
#include "wick/runtime.h"

static char temp_folder[128];

/* Debug builds keep the last thousands of released tensors aside; once that store is full, releasing one gives one back and
 * wk_memory_allocated tells what leaks. Opens scopes of many, so that the scopes' own lists have their room. */
static inline void temp_settle_memory(void)
{
    for (int i = 0; i < 50; i++) {
        wk_Scope scope = wk_scope_begin();
        for (int k = 0; k < 100; k++)
            assert_non_null(wk_tensor_new("test", wk_uint8, 0, NULL));
        assert_true(wk_scope_end(scope));
    }
}

static inline int temp_setup(void **state)
{
    (void)state;
    temp_settle_memory();
    const char *base = getenv("TMPDIR");
    snprintf(temp_folder, sizeof temp_folder, "%.90s/wick-test-XXXXXX", base && *base ? base : "/tmp");
    return mkdtemp(temp_folder) ? 0 : -1;
}

static inline int temp_teardown(void **state)
{
    (void)state;
    char path[512];
    DIR *folder = opendir(temp_folder);
    for (struct dirent *e; folder && (e = readdir(folder));) {
        snprintf(path, sizeof path, "%s/%s", temp_folder, e->d_name);
        if (e->d_name[0] != '.' || strlen(e->d_name) > 2)
            remove(path);
    }
    if (folder)
        closedir(folder);
    return rmdir(temp_folder);
}

/* The path of a name in the folder; four of them are valid at a time. */
static inline const char *temp_path(const char *name)
{
    static char paths[4][8192];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", temp_folder, name);
    return path;
}

static inline int temp_files(void)
{
    int count = -2;
    DIR *folder = opendir(temp_folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static inline const char *temp_write(const char *name, const void *bytes, size_t count)
{
    const char *path = temp_path(name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, count, f), count);
    assert_int_equal(fclose(f), 0);
    return path;
}

/* The bytes of a file, to be freed; *count of them. */
static inline unsigned char *temp_read(const char *path, size_t *count)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *count = (size_t)ftell(f);
    rewind(f);
    unsigned char *bytes = malloc(*count + 1);
    assert_int_equal(fread(bytes, 1, *count, f), *count);
    fclose(f);
    return bytes;
}

/* The pending error is of that kind and its message ends with text. Clears it. */
static inline void assert_error(wk_ErrorKind kind, const char *text)
{
    const char *message = wk_error();
    assert_non_null(message);
    size_t have = strlen(message), want = strlen(text);
    if (have < want)
        assert_string_equal(message, text);
    assert_string_equal(message + (have - want), text);
    assert_int_equal(wk_error_kind(), kind);
    wk_clear_error();
}

/* Runs as a user to whom modes apply: root may read and write everything. Returns false, and says so, when that cannot be had. */
static inline bool temp_lower_privileges(void)
{
    if (geteuid() != 0)
        return true;
    if (chmod(temp_folder, 0755) == 0 && seteuid(65534) == 0)
        return true;
    print_message("skipped: files without permission (root, and cannot be another user)\n");
    return false;
}

static inline void temp_raise_privileges(void)
{
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
}

/* A hook of memory or files that fails the n-th call, once or from then on. */
typedef struct TempFault {
    long at, calls;
    int forever;
} TempFault;

static inline int temp_fault_now(TempFault *fault)
{
    long call = __atomic_fetch_add(&fault->calls, 1, __ATOMIC_RELAXED);
    return fault->forever ? call >= fault->at : call == fault->at;
}

static inline bool temp_memory_hook(size_t bytes, void *user)
{
    (void)bytes;
    return !temp_fault_now(user);
}

static inline int temp_io_hook(wk_IoOperation operation, const char *path, size_t *bytes, void *user)
{
    (void)operation, (void)path, (void)bytes;
    return temp_fault_now(user) ? EIO : 0;
}

#endif
