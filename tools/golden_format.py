#!/usr/bin/env python3
"""Makes tests/golden/format.h: tensors and PyTorch's text of them, for tests/core/test_format.c.

Values are given in C where they are few; otherwise they follow rules that test_format.c knows:
value i is start + step * i, and every `special`th is NaN. A change gives a tensor its history and must leave the values alone.
"""
import math
import random

import torch

import golden

F32, F64, I64, I32, U8, BOOL = torch.float32, torch.float64, torch.int64, torch.int32, torch.uint8, torch.bool
inf, nan = math.inf, math.nan
choice = random.Random(4)


def quote(text):
    lines = text.split("\n")
    return "\n".join('     "' + line.replace('"', '\\"') + ("\\n" if i < len(lines) - 1 else "") + '"' for i, line in enumerate(lines))


def number(value, dtype):
    if value == -(2**63):
        return "INT64_MIN"
    if not dtype.is_floating_point:
        return f"INT64_C({int(value)})" if abs(int(value)) >= 2**31 else str(int(value))
    if math.isnan(value):
        return "NAN"
    if math.isinf(value):
        return "INFINITY" if value > 0 else "-INFINITY"
    return repr(float(value))


def name(dtype):
    return "wk_" + str(dtype).removeprefix("torch.")


def emit(tensor, fields, strides=None):
    shape = list(tensor.shape)
    text = [f".dtype = {name(tensor.dtype)}", f".ndim = {len(shape)}"]
    if shape:
        text.append(".shape = {" + ", ".join(map(str, shape)) + "}")
    if strides:
        text.append(".strides = {" + ", ".join(map(str, strides)) + "}")
    if torch.get_default_dtype() == F64:
        text.append(".default_dtype = wk_float64")
    if tensor.grad_fn is not None:
        text.append(f'.grad_fn = "{type(tensor.grad_fn).__name__}"')
    elif tensor.requires_grad:
        text.append(".requires_grad = true")
    print("    {" + ", ".join(text + fields) + ", .text =\n" + quote(str(tensor)) + "},")


def case(values, shape=None, dtype=F32, change=None):
    """A tensor of these values. change(tensor) may give it a history."""
    tensor = torch.tensor(values, dtype=dtype).reshape(shape if shape is not None else (len(values),))
    flat = tensor.reshape(-1).tolist()
    kind = "floats = (const double[])" if dtype.is_floating_point else "wholes = (const int64_t[])"
    fields = ["." + kind + "{" + ", ".join(number(v, dtype) for v in flat) + "}"] if flat else []
    emit(change(tensor) if change else tensor, fields)


def ramp(shape, start, step, dtype=F32, special=0, transposed=False, change=None):
    count = math.prod(shape)
    values = [start + step * i for i in range(count)]
    if special:
        values = [nan if i % special == 0 else v for i, v in enumerate(values)]
    tensor = torch.tensor(values, dtype=F64 if dtype.is_floating_point else I64).to(dtype).reshape(shape)
    fields = [f".start = {start!r}, .step = {step!r}"] + ([f".special = {special}"] if special else [])
    if transposed:
        tensor = tensor.transpose(0, -1)
    emit(change(tensor) if change else tensor, fields, list(tensor.stride()) if transposed else None)


def leaf(tensor):
    return tensor.requires_grad_()


def with_history(apply):
    return lambda tensor: apply(tensor.clone().requires_grad_())


def scalars():
    for dtype in (F32, F64):
        for value in (0.0, -0.0, 1.0, -2.0, 0.5, 3.14159265, 1e-5, 123456.0, 1e8, 1.5e8, 1e9, 1e-4, 0.99999, 1e38, inf, -inf, nan):
            case([value], (), dtype)
    for dtype in (I64, I32, U8, BOOL):
        case([1], (), dtype)
    case([-(2**63)], (), I64)
    case([2.5], (), F32, leaf)
    case([2.5], (), F32, with_history(lambda x: x * 1))


def empties():
    for dtype in (F32, F64, I64, BOOL):
        for shape in ((0,), (0, 3), (2, 0), (1, 0, 4)):
            case([], shape, dtype)
    case([], (0, 3), F32, leaf)
    case([], (0,), F64, with_history(lambda x: x.relu()))


def looks():
    case([1.0, 2.0, 3.0])
    case([1.0, -2.0, 0.0, -0.0])
    case([0.0] * 5)
    case([0.0] * 40)
    case([-0.0] * 40)
    case([0.1, 0.25, -0.5])
    case([1.0, 1000.0])
    case([1.0, 1001.0])
    case([0.5, 501.0])
    case([0.5, 499.5])
    case([99999.0, 1e5])
    case([1e8, 1e8])
    case([100000008.0, 1e8])
    case([0.0001, 0.05])
    case([0.00009, 0.05])
    case([0.00005, 0.00005])
    case([1e-30, 1e30])
    case([1e300, -1e300, 5e-324], dtype=F64)
    case([1.00005, 1.00015, 2.5], dtype=F64)
    case([0.12345, 0.12355, 0.99995, 9.99995])
    case([1e-45, 0.0])
    case([nan, 1.0])
    case([nan, inf, -inf])
    case([nan] * 20)
    case([inf, 1.0, 2.0])
    case([inf, 1.5, 20.25])
    case([nan, 1e-9, -inf, 3.0])
    case([-inf, 123456.0, 0.0])
    case([True, False, True], dtype=BOOL)
    case([True] * 30, dtype=BOOL)
    case([0, 255, 7], dtype=U8)
    case([-1, 10, -100], dtype=I32)
    case([-(2**63), 2**63 - 1, 0], dtype=I64)
    case([0] * 30, dtype=I64)
    case([0] * 27, dtype=U8)


def folds():
    for dtype, step in ((F32, 0.37), (F32, 1.0), (F64, 0.37), (F64, 1e-6), (I64, 1), (I32, -12345), (U8, 1)):
        for n in (7, 8, 9, 19, 20, 21, 64):
            ramp((n,), 0 if step == 1 else -1, step, dtype)
    ramp((3, 24), 0.25, 0.5)
    ramp((2, 3, 17), -3.0, 0.125, F64)
    ramp((2, 30), 1e-7, 1e-9)
    ramp((30,), 1.0, 1e17, F64)
    ramp((5, 9), 0, 1000003, I64)
    ramp((12,), 2**40, 2**50, I64)


def nests():
    for shape in ((1, 1), (2, 3), (3, 1), (1, 2, 3), (2, 2, 2), (2, 1, 2, 3), (1, 1, 1, 1), (2, 3, 2, 2), (1, 2, 1, 2, 2)):
        ramp(shape, 0.5, 0.25)
        ramp(shape, 0, 1, I64)
    ramp((6, 4), -1.5, 0.5, special=5)
    ramp((4, 6), 0.0, 1.0, special=7)
    ramp((3, 5), 0.25, 0.5, transposed=True)
    ramp((2, 3, 4), 0, 1, I64, transposed=True)


def summaries():
    ramp((1000,), 7, 0, U8)
    ramp((1001,), 0, 1, I64)
    ramp((1001,), 0.5, 0.25)
    ramp((5000,), 0.0, 1.0, F64)
    ramp((10000,), 0.5, 1.0)
    ramp((6, 200), 0.0, 0.5)
    ramp((7, 200), 0.0, 0.5)
    ramp((200, 6), 0, 3, I32)
    ramp((200, 7), 0, 3, I32)
    ramp((40, 50), -1.0, 0.001)
    ramp((40, 50), -1.0, 0.001, transposed=True)
    ramp((1, 1, 1100), 0.125, 0.125)
    ramp((7, 1, 16, 16), -4.0, 0.0078125)
    ramp((12, 1, 10, 10), 0, 1, I64)
    ramp((2000,), 1.0, 1.0, special=2)
    ramp((2, 600), 1e-6, 1e-6)
    ramp((1200,), 0, 1, U8)
    ramp((1200,), 0, 1, BOOL)
    ramp((30, 40), 0.25, 0.25, F64, change=leaf)
    ramp((30, 40), 0.25, 0.25, change=with_history(lambda x: x + 0))


def suffixes():
    apply = {"add": lambda x: x + 0, "relu": lambda x: x.abs().relu(), "mul": lambda x: x * 1, "view": lambda x: x.view_as(x)}
    for n in range(1, 12):
        ramp((n,), 0.25, 0.5, change=leaf)
        ramp((n,), 0.25, 0.5, F64, change=leaf)
    for n in range(2, 11):
        ramp((2, n), 0.25, 0.5, F64, change=with_history(apply[choice.choice(list(apply))]))
    case([0.5, 1.5], change=with_history(lambda x: x.exp() * 0 + x))
    ramp((8,), 1, 1, I32)
    ramp((22,), 1, 1, I32)
    ramp((9,), 1, 1, U8)
    torch.set_default_dtype(F64)
    ramp((4,), 0.5, 0.5)
    ramp((4,), 0.5, 0.5, F64)
    case([], (0,), F64)
    case([], (2, 0), F32)
    case([], (0,), I64)
    torch.set_default_dtype(F32)


with golden.printing_to(golden.output_folder(__doc__) / "format.h"):
    print("/* Made by tools/golden_format.py from PyTorch " + torch.__version__.split("+")[0] + ". */")
    print("static const FormatCase format_cases[] = {")
    for make in (scalars, empties, looks, folds, nests, summaries, suffixes):
        make()
    print("};")
