#include "gateway/extractor.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/seam.h"
#include "base/utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_STEP = 64 << 10 };

struct extractor {
    const struct extractor_kind *kind;
    uv_loop_t *loop;
    const char *data_dir, *program;
    struct extraction *waiting, **end;
    size_t n_waiting, n_running;
    struct process *processes;
    uv_idle_t starter; /* Runs while something waits and may begin. */
    bool closed;
    char scratch[READ_STEP];
};

struct process {
    struct extractor *owner;
    struct process *next, **at;
    struct extraction *x; /* NULL: nobody waits for it */
    uv_process_t process;
    uv_pipe_t pipe;
    uv_timer_t deadline;
    int n_open; /* handles that are not closed yet */
    struct buf text;
    size_t n_checked; /* of the text: known to be UTF-8 without NUL */
    int64_t status;
    int signal;
    bool exited, read_all, too_long, too_slow, not_text, no_memory;
};

static void start_some(uv_idle_t *idle);

static void wake(struct extractor *e)
{
    bool may = e->waiting && e->n_running < e->kind->running_max && !e->closed;
    if (may)
        (void)uv_idle_start(&e->starter, start_some); /* Always 0, as the next. */
    else
        (void)uv_idle_stop(&e->starter);
}

/* ---- The end of a process ---- */

static void free_when_gone(struct extractor *e)
{
    if (e->closed && !e->processes && !e->starter.data) mem_free(e);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct process *p = handle->data;
    struct extractor *e = p->owner;
    if (--p->n_open > 0) return;
    *p->at = p->next;
    if (p->next) p->next->at = p->at;
    buf_release(&p->text);
    mem_free(p);
    e->n_running--;
    if (e->closed)
        free_when_gone(e);
    else
        wake(e);
}

static int trouble(const struct extractor_kind *kind, enum err_code code,
                   enum extractor_trouble what, struct err *err)
{
    return err_set(err, code, "%s", kind->trouble[what]);
}

static int result(const struct process *p, struct err *err)
{
    const struct extractor_kind *kind = p->owner->kind;
    bool broken = p->signal || p->not_text;
    if (p->too_slow) return trouble(kind, ERR_LIMIT, EXTRACTOR_SLOW, err);
    if (p->no_memory) return err_set(err, ERR_NO_MEMORY, "There is no memory for the file.");
    if (p->too_long) return trouble(kind, ERR_LIMIT, EXTRACTOR_LONG, err);
    if (p->signal == SIGXCPU || (p->signal == SIGKILL && !p->not_text))
        return trouble(kind, ERR_LIMIT, EXTRACTOR_KILLED, err);
    if (broken || p->status)
        return kind->end_error(broken ? kind->status_broken : (int)p->status, p->x->format, err);
    return 0;
}

static void wait_in_line(struct extractor *e, struct extraction *x)
{
    x->next = NULL;
    x->process = NULL;
    *e->end = x;
    e->end = &x->next;
    e->n_waiting++;
}

/* When memory runs out the kernel kills some process: the document need not be why. */
static bool was_killed_by_others(const struct process *p)
{
    return p->signal == SIGKILL && !p->too_slow && !p->too_long && !p->not_text && !p->no_memory;
}

/* Both its end and that of its output are there. */
static void finish(struct process *p)
{
    struct extraction *x = p->x;
    struct err err = { 0 };
    if (!p->exited || !p->read_all) return;
    if (x && was_killed_by_others(p) && !x->again) {
        x->again = true;
        wait_in_line(p->owner, x); /* It begins when this one is gone. */
        x = NULL;
    }
    bool half = p->n_checked < p->text.len; /* A character that is cut. */
    p->not_text = p->not_text || (half && p->owner->kind->is_text);
    int rc = x ? result(p, &err) : 0;
    p->x = NULL;
    uv_close((uv_handle_t *)&p->process, on_handle_closed);
    uv_close((uv_handle_t *)&p->pipe, on_handle_closed);
    uv_close((uv_handle_t *)&p->deadline, on_handle_closed);
    if (x) x->done(x, rc, rc == 0 ? buf_slice(&p->text) : (struct slice){ 0 }, &err);
}

static void kill_it(struct process *p)
{
    if (!p->exited) (void)uv_process_kill(&p->process, SIGKILL); /* Fails when it has ended. */
}

static void on_exit_of(uv_process_t *process, int64_t status, int signal)
{
    struct process *p = process->data;
    p->exited = true;
    p->status = status;
    p->signal = signal;
    if (p->x && (signal || status))
        log_info("a worker of one document failed", LOG_STR("kind", p->owner->kind->name),
                 LOG_STR("format", p->x->format), LOG_INT("status", status),
                 LOG_INT("signal", signal));
    finish(p);
}

static void on_deadline(uv_timer_t *timer)
{
    struct process *p = timer->data;
    p->too_slow = true;
    kill_it(p);
}

/* ---- What it writes ---- */

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *ret)
{
    struct process *p = handle->data;
    (void)size;
    *ret = uv_buf_init(p->owner->scratch, READ_STEP);
}

static void check_text(struct process *p)
{
    const char *fresh = p->text.ptr + p->n_checked;
    size_t n = utf8_complete_len(fresh, p->text.len - p->n_checked);
    p->not_text = !utf8_valid(fresh, n) || memchr(fresh, '\0', n);
    p->n_checked += n;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
    struct process *p = stream->data;
    if (n < 0) {
        p->read_all = true;
        (void)uv_read_stop(stream); /* Always 0. */
        finish(p);
        return;
    }
    if (n == 0 || p->too_long || p->not_text || p->no_memory || !p->x) return;
    if ((size_t)n > p->text.max - p->text.len) {
        p->too_long = true;
    } else {
        buf_add(&p->text, bytes->base, (size_t)n);
        p->no_memory = p->text.failed;
        if (!p->no_memory && p->owner->kind->is_text) check_text(p);
    }
    if (p->too_long || p->not_text || p->no_memory) kill_it(p);
}

/* ---- The beginning of one ---- */

static int spawn(struct process *p, int fd, struct err *err)
{
    char *args[] = { (char *)"tiro",
                     (char *)"worker",
                     (char *)"--kind",
                     (char *)(uintptr_t)p->owner->kind->name,
                     (char *)"--format",
                     (char *)(uintptr_t)p->x->format,
                     NULL };
    char *environment[] = { (char *)"LC_ALL=C.UTF-8", NULL };
    uv_stdio_container_t stdio[] = {
        { .flags = UV_INHERIT_FD, .data.fd = fd },
        { .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&p->pipe },
        { .flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO },
    };
    uv_process_options_t options = {
        .exit_cb = on_exit_of,
        .file = p->owner->program ? p->owner->program : "/proc/self/exe",
        .args = args,
        .env = environment,
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = 3,
        .stdio = stdio,
    };
    /* Libraries open files without close-on-exec; it gets none of them. */
    (void)close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC); /* Since 5.11. */
    int rc = uv_spawn(p->owner->loop, &p->process, &options);
    if (rc < 0)
        return err_set(err, ERR_BUSY, "%s: %s", p->owner->kind->trouble[EXTRACTOR_LOST],
                       uv_strerror(rc));
    return 0;
}

/* On failure the process is nobody's, and its handles close. */
static int start(struct extractor *e, struct extraction *x, int fd, struct err *err)
{
    struct process *p = mem_calloc(1, sizeof *p);
    if (!p) return err_set(err, ERR_NO_MEMORY, "There is no memory for the file.");
    p->owner = e;
    p->x = x;
    x->process = p;
    p->process.data = p->pipe.data = p->deadline.data = p;
    buf_init(&p->text, e->kind->bytes_max);
    p->next = e->processes;
    p->at = &e->processes;
    if (p->next) p->next->at = &p->next;
    e->processes = p;
    e->n_running++;
    (void)uv_pipe_init(e->loop, &p->pipe, 0); /* Always 0, as the next. */
    (void)uv_timer_init(e->loop, &p->deadline);
    p->n_open = 3; /* With the process's, which uv_spawn inits also when it fails. */
    int rc = spawn(p, fd, err);
    if (rc == 0 && uv_read_start((uv_stream_t *)&p->pipe, on_alloc, on_read) < 0)
        rc = err_set(err, ERR_IO, "The output of a process could not be read.");
    (void)uv_timer_start(&p->deadline, on_deadline, e->kind->ms, 0);
    if (rc == 0) return 0;
    p->x = NULL;
    p->read_all = true;
    if (p->process.pid > 0) {
        kill_it(p); /* finish comes with its end */
        return rc;
    }
    p->exited = true;
    finish(p);
    return rc;
}

static int check_size(int fd, struct err *err)
{
    struct stat st;
    if (seams.fstat(fd, &st) == 0 && (uint64_t)st.st_size <= EXTRACT_BYTES_MAX) return 0;
    return err_set(err, ERR_LIMIT, "The file is larger than %d bytes, the most that is read.",
                   EXTRACT_BYTES_MAX);
}

/* What came with a request goes to no disk. */
static int in_memory(int *ret_fd, struct slice bytes, struct err *err)
{
    int fd = memfd_create("document", MFD_CLOEXEC);
    size_t n = 0;
    while (fd >= 0 && n < bytes.len) {
        ssize_t written = write(fd, bytes.ptr + n, bytes.len - n);
        if (written < 0) break;
        n += (size_t)written;
    }
    if (fd >= 0 && n == bytes.len && lseek(fd, 0, SEEK_SET) == 0) {
        *ret_fd = fd;
        return 0;
    }
    if (fd >= 0) (void)seams.close(fd); /* It is of no use. */
    return err_set(err, ERR_NO_MEMORY, "There is no memory to read the file.");
}

static void start_one(struct extractor *e, struct extraction *x)
{
    struct err err = { 0 };
    int fd = -1;
    int rc = x->bytes.ptr ? in_memory(&fd, x->bytes, &err)
                          : blob_read(&fd, e->data_dir, slice_of(x->sha256), &err);
    if (rc < 0 && rc != -ERR_NO_MEMORY)
        rc = err_set(&err, ERR_IO, "The bytes of the file could not be read.");
    if (rc == 0) rc = check_size(fd, &err);
    if (rc == 0) rc = start(e, x, fd, &err);
    if (fd >= 0) (void)seams.close(fd); /* The process has its own. */
    if (rc < 0) x->done(x, rc, (struct slice){ 0 }, &err);
}

static void start_some(uv_idle_t *idle)
{
    struct extractor *e = idle->data;
    struct extraction *x = e->waiting;
    e->waiting = x->next;
    if (!e->waiting) e->end = &e->waiting;
    e->n_waiting--;
    start_one(e, x);
    wake(e);
}

/* ---- Life ---- */

int extractor_open(struct extractor **ret, const struct extractor_kind *kind, uv_loop_t *loop,
                   const char *data_dir, const char *program, struct err *err)
{
    struct extractor *e = mem_calloc(1, sizeof *e);
    if (!e) return err_set(err, ERR_NO_MEMORY, "no memory to read documents");
    e->kind = kind;
    e->loop = loop;
    e->data_dir = data_dir;
    e->program = program;
    e->end = &e->waiting;
    (void)uv_idle_init(loop, &e->starter); /* Always 0. */
    e->starter.data = e;
    *ret = e;
    return 0;
}

static void on_starter_closed(uv_handle_t *handle)
{
    struct extractor *e = handle->data;
    handle->data = NULL;
    free_when_gone(e);
}

void extractor_close(struct extractor *e)
{
    if (!e) return;
    e->closed = true;
    e->waiting = NULL;
    uv_close((uv_handle_t *)&e->starter, on_starter_closed);
    for (struct process *p = e->processes; p; p = p->next) {
        p->x = NULL;
        kill_it(p);
    }
}

int extractor_begin(struct extractor *e, struct extraction *x, struct err *err)
{
    assert(!e->closed && x->done);
    if (e->n_waiting >= e->kind->waiting_max)
        return trouble(e->kind, ERR_OVERLOADED, EXTRACTOR_FULL, err);
    if (e->kind->by_name) x->format = extract_format(x->filename);
    x->again = false;
    wait_in_line(e, x);
    wake(e);
    return 0;
}

void extractor_cancel(struct extractor *e, struct extraction *x)
{
    struct process *p = x->process;
    if (p) {
        p->x = NULL;
        kill_it(p);
        return;
    }
    struct extraction **at = &e->waiting;
    while (*at && *at != x) at = &(*at)->next;
    if (!*at) return; /* Closed meanwhile. */
    *at = x->next;
    if (!x->next) e->end = at;
    e->n_waiting--;
    wake(e);
}
