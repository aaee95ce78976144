/* The network that the program trains when it is given no other. */
#ifndef WICK_CLI_LENET_H
#define WICK_CLI_LENET_H

#include <wick/wick.h>

/* LeNet for 32x32 grey pictures: keys conv1.weight ... fc3.bias. */
wk_Module *LeNet_new(void);

#endif
