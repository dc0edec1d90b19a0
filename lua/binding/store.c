/* store.c - trapheus.core.store: the journal. */
#include "binding.h"
#include "trapheus/clock.h"
#include "trapheus/store.h"

#define STORE "trapheus.store"

static struct tph_store *check_store(lua_State *L) {
    struct tph_store **store = luaL_checkudata(L, 1, STORE);
    luaL_argcheck(L, *store != NULL, 1, "the store is closed");
    return *store;
}

/* [-0, +2] nil, {code=, message=} with the store's own words */
static int push_store_failure(lua_State *L, struct tph_store *store, enum tph_status status) {
    tph_push_failure(L, status, NULL);
    if (status == TPH_ESTORE || status == TPH_EREFUSED) {
        lua_pushstring(L, tph_store_message(store));
        lua_setfield(L, -2, "message");
    }
    return 2;
}

static int push_outcome(lua_State *L, struct tph_store *store, enum tph_status status) {
    if (status != TPH_OK) return push_store_failure(L, store, status);
    lua_pushboolean(L, 1);
    return 1;
}

static void set_str(lua_State *L, const char *field, struct tph_str value) {
    lua_pushlstring(L, value.data ? value.data : "", value.length_bytes);
    lua_setfield(L, -2, field);
}

static void set_integer(lua_State *L, const char *field, int64_t value) {
    lua_pushinteger(L, value);
    lua_setfield(L, -2, field);
}

/* open(directory) -> store | nil, err */
static int store_open(lua_State *L) {
    const char *directory = luaL_checkstring(L, 1);
    struct tph_store **store = lua_newuserdatauv(L, sizeof(struct tph_store *), 0);
    *store = NULL;
    luaL_setmetatable(L, STORE);
    enum tph_status status = tph_store_new(store);
    if (status != TPH_OK) return tph_push_failure(L, status, directory);
    status = tph_store_open(*store, directory);
    return status == TPH_OK ? 1 : push_store_failure(L, *store, status);
}

/* save(store, run_id, kind, document, record, now_ms = the system's) -> true | nil, err */
static int store_save(lua_State *L) {
    struct tph_store *store = check_store(L);
    struct tph_clock clock = tph_clock_system();
    struct tph_str run_id = tph_check_str(L, 2), kind = tph_check_str(L, 3);
    struct tph_str document = tph_check_str(L, 4), record = tph_check_str(L, 5);
    int64_t now_ms = luaL_optinteger(L, 6, tph_clock_wall_ms(&clock));
    return push_outcome(L, store, tph_store_save(store, run_id, kind, document, record, now_ms));
}

/* load(store, run_id) -> document | nil | nil, err */
static int store_load(lua_State *L) {
    struct tph_store *store = check_store(L);
    struct tph_store_run run;
    bool found = false;
    enum tph_status status = tph_store_load(store, tph_check_str(L, 2), &run, &found);
    if (status != TPH_OK) return push_store_failure(L, store, status);
    if (found)
        lua_pushlstring(L, run.document.data, run.document.length_bytes);
    else
        lua_pushnil(L);
    return 1;
}

/* list(store) -> { {run_id=, document=, created_ms=, updated_ms=}, … } newest first | nil, err */
static int store_list(lua_State *L) {
    struct tph_store *store = check_store(L);
    struct tph_store_run run;
    bool found = true;
    lua_newtable(L);
    enum tph_status status = tph_store_list_runs(store);
    for (lua_Integer i = 1; status == TPH_OK; i++) {
        status = tph_store_next_run(store, &run, &found);
        if (status != TPH_OK || !found) break;
        lua_createtable(L, 0, 4);
        set_str(L, "run_id", run.run_id);
        set_str(L, "document", run.document);
        set_integer(L, "created_ms", run.created_ms);
        set_integer(L, "updated_ms", run.updated_ms);
        lua_seti(L, -2, i);
    }
    return status == TPH_OK ? 1 : push_store_failure(L, store, status);
}

/* records(store, run_id) -> { {seq=, time_ms=, kind=, record=}, … } | nil, err */
static int store_records(lua_State *L) {
    struct tph_store *store = check_store(L);
    struct tph_str run_id = tph_check_str(L, 2);
    struct tph_store_record record;
    bool found = true;
    lua_newtable(L);
    enum tph_status status = tph_store_list_records(store, run_id);
    for (lua_Integer i = 1; status == TPH_OK; i++) {
        status = tph_store_next_record(store, &record, &found);
        if (status != TPH_OK || !found) break;
        lua_createtable(L, 0, 4);
        set_integer(L, "seq", record.seq);
        set_integer(L, "time_ms", record.time_ms);
        set_str(L, "kind", record.kind);
        set_str(L, "record", record.record);
        lua_seti(L, -2, i);
    }
    return status == TPH_OK ? 1 : push_store_failure(L, store, status);
}

/* The field of the table at 3, left on the stack so that the view stays valid. */
static struct tph_str owner_field(lua_State *L, const char *field) {
    if (lua_getfield(L, 3, field) != LUA_TSTRING)
        luaL_argerror(L, 3, lua_pushfstring(L, "%s: string expected", field));
    return tph_check_str(L, -1);
}

static int push_holder(lua_State *L, const struct tph_store_owner *holder) {
    lua_pushboolean(L, 0);
    lua_createtable(L, 0, 5);
    set_str(L, "run_id", holder->run_id);
    set_str(L, "host", holder->host);
    set_str(L, "boot_id", holder->boot_id);
    set_integer(L, "pid", holder->pid);
    set_integer(L, "expires_ms", holder->expires_ms);
    return 2;
}

/* The table at 3; its texts stay on the stack. */
static struct tph_store_owner check_owner(lua_State *L) {
    struct tph_store_owner owner = {.expires_ms = 0};
    luaL_checktype(L, 3, LUA_TTABLE);
    owner.run_id = owner_field(L, "run_id");
    owner.host = owner_field(L, "host");
    owner.boot_id = owner_field(L, "boot_id");
    lua_getfield(L, 3, "pid");
    owner.pid = luaL_checkinteger(L, -1);
    return owner;
}

/* lock(store, name, {run_id=, host=, boot_id=, pid=}, now_ms, expires_ms)
 *   -> true | false, holder | nil, err */
static int store_lock(lua_State *L) {
    struct tph_store *store = check_store(L);
    struct tph_str name = tph_check_str(L, 2);
    int64_t now_ms = luaL_checkinteger(L, 4), expires_ms = luaL_checkinteger(L, 5);
    struct tph_store_owner holder, owner = check_owner(L);
    owner.expires_ms = expires_ms;
    enum tph_status status = tph_store_lock(store, name, &owner, now_ms, &holder);
    return status == TPH_ELOCKED ? push_holder(L, &holder) : push_outcome(L, store, status);
}

/* holder(store, name, {run_id=, host=, boot_id=, pid=}, now_ms)
 *   -> true (nobody has it) | false, holder | nil, err */
static int store_holder(lua_State *L) {
    struct tph_store *store = check_store(L);
    struct tph_str name = tph_check_str(L, 2);
    int64_t now_ms = luaL_checkinteger(L, 4);
    struct tph_store_owner holder, asker = check_owner(L);
    enum tph_status status = tph_store_holder(store, name, &asker, now_ms, &holder);
    return status == TPH_ELOCKED ? push_holder(L, &holder) : push_outcome(L, store, status);
}

/* unlock(store, name, run_id) -> true | nil, err */
static int store_unlock(lua_State *L) {
    struct tph_store *store = check_store(L);
    return push_outcome(L, store,
                        tph_store_unlock(store, tph_check_str(L, 2), tph_check_str(L, 3)));
}

/* check(store) -> true | nil, err */
static int store_check(lua_State *L) {
    struct tph_store *store = check_store(L);
    return push_outcome(L, store, tph_store_check(store));
}

/* :close(), __close and __gc */
static int store_close(lua_State *L) {
    struct tph_store **store = luaL_checkudata(L, 1, STORE);
    tph_store_free(*store);
    *store = NULL;
    return 0;
}

void tph_bind_store(lua_State *L) {
    static const luaL_Reg meta[] = {{"__gc", store_close}, {"__close", store_close}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"save", store_save},     {"load", store_load},
        {"list", store_list},     {"records", store_records},
        {"lock", store_lock},     {"unlock", store_unlock},
        {"holder", store_holder}, {"check", store_check},
        {"close", store_close},   {NULL, NULL},
    };
    static const luaL_Reg functions[] = {{"open", store_open}, {NULL, NULL}};
    luaL_newmetatable(L, STORE);
    luaL_setfuncs(L, meta, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    lua_setfield(L, -2, "store");
}
