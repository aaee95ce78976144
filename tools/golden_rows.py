#!/usr/bin/env python3
"""Makes tests/golden/rows.safetensors with PyTorch, for tests/ops/test_rows.c.

A case: x with values on both sides of every kink, in float32 and float64, the result y of an activation with numbers, and the gradient
for a gradient g. Needs torch 2.15.
"""
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

import golden

X = [-200, -90, -30, -7, -3, -2.5, -1, -0.5, -0.3, -0.0, 0, 0.1, 0.3, 0.5, 0.9, 1, 2.5, 3, 6, 10, 30, 90, 200]
CASES = {
    "leaky_relu": lambda x: F.leaky_relu(x),
    "leaky_relu_slope": lambda x: F.leaky_relu(x, -0.3),
    "leaky_relu_inplace": lambda x: F.leaky_relu_(x * 1, 0.3),
    "elu": lambda x: F.elu(x),
    "elu_scaled": lambda x: torch.ops.aten.elu(x, 0.7, 1.3, 0.4),
    "elu_inplace": lambda x: F.elu_(x * 1, 0.7),
    "celu": lambda x: F.celu(x, 0.6),
    "selu": lambda x: F.selu(x),
    "softplus": lambda x: F.softplus(x),
    "softplus_beta": lambda x: F.softplus(x, 2.5, 7),
    "hardtanh": lambda x: F.hardtanh(x),
    "hardtanh_range": lambda x: F.hardtanh(x, -2.5, 3),
    "hardtanh_inplace": lambda x: F.hardtanh_(x * 1, -0.5, 0.9),
    "relu6": lambda x: F.relu6(x),
    "threshold": lambda x: F.threshold(x, 0.3, 20),
    "threshold_inplace": lambda x: F.threshold_(x * 1, -1, -5),
    "softshrink": lambda x: F.softshrink(x),
    "hardshrink": lambda x: F.hardshrink(x, 0.3),
    "hardsigmoid": F.hardsigmoid,
    "hardswish": F.hardswish,
    "mish": F.mish,
    "logsigmoid": F.logsigmoid,
    "softsign": F.softsign,
    "tanhshrink": F.tanhshrink,
}


def main(path):
    tensors, nodes = {}, {}
    for name, call in CASES.items():
        for suffix, dtype in ("", torch.float32), ("_f64", torch.float64):
            torch.manual_seed(7)
            x = torch.tensor(X, dtype=dtype, requires_grad=True)
            g = torch.randn(len(X), dtype=dtype)
            y = call(x)
            nodes[name] = y.grad_fn.name()
            (grad,) = torch.autograd.grad(y, x, g)
            tensors |= {f"{name}{suffix}.{key}": value.detach().clone() for key, value in dict(x=x, g=g, y=y, grad_x=grad).items()}
    save_file(tensors, path, metadata=nodes)


main(golden.output_folder(__doc__) / "rows.safetensors")
