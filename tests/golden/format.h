/* Made by tools/golden_format.py from PyTorch 2.15.0. */
static const FormatCase format_cases[] = {
    {.dtype = wk_float32, .ndim = 0, .floats = (const double[]){0.0}, .text = "tensor(0.)"},
    {.dtype = wk_float32, .ndim = 0, .floats = (const double[]){-0.0}, .text = "tensor(-0.)"},
    {.dtype = wk_float32, .ndim = 0, .floats = (const double[]){1.0}, .text = "tensor(1.)"},
    {.dtype = wk_float32, .ndim = 0, .floats = (const double[]){-2.0}, .text = "tensor(-2.)"},
    {.dtype = wk_float32, .ndim = 0, .floats = (const double[]){0.5}, .text = "tensor(0.5000)"},
    {.dtype = wk_float32,
     .ndim = 0,
     .floats = (const double[]){3.1415927410125732},
     .text = "tensor(3.1416)"},
    {.dtype = wk_float32,
     .ndim = 0,
     .floats = (const double[]){9.999999747378752e-06},
     .text = "tensor(1.0000e-05)"},
    {.dtype = wk_float32, .ndim = 0, .floats = (const double[]){123456.0}, .text = "tensor(123456.)"},
    {.dtype = wk_float32, .ndim = 0, .floats = (const double[]){100000000.0}, .text = "tensor(100000000.)"},
    {.dtype = wk_float32, .ndim = 0, .floats = (const double[]){150000000.0}, .text = "tensor(1.5000e+08)"},
    {.dtype = wk_float32, .ndim = 0, .floats = (const double[]){1000000000.0}, .text = "tensor(1.0000e+09)"},
    {.dtype = wk_float32,
     .ndim = 0,
     .floats = (const double[]){9.999999747378752e-05},
     .text = "tensor(1.0000e-04)"},
    {.dtype = wk_float32,
     .ndim = 0,
     .floats = (const double[]){0.9999899864196777},
     .text = "tensor(1.0000)"},
    {.dtype = wk_float32,
     .ndim = 0,
     .floats = (const double[]){9.999999680285692e+37},
     .text = "tensor(1.0000e+38)"},
    {.dtype = wk_float32, .ndim = 0, .floats = (const double[]){INFINITY}, .text = "tensor(inf)"},
    {.dtype = wk_float32, .ndim = 0, .floats = (const double[]){-INFINITY}, .text = "tensor(-inf)"},
    {.dtype = wk_float32, .ndim = 0, .floats = (const double[]){NAN}, .text = "tensor(nan)"},
    {.dtype = wk_float64,
     .ndim = 0,
     .floats = (const double[]){0.0},
     .text = "tensor(0., dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 0,
     .floats = (const double[]){-0.0},
     .text = "tensor(-0., dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 0,
     .floats = (const double[]){1.0},
     .text = "tensor(1., dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 0,
     .floats = (const double[]){-2.0},
     .text = "tensor(-2., dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 0,
     .floats = (const double[]){0.5},
     .text = "tensor(0.5000, dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 0,
     .floats = (const double[]){3.14159265},
     .text = "tensor(3.1416, dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 0,
     .floats = (const double[]){1e-05},
     .text = "tensor(1.0000e-05, dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 0,
     .floats = (const double[]){123456.0},
     .text = "tensor(123456., dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 0,
     .floats = (const double[]){100000000.0},
     .text = "tensor(100000000., dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 0,
     .floats = (const double[]){150000000.0},
     .text = "tensor(1.5000e+08, dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 0,
     .floats = (const double[]){1000000000.0},
     .text = "tensor(1.0000e+09, dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 0,
     .floats = (const double[]){0.0001},
     .text = "tensor(0.0001, dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 0,
     .floats = (const double[]){0.99999},
     .text = "tensor(1.0000, dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 0,
     .floats = (const double[]){1e+38},
     .text = "tensor(1.0000e+38, dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 0,
     .floats = (const double[]){INFINITY},
     .text = "tensor(inf, dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 0,
     .floats = (const double[]){-INFINITY},
     .text = "tensor(-inf, dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 0,
     .floats = (const double[]){NAN},
     .text = "tensor(nan, dtype=torch.float64)"},
    {.dtype = wk_int64, .ndim = 0, .wholes = (const int64_t[]){1}, .text = "tensor(1)"},
    {.dtype = wk_int32, .ndim = 0, .wholes = (const int64_t[]){1}, .text = "tensor(1, dtype=torch.int32)"},
    {.dtype = wk_uint8, .ndim = 0, .wholes = (const int64_t[]){1}, .text = "tensor(1, dtype=torch.uint8)"},
    {.dtype = wk_bool, .ndim = 0, .wholes = (const int64_t[]){1}, .text = "tensor(True)"},
    {.dtype = wk_int64,
     .ndim = 0,
     .wholes = (const int64_t[]){INT64_MIN},
     .text = "tensor(-9223372036854775808)"},
    {.dtype = wk_float32,
     .ndim = 0,
     .requires_grad = true,
     .floats = (const double[]){2.5},
     .text = "tensor(2.5000, requires_grad=True)"},
    {.dtype = wk_float32,
     .ndim = 0,
     .grad_fn = "MulBackward0",
     .floats = (const double[]){2.5},
     .text = "tensor(2.5000, grad_fn=<MulBackward0>)"},
    {.dtype = wk_float32, .ndim = 1, .shape = {0}, .text = "tensor([])"},
    {.dtype = wk_float32, .ndim = 2, .shape = {0, 3}, .text = "tensor([], size=(0, 3))"},
    {.dtype = wk_float32, .ndim = 2, .shape = {2, 0}, .text = "tensor([], size=(2, 0))"},
    {.dtype = wk_float32, .ndim = 3, .shape = {1, 0, 4}, .text = "tensor([], size=(1, 0, 4))"},
    {.dtype = wk_float64, .ndim = 1, .shape = {0}, .text = "tensor([], dtype=torch.float64)"},
    {.dtype = wk_float64, .ndim = 2, .shape = {0, 3}, .text = "tensor([], size=(0, 3), dtype=torch.float64)"},
    {.dtype = wk_float64, .ndim = 2, .shape = {2, 0}, .text = "tensor([], size=(2, 0), dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 3,
     .shape = {1, 0, 4},
     .text = "tensor([], size=(1, 0, 4), dtype=torch.float64)"},
    {.dtype = wk_int64, .ndim = 1, .shape = {0}, .text = "tensor([], dtype=torch.int64)"},
    {.dtype = wk_int64, .ndim = 2, .shape = {0, 3}, .text = "tensor([], size=(0, 3), dtype=torch.int64)"},
    {.dtype = wk_int64, .ndim = 2, .shape = {2, 0}, .text = "tensor([], size=(2, 0), dtype=torch.int64)"},
    {.dtype = wk_int64,
     .ndim = 3,
     .shape = {1, 0, 4},
     .text = "tensor([], size=(1, 0, 4), dtype=torch.int64)"},
    {.dtype = wk_bool, .ndim = 1, .shape = {0}, .text = "tensor([], dtype=torch.bool)"},
    {.dtype = wk_bool, .ndim = 2, .shape = {0, 3}, .text = "tensor([], size=(0, 3), dtype=torch.bool)"},
    {.dtype = wk_bool, .ndim = 2, .shape = {2, 0}, .text = "tensor([], size=(2, 0), dtype=torch.bool)"},
    {.dtype = wk_bool, .ndim = 3, .shape = {1, 0, 4}, .text = "tensor([], size=(1, 0, 4), dtype=torch.bool)"},
    {.dtype = wk_float32,
     .ndim = 2,
     .shape = {0, 3},
     .requires_grad = true,
     .text = "tensor([], size=(0, 3), requires_grad=True)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {0},
     .grad_fn = "ReluBackward0",
     .text = "tensor([], dtype=torch.float64, grad_fn=<ReluBackward0>)"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {3},
     .floats = (const double[]){1.0, 2.0, 3.0},
     .text = "tensor([1., 2., 3.])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {4},
     .floats = (const double[]){1.0, -2.0, 0.0, -0.0},
     .text = "tensor([ 1., -2.,  0., -0.])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {5},
     .floats = (const double[]){0.0, 0.0, 0.0, 0.0, 0.0},
     .text = "tensor([0., 0., 0., 0., 0.])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {40},
     .floats = (const double[]){0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
                                0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
                                0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0},
     .text = "tensor([0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., "
             "0., 0., 0.,\n"
             "        0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0.])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {40},
     .floats =
         (const double[]){-0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0,
                          -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0,
                          -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0},
     .text = "tensor([-0., -0., -0., -0., -0., -0., -0., -0., -0., -0., -0., -0., -0., -0., -0., -0., -0., "
             "-0., -0., -0., -0., -0., -0., -0.,\n"
             "        -0., -0., -0., -0., -0., -0., -0., -0., -0., -0., -0., -0., -0., -0., -0., -0.])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {3},
     .floats = (const double[]){0.10000000149011612, 0.25, -0.5},
     .text = "tensor([ 0.1000,  0.2500, -0.5000])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {2},
     .floats = (const double[]){1.0, 1000.0},
     .text = "tensor([   1., 1000.])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {2},
     .floats = (const double[]){1.0, 1001.0},
     .text = "tensor([1.0000e+00, 1.0010e+03])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {2},
     .floats = (const double[]){0.5, 501.0},
     .text = "tensor([5.0000e-01, 5.0100e+02])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {2},
     .floats = (const double[]){0.5, 499.5},
     .text = "tensor([  0.5000, 499.5000])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {2},
     .floats = (const double[]){99999.0, 100000.0},
     .text = "tensor([ 99999., 100000.])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {2},
     .floats = (const double[]){100000000.0, 100000000.0},
     .text = "tensor([100000000., 100000000.])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {2},
     .floats = (const double[]){100000008.0, 100000000.0},
     .text = "tensor([1.0000e+08, 1.0000e+08])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {2},
     .floats = (const double[]){9.999999747378752e-05, 0.05000000074505806},
     .text = "tensor([1.0000e-04, 5.0000e-02])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {2},
     .floats = (const double[]){9.000000136438757e-05, 0.05000000074505806},
     .text = "tensor([9.0000e-05, 5.0000e-02])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {2},
     .floats = (const double[]){4.999999873689376e-05, 4.999999873689376e-05},
     .text = "tensor([5.0000e-05, 5.0000e-05])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {2},
     .floats = (const double[]){1.0000000031710769e-30, 1.0000000150474662e+30},
     .text = "tensor([1.0000e-30, 1.0000e+30])"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {3},
     .floats = (const double[]){1e+300, -1e+300, 5e-324},
     .text = "tensor([ 1.0000e+300, -1.0000e+300,  4.9407e-324], dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {3},
     .floats = (const double[]){1.00005, 1.00015, 2.5},
     .text = "tensor([1.0001, 1.0002, 2.5000], dtype=torch.float64)"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {4},
     .floats =
         (const double[]){0.12345000356435776, 0.12354999780654907, 0.9999499917030334, 9.999950408935547},
     .text = "tensor([ 0.1235,  0.1235,  0.9999, 10.0000])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {2},
     .floats = (const double[]){1.401298464324817e-45, 0.0},
     .text = "tensor([1.4013e-45, 0.0000e+00])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {2},
     .floats = (const double[]){NAN, 1.0},
     .text = "tensor([nan, 1.])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {3},
     .floats = (const double[]){NAN, INFINITY, -INFINITY},
     .text = "tensor([nan, inf, -inf])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {20},
     .floats = (const double[]){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN,
                                NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN},
     .text = "tensor([nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, "
             "nan, nan, nan])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {3},
     .floats = (const double[]){INFINITY, 1.0, 2.0},
     .text = "tensor([inf, 1., 2.])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {3},
     .floats = (const double[]){INFINITY, 1.5, 20.25},
     .text = "tensor([    inf,  1.5000, 20.2500])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {4},
     .floats = (const double[]){NAN, 9.999999717180685e-10, -INFINITY, 3.0},
     .text = "tensor([       nan, 1.0000e-09,       -inf, 3.0000e+00])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {3},
     .floats = (const double[]){-INFINITY, 123456.0, 0.0},
     .text = "tensor([   -inf, 123456.,      0.])"},
    {.dtype = wk_bool,
     .ndim = 1,
     .shape = {3},
     .wholes = (const int64_t[]){1, 0, 1},
     .text = "tensor([ True, False,  True])"},
    {.dtype = wk_bool,
     .ndim = 1,
     .shape = {30},
     .wholes = (const int64_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
     .text = "tensor([True, True, True, True, True, True, True, True, True, True, True, True,\n"
             "        True, True, True, True, True, True, True, True, True, True, True, True,\n"
             "        True, True, True, True, True, True])"},
    {.dtype = wk_uint8,
     .ndim = 1,
     .shape = {3},
     .wholes = (const int64_t[]){0, 255, 7},
     .text = "tensor([  0, 255,   7], dtype=torch.uint8)"},
    {.dtype = wk_int32,
     .ndim = 1,
     .shape = {3},
     .wholes = (const int64_t[]){-1, 10, -100},
     .text = "tensor([  -1,   10, -100], dtype=torch.int32)"},
    {.dtype = wk_int64,
     .ndim = 1,
     .shape = {3},
     .wholes = (const int64_t[]){INT64_MIN, INT64_C(9223372036854775807), 0},
     .text = "tensor([-9223372036854775808,  9223372036854775807,                    0])"},
    {.dtype = wk_int64,
     .ndim = 1,
     .shape = {30},
     .wholes = (const int64_t[]){0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
     .text = "tensor([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n"
             "        0, 0, 0, 0, 0, 0])"},
    {.dtype = wk_uint8,
     .ndim = 1,
     .shape = {27},
     .wholes =
         (const int64_t[]){0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
     .text = "tensor([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n"
             "        0, 0, 0], dtype=torch.uint8)"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {7},
     .start = -1,
     .step = 0.37,
     .text = "tensor([-1.0000, -0.6300, -0.2600,  0.1100,  0.4800,  0.8500,  1.2200])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {8},
     .start = -1,
     .step = 0.37,
     .text = "tensor([-1.0000, -0.6300, -0.2600,  0.1100,  0.4800,  0.8500,  1.2200,  1.5900])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {9},
     .start = -1,
     .step = 0.37,
     .text = "tensor([-1.0000, -0.6300, -0.2600,  0.1100,  0.4800,  0.8500,  1.2200,  1.5900,\n"
             "         1.9600])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {19},
     .start = -1,
     .step = 0.37,
     .text = "tensor([-1.0000, -0.6300, -0.2600,  0.1100,  0.4800,  0.8500,  1.2200,  1.5900,\n"
             "         1.9600,  2.3300,  2.7000,  3.0700,  3.4400,  3.8100,  4.1800,  4.5500,\n"
             "         4.9200,  5.2900,  5.6600])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {20},
     .start = -1,
     .step = 0.37,
     .text = "tensor([-1.0000, -0.6300, -0.2600,  0.1100,  0.4800,  0.8500,  1.2200,  1.5900,\n"
             "         1.9600,  2.3300,  2.7000,  3.0700,  3.4400,  3.8100,  4.1800,  4.5500,\n"
             "         4.9200,  5.2900,  5.6600,  6.0300])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {21},
     .start = -1,
     .step = 0.37,
     .text = "tensor([-1.0000, -0.6300, -0.2600,  0.1100,  0.4800,  0.8500,  1.2200,  1.5900,\n"
             "         1.9600,  2.3300,  2.7000,  3.0700,  3.4400,  3.8100,  4.1800,  4.5500,\n"
             "         4.9200,  5.2900,  5.6600,  6.0300,  6.4000])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {64},
     .start = -1,
     .step = 0.37,
     .text = "tensor([-1.0000, -0.6300, -0.2600,  0.1100,  0.4800,  0.8500,  1.2200,  1.5900,\n"
             "         1.9600,  2.3300,  2.7000,  3.0700,  3.4400,  3.8100,  4.1800,  4.5500,\n"
             "         4.9200,  5.2900,  5.6600,  6.0300,  6.4000,  6.7700,  7.1400,  7.5100,\n"
             "         7.8800,  8.2500,  8.6200,  8.9900,  9.3600,  9.7300, 10.1000, 10.4700,\n"
             "        10.8400, 11.2100, 11.5800, 11.9500, 12.3200, 12.6900, 13.0600, 13.4300,\n"
             "        13.8000, 14.1700, 14.5400, 14.9100, 15.2800, 15.6500, 16.0200, 16.3900,\n"
             "        16.7600, 17.1300, 17.5000, 17.8700, 18.2400, 18.6100, 18.9800, 19.3500,\n"
             "        19.7200, 20.0900, 20.4600, 20.8300, 21.2000, 21.5700, 21.9400, 22.3100])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {7},
     .start = 0,
     .step = 1.0,
     .text = "tensor([0., 1., 2., 3., 4., 5., 6.])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {8},
     .start = 0,
     .step = 1.0,
     .text = "tensor([0., 1., 2., 3., 4., 5., 6., 7.])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {9},
     .start = 0,
     .step = 1.0,
     .text = "tensor([0., 1., 2., 3., 4., 5., 6., 7., 8.])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {19},
     .start = 0,
     .step = 1.0,
     .text = "tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.,\n"
             "        14., 15., 16., 17., 18.])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {20},
     .start = 0,
     .step = 1.0,
     .text = "tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.,\n"
             "        14., 15., 16., 17., 18., 19.])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {21},
     .start = 0,
     .step = 1.0,
     .text = "tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.,\n"
             "        14., 15., 16., 17., 18., 19., 20.])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {64},
     .start = 0,
     .step = 1.0,
     .text = "tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.,\n"
             "        14., 15., 16., 17., 18., 19., 20., 21., 22., 23., 24., 25., 26., 27.,\n"
             "        28., 29., 30., 31., 32., 33., 34., 35., 36., 37., 38., 39., 40., 41.,\n"
             "        42., 43., 44., 45., 46., 47., 48., 49., 50., 51., 52., 53., 54., 55.,\n"
             "        56., 57., 58., 59., 60., 61., 62., 63.])"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {7},
     .start = -1,
     .step = 0.37,
     .text = "tensor([-1.0000, -0.6300, -0.2600,  0.1100,  0.4800,  0.8500,  1.2200],\n"
             "       dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {8},
     .start = -1,
     .step = 0.37,
     .text = "tensor([-1.0000, -0.6300, -0.2600,  0.1100,  0.4800,  0.8500,  1.2200,  1.5900],\n"
             "       dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {9},
     .start = -1,
     .step = 0.37,
     .text = "tensor([-1.0000, -0.6300, -0.2600,  0.1100,  0.4800,  0.8500,  1.2200,  1.5900,\n"
             "         1.9600], dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {19},
     .start = -1,
     .step = 0.37,
     .text = "tensor([-1.0000, -0.6300, -0.2600,  0.1100,  0.4800,  0.8500,  1.2200,  1.5900,\n"
             "         1.9600,  2.3300,  2.7000,  3.0700,  3.4400,  3.8100,  4.1800,  4.5500,\n"
             "         4.9200,  5.2900,  5.6600], dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {20},
     .start = -1,
     .step = 0.37,
     .text = "tensor([-1.0000, -0.6300, -0.2600,  0.1100,  0.4800,  0.8500,  1.2200,  1.5900,\n"
             "         1.9600,  2.3300,  2.7000,  3.0700,  3.4400,  3.8100,  4.1800,  4.5500,\n"
             "         4.9200,  5.2900,  5.6600,  6.0300], dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {21},
     .start = -1,
     .step = 0.37,
     .text = "tensor([-1.0000, -0.6300, -0.2600,  0.1100,  0.4800,  0.8500,  1.2200,  1.5900,\n"
             "         1.9600,  2.3300,  2.7000,  3.0700,  3.4400,  3.8100,  4.1800,  4.5500,\n"
             "         4.9200,  5.2900,  5.6600,  6.0300,  6.4000], dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {64},
     .start = -1,
     .step = 0.37,
     .text = "tensor([-1.0000, -0.6300, -0.2600,  0.1100,  0.4800,  0.8500,  1.2200,  1.5900,\n"
             "         1.9600,  2.3300,  2.7000,  3.0700,  3.4400,  3.8100,  4.1800,  4.5500,\n"
             "         4.9200,  5.2900,  5.6600,  6.0300,  6.4000,  6.7700,  7.1400,  7.5100,\n"
             "         7.8800,  8.2500,  8.6200,  8.9900,  9.3600,  9.7300, 10.1000, 10.4700,\n"
             "        10.8400, 11.2100, 11.5800, 11.9500, 12.3200, 12.6900, 13.0600, 13.4300,\n"
             "        13.8000, 14.1700, 14.5400, 14.9100, 15.2800, 15.6500, 16.0200, 16.3900,\n"
             "        16.7600, 17.1300, 17.5000, 17.8700, 18.2400, 18.6100, 18.9800, 19.3500,\n"
             "        19.7200, 20.0900, 20.4600, 20.8300, 21.2000, 21.5700, 21.9400, 22.3100],\n"
             "       dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {7},
     .start = -1,
     .step = 1e-06,
     .text = "tensor([-1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000],\n"
             "       dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {8},
     .start = -1,
     .step = 1e-06,
     .text = "tensor([-1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000],\n"
             "       dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {9},
     .start = -1,
     .step = 1e-06,
     .text = "tensor([-1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000,\n"
             "        -1.0000], dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {19},
     .start = -1,
     .step = 1e-06,
     .text = "tensor([-1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000,\n"
             "        -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000,\n"
             "        -1.0000, -1.0000, -1.0000], dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {20},
     .start = -1,
     .step = 1e-06,
     .text = "tensor([-1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000,\n"
             "        -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000,\n"
             "        -1.0000, -1.0000, -1.0000, -1.0000], dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {21},
     .start = -1,
     .step = 1e-06,
     .text = "tensor([-1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000,\n"
             "        -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000,\n"
             "        -1.0000, -1.0000, -1.0000, -1.0000, -1.0000], dtype=torch.float64)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {64},
     .start = -1,
     .step = 1e-06,
     .text = "tensor([-1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000,\n"
             "        -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000,\n"
             "        -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000,\n"
             "        -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000,\n"
             "        -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000,\n"
             "        -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000, -1.0000,\n"
             "        -1.0000, -1.0000, -1.0000, -0.9999, -0.9999, -0.9999, -0.9999, -0.9999,\n"
             "        -0.9999, -0.9999, -0.9999, -0.9999, -0.9999, -0.9999, -0.9999, -0.9999],\n"
             "       dtype=torch.float64)"},
    {.dtype = wk_int64,
     .ndim = 1,
     .shape = {7},
     .start = 0,
     .step = 1,
     .text = "tensor([0, 1, 2, 3, 4, 5, 6])"},
    {.dtype = wk_int64,
     .ndim = 1,
     .shape = {8},
     .start = 0,
     .step = 1,
     .text = "tensor([0, 1, 2, 3, 4, 5, 6, 7])"},
    {.dtype = wk_int64,
     .ndim = 1,
     .shape = {9},
     .start = 0,
     .step = 1,
     .text = "tensor([0, 1, 2, 3, 4, 5, 6, 7, 8])"},
    {.dtype = wk_int64,
     .ndim = 1,
     .shape = {19},
     .start = 0,
     .step = 1,
     .text = "tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,\n"
             "        18])"},
    {.dtype = wk_int64,
     .ndim = 1,
     .shape = {20},
     .start = 0,
     .step = 1,
     .text = "tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,\n"
             "        18, 19])"},
    {.dtype = wk_int64,
     .ndim = 1,
     .shape = {21},
     .start = 0,
     .step = 1,
     .text = "tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,\n"
             "        18, 19, 20])"},
    {.dtype = wk_int64,
     .ndim = 1,
     .shape = {64},
     .start = 0,
     .step = 1,
     .text = "tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,\n"
             "        18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,\n"
             "        36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53,\n"
             "        54, 55, 56, 57, 58, 59, 60, 61, 62, 63])"},
    {.dtype = wk_int32,
     .ndim = 1,
     .shape = {7},
     .start = -1,
     .step = -12345,
     .text = "tensor([    -1, -12346, -24691, -37036, -49381, -61726, -74071],\n"
             "       dtype=torch.int32)"},
    {.dtype = wk_int32,
     .ndim = 1,
     .shape = {8},
     .start = -1,
     .step = -12345,
     .text = "tensor([    -1, -12346, -24691, -37036, -49381, -61726, -74071, -86416],\n"
             "       dtype=torch.int32)"},
    {.dtype = wk_int32,
     .ndim = 1,
     .shape = {9},
     .start = -1,
     .step = -12345,
     .text = "tensor([    -1, -12346, -24691, -37036, -49381, -61726, -74071, -86416, -98761],\n"
             "       dtype=torch.int32)"},
    {.dtype = wk_int32,
     .ndim = 1,
     .shape = {19},
     .start = -1,
     .step = -12345,
     .text = "tensor([     -1,  -12346,  -24691,  -37036,  -49381,  -61726,  -74071,  -86416,\n"
             "         -98761, -111106, -123451, -135796, -148141, -160486, -172831, -185176,\n"
             "        -197521, -209866, -222211], dtype=torch.int32)"},
    {.dtype = wk_int32,
     .ndim = 1,
     .shape = {20},
     .start = -1,
     .step = -12345,
     .text = "tensor([     -1,  -12346,  -24691,  -37036,  -49381,  -61726,  -74071,  -86416,\n"
             "         -98761, -111106, -123451, -135796, -148141, -160486, -172831, -185176,\n"
             "        -197521, -209866, -222211, -234556], dtype=torch.int32)"},
    {.dtype = wk_int32,
     .ndim = 1,
     .shape = {21},
     .start = -1,
     .step = -12345,
     .text = "tensor([     -1,  -12346,  -24691,  -37036,  -49381,  -61726,  -74071,  -86416,\n"
             "         -98761, -111106, -123451, -135796, -148141, -160486, -172831, -185176,\n"
             "        -197521, -209866, -222211, -234556, -246901], dtype=torch.int32)"},
    {.dtype = wk_int32,
     .ndim = 1,
     .shape = {64},
     .start = -1,
     .step = -12345,
     .text = "tensor([     -1,  -12346,  -24691,  -37036,  -49381,  -61726,  -74071,  -86416,\n"
             "         -98761, -111106, -123451, -135796, -148141, -160486, -172831, -185176,\n"
             "        -197521, -209866, -222211, -234556, -246901, -259246, -271591, -283936,\n"
             "        -296281, -308626, -320971, -333316, -345661, -358006, -370351, -382696,\n"
             "        -395041, -407386, -419731, -432076, -444421, -456766, -469111, -481456,\n"
             "        -493801, -506146, -518491, -530836, -543181, -555526, -567871, -580216,\n"
             "        -592561, -604906, -617251, -629596, -641941, -654286, -666631, -678976,\n"
             "        -691321, -703666, -716011, -728356, -740701, -753046, -765391, -777736],\n"
             "       dtype=torch.int32)"},
    {.dtype = wk_uint8,
     .ndim = 1,
     .shape = {7},
     .start = 0,
     .step = 1,
     .text = "tensor([0, 1, 2, 3, 4, 5, 6], dtype=torch.uint8)"},
    {.dtype = wk_uint8,
     .ndim = 1,
     .shape = {8},
     .start = 0,
     .step = 1,
     .text = "tensor([0, 1, 2, 3, 4, 5, 6, 7], dtype=torch.uint8)"},
    {.dtype = wk_uint8,
     .ndim = 1,
     .shape = {9},
     .start = 0,
     .step = 1,
     .text = "tensor([0, 1, 2, 3, 4, 5, 6, 7, 8], dtype=torch.uint8)"},
    {.dtype = wk_uint8,
     .ndim = 1,
     .shape = {19},
     .start = 0,
     .step = 1,
     .text = "tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,\n"
             "        18], dtype=torch.uint8)"},
    {.dtype = wk_uint8,
     .ndim = 1,
     .shape = {20},
     .start = 0,
     .step = 1,
     .text = "tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,\n"
             "        18, 19], dtype=torch.uint8)"},
    {.dtype = wk_uint8,
     .ndim = 1,
     .shape = {21},
     .start = 0,
     .step = 1,
     .text = "tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,\n"
             "        18, 19, 20], dtype=torch.uint8)"},
    {.dtype = wk_uint8,
     .ndim = 1,
     .shape = {64},
     .start = 0,
     .step = 1,
     .text = "tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,\n"
             "        18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,\n"
             "        36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53,\n"
             "        54, 55, 56, 57, 58, 59, 60, 61, 62, 63], dtype=torch.uint8)"},
    {.dtype = wk_float32,
     .ndim = 2,
     .shape = {3, 24},
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([[ 0.2500,  0.7500,  1.2500,  1.7500,  2.2500,  2.7500,  3.2500,  3.7500,\n"
             "          4.2500,  4.7500,  5.2500,  5.7500,  6.2500,  6.7500,  7.2500,  7.7500,\n"
             "          8.2500,  8.7500,  9.2500,  9.7500, 10.2500, 10.7500, 11.2500, 11.7500],\n"
             "        [12.2500, 12.7500, 13.2500, 13.7500, 14.2500, 14.7500, 15.2500, 15.7500,\n"
             "         16.2500, 16.7500, 17.2500, 17.7500, 18.2500, 18.7500, 19.2500, 19.7500,\n"
             "         20.2500, 20.7500, 21.2500, 21.7500, 22.2500, 22.7500, 23.2500, 23.7500],\n"
             "        [24.2500, 24.7500, 25.2500, 25.7500, 26.2500, 26.7500, 27.2500, 27.7500,\n"
             "         28.2500, 28.7500, 29.2500, 29.7500, 30.2500, 30.7500, 31.2500, 31.7500,\n"
             "         32.2500, 32.7500, 33.2500, 33.7500, 34.2500, 34.7500, 35.2500, 35.7500]])"},
    {.dtype = wk_float64,
     .ndim = 3,
     .shape = {2, 3, 17},
     .start = -3.0,
     .step = 0.125,
     .text = "tensor([[[-3.0000, -2.8750, -2.7500, -2.6250, -2.5000, -2.3750, -2.2500,\n"
             "          -2.1250, -2.0000, -1.8750, -1.7500, -1.6250, -1.5000, -1.3750,\n"
             "          -1.2500, -1.1250, -1.0000],\n"
             "         [-0.8750, -0.7500, -0.6250, -0.5000, -0.3750, -0.2500, -0.1250,\n"
             "           0.0000,  0.1250,  0.2500,  0.3750,  0.5000,  0.6250,  0.7500,\n"
             "           0.8750,  1.0000,  1.1250],\n"
             "         [ 1.2500,  1.3750,  1.5000,  1.6250,  1.7500,  1.8750,  2.0000,\n"
             "           2.1250,  2.2500,  2.3750,  2.5000,  2.6250,  2.7500,  2.8750,\n"
             "           3.0000,  3.1250,  3.2500]],\n"
             "\n"
             "        [[ 3.3750,  3.5000,  3.6250,  3.7500,  3.8750,  4.0000,  4.1250,\n"
             "           4.2500,  4.3750,  4.5000,  4.6250,  4.7500,  4.8750,  5.0000,\n"
             "           5.1250,  5.2500,  5.3750],\n"
             "         [ 5.5000,  5.6250,  5.7500,  5.8750,  6.0000,  6.1250,  6.2500,\n"
             "           6.3750,  6.5000,  6.6250,  6.7500,  6.8750,  7.0000,  7.1250,\n"
             "           7.2500,  7.3750,  7.5000],\n"
             "         [ 7.6250,  7.7500,  7.8750,  8.0000,  8.1250,  8.2500,  8.3750,\n"
             "           8.5000,  8.6250,  8.7500,  8.8750,  9.0000,  9.1250,  9.2500,\n"
             "           9.3750,  9.5000,  9.6250]]], dtype=torch.float64)"},
    {.dtype = wk_float32,
     .ndim = 2,
     .shape = {2, 30},
     .start = 1e-07,
     .step = 1e-09,
     .text = "tensor([[1.0000e-07, 1.0100e-07, 1.0200e-07, 1.0300e-07, 1.0400e-07, 1.0500e-07,\n"
             "         1.0600e-07, 1.0700e-07, 1.0800e-07, 1.0900e-07, 1.1000e-07, 1.1100e-07,\n"
             "         1.1200e-07, 1.1300e-07, 1.1400e-07, 1.1500e-07, 1.1600e-07, 1.1700e-07,\n"
             "         1.1800e-07, 1.1900e-07, 1.2000e-07, 1.2100e-07, 1.2200e-07, 1.2300e-07,\n"
             "         1.2400e-07, 1.2500e-07, 1.2600e-07, 1.2700e-07, 1.2800e-07, 1.2900e-07],\n"
             "        [1.3000e-07, 1.3100e-07, 1.3200e-07, 1.3300e-07, 1.3400e-07, 1.3500e-07,\n"
             "         1.3600e-07, 1.3700e-07, 1.3800e-07, 1.3900e-07, 1.4000e-07, 1.4100e-07,\n"
             "         1.4200e-07, 1.4300e-07, 1.4400e-07, 1.4500e-07, 1.4600e-07, 1.4700e-07,\n"
             "         1.4800e-07, 1.4900e-07, 1.5000e-07, 1.5100e-07, 1.5200e-07, 1.5300e-07,\n"
             "         1.5400e-07, 1.5500e-07, 1.5600e-07, 1.5700e-07, 1.5800e-07, 1.5900e-07]])"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {30},
     .start = 1.0,
     .step = 1e+17,
     .text = "tensor([1.0000e+00, 1.0000e+17, 2.0000e+17, 3.0000e+17, 4.0000e+17, 5.0000e+17,\n"
             "        6.0000e+17, 7.0000e+17, 8.0000e+17, 9.0000e+17, 1.0000e+18, 1.1000e+18,\n"
             "        1.2000e+18, 1.3000e+18, 1.4000e+18, 1.5000e+18, 1.6000e+18, 1.7000e+18,\n"
             "        1.8000e+18, 1.9000e+18, 2.0000e+18, 2.1000e+18, 2.2000e+18, 2.3000e+18,\n"
             "        2.4000e+18, 2.5000e+18, 2.6000e+18, 2.7000e+18, 2.8000e+18, 2.9000e+18],\n"
             "       dtype=torch.float64)"},
    {.dtype = wk_int64,
     .ndim = 2,
     .shape = {5, 9},
     .start = 0,
     .step = 1000003,
     .text = "tensor([[       0,  1000003,  2000006,  3000009,  4000012,  5000015,  6000018,\n"
             "          7000021,  8000024],\n"
             "        [ 9000027, 10000030, 11000033, 12000036, 13000039, 14000042, 15000045,\n"
             "         16000048, 17000051],\n"
             "        [18000054, 19000057, 20000060, 21000063, 22000066, 23000069, 24000072,\n"
             "         25000075, 26000078],\n"
             "        [27000081, 28000084, 29000087, 30000090, 31000093, 32000096, 33000099,\n"
             "         34000102, 35000105],\n"
             "        [36000108, 37000111, 38000114, 39000117, 40000120, 41000123, 42000126,\n"
             "         43000129, 44000132]])"},
    {.dtype = wk_int64,
     .ndim = 1,
     .shape = {12},
     .start = 1099511627776,
     .step = 1125899906842624,
     .text = "tensor([    1099511627776,  1126999418470400,  2252899325313024,\n"
             "         3378799232155648,  4504699138998272,  5630599045840896,\n"
             "         6756498952683520,  7882398859526144,  9008298766368768,\n"
             "        10134198673211392, 11260098580054016, 12385998486896640])"},
    {.dtype = wk_float32,
     .ndim = 2,
     .shape = {1, 1},
     .start = 0.5,
     .step = 0.25,
     .text = "tensor([[0.5000]])"},
    {.dtype = wk_int64, .ndim = 2, .shape = {1, 1}, .start = 0, .step = 1, .text = "tensor([[0]])"},
    {.dtype = wk_float32,
     .ndim = 2,
     .shape = {2, 3},
     .start = 0.5,
     .step = 0.25,
     .text = "tensor([[0.5000, 0.7500, 1.0000],\n"
             "        [1.2500, 1.5000, 1.7500]])"},
    {.dtype = wk_int64,
     .ndim = 2,
     .shape = {2, 3},
     .start = 0,
     .step = 1,
     .text = "tensor([[0, 1, 2],\n"
             "        [3, 4, 5]])"},
    {.dtype = wk_float32,
     .ndim = 2,
     .shape = {3, 1},
     .start = 0.5,
     .step = 0.25,
     .text = "tensor([[0.5000],\n"
             "        [0.7500],\n"
             "        [1.0000]])"},
    {.dtype = wk_int64,
     .ndim = 2,
     .shape = {3, 1},
     .start = 0,
     .step = 1,
     .text = "tensor([[0],\n"
             "        [1],\n"
             "        [2]])"},
    {.dtype = wk_float32,
     .ndim = 3,
     .shape = {1, 2, 3},
     .start = 0.5,
     .step = 0.25,
     .text = "tensor([[[0.5000, 0.7500, 1.0000],\n"
             "         [1.2500, 1.5000, 1.7500]]])"},
    {.dtype = wk_int64,
     .ndim = 3,
     .shape = {1, 2, 3},
     .start = 0,
     .step = 1,
     .text = "tensor([[[0, 1, 2],\n"
             "         [3, 4, 5]]])"},
    {.dtype = wk_float32,
     .ndim = 3,
     .shape = {2, 2, 2},
     .start = 0.5,
     .step = 0.25,
     .text = "tensor([[[0.5000, 0.7500],\n"
             "         [1.0000, 1.2500]],\n"
             "\n"
             "        [[1.5000, 1.7500],\n"
             "         [2.0000, 2.2500]]])"},
    {.dtype = wk_int64,
     .ndim = 3,
     .shape = {2, 2, 2},
     .start = 0,
     .step = 1,
     .text = "tensor([[[0, 1],\n"
             "         [2, 3]],\n"
             "\n"
             "        [[4, 5],\n"
             "         [6, 7]]])"},
    {.dtype = wk_float32,
     .ndim = 4,
     .shape = {2, 1, 2, 3},
     .start = 0.5,
     .step = 0.25,
     .text = "tensor([[[[0.5000, 0.7500, 1.0000],\n"
             "          [1.2500, 1.5000, 1.7500]]],\n"
             "\n"
             "\n"
             "        [[[2.0000, 2.2500, 2.5000],\n"
             "          [2.7500, 3.0000, 3.2500]]]])"},
    {.dtype = wk_int64,
     .ndim = 4,
     .shape = {2, 1, 2, 3},
     .start = 0,
     .step = 1,
     .text = "tensor([[[[ 0,  1,  2],\n"
             "          [ 3,  4,  5]]],\n"
             "\n"
             "\n"
             "        [[[ 6,  7,  8],\n"
             "          [ 9, 10, 11]]]])"},
    {.dtype = wk_float32,
     .ndim = 4,
     .shape = {1, 1, 1, 1},
     .start = 0.5,
     .step = 0.25,
     .text = "tensor([[[[0.5000]]]])"},
    {.dtype = wk_int64, .ndim = 4, .shape = {1, 1, 1, 1}, .start = 0, .step = 1, .text = "tensor([[[[0]]]])"},
    {.dtype = wk_float32,
     .ndim = 4,
     .shape = {2, 3, 2, 2},
     .start = 0.5,
     .step = 0.25,
     .text = "tensor([[[[0.5000, 0.7500],\n"
             "          [1.0000, 1.2500]],\n"
             "\n"
             "         [[1.5000, 1.7500],\n"
             "          [2.0000, 2.2500]],\n"
             "\n"
             "         [[2.5000, 2.7500],\n"
             "          [3.0000, 3.2500]]],\n"
             "\n"
             "\n"
             "        [[[3.5000, 3.7500],\n"
             "          [4.0000, 4.2500]],\n"
             "\n"
             "         [[4.5000, 4.7500],\n"
             "          [5.0000, 5.2500]],\n"
             "\n"
             "         [[5.5000, 5.7500],\n"
             "          [6.0000, 6.2500]]]])"},
    {.dtype = wk_int64,
     .ndim = 4,
     .shape = {2, 3, 2, 2},
     .start = 0,
     .step = 1,
     .text = "tensor([[[[ 0,  1],\n"
             "          [ 2,  3]],\n"
             "\n"
             "         [[ 4,  5],\n"
             "          [ 6,  7]],\n"
             "\n"
             "         [[ 8,  9],\n"
             "          [10, 11]]],\n"
             "\n"
             "\n"
             "        [[[12, 13],\n"
             "          [14, 15]],\n"
             "\n"
             "         [[16, 17],\n"
             "          [18, 19]],\n"
             "\n"
             "         [[20, 21],\n"
             "          [22, 23]]]])"},
    {.dtype = wk_float32,
     .ndim = 5,
     .shape = {1, 2, 1, 2, 2},
     .start = 0.5,
     .step = 0.25,
     .text = "tensor([[[[[0.5000, 0.7500],\n"
             "           [1.0000, 1.2500]]],\n"
             "\n"
             "\n"
             "         [[[1.5000, 1.7500],\n"
             "           [2.0000, 2.2500]]]]])"},
    {.dtype = wk_int64,
     .ndim = 5,
     .shape = {1, 2, 1, 2, 2},
     .start = 0,
     .step = 1,
     .text = "tensor([[[[[0, 1],\n"
             "           [2, 3]]],\n"
             "\n"
             "\n"
             "         [[[4, 5],\n"
             "           [6, 7]]]]])"},
    {.dtype = wk_float32,
     .ndim = 2,
     .shape = {6, 4},
     .start = -1.5,
     .step = 0.5,
     .special = 5,
     .text = "tensor([[    nan, -1.0000, -0.5000,  0.0000],\n"
             "        [ 0.5000,     nan,  1.5000,  2.0000],\n"
             "        [ 2.5000,  3.0000,     nan,  4.0000],\n"
             "        [ 4.5000,  5.0000,  5.5000,     nan],\n"
             "        [ 6.5000,  7.0000,  7.5000,  8.0000],\n"
             "        [    nan,  9.0000,  9.5000, 10.0000]])"},
    {.dtype = wk_float32,
     .ndim = 2,
     .shape = {4, 6},
     .start = 0.0,
     .step = 1.0,
     .special = 7,
     .text = "tensor([[nan,  1.,  2.,  3.,  4.,  5.],\n"
             "        [ 6., nan,  8.,  9., 10., 11.],\n"
             "        [12., 13., nan, 15., 16., 17.],\n"
             "        [18., 19., 20., nan, 22., 23.]])"},
    {.dtype = wk_float32,
     .ndim = 2,
     .shape = {5, 3},
     .strides = {1, 5},
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([[0.2500, 2.7500, 5.2500],\n"
             "        [0.7500, 3.2500, 5.7500],\n"
             "        [1.2500, 3.7500, 6.2500],\n"
             "        [1.7500, 4.2500, 6.7500],\n"
             "        [2.2500, 4.7500, 7.2500]])"},
    {.dtype = wk_int64,
     .ndim = 3,
     .shape = {4, 3, 2},
     .strides = {1, 4, 12},
     .start = 0,
     .step = 1,
     .text = "tensor([[[ 0, 12],\n"
             "         [ 4, 16],\n"
             "         [ 8, 20]],\n"
             "\n"
             "        [[ 1, 13],\n"
             "         [ 5, 17],\n"
             "         [ 9, 21]],\n"
             "\n"
             "        [[ 2, 14],\n"
             "         [ 6, 18],\n"
             "         [10, 22]],\n"
             "\n"
             "        [[ 3, 15],\n"
             "         [ 7, 19],\n"
             "         [11, 23]]])"},
    {.dtype = wk_uint8,
     .ndim = 1,
     .shape = {1000},
     .start = 7,
     .step = 0,
     .text = "tensor([7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,\n"
             "        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7], dtype=torch.uint8)"},
    {.dtype = wk_int64,
     .ndim = 1,
     .shape = {1001},
     .start = 0,
     .step = 1,
     .text = "tensor([   0,    1,    2,  ...,  998,  999, 1000])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {1001},
     .start = 0.5,
     .step = 0.25,
     .text = "tensor([  0.5000,   0.7500,   1.0000,  ..., 250.0000, 250.2500, 250.5000])"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {5000},
     .start = 0.0,
     .step = 1.0,
     .text = "tensor([0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 4.9970e+03, 4.9980e+03,\n"
             "        4.9990e+03], dtype=torch.float64)"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {10000},
     .start = 0.5,
     .step = 1.0,
     .text = "tensor([5.0000e-01, 1.5000e+00, 2.5000e+00,  ..., 9.9975e+03, 9.9985e+03,\n"
             "        9.9995e+03])"},
    {.dtype = wk_float32,
     .ndim = 2,
     .shape = {6, 200},
     .start = 0.0,
     .step = 0.5,
     .text = "tensor([[0.0000e+00, 5.0000e-01, 1.0000e+00,  ..., 9.8500e+01, 9.9000e+01,\n"
             "         9.9500e+01],\n"
             "        [1.0000e+02, 1.0050e+02, 1.0100e+02,  ..., 1.9850e+02, 1.9900e+02,\n"
             "         1.9950e+02],\n"
             "        [2.0000e+02, 2.0050e+02, 2.0100e+02,  ..., 2.9850e+02, 2.9900e+02,\n"
             "         2.9950e+02],\n"
             "        [3.0000e+02, 3.0050e+02, 3.0100e+02,  ..., 3.9850e+02, 3.9900e+02,\n"
             "         3.9950e+02],\n"
             "        [4.0000e+02, 4.0050e+02, 4.0100e+02,  ..., 4.9850e+02, 4.9900e+02,\n"
             "         4.9950e+02],\n"
             "        [5.0000e+02, 5.0050e+02, 5.0100e+02,  ..., 5.9850e+02, 5.9900e+02,\n"
             "         5.9950e+02]])"},
    {.dtype = wk_float32,
     .ndim = 2,
     .shape = {7, 200},
     .start = 0.0,
     .step = 0.5,
     .text = "tensor([[0.0000e+00, 5.0000e-01, 1.0000e+00,  ..., 9.8500e+01, 9.9000e+01,\n"
             "         9.9500e+01],\n"
             "        [1.0000e+02, 1.0050e+02, 1.0100e+02,  ..., 1.9850e+02, 1.9900e+02,\n"
             "         1.9950e+02],\n"
             "        [2.0000e+02, 2.0050e+02, 2.0100e+02,  ..., 2.9850e+02, 2.9900e+02,\n"
             "         2.9950e+02],\n"
             "        ...,\n"
             "        [4.0000e+02, 4.0050e+02, 4.0100e+02,  ..., 4.9850e+02, 4.9900e+02,\n"
             "         4.9950e+02],\n"
             "        [5.0000e+02, 5.0050e+02, 5.0100e+02,  ..., 5.9850e+02, 5.9900e+02,\n"
             "         5.9950e+02],\n"
             "        [6.0000e+02, 6.0050e+02, 6.0100e+02,  ..., 6.9850e+02, 6.9900e+02,\n"
             "         6.9950e+02]])"},
    {.dtype = wk_int32,
     .ndim = 2,
     .shape = {200, 6},
     .start = 0,
     .step = 3,
     .text = "tensor([[   0,    3,    6,    9,   12,   15],\n"
             "        [  18,   21,   24,   27,   30,   33],\n"
             "        [  36,   39,   42,   45,   48,   51],\n"
             "        ...,\n"
             "        [3546, 3549, 3552, 3555, 3558, 3561],\n"
             "        [3564, 3567, 3570, 3573, 3576, 3579],\n"
             "        [3582, 3585, 3588, 3591, 3594, 3597]], dtype=torch.int32)"},
    {.dtype = wk_int32,
     .ndim = 2,
     .shape = {200, 7},
     .start = 0,
     .step = 3,
     .text = "tensor([[   0,    3,    6,  ...,   12,   15,   18],\n"
             "        [  21,   24,   27,  ...,   33,   36,   39],\n"
             "        [  42,   45,   48,  ...,   54,   57,   60],\n"
             "        ...,\n"
             "        [4137, 4140, 4143,  ..., 4149, 4152, 4155],\n"
             "        [4158, 4161, 4164,  ..., 4170, 4173, 4176],\n"
             "        [4179, 4182, 4185,  ..., 4191, 4194, 4197]], dtype=torch.int32)"},
    {.dtype = wk_float32,
     .ndim = 2,
     .shape = {40, 50},
     .start = -1.0,
     .step = 0.001,
     .text = "tensor([[-1.0000, -0.9990, -0.9980,  ..., -0.9530, -0.9520, -0.9510],\n"
             "        [-0.9500, -0.9490, -0.9480,  ..., -0.9030, -0.9020, -0.9010],\n"
             "        [-0.9000, -0.8990, -0.8980,  ..., -0.8530, -0.8520, -0.8510],\n"
             "        ...,\n"
             "        [ 0.8500,  0.8510,  0.8520,  ...,  0.8970,  0.8980,  0.8990],\n"
             "        [ 0.9000,  0.9010,  0.9020,  ...,  0.9470,  0.9480,  0.9490],\n"
             "        [ 0.9500,  0.9510,  0.9520,  ...,  0.9970,  0.9980,  0.9990]])"},
    {.dtype = wk_float32,
     .ndim = 2,
     .shape = {50, 40},
     .strides = {1, 50},
     .start = -1.0,
     .step = 0.001,
     .text = "tensor([[-1.0000, -0.9500, -0.9000,  ...,  0.8500,  0.9000,  0.9500],\n"
             "        [-0.9990, -0.9490, -0.8990,  ...,  0.8510,  0.9010,  0.9510],\n"
             "        [-0.9980, -0.9480, -0.8980,  ...,  0.8520,  0.9020,  0.9520],\n"
             "        ...,\n"
             "        [-0.9530, -0.9030, -0.8530,  ...,  0.8970,  0.9470,  0.9970],\n"
             "        [-0.9520, -0.9020, -0.8520,  ...,  0.8980,  0.9480,  0.9980],\n"
             "        [-0.9510, -0.9010, -0.8510,  ...,  0.8990,  0.9490,  0.9990]])"},
    {.dtype = wk_float32,
     .ndim = 3,
     .shape = {1, 1, 1100},
     .start = 0.125,
     .step = 0.125,
     .text = "tensor([[[1.2500e-01, 2.5000e-01, 3.7500e-01,  ..., 1.3725e+02,\n"
             "          1.3738e+02, 1.3750e+02]]])"},
    {.dtype = wk_float32,
     .ndim = 4,
     .shape = {7, 1, 16, 16},
     .start = -4.0,
     .step = 0.0078125,
     .text = "tensor([[[[-4.0000e+00, -3.9922e+00, -3.9844e+00,  ..., -3.8984e+00,\n"
             "           -3.8906e+00, -3.8828e+00],\n"
             "          [-3.8750e+00, -3.8672e+00, -3.8594e+00,  ..., -3.7734e+00,\n"
             "           -3.7656e+00, -3.7578e+00],\n"
             "          [-3.7500e+00, -3.7422e+00, -3.7344e+00,  ..., -3.6484e+00,\n"
             "           -3.6406e+00, -3.6328e+00],\n"
             "          ...,\n"
             "          [-2.3750e+00, -2.3672e+00, -2.3594e+00,  ..., -2.2734e+00,\n"
             "           -2.2656e+00, -2.2578e+00],\n"
             "          [-2.2500e+00, -2.2422e+00, -2.2344e+00,  ..., -2.1484e+00,\n"
             "           -2.1406e+00, -2.1328e+00],\n"
             "          [-2.1250e+00, -2.1172e+00, -2.1094e+00,  ..., -2.0234e+00,\n"
             "           -2.0156e+00, -2.0078e+00]]],\n"
             "\n"
             "\n"
             "        [[[-2.0000e+00, -1.9922e+00, -1.9844e+00,  ..., -1.8984e+00,\n"
             "           -1.8906e+00, -1.8828e+00],\n"
             "          [-1.8750e+00, -1.8672e+00, -1.8594e+00,  ..., -1.7734e+00,\n"
             "           -1.7656e+00, -1.7578e+00],\n"
             "          [-1.7500e+00, -1.7422e+00, -1.7344e+00,  ..., -1.6484e+00,\n"
             "           -1.6406e+00, -1.6328e+00],\n"
             "          ...,\n"
             "          [-3.7500e-01, -3.6719e-01, -3.5938e-01,  ..., -2.7344e-01,\n"
             "           -2.6562e-01, -2.5781e-01],\n"
             "          [-2.5000e-01, -2.4219e-01, -2.3438e-01,  ..., -1.4844e-01,\n"
             "           -1.4062e-01, -1.3281e-01],\n"
             "          [-1.2500e-01, -1.1719e-01, -1.0938e-01,  ..., -2.3438e-02,\n"
             "           -1.5625e-02, -7.8125e-03]]],\n"
             "\n"
             "\n"
             "        [[[ 0.0000e+00,  7.8125e-03,  1.5625e-02,  ...,  1.0156e-01,\n"
             "            1.0938e-01,  1.1719e-01],\n"
             "          [ 1.2500e-01,  1.3281e-01,  1.4062e-01,  ...,  2.2656e-01,\n"
             "            2.3438e-01,  2.4219e-01],\n"
             "          [ 2.5000e-01,  2.5781e-01,  2.6562e-01,  ...,  3.5156e-01,\n"
             "            3.5938e-01,  3.6719e-01],\n"
             "          ...,\n"
             "          [ 1.6250e+00,  1.6328e+00,  1.6406e+00,  ...,  1.7266e+00,\n"
             "            1.7344e+00,  1.7422e+00],\n"
             "          [ 1.7500e+00,  1.7578e+00,  1.7656e+00,  ...,  1.8516e+00,\n"
             "            1.8594e+00,  1.8672e+00],\n"
             "          [ 1.8750e+00,  1.8828e+00,  1.8906e+00,  ...,  1.9766e+00,\n"
             "            1.9844e+00,  1.9922e+00]]],\n"
             "\n"
             "\n"
             "        ...,\n"
             "\n"
             "\n"
             "        [[[ 4.0000e+00,  4.0078e+00,  4.0156e+00,  ...,  4.1016e+00,\n"
             "            4.1094e+00,  4.1172e+00],\n"
             "          [ 4.1250e+00,  4.1328e+00,  4.1406e+00,  ...,  4.2266e+00,\n"
             "            4.2344e+00,  4.2422e+00],\n"
             "          [ 4.2500e+00,  4.2578e+00,  4.2656e+00,  ...,  4.3516e+00,\n"
             "            4.3594e+00,  4.3672e+00],\n"
             "          ...,\n"
             "          [ 5.6250e+00,  5.6328e+00,  5.6406e+00,  ...,  5.7266e+00,\n"
             "            5.7344e+00,  5.7422e+00],\n"
             "          [ 5.7500e+00,  5.7578e+00,  5.7656e+00,  ...,  5.8516e+00,\n"
             "            5.8594e+00,  5.8672e+00],\n"
             "          [ 5.8750e+00,  5.8828e+00,  5.8906e+00,  ...,  5.9766e+00,\n"
             "            5.9844e+00,  5.9922e+00]]],\n"
             "\n"
             "\n"
             "        [[[ 6.0000e+00,  6.0078e+00,  6.0156e+00,  ...,  6.1016e+00,\n"
             "            6.1094e+00,  6.1172e+00],\n"
             "          [ 6.1250e+00,  6.1328e+00,  6.1406e+00,  ...,  6.2266e+00,\n"
             "            6.2344e+00,  6.2422e+00],\n"
             "          [ 6.2500e+00,  6.2578e+00,  6.2656e+00,  ...,  6.3516e+00,\n"
             "            6.3594e+00,  6.3672e+00],\n"
             "          ...,\n"
             "          [ 7.6250e+00,  7.6328e+00,  7.6406e+00,  ...,  7.7266e+00,\n"
             "            7.7344e+00,  7.7422e+00],\n"
             "          [ 7.7500e+00,  7.7578e+00,  7.7656e+00,  ...,  7.8516e+00,\n"
             "            7.8594e+00,  7.8672e+00],\n"
             "          [ 7.8750e+00,  7.8828e+00,  7.8906e+00,  ...,  7.9766e+00,\n"
             "            7.9844e+00,  7.9922e+00]]],\n"
             "\n"
             "\n"
             "        [[[ 8.0000e+00,  8.0078e+00,  8.0156e+00,  ...,  8.1016e+00,\n"
             "            8.1094e+00,  8.1172e+00],\n"
             "          [ 8.1250e+00,  8.1328e+00,  8.1406e+00,  ...,  8.2266e+00,\n"
             "            8.2344e+00,  8.2422e+00],\n"
             "          [ 8.2500e+00,  8.2578e+00,  8.2656e+00,  ...,  8.3516e+00,\n"
             "            8.3594e+00,  8.3672e+00],\n"
             "          ...,\n"
             "          [ 9.6250e+00,  9.6328e+00,  9.6406e+00,  ...,  9.7266e+00,\n"
             "            9.7344e+00,  9.7422e+00],\n"
             "          [ 9.7500e+00,  9.7578e+00,  9.7656e+00,  ...,  9.8516e+00,\n"
             "            9.8594e+00,  9.8672e+00],\n"
             "          [ 9.8750e+00,  9.8828e+00,  9.8906e+00,  ...,  9.9766e+00,\n"
             "            9.9844e+00,  9.9922e+00]]]])"},
    {.dtype = wk_int64,
     .ndim = 4,
     .shape = {12, 1, 10, 10},
     .start = 0,
     .step = 1,
     .text = "tensor([[[[   0,    1,    2,  ...,    7,    8,    9],\n"
             "          [  10,   11,   12,  ...,   17,   18,   19],\n"
             "          [  20,   21,   22,  ...,   27,   28,   29],\n"
             "          ...,\n"
             "          [  70,   71,   72,  ...,   77,   78,   79],\n"
             "          [  80,   81,   82,  ...,   87,   88,   89],\n"
             "          [  90,   91,   92,  ...,   97,   98,   99]]],\n"
             "\n"
             "\n"
             "        [[[ 100,  101,  102,  ...,  107,  108,  109],\n"
             "          [ 110,  111,  112,  ...,  117,  118,  119],\n"
             "          [ 120,  121,  122,  ...,  127,  128,  129],\n"
             "          ...,\n"
             "          [ 170,  171,  172,  ...,  177,  178,  179],\n"
             "          [ 180,  181,  182,  ...,  187,  188,  189],\n"
             "          [ 190,  191,  192,  ...,  197,  198,  199]]],\n"
             "\n"
             "\n"
             "        [[[ 200,  201,  202,  ...,  207,  208,  209],\n"
             "          [ 210,  211,  212,  ...,  217,  218,  219],\n"
             "          [ 220,  221,  222,  ...,  227,  228,  229],\n"
             "          ...,\n"
             "          [ 270,  271,  272,  ...,  277,  278,  279],\n"
             "          [ 280,  281,  282,  ...,  287,  288,  289],\n"
             "          [ 290,  291,  292,  ...,  297,  298,  299]]],\n"
             "\n"
             "\n"
             "        ...,\n"
             "\n"
             "\n"
             "        [[[ 900,  901,  902,  ...,  907,  908,  909],\n"
             "          [ 910,  911,  912,  ...,  917,  918,  919],\n"
             "          [ 920,  921,  922,  ...,  927,  928,  929],\n"
             "          ...,\n"
             "          [ 970,  971,  972,  ...,  977,  978,  979],\n"
             "          [ 980,  981,  982,  ...,  987,  988,  989],\n"
             "          [ 990,  991,  992,  ...,  997,  998,  999]]],\n"
             "\n"
             "\n"
             "        [[[1000, 1001, 1002,  ..., 1007, 1008, 1009],\n"
             "          [1010, 1011, 1012,  ..., 1017, 1018, 1019],\n"
             "          [1020, 1021, 1022,  ..., 1027, 1028, 1029],\n"
             "          ...,\n"
             "          [1070, 1071, 1072,  ..., 1077, 1078, 1079],\n"
             "          [1080, 1081, 1082,  ..., 1087, 1088, 1089],\n"
             "          [1090, 1091, 1092,  ..., 1097, 1098, 1099]]],\n"
             "\n"
             "\n"
             "        [[[1100, 1101, 1102,  ..., 1107, 1108, 1109],\n"
             "          [1110, 1111, 1112,  ..., 1117, 1118, 1119],\n"
             "          [1120, 1121, 1122,  ..., 1127, 1128, 1129],\n"
             "          ...,\n"
             "          [1170, 1171, 1172,  ..., 1177, 1178, 1179],\n"
             "          [1180, 1181, 1182,  ..., 1187, 1188, 1189],\n"
             "          [1190, 1191, 1192,  ..., 1197, 1198, 1199]]]])"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {2000},
     .start = 1.0,
     .step = 1.0,
     .special = 2,
     .text = "tensor([  nan,    2.,   nan,  ..., 1998.,   nan, 2000.])"},
    {.dtype = wk_float32,
     .ndim = 2,
     .shape = {2, 600},
     .start = 1e-06,
     .step = 1e-06,
     .text = "tensor([[1.0000e-06, 2.0000e-06, 3.0000e-06,  ..., 5.9800e-04, 5.9900e-04,\n"
             "         6.0000e-04],\n"
             "        [6.0100e-04, 6.0200e-04, 6.0300e-04,  ..., 1.1980e-03, 1.1990e-03,\n"
             "         1.2000e-03]])"},
    {.dtype = wk_uint8,
     .ndim = 1,
     .shape = {1200},
     .start = 0,
     .step = 1,
     .text = "tensor([  0,   1,   2,  ..., 173, 174, 175], dtype=torch.uint8)"},
    {.dtype = wk_bool,
     .ndim = 1,
     .shape = {1200},
     .start = 0,
     .step = 1,
     .text = "tensor([False,  True,  True,  ...,  True,  True,  True])"},
    {.dtype = wk_float64,
     .ndim = 2,
     .shape = {30, 40},
     .requires_grad = true,
     .start = 0.25,
     .step = 0.25,
     .text = "tensor([[2.5000e-01, 5.0000e-01, 7.5000e-01,  ..., 9.5000e+00, 9.7500e+00,\n"
             "         1.0000e+01],\n"
             "        [1.0250e+01, 1.0500e+01, 1.0750e+01,  ..., 1.9500e+01, 1.9750e+01,\n"
             "         2.0000e+01],\n"
             "        [2.0250e+01, 2.0500e+01, 2.0750e+01,  ..., 2.9500e+01, 2.9750e+01,\n"
             "         3.0000e+01],\n"
             "        ...,\n"
             "        [2.7025e+02, 2.7050e+02, 2.7075e+02,  ..., 2.7950e+02, 2.7975e+02,\n"
             "         2.8000e+02],\n"
             "        [2.8025e+02, 2.8050e+02, 2.8075e+02,  ..., 2.8950e+02, 2.8975e+02,\n"
             "         2.9000e+02],\n"
             "        [2.9025e+02, 2.9050e+02, 2.9075e+02,  ..., 2.9950e+02, 2.9975e+02,\n"
             "         3.0000e+02]], dtype=torch.float64, requires_grad=True)"},
    {.dtype = wk_float32,
     .ndim = 2,
     .shape = {30, 40},
     .grad_fn = "AddBackward0",
     .start = 0.25,
     .step = 0.25,
     .text = "tensor([[2.5000e-01, 5.0000e-01, 7.5000e-01,  ..., 9.5000e+00, 9.7500e+00,\n"
             "         1.0000e+01],\n"
             "        [1.0250e+01, 1.0500e+01, 1.0750e+01,  ..., 1.9500e+01, 1.9750e+01,\n"
             "         2.0000e+01],\n"
             "        [2.0250e+01, 2.0500e+01, 2.0750e+01,  ..., 2.9500e+01, 2.9750e+01,\n"
             "         3.0000e+01],\n"
             "        ...,\n"
             "        [2.7025e+02, 2.7050e+02, 2.7075e+02,  ..., 2.7950e+02, 2.7975e+02,\n"
             "         2.8000e+02],\n"
             "        [2.8025e+02, 2.8050e+02, 2.8075e+02,  ..., 2.8950e+02, 2.8975e+02,\n"
             "         2.9000e+02],\n"
             "        [2.9025e+02, 2.9050e+02, 2.9075e+02,  ..., 2.9950e+02, 2.9975e+02,\n"
             "         3.0000e+02]], grad_fn=<AddBackward0>)"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {1},
     .requires_grad = true,
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([0.2500], requires_grad=True)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {1},
     .requires_grad = true,
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([0.2500], dtype=torch.float64, requires_grad=True)"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {2},
     .requires_grad = true,
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([0.2500, 0.7500], requires_grad=True)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {2},
     .requires_grad = true,
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([0.2500, 0.7500], dtype=torch.float64, requires_grad=True)"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {3},
     .requires_grad = true,
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([0.2500, 0.7500, 1.2500], requires_grad=True)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {3},
     .requires_grad = true,
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([0.2500, 0.7500, 1.2500], dtype=torch.float64, requires_grad=True)"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {4},
     .requires_grad = true,
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([0.2500, 0.7500, 1.2500, 1.7500], requires_grad=True)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {4},
     .requires_grad = true,
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([0.2500, 0.7500, 1.2500, 1.7500], dtype=torch.float64,\n"
             "       requires_grad=True)"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {5},
     .requires_grad = true,
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([0.2500, 0.7500, 1.2500, 1.7500, 2.2500], requires_grad=True)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {5},
     .requires_grad = true,
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([0.2500, 0.7500, 1.2500, 1.7500, 2.2500], dtype=torch.float64,\n"
             "       requires_grad=True)"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {6},
     .requires_grad = true,
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([0.2500, 0.7500, 1.2500, 1.7500, 2.2500, 2.7500], requires_grad=True)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {6},
     .requires_grad = true,
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([0.2500, 0.7500, 1.2500, 1.7500, 2.2500, 2.7500], dtype=torch.float64,\n"
             "       requires_grad=True)"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {7},
     .requires_grad = true,
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([0.2500, 0.7500, 1.2500, 1.7500, 2.2500, 2.7500, 3.2500],\n"
             "       requires_grad=True)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {7},
     .requires_grad = true,
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([0.2500, 0.7500, 1.2500, 1.7500, 2.2500, 2.7500, 3.2500],\n"
             "       dtype=torch.float64, requires_grad=True)"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {8},
     .requires_grad = true,
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([0.2500, 0.7500, 1.2500, 1.7500, 2.2500, 2.7500, 3.2500, 3.7500],\n"
             "       requires_grad=True)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {8},
     .requires_grad = true,
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([0.2500, 0.7500, 1.2500, 1.7500, 2.2500, 2.7500, 3.2500, 3.7500],\n"
             "       dtype=torch.float64, requires_grad=True)"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {9},
     .requires_grad = true,
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([0.2500, 0.7500, 1.2500, 1.7500, 2.2500, 2.7500, 3.2500, 3.7500, 4.2500],\n"
             "       requires_grad=True)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {9},
     .requires_grad = true,
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([0.2500, 0.7500, 1.2500, 1.7500, 2.2500, 2.7500, 3.2500, 3.7500, 4.2500],\n"
             "       dtype=torch.float64, requires_grad=True)"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {10},
     .requires_grad = true,
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([0.2500, 0.7500, 1.2500, 1.7500, 2.2500, 2.7500, 3.2500, 3.7500, 4.2500,\n"
             "        4.7500], requires_grad=True)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {10},
     .requires_grad = true,
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([0.2500, 0.7500, 1.2500, 1.7500, 2.2500, 2.7500, 3.2500, 3.7500, 4.2500,\n"
             "        4.7500], dtype=torch.float64, requires_grad=True)"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {11},
     .requires_grad = true,
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([0.2500, 0.7500, 1.2500, 1.7500, 2.2500, 2.7500, 3.2500, 3.7500, 4.2500,\n"
             "        4.7500, 5.2500], requires_grad=True)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {11},
     .requires_grad = true,
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([0.2500, 0.7500, 1.2500, 1.7500, 2.2500, 2.7500, 3.2500, 3.7500, 4.2500,\n"
             "        4.7500, 5.2500], dtype=torch.float64, requires_grad=True)"},
    {.dtype = wk_float64,
     .ndim = 2,
     .shape = {2, 2},
     .grad_fn = "ReluBackward0",
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([[0.2500, 0.7500],\n"
             "        [1.2500, 1.7500]], dtype=torch.float64, grad_fn=<ReluBackward0>)"},
    {.dtype = wk_float64,
     .ndim = 2,
     .shape = {2, 3},
     .grad_fn = "MulBackward0",
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([[0.2500, 0.7500, 1.2500],\n"
             "        [1.7500, 2.2500, 2.7500]], dtype=torch.float64, grad_fn=<MulBackward0>)"},
    {.dtype = wk_float64,
     .ndim = 2,
     .shape = {2, 4},
     .grad_fn = "AddBackward0",
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([[0.2500, 0.7500, 1.2500, 1.7500],\n"
             "        [2.2500, 2.7500, 3.2500, 3.7500]], dtype=torch.float64,\n"
             "       grad_fn=<AddBackward0>)"},
    {.dtype = wk_float64,
     .ndim = 2,
     .shape = {2, 5},
     .grad_fn = "ViewBackward0",
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([[0.2500, 0.7500, 1.2500, 1.7500, 2.2500],\n"
             "        [2.7500, 3.2500, 3.7500, 4.2500, 4.7500]], dtype=torch.float64,\n"
             "       grad_fn=<ViewBackward0>)"},
    {.dtype = wk_float64,
     .ndim = 2,
     .shape = {2, 6},
     .grad_fn = "ViewBackward0",
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([[0.2500, 0.7500, 1.2500, 1.7500, 2.2500, 2.7500],\n"
             "        [3.2500, 3.7500, 4.2500, 4.7500, 5.2500, 5.7500]], dtype=torch.float64,\n"
             "       grad_fn=<ViewBackward0>)"},
    {.dtype = wk_float64,
     .ndim = 2,
     .shape = {2, 7},
     .grad_fn = "ReluBackward0",
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([[0.2500, 0.7500, 1.2500, 1.7500, 2.2500, 2.7500, 3.2500],\n"
             "        [3.7500, 4.2500, 4.7500, 5.2500, 5.7500, 6.2500, 6.7500]],\n"
             "       dtype=torch.float64, grad_fn=<ReluBackward0>)"},
    {.dtype = wk_float64,
     .ndim = 2,
     .shape = {2, 8},
     .grad_fn = "AddBackward0",
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([[0.2500, 0.7500, 1.2500, 1.7500, 2.2500, 2.7500, 3.2500, 3.7500],\n"
             "        [4.2500, 4.7500, 5.2500, 5.7500, 6.2500, 6.7500, 7.2500, 7.7500]],\n"
             "       dtype=torch.float64, grad_fn=<AddBackward0>)"},
    {.dtype = wk_float64,
     .ndim = 2,
     .shape = {2, 9},
     .grad_fn = "AddBackward0",
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([[0.2500, 0.7500, 1.2500, 1.7500, 2.2500, 2.7500, 3.2500, 3.7500, 4.2500],\n"
             "        [4.7500, 5.2500, 5.7500, 6.2500, 6.7500, 7.2500, 7.7500, 8.2500, 8.7500]],\n"
             "       dtype=torch.float64, grad_fn=<AddBackward0>)"},
    {.dtype = wk_float64,
     .ndim = 2,
     .shape = {2, 10},
     .grad_fn = "AddBackward0",
     .start = 0.25,
     .step = 0.5,
     .text = "tensor([[0.2500, 0.7500, 1.2500, 1.7500, 2.2500, 2.7500, 3.2500, 3.7500, 4.2500,\n"
             "         4.7500],\n"
             "        [5.2500, 5.7500, 6.2500, 6.7500, 7.2500, 7.7500, 8.2500, 8.7500, 9.2500,\n"
             "         9.7500]], dtype=torch.float64, grad_fn=<AddBackward0>)"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {2},
     .grad_fn = "AddBackward0",
     .floats = (const double[]){0.5, 1.5},
     .text = "tensor([0.5000, 1.5000], grad_fn=<AddBackward0>)"},
    {.dtype = wk_int32,
     .ndim = 1,
     .shape = {8},
     .start = 1,
     .step = 1,
     .text = "tensor([1, 2, 3, 4, 5, 6, 7, 8], dtype=torch.int32)"},
    {.dtype = wk_int32,
     .ndim = 1,
     .shape = {22},
     .start = 1,
     .step = 1,
     .text = "tensor([ 1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17, 18,\n"
             "        19, 20, 21, 22], dtype=torch.int32)"},
    {.dtype = wk_uint8,
     .ndim = 1,
     .shape = {9},
     .start = 1,
     .step = 1,
     .text = "tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], dtype=torch.uint8)"},
    {.dtype = wk_float32,
     .ndim = 1,
     .shape = {4},
     .default_dtype = wk_float64,
     .start = 0.5,
     .step = 0.5,
     .text = "tensor([0.5000, 1.0000, 1.5000, 2.0000], dtype=torch.float32)"},
    {.dtype = wk_float64,
     .ndim = 1,
     .shape = {4},
     .default_dtype = wk_float64,
     .start = 0.5,
     .step = 0.5,
     .text = "tensor([0.5000, 1.0000, 1.5000, 2.0000])"},
    {.dtype = wk_float64, .ndim = 1, .shape = {0}, .default_dtype = wk_float64, .text = "tensor([])"},
    {.dtype = wk_float32,
     .ndim = 2,
     .shape = {2, 0},
     .default_dtype = wk_float64,
     .text = "tensor([], size=(2, 0), dtype=torch.float32)"},
    {.dtype = wk_int64,
     .ndim = 1,
     .shape = {0},
     .default_dtype = wk_float64,
     .text = "tensor([], dtype=torch.int64)"},
};
