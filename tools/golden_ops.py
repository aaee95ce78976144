#!/usr/bin/env python3
"""Makes tests/golden/ops.h with PyTorch.

- promotion: the dtype of a op b for all dtypes and kinds of operand
- shapes: random chains of view operations, with the shape, strides and values that come out, or the fact that they fail
- programs: gradients of small programs with views and writes in place, by the name of their twin in tests/autograd/test_programs.c
"""
import random

import torch

import golden

DTYPES = ["float32", "float64", "int64", "int32", "uint8", "bool"]


def number(value):
    value = float(value)
    if value != value:
        return "NAN"
    if value in (float("inf"), float("-inf")):
        return "INFINITY" if value > 0 else "-INFINITY"
    return repr(int(value)) if value == int(value) and abs(value) < 1e6 else repr(value)


# ---- promotion -------------------------------------------------------------------------------------------

KINDS = ["tensor", "scalar", "integer", "real"]


def operand(kind, dtype):
    if kind == "integer":
        return 3
    if kind == "real":
        return 1.5
    return torch.ones((2,) if kind == "tensor" else (), dtype=getattr(torch, dtype))


def result_dtype(function, a, b):
    try:
        return str(function(a, b).dtype).removeprefix("torch.")
    except (RuntimeError, TypeError):
        return None


def promotion():
    functions = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "floor_divide": torch.floor_divide,
                 "remainder": torch.remainder, "pow": torch.pow, "maximum": torch.maximum, "eq": torch.eq, "lt": torch.lt}
    print("/* op, kinds of a and b, and the result's dtype as a digit for each dtype of a and, slower, of b; 0: an error */")
    print("static const PromotionCase promotion_cases[] = {")
    for name, function in functions.items():
        for ka in KINDS[:2]:
            for kb in KINDS[:2] if name == "maximum" else KINDS:
                digits = ""
                for db in DTYPES if kb in KINDS[:2] else ["float32"]:
                    for da in DTYPES:
                        result = result_dtype(function, operand(ka, da), operand(kb, db))
                        digits += str(DTYPES.index(result) + 1) if result else "0"
                print(f'    {{"{name}", {KINDS.index(ka)}, {KINDS.index(kb)}, "{digits}"}},')
    print("};\n")


# ---- shapes ----------------------------------------------------------------------------------------------

def random_step(rng, x):
    n = x.dim()
    dim = rng.randint(-n, n) if n else rng.randint(-1, 1)
    kind = rng.choice(["view", "reshape", "transpose", "permute", "unsqueeze", "squeeze", "expand", "select", "slice",
                       "narrow", "flatten"])
    if kind in ("view", "reshape"):
        numel, sizes = x.numel(), []
        rest = numel
        for _ in range(rng.randint(0, 3)):
            divisors = [d for d in range(1, rest + 1) if rest % d == 0] or [0]
            sizes.append(rng.choice(divisors))
            rest = rest // sizes[-1] if sizes[-1] else 0
        sizes.append(rest)
        rng.shuffle(sizes)
        if rng.random() < 0.4:
            sizes[rng.randrange(len(sizes))] = -1
        if rng.random() < 0.15:
            sizes[rng.randrange(len(sizes))] = rng.choice([-1, -2, 0, 2, 3])
        return kind, sizes
    if kind == "transpose":
        return kind, [dim, rng.randint(-n, max(n - 1, 0))]
    if kind == "permute":
        dims = list(range(n))
        rng.shuffle(dims)
        dims = [d - n if rng.random() < 0.3 else d for d in dims]
        if dims and rng.random() < 0.1:
            dims[0] = dims[-1]
        return kind, dims
    if kind in ("unsqueeze", "squeeze"):
        return kind, [rng.randint(-n - 1, n)]
    if kind == "expand":
        sizes = [rng.choice([s, -1, 3]) if s == 1 else rng.choice([s, -1]) for s in x.shape]
        for _ in range(rng.randint(0, 2)):
            sizes.insert(0, rng.choice([1, 2, 0]))
        if sizes and rng.random() < 0.1:
            sizes[-1] = 5
        return kind, sizes
    size = x.shape[dim] if n and -n <= dim < n else 2
    if kind == "select":
        return kind, [dim, rng.randint(-size - 1, size)]
    if kind == "slice":
        return kind, [dim, rng.randint(-size - 2, size + 2), rng.randint(-size - 2, size + 2), rng.randint(1, 3)]
    if kind == "narrow":
        return kind, [dim, rng.randint(-size, size), rng.randint(0, size)]
    return kind, [dim, rng.randint(-n, n)]


def run_step(x, kind, args):
    if kind == "slice":
        dim, start, end, step = args
        if not -x.dim() <= dim < x.dim():
            raise IndexError
        index = [slice(None)] * x.dim()
        index[dim] = slice(start, end, step)
        return x[tuple(index)]
    if kind in ("view", "reshape", "permute", "expand"):
        return getattr(x, kind)(args)
    return getattr(x, kind)(*args)


def shapes():
    rng = random.Random(5)
    steps, cases, values = [], [], []
    for start in ([2, 3, 4], [6], [], [3, 1, 2], [2, 0, 3], [4, 6], [1, 1], [2, 2, 2, 3]):
        for _ in range(30):
            x = torch.arange(max(1, torch.tensor(start).prod().item() if start else 1)).reshape(start) if 0 not in start \
                else torch.zeros(start, dtype=torch.int64)
            first, failed = len(steps), False
            for _ in range(rng.randint(1, 5)):
                kind, args = random_step(rng, x)
                try:
                    x = run_step(x, kind, args)
                except (RuntimeError, IndexError, ValueError):
                    failed = True
                if x.dim() > 8 or x.numel() > 200:
                    x = x.flatten()[:4]
                    break
                steps.append((kind, args))
                if failed:
                    break
            else:
                pass
            if len(steps) == first or (not failed and (x.dim() > 8 or x.numel() > 200)):
                del steps[first:]
                continue
            y = torch.arange(max(1, torch.tensor(start).prod().item() if start else 1)).reshape(start) if 0 not in start \
                else torch.zeros(start, dtype=torch.int64)
            if not failed:
                for kind, args in steps[first:]:
                    y = run_step(y, kind, args)
            cases.append((start, first, len(steps) - first, failed, list(y.shape), list(y.stride()), len(values)))
            if not failed:
                values += y.reshape(-1).tolist()
    print("static const ShapeStep shape_steps[] = {")
    for kind, args in steps:
        print(f'    {{"{kind}", {len(args)}, {{{", ".join(map(str, args)) or 0}}}}},')
    print("};")
    print("static const int shape_values[] = {")
    for i in range(0, len(values), 24):
        print("    " + ", ".join(map(str, values[i:i + 24])) + ",")
    print("};")
    print("/* start, first step, steps, fails at the last of them, shape, strides, first of its values */")
    print("static const ShapeCase shape_cases[] = {")
    for start, first, count, failed, shape, stride, at in cases:
        def braces(sizes):
            return "{" + (", ".join(map(str, sizes)) or "0") + "}"
        print(f"    {{{len(start)}, {braces(start)}, {first}, {count}, {'true' if failed else 'false'}, {len(shape)}, "
              f"{braces(shape)}, {braces(stride)}, {at}}},")
    print("};\n")


# ---- programs --------------------------------------------------------------------------------------------

PROGRAMS = {}


def program(function):
    PROGRAMS[function.__name__] = function
    return function


def leaf(*values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


@program
def add_to_row(w):
    x = w.view(2, 3) * 1
    x[0].add_(5)
    return (x * x).sum()


@program
def mul_row_by_row(w):
    x = w.view(2, 3) * 1
    x[0].mul_(x[1])
    return (x * x).sum()


@program
def column_of_transpose(w):
    x = (w.view(2, 3) * 2).t()
    x[:, 0].mul_(3)
    return (x * x * x).sum()


@program
def base_changed_then_view_used(w):
    x = w.view(2, 3) * 1
    v = x[1]
    x.mul_(2)
    return (v * v).sum()


@program
def view_changed_then_other_view_used(w):
    x = w.view(2, 3) * 1
    v, u = x[:, 0], x[1]
    v.mul_(4)
    return (u * u).sum() + v.sum()


@program
def view_of_view(w):
    x = w.view(2, 3) * 1
    v = x[0:2].t()[1]
    v.mul_(w[:2])
    return (x * x).sum()


@program
def copy_into_fresh(w):
    x = torch.zeros(2, 3, dtype=torch.float64)
    x[0].copy_(w[:3])
    x[1].copy_(w[3:] * 2)
    return (x * x).sum()


@program
def copy_over_part(w):
    x = w.view(2, 3) * 3
    x[1].copy_(w[0])
    return (x * x).sum()


@program
def zero_a_row(w):
    x = w.view(2, 3) * 3
    x[1].zero_()
    return (x * w.view(2, 3)).sum()


@program
def fill_all(w):
    x = w * 3
    x.fill_(2)
    return (x * w).sum()


@program
def add_function_of_itself(w):
    x = w * 1
    x.add_(x.exp())
    return (x * x).sum()


@program
def relu_then_add(w):
    x = (w - 2).relu_()
    y = x + 1
    return (y * y).sum()


@program
def sigmoid_in_view(w):
    x = w.view(2, 3) * 1
    x[:, 1].sigmoid_()
    return (x * x).sum()


@program
def chain_in_place(w):
    x = w * 1
    x.mul_(2).add_(1).pow_(2).div_(3).sub_(w)
    return x.sum()


@program
def expand_then_write_clone(w):
    x = w[:3].expand(2, 3).clone()
    x[0].mul_(w[3:])
    return (x * x).sum()


@program
def overlapping_windows(w):
    x = w.as_strided((3, 3), (1, 1), 0)
    return (x * x).sum()


@program
def overlapping_of_expanded(w):
    x = (w[:3] * 1).expand(2, 3).as_strided((2, 2), (0, 1), 1)
    return (x * x * torch.tensor([[1., 2.], [3., 4.]], dtype=torch.float64)).sum()


@program
def detached_shares_memory(w):
    x = w * 1
    y = x.detach()
    y.mul_(2)
    return x.sum() * w[0]


@program
def no_grad_write(w):
    x = w * 2
    with torch.no_grad():
        x.add_(1)
    return (x * w).sum()


@program
def transposed_base(w):
    x = (w.view(2, 3).t() * 1)
    x[0].mul_(5)
    x[:, 1].add_(w[:3])
    return (x * x).sum()


@program
def detached_slice_as_base(w):
    x = torch.arange(12, dtype=torch.float64).view(3, 4)[:, 1:3].detach()
    x.mul_(w[0])
    x[1].mul_(w[:2])
    return (x * x).sum()


@program
def cat_of_views(w):
    x = torch.cat([w[:3], w[1:4] * 2, w[5:]])
    return (x * x).sum()


@program
def used_twice(w):
    y = w * w
    return (y * y).sum() + (y + w).sum()


@program
def maximum_of_ties(w):
    x = torch.maximum(w, torch.tensor([1., 2., 5., 1., 0., 6.], dtype=torch.float64))
    return (x * x).sum()


@program
def amax_of_ties(w):
    x = torch.stack([w, w.flip(0)])
    return x.amax(0).sum() + 2 * x.max() + 3 * x.min(1).values.sum()


@program
def strided_write(w):
    x = w * 1
    x[::2].mul_(x[1::2])
    return (x * x).sum()


@program
def write_after_reshape(w):
    x = w.view(2, 3) * 1
    y = x.t().reshape(-1)
    y.mul_(3)
    return (x * x).sum() + y.sum()


@program
def write_after_flatten(w):
    x = w.view(2, 3) * 1
    y = x.flatten()
    y[1:4].mul_(3)
    return (x * x).sum()


@program
def leaf_in_place(w):
    w.add_(1)
    return w.sum()


@program
def view_of_leaf_in_place(w):
    w[0:2].add_(1)
    return w.sum()


@program
def saved_input_changed(w):
    x = w * 1
    y = x * x
    x.add_(1)
    return y.sum()


@program
def saved_result_changed(w):
    y = w.exp()
    y.add_(1)
    return y.sum()


@program
def saved_through_view_changed(w):
    x = w * 1
    y = x * x
    x[0].add_(1)
    return y.sum()


@program
def unsqueeze_squeeze(w):
    x = w * 1
    x.unsqueeze(0).mul_(2)
    y = x.view(1, 6, 1).squeeze()
    y.add_(w)
    return (x * x).sum()


def programs():
    print("/* value, gradient of w = [1, 2, 3, 4, 5, 6], and the gradient of (gradient . [1, 2, 3, 4, 5, 6]) */")
    print("static const ProgramGolden program_goldens[] = {")
    for name, function in PROGRAMS.items():
        w = leaf(1, 2, 3, 4, 5, 6)
        try:
            y = function(w)
            g, = torch.autograd.grad(y, w, create_graph=True)
            h = torch.zeros(6)
            if g.requires_grad:
                h, = torch.autograd.grad(g, w, w.detach(), materialize_grads=True)
        except RuntimeError as error:
            print(f'    {{"{name}", .fails = "{str(error).split(":")[0]}"}},')
            continue
        print(f'    {{"{name}", {number(y.item())}, {row(g)}, {row(h)}, NULL}},')
    print("};")


def row(tensor):
    return "{" + ", ".join(number(v) for v in tensor.tolist()) + "}"


with golden.printing_to(golden.output_folder(__doc__) / "ops.h"):
    print("/* Made by tools/golden_ops.py with PyTorch. */")
    promotion()
    shapes()
    programs()
