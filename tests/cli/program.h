/* The program from outside: running it, and what it said. */
#ifndef WICK_TESTS_PROGRAM_H
#define WICK_TESTS_PROGRAM_H

#include "io/temp.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

static char text_out[65536], text_err[65536];

static inline const char *program(void)
{
    const char *path = getenv("WICK_PROGRAM");
    return path ? path : "build/release/wick";
}

static inline void slurp(const char *name, char *text, size_t size)
{
    size_t count;
    unsigned char *bytes = temp_read(temp_path(name), &count);
    count = count < size - 1 ? count : size - 1;
    memcpy(text, bytes, count);
    text[count] = 0;
    free(bytes);
}

/* Starts the program with up to 20 arguments; out is where stdout goes: a path, or "-" for closed. */
static inline pid_t start(const char *out, const char *const *arguments)
{
    char *argv[24] = {(char *)program()};
    for (int i = 0; arguments[i]; i++)
        argv[i + 1] = (char *)arguments[i];
    pid_t child = fork();
    if (child)
        return child;
    int o = *out == '-' ? -1 : open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int e = open(temp_path("err"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (o >= 0)
        dup2(o, 1);
    else
        close(1);
    dup2(e, 2);
    execv(argv[0], argv);
    _exit(127);
}

static inline int run_to(const char *out, const char *const *arguments)
{
    int status;
    pid_t child = start(out, arguments);
    assert_int_equal(waitpid(child, &status, 0), child);
    slurp("err", text_err, sizeof text_err);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* A path that stays, as temp_path's do not. */
static inline void own_path(char path[300], const char *name)
{
    snprintf(path, 300, "%s", temp_path(name));
}

static inline int run_list(const char *const *arguments)
{
    char out[300];
    own_path(out, "out");
    int code = run_to(out, arguments);
    slurp("out", text_out, sizeof text_out);
    return code;
}
#define RUN(...) run_list((const char *const[]){__VA_ARGS__, NULL})

/* That code, nothing on stdout, and on stderr this one line. */
static inline void failed(int code, int want, const char *line)
{
    static char whole[sizeof text_err];
    snprintf(whole, sizeof whole, "%s\n", line);
    assert_string_equal(text_err, whole);
    assert_string_equal(text_out, "");
    assert_int_equal(code, want);
}

static inline void assert_same_bytes(const char *a, const char *b)
{
    size_t m, n;
    unsigned char *x = temp_read(a, &m), *y = temp_read(b, &n);
    assert_int_equal(m, n);
    assert_memory_equal(x, y, m);
    free(x);
    free(y);
}

#endif
