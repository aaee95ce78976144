/* Sliding windows: the arguments that convolution and pooling share. */
#ifndef WICK_OPS_WINDOW_H
#define WICK_OPS_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* A pair of options as {height, width}: the pair if it is set, else the number twice, else the default; WK_ZERO means 0. */
void wk_window_pair(int64_t number, const int64_t pair[2], int64_t unset, int64_t out[2]);

/* Windows that fit along one direction, 0 or less when none does. kernel, stride and dilation are at least 1, size and padding at least 0.
 * False with an error when the numbers overflow. */
bool wk_window_output(const char *op, int64_t size, int64_t kernel, int64_t stride, int64_t padding,
                      int64_t dilation, bool ceil_mode, int64_t *out);

#endif
