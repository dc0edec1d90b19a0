/* server.h - a scripted HTTP server on 127.0.0.1, in a thread, for the tests of what speaks HTTP.
 *
 * It answers the n-th request that comes, on whatever connection, with the n-th row of its script,
 * and keeps what it was asked. Requests are read after server_stop(). */
#ifndef TRAPHEUS_TEST_SERVER_H
#define TRAPHEUS_TEST_SERVER_H

#include "unit.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SERVER_REQUESTS = 16, SERVER_CONNECTIONS = 16, SERVER_REQUEST_BYTES = 16384 };

enum after { CLOSE, KEEP, RESET, SILENCE, DRIP };

/* `raw` as it stands, or a reply made of the other three. RESET and SILENCE send nothing more. */
struct answer {
    const char *raw, *status, *headers, *body;
    enum after after;
};

struct server {
    int fd, port, connection_count;
    pthread_t thread;
    const struct answer *script;
    size_t script_length, request_count;
    char requests[SERVER_REQUESTS][SERVER_REQUEST_BYTES];
    struct pollfd fds[1 + SERVER_CONNECTIONS]; /* the listening socket first */
};

static size_t server_body_length(const char *request) {
    const char *field = strcasestr(request, "\r\ncontent-length:");
    return field ? strtoul(field + 17, NULL, 10) : 0;
}

/* Reads one request; false: the other side closed. */
static bool server_read(int fd, char *request) {
    size_t length = 0;
    request[0] = '\0';
    for (;;) {
        const char *end = strstr(request, "\r\n\r\n");
        if (end && length >= (size_t)(end - request) + 4 + server_body_length(request)) return true;
        ssize_t count = read(fd, request + length, SERVER_REQUEST_BYTES - 1 - length);
        if (count <= 0) return false;
        length += (size_t)count;
        request[length] = '\0';
    }
}

static void server_send(int fd, const char *text, bool drip) {
    size_t length = strlen(text);
    for (size_t sent = 0; sent < length;) {
        ssize_t count = send(fd, text + sent, drip ? 1 : length - sent, MSG_NOSIGNAL);
        if (count <= 0) return;
        sent += (size_t)count;
        if (drip) usleep(200);
    }
}

static void server_answer(int fd, const struct answer *answer) {
    if (answer->raw) {
        server_send(fd, answer->raw, answer->after == DRIP);
    } else if (answer->status) {
        char head[1024];
        const char *body = answer->body ? answer->body : "";
        snprintf(head, sizeof head, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", answer->status,
                 answer->headers ? answer->headers : "", strlen(body));
        server_send(fd, head, answer->after == DRIP);
        server_send(fd, body, answer->after == DRIP);
    }
}

/* Returns whether the connection stays open. */
static bool server_serve(struct server *server, int fd) {
    static char surplus[SERVER_REQUEST_BYTES];
    bool expected = server->request_count < server->script_length;
    if (!server_read(fd, expected ? server->requests[server->request_count] : surplus))
        return false;
    size_t number = server->request_count++;
    if (!expected) return false;
    const struct answer *answer = &server->script[number];
    server_answer(fd, answer);
    if (answer->after == RESET)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    return answer->after == KEEP || answer->after == SILENCE;
}

static void *server_run(void *context) {
    struct server *server = context;
    while (poll(server->fds, (nfds_t)server->connection_count + 1, -1) > 0) {
        if (server->fds[0].revents) {
            int fd = accept(server->fd, NULL, NULL);
            if (fd < 0 || server->connection_count == SERVER_CONNECTIONS) break;
            server->fds[++server->connection_count] = (struct pollfd){fd, POLLIN, 0};
        }
        for (int i = 1; i <= server->connection_count; i++)
            if (server->fds[i].fd >= 0 && server->fds[i].revents &&
                !server_serve(server, server->fds[i].fd)) {
                close(server->fds[i].fd);
                server->fds[i] = (struct pollfd){-1, 0, 0};
            }
    }
    return NULL;
}

static void server_start(struct server *server, const struct answer *script, size_t length) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    memset(server, 0, sizeof *server);
    server->script = script;
    server->script_length = length;
    server->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(server->fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server->fd, 16), 0);
    assert_int_equal(getsockname(server->fd, (struct sockaddr *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
    server->fds[0] = (struct pollfd){server->fd, POLLIN, 0};
    assert_int_equal(pthread_create(&server->thread, NULL, server_run, server), 0);
}

#define SERVER_START(server, script) server_start(server, script, sizeof(script) / sizeof *(script))

/* Afterwards `requests`, `request_count` and `connection_count` may be read. */
static void server_stop(struct server *server) {
    shutdown(server->fd, SHUT_RDWR);
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    for (int i = 1; i <= server->connection_count; i++)
        if (server->fds[i].fd >= 0) close(server->fds[i].fd);
    close(server->fd);
}

#endif
