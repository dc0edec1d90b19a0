/* httpd.c - loop:listen(), its servers and their requests. */
#include "field.h"
#include "op.h"
#include "trapheus/httpd.h"

#define SERVER "trapheus.server"
#define REQUEST "trapheus.request"

enum { most_headers = 32 };

struct server {
    struct tph_httpd *httpd; /* NULL: closed */
    struct next_op *next;    /* the one that waits; it takes itself out when it ends */
};

struct request {
    struct tph_httpd_request *request; /* NULL: answered, dropped, or not there yet */
};

/* Its user values are the loop's (see op.h) and, in its place, {server, request}: both live as long
 * as the op does. */
struct next_op {
    struct op op;
    struct server *server;
    struct request *request;
};

/* The next request --------------------------------------------------------------------------- */

static void end_next(struct server *server, enum tph_status status) {
    server->next->op.status = status;
    server->next = NULL;
}

/* Runs inside a step: only records. */
static void request_arrived(void *context, enum tph_status status) {
    struct server *server = context;
    if (!server->next) return;
    if (status == TPH_OK) server->next->request->request = tph_httpd_take(server->httpd);
    end_next(server, status);
}

static void next_cancel(struct op *op) {
    struct next_op *next = (struct next_op *)op;
    if (next->server->next == next) next->server->next = NULL;
}

/* [-0, +1] what was asked, as Lua's own strings: the views do not last */
static void push_message(lua_State *L, const struct tph_httpd_message *message) {
    lua_createtable(L, 0, 5);
    tph_push_str(L, message->method);
    lua_setfield(L, -2, "method");
    tph_push_str(L, message->path);
    lua_setfield(L, -2, "path");
    tph_push_str(L, message->query);
    lua_setfield(L, -2, "query");
    tph_push_str(L, message->body);
    lua_setfield(L, -2, "body");
    lua_createtable(L, (int)message->header_count, 0);
    for (size_t i = 0; i < message->header_count; i++) {
        tph_push_pair(L, message->headers[i].name, message->headers[i].value);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "headers");
}

/* The request, and with the first look what was asked: it can be read while the server is there. */
static int next_push_result(lua_State *L, struct op *op) {
    struct next_op *next = (struct next_op *)op;
    lua_getiuservalue(L, 1, 1);
    lua_rawgeti(L, -1, 2);
    bool known = lua_getiuservalue(L, -1, 1) != LUA_TNIL;
    lua_pop(L, 1);
    if (known) return 1;
    if (!next->server->httpd) return tph_push_failure(L, TPH_ECANCELED, NULL);
    push_message(L, tph_httpd_message(next->request->request));
    lua_setiuservalue(L, -2, 1);
    return 1;
}

static struct server *check_server(lua_State *L) {
    struct server *server = luaL_checkudata(L, 1, SERVER);
    luaL_argcheck(L, server->httpd != NULL, 1, "the server is closed");
    return server;
}

/* [-0, +1] {server, request}, the request empty */
static struct request *push_pair_of_next(lua_State *L) {
    lua_createtable(L, 2, 0);
    lua_pushvalue(L, 1);
    lua_rawseti(L, -2, 1);
    struct request *request = lua_newuserdatauv(L, sizeof *request, 1);
    *request = (struct request){NULL};
    luaL_setmetatable(L, REQUEST);
    lua_rawseti(L, -2, 2);
    return request;
}

/* next(server) -> op, whose result is a request. One at a time. */
static int server_next(lua_State *L) {
    static const struct op_type type = {next_cancel, next_push_result, NULL};
    struct server *server = check_server(L);
    if (server->next) return luaL_error(L, "next: one is waited for already");
    lua_settop(L, 1);
    lua_getiuservalue(L, 1, 1);
    struct next_op *next = (struct next_op *)tph_op_new(L, sizeof *next, 2);
    next->request = push_pair_of_next(L);
    lua_setiuservalue(L, -2, 1); /* the server in it keeps the loop */
    next->server = server;
    next->op.type = &type;
    server->next = next;
    next->request->request = tph_httpd_take(server->httpd);
    if (next->request->request) end_next(server, TPH_OK);
    return 1;
}

/* A request ------------------------------------------------------------------------------------ */

static size_t read_headers(lua_State *L, int index, struct tph_header *room) {
    if (lua_isnoneornil(L, index)) return 0;
    luaL_checktype(L, index, LUA_TTABLE);
    lua_Unsigned count = lua_rawlen(L, index);
    luaL_argcheck(L, count <= most_headers, index, "too many headers");
    for (lua_Unsigned i = 0; i < count; i++) {
        struct tph_str pair[2];
        tph_field_pair(L, index, NULL, (lua_Integer)i + 1, pair);
        room[i] = (struct tph_header){pair[0], pair[1]};
    }
    return count;
}

/* reply(request, status, { {name, value}, … } | nil, body[, sent_bytes]) -> true | nil, err
 * sent_bytes: the connection ends after so many bytes of the body, before the whole of it. */
static int request_reply(lua_State *L) {
    struct request *request = luaL_checkudata(L, 1, REQUEST);
    struct tph_header headers[most_headers];
    lua_Integer status = luaL_checkinteger(L, 2);
    size_t count = read_headers(L, 3, headers);
    struct tph_str body = tph_check_str(L, 4);
    lua_Integer sent_bytes = luaL_optinteger(L, 5, (lua_Integer)body.length_bytes);
    luaL_argcheck(L, status >= 200 && status <= 599, 2, "a status from 200 to 599 expected");
    if (!request->request) return luaL_argerror(L, 1, "the request has been answered");
    luaL_argcheck(L, sent_bytes >= 0, 5, "0 or more expected");
    enum tph_status sent =
        (size_t)sent_bytes < body.length_bytes
            ? tph_httpd_break_off(request->request, (unsigned int)status, headers, count, body,
                                  (size_t)sent_bytes)
            : tph_httpd_reply(request->request, (unsigned int)status, headers, count, body);
    if (sent != TPH_OK) return tph_push_failure(L, sent, "reply");
    request->request = NULL;
    lua_pushboolean(L, 1);
    return 1;
}

/* :close(), __close and __gc: a request that was not answered is dropped, with its connection. */
static int request_close(lua_State *L) {
    struct request *request = luaL_checkudata(L, 1, REQUEST);
    tph_httpd_drop(request->request);
    request->request = NULL;
    return 0;
}

static const luaL_Reg request_methods[] = {
    {"reply", request_reply}, {"close", request_close}, {NULL, NULL}};

/* A method, or a field of what was asked. */
static int request_index(lua_State *L) {
    luaL_checkudata(L, 1, REQUEST);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
    if (lua_getiuservalue(L, 1, 1) != LUA_TTABLE) return 1;
    lua_pushvalue(L, 2);
    lua_rawget(L, -2);
    return 1;
}

/* A server ------------------------------------------------------------------------------------- */

static int server_port(lua_State *L) {
    lua_pushinteger(L, tph_httpd_port(check_server(L)->httpd));
    return 1;
}

/* :close(), __close and __gc */
static int server_close(lua_State *L) {
    struct server *server = luaL_checkudata(L, 1, SERVER);
    if (server->next) end_next(server, TPH_ECANCELED);
    tph_httpd_free(server->httpd);
    server->httpd = NULL;
    return 0;
}

/* A field that is a whole number; 0, the default, when it is left out. */
static unsigned int opt_limit(lua_State *L, const char *field, int64_t most) {
    int64_t value = tph_check_limit(L, 2, field);
    if (value > most) tph_field_error(L, field, "out of range");
    return (unsigned int)value;
}

/* listen(loop, { address=, port=, max_body_bytes=, connections=, timeout_s= }) -> server | nil, err
 * address: numeric, of this machine only; port: 0 or nil for a free one. */
int tph_loop_listen(lua_State *L) {
    struct tph_loop *loop = tph_check_loop(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    struct tph_httpd_options options = {
        .address = tph_field_str(L, 2, "address").data,
        .port = (uint16_t)opt_limit(L, "port", 65535),
        .max_body_bytes = opt_limit(L, "max_body_bytes", 1 << 30),
        .connections = opt_limit(L, "connections", 1000),
        .timeout_s = opt_limit(L, "timeout_s", 86400),
    };
    struct server *server = lua_newuserdatauv(L, sizeof *server, 1);
    *server = (struct server){NULL, NULL};
    luaL_setmetatable(L, SERVER);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    enum tph_status status =
        tph_httpd_listen(loop, &options, request_arrived, server, &server->httpd);
    return status == TPH_OK ? 1 : tph_push_failure(L, status, "listen");
}

void tph_bind_httpd(lua_State *L) {
    static const luaL_Reg server_meta[] = {
        {"__gc", server_close}, {"__close", server_close}, {NULL, NULL}};
    static const luaL_Reg server_methods[] = {
        {"port", server_port}, {"next", server_next}, {"close", server_close}, {NULL, NULL}};
    static const luaL_Reg request_meta[] = {
        {"__gc", request_close}, {"__close", request_close}, {NULL, NULL}};
    luaL_newmetatable(L, SERVER);
    luaL_setfuncs(L, server_meta, 0);
    luaL_newlib(L, server_methods);
    lua_setfield(L, -2, "__index");
    luaL_newmetatable(L, REQUEST);
    luaL_setfuncs(L, request_meta, 0);
    luaL_newlib(L, request_methods);
    lua_pushcclosure(L, request_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 2);
}
