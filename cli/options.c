/* Each option is one row: its name, what its value may be, where it goes and what it is for. */
#include "options.h"

#define AT(field) offsetof(Settings, field)
#define EVERY     (COMMAND_TRAIN | COMMAND_TEST | COMMAND_PREDICT | COMMAND_DATA | COMMAND_BENCH)
#define RUNS      (COMMAND_TRAIN | COMMAND_TEST | COMMAND_PREDICT)

const Option options[] = {
    {"data", KIND_TEXT, COMMAND_TRAIN | COMMAND_TEST | COMMAND_BENCH, AT(data), 0, 0, "digits|DIR",
     "pictures to work on: drawn digits, or a folder with MNIST's files (default: digits)"},
    {"model", KIND_TEXT, COMMAND_TRAIN, AT(model), 0, 0, "lenet|FILE",
     "the network: LeNet, or what FILE says, a layer a line as PyTorch writes it (default: lenet)"},
    {"epochs", KIND_WHOLE, COMMAND_TRAIN, AT(epochs), 1, 1e6, "N", "times through the data (default: 3)"},
    {"batch-size", KIND_WHOLE, COMMAND_TRAIN, AT(batch_size), 1, 1e6, "N",
     "pictures of one step (default: 64)"},
    {"optimizer", KIND_CHOICE, COMMAND_TRAIN, AT(optimizer), 0, 0, "sgd|adam|rmsprop",
     "how weights are changed (default: sgd)"},
    {"lr", KIND_NUMBER, COMMAND_TRAIN, AT(lr), 0, 1e30, "X",
     "learning rate (default: 0.05 for sgd, 0.001 for adam and rmsprop)"},
    {"momentum", KIND_NUMBER, COMMAND_TRAIN, AT(momentum), 0, 1e30, "X",
     "(default: 0.9 for sgd, 0 for rmsprop)"},
    {"seed", KIND_WHOLE, COMMAND_TRAIN, AT(seed), 0, 0x1p62, "N", "of all random numbers (default: 0)"},
    {"resize", KIND_CHOICE, RUNS, AT(resize), 0, 0, "bilinear|pad|none",
     "how 28x28 becomes 32x32; none: it does not (default: bilinear, or as the model was trained)"},
    {"threads", KIND_WHOLE, RUNS | COMMAND_BENCH, AT(threads), 1, 256, "N",
     "(default: one for each processor)"},
    {"workers", KIND_WHOLE, COMMAND_TRAIN, AT(workers), 0, 256, "N",
     "threads that prepare batches ahead (default: 0)"},
    {"save", KIND_TEXT, COMMAND_TRAIN, AT(save), 0, 0, "FILE",
     "write the weights there after each epoch (safetensors)"},
    {"log", KIND_TEXT, COMMAND_TRAIN, AT(log), 0, 0, "FILE.csv",
     "write step,epoch,loss,lr there, a row a step"},
    {"limit-steps", KIND_WHOLE, COMMAND_TRAIN, AT(limit_steps), 1, 1e15, "N", "stop after so many steps"},
    {"invert", KIND_FLAG, COMMAND_PREDICT, AT(invert), 0, 0, NULL,
     "pictures are dark on light, as on paper; what is transparent is white"},
    {"mirror", KIND_TEXT, COMMAND_DATA, AT(mirror), 0, 0, "URL", "download from there"},
    {"match", KIND_TEXT, COMMAND_BENCH, AT(match), 0, 0, "WORD",
     "the row of that name, or all whose names contain it"},
    {"quick", KIND_FLAG, COMMAND_BENCH, AT(quick), 0, 0, NULL, "half the time for each row"},
    {"json", KIND_FLAG, COMMAND_BENCH, AT(json), 0, 0, NULL,
     "print name, threads, median_us, gflops or gbs, of_limit"},
    {"list", KIND_FLAG, COMMAND_BENCH, AT(list), 0, 0, NULL, "list the rows and what each does"},
    {"save-digits", KIND_TEXT, COMMAND_BENCH, AT(save_digits), 0, 0, "DIR",
     "write the drawn digits there, as MNIST's files"},
    {"child", KIND_TEXT, COMMAND_BENCH, AT(child), 0, 0, "WORK", NULL},
    {"help", KIND_FLAG, EVERY | COMMAND_HELP, AT(help), 0, 0, NULL, "show this"},
    {0},
};

const CommandRow commands[] = {
    {"train", COMMAND_TRAIN, 0, 0, "wick train [OPTIONS]",
     "trains a network and tells its test accuracy after each epoch",
     "Ctrl-C, SIGTERM and SIGHUP end training after the step and save what there is; a second Ctrl-C ends it "
     "at once. A file that is there already is replaced after the first epoch's test; an earlier end writes "
     "FILE.interrupted beside it. A network that has diverged, with a loss or weight that is no number, is "
     "never saved."},
    {"test", COMMAND_TEST, 1, 1, "wick test MODEL [OPTIONS]", "tells the test accuracy of a saved network",
     NULL},
    {"predict", COMMAND_PREDICT, 2, 1 << 30, "wick predict MODEL IMAGE... [OPTIONS]",
     "tells the digit on pictures: PNG files, IDXFILE:INDEX, or rows of FILE.csv", NULL},
    {"data", COMMAND_DATA, 2, 3, "wick data get mnist [DIR] [OPTIONS]", "downloads MNIST (to data/mnist)",
     NULL},
    {"bench", COMMAND_BENCH, 0, 0, "wick bench [OPTIONS]", "measures wick, and the limits of the machine",
     NULL},
    {"help", COMMAND_HELP, 0, 1, "wick help [COMMAND]", "tells more", NULL},
    {0},
};

const CommandRow *command_row(Command command)
{
    for (const CommandRow *row = commands; row->name; row++)
        if (row->command == command)
            return row;
    return NULL;
}
