/* copy.c - copies of plain tables with room for all of it at once: Lua would let them grow. */
#include "binding.h"
#include <stdbool.h>

enum { MOST_LEVELS = 100, SLOTS = 5 }; /* on the stack, at each level */

/* [-0, +0] how many fields the table at `index` has */
static int count_fields(lua_State *L, int index) {
    int count = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) count++;
    return count;
}

/* [-1, +1] the table on top of the stack becomes its copy, which has the same metatable */
static void copy_table(lua_State *L, bool deep, int level) {
    if (level > MOST_LEVELS) luaL_error(L, "a table to be copied is nested too deep");
    luaL_checkstack(L, SLOTS, "copy");
    int from = lua_gettop(L), elements = (int)lua_rawlen(L, from), fields = count_fields(L, from);
    if (fields < elements) fields = elements; /* a list with holes */
    lua_createtable(L, elements, fields - elements);
    for (lua_pushnil(L); lua_next(L, from);) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        if (deep && lua_istable(L, -1)) copy_table(L, deep, level + 1);
        lua_rawset(L, from + 1);
    }
    if (lua_getmetatable(L, from)) lua_setmetatable(L, from + 1);
    lua_replace(L, from);
}

/* copy(value, shallow) -> copy */
static int copy(lua_State *L) {
    bool shallow = lua_toboolean(L, 2);
    lua_settop(L, 1);
    if (lua_istable(L, 1)) copy_table(L, !shallow, 1);
    return 1;
}

void tph_bind_copy(lua_State *L) {
    lua_pushcfunction(L, copy);
    lua_setfield(L, -2, "copy");
}
