/* system.c - what stock Lua cannot ask the operating system. Debian 12 has no lua-posix for
 * Lua 5.4, so the few calls that are needed stand here. */
#include "binding.h"
#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* [-0, +2] nil, "path: reason" */
static int fail(lua_State *L, const char *path) {
    int error = errno;
    lua_pushnil(L);
    lua_pushfstring(L, "%s: %s", path, strerror(error));
    return 2;
}

/* mkdir(path) -> true | nil, message: one private directory (0700); an existing one is fine */
static int system_mkdir(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    if (mkdir(path, 0700) != 0 && errno != EEXIST) return fail(L, path);
    lua_pushboolean(L, 1);
    return 1;
}

static const char *kind(mode_t mode) {
    return S_ISDIR(mode) ? "directory" : S_ISREG(mode) ? "file" : "other";
}

/* stat(path) -> {type=, size_bytes=, mode=, uid=} | nil, message */
static int system_stat(lua_State *L) {
    struct stat info;
    const char *path = luaL_checkstring(L, 1);
    if (stat(path, &info) != 0) return fail(L, path);
    lua_createtable(L, 0, 4);
    lua_pushstring(L, kind(info.st_mode));
    lua_setfield(L, -2, "type");
    lua_pushinteger(L, info.st_size);
    lua_setfield(L, -2, "size_bytes");
    lua_pushinteger(L, info.st_mode & 07777);
    lua_setfield(L, -2, "mode");
    lua_pushinteger(L, info.st_uid);
    lua_setfield(L, -2, "uid");
    return 1;
}

/* realpath(path) -> absolute path | nil, message */
static int system_realpath(lua_State *L) {
    char resolved[PATH_MAX];
    const char *path = luaL_checkstring(L, 1);
    if (!realpath(path, resolved)) return fail(L, path);
    lua_pushstring(L, resolved);
    return 1;
}

/* isatty(fd) -> boolean */
static int system_isatty(lua_State *L) {
    lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
    return 1;
}

static struct winsize terminal_size(lua_State *L) {
    struct winsize size;
    if (ioctl((int)luaL_checkinteger(L, 1), TIOCGWINSZ, &size) != 0) size = (struct winsize){0};
    if (size.ws_col == 0) size.ws_col = 80;
    if (size.ws_row == 0) size.ws_row = 24;
    return size;
}

/* columns(fd) -> width of the terminal in characters, 80 where there is none */
static int system_columns(lua_State *L) {
    lua_pushinteger(L, terminal_size(L).ws_col);
    return 1;
}

/* rows(fd) -> height of the terminal in lines, 24 where there is none */
static int system_rows(lua_State *L) {
    lua_pushinteger(L, terminal_size(L).ws_row);
    return 1;
}

static int system_getpid(lua_State *L) {
    lua_pushinteger(L, getpid());
    return 1;
}

static int system_geteuid(lua_State *L) {
    lua_pushinteger(L, geteuid());
    return 1;
}

static int system_hostname(lua_State *L) {
    char name[256] = "";
    gethostname(name, sizeof name - 1);
    lua_pushstring(L, name);
    return 1;
}

/* setenv(name, value | nil): for tests and for what child processes may see */
static int system_setenv(lua_State *L) {
    const char *name = luaL_checkstring(L, 1), *value = luaL_optstring(L, 2, NULL);
    if ((value ? setenv(name, value, 1) : unsetenv(name)) != 0) return fail(L, name);
    lua_pushboolean(L, 1);
    return 1;
}

/* environment() -> { name = value } */
static int system_environment(lua_State *L) {
    lua_newtable(L);
    for (char **entry = environ; entry && *entry; entry++) {
        const char *end = strchr(*entry, '=');
        if (!end) continue;
        lua_pushlstring(L, *entry, (size_t)(end - *entry));
        lua_pushstring(L, end + 1);
        lua_rawset(L, -3);
    }
    return 1;
}

/* random_bytes(count) -> string from the operating system's generator */
static int system_random_bytes(lua_State *L) {
    lua_Integer count = luaL_checkinteger(L, 1);
    luaL_argcheck(L, count >= 0 && count <= 4096, 1, "0 to 4096 expected");
    luaL_Buffer buffer;
    char *bytes = luaL_buffinitsize(L, &buffer, (size_t)count);
    if (RAND_bytes((unsigned char *)bytes, (int)count) != 1)
        return luaL_error(L, "no random bytes from the operating system");
    luaL_pushresultsize(&buffer, (size_t)count);
    return 1;
}

/* [-0, +1] the hash of the string at 1, in hex */
static int push_hash(lua_State *L, const EVP_MD *kind) {
    static const char digits[] = "0123456789abcdef";
    struct tph_str text = tph_check_str(L, 1);
    unsigned char hash[EVP_MAX_MD_SIZE];
    char hex[2 * EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    if (EVP_Digest(text.data, text.length_bytes, hash, &length, kind, NULL) != 1)
        return luaL_error(L, "hash: %s", tph_status_text(TPH_ENOMEM)); /* nothing else can fail */
    for (size_t i = 0; i < length; i++) {
        hex[2 * i] = digits[hash[i] >> 4];
        hex[2 * i + 1] = digits[hash[i] & 15];
    }
    lua_pushlstring(L, hex, (size_t)2 * length);
    return 1;
}

/* sha256(bytes) -> hex */
static int system_sha256(lua_State *L) { return push_hash(L, EVP_sha256()); }

/* sha1(bytes) -> hex: names of files that AWS's tools choose so, nothing else */
static int system_sha1(lua_State *L) { return push_hash(L, EVP_sha1()); }

void tph_bind_system(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"mkdir", system_mkdir},
        {"stat", system_stat},
        {"realpath", system_realpath},
        {"isatty", system_isatty},
        {"columns", system_columns},
        {"rows", system_rows},
        {"getpid", system_getpid},
        {"geteuid", system_geteuid},
        {"hostname", system_hostname},
        {"setenv", system_setenv},
        {"environment", system_environment},
        {"ask_secret", tph_ask_secret},
        {"write_private", tph_write_private},
        {NULL, NULL},
    };
    static const luaL_Reg top[] = {{"random_bytes", system_random_bytes},
                                   {"sha256", system_sha256},
                                   {"sha1", system_sha1},
                                   {NULL, NULL}};
    luaL_setfuncs(L, top, 0);
    luaL_newlib(L, functions);
    lua_setfield(L, -2, "system");
}
