/* POST /v1/tiro/books: a book from an idea. */
#include "api/books.h"
#include "api/reply.h"
#include "base/seam.h"

enum { CHAPTER_WORDS = 3000, SCENE_WORDS = 600 }; /* Where nothing else is asked for. */

struct create_book_req {
    struct field_string idea, model, title, language, genre, premise, people, style_sheet;
    struct field_int words, chapters, scenes, parallel, seed;
};

static const struct field fields[] = {
    FIELD_STRING(struct create_book_req, idea, .required = true, .len_min = 1,
                 .len_max = BOOK_IDEA_MAX, .help = "What the book is about, in a few sentences."),
    FIELD_STRING(struct create_book_req, model, .required = true, .len_min = 1,
                 .len_max = MSG_NAME_MAX, .help = "That writes it; see GET /v1/models."),
    FIELD_STRING(struct create_book_req, title, .len_max = BOOK_TITLE_MAX,
                 .help = "Left out: the model finds one."),
    FIELD_STRING(struct create_book_req, language, .len_min = 1, .len_max = BOOK_NAME_MAX,
                 .def = "\"English\"", .help = "That it is written in, by its name."),
    FIELD_STRING(struct create_book_req, genre, .len_max = BOOK_NAME_MAX,
                 .help = "Kind and style: \"a quiet mystery\"."),
    FIELD_STRING(struct create_book_req, premise, .len_max = BOOK_TEXT_MAX,
                 .help = "Who wants what, and how it ends. Left out: the model writes it."),
    FIELD_STRING(struct create_book_req, people, .len_max = BOOK_TEXT_MAX,
                 .help = "Its people, a line each: \"Ada Reed: a keeper of bees\". Left out: the "
                         "model invents four."),
    FIELD_STRING(struct create_book_req, style_sheet, .len_max = BOOK_TEXT_MAX,
                 .help = "Who tells it, tense, tone, places. Left out: the model writes it."),
    FIELD_INT(struct create_book_req, words, .range = { BOOK_WORDS_MIN, BOOK_WORDS_MAX },
              .def = "30000", .help = "That it shall have."),
    FIELD_INT(struct create_book_req, chapters, .range = { 1, BOOK_CHAPTERS_MAX },
              .help = "Left out: one for each 3000 words."),
    FIELD_INT(struct create_book_req, scenes, .range = { 1, BOOK_SCENES_MAX },
              .help = "Of each chapter. Left out: one for each 600 words."),
    FIELD_INT(struct create_book_req, parallel, .range = { 1, BOOK_PARALLEL_MAX }, .def = "1",
              .help = "Chapters written at a time: 1 knows most of what was written before, more "
                      "are done sooner."),
    FIELD_INT(struct create_book_req, seed, .help = "Left out: a random one."),
    FIELDS_END,
};

struct create_book {
    struct books_call call;
    char id[REPLY_ID_MAX];
    struct book_row row;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct create_book *create = (struct create_book *)stored;
    TRY(book_add(db, &stored->principal, &create->row, err));
    return books_answer_book(&create->call, db, err);
}

static int64_t shared(int64_t words, int64_t each, int64_t most)
{
    int64_t n = (words + each / 2) / each;
    return n < 1 ? 1 : n > most ? most : n;
}

static struct slice or_empty(struct slice s)
{
    return s.ptr ? s : SLICE("");
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct create_book_req *req = request;
    uint64_t seed;
    random_bytes_fill(&seed, sizeof seed);
    int64_t words = req->words.value;
    int64_t n_chapters = req->chapters.given ? req->chapters.value
                                             : shared(words, CHAPTER_WORDS, BOOK_CHAPTERS_MAX);
    int64_t n_scenes = req->scenes.given ? req->scenes.value
                                         : shared(words / n_chapters, SCENE_WORDS, BOOK_SCENES_MAX);
    if (words / (n_chapters * n_scenes) < BOOK_SCENE_WORDS_MIN)
        return err_param(err, ERR_INVALID_VALUE, "words",
                         "Invalid 'words': %lld chapters of %lld scenes leave a scene fewer than "
                         "%d words. Ask for more words, or fewer chapters or scenes.",
                         (long long)n_chapters, (long long)n_scenes, BOOK_SCENE_WORDS_MIN);
    struct create_book *create = books_call_new(call, sizeof *create, err);
    if (!create) return -ERR_NO_MEMORY;
    struct books_call *c = &create->call;
    reply_id(create->id, "book_");
    c->book_id = slice_of(create->id);
    create->row = (struct book_row){
        .id = c->book_id,
        .title = or_empty(books_keep(c, &req->title)),
        .idea = books_keep(c, &req->idea),
        .model = books_keep(c, &req->model),
        .language = arena_slice(&c->stored.arena, req->language.value),
        .genre = or_empty(books_keep(c, &req->genre)),
        .premise = or_empty(books_keep(c, &req->premise)),
        .people = or_empty(books_keep(c, &req->people)),
        .style_sheet = or_empty(books_keep(c, &req->style_sheet)),
        .status = SLICE(BOOK_DRAFT),
        .until = SLICE("outline"),
        .error = SLICE(""),
        .words = words,
        .n_chapters = n_chapters,
        .n_scenes = n_scenes,
        .parallel = req->parallel.value,
        .seed = req->seed.given ? req->seed.value : (int64_t)(seed >> 12), /* exact in a double */
        .created_at = c->now,
    };
    return books_call_begin(c, run, err);
}

const struct endpoint endpoint_tiro_books_create = {
    .method = "POST",
    .path = "/v1/tiro/books",
    .fields = fields,
    .size = sizeof(struct create_book_req),
    .handle = handle,
    .name = "BookCreate",
    .tag = "Books",
    .summary = "A new book. Nothing is written until it is started.",
    .response = books_book_answer,
};
