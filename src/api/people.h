/* people - who may use this server, as the loop knows it, and how that changes.
 *
 * What the database says of people and their tokens (store/people_table.h) is held in memory, so
 * that every request can be told whose it is without waiting. Whatever changes them reads them
 * anew in the same transaction, and the loop takes the new list before the change is answered.
 *
 *     people_by_session(p, cookie, call)         whose session that is: fills principal and caller
 *
 *     struct people_call *c = people_call_new(call, sizeof *c, err);
 *     if (!c) return -ERR_NO_MEMORY;
 *     return people_change(c, run, err);         run() writes; the list follows; 200 with c->answer
 *
 * One loop thread, but for what runs in the store.
 */
#ifndef TIRO_API_PEOPLE_H
#define TIRO_API_PEOPLE_H

#include "api/attempts.h"
#include "api/endpoint.h"
#include "api/passkey.h"
#include "api/password.h"
#include "api/service.h"
#include "api/stored.h"
#include "store/people_table.h"

enum {
    PEOPLE_TOKEN_SIZE = 64, /* a prefix and 32 random bytes as text */
    PEOPLE_HASH_SIZE = 65,
    PEOPLE_PASSWORD_MIN = 10,
    PEOPLE_PASSWORD_MAX = 256,
    PEOPLE_SESSION_IDLE_S = 14 * 24 * 3600,
    PEOPLE_SESSION_S = 90 * 24 * 3600,
    PEOPLE_SEEN_STEP_S = 300, /* "last seen" is as good as this */
    PEOPLE_OWNER_LINK_S = 24 * 3600,
    PEOPLE_INVITE_S = 7 * 24 * 3600,
    PEOPLE_RESET_S = 24 * 3600,
    PEOPLE_CHALLENGES_MAX = 1024,
    PEOPLE_CHALLENGE_MS = 5 * 60 * 1000,
};

#define PEOPLE_KEY_PREFIX    "sk-tiro-"
#define PEOPLE_COOKIE        "tiro_session"
#define PEOPLE_COOKIE_SECURE "__Host-tiro_session"

struct people;

/* Reads all there are; before anything else is in the store. */
int people_open(struct people **ret, struct service *service, struct err *err) MUST_USE;
void people_close(struct people *p); /* NULL is fine; after the store. */
/* Somebody can sign in who may invite others. */
bool people_have_owner(const struct people *p);
/* Makes the link for the first owner, at the start: its token. Waits. */
int people_owner_link(struct people *p, char ret[PEOPLE_TOKEN_SIZE], struct err *err) MUST_USE;
/* Reads them anew, after something else has changed them. */
void people_reload(struct people *p);

/* False: it is none, has expired, or its person may not sign in. Fills call->principal and caller,
 * in the call's arena. */
bool people_by_session(struct people *p, struct slice token, struct call *call);
bool people_by_key(struct people *p, struct slice token, struct call *call);

/* NULL: there is none who is active. Until the loop goes on. */
const struct person_row *people_active(const struct people *p, struct slice id);
const struct person_row *people_by_login(const struct people *p, struct slice login);
struct attempts *people_attempts(struct people *p);
struct passwords *people_passwords(struct people *p);
struct service *people_service(struct people *p);

/* ---- Secrets ---- */

void people_draw(char ret[PEOPLE_TOKEN_SIZE], const char *prefix);
void people_hash(char ret[PEOPLE_HASH_SIZE], struct slice token);

/* A random challenge that people_take_challenge knows once, for a while. `whose` "": anybody's. */
void people_challenge(struct people *p, unsigned char ret[PASSKEY_CHALLENGE_BYTES],
                      struct slice whose);
bool people_take_challenge(struct people *p, struct slice challenge, struct slice whose);

/* ---- What endpoints ask first ---- */

/* -ERR_UNSUPPORTED_VALUE without people; -ERR_ORIGIN for a page of another origin. */
int people_check_page(const struct call *call, struct err *err) MUST_USE;
/* It is a person, signed in: neither a key nor the machine's own user. */
int people_check_session(const struct call *call, struct err *err) MUST_USE;
/* It may say who uses this server: an owner's session, or the machine's own user. */
int people_check_owner(const struct call *call, struct err *err) MUST_USE;
/* What is known of the caller, for as long as the call. */
int people_keep_caller(struct call *call, struct err *err) MUST_USE;
/* 429 with the time to wait, answered; false then. */
bool people_may_try(struct call *call, const struct attempts_limit *limit, struct slice name);
/* The site of the page that asks. */
int people_site(struct passkey_site *ret, const struct call *call, struct err *err) MUST_USE;
/* Letters, digits, . _ - @, in small letters in the arena. */
int people_login(struct slice *ret, struct slice given, struct arena *arena,
                 struct err *err) MUST_USE;
int people_check_password(struct slice password, const char *param, struct err *err) MUST_USE;

/* ---- Calls ---- */

struct people_list;

struct people_call {
    struct stored stored; /* first */
    struct people *people;
    struct people_list *fresh; /* what the change left */
    int64_t now;               /* unix seconds */
    struct slice id;           /* of the path */
    struct slice answer;       /* what run made */
    struct slice cookie;       /* a header for the answer; ptr NULL: none */
    int (*change)(struct people_call *c, struct db *db, struct err *err);
    /* After a change, client or not. May be NULL. */
    void (*after)(struct people_call *c);
};

/* `size` bytes that begin with a struct people_call. */
void *people_call_new(struct call *call, size_t size, struct err *err);
int people_change(struct people_call *c,
                  int (*run)(struct people_call *c, struct db *db, struct err *err),
                  struct err *err) MUST_USE;
/* The same without a change: nothing is read anew. */
int people_read_only(struct people_call *c,
                     int (*run)(struct people_call *c, struct db *db, struct err *err),
                     struct err *err) MUST_USE;
/* Writes the session of `person` and the cookie that its browser gets; for run. */
struct people_session {
    char id[48], token[PEOPLE_TOKEN_SIZE], hash[PEOPLE_HASH_SIZE];
    struct slice agent, address;
    bool secure;
};
void people_session_draw(struct people_session *ret, struct people_call *c);
int people_session_begin(struct people_call *c, struct db *db, const struct people_session *session,
                         const struct person_row *person, struct err *err) MUST_USE;
/* The cookie that ends one. */
struct slice people_cookie_end(struct people_call *c, bool secure);
bool people_is_secure(const struct call *call);

/* Answers: an object that `write` fills, kept in c->answer. */
int people_answer(struct people_call *c,
                  int (*write)(struct json_writer *w, struct people_call *c, struct db *db,
                               struct err *err),
                  struct db *db, struct err *err) MUST_USE;
int people_answer_person(struct people_call *c, const struct person_row *person,
                         struct err *err) MUST_USE;
int people_answer_deleted(struct people_call *c, struct slice id, const char *object,
                          struct err *err) MUST_USE;
/* {"object":"list","data":[...]}: write() writes the array. */
int people_answer_list(struct people_call *c,
                       int (*write)(struct json_writer *w, struct people_call *c, struct db *db,
                                    struct err *err),
                       struct db *db, struct err *err) MUST_USE;

extern const struct field people_user_answer[], people_invite_answer[], people_link_answer[],
    people_deleted_answer[];

#endif
