#include "store/migration.h"
#include "store/owner.h"

/* A book is chapters, a chapter is scenes, a scene has versions; facts are what the text has said
 * so far. What is to be done next follows from which rows are there (store/book_table.h). */
const struct migration migration_0012_books = {
    .number = 12,
    .sql = "CREATE TABLE books (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS ", "
           "title TEXT NOT NULL, idea TEXT NOT NULL, model TEXT NOT NULL, "
           "language TEXT NOT NULL, genre TEXT NOT NULL, premise TEXT NOT NULL, "
           "people TEXT NOT NULL, style_sheet TEXT NOT NULL, words BIGINT NOT NULL, "
           "n_chapters BIGINT NOT NULL, n_scenes BIGINT NOT NULL, parallel BIGINT NOT NULL, "
           "seed BIGINT NOT NULL, status TEXT NOT NULL, until TEXT NOT NULL, error TEXT NOT NULL, "
           "created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, run_ms BIGINT NOT NULL, "
           "run_words BIGINT NOT NULL, n_steps BIGINT NOT NULL, n_again BIGINT NOT NULL, "
           "prompt_tokens BIGINT NOT NULL, cached_tokens BIGINT NOT NULL, "
           "completion_tokens BIGINT NOT NULL);"
           "CREATE INDEX books_by_time ON books(tenant_id, project_id, updated_at);"
           "CREATE TABLE book_chapters (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS
           ", book_id TEXT NOT NULL, number BIGINT NOT NULL, title TEXT NOT NULL, "
           "outline TEXT NOT NULL, words BIGINT NOT NULL, UNIQUE (book_id, number));"
           "CREATE TABLE book_scenes (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS
           ", book_id TEXT NOT NULL, chapter_id TEXT NOT NULL, chapter BIGINT NOT NULL, "
           "number BIGINT NOT NULL, plan TEXT NOT NULL, summary TEXT NOT NULL, "
           "words BIGINT NOT NULL, state BIGINT NOT NULL, version_id TEXT NOT NULL, "
           "UNIQUE (book_id, chapter, number));"
           "CREATE TABLE book_versions (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS
           ", book_id TEXT NOT NULL, scene_id TEXT NOT NULL, text TEXT NOT NULL, "
           "model TEXT NOT NULL, seed BIGINT NOT NULL, words BIGINT NOT NULL, "
           "repeated DOUBLE PRECISION NOT NULL, drafts BIGINT NOT NULL, "
           "created_at BIGINT NOT NULL);"
           "CREATE INDEX book_versions_by_scene ON book_versions(scene_id);"
           "CREATE INDEX book_versions_by_book ON book_versions(book_id);"
           "CREATE TABLE book_facts (seq SERIAL_KEY, " OWNER_COLUMNS
           ", book_id TEXT NOT NULL, scene_id TEXT NOT NULL, name TEXT NOT NULL, "
           "fact TEXT NOT NULL);"
           "CREATE INDEX book_facts_by_book ON book_facts(book_id);",
};
