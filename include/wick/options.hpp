/* C++: options by name, sizes, dimensions and lists as arguments. See wick.hpp. */
#ifndef WICK_OPTIONS_HPP
#define WICK_OPTIONS_HPP

#include <initializer_list>
#include <type_traits>

#include "wick/autograd.h"
#include "wick/data.h"
#include "wick/error.h"
#include "wick/functional.h"
#include "wick/io.h"
#include "wick/lr_scheduler.h"
#include "wick/module.h"
#include "wick/nn.h"
#include "wick/optim.h"
#include "wick/reduce.h"
#include "wick/runtime.h"
#include "wick/tensor.h"

/* The macros of C make way for the functions below. */
#undef wk_Adagrad
#undef wk_Adam
#undef wk_AdamW
#undef wk_AdaptiveAvgPool2d
#undef wk_AvgPool2d
#undef wk_BCELoss
#undef wk_BCEWithLogitsLoss
#undef wk_BatchNorm1d
#undef wk_BatchNorm2d
#undef wk_BatchNorm3d
#undef wk_CELU
#undef wk_CallbackDataset
#undef wk_ConstantLR
#undef wk_Conv2d
#undef wk_CosineAnnealingLR
#undef wk_CrossEntropyLoss
#undef wk_DataLoader
#undef wk_Digits
#undef wk_Dropout
#undef wk_ELU
#undef wk_ExponentialLR
#undef wk_Flatten
#undef wk_GLU
#undef wk_GRUCell
#undef wk_GroupNorm
#undef wk_Hardshrink
#undef wk_Hardsigmoid
#undef wk_Hardswish
#undef wk_Hardtanh
#undef wk_Images
#undef wk_L1Loss
#undef wk_LSTMCell
#undef wk_LayerNorm
#undef wk_LeakyReLU
#undef wk_Linear
#undef wk_LinearLR
#undef wk_MNIST
#undef wk_MSELoss
#undef wk_MaxPool2d
#undef wk_Mish
#undef wk_ModuleList
#undef wk_MultiStepLR
#undef wk_NLLLoss
#undef wk_PReLU
#undef wk_PolynomialLR
#undef wk_RMSprop
#undef wk_RNNCell
#undef wk_ReLU
#undef wk_ReLU6
#undef wk_SELU
#undef wk_SGD
#undef wk_Sequential
#undef wk_SiLU
#undef wk_Softplus
#undef wk_Softshrink
#undef wk_StepLR
#undef wk_Threshold
#undef wk_adaptive_avg_pool2d
#undef wk_add
#undef wk_add_
#undef wk_addmm
#undef wk_all
#undef wk_amax
#undef wk_amin
#undef wk_aminmax
#undef wk_any
#undef wk_argmax
#undef wk_argmin
#undef wk_at
#undef wk_attr
#undef wk_avg_pool2d
#undef wk_backward
#undef wk_batch_norm
#undef wk_binary_cross_entropy
#undef wk_binary_cross_entropy_with_logits
#undef wk_celu
#undef wk_celu_
#undef wk_conv2d
#undef wk_cross_entropy
#undef wk_cumsum
#undef wk_dims
#undef wk_div
#undef wk_div_
#undef wk_elu
#undef wk_elu_
#undef wk_empty
#undef wk_eq
#undef wk_expand
#undef wk_floor_divide
#undef wk_floor_divide_
#undef wk_full
#undef wk_ge
#undef wk_grad
#undef wk_gradcheck
#undef wk_gradgradcheck
#undef wk_grads
#undef wk_group_norm
#undef wk_gt
#undef wk_hardshrink
#undef wk_hardtanh
#undef wk_hardtanh_
#undef wk_index
#undef wk_kaiming_normal_
#undef wk_kaiming_uniform_
#undef wk_l1_loss
#undef wk_layer_norm
#undef wk_le
#undef wk_leaky_relu
#undef wk_leaky_relu_
#undef wk_list
#undef wk_load_state_dict
#undef wk_lt
#undef wk_max_pool2d
#undef wk_maximum
#undef wk_mean
#undef wk_minimum
#undef wk_module
#undef wk_mse_loss
#undef wk_mul
#undef wk_mul_
#undef wk_ne
#undef wk_nll_loss
#undef wk_norm
#undef wk_ones
#undef wk_permute
#undef wk_pow
#undef wk_pow_
#undef wk_rand
#undef wk_randint
#undef wk_randn
#undef wk_remainder
#undef wk_remainder_
#undef wk_reshape
#undef wk_results
#undef wk_roll
#undef wk_save_safetensors
#undef wk_softplus
#undef wk_softshrink
#undef wk_std
#undef wk_sub
#undef wk_sub_
#undef wk_sum
#undef wk_tensor
#undef wk_threshold
#undef wk_threshold_
#undef wk_var
#undef wk_var_mean
#undef wk_view
#undef wk_xavier_normal_
#undef wk_xavier_uniform_
#undef wk_zeros
#undef WK_ALL
#undef WK_BINARY
#undef WK_REDUCE

namespace wk
{

/* ---- options by name -------------------------------------------------------------------------------- */

template <class M, class V> void set_option(M &member, V value)
{
    member = static_cast<M>(value);
}
template <class M, class V, int n> void set_option(M (&member)[n], std::initializer_list<V> values)
{
    int i = 0;
    for (V value : values)
        if (i < n)
            member[i++] = static_cast<M>(value);
}

#define WK_OPTION(option)                                                                         \
    struct option##_name {                                                                        \
        template <class V> struct Value {                                                         \
            V value;                                                                              \
            template <class O> void set(O &options) const                                         \
            {                                                                                     \
                set_option(options.option, value);                                                \
            }                                                                                     \
        };                                                                                        \
        template <class V> constexpr Value<V> operator=(V value) const                            \
        {                                                                                         \
            return {value};                                                                       \
        }                                                                                         \
        template <class V>                                                                        \
        constexpr Value<std::initializer_list<V>> operator=(std::initializer_list<V> value) const \
        {                                                                                         \
            return {value};                                                                       \
        }                                                                                         \
    };                                                                                            \
    inline constexpr option##_name option{};

WK_OPTION(T_max)
WK_OPTION(a)
WK_OPTION(allow_unused)
WK_OPTION(alpha)
WK_OPTION(amsgrad)
WK_OPTION(atol)
WK_OPTION(batch_size)
WK_OPTION(beta)
WK_OPTION(betas)
WK_OPTION(bias)
WK_OPTION(ceil_mode)
WK_OPTION(centered)
WK_OPTION(correction)
WK_OPTION(create_graph)
WK_OPTION(cumulative)
WK_OPTION(dampening)
WK_OPTION(dilation)
WK_OPTION(dilation_hw)
WK_OPTION(dim)
WK_OPTION(divisor_override)
WK_OPTION(drop_last)
WK_OPTION(dtype)
WK_OPTION(end_dim)
WK_OPTION(end_factor)
WK_OPTION(eps)
WK_OPTION(eta_min)
WK_OPTION(exclude_pad)
WK_OPTION(factor)
WK_OPTION(fan_out)
WK_OPTION(gain)
WK_OPTION(gamma)
WK_OPTION(generator)
WK_OPTION(grad_output)
WK_OPTION(grad_outputs)
WK_OPTION(gradient)
WK_OPTION(groups)
WK_OPTION(hidden_size)
WK_OPTION(ignore_index)
WK_OPTION(init)
WK_OPTION(initial_accumulator_value)
WK_OPTION(inplace)
WK_OPTION(input_scale)
WK_OPTION(input_size)
WK_OPTION(inputs)
WK_OPTION(keepdim)
WK_OPTION(kernel_size)
WK_OPTION(kernel_size_hw)
WK_OPTION(label_smoothing)
WK_OPTION(labels)
WK_OPTION(lambd)
WK_OPTION(lr)
WK_OPTION(lr_decay)
WK_OPTION(materialize_grads)
WK_OPTION(max_val)
WK_OPTION(maximize)
WK_OPTION(metadata)
WK_OPTION(metadata_count)
WK_OPTION(milestones)
WK_OPTION(min_val)
WK_OPTION(momentum)
WK_OPTION(negative_slope)
WK_OPTION(nesterov)
WK_OPTION(no_affine)
WK_OPTION(no_bias)
WK_OPTION(no_elementwise_affine)
WK_OPTION(no_track_running_stats)
WK_OPTION(nonlinearity)
WK_OPTION(not_strict)
WK_OPTION(num_parameters)
WK_OPTION(num_workers)
WK_OPTION(output_size)
WK_OPTION(output_size_hw)
WK_OPTION(padding)
WK_OPTION(padding_hw)
WK_OPTION(pos_weight)
WK_OPTION(power)
WK_OPTION(prefetch_factor)
WK_OPTION(reduction)
WK_OPTION(release)
WK_OPTION(resize)
WK_OPTION(resize_mode)
WK_OPTION(retain_graph)
WK_OPTION(rtol)
WK_OPTION(return_indices)
WK_OPTION(running_mean)
WK_OPTION(running_var)
WK_OPTION(scale)
WK_OPTION(seed)
WK_OPTION(shuffle)
WK_OPTION(start_dim)
WK_OPTION(start_factor)
WK_OPTION(step_size)
WK_OPTION(stride)
WK_OPTION(stride_hw)
WK_OPTION(test)
WK_OPTION(threshold)
WK_OPTION(total_iters)
WK_OPTION(training)
WK_OPTION(user)
WK_OPTION(value)
WK_OPTION(weight)
WK_OPTION(weight_decay)
#undef WK_OPTION

/* The options with those by name set. */
template <class O, class... Named> O with(O options, const Named &...named)
{
    (named.set(options), ...);
    return options;
}

/* The same behind numbers by place, which go to the members in their order. */
template <int left, class O> O placed(O options, double O::*const *)
{
    return options;
}
template <int left, class O, class First, class... Rest>
O placed(O options, double O::*const *member, const First &first, const Rest &...rest)
{
    if constexpr (std::is_arithmetic<First>::value) {
        static_assert(left > 0, "more numbers than this function takes");
        options.**member = static_cast<double>(first);
        options.by_place++;
        return placed<left - 1>(options, member + 1, rest...);
    } else {
        return with(options, first, rest...);
    }
}

/* ---- sizes, dimensions and lists -------------------------------------------------------------------- */

template <class T>
inline constexpr bool is_whole = std::is_integral<T>::value ||
                                 (std::is_enum<T>::value && !std::is_same<T, wk_dtype>::value);

/* Sizes or dimensions; they live as long as the expression that they stand in. */
struct Whole {
    int count;
    int64_t items[16];
    operator wk_Dims() const
    {
        return {count, items};
    }
};
template <class... T> constexpr Whole whole(T... values)
{
    static_assert((is_whole<T> && ...), "sizes, indices and dimensions are integers");
    static_assert(sizeof...(T) <= 16, "at most 16 of them");
    return {static_cast<int>(sizeof...(T)), {static_cast<int64_t>(values)...}};
}

/* One dimension or several. */
template <class T, class = std::enable_if_t<is_whole<T>>> Whole dims_of(T dim)
{
    return whole(dim);
}
inline wk_Dims dims_of(const Whole &dims)
{
    return dims;
}
inline wk_Dims dims_of(wk_Dims dims)
{
    return dims;
}

/* Sizes, and behind them a dtype, a generator, both or neither. */
struct Sizes {
    int count = 0;
    int64_t dims[16] = {};
    wk_dtype dtype = wk_default_dtype;
    wk_Generator *generator = nullptr;
    template <class T> void add(T size)
    {
        static_assert(is_whole<T>, "a size is an integer");
        dims[count++] = static_cast<int64_t>(size);
    }
    void add(wk_dtype given)
    {
        dtype = given;
    }
    void add(wk_Generator *given)
    {
        generator = given;
    }
};
template <class... T> Sizes sizes(T... arguments)
{
    static_assert(sizeof...(T) <= 16, "at most 16 of them");
    Sizes all;
    (all.add(arguments), ...);
    return all;
}

template <class T, int n> struct Items {
    T items[n];
};
template <int n> struct List : Items<wk_Tensor *, n> {
    operator wk_List() const
    {
        return {n, this->items};
    }
};

template <class T> constexpr wk_dtype dtype_of()
{
    static_assert(
        std::is_same<T, float>::value || std::is_same<T, double>::value || std::is_same<T, bool>::value ||
            std::is_same<T, unsigned char>::value ||
            (std::is_integral<T>::value && std::is_signed<T>::value && (sizeof(T) == 4 || sizeof(T) == 8)),
        "elements are float, double, int64_t, int32_t, uint8_t or bool");
    return std::is_same<T, float>::value    ? wk_float32
           : std::is_same<T, double>::value ? wk_float64
           : std::is_same<T, bool>::value   ? wk_bool
           : sizeof(T) == 8                 ? wk_int64
           : sizeof(T) == 4                 ? wk_int32
                                            : wk_uint8;
}

inline wk_Module *attach(wk_Module *self, const char *name, wk_Module *module)
{
    return wk_register_module(self, name, module);
}
inline wk_Tensor *attach(wk_Module *self, const char *name, wk_Tensor *parameter)
{
    return wk_register_parameter(self, name, parameter);
}

} // namespace wk

template <class... T> wk::Whole wk_dims(T... dims)
{
    return wk::whole(dims...);
}
#define WK_ALL (wk_Dims{0, nullptr})
template <class... T> wk::List<static_cast<int>(sizeof...(T))> wk_list(T... tensors)
{
    return {{{tensors...}}};
}
/* "ndim, dims" for the plain functions that take both. */
#define WK_SHAPE(...) wk::whole(__VA_ARGS__).count, wk::whole(__VA_ARGS__).items

#endif
