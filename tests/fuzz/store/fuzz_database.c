/* Any bytes as tiro.db: it is opened and works, or is refused in words. */
#include "base/log.h"
#include "fault/disk.h"
#include "store/ledger.h"
#include "store/listing.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

static const struct principal owner = {
    .tenant = { "t", 1 }, .project = { "p", 1 }, .user = { "u", 1 }, .key = { "k", 1 }
};

static void said(int rc, const struct err *err)
{
    if (rc < 0 && (!err->text[0] || err->code != (enum err_code) - rc)) abort();
}

/* What a server would do first. */
static void use(struct db *db)
{
    static const char *const statements[] = {
        "DELETE FROM items WHERE id = 'a'",
        "UPDATE ledger SET status = 1 WHERE seq < 3",
        "INSERT INTO items(list_id, part, id, " OWNER_NAMES ", type, body) VALUES "
        "('c', 0, 'i', 't', 'p', 'u', 'k', 'message', '{}')",
    };
    struct ledger_row row = { .id = SLICE("r"), .endpoint = SLICE("/"), .model = SLICE("m") };
    struct listing listing = {
        .table = "items", .columns = "id, body, part", .where = OWNED_BY("?1", "?2"), .limit = 20
    };
    struct db_rows rows;
    struct err err = { 0 };
    int rc = db_begin(db, &err);
    said(rc, &err);
    if (rc < 0) return;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        said(db_exec(db, statements[i], DB_NO_ARGS, &err), &err);
    said(ledger_add(db, &owner, &row, &err), &err);
    rc = listing_query(&rows, db, &listing, DB_ARGS(OWNED_ARGS(&owner)), &err);
    said(rc, &err);
    volatile size_t n = 0;
    while (rc == 0 && db_next(&rows, &err) > 0)
        n += db_text(&rows, 0).len + db_text(&rows, 1).len + (size_t)db_int(&rows, 2);
    (void)n; /* Reading was the point. */
    said(db_commit(db, &err), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct db *db;
    struct err err = { 0 };
    enum db_outcome outcome;
    log_setup(LOG_OFF, LOG_TEXT, "fuzz");
    disk_begin(NULL);
    disk_put(&disk.now.files[disk.now.n_files], 0, data, size);
    disk_name_set(&disk.now, "/sim/tiro.db", disk.now.n_files++);
    int rc = db_open(&db, "sqlite:/sim/tiro.db", &err);
    said(rc, &err);
    if (rc == 0) {
        use(db);
        if (db_is_broken(db)) said(db_recover(db, &outcome, &err), &err);
        if (!db_is_broken(db)) said(db_erase(db, &err), &err);
        db_close(db);
    }
    if (!disk_end()) abort();
    return 0;
}
