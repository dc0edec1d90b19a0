/* core.c - the module trapheus.core, private to lua/trapheus. */
#include "binding.h"
#include <lualib.h>

int tph_push_failure(lua_State *L, enum tph_status status, const char *what) {
    lua_pushnil(L);
    lua_createtable(L, 0, 2);
    lua_pushstring(L, tph_status_name(status));
    lua_setfield(L, -2, "code");
    if (what)
        lua_pushfstring(L, "%s: %s", what, tph_status_text(status));
    else
        lua_pushstring(L, tph_status_text(status));
    lua_setfield(L, -2, "message");
    return 2;
}

struct tph_str tph_check_str(lua_State *L, int index) {
    struct tph_str view;
    view.data = luaL_checklstring(L, index, &view.length_bytes);
    return view;
}

void tph_new_class(lua_State *L, const char *name, const luaL_Reg *meta, const luaL_Reg *methods) {
    luaL_newmetatable(L, name);
    luaL_setfuncs(L, meta, 0);
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
    lua_rawsetp(L, LUA_REGISTRYINDEX, name);
}

void *tph_check_class(lua_State *L, int index, const char *name) {
    void *userdata = lua_touserdata(L, index);
    if (!userdata || !lua_getmetatable(L, index)) return luaL_checkudata(L, index, name);
    lua_rawgetp(L, LUA_REGISTRYINDEX, name);
    int is_it = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return is_it ? userdata : luaL_checkudata(L, index, name);
}

int luaopen_trapheus_core(lua_State *L);

int luaopen_trapheus_core(lua_State *L) {
    luaL_checkversion(L);
    lua_createtable(L, 0, 24);
    lua_pushliteral(L, TRAPHEUS_VERSION);
    lua_setfield(L, -2, "version");
    tph_bind_system(L);
    tph_bind_copy(L);
    tph_bind_pure(L);
    tph_bind_loop(L);
    tph_bind_store(L);
    return 1;
}
