/* Data: datasets, and the loader that makes batches of them.
 *
 *     wk_DataLoader *train = wk_DataLoader(wk_MNIST("data/mnist", .resize = 32), .batch_size = 64, .shuffle = true);
 *     for (int epoch = 0; epoch < 5; epoch++)
 *         for (wk_Batch b; wk_next(train, &b);) {
 *             ... b.input [64, 1, 32, 32] float32, b.target [64] int64 ...
 *         }
 *     wk_free(train);
 *
 * Ownership: wk_DataLoader takes over the share of the dataset that it is given, even when it fails. Who goes on using the dataset
 * gives wk_dataset_keep(dataset) instead, and frees both.
 */
#ifndef WICK_DATA_H
#define WICK_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "wick/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- datasets --------------------------------------------------------------------------------------- */

/* A numbered collection of samples; a sample is one tensor or several. It never changes, and any thread may use it. */
typedef struct wk_Dataset wk_Dataset;

/* The number of samples, -1 on error.                                                   torch: len(dataset) */
WK_API int64_t wk_dataset_len(const wk_Dataset *dataset);

/* Another share of the dataset, and the end of one. */
WK_API wk_Dataset *wk_dataset_keep(wk_Dataset *dataset);
WK_API void wk_dataset_free(wk_Dataset *dataset);

/* Row i of each tensor is sample i; at most WK_BATCH_TENSORS tensors of equal size in dimension 0. Keeps them: change none later.
 *     wk_TensorDataset(wk_list(x, y))                                        torch: utils.data.TensorDataset
 * Differs from PyTorch: batches are copies without a gradient's history. */
#define WK_BATCH_TENSORS 8
WK_API wk_Dataset *wk_TensorDataset(wk_List tensors);

/* Samples that a function of yours makes. It sets sample->input, and target if there is one, to tensors of the same shape and dtype for
 * every index (the batch is a copy of them), and returns true; or returns false. With num_workers it is called on other threads.
 * While it runs, the default generator is one of the sample's own, seeded with the epoch's seed + index: random numbers that it draws do
 * not depend on num_workers, and the thread's own generator is not touched. release(user), if given, is called when the dataset is gone.
 *     wk_CallbackDataset(1000, get_item, &user)               torch: a class with __len__ and __getitem__ */
typedef struct wk_Sample {
    wk_Tensor *input, *target;
} wk_Sample;
typedef bool (*wk_GetItem)(int64_t index, wk_Sample *sample, void *user);
typedef struct wk_CallbackDataset_options {
    int64_t length;
    wk_GetItem get_item;
    void *user;
    void (*release)(void *user);
} wk_CallbackDataset_options;
WK_API wk_Dataset *wk_CallbackDataset_with(wk_CallbackDataset_options options);
#define wk_CallbackDataset(count, ...) \
    wk_CallbackDataset_with((wk_CallbackDataset_options){.length = count, .get_item = __VA_ARGS__})

/* How pictures get their size: as interpolate(mode="bilinear", align_corners=False) does it (to the bit for sizes up to 64), or by
 * a frame of zeros of equal width on all sides. */
typedef enum wk_resize_mode {
    wk_resize_bilinear = 0,
    wk_resize_pad,
} wk_resize_mode;

/* Grey pictures of your own: images uint8 [n, h, w], and labels uint8 [n] (below 10) if there are any. Keeps both: change none later.
 *   a sample: pixels / 255, float32 [1, resize, resize]; the label, int64 [], where there are labels         torch: none */
typedef struct wk_Images_options {
    wk_Tensor *images;
    wk_Tensor *labels;
    int64_t resize; /* unset: as it is */
    wk_resize_mode resize_mode;
    int by_place;
} wk_Images_options;
WK_API wk_Dataset *wk_Images_with(wk_Images_options options);
#define wk_Images(...) wk_Images_with(WK_OPTIONS(wk_Images_options, #__VA_ARGS__, .images = __VA_ARGS__))

/* MNIST and sets of its form from the four IDX files in a folder (or in MNIST/raw below it), plain or compressed:
 * {train,t10k}-images-idx3-ubyte[.gz], {train,t10k}-labels-idx1-ubyte[.gz].
 *   a sample: pixels / 255, float32 [1, resize, resize]; the label, int64 []
 *     wk_MNIST("data/mnist")   wk_MNIST("data/mnist", .test = true, .resize = 32)       torch: torchvision.datasets.MNIST */
typedef struct wk_MNIST_options {
    const char *root;
    bool test;      /* the 10,000 for testing, not the 60,000 for training */
    int64_t resize; /* unset: as in the file */
    wk_resize_mode resize_mode;
    int by_place;
} wk_MNIST_options;
WK_API wk_Dataset *wk_MNIST_with(wk_MNIST_options options);
#define wk_MNIST(...) wk_MNIST_with(WK_OPTIONS(wk_MNIST_options, #__VA_ARGS__, .root = __VA_ARGS__))

/* Digits that need no file: 28x28, drawn with random hand, slant, size, place, thickness and noise; samples as those of wk_MNIST.
 * The same count, seed and .test give the same pictures everywhere; PyTorch's random numbers are not touched.
 *     wk_Digits(20000)   wk_Digits(4000, .test = true)                                      torch: none */
typedef struct wk_Digits_options {
    int64_t count; /* 0: 20,000 for training or 4,000 for testing */
    bool test;     /* other pictures than without */
    uint64_t seed;
    int64_t resize;
    wk_resize_mode resize_mode;
    int by_place;
} wk_Digits_options;
WK_API wk_Dataset *wk_Digits_with(wk_Digits_options options);
#define wk_Digits(...) wk_Digits_with(WK_OPTIONS(wk_Digits_options, #__VA_ARGS__, .count = __VA_ARGS__))

/* ---- the loader ------------------------------------------------------------------------------------- */

typedef struct wk_DataLoader wk_DataLoader;

/* What wk_next gives: tensors[k] is [size, ...], the samples' k-th tensors one after the other; input and target are the first two
 * (target is NULL where there is but one). They live until the step ends; wk_keep makes one yours. */
typedef struct wk_Batch {
    wk_Tensor *input, *target;
    int64_t size;  /* samples in it */
    int64_t index; /* of the batch in its epoch, from 0 */
    int count;     /* tensors */
    wk_Tensor *tensors[WK_BATCH_TENSORS];
} wk_Batch;

/* Batches of a dataset, in order or shuffled with PyTorch's random numbers.                torch: utils.data.DataLoader
 *   batch_size >= 1; drop_last leaves out a last batch that is not full; num_workers threads prepare prefetch_factor batches each
 *   ahead (0 to 256; the batches do not depend on it); generator gives the order instead of the thread's default one.
 * Only a shuffled loader keeps its order, 8 bytes a sample: shuffling more samples than memory has room for is an error. */
typedef struct wk_DataLoader_options {
    wk_Dataset *dataset;
    int64_t batch_size; /* unset: 1 */
    bool shuffle;
    bool drop_last;
    int num_workers;
    int prefetch_factor; /* unset: 2 */
    wk_Generator *generator;
    int by_place;
} wk_DataLoader_options;
WK_API wk_DataLoader *wk_DataLoader_with(wk_DataLoader_options options);
#define wk_DataLoader(...) \
    wk_DataLoader_with(WK_OPTIONS(wk_DataLoader_options, #__VA_ARGS__, .dataset = __VA_ARGS__))

/* Ends the last step and everything that it computed, and begins the next with a batch. False after the last one of the epoch, and on
 * failure (then wk_error() tells); the next call begins another epoch. After a break the next call goes on where the loop was left;
 * wk_dataloader_reset begins anew. To be called on one thread. An epoch with workers does not go on in the child of a fork: that is an
 * error, and the next call begins one there.                                                torch: for b in loader */
WK_API bool wk_next(wk_DataLoader *loader, wk_Batch *batch);
WK_API void wk_dataloader_reset(wk_DataLoader *loader);

/* The number of batches of an epoch, -1 on error.                                           torch: len(loader) */
WK_API int64_t wk_dataloader_len(const wk_DataLoader *loader);
WK_API void wk_dataloader_free(wk_DataLoader *loader);

#ifdef __cplusplus
}
#endif
#endif
