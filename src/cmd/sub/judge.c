/* The program started again by `tiro eval`, to become python3 behind walls; not for people. */
#include "cmd/eval_judge.h"
#include "cmd/subcommand.h"
#include "worker/sandbox.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct option_row options[] = {
    { .name = "seconds", .value = "N", .help = "of processor time" },
    { .name = "memory", .value = "N", .help = "MiB" },
    { .name = NULL },
};

static const char *const pythons[] = { "/usr/bin/python3", "/usr/local/bin/python3", "/bin/python3",
                                       NULL };

static int limit(int what, uint64_t most)
{
    const struct rlimit l = { most, most };
    return setrlimit((__rlimit_resource_t)what, &l);
}

static int set_limits(uint64_t seconds, uint64_t mib)
{
    if (limit(RLIMIT_AS, mib << 20) < 0 || limit(RLIMIT_CPU, seconds) < 0) return -1;
    if (limit(RLIMIT_FSIZE, 0) < 0 || limit(RLIMIT_CORE, 0) < 0) return -1;
    return limit(RLIMIT_NOFILE, JUDGE_FILES_MAX);
}

static int run(const struct args *args)
{
    static const char *const readable[] = {
        "/usr/lib",         "/usr/local/lib", "/lib",         "/lib64",
        "/etc/ld.so.cache", "/dev/null",      "/dev/urandom", NULL
    };
    char python[PATH_MAX];
    char *environment[] = { (char *)(uintptr_t) "LC_ALL=C.UTF-8",
                            (char *)(uintptr_t) "PYTHONHASHSEED=0", NULL };
    char *argv[] = { (char *)(uintptr_t) "python3", (char *)(uintptr_t) "-I",
                     (char *)(uintptr_t) "-S",      (char *)(uintptr_t) "-B",
                     (char *)(uintptr_t) "-",       NULL };
    struct sandbox box;
    uint64_t seconds, mib;
    size_t i = 0;
    if (!args_has(args, "seconds") || !args_has(args, "memory") ||
        !slice_to_u64(&seconds, slice_of(args_get(args, "seconds"))) ||
        !slice_to_u64(&mib, slice_of(args_get(args, "memory"))) || mib > 1 << 20) {
        fprintf(stderr, "tiro: a judge is started by 'tiro eval', not by hand\n");
        return EXIT_USAGE;
    }
    while (pythons[i] && !realpath(pythons[i], python)) i++;
    if (!pythons[i]) return JUDGE_NO_PYTHON;
    const char *executable[] = { python, "/lib64/ld-linux-x86-64.so.2", NULL };
    if (chdir("/") < 0 || set_limits(seconds, mib) < 0) {
        fprintf(stderr, "no limits can be set: %s\n", strerrorname_np(errno));
        return JUDGE_NO_WALLS;
    }
    sandbox_enter(&box, &(struct sandbox_needs){ .executable = executable, .readable = readable });
    if (!box.landlock || !box.seccomp) {
        fprintf(stderr, "missing: %s\n", box.missing);
        return JUDGE_NO_WALLS;
    }
    (void)execve(python, argv, environment);
    return JUDGE_NO_PYTHON; /* It may not be run. */
}

const struct subcommand subcommand_judge = {
    .name = "judge",
    .summary = "a program that a model wrote, behind walls",
    .usage = "judge --seconds N --memory MIB < PROGRAM",
    .options = options,
    .hidden = true,
    .run = run,
};
