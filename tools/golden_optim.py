#!/usr/bin/env python3
"""Makes tests/golden/optim.safetensors with PyTorch, for tests/optim/test_steps.c: twenty steps for random sets of options.

A case "sgd.3": options [2, n] float64, those of the first eight steps and those of the rest, in the order of NAMES; "sgd.3.f64.8.0":
parameter 0 after 8 steps. Parameters and gradients are randn of seed 11; parameter 1 has no gradient in the first two steps. In a case
of SGD momentum may be off at first and be switched on, which keeps the rule of the first gradient. Needs torch 2.15.
"""
import random

import torch
from safetensors.torch import save_file
from torch import optim

import golden

CASES, STEPS, CHANGE = 14, 20, 8
NAMES = {
    "sgd": ["lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize"],
    "adam": ["lr", "beta1", "beta2", "eps", "weight_decay", "amsgrad", "maximize"],
    "rmsprop": ["lr", "alpha", "eps", "weight_decay", "momentum", "centered", "maximize"],
    "adamw": ["lr", "beta1", "beta2", "eps", "weight_decay", "amsgrad", "maximize"],
    "adagrad": ["lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps", "maximize"],
}
CLASSES = {"sgd": optim.SGD, "adam": optim.Adam, "rmsprop": optim.RMSprop, "adamw": optim.AdamW, "adagrad": optim.Adagrad}
VALUES = {
    "lr": [0.01, 0.1, 0.003], "momentum": [0.0, 0.5, 0.9], "dampening": [0.0, 0.3], "weight_decay": [0.0, 0.1],
    "beta1": [0.0, 0.3, 0.49, 0.5, 0.51, 0.9], "beta2": [0.0, 0.4, 0.9, 0.999], "eps": [1e-8, 1e-3], "alpha": [0.4, 0.9, 0.99],
    "lr_decay": [0.0, 0.1], "initial_accumulator_value": [0.0, 0.5],
}
FLAGS = ["nesterov", "maximize", "amsgrad", "centered"]


def draw(name, case, first):
    options = {key: bool(random.getrandbits(1)) if key in FLAGS else random.choice(VALUES[key]) for key in NAMES[name]}
    if name == "sgd" and case < 4:
        options["momentum"] = 0.0 if first is None else 0.9
        options["dampening"] = 0.3 if case % 2 else 0.0
    if name == "sgd" and (options["momentum"] == 0 or options["dampening"] != 0):
        options["nesterov"] = False
    if first and name != "sgd":  # PyTorch makes the state of these at the first step alone
        for key in ("amsgrad", "centered"):
            if key in options:
                options[key] = first[key]
        if name == "adagrad":
            options["initial_accumulator_value"] = first["initial_accumulator_value"]
        if name == "rmsprop" and first["momentum"] == 0:
            options["momentum"] = 0.0
    return options


def torch_options(options):
    if "beta1" not in options:
        return options
    return {"betas": (options["beta1"], options["beta2"]), **{k: v for k, v in options.items() if not k.startswith("beta")}}


def main(path):
    torch.set_num_threads(1)
    random.seed(1)
    tensors, texts = {}, {}
    for name in CLASSES:
        texts[name] = repr(CLASSES[name]([torch.zeros(1, requires_grad=True)]))
    for name, keys in NAMES.items():
        for case in range(CASES):
            first = draw(name, case, None)
            sets = [first, draw(name, case, first)]
            tensors[f"{name}.{case}"] = torch.tensor([[float(s[k]) for k in keys] for s in sets], dtype=torch.float64)
            for dtype, suffix in ((torch.float32, "f32"), (torch.float64, "f64")):
                torch.manual_seed(11)
                params = [torch.randn(7).to(dtype).requires_grad_(), torch.randn(2, 3).to(dtype).requires_grad_()]
                optimizer = CLASSES[name](params, **torch_options(sets[0]))
                for step in range(1, STEPS + 1):
                    if step == CHANGE + 1:
                        optimizer.param_groups[0].update(torch_options(sets[1]))
                    for i, p in enumerate(params):
                        grad = torch.randn(p.shape).to(dtype)
                        p.grad = None if i == 1 and step < 3 else grad
                    optimizer.step()
                    if step in (1, 4, CHANGE, CHANGE + 1, STEPS):
                        for i, p in enumerate(params):
                            tensors[f"{name}.{case}.{suffix}.{step}.{i}"] = p.detach().clone()
    save_file(tensors, path, metadata=texts)


if __name__ == "__main__":
    main(golden.output_folder(__doc__) / "optim.safetensors")
