/* What may be written where. Paths are compared by what they lead to, also where that is not there yet. */
#define _GNU_SOURCE
#include "outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"

enum { LINKS = 40 }; /* as many as Linux follows */

/* Replaces the last part of the path by where the link leads. False when that is too long. */
static bool step_along(char path[PATH_MAX], const char *target)
{
    char *slash = strrchr(path, '/');
    size_t kept = *target == '/' || !slash ? 0 : (size_t)(slash - path) + 1;
    if (kept + strlen(target) >= PATH_MAX)
        return false;
    strcpy(path + kept, target);
    return true;
}

/* Where a file lies, or would be made: the last part's links are followed, though their end may not be there. False when there is no such
 * place. */
static bool find_place(const char *path, char place[PATH_MAX])
{
    char at[PATH_MAX], target[PATH_MAX], folder[PATH_MAX];
    if (strlen(path) >= sizeof at)
        return false;
    strcpy(at, path);
    for (int links = 0;; links++) {
        ssize_t length = readlink(at, target, sizeof target - 1);
        if (length < 0)
            break;
        target[length] = 0;
        if (links == LINKS || !step_along(at, target))
            return false;
    }
    const char *slash = strrchr(at, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - at) + 1 : 1, slash ? at : ".");
    if (!realpath(folder, target))
        return false;
    return snprintf(place, PATH_MAX, "%s/%s", target, slash ? slash + 1 : at) < PATH_MAX;
}

/* The same file under both names, or the same once it is there? */
static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    char p[PATH_MAX], q[PATH_MAX];
    if (strcmp(a, b) == 0)
        return true;
    if (stat(a, &x) == 0 && stat(b, &y) == 0)
        return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
    return find_place(a, p) && find_place(b, q) && strcmp(p, q) == 0;
}

/* Why no file can be written there; NULL when one can. */
static const char *obstacle(const char *path)
{
    struct stat status, link;
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (strlen(path) >= sizeof folder)
        return strerror(ENAMETOOLONG);
    if (stat(path, &status) == 0) {
        if (S_ISDIR(status.st_mode))
            return strerror(EISDIR);
        if (!S_ISREG(status.st_mode))
            return "Not a regular file";
        if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0)
            return strerror(errno);
    } else if (errno != ENOENT) {
        return strerror(errno);
    } else if (lstat(path, &link) == 0) {
        return "a symbolic link to what is not there";
    } else if (slash && !slash[1]) {
        return strerror(EISDIR);
    }
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    char *real = realpath(path, NULL); /* a link's target is replaced in its own folder */
    if (real && strrchr(real, '/') < real + sizeof folder)
        snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(real, '/') - real) + 1, real);
    free(real);
    return faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0 ? NULL : strerror(errno);
}

int check_output(const char *command, const char *option, const char *path)
{
    const char *why = obstacle(path);
    if (!why)
        return EXIT_OK;
    return report(command, EXIT_CANTCREATE, "%s%s%scannot create %s: %s", option ? "--" : "",
                  option ? option : "", option ? ": " : "", quoted(path).text, why);
}

int check_outputs(const Settings *s)
{
    static const char *const parts[] = {"train-images-idx3", "train-labels-idx1", "t10k-images-idx3",
                                        "t10k-labels-idx1"};
    const char *outputs[] = {s->save, s->log}, *names[] = {"save", "log"};
    char path[4200];
    if (s->save && s->log && same_file(s->save, s->log))
        return report("train", EXIT_USAGE, "--save and --log are the same file, %s", quoted(s->save).text);
    for (int i = 0; i < 2; i++) {
        if (!outputs[i])
            continue;
        for (int k = 0; k < 8; k++) {
            snprintf(path, sizeof path, "%.4000s/%s-ubyte%s", s->data, parts[k / 2], k % 2 ? ".gz" : "");
            if (same_file(outputs[i], path))
                return report("train", EXIT_USAGE, "--%s: %s is a file of --data", names[i],
                              quoted(outputs[i]).text);
        }
        if (strcmp(s->model, "lenet") != 0 && same_file(outputs[i], s->model))
            return report("train", EXIT_USAGE, "--%s: %s is --model's file", names[i],
                          quoted(outputs[i]).text);
        int code = check_output("train", names[i], outputs[i]);
        if (code != EXIT_OK)
            return code;
    }
    return EXIT_OK;
}
