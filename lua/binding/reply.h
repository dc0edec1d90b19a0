/* reply.h - an HTTP reply, kept from the moment it comes until Lua asks for it. */
#ifndef TRAPHEUS_BINDING_REPLY_H
#define TRAPHEUS_BINDING_REPLY_H

#include "binding.h"
#include "trapheus/http.h"

/* Owned; wiped, as a reply may bring credentials. Zeroed, it is empty. */
struct reply {
    int status;
    struct tph_buf headers, body; /* headers: "name\nvalue\n" each */
};

enum tph_status reply_keep(struct reply *, const struct tph_http_reply *); /* TPH_ENOMEM */
void reply_forget(struct reply *);

/* [-0, +0] Sets status (when there is one), headers and body in the table on top of the stack. Of
 * headers of the same name the values are joined by ", ". */
void reply_set_fields(lua_State *, const struct reply *);

/* The same, but the body is no string, and the reply has it no more: bytes outside of Lua's heap.
 */
void reply_set_held(lua_State *, struct reply *);

#endif
