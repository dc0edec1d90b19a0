/* json_error.h - the one JSON that a query-protocol service may answer with. Private, pure. */
#ifndef TRAPHEUS_JSON_ERROR_H
#define TRAPHEUS_JSON_ERROR_H

#include "trapheus/buf.h"

/* Reads an object of strings, {"__type": "com.amazon#Code", "message": "…"}: the code is what
 * follows the '#', if there is one. Appends to both; a text past its buffer's limit is cut.
 * TPH_EPARSE: anything else, or no "__type". TPH_ENOMEM. */
enum tph_status tph_json_error_read(struct tph_str, struct tph_buf *code, struct tph_buf *message);

#endif
