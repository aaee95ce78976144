#!/usr/bin/env python3
"""Makes tests/golden/nn.safetensors with PyTorch, for tests/nn/test_layers.c, test_rnn_cell.c and tests/optim/test_optim.c.

A cell's case is like a layer's, with random states and one gradient for each result. A layer's case: seed 7, the module, x = randn, the result, and the gradients for a gradient of randn; its text is in the metadata.
An optimizer's case: two parameters of randn, and their values after each of four steps along gradients of randn. Needs torch 2.15.
"""
import torch
from safetensors.torch import save_file
from torch import nn, optim

import golden

LAYERS = {
    "linear": (lambda: nn.Linear(5, 3), (4, 5)),
    "linear_no_bias": (lambda: nn.Linear(5, 3, bias=False), (2, 2, 5)),
    "identity": (lambda: nn.Identity(), (2, 3)),
    "conv2d": (lambda: nn.Conv2d(3, 4, 3), (2, 3, 6, 7)),
    "conv2d_all": (lambda: nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2, bias=False), (2, 4, 7, 8)),
    "conv2d_padding": (lambda: nn.Conv2d(1, 2, 5, padding=2, stride=2), (1, 1, 9, 9)),
    "max_pool2d": (lambda: nn.MaxPool2d(2), (2, 3, 6, 7)),
    "max_pool2d_all": (lambda: nn.MaxPool2d((3, 2), stride=2, padding=1, dilation=1, ceil_mode=True), (1, 2, 7, 8)),
    "avg_pool2d": (lambda: nn.AvgPool2d(3, stride=2, padding=1), (2, 2, 7, 6)),
    "avg_pool2d_all": (lambda: nn.AvgPool2d((2, 3), padding=(1, 0), count_include_pad=False, ceil_mode=True), (1, 2, 5, 7)),
    "relu": (lambda: nn.ReLU(), (3, 4)),
    "tanh": (lambda: nn.Tanh(), (3, 4)),
    "sigmoid": (lambda: nn.Sigmoid(), (3, 4)),
    "gelu": (lambda: nn.GELU(), (3, 4)),
    "silu": (lambda: nn.SiLU(), (3, 4)),
    "selu": (lambda: nn.SELU(), (3, 4)),
    "relu6": (lambda: nn.ReLU6(), (3, 4)),
    "mish": (lambda: nn.Mish(), (3, 4)),
    "hardswish": (lambda: nn.Hardswish(), (3, 4)),
    "hardsigmoid": (lambda: nn.Hardsigmoid(), (3, 4)),
    "leaky_relu": (lambda: nn.LeakyReLU(), (3, 4)),
    "leaky_relu_slope": (lambda: nn.LeakyReLU(0.2), (3, 4)),
    "leaky_relu_zero": (lambda: nn.LeakyReLU(0.0), (3, 4)),
    "elu": (lambda: nn.ELU(), (3, 4)),
    "elu_alpha": (lambda: nn.ELU(0.7), (3, 4)),
    "celu": (lambda: nn.CELU(1.5), (3, 4)),
    "hardtanh": (lambda: nn.Hardtanh(), (3, 4)),
    "hardtanh_range": (lambda: nn.Hardtanh(-0.5, 0.0), (3, 4)),
    "softplus": (lambda: nn.Softplus(), (3, 4)),
    "softplus_beta": (lambda: nn.Softplus(2.5, 1.5), (3, 4)),
    "threshold": (lambda: nn.Threshold(0.0, -2.5), (3, 4)),
    "softshrink": (lambda: nn.Softshrink(), (3, 4)),
    "hardshrink": (lambda: nn.Hardshrink(0.25), (3, 4)),
    "glu": (lambda: nn.GLU(), (3, 4)),
    "glu_dim": (lambda: nn.GLU(0), (4, 3)),
    "prelu": (lambda: nn.PReLU(), (3, 4)),
    "prelu_all": (lambda: nn.PReLU(3, init=-0.5), (2, 3, 4)),
    "log_sigmoid": (lambda: nn.LogSigmoid(), (3, 4)),
    "softsign": (lambda: nn.Softsign(), (3, 4)),
    "tanhshrink": (lambda: nn.Tanhshrink(), (3, 4)),
    "softmin": (lambda: nn.Softmin(1), (3, 4)),
    "softmax2d": (lambda: nn.Softmax2d(), (2, 3, 2, 2)),
    "softmax": (lambda: nn.Softmax(1), (3, 4)),
    "log_softmax": (lambda: nn.LogSoftmax(-1), (3, 4)),
    "dropout": (lambda: nn.Dropout(0.3), (5, 8)),
    "flatten": (lambda: nn.Flatten(), (2, 3, 4)),
    "flatten_all": (lambda: nn.Flatten(0, 1), (2, 3, 4)),
    "sequential": (lambda: nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Flatten(),
                                         nn.Sequential(nn.Linear(12, 6), nn.Tanh()), nn.Linear(6, 2)), (2, 1, 6, 6)),
}

# One step: with states and without, with a batch dimension and without.
CELLS = {
    "lstm_cell": (lambda: nn.LSTMCell(4, 3), 2, (5,)),
    "lstm_cell_no_bias": (lambda: nn.LSTMCell(2, 2, bias=False), 2, ()),
    "gru_cell": (lambda: nn.GRUCell(4, 3), 1, (5,)),
    "gru_cell_no_bias": (lambda: nn.GRUCell(2, 2, bias=False), 1, ()),
    "rnn_cell": (lambda: nn.RNNCell(4, 3), 1, (5,)),
    "rnn_cell_relu": (lambda: nn.RNNCell(2, 2, bias=False, nonlinearity="relu"), 1, ()),
}

CLASS_WEIGHT = torch.tensor([0.5, 2.0, 1.0, 0.25])
LOSSES = {
    "mse_loss": lambda: nn.MSELoss(),
    "mse_loss_sum": lambda: nn.MSELoss(reduction="sum"),
    "l1_loss": lambda: nn.L1Loss(),
    "l1_loss_none": lambda: nn.L1Loss(reduction="none"),
    "nll_loss": lambda: nn.NLLLoss(weight=CLASS_WEIGHT, ignore_index=0),
    "bce_loss": lambda: nn.BCELoss(),
    "bce_loss_all": lambda: nn.BCELoss(weight=CLASS_WEIGHT, reduction="sum"),
    "bce_with_logits_loss": lambda: nn.BCEWithLogitsLoss(),
    "bce_with_logits_loss_all": lambda: nn.BCEWithLogitsLoss(weight=CLASS_WEIGHT, pos_weight=CLASS_WEIGHT + 1, reduction="none"),
    "cross_entropy": lambda: nn.CrossEntropyLoss(),
    "cross_entropy_all": lambda: nn.CrossEntropyLoss(weight=CLASS_WEIGHT, ignore_index=2, reduction="sum", label_smoothing=0.1),
}

OPTIMIZERS = {
    "sgd": lambda p: optim.SGD(p),
    "sgd_momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.5, weight_decay=0.01),
    "sgd_nesterov": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, maximize=True),
    "adam": lambda p: optim.Adam(p),
    "adam_all": lambda p: optim.Adam(p, lr=0.1, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.1, amsgrad=True, maximize=True),
    "adam_zero": lambda p: optim.Adam(p, betas=(0.0, 0.99), eps=0),
    "rmsprop": lambda p: optim.RMSprop(p),
    "rmsprop_all": lambda p: optim.RMSprop(p, lr=0.05, alpha=0.9, eps=1e-4, weight_decay=0.1, momentum=0.8, centered=True, maximize=True),
}


def main(path):
    torch.set_num_threads(1)
    tensors, texts = {}, {}
    for name, (make, shape) in LAYERS.items():
        torch.manual_seed(7)
        module = make()
        texts[name] = repr(module)
        for key, value in module.state_dict().items():
            tensors[f"{name}.{key}"] = value.clone()
        x = torch.randn(shape, requires_grad=True)
        y = module(x)
        y.backward(torch.randn(y.shape))
        tensors[f"{name}.out"] = y.detach()
        tensors[f"{name}.x.grad"] = x.grad
        for key, p in module.named_parameters():
            tensors[f"{name}.{key}.grad"] = p.grad
    for name, (make, states, batch) in CELLS.items():
        torch.manual_seed(7)
        cell = make()
        texts[name] = repr(cell)
        for key, value in cell.state_dict().items():
            tensors[f"{name}.{key}"] = value.clone()
        x = torch.randn(*batch, cell.input_size, requires_grad=True)
        start = [torch.randn(*batch, cell.hidden_size, requires_grad=True) for _ in range(states)]
        as_tuple = lambda y: y if isinstance(y, tuple) else (y,)
        for i, y in enumerate(as_tuple(cell(x))):
            tensors[f"{name}.first.{i}"] = y.detach()
        out = as_tuple(cell(x, tuple(start) if states == 2 else start[0]))
        sum((y * torch.randn(y.shape)).sum() for y in out).backward()
        for i, (y, h) in enumerate(zip(out, start)):
            tensors[f"{name}.out.{i}"] = y.detach()
            tensors[f"{name}.state.{i}.grad"] = h.grad
        tensors[f"{name}.x.grad"] = x.grad
        for key, p in cell.named_parameters():
            tensors[f"{name}.{key}.grad"] = p.grad
    for name, make in LOSSES.items():
        torch.manual_seed(7)
        criterion = make()
        texts[name] = repr(criterion)
        x = torch.randn(5, 4, requires_grad=True)
        target = torch.tensor([1, 0, 3, 2, 1]) if name.startswith(("nll", "cross")) else torch.randn(5, 4)
        y = criterion(x if not name.startswith("bce_loss") else x.sigmoid(), target if not name.startswith("bce") else target.sigmoid())
        y.sum().backward()
        for key, value in criterion.state_dict().items():
            tensors[f"{name}.{key}"] = value.clone()
        tensors[f"{name}.out"] = y.detach()
        tensors[f"{name}.x.grad"] = x.grad
    for dtype, suffix in ((torch.float32, ""), (torch.float64, "_f64")):
        for name, make in OPTIMIZERS.items():
            torch.manual_seed(7)
            params = [torch.randn(3, 5).to(dtype).requires_grad_(), torch.randn(33).to(dtype).requires_grad_()]
            optimizer = make(params)
            texts.setdefault(name, repr(optimizer))
            for step in range(4):
                for p in params:
                    p.grad = torch.randn(p.shape).to(dtype)
                optimizer.step()
                for i, p in enumerate(params):
                    tensors[f"{name}{suffix}.{step}.{i}"] = p.detach().clone()
    save_file({k: v.contiguous() for k, v in tensors.items()}, path, metadata=texts)


if __name__ == "__main__":
    main(golden.output_folder(__doc__) / "nn.safetensors")
