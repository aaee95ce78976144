/* The temporary files of writers: each has a name of its own, and those of processes that were killed do not stay. */
#ifndef WICK_IO_TEMPORARY_H
#define WICK_IO_TEMPORARY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Puts a new name into `name`, in the folder that is the first `folder` bytes of path (0: the current one). False when it does not fit. */
bool wk_temporary_name(char *name, size_t size, const char *path, size_t folder);

/* Makes the file of that name and locks it. Returns its descriptor, or -1 with errno; EEXIST: another name may do. */
int wk_temporary_create(const char *name, mode_t mode);

/* Removes what writers that no longer live have left in the folder of `path`; a folder is looked through when a process writes there and
 * has last written elsewhere. */
void wk_temporary_sweep(const char *path, size_t folder);

#endif
