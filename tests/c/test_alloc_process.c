/* A program that is run, when memory runs out: it ends once, with all of its output or none. */
#include "faulty.h"
#include "trapheus/process.h"

struct outcome {
    int calls;
    enum tph_status status;
    bool right;
};

static struct tph_loop *loop;

static void done(void *context, enum tph_status status, int code, struct tph_str output,
                 struct tph_str errors) {
    struct outcome *outcome = context;
    outcome->calls++;
    outcome->status = status;
    outcome->right = code == 0 && tph_str_equal(output, TPH_STR("output\n")) &&
                     tph_str_equal(errors, TPH_STR("errors\n"));
}

static enum tph_status run(struct outcome *outcome) {
    char *argv[] = {"/bin/sh", "-c", "echo output; echo $SAID >&2", NULL};
    char *environment[] = {"SAID=errors", NULL};
    struct tph_process_request request = {.argv = argv,
                                          .timeout_ms = 20000,
                                          .max_bytes = 100,
                                          .environment = environment,
                                          .apart = true};
    struct tph_process *process = NULL;
    int os_error = 0;
    enum tph_status status = tph_process_start(loop, &request, done, outcome, &process, &os_error);
    if (status != TPH_OK) {
        assert_null(process);
        return status;
    }
    while (status == TPH_OK && outcome->calls == 0) status = tph_loop_step(loop, -1);
    if (outcome->calls == 0) tph_process_cancel(process);
    return status;
}

static enum tph_status try_running(void *context) {
    struct outcome outcome = {0};
    struct tph_loop_options options = {.clock = tph_clock_system()};
    assert_int_equal(tph_loop_new(&options, &loop), TPH_OK);
    enum tph_status status = FAULTY(run(&outcome));
    assert_int_equal(tph_loop_outstanding(loop), 0);
    tph_loop_free(loop);
    assert_true(outcome.calls <= 1);
    if (outcome.calls == 0) return status;
    assert_int_equal(outcome.right, outcome.status == TPH_OK);
    return outcome.status;
}

static void a_program_gives_its_output_or_an_error(void **state) {
    faulty_sweep(try_running, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_gives_its_output_or_an_error),
    };
    return cmocka_run_group_tests(tests, faulty_set_up, NULL);
}
