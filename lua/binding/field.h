/* field.h - reading the table of named arguments, and scratch memory that survives an error. */
#ifndef TRAPHEUS_FIELD_H
#define TRAPHEUS_FIELD_H

#include "binding.h"
#include <stdbool.h>

/* The field of the table at `index`; each raises an argument error that names the field when it
 * has another type. They read raw, so that a string stays anchored in its table: its view is
 * valid as long as nobody changes the table. The optional ones take nil for the default. */
struct tph_str tph_field_str(lua_State *L, int index, const char *name);
struct tph_str tph_field_opt_str(lua_State *L, int index, const char *name);
lua_Number tph_field_number(lua_State *L, int index, const char *name);
lua_Number tph_field_opt_number(lua_State *L, int index, const char *name, lua_Number otherwise);
bool tph_field_opt_flag(lua_State *L, int index, const char *name, bool otherwise);

/* [-0, +1] the raw field; returns its type */
int tph_field_get(lua_State *L, int index, const char *name);

/* [-0, +1] the raw field, which must have this type; returns its index */
int tph_field_push(lua_State *L, int index, const char *name, int type);

/* Raises an argument error about a field of the table of arguments, which is the only one (the
 * second of a method): "field 'NAME': TEXT". */
int tph_field_error(lua_State *L, const char *name, const char *text);

/* Takes the list { {a, b}, … } at `index` apart: the strings of its `i`-th pair, from 1. Raises,
 * naming the field `name` (NULL: the list is the argument itself) and the place, if the pair is
 * none. Views as above. */
void tph_field_pair(lua_State *L, int index, const char *name, lua_Integer i,
                    struct tph_str pair[2]);

/* [-0, +1] {a, b} */
void tph_push_pair(lua_State *L, struct tph_str a, struct tph_str b);

/* [-0, +1] the bytes as a string */
void tph_push_str(lua_State *L, struct tph_str);

/* The scalars of the query protocol that are no strings: "integer", "float", "boolean" and
 * "timestamp" have a number each; raises for another name. */
size_t tph_scalar_kind(lua_State *L, const char *name);
const char *tph_scalar_name(size_t kind);

/* [-0, +1] what the text says. False, and nothing is pushed: the text is no scalar of the kind. */
bool tph_push_scalar(lua_State *L, size_t kind, struct tph_str text);

/* [-0, +1] an empty buffer inside a userdata: wiped and freed when it is collected, however the
 * function that asked for it ends. */
struct tph_buf *tph_push_buf(lua_State *L, size_t max_bytes);

/* The string or such a buffer at `index`, as a view (valid while the value is on the stack and is
 * not closed). Raises if it is neither. */
struct tph_str tph_check_bytes(lua_State *L, int index);

/* The parts of tph_bind_pure(), as described in binding.h. */
void tph_bind_scalar(lua_State *L);
void tph_bind_json(lua_State *L);
void tph_bind_judge(lua_State *L);
void tph_bind_sign(lua_State *L);
void tph_bind_text(lua_State *L);
void tph_bind_xml(lua_State *L);
void tph_bind_wait(lua_State *L);
void tph_bind_stream(lua_State *L);

#endif
