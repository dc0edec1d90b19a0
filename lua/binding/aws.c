/* aws.c - loop:aws, and what came of it. */
#include "trapheus/aws.h"
#include "field.h"
#include "op.h"
#include "reply.h"
#include <string.h>

#define LONGEST_TEXT_BYTES 8192

struct aws_op {
    struct op op;
    struct tph_aws_call *call; /* NULL before the start and after the end */
    struct reply reply;
    struct tph_buf request_id, code, message;
    unsigned attempts;
    bool held, failed, retryable, ambiguous;
};

static void aws_cancel(struct op *op) {
    struct aws_op *aws = (struct aws_op *)op;
    tph_aws_cancel(aws->call);
    aws->call = NULL;
    reply_forget(&aws->reply);
    tph_buf_deinit(&aws->request_id);
    tph_buf_deinit(&aws->code);
    tph_buf_deinit(&aws->message);
}

static enum tph_status keep_text(struct tph_buf *out, struct tph_str text) {
    tph_buf_init(out, LONGEST_TEXT_BYTES);
    return tph_buf_append(out, text);
}

static enum tph_status keep_error(struct aws_op *aws, const struct tph_aws_error *error) {
    aws->failed = true;
    aws->retryable = error->retryable;
    aws->ambiguous = error->ambiguous;
    enum tph_status status = keep_text(&aws->code, error->code);
    return status == TPH_OK ? keep_text(&aws->message, error->message) : status;
}

static void aws_done(void *context, enum tph_status status, const struct tph_aws_reply *reply) {
    struct aws_op *aws = context;
    aws->call = NULL;
    if (status == TPH_OK) {
        aws->attempts = reply->attempts;
        status = reply_keep(&aws->reply, reply->http);
    }
    if (status == TPH_OK) status = keep_text(&aws->request_id, reply->request_id);
    if (status == TPH_OK && reply->error) status = keep_error(aws, reply->error);
    aws->op.status = status;
}

/* [-0, +0] fields of the table on top of the stack */
static void set_text(lua_State *L, const char *name, const struct tph_buf *text) {
    if (text->length_bytes == 0) return;
    tph_push_str(L, tph_buf_view(text));
    lua_setfield(L, -2, name);
}

static void set_flag(lua_State *L, const char *name, bool flag) {
    lua_pushboolean(L, flag);
    lua_setfield(L, -2, name);
}

static void set_integer(lua_State *L, const char *name, lua_Integer number) {
    lua_pushinteger(L, number);
    lua_setfield(L, -2, name);
}

static void set_error(lua_State *L, const struct aws_op *aws) {
    lua_createtable(L, 0, 7);
    set_text(L, "code", &aws->code);
    set_text(L, "message", &aws->message);
    set_text(L, "request_id", &aws->request_id);
    if (aws->reply.status) set_integer(L, "status", aws->reply.status);
    set_integer(L, "attempts", aws->attempts);
    set_flag(L, "retryable", aws->retryable);
    set_flag(L, "ambiguous", aws->ambiguous);
    lua_setfield(L, -2, "error");
}

static int aws_push_result(lua_State *L, struct op *op) {
    struct aws_op *aws = (struct aws_op *)op;
    lua_createtable(L, 0, 6);
    if (aws->held)
        reply_set_held(L, &aws->reply);
    else
        reply_set_fields(L, &aws->reply);
    set_text(L, "request_id", &aws->request_id);
    set_integer(L, "attempts", aws->attempts);
    if (aws->failed) set_error(L, aws);
    return 1;
}

static const struct tph_credentials *check_credentials(lua_State *L, int index) {
    if (tph_field_get(L, index, "credentials") == LUA_TNIL) return NULL;
    return tph_check_credentials(L, lua_gettop(L)); /* stays on the stack, so that it stays alive */
}

/* aws(loop, { url=, body=, target=, content_type=, service=, region=, credentials=, read_only=,
 *   max_attempts=, timeout_ms=, allow_http=, held= }): without credentials it is not signed; held:
 *   the body comes as bytes outside of Lua's heap, to be closed
 *   -> op | nil, err. Its result is { status=, headers=, body=, request_id=, attempts=, error = nil
 *   | { code=, message=, status=, request_id=, retryable=, ambiguous=, attempts= } } */
int tph_loop_call(lua_State *L) {
    static const struct op_type type = {aws_cancel, aws_push_result, NULL};
    struct tph_loop *loop = tph_check_loop(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    int64_t max_attempts = tph_check_limit(L, 2, "max_attempts");
    if (max_attempts > 100) tph_field_error(L, "max_attempts", "more than 100");
    struct tph_aws_request request = {
        .url = tph_field_str(L, 2, "url"),
        .body = tph_field_str(L, 2, "body"),
        .target = tph_field_opt_str(L, 2, "target"),
        .content_type = tph_field_opt_str(L, 2, "content_type"),
        .service = tph_field_str(L, 2, "service"),
        .region = tph_field_str(L, 2, "region"),
        .max_attempts = (unsigned)max_attempts,
        .timeout_ms = tph_check_limit(L, 2, "timeout_ms"),
        .read_only = tph_field_opt_flag(L, 2, "read_only", false),
        .allow_http = tph_field_opt_flag(L, 2, "allow_http", false),
    };
    request.credentials = check_credentials(L, 2);
    struct aws_op *aws = (struct aws_op *)tph_op_new(L, sizeof *aws, 1);
    aws->op.type = &type;
    aws->held = tph_field_opt_flag(L, 2, "held", false);
    enum tph_status status = tph_aws_send(loop, &request, aws_done, aws, &aws->call);
    return status == TPH_OK ? 1 : tph_push_failure(L, status, "call");
}
