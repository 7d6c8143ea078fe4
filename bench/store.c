/* What the store takes a second, with so many jobs waiting at a time: each adds a row of the
 * ledger, and those that wait together share a sync.
 *
 *     build/store_bench [FOLDER]      on whose disk; the current folder if not said
 */
#include "store/store.h"
#include "base/log.h"
#include "base/seam.h"
#include "store/ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WAITING_MAX = 4096, NS_PER_S = 1000000000 };

struct entry {
    struct store_job job;
    struct store *store;
};

static const struct principal owner = {
    .tenant = { "t", 1 }, .project = { "p", 1 }, .user = { "u", 1 }, .key = { "k", 1 }
};
static uint64_t until_ns, n_done, n_ids;

static int add(struct store_job *job, struct db *db, struct err *err)
{
    char id[40];
    (void)job;
    int n = snprintf(id, sizeof id, "req_%032" PRIu64, ++n_ids);
    struct ledger_row row = { .id = { id, (size_t)n },
                              .endpoint = SLICE("/v1/chat/completions"),
                              .model = SLICE("smollm2-135m"),
                              .status = 200,
                              .prompt_tokens = 100,
                              .completion_tokens = 100,
                              .core_us = 100000 };
    return ledger_add(db, &owner, &row, err);
}

static void done(struct store_job *job, int rc, const struct err *err)
{
    struct entry *e = (struct entry *)job;
    if (rc < 0) {
        fprintf(stderr, "%s\n", err->text);
        exit(1);
    }
    n_done++;
    if (now_ns() < until_ns) store_submit(e->store, job);
}

static void measure(struct store *store, int waiting)
{
    static struct entry entries[WAITING_MAX];
    uint64_t begin = now_ns();
    until_ns = begin + 2 * (uint64_t)NS_PER_S;
    n_done = 0;
    for (int i = 0; i < waiting; i++) {
        entries[i] = (struct entry){ .job = { .run = add, .done = done }, .store = store };
        store_submit(store, &entries[i].job);
    }
    store_wait(store);
    double s = (double)(now_ns() - begin) / NS_PER_S;
    printf("%5d waiting: %8.0f jobs/s, %7.2f ms each\n", waiting, (double)n_done / s,
           s * 1000 * waiting / (double)n_done);
}

int main(int argc, char **argv)
{
    char path[4096], url[4200];
    struct store *store;
    struct err err;
    (void)snprintf(path, sizeof path, "%s/store_bench.db", argc > 1 ? argv[1] : ".");
    (void)snprintf(url, sizeof url, "sqlite:%s", path);
    log_setup(LOG_WARN, LOG_TEXT, "bench");
    (void)unlink(path); /* Of a run that was broken off. */
    struct store_options options = { .url = url };
    if (store_open(&store, &options, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    for (int waiting = 1; waiting <= WAITING_MAX; waiting *= 16) measure(store, waiting);
    store_close(store);
    return unlink(path);
}
