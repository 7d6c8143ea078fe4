#include "store/ledger.h"

int ledger_add(struct db *db, const struct principal *owner, const struct ledger_row *row,
               struct err *err)
{
    int rc = db_exec(
        db,
        "INSERT INTO ledger(id, " OWNER_NAMES ", endpoint, model, created_at, status, "
        "prompt_tokens, cached_tokens, completion_tokens, core_us) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) "
        "ON CONFLICT (id) DO NOTHING",
        DB_ARGS(DB_TEXT(row->id), OWNER_ARGS(owner), DB_TEXT(row->endpoint), DB_TEXT(row->model),
                DB_INT(row->created_at), DB_INT(row->status), DB_INT((int64_t)row->prompt_tokens),
                DB_INT((int64_t)row->cached_tokens), DB_INT((int64_t)row->completion_tokens),
                DB_INT((int64_t)row->core_us)),
        err);
    return rc < 0 ? rc : 0;
}
