/* A plain or gzip-compressed file as a stream of its contents. */
#ifndef WICK_IO_GZIP_H
#define WICK_IO_GZIP_H

#include "io/files.h"

typedef struct wk_Stream {
    wk_File *file;
    struct wk_Inflater *inflater; /* NULL for a plain file */
    uint64_t at;                  /* bytes of contents given out */
    uint64_t most;                /* no more contents than this can be in the file */
} wk_Stream;

/* Looks at the first bytes to see which of the two it is. */
bool wk_stream_open(wk_Stream *stream, wk_File *file);

/* Gives up to bytes of the contents; fewer only at their end. -1 on error, such as a checksum that is wrong. */
int64_t wk_stream_read(wk_Stream *stream, void *out, size_t bytes);
void wk_stream_close(wk_Stream *stream);

#endif
