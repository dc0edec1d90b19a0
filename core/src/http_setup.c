#include "http_call.h"
#include "trapheus/uri.h"
#include <stdlib.h>
#include <string.h>

#define SLOWEST_BYTES_PER_S 1L
#define SLOW_FOR_S 30L

/* Ours to send, or a way to make two readers disagree on where the request ends. */
static const char *const reserved_headers[] = {"content-length", "transfer-encoding", "user-agent",
                                               "expect", "connection"};

static bool is_token(struct tph_str text) {
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < text.length_bytes; i++) {
        char c = text.data[i];
        bool alphanumeric = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
        if (!alphanumeric && (c == '\0' || !strchr(others, c))) return false;
    }
    return text.length_bytes > 0;
}

/* No control character, so no line break: a header's value cannot become another header. */
static bool is_line(struct tph_str text) {
    for (size_t i = 0; i < text.length_bytes; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < 32 && c != '\t') || c == 127) return false;
    }
    return true;
}

static bool is_reserved(struct tph_str name) {
    for (size_t i = 0; i < sizeof reserved_headers / sizeof *reserved_headers; i++)
        if (tph_str_equal_nocase(name, tph_str_from(reserved_headers[i]))) return true;
    return false;
}

static enum tph_status check(const struct tph_http_request *request) {
    struct tph_uri uri;
    if (tph_uri_parse(request->url, &uri) != TPH_OK || !is_token(request->method))
        return TPH_EINVAL;
    for (size_t i = 0; i < request->header_count; i++) {
        const struct tph_header *header = &request->headers[i];
        if (!is_token(header->name) || !is_line(header->value) || is_reserved(header->name))
            return TPH_EINVAL;
    }
    bool secure = tph_str_equal(uri.scheme, TPH_STR("https"));
    return secure || request->allow_http ? TPH_OK : TPH_EREFUSED;
}

static enum tph_status add_header(struct tph_http_call *call, const char *line) {
    struct curl_slist *list = curl_slist_append(call->request_headers, line);
    if (!list) return TPH_ENOMEM;
    call->request_headers = list;
    return TPH_OK;
}

/* curl wants "name;" for a header without a value, and "name:" to leave its own out. */
static enum tph_status add_given_header(struct tph_http_call *call,
                                        const struct tph_header *header) {
    struct tph_buf line;
    tph_buf_init(&line, HTTP_MAX_HEADER_BYTES);
    enum tph_status status = tph_buf_append(&line, header->name);
    if (status == TPH_OK && header->value.length_bytes == 0)
        status = tph_buf_append_char(&line, ';');
    if (status == TPH_OK && header->value.length_bytes > 0) {
        status = tph_buf_append(&line, TPH_STR(": "));
        if (status == TPH_OK) status = tph_buf_append(&line, header->value);
    }
    if (status == TPH_OK) status = add_header(call, line.data);
    tph_buf_wipe(&line);
    return status;
}

static enum tph_status add_headers(struct tph_http_call *call,
                                   const struct tph_http_request *request) {
    bool typed = false;
    enum tph_status status = add_header(call, "Expect:");
    for (size_t i = 0; status == TPH_OK && i < request->header_count; i++) {
        typed = typed || tph_str_equal_nocase(request->headers[i].name, TPH_STR("content-type"));
        status = add_given_header(call, &request->headers[i]);
    }
    return status == TPH_OK && !typed ? add_header(call, "Content-Type:") : status;
}

/* The body stays in the call, to be wiped; POST, PUT and PATCH say so when it is empty. */
static enum tph_status set_method(struct tph_http_call *call,
                                  const struct tph_http_request *request) {
    CURL *easy = call->transfer.easy;
    char method[32];
    if (request->method.length_bytes >= sizeof method) return TPH_EINVAL;
    memcpy(method, request->method.data, request->method.length_bytes);
    method[request->method.length_bytes] = '\0';
    tph_buf_init(&call->request_body, TPH_HTTP_MAX_BYTES);
    enum tph_status status = tph_buf_append(&call->request_body, request->body);
    if (status != TPH_OK) return status;
    bool has_body = request->body.length_bytes > 0 || method[0] == 'P';
    CURLcode code = CURLE_OK;
    if (has_body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)call->request_body.length_bytes);
        code = curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->request_body.data);
    } else if (strcmp(method, "HEAD") == 0) {
        code = curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    }
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    return code == CURLE_OK ? TPH_OK : TPH_ENOMEM;
}

struct long_option {
    CURLoption name;
    long value;
};

static enum tph_status set_longs(CURL *easy, const struct tph_http_request *request) {
    int64_t timeout_ms = request->timeout_ms ? request->timeout_ms : TPH_HTTP_TIMEOUT_MS;
    int64_t connect_ms =
        request->connect_timeout_ms ? request->connect_timeout_ms : TPH_HTTP_CONNECT_TIMEOUT_MS;
    const struct long_option options[] = {
        {CURLOPT_FOLLOWLOCATION, 0},
        {CURLOPT_NETRC, CURL_NETRC_IGNORED},
        {CURLOPT_SSL_VERIFYPEER, 1},
        {CURLOPT_SSL_VERIFYHOST, 2},
        {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
        {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1}, /* HTTP/2 repeats refused streams itself */
        {CURLOPT_NOSIGNAL, 1},
        {CURLOPT_PATH_AS_IS, 1}, /* it was signed as it is: "a/../b" may name an object of S3's */
        {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
        {CURLOPT_LOW_SPEED_LIMIT, SLOWEST_BYTES_PER_S},
        {CURLOPT_LOW_SPEED_TIME, SLOW_FOR_S},
        {CURLOPT_TIMEOUT_MS, (long)timeout_ms},
        {CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (curl_easy_setopt(easy, options[i].name, options[i].value) != CURLE_OK)
            return TPH_EINVAL;
    return TPH_OK;
}

struct text_option {
    CURLoption name;
    const char *value; /* NULL: left alone */
};

static enum tph_status set_texts(CURL *easy, struct tph_loop *loop, const char *url,
                                 const struct tph_http_request *request) {
    const char *protocols = request->allow_http ? "http,https" : "https";
    const struct text_option options[] = {
        {CURLOPT_URL, url},
        {CURLOPT_PROTOCOLS_STR, protocols},
        {CURLOPT_REDIR_PROTOCOLS_STR, protocols},
        {CURLOPT_USERAGENT, "trapheus/" TRAPHEUS_VERSION},
        {CURLOPT_CAINFO, tph_loop_ca_bundle(loop)},
        {CURLOPT_PROXY, request->no_proxy || request->public_only ? "" : NULL},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (options[i].value &&
            curl_easy_setopt(easy, options[i].name, options[i].value) != CURLE_OK)
            return TPH_ENOMEM;
    return TPH_OK;
}

static enum tph_status set_url_and_texts(CURL *easy, struct tph_loop *loop,
                                         const struct tph_http_request *request) {
    char *url = strndup(request->url.data, request->url.length_bytes);
    enum tph_status status = url ? set_texts(easy, loop, url, request) : TPH_ENOMEM;
    free(url);
    return status;
}

/* A request of a pool shares the connections of its pool only; where there is no room for another
 * pool it is sent alone. */
static void set_pool(CURL *easy, struct tph_loop *loop, const struct tph_http_request *request) {
    bool alone = request->fresh_connection;
    if (!alone && request->pool.length_bytes > 0) {
        CURLSH *pool = tph_loop_pool(loop, request->pool);
        if (pool) curl_easy_setopt(easy, CURLOPT_SHARE, pool);
        alone = !pool;
    }
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, (long)alone);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, (long)alone);
}

enum tph_status tph_http_set_up(struct tph_http_call *call, struct tph_loop *loop,
                                const struct tph_http_request *request) {
    CURL *easy = call->transfer.easy;
    enum tph_status status = check(request);
    if (status == TPH_OK) status = set_longs(easy, request);
    if (status == TPH_OK) status = set_url_and_texts(easy, loop, request);
    if (status == TPH_OK) status = set_method(call, request);
    if (status == TPH_OK) status = add_headers(call, request);
    if (status != TPH_OK) return status;
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->request_headers);
    set_pool(easy, loop, request);
    return TPH_OK;
}
