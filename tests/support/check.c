/* Assertions on tensors, and the allocation that fails. */
#define _GNU_SOURCE
#include "support/check.h"

#include <unistd.h>

#include <stdatomic.h>

/* Sanitizers end the program at an allocation that is too large, and at a thread begun by a forked child; the tests ask for both. */
#define SANITIZER_HOOK __attribute__((weak, visibility("default")))
SANITIZER_HOOK const char *__asan_default_options(void);
SANITIZER_HOOK const char *__tsan_default_options(void);

SANITIZER_HOOK const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

SANITIZER_HOOK const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1:die_after_fork=0";
}

/* ---- tensors from lists ----------------------------------------------------------------------------- */

wk_Tensor *tensor_of(wk_dtype dtype, int ndim, const int64_t *dims, const double *values)
{
    wk_Tensor *t = wk_empty_shape(ndim, dims, dtype);
    if (!t)
        return NULL;
    for (int64_t i = 0; i < wk_numel(t); i++)
        switch (dtype) {
        case wk_float32:
            wk_data(t, float)[i] = (float)values[i];
            break;
        case wk_float64:
            wk_data(t, double)[i] = values[i];
            break;
        case wk_int64:
            wk_data(t, int64_t)[i] = (int64_t)values[i];
            break;
        case wk_int32:
            wk_data(t, int32_t)[i] = (int32_t)values[i];
            break;
        case wk_uint8:
            wk_data(t, uint8_t)[i] = (uint8_t)values[i];
            break;
        default:
            wk_data(t, bool)[i] = values[i] != 0;
        }
    return t;
}

/* ---- assertions ------------------------------------------------------------------------------------- */

static double element(const wk_Tensor *t, int64_t index)
{
    int64_t indices[WK_MAX_DIMS];
    for (int d = wk_ndim(t) - 1; d >= 0; d--) {
        indices[d] = index % wk_shape(t)[d];
        index /= wk_shape(t)[d];
    }
    return wk_at_index(t, wk_ndim(t), indices);
}

static void show(const wk_Tensor *t)
{
    print_error("have [");
    for (int64_t i = 0; i < wk_numel(t) && i < 64; i++)
        print_error("%s%.9g", i ? ", " : "", element(t, i));
    print_error("]\n");
}

static bool close_to(double have, double want, wk_dtype dtype)
{
    double rtol = dtype == wk_float32 ? 1.3e-6 : dtype == wk_float64 ? 1e-7 : 0;
    double atol = dtype == wk_float32 ? 1e-5 : dtype == wk_float64 ? 1e-7 : 0;
    if (isnan(want) || isnan(have))
        return isnan(want) && isnan(have);
    if (isinf(want) || isinf(have))
        return have == want;
    return fabs(have - want) <= atol + rtol * fabs(want);
}

void expect_values(wk_Tensor *tensor, int64_t count, const double *values, const char *file, int line)
{
    if (!tensor) {
        print_error("no tensor: %s\n", wk_error() ? wk_error() : "(no message)");
        _fail(file, line);
    }
    bool same = wk_numel(tensor) == count;
    for (int64_t i = 0; same && i < count; i++)
        same = close_to(element(tensor, i), values[i], wk_dtype_of(tensor));
    if (same)
        return;
    show(tensor);
    print_error("want [");
    for (int64_t i = 0; i < count; i++)
        print_error("%s%.9g", i ? ", " : "", values[i]);
    print_error("]\n");
    _fail(file, line);
}

void expect_shape(wk_Tensor *tensor, int ndim, const int64_t *dims, const char *file, int line)
{
    if (!tensor) {
        print_error("no tensor: %s\n", wk_error() ? wk_error() : "(no message)");
        _fail(file, line);
    }
    bool same = wk_ndim(tensor) == ndim;
    for (int i = 0; same && i < ndim; i++)
        same = wk_shape(tensor)[i] == dims[i];
    if (same)
        return;
    print_error("have shape [");
    for (int i = 0; i < wk_ndim(tensor); i++)
        print_error("%s%lld", i ? ", " : "", (long long)wk_shape(tensor)[i]);
    print_error("]\n");
    _fail(file, line);
}

void expect_error(bool failed, wk_ErrorKind kind, const char *text, const char *call, const char *file,
                  int line)
{
    const char *message = wk_error();
    if (failed && message && wk_error_kind() == kind && strstr(message, text)) {
        wk_clear_error();
        return;
    }
    print_error("%s\n  have kind %d, \"%s\"%s\n  want kind %d, \"%s\"\n", call, (int)wk_error_kind(),
                message ? message : "", failed ? "" : " (and it succeeded)", (int)kind, text);
    wk_clear_error();
    _fail(file, line);
}

void expect_node(wk_Tensor *tensor, const char *name, const char *call, const char *file, int line)
{
    expect_success(tensor != NULL, call, file, line);
    const wk_Node *node = wk_grad_fn(tensor);
    _assert_string_equal(node ? wk_node_name(node) : "no node", name, file, line);
}

void expect_success(bool done, const char *call, const char *file, int line)
{
    if (done)
        return;
    print_error("%s failed: %s\n", call, wk_error() ? wk_error() : "(no message)");
    wk_clear_error();
    _fail(file, line);
}

/* ---- memory ----------------------------------------------------------------------------------------- */

/* The stack of scopes grows as it must and stays: it is made large once, so that it does not count as a leak. */
static void grow_scopes(void)
{
    static bool grown;
    if (grown)
        return;
    grown = true;
    wk_Scope first = wk_scope_begin();
    for (int i = 0; i < 200; i++)
        wk_scope_begin();
    for (int i = 0; i < 20000; i++)
        wk_scalar(0);
    wk_scope_end(first);
}

typedef struct Test {
    wk_Scope scope;
    size_t allocated;
} Test;

int scope_setup(void **state)
{
    static Test test;
    grow_scopes();
    wk_clear_error();
    wk_set_grad_enabled(true); /* a test before this one may have failed half-way */
    test.allocated = wk_memory_allocated();
    test.scope = wk_scope_begin();
    *state = &test;
    return 0;
}

int scope_teardown(void **state)
{
    Test *test = *state;
    wk_scope_end(test->scope);
    size_t now = wk_memory_allocated();
    if (now == test->allocated)
        return 0;
    print_error("memory in use: %zu bytes before the test, %zu after it\n", test->allocated, now);
    return -1;
}

typedef struct Failing {
    atomic_int count;
    int at;
    bool from_then_on;
} Failing;

static bool count_down(size_t bytes, void *user)
{
    Failing *f = user;
    (void)bytes;
    int now = atomic_fetch_add(&f->count, 1);
    return f->at < 0 || !(f->from_then_on ? now >= f->at : now == f->at);
}

static void expect_same_result(wk_Tensor *(*run)(void *user), void *user, wk_Tensor *want)
{
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *again = run(user);
    EXPECT_TRUE(again != NULL);
    EXPECT_TRUE(wk_allclose(again, want, 0, 0, true));
    wk_scope_end(scope);
}

int expect_survives_failing_allocations(wk_Tensor *(*run)(void *user), void *user)
{
    Failing f = {.at = -1};
    grow_scopes();
    wk_Scope first = wk_scope_begin();
    wk_Tensor *want = wk_keep(run(user));
    EXPECT_TRUE(want != NULL);
    wk_scope_end(first);
    for (int mode = 0; mode < 2; mode++)
        for (int n = 0;; n++) {
            size_t before = wk_memory_allocated();
            wk_clear_error();
            f.at = n, f.from_then_on = mode, f.count = 0;
            wk_set_memory_hook(count_down, &f);
            wk_Scope scope = wk_scope_begin();
            wk_Tensor *got = run(user);
            wk_set_memory_hook(NULL, NULL);
            bool failed = f.count > n;
            if (failed && (got || wk_error_kind() != WK_ERROR_MEMORY))
                fail_msg("allocation %d of %d failed%s: got %s, error %d \"%s\"", n, (int)f.count,
                         mode ? " as all after it" : "", got ? "a result" : "none", (int)wk_error_kind(),
                         wk_error() ? wk_error() : "");
            if (scope.id)
                wk_scope_end(scope);
            if (wk_memory_allocated() != before)
                fail_msg("allocation %d failed%s: %zu bytes before, %zu after", n,
                         mode ? " as all after it" : "", before, wk_memory_allocated());
            if (!failed)
                break;
            wk_clear_error();
            expect_same_result(run, user, want);
        }
    wk_tensor_free(want);
    return (int)f.count;
}

size_t resident_kilobytes(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%*u %lu", &pages), 1);
    fclose(f);
    return pages * (size_t)sysconf(_SC_PAGESIZE) / 1024;
}
