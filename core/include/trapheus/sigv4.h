/* sigv4.h - AWS Signature Version 4, header form.
 *
 * Pure: no I/O, no clock, no globals. What each stage makes is exposed, so that a test can compare
 * it with a published vector and name the stage that went wrong. */
#ifndef TRAPHEUS_SIGV4_H
#define TRAPHEUS_SIGV4_H

#include "trapheus/buf.h"
#include "trapheus/credentials.h"
#include <stdint.h>

/* Room for any text made here; requests with more headers or parameters are refused. */
#define TPH_SIGV4_MAX_BYTES ((size_t)1 << 20)
#define TPH_SIGV4_MAX_HEADERS 64
#define TPH_SIGV4_MAX_PARAMETERS 256

struct tph_header {
    struct tph_str name, value;
};

/* What is signed. Every view is borrowed, for the length of the call only. */
struct tph_sigv4_request {
    struct tph_str method;            /* upper case: "POST" */
    struct tph_str path;              /* absolute, as sent; empty means "/" */
    struct tph_str query;             /* "k=v&k2=v2", as sent; may be empty */
    struct tph_str body;              /* hashed whole; may be empty */
    const struct tph_header *headers; /* any order, duplicates kept; one must be "host" */
    size_t header_count;
};

/* Who signs, where, when and how. The flags of a zeroed struct are right for RDS, STS and SES. */
struct tph_sigv4_identity {
    const struct tph_credentials *credentials; /* borrowed */
    struct tph_str region, service;            /* "eu-west-1", "rds" */
    int64_t time_s;                            /* seconds since the epoch, UTC */
    bool keep_path;          /* S3: dot segments and escapes of the path mean themselves */
    bool sign_body;          /* send and sign x-amz-content-sha256 */
    bool omit_session_token; /* send the token, but do not sign it */
};

/* What is made on the way, each from the one before. The last are the header lines to add,
 * "name: value", each ended by CRLF: x-amz-date, the security token if there is one,
 * x-amz-content-sha256 if sign_body, authorization. */
enum tph_sigv4_stage {
    TPH_SIGV4_CANONICAL,
    TPH_SIGV4_STRING_TO_SIGN,
    TPH_SIGV4_SIGNATURE, /* in hexadecimal */
    TPH_SIGV4_AUTHORIZATION,
    TPH_SIGV4_LINES,
    TPH_SIGV4_STAGES
};

void tph_sigv4_init(struct tph_buf stages[TPH_SIGV4_STAGES]);
void tph_sigv4_wipe(struct tph_buf stages[TPH_SIGV4_STAGES]); /* and frees; safe to repeat */

/* Fills the stages, which are empty; and empty again after an error:
 * TPH_EINVAL: no host header, a relative path, a malformed method, header name, region, service,
 * time or key. TPH_ETOOBIG: a limit above. TPH_ENOMEM: no memory here or in OpenSSL.
 *
 * Signed are all headers but those that hops may change (the table in sigv4_plan.c). If the
 * request brings x-amz-content-sha256 itself, its value is the payload hash, unless sign_body is
 * set. Derived keys are wiped before it returns. */
enum tph_status tph_sigv4_run(const struct tph_sigv4_request *, const struct tph_sigv4_identity *,
                              struct tph_buf stages[TPH_SIGV4_STAGES]);

/* The same, for who needs the header lines only: appends them to `out`, which is as it was after
 * an error. */
enum tph_status tph_sigv4_sign(const struct tph_sigv4_request *, const struct tph_sigv4_identity *,
                               struct tph_buf *out);

/* What TPH_EINVAL is about, for a person: "path: not absolute"; NULL if nothing is wrong. Names
 * fields, never shows their values. */
const char *tph_sigv4_fault(const struct tph_sigv4_request *, const struct tph_sigv4_identity *);

/* Whether a given header of this name is not to be sent, since signing adds its own. */
bool tph_sigv4_replaces(const struct tph_sigv4_identity *, struct tph_str name);

#endif
