#include "api/shares.h"

const struct field shares_answer[] = {
    ANSWER("id", STRING, .help = "share_..."),
    ANSWER("object", STRING, .help = "tiro.share"),
    ANSWER("chat_id", STRING, .help = "The chat that it is of; it ends with that."),
    ANSWER("title", STRING, .help = "The chat's, when it was shared."),
    ANSWER("n_messages", INT, .help = "How many messages it shows."),
    ANSWER("created_at", INT, .help = "Unix seconds."),
    ANSWER("expires_at", INT, .help = "Unix seconds."),
    FIELDS_END,
};
