/* Numbers made with PyTorch. */
#include "support/golden.h"

wk_StateDict *norm_cases;

int load_norm_cases(void **state)
{
    (void)state;
    norm_cases = wk_load_safetensors("tests/golden/norm.safetensors");
    return norm_cases ? 0 : -1;
}

int free_norm_cases(void **state)
{
    (void)state;
    wk_state_dict_free(norm_cases);
    return 0;
}

static const char *golden_name(char *out, size_t size, const char *format, va_list args)
{
    vsnprintf(out, size, format, args);
    return out;
}

wk_Tensor *golden(const wk_StateDict *file, const char *format, ...)
{
    char name[200];
    va_list args;
    va_start(args, format);
    golden_name(name, sizeof name, format, args);
    va_end(args);
    wk_Tensor *t = wk_state_dict_get(file, name);
    if (!t)
        fail_msg("the golden file has no %s", name);
    return t;
}

void expect_close(wk_Tensor *have, wk_Tensor *want, double rtol, double atol, const char *what)
{
    if (!have)
        fail_msg("%s: no tensor: %s", what, wk_error() ? wk_error() : "(no message)");
    bool same = wk_dtype_of(have) == wk_dtype_of(want) && wk_ndim(have) == wk_ndim(want);
    for (int i = 0; same && i < wk_ndim(want); i++)
        same = wk_size(have, i) == wk_size(want, i);
    if (!same)
        fail_msg("%s: another shape or dtype", what);
    if (rtol == 0 && atol == 0 ? wk_equal(have, want) : wk_allclose(have, want, rtol, atol, true))
        return;
    wk_Tensor *off = wk_max(wk_abs(wk_sub(wk_detach(have), wk_detach(want))));
    fail_msg("%s: off by %g", what, wk_item(off));
}

static wk_Tensor *leaf(const wk_StateDict *file, const char *name, const char *key)
{
    char full[100];
    snprintf(full, sizeof full, "%s.%s", name, key);
    wk_Tensor *t = wk_state_dict_get(file, full);
    return t ? wk_requires_grad_(wk_clone(t)) : NULL;
}

void expect_golden_case(const wk_StateDict *file, const char *name, GoldenCall call)
{
    static const char *const keys[] = {"x", "weight", "bias"};
    for (int recorded = 0; recorded < 2; recorded++) {
        wk_Tensor *in[3], *given[3], *grads[3];
        int count = 0, key_of[3];
        for (int i = 0; i < 3; i++)
            if ((in[i] = leaf(file, name, keys[i]))) {
                key_of[count] = i;
                given[count++] = in[i];
            }
        wk_Tensor *y = call(name, in[0], in[1], in[2]), *g = golden(file, "%s.g", name);
        expect_close(y, golden(file, "%s.y", name), 1e-5, 1e-6, name);
        EXPECT_TRUE(
            wk_grads(grads, {1, &y}, {count, given}, .grad_outputs = {1, &g}, .create_graph = recorded));
        for (int i = 0; i < count; i++)
            expect_close(wk_detach(grads[i]), golden(file, "%s.grad_%s", name, keys[key_of[i]]), 1e-4, 1e-5,
                         name);
    }
}
