/* sandbox - the walls around a worker: what its process can no longer do.
 *
 *     struct sandbox box;
 *     sandbox_enter(&box, &(struct sandbox_needs){ .models = { "/models/x.gguf" } });
 *                                                before other threads are started
 *     log(box.walls, box.missing)
 *
 *     no_new_privs   no set-user-id programs
 *     no core dumps  RLIMIT_CORE 0 and not dumpable: nobody's prompts in a core file
 *     landlock       of all files, only the models' folders and one more file, only for reading
 *     seccomp        a list of system calls; no sockets, no programs, no ptrace, no opening for
 *                    writing, no executable memory; anything else fails with EPERM
 *
 * A worker that becomes a program of others (execve) lets that be started and mapped as code, and
 * nothing else; the walls stay around it.
 *
 * A worker that makes a file opens it before the walls stand: behind them it can write to that one
 * descriptor, and neither open nor name any other.
 *
 * What the kernel cannot do is left out and named in `missing`; it is never an error, for the
 * worker is then as safe as the machine allows, and says so.
 */
#ifndef TIRO_WORKER_SANDBOX_H
#define TIRO_WORKER_SANDBOX_H

#include "base/err.h"

enum { SANDBOX_TEXT_MAX = 512, SANDBOX_MODELS_MAX = 2 };

struct sandbox {
    char walls[SANDBOX_TEXT_MAX];   /* "no_new_privs, no core dumps, landlock 3, seccomp" */
    char missing[SANDBOX_TEXT_MAX]; /* "landlock (Operation not supported)", or "" */
    bool landlock, seccomp;
};

struct sandbox_needs {
    const char *models[SANDBOX_MODELS_MAX]; /* Folders, or files whose folders they are. */
    const char *file; /* One more file to be read, if it is there; NULL: none. */
    bool sync;        /* fsync of what is open already. */
    /* For a program of others, to be started in this one's place; lists end with NULL. */
    const char *const *executable; /* may be started and read; NULL: none may */
    const char *const *readable;   /* files, and folders with all below; NULL: none */
};

/* For the calling thread and those it starts later; cannot be undone. */
void sandbox_enter(struct sandbox *ret, const struct sandbox_needs *needs);
/* What the kernel offers, without entering. */
void sandbox_describe(char *ret, size_t size);

#endif
