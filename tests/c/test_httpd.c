#include "unit.h"
#include "trapheus/httpd.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD "Host: localhost\r\n"

struct site {
    struct tph_loop *loop;
    struct tph_httpd *server;
    int arrivals;
    enum tph_status last;
};

static void arrived(void *context, enum tph_status status) {
    struct site *site = context;
    site->arrivals++;
    site->last = status;
}

static void open_site(struct site *site, struct tph_httpd_options options) {
    *site = (struct site){.last = TPH_PENDING};
    struct tph_loop_options plain = {.clock = tph_clock_system()};
    assert_int_equal(tph_loop_new(&plain, &site->loop), TPH_OK);
    options.address = "127.0.0.1";
    assert_int_equal(tph_httpd_listen(site->loop, &options, arrived, site, &site->server), TPH_OK);
}

static void close_site(struct site *site) {
    tph_httpd_free(site->server);
    tph_loop_free(site->loop);
}

static int dial(const struct site *site) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(tph_httpd_port(site->server)),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void say(int fd, const char *text) {
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Gives the server every chance to act on what it was told. */
static void settle(struct site *site) {
    for (int i = 0; i < 4; i++) assert_int_equal(tph_loop_step(site->loop, 2), TPH_OK);
}

static struct tph_httpd_request *await_request(struct site *site) {
    struct tph_httpd_request *request = NULL;
    for (int i = 0; !request && i < 100; i++) {
        assert_int_equal(tph_loop_step(site->loop, 20), TPH_OK);
        request = tph_httpd_take(site->server);
    }
    assert_non_null(request);
    return request;
}

/* Reads until `text` has come, or the end if it is NULL. */
static void expect(struct site *site, int fd, const char *text, char *got, size_t room) {
    size_t length = 0;
    got[0] = '\0';
    for (int i = 0; i < 1000 && !(text && strstr(got, text)); i++) {
        assert_int_equal(tph_loop_step(site->loop, 2), TPH_OK);
        if (poll(&(struct pollfd){fd, POLLIN, 0}, 1, 0) == 0) continue;
        ssize_t count = recv(fd, got + length, room - 1 - length, 0);
        if (count <= 0 && !text) return;
        assert_true(count > 0);
        length += (size_t)count;
        got[length] = '\0';
    }
    assert_non_null(text);
    assert_non_null(strstr(got, text));
}

static void expect_end(struct site *site, int fd) {
    char rest[1024];
    expect(site, fd, NULL, rest, sizeof rest);
    assert_string_equal(rest, "");
    close(fd);
}

static void assert_str(struct tph_str got, const char *wanted) {
    assert_int_equal(got.length_bytes, strlen(wanted));
    assert_memory_equal(got.data ? got.data : "", wanted, got.length_bytes);
}

static void answer(struct tph_httpd_request *request, const char *body) {
    assert_int_equal(tph_httpd_reply(request, 200, NULL, 0, tph_str_from(body)), TPH_OK);
}

static void a_request_may_come_in_pieces(void **state) {
    struct site site;
    char got[1024];
    open_site(&site, (struct tph_httpd_options){0});
    int fd = dial(&site);
    for (const char *c = "POST /a%20b/?k=%26v&w HTTP/1.1\r\n" HEAD
                         "X-One: 1\r\nContent-Length: 5\r\n\r\nhell";
         *c; c++) {
        say(fd, (char[]){*c, '\0'});
        assert_int_equal(tph_loop_step(site.loop, 1), TPH_OK);
    }
    settle(&site);
    assert_null(tph_httpd_take(site.server));
    assert_int_equal(site.arrivals, 0);
    say(fd, "o");
    struct tph_httpd_request *request = await_request(&site);
    const struct tph_httpd_message *message = tph_httpd_message(request);
    assert_str(message->method, "POST");
    assert_str(message->path, "/a%20b/");
    assert_str(message->query, "k=%26v&w");
    assert_str(message->body, "hello");
    assert_int_equal(message->header_count, 3);
    assert_str(message->headers[1].name, "X-One");
    assert_str(message->headers[1].value, "1");
    assert_int_equal(site.arrivals, 1);
    struct tph_header header = {TPH_STR("x-two"), TPH_STR("2")};
    assert_int_equal(tph_httpd_reply(request, 404, &header, 1, TPH_STR("gone")), TPH_OK);
    expect(&site, fd, "\r\n\r\ngone", got, sizeof got);
    assert_non_null(strstr(got, "HTTP/1.1 404 "));
    assert_non_null(strstr(got, "x-two: 2\r\n"));
    assert_non_null(strstr(got, "Content-Length: 4\r\n"));
    assert_non_null(strstr(got, "Date: "));
    close(fd);
    close_site(&site);
}

static void pipelined_requests_are_answered_in_turn(void **state) {
    struct site site;
    char got[1024];
    open_site(&site, (struct tph_httpd_options){0});
    int fd = dial(&site);
    say(fd, "GET /1 HTTP/1.1\r\n" HEAD "\r\nGET /2 HTTP/1.1\r\n" HEAD "\r\n");
    struct tph_httpd_request *first = await_request(&site);
    settle(&site);
    assert_null(tph_httpd_take(site.server));
    assert_str(tph_httpd_message(first)->path, "/1");
    answer(first, "one");
    expect(&site, fd, "\r\n\r\none", got, sizeof got);
    struct tph_httpd_request *second = await_request(&site);
    assert_str(tph_httpd_message(second)->path, "/2");
    answer(second, "two");
    expect(&site, fd, "\r\n\r\ntwo", got, sizeof got);
    close(fd);
    close_site(&site);
}

static void requests_of_several_clients_wait_side_by_side(void **state) {
    struct site site;
    char got[1024];
    open_site(&site, (struct tph_httpd_options){0});
    int slow = dial(&site), quick = dial(&site);
    say(slow, "GET /slow HTTP/1.1\r\n" HEAD "\r\n");
    struct tph_httpd_request *first = await_request(&site);
    say(quick, "GET /quick HTTP/1.1\r\n" HEAD "\r\n");
    answer(await_request(&site), "quick");
    expect(&site, quick, "\r\n\r\nquick", got, sizeof got);
    answer(first, "slow");
    expect(&site, slow, "\r\n\r\nslow", got, sizeof got);
    close(slow);
    close(quick);
    close_site(&site);
}

static void a_body_is_limited(void **state) {
    struct site site;
    char got[1024];
    open_site(&site, (struct tph_httpd_options){.max_body_bytes = 8});
    int fd = dial(&site);
    say(fd, "POST / HTTP/1.1\r\n" HEAD "Content-Length: 9\r\n\r\n");
    expect(&site, fd, "HTTP/1.1 413 ", got, sizeof got);
    close(fd);
    fd = dial(&site);
    say(fd,
        "POST / HTTP/1.1\r\n" HEAD "Transfer-Encoding: chunked\r\n\r\n9\r\n123456789\r\n0\r\n\r\n");
    expect_end(&site, fd);
    fd = dial(&site);
    say(fd,
        "POST / HTTP/1.1\r\n" HEAD "Transfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n0\r\n\r\n");
    struct tph_httpd_request *request = await_request(&site);
    assert_str(tph_httpd_message(request)->body, "12345678");
    answer(request, "");
    expect(&site, fd, "HTTP/1.1 200 ", got, sizeof got);
    close(fd);
    assert_int_equal(site.arrivals, 1);
    close_site(&site);
}

#define TEXT "GET / HTTP/1.1\r\nX: "

static void a_head_is_limited(void **state) {
    struct site site;
    static char head[TPH_HTTPD_MAX_HEAD_BYTES + 64];
    char got[1024];
    open_site(&site, (struct tph_httpd_options){0});
    int fd = dial(&site);
    memset(head, 'x', sizeof head - 1);
    memcpy(head, TEXT, sizeof TEXT - 1);
    say(fd, head);
    expect(&site, fd, "HTTP/1.1 431 ", got, sizeof got);
    close(fd);
    assert_int_equal(site.arrivals, 0);
    close_site(&site);
}

static void what_is_no_http_is_refused(void **state) {
    static const char *const bad[] = {
        "GET\r\n\r\n",
        "\x16\x03\x01\x02\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n", /* no host */
        "GET / HTTP/9.9\r\n" HEAD "\r\n",
        "POST / HTTP/1.1\r\n" HEAD "Content-Length: many\r\n\r\n",
        "POST / HTTP/1.1\r\n" HEAD "Content-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\n" HEAD "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST / HTTP/1.1\r\n" HEAD
        "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    };
    struct site site;
    char got[1024];
    open_site(&site, (struct tph_httpd_options){0});
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int fd = dial(&site);
        say(fd, bad[i]);
        shutdown(fd, SHUT_WR);
        expect(&site, fd, NULL, got, sizeof got);
        assert_null(strstr(got, " 200 "));
        assert_null(tph_httpd_take(site.server));
        close(fd);
    }
    assert_int_equal(site.arrivals, 0);
    close_site(&site);
}

static void a_method_is_passed_on(void **state) {
    struct site site;
    char got[1024];
    open_site(&site, (struct tph_httpd_options){0});
    int fd = dial(&site);
    say(fd, "BREW /pot HTTP/1.1\r\n" HEAD "\r\n");
    struct tph_httpd_request *request = await_request(&site);
    assert_str(tph_httpd_message(request)->method, "BREW");
    assert_int_equal(tph_httpd_reply(request, 405, NULL, 0, TPH_STR("")), TPH_OK);
    expect(&site, fd, "HTTP/1.1 405 ", got, sizeof got);
    close(fd);
    close_site(&site);
}

static void a_silent_client_is_cut_off(void **state) {
    struct site site;
    char got[1024];
    open_site(&site, (struct tph_httpd_options){.timeout_s = 1});
    int fd = dial(&site);
    say(fd, "GET / HTTP/1.1\r\n");
    while (poll(&(struct pollfd){fd, POLLIN, 0}, 1, 0) == 0)
        assert_int_equal(tph_loop_step(site.loop, -1), TPH_OK); /* no limit: the server has one */
    expect(&site, fd, NULL, got, sizeof got);
    close(fd);
    assert_int_equal(site.arrivals, 0);
    close_site(&site);
}

static void those_too_many_are_turned_away(void **state) {
    struct site site;
    open_site(&site, (struct tph_httpd_options){.connections = 1});
    int first = dial(&site);
    settle(&site);
    int second = dial(&site);
    settle(&site);
    say(first, "GET /first HTTP/1.1\r\n" HEAD "\r\n");
    struct tph_httpd_request *request = await_request(&site);
    assert_str(tph_httpd_message(request)->path, "/first");
    tph_httpd_drop(request);
    expect_end(&site, first);
    close(second);
    assert_int_equal(site.arrivals, 1);
    close_site(&site);
}

static void a_malformed_reply_can_be_mended(void **state) {
    struct site site;
    char got[1024];
    open_site(&site, (struct tph_httpd_options){0});
    int fd = dial(&site);
    say(fd, "GET / HTTP/1.1\r\n" HEAD "\r\n");
    struct tph_httpd_request *request = await_request(&site);
    struct tph_header bad = {TPH_STR("x"), TPH_STR("a\r\nSet-Cookie: b")};
    assert_int_equal(tph_httpd_reply(request, 200, &bad, 1, TPH_STR("")), TPH_EINVAL);
    assert_int_equal(tph_httpd_reply(request, 99, NULL, 0, TPH_STR("")), TPH_EINVAL);
    answer(request, "mended");
    expect(&site, fd, "mended", got, sizeof got);
    assert_null(strstr(got, "Cookie"));
    close(fd);
    close_site(&site);
}

static void a_request_may_outlive_its_server(void **state) {
    struct site site;
    open_site(&site, (struct tph_httpd_options){0});
    int fds[3];
    for (int i = 0; i < 3; i++) {
        fds[i] = dial(&site);
        say(fds[i], "GET / HTTP/1.1\r\n" HEAD "\r\n");
    }
    struct tph_httpd_request *taken = await_request(&site), *other = await_request(&site);
    while (site.arrivals < 3) assert_int_equal(tph_loop_step(site.loop, 20), TPH_OK);
    int unseen = dial(&site);
    say(unseen, "GET / HTTP/1.1\r\n" HEAD "\r\n");
    tph_httpd_free(site.server);
    assert_int_equal(tph_httpd_reply(taken, 200, NULL, 0, TPH_STR("late")), TPH_ECANCELED);
    tph_httpd_drop(taken);
    tph_httpd_drop(other);
    for (int i = 0; i < 3; i++) expect_end(&site, fds[i]);
    close(unseen);
    assert_int_equal(tph_loop_outstanding(site.loop), 0);
    tph_loop_free(site.loop);
}

static void a_server_may_outlive_its_loop(void **state) {
    struct site site;
    open_site(&site, (struct tph_httpd_options){0});
    tph_loop_free(site.loop);
    assert_int_equal(site.last, TPH_ECANCELED);
    tph_httpd_free(site.server);
    tph_httpd_free(NULL);
    tph_httpd_drop(NULL);
}

static enum tph_status listen_on(struct tph_loop *loop, const char *address, uint16_t port) {
    struct tph_httpd *server = NULL;
    struct tph_httpd_options options = {.address = address, .port = port};
    enum tph_status status = tph_httpd_listen(loop, &options, arrived, NULL, &server);
    assert_true((status == TPH_OK) == (server != NULL));
    tph_httpd_free(server);
    return status;
}

static void only_this_machine_is_listened_to(void **state) {
    struct site site;
    open_site(&site, (struct tph_httpd_options){0});
    static const char *const others[] = {"0.0.0.0", "10.0.0.1", "128.0.0.1", "::", "fe80::1"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(listen_on(site.loop, others[i], 0), TPH_EREFUSED);
    assert_int_equal(listen_on(site.loop, "localhost", 0), TPH_EINVAL);
    assert_int_equal(listen_on(site.loop, NULL, 0), TPH_EINVAL);
    assert_int_equal(listen_on(site.loop, "127.0.0.2", 0), TPH_OK);
    assert_int_equal(listen_on(site.loop, "127.0.0.1", tph_httpd_port(site.server)), TPH_ECONNECT);
    close_site(&site);
    struct tph_loop *timeless = NULL;
    struct tph_loop_options options = {.clock = tph_clock_virtual(0)};
    assert_int_equal(tph_loop_new(&options, &timeless), TPH_OK);
    assert_int_equal(listen_on(timeless, "127.0.0.1", 0), TPH_EINVAL);
    tph_loop_free(timeless);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_may_come_in_pieces),
        cmocka_unit_test(pipelined_requests_are_answered_in_turn),
        cmocka_unit_test(requests_of_several_clients_wait_side_by_side),
        cmocka_unit_test(a_body_is_limited),
        cmocka_unit_test(a_head_is_limited),
        cmocka_unit_test(what_is_no_http_is_refused),
        cmocka_unit_test(a_method_is_passed_on),
        cmocka_unit_test(a_silent_client_is_cut_off),
        cmocka_unit_test(those_too_many_are_turned_away),
        cmocka_unit_test(a_malformed_reply_can_be_mended),
        cmocka_unit_test(a_request_may_outlive_its_server),
        cmocka_unit_test(a_server_may_outlive_its_loop),
        cmocka_unit_test(only_this_machine_is_listened_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
