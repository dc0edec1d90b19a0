#include "trapheus/httpd.h"
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_BODY_BYTES ((size_t)1 << 20)
#define MOST_CONNECTIONS 64U
#define TIMEOUT_S 30U

/* Two may hold a request: its connection, until microhttpd has done with it, and whoever it was
 * handed to. It is freed when neither does. */
struct tph_httpd_request {
    struct tph_httpd *server;          /* NULL: the server is gone */
    struct MHD_Connection *connection; /* NULL until it is known */
    bool held;                         /* by whoever it was handed to */
    bool dropped;
    char *target; /* as sent: path and query */
    struct tph_buf body;
    struct tph_header *headers;
    struct tph_httpd_message message;
    struct MHD_Response *response; /* to be sent */
    unsigned int status;
    struct tph_httpd_request *next; /* of those that wait for an answer */
};

struct tph_httpd {
    struct MHD_Daemon *daemon;
    struct tph_watch watch;
    tph_httpd_arrived *arrived;
    void *context;
    size_t max_body_bytes;
    bool closing;  /* nothing is begun any more */
    bool answered; /* a connection has been resumed: the next turn is due at once */
    struct tph_httpd_request *waiting; /* for an answer, first come first */
};

/* A request's life ------------------------------------------------------------------------ */

static void request_free(struct tph_httpd_request *request) {
    if (request->response) MHD_destroy_response(request->response);
    tph_buf_deinit(&request->body);
    free(request->headers);
    free(request->target);
    free(request);
}

/* microhttpd has read a request line: the request begins. The result is *slot of proceed(). */
static void *begin(void *context, const char *target, struct MHD_Connection *connection) {
    struct tph_httpd *server = context;
    struct tph_httpd_request *request = calloc(1, sizeof *request);
    if (!request) return NULL;
    (void)connection; /* it is not ready to be used */
    request->server = server;
    request->target = strdup(target); /* microhttpd decodes its own in place */
    tph_buf_init(&request->body, server->max_body_bytes);
    return request;
}

static void complete(void *context, struct MHD_Connection *connection, void **slot,
                     enum MHD_RequestTerminationCode code) {
    struct tph_httpd_request *request = *slot;
    (void)context, (void)connection, (void)code;
    if (!request) return;
    *slot = NULL;
    request->server = NULL;
    if (!request->held) request_free(request);
}

/* What was asked -------------------------------------------------------------------------- */

static enum MHD_Result note_header(void *context, enum MHD_ValueKind kind, const char *name,
                                   size_t name_bytes, const char *value, size_t value_bytes) {
    struct tph_httpd_request *request = context;
    (void)kind;
    request->headers[request->message.header_count++] =
        (struct tph_header){{name, name_bytes}, {value, value_bytes}};
    return MHD_YES;
}

static bool note_message(struct tph_httpd_request *request, const char *method) {
    struct tph_httpd_message *message = &request->message;
    int count = MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, NULL, NULL);
    if (count < 0) return false;
    request->headers = calloc((size_t)count + 1, sizeof *request->headers);
    if (!request->headers) return false;
    MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, note_header, request);
    size_t path_bytes = strcspn(request->target, "?");
    message->headers = request->headers;
    message->method = tph_str_from(method);
    message->path = (struct tph_str){request->target, path_bytes};
    if (request->target[path_bytes])
        message->query = tph_str_from(request->target + path_bytes + 1);
    message->body = tph_buf_view(&request->body);
    return true;
}

static enum MHD_Result hand_over(struct tph_httpd_request *request, const char *method) {
    struct tph_httpd *server = request->server;
    if (!note_message(request, method)) return MHD_NO;
    MHD_suspend_connection(request->connection);
    struct tph_httpd_request **end = &server->waiting;
    while (*end) end = &(*end)->next;
    *end = request;
    server->arrived(server->context, TPH_OK);
    return MHD_YES;
}

static enum MHD_Result send_response(struct tph_httpd_request *request) {
    return MHD_queue_response(request->connection, request->status, request->response);
}

static bool announces_too_much(const struct tph_httpd_request *request) {
    const char *length = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
                                                     MHD_HTTP_HEADER_CONTENT_LENGTH);
    return length && strtoull(length, NULL, 10) > request->body.max_bytes;
}

static enum MHD_Result count_lengths(void *context, enum MHD_ValueKind kind, const char *name,
                                     const char *value) {
    (void)kind, (void)value;
    if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0 ||
        strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0)
        ++*(int *)context;
    return MHD_YES;
}

/* The status to refuse a request with before its body comes; 0: let it come. */
static unsigned int objection(const struct tph_httpd_request *request) {
    int lengths = 0;
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, count_lengths, &lengths);
    if (lengths > 1) return MHD_HTTP_BAD_REQUEST; /* two readers could see two different bodies */
    return announces_too_much(request) ? MHD_HTTP_CONTENT_TOO_LARGE : 0;
}

static enum MHD_Result admit(struct tph_httpd_request *request, struct MHD_Connection *connection) {
    request->connection = connection;
    request->status = objection(request);
    if (!request->status) return MHD_YES;
    request->response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    return request->response ? send_response(request) : MHD_NO;
}

/* microhttpd calls this with the headers, with each piece of the body, at the end of it, and again
 * when the connection has been resumed. MHD_NO closes the connection. The signature is its own:
 * NOLINTNEXTLINE(readability-function-size) */
static enum MHD_Result proceed(void *context, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *data,
                               size_t *data_bytes, void **slot) {
    struct tph_httpd_request *request = *slot;
    (void)context, (void)url, (void)version;
    if (!request || !request->target || request->dropped || request->server->closing) return MHD_NO;
    if (!request->connection) return admit(request, connection);
    if (*data_bytes) {
        struct tph_str piece = {data, *data_bytes};
        *data_bytes = 0;
        return tph_buf_append(&request->body, piece) == TPH_OK ? MHD_YES : MHD_NO;
    }
    return request->response ? send_response(request) : hand_over(request, method);
}

/* Those who answer ------------------------------------------------------------------------- */

struct tph_httpd_request *tph_httpd_take(struct tph_httpd *server) {
    struct tph_httpd_request *request = server->waiting;
    while (request && request->held) request = request->next;
    if (request) request->held = true;
    return request;
}

const struct tph_httpd_message *tph_httpd_message(const struct tph_httpd_request *request) {
    return &request->message;
}

/* The connection goes on, at the next turn: with the response, or to its end. */
static void let_go(struct tph_httpd_request *request) {
    struct tph_httpd *server = request->server;
    struct tph_httpd_request **place = &server->waiting;
    while (*place != request) place = &(*place)->next;
    *place = request->next;
    server->answered = true;
    MHD_resume_connection(request->connection);
}

/* A name or value as a C string, which microhttpd wants. */
static enum tph_status add_header(struct MHD_Response *response, const struct tph_header *header) {
    char *name = strndup(header->name.data, header->name.length_bytes);
    char *value =
        strndup(header->value.length_bytes ? header->value.data : "", header->value.length_bytes);
    enum tph_status status = TPH_ENOMEM;
    if (name && value)
        status = MHD_add_response_header(response, name, value) == MHD_YES ? TPH_OK : TPH_EINVAL;
    free(name);
    free(value);
    return status;
}

/* Sends it, or frees it and says why not. */
static enum tph_status reply_with(struct tph_httpd_request *request, unsigned int status,
                                  const struct tph_header *headers, size_t header_count,
                                  struct MHD_Response *response) {
    if (!response) return TPH_ENOMEM;
    for (size_t i = 0; i < header_count; i++) {
        enum tph_status added = add_header(response, &headers[i]);
        if (added == TPH_OK) continue;
        MHD_destroy_response(response);
        return added;
    }
    request->response = response;
    request->status = status;
    request->held = false;
    let_go(request);
    return TPH_OK;
}

static enum tph_status check_status(const struct tph_httpd_request *request, unsigned int status) {
    if (!request->server) return TPH_ECANCELED;
    return status < 200 || status > 599 ? TPH_EINVAL : TPH_OK;
}

enum tph_status tph_httpd_reply(struct tph_httpd_request *request, unsigned int status,
                                const struct tph_header *headers, size_t header_count,
                                struct tph_str body) {
    enum tph_status checked = check_status(request, status);
    if (checked != TPH_OK) return checked;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body.length_bytes, (void *)body.data, MHD_RESPMEM_MUST_COPY);
    return reply_with(request, status, headers, header_count, response);
}

/* The front of a body; what is announced beyond it never comes. */
static ssize_t read_front(void *context, uint64_t position, char *out, size_t room) {
    struct tph_str front = tph_buf_view(context);
    if (position >= front.length_bytes) return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t count = front.length_bytes - (size_t)position;
    if (count > room) count = room;
    memcpy(out, front.data + position, count);
    return (ssize_t)count;
}

static void free_front(void *context) {
    tph_buf_deinit(context);
    free(context);
}

enum tph_status tph_httpd_break_off(struct tph_httpd_request *request, unsigned int status,
                                    const struct tph_header *headers, size_t header_count,
                                    struct tph_str body, size_t sent_bytes) {
    enum tph_status checked = check_status(request, status);
    if (checked == TPH_OK && sent_bytes >= body.length_bytes) checked = TPH_EINVAL;
    if (checked != TPH_OK) return checked;
    struct tph_buf *front = calloc(1, sizeof *front);
    if (!front) return TPH_ENOMEM;
    tph_buf_init(front, sent_bytes);
    struct MHD_Response *response = NULL;
    if (tph_buf_append(front, (struct tph_str){body.data, sent_bytes}) == TPH_OK)
        response = MHD_create_response_from_callback(body.length_bytes, 4096, read_front, front,
                                                     free_front);
    if (!response) free_front(front);
    return reply_with(request, status, headers, header_count, response);
}

void tph_httpd_drop(struct tph_httpd_request *request) {
    if (!request) return;
    if (!request->server) {
        request_free(request);
        return;
    }
    request->dropped = true;
    request->held = false;
    let_go(request);
}

/* The server -------------------------------------------------------------------------------- */

static int64_t patience_ms(void *context) {
    struct tph_httpd *server = context;
    MHD_UNSIGNED_LONG_LONG ms;
    if (server->answered) return 0;
    if (MHD_get_timeout(server->daemon, &ms) != MHD_YES) return -1;
    return ms > INT64_MAX ? INT64_MAX : (int64_t)ms;
}

static void turn(void *context, enum tph_status status) {
    struct tph_httpd *server = context;
    if (status != TPH_OK) {
        server->arrived(server->context, status);
        return;
    }
    server->answered = false;
    MHD_run(server->daemon);
}

static bool is_loopback(const struct sockaddr *address) {
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)address;
        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
    return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static enum tph_status find_address(const struct tph_httpd_options *options,
                                    struct sockaddr_storage *out) {
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    char port[8];
    (void)snprintf(port, sizeof port, "%u", (unsigned int)options->port);
    if (!options->address || getaddrinfo(options->address, port, &hints, &found) != 0)
        return TPH_EINVAL;
    enum tph_status status = is_loopback(found->ai_addr) ? TPH_OK : TPH_EREFUSED;
    if (status == TPH_OK) memcpy(out, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return status;
}

static enum tph_status start(struct tph_httpd *server, const struct tph_httpd_options *options,
                             const struct sockaddr_storage *address) {
    unsigned int flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
    if (address->ss_family == AF_INET6) flags |= MHD_USE_IPv6;
    server->daemon =
        MHD_start_daemon(flags, 0, NULL, NULL, proceed, server,                          /**/
                         MHD_OPTION_SOCK_ADDR, address,                                  /**/
                         MHD_OPTION_URI_LOG_CALLBACK, begin, server,                     /**/
                         MHD_OPTION_NOTIFY_COMPLETED, complete, server,                  /**/
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, TPH_HTTPD_MAX_HEAD_BYTES,   /**/
                         MHD_OPTION_CONNECTION_LIMIT,                                    /**/
                         options->connections ? options->connections : MOST_CONNECTIONS, /**/
                         MHD_OPTION_CONNECTION_TIMEOUT,                                  /**/
                         options->timeout_s ? options->timeout_s : TIMEOUT_S,            /**/
                         MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (!server->daemon) return TPH_ECONNECT;
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (!info) return TPH_ENOMEM;
    server->watch.fd = info->epoll_fd;
    return TPH_OK;
}

enum tph_status tph_httpd_listen(struct tph_loop *loop, const struct tph_httpd_options *options,
                                 tph_httpd_arrived *arrived, void *context,
                                 struct tph_httpd **out) {
    struct sockaddr_storage address = {0};
    enum tph_status status = find_address(options, &address);
    if (status != TPH_OK) return status;
    struct tph_httpd *server = calloc(1, sizeof *server);
    if (!server) return TPH_ENOMEM;
    server->arrived = arrived;
    server->context = context;
    server->max_body_bytes = options->max_body_bytes ? options->max_body_bytes : MAX_BODY_BYTES;
    server->watch = (struct tph_watch){.patience_ms = patience_ms, .turn = turn, .context = server};
    status = start(server, options, &address);
    if (status == TPH_OK) status = tph_loop_watch(loop, &server->watch);
    if (status == TPH_OK)
        *out = server;
    else
        tph_httpd_free(server);
    return status;
}

uint16_t tph_httpd_port(const struct tph_httpd *server) {
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}

void tph_httpd_free(struct tph_httpd *server) {
    if (!server) return;
    tph_watch_stop(&server->watch);
    server->closing = true;
    while (server->waiting) {
        server->waiting->dropped = true;
        let_go(server->waiting);
    }
    if (server->daemon) {
        MHD_run(server->daemon); /* a connection must not be suspended when it is stopped */
        MHD_stop_daemon(server->daemon);
    }
    free(server);
}
