"""OpenBLAS on the shapes of the GEMM rows: the library inside numpy, called directly.

A program of its own, as OpenBLAS takes its threads from the environment when it is loaded:
`rivals.py THREADS SECONDS NAME...` prints {"name": microseconds, ...}, or {} where there is no such library. A call from Python costs
about as much as the smallest product, so the time of a call that multiplies nothing is taken off.
"""
import ctypes
import glob
import json
import os
import re
import sys
import time


def shape_of(name):
    """(m, k, n) of gemm_512 or gemm_lenet_6x25x784."""
    numbers = [int(number) for number in re.findall(r"\d+", name)]
    return numbers * 3 if len(numbers) == 1 else numbers


def load_sgemm():
    """cblas_sgemm and its integer type, or None."""
    import numpy
    folder = os.path.join(os.path.dirname(os.path.dirname(numpy.__file__)), "numpy.libs")
    for path in glob.glob(os.path.join(folder, "*openblas*.so*")):
        library = ctypes.CDLL(path)
        for name, integer in (("scipy_cblas_sgemm64_", ctypes.c_int64), ("cblas_sgemm64_", ctypes.c_int64),
                              ("scipy_cblas_sgemm", ctypes.c_int), ("cblas_sgemm", ctypes.c_int)):
            if hasattr(library, name):
                return getattr(library, name), integer
    return None


def best_median(call, seconds):
    runs, samples = 1, []
    while True:
        start = time.perf_counter()
        for _ in range(runs):
            call()
        passed = time.perf_counter() - start
        if passed >= seconds / 15:
            samples.append(passed / runs)
            if len(samples) == 15:
                return sorted(samples)[7]
        else:
            runs *= 2


def main():
    os.environ["OPENBLAS_NUM_THREADS"] = sys.argv[1]
    try:
        import numpy
        found = load_sgemm()
    except ImportError:
        found = None
    if not found:
        print("{}")
        return
    sgemm, integer = found
    row_major, plain = 101, 111

    def product(m, k, n):
        a, b, c = (numpy.random.rand(*shape).astype(numpy.float32) for shape in ((m, k), (k, n), (m, n)))
        arguments = [ctypes.c_int(row_major), ctypes.c_int(plain), ctypes.c_int(plain), integer(m), integer(n), integer(k),
                     ctypes.c_float(1), a.ctypes.data_as(ctypes.c_void_p), integer(k), b.ctypes.data_as(ctypes.c_void_p),
                     integer(n), ctypes.c_float(0), c.ctypes.data_as(ctypes.c_void_p), integer(n)]
        nothing = arguments[:3] + [integer(0)] + arguments[4:]
        return a, b, c, lambda: sgemm(*arguments), lambda: sgemm(*nothing)

    result = {}
    for name in sys.argv[3:]:
        *kept, call, nothing = product(*shape_of(name))
        seconds = float(sys.argv[2])
        result[name] = 1e6 * (best_median(call, seconds) - best_median(nothing, seconds / 5))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
