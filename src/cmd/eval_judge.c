#include "cmd/eval_judge.h"

#include "base/seam.h"
#include "base/utf8.h"
#include "eval/code.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 4096, POLL_MS = 50 };

/* Its program as a file without a name, read from its start. */
static int program_file(struct slice program, struct err *err)
{
    int fd = memfd_create("program", MFD_CLOEXEC);
    if (fd < 0) return err_errno(err, errno, "keeping a program");
    int rc = file_write_all(fd, program.ptr, program.len, "a program", err);
    if (rc == 0 && lseek(fd, 0, SEEK_SET) < 0) rc = err_errno(err, errno, "keeping a program");
    if (rc == 0) return fd;
    (void)close(fd); /* Only memory. */
    return rc;
}

static int start(pid_t *ret, int in, int out, const struct eval_limits *limits)
{
    char seconds[16], memory[16];
    char *env[] = { NULL };
    (void)snprintf(seconds, sizeof seconds, "%d", limits->seconds);
    (void)snprintf(memory, sizeof memory, "%d", limits->memory_mib);
    const char *const argv[] = { "tiro", "judge", "--seconds", seconds, "--memory", memory, NULL };
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    int rc = posix_spawn_file_actions_init(&files);
    if (rc != 0) return rc;
    if ((rc = posix_spawnattr_init(&attr)) == 0) {
        rc = posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
        if (rc == 0) rc = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
        if (rc == 0) rc = posix_spawn_file_actions_adddup2(&files, out, STDERR_FILENO);
        if (rc == 0) rc = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
        if (rc == 0)
            rc = posix_spawn(ret, "/proc/self/exe", &files, &attr, (char *const *)(uintptr_t)argv,
                             env);
        (void)posix_spawnattr_destroy(&attr); /* Only frees. */
    }
    (void)posix_spawn_file_actions_destroy(&files);
    return rc;
}

/* The last bytes that came. */
struct tail {
    char bytes[JUDGE_OUTPUT_MAX];
    size_t n;
};

static void keep(struct tail *t, const char *bytes, size_t n)
{
    if (n > sizeof t->bytes) {
        bytes += n - sizeof t->bytes;
        n = sizeof t->bytes;
    }
    size_t drop = t->n + n > sizeof t->bytes ? t->n + n - sizeof t->bytes : 0;
    memmove(t->bytes, t->bytes + drop, t->n - drop);
    t->n -= drop;
    memcpy(t->bytes + t->n, bytes, n);
    t->n += n;
}

/* Until it has ended, or until then; true: it has closed its output. */
static bool listen_until(struct tail *t, int fd, uint64_t until_ns)
{
    char chunk[CHUNK];
    while (now_ns() < until_ns) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int ready = poll(&p, 1, POLL_MS);
        if (ready < 0 && errno != EINTR) return false;
        if (ready <= 0) continue;
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return true;
        keep(t, chunk, (size_t)n);
    }
    return false;
}

/* Its output may be closed while it goes on. */
static bool wait_until(int *ret_status, pid_t pid, uint64_t until_ns)
{
    while (true) {
        pid_t got = waitpid(pid, ret_status, WNOHANG);
        if (got == pid) return true;
        if (now_ns() >= until_ns) return false;
        struct timespec pause = { .tv_nsec = 5000000 };
        (void)nanosleep(&pause, NULL); /* Woken early is fine. */
    }
}

static void say(struct judgement *j, const struct tail *t, int status)
{
    size_t n = utf8_sanitize(j->output, JUDGE_OUTPUT_MAX, t->bytes, t->n);
    if (n > JUDGE_OUTPUT_MAX) n = JUDGE_OUTPUT_MAX;
    j->output[n] = '\0';
    for (size_t i = 0; i < n; i++)
        if (j->output[i] == '\0') j->output[i] = ' ';
    if (n > 0 && !j->timed_out) return;
    if (j->timed_out)
        (void)snprintf(j->output, sizeof j->output, "It did not end in time.");
    else if (WIFSIGNALED(status))
        (void)snprintf(j->output, sizeof j->output, "It was ended by signal %d.", WTERMSIG(status));
    else
        (void)snprintf(j->output, sizeof j->output, "It ended before its tests did.");
}

static int judge(struct judgement *ret, int in, int out[2], const struct eval_limits *limits,
                 struct err *err)
{
    struct tail tail = { .n = 0 };
    struct judgement j = { .passed = false };
    int status = 0;
    pid_t pid;
    uint64_t until = now_ns() + (uint64_t)limits->seconds * 1000000000u;
    int rc = start(&pid, in, out[1], limits);
    (void)close(out[1]); /* The child's. */
    out[1] = -1;
    if (rc != 0) return err_errno(err, rc, "starting a program's judge");
    bool ended = listen_until(&tail, out[0], until) && wait_until(&status, pid, until);
    (void)kill(-pid, SIGKILL); /* Whatever it has left. */
    if (!ended) (void)waitpid(pid, &status, 0);
    if (ended && WIFEXITED(status) && WEXITSTATUS(status) == JUDGE_NO_WALLS)
        return err_set(err, ERR_UNSUPPORTED_VALUE,
                       "this machine has no walls for programs of a model (%.*s); none is run",
                       (int)(tail.n < 200 ? tail.n : 200), tail.bytes);
    if (ended && WIFEXITED(status) && WEXITSTATUS(status) == JUDGE_NO_PYTHON)
        return err_set(err, ERR_UNSUPPORTED_VALUE,
                       "python3 is not installed here (on Debian: apt install python3)");
    struct slice said = { tail.bytes, tail.n };
    j.timed_out = !ended;
    j.passed = ended && WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
               slice_ends(said, SLICE("\n" EVAL_CODE_PASSED "\n"));
    if (!j.passed) say(&j, &tail, status);
    *ret = j;
    return 0;
}

int eval_judge(struct judgement *ret, struct slice program, const struct eval_limits *limits,
               struct err *err)
{
    int out[2];
    int in = program_file(program, err);
    if (in < 0) return in;
    if (pipe2(out, O_CLOEXEC) < 0) {
        (void)close(in); /* Only memory. */
        return err_errno(err, errno, "judging a program");
    }
    int rc = judge(ret, in, out, limits, err);
    (void)close(in);
    (void)close(out[0]);
    if (out[1] >= 0) (void)close(out[1]);
    return rc;
}
