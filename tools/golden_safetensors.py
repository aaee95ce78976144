#!/usr/bin/env python3
"""Makes tests/golden/official.safetensors with the format's own writer. Needs torch 2.15 and safetensors."""
import torch
from safetensors.torch import save_file

import golden

tensors = {
    "fc.weight": torch.arange(6, dtype=torch.float32).reshape(2, 3) / 4,
    "fc.bias": torch.tensor([0.1, -0.2]),
    "double": torch.tensor([[1e300], [-0.5]], dtype=torch.float64),
    "steps": torch.tensor(-7),
    "empty": torch.zeros(0, 2),
    "mask": torch.tensor([True, False, True]),
    "bytes": torch.arange(5, dtype=torch.uint8),
    "ints": torch.tensor([[[1, -2]]], dtype=torch.int32),
    'a "quoted" \\ name\n\x01 \u00e9\u4e16\U0001f600': torch.ones(1),
}
save_file(tensors, golden.output_folder(__doc__) / "official.safetensors", metadata={"format": "pt"})
