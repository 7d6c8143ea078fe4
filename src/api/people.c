#include "api/people.h"

#include "api/reply.h"

#include "base/log.h"
#include "base/seam.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

enum { LIST_BYTES_MAX = 64 << 20, SECRET_BYTES = 32, ID_MAX = 48, NS_PER_MS = 1000 * 1000 };

struct entry {
    struct token_row token;
    const struct person_row *person;
};

/* All of the database that is needed to know who asks. */
struct people_list {
    struct arena arena;
    struct person_row *people;
    struct entry *entries; /* by their hashes */
    size_t n_people, n_entries;
};

struct challenge {
    unsigned char bytes[PASSKEY_CHALLENGE_BYTES];
    char whose[ID_MAX];
    uint64_t until_ns; /* 0: free */
};

struct people {
    struct service *service;
    struct people_list *list;
    struct attempts attempts;
    struct passwords passwords;
    struct challenge challenges[PEOPLE_CHALLENGES_MAX];
    size_t next_challenge;
};

/* ---- The list ---- */

static int by_hash(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return strcmp(x->token.hash.ptr, y->token.hash.ptr);
}

static const struct person_row *person_of(const struct people_list *list, struct slice id)
{
    for (size_t i = 0; i < list->n_people; i++)
        if (slice_eq(list->people[i].id, id)) return &list->people[i];
    return NULL;
}

static int fill(struct people_list *list, struct db *db, struct err *err)
{
    struct token_row *tokens;
    size_t n;
    TRY(people_read(&list->people, &list->n_people, db, &list->arena, err));
    TRY(tokens_read(&tokens, &n, db, &list->arena, err));
    list->entries = ARENA_NEWS(&list->arena, n + 1, struct entry);
    if (!list->entries) return arena_check(&list->arena, "the sessions", err);
    for (size_t i = 0; i < n; i++) {
        const struct person_row *person = person_of(list, tokens[i].user);
        if (person) list->entries[list->n_entries++] = (struct entry){ tokens[i], person };
    }
    qsort(list->entries, list->n_entries, sizeof *list->entries, by_hash);
    return 0;
}

static void list_free(struct people_list *list)
{
    if (!list) return;
    arena_release(&list->arena);
    mem_free(list);
}

static int list_read(struct people_list **ret, struct db *db, struct err *err)
{
    struct people_list *list = mem_calloc(1, sizeof *list);
    if (!list) return err_set(err, ERR_NO_MEMORY, "There is no memory for the request.");
    arena_init(&list->arena, LIST_BYTES_MAX);
    int rc = fill(list, db, err);
    if (rc < 0)
        list_free(list);
    else
        *ret = list;
    return rc;
}

static void list_take(struct people *p, struct people_list *fresh)
{
    list_free(p->list);
    p->list = fresh;
}

/* ---- Reading it outside of calls ---- */

struct reload {
    struct store_job job; /* first */
    struct people *people;
    struct people_list *fresh;
    struct link_row link; /* hash.ptr NULL: none is to be made */
    int rc;
    struct err err;
};

static int reload_run(struct store_job *job, struct db *db, struct err *err)
{
    struct reload *r = (struct reload *)job;
    struct principal own = { SLICE("default"), SLICE("default"), SLICE("local"), SLICE("none") };
    list_free(r->fresh);
    r->fresh = NULL;
    if (r->link.hash.ptr) TRY(link_add(db, &own, &r->link, err));
    return list_read(&r->fresh, db, err);
}

static void reload_end(struct store_job *job, int rc, const struct err *err)
{
    struct reload *r = (struct reload *)job;
    r->rc = rc;
    r->err = *err;
    if (rc >= 0)
        list_take(r->people, r->fresh);
    else
        list_free(r->fresh);
}

static void reload_done(struct store_job *job, int rc, const struct err *err)
{
    if (rc < 0) log_error("who may sign in could not be read", LOG_STR("why", err->text));
    reload_end(job, rc, err);
    mem_free(job);
}

void people_reload(struct people *p)
{
    struct reload *r = p->service->store ? mem_calloc(1, sizeof *r) : NULL;
    if (!r) return; /* The next change reads it. */
    r->job = (struct store_job){ .run = reload_run, .done = reload_done };
    r->people = p;
    store_submit(p->service->store, &r->job);
}

static int reload_now(struct people *p, const struct link_row *link, struct err *err)
{
    struct reload r = { .job = { .run = reload_run, .done = reload_end }, .people = p };
    if (link) r.link = *link;
    store_submit(p->service->store, &r.job);
    store_wait(p->service->store);
    if (r.rc < 0) *err = r.err;
    return r.rc;
}

int people_open(struct people **ret, struct service *service, struct err *err)
{
    struct people *p = mem_calloc(1, sizeof *p);
    if (!p) return err_set(err, ERR_NO_MEMORY, "no memory for the people");
    p->service = service;
    int rc = reload_now(p, NULL, err);
    if (rc < 0)
        mem_free(p);
    else
        *ret = p;
    return rc;
}

void people_close(struct people *p)
{
    if (!p) return;
    list_free(p->list);
    sodium_memzero(p->challenges, sizeof p->challenges);
    mem_free(p);
}

int people_owner_link(struct people *p, char ret[PEOPLE_TOKEN_SIZE], struct err *err)
{
    char hash[PEOPLE_HASH_SIZE], id[REPLY_ID_MAX];
    int64_t now = (int64_t)(wall_ns() / 1000000000u);
    people_draw(ret, "");
    people_hash(hash, slice_of(ret));
    reply_id(id, "invite_");
    struct link_row link = { .id = slice_of(id),
                             .hash = slice_of(hash),
                             .kind = SLICE("owner"),
                             .role = SLICE("owner"),
                             .for_id = SLICE(""),
                             .note = SLICE(""),
                             .created_at = now,
                             .expires_at = now + PEOPLE_OWNER_LINK_S };
    return reload_now(p, &link, err);
}

/* ---- Who that is ---- */

static bool is_active(const struct person_row *row)
{
    return slice_is(row->state, "active");
}

bool people_have_owner(const struct people *p)
{
    for (size_t i = 0; i < p->list->n_people; i++)
        if (is_active(&p->list->people[i]) && slice_is(p->list->people[i].role, "owner"))
            return true;
    return false;
}

const struct person_row *people_active(const struct people *p, struct slice id)
{
    const struct person_row *row = person_of(p->list, id);
    return row && is_active(row) ? row : NULL;
}

const struct person_row *people_by_login(const struct people *p, struct slice login)
{
    for (size_t i = 0; i < p->list->n_people; i++)
        if (slice_eq(p->list->people[i].login, login) && is_active(&p->list->people[i]))
            return &p->list->people[i];
    return NULL;
}

struct attempts *people_attempts(struct people *p)
{
    return &p->attempts;
}

struct passwords *people_passwords(struct people *p)
{
    return &p->passwords;
}

struct service *people_service(struct people *p)
{
    return p->service;
}

static struct entry *find(struct people *p, struct slice token, const char *kind)
{
    char hash[PEOPLE_HASH_SIZE];
    if (token.len == 0 || token.len >= PEOPLE_TOKEN_SIZE) return NULL;
    people_hash(hash, token);
    struct entry wanted = { .token = { .hash = slice_of(hash) } };
    struct entry *e = bsearch(&wanted, p->list->entries, p->list->n_entries, sizeof wanted,
                              by_hash);
    return e && slice_is(e->token.kind, kind) && is_active(e->person) ? e : NULL;
}

struct touch {
    struct store_job job; /* first */
    int64_t now;
    char id[ID_MAX];
};

static int touch_run(struct store_job *job, struct db *db, struct err *err)
{
    struct touch *t = (struct touch *)job;
    return token_seen(db, slice_of(t->id), t->now, err);
}

static void touch_done(struct store_job *job, int rc, const struct err *err)
{
    if (rc < 0) log_warn("when somebody was here is not written", LOG_STR("why", err->text));
    mem_free(job);
}

static void seen(struct people *p, struct entry *e, int64_t now)
{
    if (now - e->token.seen_at < PEOPLE_SEEN_STEP_S || !p->service->store) return;
    struct touch *t = mem_calloc(1, sizeof *t);
    if (!t) return; /* The next request does it. */
    t->job = (struct store_job){ .run = touch_run, .done = touch_done };
    t->now = now;
    (void)snprintf(t->id, sizeof t->id, "%.*s", SLICE_FMT(e->token.id)); /* Ours: it fits. */
    e->token.seen_at = now;
    store_submit(p->service->store, &t->job);
}

static bool take(struct people *p, struct entry *e, enum caller_by by, struct call *call)
{
    struct arena *arena = call->arena;
    struct principal own = person_principal(e->person, e->token.id);
    struct principal *mine = &call->principal;
    if (by == CALLER_SESSION) own.key = SLICE("session");
    mine->tenant = arena_slice(arena, own.tenant);
    mine->project = arena_slice(arena, own.project);
    mine->user = arena_slice(arena, own.user);
    mine->key = arena_slice(arena, own.key);
    call->caller.session = by == CALLER_SESSION ? arena_slice(arena, e->token.id)
                                                : (struct slice){ 0 };
    call->caller.by = by;
    call->caller.owner = slice_is(e->person->role, "owner");
    if (arena->failed) return false;
    seen(p, e, (int64_t)(wall_ns() / 1000000000u));
    return true;
}

bool people_by_session(struct people *p, struct slice token, struct call *call)
{
    int64_t now = (int64_t)(wall_ns() / 1000000000u);
    struct entry *e = find(p, token, "session");
    if (!e || now - e->token.created_at >= PEOPLE_SESSION_S ||
        now - e->token.seen_at >= PEOPLE_SESSION_IDLE_S)
        return false;
    return take(p, e, CALLER_SESSION, call);
}

bool people_by_key(struct people *p, struct slice token, struct call *call)
{
    struct entry *e = find(p, token, "key");
    return e && take(p, e, CALLER_KEY, call);
}

/* ---- Secrets ---- */

void people_draw(char ret[PEOPLE_TOKEN_SIZE], const char *prefix)
{
    unsigned char raw[SECRET_BYTES];
    size_t n = strlen(prefix);
    random_bytes_fill(raw, sizeof raw);
    memcpy(ret, prefix, n);
    (void)sodium_bin2base64(ret + n, PEOPLE_TOKEN_SIZE - n, raw, sizeof raw,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING); /* 43 and a NUL. */
    sodium_memzero(raw, sizeof raw);
}

/* 256 random bits need no salt and no slow hash. */
void people_hash(char ret[PEOPLE_HASH_SIZE], struct slice token)
{
    unsigned char hash[32];
    (void)crypto_generichash(hash, sizeof hash, (const unsigned char *)token.ptr, token.len, NULL,
                             0); /* Its sizes are right. */
    (void)sodium_bin2hex(ret, PEOPLE_HASH_SIZE, hash, sizeof hash);
}

void people_challenge(struct people *p, unsigned char ret[PASSKEY_CHALLENGE_BYTES],
                      struct slice whose)
{
    struct challenge *c = &p->challenges[p->next_challenge++ % PEOPLE_CHALLENGES_MAX];
    random_bytes_fill(c->bytes, sizeof c->bytes);
    (void)snprintf(c->whose, sizeof c->whose, "%.*s", SLICE_FMT(whose)); /* Ours: it fits. */
    c->until_ns = now_ns() + (uint64_t)PEOPLE_CHALLENGE_MS * NS_PER_MS;
    memcpy(ret, c->bytes, sizeof c->bytes);
}

bool people_take_challenge(struct people *p, struct slice challenge, struct slice whose)
{
    if (challenge.len != PASSKEY_CHALLENGE_BYTES) return false;
    for (size_t i = 0; i < PEOPLE_CHALLENGES_MAX; i++) {
        struct challenge *c = &p->challenges[i];
        if (!c->until_ns || sodium_memcmp(c->bytes, challenge.ptr, sizeof c->bytes) != 0) continue;
        bool good = now_ns() < c->until_ns && slice_is(whose, c->whose);
        *c = (struct challenge){ .until_ns = 0 };
        return good;
    }
    return false;
}

/* ---- Changes ---- */

static int change_run(struct stored *stored, struct db *db, struct err *err)
{
    struct people_call *c = (struct people_call *)stored;
    list_free(c->fresh);
    c->fresh = NULL;
    TRY(c->change(c, db, err));
    return list_read(&c->fresh, db, err);
}

static int read_run(struct stored *stored, struct db *db, struct err *err)
{
    struct people_call *c = (struct people_call *)stored;
    return c->change(c, db, err);
}

static void change_ended(struct stored *stored, int rc)
{
    struct people_call *c = (struct people_call *)stored;
    if (rc < 0) {
        list_free(c->fresh);
        return;
    }
    if (c->fresh) list_take(c->people, c->fresh);
    if (c->after) c->after(c);
}

static int answer(struct stored *stored, struct err *err)
{
    struct people_call *c = (struct people_call *)stored;
    struct call *call = stored->call;
    (void)err;
    call->ops->header(call, "Cache-Control", "no-store");
    if (c->cookie.ptr) call->ops->header(call, "Set-Cookie", c->cookie.ptr);
    call->ops->reply(call, 200, "application/json", c->answer);
    return 0;
}

void *people_call_new(struct call *call, size_t size, struct err *err)
{
    if (!call->service->people) {
        (void)err_set(err, ERR_NOT_FOUND, "This server knows no people.");
        return NULL;
    }
    struct people_call *c = stored_new(call, size, err);
    if (!c) return NULL;
    c->people = call->service->people;
    c->id = arena_slice(&c->stored.arena, call->id);
    c->now = (int64_t)(wall_ns() / 1000000000u);
    return c;
}

int people_change(struct people_call *c,
                  int (*run)(struct people_call *c, struct db *db, struct err *err),
                  struct err *err)
{
    c->change = run;
    c->stored.ended = change_ended;
    return stored_begin(&c->stored, change_run, answer, err);
}

int people_read_only(struct people_call *c,
                     int (*run)(struct people_call *c, struct db *db, struct err *err),
                     struct err *err)
{
    c->change = run;
    return stored_begin(&c->stored, read_run, answer, err);
}
