/* The graph that each function leaves behind is PyTorch's 2.15, node by node: its grad_fn, and next_functions down to the leaves ("leaf"
 * for AccumulateGrad, "~" for "Backward", "-" for no next function). A text that ends with "*" tells the first node alone: what
 * lies behind it differs. */
#include "support/check.h"

#include "wick/functional.h"

static char text[1024];

static void append(const char *part)
{
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, "%s", part);
}

static void append_name(const char *name)
{
    const char *word = strstr(name, "Backward");
    size_t used = strlen(text);
    if (word)
        snprintf(text + used, sizeof text - used, "%.*s~%s", (int)(word - name), name,
                 word + strlen("Backward"));
    else
        append(strcmp(name, "AccumulateGrad") == 0 ? "leaf" : name);
}

static void append_graph(wk_Node *node)
{
    if (!node) {
        append("-");
        return;
    }
    append_name(wk_node_name(node));
    int count = wk_node_next_count(node);
    for (int i = 0; i < count; i++) {
        append(i ? "," : "(");
        append_graph(wk_node_next(node, i));
    }
    if (count)
        append(")");
}

static void expect_graph(wk_Tensor *tensor, const char *want, const char *call, int line)
{
    expect_success(tensor != NULL, call, __FILE__, line);
    text[0] = 0;
    append_graph(wk_grad_fn(tensor));
    size_t length = strlen(want);
    bool first = length && want[length - 1] == '*';
    if (first && strncmp(text, want, length - 1) == 0 && text[length - 1] == '(')
        return;
    if (strcmp(text, want) == 0)
        return;
    print_error("%s\n  have %s\n  want %s\n", call, text, want);
    _fail(__FILE__, line);
}
#define GRAPH(call, want) expect_graph(call, want, #call, __LINE__)

/* The leaves that the calls below name. */
static wk_Tensor *x, *y, *s, *m, *q, *n, *c, *b3, *i, *im, *k, *t3, *t24, *t2d;

static wk_Tensor *leaf(wk_Tensor *values)
{
    return wk_requires_grad_(values);
}

static int make_leaves(void **state)
{
    int failed = scope_setup(state);
    x = leaf(f32(0.1, 0.2, 0.3, 0.4)), y = leaf(f32(0.5, 0.2, 0.3, 0.4)), s = leaf(wk_scalar(0.5));
    m = leaf(wk_rand(3, 4)), q = leaf(wk_rand(2, 3, 4)), n = i64(1, 2, 3, 4), c = wk_gt(x, 0.15);
    b3 = leaf(wk_rand(3)), i = i64(0, 1), im = leaf(wk_rand(1, 2, 4, 4)), k = leaf(wk_rand(3, 2, 2, 2));
    t3 = i64(0, 1, 2), t24 = wk_zeros(2, 4, wk_int64), t2d = wk_zeros(1, 4, 4, wk_int64);
    return failed;
}

static void test_elementwise(void **state)
{
    (void)state;
    GRAPH(wk_neg(x), "Neg~0(leaf)");
    GRAPH(wk_neg_(wk_mul(x, 1)), "Neg~0(Mul~0(leaf,-))");
    GRAPH(wk_abs(x), "Abs~0(leaf)");
    GRAPH(wk_abs_(wk_mul(x, 1)), "Abs~0(Mul~0(leaf,-))");
    GRAPH(wk_sign(x), "Sign~0(leaf)");
    GRAPH(wk_sign_(wk_mul(x, 1)), "Sign~0(Mul~0(leaf,-))");
    GRAPH(wk_exp(x), "Exp~0(leaf)");
    GRAPH(wk_exp_(wk_mul(x, 1)), "Exp~0(Mul~0(leaf,-))");
    GRAPH(wk_expm1(x), "Expm1~0(leaf)");
    GRAPH(wk_expm1_(wk_mul(x, 1)), "Expm1~0(Mul~0(leaf,-))");
    GRAPH(wk_log(x), "Log~0(leaf)");
    GRAPH(wk_log_(wk_mul(x, 1)), "Log~0(Mul~0(leaf,-))");
    GRAPH(wk_log1p(x), "Log1P~0(leaf)");
    GRAPH(wk_log1p_(wk_mul(x, 1)), "Log1P~0(Mul~0(leaf,-))");
    GRAPH(wk_sqrt(x), "Sqrt~0(leaf)");
    GRAPH(wk_sqrt_(wk_mul(x, 1)), "Sqrt~0(Mul~0(leaf,-))");
    GRAPH(wk_rsqrt(x), "Rsqrt~0(leaf)");
    GRAPH(wk_rsqrt_(wk_mul(x, 1)), "Rsqrt~0(Mul~0(leaf,-))");
    GRAPH(wk_square(x), "Pow~0(leaf)");
    GRAPH(wk_square_(wk_mul(x, 1)), "Pow~0(Mul~0(leaf,-))");
    GRAPH(wk_reciprocal(x), "Reciprocal~0(leaf)");
    GRAPH(wk_reciprocal_(wk_mul(x, 1)), "Reciprocal~0(Mul~0(leaf,-))");
    GRAPH(wk_sin(x), "Sin~0(leaf)");
    GRAPH(wk_sin_(wk_mul(x, 1)), "Sin~0(Mul~0(leaf,-))");
    GRAPH(wk_cos(x), "Cos~0(leaf)");
    GRAPH(wk_cos_(wk_mul(x, 1)), "Cos~0(Mul~0(leaf,-))");
    GRAPH(wk_erf(x), "Erf~0(leaf)");
    GRAPH(wk_erf_(wk_mul(x, 1)), "Erf~0(Mul~0(leaf,-))");
    GRAPH(wk_floor(x), "Floor~0(leaf)");
    GRAPH(wk_floor_(wk_mul(x, 1)), "Floor~0(Mul~0(leaf,-))");
    GRAPH(wk_ceil(x), "Ceil~0(leaf)");
    GRAPH(wk_ceil_(wk_mul(x, 1)), "Ceil~0(Mul~0(leaf,-))");
    GRAPH(wk_round(x), "Round~0(leaf)");
    GRAPH(wk_round_(wk_mul(x, 1)), "Round~0(Mul~0(leaf,-))");
    GRAPH(wk_relu(x), "Relu~0(leaf)");
    GRAPH(wk_relu_(wk_mul(x, 1)), "Relu~0(Mul~0(leaf,-))");
    GRAPH(wk_tanh(x), "Tanh~0(leaf)");
    GRAPH(wk_tanh_(wk_mul(x, 1)), "Tanh~0(Mul~0(leaf,-))");
    GRAPH(wk_sigmoid(x), "Sigmoid~0(leaf)");
    GRAPH(wk_sigmoid_(wk_mul(x, 1)), "Sigmoid~0(Mul~0(leaf,-))");
    GRAPH(wk_silu(x), "Silu~0(leaf)");
    GRAPH(wk_gelu(x), "Gelu~0(leaf)");
    GRAPH(wk_silu_(wk_mul(x, 1)), "Silu~0(Mul~0(leaf,-))");
    GRAPH(wk_add(x, y), "Add~0(leaf,leaf)");
    GRAPH(wk_add(x, 2), "Add~0(leaf,-)");
    GRAPH(wk_add(x, 2.5), "Add~0(leaf,-)");
    GRAPH(wk_add_(wk_mul(x, 1), y), "Add~0(Mul~0(leaf,-),leaf)");
    GRAPH(wk_add_(wk_mul(x, 1), 2), "Add~0(Mul~0(leaf,-),-)");
    GRAPH(wk_add(x, wk_detach(s)), "Add~0(leaf,-)");
    GRAPH(wk_add(x, s), "Add~0(leaf,leaf)");
    GRAPH(wk_add(wk_detach(x), y), "Add~0(-,leaf)");
    GRAPH(wk_add(x, n), "Add~0(leaf,-)");
    GRAPH(wk_sub(x, y), "Sub~0(leaf,leaf)");
    GRAPH(wk_sub(x, 2), "Sub~0(leaf,-)");
    GRAPH(wk_sub(x, 2.5), "Sub~0(leaf,-)");
    GRAPH(wk_sub_(wk_mul(x, 1), y), "Sub~0(Mul~0(leaf,-),leaf)");
    GRAPH(wk_sub_(wk_mul(x, 1), 2), "Sub~0(Mul~0(leaf,-),-)");
    GRAPH(wk_sub(x, wk_detach(s)), "Sub~0(leaf,-)");
    GRAPH(wk_sub(x, s), "Sub~0(leaf,leaf)");
    GRAPH(wk_sub(wk_detach(x), y), "Sub~0(-,leaf)");
    GRAPH(wk_sub(x, n), "Sub~0(leaf,-)");
    GRAPH(wk_mul(x, y), "Mul~0(leaf,leaf)");
    GRAPH(wk_mul(x, 2), "Mul~0(leaf,-)");
    GRAPH(wk_mul(x, 2.5), "Mul~0(leaf,-)");
    GRAPH(wk_mul_(wk_mul(x, 1), y), "Mul~0(Mul~0(leaf,-),leaf)");
    GRAPH(wk_mul_(wk_mul(x, 1), 2), "Mul~0(Mul~0(leaf,-),-)");
    GRAPH(wk_mul(x, wk_detach(s)), "Mul~0(leaf,-)");
    GRAPH(wk_mul(x, s), "Mul~0(leaf,leaf)");
    GRAPH(wk_mul(wk_detach(x), y), "Mul~0(-,leaf)");
    GRAPH(wk_mul(x, n), "Mul~0(leaf,-)");
    GRAPH(wk_div(x, y), "Div~0(leaf,leaf)");
    GRAPH(wk_div(x, 2), "Div~0(leaf,-)");
    GRAPH(wk_div(x, 2.5), "Div~0(leaf,-)");
    GRAPH(wk_div_(wk_mul(x, 1), y), "Div~0(Mul~0(leaf,-),leaf)");
    GRAPH(wk_div_(wk_mul(x, 1), 2), "Div~0(Mul~0(leaf,-),-)");
    GRAPH(wk_div(x, wk_detach(s)), "Div~0(leaf,-)");
    GRAPH(wk_div(x, s), "Div~0(leaf,leaf)");
    GRAPH(wk_div(wk_detach(x), y), "Div~0(-,leaf)");
    GRAPH(wk_div(x, n), "Div~0(leaf,-)");
    GRAPH(wk_remainder(x, y), "Remainder~1(leaf,leaf)");
    GRAPH(wk_remainder(x, 2), "Remainder~0(leaf)");
    GRAPH(wk_remainder(x, wk_detach(y)), "Remainder~1(leaf,-)");
    GRAPH(wk_remainder(x, n), "Remainder~1(leaf,-)");
    GRAPH(wk_remainder_(wk_mul(x, 1), y), "Remainder~1(Mul~0(leaf,-),leaf)");
    GRAPH(wk_remainder_(wk_mul(x, 1), 2), "Remainder~0(Mul~0(leaf,-))");
    GRAPH(wk_pow(x, y), "Pow~1(leaf,leaf)");
    GRAPH(wk_pow(x, 2), "Pow~0(leaf)");
    GRAPH(wk_pow(x, wk_detach(y)), "Pow~1(leaf,-)");
    GRAPH(wk_pow(x, n), "Pow~1(leaf,-)");
    GRAPH(wk_pow_(wk_mul(x, 1), y), "Pow~1(Mul~0(leaf,-),leaf)");
    GRAPH(wk_pow_(wk_mul(x, 1), 2), "Pow~0(Mul~0(leaf,-))");
    GRAPH(wk_maximum(x, y), "Maximum~0(leaf,leaf)");
    GRAPH(wk_minimum(x, y), "Minimum~0(leaf,leaf)");
    GRAPH(wk_maximum(x, s), "Maximum~0(leaf,leaf)");
    GRAPH(wk_rsub(x, 2), "Rsub~1(leaf)");
    GRAPH(wk_scalar_pow(2, x), "Pow~2(leaf)");
    GRAPH(wk_add_alpha(x, y, 2), "Add~0*");
    GRAPH(wk_sub_alpha(x, y, 2), "Sub~0*");
    GRAPH(wk_add_alpha_(wk_mul(x, 1), y, 2), "Add~0*");
    GRAPH(wk_sub_alpha_(wk_mul(x, 1), y, 2), "Sub~0*");
    GRAPH(wk_clone(x), "Clone~0(leaf)");
    GRAPH(wk_contiguous(wk_t(m)), "Clone~0(T~0(leaf))");
    GRAPH(wk_to_dtype(x, wk_float64), "ToCopy~0(leaf)");
    GRAPH(wk_copy_(wk_mul(x, 1), y), "Copy~s(Mul~0(leaf,-),leaf)");
    GRAPH(wk_copy_(wk_zeros(4), y), "Copy~s(-,leaf)");
    GRAPH(wk_copy_(wk_mul(x, 1), wk_zeros(4)), "Copy~s(Mul~0(leaf,-),-)");
    GRAPH(wk_fill_(wk_mul(x, 1), 2), "Fill~2(Mul~0(leaf,-))");
    GRAPH(wk_zero_(wk_mul(x, 1)), "Zero~0(Mul~0(leaf,-))");
    GRAPH(wk_uniform_(wk_mul(x, 1), 0, 1, NULL), "Uniform~0(Mul~0(leaf,-))");
    GRAPH(wk_normal_(wk_mul(x, 1), 0, 1, NULL), "Normal~0(Mul~0(leaf,-))");
    GRAPH(wk_bernoulli_(wk_mul(x, 1), 0.5, NULL), "Bernoulli~2(Mul~0(leaf,-))");
    GRAPH(wk_random_(wk_mul(x, 1), 0, 5, NULL), "Random~0(Mul~0(leaf,-))");
    GRAPH(wk_bernoulli(wk_sigmoid(x), NULL), "Bernoulli~0(Sigmoid~0(leaf))");
    GRAPH(wk_where(c, x, y), "Where~0(leaf,leaf)");
    GRAPH(wk_where(c, x, wk_zeros(4)), "Where~0(leaf,-)");
    GRAPH(wk_masked_fill(x, c, 2), "MaskedFill~0(leaf)");
    GRAPH(wk_clamp(x, 0, 1), "Clamp~1(leaf)");
    GRAPH(wk_clamp(x, -INFINITY, 1), "Clamp~1(leaf)");
    GRAPH(wk_clamp(x, 0, INFINITY), "Clamp~1(leaf)");
    GRAPH(wk_mul_(wk_slice(wk_mul(x, 1), 0, 0, 2, 1), 2), "AsStrided~0(CopySlices(Mul~0(leaf,-),-))");
    GRAPH(wk_copy_(wk_select(wk_zeros(3, 4), 0, 1), x), "AsStrided~0(CopySlices(-,leaf))");
}

static void test_shapes(void **state)
{
    (void)state;
    GRAPH(wk_view(m, 4, 3), "View~0(leaf)");
    GRAPH(wk_view(m, 3, 4), "View~0(leaf)");
    GRAPH(wk_reshape(m, 4, 3), "View~0(leaf)");
    GRAPH(wk_reshape(m, 3, 4), "View~0(leaf)");
    GRAPH(wk_reshape(wk_t(m), 12), "UnsafeView~0(Clone~0(T~0(leaf)))");
    GRAPH(wk_reshape(wk_t(m), 4, 3), "ReshapeAlias~0(T~0(leaf))");
    GRAPH(wk_flatten(m, 0, -1), "View~0(leaf)");
    GRAPH(wk_flatten(wk_t(m), 0, -1), "UnsafeView~0(Clone~0(T~0(leaf)))");
    GRAPH(wk_flatten(s, 0, -1), "View~0(leaf)");
    GRAPH(wk_flatten(q, 1, -1), "View~0(leaf)");
    GRAPH(wk_reshape(x, -1), "View~0(leaf)");
    GRAPH(wk_transpose(m, 0, 1), "Transpose~0(leaf)");
    GRAPH(wk_transpose(m, 0, 0), "Transpose~0(leaf)");
    GRAPH(wk_t(m), "T~0(leaf)");
    GRAPH(wk_t(x), "T~0(leaf)");
    GRAPH(wk_t(s), "T~0(leaf)");
    GRAPH(wk_permute(q, 2, 0, 1), "Permute~0(leaf)");
    GRAPH(wk_squeeze(wk_view(x, 1, 4)), "Squeeze~0(View~0(leaf))");
    GRAPH(wk_squeeze_dims(wk_view(x, 1, 4), 1, (int64_t[]){0}), "Squeeze~1(View~0(leaf))");
    GRAPH(wk_squeeze_dims(wk_view(x, 1, 4), 2, (int64_t[]){0, 1}), "Squeeze~2(View~0(leaf))");
    GRAPH(wk_squeeze_dims(wk_view(x, 1, 4), 1, (int64_t[]){1}), "Squeeze~1(View~0(leaf))");
    GRAPH(wk_squeeze(x), "Squeeze~0(leaf)");
    GRAPH(wk_unsqueeze(x, 0), "Unsqueeze~0(leaf)");
    GRAPH(wk_expand(wk_view(x, 4, 1), 4, 3), "Expand~0(View~0(leaf))");
    GRAPH(wk_expand(x, 4), "Expand~0(leaf)");
    GRAPH(wk_squeeze_dims(s, 1, (int64_t[]){0}), "Squeeze~1(leaf)");
    GRAPH(wk_squeeze_dims(wk_view(x, 1, 4), 0, NULL), "Squeeze~2(View~0(leaf))");
    GRAPH(wk_select(m, 0, 1), "Select~0(leaf)");
    GRAPH(wk_slice(m, 1, 0, 2, 1), "Slice~0(leaf)");
    GRAPH(wk_slice(x, 0, 0, WK_END, 1), "Slice~0(leaf)");
    GRAPH(wk_slice(x, 0, 0, 4, 1), "Slice~0(leaf)");
    GRAPH(wk_slice(x, 0, 0, WK_END, 2), "Slice~0(leaf)");
    GRAPH(wk_narrow(m, 1, 0, 2), "Slice~0(leaf)");
    GRAPH(wk_index(m, 1), "Select~0(leaf)");
    GRAPH(wk_index(m, 1, 2), "Select~0(Select~0(leaf))");
    GRAPH(wk_as_strided(x, 1, (int64_t[]){2}, (int64_t[]){1}, 0), "AsStrided~0(leaf)");
    GRAPH(wk_as_strided_scatter(x, wk_zeros(2), 1, (int64_t[]){2}, (int64_t[]){1}, 0),
          "AsStridedScatter~0(leaf,-)");
    GRAPH(wk_index_select(m, 0, i), "IndexSelect~0(leaf)");
    GRAPH(wk_gather(x, 0, i), "Gather~0(leaf)");
    GRAPH(wk_scatter_add(x, 0, i, wk_ones(2)), "ScatterAdd~0(leaf,-)");
    GRAPH(wk_cat(wk_list(x, y), 0), "Cat~0(leaf,leaf)");
    GRAPH(wk_stack(wk_list(x, y), 0), "Stack~0(leaf,leaf)");
    GRAPH(wk_cat(wk_list(x), 0), "Cat~0(leaf)");
}

static void test_reductions(void **state)
{
    (void)state;
    GRAPH(wk_sum(m), "Sum~0(leaf)");
    GRAPH(wk_sum(m, 0), "Sum~1(leaf)");
    GRAPH(wk_sum(m, wk_dims(0, 1)), "Sum~1(leaf)");
    GRAPH(wk_sum(m, 0, true), "Sum~1(leaf)");
    GRAPH(wk_mean(m), "Mean~0(leaf)");
    GRAPH(wk_mean(m, 0), "Mean~1(leaf)");
    GRAPH(wk_mean(m, WK_ALL, .keepdim = true), "Mean~1(leaf)");
    GRAPH(wk_sum(m, WK_ALL, .keepdim = true), "Sum~1(leaf)");
    GRAPH(wk_sum(m, WK_ALL, .dtype = wk_float64), "Sum~0*");
    GRAPH(wk_mean(m, WK_ALL, .dtype = wk_float64), "Mean~0*");
    GRAPH(wk_sum(m, 0, .dtype = wk_float64), "Sum~1*");
    GRAPH(wk_max(m), "Max~1(leaf)");
    GRAPH(wk_min(m), "Min~1(leaf)");
    GRAPH(wk_amax(m), "Amax~0(leaf)");
    GRAPH(wk_amin(m, 0), "Amin~0(leaf)");
    GRAPH(wk_max_dim(m, 0, false).values, "Max~0(leaf)");
    GRAPH(wk_min_dim(m, 0, false).values, "Min~0(leaf)");
    GRAPH(wk_var(m), "Var~0(leaf)");
    GRAPH(wk_var(m, 0), "Var~0(leaf)");
    GRAPH(wk_var(m, WK_ALL, .correction = WK_ZERO), "Var~0(leaf)");
    GRAPH(wk_std(m), "Std~0(leaf)");
    GRAPH(wk_norm(m), "LinalgVectorNorm~0(leaf)");
    GRAPH(wk_norm(m, 1), "LinalgVectorNorm~0(leaf)");
    GRAPH(wk_norm(m, 2, 0), "LinalgVectorNorm~0(leaf)");
    GRAPH(wk_norm(m, INFINITY), "LinalgVectorNorm~0(leaf)");
    GRAPH(wk_norm(m, 2, 0, true), "LinalgVectorNorm~0(leaf)");
    GRAPH(wk_norm(x), "LinalgVectorNorm~0(leaf)");
}

static void test_layers(void **state)
{
    (void)state;
    GRAPH(wk_matmul(x, y), "Dot~0(leaf,leaf)");
    GRAPH(wk_matmul(m, x), "Mv~0(leaf,leaf)");
    GRAPH(wk_matmul(x, wk_t(m)), "Squeeze~4(Mm~0(Unsqueeze~0(leaf),T~0(leaf)))");
    GRAPH(wk_matmul(m, wk_t(m)), "Mm~0(leaf,T~0(leaf))");
    GRAPH(wk_matmul(q, wk_transpose(q, 1, 2)),
          "UnsafeView~0(Bmm~0(View~0(Expand~0(leaf)),ReshapeAlias~0(Expand~0(Transpose~0(leaf)))))");
    GRAPH(wk_matmul(q, wk_t(m)), "UnsafeView~0(Mm~0(View~0(leaf),T~0(leaf)))");
    GRAPH(wk_matmul(q, x), "UnsafeView~0(Mv~0(View~0(leaf),leaf))");
    GRAPH(wk_matmul(wk_view(q, 1, 2, 3, 4), wk_transpose(q, 1, 2)),
          "UnsafeView~0(Bmm~0(View~0(Expand~0(View~0(leaf))),ReshapeAlias~0(Expand~0(Transpose~0(leaf)))))");
    GRAPH(wk_mm(m, wk_t(m)), "Mm~0(leaf,T~0(leaf))");
    GRAPH(wk_bmm(q, wk_transpose(q, 1, 2)), "Bmm~0(leaf,Transpose~0(leaf))");
    GRAPH(wk_addmm(wk_zeros(3), m, wk_t(m)), "Addmm~0(-,leaf,T~0(leaf))");
    GRAPH(wk_addmm(wk_zeros(3), m, wk_t(m), .beta = 2), "Addmm~0(-,leaf,T~0(leaf))");
    GRAPH(wk_linear(m, m, NULL), "Mm~0(leaf,T~0(leaf))");
    GRAPH(wk_linear(m, m, b3), "Addmm~0(leaf,leaf,T~0(leaf))");
    GRAPH(wk_linear(x, m, b3), "UnsafeView~0(Addmm~0(leaf,View~0(leaf),T~0(leaf)))");
    GRAPH(wk_linear(x, m, NULL), "Squeeze~4(Mm~0(Unsqueeze~0(leaf),T~0(leaf)))");
    GRAPH(wk_linear(q, m, NULL), "UnsafeView~0(Mm~0(View~0(leaf),T~0(leaf)))");
    GRAPH(wk_linear(q, m, b3), "UnsafeView~0(Addmm~0(leaf,View~0(leaf),T~0(leaf)))");
    GRAPH(wk_linear(wk_transpose(q, 0, 1), m, NULL),
          "UnsafeView~0(Mm~0(UnsafeView~0(Clone~0(Transpose~0(leaf))),T~0(leaf)))");
    GRAPH(wk_linear(wk_view(q, 1, 2, 3, 4), m, b3),
          "UnsafeView~0(Addmm~0(leaf,View~0(View~0(leaf)),T~0(leaf)))");
    GRAPH(wk_linear(m, wk_view(x, 1, 4), wk_zeros(1)), "Addmm~0(-,leaf,T~0(View~0(leaf)))");
    GRAPH(wk_linear(wk_detach(m), m, NULL), "Mm~0(-,T~0(leaf))");
    GRAPH(wk_conv2d(im, k, NULL), "Convolution~0(leaf,leaf,-)");
    GRAPH(wk_conv2d(wk_index(im, 0), k, b3),
          "Squeeze~1(Convolution~0(Unsqueeze~0(Select~0(leaf)),leaf,leaf))");
    GRAPH(wk_max_pool2d(im, 2), "MaxPool2DWithIndices~0(leaf)");
    GRAPH(wk_max_pool2d(wk_index(im, 0), 2), "MaxPool2DWithIndices~0(Select~0(leaf))");
    GRAPH(wk_avg_pool2d(im, 2), "AvgPool2D~0(leaf)");
    GRAPH(wk_avg_pool2d(wk_index(im, 0), 2), "AvgPool2D~0(Select~0(leaf))");
    GRAPH(wk_max_pool2d_with_indices((wk_max_pool2d_options){.input = im, .kernel_size = 2}).values,
          "MaxPool2DWithIndices~0(leaf)");
    GRAPH(wk_adaptive_avg_pool2d(im, 2), "AdaptiveAvgPool2D~0(leaf)");
    GRAPH(wk_adaptive_avg_pool2d(im, 1), "Mean~1(leaf)");
    GRAPH(wk_adaptive_avg_pool2d(wk_index(im, 0), 2), "AdaptiveAvgPool2D~0(Select~0(leaf))");
    GRAPH(wk_adaptive_avg_pool2d(wk_index(im, 0), 1), "Mean~1(Select~0(leaf))");
    GRAPH(wk_softmax(m, 1), "Softmax~0(leaf)");
    GRAPH(wk_log_softmax(m, 1), "LogSoftmax~0(leaf)");
    GRAPH(wk_softmax(s, 0), "Softmax~0(leaf)");
    GRAPH(wk_dropout(x, 0.5, true), "Mul~0(leaf,-)");
    GRAPH(wk_dropout(x, 1.0, true), "Mul~0(leaf,-)");
    GRAPH(wk_dropout_(wk_mul(x, 1), 0.5, true), "Mul~0(Mul~0(leaf,-),-)");
    GRAPH(wk_dropout_(wk_mul(x, 1), 1.0, true), "Mul~0(Mul~0(leaf,-),-)");
    GRAPH(wk_dropout_(wk_mul(x, 1), 0.0, true), "Mul~0(leaf,-)");
    GRAPH(wk_batch_norm(im, NULL, NULL, NULL, NULL, .training = true), "NativeBatchNorm~0(leaf,-,-)");
    GRAPH(wk_batch_norm(im, wk_zeros(2), wk_ones(2), NULL, NULL), "NativeBatchNorm~0(leaf,-,-)");
    GRAPH(wk_layer_norm(m, 4), "NativeLayerNorm~0(leaf,-,-)");
    GRAPH(wk_group_norm(im, 2), "NativeGroupNorm~0(leaf,-,-)");
    GRAPH(wk_batch_norm(m, NULL, NULL, NULL, NULL, .training = true), "NativeBatchNorm~0(leaf,-,-)");
}

static void test_losses(void **state)
{
    (void)state;
    GRAPH(wk_mse_loss(x, wk_zeros(4), .reduction = wk_reduction_mean), "MseLoss~0(leaf,-)");
    GRAPH(wk_mse_loss(x, y, .reduction = wk_reduction_mean), "MseLoss~0(leaf,leaf)");
    GRAPH(wk_mse_loss(x, wk_zeros(4), .reduction = wk_reduction_sum), "MseLoss~0(leaf,-)");
    GRAPH(wk_mse_loss(x, y, .reduction = wk_reduction_sum), "MseLoss~0(leaf,leaf)");
    GRAPH(wk_mse_loss(x, wk_zeros(4), .reduction = wk_reduction_none), "MseLoss~0(leaf,-)");
    GRAPH(wk_mse_loss(x, y, .reduction = wk_reduction_none), "MseLoss~0(leaf,leaf)");
    GRAPH(wk_l1_loss(x, wk_zeros(4), .reduction = wk_reduction_mean), "Mean~0(Abs~0(Sub~0(leaf,-)))");
    GRAPH(wk_l1_loss(x, y, .reduction = wk_reduction_mean), "Mean~0(Abs~0(Sub~0(leaf,leaf)))");
    GRAPH(wk_l1_loss(x, wk_zeros(4), .reduction = wk_reduction_sum), "Sum~0(Abs~0(Sub~0(leaf,-)))");
    GRAPH(wk_l1_loss(x, y, .reduction = wk_reduction_sum), "Sum~0(Abs~0(Sub~0(leaf,leaf)))");
    GRAPH(wk_l1_loss(x, wk_zeros(4), .reduction = wk_reduction_none), "Abs~0(Sub~0(leaf,-))");
    GRAPH(wk_l1_loss(x, y, .reduction = wk_reduction_none), "Abs~0(Sub~0(leaf,leaf))");
    GRAPH(wk_nll_loss(m, t3, .reduction = wk_reduction_mean), "NllLoss~0(leaf)");
    GRAPH(wk_nll_loss(x, wk_scalar_dtype(1, wk_int64), .reduction = wk_reduction_mean), "NllLoss~0(leaf)");
    GRAPH(wk_nll_loss(q, t24, .reduction = wk_reduction_mean), "NllLoss2D~0(View~0(leaf))");
    GRAPH(wk_nll_loss(im, t2d, .reduction = wk_reduction_mean), "NllLoss2D~0(leaf)");
    GRAPH(wk_nll_loss(wk_view(im, 1, 2, 2, 2, 4), wk_view(t2d, 1, 2, 2, 4), .reduction = wk_reduction_mean),
          "NllLoss2D~0(View~0(View~0(leaf)))");
    GRAPH(wk_cross_entropy(m, t3, .reduction = wk_reduction_mean), "NllLoss~0(LogSoftmax~0(leaf))");
    GRAPH(wk_cross_entropy(x, wk_scalar_dtype(1, wk_int64), .reduction = wk_reduction_mean),
          "NllLoss~0(LogSoftmax~0(leaf))");
    GRAPH(wk_cross_entropy(q, t24, .reduction = wk_reduction_mean),
          "NllLoss2D~0(View~0(LogSoftmax~0(leaf)))");
    GRAPH(wk_cross_entropy(im, t2d, .reduction = wk_reduction_mean), "NllLoss2D~0(LogSoftmax~0(leaf))");
    GRAPH(wk_cross_entropy(m, wk_detach(m), .reduction = wk_reduction_mean),
          "Div~1(Neg~0(Sum~0(Mul~0(LogSoftmax~0(leaf),-))))");
    GRAPH(wk_cross_entropy(m, wk_detach(m), .weight = wk_ones(4), .reduction = wk_reduction_mean),
          "Div~1(Neg~0(Sum~0(Mul~0(Mul~0(LogSoftmax~0(leaf),-),-))))");
    GRAPH(wk_cross_entropy(m, t3, .label_smoothing = 0.1, .reduction = wk_reduction_mean),
          "Add~0(Mul~1(NllLoss~0(LogSoftmax~0(leaf))),Mul~1(Div~0(Sum~0(MaskedFill~0(Neg~0(Sum~1(LogSoftmax~"
          "0(leaf))))),-)))");
    GRAPH(wk_cross_entropy(m, t3, wk_ones(4), .label_smoothing = 0.1, .reduction = wk_reduction_mean),
          "Add~0(Mul~1(NllLoss~0(LogSoftmax~0(leaf))),Mul~1(Div~0(Sum~0(MaskedFill~0(Neg~0(Sum~1(Mul~0("
          "LogSoftmax~0(leaf),-))))),-)))");
    GRAPH(wk_cross_entropy(m, wk_detach(m), .label_smoothing = 0.1, .reduction = wk_reduction_mean),
          "Div~1(Neg~0(Sum~0(Mul~0(LogSoftmax~0(leaf),-))))");
    GRAPH(wk_cross_entropy(q, wk_detach(q), .label_smoothing = 0.1, .reduction = wk_reduction_mean),
          "Div~1(Neg~0(Sum~0(Mul~0(LogSoftmax~0(leaf),-))))");
    GRAPH(wk_nll_loss(m, t3, .reduction = wk_reduction_sum), "NllLoss~0(leaf)");
    GRAPH(wk_nll_loss(x, wk_scalar_dtype(1, wk_int64), .reduction = wk_reduction_sum), "NllLoss~0(leaf)");
    GRAPH(wk_nll_loss(q, t24, .reduction = wk_reduction_sum), "NllLoss2D~0(View~0(leaf))");
    GRAPH(wk_nll_loss(im, t2d, .reduction = wk_reduction_sum), "NllLoss2D~0(leaf)");
    GRAPH(wk_nll_loss(wk_view(im, 1, 2, 2, 2, 4), wk_view(t2d, 1, 2, 2, 4), .reduction = wk_reduction_sum),
          "NllLoss2D~0(View~0(View~0(leaf)))");
    GRAPH(wk_cross_entropy(m, t3, .reduction = wk_reduction_sum), "NllLoss~0(LogSoftmax~0(leaf))");
    GRAPH(wk_cross_entropy(x, wk_scalar_dtype(1, wk_int64), .reduction = wk_reduction_sum),
          "NllLoss~0(LogSoftmax~0(leaf))");
    GRAPH(wk_cross_entropy(q, t24, .reduction = wk_reduction_sum), "NllLoss2D~0(View~0(LogSoftmax~0(leaf)))");
    GRAPH(wk_cross_entropy(im, t2d, .reduction = wk_reduction_sum), "NllLoss2D~0(LogSoftmax~0(leaf))");
    GRAPH(wk_cross_entropy(m, wk_detach(m), .reduction = wk_reduction_sum),
          "Neg~0(Sum~0(Mul~0(LogSoftmax~0(leaf),-)))");
    GRAPH(wk_cross_entropy(m, wk_detach(m), .weight = wk_ones(4), .reduction = wk_reduction_sum),
          "Neg~0(Sum~0(Mul~0(Mul~0(LogSoftmax~0(leaf),-),-)))");
    GRAPH(wk_cross_entropy(m, t3, .label_smoothing = 0.1, .reduction = wk_reduction_sum),
          "Add~0(Mul~1(NllLoss~0(LogSoftmax~0(leaf))),Mul~1(Sum~0(MaskedFill~0(Neg~0(Sum~1(LogSoftmax~0(leaf)"
          "))))))");
    GRAPH(wk_cross_entropy(m, t3, wk_ones(4), .label_smoothing = 0.1, .reduction = wk_reduction_sum),
          "Add~0(Mul~1(NllLoss~0(LogSoftmax~0(leaf))),Mul~1(Sum~0(MaskedFill~0(Neg~0(Sum~1(Mul~0(LogSoftmax~"
          "0(leaf),-)))))))");
    GRAPH(wk_cross_entropy(m, wk_detach(m), .label_smoothing = 0.1, .reduction = wk_reduction_sum),
          "Neg~0(Sum~0(Mul~0(LogSoftmax~0(leaf),-)))");
    GRAPH(wk_cross_entropy(q, wk_detach(q), .label_smoothing = 0.1, .reduction = wk_reduction_sum),
          "Neg~0(Sum~0(Mul~0(LogSoftmax~0(leaf),-)))");
    GRAPH(wk_nll_loss(m, t3, .reduction = wk_reduction_none), "NllLoss~0(leaf)");
    GRAPH(wk_nll_loss(x, wk_scalar_dtype(1, wk_int64), .reduction = wk_reduction_none), "NllLoss~0(leaf)");
    GRAPH(wk_nll_loss(q, t24, .reduction = wk_reduction_none), "View~0(NllLoss2D~0(View~0(leaf)))");
    GRAPH(wk_nll_loss(im, t2d, .reduction = wk_reduction_none), "NllLoss2D~0(leaf)");
    GRAPH(wk_nll_loss(wk_view(im, 1, 2, 2, 2, 4), wk_view(t2d, 1, 2, 2, 4), .reduction = wk_reduction_none),
          "View~0(NllLoss2D~0(View~0(View~0(leaf))))");
    GRAPH(wk_cross_entropy(m, t3, .reduction = wk_reduction_none), "NllLoss~0(LogSoftmax~0(leaf))");
    GRAPH(wk_cross_entropy(x, wk_scalar_dtype(1, wk_int64), .reduction = wk_reduction_none),
          "NllLoss~0(LogSoftmax~0(leaf))");
    GRAPH(wk_cross_entropy(q, t24, .reduction = wk_reduction_none),
          "View~0(NllLoss2D~0(View~0(LogSoftmax~0(leaf))))");
    GRAPH(wk_cross_entropy(im, t2d, .reduction = wk_reduction_none), "NllLoss2D~0(LogSoftmax~0(leaf))");
    GRAPH(wk_cross_entropy(m, wk_detach(m), .reduction = wk_reduction_none),
          "Neg~0(Sum~1(Mul~0(LogSoftmax~0(leaf),-)))");
    GRAPH(wk_cross_entropy(m, wk_detach(m), .weight = wk_ones(4), .reduction = wk_reduction_none),
          "Neg~0(Sum~1(Mul~0(Mul~0(LogSoftmax~0(leaf),-),-)))");
    GRAPH(
        wk_cross_entropy(m, t3, .label_smoothing = 0.1, .reduction = wk_reduction_none),
        "Add~0(Mul~1(NllLoss~0(LogSoftmax~0(leaf))),Mul~1(MaskedFill~0(Neg~0(Sum~1(LogSoftmax~0(leaf))))))");
    GRAPH(wk_cross_entropy(m, t3, wk_ones(4), .label_smoothing = 0.1, .reduction = wk_reduction_none),
          "Add~0(Mul~1(NllLoss~0(LogSoftmax~0(leaf))),Mul~1(MaskedFill~0(Neg~0(Sum~1(Mul~0(LogSoftmax~0(leaf)"
          ",-))))))");
    GRAPH(wk_cross_entropy(m, wk_detach(m), .label_smoothing = 0.1, .reduction = wk_reduction_none),
          "Neg~0(Sum~1(Mul~0(LogSoftmax~0(leaf),-)))");
    GRAPH(wk_cross_entropy(q, wk_detach(q), .label_smoothing = 0.1, .reduction = wk_reduction_none),
          "Neg~0(Sum~1(Mul~0(LogSoftmax~0(leaf),-)))");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_elementwise, make_leaves, scope_teardown),
        cmocka_unit_test_setup_teardown(test_shapes, make_leaves, scope_teardown),
        cmocka_unit_test_setup_teardown(test_reductions, make_leaves, scope_teardown),
        cmocka_unit_test_setup_teardown(test_layers, make_leaves, scope_teardown),
        cmocka_unit_test_setup_teardown(test_losses, make_leaves, scope_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
