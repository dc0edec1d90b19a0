/* loop.c - trapheus.core.clock, trapheus.core.loop, its timers and its operations. */
#include "field.h"
#include "op.h"
#include "trapheus/clock.h"
#include <signal.h>
#include <string.h>

static const char LOOP[] = "trapheus.loop", OP[] = "trapheus.op";

struct op *tph_op_new(lua_State *L, size_t size_bytes, int loop_index) {
    loop_index = lua_absindex(L, loop_index);
    struct op *op = lua_newuserdatauv(L, size_bytes, 1);
    memset(op, 0, size_bytes);
    op->status = TPH_PENDING;
    luaL_setmetatable(L, OP);
    lua_pushvalue(L, loop_index);
    lua_setiuservalue(L, -2, 1);
    return op;
}

/* done(op) -> boolean */
static int op_done(lua_State *L) {
    struct op *op = tph_check_class(L, 1, OP);
    lua_pushboolean(L, op->status != TPH_PENDING);
    return 1;
}

/* result(op) -> value | nil, err */
static int op_result(lua_State *L) {
    struct op *op = tph_check_class(L, 1, OP);
    if (op->status == TPH_OK) return op->type->push_result(L, op);
    tph_push_failure(L, op->status, NULL);
    const char *detail = op->type && op->type->detail ? op->type->detail(op) : "";
    if (*detail) {
        lua_pushfstring(L, "%s (%s)", tph_status_text(op->status), detail);
        lua_setfield(L, -2, "message");
    }
    return 2;
}

/* :close(), __close and __gc */
static int op_close(lua_State *L) {
    struct op *op = tph_check_class(L, 1, OP);
    if (op->type) op->type->cancel(op);
    op->type = NULL;
    op->status = TPH_ECANCELED;
    return 0;
}

struct timer_op {
    struct op op;
    struct tph_timer timer;
};

static void timer_cancel(struct op *op) { tph_timer_stop(&((struct timer_op *)op)->timer); }

static int timer_push_result(lua_State *L, struct op *op) {
    lua_pushboolean(L, 1);
    return 1;
}

static void timer_done(void *context, enum tph_status status) {
    ((struct timer_op *)context)->op.status = status;
}

/* timer(loop, delay_ms) -> op, whose result is true */
static int loop_timer(lua_State *L) {
    static const struct op_type type = {timer_cancel, timer_push_result, NULL};
    struct tph_loop *loop = tph_check_loop(L, 1);
    lua_Number delay_ms = luaL_checknumber(L, 2);
    luaL_argcheck(L, delay_ms == delay_ms, 2, "number expected, got NaN");
    int64_t whole_ms = delay_ms < 9e15 ? (int64_t)(delay_ms > 0 ? delay_ms : 0) : INT64_MAX;
    struct timer_op *timer = (struct timer_op *)tph_op_new(L, sizeof *timer, 1);
    timer->op.type = &type;
    enum tph_status status = tph_loop_timer(loop, &timer->timer, whole_ms, timer_done, timer);
    return status == TPH_OK ? 1 : tph_push_failure(L, status, "timer");
}

struct tph_loop *tph_check_loop(lua_State *L, int index) {
    struct tph_loop **loop = tph_check_class(L, index, LOOP);
    luaL_argcheck(L, *loop != NULL, index, "the loop is closed");
    return *loop;
}

int64_t tph_check_limit(lua_State *L, int index, const char *field) {
    lua_Number limit = tph_field_opt_number(L, index, field, 0);
    if (limit < 0) tph_field_error(L, field, "negative");
    return (int64_t)limit;
}

/* now_ms(loop) -> wall time, milliseconds since the epoch */
static int loop_now_ms(lua_State *L) {
    lua_pushinteger(L, tph_clock_wall_ms(tph_loop_clock(tph_check_loop(L, 1))));
    return 1;
}

/* step(loop, max_wait_ms | nil) -> operations outstanding | nil, err */
static int loop_step(lua_State *L) {
    struct tph_loop *loop = tph_check_loop(L, 1);
    lua_Integer max_wait_ms = luaL_optinteger(L, 2, -1);
    enum tph_status status = tph_loop_step(loop, max_wait_ms);
    if (status != TPH_OK) return tph_push_failure(L, status, "wait");
    lua_pushinteger(L, (lua_Integer)tph_loop_outstanding(loop));
    return 1;
}

/* signals(loop) -> true | nil, err */
static int loop_signals(lua_State *L) {
    enum tph_status status = tph_loop_signals(tph_check_loop(L, 1));
    if (status != TPH_OK) return tph_push_failure(L, status, "signals");
    lua_pushboolean(L, 1);
    return 1;
}

/* interrupted(loop) -> the last signal's name | nil; asking forgets it */
static int loop_interrupted(lua_State *L) {
    int number = tph_loop_interrupted(tph_check_loop(L, 1));
    const char *name = number ? sigabbrev_np(number) : NULL;
    if (name)
        lua_pushfstring(L, "SIG%s", name);
    else
        lua_pushnil(L);
    return 1;
}

/* :close(), __close and __gc: what is outstanding ends as cancelled */
static int loop_close(lua_State *L) {
    struct tph_loop **loop = tph_check_class(L, 1, LOOP);
    tph_loop_free(*loop);
    *loop = NULL;
    return 0;
}

static struct tph_clock check_clock(lua_State *L) {
    struct tph_clock clock = tph_clock_system();
    lua_getfield(L, 1, "virtual");
    lua_getfield(L, 1, "pace");
    lua_getfield(L, 1, "start_ms");
    bool is_virtual = lua_toboolean(L, -3);
    lua_Number pace = luaL_optnumber(L, -2, 1);
    luaL_argcheck(L, pace > 0 && pace <= 1e6, 1, "pace: more than 0 and at most 1000000 expected");
    luaL_argcheck(L, !is_virtual || pace == 1, 1, "a virtual clock has no pace");
    lua_Integer start_ms = luaL_optinteger(L, -1, is_virtual ? 0 : tph_clock_wall_ms(&clock));
    if (is_virtual)
        clock = tph_clock_virtual(start_ms);
    else if (pace != 1 || !lua_isnil(L, -1))
        clock = tph_clock_paced(start_ms, pace);
    lua_pop(L, 3);
    return clock;
}

/* loop{ virtual = false, pace = 1, start_ms = nil, ca_bundle = nil } -> loop | nil, err
 * start_ms: where a virtual clock (0 by default) or a paced one (now by default) begins. */
static int new_loop(lua_State *L) {
    lua_settop(L, 1);
    if (lua_isnil(L, 1)) {
        lua_newtable(L);
        lua_replace(L, 1);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    struct tph_loop_options options = {.clock = check_clock(L)};
    lua_getfield(L, 1, "ca_bundle");
    options.ca_bundle = luaL_optstring(L, -1, NULL);
    struct tph_loop **loop = lua_newuserdatauv(L, sizeof(struct tph_loop *), 0);
    *loop = NULL;
    luaL_setmetatable(L, LOOP);
    enum tph_status status = tph_loop_new(&options, loop);
    return status == TPH_OK ? 1 : tph_push_failure(L, status, "loop");
}

/* wall_ms() -> milliseconds since the epoch, of the operating system */
static int clock_wall_ms(lua_State *L) {
    struct tph_clock clock = tph_clock_system();
    lua_pushinteger(L, tph_clock_wall_ms(&clock));
    return 1;
}

/* monotonic_ms() -> milliseconds that never go back, for measuring */
static int clock_monotonic_ms(lua_State *L) {
    struct tph_clock clock = tph_clock_system();
    lua_pushinteger(L, tph_clock_monotonic_ms(&clock));
    return 1;
}

static const luaL_Reg op_meta[] = {{"__gc", op_close}, {"__close", op_close}, {NULL, NULL}};
static const luaL_Reg op_methods[] = {
    {"done", op_done}, {"result", op_result}, {"close", op_close}, {NULL, NULL}};
static const luaL_Reg loop_meta[] = {{"__gc", loop_close}, {"__close", loop_close}, {NULL, NULL}};
static const luaL_Reg loop_methods[] = {
    {"now_ms", loop_now_ms},
    {"timer", loop_timer},
    {"step", loop_step},
    {"http", tph_loop_http},
    {"aws", tph_loop_call},
    {"listen", tph_loop_listen},
    {"process", tph_loop_process},
    {"signals", loop_signals},
    {"close", loop_close},
    {"interrupted", loop_interrupted},
    {NULL, NULL},
};
static const luaL_Reg clock_functions[] = {
    {"wall_ms", clock_wall_ms}, {"monotonic_ms", clock_monotonic_ms}, {NULL, NULL}};

void tph_bind_loop(lua_State *L) {
    tph_new_class(L, OP, op_meta, op_methods);
    tph_new_class(L, LOOP, loop_meta, loop_methods);
    tph_bind_httpd(L);
    luaL_newlib(L, clock_functions);
    lua_setfield(L, -2, "clock");
    lua_pushcfunction(L, new_loop);
    lua_setfield(L, -2, "loop");
    lua_pushcfunction(L, tph_notify);
    lua_setfield(L, -2, "notify");
    lua_pushcfunction(L, tph_notify_why_not);
    lua_setfield(L, -2, "notify_fault");
}
