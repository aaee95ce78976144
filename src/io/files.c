/* Opening and reading files, and the hook in front of every operation.
 *
 * Nothing is believed of a path: it is opened with O_NONBLOCK so that a FIFO cannot hang the program, and only a regular file is
 * read. Sizes come from fstat, so that a reader can refuse a header's claims before it allocates for them. */
#define _GNU_SOURCE
#include "io/files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/callback.h"
#include "core/error.h"

static wk_Callback wk_io_hook;

void wk_set_io_hook_owned(wk_IoHook hook, void *user, void (*release)(void *user))
{
    wk_callback_set(&wk_io_hook, (void (*)(void))hook, user, release);
}

void wk_set_io_hook(wk_IoHook hook, void *user)
{
    wk_set_io_hook_owned(hook, user, NULL);
}

bool wk_io_allowed(wk_IoOperation operation, const char *path, size_t *bytes)
{
    wk_IoHook hook = (wk_IoHook)atomic_load_explicit(&wk_io_hook.call, memory_order_acquire);
    size_t none = 0, asked = bytes ? *bytes : 0;
    int error = hook ? hook(operation, path, bytes ? bytes : &none, atomic_load(&wk_io_hook.user)) : 0;
    if (bytes && *bytes > asked)
        *bytes = asked;
    errno = error;
    return error == 0;
}

wk_Quoted wk_quoted(const char *text)
{
    wk_Quoted quoted;
    wk_quote(quoted.text, sizeof quoted.text, text);
    return quoted;
}

void *wk_raise_errno(const char *op, const char *verb, const char *path, int error)
{
    char text[128];
    const char *what = strerror_r(error, text, sizeof text);
    return wk_raise(error == ENOMEM ? WK_ERROR_MEMORY : WK_ERROR_IO, "%s: cannot %s %s: %s", op, verb,
                    WK_QUOTED(path), what);
}

/* What a path is when it is no regular file. */
static const char *kind_of_file(mode_t mode)
{
    return S_ISDIR(mode)    ? "Is a directory"
           : S_ISFIFO(mode) ? "Is a FIFO, not a regular file"
           : S_ISSOCK(mode) ? "Is a socket, not a regular file"
                            : "Is a device, not a regular file";
}

bool wk_file_open(wk_File *file, const char *op, const char *path)
{
    *file = (wk_File){.op = op, .path = path, .fd = -1};
    if (!path)
        return wk_raise_null(op, "path"), false;
    do
        file->fd = wk_io_allowed(WK_IO_OPEN, path, NULL)
                       ? open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
                       : -1;
    while (file->fd < 0 && errno == EINTR);
    struct stat status;
    if (file->fd < 0 || fstat(file->fd, &status) != 0) {
        wk_raise_errno(op, "open", path, errno);
        wk_file_close(file);
        return false;
    }
    if (!S_ISREG(status.st_mode)) {
        wk_raise(WK_ERROR_IO, "%s: cannot read %s: %s", op, WK_QUOTED(path), kind_of_file(status.st_mode));
        wk_file_close(file);
        return false;
    }
    file->size = (uint64_t)status.st_size;
    return true;
}

int64_t wk_file_read_some(wk_File *file, void *out, size_t bytes)
{
    size_t done = 0;
    while (done < bytes) {
        size_t part = bytes - done < ((size_t)1 << 30) ? bytes - done : (size_t)1 << 30;
        ssize_t got = wk_io_allowed(WK_IO_READ, file->path, &part)
                          ? pread(file->fd, (char *)out + done, part, (off_t)(file->at + done))
                          : -1;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return wk_raise_errno(file->op, "read", file->path, errno), -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    file->at += done;
    return (int64_t)done;
}

bool wk_file_read(wk_File *file, void *out, size_t bytes)
{
    uint64_t start = file->at;
    int64_t got = wk_file_read_some(file, out, bytes);
    if (got >= 0 && (size_t)got < bytes)
        wk_raise(WK_ERROR_CORRUPT, "%s: %s: truncated at byte %llu, need %llu", file->op,
                 WK_QUOTED(file->path), (unsigned long long)(start + (uint64_t)got),
                 (unsigned long long)(start + bytes));
    return got == (int64_t)bytes;
}

bool wk_file_seek(wk_File *file, uint64_t at)
{
    if (at > file->size)
        return wk_raise(WK_ERROR_CORRUPT, "%s: %s: byte %llu is past the end, %llu", file->op,
                        WK_QUOTED(file->path), (unsigned long long)at, (unsigned long long)file->size),
               false;
    file->at = at;
    return true;
}

void wk_file_close(wk_File *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

void wk_swap_bytes(void *elements, size_t item, uint64_t count, bool file_is_big_endian)
{
    if (item == 1 || file_is_big_endian == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__))
        return;
    unsigned char *p = elements;
    for (uint64_t i = 0; i < count; i++, p += item)
        for (size_t a = 0, b = item - 1; a < b; a++, b--) {
            unsigned char t = p[a];
            p[a] = p[b];
            p[b] = t;
        }
}
