/* books - what the endpoints below /v1/tiro/books share. See store/book_table.h for what a book is,
 * and api/book_work.h for how it is written. */
#ifndef TIRO_API_BOOKS_H
#define TIRO_API_BOOKS_H

#include "api/endpoint.h"
#include "api/stored.h"
#include "store/book_table.h"

enum { BOOKS_ID_MAX = 64 };

/* A stored call whose answer is one JSON text. */
struct books_call {
    struct stored stored;
    struct slice book_id, sub_id; /* of the path */
    int64_t now;                  /* unix seconds */
    bool tell;                    /* the runner hears of it when it is done */
    struct slice answer;          /* what run made */
};

/* `size` bytes that begin with a struct books_call; its ids are copied. NULL with *err set. */
void *books_call_new(struct call *call, size_t size, struct err *err);
/* Runs, and answers 200 with `answer`. */
int books_call_begin(struct books_call *c,
                     int (*run)(struct stored *stored, struct db *db, struct err *err),
                     struct err *err) MUST_USE;
/* A copy in the arena; ptr NULL where the field was not given. */
struct slice books_keep(struct books_call *c, const struct field_string *field);

/* The book as it is now, with its chapters and scenes, without their texts. */
int books_answer_book(struct books_call *c, struct db *db, struct err *err) MUST_USE;
/* The chapter as it is now, with its scenes, their texts and all versions; -ERR_NOT_FOUND. */
int books_answer_chapter(struct books_call *c, struct db *db, struct slice chapter_id,
                         struct err *err) MUST_USE;
/* That of the scene. */
int books_answer_chapter_of(struct books_call *c, struct db *db, struct slice scene_id,
                            struct err *err) MUST_USE;
/* Without chapters. */
int books_write(struct json_writer *w, const struct book_row *row, struct db *db,
                struct err *err) MUST_USE;

extern const struct field books_head_answer[], books_book_answer[], books_chapter_answer[];

#endif
