/* Writes numbers into the store without end, several in work at a time, and says which came back:
 *
 *     fault_store_writer URL        "ok N" or "failed N" for each, until stdin ends
 *
 * The numbers go into a table without a key, so that one written twice is there twice. */
#include "base/log.h"
#include "base/seam.h"
#include "store/store.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { AT_ONCE = 8 };

struct number {
    struct store_job job;
    int64_t n;
    bool busy;
};

static int write_number(struct store_job *job, struct db *db, struct err *err)
{
    struct number *number = (struct number *)job;
    int rc = db_exec(db, "INSERT INTO fault_numbers(n) VALUES (?1)", DB_ARGS(DB_INT(number->n)),
                     err);
    return rc < 0 ? rc : 0;
}

static void number_done(struct store_job *job, int rc, const struct err *err)
{
    struct number *number = (struct number *)job;
    number->busy = false;
    printf("%s %" PRId64 "\n", rc < 0 ? "failed" : "ok", number->n);
    fflush(stdout);
    if (rc < 0) fprintf(stderr, "%s\n", err->text);
}

static int make_table(const char *url, struct err *err)
{
    struct db *db;
    TRY(db_open(&db, url, err));
    int rc = db->backend->script(db, "CREATE TABLE fault_numbers (n BIGINT NOT NULL);", err);
    db_close(db);
    return rc;
}

static bool go_on(void)
{
    struct pollfd in = { STDIN_FILENO, POLLIN, 0 };
    return poll(&in, 1, 0) == 0;
}

static int write_numbers(const char *url, struct err *err)
{
    static struct number numbers[AT_ONCE];
    struct store *store;
    struct store_options o = { .url = url };
    int64_t next = 0;
    TRY(store_open(&store, &o, err));
    while (go_on()) {
        for (size_t i = 0; i < AT_ONCE; i++) {
            struct number *number = &numbers[i];
            if (number->busy) continue;
            *number = (struct number){ .n = ++next, .busy = true };
            number->job = (struct store_job){ .run = write_number, .done = number_done };
            store_submit(store, &number->job);
        }
        store_collect(store);
        (void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL); /* Not all of a core. */
    }
    store_close(store);
    return 0;
}

int main(int argc, char **argv)
{
    struct err err = { 0 };
    if (argc != 2) return 2;
    log_setup(LOG_WARN, LOG_TEXT, "writer");
    if (make_table(argv[1], &err) == 0 && write_numbers(argv[1], &err) == 0) return 0;
    fprintf(stderr, "%s\n", err.text);
    return 1;
}
