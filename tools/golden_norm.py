#!/usr/bin/env python3
"""Makes tests/golden/norm.safetensors with PyTorch, for tests/ops/test_norm.c, test_var.c, test_adaptive_pool.c and
tests/nn/test_norm.c.

A case: x, perhaps weight, bias and running statistics, the result y and the gradients for a gradient g of randn; modules are
trained for two batches and then evaluated; their texts are in the metadata. Needs torch 2.15.
"""
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

import golden

out, texts = {}, {}


def put(name, **tensors):
    for key, value in tensors.items():
        if value is not None:
            out[f"{name}.{key}"] = value.detach().clone().contiguous()


def case(name, function, x, **leaves):
    """function(x, **leaves) and the gradients of all of them."""
    given = {"x": x, **leaves}
    given = {key: value.clone().requires_grad_() for key, value in given.items() if value is not None}
    y = function(**given)
    g = torch.randn(y.shape).to(y.dtype)
    grads = torch.autograd.grad(y, list(given.values()), g)
    put(name, y=y, g=g, **given, **{"grad_" + key: value for key, value in zip(given, grads)})


def affine(*shape):
    return {"weight": torch.randn(shape), "bias": torch.randn(shape)}


def batch_norm(name, shape, training, with_affine, shift=0.0, momentum=0.1):
    c = shape[1]
    mean, var = torch.randn(c), torch.rand(c) + 0.5
    put(name, mean_before=mean, var_before=var)
    mean, var = mean.clone(), var.clone()

    def run(x, weight=None, bias=None):
        return F.batch_norm(x, mean, var, weight, bias, training, momentum)

    case(name, run, torch.randn(shape) * 2 + shift, **(affine(c) if with_affine else {}))
    put(name, mean_after=mean, var_after=var)


def functions():
    batch_norm("batch_norm", (8, 5), True, True)
    batch_norm("batch_norm_planes", (3, 4, 5, 6), True, True)
    batch_norm("batch_norm_large", (2, 3, 9, 11), True, True, -2.0)
    batch_norm("batch_norm_plain", (7, 2, 3), True, False, 1.0, 0.3)
    batch_norm("batch_norm_eval", (3, 4, 5, 6), False, True)
    batch_norm("batch_norm_eval_large", (2, 3, 9, 11), False, False)
    case("layer_norm", lambda x, weight, bias: F.layer_norm(x, (7,), weight, bias), torch.randn(3, 5, 7), **affine(7))
    case("layer_norm_two", lambda x, weight: F.layer_norm(x, (5, 7), weight), torch.randn(4, 5, 7) + 3, weight=torch.randn(5, 7))
    case("layer_norm_plain", lambda x: F.layer_norm(x, (40,), eps=1e-3), torch.randn(3, 40))
    case("layer_norm_bias", lambda x, bias: F.layer_norm(x, (40,), None, bias), torch.randn(3, 40), bias=torch.randn(40))
    case("group_norm", lambda x, weight, bias: F.group_norm(x, 3, weight, bias), torch.randn(4, 6, 5, 3), **affine(6))
    case("group_norm_flat", lambda x, weight, bias: F.group_norm(x, 2, weight, bias), torch.randn(4, 6), **affine(6))
    case("group_norm_plain", lambda x: F.group_norm(x, 1, eps=1e-2), torch.randn(2, 3, 4) - 2)
    x = torch.randn(3, 4, 5)
    for name in ("var", "std"):
        f = getattr(torch, name)
        case(name, lambda x: f(x), x)
        case(name + "_dim", lambda x: f(x, dim=1), x)
        case(name + "_dims", lambda x: f(x, dim=(0, 2), correction=0, keepdim=True), x)
        case(name + "_last", lambda x: f(x, dim=-1, correction=2.5), x)
    for p in (0.5, 1, 1.5, 2, 3, float("inf"), float("-inf"), -2):
        case(f"norm_{p}", lambda x: torch.norm(x, p), x)
        case(f"norm_{p}_dim", lambda x: torch.norm(x, p, dim=(0, 2), keepdim=True), x)
    for size in ((1, 1), (2, 3), (7, 5), (4, 9), (1, 2)):
        case(f"adaptive_{size[0]}_{size[1]}", lambda x: F.adaptive_avg_pool2d(x, size), torch.randn(2, 3, 7, 5))


def module(name, net, shape):
    """Two batches in training, then one in evaluation."""
    texts[name] = repr(net)
    if getattr(net, "weight", None) is not None:
        nn.init.normal_(net.weight)
    if getattr(net, "bias", None) is not None:
        nn.init.normal_(net.bias)
    put(name, **{"first_" + key: value for key, value in net.state_dict().items()})
    for i in range(3):
        x = (torch.randn(shape) * (i + 1) + i).requires_grad_()
        net.train(i < 2)
        y = net(x)
        g = torch.randn(y.shape)
        net.zero_grad()
        y.backward(g)
        put(f"{name}.{i}", x=x, g=g, y=y, grad_x=x.grad)
        for key, value in net.named_parameters():
            put(f"{name}.{i}", **{"grad_" + key: value.grad})
        put(f"{name}.{i}", **net.state_dict())


def modules():
    module("BatchNorm1d", nn.BatchNorm1d(3), (4, 3))
    module("BatchNorm1d_all", nn.BatchNorm1d(3, eps=1e-3, momentum=None, bias=False), (4, 3, 2))
    module("BatchNorm2d", nn.BatchNorm2d(4, momentum=0.5), (2, 4, 3, 5))
    module("BatchNorm2d_plain", nn.BatchNorm2d(4, affine=False, momentum=0.0), (2, 4, 3, 5))
    module("BatchNorm2d_untracked", nn.BatchNorm2d(4, track_running_stats=False), (2, 4, 3, 5))
    module("BatchNorm3d", nn.BatchNorm3d(2), (2, 2, 3, 2, 2))
    module("LayerNorm", nn.LayerNorm(6), (2, 3, 6))
    module("LayerNorm_all", nn.LayerNorm((3, 6), eps=1e-6, bias=False), (2, 3, 6))
    module("LayerNorm_plain", nn.LayerNorm(6, elementwise_affine=False), (2, 3, 6))
    module("GroupNorm", nn.GroupNorm(2, 4), (3, 4, 5))
    module("GroupNorm_plain", nn.GroupNorm(4, 4, eps=1e-3, affine=False), (3, 4, 5))
    module("AdaptiveAvgPool2d", nn.AdaptiveAvgPool2d(2), (2, 3, 5, 6))
    module("AdaptiveAvgPool2d_pair", nn.AdaptiveAvgPool2d((1, None)), (2, 3, 5, 6))


folder = golden.output_folder(__doc__)
torch.manual_seed(0)
functions()
modules()
save_file(out, folder / "norm.safetensors", texts)
