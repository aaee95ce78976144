/* Names, locks and leftovers of temporary files.
 *
 * A name is a random number: process numbers come again, and a folder of leftovers must not end all saving. A writer holds a lock on its
 * file as long as it lives, which the system takes back however the process ends. So whoever can lock such a file, and finds it still under
 * its name, knows that nobody writes it. Where a file system has no locks, leftovers stay. */
#define _GNU_SOURCE
#include "io/temporary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/files.h"
#include "io/state_dict.h"
#include "io/writer.h"

static const char temporary_prefix[] = ".wick-", temporary_suffix[] = ".tmp";

bool wk_temporary_name(char *name, size_t size, const char *path, size_t folder)
{
    static atomic_uint number; /* should the system have no random numbers */
    uint64_t unique = wk_hash_seed() ^ (uint64_t)getpid() << 32 ^
                      atomic_fetch_add_explicit(&number, 1, memory_order_relaxed);
    int length = snprintf(name, size, "%.*s%s%016" PRIx64 "%s", (int)folder, path, temporary_prefix, unique,
                          temporary_suffix);
    return length > 0 && (size_t)length < size;
}

/* Locks the file if nobody else does, and if it still has its name: it may have been taken for a leftover before it was locked. */
static bool lock_named(int fd)
{
    struct stat status;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return false;
    return fstat(fd, &status) == 0 && status.st_nlink > 0;
}

int wk_temporary_create(const char *name, mode_t mode)
{
    /* O_EXCL follows no symbolic link either: whatever lies there already stays as it is. */
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0 || lock_named(fd))
        return fd;
    int error = errno;
    struct stat status;
    bool gone = fstat(fd, &status) != 0 || status.st_nlink == 0;
    if (!gone && error != EWOULDBLOCK) /* no locks here */
        return fd;
    close(fd);
    errno = EEXIST;
    return -1;
}

static bool temporary_is_one(const char *name)
{
    const size_t prefix = sizeof temporary_prefix - 1, suffix = sizeof temporary_suffix - 1;
    if (strncmp(name, temporary_prefix, prefix) != 0)
        return false;
    name += prefix;
    size_t number = strspn(name, "0123456789abcdef-");
    return number > 0 && strlen(name) == number + suffix && strcmp(name + number, temporary_suffix) == 0;
}

/* Only this user's regular files: a link is not opened, and a FIFO does not block. */
static void sweep_one(int folder, const char *name, const char *path)
{
    struct stat status;
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid() && lock_named(fd) &&
        wk_io_allowed(WK_IO_UNLINK, path, NULL))
        unlinkat(folder, name, 0);
    close(fd);
}

/* Is it the folder that this process has swept last? From now on it is. */
static bool swept_already(int folder)
{
    static _Atomic uint64_t last;
    struct stat status;
    if (fstat(folder, &status) != 0)
        return true;
    uint64_t now = ((uint64_t)status.st_ino * 31 + (uint64_t)status.st_dev) * 31 + (uint64_t)getpid();
    return atomic_exchange_explicit(&last, now, memory_order_relaxed) == now;
}

void wk_temporary_sweep(const char *path, size_t folder)
{
    char name[WRITER_PATH];
    snprintf(name, sizeof name, "%.*s", folder ? (int)folder : 1, folder ? path : ".");
    DIR *entries = opendir(name);
    if (!entries)
        return;
    if (!swept_already(dirfd(entries)))
        for (const struct dirent *e; (e = readdir(entries)) != NULL;)
            if (temporary_is_one(e->d_name))
                sweep_one(dirfd(entries), e->d_name, path);
    closedir(entries);
}
