#include "api/leaving.h"

#include "api/blobs.h"
#include "api/responses.h"
#include "api/runner/batches.h"
#include "api/vector_files.h"
#include "store/holding.h"

struct leaving {
    struct people_call call; /* first */
    struct slice user;
    struct principal owner; /* of what goes; filled by run */
};

static int run(struct people_call *c, struct db *db, struct err *err)
{
    struct leaving *l = (struct leaving *)c;
    struct person_row person;
    int64_t open;
    TRY(person_find(&person, db, l->user, &c->stored.arena, err));
    l->owner = person_principal(&person, SLICE(""));
    TRY(person_leave(db, l->user, err));
    TRY(person_check_owner_left(db, err));
    TRY(holdings_erase(&open, db, &l->owner, err));
    return people_answer_deleted(c, l->user, "tiro.user.deleted", err);
}

void leaving_tidy(struct service *service, const struct principal *owner)
{
    responses_leave(service, owner);
    blobs_tidy(service);
    vector_files_kick(service);
    batches_tell(service);
}

static void after(struct people_call *c)
{
    struct leaving *l = (struct leaving *)c;
    leaving_tidy(people_service(c->people), &l->owner);
    leaving_sweep_soon(people_service(c->people));
}

int leaving_begin(struct call *call, struct slice id, bool own, struct err *err)
{
    struct leaving *l = people_call_new(call, sizeof *l, err);
    if (!l) return -ERR_NO_MEMORY;
    l->call.stored.job.erases = true;
    l->call.after = after;
    l->user = arena_slice(&l->call.stored.arena, id);
    if (own) l->call.cookie = people_cookie_end(&l->call, people_is_secure(call));
    return people_change(&l->call, run, err);
}
