/* op.h - what everything that is waited for has in common: the awaitable of trapheus.core.
 *
 * Whoever holds the op owns it: :close(), <close> and garbage collection all cancel it, and it
 * keeps its loop alive. A completion only records (no lua_State is touched inside a step), so it
 * cannot raise through curl's frames; the op is read when Lua asks. */
#ifndef TRAPHEUS_BINDING_OP_H
#define TRAPHEUS_BINDING_OP_H

#include "binding.h"
#include "trapheus/loop.h"

struct op;

struct op_type {
    void (*cancel)(struct op *);                  /* stops it and frees what it owns; repeatable */
    int (*push_result)(lua_State *, struct op *); /* [-0, +n] after TPH_OK; returns n */
    const char *(*detail)(struct op *); /* more on a failure, "" for nothing; NULL: never any */
};

/* The head of every op's userdata. */
struct op {
    const struct op_type *type; /* NULL: owns nothing */
    enum tph_status status;     /* TPH_PENDING until it ends */
};

/* [-0, +1] A zeroed op of size_bytes, armed (its metatable set) while it owns nothing, bound to
 * the loop at stack index loop_index. Set op->type when it owns something. */
struct op *tph_op_new(lua_State *, size_t size_bytes, int loop_index);

/* The whole number in the field of the table at `index`, 0 when there is none: a limit. Raises when
 * it is negative. */
int64_t tph_check_limit(lua_State *, int index, const char *field);

/* Methods of the loop that have a file of their own. */
int tph_loop_http(lua_State *);    /* http.c */
int tph_loop_call(lua_State *);    /* aws.c */
int tph_loop_listen(lua_State *);  /* httpd.c */
int tph_loop_process(lua_State *); /* process.c */

/* [-0, +0] The classes of what loop:listen() returns. */
void tph_bind_httpd(lua_State *);

/* The functions core.notify and core.notify_fault, in notify.c. */
int tph_notify(lua_State *);
int tph_notify_why_not(lua_State *);

/* The loop at `index`. Raises when it is none, or closed. */
struct tph_loop *tph_check_loop(lua_State *, int index);

#endif
