/* decode.c - what expat alone does with a page of DescribeDBInstances: `decode PAGE` calls
 * handlers that do nothing. Prints the seconds it takes. */
#include "clock.h"
#include <expat.h>
#include <stdio.h>
#include <stdlib.h>

static char page[16 << 20];
static int page_bytes;

static void on_start(void *context, const char *name, const char **attributes) {
    (void)context, (void)name, (void)attributes;
}

static void on_end(void *context, const char *name) { (void)context, (void)name; }

static void on_text(void *context, const char *text, int length) {
    (void)context, (void)text, (void)length;
}

static void parse(void) {
    XML_Parser parser = XML_ParserCreate(NULL);
    if (!parser) abort();
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    if (XML_Parse(parser, page, page_bytes, XML_TRUE) != XML_STATUS_OK) abort();
    XML_ParserFree(parser);
}

int main(int argc, char **argv) {
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (!file) return 2;
    page_bytes = (int)fread(page, 1, sizeof page, file);
    fclose(file);
    printf("%.9g\n", seconds_of(parse));
    return 0;
}
