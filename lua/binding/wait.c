/* wait.c - core.backoff, core.waiter and core.limiter */
#include "field.h"
#include "trapheus/backoff.h"
#include "trapheus/limiter.h"
#include "trapheus/waiter.h"

#define LIMITER "trapheus.limiter"

static int64_t field_ms(lua_State *L, const char *name) {
    return (int64_t)tph_field_number(L, 1, name);
}

/* [0, 1] */
static double field_random(lua_State *L) {
    lua_Number random = tph_field_number(L, 1, "random");
    if (!(random >= 0 && random <= 1)) tph_field_error(L, "random", "0 to 1 expected");
    return random;
}

/* backoff.delay_ms{ base_ms=, cap_ms=, attempt=, random= } -> ms */
static int backoff_delay_ms(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    int64_t attempt = (int64_t)tph_field_number(L, 1, "attempt");
    if (attempt < 1) tph_field_error(L, "attempt", "1 or more expected");
    if (attempt > 1000) attempt = 1000;
    lua_pushinteger(L, tph_backoff_delay_ms(field_ms(L, "base_ms"), field_ms(L, "cap_ms"),
                                            (unsigned)attempt, field_random(L)));
    return 1;
}

enum { worth_ms = 700 }; /* of a look, where nothing else is said */

/* waiter.delay_ms{ elapsed_ms=, expected_ms=, due_ms=, spread_ms=, min_ms=, max_ms=, worth_ms=,
 * watched_s=, changes=, random= } -> ms */
static int waiter_delay_ms(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    struct tph_waiter_phase phase = {
        .elapsed_ms = field_ms(L, "elapsed_ms"),
        .expected_ms = (int64_t)tph_field_opt_number(L, 1, "expected_ms", 0),
        .due_ms = (int64_t)tph_field_opt_number(L, 1, "due_ms", 0),
        .spread_ms = tph_field_opt_number(L, 1, "spread_ms", 0),
        .min_ms = field_ms(L, "min_ms"),
        .max_ms = field_ms(L, "max_ms"),
        .worth_ms = tph_field_opt_number(L, 1, "worth_ms", worth_ms),
        .watched_s = tph_field_opt_number(L, 1, "watched_s", 0),
        .changes = tph_field_opt_number(L, 1, "changes", 0),
    };
    if (phase.min_ms < 0) tph_field_error(L, "min_ms", "0 or more expected");
    if (phase.max_ms < phase.min_ms) tph_field_error(L, "max_ms", "below min_ms");
    lua_pushinteger(L, tph_waiter_delay_ms(&phase, field_random(L)));
    return 1;
}

/* [-1, +0] A string, or a boolean or number as text. The text is anchored in the table at `anchor`,
 * so that its view stays valid as long as that table. */
static struct tph_str pop_text(lua_State *L, int anchor, const char *name) {
    struct tph_str text;
    int type = lua_type(L, -1);
    if (type == LUA_TBOOLEAN) {
        lua_pushstring(L, lua_toboolean(L, -1) ? "true" : "false");
        lua_replace(L, -2);
    } else if (type != LUA_TSTRING && type != LUA_TNUMBER) {
        tph_field_error(L, name, "string, number or boolean expected");
    }
    text.data = lua_tolstring(L, -1, &text.length_bytes);
    lua_rawseti(L, anchor, (lua_Integer)lua_rawlen(L, anchor) + 1);
    return text;
}

/* [-0, +1] Reads the observation at `index`; its values lie in the userdata that is pushed. */
static struct tph_waiter_observation push_observation(lua_State *L, int index, int anchor) {
    struct tph_waiter_observation seen = {.error = tph_field_opt_str(L, index, "error")};
    int type = tph_field_get(L, index, "values"), list = lua_gettop(L);
    if (type != LUA_TTABLE && type != LUA_TNIL) tph_field_error(L, "values", "a list expected");
    seen.value_count = type == LUA_TTABLE ? lua_rawlen(L, list) : 0;
    struct tph_str *values = lua_newuserdatauv(L, (seen.value_count + 1) * sizeof *values, 0);
    for (size_t i = 0; i < seen.value_count; i++) {
        lua_rawgeti(L, list, (lua_Integer)i + 1);
        values[i] = pop_text(L, anchor, "values");
    }
    seen.values = values;
    lua_remove(L, list);
    return seen;
}

static const char *const verdicts[] = {
    [TPH_WAITER_RETRY] = "retry",
    [TPH_WAITER_SUCCESS] = "success",
    [TPH_WAITER_FAILURE] = "failure",
};

static const char *const matchers[] = {
    [TPH_WAITER_PATH] = "path",
    [TPH_WAITER_PATH_ALL] = "pathAll",
    [TPH_WAITER_PATH_ANY] = "pathAny",
    [TPH_WAITER_ERROR] = "error",
};

/* The place of the field's text in the list; raises if it is none of them. */
static size_t field_choice(lua_State *L, int index, const char *name, const char *const *list,
                           size_t count) {
    struct tph_str text = tph_field_str(L, index, name);
    for (size_t i = 0; i < count; i++)
        if (tph_str_equal(text, tph_str_from(list[i]))) return i;
    tph_field_error(L, name, lua_pushfstring(L, "'%s' is not known", text.data));
    return 0;
}

/* Reads the acceptor on the top of the stack. */
static struct tph_waiter_acceptor read_acceptor(lua_State *L, int anchor) {
    struct tph_waiter_acceptor acceptor;
    acceptor.verdict = field_choice(L, -1, "state", verdicts, sizeof verdicts / sizeof *verdicts);
    acceptor.matcher = field_choice(L, -1, "matcher", matchers, sizeof matchers / sizeof *matchers);
    tph_field_get(L, -1, "expected");
    acceptor.expected = pop_text(L, anchor, "expected");
    return acceptor;
}

/* waiter.judge({ {state=, matcher=, expected=}, … }, { values={…} | error= }) -> verdict */
static int waiter_judge(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    lua_newtable(L); /* the anchor, at 3 */
    struct tph_waiter_observation seen = push_observation(L, 2, 3);
    enum tph_waiter_verdict verdict = tph_waiter_otherwise(&seen);
    lua_Integer count = (lua_Integer)lua_rawlen(L, 1);
    for (lua_Integer i = 1; i <= count; i++) {
        if (lua_rawgeti(L, 1, i) != LUA_TTABLE) return luaL_argerror(L, 1, "a list of tables");
        struct tph_waiter_acceptor acceptor = read_acceptor(L, 3);
        lua_pop(L, 1);
        if (!tph_waiter_matches(&acceptor, &seen)) continue;
        verdict = acceptor.verdict;
        break;
    }
    lua_pushstring(L, verdicts[verdict]);
    return 1;
}

/* limiter.new{ rate_per_s=, burst= } -> limiter, full */
static int limiter_new(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Number rate_per_s = tph_field_number(L, 1, "rate_per_s");
    lua_Number burst = tph_field_number(L, 1, "burst");
    struct tph_limiter *limiter = lua_newuserdatauv(L, sizeof *limiter, 0);
    if (tph_limiter_init(limiter, rate_per_s, burst, 0) != TPH_OK)
        return luaL_argerror(L, 1, "a positive rate_per_s and a burst of 1 or more expected");
    luaL_setmetatable(L, LIMITER);
    return 1;
}

/* take(limiter, now_ms) -> wait_ms */
static int limiter_take(lua_State *L) {
    struct tph_limiter *limiter = luaL_checkudata(L, 1, LIMITER);
    lua_Number now_ms = luaL_checknumber(L, 2);
    luaL_argcheck(L, now_ms >= -9e15 && now_ms <= 9e15, 2, "out of range");
    lua_pushinteger(L, tph_limiter_take(limiter, (int64_t)now_ms));
    return 1;
}

static void set_library(lua_State *L, const char *name, const luaL_Reg *functions) {
    lua_newtable(L);
    luaL_setfuncs(L, functions, 0);
    lua_setfield(L, -2, name);
}

void tph_bind_wait(lua_State *L) {
    static const luaL_Reg backoff[] = {{"delay_ms", backoff_delay_ms}, {NULL, NULL}};
    static const luaL_Reg waiter[] = {
        {"delay_ms", waiter_delay_ms}, {"judge", waiter_judge}, {NULL, NULL}};
    static const luaL_Reg limiter[] = {{"new", limiter_new}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{"take", limiter_take}, {NULL, NULL}};
    luaL_newmetatable(L, LIMITER);
    set_library(L, "__index", methods);
    lua_pop(L, 1);
    set_library(L, "backoff", backoff);
    set_library(L, "waiter", waiter);
    set_library(L, "limiter", limiter);
}
