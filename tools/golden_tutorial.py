#!/usr/bin/env python3
"""Makes tests/golden/tutorial_seed0.txt and .safetensors with PyTorch.

The text is what examples/04_neural_networks must print; the tensors are what it computes on the way. Needs torch 2.15 and safetensors.
"""
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn, optim

import golden

OPTIMIZERS = {
    "SGD": (optim.SGD, {"lr": 0.05, "momentum": 0.9}),
    "SGD_nesterov": (optim.SGD, {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    "Adam": (optim.Adam, {"lr": 0.01}),
    "RMSprop": (optim.RMSprop, {"lr": 0.001}),
}


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(-1, 16 * 5 * 5)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


def main(folder):
    lines, tensors = [], {}

    def say(*words):
        lines.append(" ".join(str(w) for w in words))

    def record(prefix, named):
        for name, value in named:
            tensors[f"{prefix}.{name}"] = value.detach().clone()

    torch.set_num_threads(1)  # with two, the last digits of the curves are others
    torch.manual_seed(0)
    net, criterion = Net(), nn.MSELoss()
    initial = {name: value.clone() for name, value in net.state_dict().items()}
    record("init", initial.items())
    say(net)
    params = list(net.parameters())
    say(len(params))
    say(params[0].size())

    input = torch.randn(1, 1, 32, 32)
    out = net(input)
    say(out)
    gradient = torch.randn(1, 10)
    net.zero_grad()
    out.backward(gradient)
    record("grad1", ((n, p.grad) for n, p in net.named_parameters()))

    target = torch.randn(10).view(1, -1)
    loss = criterion(net(input), target)
    say(loss)
    node = loss.grad_fn
    for _ in range(3):
        say(type(node).__name__)
        node = node.next_functions[0][0] if node.next_functions else None
    net.zero_grad(set_to_none=False)
    say("conv1.bias.grad before backward")
    say(net.conv1.bias.grad)
    loss.backward()
    say("conv1.bias.grad after backward")
    say(net.conv1.bias.grad)
    record("grad2", ((n, p.grad) for n, p in net.named_parameters()))

    with torch.no_grad():
        for p in params:
            p.sub_(p.grad * 0.01)
    record("after_plain_rule", net.named_parameters())
    optimizer = optim.SGD(net.parameters(), lr=0.01)
    optimizer.zero_grad()
    loss2 = criterion(net(input), target)
    say(loss2)
    loss2.backward()
    optimizer.step()
    record("after_sgd", net.named_parameters())

    for name, (make, options) in OPTIMIZERS.items():
        net.load_state_dict(initial)
        optimizer, curve = make(net.parameters(), **options), []
        for _ in range(20):
            optimizer.zero_grad()
            step_loss = criterion(net(input), target)
            step_loss.backward()
            optimizer.step()
            curve.append(step_loss.item())
        tensors[f"curve.{name}"] = torch.tensor(curve)
        say(name, options, *(f"{value:.6f}" for value in curve))

    tensors |= {"input": input, "out": out.detach(), "backward_gradient": gradient, "target": target,
                "loss": loss.detach(), "loss2": loss2.detach()}
    (folder / "tutorial_seed0.txt").write_text("\n".join(lines) + "\n")
    save_file({name: value.contiguous() for name, value in tensors.items()}, folder / "tutorial_seed0.safetensors")


if __name__ == "__main__":
    main(golden.output_folder(__doc__))
