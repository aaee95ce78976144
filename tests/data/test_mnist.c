/* MNIST by folder: what the files say is what the batches hold, resized as PyTorch resizes, and every fault of a folder is told. */
#include "io/temp.h"

#include "golden/data.h"
#include "wick/data.h"

static wk_Tensor *bytes_of(int ndim, const int64_t *dims)
{
    wk_Tensor *t = wk_tensor_new("test", wk_uint8, ndim, dims);
    for (int64_t i = 0; i < wk_numel(t); i++)
        wk_data(t, uint8_t)[i] = (uint8_t)(ndim == 1 ? i % 10 : (i * 37 + i * i % 251) % 256);
    return t;
}

/* Puts files for `images` pictures and `labels` labels of the test part into the folder. */
static void put_files(int64_t images, int64_t labels)
{
    wk_Scope scope = wk_scope_begin();
    assert_true(wk_save_idx(bytes_of(3, (int64_t[]){images, 28, 28}), temp_path("t10k-images-idx3-ubyte")));
    assert_true(wk_save_idx(bytes_of(1, &labels), temp_path("t10k-labels-idx1-ubyte")));
    wk_scope_end(scope);
}

static uint64_t fnv(const void *data, size_t bytes)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < bytes; i++)
        h = (h ^ ((const unsigned char *)data)[i]) * UINT64_C(0x100000001b3);
    return h;
}

/* The hash of the pictures when they are read three at a time. */
static uint64_t hash_of(wk_Dataset *dataset, int64_t side)
{
    if (!dataset)
        fail_msg("%s", wk_error());
    wk_DataLoader *loader = wk_DataLoader(dataset, .batch_size = 3);
    wk_Batch b;
    assert_true(wk_next(loader, &b));
    assert_int_equal(wk_ndim(b.input), 4);
    assert_int_equal(wk_size(b.input, 0), 3);
    assert_int_equal(wk_size(b.input, 1), 1);
    assert_int_equal(wk_size(b.input, 2), side);
    assert_int_equal(wk_dtype_of(b.target), wk_int64);
    assert_int_equal(wk_data(b.target, int64_t)[2], 2);
    uint64_t hash = fnv(wk_data_ptr(b.input), (size_t)wk_numel(b.input) * 4);
    wk_dataloader_free(loader);
    return hash;
}

static void bilinear_is_pytorchs(void **state)
{
    (void)state;
    put_files(3, 3);
    for (size_t i = 0; i < sizeof golden_bilinear / sizeof *golden_bilinear; i++) {
        int size = golden_bilinear[i].size;
        assert_true(hash_of(wk_MNIST(temp_folder, .test = true, .resize = size), size) ==
                    golden_bilinear[i].hash);
    }
}

static void padding_is_a_frame_of_zeros(void **state)
{
    (void)state;
    put_files(3, 3);
    assert_true(hash_of(wk_MNIST(temp_folder, .test = true, .resize = 32, .resize_mode = wk_resize_pad),
                        32) == golden_padded);
}

static void without_a_size_pixels_are_divided(void **state)
{
    (void)state;
    put_files(3, 3);
    wk_DataLoader *loader = wk_DataLoader(wk_MNIST(temp_folder, .test = true));
    wk_Batch b;
    assert_true(wk_next(loader, &b));
    for (int i = 0; i < 784; i++)
        assert_true(wk_data(b.input, float)[i] == (float)((i * 37 + i * i % 251) % 256) / 255.0f);
    wk_dataloader_free(loader);
}

static void refused(wk_MNIST_options options, wk_ErrorKind kind, const char *text)
{
    size_t memory = wk_memory_allocated();
    options.test = true;
    if (!options.root)
        options.root = temp_folder;
    assert_null(wk_MNIST_with(options));
    assert_error(kind, text);
    assert_int_equal(wk_memory_allocated(), memory);
}

static void counts_differ(void **state)
{
    (void)state;
    ROW("I34");
    put_files(60, 59);
    refused((wk_MNIST_options){0}, WK_ERROR_CORRUPT, "t10k-labels-idx1-ubyte: 59 labels for 60 images");
}

static void a_label_that_is_none(void **state)
{
    (void)state;
    ROW("I34");
    put_files(20, 20);
    size_t count;
    unsigned char *bytes = temp_read(temp_path("t10k-labels-idx1-ubyte"), &count);
    bytes[8 + 13] = 10;
    temp_write("t10k-labels-idx1-ubyte", bytes, count);
    free(bytes);
    refused((wk_MNIST_options){0}, WK_ERROR_CORRUPT, "t10k-labels-idx1-ubyte: label[13]=10, classes=10");
}

static void no_items(void **state)
{
    (void)state;
    ROW("I34");
    put_files(0, 0);
    refused((wk_MNIST_options){0}, WK_ERROR_CORRUPT, "t10k-images-idx3-ubyte: 0 items");
}

static void wrong_rank(void **state)
{
    (void)state;
    ROW("I30");
    put_files(3, 3);
    wk_Scope scope = wk_scope_begin();
    assert_true(wk_save_idx(bytes_of(2, (int64_t[]){3, 784}), temp_path("t10k-images-idx3-ubyte")));
    wk_scope_end(scope);
    refused((wk_MNIST_options){0}, WK_ERROR_CORRUPT,
            "t10k-images-idx3-ubyte: magic 0x00000802, must be 0x00000803");
}

static void files_that_are_not_there(void **state)
{
    (void)state;
    ROW("C69");
    char want[400];
    put_files(3, 3);
    remove(temp_path("t10k-labels-idx1-ubyte"));
    snprintf(want, sizeof want,
             "MNIST: cannot open %s/t10k-labels-idx1-ubyte[.gz]: No such file or directory", temp_folder);
    refused((wk_MNIST_options){0}, WK_ERROR_IO, want);
    refused((wk_MNIST_options){.root = "/nowhere\n"}, WK_ERROR_IO,
            "MNIST: cannot open /nowhere\\x0a/t10k-images-idx3-ubyte[.gz]: No such file or directory");
    static char name[5000];
    memset(name, 'a', sizeof name - 1);
    refused((wk_MNIST_options){.root = name}, WK_ERROR_ARGUMENT, "...: File name too long");
    assert_null(wk_MNIST(NULL));
    assert_error(WK_ERROR_ARGUMENT, "MNIST: argument root is NULL");
}

static void sizes_that_cannot_be(void **state)
{
    (void)state;
    put_files(3, 3);
    refused((wk_MNIST_options){.resize = -1}, WK_ERROR_ARGUMENT, "MNIST: resize is -1, must be 1 to 4096");
    refused((wk_MNIST_options){.resize = 31, .resize_mode = wk_resize_pad}, WK_ERROR_SHAPE,
            "MNIST: 28x28 cannot be padded evenly to 31x31");
    refused((wk_MNIST_options){.resize = 24, .resize_mode = wk_resize_pad}, WK_ERROR_SHAPE,
            "MNIST: 28x28 cannot be padded evenly to 24x24");
    refused((wk_MNIST_options){.resize_mode = (wk_resize_mode)7}, WK_ERROR_ARGUMENT,
            "MNIST: there is no resize_mode 7");
}

static void each_allocation_and_operation_fails(void **state)
{
    (void)state;
    put_files(3, 3);
    for (int kind = 0; kind < 2; kind++) {
        wk_Dataset *dataset = NULL;
        for (long at = 0; !dataset; at++) {
            size_t memory = wk_memory_allocated();
            TempFault fault = {.at = at};
            if (kind == 0)
                wk_set_memory_hook(temp_memory_hook, &fault);
            else
                wk_set_io_hook(temp_io_hook, &fault);
            dataset = wk_MNIST(temp_folder, .test = true, .resize = 32);
            wk_set_memory_hook(NULL, NULL);
            wk_set_io_hook(NULL, NULL);
            assert_true((dataset != NULL) == (fault.calls <= at));
            if (!dataset) {
                assert_int_equal(wk_error_kind(), kind == 0 ? WK_ERROR_MEMORY : WK_ERROR_IO);
                assert_int_equal(wk_memory_allocated(), memory);
            }
            wk_clear_error();
            assert_true(at < 100);
        }
        wk_dataset_free(dataset);
    }
}

static void pictures_of_your_own(void **state)
{
    (void)state;
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *images = bytes_of(3, (int64_t[]){3, 28, 28}), *labels = bytes_of(1, (int64_t[]){3});
    assert_true(hash_of(wk_Images(images, labels, .resize = 32), 32) == golden_bilinear[5].hash);
    wk_DataLoader *loader = wk_DataLoader(wk_Images(images), .batch_size = 2);
    wk_Batch b;
    assert_true(wk_next(loader, &b));
    assert_int_equal(b.count, 1);
    assert_null(b.target);
    wk_dataloader_free(loader);
    wk_data(labels, uint8_t)[1] = 12;
    assert_null(wk_Images(images, labels));
    assert_error(WK_ERROR_CORRUPT, "Images: label[1]=12, classes=10");
    assert_null(wk_Images(labels));
    assert_error(WK_ERROR_SHAPE, "Images: expected images to have 3 dimensions, but got [3]");
    assert_null(wk_Images(wk_tensor_new("test", wk_float32, 3, (int64_t[]){1, 2, 2})));
    assert_error(WK_ERROR_DTYPE, "Images: expected images to be uint8, but got float32");
    wk_scope_end(scope);
}

/* ---- the real one, where it is at hand -------------------------------------------------------------- */

static void the_real_files(void **state)
{
    (void)state;
    const char *folder = getenv("WICK_MNIST");
    if (!folder)
        folder = "../shared/data/mnist";
    if (access(folder, R_OK) != 0)
        SKIP("no MNIST folder; set WICK_MNIST");
    if (!WICK_HAS_ZLIB)
        SKIP("built without zlib");
    wk_DataLoader *loader = wk_DataLoader(wk_MNIST(folder), .batch_size = 1000);
    if (!loader)
        fail_msg("%s", wk_error());
    assert_int_equal(wk_dataloader_len(loader), 60);
    int64_t counts[10] = {0}, total = 0;
    double sum = 0;
    for (wk_Batch b; wk_next(loader, &b); total += b.size) {
        for (int64_t i = 0; i < b.size; i++)
            counts[wk_data(b.target, int64_t)[i]]++;
        for (int64_t i = 0; i < b.size * 784; i++)
            sum += wk_data(b.input, float)[i];
    }
    assert_int_equal(total, 60000);
    assert_int_equal(counts[0], 5923);
    assert_int_equal(counts[9], 5949);
    assert_true(sum / (60000.0 * 784) > 0.13065 &&
                sum / (60000.0 * 784) < 0.13067); /* the 0.1307 of every tutorial */
    wk_dataloader_free(loader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bilinear_is_pytorchs),
        cmocka_unit_test(padding_is_a_frame_of_zeros),
        cmocka_unit_test(without_a_size_pixels_are_divided),
        cmocka_unit_test(counts_differ),
        cmocka_unit_test(a_label_that_is_none),
        cmocka_unit_test(no_items),
        cmocka_unit_test(wrong_rank),
        cmocka_unit_test(files_that_are_not_there),
        cmocka_unit_test(sizes_that_cannot_be),
        cmocka_unit_test(each_allocation_and_operation_fails),
        cmocka_unit_test(pictures_of_your_own),
        cmocka_unit_test(the_real_files),
    };
    return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
