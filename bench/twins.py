"""The work of `wick bench`'s rows in PyTorch: each row's twin, as a PyTorch user would write it.

A twin is (text, make): make(torch, data) gives a Work whose run is timed and whose prepare, if any, comes before each run untimed.
Run as a program, `twins.py predict|epoch THREADS [FOLDER]` is the twin of the rows that start a process of their own.
"""
import gzip
import os
import sys
from dataclasses import dataclass
from typing import Callable, Optional


@dataclass
class Work:
    run: Callable
    prepare: Optional[Callable] = None
    parts: int = 1


# ---- data and networks --------------------------------------------------------------------------------------------


def digits(torch, folder, test):
    """Pictures [N, 1, 32, 32] and labels of IDX files in a folder, as wick makes them of the same files."""

    def read(kind, header):
        path = os.path.join(folder, ("t10k" if test else "train") + kind)
        with gzip.open(path + ".gz") if os.path.exists(path + ".gz") else open(path, "rb") as file:
            return torch.frombuffer(bytearray(file.read()), dtype=torch.uint8, offset=header)

    pictures, labels = read("-images-idx3-ubyte", 16), read("-labels-idx1-ubyte", 8)
    pictures = pictures.view(-1, 1, 28, 28).float() / 255
    return torch.nn.functional.interpolate(pictures, (32, 32), mode="bilinear"), labels.long()


def lenet(torch):
    nn, relu, pool = torch.nn, torch.relu, torch.nn.functional.max_pool2d

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.conv2 = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)
            self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

        def forward(self, x):
            x = pool(relu(self.conv1(x)), 2)
            x = pool(relu(self.conv2(x)), 2)
            x = x.view(-1, 400)
            return self.fc3(relu(self.fc2(relu(self.fc1(x)))))

    return Net()


def residual_stack(torch):
    nn, relu = torch.nn, torch.relu

    class Block(nn.Module):
        def __init__(self, channels_in, channels, stride):
            super().__init__()
            self.conv1 = nn.Conv2d(channels_in, channels, 3, stride=stride, padding=1, bias=False)
            self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
            self.bn1, self.bn2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)
            self.shortcut = nn.Identity() if stride == 1 else nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride=stride, bias=False), nn.BatchNorm2d(channels))

        def forward(self, x):
            y = relu(self.bn1(self.conv1(x)))
            return relu(self.bn2(self.conv2(y)) + self.shortcut(x))

    layers = [nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    channels_in = 64
    for stage, channels in enumerate((64, 128, 256, 512)):
        layers += [Block(channels_in, channels, 2 if stage else 1), Block(channels, channels, 1)]
        channels_in = channels
    return nn.Sequential(*layers, nn.AvgPool2d(4), nn.Flatten(), nn.Linear(512, 10))


def trainer(torch, net):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)

    def step(x, y):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()

    return step


# ---- works --------------------------------------------------------------------------------------------------------


def add_1(torch, data):
    a, b = torch.ones(1), torch.ones(1)

    def run():
        for _ in range(100):
            a + b

    return Work(run, parts=100)


def chain(backward):
    def make(torch, data):
        a, b = torch.ones(1, requires_grad=True), torch.ones(1)
        kept = {}

        def forward():
            y = a
            for _ in range(100):
                y = y + b
            kept["y"] = y

        def prepare():
            a.grad = None
            forward()

        return Work(lambda: kept["y"].backward(b), prepare) if backward else Work(forward)

    return make


def gemm(m, k, n):
    def make(torch, data):
        a, b = torch.randn(m, k), torch.randn(k, n)
        return Work(lambda: torch.mm(a, b))

    return make


def conv(channels, kernel, groups, backward):
    def make(torch, data):
        x, gradient = torch.randn(16, channels, 56, 56), torch.ones(16, channels, 56, 56)
        weight = torch.randn(channels, channels // groups, kernel, kernel)
        x.requires_grad_(backward), weight.requires_grad_(backward)
        kept = {}

        def forward():
            return torch.nn.functional.conv2d(x, weight, padding=kernel // 2, groups=groups)

        def prepare():
            x.grad = weight.grad = None
            kept["y"] = forward()

        return Work(lambda: kept["y"].backward(gradient), prepare) if backward else Work(forward)

    return make


def on_16m(function):
    def make(torch, data):
        a, b = torch.randn(16384, 1024), torch.randn(16384, 1024)
        return Work(lambda: function(torch, a, b))

    return make


def batches(torch, data, size):
    x, y = digits(torch, data, test=True)
    return [(x[i:i + size], y[i:i + size]) for i in range(0, 2048, size)][:16]


def turning(function, of):
    turn = [0]

    def run():
        turn[0] += 1
        return function(*of[turn[0] % len(of)])

    return Work(run)


def lenet_step(size):
    return lambda torch, data: turning(trainer(torch, lenet(torch)), batches(torch, data, size))


def lenet_infer(size):
    def make(torch, data):
        net = lenet(torch).eval()

        def infer(x, y):
            with torch.no_grad():
                return net(x)

        return turning(infer, batches(torch, data, size))

    return make


def epoch(torch, data):
    dataset = torch.utils.data.TensorDataset(*digits(torch, data, test=False))
    loader = torch.utils.data.DataLoader(dataset, batch_size=64, shuffle=True)
    step = trainer(torch, lenet(torch))

    def run():
        for x, y in loader:
            step(x, y)

    return Work(run)


def step_on_random(make_net, shape):
    def make(torch, data):
        step = trainer(torch, make_net(torch))
        return turning(step, [(torch.rand(shape), torch.randint(0, 10, shape[:1]))])

    return make


def mlp(torch):
    nn = torch.nn
    return nn.Sequential(nn.Linear(784, 2048), nn.ReLU(), nn.Linear(2048, 2048), nn.ReLU(), nn.Linear(2048, 10))


def process(what):
    def make(torch, data):
        import subprocess
        command = [sys.executable, os.path.abspath(__file__), what, str(torch.get_num_threads()), data]
        work = Work(None)

        def run():
            work.peak_mb = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

        work.run = run
        return work

    return make


FUNCTIONS_16M = {
    "add": ("a + b", lambda torch, a, b: a + b),
    "relu": ("torch.relu(a)", lambda torch, a, b: torch.relu(a)),
    "exp": ("torch.exp(a)", lambda torch, a, b: torch.exp(a)),
    "tanh": ("torch.tanh(a)", lambda torch, a, b: torch.tanh(a)),
    "gelu": ("F.gelu(a)", lambda torch, a, b: torch.nn.functional.gelu(a)),
    "softmax": ("torch.softmax(a, -1)", lambda torch, a, b: torch.softmax(a, -1)),
    "layer_norm": ("F.layer_norm(a, (1024,))", lambda torch, a, b: torch.nn.functional.layer_norm(a, (1024,))),
    "sum": ("a.sum()", lambda torch, a, b: a.sum()),
}


def twins():
    """{name of the row: (text, make)}"""
    all_of_them = {
        "add_1_forward": ("a + b", add_1),
        "chain_100_forward": ("y = y + b, 100 times", chain(False)),
        "chain_100_backward": ("y.backward()", chain(True)),
        "mnist_epoch_b64": ("DataLoader over a TensorDataset of ready float32 pictures", epoch),
        "mlp_2048_step_b256": ("zero_grad, forward, backward, SGD.step", step_on_random(mlp, (256, 784))),
        "resnet_stack_step_b32": ("the same", step_on_random(residual_stack, (32, 3, 32, 32))),
        "start_to_first_prediction": ("a process: import torch, predict", process("predict")),
        "process_epoch": ("a process: import torch, the epoch, a test pass", process("epoch")),
    }
    for n in (32, 64, 120, 512, 1024, 2048):
        all_of_them[f"gemm_{n}"] = ("torch.mm(a, b)", gemm(n, n, n))
    for shape in ("6x25x784", "16x150x100", "64x400x120", "64x120x84", "64x84x10", "1x400x120"):
        all_of_them[f"gemm_lenet_{shape}"] = ("torch.mm(a, b)", gemm(*map(int, shape.split("x"))))
    for name, *shape in (("64_64_3x3", 64, 3, 1), ("1x1", 64, 1, 1), ("depthwise", 64, 3, 64)):
        all_of_them[f"conv_{name}_b16_forward"] = ("F.conv2d(x, w)", conv(*shape, False))
        all_of_them[f"conv_{name}_b16_backward"] = ("y.backward(gradient)", conv(*shape, True))
    for size in (1, 8, 64, 256, 1024):
        all_of_them[f"lenet_step_b{size}"] = ("zero_grad, forward, backward, SGD.step", lenet_step(size))
        all_of_them[f"lenet_infer_b{size}"] = ("with torch.no_grad(): net(x)", lenet_infer(size))
    for name, (text, function) in FUNCTIONS_16M.items():
        all_of_them[f"{name}_16m"] = all_of_them[f"{name}_16m_cold"] = (text, on_16m(function))
    return all_of_them


# ---- the twin of a process ----------------------------------------------------------------------------------------


def peak_mb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024e-6 for line in status if line.startswith("VmHWM"))


def main():
    what, threads = sys.argv[1], int(sys.argv[2])
    import torch
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    if what == "epoch":
        folder = sys.argv[3]
        net = lenet(torch)
        step = trainer(torch, net)
        data = torch.utils.data
        for x, y in data.DataLoader(data.TensorDataset(*digits(torch, folder, False)), batch_size=64, shuffle=True):
            step(x, y)
        with torch.no_grad():
            net.eval()
            right = sum(int((net(x).argmax(1) == y).sum())
                        for x, y in data.DataLoader(data.TensorDataset(*digits(torch, folder, True)), batch_size=64))
        assert right > 0
    else:
        with torch.no_grad():
            lenet(torch).eval()(torch.rand(1, 1, 32, 32)).argmax()
    print(peak_mb(), flush=True)


if __name__ == "__main__":
    main()
