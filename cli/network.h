/* The network that the program trains, or has loaded: LeNet, or one from a text. */
#ifndef WICK_CLI_NETWORK_H
#define WICK_CLI_NETWORK_H

#include <wick/wick.h>

typedef struct Network {
    wk_Module *module;
    char *text;         /* what network_make has made it from; NULL: LeNet, or one that was loaded */
    const char *resize; /* how pictures become its input: "bilinear", "pad" or "none" */
} Network;

/* Makes one: "lenet", or the text in a file of that name. On failure says why and returns the exit code; free it in any case. */
int network_make(Network *net, const char *command, const char *model, const char *resize);

/* A saved one, whose file tells its text and how pictures were resized; resize NULL: so. */
int network_load(Network *net, const char *command, const char *path, const char *resize);

/* Writes the weights of one that was made, and with them what load needs. False with an error of the library. */
bool network_save(const Network *net, const char *path);
void network_free(Network *net);

/* The side of the pictures that go into a network. */
int64_t picture_side(const char *resize);
wk_resize_mode picture_mode(const char *resize);

#endif
