/* The commands: each does what the settings say and returns the exit code. */
#ifndef WICK_CLI_COMMANDS_H
#define WICK_CLI_COMMANDS_H

#include <wick/wick.h>

#include "settings.h"

int command_train(const Settings *settings);
int command_test(const Settings *settings);
int command_predict(const Settings *settings);
int command_data(const Settings *settings);
int command_bench(const Settings *settings);

/* The data that --data names, for training or testing, resized for the network. */
wk_Dataset *open_dataset(const char *data, bool test, const char *resize);

/* That --data is the drawn digits or may be a folder. Else says so and returns the exit code. */
int check_data(const Settings *settings);

/* How many of a batch's rows have their largest output at the target; -1 on error. */
int64_t count_right(wk_Tensor *output, wk_Tensor *target);

/* Tries the network on all of a loader's batches. False with an error of the library, or when *stop becomes non-zero. */
typedef struct Score {
    int64_t right, count;
    double loss; /* mean */
} Score;
bool try_network(wk_Module *net, wk_DataLoader *loader, const volatile int *stop, Score *score);

#endif
