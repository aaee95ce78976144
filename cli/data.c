/* wick data get mnist: the four files, from the first mirror that has them, kept only with the right SHA-256. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"
#include "progress.h"
#include "report.h"
#include "sha256.h"

typedef struct Download {
    const char *name, *sha256;
    size_t bytes;
} Download;

static const Download mnist_files[] = {
    {"train-images-idx3-ubyte.gz", "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
     9912422},
    {"train-labels-idx1-ubyte.gz", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", 28881},
    {"t10k-images-idx3-ubyte.gz", "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
     1648877},
    {"t10k-labels-idx1-ubyte.gz", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", 4542},
};
enum { MNIST_FILES = sizeof mnist_files / sizeof *mnist_files };

#if WICK_HAS_CURL
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <dlfcn.h>

/* libcurl is loaded when something is fetched: with all that it needs itself it would take longer to load than all else that wick does
 * at its start. */
typedef struct Curl {
    void *library;
    CURL *handle;
    CURLcode (*global_init)(long flags);
    void (*global_cleanup)(void);
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *handle, CURLoption option, ...);
    CURLcode (*easy_perform)(CURL *handle);
    const char *(*easy_strerror)(CURLcode code);
    void (*easy_cleanup)(CURL *handle);
} Curl;

static bool load_curl(Curl *c)
{
    const struct {
        const char *name;
        void
            *function; /* of the pointer that takes it: ISO C knows no conversion of a void * to a function */
    } functions[] = {
        {"curl_global_init", &c->global_init},   {"curl_global_cleanup", &c->global_cleanup},
        {"curl_easy_init", &c->easy_init},       {"curl_easy_setopt", &c->easy_setopt},
        {"curl_easy_perform", &c->easy_perform}, {"curl_easy_strerror", &c->easy_strerror},
        {"curl_easy_cleanup", &c->easy_cleanup},
    };
    c->library = dlopen("libcurl.so.4", RTLD_NOW);
    for (size_t i = 0; c->library && i < sizeof functions / sizeof *functions; i++) {
        void *found = dlsym(c->library, functions[i].name);
        if (!found)
            return false;
        memcpy(functions[i].function, &found, sizeof found);
    }
    return c->library != NULL;
}

static const char *const mnist_mirrors[] = {"https://ossci-datasets.s3.amazonaws.com/mnist",
                                            "https://storage.googleapis.com/cvdf-datasets/mnist"};

/* What has come of a file so far; more than its known size is not taken. */
typedef struct Received {
    const Download *file;
    uint8_t *bytes;
    size_t count;
} Received;

static size_t receive(char *data, size_t size, size_t count, void *user)
{
    Received *r = user;
    size_t bytes = size * count;
    if (bytes > r->file->bytes - r->count)
        return 0;
    memcpy(r->bytes + r->count, data, bytes);
    r->count += bytes;
    progress_show(r->file->name, (int64_t)r->count, (int64_t)r->file->bytes, "");
    return bytes;
}

/* Fetches the file into `bytes`; false with the reason in `why`. */
static bool fetch(const Curl *curl, const char *mirror, const Download *file, uint8_t *bytes, char *why,
                  size_t size)
{
    char url[4096], hex[65];
    Received received = {file, bytes, 0};
    snprintf(url, sizeof url, "%s/%s", mirror, file->name);
    curl->easy_setopt(curl->handle, CURLOPT_URL, url);
    curl->easy_setopt(curl->handle, CURLOPT_WRITEDATA, &received);
    CURLcode status = curl->easy_perform(curl->handle);
    if (status != CURLE_OK && status != CURLE_WRITE_ERROR) {
        snprintf(why, size, "%s: %s", url, curl->easy_strerror(status));
        return false;
    }
    sha256_hex(bytes, received.count, hex);
    if (status == CURLE_OK && received.count == file->bytes && strcmp(hex, file->sha256) == 0)
        return true;
    snprintf(why, size, "%s: not the file that was expected (its SHA-256 is wrong)", url);
    return false;
}

static bool start_curl(Curl *curl)
{
    *curl = (Curl){0};
    if (!load_curl(curl) || curl->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
        !(curl->handle = curl->easy_init()))
        return false;
    curl->easy_setopt(curl->handle, CURLOPT_WRITEFUNCTION, receive);
    curl->easy_setopt(curl->handle, CURLOPT_FAILONERROR, 1L);
    curl->easy_setopt(curl->handle, CURLOPT_FOLLOWLOCATION, 1L);
    curl->easy_setopt(curl->handle, CURLOPT_MAXREDIRS, 5L);
    curl->easy_setopt(curl->handle, CURLOPT_PROTOCOLS_STR, "https,http,file");
    curl->easy_setopt(curl->handle, CURLOPT_REDIR_PROTOCOLS_STR, "https,http");
    curl->easy_setopt(curl->handle, CURLOPT_CONNECTTIMEOUT, 15L);
    curl->easy_setopt(curl->handle, CURLOPT_LOW_SPEED_LIMIT, 100L);
    curl->easy_setopt(curl->handle, CURLOPT_LOW_SPEED_TIME, 30L);
    curl->easy_setopt(curl->handle, CURLOPT_NOSIGNAL, 1L);
    return true;
}

static int get_file(const Settings *s, const Curl *curl, const char *folder, const Download *file)
{
    char path[4096], why[4400];
    int mirrors = s->mirror ? 1 : (int)(sizeof mnist_mirrors / sizeof *mnist_mirrors);
    const int64_t bytes = (int64_t)file->bytes;
    wk_Tensor *data = wk_empty_shape(1, &bytes, wk_uint8);
    if (!data)
        return report_wick(s->command_name, STAGE_WORKING);
    if (snprintf(path, sizeof path, "%s/%s", folder, file->name) >= (int)sizeof path)
        return report(s->command_name, EXIT_CANTCREATE, "cannot create %s: File name too long",
                      quoted(folder).text);
    for (int i = 0; i < mirrors; i++) {
        if (fetch(curl, s->mirror ? s->mirror : mnist_mirrors[i], file, wk_data_ptr(data), why, sizeof why)) {
            if (!wk_write_file(path, data))
                return report_wick(s->command_name, STAGE_WRITING);
            out("%s\n", quoted(path).text);
            return EXIT_OK;
        }
    }
    return report(s->command_name, strstr(why, "SHA-256") ? EXIT_DATA : EXIT_NOINPUT, "%s", quoted(why).text);
}

static int get_all(const Settings *s, const char *folder)
{
    Curl curl;
    if (!start_curl(&curl))
        return report(s->command_name, EXIT_INTERNAL, "libcurl could not be loaded");
    int code = EXIT_OK;
    for (int i = 0; i < MNIST_FILES && code == EXIT_OK; i++) {
        wk_Scope scope = wk_scope_begin();
        code = get_file(s, &curl, folder, &mnist_files[i]);
        wk_scope_end(scope);
    }
    curl.easy_cleanup(curl.handle);
    curl.global_cleanup();
    dlclose(curl.library);
    return code;
}

/* Makes the folder and those above it that are not there. */
static int make_folders(const Settings *s, const char *folder)
{
    char path[4096];
    size_t length = strlen(folder);
    if (length >= sizeof path)
        return report(s->command_name, EXIT_CANTCREATE, "cannot create %s: File name too long",
                      quoted(folder).text);
    for (size_t i = 1; i <= length; i++) {
        struct stat status;
        if (folder[i] && folder[i] != '/')
            continue;
        memcpy(path, folder, i);
        path[i] = 0;
        if (mkdir(path, 0777) == 0 || (stat(path, &status) == 0 && S_ISDIR(status.st_mode)))
            continue;
        return report(s->command_name, EXIT_CANTCREATE, "cannot create %s: %s", quoted(path).text,
                      strerror(errno));
    }
    return EXIT_OK;
}

#else

static int make_folders(const Settings *s, const char *folder)
{
    return report(s->command_name, EXIT_USAGE,
                  "this wick was built without libcurl; download %s and three more to %s yourself",
                  mnist_files[0].name, quoted(folder).text);
}

static int get_all(const Settings *s, const char *folder)
{
    (void)s, (void)folder;
    return EXIT_INTERNAL;
}

#endif

int command_data(const Settings *s)
{
    if (strcmp(s->arguments[0], "get") != 0 || strcmp(s->arguments[1], "mnist") != 0)
        return report(s->command_name, EXIT_USAGE, "'%s %s' is not offered; wick data get mnist [DIR] is",
                      quoted(s->arguments[0]).text, quoted(s->arguments[1]).text);
    const char *folder = s->count > 2 ? s->arguments[2] : "data/mnist";
    int code = make_folders(s, folder);
    return code == EXIT_OK ? get_all(s, folder) : code;
}
