/* http_call.h - shared by http.c (the exchange) and http_setup.c (its options). Private. */
#ifndef TRAPHEUS_HTTP_CALL_H
#define TRAPHEUS_HTTP_CALL_H

#include "transfer.h"
#include "trapheus/http.h"

#define HTTP_MAX_HEADERS 128
#define HTTP_MAX_HEADER_BYTES 65536
#define HTTP_MAX_TOLD_BYTES (1024L * 1024) /* for which there is room beforehand */

struct tph_http_call {
    struct tph_transfer transfer;
    struct curl_slist *request_headers;
    struct tph_buf request_body, headers, body; /* headers: the lines of the last response */
    enum tph_status refusal; /* what a callback found wrong: curl only knows that one did */
    bool public_only;        /* see struct tph_http_request */
    tph_http_done *done;
    void *context;
    char detail[CURL_ERROR_SIZE];
};

/* Checks the request and sets the call's curl handle up, but for the callbacks. The call owns what
 * it is given, also after an error. */
enum tph_status tph_http_set_up(struct tph_http_call *, struct tph_loop *,
                                const struct tph_http_request *);

#endif
