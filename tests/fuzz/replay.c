/* Without libFuzzer: each file on the command line is given to the target once. */
#include <stdio.h>

#include "fuzz.h"

enum { INPUT_MAX = 1 << 20 };

static char input[INPUT_MAX];

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        FILE *f = fopen(argv[i], "rb");
        size_t n;

        if (!f)
            return perror(argv[i]), 1;
        n = fread(input, 1, sizeof input, f);
        fclose(f);
        /* Memory of exactly that size, so that AddressSanitizer sees the first byte too many. */
        uint8_t *exact = malloc(n ? n : 1);

        memcpy(exact, input, n);
        LLVMFuzzerTestOneInput(exact, n);
        free(exact);
    }
    return 0;
}
