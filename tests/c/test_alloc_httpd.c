/* The server, when memory runs out: a client gets the whole answer, or none; nothing stays. */
#include "faulty.h"
#include "trapheus/httpd.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST                                                                                    \
    "POST /path?query HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nX-A: b\r\n\r\nbody"

struct site {
    struct tph_loop *loop;
    struct tph_httpd *server;
    struct tph_httpd_request *request;
    int client;
    bool break_off; /* the answer */
};

static void arrived(void *context, enum tph_status status) {
    struct site *site = context;
    if (status == TPH_OK) site->request = tph_httpd_take(site->server);
}

static enum tph_status dial(struct site *site) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(tph_httpd_port(site->server)),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    site->client = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(site->client, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(send(site->client, REQUEST, sizeof REQUEST - 1, MSG_NOSIGNAL),
                     sizeof REQUEST - 1);
    return TPH_OK;
}

/* Has the server gone away? What it has said stays to be read. */
static bool is_closed(const struct site *site) {
    char byte;
    return recv(site->client, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

static enum tph_status answer(struct site *site) {
    struct tph_header header = {TPH_STR("X-Answer"), TPH_STR("value")};
    const struct tph_httpd_message *asked = tph_httpd_message(site->request);
    assert_true(tph_str_equal(asked->body, TPH_STR("body")) && asked->header_count == 3);
    struct tph_str body = TPH_STR("the whole answer");
    enum tph_status status = site->break_off
                                 ? tph_httpd_break_off(site->request, 200, &header, 1, body, 3)
                                 : tph_httpd_reply(site->request, 200, &header, 1, body);
    if (status != TPH_OK) tph_httpd_drop(site->request);
    return status;
}

static enum tph_status serve(struct site *site) {
    struct tph_httpd_options options = {.address = "127.0.0.1"};
    enum tph_status status = tph_httpd_listen(site->loop, &options, arrived, site, &site->server);
    if (status == TPH_OK) status = dial(site);
    while (status == TPH_OK && !site->request && !is_closed(site))
        status = tph_loop_step(site->loop, 20);
    if (status == TPH_OK) status = site->request ? answer(site) : TPH_ENOMEM;
    for (int i = 0; status == TPH_OK && i < 3; i++) status = tph_loop_step(site->loop, 2);
    return status;
}

static enum tph_status try_serving(void *context) {
    struct site site = {.client = -1, .break_off = context != NULL};
    struct tph_loop_options options = {.clock = tph_clock_system()};
    char got[512] = "";
    assert_int_equal(tph_loop_new(&options, &site.loop), TPH_OK);
    enum tph_status status = FAULTY(serve(&site));
    if (site.client >= 0 && recv(site.client, got, sizeof got - 1, MSG_DONTWAIT) > 0)
        assert_non_null(strstr(got, site.break_off ? "\r\n\r\nthe" : "\r\n\r\nthe whole answer"));
    assert_int_equal(*got != '\0', status == TPH_OK);
    if (site.client >= 0) close(site.client);
    tph_httpd_free(site.server);
    tph_loop_free(site.loop);
    return status;
}

static void a_request_is_answered_or_not(void **state) { faulty_sweep(try_serving, NULL); }

static void an_answer_is_broken_off_or_not_begun(void **state) {
    faulty_sweep(try_serving, "break off");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_answered_or_not),
        cmocka_unit_test(an_answer_is_broken_off_or_not_begun),
    };
    return cmocka_run_group_tests(tests, faulty_set_up, NULL);
}
