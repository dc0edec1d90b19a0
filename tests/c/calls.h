/* calls.h - a server that answers by a script, and a loop in virtual time to ask it on. */
#ifndef TRAPHEUS_TEST_CALLS_H
#define TRAPHEUS_TEST_CALLS_H

#include "server.h"
#include "trapheus/loop.h"
#include <stdlib.h>

static struct server server;
static struct tph_loop *loop;

static int set_up(void **state) {
    static const char *const proxies[] = {"http_proxy", "all_proxy", "ALL_PROXY"};
    for (size_t i = 0; i < 3; i++) unsetenv(proxies[i]);
    return tph_loop_new(&(struct tph_loop_options){.clock = tph_clock_virtual(0)}, &loop) != TPH_OK;
}

static int tear_down(void **state) {
    tph_loop_free(loop);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* What the server answers, in order. */
#define SCRIPT(...)                                                                                \
    static const struct answer script[] = {__VA_ARGS__};                                           \
    SERVER_START(&server, script)

#endif
