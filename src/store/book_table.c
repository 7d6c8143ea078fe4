#include "store/book_table.h"

#include "store/owned.h"

#define BOOK_NAMES                                                                    \
    "id, title, idea, model, language, genre, premise, people, style_sheet, status, " \
    "until, error, words, n_chapters, n_scenes, parallel, seed, created_at, "         \
    "updated_at, run_ms, run_words, n_steps, n_again, prompt_tokens, cached_tokens, " \
    "completion_tokens"

enum { ROWS_FIRST = 16 };

/* Room for one more of `size` bytes each at the end of an array in the arena; NULL without. */
static void *more(void **items, size_t n, size_t *room, size_t size, struct arena *arena)
{
    if (n == *room) {
        size_t wanted = *room ? *room * 2 : ROWS_FIRST;
        void *bigger = arena_array(arena, wanted, size);
        if (!bigger) return NULL;
        if (n) memcpy(bigger, *items, n * size);
        *items = bigger;
        *room = wanted;
    }
    return (char *)*items + n * size;
}

/* All rows of a query as an array of structs, which `fill` makes of each. */
static int collect(void *ret, size_t *ret_n, struct db_rows *rows, size_t size, struct arena *arena,
                   void (*fill)(void *row, const struct db_rows *rows, struct arena *arena),
                   struct err *err)
{
    void *items = NULL;
    size_t n = 0, room = 0;
    int rc;
    while ((rc = db_next(rows, err)) > 0) {
        void *at = more(&items, n, &room, size, arena);
        if (!at) break;
        fill(at, rows, arena);
        n++;
    }
    db_rows_close(rows);
    if (rc < 0) return rc;
    TRY(arena_check(arena, "the book", err));
    memcpy(ret, &items, sizeof items);
    *ret_n = n;
    return 0;
}

static struct slice kept(const struct db_rows *rows, int column, struct arena *arena)
{
    return arena_slice(arena, db_text(rows, column));
}

/* ---- Books ---- */

int book_add(struct db *db, const struct principal *owner, const struct book_row *b,
             struct err *err)
{
    int rc = db_exec(
        db,
        "INSERT INTO books(" OWNER_NAMES ", " BOOK_NAMES ") VALUES "
        "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, "
        "?20, ?21, ?22, ?22, 0, 0, 0, 0, 0, 0, 0)",
        DB_ARGS(OWNER_ARGS(owner), DB_TEXT(b->id), DB_TEXT(b->title), DB_TEXT(b->idea),
                DB_TEXT(b->model), DB_TEXT(b->language), DB_TEXT(b->genre), DB_TEXT(b->premise),
                DB_TEXT(b->people), DB_TEXT(b->style_sheet), DB_TEXT(b->status), DB_TEXT(b->until),
                DB_TEXT(b->error), DB_INT(b->words), DB_INT(b->n_chapters), DB_INT(b->n_scenes),
                DB_INT(b->parallel), DB_INT(b->seed), DB_INT(b->created_at)),
        err);
    return rc < 0 ? rc : 0;
}

static void fill_book(void *row, const struct db_rows *rows, struct arena *arena)
{
    struct book_row *b = row;
    struct slice *texts[] = { &b->id,          &b->title,  &b->idea,    &b->model,
                              &b->language,    &b->genre,  &b->premise, &b->people,
                              &b->style_sheet, &b->status, &b->until,   &b->error };
    int64_t *numbers[] = {
        &b->words,      &b->n_chapters,    &b->n_scenes,      &b->parallel,         &b->seed,
        &b->created_at, &b->updated_at,    &b->run_ms,        &b->run_words,        &b->n_steps,
        &b->n_again,    &b->prompt_tokens, &b->cached_tokens, &b->completion_tokens
    };
    int column = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = kept(rows, column++, arena);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        *numbers[i] = db_int(rows, column++);
}

int book_find(struct book_row *ret, struct db *db, const struct principal *owner, struct slice id,
              struct arena *arena, struct err *err)
{
    struct db_rows rows;
    struct book_row *found;
    size_t n;
    TRY(db_query(&rows, db,
                 "SELECT " BOOK_NAMES " FROM books WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                 DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err));
    TRY(collect(&found, &n, &rows, sizeof *found, arena, fill_book, err));
    if (n == 0) return owned_not_found("Book", id, err);
    *ret = *found;
    return 0;
}

int book_update(struct db *db, const struct principal *owner, struct slice id,
                const struct book_change *c, int64_t now, struct err *err)
{
    int n = db_exec(db,
                    "UPDATE books SET title = coalesce(?4, title), idea = coalesce(?5, idea), "
                    "model = coalesce(?6, model), language = coalesce(?7, language), "
                    "genre = coalesce(?8, genre), premise = coalesce(?9, premise), "
                    "people = coalesce(?10, people), style_sheet = coalesce(?11, style_sheet), "
                    "parallel = CASE WHEN ?12 > 0 THEN ?12 ELSE parallel END, updated_at = ?13 "
                    "WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                    DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner), DB_TEXT_OR_NULL(c->title),
                            DB_TEXT_OR_NULL(c->idea), DB_TEXT_OR_NULL(c->model),
                            DB_TEXT_OR_NULL(c->language), DB_TEXT_OR_NULL(c->genre),
                            DB_TEXT_OR_NULL(c->premise), DB_TEXT_OR_NULL(c->people),
                            DB_TEXT_OR_NULL(c->style_sheet), DB_INT(c->parallel), DB_INT(now)),
                    err);
    return owned_changed(n, "Book", id, err);
}

int book_set_status(struct db *db, const struct principal *owner, struct slice id,
                    const char *status, struct slice until, struct slice error, int64_t now,
                    struct err *err)
{
    int n = db_exec(db,
                    "UPDATE books SET status = ?4, until = coalesce(?5, until), error = ?6, "
                    "updated_at = ?7 WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                    DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner), DB_TEXT(slice_of(status)),
                            DB_TEXT_OR_NULL(until), DB_TEXT(error), DB_INT(now)),
                    err);
    return owned_changed(n, "Book", id, err);
}

int book_delete(struct db *db, const struct principal *owner, struct slice id, struct err *err)
{
    static const char *const parts[] = { "DELETE FROM book_facts WHERE book_id = ?1",
                                         "DELETE FROM book_versions WHERE book_id = ?1",
                                         "DELETE FROM book_scenes WHERE book_id = ?1",
                                         "DELETE FROM book_chapters WHERE book_id = ?1" };
    int n = db_exec(db, "DELETE FROM books WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                    DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err);
    TRY(owned_changed(n, "Book", id, err));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        n = db_exec(db, parts[i], DB_ARGS(DB_TEXT(id)), err);
        if (n < 0) return n;
    }
    return 0;
}

int book_list(struct book_row **ret, size_t *ret_n, bool *ret_more, struct db *db,
              const struct principal *owner, const struct book_listing *l, struct arena *arena,
              struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT " BOOK_NAMES " FROM books WHERE " OWNED_BY(
                     "?1", "?2") " AND (?3 IS NULL OR (updated_at, seq) < "
                                 "(SELECT updated_at, seq FROM books WHERE id = ?3)) "
                                 "ORDER BY updated_at DESC, seq DESC LIMIT ?4",
                 DB_ARGS(OWNED_ARGS(owner), DB_TEXT_OR_NULL(l->after), DB_INT(l->limit + 1)), err));
    TRY(collect(ret, ret_n, &rows, sizeof **ret, arena, fill_book, err));
    *ret_more = *ret_n > (size_t)l->limit;
    if (*ret_more) (*ret_n)--;
    return 0;
}

static void fill_running(void *row, const struct db_rows *rows, struct arena *arena)
{
    struct book_running *r = row;
    r->id = kept(rows, 0, arena);
    r->owner = (struct principal){ .tenant = kept(rows, 1, arena),
                                   .project = kept(rows, 2, arena),
                                   .user = kept(rows, 3, arena),
                                   .key = kept(rows, 4, arena) };
}

int book_running(struct book_running **ret, size_t *ret_n, struct db *db, struct arena *arena,
                 struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT id, " OWNER_NAMES " FROM books WHERE status = '" BOOK_RUNNING
                 "' ORDER BY seq",
                 DB_NO_ARGS, err));
    return collect(ret, ret_n, &rows, sizeof **ret, arena, fill_running, err);
}

/* ---- Chapters ---- */

static void fill_chapter(void *row, const struct db_rows *rows, struct arena *arena)
{
    *(struct book_chapter_row *)row = (struct book_chapter_row){ .id = kept(rows, 0, arena),
                                                                 .title = kept(rows, 1, arena),
                                                                 .outline = kept(rows, 2, arena),
                                                                 .number = db_int(rows, 3),
                                                                 .words = db_int(rows, 4) };
}

int book_chapters(struct book_chapter_row **ret, size_t *ret_n, struct db *db, struct slice book_id,
                  struct arena *arena, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT id, title, outline, number, words FROM book_chapters WHERE book_id = ?1 "
                 "ORDER BY number",
                 DB_ARGS(DB_TEXT(book_id)), err));
    return collect(ret, ret_n, &rows, sizeof **ret, arena, fill_chapter, err);
}

int book_chapter_add(struct db *db, const struct principal *owner, struct slice book_id,
                     const struct book_chapter_row *row, struct err *err)
{
    int rc = db_exec(
        db,
        "INSERT INTO book_chapters(" OWNER_NAMES ", book_id, id, title, outline, number, words) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        DB_ARGS(OWNER_ARGS(owner), DB_TEXT(book_id), DB_TEXT(row->id), DB_TEXT(row->title),
                DB_TEXT(row->outline), DB_INT(row->number), DB_INT(row->words)),
        err);
    return rc < 0 ? rc : 0;
}

int book_chapter_update(struct db *db, const struct principal *owner, struct slice book_id,
                        struct slice id, struct slice title, struct slice outline, struct err *err)
{
    int n = db_exec(
        db,
        "UPDATE book_chapters SET title = coalesce(?5, title), "
        "outline = coalesce(?6, outline) WHERE id = ?1 AND book_id = ?4 AND " OWNED_BY("?2", "?3"),
        DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner), DB_TEXT(book_id), DB_TEXT_OR_NULL(title),
                DB_TEXT_OR_NULL(outline)),
        err);
    return owned_changed(n, "Chapter", id, err);
}

/* ---- Scenes ---- */

#define SCENE_NAMES                                                                       \
    "s.id, s.chapter_id, s.plan, s.summary, s.version_id, s.chapter, s.number, s.words, " \
    "s.state, v.words, v.repeated"

static void fill_scene(void *row, const struct db_rows *rows, struct arena *arena)
{
    *(struct book_scene_row *)row = (struct book_scene_row){ .id = kept(rows, 0, arena),
                                                             .chapter_id = kept(rows, 1, arena),
                                                             .plan = kept(rows, 2, arena),
                                                             .summary = kept(rows, 3, arena),
                                                             .version_id = kept(rows, 4, arena),
                                                             .chapter = db_int(rows, 5),
                                                             .number = db_int(rows, 6),
                                                             .words = db_int(rows, 7),
                                                             .state = db_int(rows, 8),
                                                             .n_words = db_int(rows, 9),
                                                             .repeated = db_real(rows, 10),
                                                             .text = kept(rows, 11, arena) };
}

int book_scenes(struct book_scene_row **ret, size_t *ret_n, struct db *db, struct slice book_id,
                bool with_text, struct arena *arena, struct err *err)
{
    struct db_rows rows;
    const char *sql = with_text ? "SELECT " SCENE_NAMES ", v.text FROM book_scenes s "
                                  "LEFT JOIN book_versions v ON v.id = s.version_id "
                                  "WHERE s.book_id = ?1 ORDER BY s.chapter, s.number"
                                : "SELECT " SCENE_NAMES ", '' FROM book_scenes s "
                                  "LEFT JOIN book_versions v ON v.id = s.version_id "
                                  "WHERE s.book_id = ?1 ORDER BY s.chapter, s.number";
    TRY(db_query(&rows, db, sql, DB_ARGS(DB_TEXT(book_id)), err));
    return collect(ret, ret_n, &rows, sizeof **ret, arena, fill_scene, err);
}

int book_scene_add(struct db *db, const struct principal *owner, struct slice book_id,
                   const struct book_scene_row *row, struct err *err)
{
    int rc = db_exec(db,
                     "INSERT INTO book_scenes(" OWNER_NAMES ", book_id, id, chapter_id, chapter, "
                     "number, plan, summary, words, state, version_id) VALUES "
                     "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, '', ?11, 0, '')",
                     DB_ARGS(OWNER_ARGS(owner), DB_TEXT(book_id), DB_TEXT(row->id),
                             DB_TEXT(row->chapter_id), DB_INT(row->chapter), DB_INT(row->number),
                             DB_TEXT(row->plan), DB_INT(row->words)),
                     err);
    return rc < 0 ? rc : 0;
}

int book_scene_set_plan(struct db *db, const struct principal *owner, struct slice book_id,
                        struct slice id, struct slice plan, struct err *err)
{
    int n = db_exec(
        db,
        "UPDATE book_scenes SET plan = coalesce(?5, plan) WHERE id = ?1 AND book_id = ?4 "
        "AND " OWNED_BY("?2", "?3"),
        DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner), DB_TEXT(book_id), DB_TEXT_OR_NULL(plan)), err);
    return owned_changed(n, "Scene", id, err);
}

static int forget_notes(struct db *db, struct slice book_id, struct slice scene_id, struct err *err)
{
    int n = db_exec(db, "DELETE FROM book_facts WHERE book_id = ?1 AND scene_id = ?2",
                    DB_ARGS(DB_TEXT(book_id), DB_TEXT(scene_id)), err);
    return n < 0 ? n : 0;
}

int book_scene_reset(struct db *db, const struct principal *owner, struct slice book_id,
                     struct slice id, struct err *err)
{
    int n = db_exec(db,
                    "DELETE FROM book_facts WHERE book_id = ?1 AND scene_id IN (SELECT id FROM "
                    "book_scenes WHERE book_id = ?1 AND (id = ?2 OR chapter_id = ?2) AND " OWNED_BY(
                        "?3", "?4") ")",
                    DB_ARGS(DB_TEXT(book_id), DB_TEXT(id), OWNED_ARGS(owner)), err);
    if (n < 0) return n;
    n = db_exec(db,
                "UPDATE book_scenes SET state = 0, summary = '' WHERE book_id = ?1 AND "
                "(id = ?2 OR chapter_id = ?2) AND " OWNED_BY("?3", "?4"),
                DB_ARGS(DB_TEXT(book_id), DB_TEXT(id), OWNED_ARGS(owner)), err);
    return owned_changed(n, "Scene", id, err);
}

/* ---- Versions ---- */

/* Chooses it where the scene is in that state (-1: any); how many rows that were. */
static int choose(struct db *db, const struct principal *owner, struct slice book_id,
                  struct slice scene_id, struct slice version_id, int from_state, struct err *err)
{
    int n = db_exec(
        db,
        "UPDATE book_scenes SET version_id = ?5, state = 1, summary = '' "
        "WHERE id = ?1 AND book_id = ?4 AND (?6 < 0 OR state = ?6) AND " OWNED_BY("?2", "?3"),
        DB_ARGS(DB_TEXT(scene_id), OWNED_ARGS(owner), DB_TEXT(book_id), DB_TEXT(version_id),
                DB_INT(from_state)),
        err);
    if (n <= 0) return n;
    TRY(forget_notes(db, book_id, scene_id, err));
    return n;
}

int book_version_add(bool *ret_done, struct db *db, const struct principal *owner,
                     struct slice book_id, const struct book_version_row *v, int from_state,
                     struct err *err)
{
    *ret_done = false;
    int n = choose(db, owner, book_id, v->scene_id, v->id, from_state, err);
    if (n <= 0) return n;
    n = db_exec(
        db,
        "DELETE FROM book_versions WHERE seq IN (SELECT seq FROM book_versions WHERE "
        "scene_id = ?1 ORDER BY seq DESC LIMIT ?3 OFFSET ?2)",
        DB_ARGS(DB_TEXT(v->scene_id), DB_INT(BOOK_VERSIONS_MAX - 1), DB_INT(BOOK_VERSIONS_MAX)),
        err);
    if (n < 0) return n;
    n = db_exec(db,
                "INSERT INTO book_versions(" OWNER_NAMES ", book_id, id, scene_id, text, model, "
                "seed, words, repeated, drafts, created_at) VALUES "
                "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
                DB_ARGS(OWNER_ARGS(owner), DB_TEXT(book_id), DB_TEXT(v->id), DB_TEXT(v->scene_id),
                        DB_TEXT(v->text), DB_TEXT(v->model), DB_INT(v->seed), DB_INT(v->words),
                        DB_REAL(v->repeated), DB_INT(v->drafts), DB_INT(v->created_at)),
                err);
    if (n < 0) return n;
    *ret_done = true;
    return 0;
}

int book_version_choose(struct db *db, const struct principal *owner, struct slice book_id,
                        struct slice scene_id, struct slice version_id, struct err *err)
{
    int64_t found;
    TRY(db_one_int(&found, 0, db,
                   "SELECT 1 FROM book_versions WHERE id = ?1 AND scene_id = ?2 AND book_id = ?3",
                   DB_ARGS(DB_TEXT(version_id), DB_TEXT(scene_id), DB_TEXT(book_id)), err));
    if (!found) return owned_not_found("Version", version_id, err);
    int n = choose(db, owner, book_id, scene_id, version_id, -1, err);
    return owned_changed(n, "Scene", scene_id, err);
}

static void fill_version(void *row, const struct db_rows *rows, struct arena *arena)
{
    *(struct book_version_row *)row = (struct book_version_row){ .id = kept(rows, 0, arena),
                                                                 .scene_id = kept(rows, 1, arena),
                                                                 .text = kept(rows, 2, arena),
                                                                 .model = kept(rows, 3, arena),
                                                                 .seed = db_int(rows, 4),
                                                                 .words = db_int(rows, 5),
                                                                 .repeated = db_real(rows, 6),
                                                                 .drafts = db_int(rows, 7),
                                                                 .created_at = db_int(rows, 8) };
}

int book_versions(struct book_version_row **ret, size_t *ret_n, struct db *db,
                  struct slice scene_id, struct arena *arena, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT id, scene_id, text, model, seed, words, repeated, drafts, created_at "
                 "FROM book_versions WHERE scene_id = ?1 ORDER BY seq DESC",
                 DB_ARGS(DB_TEXT(scene_id)), err));
    return collect(ret, ret_n, &rows, sizeof **ret, arena, fill_version, err);
}

/* ---- Facts ---- */

int book_notes_add(bool *ret_done, struct db *db, const struct principal *owner,
                   struct slice book_id, struct slice scene_id, struct slice summary,
                   const struct book_fact_row *facts, size_t n, struct err *err)
{
    int rc = db_exec(
        db,
        "UPDATE book_scenes SET state = 2, summary = ?5 WHERE id = ?1 AND "
        "book_id = ?4 AND state = 1 AND " OWNED_BY("?2", "?3"),
        DB_ARGS(DB_TEXT(scene_id), OWNED_ARGS(owner), DB_TEXT(book_id), DB_TEXT(summary)), err);
    *ret_done = rc > 0;
    if (rc <= 0) return rc;
    TRY(forget_notes(db, book_id, scene_id, err));
    for (size_t i = 0; i < n; i++) {
        rc = db_exec(db,
                     "INSERT INTO book_facts(" OWNER_NAMES ", book_id, scene_id, name, fact) "
                     "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                     DB_ARGS(OWNER_ARGS(owner), DB_TEXT(book_id), DB_TEXT(scene_id),
                             DB_TEXT(facts[i].name), DB_TEXT(facts[i].fact)),
                     err);
        if (rc < 0) return rc;
    }
    return 0;
}

static void fill_fact(void *row, const struct db_rows *rows, struct arena *arena)
{
    *(struct book_fact_row *)row = (struct book_fact_row){ kept(rows, 0, arena),
                                                           kept(rows, 1, arena) };
}

int book_facts(struct book_fact_row **ret, size_t *ret_n, struct db *db, struct slice book_id,
               int64_t chapter, struct arena *arena, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT f.name, f.fact FROM book_facts f JOIN book_scenes s ON s.id = f.scene_id "
                 "WHERE f.book_id = ?1 AND s.chapter <= ?2 ORDER BY s.chapter, s.number, f.seq",
                 DB_ARGS(DB_TEXT(book_id), DB_INT(chapter)), err));
    return collect(ret, ret_n, &rows, sizeof **ret, arena, fill_fact, err);
}

/* ---- The job ---- */

int book_count(struct db *db, const struct principal *owner, struct slice id,
               const struct book_used *u, int64_t now, struct err *err)
{
    int n = db_exec(
        db,
        "UPDATE books SET run_ms = run_ms + ?4, run_words = run_words + ?5, "
        "n_steps = n_steps + 1, n_again = n_again + ?6, prompt_tokens = prompt_tokens + ?7, "
        "cached_tokens = cached_tokens + ?8, completion_tokens = completion_tokens + ?9, "
        "updated_at = ?10 WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
        DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner), DB_INT(u->ms), DB_INT(u->words), DB_INT(u->n_again),
                DB_INT((int64_t)u->prompt_tokens), DB_INT((int64_t)u->cached_tokens),
                DB_INT((int64_t)u->completion_tokens), DB_INT(now)),
        err);
    return owned_changed(n, "Book", id, err);
}

int book_progress(struct book_progress *ret, struct db *db, struct slice book_id, struct err *err)
{
    struct db_rows rows;
    *ret = (struct book_progress){ 0 };
    TRY(db_query(&rows, db,
                 "SELECT CAST(coalesce(sum(v.words), 0) AS BIGINT), "
                 "CAST(coalesce(sum(CASE WHEN s.state = 2 THEN 1 ELSE 0 END), 0) AS BIGINT), "
                 "CAST(coalesce(sum(CASE WHEN s.state > 0 THEN 1 ELSE 0 END), 0) AS BIGINT) "
                 "FROM book_scenes s LEFT JOIN book_versions v ON v.id = s.version_id "
                 "WHERE s.book_id = ?1",
                 DB_ARGS(DB_TEXT(book_id)), err));
    int rc = db_next(&rows, err);
    if (rc <= 0) return rc;
    *ret = (struct book_progress){ db_int(&rows, 0), db_int(&rows, 1), db_int(&rows, 2) };
    db_rows_close(&rows);
    return 0;
}
