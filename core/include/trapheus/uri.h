/* uri.h - percent-encoding as AWS wants it, and the parts of an absolute URL.
 *
 * Pure. "Unreserved" is RFC 3986's set, which AWS uses everywhere: A-Z a-z 0-9 - . _ ~ */
#ifndef TRAPHEUS_URI_H
#define TRAPHEUS_URI_H

#include "trapheus/buf.h"

/* Appends `bytes` with everything but the unreserved set and the characters of `keep` (a C
 * string, such as "/"; NULL for none) as %XX, upper case. After an error (TPH_ETOOBIG,
 * TPH_ENOMEM), here and below, `out` is as it was. */
enum tph_status tph_uri_encode(struct tph_str bytes, const char *keep, struct tph_buf *out);

/* Appends `text` with every %XX undone; '+' is an ordinary character.
 * TPH_EPARSE: a '%' without two hexadecimal digits. */
enum tph_status tph_uri_decode(struct tph_str text, struct tph_buf *out);

/* Appends `text`, which may be encoded already, partly or not at all, in the one spelling that
 * tph_uri_encode() would give: an escape stays one (upper case) unless it stands for an
 * unreserved character, and a '%' that begins no escape becomes %25. */
enum tph_status tph_uri_recode(struct tph_str text, const char *keep, struct tph_buf *out);

/* Appends the absolute `path` without its dot segments and without doubled slashes. It ends in
 * a slash exactly when `path` did, or when nothing else is left. Escapes are not looked into. */
enum tph_status tph_uri_normalize(struct tph_str path, struct tph_buf *out);

/* An absolute http or https URL. The views point into the text that was parsed, or to static
 * strings. */
struct tph_uri {
    struct tph_str scheme;    /* "http" or "https", whatever the case in the text */
    struct tph_str authority; /* host and port as a Host header has them: "[::1]:5000" */
    struct tph_str host;      /* a name, an IPv4 or an IPv6 address (without its brackets) */
    struct tph_str path;      /* "/" when the text has none */
    struct tph_str query;     /* without the question mark; empty when there is none */
    int port;                 /* 0 when the text names none */
};

/* TPH_EPARSE, and `out` untouched: another scheme, user information, a fragment, an empty or
 * malformed host, a port outside 1..65535, a blank or a control character anywhere. */
enum tph_status tph_uri_parse(struct tph_str text, struct tph_uri *out);

#endif
