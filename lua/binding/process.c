/* process.c - loop:process, and what came of it. */
#include "trapheus/process.h"
#include "field.h"
#include "op.h"
#include <string.h>

#define MOST_ARGUMENTS 128
#define MOST_VARIABLES 1024
#define MOST_ERRORS 65536 /* as the core has it */

struct process_op {
    struct op op;
    struct tph_process *process; /* NULL before the start and after the end */
    struct tph_buf output, errors;
    int code;
};

static void process_cancel(struct op *op) {
    struct process_op *self = (struct process_op *)op;
    tph_process_cancel(self->process);
    self->process = NULL;
    tph_buf_wipe(&self->output);
    tph_buf_wipe(&self->errors);
}

static int process_push_result(lua_State *L, struct op *op) {
    struct process_op *self = (struct process_op *)op;
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, self->code);
    lua_setfield(L, -2, "code");
    tph_push_str(L, tph_buf_view(&self->output));
    lua_setfield(L, -2, "output");
    tph_push_str(L, tph_buf_view(&self->errors));
    lua_setfield(L, -2, "errors");
    return 1;
}

static void process_done(void *context, enum tph_status status, int code, struct tph_str output,
                         struct tph_str errors) {
    struct process_op *self = context;
    self->process = NULL;
    self->code = code;
    if (status == TPH_OK) status = tph_buf_append(&self->output, output);
    if (status == TPH_OK) status = tph_buf_append(&self->errors, errors);
    self->op.status = status;
}

/* Takes the strings of a list, up to `most`. */
static void check_strings(lua_State *L, const char *field, char **strings, lua_Unsigned most) {
    int list = tph_field_push(L, 2, field, LUA_TTABLE);
    lua_Unsigned count = lua_rawlen(L, list);
    if (count < 1 || count > most) tph_field_error(L, field, "too few or too many of them");
    for (lua_Unsigned i = 0; i < count; i++) {
        if (lua_rawgeti(L, list, (lua_Integer)i + 1) != LUA_TSTRING)
            tph_field_error(L, field, "strings expected");
        strings[i] = (char *)lua_tostring(L, -1); /* anchored in the list */
        lua_pop(L, 1);
    }
    strings[count] = NULL;
}

/* process(loop, { argv = {…}, timeout_ms=, max_bytes=, environment = {…}, apart= })
 *   -> op, whose result is { code=, output=, errors= } | nil, err */
int tph_loop_process(lua_State *L) {
    static const struct op_type type = {process_cancel, process_push_result, NULL};
    char *argv[MOST_ARGUMENTS + 1], *environment[MOST_VARIABLES + 1];
    struct tph_loop *loop = tph_check_loop(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    check_strings(L, "argv", argv, MOST_ARGUMENTS);
    bool all = tph_field_get(L, 2, "environment") == LUA_TNIL;
    if (!all) check_strings(L, "environment", environment, MOST_VARIABLES);
    struct tph_process_request request = {
        .argv = argv,
        .timeout_ms = (int64_t)tph_field_number(L, 2, "timeout_ms"),
        .max_bytes = (size_t)tph_field_number(L, 2, "max_bytes"),
        .environment = all ? NULL : environment,
        .apart = tph_field_opt_flag(L, 2, "apart", false),
    };
    struct process_op *self = (struct process_op *)tph_op_new(L, sizeof *self, 1);
    tph_buf_init(&self->output, request.max_bytes);
    tph_buf_init(&self->errors, MOST_ERRORS);
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
