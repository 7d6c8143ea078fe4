/* preference_table - what a person has chosen for all of their chats: switches with names. */
#ifndef TIRO_STORE_PREFERENCE_TABLE_H
#define TIRO_STORE_PREFERENCE_TABLE_H

#include "store/owner.h"

/* X(name, default, what it does) */
#define PREFERENCES(X)                                                            \
    X(memory, true, "Chats are told what the memory holds.")                      \
    X(remember, false, "The model may add to the memory by itself, with a tool.") \
    X(titles, true, "The model makes a title for a new chat, when it has nothing else to do.")

struct preferences {
#define X(name, def, help) bool name;
    PREFERENCES(X)
#undef X
};

int preferences_read(struct preferences *ret, struct db *db, const struct principal *owner,
                     struct err *err) MUST_USE;
/* `name`: one of the names above. */
int preference_set(struct db *db, const struct principal *owner, const char *name, bool value,
                   struct err *err) MUST_USE;

#endif
