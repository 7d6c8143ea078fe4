#include "worker/decode.h"

#include "base/log.h"
#include "base/seam.h"
#include "proto/decode.h"
#include "worker/decoder.h"
#include "worker/errand.h"
#include "worker/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int end_of(int rc)
{
    switch (-rc) {
    case 0: return DECODE_GOOD;
    case ERR_FORMAT:
    case ERR_CHECKSUM: return DECODE_DAMAGED;
    case ERR_PERMISSION: return DECODE_ENCRYPTED;
    case ERR_UNSUPPORTED_FORMAT: return DECODE_NO_TEXT;
    case ERR_LIMIT: return DECODE_TOO_LARGE;
    case ERR_NO_MEMORY: return DECODE_NO_MEMORY;
    default: return DECODE_BROKEN;
    }
}

/* ---- By ourselves ---- */

static int write_out(void *ctx, struct slice text, struct err *err)
{
    (void)ctx;
    return file_write_all(STDOUT_FILENO, text.ptr, text.len, "the text", err);
}

static int read_document(const struct decoder *decoder)
{
    struct sandbox box;
    struct slice document;
    struct text_out out;
    struct err err = { 0 };
    sandbox_enter(&box, &(struct sandbox_needs){ 0 });
    int rc = errand_map_input(&document, "the document", &err);
    if (rc < 0) return end_of(rc); /* What is mapped ends with the process. */
    text_out_init(&out, write_out, NULL, DECODE_TEXT_MAX);
    rc = decoder->read(document, &out, &err);
    int written = text_out_finish(&out, &err);
    text_out_release(&out);
    return end_of(rc < 0 && written == 0 ? rc : written);
}

/* ---- By a program of others ---- */

/* In a process of its own, which ends with ours. Returns only where it cannot be started. */
static void become(const char *const *program, pid_t parent)
{
    static const char *const read_only[] = {
        "/usr/lib", "/lib", "/lib64", "/etc/ld.so.cache", "/usr/share/poppler", NULL
    };
    const char *executable[] = { program[0], "/lib64/ld-linux-x86-64.so.2", NULL };
    char *environment[] = { (char *)(uintptr_t) "LC_ALL=C.UTF-8", NULL };
    struct sandbox box;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent) return;
    /* It has words for what is wrong, which hold words of the document. */
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null < 0 || dup2(null, STDERR_FILENO) < 0) return;
    sandbox_enter(&box, &(struct sandbox_needs){ .executable = executable, .readable = read_only });
    (void)execve(program[0], (char **)(uintptr_t)program, environment);
}

/* Why it could not be opened; looked for behind walls, as always. */
static int look_for_why(const struct decoder *decoder)
{
    struct sandbox box;
    struct slice document;
    struct err err = { 0 };
    sandbox_enter(&box, &(struct sandbox_needs){ 0 });
    int rc = errand_map_input(&document, "the document", &err);
    if (rc < 0) return end_of(rc);
    return decoder->is_encrypted(document) ? DECODE_ENCRYPTED : DECODE_DAMAGED;
}

static int run_program(const struct decoder *decoder)
{
    pid_t us = getpid();
    int status;
    if (access(decoder->program[0], X_OK) < 0) return DECODE_NO_PROGRAM;
    pid_t child = fork();
    if (child == 0) {
        become(decoder->program, us);
        _exit(DECODE_BROKEN);
    }
    if (child < 0) return DECODE_BROKEN;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return DECODE_BROKEN;
    if (WIFSIGNALED(status)) (void)raise(WTERMSIG(status)); /* Ours ends as it did. */
    if (!WIFEXITED(status)) return DECODE_BROKEN;
    if (WEXITSTATUS(status) == decoder->cannot_open) return look_for_why(decoder);
    return WEXITSTATUS(status);
}

int worker_decode(const char *format)
{
    const struct decoder *decoder = decoder_find(format);
    log_setup(LOG_WARN, LOG_TEXT, "decode worker");
    const struct errand_limits limits = { DECODE_MEMORY_MAX, DECODE_CPU_S, DECODE_FILES_MAX };
    if (!decoder || errand_set_limits(&limits) < 0) {
        log_error("a document cannot be read", LOG_STR("format", format),
                  LOG_STR("why", decoder ? "no limits can be set" : "no such format"));
        return DECODE_BROKEN;
    }
    return decoder->program ? run_program(decoder) : read_document(decoder);
}
