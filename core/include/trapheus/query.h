/* query.h - form bodies (application/x-www-form-urlencoded), written and read.
 *
 * Pure. A blank is written as '+', the unreserved characters are bare and hexadecimal digits are
 * upper case: signatures are checked against a re-encoded form by some servers, so there must be
 * one spelling only. */
#ifndef TRAPHEUS_QUERY_H
#define TRAPHEUS_QUERY_H

#include "trapheus/buf.h"

/* The longest form that is written or read. */
#define TPH_QUERY_MAX_BYTES ((size_t)16 << 20)

/* Appends "key=value", and a '&' before it unless `out` is empty. After an error (TPH_ETOOBIG,
 * TPH_ENOMEM), here and below, `out` is as it was. */
enum tph_status tph_query_append(struct tph_buf *out, struct tph_str key, struct tph_str value);

/* Takes the next pair from `rest`; key and value are still encoded, and a pair without '=' has
 * an empty value. False at the end. Empty pairs ("a=1&&b=2") are passed over. */
bool tph_query_next(struct tph_str *rest, struct tph_str *key, struct tph_str *value);

/* Appends one key or value, decoded: '+' is a blank. TPH_EPARSE: a malformed escape. */
enum tph_status tph_query_decode(struct tph_str encoded, struct tph_buf *out);

#endif
