/* MNIST from a folder: the two IDX files of a part, wherever in it and under whichever of the usual names they lie.
 *
 * Labels are checked here, all of them, so that nothing behind this point meets a class that is none. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/options.h"
#include "core/shape.h"
#include "core/tensor.h"
#include "data/images.h"
#include "wick/io.h"

enum { MNIST_PATH = 4352 };

static const char mnist_op[] = "MNIST";

/* Loads the first of the usual places that exists; every other failure than "no such file" is the user's to see. */
static wk_Tensor *load_part(const char *root, const char *name, int rank, char *path)
{
    static const char *const folders[] = {"", "MNIST/raw/", "raw/"};
    static const char *const endings[] = {"", ".gz"};
    char quoted[256];
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 2; k++) {
            int n =
                snprintf(path, MNIST_PATH, "%s/%s%s-idx%d-ubyte%s", root, folders[i], name, rank, endings[k]);
            if ((size_t)n >= MNIST_PATH) /* a failure is a large number */
                return wk_raise(WK_ERROR_ARGUMENT, "%s: cannot open %s: File name too long", mnist_op,
                                wk_quote(quoted, sizeof quoted, root));
            if (access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR))
                return wk_load_idx(path);
        }
    return wk_raise(WK_ERROR_IO, "%s: cannot open %s/%s-idx%d-ubyte[.gz]: No such file or directory",
                    mnist_op, wk_quote(quoted, sizeof quoted, root), name, rank);
}

static bool check_part(const wk_Tensor *t, int rank, const char *path)
{
    static const unsigned char codes[WK_DTYPES] = {
        [wk_uint8] = 8, [wk_int32] = 12, [wk_float32] = 13, [wk_float64] = 14};
    char quoted[256];
    if (!t)
        return false;
    if (t->ndim != rank || t->dtype != wk_uint8)
        return wk_raise(WK_ERROR_CORRUPT, "%s: %s: magic 0x0000%02x%02x, must be 0x0000080%d", mnist_op,
                        wk_quote(quoted, sizeof quoted, path), codes[t->dtype], t->ndim, rank),
               false;
    if (t->shape[0] == 0)
        return wk_raise(WK_ERROR_CORRUPT, "%s: %s: 0 items", mnist_op, wk_quote(quoted, sizeof quoted, path)),
               false;
    return true;
}

static bool check_labels(const wk_Tensor *images, const wk_Tensor *labels, const char *path)
{
    char where[256];
    wk_quote(where, sizeof where - 2, path);
    strcat(where, ": ");
    return wk_images_check_labels(mnist_op, where, images, labels);
}

static wk_Dataset *load_mnist(const wk_MNIST_options *options, char *path)
{
    const char *part = options->test ? "t10k" : "train";
    char name[16];
    snprintf(name, sizeof name, "%s-images", part);
    wk_Tensor *images = load_part(options->root, name, 3, path);
    if (!check_part(images, 3, path))
        return NULL;
    snprintf(name, sizeof name, "%s-labels", part);
    wk_Tensor *labels = load_part(options->root, name, 1, path);
    if (!check_part(labels, 1, path) || !check_labels(images, labels, path))
        return NULL;
    return wk_images_dataset(mnist_op, images, labels, options->resize, options->resize_mode);
}

wk_Dataset *wk_MNIST_with(wk_MNIST_options options)
{
    if (!options.root)
        return wk_raise_null(mnist_op, "root");
    if (!wk_by_place_at_most(mnist_op, options.by_place, 1, "test, resize"))
        return NULL;
    char *path = wk_alloc(MNIST_PATH);
    wk_Scope scope = path ? wk_scope_begin() : (wk_Scope){0};
    wk_Dataset *dataset = scope.id ? load_mnist(&options, path) : NULL;
    if (scope.id)
        wk_scope_end(scope);
    wk_release(path, MNIST_PATH);
    return dataset;
}
