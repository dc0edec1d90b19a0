#include "reply.h"
#include "field.h"
#include <string.h>

#define LONGEST_HEADERS_BYTES ((size_t)1 << 20)

static enum tph_status append_line(struct tph_buf *out, struct tph_str text) {
    enum tph_status status = tph_buf_append(out, text);
    return status == TPH_OK ? tph_buf_append_char(out, '\n') : status;
}

/* A page is a third of a megabyte: it is taken, not copied. There is none after a failure. */
static void keep_body(struct tph_buf *body, const struct tph_http_reply *http) {
    tph_buf_init(body, 0);
    if (!http->whole) return;
    *body = *http->whole;
    tph_buf_init(http->whole, 0);
}

enum tph_status reply_keep(struct reply *reply, const struct tph_http_reply *http) {
    reply->status = http->status;
    tph_buf_init(&reply->headers, LONGEST_HEADERS_BYTES);
    keep_body(&reply->body, http);
    enum tph_status status = TPH_OK;
    for (size_t i = 0; status == TPH_OK && i < http->header_count; i++) {
        status = append_line(&reply->headers, http->headers[i].name);
        if (status == TPH_OK) status = append_line(&reply->headers, http->headers[i].value);
    }
    return status;
}

void reply_forget(struct reply *reply) {
    tph_buf_wipe(&reply->headers);
    tph_buf_wipe(&reply->body);
}

static struct tph_str next_line(struct tph_str *lines) {
    const char *stop = memchr(lines->data, '\n', lines->length_bytes);
    struct tph_str line = {lines->data, (size_t)(stop - lines->data)};
    lines->data = stop + 1;
    lines->length_bytes -= line.length_bytes + 1;
    return line;
}

/* [-0, +0] name: value, or name: before, value, in the table on top of the stack */
static void set_header(lua_State *L, struct tph_str name, struct tph_str value) {
    tph_push_str(L, name);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) == LUA_TSTRING) {
        lua_pushliteral(L, ", ");
        tph_push_str(L, value);
        lua_concat(L, 3);
    } else {
        lua_pop(L, 1);
        tph_push_str(L, value);
    }
    lua_rawset(L, -3);
}

/* [-0, +0] status and headers */
static void set_head(lua_State *L, const struct reply *reply) {
    struct tph_str lines = tph_buf_view(&reply->headers);
    if (reply->status) {
        lua_pushinteger(L, reply->status);
        lua_setfield(L, -2, "status");
    }
    lua_newtable(L);
    while (lines.length_bytes > 0) {
        struct tph_str name = next_line(&lines);
        set_header(L, name, next_line(&lines));
    }
    lua_setfield(L, -2, "headers");
}

void reply_set_fields(lua_State *L, const struct reply *reply) {
    set_head(L, reply);
    tph_push_str(L, tph_buf_view(&reply->body));
    lua_setfield(L, -2, "body");
}

void reply_set_held(lua_State *L, struct reply *reply) {
    set_head(L, reply);
    struct tph_buf *held = tph_push_buf(L, reply->body.max_bytes);
    *held = reply->body;
    tph_buf_init(&reply->body, 0);
    lua_setfield(L, -2, "body");
}
