/* C++: tensors, autograd and functions with the arguments of C's macros. See wick.hpp. */
#ifndef WICK_FUNCTIONS_HPP
#define WICK_FUNCTIONS_HPP

#include "wick/options.hpp"

/* ---- tensors ---------------------------------------------------------------------------------------- */

#define WK_CREATE(name)                                        \
    template <class... T> wk_Tensor *wk_##name(T... arguments) \
    {                                                          \
        const wk::Sizes s = wk::sizes(arguments...);           \
        return wk_##name##_shape(s.count, s.dims, s.dtype);    \
    }
#define WK_DRAW(name)                                                   \
    template <class... T> wk_Tensor *wk_##name(T... arguments)          \
    {                                                                   \
        const wk::Sizes s = wk::sizes(arguments...);                    \
        return wk_##name##_from(s.generator, s.count, s.dims, s.dtype); \
    }
WK_CREATE(empty)
WK_CREATE(zeros)
WK_CREATE(ones)
WK_DRAW(rand)
WK_DRAW(randn)
#undef WK_CREATE
#undef WK_DRAW

template <class V, class... T> wk_Tensor *wk_full(V value, T... arguments)
{
    const wk::Sizes s = wk::sizes(arguments...);
    return wk_full_shape(s.count, s.dims, wk_number(value), s.dtype);
}
template <class... T> wk_Tensor *wk_randint(int64_t low, int64_t high, T... arguments)
{
    const wk::Sizes s = wk::sizes(arguments...);
    return wk_randint_from(s.generator, low, high, s.count, s.dims, s.dtype);
}

/* A copy of your data; of a list in braces as many as the sizes say. */
template <class E, class... T> wk_Tensor *wk_tensor(const E *data, T... sizes)
{
    const wk::Whole s = wk::whole(sizes...);
    return wk_tensor_copy(data, wk::dtype_of<E>(), s.count, s.items);
}
template <class E, class... T> wk_Tensor *wk_tensor(std::initializer_list<E> data, T... sizes)
{
    const wk::Whole given = wk::whole(static_cast<int64_t>(data.size())), s = wk::whole(sizes...);
    return wk_view_shape(wk_tensor_copy(data.begin(), wk::dtype_of<E>(), 1, given.items), s.count, s.items);
}

#define WK_SHAPED(name, plain)                                               \
    template <class... T> wk_Tensor *wk_##name(wk_Tensor *input, T... sizes) \
    {                                                                        \
        const wk::Whole s = wk::whole(sizes...);                             \
        return wk_##plain(input, s.count, s.items);                          \
    }
WK_SHAPED(view, view_shape)
WK_SHAPED(reshape, reshape_shape)
WK_SHAPED(expand, expand_shape)
WK_SHAPED(permute, permute_dims)
WK_SHAPED(index, index_ints)
#undef WK_SHAPED

template <class... T> double wk_at(const wk_Tensor *tensor, T... indices)
{
    const wk::Whole s = wk::whole(indices...);
    return wk_at_index(tensor, s.count, s.items);
}

/* The second operand is a tensor or a number. */
#define WK_BINARY(name)                                                                                  \
    inline wk_Tensor *wk_##name(wk_Tensor *a, const wk_Tensor *b)                                        \
    {                                                                                                    \
        return wk_##name##_constant(a, b);                                                               \
    }                                                                                                    \
    template <class T, class = std::enable_if_t<std::is_arithmetic<T>::value || std::is_enum<T>::value>> \
    wk_Tensor *wk_##name(wk_Tensor *a, T b)                                                              \
    {                                                                                                    \
        if constexpr (std::is_floating_point<T>::value)                                                  \
            return wk_##name##_double(a, static_cast<double>(b));                                        \
        else if constexpr (std::is_unsigned<T>::value && sizeof(T) == 8)                                 \
            return wk_##name##_uint64(a, b);                                                             \
        else                                                                                             \
            return wk_##name##_int64(a, static_cast<int64_t>(b));                                        \
    }
WK_BINARY(add)
WK_BINARY(sub)
WK_BINARY(mul)
WK_BINARY(div)
WK_BINARY(floor_divide)
WK_BINARY(remainder)
WK_BINARY(pow)
WK_BINARY(maximum)
WK_BINARY(minimum)
WK_BINARY(eq)
WK_BINARY(ne)
WK_BINARY(lt)
WK_BINARY(le)
WK_BINARY(gt)
WK_BINARY(ge)
WK_BINARY(add_)
WK_BINARY(sub_)
WK_BINARY(mul_)
WK_BINARY(div_)
WK_BINARY(floor_divide_)
WK_BINARY(remainder_)
WK_BINARY(pow_)
#undef WK_BINARY

/* Over all dimensions, one, or wk_dims(...); then options by name. */
namespace wk
{
template <class O> struct Named { /* options by name only */
    template <class... N> static O of(wk_Tensor *input, const N &...named)
    {
        O options{};
        options.input = input;
        return with(options, named...);
    }
};
template <class T>
inline constexpr bool is_dims =
    is_whole<T> || std::is_same<T, Whole>::value || std::is_same<T, wk_Dims>::value;
} // namespace wk

#define WK_REDUCE(name, type)                                                            \
    inline auto wk_##name(wk_Tensor *input)                                              \
    {                                                                                    \
        return wk_##name##_with(wk::Named<type>::of(input));                             \
    }                                                                                    \
    template <class D, class... N> auto wk_##name(wk_Tensor *input, D first, N... named) \
    {                                                                                    \
        if constexpr (wk::is_dims<D>) {                                                  \
            const auto dims = wk::dims_of(first);                                        \
            type options = wk::Named<type>::of(input, named...);                         \
            options.dims = dims;                                                         \
            return wk_##name##_with(options);                                            \
        } else {                                                                         \
            return wk_##name##_with(wk::Named<type>::of(input, first, named...));        \
        }                                                                                \
    }
WK_REDUCE(sum, wk_reduce_options)
WK_REDUCE(mean, wk_reduce_options)
WK_REDUCE(amax, wk_reduce_options)
WK_REDUCE(amin, wk_reduce_options)
WK_REDUCE(argmax, wk_reduce_options)
WK_REDUCE(argmin, wk_reduce_options)
WK_REDUCE(all, wk_reduce_options)
WK_REDUCE(any, wk_reduce_options)
WK_REDUCE(var, wk_var_options)
WK_REDUCE(std, wk_var_options)
WK_REDUCE(aminmax, wk_reduce_options)
WK_REDUCE(var_mean, wk_var_options)
#undef WK_REDUCE

template <class... N> wk_Tensor *wk_cumsum(wk_Tensor *input, int64_t dim, N... named)
{
    wk_cumsum_options options{};
    options.input = input, options.dim = dim;
    return wk_cumsum_with(wk::with(options, named...));
}

template <class S> wk_Tensor *wk_roll(wk_Tensor *input, S shifts)
{
    const auto by = wk::dims_of(shifts);
    return wk_roll_dims(input, by, wk_Dims{0, nullptr});
}
template <class S, class D> wk_Tensor *wk_roll(wk_Tensor *input, S shifts, D dims)
{
    const auto by = wk::dims_of(shifts);
    const auto along = wk::dims_of(dims);
    return wk_roll_dims(input, by, along);
}

inline wk_Tensor *wk_norm(wk_Tensor *input, double p = 2)
{
    wk_norm_options options{};
    options.input = input, options.p = p == 0 ? static_cast<double>(WK_ZERO) : p;
    return wk_norm_with(options);
}
template <class D, class... N> wk_Tensor *wk_norm(wk_Tensor *input, double p, D over, N... named)
{
    const auto dims = wk::dims_of(over);
    wk_norm_options options{};
    options.input = input, options.p = p == 0 ? static_cast<double>(WK_ZERO) : p, options.dims = dims;
    return wk_norm_with(wk::with(options, named...));
}

template <class... N> wk_Tensor *wk_addmm(wk_Tensor *input, wk_Tensor *mat1, wk_Tensor *mat2, N... named)
{
    wk_addmm_options options{};
    options.input = input, options.mat1 = mat1, options.mat2 = mat2;
    return wk_addmm_with(wk::with(options, named...));
}

/* ---- autograd --------------------------------------------------------------------------------------- */

template <class... N> bool wk_backward(wk_Tensor *tensor, N... named)
{
    wk_backward_options options{};
    options.tensor = tensor;
    return wk_backward_with(wk::with(options, named...));
}
template <class... N> wk_Tensor *wk_grad(wk_Tensor *output, wk_Tensor *input, N... named)
{
    wk_grad1_options options{};
    options.output = output, options.input = input;
    return wk_grad_with(wk::with(options, named...));
}
template <class... N> bool wk_grads(wk_Tensor **grads, wk_List outputs, wk_List inputs, N... named)
{
    wk_grad_options options{};
    options.outputs = outputs, options.inputs = inputs;
    return wk_grads_with(grads, wk::with(options, named...));
}
template <class... N>
bool wk_gradcheck(wk_Tensor *(*function)(wk_List inputs, void *user), wk_List inputs, N... named)
{
    wk_gradcheck_options options{};
    options.function = function, options.inputs = inputs;
    return wk_gradcheck_with(wk::with(options, named...));
}
template <class... N>
bool wk_gradgradcheck(wk_Tensor *(*function)(wk_List inputs, void *user), wk_List inputs, N... named)
{
    wk_gradcheck_options options{};
    options.function = function, options.inputs = inputs;
    return wk_gradgradcheck_with(wk::with(options, named...));
}

/* ---- functions -------------------------------------------------------------------------------------- */

template <class... N> wk_Tensor *wk_conv2d(wk_Tensor *input, wk_Tensor *weight, wk_Tensor *bias, N... named)
{
    wk_conv2d_options options{};
    options.input = input, options.weight = weight, options.bias = bias;
    return wk_conv2d_with(wk::with(options, named...));
}

/* A window of kernel_size, or .kernel_size_hw by name. */
#define WK_WINDOW(name, size)                                                                \
    template <class... N> wk_Tensor *wk_##name(wk_Tensor *input, int64_t size, N... named)   \
    {                                                                                        \
        wk_##name##_options options{};                                                       \
        options.input = input, options.size = size;                                          \
        return wk_##name##_with(wk::with(options, named...));                                \
    }                                                                                        \
    template <class F, class... N, class = std::enable_if_t<!wk::is_whole<F>>>               \
    wk_Tensor *wk_##name(wk_Tensor *input, F first, N... named)                              \
    {                                                                                        \
        return wk_##name##_with(wk::Named<wk_##name##_options>::of(input, first, named...)); \
    }
WK_WINDOW(max_pool2d, kernel_size)
WK_WINDOW(avg_pool2d, kernel_size)
WK_WINDOW(adaptive_avg_pool2d, output_size)
#undef WK_WINDOW

template <class... N> wk_Tensor *wk_batch_norm(wk_Tensor *input, N... named)
{
    return wk_batch_norm_with(wk::Named<wk_batch_norm_options>::of(input, named...));
}
template <class D, class... N> wk_Tensor *wk_layer_norm(wk_Tensor *input, D normalized_shape, N... named)
{
    const auto dims = wk::dims_of(normalized_shape);
    wk_layer_norm_options options{};
    options.input = input, options.normalized_shape = dims;
    return wk_layer_norm_with(wk::with(options, named...));
}
template <class... N> wk_Tensor *wk_group_norm(wk_Tensor *input, int64_t num_groups, N... named)
{
    wk_group_norm_options options{};
    options.input = input, options.num_groups = num_groups;
    return wk_group_norm_with(wk::with(options, named...));
}

/* An activation with numbers: by place, or by name. */
#define WK_ACTIVATION(name, function, ...)                                                            \
    template <class... N> wk_Tensor *name(wk_Tensor *input, N... given)                               \
    {                                                                                                 \
        using Options = wk_##function##_options;                                                      \
        static constexpr double Options::*members[] = {__VA_ARGS__};                                  \
        Options options{};                                                                            \
        options.input = input, options.by_place = 1;                                                  \
        return name##_with(wk::placed<sizeof members / sizeof *members>(options, members, given...)); \
    }
WK_ACTIVATION(wk_leaky_relu, leaky_relu, &Options::negative_slope)
WK_ACTIVATION(wk_leaky_relu_, leaky_relu, &Options::negative_slope)
WK_ACTIVATION(wk_elu, elu, &Options::alpha, &Options::scale, &Options::input_scale)
WK_ACTIVATION(wk_elu_, elu, &Options::alpha, &Options::scale, &Options::input_scale)
WK_ACTIVATION(wk_celu, celu, &Options::alpha)
WK_ACTIVATION(wk_celu_, celu, &Options::alpha)
WK_ACTIVATION(wk_softplus, softplus, &Options::beta, &Options::threshold)
WK_ACTIVATION(wk_hardtanh, hardtanh, &Options::min_val, &Options::max_val)
WK_ACTIVATION(wk_hardtanh_, hardtanh, &Options::min_val, &Options::max_val)
WK_ACTIVATION(wk_threshold, threshold, &Options::threshold, &Options::value)
WK_ACTIVATION(wk_threshold_, threshold, &Options::threshold, &Options::value)
WK_ACTIVATION(wk_softshrink, softshrink, &Options::lambd)
WK_ACTIVATION(wk_hardshrink, hardshrink, &Options::lambd)
#undef WK_ACTIVATION

#define WK_LOSS(name, type)                                                                     \
    template <class... N> wk_Tensor *wk_##name(wk_Tensor *input, wk_Tensor *target, N... named) \
    {                                                                                           \
        type options{};                                                                         \
        options.input = input, options.target = target;                                         \
        return wk_##name##_with(wk::with(options, named...));                                   \
    }
WK_LOSS(mse_loss, wk_loss_options)
WK_LOSS(l1_loss, wk_loss_options)
WK_LOSS(nll_loss, wk_nll_loss_options)
WK_LOSS(cross_entropy, wk_nll_loss_options)
WK_LOSS(binary_cross_entropy, wk_binary_cross_entropy_options)
WK_LOSS(binary_cross_entropy_with_logits, wk_binary_cross_entropy_with_logits_options)
#undef WK_LOSS

#endif
