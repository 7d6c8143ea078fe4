#include "api/prepare.h"

#include "api/prompt_files.h"
#include "api/response_history.h"
#include "api/responses.h"
#include "api/stored.h"
#include "base/seam.h"

#include <assert.h>

/* What is read in the store. */
struct prepare {
    struct stored stored; /* first */
    const struct endpoint *endpoint;
    const char *list;
    struct slice asked, body, previous_id, conversation_id;
    bool indirect;
    struct seal_key key;
    struct prompt_files files;
    json_t *history;
};

/* Then the files are read. */
struct preparing {
    struct call *call;
    const struct endpoint *endpoint;
    struct arena arena; /* of what follows */
    struct slice body;
    struct prompt_files files;
    struct prompt_reading *reading;
    struct prepared prepared;
};

/* ---- In the store ---- */

static int collect(struct prepare *p, struct db *db, struct err *err)
{
    json_t *root;
    TRY(prompt_files_init(&p->files, &p->stored.arena, err));
    TRY(json_read(&root, p->body, &json_limits_file, "the request", err));
    int rc = prompt_files_collect(&p->files, json_object_get(root, p->list), p->list, err);
    json_decref(root);
    TRY(rc);
    TRY(prompt_files_collect(&p->files, p->history, NULL, err));
    return prompt_files_find(&p->files, db, &p->stored.principal, err);
}

static void forget(struct stored *stored)
{
    struct prepare *p = (struct prepare *)stored;
    json_decref(p->history);
    p->history = NULL;
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct prepare *p = (struct prepare *)stored;
    const struct response_source source = { db, &stored->principal, &p->key, &stored->arena };
    struct response_history history;
    forget(stored); /* What an earlier try has read. */
    p->body = p->asked;
    if (p->indirect) TRY(response_input_resolve(&p->body, &source, p->asked, err));
    TRY(response_history_read(&history, &source, p->previous_id, p->conversation_id, UINT64_MAX,
                              err));
    p->history = history.items;
    return collect(p, db, err);
}

/* ---- The files, and again ---- */

static void release(struct preparing *p)
{
    json_decref(p->prepared.history);
    arena_release(&p->arena);
    mem_free(p);
}

static void client_left(struct call *call)
{
    struct preparing *p = call->state;
    prompt_reading_cancel(p->reading);
    release(p);
}

static void files_read(void *user, json_t *texts, int rc, const struct err *err)
{
    struct preparing *p = user;
    struct call *call = p->call;
    call->on_close = NULL;
    call->state = NULL;
    if (rc < 0) {
        call_error(call, err, 0);
    } else {
        p->prepared.files = texts;
        call->prepared = &p->prepared;
        call->body = p->body;
        endpoint_run(p->endpoint, call); /* It may be gone now. */
    }
    release(p);
}

static int answer(struct stored *stored, struct err *err)
{
    struct prepare *from = (struct prepare *)stored;
    struct preparing *p = mem_calloc(1, sizeof *p);
    if (!p) return err_set(err, ERR_NO_MEMORY, "There is no memory for the request.");
    p->call = stored->call;
    p->endpoint = from->endpoint;
    p->arena = stored->arena; /* It goes along, with all that lies in it. */
    arena_init(&stored->arena, 0);
    p->body = from->body;
    p->files = from->files;
    p->files.arena = &p->arena;
    p->prepared.history = from->history;
    from->history = NULL;
    int rc = prompt_files_read(&p->reading, p->call->service, &p->files, files_read, p, err);
    if (rc < 0) {
        release(p);
        return rc;
    }
    p->call->state = p;
    p->call->on_close = client_left;
    return 0;
}

int prepare_begin(struct call *call, const struct prepare_options *o, struct err *err)
{
    const struct seal_key *key = NULL;
    assert(!call->prepared);
    if (o->indirect || o->previous_id.ptr || o->conversation_id.ptr)
        TRY(responses_seal_key(&key, call->service, err));
    /* The gateway forgets these when the endpoint returns. */
    call->path = arena_slice(call->arena, call->path);
    call->content_type = arena_slice(call->arena, call->content_type);
    TRY(arena_check(call->arena, "the request", err));
    struct prepare *p = stored_new(call, sizeof *p, err);
    if (!p) return -ERR_NO_MEMORY;
    struct arena *arena = &p->stored.arena;
    p->endpoint = o->endpoint;
    p->list = o->list;
    p->indirect = o->indirect;
    if (key) p->key = *key;
    p->stored.release = forget;
    p->asked = arena_slice(arena, call->body);
    if (o->previous_id.ptr) p->previous_id = arena_slice(arena, o->previous_id);
    if (o->conversation_id.ptr) p->conversation_id = arena_slice(arena, o->conversation_id);
    return stored_begin(&p->stored, run, answer, err);
}
