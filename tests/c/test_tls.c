/* Who is believed to be the server: against `openssl s_server` with a certificate of our own. */
#include "unit.h"
#include "trapheus/http.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[64], certificate[96], key[96];
static pid_t server;
static int port;

static pid_t spawn(char *const *arguments, int out) {
    pid_t child = fork();
    if (child != 0) return child;
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(out >= 0 ? out : null, 1);
    dup2(null, 2);
    execvp(arguments[0], arguments);
    _exit(127);
}

static int make_certificate(void) {
    char *arguments[] = {"openssl",
                         "req",
                         "-x509",
                         "-newkey",
                         "ec",
                         "-pkeyopt",
                         "ec_paramgen_curve:P-256",
                         "-nodes",
                         "-days",
                         "1",
                         "-subj",
                         "/CN=test",
                         "-addext",
                         "subjectAltName=DNS:localhost",
                         "-out",
                         certificate,
                         "-keyout",
                         key,
                         NULL};
    int status = -1;
    waitpid(spawn(arguments, -1), &status, 0);
    return status;
}

/* s_server says where it listens: "ACCEPT 127.0.0.1:40123". */
static int start_server(void) {
    int ends[2];
    char line[128];
    char *arguments[] = {"openssl", "s_server",  "-accept", "127.0.0.1:0", "-www",
                         "-cert",   certificate, "-key",    key,           NULL};
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    server = spawn(arguments, ends[1]);
    close(ends[1]);
    FILE *output = fdopen(ends[0], "r");
    while (output && port == 0 && fgets(line, sizeof line, output))
        sscanf(line, "ACCEPT 127.0.0.1:%d", &port);
    if (output) fclose(output);
    return port > 0 ? 0 : -1;
}

static int set_up(void **state) {
    strcpy(directory, "/tmp/test_tls.XXXXXX");
    if (!mkdtemp(directory)) return -1;
    snprintf(certificate, sizeof certificate, "%s/cert.pem", directory);
    snprintf(key, sizeof key, "%s/key.pem", directory);
    return make_certificate() == 0 ? start_server() : -1;
}

static int tear_down(void **state) {
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    unlink(certificate);
    unlink(key);
    return rmdir(directory);
}

struct outcome {
    enum tph_status status;
    int answer, calls;
};

static void record(void *context, enum tph_status status, const struct tph_http_reply *reply) {
    struct outcome *outcome = context;
    outcome->status = status;
    outcome->answer = reply->status;
    outcome->calls++;
}

static struct outcome get(const char *host, const char *ca_bundle) {
    struct tph_loop *loop = NULL;
    struct tph_http_call *call = NULL;
    struct outcome outcome = {0};
    char url[64];
    snprintf(url, sizeof url, "https://%s:%d/", host, port);
    struct tph_loop_options options = {.clock = tph_clock_system(), .ca_bundle = ca_bundle};
    struct tph_http_request request = {
        .method = TPH_STR("GET"), .url = tph_str_from(url), .no_proxy = true};
    assert_int_equal(tph_loop_new(&options, &loop), TPH_OK);
    assert_int_equal(tph_http_send(loop, &request, record, &outcome, &call), TPH_OK);
    while (outcome.calls == 0) assert_int_equal(tph_loop_step(loop, -1), TPH_OK);
    tph_loop_free(loop);
    return outcome;
}

static void a_certificate_of_the_bundle_is_believed(void **state) {
    struct outcome outcome = get("localhost", certificate);
    assert_int_equal(outcome.status, TPH_OK);
    assert_int_equal(outcome.answer, 200);
}

static void a_stranger_is_not(void **state) {
    assert_int_equal(get("localhost", NULL).status, TPH_ETLS);
}

static void nor_is_another_host_name(void **state) {
    assert_int_equal(get("127.0.0.1", certificate).status, TPH_ETLS);
}

static void a_bundle_that_is_not_there_is_an_error(void **state) {
    assert_int_equal(get("localhost", "/nowhere/ca.pem").status, TPH_ETLS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_of_the_bundle_is_believed),
        cmocka_unit_test(a_stranger_is_not),
        cmocka_unit_test(nor_is_another_host_name),
        cmocka_unit_test(a_bundle_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
