#include "api/password.h"

#include "base/seam.h"

#include <assert.h>
#include <sodium.h>

_Static_assert(PASSWORD_TEXT_SIZE >= crypto_pwhash_STRBYTES, "a hash as text fits");

/* What a name that nobody has is checked against: the costs of ours, and a hash of nothing. */
const char password_nobodys[] = "$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

struct password_work {
    struct service_work work; /* first */
    struct password_work *next;
    struct passwords *queue;
    struct service *service;
    struct call *call; /* NULL: the client has left */
    password_then then;
    void *user;
    bool check, real, good;
    char hash[PASSWORD_TEXT_SIZE];
    size_t len;
    char password[];
};

static void run(struct service_work *work)
{
    struct password_work *w = (struct password_work *)work;
    if (w->check)
        w->good = crypto_pwhash_str_verify(w->hash, w->password, w->len) == 0 && w->real;
    else
        w->good = crypto_pwhash_str(w->hash, w->password, w->len,
                                    crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                    crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0;
}

static void work_free(struct password_work *w)
{
    sodium_memzero(w->password, w->len);
    mem_free(w);
}

static int tell(struct password_work *w, struct err *err)
{
    struct password_result result = { .good = w->good, .hash = slice_of(w->hash) };
    if (!w->check && !w->good)
        return err_set(err, ERR_NO_MEMORY, "There is no memory to hash a password.");
    return w->then(w->call, &result, w->user, err);
}

static void finish(struct password_work *w, struct err *err)
{
    struct call *call = w->call;
    int rc = err->code ? -(int)err->code : 0;
    if (call) {
        call->on_close = NULL;
        call->state = NULL;
        if (rc == 0) rc = tell(w, err);
        if (rc < 0) call_error(call, err, 0);
    }
    work_free(w);
}

static void done(struct service_work *work);

static void start(struct password_work *w)
{
    struct err err = { 0 };
    w->work = (struct service_work){ .run = run, .done = done };
    w->queue->n_running++;
    if (w->service->ops->work(w->service, &w->work, &err) == 0) return;
    w->queue->n_running--;
    finish(w, &err);
}

static void done(struct service_work *work)
{
    struct err err = { 0 };
    struct passwords *q = ((struct password_work *)work)->queue;
    q->n_running--;
    finish((struct password_work *)work, &err);
    while (q->first && q->n_running < PASSWORDS_AT_ONCE) {
        struct password_work *next = q->first;
        q->first = next->next;
        q->n_waiting--;
        start(next);
    }
}

static void client_left(struct call *call)
{
    ((struct password_work *)call->state)->call = NULL;
}

static struct password_work *new_work(struct call *call, struct slice password, struct slice hash)
{
    struct password_work *w = mem_calloc(1, sizeof *w + password.len + 1);
    if (!w) return NULL;
    w->service = call->service;
    w->call = call;
    w->len = password.len;
    if (password.len) memcpy(w->password, password.ptr, password.len);
    if (hash.len) memcpy(w->hash, hash.ptr, hash.len);
    return w;
}

static int begin(struct passwords *q, struct password_work *w, struct err *err)
{
    if (!w) return err_set(err, ERR_NO_MEMORY, "There is no memory for the request.");
    if (q->n_running >= PASSWORDS_AT_ONCE && q->n_waiting >= PASSWORDS_WAITING_MAX) {
        work_free(w);
        return err_set(err, ERR_OVERLOADED, "Too many people sign in just now; try again soon.");
    }
    w->queue = q;
    w->call->on_close = client_left;
    w->call->state = w;
    if (q->n_running < PASSWORDS_AT_ONCE) {
        start(w);
        return 0;
    }
    if (q->first)
        q->last->next = w;
    else
        q->first = w;
    q->last = w;
    q->n_waiting++;
    return 0;
}

int password_hash(struct passwords *queue, struct call *call, struct slice password,
                  password_then then, void *user, struct err *err)
{
    struct password_work *w = new_work(call, password, (struct slice){ 0 });
    if (w) {
        w->then = then;
        w->user = user;
    }
    return begin(queue, w, err);
}

int password_check(struct passwords *queue, struct call *call, struct slice password,
                   struct slice hash, password_then then, void *user, struct err *err)
{
    assert(hash.len < PASSWORD_TEXT_SIZE);
    struct password_work *w = new_work(call, password,
                                       hash.len ? hash : slice_of(password_nobodys));
    if (w) {
        w->check = true;
        w->real = hash.len > 0;
        w->then = then;
        w->user = user;
    }
    return begin(queue, w, err);
}
