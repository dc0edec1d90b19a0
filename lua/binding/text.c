/* text.c - core.uri and core.form */
#include "field.h"
#include "trapheus/query.h"
#include "trapheus/uri.h"

/* [-0, +1] what the buffer holds, as a string; frees it early */
static void push_taken(lua_State *L, struct tph_buf *buf) {
    tph_push_str(L, tph_buf_view(buf));
    tph_buf_wipe(buf);
}

static void check(lua_State *L, enum tph_status status) {
    if (status != TPH_OK) luaL_error(L, "%s", tph_status_text(status));
}

/* uri.encode(bytes, keep_slash?) -> text */
static int uri_encode(lua_State *L) {
    struct tph_str bytes = tph_check_str(L, 1);
    const char *keep = lua_toboolean(L, 2) ? "/" : NULL;
    struct tph_buf *out = tph_push_buf(L, TPH_QUERY_MAX_BYTES);
    check(L, tph_uri_encode(bytes, keep, out));
    push_taken(L, out);
    return 1;
}

/* uri.decode(text) -> bytes | nil, err */
static int uri_decode(lua_State *L) {
    struct tph_str text = tph_check_str(L, 1);
    struct tph_buf *out = tph_push_buf(L, TPH_QUERY_MAX_BYTES);
    enum tph_status status = tph_uri_decode(text, out);
    if (status != TPH_OK) return tph_push_failure(L, status, "percent-encoding");
    push_taken(L, out);
    return 1;
}

/* uri.parse(text) -> { scheme=, authority=, host=, port=, path=, query= } | nil, err */
static int uri_parse(lua_State *L) {
    struct tph_uri uri;
    enum tph_status status = tph_uri_parse(tph_check_str(L, 1), &uri);
    if (status != TPH_OK) return tph_push_failure(L, status, "URL"); /* it may be a secret */
    const struct {
        const char *name;
        struct tph_str text;
    } fields[] = {{"scheme", uri.scheme},
                  {"authority", uri.authority},
                  {"host", uri.host},
                  {"path", uri.path},
                  {"query", uri.query}};
    lua_createtable(L, 0, 6);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        tph_push_str(L, fields[i].text);
        lua_setfield(L, -2, fields[i].name);
    }
    if (uri.port) {
        lua_pushinteger(L, uri.port);
        lua_setfield(L, -2, "port");
    }
    return 1;
}

/* form.encode{ {key, value}, … } -> body */
static int form_encode(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer count = (lua_Integer)lua_rawlen(L, 1);
    struct tph_buf *out = tph_push_buf(L, TPH_QUERY_MAX_BYTES);
    for (lua_Integer i = 1; i <= count; i++) {
        struct tph_str pair[2];
        tph_field_pair(L, 1, NULL, i, pair);
        check(L, tph_query_append(out, pair[0], pair[1]));
    }
    push_taken(L, out);
    return 1;
}

/* [-0, +1] the pair, decoded; nothing is pushed after an error */
static enum tph_status push_decoded(lua_State *L, const struct tph_str pair[2],
                                    struct tph_buf *scratch) {
    tph_buf_truncate(scratch, 0);
    enum tph_status status = tph_query_decode(pair[0], scratch);
    size_t split = scratch->length_bytes;
    if (status == TPH_OK) status = tph_query_decode(pair[1], scratch);
    if (status != TPH_OK) return status;
    struct tph_str both = tph_buf_view(scratch);
    tph_push_pair(L, (struct tph_str){both.data, split},
                  (struct tph_str){both.data + split, both.length_bytes - split});
    return TPH_OK;
}

/* form.decode(body) -> { {key, value}, … } | nil, err */
static int form_decode(lua_State *L) {
    struct tph_str rest = tph_check_str(L, 1), pair[2];
    if (rest.length_bytes > TPH_QUERY_MAX_BYTES) return tph_push_failure(L, TPH_ETOOBIG, "form");
    struct tph_buf *scratch = tph_push_buf(L, TPH_QUERY_MAX_BYTES);
    lua_newtable(L);
    for (lua_Integer count = 1; tph_query_next(&rest, &pair[0], &pair[1]); count++) {
        enum tph_status status = push_decoded(L, pair, scratch);
        if (status != TPH_OK) return tph_push_failure(L, status, "form");
        lua_rawseti(L, -2, count);
    }
    tph_buf_wipe(scratch);
    return 1;
}

void tph_bind_text(lua_State *L) {
    static const luaL_Reg uri[] = {
        {"encode", uri_encode}, {"decode", uri_decode}, {"parse", uri_parse}, {NULL, NULL}};
    static const luaL_Reg form[] = {{"encode", form_encode}, {"decode", form_decode}, {NULL, NULL}};
    luaL_newlib(L, uri);
    lua_setfield(L, -2, "uri");
    luaL_newlib(L, form);
    lua_setfield(L, -2, "form");
}
