/* branch.c - a process of the simulation that goes on twice; part of nothing that is shipped.
 *
 * A child lives for a few milliseconds, in memory that it shares with its parent until one of them
 * writes: each page that it writes for the first time is copied. So its collector is at rest, what
 * it gives up is not given back, and what it takes comes from an arena of its own, in one piece,
 * rather than from the gaps of hundreds of its parent's pages. */
#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE_BYTES = 4 << 10, CHUNK_BYTES = 512 << 10 };
static const size_t ARENA_BYTES = (size_t)256 << 20; /* that a play that ends never needs */

static struct {
    char *start, *uncut; /* what is behind `uncut` is free */
    char *ready;         /* up to here pages are there */
} arena;

static int told = -1; /* where a child leaves what it says */

static int add_pages(void) {
    void *pages = mmap(arena.ready, CHUNK_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0);
    if (pages == MAP_FAILED) return 0;
    arena.ready += CHUNK_BYTES;
    return 1;
}

static void *cut(size_t bytes) {
    bytes = (bytes + 15) / 16 * 16;
    if (bytes > (size_t)(arena.start + ARENA_BYTES - arena.uncut)) return NULL;
    while (arena.uncut + bytes > arena.ready) {
        if (!add_pages()) return NULL;
    }
    char *piece = arena.uncut;
    arena.uncut += bytes;
    return piece;
}

/* A lua_Alloc. What it took from its parent is left alone, too. */
static void *resize(void *context, void *piece, size_t old_bytes, size_t new_bytes) {
    (void)context;
    if (!new_bytes) return NULL;
    if (!piece) return cut(new_bytes);
    if (new_bytes <= old_bytes) return piece;
    void *moved = cut(new_bytes);
    return moved ? memcpy(moved, piece, old_bytes) : NULL;
}

/* The pages of a child's child begin where its parent's end. */
static int settle(lua_State *L) {
    if (arena.start) {
        arena.uncut += -(uintptr_t)arena.uncut % PAGE_BYTES;
        return 1;
    }
    void *start =
        mmap(NULL, ARENA_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) return 0;
    arena.start = arena.uncut = arena.ready = start;
    lua_gc(L, LUA_GCSTOP);
    lua_setallocf(L, resize, NULL);
    return 1;
}

static int child(lua_State *L, const int ends[2]) {
    close(ends[0]);
    if (told >= 0) close(told); /* its parent's */
    told = ends[1];
    if (!settle(L)) _exit(1);
    lua_pushboolean(L, 1);
    return 1;
}

static void read_all(lua_State *L, int end) {
    luaL_Buffer buffer;
    luaL_buffinit(L, &buffer);
    ssize_t count = 0;
    do {
        count = read(end, luaL_prepbuffer(&buffer), LUAL_BUFFERSIZE);
        if (count > 0) luaL_addsize(&buffer, (size_t)count);
    } while (count > 0 || (count < 0 && errno == EINTR));
    luaL_pushresult(&buffer);
}

static int parent(lua_State *L, const int ends[2], pid_t pid) {
    int status = 0;
    close(ends[1]);
    lua_pushboolean(L, 0);
    read_all(L, ends[0]);
    close(ends[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    lua_pushinteger(L, status);
    return 3;
}

/* fork() -> true, in the child | false, what the child has said, its status, when it has ended */
static int branch_fork(lua_State *L) {
    int ends[2];
    if (pipe(ends) != 0) return luaL_error(L, "pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid < 0) return luaL_error(L, "fork: %s", strerror(errno));
    return pid == 0 ? child(L, ends) : parent(L, ends, pid);
}

/* leave(text): a child says this, and ends at once: nothing that its parent has open is flushed */
static int branch_leave(lua_State *L) {
    size_t left = 0;
    const char *text = luaL_checklstring(L, 1, &left);
    while (left > 0) {
        ssize_t count = write(told, text, left);
        if (count < 0 && errno != EINTR) _exit(1);
        if (count < 0) continue;
        text += count;
        left -= (size_t)count;
    }
    _exit(0);
}

int luaopen_branch(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"fork", branch_fork}, {"leave", branch_leave}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
