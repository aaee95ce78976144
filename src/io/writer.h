/* Files for writing: all of it or nothing. */
#ifndef WICK_IO_WRITER_H
#define WICK_IO_WRITER_H

#include <stdbool.h>
#include <stddef.h>

enum { WRITER_PATH = 4096 };

/* A file being written. `op` begins its messages and stays the caller's.
 *
 *     wk_Writer writer;
 *     if (!wk_writer_open(&writer, "save", path))
 *         return false;
 *     wk_writer_write(&writer, data, bytes);      any number of times; after a failure they do nothing
 *     return wk_writer_close(&writer);            true when the file stands under its name, and on the disk */
typedef struct wk_Writer {
    const char *op;
    int fd;
    bool failed;
    size_t used;
    char *buffer;
    char path[WRITER_PATH];
    char temporary[WRITER_PATH];
} wk_Writer;

bool wk_writer_open(wk_Writer *writer, const char *op, const char *path);
bool wk_writer_write(wk_Writer *writer, const void *data, size_t bytes);
bool wk_writer_close(wk_Writer *writer);

/* Gives up: the old file stays, the temporary one goes. Does nothing after wk_writer_close. */
void wk_writer_abandon(wk_Writer *writer);

#endif
