#include "worker/sandbox.h"

#include "base/seam.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Entries of the model's folder that are looked at for links. */
enum { LINKS_MAX = 4096 };

static void note(char *text, const char *word, int saved_errno)
{
    size_t len = strlen(text);
    const char *comma = len ? ", " : "";
    if (saved_errno) /* Cut is fine: it is for people. */
        (void)snprintf(text + len, SANDBOX_TEXT_MAX - len, "%s%s (%s)", comma, word,
                       strerrordesc_np(saved_errno));
    else
        (void)snprintf(text + len, SANDBOX_TEXT_MAX - len, "%s%s", comma, word);
}

/* ---- Landlock: no glibc wrappers yet ---- */

static int landlock_abi(void)
{
    return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

/* Every right that this kernel knows, so that all of them are denied outside the rules. */
static uint64_t all_rights(int abi)
{
    uint64_t rights = (UINT64_C(1) << 13) - 1; /* ABI 1: EXECUTE .. MAKE_SYM */
    if (abi >= 2) rights |= UINT64_C(1) << 13; /* REFER */
    if (abi >= 3) rights |= UINT64_C(1) << 14; /* TRUNCATE */
    if (abi >= 5) rights |= UINT64_C(1) << 15; /* IOCTL_DEV */
    return rights;
}

static int allow_reading(int ruleset, const char *dir)
{
    int fd = open(dir, O_PATH | O_CLOEXEC | O_DIRECTORY);
    if (fd < 0) return -1;
    struct landlock_path_beneath_attr rule = {
        .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
        .parent_fd = fd,
    };
    long r = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    int saved = errno;
    (void)seams.close(fd); /* Only a handle. */
    errno = saved;
    return (int)r;
}

/* What a symbolic link in the folder leads to: hub caches keep the files themselves elsewhere. */
static int allow_links(int ruleset, const char *dir)
{
    DIR *d = opendir(dir);
    if (!d) return -1;
    int dir_fd = dirfd(d), r = 0, n = 0;
    for (const struct dirent *e; r == 0 && n < LINKS_MAX && (e = readdir(d)); n++) {
        if (e->d_type != DT_LNK) continue;
        struct stat st;
        int fd = openat(dir_fd, e->d_name, O_PATH | O_CLOEXEC);
        if (fd < 0) continue; /* It leads nowhere. */
        struct landlock_path_beneath_attr rule = {
            .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE,
            .parent_fd = fd,
        };
        if (seams.fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
            r = (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
        (void)seams.close(fd); /* Only a handle. */
    }
    (void)closedir(d); /* Read only. */
    return r;
}

/* The folder itself, or the folder that a file lies in. */
static int allow_model(int ruleset, const char *path)
{
    char dir[PATH_MAX];
    struct stat st;
    if (strlen(path) >= sizeof dir) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (stat(path, &st) < 0) return -1;
    (void)snprintf(dir, sizeof dir, "%s", path); /* Fits: checked. */
    if (!S_ISDIR(st.st_mode)) {
        char *slash = strrchr(dir, '/');
        if (slash)
            slash[slash == dir] = '\0';
        else
            (void)snprintf(dir, sizeof dir, "."); /* Fits. */
    }
    if (allow_reading(ruleset, dir) < 0) return -1;
    return allow_links(ruleset, dir);
}

static int allow_file(int ruleset, const char *path)
{
    int fd = path ? open(path, O_PATH | O_CLOEXEC) : -1;
    if (fd < 0) return 0; /* It is not there, and opening it will say so. */
    struct landlock_path_beneath_attr rule = {
        .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE,
        .parent_fd = fd,
    };
    struct stat st;
    long r = 0;
    if (seams.fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        r = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    int saved = errno;
    (void)seams.close(fd); /* Only a handle. */
    errno = saved;
    return (int)r;
}

/* Each that is there, with the folders' contents. */
static int allow_paths(int ruleset, const char *const *paths, uint64_t file_rights)
{
    for (; paths && *paths; paths++) {
        int fd = open(*paths, O_PATH | O_CLOEXEC);
        struct stat st;
        if (fd < 0) continue; /* What is not there is not needed. */
        bool is_dir = seams.fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
        struct landlock_path_beneath_attr rule = {
            .allowed_access = file_rights | (is_dir ? LANDLOCK_ACCESS_FS_READ_DIR : 0),
            .parent_fd = fd,
        };
        long r = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
        int saved = errno;
        (void)seams.close(fd); /* Only a handle. */
        errno = saved;
        if (r < 0) return -1;
    }
    return 0;
}

static int enter_landlock(const struct sandbox_needs *needs)
{
    int abi = landlock_abi();
    if (abi < 1) return -1;
    struct {
        uint64_t fs, net, scoped; /* TCP since ABI 4; abstract sockets and signals since 6. */
    } attr = { .fs = all_rights(abi), .net = 3, .scoped = 3 };
    size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
    if (ruleset < 0) return -1;
    long r = 0;
    for (int i = 0; i < SANDBOX_MODELS_MAX && needs->models[i] && r == 0; i++)
        r = allow_model(ruleset, needs->models[i]);
    if (r == 0) r = allow_file(ruleset, needs->file);
    if (r == 0) r = allow_paths(ruleset, needs->readable, LANDLOCK_ACCESS_FS_READ_FILE);
    if (r == 0)
        r = allow_paths(ruleset, needs->executable,
                        LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE);
    if (r == 0) r = syscall(SYS_landlock_restrict_self, ruleset, 0);
    int saved = errno;
    (void)seams.close(ruleset); /* Only a handle. */
    errno = saved;
    return (int)r;
}

/* ---- seccomp ---- */

/* What reading a model, computing and talking over an open socket needs; nothing else. */
static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(pread64),
    SCMP_SYS(readv),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(lseek),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(statx),
    SCMP_SYS(fcntl),
    SCMP_SYS(getdents64),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(getcwd),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(mincore),
    SCMP_SYS(futex),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvfrom),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_setaffinity),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(tgkill),
    SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(memfd_create),
    SCMP_SYS(ftruncate),
    SCMP_SYS(getrusage),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
    SCMP_SYS(membarrier),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(getcpu),
    SCMP_SYS(get_mempolicy),
    SCMP_SYS(set_tid_address),
};

static int allow_openings(scmp_filter_ctx ctx)
{
    const uint64_t writes = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND | __O_TMPFILE;
    int r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                             SCMP_A2(SCMP_CMP_MASKED_EQ, writes & ~(uint64_t)O_DIRECTORY, 0));
    if (r < 0) return r;
    return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(open), 1,
                            SCMP_A1(SCMP_CMP_MASKED_EQ, writes & ~(uint64_t)O_DIRECTORY, 0));
}

/* Memory is never executable; threads are allowed, processes are not. */
static int allow_memory_and_threads(scmp_filter_ctx ctx)
{
    int r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                             SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (r == 0)
        r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                             SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (r == 0)
        r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                             SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    /* Its flags lie in memory, where a filter cannot look; glibc then falls back to clone. */
    if (r == 0) r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    /* Reading limits is fine, setting them is not. */
    if (r == 0)
        r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0));
    if (r == 0)
        r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
                             SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
    return r;
}

/* Its start, and its libraries as code: which ones, landlock says. */
static int allow_program(scmp_filter_ctx ctx)
{
    static const int calls[] = { SCMP_SYS(execve), SCMP_SYS(mmap), SCMP_SYS(mprotect),
                                 SCMP_SYS(arch_prctl) };
    int r = 0;
    for (size_t i = 0; i < sizeof calls / sizeof *calls && r == 0; i++)
        r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);
    return r;
}

static int enter_seccomp(const struct sandbox_needs *needs)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!ctx) {
        errno = ENOMEM;
        return -1;
    }
    int r = 0;
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0] && r == 0; i++)
        r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
    if (r == 0 && needs->sync) r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(fsync), 0);
    if (r == 0) r = allow_openings(ctx);
    if (r == 0) r = allow_memory_and_threads(ctx);
    if (r == 0 && needs->executable) r = allow_program(ctx);
    if (r == 0) r = seccomp_load(ctx);
    seccomp_release(ctx);
    if (r == 0) return 0;
    errno = -r;
    return -1;
}

/* ---- All of them ---- */

#if defined(__SANITIZE_ADDRESS__)
#    define HAS_LEAK_CHECK 1
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer)
#        define HAS_LEAK_CHECK 1
#    endif
#endif

#ifdef HAS_LEAK_CHECK
/* The leak check at the end of a process with AddressSanitizer is a second process that traces the
 * first, which is what the walls are there to prevent: behind them it is turned off. */
static bool behind_walls;
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return behind_walls;
}
#endif

void sandbox_enter(struct sandbox *ret, const struct sandbox_needs *needs)
{
    *ret = (struct sandbox){ 0 };
    const struct rlimit none = { 0, 0 };
    if (setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0)
        note(ret->walls, "no core dumps", 0);
    else
        note(ret->missing, "no core dumps", errno);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        note(ret->walls, "no_new_privs", 0);
    else
        note(ret->missing, "no_new_privs", errno);
    ret->landlock = enter_landlock(needs) == 0;
    note(ret->landlock ? ret->walls : ret->missing, "landlock", ret->landlock ? 0 : errno);
    ret->seccomp = enter_seccomp(needs) == 0;
#ifdef HAS_LEAK_CHECK
    behind_walls = ret->seccomp;
#endif
    note(ret->seccomp ? ret->walls : ret->missing, "seccomp", ret->seccomp ? 0 : errno);
}

void sandbox_describe(char *ret, size_t size)
{
    int abi = landlock_abi();
    bool filter = prctl(PR_GET_SECCOMP) >= 0;
    (void)snprintf(ret, size, "landlock %d, seccomp %s", abi < 0 ? 0 : abi, filter ? "yes" : "no");
}
