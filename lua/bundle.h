/* bundle.h - the files inside the program; the table is written by cmake/bundle.lua. */
#ifndef TRAPHEUS_BUNDLE_H
#define TRAPHEUS_BUNDLE_H

#include <stddef.h>

struct bundled {
    const char *name;   /* "trapheus/cli.lua"; NULL ends the table */
    const char *packed; /* by gzip */
    size_t length_bytes;
};

extern const struct bundled bundle[];

#endif
