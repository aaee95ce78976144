/* What the writer and the reader of safetensors share. */
#ifndef WICK_IO_SAFETENSORS_H
#define WICK_IO_SAFETENSORS_H

#include "wick/io.h"

enum { SAFETENSORS_MAX_HEADER = 100000000 };

/* The format's name of each dtype, NULL for none, and its place in the order in which the official writer puts tensors. */
typedef struct wk_SafetensorsType {
    const char *name;
    int rank;
} wk_SafetensorsType;
extern const wk_SafetensorsType wk_safetensors_types[WK_DTYPES];

#endif
