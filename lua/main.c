/* main.c - the program: a Lua state that finds the bundled files, and trapheus.cli. */
#include "bundle.h"
#include "trapheus/inflate.h"
#include "trapheus/pool.h"
#include <lauxlib.h>
#include <lua-cjson.h>
#include <lualib.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#define LONGEST_TEXT_BYTES ((size_t)16 << 20)

int luaopen_trapheus_core(lua_State *L);

static const struct bundled *find(const char *name) {
    for (const struct bundled *file = bundle; file->name; file++)
        if (strcmp(file->name, name) == 0) return file;
    return NULL;
}

/* The caller frees the text, and raises nothing before that. */
static void unpack(lua_State *L, const struct bundled *file, struct tph_buf *text) {
    struct tph_str data = {file->data, file->length_bytes};
    tph_buf_init(text, LONGEST_TEXT_BYTES);
    enum tph_status status = file->packed ? tph_inflate(data, text) : tph_buf_append(text, data);
    if (status == TPH_OK) return;
    tph_buf_deinit(text);
    luaL_error(L, "%s: %s", file->name, tph_status_text(status));
}

/* bundled(name) -> text | nil: a file inside the program, "trapheus/cli.lua" */
static int bundled_text(lua_State *L) {
    const struct bundled *file = find(luaL_checkstring(L, 1));
    if (!file) return 0;
    struct tph_buf text;
    unpack(L, file, &text);
    lua_pushlstring(L, text.data, text.length_bytes);
    tph_buf_deinit(&text);
    return 1;
}

/* A searcher of package.searchers: the bundled modules. Only these may be binary; Lua refuses one
 * that another version of it has made. */
static int search_bundle(lua_State *L) {
    const char *module = luaL_checkstring(L, 1);
    const char *path = luaL_gsub(L, module, ".", "/");
    const struct bundled *file = find(lua_pushfstring(L, "%s.lua", path));
    if (!file) file = find(lua_pushfstring(L, "%s/init.lua", path));
    if (!file) {
        lua_pushfstring(L, "no bundled module '%s'", module);
        return 1;
    }
    const char *chunk_name = lua_pushfstring(L, "@%s", file->name);
    struct tph_buf text;
    unpack(L, file, &text);
    int status = luaL_loadbufferx(L, text.data, text.length_bytes, chunk_name, "bt");
    tph_buf_deinit(&text);
    if (status != LUA_OK) return lua_error(L);
    lua_pushstring(L, file->name);
    return 2;
}

/* The bundle comes after package.preload and before the file system: trapheus.path then puts
 * the user's own directories in front of it. */
static void insert_searcher(lua_State *L) {
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "searchers");
    for (lua_Integer i = luaL_len(L, -1); i >= 2; i--) {
        lua_geti(L, -1, i);
        lua_seti(L, -2, i + 1);
    }
    lua_pushcfunction(L, search_bundle);
    lua_seti(L, -2, 2);
    lua_pop(L, 2);
}

static void preload(lua_State *L, const char *name, lua_CFunction open) {
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, open);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
}

static int traceback(lua_State *L) {
    const char *message = luaL_tolstring(L, 1, NULL);
    luaL_traceback(L, L, message, 1);
    return 1;
}

/* Runs under protection: argc, argv -> exit code */
static int run(lua_State *L) {
    int argc = (int)luaL_checkinteger(L, 1);
    char **argv = lua_touserdata(L, 2);
    luaL_openlibs(L);
    lua_gc(L, LUA_GCINC, 120, 400, 0); /* collect when the heap has grown by a fifth, not twofold */
    preload(L, "cjson", luaopen_cjson);
    preload(L, "trapheus.core", luaopen_trapheus_core);
    insert_searcher(L);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "trapheus.core");
    lua_call(L, 1, 1);
    lua_pushcfunction(L, bundled_text);
    lua_setfield(L, -2, "bundled");
    lua_createtable(L, argc, 1);
    for (int i = 0; i < argc; i++) {
        lua_pushstring(L, argv[i]);
        lua_seti(L, -2, i);
    }
    lua_setglobal(L, "arg");
    lua_getglobal(L, "require");
    lua_pushliteral(L, "trapheus.cli");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "main");
    lua_getglobal(L, "arg");
    lua_call(L, 1, 1);
    return 1;
}

/* A lua_Alloc: nearly all that Lua asks for is small, and does not live long. */
static void *resize(void *pool, void *piece, size_t old_bytes, size_t new_bytes) {
    return tph_pool_resize(pool, piece, old_bytes, new_bytes);
}

int main(int argc, char **argv) {
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}); /* a core file would hold credentials */
    signal(SIGPIPE, SIG_IGN); /* a reader that went away must not stop a restore half way */
    struct tph_pool *pool = tph_pool_new();
    lua_State *L = pool ? lua_newstate(resize, pool) : NULL;
    if (!L) return 1;
    lua_pushcfunction(L, traceback);
    lua_pushcfunction(L, run);
    lua_pushinteger(L, argc);
    lua_pushlightuserdata(L, argv);
    int code = 1;
    if (lua_pcall(L, 2, 1, 1) == LUA_OK)
        code = (int)lua_tointeger(L, -1);
    else
        lua_writestringerror("trapheus: internal error: %s\n", lua_tostring(L, -1));
    lua_close(L);
    tph_pool_free(pool);
    return code;
}
