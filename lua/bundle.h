/* bundle.h - the files inside the program; the table is written by cmake/bundle.lua. */
#ifndef TRAPHEUS_BUNDLE_H
#define TRAPHEUS_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>

struct bundled {
    const char *name; /* "trapheus/cli.lua"; NULL ends the table */
    const char *data; /* of a module: as string.dump makes it */
    size_t length_bytes;
    bool packed; /* by gzip */
};

extern const struct bundled bundle[];

#endif
