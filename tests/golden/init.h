/* torch.manual_seed(3); f(torch.empty(3, 4, 2)): the first and the last value, by torch.nn.init of PyTorch 2.15. */
EXPECT_ENDS(wk_kaiming_uniform_(w), -0x1.b79fc20000000p-1f, -0x1.b0aaba0000000p-1f);
EXPECT_ENDS(wk_kaiming_uniform_(w, .a = sqrt(5.0)), -0x1.66f3980000000p-2f, -0x1.6145640000000p-2f);
EXPECT_ENDS(wk_kaiming_normal_(w, .fan_out = true, .nonlinearity = "relu"), -0x1.6a803e0000000p-5f,
            -0x1.02578c0000000p-4f);
EXPECT_ENDS(wk_xavier_uniform_(w), -0x1.4c53160000000p-1f, -0x1.4710c00000000p-1f);
EXPECT_ENDS(wk_xavier_uniform_(w, .gain = 2), -0x1.4c53160000000p+0f, -0x1.4710c00000000p+0f);
EXPECT_ENDS(wk_xavier_normal_(w), -0x1.daa00a0000000p-6f, -0x1.523fc20000000p-5f);
EXPECT_ENDS(wk_init_uniform_(w, -1, 3, NULL), -0x1.f744b00000000p-1f, -0x1.e733900000000p-1f);
EXPECT_ENDS(wk_init_normal_(w, 1, 0.5, NULL), 0x1.ec610a0000000p-1f, 0x1.e4089e0000000p-1f);
