/* http.c - loop:http, and what came of it. */
#include "field.h"
#include "op.h"
#include "reply.h"
#include <string.h>

#define MOST_HEADERS 64

struct http_op {
    struct op op;
    struct tph_http_call *call; /* NULL before the start and after the end */
    struct reply reply;
    char detail[256];
};

static void http_cancel(struct op *op) {
    struct http_op *http = (struct http_op *)op;
    tph_http_cancel(http->call);
    http->call = NULL;
    reply_forget(&http->reply);
}

static int http_push_result(lua_State *L, struct op *op) {
    lua_createtable(L, 0, 3);
    reply_set_fields(L, &((struct http_op *)op)->reply);
    return 1;
}

static const char *http_detail(struct op *op) { return ((struct http_op *)op)->detail; }

static void http_done(void *context, enum tph_status status, const struct tph_http_reply *reply) {
    struct http_op *http = context;
    http->call = NULL;
    strncpy(http->detail, reply->detail, sizeof http->detail - 1);
    http->op.status = status == TPH_OK ? reply_keep(&http->reply, reply) : status;
}

static size_t check_headers(lua_State *L, int index, struct tph_header *out) {
    struct tph_str pair[2];
    if (tph_field_get(L, index, "headers") == LUA_TNIL) return 0;
    if (!lua_istable(L, -1)) tph_field_error(L, "headers", "table expected");
    lua_Integer count = luaL_len(L, -1);
    if (count > MOST_HEADERS) tph_field_error(L, "headers", "too many");
    for (lua_Integer i = 1; i <= count; i++) {
        tph_field_pair(L, -1, "headers", i, pair);
        out[i - 1] = (struct tph_header){pair[0], pair[1]};
    }
    return (size_t)count;
}

/* http(loop, { method=, url=, headers = {{name, value}, …}, body=, timeout_ms=,
 *   connect_timeout_ms=, max_bytes=, allow_http=, fresh_connection=, no_proxy=,
 *   resolve_public_only= })
 *   -> op, whose result is { status=, headers = { name = value }, body= } | nil, err */
int tph_loop_http(lua_State *L) {
    static const struct op_type type = {http_cancel, http_push_result, http_detail};
    struct tph_header headers[MOST_HEADERS];
    struct tph_loop *loop = tph_check_loop(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    struct tph_http_request request = {
        .method = tph_field_str(L, 2, "method"),
        .url = tph_field_str(L, 2, "url"),
        .body = tph_field_opt_str(L, 2, "body"),
        .headers = headers,
        .timeout_ms = tph_check_limit(L, 2, "timeout_ms"),
        .connect_timeout_ms = tph_check_limit(L, 2, "connect_timeout_ms"),
        .max_bytes = (size_t)tph_check_limit(L, 2, "max_bytes"),
        .allow_http = tph_field_opt_flag(L, 2, "allow_http", false),
        .fresh_connection = tph_field_opt_flag(L, 2, "fresh_connection", false),
        .no_proxy = tph_field_opt_flag(L, 2, "no_proxy", false),
        .public_only = tph_field_opt_flag(L, 2, "resolve_public_only", false),
    };
    request.header_count = check_headers(L, 2, headers);
    struct http_op *http = (struct http_op *)tph_op_new(L, sizeof *http, 1);
    http->op.type = &type;
    enum tph_status status = tph_http_send(loop, &request, http_done, http, &http->call);
    return status == TPH_OK ? 1 : tph_push_failure(L, status, "request");
}
