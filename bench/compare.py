#!/usr/bin/env python3
"""wick beside PyTorch on this machine: the same work, turn and turn about, and one table of medians and ratios.

    python3 bench/compare.py --wick build/release/wick [--match WORD] [--threads 1,2] [--rounds 3] [--data DIR] [--markdown]

Needs a Python with torch (pip install torch); without it, wick and the limits alone are measured. Each round runs `wick bench` for a
row and then its twin (twins.py) for as long, so that a machine that drifts, drifts for both.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import twins

try:
    import torch
except ImportError:
    torch = None


# ---- measuring ----------------------------------------------------------------------------------------------------


def run_once(work):
    if work.prepare:
        work.prepare()
    start = time.perf_counter()
    work.run()
    return time.perf_counter() - start


def sample(work, runs):
    if work.prepare:
        return sum(run_once(work) for _ in range(runs)) / runs
    start = time.perf_counter()
    for _ in range(runs):
        work.run()
    return (time.perf_counter() - start) / runs


def measure(work, budget):
    """Seconds of a run: what cli/bench_time.c does, with a single sample of what takes longer than a second."""
    start = time.perf_counter()
    while True:
        one = run_once(work)
        if one > 1:
            return sample(work, 1) / work.parts
        if time.perf_counter() - start >= budget / 5:
            break
    runs, samples = max(1, int(budget / 15 / one)), []
    start = time.perf_counter()
    while len(samples) < 5 or (time.perf_counter() - start < budget and len(samples) < 64):
        samples.append(sample(work, runs))
    return statistics.median(samples) / work.parts


def ask_wick(options, *arguments):
    """What `wick bench` prints."""
    done = subprocess.run([options.wick, "bench", *arguments], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{options.wick} bench {' '.join(arguments)}: exit status {done.returncode}")
    return done.stdout


def wick_row(options, name, threads):
    arguments = ["--json", "--match", name, "--threads", str(threads), "--data", options.data]
    return json.loads(ask_wick(options, *arguments, *(["--quick"] if options.quick else [])))[0]


def compare(options, name, threads):
    """One line of the table: medians over the rounds."""
    work = None
    if torch and name in twins.twins():
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        work = twins.twins()[name][1](torch, options.data)
    rows, seconds = [], []
    for _ in range(options.rounds):
        rows.append(wick_row(options, name, threads))
        if work:
            seconds.append(measure(work, 0.15 if options.quick else 0.3))

    def median(key):
        values = [row[key] for row in rows if row.get(key) is not None]
        return statistics.median(values) if values else None

    line = {key: median(key) for key in ("median_us", "gflops", "gbs", "of_limit", "peak_mb")}
    line["torch_us"] = statistics.median(seconds) * 1e6 if seconds else None
    line["torch_mb"] = getattr(work, "peak_mb", None)
    return {"name": name, "threads": threads, **line}


def rivals(names, threads, budget):
    """Microseconds of OpenBLAS by name. Variables that would choose its kernels by hand are left out."""
    kept = {key: value for key, value in os.environ.items() if key not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rivals.py")
    done = subprocess.run([sys.executable, script, str(threads), str(budget), *names], stdout=subprocess.PIPE, text=True,
                          env=kept)
    return json.loads(done.stdout or "{}")


# ---- printing -----------------------------------------------------------------------------------------------------


def time_text(us):
    if us is None:
        return "-"
    for unit, name in ((1e6, "s"), (1e3, "ms"), (1, "us"), (1e-3, "ns")):
        if us >= unit or unit == 1e-3:
            value = us / unit
            return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f} {name}"


def cells(line):
    ratio = f"{line['torch_us'] / line['median_us']:.2f}" if line["torch_us"] else "-"
    limit = f"{100 * line['of_limit']:.0f} %" if line["of_limit"] is not None else "-"
    return [str(line["threads"]), time_text(line["median_us"]), time_text(line["torch_us"]), ratio, limit]


class Table:
    """Lines as they come: for a terminal, or as Markdown."""

    def __init__(self, markdown, heads, widths):
        self.markdown, self.widths = markdown, widths
        self.line(heads)
        if markdown:
            print("|" + "---|" * len(heads))

    def line(self, texts):
        if self.markdown:
            print("| " + " | ".join(texts) + " |", flush=True)
        else:
            padded = [text.ljust(-width) if width < 0 else text.rjust(width)
                      for text, width in zip(texts, self.widths)]
            print("  ".join(padded).rstrip(), flush=True)


def main_table(options, names):
    table = Table(options.markdown, ["work", "T", "wick", "PyTorch", "ratio", "wick/limit", "PyTorch does"],
                  [-28, 2, 8, 8, 6, 10, 0])
    lines = []
    for name in names:
        for threads in options.threads:
            line = compare(options, name, threads)
            lines.append(line)
            first = threads == options.threads[0]
            text = twins.twins().get(name, ("",))[0] if first else ""
            if line["peak_mb"]:
                text = f"{text} ({line['peak_mb']:.0f} MB" + (f" and {line['torch_mb']:.0f} MB)" if line["torch_mb"] else ")")
            table.line([name if first else "", *cells(line), text])
    return lines


def rivals_table(options, lines):
    budget = 0.15 if options.quick else 0.3
    lines = [line for line in lines if line["name"].startswith("gemm_")]
    names = list(dict.fromkeys(line["name"] for line in lines))
    found = {threads: rivals(names, threads, budget) for threads in options.threads} if names else {}
    if not any(found.values()):
        return
    print("\nGFLOP/s of the products, beside OpenBLAS (inside numpy)\n")
    table = Table(options.markdown, ["work", "T", "wick", "PyTorch", "OpenBLAS"], [-28, 2, 8, 8, 8])
    for line in lines:
        flops = line["gflops"] * line["median_us"]
        others = line["torch_us"], found[line["threads"]].get(line["name"])
        table.line([line["name"], str(line["threads"]), f"{line['gflops']:.1f}",
                    *(f"{flops / us:.1f}" if us else "-" for us in others)])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wick", default="build/release/wick", help="the program")
    parser.add_argument("--match", default="", help="the row of that name, or all whose names contain it")
    parser.add_argument("--threads", default="1,2", help="numbers of threads, with commas between")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", default=os.environ.get("WICK_MNIST"), help="MNIST's folder (else the built-in digits)")
    parser.add_argument("--quick", action="store_true", help="half the time a row")
    parser.add_argument("--markdown", action="store_true", help="print tables for a document")
    options = parser.parse_args()
    options.threads = [int(number) for number in options.threads.split(",")]
    return options


def main():
    options = arguments()
    names = [line.split()[0] for line in ask_wick(options, "--list").splitlines()]
    names = [name for name in names if not name.startswith("limit_")]
    names = [options.match] if options.match in names else [name for name in names if options.match in name]
    with tempfile.TemporaryDirectory() as folder:
        if not options.data:
            ask_wick(options, "--save-digits", folder)
            options.data = folder
        for threads in options.threads:
            print(ask_wick(options, "--match", "limit_", "--threads", str(threads)))
        if torch:
            print(f"PyTorch {torch.__version__}, Python {sys.version.split()[0]}; medians of {options.rounds} rounds\n")
        else:
            print(f"{sys.executable} has no torch (pip install torch): wick and the limits alone\n")
        rivals_table(options, main_table(options, names))


if __name__ == "__main__":
    main()
