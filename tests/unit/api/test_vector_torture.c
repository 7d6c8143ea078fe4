/* Each allocation of a vector store's life fails, once or from then on until the request is over:
 * create, attach a file with attributes, index it, search, delete. Every request ends in an answer
 * or a 503, what is asked for again is done, each chunk once and booked once, nothing is left
 * behind, and nothing leaks (ASan).
 *
 * Every 7th of them by default, other ones for once and from then on;
 * TIRO_ALLOC_FAULTS=1 takes each. */
#include "unit/test.h"

#include "unit/api/fake_store.h"

#include "api/extract.h"
#include "api/indexer.h"
#include "api/runner.h"
#include "base/log.h"
#include "fault/disk.h"
#include "fault/memory.h"
#include "store/file_table.h"

#include <stdio.h>

extern const struct runner runner_vector_files;

enum { WAITING_MAX = 64, ENTRIES_MAX = 64, DIMENSIONS = 4, TRIES_MAX = 4, N_SPECIAL = 2 };

/* ---- A model, a decoder and an index that answer when they are told to ---- */

struct waiting {
    struct backend_handle handle;
    enum request_kind kind;
    size_t len; /* of its text */
};

/* What the index was told of: a chunk, or that a file may be found. */
struct entry {
    uint64_t file;
    uint32_t number;
    bool is_file, visible;
};

static struct place {
    struct fake_service fake; /* first */
    struct backend backend;
    struct waiting asked[WAITING_MAX]; /* handle.live: waits */
    struct extraction *extraction;     /* NULL: none waits */
    struct indexer indexer;
    struct indexer_call *calls; /* that wait for their answers */
    bool searches;              /* the last of them does */
    struct entry entries[ENTRIES_MAX];
    int n_entries;
    bool indexed_twice;
} p;

static const char text[] =
    "The otter sleeps on its back.\n\nIt holds the hand of another.\n\n"
    "So neither drifts away in the night, and both wake where they were.\n\n";

static size_t models(struct backend *backend, const struct backend_model **ret)
{
    (void)backend;
    *ret = fake_models;
    return sizeof fake_models / sizeof *fake_models;
}

static int submit(struct backend *backend, struct backend_handle **ret, const char *id,
                  const struct msg_request *request, const struct backend_events *events,
                  void *user, struct err *err)
{
    int i = 0;
    (void)backend;
    (void)err;
    assert_string_equal(id, "vectors");
    while (p.asked[i].handle.live) assert_true(++i < WAITING_MAX);
    p.asked[i] = (struct waiting){ .handle = { .events = events, .user = user, .live = true },
                                   .kind = request->kind,
                                   .len = request->prompt.len };
    *ret = &p.asked[i].handle;
    return 0;
}

static void cancel(struct backend *backend, struct backend_handle *handle)
{
    (void)backend;
    assert_true(handle->live);
    handle->live = false;
}

static const struct backend_ops backend_ops = { .models = models,
                                                .submit = submit,
                                                .cancel = cancel };

static bool answer_model(void)
{
    float floats[DIMENSIONS] = { 1, 0, 0, 0 };
    for (int i = 0; i < WAITING_MAX; i++) {
        struct waiting *w = &p.asked[i];
        if (!w->handle.live) continue;
        w->handle.live = false;
        uint32_t n_tokens = N_SPECIAL + (uint32_t)w->len;
        struct msg_tokens tokens = { .n_tokens = n_tokens };
        struct msg_embedding vector = { .prompt_tokens = n_tokens,
                                        .floats = floats,
                                        .n_floats = DIMENSIONS };
        if (w->kind == REQUEST_TOKENIZE)
            w->handle.events->encoded(w->handle.user, &tokens);
        else
            w->handle.events->embedding(w->handle.user, &vector);
        return true;
    }
    return false;
}

static int extract(struct service *service, struct extraction *x, struct err *err)
{
    (void)service;
    (void)err;
    assert_null(p.extraction);
    p.extraction = x;
    return 0;
}

static void drop_extraction(struct service *service, struct extraction *x)
{
    (void)service;
    assert_ptr_equal(p.extraction, x);
    p.extraction = NULL;
}

static bool answer_extraction(void)
{
    struct extraction *x = p.extraction;
    struct err none = { 0 };
    p.extraction = NULL;
    if (x) x->done(x, 0, SLICE(text), &none);
    return x != NULL;
}

static void forget(uint64_t file, bool all)
{
    int n = 0;
    for (int i = 0; i < p.n_entries; i++)
        if (!all && p.entries[i].file != file) p.entries[n++] = p.entries[i];
    p.n_entries = n;
}

static void add(struct entry e)
{
    for (int i = 0; i < p.n_entries; i++) {
        struct entry *old = &p.entries[i];
        if (old->file != e.file || old->number != e.number || old->is_file != e.is_file) continue;
        if (!e.is_file) p.indexed_twice = true;
        *old = e;
        return;
    }
    assert_true(p.n_entries < ENTRIES_MAX);
    p.entries[p.n_entries++] = e;
}

static int send(struct indexer *indexer, struct indexer_call *call, enum message_kind kind,
                const void *message, struct err *err)
{
    const struct msg_index *m = message;
    (void)indexer;
    (void)err;
    p.searches = kind == MSG_SEARCH;
    if (kind == MSG_INDEX) {
        if (m->empty) forget(0, true);
        for (uint32_t i = 0; i < m->n_chunks; i++)
            add((struct entry){ .file = m->chunks[i].file, .number = m->chunks[i].number });
        for (uint32_t i = 0; i < m->n_files; i++) {
            const struct msg_index_file *f = &m->files[i];
            if (f->gone) forget(f->file, false);
            if (!f->gone) add((struct entry){ f->file, 0, true, f->visible });
        }
    }
    struct indexer_call **at = &p.calls;
    while (*at) at = &(*at)->next;
    call->next = NULL;
    call->id = kind == MSG_SEARCH;
    *at = call;
    return 0;
}

static void drop_call(struct indexer *indexer, struct indexer_call *call)
{
    struct indexer_call **at = &p.calls;
    (void)indexer;
    while (*at != call) at = &(*at)->next;
    *at = call->next;
}

static const struct indexer_ops indexer_ops = { .send = send, .cancel = drop_call };

static bool is_visible(uint64_t file)
{
    for (int i = 0; i < p.n_entries; i++)
        if (p.entries[i].is_file && p.entries[i].file == file) return p.entries[i].visible;
    return false;
}

static bool answer_index(void)
{
    struct indexer_call *call = p.calls;
    struct msg_hit hits[ENTRIES_MAX];
    struct msg_indexed indexed = { 0 };
    struct msg_found found = { .hits = hits };
    if (!call) return false;
    p.calls = call->next;
    for (int i = 0; i < p.n_entries; i++)
        if (!p.entries[i].is_file && is_visible(p.entries[i].file))
            hits[found.n_hits++] = (struct msg_hit){ p.entries[i].file, p.entries[i].number, 0.5F };
    call->done(call, call->id ? NULL : &indexed, call->id ? &found : NULL, NULL);
    return true;
}

/* ---- The place ---- */

static const struct service_ops service_ops = {
    .timer = fake_timer,
    .timer_cancel = fake_timer_cancel,
    .work = fake_work,
    .extract = extract,
    .extract_cancel = drop_extraction,
};
static const struct principal someone = { SLICE("t"), SLICE("p"), SLICE("u"), SLICE("k") };

struct look {
    struct store_job job; /* first */
    const char *sql;      /* NULL: adds the file */
    int64_t value;
    int rc;
    struct err err;
};

static int run_look(struct store_job *job, struct db *db, struct err *err)
{
    struct look *l = (struct look *)job;
    const struct file_row row = { .id = SLICE("file-1"),
                                  .filename = SLICE("otters.md"),
                                  .purpose = SLICE("assistants"),
                                  .sha256 = SLICE("00"),
                                  .status = SLICE("processed"),
                                  .bytes = 10,
                                  .created_at = 1 };
    if (!l->sql) return file_add(db, &someone, &row, err);
    return db_one_int(&l->value, -1, db, l->sql, DB_NO_ARGS, err);
}

static void look_done(struct store_job *job, int rc, const struct err *err)
{
    struct look *l = (struct look *)job;
    l->rc = rc;
    l->err = *err;
}

/* A store that had no memory rests a while before it tries again. */
static int64_t number(const char *sql)
{
    struct look l = { .rc = -1 };
    int before = atomic_exchange(&memory_left, -1); /* The test itself has memory. */
    for (int n = 0; n < TRIES_MAX && l.rc < 0; n++) {
        l = (struct look){ .job = { .run = run_look, .done = look_done }, .sql = sql };
        atomic_fetch_add(&memory_clock_s, 3600);
        store_submit(p.fake.service.store, &l.job);
        store_wait(p.fake.service.store);
    }
    atomic_store(&memory_left, before);
    if (l.rc < 0) fail_msg("%s", l.err.text);
    return l.value;
}

static void **runner_place(void)
{
    size_t i = 0;
    while (runner_registry[i] != &runner_vector_files) i++;
    return &p.fake.service.runners[i];
}

static void open_store(const struct disk_image *start)
{
    struct err err = { 0 };
    struct store_options options = { .url = "sqlite:/sim/tiro.db", .idle_ms = 600000 };
    disk_begin(start);
    seams.now_ns = memory_clock;
    p = (struct place){ .fake.service.ops = &service_ops,
                        .backend.ops = &backend_ops,
                        .indexer = { .ops = &indexer_ops, .life = 1 } };
    assert_ok(store_open(&p.fake.service.store, &options, &err), &err);
}

/* A database that has the file. */
static void make_start(struct disk_image *ret)
{
    open_store(NULL);
    (void)number(NULL);
    store_close(p.fake.service.store);
    disk_image_copy(ret, &disk.now);
    assert_true(disk_end());
}

static void open_place(const struct disk_image *start)
{
    struct err err = { 0 };
    struct service *s = &p.fake.service;
    open_store(start);
    s->backend = &p.backend;
    s->indexer = &p.indexer;
    s->runners = test_calloc(runner_registry_len, sizeof *s->runners);
    assert_ok(runner_vector_files.start(s, runner_place(), &err), &err);
    seams.alloc = memory_alloc;
    seams.realloc = memory_realloc;
}

static void close_place(void)
{
    runner_vector_files.stop(*runner_place());
    store_close(p.fake.service.store);
    test_free(p.fake.service.runners);
    assert_null(p.extraction);
    assert_null(p.calls);
    for (int i = 0; i < WAITING_MAX; i++) assert_false(p.asked[i].handle.live);
    assert_true(disk_end());
}

/* All that can be done without time passing. */
static void drive(void)
{
    do store_wait(p.fake.service.store);
    while (answer_extraction() || answer_model() || answer_index());
}

static void settle(void)
{
    drive();
    for (int round = 0; round < 4; round++) {
        atomic_fetch_add(&memory_clock_s, 3600);
        (void)fake_fire(&p.fake);
        drive();
    }
}

/* ---- Requests ---- */

static char body[1 << 16]; /* of the last answer */

static int ask_once(const char *method, const char *path, const char *request)
{
    struct fake f;
    fake_init(&f);
    int before = atomic_exchange(&memory_left, -1); /* The fake's own notes do not fail. */
    assert_non_null(buf_reserve(&f.trace, sizeof body));
    atomic_store(&memory_left, before);
    f.service = &p.fake.service;
    f.principal = someone;
    fake_request(&f, method, path, slice_of(request));
    drive();
    assert_true(f.over);
    const char *reply = strstr(buf_str(&f.trace), "reply ");
    assert_non_null(reply);
    int status = (int)strtol(reply + strlen("reply "), NULL, 10);
    (void)snprintf(body, sizeof body, "%s", reply);
    fake_release(&f);
    return status;
}

/* Until it is done, as clients do; memory is back once that was refused. */
static int ask(const char *method, const char *path, const char *request)
{
    for (int n = 0; n < TRIES_MAX; n++) {
        int status = ask_once(method, path, request);
        if (status != 503) return status;
        atomic_store(&memory_left, -1);
        atomic_fetch_add(&memory_clock_s, 3600);
    }
    fail_msg("%s %s is refused again and again: %s", method, path, body);
    return 0;
}

static void take_id(char *ret, size_t size)
{
    const char *id = strstr(body, "\"id\":\"");
    assert_non_null(id);
    id += strlen("\"id\":\"");
    (void)snprintf(ret, size, "%.*s", (int)strcspn(id, "\""), id);
}

static int count_results(void)
{
    int n = 0;
    for (const char *at = body; (at = strstr(at, "\"file_id\":\"file-1\"")); at++) n++;
    return n;
}

/* ---- The life of a vector store ---- */

enum { CHUNKS = 2 };

static const char attachment[] =
    "{\"file_id\":\"file-1\",\"attributes\":{\"animal\":\"otter\",\"legs\":4,\"wet\":true},"
    "\"chunking_strategy\":{\"type\":\"static\",\"static\":{\"max_chunk_size_tokens\":100,"
    "\"chunk_overlap_tokens\":50}}}";
static const char search[] = "{\"query\":\"otter\",\"filters\":{\"type\":\"eq\",\"key\":\"wet\","
                             "\"value\":true}}";

static void check_indexed(const char *path)
{
    char one[200];
    assert_int_equal(number("SELECT COUNT(*) FROM vector_files"), 1);
    assert_int_equal(number("SELECT COUNT(*) FROM vector_files WHERE status = 1"), 1);
    assert_int_equal(number("SELECT COUNT(*) FROM vector_chunks"), CHUNKS);
    assert_int_equal(number("SELECT COUNT(*) FROM vector_purges"), 0);
    assert_int_equal(number("SELECT COUNT(*) FROM ledger l JOIN vector_files f ON "
                            "l.id = 'vsfile_' || f.seq WHERE l.status = 200"),
                     1);
    assert_int_equal(number("SELECT MAX(n_completed) + SUM(n_in_progress + n_failed + n_cancelled) "
                            "FROM vector_stores"),
                     1);
    (void)snprintf(one, sizeof one, "%s/search", path);
    assert_int_equal(ask("POST", one, search), 200);
    if (count_results() != CHUNKS) fail_msg("%s", body);
    assert_false(p.indexed_twice);
}

static void check_deleted(const char *path)
{
    char one[200];
    assert_int_equal(number("SELECT COUNT(*) FROM vector_files"), 0);
    assert_int_equal(number("SELECT COUNT(*) FROM vector_chunks"), 0);
    assert_int_equal(number("SELECT COUNT(*) FROM vector_purges"), 0);
    (void)snprintf(one, sizeof one, "%s/search", path);
    assert_int_equal(ask("POST", one, search), 200);
    assert_int_equal(count_results(), 0);
}

/* With the k-th allocation failing; false when so many were not needed. */
static bool play(const struct disk_image *start, int k, bool from_then_on)
{
    char id[64], path[100], files[120], file[160];
    open_place(start);
    atomic_store(&memory_hit, false);
    atomic_store(&memory_forever, from_then_on);
    atomic_store(&memory_left, k);
    assert_int_equal(ask("POST", "/v1/vector_stores", "{\"name\":\"sea\"}"), 200);
    take_id(id, sizeof id);
    (void)snprintf(path, sizeof path, "/v1/vector_stores/%s", id);
    (void)snprintf(files, sizeof files, "%s/files", path);
    (void)snprintf(file, sizeof file, "%s/file-1", files);
    assert_int_equal(ask("POST", files, attachment), 200);
    settle();
    if (from_then_on && atomic_load(&memory_hit)) atomic_store(&memory_left, -1);
    settle(); /* What could not be done without memory is done now. */
    check_indexed(path);
    int status = ask("DELETE", file, "");
    if (status != 404) assert_int_equal(status, 200); /* 404: it was done, and could not be said. */
    settle();
    atomic_store(&memory_left, atomic_load(&memory_hit) ? -1 : atomic_load(&memory_left));
    settle();
    check_deleted(path);
    status = ask("DELETE", path, "");
    if (status != 404) assert_int_equal(status, 200);
    settle();
    atomic_store(&memory_left, -1);
    assert_int_equal(ask("GET", path, ""), 404);
    close_place();
    return atomic_load(&memory_hit);
}

static void test_each_allocation_fails(void **state)
{
    int step = getenv("TIRO_ALLOC_FAULTS") ? 1 : 7, n = 0;
    struct disk_image start;
    (void)state;
    make_start(&start);
    assert_false(play(&start, INT32_MAX, false)); /* And all goes well without. */
    for (int forever_too = 0; forever_too < 2; forever_too++)
        for (int k = forever_too * step / 2; play(&start, k, forever_too); k += step) n++;
    disk_image_release(&start);
    printf("allocations: %d runs\n", n);
    assert_true(n > 50);
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_allocation_fails),
    };
    atomic_store(&memory_left, -1);
    log_setup(LOG_OFF, LOG_TEXT, "test");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
