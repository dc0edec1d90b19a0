#include "http_call.h"
#include "trapheus/address.h"
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* What curl's answers mean here; any other is a lost connection. */
static const struct {
    CURLcode code;
    enum tph_status status;
} meanings[] = {
    {CURLE_OK, TPH_OK},
    {CURLE_OUT_OF_MEMORY, TPH_ENOMEM},
    {CURLE_COULDNT_RESOLVE_HOST, TPH_ERESOLVE},
    {CURLE_COULDNT_RESOLVE_PROXY, TPH_ERESOLVE},
    {CURLE_COULDNT_CONNECT, TPH_ECONNECT},
    {CURLE_PROXY, TPH_ECONNECT},
    {CURLE_OPERATION_TIMEDOUT, TPH_ETIMEDOUT},
    {CURLE_SSL_CONNECT_ERROR, TPH_ETLS},
    {CURLE_PEER_FAILED_VERIFICATION, TPH_ETLS},
    {CURLE_SSL_CACERT_BADFILE, TPH_ETLS},
    {CURLE_SSL_CERTPROBLEM, TPH_ETLS},
    {CURLE_SSL_CIPHER, TPH_ETLS},
    {CURLE_WEIRD_SERVER_REPLY, TPH_EPARSE},
    {CURLE_UNSUPPORTED_PROTOCOL, TPH_EPARSE}, /* HTTP/0.9, or an unknown version */
    {CURLE_FILESIZE_EXCEEDED, TPH_ETOOBIG},
};

static enum tph_status meaning(CURLcode code) {
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (meanings[i].code == code) return meanings[i].status;
    return TPH_EIO;
}

/* A request of which no byte was sent was certainly not carried out: whatever went wrong then
 * counts as a connection that was not made, and a failure after that as one that was lost. */
static enum tph_status outcome(const struct tph_http_call *call, CURLcode code) {
    long sent_bytes = 0;
    enum tph_status status = meaning(code);
    curl_easy_getinfo(call->transfer.easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
    if (status == TPH_ECONNECT && call->refusal == TPH_EREFUSED) return TPH_EREFUSED;
    if (code == CURLE_WRITE_ERROR && call->refusal != TPH_OK) return call->refusal;
    bool unsent = status == TPH_ERESOLVE || status == TPH_ECONNECT || status == TPH_ETLS;
    if (sent_bytes > 0 && unsent) return TPH_EIO;
    if (sent_bytes == 0 && (status == TPH_ETIMEDOUT || status == TPH_EIO)) return TPH_ECONNECT;
    return status;
}

static void call_free(struct tph_http_call *call) {
    tph_transfer_stop(&call->transfer);
    curl_easy_cleanup(call->transfer.easy);
    for (struct curl_slist *item = call->request_headers; item; item = item->next)
        OPENSSL_cleanse(item->data, strlen(item->data)); /* the authorization is among them */
    curl_slist_free_all(call->request_headers);
    tph_buf_wipe(&call->request_body);
    tph_buf_wipe(&call->headers);
    tph_buf_wipe(&call->body);
    free(call);
}

/* Keeps the lines of the last response: a status line begins anew (after "100 Continue"). */
static size_t on_header(char *data, size_t size, size_t count, void *context) {
    struct tph_http_call *call = context;
    struct tph_str line = {data, size * count};
    if (line.length_bytes >= 5 && memcmp(data, "HTTP/", 5) == 0) {
        tph_buf_truncate(&call->headers, 0);
        return line.length_bytes;
    }
    call->refusal = tph_buf_append(&call->headers, line);
    return call->refusal == TPH_OK ? line.length_bytes : 0;
}

/* Room for a body of the length that its headers tell, but for one that only says that it is long.
 * That of one that comes compressed is too short. */
static enum tph_status make_room(struct tph_http_call *call) {
    curl_off_t told_bytes = 0;
    curl_easy_getinfo(call->transfer.easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &told_bytes);
    if (told_bytes <= 0 || told_bytes > HTTP_MAX_TOLD_BYTES) return TPH_OK;
    if ((size_t)told_bytes > call->body.max_bytes) return TPH_OK; /* refused when it comes */
    return tph_buf_reserve(&call->body, (size_t)told_bytes);
}

static size_t on_body(char *data, size_t size, size_t count, void *context) {
    struct tph_http_call *call = context;
    call->refusal = call->body.data ? TPH_OK : make_room(call);
    if (call->refusal != TPH_OK) return 0;
    call->refusal = tph_buf_append(&call->body, (struct tph_str){data, size * count});
    return call->refusal == TPH_OK ? size * count : 0;
}

/* The address was resolved once, and is the one connected to: checking here leaves nothing for a
 * second answer of the name server to change. */
static curl_socket_t on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
    struct tph_http_call *call = context;
    (void)purpose;
    if (call->public_only && !tph_address_is_public(&address->addr)) {
        call->refusal = TPH_EREFUSED;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static struct tph_str trim(struct tph_str text) {
    while (text.length_bytes > 0 && strchr(" \t\r\n", text.data[text.length_bytes - 1]))
        text.length_bytes--;
    for (; text.length_bytes > 0 && strchr(" \t", *text.data); text.length_bytes--) text.data++;
    return text;
}

static void lower(char *data, size_t length_bytes) {
    for (size_t i = 0; i < length_bytes; i++)
        if (data[i] >= 'A' && data[i] <= 'Z') data[i] += 'a' - 'A';
}

/* Splits "Name: value" lines; the names are lowered in place. TPH_ETOOBIG: too many. */
static enum tph_status split_headers(struct tph_buf *lines, struct tph_header *out, size_t *count) {
    char *at = lines->data, *end = at + lines->length_bytes;
    for (char *next; at < end; at = next) {
        char *stop = memchr(at, '\n', (size_t)(end - at));
        next = stop ? stop + 1 : end;
        char *colon = memchr(at, ':', (size_t)(next - at));
        if (!colon) continue; /* the empty line */
        if (*count == HTTP_MAX_HEADERS) return TPH_ETOOBIG;
        lower(at, (size_t)(colon - at));
        struct tph_str value = {colon + 1, (size_t)(next - colon - 1)};
        out[(*count)++] =
            (struct tph_header){.name = {at, (size_t)(colon - at)}, .value = trim(value)};
    }
    return TPH_OK;
}

/* Two lengths that differ, or a length and a transfer encoding: readers would disagree on where
 * the reply ends. curl takes one of them without a word. */
static bool contradicts_itself(const struct tph_header *headers, size_t count) {
    const struct tph_str *length = NULL;
    bool encoded = false;
    for (size_t i = 0; i < count; i++) {
        encoded = encoded || tph_str_equal(headers[i].name, TPH_STR("transfer-encoding"));
        if (!tph_str_equal(headers[i].name, TPH_STR("content-length"))) continue;
        if (length && !tph_str_equal(*length, headers[i].value)) return true;
        length = &headers[i].value;
    }
    return length && encoded;
}

struct tph_str tph_http_header(const struct tph_http_reply *reply, const char *name) {
    for (size_t i = 0; i < reply->header_count; i++)
        if (tph_str_equal(reply->headers[i].name, tph_str_from(name)))
            return reply->headers[i].value;
    return TPH_STR("");
}

static void on_done(void *context, enum tph_status status, CURLcode code) {
    struct tph_http_call *call = context;
    struct tph_header headers[HTTP_MAX_HEADERS];
    struct tph_http_reply reply = {.headers = headers, .detail = call->detail};
    long answer = 0;
    if (status == TPH_OK) status = outcome(call, code);
    if (status == TPH_OK && call->headers.length_bytes > 0)
        status = split_headers(&call->headers, headers, &reply.header_count);
    if (status == TPH_OK && contradicts_itself(headers, reply.header_count)) status = TPH_EPARSE;
    if (status == TPH_OK) {
        curl_easy_getinfo(call->transfer.easy, CURLINFO_RESPONSE_CODE, &answer);
        reply.body = tph_buf_view(&call->body);
        reply.whole = &call->body;
    }
    reply.status = (int)answer;
    call->done(call->context, status, &reply);
    call_free(call);
}

static void set_callbacks(struct tph_http_call *call) {
    CURL *easy = call->transfer.easy;
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->detail);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, call);
}

enum tph_status tph_http_send(struct tph_loop *loop, const struct tph_http_request *request,
                              tph_http_done *done, void *context, struct tph_http_call **out) {
    struct tph_http_call *call = calloc(1, sizeof *call);
    if (!call) return TPH_ENOMEM;
    call->done = done;
    call->context = context;
    call->public_only = request->public_only;
    call->transfer =
        (struct tph_transfer){tph_transfer_handle(loop), on_done, call, NULL, NULL, NULL};
    tph_buf_init(&call->headers, HTTP_MAX_HEADER_BYTES);
    tph_buf_init(&call->body, request->max_bytes ? request->max_bytes : TPH_HTTP_MAX_BYTES);
    enum tph_status status =
        call->transfer.easy ? tph_http_set_up(call, loop, request) : TPH_ENOMEM;
    if (status == TPH_OK) {
        set_callbacks(call);
        status = tph_transfer_start(loop, &call->transfer);
    }
    if (status == TPH_OK)
        *out = call;
    else
        call_free(call);
    return status;
}

void tph_http_cancel(struct tph_http_call *call) {
    if (call) call_free(call);
}
