/* people_link - a call whose answer is a one-time link. */
#ifndef TIRO_API_PEOPLE_LINK_H
#define TIRO_API_PEOPLE_LINK_H

#include "api/people.h"

struct people_link {
    struct people_call call; /* first */
    struct link_row row;
    char id[48], token[PEOPLE_TOKEN_SIZE], hash[PEOPLE_HASH_SIZE];
};

/* With a fresh token; kind and role are the caller's to fill in. */
struct people_link *people_link_new(struct call *call, int64_t seconds, struct err *err);
/* For run: writes the row, and the answer. */
int people_link_add(struct people_link *l, struct db *db, struct err *err) MUST_USE;

#endif
