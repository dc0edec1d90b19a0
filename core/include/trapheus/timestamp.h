/* timestamp.h - the moments in AWS's replies. Pure. */
#ifndef TRAPHEUS_TIMESTAMP_H
#define TRAPHEUS_TIMESTAMP_H

#include "trapheus/buf.h"

/* Seconds since the epoch, of a text in one of the three formats on the wire: ISO 8601
 * ("2026-01-02T10:20:30.5Z", also with an offset or without a zone), RFC 822 ("Fri, 02 Jan 2026
 * 10:20:30 GMT") and the seconds themselves. TPH_EPARSE: it is in none of them. */
enum tph_status tph_timestamp_parse(struct tph_str text, double *seconds);

#endif
