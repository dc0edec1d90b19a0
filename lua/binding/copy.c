/* copy.c - copies of plain tables, whole or in part, with room for all of it at once: Lua would let
 * them grow. */
#include "binding.h"
#include <stdbool.h>

enum { MOST_LEVELS = 100, SLOTS = 5, FIELDS = 16 }; /* on the stack: a level, fields at once */

static void make_room(lua_State *L, int slots) {
    if (!lua_checkstack(L, slots)) luaL_error(L, "not enough memory for a copy on the stack");
}

/* Has the table on top of the stack the metatable that is the upvalue? */
static bool is_constant(lua_State *L) {
    if (!lua_getmetatable(L, -1)) return false;
    bool constant = lua_rawequal(L, -1, lua_upvalueindex(1));
    lua_pop(L, 1);
    return constant;
}

/* [-1, +1] the table on top of the stack becomes its copy, which has the same metatable. All its
 * fields are on the stack before there is a table for them: so they are counted, and read once. */
static void copy_table(lua_State *L, bool deep, int level) {
    if (is_constant(L)) return; /* what never changes is shared */
    if (level > MOST_LEVELS) luaL_error(L, "a table to be copied is nested too deep");
    int from = lua_gettop(L), elements = (int)lua_rawlen(L, from), count = 0;
    make_room(L, 2 * FIELDS + SLOTS);
    for (lua_pushnil(L); lua_next(L, from); count++) {
        if (count % FIELDS == FIELDS - 1) make_room(L, 2 * FIELDS + SLOTS);
        if (deep && lua_istable(L, -1)) copy_table(L, deep, level + 1);
        lua_pushvalue(L, -2);
    }
    int named = count > elements ? count - elements : 0; /* fewer: a list with holes */
    lua_createtable(L, elements, named);
    if (lua_getmetatable(L, from)) lua_setmetatable(L, -2);
    lua_replace(L, from);
    while (count-- > 0) lua_rawset(L, from);
}

/* copy(value, shallow) -> copy */
static int copy(lua_State *L) {
    bool shallow = lua_toboolean(L, 2);
    lua_settop(L, 1);
    if (lua_istable(L, 1)) copy_table(L, !shallow, 1);
    return 1;
}

/* pick(from, fields) -> the fields of `from`, each under the name that follows its own in the list
 */
static int pick(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    lua_Integer length = (lua_Integer)lua_rawlen(L, 2);
    lua_createtable(L, 0, (int)(length / 2));
    for (lua_Integer i = 1; i < length; i += 2) {
        lua_rawgeti(L, 2, i + 1);
        lua_rawgeti(L, 2, i);
        if (lua_rawget(L, 1) == LUA_TNIL)
            lua_pop(L, 2);
        else
            lua_rawset(L, 3);
    }
    return 1;
}

void tph_bind_copy(lua_State *L) {
    lua_pushcfunction(L, pick);
    lua_setfield(L, -2, "pick");
    lua_createtable(L, 0, 2);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "CONSTANT");
    lua_pushcclosure(L, copy, 1);
    lua_setfield(L, -2, "copy");
}
