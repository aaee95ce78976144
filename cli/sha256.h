/* SHA-256 (FIPS 180-4). */
#ifndef WICK_CLI_SHA256_H
#define WICK_CLI_SHA256_H

#include <stddef.h>

/* The digest of the bytes as 64 hexadecimal digits and a NUL. */
void sha256_hex(const void *bytes, size_t count, char hex[65]);

#endif
