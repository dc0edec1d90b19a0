/* sign.c - core.credentials and core.sigv4 */
#include "field.h"
#include "trapheus/sigv4.h"
#include <math.h>
#include <string.h>

#define CREDENTIALS "trapheus.credentials"
#define STAGES "trapheus.sigv4"

const struct tph_credentials *tph_check_credentials(lua_State *L, int index) {
    const struct tph_credentials *credentials = luaL_checkudata(L, index, CREDENTIALS);
    if (!credentials->block) luaL_argerror(L, index, "the credentials are closed");
    return credentials;
}

/* The three strings of a plain table, borrowed from it */
static struct tph_credentials borrow(lua_State *L, int index) {
    return (struct tph_credentials){
        .access_key_id = tph_field_str(L, index, "access_key_id"),
        .secret_access_key = tph_field_str(L, index, "secret_access_key"),
        .session_token = tph_field_opt_str(L, index, "session_token"),
    };
}

/* credentials{ access_key_id=, secret_access_key=, session_token=, expires_at= } -> userdata */
static int credentials_new(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    struct tph_credentials source = borrow(L, 1);
    source.expires_at_s = (int64_t)floor(tph_field_opt_number(L, 1, "expires_at", 0));
    struct tph_credentials *credentials = lua_newuserdatauv(L, sizeof *credentials, 0);
    *credentials = (struct tph_credentials){.block = NULL};
    luaL_setmetatable(L, CREDENTIALS);
    enum tph_status status = tph_credentials_init(credentials, &source);
    if (status == TPH_EINVAL) return luaL_argerror(L, 1, "an empty key, or a blank in one");
    return status == TPH_OK ? 1 : luaL_error(L, "credentials: %s", tph_status_text(status));
}

/* :close(), __close and __gc; safe to repeat */
static int credentials_close(lua_State *L) {
    tph_credentials_deinit(luaL_checkudata(L, 1, CREDENTIALS));
    return 0;
}

/* Three fields and a method can be read; the secret and the token cannot. */
static int credentials_index(lua_State *L) {
    const struct tph_credentials *credentials = luaL_checkudata(L, 1, CREDENTIALS);
    const char *name = luaL_checkstring(L, 2);
    if (strcmp(name, "close") == 0)
        lua_pushcfunction(L, credentials_close);
    else if (strcmp(name, "access_key_id") == 0 && credentials->block)
        tph_push_str(L, credentials->access_key_id);
    else if (strcmp(name, "temporary") == 0)
        lua_pushboolean(L, credentials->session_token.length_bytes > 0);
    else if (strcmp(name, "expires_at") == 0 && credentials->expires_at_s)
        lua_pushinteger(L, credentials->expires_at_s);
    else
        lua_pushnil(L);
    return 1;
}

static int credentials_tostring(lua_State *L) {
    const struct tph_credentials *credentials = luaL_checkudata(L, 1, CREDENTIALS);
    if (!credentials->block) {
        lua_pushliteral(L, "credentials(closed)");
        return 1;
    }
    lua_pushliteral(L, "credentials(");
    tph_push_str(L, credentials->access_key_id);
    lua_pushliteral(L, ", ****)");
    lua_concat(L, 3);
    return 1;
}

/* Either form; borrowed from the argument, which stays on the stack */
static struct tph_credentials read_credentials(lua_State *L) {
    struct tph_credentials credentials = {.block = NULL};
    int type = tph_field_get(L, 1, "credentials");
    if (type == LUA_TTABLE)
        credentials = borrow(L, -1);
    else if (luaL_testudata(L, -1, CREDENTIALS))
        credentials = *(struct tph_credentials *)lua_touserdata(L, -1);
    else
        tph_field_error(L, "credentials", "core.credentials or a table expected");
    if (type == LUA_TUSERDATA && !credentials.block)
        tph_field_error(L, "credentials", "they are closed");
    lua_pop(L, 1);
    return credentials;
}

/* Fills `room` with the header list; returns how many there are. */
static size_t read_headers(lua_State *L, struct tph_header room[TPH_SIGV4_MAX_HEADERS]) {
    int list = tph_field_push(L, 1, "headers", LUA_TTABLE);
    lua_Unsigned count = lua_rawlen(L, list);
    if (count > TPH_SIGV4_MAX_HEADERS) tph_field_error(L, "headers", "too many");
    for (lua_Unsigned i = 0; i < count; i++) {
        struct tph_str pair[2];
        tph_field_pair(L, list, "headers", (lua_Integer)i + 1, pair);
        room[i] = (struct tph_header){pair[0], pair[1]};
    }
    lua_pop(L, 1);
    return count;
}

/* Appends the lines "name: value" to the list on the top of the stack. */
static void append_lines(lua_State *L, struct tph_str lines) {
    const char *line = lines.data, *end = lines.data + lines.length_bytes;
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
    while (line < end) {
        const char *colon = memchr(line, ':', (size_t)(end - line));
        const char *stop = memchr(colon, '\r', (size_t)(end - colon));
        tph_push_pair(L, (struct tph_str){line, (size_t)(colon - line)},
                      (struct tph_str){colon + 2, (size_t)(stop - colon - 2)});
        lua_rawseti(L, -2, ++count);
        line = stop + 2;
    }
}

/* [-0, +1] the headers to send: the given ones that stay, then the added ones */
static void push_headers(lua_State *L, const struct tph_sigv4_request *request,
                         const struct tph_sigv4_identity *identity, struct tph_str lines) {
    lua_Integer count = 0;
    lua_createtable(L, (int)request->header_count + 4, 0);
    for (size_t i = 0; i < request->header_count; i++) {
        if (tph_sigv4_replaces(identity, request->headers[i].name)) continue;
        tph_push_pair(L, request->headers[i].name, request->headers[i].value);
        lua_rawseti(L, -2, ++count);
    }
    append_lines(L, lines);
}

static int stages_gc(lua_State *L) {
    tph_sigv4_wipe(luaL_checkudata(L, 1, STAGES));
    return 0;
}

/* [-0, +1] where the stages are made, again and again; wiped after every use */
static void push_room(lua_State *L) {
    struct tph_buf *room = lua_newuserdatauv(L, TPH_SIGV4_STAGES * sizeof *room, 0);
    tph_sigv4_init(room);
    luaL_setmetatable(L, STAGES);
}

/* [-0, +1] the table of what every stage made */
static void push_stages(lua_State *L, const struct tph_sigv4_request *request,
                        const struct tph_sigv4_identity *identity) {
    static const char *const names[] = {"canonical_request", "string_to_sign", "signature",
                                        "authorization"};
    struct tph_buf *made = lua_touserdata(L, lua_upvalueindex(1));
    tph_sigv4_wipe(made); /* of a call that ran out of memory */
    enum tph_status status = tph_sigv4_run(request, identity, made);
    if (status == TPH_EINVAL) luaL_argerror(L, 1, tph_sigv4_fault(request, identity));
    if (status != TPH_OK) luaL_error(L, "sigv4: %s", tph_status_text(status));
    lua_createtable(L, 0, TPH_SIGV4_STAGES);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        tph_push_str(L, tph_buf_view(&made[i]));
        lua_setfield(L, -2, names[i]);
    }
    push_headers(L, request, identity, tph_buf_view(&made[TPH_SIGV4_LINES]));
    lua_setfield(L, -2, "headers");
    tph_sigv4_wipe(made);
}

/* sigv4.sign{ method=, path=, query=, headers={ {name, value}, … }, body=, service=, region=,
 * time=, credentials=, normalize_path=, sign_body=, omit_session_token= }
 * -> { canonical_request=, string_to_sign=, signature=, authorization=, headers= } */
static int sigv4_sign(lua_State *L) {
    struct tph_header headers[TPH_SIGV4_MAX_HEADERS];
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    struct tph_credentials credentials = read_credentials(L);
    struct tph_sigv4_request request = {
        .method = tph_field_str(L, 1, "method"),
        .path = tph_field_opt_str(L, 1, "path"),
        .query = tph_field_opt_str(L, 1, "query"),
        .body = tph_field_opt_str(L, 1, "body"),
        .headers = headers,
        .header_count = read_headers(L, headers),
    };
    struct tph_sigv4_identity identity = {
        .credentials = &credentials,
        .region = tph_field_str(L, 1, "region"),
        .service = tph_field_str(L, 1, "service"),
        .time_s = (int64_t)floor(tph_field_number(L, 1, "time")),
        .keep_path = !tph_field_opt_flag(L, 1, "normalize_path", true),
        .sign_body = tph_field_opt_flag(L, 1, "sign_body", false),
        .omit_session_token = tph_field_opt_flag(L, 1, "omit_session_token", false),
    };
    push_stages(L, &request, &identity);
    return 1;
}

void tph_bind_sign(lua_State *L) {
    static const luaL_Reg meta[] = {
        {"__index", credentials_index},
        {"__gc", credentials_close},
        {"__close", credentials_close},
        {"__tostring", credentials_tostring},
        {NULL, NULL},
    };
    static const luaL_Reg sigv4[] = {{"sign", sigv4_sign}, {NULL, NULL}};
    luaL_newmetatable(L, CREDENTIALS);
    luaL_setfuncs(L, meta, 0);
    lua_pushliteral(L, "credentials"); /* getmetatable() must not give __gc away */
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    luaL_newmetatable(L, STAGES);
    lua_pushcfunction(L, stages_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
    lua_pushcfunction(L, credentials_new);
    lua_setfield(L, -2, "credentials");
    luaL_newlibtable(L, sigv4);
    push_room(L);
    luaL_setfuncs(L, sigv4, 1);
    lua_setfield(L, -2, "sigv4");
}
