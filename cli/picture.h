/* Pictures from PNG files. */
#ifndef WICK_CLI_PICTURE_H
#define WICK_CLI_PICTURE_H

#include <wick/wick.h>

/* Reads a PNG as grey, uint8 [1, h, w], transparent parts over white. Returns EXIT_OK, or says what is wrong and returns its exit code. */
int picture_read(const char *command, const char *path, wk_Tensor **picture);

#endif
