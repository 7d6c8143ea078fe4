/* sandbox - the walls around a worker: what its process can no longer do.
 *
 *     struct sandbox box;
 *     sandbox_enter(&box, paths, 1);             before other threads are started
 *     log(box.walls, box.missing)
 *
 *     no_new_privs   no set-user-id programs
 *     no core dumps  RLIMIT_CORE 0 and not dumpable: nobody's prompts in a core file
 *     landlock       of all files, only the models' folders, and only for reading
 *     seccomp        a list of system calls; no sockets, no programs, no ptrace, no opening for
 *                    writing, no executable memory; anything else fails with EPERM
 *
 * What the kernel cannot do is left out and named in `missing`; it is never an error, for the
 * worker is then as safe as the machine allows, and says so.
 */
#ifndef TIRO_WORKER_SANDBOX_H
#define TIRO_WORKER_SANDBOX_H

#include "base/err.h"

enum { SANDBOX_TEXT_MAX = 512 };

struct sandbox {
    char walls[SANDBOX_TEXT_MAX];   /* "no_new_privs, no core dumps, landlock 3, seccomp" */
    char missing[SANDBOX_TEXT_MAX]; /* "landlock (Operation not supported)", or "" */
    bool landlock, seccomp;
};

/* For the calling thread and those it starts later; cannot be undone. */
void sandbox_enter(struct sandbox *ret, const char *const *model_paths, int n_paths);
/* What the kernel offers, without entering. */
void sandbox_describe(char *ret, size_t size);

#endif
