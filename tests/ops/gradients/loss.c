/* Losses. */
#include "ops/gradients/gradients.h"

static wk_Tensor *pair_loss(wk_List in, void *user)
{
    const int *how = user;
    wk_loss_options o = {a, b, (wk_Reduction)how[1]};
    return how[0] ? wk_l1_loss_with(o) : wk_mse_loss_with(o);
}

GRADIENTS_OF(pair_losses)
{
    for (int kind = 0; kind < 2; kind++)
        for (int reduction = 0; reduction < 3; reduction++) {
            int how[2] = {kind, reduction};
            check_all(pair_loss, wk_list(X(2, 3), BETWEEN(2.5, 4, 2, 3)), how, "loss");
            check_all(pair_loss, wk_list(X(2, 3), BETWEEN(2.5, 4, 3)), how, "loss, broadcast");
            check_all(pair_loss, wk_list(X(2, 1), BETWEEN(2.5, 4, 3)), how, "loss, broadcast");
            check_all(pair_loss, wk_list(strided(-1, 1, 2, 3), wk_detach(BETWEEN(2.5, 4, 2, 3))), how,
                      "loss");
            check_all(pair_loss, wk_list(X0(-1, 1), X0(2.5, 4)), how, "loss of scalars");
        }
}

static wk_Tensor *class_loss(wk_List in, void *user)
{
    wk_nll_loss_options o = *(wk_nll_loss_options *)user;
    o.input = a;
    o.target = o.target ? o.target : b;
    bool crosses = o.ignore_index == -1;
    o.ignore_index = crosses ? 0 : o.ignore_index;
    return crosses ? wk_cross_entropy_with(o) : wk_nll_loss_with(o);
}

static void check_class_loss(wk_Tensor *x, wk_Tensor *target, wk_Tensor *weight, int64_t ignore,
                             double smoothing)
{
    for (int reduction = 0; reduction < 3; reduction++) {
        wk_nll_loss_options o = {.target = target,
                                 .weight = weight,
                                 .ignore_index = ignore,
                                 .reduction = (wk_Reduction)reduction,
                                 .label_smoothing = smoothing};
        check_all(class_loss, wk_list(x), &o, "class loss");
    }
}

GRADIENTS_OF(class_losses)
{
    enum { CROSS = -1 };
    wk_Tensor *t3 = i64(1, 0, 3), *weight = f64(0.5, 1, 2, 0.25);
    wk_Tensor *t4 = tensor_of(wk_int64, 3, (int64_t[]){2, 1, 2}, (double[]){0, 2, 1, 1});
    wk_Tensor *one = tensor_of(wk_int64, 0, NULL, (double[]){2});
    for (int pass = 0; pass < 2; pass++) {
        int64_t how = pass ? CROSS : 0;
        check_class_loss(X(3, 4), t3, NULL, how, 0);
        check_class_loss(X(3, 4), t3, weight, how, 0);
        check_class_loss(strided(-1, 1, 3, 4), t3, weight, how, 0);
        check_class_loss(X(2, 3, 1, 2), t4, NULL, how, 0);
        check_class_loss(X(2, 3, 1, 2), t4, f64(0.5, 1, 2), how, 0);
        check_class_loss(X(4), one, weight, how, 0);
    }
    check_class_loss(X(3, 4), t3, weight, 3, 0);
    check_class_loss(X(3, 4), t3, NULL, WK_ZERO, 0);
    check_class_loss(X(3, 4), i64(1, -100, 3), weight, CROSS, 0.1);
    check_class_loss(X(3, 4), t3, NULL, CROSS, 0.2);
    check_class_loss(X(2, 3, 1, 2), t4, f64(0.5, 1, 2), CROSS, 0.2);
    check_class_loss(X(4), one, NULL, CROSS, 0.2);
}

GRADIENTS_OF(soft_targets)
{
    for (int reduction = 0; reduction < 3; reduction++) {
        wk_nll_loss_options o = {.ignore_index = -1, .reduction = (wk_Reduction)reduction};
        check_all(class_loss, wk_list(X(2, 3), wk_detach(BETWEEN(0, 1, 2, 3))), &o, "soft targets");
        check_all(class_loss, wk_list(X(2, 3), BETWEEN(0, 1, 2, 3)), &o, "soft targets with gradients");
        o.weight = f64(0.5, 1, 2);
        o.label_smoothing = 0.1;
        check_all(class_loss, wk_list(X(2, 3), BETWEEN(0, 1, 2, 3)), &o, "weighted soft targets");
        check_all(class_loss, wk_list(X(2, 3, 2), BETWEEN(0, 1, 2, 3, 2)), &o, "weighted soft targets, 3-d");
    }
}

static wk_Tensor *binary_loss(wk_List in, void *user)
{
    wk_binary_cross_entropy_options o = *(wk_binary_cross_entropy_options *)user;
    o.input = a, o.target = b;
    return wk_binary_cross_entropy_with(o);
}

static wk_Tensor *logits_loss(wk_List in, void *user)
{
    wk_binary_cross_entropy_with_logits_options o = *(wk_binary_cross_entropy_with_logits_options *)user;
    o.input = a, o.target = b;
    return wk_binary_cross_entropy_with_logits_with(o);
}

GRADIENTS_OF(binary_cross_entropy)
{
    for (int i = 0; i < 6; i++) {
        wk_Tensor *weight = i < 3 ? NULL : f64(0.5, 1, 2);
        wk_binary_cross_entropy_options o = {.weight = weight, .reduction = (wk_Reduction)(i % 3)};
        check_all(binary_loss, wk_list(BETWEEN(0.1, 0.9, 2, 3), BETWEEN(0, 1, 2, 3)), &o, "of probabilities");
        check_all(binary_loss, wk_list(BETWEEN(0.1, 0.9, 2, 3), wk_detach(BETWEEN(0, 1, 2, 3))), &o,
                  "of probabilities");
        wk_binary_cross_entropy_with_logits_options l = {.weight = weight,
                                                         .reduction = (wk_Reduction)(i % 3)};
        check_all(logits_loss, wk_list(X(2, 3), BETWEEN(0, 1, 2, 3)), &l, "of logits");
        l.pos_weight = f64(3, 0.5, 2);
        check_all(logits_loss, wk_list(X(2, 3), BETWEEN(0, 1, 2, 3)), &l, "of logits with pos_weight");
        check_all(logits_loss, wk_list(wk_detach(X(2, 3)), BETWEEN(0, 1, 2, 3)), &l,
                  "of logits, target alone");
    }
}
