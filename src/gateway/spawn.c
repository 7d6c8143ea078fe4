#include "gateway/spawn.h"

#include <linux/close_range.h>
#include <string.h>
#include <unistd.h>

enum { WORKER_FD = 3, ENVIRONMENT_MAX = 1024 };

/* The environment without our key. */
static void copy_environment(char **ret, size_t max)
{
    size_t n = 0;
    for (char **e = environ; *e && n + 1 < max; e++)
        if (strncmp(*e, "TIRO_API_KEY=", 13) != 0) ret[n++] = *e;
    ret[n] = NULL;
}

/* In a session of its own, so that Ctrl-C in a terminal reaches only the gateway, which drains. */
int spawn_worker(uv_loop_t *loop, uv_process_t *process, const char *program, const char *kind,
                 int fd, uv_exit_cb on_end)
{
    char *args[] = { (char *)"tiro",
                     (char *)"worker",
                     (char *)"--kind",
                     (char *)kind,
                     (char *)"--fd",
                     (char *)"3",
                     NULL };
    char *environment[ENVIRONMENT_MAX];
    copy_environment(environment, ENVIRONMENT_MAX);
    uv_stdio_container_t stdio[WORKER_FD + 1] = {
        { .flags = UV_IGNORE },
        { .flags = UV_IGNORE },
        { .flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO },
        { .flags = UV_INHERIT_FD, .data.fd = fd },
    };
    uv_process_options_t options = {
        .exit_cb = on_end,
        .file = program ? program : "/proc/self/exe",
        .args = args,
        .env = environment,
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = WORKER_FD + 1,
        .stdio = stdio,
    };
    /* Libraries open files without close-on-exec; a worker gets none of them. */
    (void)close_range(WORKER_FD, ~0u, CLOSE_RANGE_CLOEXEC); /* Kernels before 5.11 do without. */
    return uv_spawn(loop, process, &options);
}
