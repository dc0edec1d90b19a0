/* binding.h - what the files of trapheus.core share. Only this directory includes lua.h. */
#ifndef TRAPHEUS_BINDING_H
#define TRAPHEUS_BINDING_H

#include "trapheus/buf.h"
#include "trapheus/credentials.h"
#include "trapheus/error.h"
#include <lauxlib.h>
#include <lua.h>

/* One function per file: [-0, +0] each adds its functions and subtables to the module table,
 * which is on top of the stack. The list in core.c calls them all. */
void tph_bind_pure(lua_State *L);   /* sigv4, credentials, uri, form, xml, backoff, waiter, … */
void tph_bind_loop(lua_State *L);   /* loop, timers, http, aws, notify */
void tph_bind_store(lua_State *L);  /* store */
void tph_bind_copy(lua_State *L);   /* copy */
void tph_bind_system(lua_State *L); /* what stock Lua cannot ask the operating system */

/* Functions of core.system that have a file of their own, private.c. */
int tph_ask_secret(lua_State *L);
int tph_write_private(lua_State *L);

/* [-0, +2] nil and an error table {code=, message=}; returns 2, for `return tph_push_failure(…)`.
 * `code` is the status name ("ETIMEDOUT"); `message` is `what: text`, or the text alone. */
int tph_push_failure(lua_State *L, enum tph_status, const char *what);

/* The string at `index` as a view (valid while the value is on the stack). Raises if it is none. */
struct tph_str tph_check_str(lua_State *L, int index);

/* [-0, +0] makes a class of userdata, for tph_check_class() and, by its name, for
 * luaL_setmetatable(). */
void tph_new_class(lua_State *L, const char *name, const luaL_Reg *meta, const luaL_Reg *methods);

/* luaL_checkudata(), at less than half its cost: it looks for the metatable at the address of the
 * name, which therefore has to be the very one that tph_new_class() was given. */
void *tph_check_class(lua_State *L, int index, const char *name);

/* The userdata of core.credentials at `index`; valid while it is on the stack. Raises if it is
 * none, or closed. */
const struct tph_credentials *tph_check_credentials(lua_State *L, int index);

#endif
