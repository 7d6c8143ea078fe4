/* GET /v1/tiro/users: all people. */
#include "api/people.h"

static int write(struct json_writer *w, struct people_call *c, struct db *db, struct err *err)
{
    struct person_row *rows;
    size_t n;
    TRY(people_read(&rows, &n, db, &c->stored.arena, err));
    json_array_begin(w);
    for (size_t i = 0; i < n; i++) person_write(w, &rows[i]);
    json_array_end(w);
    return 0;
}

static int run(struct people_call *c, struct db *db, struct err *err)
{
    return people_answer_list(c, write, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    TRY(people_check_owner(call, err));
    struct people_call *c = people_call_new(call, sizeof *c, err);
    return c ? people_read_only(c, run, err) : -ERR_NO_MEMORY;
}

static const struct field response[] = {
    ANSWER("object", STRING, .help = "list"),
    ANSWER("data", OBJECTS, .fields = people_user_answer, .help = "In the order of their coming."),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_users = {
    .method = "GET",
    .path = "/v1/tiro/users",
    .handle = handle,
    .name = "Users",
    .tag = "People",
    .summary = "All people of this server. For owners.",
    .response = response,
};
