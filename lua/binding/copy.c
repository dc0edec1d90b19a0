/* copy.c - copies of plain tables with room for all of it at once: Lua would let them grow. */
#include "binding.h"
#include <stdbool.h>

enum { MOST_LEVELS = 100, SLOTS = 5, FIELDS = 16 }; /* on the stack: a level, fields at once */

static void make_room(lua_State *L, int slots) {
    if (!lua_checkstack(L, slots)) luaL_error(L, "not enough memory for a copy on the stack");
}

/* [-1, +1] the table on top of the stack becomes its copy, which has the same metatable. All its
 * fields are on the stack before there is a table for them: so they are counted, and read once. */
static void copy_table(lua_State *L, bool deep, int level) {
    if (luaL_getmetafield(L, -1, "__constant") != LUA_TNIL) { /* what never changes is shared */
        lua_pop(L, 1);
        return;
    }
    if (level > MOST_LEVELS) luaL_error(L, "a table to be copied is nested too deep");
    int from = lua_gettop(L), elements = (int)lua_rawlen(L, from), count = 0;
    make_room(L, SLOTS);
    lua_pushnil(L); /* the place of the copy */
    for (lua_pushnil(L); lua_next(L, from); count++) {
        if (count % FIELDS == 0) make_room(L, 2 * FIELDS + SLOTS);
        if (deep && lua_istable(L, -1)) copy_table(L, deep, level + 1);
        lua_pushvalue(L, -2);
    }
    int named = count > elements ? count - elements : 0; /* fewer: a list with holes */
    lua_createtable(L, elements, named);
    if (lua_getmetatable(L, from)) lua_setmetatable(L, -2);
    lua_replace(L, from + 1);
    while (count-- > 0) lua_rawset(L, from + 1);
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
