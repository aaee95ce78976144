/* C++: modules, optimizers, data and files with the arguments of C's macros. See wick.hpp. */
#ifndef WICK_MODULES_HPP
#define WICK_MODULES_HPP

#include "wick/options.hpp"

/* ---- modules ---------------------------------------------------------------------------------------- */

namespace wk
{
inline wk_Module *module_named(std::size_t bytes, const char *name,
                               wk_Tensor *(*forward)(wk_Module *, wk_Tensor *))
{
    return wk_module_named(bytes, name, forward);
}
inline wk_Module *module_named(std::size_t bytes, const char *name,
                               wk_Results (*forward)(wk_Module *, wk_List))
{
    return wk_module_named_all(bytes, name, forward);
}
} // namespace wk
#define wk_module(type, forward) (reinterpret_cast<type *>(wk::module_named(sizeof(type), #type, forward)))
#define wk_attr(self, name, value) \
    ((self) ? ((self)->name = wk::attach(&(self)->base, #name, value)) : wk::attach(nullptr, #name, value))

template <class... T> wk_Tensor *wk_call(wk_Module *module, wk_Tensor *x, wk_Tensor *y, T... more)
{
    wk_Tensor *const all[] = {x, y, more...};
    return wk_call_list(module, {static_cast<int>(2 + sizeof...(T)), all});
}
template <class... T> wk_Results wk_results(T... results)
{
    static_assert(sizeof...(T) <= WK_MOST_RESULTS, "a module returns at most 8 tensors");
    return {static_cast<int>(sizeof...(T)), {results...}};
}
template <class... M> wk_Module *wk_Sequential(M... modules)
{
    wk_Module *const all[] = {modules...};
    return wk_Sequential_of(static_cast<int>(sizeof...(M)), all);
}
template <class... M> wk_Module *wk_ModuleList(M... modules)
{
    wk_Module *const all[] = {modules...};
    return wk_ModuleList_of(static_cast<int>(sizeof...(M)), all);
}
template <class... N> bool wk_load_state_dict(wk_Module *module, const wk_StateDict *state, N... named)
{
    wk_load_options options{};
    options.module = module, options.state = state;
    return wk_load_state_dict_with(wk::with(options, named...));
}

/* Makers of layers, with one or two arguments by place. */
#define WK_MAKE(name, type)                                  \
    template <class... N> wk_Module *wk_##name(N... named)   \
    {                                                        \
        return wk_##name##_with(wk::with(type{}, named...)); \
    }
#define WK_MAKE_NUMBERS(name, type, ...)                                                                     \
    template <class... N> wk_Module *wk_##name(N... given)                                                   \
    {                                                                                                        \
        using Options = type;                                                                                \
        static constexpr double Options::*members[] = {__VA_ARGS__};                                         \
        return wk_##name##_with(wk::placed<sizeof members / sizeof *members>(Options{}, members, given...)); \
    }
#define WK_MAKE_1(name, type, kind, first)                             \
    template <class... N> wk_Module *wk_##name(kind first, N... named) \
    {                                                                  \
        type options{};                                                \
        options.by_place = 1, options.first = first;                   \
        return wk_##name##_with(wk::with(options, named...));          \
    }
#define WK_MAKE_2(name, type, first, second)                                              \
    template <class... N> wk_Module *wk_##name(int64_t first, int64_t second, N... named) \
    {                                                                                     \
        type options{};                                                                   \
        options.first = first, options.second = second;                                   \
        return wk_##name##_with(wk::with(options, named...));                             \
    }
/* A size by place or, as a pair, by name. */
#define WK_MAKE_SIZE(name, size)                                                   \
    WK_MAKE_1(name, wk_##name##_options, int64_t, size)                            \
    template <class F, class... N, class = std::enable_if_t<!wk::is_whole<F>>>     \
    wk_Module *wk_##name(F first, N... named)                                      \
    {                                                                              \
        return wk_##name##_with(wk::with(wk_##name##_options{}, first, named...)); \
    }

/* An int by place or by name, or none. */
#define WK_MAKE_INT(name, first)                        \
    WK_MAKE_SIZE(name, first)                           \
    inline wk_Module *wk_##name()                       \
    {                                                   \
        return wk_##name##_with(wk_##name##_options{}); \
    }

WK_MAKE_2(Linear, wk_Linear_options, in_features, out_features)
WK_MAKE_2(GroupNorm, wk_GroupNorm_options, num_groups, num_channels)
WK_MAKE_1(Dropout, wk_Dropout_options, double, p)
WK_MAKE_1(BatchNorm1d, wk_BatchNorm_options, int64_t, num_features)
WK_MAKE_1(BatchNorm2d, wk_BatchNorm_options, int64_t, num_features)
WK_MAKE_1(BatchNorm3d, wk_BatchNorm_options, int64_t, num_features)
WK_MAKE_SIZE(MaxPool2d, kernel_size)
WK_MAKE_SIZE(AvgPool2d, kernel_size)
WK_MAKE_SIZE(AdaptiveAvgPool2d, output_size)
WK_MAKE(ReLU, wk_Activation_options)
WK_MAKE(SiLU, wk_Activation_options)
WK_MAKE(SELU, wk_Activation_options)
WK_MAKE(ReLU6, wk_Activation_options)
WK_MAKE(Mish, wk_Activation_options)
WK_MAKE(Hardswish, wk_Activation_options)
WK_MAKE(Hardsigmoid, wk_Activation_options)
WK_MAKE_NUMBERS(LeakyReLU, wk_LeakyReLU_options, &Options::negative_slope)
WK_MAKE_NUMBERS(ELU, wk_ELU_options, &Options::alpha)
WK_MAKE_NUMBERS(CELU, wk_ELU_options, &Options::alpha)
WK_MAKE_NUMBERS(Hardtanh, wk_Hardtanh_options, &Options::min_val, &Options::max_val)
WK_MAKE_NUMBERS(Softplus, wk_Softplus_options, &Options::beta, &Options::threshold)
WK_MAKE_NUMBERS(Threshold, wk_Threshold_options, &Options::threshold, &Options::value)
WK_MAKE_NUMBERS(Softshrink, wk_Shrink_options, &Options::lambd)
WK_MAKE_NUMBERS(Hardshrink, wk_Shrink_options, &Options::lambd)
WK_MAKE_INT(GLU, dim)
WK_MAKE_INT(PReLU, num_parameters)
WK_MAKE_2(LSTMCell, wk_RNNCell_options, input_size, hidden_size)
WK_MAKE_2(GRUCell, wk_RNNCell_options, input_size, hidden_size)
WK_MAKE_2(RNNCell, wk_RNNCell_options, input_size, hidden_size)
WK_MAKE(Flatten, wk_Flatten_options)
WK_MAKE(MSELoss, wk_Loss_options)
WK_MAKE(L1Loss, wk_Loss_options)
WK_MAKE(BCELoss, wk_BCELoss_options)
WK_MAKE(BCEWithLogitsLoss, wk_BCELoss_options)
WK_MAKE(NLLLoss, wk_ClassLoss_options)
WK_MAKE(CrossEntropyLoss, wk_ClassLoss_options)
#undef WK_MAKE
#undef WK_MAKE_NUMBERS
#undef WK_MAKE_1
#undef WK_MAKE_2
#undef WK_MAKE_SIZE
#undef WK_MAKE_INT

template <class K, class... N>
wk_Module *wk_Conv2d(int64_t in_channels, int64_t out_channels, K kernel_size, N... named)
{
    wk_Conv2d_options options{};
    options.in_channels = in_channels, options.out_channels = out_channels;
    if constexpr (wk::is_whole<K>)
        options.by_place = 3, options.kernel_size = static_cast<int64_t>(kernel_size);
    else
        kernel_size.set(options);
    return wk_Conv2d_with(wk::with(options, named...));
}
template <class D, class... N> wk_Module *wk_LayerNorm(D normalized_shape, N... named)
{
    const auto dims = wk::dims_of(normalized_shape);
    wk_LayerNorm_options options{};
    options.normalized_shape = dims;
    return wk_LayerNorm_with(wk::with(options, named...));
}

#define WK_INIT(name, type)                                                      \
    template <class... N> wk_Tensor *wk_##name##_(wk_Tensor *tensor, N... named) \
    {                                                                            \
        type options{};                                                          \
        options.tensor = tensor;                                                 \
        return wk_##name##_with(wk::with(options, named...));                    \
    }
WK_INIT(xavier_uniform, wk_xavier_options)
WK_INIT(xavier_normal, wk_xavier_options)
WK_INIT(kaiming_uniform, wk_kaiming_options)
WK_INIT(kaiming_normal, wk_kaiming_options)
#undef WK_INIT

/* ---- optimizers and data ---------------------------------------------------------------------------- */

#define WK_OPTIMIZER(name)                                                    \
    template <class... N> wk_Optimizer *wk_##name(wk_List params, N... named) \
    {                                                                         \
        wk_##name##_options options{};                                        \
        options.params = params;                                              \
        return wk_##name##_with(wk::with(options, named...));                 \
    }
WK_OPTIMIZER(SGD)
WK_OPTIMIZER(AdamW)
WK_OPTIMIZER(Adagrad)
WK_OPTIMIZER(Adam)
WK_OPTIMIZER(RMSprop)
#undef WK_OPTIMIZER

/* Schedulers: what has no default by place, the rest by name. */
#define WK_SCHEDULER(name)                                                               \
    template <class... N> wk_LRScheduler *wk_##name(wk_Optimizer *optimizer, N... named) \
    {                                                                                    \
        wk_##name##_options options{};                                                   \
        options.optimizer = optimizer;                                                   \
        return wk_##name##_with(wk::with(options, named...));                            \
    }
#define WK_SCHEDULER_OF(name, type, member)                                                           \
    template <class... N> wk_LRScheduler *wk_##name(wk_Optimizer *optimizer, type member, N... named) \
    {                                                                                                 \
        wk_##name##_options options{};                                                                \
        options.optimizer = optimizer, options.member = member;                                       \
        return wk_##name##_with(wk::with(options, named...));                                         \
    }
WK_SCHEDULER_OF(StepLR, int64_t, step_size)
WK_SCHEDULER_OF(MultiStepLR, wk_Dims, milestones)
WK_SCHEDULER_OF(ExponentialLR, double, gamma)
WK_SCHEDULER_OF(CosineAnnealingLR, int64_t, T_max)
WK_SCHEDULER(ConstantLR)
WK_SCHEDULER(LinearLR)
WK_SCHEDULER(PolynomialLR)
#undef WK_SCHEDULER
#undef WK_SCHEDULER_OF

template <class... N> wk_Dataset *wk_CallbackDataset(int64_t length, wk_GetItem get_item, N... named)
{
    wk_CallbackDataset_options options{};
    options.length = length, options.get_item = get_item;
    return wk_CallbackDataset_with(wk::with(options, named...));
}
template <class... N> wk_Dataset *wk_Images(wk_Tensor *images, N... named)
{
    wk_Images_options options{};
    options.images = images;
    return wk_Images_with(wk::with(options, named...));
}
template <class... N> wk_Dataset *wk_MNIST(const char *root, N... named)
{
    wk_MNIST_options options{};
    options.root = root;
    return wk_MNIST_with(wk::with(options, named...));
}
template <class... N> wk_Dataset *wk_Digits(int64_t count, N... named)
{
    wk_Digits_options options{};
    options.count = count;
    return wk_Digits_with(wk::with(options, named...));
}

namespace wk
{
template <class... N>::wk_DataLoader *data_loader(wk_Dataset *dataset, N... named)
{
    wk_DataLoader_options options{};
    options.dataset = dataset;
    return wk_DataLoader_with(with(options, named...));
}
} // namespace wk
/* A type has the same name, so the maker is a macro in C++ too. */
#define wk_DataLoader(...) wk::data_loader(__VA_ARGS__)

template <class... N>
bool wk_save_safetensors(int count, const wk_NamedTensor *tensors, const char *path, N... named)
{
    wk_save_safetensors_options options{};
    options.count = count, options.tensors = tensors, options.path = path;
    return wk_save_safetensors_with(wk::with(options, named...));
}

#endif
