/* private.c - what only the user may see: a secret asked for on the terminal, a file of secrets. */
#include "binding.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define LONGEST_LINE_BYTES 256

/* Asks, and reads a line of which nothing is shown, from the prompt on. False when there is none.
 */
static bool read_hidden(int fd, struct tph_str prompt, char *line, size_t size_bytes) {
    struct termios before, hidden;
    if (tcgetattr(fd, &before) != 0) return false;
    hidden = before;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
    if (tcsetattr(fd, TCSAFLUSH, &hidden) != 0) return false;
    ssize_t count = write(fd, prompt.data, prompt.length_bytes);
    if (count >= 0) count = read(fd, line, size_bytes);
    tcsetattr(fd, TCSAFLUSH, &before);
    if (write(fd, "\n", 1) < 0) count = -1;
    line[count > 0 ? count - 1 : 0] = '\0'; /* without its end */
    return count > 0;
}

/* ask_secret(prompt) -> what was typed, without its line end | nil: there is no terminal */
int tph_ask_secret(lua_State *L) {
    struct tph_str prompt = tph_check_str(L, 1);
    char line[LONGEST_LINE_BYTES] = "";
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd >= 0 && read_hidden(fd, prompt, line, sizeof line))
        lua_pushstring(L, line);
    else
        lua_pushnil(L);
    explicit_bzero(line, sizeof line);
    if (fd >= 0) close(fd);
    return 1;
}

static bool write_all(int fd, struct tph_str text) {
    while (text.length_bytes > 0) {
        ssize_t count = write(fd, text.data, text.length_bytes);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        text.data += count;
        text.length_bytes -= (size_t)count;
    }
    return fsync(fd) == 0;
}

static bool replace(const char *path, const char *temporary, struct tph_str text) {
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return false;
    bool ok = write_all(fd, text);
    ok = close(fd) == 0 && ok && rename(temporary, path) == 0;
    if (!ok) unlink(temporary);
    return ok;
}

/* write_private(path, text) -> true | nil, message: a file that only its owner may read, replaced
 * as a whole */
int tph_write_private(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    struct tph_str text = tph_check_str(L, 2);
    const char *temporary = lua_pushfstring(L, "%s.%d", path, (int)getpid());
    if (replace(path, temporary, text)) {
        lua_pushboolean(L, 1);
        return 1;
    }
    int error = errno;
    lua_pushnil(L);
    lua_pushfstring(L, "%s: %s", path, strerror(error));
    return 2;
}
