#!/usr/bin/env python3
"""Makes tests/golden/random.h: PyTorch's random numbers as hashes and first values, for tests/core/test_random.c.
Needs torch 2.15 on a CPU with AVX2.

One generator runs through all rows in order. A row is a call, the FNV-1a hash of the bytes that it made, the bits of its first two
values, and the hash of the generator's state after it, so that every row also checks how many words those before it took.
"""
import random

import torch

import golden

assert torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512"), "other machines round uniform_ and normal_ differently"
choice = random.Random(2015)
TYPES = {"f32": torch.float32, "f64": torch.float64, "u8": torch.uint8, "i64": torch.int64}


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def raw(tensor):
    return tensor.contiguous().numpy().tobytes()


def row(name, kind, n, a, b, values):
    data = raw(values)
    size = values.element_size()
    first = [int.from_bytes(data[i * size:(i + 1) * size], "little") for i in range(min(n, 2))]
    bits = ", ".join(f"{x:#x}" for x in first) or "0"
    print(f"    {{{name}, {kind.upper()}, {n}, {a!r}, {b!r}, {fnv1a(data):#018x}, {fnv1a(raw(torch.get_rng_state())):#018x},"
          f" {{{bits}}}}},")


def seed(value):
    torch.manual_seed(value)
    print(f"    {{SEED, I64, {value}, 0, 0, 0, {fnv1a(raw(torch.get_rng_state())):#018x}, {{0}}}},")


def uniform(kind, n, a, b):
    row("UNIFORM", kind, n, a, b, torch.empty(n, dtype=TYPES[kind]).uniform_(a, b))


def normal(kind, n, a, b):
    row("NORMAL", kind, n, a, b, torch.empty(n, dtype=TYPES[kind]).normal_(a, b))


def normal_each(kind, n, a, b):
    row("NORMAL_EACH", kind, n, a, b, torch.empty(n, 2, dtype=TYPES[kind])[:, 0].normal_(a, b))


def bernoulli(kind, n, p):
    row("BERNOULLI", kind, n, p, 0, torch.empty(n, dtype=TYPES[kind]).bernoulli_(p))


def bernoulli_of(kind, n):
    p = torch.arange(n, dtype=torch.float64) / 64 % 1
    row("BERNOULLI_OF", kind, n, 0, 0, torch.bernoulli(p.to(TYPES[kind])))


def exponential(kind, n, rate):
    row("EXPONENTIAL", kind, n, rate, 0, torch.empty(n, dtype=TYPES[kind]).exponential_(rate))


def randint(n, low, high):
    row("RANDINT", "i64", n, low, high, torch.randint(low, high, (n,)))


def random_(n):
    row("RANDOM", "i64", n, 0, 0, torch.empty(n, dtype=torch.int64).random_())


def randperm(n):
    row("RANDPERM", "i64", n, 0, 0, torch.randperm(n))


def long_randperm(n):
    """The rule of torch.randperm from 214748364 elements on, for fewer: inside out, 64 bits a step. Whole int64s are raw draws."""
    draws = torch.empty(n, dtype=torch.int64).random_(-2**63, None).tolist()
    out = [0] * n
    for i, draw in enumerate(draws):
        other = draw % 2**64 % (i + 1)
        out[i], out[other] = out[other], i
    row("LONG_RANDPERM", "i64", n, 0, 0, torch.tensor(out))


def mixed():
    kind, n = choice.choice(["f32", "f64"]), choice.randint(1, 50)
    a, b = choice.choice([0, 0.1, -3.7]), choice.choice([1, 0.02, 2.3])
    choice.choice([
        lambda: uniform(kind, n, a, a + b), lambda: normal(kind, n, a, b), lambda: normal_each(kind, n, a, b),
        lambda: bernoulli(choice.choice(["f32", "f64", "u8"]), n, choice.choice([0, 1, 0.5, 0.1])), lambda: bernoulli_of(kind, n),
        lambda: exponential(kind, n, b), lambda: randint(n, -7, choice.choice([1, 1000, 2**28 - 7, 2**28 - 8, 2**60])),
        lambda: random_(n), lambda: randperm(n)])()


def rows():
    print("/* Made by tools/golden_random.py from PyTorch " + torch.__version__.split("+")[0] + ". */")
    print("static const RandomRow random_rows[] = {")
    torch.manual_seed(67280421310721)  # what torch.Generator() starts with
    normal("f32", 4, 0, 1)
    for value in (0, 1, 42, 2**32 + 5, 2**63 - 1):
        seed(value)
        normal("f32", 3, 0, 1)
        normal("f32", 20, 0, 1)
        uniform("f32", 9, -0.1, 0.3)
        normal("f64", 1, 0.5, 2.5)
    seed(7)
    for n in (1, 2, 15, 16, 17, 31, 32, 33, 50, 1000, 100003):
        for kind in ("f32", "f64"):
            normal(kind, n, 0.3, 1.7)
            uniform(kind, n, -0.3, 1.1)
        normal_each("f32", n, 0.3, 1.7)
    for n in (1000, 100003):
        for kind in ("f32", "f64"):
            bernoulli(kind, n, 0.3)
            bernoulli_of(kind, n)
            exponential(kind, n, 1.5)
        bernoulli("u8", n, 0.7)
        randint(n, 0, 10)
        randint(n, -5, 2**40)
        random_(n)
        randperm(n)
    for _ in range(60):
        mixed()
    for n in (1, 2, 1000):
        long_randperm(n)
    print("};")


with golden.printing_to(golden.output_folder(__doc__) / "random.h"):
    rows()
