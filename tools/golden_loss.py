#!/usr/bin/env python3
"""Makes tests/golden/loss.safetensors with PyTorch, for tests/ops/test_loss.c.

For each shape: x, targets of three kinds, weight, and for each way to call cross_entropy or nll_loss one vector: the result, then the
gradients of x and, for probabilities, of the target, for a gradient of 1, 2, 3 ... Needs torch 2.15.
"""
import itertools

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

import golden

SHAPES = {"one": (5,), "rows": (3, 5), "planes": (2, 3, 2), "volumes": (2, 3, 2, 2)}
REDUCTIONS = ("mean", "sum", "none")
IGNORE = {"soft": 0, "hard": -100, "ignored": 1}  # "ignored" has targets that are


def gradients_of(y, leaves):
    g = torch.arange(1.0, y.numel() + 1, dtype=y.dtype).view(y.shape)
    return torch.cat([t.detach().flatten() for t in (y, *torch.autograd.grad(y, leaves, g))])


def main():
    torch.manual_seed(7)
    out = {}
    for shape_name, shape in SHAPES.items():
        dim = min(len(shape) - 1, 1)
        samples = shape[:dim] + shape[dim + 1:]
        x = torch.randn(shape, dtype=torch.float64)
        weight = torch.rand(shape[dim], dtype=torch.float64) + 0.25
        hard = torch.randint(0, shape[dim], samples)
        ignored = torch.where(torch.arange(hard.numel()).view(samples) % 2 == 1, 1, hard)
        targets = {"soft": torch.rand(shape, dtype=torch.float64), "hard": hard, "ignored": ignored}
        out.update({f"{shape_name}.x": x, f"{shape_name}.weight": weight})
        out.update({f"{shape_name}.{kind}": t for kind, t in targets.items()})
        for kind, weighted, smoothing, reduction in itertools.product(targets, (0, 1), (0, 1), REDUCTIONS):
            leaf = x.clone().requires_grad_()
            target = targets[kind].clone().requires_grad_(kind == "soft")
            options = {"weight": weight if weighted else None, "reduction": reduction}
            if kind != "soft":
                options["ignore_index"] = IGNORE[kind]
            name = f"{shape_name}.{kind}.{weighted}.{smoothing}.{reduction}"
            y = F.cross_entropy(leaf, target, label_smoothing=0.2 * smoothing, **options)
            out["cross_entropy." + name] = gradients_of(y, [leaf, target] if kind == "soft" else [leaf])
            if kind != "soft" and not smoothing:
                out["nll_loss." + name] = gradients_of(F.nll_loss(leaf, target, **options), [leaf])
    save_file(out, golden.output_folder(__doc__) / "loss.safetensors", {"torch": torch.__version__})


if __name__ == "__main__":
    main()
