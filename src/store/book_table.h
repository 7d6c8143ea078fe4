/* book_table - books that are written by a model: chapters, scenes, the versions of each, and the
 * facts that the text has stated.
 *
 * The rows are the job's state, too: what is there is done, and the next step is the first thing
 * that is missing (premise, style sheet, a chapter's outline, its scenes' plans, a scene's text,
 * its summary). So a step's result and the job's progress are one transaction, and a server that
 * died goes on from the rows.
 */
#ifndef TIRO_STORE_BOOK_TABLE_H
#define TIRO_STORE_BOOK_TABLE_H

#include "base/arena.h"
#include "base/json.h"
#include "store/owner.h"

enum {
    BOOK_TITLE_MAX = 200,
    BOOK_IDEA_MAX = 8000,
    BOOK_TEXT_MAX = 16000, /* premise, people, style sheet, an outline, a plan: each, in bytes */
    BOOK_SCENE_MAX = 256 << 10,
    BOOK_WORDS_MIN = 100,
    BOOK_WORDS_MAX = 500000,
    BOOK_CHAPTERS_MAX = 100,
    BOOK_SCENES_MAX = 20,      /* of one chapter */
    BOOK_SCENE_WORDS_MIN = 25, /* of its budget */
    BOOK_PARALLEL_MAX = 8,
    BOOK_VERSIONS_MAX = 50, /* of one scene; the oldest that is not chosen makes room */
    BOOK_NAME_MAX = 100,    /* of language and genre, and of who a fact is about */
};

/* Of a book: "draft" has never been begun. */
#define BOOK_DRAFT     "draft"
#define BOOK_RUNNING   "running"
#define BOOK_PAUSED    "paused"
#define BOOK_COMPLETED "completed"
#define BOOK_FAILED    "failed"

enum book_scene_state { BOOK_SCENE_WAITING, BOOK_SCENE_WRITTEN, BOOK_SCENE_DONE };

struct book_row {
    struct slice id, title, idea, model, language, genre;
    struct slice premise, people, style_sheet; /* "": still to be made */
    struct slice status, until, error;         /* until: "outline" or "end" */
    int64_t words, n_chapters, n_scenes;       /* as asked for; scenes of a chapter */
    int64_t parallel, seed;
    int64_t created_at, updated_at;
    int64_t run_ms, run_words; /* how long it has been at work, and what came of it */
    int64_t n_steps, n_again;  /* n_again: drafts that were thrown away */
    int64_t prompt_tokens, cached_tokens, completion_tokens;
};

/* What of a book changes; ptr NULL and 0: stays. */
struct book_change {
    struct slice title, idea, model, language, genre, premise, people, style_sheet;
    int64_t parallel;
};

struct book_chapter_row {
    struct slice id, title, outline;
    int64_t number, words;
};

struct book_scene_row {
    struct slice id, chapter_id, plan, summary, version_id, text;
    int64_t chapter, number, words, state;
    int64_t n_words; /* of the version that is chosen; 0: none */
    double repeated;
};

struct book_version_row {
    struct slice id, scene_id, text, model; /* model "": a person wrote it */
    int64_t seed, words, drafts, created_at;
    double repeated;
};

struct book_fact_row {
    struct slice name, fact;
};

int book_add(struct db *db, const struct principal *owner, const struct book_row *row,
             struct err *err) MUST_USE;
/* -ERR_NOT_FOUND, as of all below when it is not there. Strings lie in the arena. */
int book_find(struct book_row *ret, struct db *db, const struct principal *owner, struct slice id,
              struct arena *arena, struct err *err) MUST_USE;
int book_update(struct db *db, const struct principal *owner, struct slice id,
                const struct book_change *change, int64_t now, struct err *err) MUST_USE;
/* `until` ptr NULL: stays. */
int book_set_status(struct db *db, const struct principal *owner, struct slice id,
                    const char *status, struct slice until, struct slice error, int64_t now,
                    struct err *err) MUST_USE;
/* With all that belongs to it. */
int book_delete(struct db *db, const struct principal *owner, struct slice id,
                struct err *err) MUST_USE;

struct book_listing {
    struct slice after; /* a book's id; ptr NULL: from the first */
    int limit;
};
/* Arrays lie in the arena; *ret_more: there are others. */
int book_list(struct book_row **ret, size_t *ret_n, bool *ret_more, struct db *db,
              const struct principal *owner, const struct book_listing *listing,
              struct arena *arena, struct err *err) MUST_USE;

struct book_running {
    struct slice id;
    struct principal owner;
};
/* Those to be worked on, of everybody, by age. */
int book_running(struct book_running **ret, size_t *ret_n, struct db *db, struct arena *arena,
                 struct err *err) MUST_USE;

/* ---- Chapters, in the order of their numbers ---- */

int book_chapters(struct book_chapter_row **ret, size_t *ret_n, struct db *db, struct slice book_id,
                  struct arena *arena, struct err *err) MUST_USE;
int book_chapter_add(struct db *db, const struct principal *owner, struct slice book_id,
                     const struct book_chapter_row *row, struct err *err) MUST_USE;
/* ptr NULL: stays. */
int book_chapter_update(struct db *db, const struct principal *owner, struct slice book_id,
                        struct slice id, struct slice title, struct slice outline,
                        struct err *err) MUST_USE;

/* ---- Scenes, in the order of reading ---- */

/* `with_text`: also what is chosen of each. */
int book_scenes(struct book_scene_row **ret, size_t *ret_n, struct db *db, struct slice book_id,
                bool with_text, struct arena *arena, struct err *err) MUST_USE;
int book_scene_add(struct db *db, const struct principal *owner, struct slice book_id,
                   const struct book_scene_row *row, struct err *err) MUST_USE;
/* ptr NULL: stays. */
int book_scene_set_plan(struct db *db, const struct principal *owner, struct slice book_id,
                        struct slice id, struct slice plan, struct err *err) MUST_USE;
/* To be written anew, with its facts and summary forgotten; its versions stay. `id` of a scene, or
 * of a chapter: all of that one's. */
int book_scene_reset(struct db *db, const struct principal *owner, struct slice book_id,
                     struct slice id, struct err *err) MUST_USE;
/* Adds the version and chooses it; the scene's facts are to be found anew. Only where the scene is
 * in `from_state`, unless that is -1: *ret_done says. */
int book_version_add(bool *ret_done, struct db *db, const struct principal *owner,
                     struct slice book_id, const struct book_version_row *row, int from_state,
                     struct err *err) MUST_USE;
int book_version_choose(struct db *db, const struct principal *owner, struct slice book_id,
                        struct slice scene_id, struct slice version_id, struct err *err) MUST_USE;
/* The newest first. */
int book_versions(struct book_version_row **ret, size_t *ret_n, struct db *db,
                  struct slice scene_id, struct arena *arena, struct err *err) MUST_USE;

/* ---- Facts ---- */

/* What a written scene (of BOOK_SCENE_WRITTEN) said: it is done then. *ret_done: it was there. */
int book_notes_add(bool *ret_done, struct db *db, const struct principal *owner,
                   struct slice book_id, struct slice scene_id, struct slice summary,
                   const struct book_fact_row *facts, size_t n, struct err *err) MUST_USE;
/* In the order in which the book states them; those of chapters after `chapter` are left out. */
int book_facts(struct book_fact_row **ret, size_t *ret_n, struct db *db, struct slice book_id,
               int64_t chapter, struct arena *arena, struct err *err) MUST_USE;

/* ---- The job ---- */

struct book_progress {
    int64_t words, scenes_done, scenes_written;
};
int book_progress(struct book_progress *ret, struct db *db, struct slice book_id,
                  struct err *err) MUST_USE;

struct book_used {
    int64_t ms, words, n_again;
    uint64_t prompt_tokens, cached_tokens, completion_tokens;
};
/* Counts a step that was done; -ERR_NOT_FOUND: the book is gone. */
int book_count(struct db *db, const struct principal *owner, struct slice id,
               const struct book_used *used, int64_t now, struct err *err) MUST_USE;

#endif
