/* judge.c - core.reply: what the client makes of a reply, however it came. */
#include "field.h"
#include "trapheus/aws_reply.h"

/* [-0, +1] what is told of a failure */
static void push_error(lua_State *L, const struct tph_aws_verdict *verdict, int http_status,
                       bool read_only) {
    char text[TPH_AWS_REPLY_TEXT_BYTES];
    struct tph_aws_error error = tph_aws_reply_error(verdict, http_status, read_only, text);
    lua_createtable(L, 0, 8);
    tph_push_str(L, error.code);
    lua_setfield(L, -2, "code");
    tph_push_str(L, error.message);
    lua_setfield(L, -2, "message");
    lua_pushboolean(L, error.retryable);
    lua_setfield(L, -2, "retryable");
    lua_pushboolean(L, error.ambiguous);
    lua_setfield(L, -2, "ambiguous");
}

#define VERDICT "trapheus.verdict"

static int verdict_free(lua_State *L) {
    tph_aws_verdict_deinit(lua_touserdata(L, 1));
    return 0;
}

/* [-0, +1] in a userdata, so that it is freed however the function ends */
static struct tph_aws_verdict *push_verdict(lua_State *L) {
    struct tph_aws_verdict *verdict = lua_newuserdatauv(L, sizeof *verdict, 0);
    tph_aws_verdict_init(verdict);
    luaL_setmetatable(L, VERDICT);
    return verdict;
}

static void check(lua_State *L, enum tph_status status) {
    if (status != TPH_OK) luaL_error(L, "reply: %s", tph_status_text(status));
}

/* read{ status=, body=, read_only= } -> nil | { code=, message=, retryable=, ambiguous= } */
static int reply_read(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    struct tph_http_reply http = {.status = (int)tph_field_number(L, 1, "status"),
                                  .body = tph_field_str(L, 1, "body"),
                                  .detail = ""};
    bool read_only = tph_field_opt_flag(L, 1, "read_only", false);
    struct tph_aws_verdict *verdict = push_verdict(L);
    check(L, tph_aws_reply_read(verdict, &http, false));
    if (verdict->ok) return 0;
    push_error(L, verdict, http.status, read_only);
    return 1;
}

/* judge{ status=, code=, message=, read_only= } -> as read() of a reply that says so; without a
 * code, of one that is not the service's */
static int reply_judge(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    int status = (int)tph_field_number(L, 1, "status");
    bool read_only = tph_field_opt_flag(L, 1, "read_only", false);
    struct tph_aws_verdict *verdict = push_verdict(L);
    verdict->readable = tph_field_get(L, 1, "code") == LUA_TSTRING;
    if (verdict->readable) {
        check(L, tph_buf_append(&verdict->code, tph_field_str(L, 1, "code")));
        check(L, tph_buf_append(&verdict->message, tph_field_str(L, 1, "message")));
    }
    push_error(L, verdict, status, read_only);
    return 1;
}

void tph_bind_judge(lua_State *L) {
    static const luaL_Reg meta[] = {{"__gc", verdict_free}, {NULL, NULL}};
    static const luaL_Reg functions[] = {
        {"read", reply_read}, {"judge", reply_judge}, {NULL, NULL}};
    luaL_newmetatable(L, VERDICT);
    luaL_setfuncs(L, meta, 0);
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    lua_setfield(L, -2, "reply");
}
