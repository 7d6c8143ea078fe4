#include "api/vector_job.h"

#include "api/extract.h"
#include "api/token_counter.h"
#include "api/vector_index.h"
#include "api/vector_step.h"
#include "api/vector_values.h"
#include "base/log.h"
#include "base/seam.h"

#include <assert.h>

enum {
    EMBED_WINDOW = 16,
    PUT_CHUNKS = 32,
    PRIORITY = -1,        /* After all that people wait for. */
    SEGMENT_BYTES = 256,  /* Of a part whose tokens are counted; no more than a chunk's tokens. */
    CHUNK_ROW_BYTES = 64, /* What a chunk takes beside text and vector. */
};

struct chunk {
    size_t from, to;
    float *vector; /* Owned; NULL: none yet, or stored. */
};

struct asking {
    struct vector_job *job;
    struct backend_handle *handle; /* NULL: none */
    size_t chunk;
};

struct vector_job {
    struct vector_job_options o;
    struct arena arena; /* of what is copied */
    struct principal owner;
    struct vector_file file;
    struct vector_step *step; /* in the store; NULL: none */
    struct extraction extraction;
    bool extracting;
    struct token_counter *counter;
    char *model; /* owned */
    char *text;  /* owned */
    size_t text_len;
    struct chunk *chunks;                        /* n of them; owned */
    size_t n_chunks, n_asked, n_stored, n_ready; /* n_ready: leading ones that have vectors */
    struct asking window[EMBED_WINDOW];
    uint32_t dimensions;
    uint64_t n_tokens;
    bool ending;
};

static void end(struct vector_job *j, const struct err *why);

/* ---- Life ---- */

static void cancel_asking(struct vector_job *j)
{
    struct backend *backend = j->o.service->backend;
    for (int i = 0; i < EMBED_WINDOW; i++) {
        if (j->window[i].handle) backend->ops->cancel(backend, j->window[i].handle);
        j->window[i].handle = NULL;
    }
}

void vector_job_close(struct vector_job *j)
{
    cancel_asking(j);
    token_counter_close(j->counter);
    if (j->extracting) extract_cancel(j->o.service, &j->extraction);
    if (j->step) j->step->owner = NULL;
    for (size_t i = 0; i < j->n_chunks; i++) mem_free(j->chunks[i].vector);
    mem_free(j->chunks);
    mem_free(j->text);
    mem_free(j->model);
    arena_release(&j->arena);
    mem_free(j);
}

static void finish(struct vector_job *j, bool again)
{
    void (*done)(void *user, struct vector_job *job, bool again) = j->o.done;
    void *user = j->o.user;
    done(user, j, again);
    vector_job_close(j);
}

int64_t vector_job_file(const struct vector_job *j)
{
    return j->file.seq;
}

/* A step of the database, with what all of them need. */
static struct vector_step *new_step(struct vector_job *j, struct err *err)
{
    assert(!j->step);
    return vector_step_new(j, &j->owner, &j->file, err);
}

static int submit(struct vector_job *j, struct vector_step *s,
                  int (*run)(struct store_job *job, struct db *db, struct err *err),
                  void (*then)(struct vector_job *owner, struct vector_step *step, int rc,
                               const struct err *err),
                  struct err *err)
{
    j->step = s;
    int rc = vector_step_submit(s, j->o.service->store, run, then, err);
    if (rc < 0) j->step = NULL;
    return rc;
}

/* ---- The end ---- */

/* What passes by itself is no reason to give a file up. */
static bool may_pass(enum err_code code)
{
    switch (code) {
    case ERR_NO_MEMORY:
    case ERR_OVERLOADED:
    case ERR_NOT_READY:
    case ERR_WORKER_LOST:
    case ERR_SHUTTING_DOWN:
    case ERR_DEADLINE:
    case ERR_BUSY:
    case ERR_IO:
    case ERR_NO_SPACE:
    case ERR_CANCELLED: return true;
    default: return false;
    }
}

static struct slice error_code(enum err_code code)
{
    switch (code) {
    case ERR_UNSUPPORTED_FORMAT:
    case ERR_MEDIA_TYPE: return SLICE("unsupported_file");
    case ERR_FORMAT:
    case ERR_NOT_FOUND:
    case ERR_LIMIT:
    case ERR_TOO_LARGE:
    case ERR_INVALID_VALUE: return SLICE("invalid_file");
    default: return SLICE("server_error");
    }
}

/* The index forgets what an attempt has told it. */
static void forget_chunks(struct vector_job *j)
{
    struct msg_index_file file = { .file = (uint64_t)j->file.seq, .gone = true };
    struct msg_index change = { .store = (uint64_t)j->file.store_seq,
                                .files = &file,
                                .n_files = 1 };
    vector_index_change(j->o.index, &change);
}

static void show_file(struct vector_job *j, struct vector_step *s)
{
    struct msg_index_file file = { .file = (uint64_t)j->file.seq, .visible = true };
    struct msg_index change = { .store = (uint64_t)j->file.store_seq,
                                .files = &file,
                                .n_files = 1 };
    struct err err = { 0 };
    if (vector_attributes_read(&file.attributes, &file.n_attributes, s->attributes, &s->arena,
                               &err) == 0)
        vector_index_change(j->o.index, &change);
    else
        vector_index_forget(j->o.index, j->file.store_seq); /* It is read anew. */
}

static void ended(struct vector_job *j, struct vector_step *s, int rc, const struct err *err)
{
    j->step = NULL;
    if (rc < 0) log_warn("a vector store's file is not ended", LOG_STR("why", err->text));
    if (rc == 0 && s->wanted && s->file.status == VECTOR_COMPLETED)
        show_file(j, s);
    else if (rc == 0)
        forget_chunks(j);
    finish(j, rc < 0);
}

static uint64_t usage_bytes(const struct vector_job *j)
{
    uint64_t n = 0;
    for (size_t i = 0; i < j->n_chunks; i++)
        n += j->chunks[i].to - j->chunks[i].from + j->dimensions * sizeof(float) + CHUNK_ROW_BYTES;
    return n;
}

/* With its status, and what it used. */
static void submit_end(struct vector_job *j)
{
    struct err err = { 0 };
    struct vector_step *s = new_step(j, &err);
    if (s) {
        s->model = arena_slice(&s->arena, slice_of(j->model ? j->model : ""));
        s->n_tokens = j->n_tokens;
    }
    if (!s || submit(j, s, vector_step_end, ended, &err) < 0) finish(j, true);
}

/* It was cancelled or removed meanwhile, and has its end: what it used is booked all the same. */
static void leave(struct vector_job *j)
{
    j->ending = true;
    cancel_asking(j);
    j->file.status = VECTOR_CANCELLED;
    submit_end(j);
}

/* NULL: it is completed. */
static void end(struct vector_job *j, const struct err *why)
{
    if (j->ending) return;
    j->ending = true;
    cancel_asking(j);
    if (j->step) j->step->owner = NULL; /* What it still writes, the end clears. */
    j->step = NULL;
    if (why && may_pass(why->code)) {
        finish(j, true);
        return;
    }
    j->file.status = why ? VECTOR_FAILED : VECTOR_COMPLETED;
    j->file.usage_bytes = why ? 0 : (int64_t)usage_bytes(j);
    if (why) {
        j->file.error_code = error_code(why->code);
        j->file.error_text = slice_of(why->text);
    }
    submit_end(j);
}

/* ---- Storing ---- */

static void go_on(struct vector_job *j);

static void tell_index(struct vector_job *j, const struct vector_step *s)
{
    struct msg_index_chunk chunks[PUT_CHUNKS];
    for (uint32_t i = 0; i < s->n_chunks; i++)
        chunks[i] = (struct msg_index_chunk){ .file = (uint64_t)s->file.seq,
                                              .number = s->chunks[i].number,
                                              .text = s->chunks[i].text,
                                              .vector = s->chunks[i].vector };
    struct msg_index change = { .store = (uint64_t)s->file.store_seq,
                                .dimensions = s->dimensions,
                                .chunks = chunks,
                                .n_chunks = s->n_chunks };
    vector_index_change(j->o.index, &change);
}

static void put(struct vector_job *j, struct vector_step *s, int rc, const struct err *err)
{
    j->step = NULL;
    if (rc < 0) {
        end(j, err);
        return;
    }
    if (!s->wanted) {
        leave(j);
        return;
    }
    tell_index(j, s);
    j->n_stored += s->n_chunks;
    go_on(j);
}

static int put_some(struct vector_job *j, uint32_t n, struct err *err)
{
    struct vector_step *s = new_step(j, err);
    if (!s) return -ERR_NO_MEMORY;
    s->model = arena_slice(&s->arena, slice_of(j->model));
    s->dimensions = j->dimensions;
    s->chunks = ARENA_NEWS(&s->arena, n, struct vector_chunk);
    s->n_chunks = s->chunks ? n : 0;
    for (uint32_t i = 0; i < s->n_chunks; i++) {
        struct chunk *c = &j->chunks[j->n_stored + i];
        struct slice text = { j->text + c->from, c->to - c->from };
        struct slice vector = { (const char *)c->vector, j->dimensions * sizeof(float) };
        s->chunks[i] = (struct vector_chunk){ .number = (uint32_t)(j->n_stored + i),
                                              .from_byte = (int64_t)c->from,
                                              .to_byte = (int64_t)c->to,
                                              .text = arena_slice(&s->arena, text),
                                              .vector = arena_slice(&s->arena, vector) };
        mem_free(c->vector);
        c->vector = NULL;
    }
    return submit(j, s, vector_step_put, put, err);
}

/* ---- Embedding ---- */

static void on_embedding(void *user, const struct msg_embedding *m)
{
    struct asking *a = user;
    struct vector_job *j = a->job;
    struct chunk *c = &j->chunks[a->chunk];
    struct err err = { 0 };
    a->handle = NULL;
    j->n_tokens += m->prompt_tokens;
    if (j->dimensions == 0) j->dimensions = m->n_floats;
    bool fits = m->n_floats > 0 && m->n_floats <= MSG_DIMENSIONS_MAX &&
                m->n_floats == j->dimensions;
    size_t size = m->n_floats * sizeof *m->floats;
    c->vector = fits ? mem_alloc(size) : NULL;
    if (!c->vector) {
        (void)err_set(&err, fits ? ERR_NO_MEMORY : ERR_INTERNAL,
                      "The model's vectors have %u dimensions; a vector store takes up to %d.",
                      m->n_floats, MSG_DIMENSIONS_MAX);
        end(j, &err);
        return;
    }
    memcpy(c->vector, m->floats, size);
    while (j->n_ready < j->n_chunks && j->chunks[j->n_ready].vector) j->n_ready++;
    go_on(j);
}

static void on_error(void *user, const struct err *err, uint32_t retry_after_ms)
{
    struct asking *a = user;
    struct err why = *err;
    (void)retry_after_ms;
    a->handle = NULL;
    end(a->job, &why);
}

static bool on_restart(void *user)
{
    (void)user;
    return true;
}

static const struct backend_events events = {
    .embedding = on_embedding,
    .error = on_error,
    .restart = on_restart,
};

static int ask(struct asking *a, struct err *err)
{
    struct vector_job *j = a->job;
    const struct chunk *c = &j->chunks[a->chunk];
    struct backend *backend = j->o.service->backend;
    struct msg_request request = {
        .kind = REQUEST_EMBED,
        .sampling = MSG_SAMPLING_DEFAULT,
        .principal = j->owner,
        .prompt = { j->text + c->from, c->to - c->from },
        .n = 1,
        .priority = PRIORITY,
    };
    return backend->ops->submit(backend, &a->handle, j->model, &request, &events, a, err);
}

static int ask_more(struct vector_job *j, struct err *err)
{
    /* What waits for the disk is bounded too. */
    for (int i = 0; i < EMBED_WINDOW && j->n_asked < j->n_chunks; i++) {
        struct asking *a = &j->window[i];
        if (a->handle || j->n_asked >= j->n_stored + 4 * PUT_CHUNKS) continue;
        a->chunk = j->n_asked++;
        TRY(ask(a, err));
    }
    return 0;
}

static void go_on(struct vector_job *j)
{
    struct err err = { 0 };
    int rc = 0;
    if (j->ending) return;
    if (j->n_stored == j->n_chunks) {
        end(j, NULL);
        return;
    }
    size_t n = j->n_ready - j->n_stored;
    if (!j->step && n > 0 && (n >= PUT_CHUNKS || j->n_ready == j->n_chunks))
        rc = put_some(j, (uint32_t)(n < PUT_CHUNKS ? n : PUT_CHUNKS), &err);
    if (rc == 0) rc = ask_more(j, &err);
    if (rc < 0) end(j, &err);
}

/* ---- Cutting ---- */

/* From what the model can read and the client asked for to how the file is cut. */
static int plan(void *user, uint32_t n_special, size_t *ret_bytes, struct err *err)
{
    struct vector_job *j = user;
    const struct backend_model *model = backend_find(j->o.service->backend, slice_of(j->model));
    uint32_t n_ctx = model ? model->n_ctx : 0;
    int64_t room = n_ctx > n_special ? (int64_t)n_ctx - n_special : CHUNK_TOKENS_MAX;
    if (j->file.chunk_tokens == 0) {
        j->file.chunk_tokens = room < CHUNK_TOKENS_AUTO ? room : CHUNK_TOKENS_AUTO;
        j->file.overlap_tokens = j->file.chunk_tokens / 2;
    }
    if (j->file.chunk_tokens > room)
        return err_set(err, ERR_INVALID_VALUE,
                       "Chunks of %lld tokens were asked for, and the embedding model '%s' reads "
                       "at most %lld at once.",
                       (long long)j->file.chunk_tokens, j->model, (long long)room);
    *ret_bytes = j->file.chunk_tokens < SEGMENT_BYTES ? (size_t)j->file.chunk_tokens
                                                      : SEGMENT_BYTES;
    return 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static int add_chunk(struct vector_job *j, size_t *cap, size_t from, size_t to)
{
    while (from < to && is_blank(j->text[from])) from++;
    while (to > from && is_blank(j->text[to - 1])) to--;
    if (from == to) return 0;
    if (j->n_chunks == *cap) {
        size_t more = *cap ? *cap * 2 : 64;
        struct chunk *chunks = mem_realloc(j->chunks, more * sizeof *chunks);
        if (!chunks) return -ERR_NO_MEMORY;
        j->chunks = chunks;
        *cap = more;
    }
    j->chunks[j->n_chunks++] = (struct chunk){ from, to, NULL };
    return 0;
}

static int cut(struct vector_job *j, const struct chunker_segment *segments, size_t n)
{
    struct chunker c;
    size_t from, to, cap = 0;
    int rc = 0;
    chunker_init(&c, (uint32_t)j->file.chunk_tokens, (uint32_t)j->file.overlap_tokens);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = chunker_add(&c, segments[i].end, segments[i].n_tokens);
    while (rc == 0 && chunker_next(&c, &from, &to)) rc = add_chunk(j, &cap, from, to);
    chunker_release(&c);
    return rc;
}

static void counted(void *user, const struct chunker_segment *segments, size_t n,
                    const struct err *err)
{
    struct vector_job *j = user;
    struct err why = { 0 };
    if (err) why = *err;
    if (!err && cut(j, segments, n) < 0)
        (void)err_set(&why, ERR_NO_MEMORY, "no memory to cut the file");
    if (!why.code && j->n_chunks == 0)
        (void)err_set(&why, ERR_INVALID_VALUE, "The file is empty: there is no text in it.");
    token_counter_close(j->counter);
    j->counter = NULL;
    if (why.code)
        end(j, &why);
    else
        go_on(j);
}

static int count(struct vector_job *j, struct err *err)
{
    struct token_counter_options options = {
        .service = j->o.service,
        .principal = &j->owner,
        .model = j->model,
        .text = { j->text, j->text_len },
        .priority = PRIORITY,
        .plan = plan,
        .done = counted,
        .user = j,
    };
    return token_counter_open(&j->counter, &options, err);
}

/* ---- Reading ---- */

static int take_text(struct vector_job *j, struct slice text, struct err *err)
{
    if (text.len == 0)
        return err_set(err, ERR_INVALID_VALUE, "The file is empty: there is no text in it.");
    j->text = mem_strndup(text.ptr, text.len);
    if (!j->text) return err_set(err, ERR_NO_MEMORY, "no memory for the file's text");
    j->text_len = text.len;
    return count(j, err);
}

static void extracted(struct extraction *x, int rc, struct slice text, const struct err *err)
{
    struct vector_job *j = (struct vector_job *)((char *)x -
                                                 offsetof(struct vector_job, extraction));
    struct err why = *err;
    j->extracting = false;
    if (rc == 0) rc = take_text(j, text, &why);
    if (rc < 0) end(j, &why);
}

static int begin_text(struct vector_job *j, const struct file_row *row, struct err *err)
{
    struct extraction *x = &j->extraction;
    if (row->sha256.len >= sizeof x->sha256)
        return err_set(err, ERR_INTERNAL, "a file whose bytes have no name");
    memcpy(x->sha256, row->sha256.ptr, row->sha256.len);
    x->sha256[row->sha256.len] = '\0';
    x->filename = row->filename;
    x->done = extracted;
    TRY(extract_begin(j->o.service, x, err));
    j->extracting = true;
    return 0;
}

static int choose_model(struct vector_job *j, struct err *err)
{
    const char *model;
    TRY(vector_job_model(&model, j->o.service, err));
    j->model = mem_strndup(model, strlen(model));
    return j->model ? 0 : err_set(err, ERR_NO_MEMORY, "no memory for a file of a vector store");
}

static void read_row(struct vector_job *j, struct vector_step *s, int rc, const struct err *err)
{
    struct err why = *err;
    j->step = NULL;
    if (rc == 0 && !s->wanted) {
        finish(j, false);
        return;
    }
    if (rc == 0) forget_chunks(j); /* Of an earlier attempt. */
    if (rc == 0) rc = choose_model(j, &why);
    if (rc == 0) rc = begin_text(j, &s->row, &why);
    if (rc < 0) end(j, &why);
}

int vector_job_open(struct vector_job **ret, const struct vector_job_options *options,
                    struct err *err)
{
    struct vector_job *j = mem_calloc(1, sizeof *j);
    if (!j) return err_set(err, ERR_NO_MEMORY, "no memory for a file of a vector store");
    struct arena *a = &j->arena;
    const struct principal *p = options->owner;
    arena_init(a, 1 << 20);
    j->o = *options;
    j->owner = (struct principal){ arena_slice(a, p->tenant), arena_slice(a, p->project),
                                   arena_slice(a, p->user), arena_slice(a, p->key) };
    j->file = *options->file;
    j->file.id = arena_slice(a, options->file->id);
    j->file.filename = arena_slice(a, options->file->filename);
    j->file.attributes = arena_slice(a, options->file->attributes);
    j->file.error_code = j->file.error_text = (struct slice){ 0 };
    for (int i = 0; i < EMBED_WINDOW; i++) j->window[i].job = j;
    int rc = arena_check(a, "a file of a vector store", err);
    struct vector_step *s = rc == 0 ? new_step(j, err) : NULL;
    if (rc == 0) rc = s ? submit(j, s, vector_step_read, read_row, err) : -ERR_NO_MEMORY;
    if (rc < 0) {
        vector_job_close(j);
        return rc;
    }
    *ret = j;
    return 0;
}

/* ---- Models ---- */

int vector_job_model(const char **ret, struct service *service, struct err *err)
{
    const char *wanted = service->embedding_model;
    const struct backend_model *models, *best = NULL;
    size_t n = service->backend->ops->models(service->backend, &models);
    for (size_t i = 0; i < n; i++) {
        const struct backend_model *m = &models[i];
        bool embeds = m->capabilities & CAP_EMBEDDINGS;
        if (wanted && *wanted ? strcmp(m->id, wanted) != 0 : !embeds) continue;
        bool better = !best ||
                      (best->state == BACKEND_MODEL_FAILED && m->state != BACKEND_MODEL_FAILED);
        if (better) best = m;
    }
    if (best && best->capabilities && !(best->capabilities & CAP_EMBEDDINGS))
        return err_set(err, ERR_UNSUPPORTED_VALUE,
                       "The setting embedding_model names '%s', which makes no embeddings.",
                       wanted);
    if (!best)
        return err_set(err, ERR_MODEL_NOT_FOUND,
                       "There is no model that makes embeddings, which vector stores need: `tiro "
                       "pull all-minilm-l6-v2` gets one.");
    *ret = best->id;
    return 0;
}
