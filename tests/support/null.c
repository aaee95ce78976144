/* Which public functions there are, from the headers themselves, and which the test has called. */
#include "support/null.h"

enum { NAMES = 1024, NAME_BYTES = 64 };

typedef struct Names {
    int count;
    char text[NAMES][NAME_BYTES];
} Names;

static Names called, declared;

static void add_name(Names *names, const char *text, size_t length)
{
    assert_true(names->count < NAMES && length < NAME_BYTES);
    for (int i = 0; i < names->count; i++)
        if (strlen(names->text[i]) == length && memcmp(names->text[i], text, length) == 0)
            return;
    memcpy(names->text[names->count], text, length);
    names->text[names->count++][length] = 0;
}

static size_t name_length(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}

/* ---- what was called -------------------------------------------------------------------------------- */

void note_called(const char *name)
{
    name += *name == '('; /* (wk_call)(...), so that no macro takes it */
    add_name(&called, name, name_length(name));
}

void expect_null(bool as_wanted, const char *call, const char *message, const char *file, int line)
{
    const char *have = wk_error();
    note_called(call);
    bool same = message ? have && strcmp(have, message) == 0 && wk_error_kind() == WK_ERROR_ARGUMENT : !have;
    if (as_wanted && same) {
        wk_clear_error();
        return;
    }
    print_error("%s\n  have kind %d, \"%s\"%s\n  want \"%s\"\n", call, (int)wk_error_kind(), have ? have : "",
                as_wanted ? "" : " (and a result)", message ? message : "");
    wk_clear_error();
    _fail(file, line);
}

/* ---- what is declared ------------------------------------------------------------------------------- */

/* The functions that a line WK_DECLARE_UNARY(name) and its kin stand for. */
static void declare_family(const char *line)
{
    static const struct {
        const char *macro, *suffixes[8];
    } families[] = {
        {"WK_DECLARE_UNARY(", {"", "_"}},
        {"WK_DECLARE_BINARY(", {"_tensor", "_double", "_int64", "_uint64"}},
        {"WK_DECLARE_BINARY_INPLACE(",
         {"_tensor", "_double", "_int64", "_uint64", "__tensor", "__double", "__int64", "__uint64"}},
    };
    for (size_t f = 0; f < LENGTH(families); f++) {
        size_t macro = strlen(families[f].macro);
        if (strncmp(line, families[f].macro, macro) != 0)
            continue;
        for (int s = 0; s < 8 && families[f].suffixes[s]; s++) {
            char name[NAME_BYTES];
            int n = snprintf(name, sizeof name, "wk_%.*s%s", (int)name_length(line + macro), line + macro,
                             families[f].suffixes[s]);
            add_name(&declared, name, (size_t)n);
        }
    }
}

/* The last name before the first parenthesis of a line that begins with WK_API. */
static void declare_function(const char *line)
{
    const char *end = strchr(line, '(');
    if (strncmp(line, "WK_API ", 7) != 0 || !end)
        return;
    const char *name = end;
    while (name_length(name - 1))
        name--;
    if (strncmp(name, "wk_", 3) == 0)
        add_name(&declared, name, (size_t)(end - name));
}

static void read_header(const char *header)
{
    char path[128], line[512];
    snprintf(path, sizeof path, "include/wick/%s", header);
    FILE *f = fopen(path, "r");
    if (!f)
        fail_msg("cannot read %s", path);
    int before = declared.count;
    while (fgets(line, sizeof line, f)) {
        declare_function(line);
        declare_family(line);
    }
    fclose(f);
    if (declared.count == before)
        fail_msg("%s declares nothing", path);
}

void expect_all_called(const char *const *headers)
{
    int missing = 0;
    for (; *headers; headers++)
        read_header(*headers);
    for (int i = 0; i < declared.count; i++) {
        bool found = false;
        for (int j = 0; j < called.count && !found; j++)
            found = strcmp(declared.text[i], called.text[j]) == 0;
        if (!found)
            print_error("%s was never given NULL\n", declared.text[i]);
        missing += !found;
    }
    assert_int_equal(missing, 0);
}
