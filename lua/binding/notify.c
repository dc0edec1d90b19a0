/* notify.c - core.notify: the delivery of a message to a webhook. */
#include "trapheus/notify.h"
#include "field.h"
#include "op.h"
#include "trapheus/uri.h"
#include <string.h>

struct notify_op {
    struct op op;
    struct tph_notify_call *call; /* NULL before the start and after the end */
    int http_status;
    char host[256]; /* all that is ever shown of the address */
};

static void notify_cancel(struct op *op) {
    struct notify_op *notify = (struct notify_op *)op;
    tph_notify_cancel(notify->call);
    notify->call = NULL;
}

/* [-0, +1] { status = } of a success, [-0, +2] nil, { code=, message=, status= } of another answer
 */
static int notify_push_result(lua_State *L, struct op *op) {
    struct notify_op *notify = (struct notify_op *)op;
    bool success = notify->http_status >= 200 && notify->http_status < 300;
    if (!success) lua_pushnil(L);
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, notify->http_status);
    lua_setfield(L, -2, "status");
    if (success) return 1;
    lua_pushliteral(L, "HTTPError");
    lua_setfield(L, -2, "code");
    lua_pushfstring(L, "%s: HTTP %d", notify->host, notify->http_status);
    lua_setfield(L, -2, "message");
    return 2;
}

static const char *notify_detail(struct op *op) { return ((struct notify_op *)op)->host; }

static void notify_done(void *context, enum tph_status status, int http_status) {
    struct notify_op *notify = context;
    notify->call = NULL;
    notify->http_status = http_status;
    notify->op.status = status;
}

static void keep_host(struct notify_op *notify, struct tph_str url) {
    struct tph_uri uri;
    if (tph_uri_parse(url, &uri) != TPH_OK || uri.host.length_bytes >= sizeof notify->host) return;
    memcpy(notify->host, uri.host.data, uri.host.length_bytes);
}

static int push_refusal(lua_State *L, const char *fault) {
    tph_push_failure(L, TPH_EREFUSED, NULL);
    lua_pushfstring(L, "webhook refused: %s", fault);
    lua_setfield(L, -2, "message");
    return 2;
}

static struct tph_notify_request check_request(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    return (struct tph_notify_request){
        .url = tph_field_str(L, 1, "url"),
        .body = tph_field_opt_str(L, 1, "body"),
        .allow_host = tph_field_opt_str(L, 1, "allow_host"),
        .allow_private = tph_field_opt_flag(L, 1, "allow_private", false),
        .allow_http = tph_field_opt_flag(L, 1, "allow_http", false),
    };
}

/* notify_fault{ url=, allow_host=, allow_http= } -> why it would be refused | nil */
int tph_notify_why_not(lua_State *L) {
    struct tph_notify_request request = check_request(L);
    lua_pushstring(L, tph_notify_fault(&request)); /* nil of NULL */
    return 1;
}

/* notify{ loop=, url=, body=, allow_host=, allow_private=, allow_http= } -> op | nil, err
 * The op's result is { status= } | nil, err; errors name the host and nothing else of the url. */
int tph_notify(lua_State *L) {
    static const struct op_type type = {notify_cancel, notify_push_result, notify_detail};
    struct tph_notify_request request = check_request(L);
    tph_field_get(L, 1, "loop");
    int loop_index = lua_gettop(L);
    struct tph_loop *loop = tph_check_loop(L, loop_index);
    const char *fault = tph_notify_fault(&request);
    if (fault) return push_refusal(L, fault);
    struct notify_op *notify = (struct notify_op *)tph_op_new(L, sizeof *notify, loop_index);
    notify->op.type = &type;
    keep_host(notify, request.url);
    enum tph_status status = tph_notify_send(loop, &request, notify_done, notify, &notify->call);
    return status == TPH_OK ? 1 : tph_push_failure(L, status, "webhook");
}
