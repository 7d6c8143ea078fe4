/* A job: packs a model's weights into a file, for engines to map when they start. */
#include "base/log.h"
#include "base/seam.h"
#include "engine/format.h"
#include "worker/worker_state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Only what nobody else wants of the processor. */
static void step_back(void)
{
    const struct sched_param none = { 0 };
    (void)sched_setscheduler(0, SCHED_IDLE, &none); /* Where it is not allowed it only hurries. */
}

/* A model's file says how large the packed one gets: it is outside data. */
static int limit_file(uint64_t bytes_max, struct err *err)
{
    const struct rlimit limit = { bytes_max, bytes_max };
    if (bytes_max == 0) return 0;
    (void)signal(SIGXFSZ, SIG_IGN); /* The write fails instead. */
    if (setrlimit(RLIMIT_FSIZE, &limit) == 0) return 0;
    return err_errno(err, errno, "limiting the packed weights to their size");
}

static bool is_wanted(void *ctx, uint64_t done, uint64_t total)
{
    struct worker *w = ctx;
    struct pollfd p = { .fd = w->conn.fd, .events = POLLIN };
    (void)done;
    (void)total;
    if (poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR))) w->gone = true;
    return !w->gone;
}

static int pack(struct worker *w, const char *path, const char *packed, int fd, struct err *err)
{
    struct model_options options = { .progress = is_wanted, .progress_ctx = w };
    struct stat st;
    TRY(checkpoint_open(&w->checkpoint, path, err));
    TRY(model_pack(w->checkpoint, &options, fd, packed, err));
    if (seams.fstat(fd, &st) < 0) return err_errno(err, errno, "reading %s", packed);
    struct msg_artefact m = { .name = slice_of(packed), .bytes = (uint64_t)st.st_size };
    return conn_queue_fd(&w->conn, MSG_ARTEFACT, &m, fd, err); /* Closed once it is sent. */
}

int worker_pack(struct worker *w, const struct msg_load *load, struct err *err)
{
    char path[MSG_PATH_MAX + 1], packed[MSG_PATH_MAX + 1];
    TRY(worker_path(path, load->path, "a model", err));
    TRY(worker_path(packed, load->packed, "packed weights", err));
    TRY(limit_file(load->packed_bytes_max, err));
    step_back();
    /* The one file that it may write: from here on it can open none. */
    int fd = seams.open(packed, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0) return err_errno(err, errno, "creating %s", packed);
    sandbox_enter(&w->sandbox, &(struct sandbox_needs){ .models = { path }, .sync = true });
    log_debug("packing", LOG_STR("walls", w->sandbox.walls),
              LOG_STR("missing", w->sandbox.missing));
    int rc = pack(w, path, packed, fd, err);
    if (rc < 0) (void)seams.close(fd); /* Nobody wants what is in it. */
    return rc;
}
