/* Sets of small grey pictures with labels: kept as bytes, made into floats of the wanted size batch by batch. */
#ifndef WICK_DATA_IMAGES_H
#define WICK_DATA_IMAGES_H

#include "data/dataset.h"

enum { IMAGES_CLASSES = 10, IMAGES_MAX_SIDE = 4096 };

/* A dataset over images [n, h, w] and labels [n] (or NULL), uint8 and contiguous, of which it takes shares. resize 0 leaves the size.
 * `op` begins its messages. NULL with an error when the size cannot be had. */
wk_Dataset *wk_images_dataset(const char *op, wk_Tensor *images, wk_Tensor *labels, int64_t resize,
                              wk_resize_mode mode);

/* As many labels as images, and all below IMAGES_CLASSES; `where` stands in front of what the message says. */
bool wk_images_check_labels(const char *op, const char *where, const wk_Tensor *images,
                            const wk_Tensor *labels);

#endif
