/* GET /v1/tiro/me/export: all that is one's own, as one JSON file. */
#include "api/people.h"

#include "base/seam.h"
#include "store/holding.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct export
{
    struct stored stored; /* first */
    int fd;
    uint64_t bytes;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct export *e = (struct export *)stored;
    TRY(holdings_write(e->fd, db, &stored->principal, err));
    off_t end = lseek(e->fd, 0, SEEK_END);
    if (end < 0) return err_errno(err, errno, "the export");
    e->bytes = (uint64_t)end;
    return 0;
}

static int answer(struct stored *stored, struct err *err)
{
    struct export *e = (struct export *)stored;
    struct call *call = stored->call;
    (void)err;
    int fd = e->fd;
    e->fd = -1;
    call->ops->header(call, "Cache-Control", "no-store");
    call->ops->header(call, "Content-Disposition", "attachment; filename=\"tiro.json\"");
    call->ops->reply_file(call, "application/json", fd, e->bytes);
    return 0;
}

/* Nobody takes it: what has no name goes with its last descriptor. */
static void ended(struct stored *stored, int rc)
{
    struct export *e = (struct export *)stored;
    if (rc >= 0 && stored->call) return;
    (void)seams.close(e->fd); /* Nothing of it is needed. */
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    struct export *e = stored_new(call, sizeof *e, err);
    if (!e) return -ERR_NO_MEMORY;
    int fd = e->fd = seams.open(call->service->data_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        stored_free(&e->stored);
        return err_errno(err, errno, "a file for the export");
    }
    e->stored.ended = ended;
    int rc = stored_begin(&e->stored, run, answer, err);
    if (rc < 0) (void)seams.close(fd); /* Nothing is in it. */
    return rc;
}

const struct endpoint endpoint_tiro_export = {
    .method = "GET",
    .path = "/v1/tiro/me/export",
    .handle = handle,
    .name = "Export",
    .tag = "People",
    .summary = "All that is one's own as one JSON file: chats, folders, memory, presets, "
               "shared links, conversations, responses, kept completions, names of files, vector "
               "stores, batches, usage.",
};
