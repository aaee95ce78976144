/* Messages and exit codes. One line each, on stderr, that begins with the command. */
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <wick/wick.h>

#include "progress.h"
#include "settings.h"

static int out_error;

Quoted quoted(const char *text)
{
    Quoted q;
    wk_quote(q.text, sizeof q.text, text);
    return q;
}

Quoted did_you_mean(const char *prefix, const char *word)
{
    Quoted q = {""};
    if (word)
        snprintf(q.text, sizeof q.text, ". Did you mean: '%s%s'?", prefix, word);
    return q;
}

int report(const char *command, int code, const char *format, ...)
{
    va_list args;
    progress_clear();
    fflush(stdout);
    fprintf(stderr, "wick%s%s: ", command ? " " : "", command ? command : "");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return code;
}

int report_wick(const char *command, Stage stage)
{
    int code = EXIT_INTERNAL;
    wk_ErrorKind kind = wk_error_kind();
    if (kind == WK_ERROR_IO && stage != STAGE_WORKING)
        code = stage == STAGE_READING ? EXIT_NOINPUT : EXIT_IOERR;
    else if (stage == STAGE_READING && kind != WK_ERROR_MEMORY && kind != WK_OK)
        code = EXIT_DATA;
    const char *message = wk_error();
    return report(command, code, "%s", message ? message : "failed without a message");
}

void out(const char *format, ...)
{
    va_list args;
    progress_clear();
    va_start(args, format);
    if (vprintf(format, args) < 0 && !out_error)
        out_error = errno ? errno : EIO;
    va_end(args);
}

bool out_failed(const char *command)
{
    static bool said;
    if (fflush(stdout) != 0 && !out_error)
        out_error = errno ? errno : EIO;
    if (out_error && !said)
        report(command, EXIT_IOERR, "cannot write to stdout: %s", strerror(out_error));
    said = out_error != 0;
    return said;
}
