#!/usr/bin/env python3
"""Makes tests/golden/data.h: what PyTorch's DataLoader and interpolate do. Needs torch 2.15."""
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

import golden

folder = golden.output_folder(__doc__)


def fnv(data):
    h = 0xCBF29CE484222325
    for byte in data:
        h = (h ^ byte) * 0x100000001B3 % 2**64
    return h


def array(name, values):
    return f"static const int64_t {name}[] = {{{', '.join(str(int(v)) for v in values)}}};"


def epochs(n, count, **options):
    loader = DataLoader(TensorDataset(torch.arange(n)), **options)
    return [int(i) for _ in range(count) for (b,) in loader for i in b]


lines = ["/* Made by tools/golden_data.py from PyTorch %s; do not edit. */" % torch.__version__.split("+")[0]]
torch.manual_seed(0)
lines.append(array("golden_shuffled", epochs(10, 3, batch_size=4, shuffle=True)))
lines.append(array("golden_after_shuffled", torch.randint(0, 1000000, (4,))))
torch.manual_seed(0)
epochs(10, 2, batch_size=4)
lines.append(array("golden_after_sequential", torch.randint(0, 1000000, (4,))))
torch.manual_seed(0)
generator = torch.Generator().manual_seed(42)
lines.append(array("golden_generator", epochs(10, 2, batch_size=3, shuffle=True, drop_last=True, generator=generator)))
lines.append(array("golden_after_generator", torch.randint(0, 1000000, (4,))))
torch.manual_seed(7)
order = torch.tensor(epochs(60000, 2, batch_size=64, shuffle=True))
lines.append(f"static const uint64_t golden_60000 = UINT64_C({fnv(order.numpy().tobytes())});")

pixels = torch.tensor([(i * 37 + i * i % 251) % 256 for i in range(3 * 784)], dtype=torch.uint8).reshape(3, 1, 28, 28)
lines.append("static const struct { int size; uint64_t hash; } golden_bilinear[] = {")
for size in (14, 20, 27, 28, 31, 32, 33, 56, 64):
    x = F.interpolate(pixels.float() / 255, size=(size, size), mode="bilinear", align_corners=False)
    lines.append(f"    {{{size}, UINT64_C({fnv(x.numpy().tobytes())})}},")
lines.append("};")
x = F.pad(pixels.float() / 255, (2, 2, 2, 2))
lines.append(f"static const uint64_t golden_padded = UINT64_C({fnv(x.numpy().tobytes())});")
(folder / "data.h").write_text("\n".join(lines) + "\n")
