/* process.c - loop:process, and what came of it. */
#include "trapheus/process.h"
#include "field.h"
#include "op.h"
#include <string.h>

#define MOST_ARGUMENTS 128

struct process_op {
    struct op op;
    struct tph_process *process; /* NULL before the start and after the end */
    struct tph_buf output;
    int code;
};

static void process_cancel(struct op *op) {
    struct process_op *self = (struct process_op *)op;
    tph_process_cancel(self->process);
    self->process = NULL;
    tph_buf_wipe(&self->output);
}

static int process_push_result(lua_State *L, struct op *op) {
    struct process_op *self = (struct process_op *)op;
    lua_createtable(L, 0, 2);
    lua_pushinteger(L, self->code);
    lua_setfield(L, -2, "code");
    tph_push_str(L, tph_buf_view(&self->output));
    lua_setfield(L, -2, "output");
    return 1;
}

static void process_done(void *context, enum tph_status status, int code, struct tph_str output) {
    struct process_op *self = context;
    self->process = NULL;
    self->code = code;
    if (status == TPH_OK) status = tph_buf_append(&self->output, output);
    self->op.status = status;
}

static void check_arguments(lua_State *L, char **argv) {
    int list = tph_field_push(L, 2, "argv", LUA_TTABLE);
    lua_Unsigned count = lua_rawlen(L, list);
    if (count < 1 || count > MOST_ARGUMENTS) tph_field_error(L, "argv", "1 to 128 expected");
    for (lua_Unsigned i = 0; i < count; i++) {
        if (lua_rawgeti(L, list, (lua_Integer)i + 1) != LUA_TSTRING)
            tph_field_error(L, "argv", "strings expected");
        argv[i] = (char *)lua_tostring(L, -1); /* anchored in the list */
        lua_pop(L, 1);
    }
    argv[count] = NULL;
}

/* process(loop, { argv = {…}, timeout_ms=, max_bytes= })
 *   -> op, whose result is { code=, output= } | nil, err */
int tph_loop_process(lua_State *L) {
    static const struct op_type type = {process_cancel, process_push_result, NULL};
    char *argv[MOST_ARGUMENTS + 1];
    struct tph_loop *loop = tph_check_loop(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    check_arguments(L, argv);
    struct tph_process_request request = {
        .argv = argv,
        .timeout_ms = (int64_t)tph_field_number(L, 2, "timeout_ms"),
        .max_bytes = (size_t)tph_field_number(L, 2, "max_bytes"),
    };
    struct process_op *self = (struct process_op *)tph_op_new(L, sizeof *self, 1);
    tph_buf_init(&self->output, request.max_bytes);
    self->op.type = &type;
    int error = 0;
    enum tph_status status =
        tph_process_start(loop, &request, process_done, self, &self->process, &error);
    if (status == TPH_OK) return 1;
    tph_push_failure(L, status, NULL);
    if (status == TPH_EIO) {
        lua_pushfstring(L, "%s: %s", argv[0], strerror(error));
        lua_setfield(L, -2, "message");
    }
    return 2;
}
