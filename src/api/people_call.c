/* What the endpoints of people ask first, and how they answer. */
#include "api/people.h"

#include "api/reply.h"
#include "base/seam.h"
#include "base/utf8.h"

#include <stdio.h>

enum { COOKIE_SIZE = 320, ANSWER_MAX = 4 << 20 };

/* ---- What is asked first ---- */

int people_check_page(const struct call *call, struct err *err)
{
    if (!call->caller.foreign) return 0;
    return err_set(err, ERR_ORIGIN,
                   "A page of another address may not do this. Behind a proxy: let it pass on the "
                   "header Host as the browser sends it.");
}

int people_check_session(const struct call *call, struct err *err)
{
    TRY(people_check_page(call, err));
    if (call->caller.by == CALLER_SESSION) return 0;
    return err_set(err, ERR_PERMISSION,
                   "This is for people who have signed in, not for API keys and not for the "
                   "machine itself.");
}

int people_check_owner(const struct call *call, struct err *err)
{
    TRY(people_check_page(call, err));
    bool may = call->caller.by == CALLER_LOCAL || call->caller.by == CALLER_SESSION;
    if (may && call->caller.owner) return 0;
    return err_set(err, ERR_PERMISSION,
                   "Only an owner of this server who has signed in may do this.");
}

int people_keep_caller(struct call *call, struct err *err)
{
    struct caller *c = &call->caller;
    if (!call->service->people) return err_set(err, ERR_NOT_FOUND, "This server knows no people.");
    TRY(people_check_page(call, err));
    c->host = arena_slice(call->arena, c->host);
    c->origin = arena_slice(call->arena, c->origin);
    c->agent = arena_slice(call->arena, c->agent);
    c->address = arena_slice(call->arena, c->address);
    return arena_check(call->arena, "the request", err);
}

bool people_may_try(struct call *call, const struct attempts_limit *limit, struct slice name)
{
    struct err err = { 0 };
    uint32_t ms = attempts_take(people_attempts(call->service->people), limit, name, now_ns());
    if (ms == 0) return true;
    (void)err_set(&err, ERR_RATE_LIMIT,
                  "Too many tries. Wait %u seconds, then try again; who has a passkey can use it "
                  "meanwhile.",
                  (ms + 999) / 1000);
    call_error(call, &err, ms);
    return false;
}

/* "chat.example:8080" -> "chat.example"; "[::1]:80" -> "[::1]" */
static struct slice without_port(struct slice host)
{
    size_t end = host.len > 0 && host.ptr[0] == '[' ? slice_find(host, SLICE("]"))
                                                    : slice_find(host, SLICE(":"));
    if (end < host.len && host.ptr[end] == ']') end++;
    return (struct slice){ host.ptr, end };
}

int people_site(struct passkey_site *ret, const struct call *call, struct err *err)
{
    TRY(people_check_page(call, err));
    struct passkey_site site = { .rp_id = without_port(call->caller.host),
                                 .origin = call->caller.origin };
    if (!passkey_site_can(&site))
        return err_set(err, ERR_UNSUPPORTED_VALUE,
                       "Passkeys need a page at https:// with a name, or at http://localhost.");
    *ret = site;
    return 0;
}

static bool is_login_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("._-@+", c);
}

int people_login(struct slice *ret, struct slice given, struct arena *arena, struct err *err)
{
    char *text = arena_strndup(arena, given.ptr, given.len);
    if (!text) return arena_check(arena, "the name", err);
    bool good = given.len > 0 && given.len <= PEOPLE_LOGIN_MAX;
    for (size_t i = 0; i < given.len && good; i++) {
        if (text[i] >= 'A' && text[i] <= 'Z') text[i] = (char)(text[i] + ('a' - 'A'));
        good = text[i] && is_login_char(text[i]);
    }
    if (!good)
        return err_param(err, ERR_INVALID_VALUE, "login",
                         "Invalid 'login': 1 to %d letters (a to z), digits and . _ - @ +.",
                         PEOPLE_LOGIN_MAX);
    *ret = (struct slice){ text, given.len };
    return 0;
}

int people_check_password(struct slice password, const char *param, struct err *err)
{
    bool same = true;
    for (size_t i = 1; i < password.len; i++) same = same && password.ptr[i] == password.ptr[0];
    if (password.len < PEOPLE_PASSWORD_MIN || same)
        return err_param(err, ERR_STRING_TOO_SHORT, param,
                         "The password is too easy to guess: take at least %d characters, such as "
                         "three words.",
                         PEOPLE_PASSWORD_MIN);
    return 0;
}

/* ---- Sessions and their cookies ---- */

bool people_is_secure(const struct call *call)
{
    return slice_starts(call->caller.origin, SLICE("https://"));
}

void people_session_draw(struct people_session *ret, struct people_call *c)
{
    const struct caller *caller = &c->stored.call->caller;
    char agent[256];
    reply_id(ret->id, "session_");
    people_draw(ret->token, "");
    people_hash(ret->hash, slice_of(ret->token));
    (void)utf8_sanitize(agent, sizeof agent, caller->agent.ptr ? caller->agent.ptr : "",
                        caller->agent.len);
    ret->agent = arena_slice(&c->stored.arena, slice_of(agent));
    ret->address = arena_slice(&c->stored.arena, caller->address);
    ret->secure = people_is_secure(c->stored.call);
}

/* A cookie of a secure page has a name that pages without TLS, and other hosts, cannot set. */
static struct slice cookie(struct people_call *c, const char *token, bool secure, int64_t seconds)
{
    char *text = arena_printf(&c->stored.arena,
                              "%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%lld%s",
                              secure ? PEOPLE_COOKIE_SECURE : PEOPLE_COOKIE, token,
                              (long long)seconds, secure ? "; Secure" : "");
    return slice_of(text);
}

struct slice people_cookie_end(struct people_call *c, bool secure)
{
    return cookie(c, "", secure, 0);
}

int people_session_begin(struct people_call *c, struct db *db, const struct people_session *s,
                         const struct person_row *person, struct err *err)
{
    struct principal own = person_principal(person, SLICE("session"));
    struct token_row row = { .id = slice_of(s->id),
                             .user = person->id,
                             .kind = SLICE("session"),
                             .hash = slice_of(s->hash),
                             .name = s->agent,
                             .hint = s->address,
                             .created_at = c->now,
                             .seen_at = c->now };
    TRY(token_add(db, &own, &row, err));
    c->cookie = cookie(c, s->token, s->secure, PEOPLE_SESSION_S);
    return arena_check(&c->stored.arena, "the session", err);
}

/* ---- Answers ---- */

int people_answer(struct people_call *c,
                  int (*write)(struct json_writer *w, struct people_call *c, struct db *db,
                               struct err *err),
                  struct db *db, struct err *err)
{
    struct buf out;
    struct json_writer w;
    buf_init(&out, ANSWER_MAX);
    json_writer_init(&w, &out);
    int rc = write(&w, c, db, err);
    if (rc >= 0) return field_keep_text(&c->answer, &out, &c->stored.arena, err);
    buf_release(&out);
    return rc;
}

int people_answer_list(struct people_call *c,
                       int (*write)(struct json_writer *w, struct people_call *c, struct db *db,
                                    struct err *err),
                       struct db *db, struct err *err)
{
    struct buf out;
    struct json_writer w;
    buf_init(&out, ANSWER_MAX);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "object");
    json_str(&w, "list");
    json_key(&w, "data");
    int rc = write(&w, c, db, err);
    if (rc >= 0) json_object_end(&w);
    if (rc >= 0) return field_keep_text(&c->answer, &out, &c->stored.arena, err);
    buf_release(&out);
    return rc;
}

int people_answer_person(struct people_call *c, const struct person_row *person, struct err *err)
{
    struct buf out;
    struct json_writer w;
    buf_init(&out, ANSWER_MAX);
    json_writer_init(&w, &out);
    person_write(&w, person);
    return field_keep_text(&c->answer, &out, &c->stored.arena, err);
}

int people_answer_deleted(struct people_call *c, struct slice id, const char *object,
                          struct err *err)
{
    struct buf out;
    struct json_writer w;
    buf_init(&out, ANSWER_MAX);
    json_writer_init(&w, &out);
    reply_write_deleted(&w, id, object);
    return field_keep_text(&c->answer, &out, &c->stored.arena, err);
}

const struct field people_user_answer[] = {
    ANSWER("id", STRING, .help = "user_..."),
    ANSWER("object", STRING, .help = "tiro.user"),
    ANSWER("login", STRING, .help = "What they sign in with."),
    ANSWER("name", STRING, .help = "What they are called."),
    ANSWER("role", STRING, .help = "owner or member"),
    ANSWER("state", STRING, .help = "active, disabled, or leaving: being deleted"),
    ANSWER("created_at", INT, .help = "Unix seconds."),
    FIELDS_END,
};

const struct field people_invite_answer[] = {
    ANSWER("id", STRING, .help = "invite_..."),
    ANSWER("object", STRING, .help = "tiro.invite"),
    ANSWER("kind", STRING, .help = "invite"),
    ANSWER("role", STRING, .help = "What who comes by it will be: owner or member."),
    ANSWER("note", STRING, .help = "For whom it is, as its maker wrote."),
    ANSWER("created_at", INT, .help = "Unix seconds."),
    ANSWER("expires_at", INT, .help = "Unix seconds."),
    FIELDS_END,
};

const struct field people_link_answer[] = {
    ANSWER("id", STRING, .help = "invite_..."),
    ANSWER("object", STRING, .help = "tiro.link"),
    ANSWER("token", STRING, .help = "Its secret: shown this once."),
    ANSWER("path", STRING, .help = "What follows the server's address: /#/invite/TOKEN"),
    ANSWER("expires_at", INT, .help = "Unix seconds."),
    FIELDS_END,
};

const struct field people_deleted_answer[] = {
    ANSWER("id", STRING, .help = "What was deleted."),
    ANSWER("object", STRING, .help = "What it was."),
    ANSWER("deleted", BOOL, .help = "true"),
    FIELDS_END,
};
