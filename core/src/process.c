#include "trapheus/process.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_MS 20 /* between two looks whether it has ended: not every end closes the pipe */

struct tph_process {
    struct tph_watch watch;
    struct tph_buf output;
    struct tph_clock clock;
    int64_t until_ms;
    pid_t pid; /* 0: gone */
    int pipe_fd;
    bool grouped;
    tph_process_done *done;
    void *context;
};

static void kill_it(struct tph_process *process) {
    if (process->pid <= 0) return;
    kill(process->grouped ? -process->pid : process->pid, SIGKILL);
    while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    process->pid = 0;
}

static void process_free(struct tph_process *process) {
    tph_watch_stop(&process->watch);
    kill_it(process);
    if (process->pipe_fd >= 0) close(process->pipe_fd);
    tph_buf_wipe(&process->output);
    free(process);
}

static void finish(struct tph_process *process, enum tph_status status, int code) {
    process->done(process->context, status, code, tph_buf_view(&process->output));
    process_free(process);
}

/* Takes what is there to read. At the end of the file the descriptor is watched no more. */
static enum tph_status drain(struct tph_process *process) {
    char bytes[4096];
    while (process->watch.fd >= 0) {
        ssize_t count = read(process->pipe_fd, bytes, sizeof bytes);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return TPH_OK;
        if (count == 0) {
            process->watch.fd = -1;
            break;
        }
        enum tph_status status =
            tph_buf_append(&process->output, (struct tph_str){bytes, (size_t)count});
        explicit_bzero(bytes, sizeof bytes);
        if (status != TPH_OK) return status;
    }
    return TPH_OK;
}

static int64_t patience_ms(void *context) {
    (void)context;
    return TICK_MS;
}

static void turn(void *context, enum tph_status status) {
    struct tph_process *process = context;
    int code = 0;
    if (status == TPH_OK) status = drain(process);
    pid_t ended = status == TPH_OK ? waitpid(process->pid, &code, WNOHANG) : 0;
    if (ended < 0 && errno != EINTR) status = TPH_EIO;
    if (ended == process->pid) {
        process->pid = 0;
        status = drain(process);
        finish(process, status, WIFEXITED(code) ? WEXITSTATUS(code) : 128 + WTERMSIG(code));
        return;
    }
    if (status == TPH_OK && tph_clock_monotonic_ms(&process->clock) >= process->until_ms)
        status = TPH_ETIMEDOUT;
    if (status != TPH_OK) finish(process, status, 0);
}

static int set_files(posix_spawn_file_actions_t *files, int out_fd, bool terminal) {
    int error = posix_spawn_file_actions_adddup2(files, out_fd, STDOUT_FILENO);
    if (!error && !terminal)
        error = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_addopen(files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    return error;
}

/* Signals as a new program expects them, whatever the loop has made of them here. */
static int set_attributes(posix_spawnattr_t *attributes, bool grouped) {
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    const int signals[] = {SIGPIPE, SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaddset(&usual, signals[i]);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (grouped) flags |= POSIX_SPAWN_SETPGROUP;
    int error = posix_spawnattr_setsigmask(attributes, &none);
    if (!error) error = posix_spawnattr_setsigdefault(attributes, &usual);
    if (!error) error = posix_spawnattr_setpgroup(attributes, 0);
    return error ? error : posix_spawnattr_setflags(attributes, flags);
}

static int spawn(struct tph_process *process, char *const *argv, int out_fd) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    if (posix_spawn_file_actions_init(&files) != 0) return ENOMEM;
    int error = posix_spawnattr_init(&attributes);
    if (!error) {
        error = set_files(&files, out_fd, !process->grouped);
        if (!error) error = set_attributes(&attributes, process->grouped);
        if (!error)
            error = posix_spawnp(&process->pid, argv[0], &files, &attributes, argv, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    if (error) process->pid = 0;
    return error;
}

static enum tph_status start(struct tph_process *process, struct tph_loop *loop, char *const *argv,
                             int *os_error) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        *os_error = errno;
        return TPH_EIO;
    }
    process->pipe_fd = ends[0];
    process->watch.fd = ends[0];
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    enum tph_status status = tph_loop_watch(loop, &process->watch);
    *os_error = status == TPH_OK ? spawn(process, argv, ends[1]) : 0;
    close(ends[1]);
    return *os_error ? TPH_EIO : status;
}

enum tph_status tph_process_start(struct tph_loop *loop, const struct tph_process_request *request,
                                  tph_process_done *done, void *context, struct tph_process **out,
                                  int *os_error) {
    struct tph_process *process = calloc(1, sizeof *process);
    if (!process) return TPH_ENOMEM;
    process->pipe_fd = -1;
    process->grouped = !isatty(STDIN_FILENO);
    process->clock = tph_clock_system();
    process->until_ms = tph_clock_monotonic_ms(&process->clock) + request->timeout_ms;
    process->done = done;
    process->context = context;
    process->watch = (struct tph_watch){-1, patience_ms, turn, process, NULL};
    tph_buf_init(&process->output, request->max_bytes);
    enum tph_status status = start(process, loop, request->argv, os_error);
    if (status == TPH_OK)
        *out = process;
    else
        process_free(process);
    return status;
}

void tph_process_cancel(struct tph_process *process) {
    if (process) process_free(process);
}
