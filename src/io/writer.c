/* The atomic writer: a temporary file in the same folder, fsync, rename over the name, fsync of the folder.
 *
 * Until the rename the old file is untouched; after it the new one is whole. A symbolic link is followed, so that the link stays and
 * its target is replaced. Should the last fsync (of the folder) fail, the new file stands but may not outlive a loss of power:
 * that is an error too. */
#define _GNU_SOURCE
#include "io/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/memory.h"
#include "io/files.h"

enum { WRITER_BUFFER = 1 << 16 };

static bool writer_fail(wk_Writer *w, const char *verb, int error)
{
    wk_raise_errno(w->op, verb, w->path, error);
    w->failed = true;
    return false;
}

/* The folder of the path, with its slash; "" for the current one. */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* Settles where the file really lies, and refuses what is there and is no regular file. */
static bool writer_resolve(wk_Writer *w, const char *path)
{
    struct stat status;
    w->path[0] = 0;
    if (strlen(path) >= sizeof w->path)
        return wk_raise_errno(w->op, "write", path, ENAMETOOLONG), false;
    strcpy(w->path, path);
    if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode)) {
        char *target = realpath(path, NULL);
        if (!target)
            return writer_fail(w, "write", errno);
        bool fits = strlen(target) < sizeof w->path;
        if (fits)
            strcpy(w->path, target);
        free(target);
        if (!fits)
            return writer_fail(w, "write", ENAMETOOLONG);
    }
    size_t length = strlen(w->path);
    if (length == 0 || w->path[length - 1] == '/')
        return writer_fail(w, "write", length ? EISDIR : ENOENT);
    if (stat(w->path, &status) == 0 && !S_ISREG(status.st_mode)) {
        if (S_ISDIR(status.st_mode))
            return writer_fail(w, "write", EISDIR);
        return wk_raise(WK_ERROR_IO, "%s: cannot write %s: Not a regular file", w->op, WK_QUOTED(w->path)),
               false;
    }
    return true;
}

/* A name that cannot be too long for the folder, and that no other writer of this machine has. */
static bool writer_create(wk_Writer *w)
{
    static atomic_uint number;
    size_t folder = folder_length(w->path);
    for (int attempt = 0; attempt < 100; attempt++) {
        int n =
            snprintf(w->temporary, sizeof w->temporary, "%.*s.wick-%lx-%x.tmp", (int)folder, w->path,
                     (unsigned long)getpid(), atomic_fetch_add_explicit(&number, 1, memory_order_relaxed));
        if (n < 0 || (size_t)n >= sizeof w->temporary)
            return writer_fail(w, "write", ENAMETOOLONG);
        w->fd = wk_io_allowed(WK_IO_CREATE, w->path, NULL)
                    ? open(w->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666)
                    : -1;
        if (w->fd >= 0)
            return true;
        if (errno != EEXIST && errno != EINTR)
            break;
    }
    return writer_fail(w, "create", errno);
}

bool wk_writer_open(wk_Writer *w, const char *op, const char *path)
{
    w->op = op;
    w->fd = -1;
    w->failed = false;
    w->used = 0;
    w->buffer = NULL;
    if (!path)
        return wk_raise_null(op, "path"), false;
    if (!writer_resolve(w, path))
        return false;
    if (!(w->buffer = wk_alloc(WRITER_BUFFER)))
        return false;
    if (writer_create(w))
        return true;
    wk_release(w->buffer, WRITER_BUFFER);
    w->buffer = NULL;
    return false;
}

static bool write_through(wk_Writer *w, const char *data, size_t bytes)
{
    while (bytes > 0 && !w->failed) {
        size_t part = bytes < ((size_t)1 << 30) ? bytes : (size_t)1 << 30;
        ssize_t written = wk_io_allowed(WK_IO_WRITE, w->path, &part) ? write(w->fd, data, part) : -1;
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return writer_fail(w, "write", errno);
        data += written;
        bytes -= (size_t)written;
    }
    return !w->failed;
}

bool wk_writer_write(wk_Writer *w, const void *data, size_t bytes)
{
    if (w->failed || w->fd < 0)
        return false;
    if (bytes <= WRITER_BUFFER - w->used) {
        if (bytes > 0)
            memcpy(w->buffer + w->used, data, bytes);
        w->used += bytes;
        return true;
    }
    size_t used = w->used;
    w->used = 0;
    if (!write_through(w, w->buffer, used))
        return false;
    if (bytes >= WRITER_BUFFER)
        return write_through(w, data, bytes);
    memcpy(w->buffer, data, bytes);
    w->used = bytes;
    return true;
}

/* fsync until it is done; errno of what kept it. */
static int sync_descriptor(wk_Writer *w, wk_IoOperation operation, int fd)
{
    int error;
    do
        error = wk_io_allowed(operation, w->path, NULL) && fsync(fd) == 0 ? 0 : errno;
    while (error == EINTR);
    return error;
}

/* Some file systems have no fsync for folders and say EINVAL: there is nothing more to be had there. */
static bool sync_folder(wk_Writer *w)
{
    size_t folder = folder_length(w->path);
    memcpy(w->temporary, folder ? w->path : ".", folder ? folder : 1);
    w->temporary[folder ? folder : 1] = 0;
    int fd = open(w->temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = fd < 0 ? errno : sync_descriptor(w, WK_IO_FSYNC_DIR, fd);
    if (fd >= 0)
        close(fd);
    return error == 0 || error == EINVAL || writer_fail(w, "fsync the folder of", error);
}

static void writer_forget(wk_Writer *w)
{
    wk_release(w->buffer, WRITER_BUFFER);
    w->buffer = NULL;
    w->fd = -1;
}

void wk_writer_abandon(wk_Writer *w)
{
    if (w->fd < 0)
        return;
    close(w->fd);
    size_t none = 0;
    wk_io_allowed(WK_IO_UNLINK, w->path, &none); /* told, not asked: a leftover serves nobody */
    unlink(w->temporary);
    writer_forget(w);
}

bool wk_writer_close(wk_Writer *w)
{
    if (w->fd < 0)
        return false;
    if (!w->failed)
        write_through(w, w->buffer, w->used);
    int error = w->failed ? 0 : sync_descriptor(w, WK_IO_FSYNC, w->fd);
    if (error)
        writer_fail(w, "fsync", error);
    if (!w->failed && (!wk_io_allowed(WK_IO_RENAME, w->path, NULL) || rename(w->temporary, w->path) != 0))
        writer_fail(w, "rename onto", errno);
    if (w->failed) {
        wk_writer_abandon(w);
        return false;
    }
    int closed = close(w->fd); /* after fsync: only an NFS server could still object */
    w->fd = -1;
    bool ok = sync_folder(w) && (closed == 0 || writer_fail(w, "close", errno));
    writer_forget(w);
    return ok;
}
