/* The network that the program trains. */
#ifndef WICK_CLI_LENET_H
#define WICK_CLI_LENET_H

#include <wick/wick.h>

/* LeNet for 32x32 grey pictures: keys conv1.weight ... fc3.bias. */
wk_Module *LeNet_new(void);

/* Saves and loads its weights; the file's metadata tell how pictures were resized. load's result says "bilinear" or "pad". */
bool lenet_save(wk_Module *net, const char *path, const char *resize);
const char *lenet_load(wk_Module *net, const char *path);

#endif
