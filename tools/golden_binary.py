#!/usr/bin/env python3
"""Makes tests/golden/binary.safetensors with PyTorch, for tests/ops/test_results.c.

A case: x, the target as weight (so that both get gradients), the result y and the gradients for a gradient g, of the binary cross
entropies and of operations with several results. Needs torch 2.15.
"""
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

import golden

WEIGHT, POSITIVE = torch.tensor([0.5, 1.0, 2.0]), torch.tensor([3.0, 0.5, 2.0])
PAIRS = {
    "logits": lambda x, t: F.binary_cross_entropy_with_logits(x, t),
    "logits_sum": lambda x, t: F.binary_cross_entropy_with_logits(x, t, weight=WEIGHT, reduction="sum"),
    "logits_none": lambda x, t: F.binary_cross_entropy_with_logits(x, t, pos_weight=POSITIVE, reduction="none"),
    "logits_all": lambda x, t: F.binary_cross_entropy_with_logits(x, t, weight=WEIGHT, pos_weight=POSITIVE),
    "probabilities": lambda x, t: F.binary_cross_entropy(torch.sigmoid(x), t),
    "probabilities_none": lambda x, t: F.binary_cross_entropy(torch.sigmoid(x), t, weight=WEIGHT, reduction="none"),
}
ALONE = {
    "aminmax_min": lambda x: x.aminmax(dim=1).min,
    "aminmax_both": lambda x: x.aminmax()[0] * x.aminmax()[1],
    "var_mean": lambda x: torch.var_mean(x, 0)[0] * torch.var_mean(x, 0)[1],
    "var_mean_kept": lambda x: torch.var_mean(x, dim=(0, 1), correction=0, keepdim=True)[1],
    "cumsum": lambda x: x.cumsum(0),
    "cumsum_last": lambda x: (x * x).cumsum(-1),
    "roll": lambda x: (x * x).roll(4),
    "roll_dims": lambda x: (x * x).roll((-4, 2), (1, 0)),
}


def put(out, name, y, leaves):
    g = torch.randn(y.shape)
    grads = torch.autograd.grad(y, list(leaves.values()), g)
    out |= {f"{name}.{key}": value.detach().clone() for key, value in leaves.items()}
    out |= {f"{name}.grad_{key}": value for key, value in zip(leaves, grads)}
    out |= {f"{name}.y": y.detach().clone(), f"{name}.g": g}


def main(path):
    out = {}
    for name, call in PAIRS.items():
        torch.manual_seed(7)
        leaves = {"x": (torch.randn(4, 3) * 3).requires_grad_(), "weight": torch.rand(4, 3).requires_grad_()}
        put(out, name, call(leaves["x"], leaves["weight"]), leaves)
    for name, call in ALONE.items():
        torch.manual_seed(7)
        leaves = {"x": torch.randn(4, 3).requires_grad_()}
        put(out, name, call(leaves["x"]), leaves)
    save_file(out, path)


main(golden.output_folder(__doc__) / "binary.safetensors")
