/* Formats are told by the bytes that they begin with, and advice is given for each place where a file may be wrong. */
#define _GNU_SOURCE
#include "kinds.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"
#include "settings.h"

typedef enum Kind {
    KIND_UNKNOWN,
    KIND_SAFETENSORS,
    KIND_TORCH,
    KIND_PNG,
    KIND_PICTURE, /* another than PNG */
    KIND_IDX,
    KIND_GZIP,
    KIND_TEXT,
    KIND_OTHER,
} Kind;

/* ZIP archives and pickles: what torch.save has written, now and before 1.6. */
#define TORCH "a file of torch.save"

static const struct {
    const char *magic;
    size_t length;
    Kind kind;
    const char *name;
} magics[] = {
    {"\211PNG", 4, KIND_PNG, "a PNG picture"},
    {"\377\330\377", 3, KIND_PICTURE, "a JPEG picture"},
    {"GIF8", 4, KIND_PICTURE, "a GIF picture"},
    {"II*\0", 4, KIND_PICTURE, "a TIFF picture"},
    {"MM\0*", 4, KIND_PICTURE, "a TIFF picture"},
    {"PK\3\4", 4, KIND_TORCH, TORCH},
    {"\200\2", 2, KIND_TORCH, TORCH},
    {"\200\3", 2, KIND_TORCH, TORCH},
    {"\200\4", 2, KIND_TORCH, TORCH},
    {"\200\5", 2, KIND_TORCH, TORCH},
    {"\037\213", 2, KIND_GZIP, "a gzip file"},
    {"\0\0\10\1", 4, KIND_IDX, "an IDX file of labels"},
    {"\0\0\10\3", 4, KIND_IDX, "an IDX file of pictures"},
    {"\223NUMPY", 6, KIND_OTHER, "a NumPy file"},
    {"\211HDF", 4, KIND_OTHER, "an HDF5 file"},
    {"%PDF", 4, KIND_OTHER, "a PDF document"},
    {"\177ELF", 4, KIND_OTHER, "a program"},
};

static const struct {
    Wanted wanted;
    Kind kind;
    const char *advice;
} advices[] = {
    {WANTED_NETWORK, KIND_SAFETENSORS,
     "--model takes a network's text; saved networks are for wick test and wick predict"},
    {WANTED_PICTURE, KIND_SAFETENSORS, "the pictures come behind MODEL"},
    {WANTED_PICTURE, KIND_PICTURE, "save it as PNG"},
    {WANTED_PICTURE, KIND_IDX, "name one of its pictures: FILE:0"},
    {WANTED_PICTURE, KIND_GZIP, "name a picture of a compressed IDX file: FILE:0"},
    {WANTED_PICTURE, KIND_TEXT, "rows of pixels are read from FILE.csv"},
};

static const struct {
    const char *advice;
    Kind kinds[3]; /* that are right, or whose reader tells it better */
} wants[] = {
    [WANTED_MODEL] = {"MODEL is a file that wick train --save has written", {KIND_SAFETENSORS, KIND_TORCH}},
    [WANTED_NETWORK] = {"--model takes lenet, or a network's text (see: wick help train)", {KIND_TEXT}},
    [WANTED_PICTURE] = {"pictures are PNG files, IDXFILE:INDEX or FILE.csv", {KIND_PNG}},
};

enum { HEAD = 64, HEAD_LEAST = 8 };

/* The first bytes of a regular file: their number. */
static size_t read_head(const char *path, uint8_t head[HEAD], uint64_t *size)
{
    struct stat status;
    ssize_t count = -1;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
        count = read(fd, head, HEAD);
        *size = (uint64_t)status.st_size;
    }
    close(fd);
    return count > 0 ? (size_t)count : 0;
}

/* A header's length, no longer than the file, and the header's first byte. */
static bool is_safetensors(const uint8_t *head, size_t count, uint64_t size)
{
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--)
        length = length << 8 | head[i];
    return count > 8 && head[8] == '{' && length >= 2 && length <= size - 8;
}

static bool is_text(const uint8_t *head, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (head[i] == 0x7f || (head[i] < 0x20 && !strchr("\t\n\r", head[i])))
            return false;
    return true;
}

static Kind kind_of(const char *path, const char **name)
{
    uint8_t head[HEAD];
    uint64_t size = 0;
    const size_t count = read_head(path, head, &size);
    if (count < HEAD_LEAST)
        return KIND_UNKNOWN;
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (memcmp(head, magics[i].magic, magics[i].length) == 0)
            return *name = magics[i].name, magics[i].kind;
    if (is_safetensors(head, count, size))
        return *name = "a safetensors file", KIND_SAFETENSORS;
    return is_text(head, count) ? (*name = "a text file", KIND_TEXT) : KIND_UNKNOWN;
}

int check_kind(const char *command, const char *path, Wanted wanted)
{
    const char *name = NULL, *advice = wants[wanted].advice;
    const Kind kind = kind_of(path, &name);
    for (int i = 0; i < 3; i++)
        if (kind == wants[wanted].kinds[i]) /* KIND_UNKNOWN is among them */
            return EXIT_OK;
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
        if (advices[i].wanted == wanted && advices[i].kind == kind)
            advice = advices[i].advice;
    return report(command, EXIT_DATA, "%s is %s: %s", quoted(path).text, name, advice);
}
