#!/usr/bin/env python3
"""Makes tests/golden/schedulers.safetensors with PyTorch, for tests/optim/test_scheduler.c.

A case: the learning rates of two groups (0.1 and 0.03) when the scheduler is made and after each of 60 steps, float64 [61, 2]. The text
of the optimizer after the last is in the metadata. Needs torch 2.15.
"""
import warnings

import torch
from safetensors.torch import save_file
from torch import optim
from torch.optim import lr_scheduler as schedulers

import golden

CASES = {
    "step": lambda o: [schedulers.StepLR(o, 7)],
    "step_gamma": lambda o: [schedulers.StepLR(o, 1, gamma=0.97)],
    "multi_step": lambda o: [schedulers.MultiStepLR(o, [3, 20, 20, 41], gamma=0.5)],
    "exponential": lambda o: [schedulers.ExponentialLR(o, 0.93)],
    "constant": lambda o: [schedulers.ConstantLR(o)],
    "constant_all": lambda o: [schedulers.ConstantLR(o, factor=0.5, total_iters=9)],
    "linear": lambda o: [schedulers.LinearLR(o)],
    "linear_all": lambda o: [schedulers.LinearLR(o, start_factor=1.0, end_factor=0.1, total_iters=30)],
    "polynomial": lambda o: [schedulers.PolynomialLR(o)],
    "polynomial_all": lambda o: [schedulers.PolynomialLR(o, total_iters=40, power=1.7)],
    "cosine": lambda o: [schedulers.CosineAnnealingLR(o, 50)],
    "cosine_again": lambda o: [schedulers.CosineAnnealingLR(o, 7, eta_min=0.002)],
    "lambda": lambda o: [schedulers.LambdaLR(o, lambda epoch: 1 / (1 + epoch))],
    "chained": lambda o: [schedulers.LinearLR(o, total_iters=10), schedulers.ExponentialLR(o, 0.9)],
}


def main(path):
    warnings.simplefilter("ignore")
    rates, texts = {}, {}
    for name, make in CASES.items():
        groups = [{"params": [torch.zeros(1, requires_grad=True)]}, {"params": [torch.zeros(1, requires_grad=True)], "lr": 0.03}]
        optimizer = optim.SGD(groups, lr=0.1)
        made = make(optimizer)
        rows = [[group["lr"] for group in optimizer.param_groups]]
        for _ in range(60):
            optimizer.step()
            for scheduler in made:
                scheduler.step()
            rows.append([group["lr"] for group in optimizer.param_groups])
        rates[name] = torch.tensor(rows, dtype=torch.float64)
        texts[name] = repr(optimizer)
    save_file(rates, path, metadata=texts)


main(golden.output_folder(__doc__) / "schedulers.safetensors")
