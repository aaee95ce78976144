/* Runs loops over non-contiguous elements: copies a piece of each input to contiguous memory, runs the loop on the copies, and copies the
 * result back. */
#include <string.h>

#include "kernels/kernels.h"

enum { PIECE = 512, PIECE_INPUTS = 2, PIECE_BYTES = PIECE * 8 };

#define COPY_PIECE(T)                                              \
    for (int64_t i = 0; i < count; i++) {                          \
        memcpy(to + i * to_step, from + i * from_step, sizeof(T)); \
    }                                                              \
    break;

static void copy_piece(int64_t size, int64_t count, char *to, int64_t to_step, const char *from,
                       int64_t from_step)
{
    switch (size) {
    case 8:
        COPY_PIECE(uint64_t)
    case 4:
        COPY_PIECE(uint32_t)
    default:
        COPY_PIECE(uint8_t)
    }
}

bool wk_loop_in_pieces(wk_Loop loop, int64_t n, unsigned operands, char *const *data, const int64_t *stride,
                       const double *numbers)
{
    const int inputs = (int)(operands & 0xff);
    const int64_t out_size = operands >> 8 & 0xff, in_size = operands >> 16;
    _Alignas(64) char piece[1 + PIECE_INPUTS][PIECE_BYTES];
    const int64_t dense[1 + PIECE_INPUTS] = {out_size, in_size, in_size};
    const bool in_place = stride[0] == out_size;
    bool fine = true;
    for (int64_t i = 0; i < n; i += PIECE) {
        const int64_t count = n - i < PIECE ? n - i : PIECE;
        char *at[1 + PIECE_INPUTS] = {in_place ? data[0] + i * out_size : piece[0]};
        for (int k = 1; k <= inputs; k++) {
            at[k] = stride[k] == in_size ? data[k] + i * in_size : piece[k];
            if (at[k] == piece[k] && (stride[k] || i == 0))
                copy_piece(in_size, count, piece[k], in_size, data[k] + i * stride[k], stride[k]);
        }
        fine &= loop(count, at, dense, numbers);
        if (!in_place)
            copy_piece(out_size, count, data[0] + i * stride[0], stride[0], piece[0], out_size);
    }
    return fine;
}
