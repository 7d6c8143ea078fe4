#include "worker/errand.h"

#include "base/seam.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Sanitizers keep shadows of the whole address space. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#    define ANY_MEMORY 1
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#        define ANY_MEMORY 1
#    endif
#endif

static int limit(int what, rlim_t most)
{
    /* Too much time is a signal of its own (SIGXCPU) before the second limit kills. */
    const struct rlimit l = { most, what == RLIMIT_CPU ? most + 1 : most };
    return setrlimit((__rlimit_resource_t)what, &l);
}

/* What is not limited could take the machine along. */
int errand_set_limits(const struct errand_limits *limits)
{
#ifndef ANY_MEMORY
    if (limit(RLIMIT_AS, limits->memory_max) < 0) return -1;
#endif
    if (limit(RLIMIT_CPU, limits->cpu_s) < 0) return -1;
    if (limit(RLIMIT_FSIZE, 0) < 0) return -1; /* Nothing but a pipe can be written to. */
    (void)signal(SIGXFSZ, SIG_IGN); /* Where the log is a file: a word lost, and not the errand. */
    return limit(RLIMIT_NOFILE, limits->files_max);
}

int errand_map_input(struct slice *ret, const char *what, struct err *err)
{
    struct stat st;
    if (seams.fstat(STDIN_FILENO, &st) < 0) return err_errno(err, errno, "%s", what);
    if (!S_ISREG(st.st_mode)) return err_set(err, ERR_INTERNAL, "%s is not a file", what);
    *ret = SLICE("");
    if (st.st_size == 0) return 0;
    const char *bytes = seams.map_file(STDIN_FILENO, (size_t)st.st_size);
    if (!bytes) return err_set(err, ERR_NO_MEMORY, "%s is too large for its process", what);
    *ret = (struct slice){ bytes, (size_t)st.st_size };
    return 0;
}
