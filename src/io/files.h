/* Files for reading: opened without trust, read with bounds. */
#ifndef WICK_IO_FILES_H
#define WICK_IO_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wick/io.h"

/* Room for a path or name in a message, escaped and cut. */
typedef struct wk_Quoted {
    char text[256];
} wk_Quoted;
wk_Quoted wk_quoted(const char *text);
#define WK_QUOTED(string) (wk_quoted(string).text)

/* Asks the hook; true to go on, else errno is set. */
bool wk_io_allowed(wk_IoOperation operation, const char *path, size_t *bytes);

/* Raises WK_ERROR_IO "op: cannot VERB PATH: text of errno" and returns NULL. */
void *wk_raise_errno(const char *op, const char *verb, const char *path, int error);

/* A regular file being read. `op` begins its messages; both strings stay the caller's. */
typedef struct wk_File {
    const char *op, *path;
    int fd;
    uint64_t size; /* when it was opened */
    uint64_t at;
} wk_File;

/* Opens without blocking and refuses all but regular files: a FIFO cannot hang it, a device cannot feed it. */
bool wk_file_open(wk_File *file, const char *op, const char *path);

/* Reads up to bytes; fewer only at the end of the file. -1 on error. */
int64_t wk_file_read_some(wk_File *file, void *out, size_t bytes);

/* Reads exactly bytes, or fails: the file has become shorter than it was. */
bool wk_file_read(wk_File *file, void *out, size_t bytes);
bool wk_file_seek(wk_File *file, uint64_t at);
void wk_file_close(wk_File *file);

/* Turns `count` elements of `item` bytes from a file's byte order into this machine's, or back; nothing to do when they agree. */
void wk_swap_bytes(void *elements, size_t item, uint64_t count, bool file_is_big_endian);

#endif
