#include "unit.h"
#include "trapheus/process.h"
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

struct end {
    bool done;
    enum tph_status status;
    int code;
    char output[64], errors[64];
    size_t error_bytes;
};

static void keep(char *kept, struct tph_str text) {
    size_t length = text.length_bytes < 63 ? text.length_bytes : 63;
    if (length) memcpy(kept, text.data, length);
}

static void on_done(void *context, enum tph_status status, int code, struct tph_str output,
                    struct tph_str errors) {
    struct end *end = context;
    end->done = true;
    end->status = status;
    end->code = code;
    end->error_bytes = errors.length_bytes;
    keep(end->output, output);
    keep(end->errors, errors);
}

static struct tph_loop *new_loop(void) {
    struct tph_loop *loop = NULL;
    struct tph_loop_options options = {.clock = tph_clock_system()};
    assert_int_equal(tph_loop_new(&options, &loop), TPH_OK);
    return loop;
}

static struct end run_request(const char *script, struct tph_process_request request) {
    struct end end = {0};
    struct tph_loop *loop = new_loop();
    struct tph_process *process;
    char *argv[] = {"/bin/sh", "-c", (char *)script, NULL};
    int error;
    request.argv = argv;
    assert_int_equal(tph_process_start(loop, &request, on_done, &end, &process, &error), TPH_OK);
    while (!end.done) assert_int_equal(tph_loop_step(loop, -1), TPH_OK);
    assert_int_equal(tph_loop_outstanding(loop), 0);
    tph_loop_free(loop);
    return end;
}

static struct end run(const char *script, int64_t timeout_ms, size_t max_bytes) {
    return run_request(
        script, (struct tph_process_request){.timeout_ms = timeout_ms, .max_bytes = max_bytes});
}

static struct end run_apart(const char *script, char *const *environment) {
    return run_request(script, (struct tph_process_request){.timeout_ms = 20000,
                                                            .max_bytes = 100,
                                                            .environment = environment,
                                                            .apart = true});
}

static void test_apart(void **state) {
    char *environment[] = {"MINE=yes", NULL};
    struct end end = run_apart("echo $MINE$HOME; echo err >&2; echo more >&2", environment);
    assert_int_equal(end.status, TPH_OK);
    assert_string_equal(end.output, "yes\n");
    assert_string_equal(end.errors, "err\nmore\n");
    end = run_apart("read line && echo \"$line\" || echo end", NULL);
    assert_string_equal(end.output, "end\n");
    assert_int_equal(end.error_bytes, 0);
    end = run_apart("i=0; while [ $i -lt 300 ]; do printf %01000d 0 >&2; i=$((i + 1)); done; echo",
                    NULL);
    assert_int_equal(end.status, TPH_OK);
    assert_true(end.error_bytes > 60000 && end.error_bytes <= 65536);
}

static void test_output_and_code(void **state) {
    struct end end = run("echo out; echo err >&2; exit 3", 20000, 100);
    assert_int_equal(end.status, TPH_OK);
    assert_int_equal(end.code, 3);
    assert_string_equal(end.output, "out\n");
    end = run("kill -TERM $$", 20000, 100);
    assert_int_equal(end.code, 128 + SIGTERM);
}

static void test_a_child_of_its_own_does_not_hold_it_up(void **state) {
    struct end end = run("sleep 30 & echo done", 20000, 100);
    assert_int_equal(end.status, TPH_OK);
    assert_string_equal(end.output, "done\n");
}

static void test_limits(void **state) {
    assert_int_equal(run("sleep 30", 50, 100).status, TPH_ETIMEDOUT);
    assert_int_equal(run("exec >&-; sleep 30", 50, 100).status, TPH_ETIMEDOUT);
    assert_int_equal(run("while :; do echo 0123456789; done", 20000, 100).status, TPH_ETOOBIG);
}

static void test_what_cannot_be_started(void **state) {
    struct end end = {0};
    struct tph_loop *loop = new_loop();
    struct tph_process *process = NULL;
    char *argv[] = {"/nonexistent/program", NULL};
    struct tph_process_request request = {.argv = argv, .timeout_ms = 1000, .max_bytes = 100};
    int error = 0;
    assert_int_equal(tph_process_start(loop, &request, on_done, &end, &process, &error), TPH_EIO);
    assert_int_equal(error, ENOENT);
    assert_false(end.done);
    tph_loop_free(loop);
}

static void test_cancelled_and_freed(void **state) {
    struct end end = {0};
    struct tph_loop *loop = new_loop();
    struct tph_process *process = NULL;
    char *argv[] = {"sleep", "30", NULL};
    struct tph_process_request request = {.argv = argv, .timeout_ms = 60000, .max_bytes = 100};
    int error;
    assert_int_equal(tph_process_start(loop, &request, on_done, &end, &process, &error), TPH_OK);
    tph_process_cancel(process);
    tph_process_cancel(NULL);
    assert_false(end.done);
    assert_int_equal(tph_process_start(loop, &request, on_done, &end, &process, &error), TPH_OK);
    tph_loop_free(loop);
    assert_true(end.done);
    assert_int_equal(end.status, TPH_ECANCELED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apart),
        cmocka_unit_test(test_output_and_code),
        cmocka_unit_test(test_a_child_of_its_own_does_not_hold_it_up),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_what_cannot_be_started),
        cmocka_unit_test(test_cancelled_and_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
