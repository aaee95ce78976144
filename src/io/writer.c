/* The atomic writer: a temporary file in the same folder, fsync, rename over the name, fsync of the folder.
 *
 * Until the rename the old file is untouched; after it the new one is whole. A symbolic link is followed, so that the link stays and
 * its target is replaced. The new file has the mode of the old one, and its owner and group where the system allows it. A file that may not be
 * written is not replaced either. Should the last fsync (of the folder) fail, the new file stands but may not outlive a loss of power:
 * that is an error too. */
#define _GNU_SOURCE
#include "io/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/memory.h"
#include "io/files.h"
#include "io/temporary.h"

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

/* Settles where the file really lies, and refuses what is there and cannot be replaced. st_nlink of `old` is 0 if nothing is there. */
static bool writer_resolve(wk_Writer *w, const char *path, struct stat *old)
{
    struct stat status;
    *old = (struct stat){0};
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
    if (stat(w->path, &status) != 0)
        return true;
    *old = status;
    if (S_ISDIR(status.st_mode))
        return writer_fail(w, "write", EISDIR);
    if (!S_ISREG(status.st_mode))
        return wk_raise(WK_ERROR_IO, "%s: cannot write %s: Not a regular file", w->op, WK_QUOTED(w->path)),
               false;
    return faccessat(AT_FDCWD, w->path, W_OK, AT_EACCESS) == 0 || writer_fail(w, "write", errno);
}

/* Gives the new file what the old one had. Where its group cannot be kept, the group's rights are those of all others. */
static void keep_rights(wk_Writer *w, const struct stat *old)
{
    mode_t mode = old->st_mode & 0777;
    if (fchown(w->fd, old->st_uid, old->st_gid) != 0 && fchown(w->fd, (uid_t)-1, old->st_gid) != 0)
        mode = (mode & 0707) | (mode & 0070 & mode << 3);
    fchmod(w->fd, mode);
}

/* A file beside the other, under a name that cannot be too long for the folder; nobody else's until it has the old one's mode. */
static bool writer_create(wk_Writer *w, const struct stat *old)
{
    const size_t folder = folder_length(w->path);
    const bool replaces = old->st_nlink > 0;
    wk_temporary_sweep(w->path, folder);
    for (int attempt = 0; attempt < 100; attempt++) {
        if (!wk_temporary_name(w->temporary, sizeof w->temporary, w->path, folder))
            return writer_fail(w, "write", ENAMETOOLONG);
        w->fd = wk_io_allowed(WK_IO_CREATE, w->path, NULL)
                    ? wk_temporary_create(w->temporary, replaces ? 0600 : 0666)
                    : -1;
        if (w->fd >= 0) {
            if (replaces)
                keep_rights(w, old);
            return true;
        }
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
    struct stat old;
    if (!path)
        return wk_raise_null(op, "path"), false;
    if (!writer_resolve(w, path, &old))
        return false;
    if (!(w->buffer = wk_alloc(WRITER_BUFFER)))
        return false;
    if (writer_create(w, &old))
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
