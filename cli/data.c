/* wick data get mnist: the four files, from the first mirror that has them, kept only with the right SHA-256. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "outputs.h"
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
enum { MNIST_FILES = sizeof mnist_files / sizeof *mnist_files, FOLDER_PATH = 4096 };

#if WICK_HAS_CURL
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <dlfcn.h>

/* libcurl is loaded when something is fetched: with all that it needs itself it would take longer to load than all else that wick does
 * at its start. */
typedef struct Curl {
    void *library;
    const char *why; /* it could not be loaded */
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
        memcpy(functions[i].function, &found, sizeof found);
        if (!found)
            break;
    }
    c->why = dlerror();
    return !c->why;
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
    progress_show(r->file->name, (int64_t)r->count, (int64_t)r->file->bytes, (const char *const[]){NULL});
    return bytes;
}

/* Fetches the file into `bytes`. Returns EXIT_OK, or the exit code with the reason in `why`. */
static int fetch(const Curl *curl, const char *mirror, const Download *file, uint8_t *bytes, char *why,
                 size_t size)
{
    char url[4096], hex[65];
    Received received = {file, bytes, 0};
    int slash = mirror[strlen(mirror) - 1] == '/';
    if (snprintf(url, sizeof url, "%s%s%s", mirror, slash ? "" : "/", file->name) >= (int)sizeof url)
        return snprintf(why, size, "%s: the address is too long", mirror), EXIT_USAGE;
    curl->easy_setopt(curl->handle, CURLOPT_URL, url);
    curl->easy_setopt(curl->handle, CURLOPT_WRITEDATA, &received);
    CURLcode status = curl->easy_perform(curl->handle);
    if (status != CURLE_OK && status != CURLE_WRITE_ERROR) {
        snprintf(why, size, "%s: %s", url, curl->easy_strerror(status));
        return status == CURLE_OUT_OF_MEMORY ? EXIT_INTERNAL : EXIT_NOINPUT;
    }
    sha256_hex(bytes, received.count, hex);
    if (status == CURLE_OK && received.count == file->bytes && strcmp(hex, file->sha256) == 0)
        return EXIT_OK;
    snprintf(why, size, "%s: not the file that was expected (its SHA-256 is wrong)", url);
    return EXIT_DATA;
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

static int get_file(const Settings *s, const Curl *curl, const char *path, const Download *file)
{
    char why[4400];
    int mirrors = s->mirror ? 1 : (int)(sizeof mnist_mirrors / sizeof *mnist_mirrors), code = EXIT_INTERNAL;
    const int64_t bytes = (int64_t)file->bytes;
    wk_Tensor *data = wk_empty_shape(1, &bytes, wk_uint8);
    if (!data)
        return report_wick(s->command_name, STAGE_WORKING);
    for (int i = 0; i < mirrors; i++) {
        const char *mirror = s->mirror ? s->mirror : mnist_mirrors[i];
        code = fetch(curl, mirror, file, wk_data_ptr(data), why, sizeof why);
        if (code != EXIT_OK)
            continue;
        if (!wk_write_file(path, data))
            return report_wick(s->command_name, STAGE_WRITING);
        out("%s\n", quoted(path).text);
        return EXIT_OK;
    }
    return report(s->command_name, code, "%s", quoted(why).text);
}

/* The name of a file in the folder; false with the exit code when none can be made there. */
static bool place_file(const Settings *s, const char *folder, const Download *file, char path[FOLDER_PATH],
                       int *code)
{
    bool fits = snprintf(path, FOLDER_PATH, "%s/%s", folder, file->name) < FOLDER_PATH;
    *code = fits ? check_output(s->command_name, NULL, path)
                 : report(s->command_name, EXIT_CANTCREATE, "cannot create %s: File name too long",
                          quoted(folder).text);
    return *code == EXIT_OK;
}

static int get_all(const Settings *s, const char *folder)
{
    Curl curl;
    char path[FOLDER_PATH];
    int code = EXIT_OK;
    for (int i = 0; i < MNIST_FILES; i++)
        if (!place_file(s, folder, &mnist_files[i], path, &code))
            return code;
    if (!start_curl(&curl))
        return report(s->command_name, EXIT_INTERNAL, "libcurl could not be loaded: %s",
                      curl.why ? quoted(curl.why).text : "it does not start");
    for (int i = 0; i < MNIST_FILES && code == EXIT_OK; i++) {
        wk_Scope scope = wk_scope_begin();
        if (place_file(s, folder, &mnist_files[i], path, &code))
            code = get_file(s, &curl, path, &mnist_files[i]);
        wk_scope_end(scope);
    }
    curl.easy_cleanup(curl.handle);
    curl.global_cleanup();
    dlclose(curl.library);
    return code;
}

/* errno, or 0 when there is a folder of that name; *made: it is a new one. */
static int make_folder(const char *path, bool *made)
{
    struct stat status;
    *made = mkdir(path, 0777) == 0;
    int error = *made ? 0 : errno;
    if (error && stat(path, &status) == 0)
        error = S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
    return error;
}

/* Makes the folder and those above it that are not there. *first: the length of the path of the first that was made, 0 for none. */
static int make_folders(const Settings *s, const char *folder, size_t *first)
{
    char path[FOLDER_PATH];
    *first = 0;
    for (size_t i = 1; i <= strlen(folder); i++) {
        bool made;
        if (folder[i] && folder[i] != '/')
            continue;
        snprintf(path, sizeof path, "%.*s", (int)i, folder);
        int error = make_folder(path, &made);
        if (error)
            return report(s->command_name, EXIT_CANTCREATE, "cannot create %s: %s", quoted(path).text,
                          strerror(error));
        if (made && !*first)
            *first = i;
    }
    return EXIT_OK;
}

/* Those that make_folders has made, unless there is something in them. */
static void remove_folders(const char *folder, size_t first)
{
    char path[FOLDER_PATH];
    for (size_t i = strlen(folder); first && i >= first; i--)
        if (!folder[i] || folder[i] == '/') {
            snprintf(path, sizeof path, "%.*s", (int)i, folder);
            rmdir(path);
        }
}

static int get_into(const Settings *s, const char *folder)
{
    size_t first;
    int code = make_folders(s, folder, &first);
    if (code == EXIT_OK)
        code = get_all(s, folder);
    if (code != EXIT_OK)
        remove_folders(folder, first);
    return code;
}

#else

static int get_into(const Settings *s, const char *folder)
{
    return report(s->command_name, EXIT_USAGE,
                  "this wick was built without libcurl; download %s and three more to %s yourself",
                  mnist_files[0].name, quoted(folder).text);
}

#endif

int command_data(const Settings *s)
{
    char folder[FOLDER_PATH];
    if (strcmp(s->arguments[0], "get") != 0 || strcmp(s->arguments[1], "mnist") != 0)
        return report(s->command_name, EXIT_USAGE, "'%s %s' is not offered; wick data get mnist [DIR] is",
                      quoted(s->arguments[0]).text, quoted(s->arguments[1]).text);
    const char *wanted = s->count > 2 ? s->arguments[2] : "data/mnist";
    size_t length = strlen(wanted);
    while (length > 1 && wanted[length - 1] == '/')
        length--;
    if (length == 0 || length >= sizeof folder)
        return report(s->command_name, EXIT_CANTCREATE, "cannot create %s: %s", quoted(wanted).text,
                      strerror(length ? ENAMETOOLONG : ENOENT));
    snprintf(folder, sizeof folder, "%.*s", (int)length, wanted);
    return get_into(s, folder);
}
