/* password - passwords hashed and checked by libsodium's Argon2id, beside the loop.
 *
 *     return password_check(queue, call, password, stored_hash, then, user, err);
 *
 * `then` is called on the loop with the call still there, or never when the client has left.
 * PASSWORDS_AT_ONCE run at a time, each with 64 MiB of memory; as many as PASSWORDS_WAITING_MAX
 * wait, others are refused (ERR_OVERLOADED).
 */
#ifndef TIRO_API_PASSWORD_H
#define TIRO_API_PASSWORD_H

#include "api/service.h"

enum { PASSWORDS_AT_ONCE = 2, PASSWORDS_WAITING_MAX = 64, PASSWORD_TEXT_SIZE = 128 };

struct password_work;

/* Those that run, and those that wait for their turn. Outlives them. */
struct passwords {
    struct password_work *first, *last; /* waiting */
    int n_running, n_waiting;
};

struct password_result {
    bool good;         /* of a check */
    struct slice hash; /* of one that was made; until `then` returns */
};

/* 0, or an error, which is the answer. `user` is best kept in the call's arena. */
typedef int (*password_then)(struct call *call, const struct password_result *result, void *user,
                             struct err *err);

/* Makes the hash of a password. */
int password_hash(struct passwords *queue, struct call *call, struct slice password,
                  password_then then, void *user, struct err *err) MUST_USE;
/* Checks it against `hash`; an empty one takes the same time and is never right. */
int password_check(struct passwords *queue, struct call *call, struct slice password,
                   struct slice hash, password_then then, void *user, struct err *err) MUST_USE;

/* The hash that a name which nobody has is checked against. */
extern const char password_nobodys[];

#endif
