/* Every function of modules, optimizers, data and files, given NULL in each place that takes a pointer. */
#include "support/null.h"

#include "wick/wick.h"

#define NONE ((wk_Tensor *)NULL)

/* ---- module.h --------------------------------------------------------------------------------------- */

static void visit(wk_Module *module, void *user)
{
    (void)module, (void)user;
}

static wk_Results hook(wk_Module *module, wk_List inputs, wk_Results results, void *user)
{
    (void)module, (void)inputs, (void)user;
    return results;
}

static void test_making(void **state)
{
    (void)state;
    static const wk_Class no_name = {0};
    wk_Module *net = wk_Sequential(wk_Identity());
    REFUSES(wk_module_new(sizeof(wk_Module), NULL), "module: argument class is NULL");
    REFUSES(wk_module_new(sizeof(wk_Module), &no_name), "module: argument class name is NULL");
    REFUSES(wk_module_named(sizeof(wk_Module), NULL, NULL), "module: argument name is NULL");
    REFUSES(wk_module_named_all(sizeof(wk_Module), NULL, NULL), "module: argument name is NULL");
    IGNORES(wk_module_free(NULL));
    REFUSES(wk_module_keep(NULL), "keep: argument module is NULL");
    REFUSES(wk_register_module(NULL, "a", wk_Identity()), "register_module: argument module is NULL");
    REFUSES(wk_register_module(net, NULL, wk_Identity()), "register_module: argument name is NULL");
    REFUSES(wk_register_parameter(NULL, "a", wk_ones(1)), "register_parameter: argument module is NULL");
    REFUSES(wk_register_parameter(net, NULL, wk_ones(1)), "register_parameter: argument name is NULL");
    REFUSES(wk_register_buffer(NULL, "a", wk_ones(1), true), "register_buffer: argument module is NULL");
    REFUSES(wk_register_buffer(net, NULL, wk_ones(1), true), "register_buffer: argument name is NULL");
    REFUSES(wk_register_module(net, "a", NULL), "register_module: argument child is NULL");
    REFUSES(wk_register_parameter(net, "a", NULL), "register_parameter: argument parameter is NULL");
    REFUSES(wk_register_buffer(net, "a", NULL, true), "register_buffer: argument buffer is NULL");
    REFUSES(wk_Parameter(NULL), "Parameter: argument data is NULL");
    wk_free(net);
}

static void test_using(void **state)
{
    (void)state;
    wk_Module *net = wk_Identity(), *loss = wk_MSELoss();
    wk_Tensor *x = f32(1);
    REFUSES((wk_call)(NULL, x), "call: argument module is NULL");
    REFUSES((wk_call)(net, NULL), "Identity: argument input is NULL (in Identity)");
    REFUSES(wk_call_list(NULL, wk_list(x, x)), "call: argument module is NULL");
    REFUSES(wk_call_list(loss, wk_list(NULL, x)), "MSELoss: argument input is NULL (in MSELoss)");
    REFUSES(wk_call_list(loss, wk_list(x, NULL)), "MSELoss: argument target is NULL (in MSELoss)");
    REFUSES(wk_call_all(NULL, wk_list(x)).tensors[0], "call: argument module is NULL");
    REFUSES(wk_call_all(net, (wk_List){1, NULL}).tensors[0],
            "Identity: argument inputs is NULL (in Identity)");
    REFUSES(wk_register_forward_hook(NULL, hook, NULL, NULL),
            "register_forward_hook: argument module is NULL");
    REFUSES(wk_register_forward_hook(net, NULL, NULL, NULL), "register_forward_hook: argument hook is NULL");
    ALLOWS(wk_register_forward_hook(net, hook, NULL, NULL));
    REFUSES(wk_remove_forward_hook(NULL, 1), "remove_forward_hook: argument module is NULL");
    REFUSES(wk_train(NULL, true), "train: argument module is NULL");
    REFUSES(wk_eval(NULL), "eval: argument module is NULL");
    REFUSES(wk_module_set_user(NULL, NULL, NULL), "set_user: argument module is NULL");
    ALLOWS(wk_module_set_user(net, NULL, NULL));
    REFUSES(wk_module_user(NULL), "user: argument module is NULL");
    REFUSES(wk_class_name(NULL), "class_name: argument module is NULL");
    REFUSES(wk_is_training(NULL), "is_training: argument module is NULL");
    REFUSES(wk_module_apply(NULL, visit, NULL), "apply: argument module is NULL");
    REFUSES(wk_module_apply(net, NULL, NULL), "apply: argument fn is NULL");
    REFUSES(wk_module_zero_grad(NULL, true), "zero_grad: argument module is NULL");
    REFUSES(wk_module_requires_grad_(NULL, true), "requires_grad_: argument module is NULL");
    REFUSES(wk_module_to_dtype(NULL, wk_float64), "to: argument module is NULL");
    REFUSES(wk_module_str(NULL), "str: argument module is NULL");
    REFUSES(wk_module_print(NULL), "str: argument module is NULL");
    REFUSES(wk_parameters(NULL).tensors, "parameters: argument module is NULL");
    REFUSES(wk_named_parameters(NULL).items, "named_parameters: argument module is NULL");
    REFUSES(wk_named_buffers(NULL).items, "named_buffers: argument module is NULL");
    REFUSES(wk_child_count(NULL), "child_count: argument module is NULL");
    REFUSES(wk_child(NULL, 0), "child: argument module is NULL");
    REFUSES(wk_child_name(NULL, 0), "child_name: argument module is NULL");
    REFUSES(wk_get_submodule(NULL, "a"), "get_submodule: argument module is NULL");
    REFUSES(wk_get_submodule(net, NULL), "get_submodule: argument path is NULL");
    REFUSES(wk_get_parameter(NULL, "a"), "get_parameter: argument module is NULL");
    REFUSES(wk_get_parameter(net, NULL), "get_parameter: argument path is NULL");
    wk_free(net), wk_free(loss);
}

static void test_state(void **state)
{
    (void)state;
    wk_Module *net = wk_Identity();
    wk_StateDict *dict = wk_StateDict_new();
    REFUSES(wk_state_dict(NULL), "state_dict: argument module is NULL");
    REFUSES(wk_load_state_dict_with((wk_load_options){.module = NULL, .state = dict}),
            "load_state_dict: argument module is NULL");
    REFUSES(wk_load_state_dict_with((wk_load_options){.module = net, .state = NULL}),
            "load_state_dict: argument state is NULL");
    REFUSES(wk_module_save(NULL, "x"), "save: argument module is NULL");
    REFUSES(wk_module_save(net, NULL), "save_safetensors: argument path is NULL");
    REFUSES(wk_load(NULL, "x"), "load: argument module is NULL");
    REFUSES(wk_load(net, NULL), "load_safetensors: argument path is NULL");
    wk_free(net), wk_free(dict);
}

/* ---- nn.h ------------------------------------------------------------------------------------------- */

/* Makers that are given numbers only. */
static void test_layers(void **state)
{
    (void)state;
    wk_Module *net = wk_ModuleList_of(0, NULL);
    TAKES_NO_POINTER(wk_Linear_with);
    TAKES_NO_POINTER(wk_Identity);
    TAKES_NO_POINTER(wk_Conv2d_with);
    TAKES_NO_POINTER(wk_MaxPool2d_with);
    TAKES_NO_POINTER(wk_AvgPool2d_with);
    TAKES_NO_POINTER(wk_AdaptiveAvgPool2d_with);
    TAKES_NO_POINTER(wk_ReLU_with);
    TAKES_NO_POINTER(wk_SiLU_with);
    TAKES_NO_POINTER(wk_SELU_with);
    TAKES_NO_POINTER(wk_ReLU6_with);
    TAKES_NO_POINTER(wk_Mish_with);
    TAKES_NO_POINTER(wk_Hardswish_with);
    TAKES_NO_POINTER(wk_Hardsigmoid_with);
    TAKES_NO_POINTER(wk_LeakyReLU_with);
    TAKES_NO_POINTER(wk_ELU_with);
    TAKES_NO_POINTER(wk_CELU_with);
    TAKES_NO_POINTER(wk_Hardtanh_with);
    TAKES_NO_POINTER(wk_Softplus_with);
    TAKES_NO_POINTER(wk_Threshold_with);
    TAKES_NO_POINTER(wk_Softshrink_with);
    TAKES_NO_POINTER(wk_Hardshrink_with);
    TAKES_NO_POINTER(wk_GLU_with);
    TAKES_NO_POINTER(wk_PReLU_with);
    TAKES_NO_POINTER(wk_LogSigmoid);
    TAKES_NO_POINTER(wk_Softsign);
    TAKES_NO_POINTER(wk_Tanhshrink);
    TAKES_NO_POINTER(wk_Softmin);
    TAKES_NO_POINTER(wk_Softmax2d);
    TAKES_NO_POINTER(wk_Tanh);
    TAKES_NO_POINTER(wk_Sigmoid);
    TAKES_NO_POINTER(wk_GELU);
    TAKES_NO_POINTER(wk_Softmax);
    TAKES_NO_POINTER(wk_LogSoftmax);
    TAKES_NO_POINTER(wk_Dropout_with);
    TAKES_NO_POINTER(wk_Flatten_with);
    TAKES_NO_POINTER(wk_MSELoss_with);
    TAKES_NO_POINTER(wk_L1Loss_with);
    TAKES_NO_POINTER(wk_BatchNorm1d_with);
    TAKES_NO_POINTER(wk_BatchNorm2d_with);
    TAKES_NO_POINTER(wk_BatchNorm3d_with);
    TAKES_NO_POINTER(wk_GroupNorm_with);
    wk_Module *cell;
    note_called("wk_LSTMCell_with");
    ALLOWS(cell = wk_LSTMCell_with(
               (wk_RNNCell_options){.input_size = 1, .hidden_size = 1, .nonlinearity = NULL}));
    wk_free(cell);
    note_called("wk_GRUCell_with");
    ALLOWS(cell = wk_GRUCell_with(
               (wk_RNNCell_options){.input_size = 1, .hidden_size = 1, .nonlinearity = NULL}));
    wk_free(cell);
    note_called("wk_RNNCell_with");
    ALLOWS(cell = wk_RNNCell_with(
               (wk_RNNCell_options){.input_size = 1, .hidden_size = 1, .nonlinearity = NULL}));
    wk_free(cell);
    REFUSES(wk_LayerNorm_with((wk_LayerNorm_options){.normalized_shape = {1, NULL}}),
            "LayerNorm: argument normalized_shape is NULL");
    REFUSES(wk_Sequential_of(1, NULL), "Sequential: argument modules is NULL");
    REFUSES(wk_Sequential_of(1, &(wk_Module *){NULL}), "append: argument module is NULL");
    REFUSES(wk_Sequential_from_text(NULL, 0, "x"), "Sequential: argument text is NULL");
    REFUSES(wk_Sequential_from_file(NULL), "read_file: argument path is NULL");
    REFUSES(wk_ModuleList_of(1, NULL), "ModuleList: argument modules is NULL");
    REFUSES(wk_ModuleList_of(1, &(wk_Module *){NULL}), "append: argument module is NULL");
    REFUSES(wk_append(NULL, wk_Identity()), "append: argument container is NULL");
    REFUSES(wk_append(net, NULL), "append: argument module is NULL");
    wk_free(net);
    wk_Module *loss;
    note_called("wk_BCELoss_with"), note_called("wk_BCEWithLogitsLoss_with");
    ALLOWS(loss = wk_BCELoss_with((wk_BCELoss_options){.weight = NULL}));
    wk_free(loss);
    ALLOWS(loss = wk_BCEWithLogitsLoss_with((wk_BCELoss_options){.weight = NULL, .pos_weight = NULL}));
    wk_free(loss);
    ALLOWS(loss = wk_NLLLoss_with((wk_ClassLoss_options){.weight = NULL}));
    wk_free(loss);
    ALLOWS(loss = wk_CrossEntropyLoss_with((wk_ClassLoss_options){.weight = NULL}));
    wk_free(loss);
    note_called("wk_NLLLoss_with"), note_called("wk_CrossEntropyLoss_with");
}

static void test_init(void **state)
{
    (void)state;
    wk_Tensor *x = wk_zeros(2, 2);
    REFUSES(wk_calculate_gain(NULL, 0), "calculate_gain: argument nonlinearity is NULL");
    REFUSES(wk_xavier_uniform_with((wk_xavier_options){.tensor = NULL}),
            "xavier_uniform_: argument tensor is NULL");
    REFUSES(wk_xavier_normal_with((wk_xavier_options){.tensor = NULL}),
            "xavier_normal_: argument tensor is NULL");
    REFUSES(wk_kaiming_uniform_with((wk_kaiming_options){.tensor = NULL}),
            "kaiming_uniform_: argument tensor is NULL");
    REFUSES(wk_kaiming_normal_with((wk_kaiming_options){.tensor = NULL}),
            "kaiming_normal_: argument tensor is NULL");
    ALLOWS(wk_xavier_uniform_with((wk_xavier_options){.tensor = x}));
    ALLOWS(wk_kaiming_normal_with((wk_kaiming_options){.tensor = x}));
    REFUSES(wk_init_uniform_(NULL, 0, 1, NULL), "uniform_: argument tensor is NULL");
    REFUSES(wk_init_normal_(NULL, 0, 1, NULL), "normal_: argument tensor is NULL");
    REFUSES(wk_constant_(NULL, 1), "constant_: argument tensor is NULL");
    REFUSES(wk_zeros_(NULL), "zeros_: argument tensor is NULL");
    REFUSES(wk_ones_(NULL), "ones_: argument tensor is NULL");
}

static double half(int64_t epoch, void *user)
{
    return (void)epoch, (void)user, 0.5;
}

static void test_schedulers(void **state)
{
    (void)state;
    wk_Optimizer *opt = wk_SGD(wk_list(wk_requires_grad_(f32(1))));
#define SCHEDULER_REFUSES(name)                                                                          \
    REFUSES(wk_##name##_with((wk_##name##_options){.optimizer = NULL}), #name ": argument optimizer is " \
                                                                              "NULL");
    SCHEDULER_REFUSES(StepLR)
    SCHEDULER_REFUSES(MultiStepLR)
    SCHEDULER_REFUSES(ExponentialLR)
    SCHEDULER_REFUSES(ConstantLR)
    SCHEDULER_REFUSES(LinearLR)
    SCHEDULER_REFUSES(PolynomialLR)
    SCHEDULER_REFUSES(CosineAnnealingLR)
    note_called("wk_StepLR_with"), note_called("wk_MultiStepLR_with"), note_called("wk_ExponentialLR_with");
    note_called("wk_ConstantLR_with"), note_called("wk_LinearLR_with"), note_called("wk_PolynomialLR_with");
    note_called("wk_CosineAnnealingLR_with");
    REFUSES(wk_MultiStepLR_with((wk_MultiStepLR_options){.optimizer = opt, .milestones = {1, NULL}}),
            "MultiStepLR: argument milestones is NULL");
    REFUSES(wk_LambdaLR(NULL, half, NULL), "LambdaLR: argument optimizer is NULL");
    REFUSES(wk_LambdaLR(opt, NULL, NULL), "LambdaLR: argument lr_lambda is NULL");
    IGNORES(wk_lr_scheduler_free(NULL));
    REFUSES(wk_lr_scheduler_step(NULL), "step: argument scheduler is NULL");
    REFUSES(wk_last_epoch(NULL), "last_epoch: argument scheduler is NULL");
    REFUSES(wk_set_last_epoch(NULL, 1), "set_last_epoch: argument scheduler is NULL");
    REFUSES(wk_get_last_lr(NULL, 0), "get_last_lr: argument scheduler is NULL");
    wk_free(opt);
}

/* ---- optim.h ---------------------------------------------------------------------------------------- */

static void test_optimizers(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f32(1));
    wk_Optimizer *opt = wk_SGD(wk_list(w));
    REFUSES(wk_SGD_with((wk_SGD_options){.params = {1, NULL}}), "SGD: argument params is NULL");
    REFUSES(wk_SGD_with((wk_SGD_options){.params = wk_list(NONE)}),
            "SGD: optimizer can only optimize Tensors, but params[0] is NULL");
    REFUSES(wk_Adam_with((wk_Adam_options){.params = {1, NULL}}), "Adam: argument params is NULL");
    REFUSES(wk_Adam_with((wk_Adam_options){.params = wk_list(w, NONE)}),
            "Adam: optimizer can only optimize Tensors, but params[1] is NULL");
    REFUSES(wk_RMSprop_with((wk_RMSprop_options){.params = {1, NULL}}), "RMSprop: argument params is NULL");
    REFUSES(wk_RMSprop_with((wk_RMSprop_options){.params = wk_list(NONE)}),
            "RMSprop: optimizer can only optimize Tensors, but params[0] is NULL");
    REFUSES(wk_AdamW_with((wk_AdamW_options){.params = {1, NULL}}), "AdamW: argument params is NULL");
    REFUSES(wk_AdamW_with((wk_AdamW_options){.params = wk_list(NONE)}),
            "AdamW: optimizer can only optimize Tensors, but params[0] is NULL");
    REFUSES(wk_Adagrad_with((wk_Adagrad_options){.params = {1, NULL}}), "Adagrad: argument params is NULL");
    REFUSES(wk_Adagrad_with((wk_Adagrad_options){.params = wk_list(NONE)}),
            "Adagrad: optimizer can only optimize Tensors, but params[0] is NULL");
    REFUSES(wk_optimizer_state_dict(NULL), "state_dict: argument optimizer is NULL");
    REFUSES(wk_optimizer_load_state_dict(opt, NULL), "load_state_dict: argument dict is NULL");
    wk_StateDict *dict = wk_optimizer_state_dict(opt);
    REFUSES(wk_optimizer_load_state_dict(NULL, dict), "load_state_dict: argument optimizer is NULL");
    wk_free(dict);
    IGNORES(wk_optimizer_free(NULL));
    REFUSES(wk_optimizer_step(NULL), "step: argument optimizer is NULL");
    REFUSES(wk_optimizer_zero_grad(NULL, true), "zero_grad: argument optimizer is NULL");
    REFUSES(wk_add_param_group(NULL, wk_list(w)), "add_param_group: argument optimizer is NULL");
    REFUSES(wk_add_param_group(opt, (wk_List){1, NULL}), "SGD: argument params is NULL");
    REFUSES(wk_add_param_group(opt, wk_list(NONE)),
            "SGD: optimizer can only optimize Tensors, but params[0] is NULL");
    REFUSES(wk_param_group_count(NULL), "param_group_count: argument optimizer is NULL");
    REFUSES(wk_get_option(NULL, 0, "lr"), "get_option: argument optimizer is NULL");
    REFUSES(wk_get_option(opt, 0, NULL), "get_option: argument name is NULL");
    REFUSES(wk_set_option(NULL, 0, "lr", 1), "set_option: argument optimizer is NULL");
    REFUSES(wk_set_option(opt, 0, NULL, 1), "set_option: argument name is NULL");
    REFUSES(wk_get_lr(NULL), "get_lr: argument optimizer is NULL");
    REFUSES(wk_set_lr(NULL, 1), "set_lr: argument optimizer is NULL");
    REFUSES(wk_optimizer_str(NULL), "str: argument optimizer is NULL");
    REFUSES(wk_optimizer_print(NULL), "str: argument optimizer is NULL");
    wk_free(opt);
}

/* ---- data.h ----------------------------------------------------------------------------------------- */

static bool no_sample(int64_t index, wk_Sample *sample, void *user)
{
    (void)index, (void)sample, (void)user;
    return true;
}

static void test_data(void **state)
{
    (void)state;
    wk_Tensor *x = f32(1);
    wk_DataLoader *loader = wk_DataLoader(wk_TensorDataset(wk_list(x))),
                  *silent = wk_DataLoader(wk_CallbackDataset(1, no_sample));
    wk_Batch batch;
    REFUSES(wk_dataset_len(NULL), "dataset_len: argument dataset is NULL");
    REFUSES(wk_dataset_keep(NULL), "dataset_keep: argument dataset is NULL");
    IGNORES(wk_dataset_free(NULL));
    REFUSES(wk_TensorDataset((wk_List){1, NULL}), "TensorDataset: argument tensors is NULL");
    REFUSES(wk_TensorDataset(wk_list(x, NONE)), "TensorDataset: argument tensor is NULL");
    REFUSES(wk_CallbackDataset_with((wk_CallbackDataset_options){.length = 1}),
            "CallbackDataset: argument get_item is NULL");
    REFUSES(wk_Images_with((wk_Images_options){.images = NULL}), "Images: argument images is NULL");
    REFUSES(wk_MNIST_with((wk_MNIST_options){.root = NULL}), "MNIST: argument root is NULL");
    TAKES_NO_POINTER(wk_Digits_with);
    REFUSES(wk_DataLoader_with((wk_DataLoader_options){.dataset = NULL}),
            "DataLoader: argument dataset is NULL");
    REFUSES(wk_next(NULL, &batch), "next: argument loader is NULL");
    REFUSES(wk_next(loader, NULL), "next: argument batch is NULL");
    REFUSES(wk_next(silent, &batch), "DataLoader: argument sample->input is NULL");
    TELLS(wk_dataloader_reset(NULL), "dataloader_reset: argument loader is NULL");
    REFUSES(wk_dataloader_len(NULL), "dataloader_len: argument loader is NULL");
    IGNORES(wk_dataloader_free(NULL));
    wk_free(loader), wk_free(silent);
}

/* ---- io.h ------------------------------------------------------------------------------------------- */

static void test_files(void **state)
{
    (void)state;
    wk_Tensor *x = u8(1);
    wk_StateDict *dict = wk_StateDict_new();
    TAKES_NO_POINTER(wk_StateDict_new);
    IGNORES(wk_state_dict_free(NULL));
    REFUSES(wk_state_dict_set(NULL, "a", x), "state_dict: argument dict is NULL");
    REFUSES(wk_state_dict_set(dict, NULL, x), "state_dict: argument name is NULL");
    REFUSES(wk_state_dict_set(dict, "a", NULL), "state_dict: argument tensor is NULL");
    REFUSES(wk_state_dict_get(NULL, "a"), "state_dict: argument dict is NULL");
    REFUSES(wk_state_dict_get(dict, NULL), "state_dict: argument name is NULL");
    REFUSES(wk_state_dict_metadata(NULL, "a"), "state_dict: argument dict is NULL");
    REFUSES(wk_state_dict_metadata(dict, NULL), "state_dict: argument key is NULL");
    REFUSES(wk_state_dict_set_metadata(NULL, "a", "b"), "state_dict: argument dict is NULL");
    REFUSES(wk_state_dict_set_metadata(dict, NULL, "b"), "state_dict: argument key is NULL");
    REFUSES(wk_state_dict_set_metadata(dict, "a", NULL), "state_dict: argument value is NULL");
    const wk_NamedTensor one = {"x", x}, unnamed = {NULL, x}, nothing = {"x", NULL};
    const wk_Metadata no_key = {NULL, "a"}, no_value = {"a", NULL};
    REFUSES(wk_save_safetensors_with((wk_save_safetensors_options){1, NULL, "x", 0, NULL}),
            "save_safetensors: argument tensors is NULL");
    REFUSES(wk_save_safetensors_with((wk_save_safetensors_options){1, &unnamed, "x", 0, NULL}),
            "save_safetensors: argument tensor name is NULL");
    REFUSES(wk_save_safetensors_with((wk_save_safetensors_options){1, &nothing, "x", 0, NULL}),
            "save_safetensors: argument x is NULL");
    REFUSES(wk_save_safetensors_with((wk_save_safetensors_options){1, &one, NULL, 0, NULL}),
            "save_safetensors: argument path is NULL");
    REFUSES(wk_save_safetensors_with((wk_save_safetensors_options){1, &one, "x", 1, NULL}),
            "save_safetensors: argument metadata is NULL");
    REFUSES(wk_save_safetensors_with((wk_save_safetensors_options){1, &one, "x", 1, &no_key}),
            "save_safetensors: argument metadata key is NULL");
    REFUSES(wk_save_safetensors_with((wk_save_safetensors_options){1, &one, "x", 1, &no_value}),
            "save_safetensors: argument metadata value is NULL");
    REFUSES(wk_state_dict_count(NULL), "state_dict: argument dict is NULL");
    REFUSES(wk_state_dict_name(NULL, 0), "state_dict: argument dict is NULL");
    REFUSES(wk_state_dict_tensor(NULL, 0), "state_dict: argument dict is NULL");
    REFUSES(wk_state_dict_metadata_count(NULL), "state_dict: argument dict is NULL");
    REFUSES(wk_state_dict_metadata_key(NULL, 0), "state_dict: argument dict is NULL");
    REFUSES(wk_state_dict_save(NULL, "x"), "save: argument dict is NULL");
    REFUSES(wk_state_dict_save(dict, NULL), "save_safetensors: argument path is NULL");
    REFUSES(wk_tensor_save(NULL, "x"), "save: argument tensor is NULL");
    REFUSES(wk_tensor_save(x, NULL), "save_safetensors: argument path is NULL");
    REFUSES(wk_load_tensor(NULL), "load_safetensors: argument path is NULL");
    REFUSES(wk_load_safetensors(NULL), "load_safetensors: argument path is NULL");
    REFUSES(wk_load_idx(NULL), "load_idx: argument path is NULL");
    REFUSES(wk_load_csv(NULL, NULL), "load_csv: argument path is NULL");
    REFUSES(wk_save_idx(NULL, "x"), "save_idx: argument tensor is NULL");
    REFUSES(wk_save_idx(x, NULL), "save_idx: argument path is NULL");
    REFUSES(wk_read_file(NULL, 0), "read_file: argument path is NULL");
    REFUSES(wk_write_file(NULL, x), "write_file: argument path is NULL");
    REFUSES(wk_write_file("x", NULL), "write_file: argument data is NULL");
    IGNORES(wk_set_io_hook(NULL, NULL));
    IGNORES(wk_set_io_hook_owned(NULL, NULL, NULL));
    wk_free(dict);
}

static void test_nothing_is_left_out(void **state)
{
    (void)state;
    ROW("A1");
    expect_all_called(
        (const char *const[]){"module.h", "nn.h", "optim.h", "lr_scheduler.h", "data.h", "io.h", NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_making),     TENSOR_TEST(test_using),
        TENSOR_TEST(test_state),      TENSOR_TEST(test_layers),
        TENSOR_TEST(test_init),       TENSOR_TEST(test_optimizers),
        TENSOR_TEST(test_schedulers), TENSOR_TEST(test_data),
        TENSOR_TEST(test_files),      cmocka_unit_test(test_nothing_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
