/* Made by tools/golden_data.py from PyTorch 2.15.0; do not edit. */
static const int64_t golden_shuffled[] = {6, 7, 1, 4, 2, 0, 9, 8, 3, 5, 2, 4, 7, 0, 8,
                                          9, 5, 3, 6, 1, 7, 4, 5, 1, 9, 3, 8, 2, 0, 6};
static const int64_t golden_after_shuffled[] = {422756, 901399, 135878, 580376};
static const int64_t golden_after_sequential[] = {848963, 848379, 255427, 918503};
static const int64_t golden_generator[] = {6, 5, 4, 0, 8, 9, 2, 1, 3, 3, 6, 5, 8, 9, 4, 2, 0, 7};
static const int64_t golden_after_generator[] = {136044, 248239, 714933, 93760};
static const uint64_t golden_60000 = UINT64_C(8103380907977915609);
static const struct {
    int size;
    uint64_t hash;
} golden_bilinear[] = {
    {14, UINT64_C(6319326160300029644)},  {20, UINT64_C(4515225391930413689)},
    {27, UINT64_C(16768342829703042822)}, {28, UINT64_C(4225803439048448147)},
    {31, UINT64_C(12324554269047091213)}, {32, UINT64_C(15155927758200296823)},
    {33, UINT64_C(78212665980020514)},    {56, UINT64_C(10913022390201459548)},
    {64, UINT64_C(9810943514208804524)},
};
static const uint64_t golden_padded = UINT64_C(13038690579606125395);
