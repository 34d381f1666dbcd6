/* Converts bytes to lower-case hexadecimal digits. */
#ifndef BACKROOM_HEX_H
#define BACKROOM_HEX_H

#include <stddef.h>

/* Write 2n digits, without a NUL; returns the place behind them. */
static inline char *hex_write(char *out, const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        *out++ = "0123456789abcdef"[bytes[i] >> 4];
        *out++ = "0123456789abcdef"[bytes[i] & 15];
    }
    return out;
}

#endif
