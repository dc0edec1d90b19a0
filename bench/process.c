/* process.c - `process COMMAND [ARGUMENT…]` runs a command whose output is thrown away, and prints
 * the seconds from its start to its end, its peak memory in KiB, and its processor seconds. Being
 * small, it adds nothing to that peak, which a process inherits from the one that starts it. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double seconds(struct timeval time) {
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void become(char **command) {
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++) dup2(null, fd);
    execvp(command[0], command);
    _exit(127);
}

int main(int argc, char **argv) {
    struct rusage usage;
    int status;
    if (argc < 2) return 2;
    double began_s = now_s();
    pid_t child = fork();
    if (child == 0) become(argv + 1);
    if (child < 0 || wait4(child, &status, 0, &usage) != child) return 1;
    double cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    printf("%.9f %ld %.6f\n", now_s() - began_s, usage.ru_maxrss, cpu_s);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
