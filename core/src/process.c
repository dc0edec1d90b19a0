#include "trapheus/process.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_MS 20 /* between two looks whether it has ended: not every end closes the pipe */
#define MOST_ERRORS 65536

struct tph_process {
    struct tph_watch watch;
    struct tph_buf output;
    struct tph_clock clock;
    int64_t until_ms;
    pid_t pid; /* 0: gone */
    int pipe_fd;
    int error_fd; /* a file in memory; -1: what it would hold goes nowhere */
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
    if (process->error_fd >= 0) close(process->error_fd);
    tph_buf_wipe(&process->output);
    free(process);
}

/* It has written as far as the offset, which it shares with us. */
static size_t read_errors(const struct tph_process *process, char *bytes) {
    off_t length = process->error_fd >= 0 ? lseek(process->error_fd, 0, SEEK_CUR) : 0;
    if (length > MOST_ERRORS) length = MOST_ERRORS;
    ssize_t count = length > 0 ? pread(process->error_fd, bytes, (size_t)length, 0) : 0;
    return count > 0 ? (size_t)count : 0;
}

static void finish(struct tph_process *process, enum tph_status status, int code) {
    char errors[MOST_ERRORS];
    size_t length = read_errors(process, errors);
    process->done(process->context, status, code, tph_buf_view(&process->output),
                  (struct tph_str){errors, length});
    explicit_bzero(errors, length);
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

/* A file in memory that cannot grow: what is too much is not written. */
static int open_errors(void) {
    int fd = memfd_create("errors", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) return -1;
    if (ftruncate(fd, MOST_ERRORS) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) == 0) return fd;
    close(fd);
    return -1;
}

static int set_files(const struct tph_process *process, posix_spawn_file_actions_t *files,
                     int out_fd) {
    int error = posix_spawn_file_actions_adddup2(files, out_fd, STDOUT_FILENO);
    if (!error && process->grouped)
        error = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!error && process->error_fd >= 0)
        error = posix_spawn_file_actions_adddup2(files, process->error_fd, STDERR_FILENO);
    else if (!error)
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

static int spawn(struct tph_process *process, const struct tph_process_request *request,
                 int out_fd) {
    char *const *environment = request->environment ? request->environment : environ;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    if (posix_spawn_file_actions_init(&files) != 0) return ENOMEM;
    int error = posix_spawnattr_init(&attributes);
    if (!error) {
        error = set_files(process, &files, out_fd);
        if (!error) error = set_attributes(&attributes, process->grouped);
        if (!error)
            error = posix_spawnp(&process->pid, request->argv[0], &files, &attributes,
                                 request->argv, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    if (error) process->pid = 0;
    return error;
}

static enum tph_status start(struct tph_process *process, struct tph_loop *loop,
                             const struct tph_process_request *request, int *os_error) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        *os_error = errno;
        return TPH_EIO;
    }
    process->pipe_fd = ends[0];
    process->watch.fd = ends[0];
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    enum tph_status status = tph_loop_watch(loop, &process->watch);
    *os_error = status == TPH_OK ? spawn(process, request, ends[1]) : 0;
    close(ends[1]);
    return *os_error ? TPH_EIO : status;
}

enum tph_status tph_process_start(struct tph_loop *loop, const struct tph_process_request *request,
                                  tph_process_done *done, void *context, struct tph_process **out,
                                  int *os_error) {
    struct tph_process *process = calloc(1, sizeof *process);
    if (!process) return TPH_ENOMEM;
    process->pipe_fd = -1;
    process->error_fd = request->apart ? open_errors() : -1;
    process->grouped = request->apart || !isatty(STDIN_FILENO);
    process->clock = tph_clock_system();
    process->until_ms = tph_clock_monotonic_ms(&process->clock) + request->timeout_ms;
    process->done = done;
    process->context = context;
    process->watch = (struct tph_watch){-1, patience_ms, turn, process, NULL};
    tph_buf_init(&process->output, request->max_bytes);
    enum tph_status status = start(process, loop, request, os_error);
    if (status == TPH_OK)
        *out = process;
    else
        process_free(process);
    return status;
}

void tph_process_cancel(struct tph_process *process) {
    if (process) process_free(process);
}
