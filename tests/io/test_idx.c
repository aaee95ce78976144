/* IDX files, plain and compressed: what is right is read, what is wrong is told. */
#include "io/temp.h"
#include "support/check.h"

#include <math.h>
#if WICK_HAS_ZLIB
#include <zlib.h>
#endif

#include "wick/tensor.h"

static unsigned char bytes_of_file[1 << 16];

/* A header of unsigned bytes with these sizes; returns its length. */
static size_t header(unsigned type, int ndim, const uint32_t *dims)
{
    unsigned char *p = bytes_of_file;
    *p++ = 0, *p++ = 0, *p++ = (unsigned char)type, *p++ = (unsigned char)ndim;
    for (int i = 0; i < ndim; i++)
        for (int b = 24; b >= 0; b -= 8)
            *p++ = (unsigned char)(dims[i] >> b);
    return (size_t)(p - bytes_of_file);
}

/* Loading the first `count` bytes of bytes_of_file fails so; "%s" in the text stands for the path. */
static void fails(size_t count, wk_ErrorKind kind, const char *text)
{
    char want[1024];
    const char *path = temp_write("t10k", bytes_of_file, count);
    size_t memory = wk_memory_allocated();
    assert_null(wk_load_idx(path));
    snprintf(want, sizeof want, "load_idx: %s: %s", path, text);
    assert_error(kind, want);
    assert_int_equal(wk_memory_allocated(), memory);
}

static void empty_or_three_bytes(void **state)
{
    (void)state;
    ROW("I29");
    header(8, 1, (uint32_t[]){3});
    fails(0, WK_ERROR_CORRUPT, "truncated at byte 0, header needs 4");
    fails(3, WK_ERROR_CORRUPT, "truncated at byte 3, header needs 4");
    fails(7, WK_ERROR_CORRUPT, "truncated at byte 7, header needs 8");
}

static void wrong_magic(void **state)
{
    (void)state;
    ROW("I30");
    size_t n = header(8, 1, (uint32_t[]){3}) + 3;
    bytes_of_file[0] = 1;
    fails(n, WK_ERROR_CORRUPT, "magic 0x01000801 is not that of an IDX file");
    bytes_of_file[0] = 0, bytes_of_file[1] = 0x80;
    fails(n, WK_ERROR_CORRUPT, "magic 0x00800801 is not that of an IDX file");
    header(10, 1, (uint32_t[]){3});
    fails(n, WK_ERROR_CORRUPT, "magic 0x00000a01 is not that of an IDX file");
    header(8, 0, NULL);
    fails(4, WK_ERROR_CORRUPT, "magic 0x00000800 is not that of an IDX file");
    header(9, 1, (uint32_t[]){3});
    fails(n, WK_ERROR_UNSUPPORTED, "magic 0x00000901: elements of type signed byte not supported");
    header(11, 1, (uint32_t[]){3});
    fails(n, WK_ERROR_UNSUPPORTED, "magic 0x00000b01: elements of type short not supported");
    header(8, 9, (uint32_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1});
    fails(41, WK_ERROR_SHAPE, "magic 0x00000809: rank 9, max 8");
}

static bool no_memory_for_much(size_t bytes, void *user)
{
    (void)user;
    return bytes < 100000;
}

static void sizes_that_overflow(void **state)
{
    (void)state;
    ROW("I31");
    wk_set_memory_hook(no_memory_for_much, NULL); /* nothing is asked for on the word of such a header */
    size_t n = header(8, 3, (uint32_t[]){0xffffffff, 0xffffffff, 0xffffffff});
    fails(n, WK_ERROR_OVERFLOW, "sizes [4294967295, 4294967295, 4294967295] overflow");
    n = header(14, 2, (uint32_t[]){0x80000000, 0x40000000});
    fails(n, WK_ERROR_OVERFLOW, "sizes [2147483648, 1073741824] overflow");
    n = header(8, 2, (uint32_t[]){0xffffffff, 0x7fffffff});
    fails(n, WK_ERROR_CORRUPT, "need 9223372030412324877 bytes, have 12");
    wk_set_memory_hook(NULL, NULL);
}

static void fewer_bytes_than_told(void **state)
{
    (void)state;
    ROW("I32");
    size_t n = header(8, 3, (uint32_t[]){60000, 28, 28});
    fails(n + 392, WK_ERROR_CORRUPT, "need 47040016 bytes, have 408");
}

static void trailing_bytes(void **state)
{
    (void)state;
    ROW("I33");
    size_t n = header(8, 1, (uint32_t[]){3}) + 3;
    fails(n + 2, WK_ERROR_CORRUPT, "2 trailing bytes after the 11 that the header tells of");
}

static void no_items(void **state)
{
    (void)state;
    size_t n = header(8, 3, (uint32_t[]){0, 28, 28});
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *t = wk_load_idx(temp_write("empty", bytes_of_file, n));
    assert_non_null(t);
    assert_int_equal(wk_numel(t), 0);
    assert_int_equal(wk_size(t, 1), 28);
    wk_scope_end(scope);
}

static void every_dtype_goes_out_and_in(void **state)
{
    (void)state;
    wk_Scope scope = wk_scope_begin();
    const char *path = temp_path("saved");
    const int64_t dims[] = {2, 3};
    const void *data[] = {(uint8_t[]){0, 1, 2, 3, 254, 255},
                          (int32_t[]){0, 1, -2, INT32_MAX, INT32_MIN, 0x01020304},
                          (float[]){0, -0.0f, 1.5f, -3e38f, INFINITY, 1e-40f},
                          (double[]){0, -1, 1e300, 0.1, -INFINITY, 5e-324}};
    const wk_dtype dtypes[] = {wk_uint8, wk_int32, wk_float32, wk_float64};
    for (int i = 0; i < 4; i++) {
        wk_Tensor *t = wk_tensor_copy(data[i], dtypes[i], 2, dims);
        assert_true(wk_save_idx(t, path));
        wk_Tensor *back = wk_load_idx(path);
        assert_non_null(back);
        assert_int_equal(wk_dtype_of(back), dtypes[i]);
        assert_int_equal(wk_ndim(back), 2);
        assert_int_equal(wk_size(back, 1), 3);
        assert_memory_equal(wk_data_ptr(back), data[i], 6 * wk_dtype_size(dtypes[i]));
    }
    size_t count;
    unsigned char *bytes = temp_read(path, &count);
    assert_int_equal(count, 12 + 48);
    assert_memory_equal(bytes, ((unsigned char[]){0, 0, 0x0e, 2, 0, 0, 0, 2, 0, 0, 0, 3}), 12);
    free(bytes);
    assert_false(wk_save_idx(wk_tensor_copy((int64_t[]){1}, wk_int64, 1, (int64_t[]){1}), path));
    assert_error(WK_ERROR_DTYPE, "save_idx: IDX has no type for int64");
    wk_scope_end(scope);
}

#if WICK_HAS_ZLIB
/* bytes_of_file[0..count) as one member at out; returns its length. */
static size_t compress_member(const unsigned char *in, size_t count, unsigned char *out, size_t room)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)in, z.avail_in = (uInt)count;
    z.next_out = out, z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t n = room - z.avail_out;
    deflateEnd(&z);
    return n;
}

static unsigned char zipped[1 << 16];

static size_t zipped_ramp(void)
{
    size_t n = header(8, 2, (uint32_t[]){10, 100});
    for (int i = 0; i < 1000; i++)
        bytes_of_file[n + (size_t)i] = (unsigned char)(i * 7 / 3);
    return compress_member(bytes_of_file, n + 1000, zipped, sizeof zipped);
}

static void zipped_fails(size_t count, wk_ErrorKind kind, const char *text)
{
    unsigned char saved[1 << 12];
    assert_true(count <= sizeof saved);
    memcpy(saved, bytes_of_file, sizeof saved);
    memcpy(bytes_of_file, zipped, count);
    fails(count, kind, text);
    memcpy(bytes_of_file, saved, sizeof saved);
}

static void gzip_is_read(void **state)
{
    (void)state;
    size_t n = zipped_ramp();
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *t = wk_load_idx(temp_write("z", zipped, n));
    assert_non_null(t);
    assert_int_equal(wk_size(t, 1), 100);
    assert_memory_equal(wk_data_ptr(t), bytes_of_file + 12, 1000);
    wk_scope_end(scope);
}

static void gzip_of_several_members_is_read(void **state)
{
    (void)state;
    ROW("I35");
    zipped_ramp();
    size_t n = compress_member(bytes_of_file, 5, zipped, 1000);
    n += compress_member(bytes_of_file, 0, zipped + n, 1000);
    n += compress_member(bytes_of_file + 5, 1007, zipped + n, 4000);
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *t = wk_load_idx(temp_write("z", zipped, n));
    assert_non_null(t);
    assert_memory_equal(wk_data_ptr(t), bytes_of_file + 12, 1000);
    wk_scope_end(scope);
}

static void gzip_truncated(void **state)
{
    (void)state;
    ROW("I35");
    char text[100];
    size_t n = zipped_ramp();
    for (size_t k = 2; k < n; k++) {
        snprintf(text, sizeof text, "gzip: truncated at byte %zu", k);
        zipped_fails(k, WK_ERROR_CORRUPT, text);
    }
}

static void gzip_damaged(void **state)
{
    (void)state;
    ROW("I35");
    char text[100];
    size_t n = zipped_ramp();
    zipped[n - 8] ^= 1;
    snprintf(text, sizeof text, "gzip: incorrect data check at byte %zu", n - 4);
    zipped_fails(n, WK_ERROR_CORRUPT, text);
    zipped[n - 8] ^= 1;
    zipped[n - 1] ^= 1;
    snprintf(text, sizeof text, "gzip: incorrect length check at byte %zu", n);
    zipped_fails(n, WK_ERROR_CORRUPT, text);
    zipped[n - 1] ^= 1;
    zipped[2] = 9;
    zipped_fails(n, WK_ERROR_CORRUPT, "gzip: unknown compression method at byte 4");
    zipped[2] = 8;
    zipped[3] = 0xe0;
    zipped_fails(n, WK_ERROR_CORRUPT, "gzip: unknown header flags set at byte 4");
    zipped[3] = 2; /* the header has a checksum of its own: it is not the two bytes that follow */
    zipped_fails(n, WK_ERROR_CORRUPT, "gzip: header crc mismatch at byte 12");
    zipped[3] = 0;
    zipped[n] = 0;
    snprintf(text, sizeof text, "gzip: trailing bytes at byte %zu", n);
    zipped_fails(n + 1, WK_ERROR_CORRUPT, text);
    zipped[n] = 0x1f;
    snprintf(text, sizeof text, "gzip: truncated at byte %zu", n + 1);
    zipped_fails(n + 1, WK_ERROR_CORRUPT, text);
}

/* A megabyte that inflates to a gigabyte of zeros: the same compressed block over and over. */
static size_t make_bomb(unsigned char *out, size_t room)
{
    static unsigned char zeros[1 << 20], block[1 << 12];
    z_stream z = {.next_in = zeros, .avail_in = sizeof zeros, .next_out = block, .avail_out = sizeof block};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FULL_FLUSH), Z_OK);
    assert_int_equal(z.avail_in, 0);
    size_t bytes = sizeof block - z.avail_out, n = 10;
    deflateEnd(&z);
    memcpy(out, (const unsigned char[]){0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3}, n);
    for (int i = 0; i < 1024; i++, n += bytes) {
        assert_true(n + bytes <= room);
        memcpy(out + n, block, bytes);
    }
    return n;
}

/* A file of zeros is as small as deflate makes one, 1 to 1028 here (its limit is 1032), and right all the same. */
static void gzip_of_zeros_is_read(void **state)
{
    (void)state;
    static unsigned char small[1 << 16];
    const uint32_t dims[] = {60000, 28, 28};
    const size_t bytes = header(8, 3, dims) + 60000 * 784;
    unsigned char *all = calloc(bytes, 1);
    memcpy(all, bytes_of_file, 16);
    const size_t n = compress_member(all, bytes, small, sizeof small);
    free(all);
    assert_true(bytes > 1027 * n);
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *t = wk_load_idx(temp_write("zeros", small, n));
    assert_non_null(t);
    assert_int_equal(wk_numel(t), 60000 * 784);
    assert_true(wk_item(wk_sum(t)) == 0);
    wk_scope_end(scope);
}

static void gzip_bomb(void **state)
{
    (void)state;
    ROW("I36");
    static unsigned char bomb[2 << 20];
    char text[100];
    size_t n = header(8, 1, (uint32_t[]){50000});
    n = compress_member(bytes_of_file, n, bomb,
                        sizeof bomb); /* the header, and then the bomb as the next member */
    n += make_bomb(bomb + n, sizeof bomb - n);
    size_t most = wk_max_memory_allocated(), room = wk_memory_allocated() + 50008 + (1 << 18);
    temp_write("t10k", bomb, n);
    assert_null(wk_load_idx(temp_path("t10k")));
    assert_error(WK_ERROR_CORRUPT, "t10k: trailing bytes after the 50008 that the header tells of");
    assert_true(wk_max_memory_allocated() <= (most > room ? most : room));
    /* and a header that tells of more than the file can hold costs no memory */
    header(8, 2, (uint32_t[]){50000, 50000});
    n = compress_member(bytes_of_file, 12, zipped, sizeof zipped);
    snprintf(text, sizeof text, "need 2500000012 bytes, %zu compressed ones cannot hold them", n);
    wk_set_memory_hook(no_memory_for_much, NULL);
    zipped_fails(n, WK_ERROR_CORRUPT, text);
    wk_set_memory_hook(NULL, NULL);
}

static wk_Tensor *load_again(void *path)
{
    return wk_load_idx(path);
}

static void memory_runs_out_at_each_allocation(void **state)
{
    (void)state;
    size_t n = zipped_ramp();
    assert_true(
        expect_survives_failing_allocations(load_again, (void *)(uintptr_t)temp_write("z", zipped, n)) > 2);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_or_three_bytes),
        cmocka_unit_test(wrong_magic),
        cmocka_unit_test(sizes_that_overflow),
        cmocka_unit_test(fewer_bytes_than_told),
        cmocka_unit_test(trailing_bytes),
        cmocka_unit_test(no_items),
        cmocka_unit_test(every_dtype_goes_out_and_in),
#if WICK_HAS_ZLIB
        cmocka_unit_test(gzip_is_read),
        cmocka_unit_test(gzip_of_several_members_is_read),
        cmocka_unit_test(gzip_truncated),
        cmocka_unit_test(gzip_damaged),
        cmocka_unit_test(gzip_of_zeros_is_read),
        cmocka_unit_test(gzip_bomb),
        cmocka_unit_test(memory_runs_out_at_each_allocation),
#endif
    };
    return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
