#include "api/vector_text.h"

#include "base/seam.h"
#include "base/utf8.h"
#include "store/blob.h"

struct vector_text {
    struct service_work work;     /* first */
    struct vector_text_options o; /* `done` NULL: cancelled */
    char path[BLOB_PATH_SIZE];
    char *text; /* owned */
    size_t len;
    int rc;
    struct err err;
};

static void release(struct vector_text *t)
{
    mem_free(t->text);
    mem_free(t);
}

static int read_text(struct vector_text *t, struct err *err)
{
    int rc = file_read_all(&t->text, &t->len, t->path, t->o.bytes_max, err);
    if (rc == -ERR_LIMIT)
        return err_set(err, ERR_TOO_LARGE,
                       "The file is larger than %zu bytes, the most of a vector store.",
                       t->o.bytes_max);
    TRY(rc);
    if (utf8_valid(t->text, t->len)) return 0;
    return err_set(err, ERR_UNSUPPORTED_FORMAT,
                   "The file is not text in UTF-8, and of no format that text is taken from.");
}

static void run(struct service_work *work) /* on another thread */
{
    struct vector_text *t = (struct vector_text *)work;
    t->rc = read_text(t, &t->err);
}

static void done(struct service_work *work)
{
    struct vector_text *t = (struct vector_text *)work;
    char *text = t->text;
    if (t->o.done && t->rc < 0) t->o.done(t->o.user, NULL, 0, &t->err);
    if (t->o.done && t->rc == 0) {
        t->text = NULL;
        t->o.done(t->o.user, text, t->len, NULL);
    }
    release(t);
}

int vector_text_begin(struct vector_text **ret, const struct vector_text_options *options,
                      struct err *err)
{
    struct vector_text *t = mem_calloc(1, sizeof *t);
    if (!t) return err_set(err, ERR_NO_MEMORY, "no memory for the file's text");
    t->o = *options;
    t->work.run = run;
    t->work.done = done;
    blob_path(t->path, options->service->data_dir, options->file->sha256);
    t->o.file = NULL; /* It is needed no longer. */
    int rc = options->service->ops->work(options->service, &t->work, err);
    if (rc < 0)
        release(t);
    else
        *ret = t;
    return rc;
}

void vector_text_cancel(struct vector_text *t)
{
    t->o.done = NULL;
}
