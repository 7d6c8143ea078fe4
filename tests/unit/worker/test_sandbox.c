/* What a worker may not do, tried from inside its walls. A kernel without a wall is said so, and
 * only what the other walls promise is asserted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/sandbox.h"

static char dir[] = "/tmp/tiro-sandbox-XXXXXX";
static char model[128], inside[128];
static const char outside[] = "/etc/hostname", outside_too[] = "/etc/passwd";

/* ---- Attempts: 0 when it worked, else errno ---- */

static int outcome(long r)
{
    return r < 0 ? errno : 0;
}

static int try_open(const char *path, int flags)
{
    int fd = open(path, flags, 0600);
    int e = outcome(fd);
    if (fd >= 0) close(fd);
    return e;
}

static int read_model(void)
{
    return try_open(model, O_RDONLY);
}
static int read_beside(void)
{
    return try_open(inside, O_RDONLY);
}
static int list_folder(void)
{
    return try_open(dir, O_RDONLY | O_DIRECTORY);
}
static int read_outside(void)
{
    return try_open(outside, O_RDONLY) && try_open(outside_too, O_RDONLY) ? EACCES : 0;
}
static int read_proc(void)
{
    return try_open("/proc/self/environ", O_RDONLY);
}
static int write_model(void)
{
    return try_open(model, O_WRONLY);
}
static int append_model(void)
{
    return try_open(model, O_RDWR | O_APPEND);
}
static int truncate_open(void)
{
    return try_open(model, O_RDONLY | O_TRUNC);
}
static int create_file(void)
{
    char path[160];
    snprintf(path, sizeof path, "%s/new", dir);
    return try_open(path, O_WRONLY | O_CREAT);
}
static int temporary_file(void)
{
    return try_open(dir, O_TMPFILE | O_RDWR);
}
static int creat_file(void)
{
    return outcome(syscall(SYS_creat, inside, 0600));
}
static int unlink_model(void)
{
    return outcome(unlink(model));
}
static int rename_model(void)
{
    return outcome(rename(model, inside));
}
static int make_folder(void)
{
    return outcome(mkdir(inside, 0700));
}
static int chmod_model(void)
{
    return outcome(chmod(model, 0777));
}
static int truncate_model(void)
{
    return outcome(truncate(model, 0));
}
static int inet_socket(void)
{
    return outcome(socket(AF_INET, SOCK_STREAM, 0));
}
static int inet6_datagram(void)
{
    return outcome(socket(AF_INET6, SOCK_DGRAM, 0));
}
static int unix_socket(void)
{
    return outcome(socket(AF_UNIX, SOCK_STREAM, 0));
}
static int netlink_socket(void)
{
    return outcome(socket(AF_NETLINK, SOCK_RAW, 0));
}
static int connect_somewhere(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = 80 };
    return outcome(connect(0, (struct sockaddr *)&a, sizeof a));
}
static int exec_program(void)
{
    char *argv[] = { (char *)(uintptr_t) "true", NULL };
    return outcome(execv("/bin/true", argv));
}
static int new_process(void)
{
    pid_t pid = fork();
    if (pid == 0) _exit(0);
    return outcome(pid);
}
static int vfork_process(void)
{
    return outcome(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}
static int trace_parent(void)
{
    return outcome(ptrace(PTRACE_ATTACH, getppid(), 0, 0));
}
static int be_traced(void)
{
    return outcome(ptrace(PTRACE_TRACEME, 0, 0, 0));
}
static int peek_parent(void)
{
    return outcome(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
}
static int kill_parent(void)
{
    return outcome(kill(getppid(), 0));
}
static int executable_memory(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? errno : 0;
}
static int make_executable(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? 0 : outcome(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}
static int raise_limit(void)
{
    struct rlimit l = { 1 << 20, 1 << 20 };
    return outcome(setrlimit(RLIMIT_CORE, &l));
}
static int new_namespace(void)
{
    return outcome(syscall(SYS_unshare, 0x10000000));
}
static int ring(void)
{
    return outcome(syscall(425 /* io_uring_setup */, 1, NULL));
}
static int bpf_program(void)
{
    return outcome(syscall(SYS_bpf, 0, NULL, 0));
}

static void *nothing(void *arg)
{
    return arg;
}

static int a_thread(void)
{
    pthread_t t;
    int r = pthread_create(&t, NULL, nothing, NULL);
    return r ? r : pthread_join(t, NULL);
}

static int data_memory(void)
{
    void *p = malloc(32 << 20);
    int e = p ? 0 : ENOMEM;
    free(p);
    return e;
}

static int memory_file(void)
{
    return outcome(memfd_create("x", MFD_CLOEXEC));
}

/* ---- The table ---- */

enum wall { WALL_NONE, WALL_LANDLOCK, WALL_SECCOMP, WALL_EITHER };

static const struct {
    const char *name;
    int (*attempt)(void);
    enum wall wall; /* WALL_NONE: must work */
} cases[] = {
    { "read the model", read_model, WALL_NONE },
    { "read beside the model", read_beside, WALL_NONE },
    { "list the model's folder", list_folder, WALL_NONE },
    { "start a thread", a_thread, WALL_NONE },
    { "allocate", data_memory, WALL_NONE },
    { "a file in memory", memory_file, WALL_NONE },
    { "read outside the folder", read_outside, WALL_LANDLOCK },
    { "read /proc/self/environ", read_proc, WALL_LANDLOCK },
    { "open the model for writing", write_model, WALL_EITHER },
    { "open the model for appending", append_model, WALL_EITHER },
    { "open and truncate the model", truncate_open, WALL_EITHER },
    { "create a file", create_file, WALL_EITHER },
    { "an unnamed file", temporary_file, WALL_EITHER },
    { "creat", creat_file, WALL_EITHER },
    { "unlink the model", unlink_model, WALL_EITHER },
    { "rename the model", rename_model, WALL_EITHER },
    { "make a folder", make_folder, WALL_EITHER },
    { "chmod the model", chmod_model, WALL_SECCOMP },
    { "truncate the model", truncate_model, WALL_SECCOMP },
    { "an IPv4 socket", inet_socket, WALL_SECCOMP },
    { "an IPv6 socket", inet6_datagram, WALL_SECCOMP },
    { "a Unix socket", unix_socket, WALL_SECCOMP },
    { "a netlink socket", netlink_socket, WALL_SECCOMP },
    { "connect", connect_somewhere, WALL_SECCOMP },
    { "exec", exec_program, WALL_EITHER },
    { "fork", new_process, WALL_SECCOMP },
    { "clone a process", vfork_process, WALL_SECCOMP },
    { "ptrace attach", trace_parent, WALL_SECCOMP },
    { "ptrace traceme", be_traced, WALL_SECCOMP },
    { "read another process", peek_parent, WALL_SECCOMP },
    { "signal another process", kill_parent, WALL_SECCOMP },
    { "executable memory", executable_memory, WALL_SECCOMP },
    { "make memory executable", make_executable, WALL_SECCOMP },
    { "raise a limit", raise_limit, WALL_SECCOMP },
    { "a namespace", new_namespace, WALL_SECCOMP },
    { "io_uring", ring, WALL_SECCOMP },
    { "bpf", bpf_program, WALL_SECCOMP },
};

enum { N_CASES = sizeof cases / sizeof cases[0] };

struct report {
    struct sandbox box;
    int results[N_CASES];
    struct rlimit core;
};

static void touch(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
}

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(dir)) return -1;
    snprintf(model, sizeof model, "%s/model.gguf", dir);
    snprintf(inside, sizeof inside, "%s/tokenizer.json", dir);
    touch(model);
    touch(inside);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(model);
    unlink(inside);
    return rmdir(dir);
}

static void run_inside(struct report *shared)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        sandbox_enter(&shared->box, &(struct sandbox_needs){ .models = { model } });
        for (int i = 0; i < N_CASES; i++) shared->results[i] = cases[i].attempt();
        (void)getrlimit(RLIMIT_CORE, &shared->core);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static bool stands(enum wall wall, const struct sandbox *box)
{
    if (wall == WALL_LANDLOCK) return box->landlock;
    if (wall == WALL_SECCOMP) return box->seccomp;
    return box->landlock || box->seccomp;
}

static void test_walls(void **state)
{
    (void)state;
    struct report *r = mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                            0);
    assert_true(r != MAP_FAILED);
    for (int i = 0; i < N_CASES; i++) r->results[i] = -1;
    run_inside(r);
    print_message("walls: %s\n", r->box.walls);
    if (r->box.missing[0]) print_message("this kernel cannot: %s\n", r->box.missing);
    int wrong = 0;
    for (int i = 0; i < N_CASES; i++) {
        int e = r->results[i];
        bool good = cases[i].wall == WALL_NONE ? e == 0 : e == EPERM || e == EACCES;
        if (cases[i].wall != WALL_NONE && !stands(cases[i].wall, &r->box)) {
            print_message("not asserted, no wall: %s\n", cases[i].name);
            continue;
        }
        if (!good) print_message("WRONG: %s: %s\n", cases[i].name, e ? strerror(e) : "worked");
        wrong += !good;
    }
    assert_int_equal(wrong, 0);
    assert_non_null(strstr(r->box.walls, "no_new_privs"));
    assert_int_equal(r->core.rlim_cur, 0);
    /* Every wall is in one of the two lists. */
    const char *const walls[] = { "no core dumps", "no_new_privs", "landlock", "seccomp" };
    for (int i = 0; i < 4; i++)
        assert_true(!strstr(r->box.walls, walls[i]) != !strstr(r->box.missing, walls[i]));
    munmap(r, sizeof *r);
}

/* As hub caches lay it out: the folder holds links to files elsewhere. */
static void test_links_are_followed(void **state)
{
    (void)state;
    char blob[] = "/tmp/tiro-sandbox-blob-XXXXXX", link[160];
    int *e = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    snprintf(link, sizeof link, "%s/model.safetensors", dir);
    int fd = mkstemp(blob);
    assert_true(fd >= 0);
    close(fd);
    unlink(link);
    assert_int_equal(symlink(blob, link), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct sandbox box;
        sandbox_enter(&box, &(struct sandbox_needs){ .models = { "/usr/include", dir } });
        e[0] = try_open(link, O_RDONLY);
        e[1] = box.landlock ? read_outside() : EACCES;
        e[2] = try_open(blob, O_WRONLY);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(e[0], 0);
    assert_int_equal(e[1], EACCES);
    assert_true(e[2] == EPERM || e[2] == EACCES);
    unlink(link);
    unlink(blob);
    munmap(e, 4096);
}

static bool kernel_has_landlock(void)
{
    char walls[SANDBOX_TEXT_MAX];
    sandbox_describe(walls, sizeof walls);
    return !strstr(walls, "landlock 0");
}

static void test_a_missing_model_builds_no_hole(void **state)
{
    (void)state;
    struct report *r = mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                            0);
    pid_t pid = fork();
    if (pid == 0) {
        sandbox_enter(&r->box, &(struct sandbox_needs){ .models = { "/nowhere/at/all.gguf" } });
        r->results[0] = inet_socket();
        _exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    assert_false(r->box.landlock);
    if (kernel_has_landlock())
        assert_non_null(strstr(r->box.missing, "landlock (No such file or directory)"));
    else
        assert_non_null(strstr(r->box.missing, "landlock ("));
    if (r->box.seccomp) assert_int_equal(r->results[0], EPERM);
    munmap(r, sizeof *r);
}

static int run(const char *path, const char *argument)
{
    char *const args[] = { (char *)(uintptr_t)path, (char *)(uintptr_t)argument, NULL };
    char *const none[] = { NULL };
    return outcome(execve(path, args, none));
}

/* For a program of others: that one starts, with its libraries, and nothing else does. */
static void test_one_program_may_start(void **state)
{
    (void)state;
    static const char *const programs[] = { "/usr/bin/env", "/lib64/ld-linux-x86-64.so.2", NULL };
    static const char *const libraries[] = { "/usr/lib",         "/lib",     "/lib64",
                                             "/etc/ld.so.cache", "/nowhere", NULL };
    int *e = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct sandbox box;
        sandbox_enter(&box,
                      &(struct sandbox_needs){ .executable = programs, .readable = libraries });
        e[0] = box.landlock ? run("/bin/sh", "-c") : EACCES;
        e[1] = box.landlock ? read_outside() : EACCES;
        e[2] = box.seccomp ? inet_socket() : EPERM;
        e[3] = box.seccomp ? outcome(fork()) : EPERM;
        e[4] = try_open("/tmp/tiro-sandbox-new", O_WRONLY | O_CREAT);
        _exit(run("/usr/bin/env", "--version") ? 99 : 98);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    for (int i = 0; i < 5; i++) assert_true(e[i] == EACCES || e[i] == EPERM);
    munmap(e, 4096);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_program_may_start),
        cmocka_unit_test(test_walls),
        cmocka_unit_test(test_links_are_followed),
        cmocka_unit_test(test_a_missing_model_builds_no_hole),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
