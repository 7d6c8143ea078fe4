#include "api/book_sift.h"

#include "api/book_people.h"
#include "api/book_prompt.h"
#include "base/utf8.h"

enum {
    WORD_BYTES_MAX = 40,
    SHORT_WORDS_MIN = 4,
    COPY_WORDS_MIN = 3, /* of a sentence that may be a copy of an example's */
    COPY_WORDS = 5,     /* of a longer one, that stand in an example in this order */
};

/* Of a sentence that is too short for an 8-gram, and too long to be said twice; else 0. */
static uint64_t short_sentence(struct slice sentence)
{
    struct book_word w = { .end = 0 };
    uint64_t h = 2;
    size_t n = 0;
    for (; n < BOOK_GRAM && book_next_word(&w, sentence, w.end); n++) h = book_mix(h, w.hash);
    return n >= SHORT_WORDS_MIN && n < BOOK_GRAM ? (h ? h : 1) : 0;
}

/* Whether most of the 8-grams that lie wholly inside the sentence stood before. */
static bool is_old(const struct book_grams *g, const struct book_grams *own, struct slice sentence)
{
    struct book_word w = { .end = 0 };
    struct book_ring ring = { .n = 0 };
    size_t n = 0, hits = 0;
    while (book_next_word(&w, sentence, w.end)) {
        uint64_t h = book_ring_take(&ring, w.hash);
        n += h != 0;
        hits += h && (book_grams_has(g, h) || book_grams_has(own, h));
    }
    return hits * 2 > n || (n == 0 && book_grams_has(own, short_sentence(sentence)));
}

/* "Scene 12 ...", "Chapter 3, ..." */
static bool is_heading(struct slice sentence)
{
    static const char *const words[] = { "Scene ", "Chapter " };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i]);
        if (slice_starts(sentence, slice_of(words[i])) && sentence.len > n &&
            sentence.ptr[n] >= '0' && sentence.ptr[n] <= '9')
            return true;
    }
    return false;
}

static const char *const about_text_begins[] = {
    "The scene",
    "The story ends",
    "In conclusion",
    "In summary",
    "The story concludes",
    "Overall,",
    "In chapter ",
    "The story continues",
    "The story also",
    "This chapter",
    "Throughout the story",
    "- ",
    "In this chapter",
    "In the next chapter",
    "In this passage",
    "The story begins",
    "This story ",
    "To be continued",
    "Before...",
    "* ",
};
static const char *const about_text_holds[] = {
    "this scene",
    "This scene",
    "the scene is",
    "the scene ends",
    "the scene begins",
    "the narrator",
    "The narrator",
    "words of the story",
    "words long",
    "one of them does not answer",
    "apologize for the confusion",
    "As an AI",
    "I cannot engage in",
    "can't assist with",
    "cannot assist with",
    "can't help with that",
    "can't help you with that",
    "hesitate to ask",
    "any further assistance",
};

/* That speaks of the text, and not in it, or is the model's own refusal; or a row of a list. */
static bool is_about_text(struct slice sentence)
{
    for (size_t i = 0; i < sizeof about_text_begins / sizeof *about_text_begins; i++)
        if (slice_starts_nocase(sentence, slice_of(about_text_begins[i]))) return true;
    for (size_t i = 0; i < sizeof about_text_holds / sizeof *about_text_holds; i++)
        if (slice_find(sentence, slice_of(about_text_holds[i])) < sentence.len) return true;
    return book_is_piece(sentence) || is_heading(sentence);
}

/* Told after the prose that is shown as an example. */
static bool is_copied(struct slice sentence)
{
    if (book_words(sentence) < COPY_WORDS_MIN) return false;
    for (const struct book_example *e = book_examples(BOOK_STEP_DRAFT, 0); e->asked; e++)
        if (book_shares_run(sentence, slice_of(e->answer), COPY_WORDS)) return true;
    return false;
}

/* A word of no language, or of a script that the book is not in. */
static bool is_garbled(struct slice sentence, bool latin)
{
    struct book_word w = { .end = 0 };
    while (book_next_word(&w, sentence, w.end)) {
        uint32_t c = 0;
        if (w.end - w.begin > WORD_BYTES_MAX) return true;
        (void)utf8_decode(&c, sentence.ptr + w.begin, w.end - w.begin); /* It was decoded before. */
        if (latin && book_stands_alone(c)) return true;
    }
    return false;
}

enum script { SCRIPT_NO, SCRIPT_LABEL, SCRIPT_LINE };

/* Of a play: "Emily Ives (quietly): ...", or her name alone, and what she says in the next line. */
static enum script script_of(struct slice sentence)
{
    const char *colon = sentence.len ? memchr(sentence.ptr, ':', sentence.len) : NULL;
    struct slice who = { sentence.ptr, colon ? (size_t)(colon - sentence.ptr) : 0 };
    struct slice said = { colon, sentence.len - who.len };
    if (who.len == 0 || book_words(who) > 4 || !strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ*", who.ptr[0]))
        return SCRIPT_NO;
    said = slice_trim((struct slice){ said.ptr + 1, said.len - 1 });
    if (said.len == 0 || slice_is(said, "**")) return SCRIPT_LABEL;
    return strchr("\"*", said.ptr[0]) || slice_starts(said, SLICE("\xe2\x80\x9c")) ? SCRIPT_LINE
                                                                                   : SCRIPT_NO;
}

struct sieve {
    const struct book_grams *grams;
    const struct book_row *book;
    struct book_names names;
    bool latin;
    struct book_grams own; /* of what came before in this text */
    struct book_ring ring;
    bool labelled; /* the line before said who speaks */
};

static bool is_out_of_place(const struct sieve *s, struct slice sentence)
{
    return s->labelled || script_of(sentence) != SCRIPT_NO || is_about_text(sentence) ||
           is_garbled(sentence, s->latin) || is_old(s->grams, &s->own, sentence) ||
           book_names_drift(&s->names, sentence) || book_of_examples(s->book, sentence) ||
           is_copied(sentence);
}

/* Behind a sentence: to the next, and whether that is what a play's label announced. */
static size_t skip_space(struct sieve *s, struct slice text, size_t at, struct slice sentence)
{
    bool next_line = at == text.len;
    for (; at < text.len && strchr(" \t\r\n", text.ptr[at]); at++)
        next_line = next_line || text.ptr[at] == '\n';
    if (next_line) s->labelled = script_of(sentence) == SCRIPT_LABEL;
    return at;
}

static int sift(struct buf *out, struct sieve *s, struct slice text, struct err *err)
{
    size_t at = 0, gap_from = 0;
    while (at < text.len) {
        bool whole;
        size_t n, hits, end = book_sentence_end(text, at, &whole);
        struct slice sentence = { text.ptr + at, end - at };
        bool out_of_place = is_out_of_place(s, sentence);
        TRY(book_grams_count(&n, &hits, s->grams, &s->own, &s->ring, sentence, err));
        if (out_of_place || hits * 2 > n) {
            s->ring.n = 0; /* What follows stands beside something else now. */
        } else {
            if (out->len > 0) buf_add(out, text.ptr + gap_from, at - gap_from);
            buf_add_slice(out, sentence);
        }
        uint64_t h = short_sentence(sentence);
        if (h) TRY(book_gram_add(&s->own, h, err));
        gap_from = end;
        at = skip_space(s, text, end, sentence);
    }
    return out->failed ? err_set(err, ERR_NO_MEMORY, "There is no memory for the book.") : 0;
}

/* What stood before it in the same scene. */
static int note_before(struct sieve *s, struct slice before, struct err *err)
{
    size_t n, hits, at = 0;
    bool whole;
    TRY(book_grams_count(&n, &hits, s->grams, &s->own, &s->ring, before, err));
    while (at < before.len) {
        size_t end = book_sentence_end(before, at, &whole);
        uint64_t h = short_sentence((struct slice){ before.ptr + at, end - at });
        if (h) TRY(book_gram_add(&s->own, h, err));
        at = end;
        while (at < before.len && strchr(" \t\r\n", before.ptr[at])) at++;
    }
    return 0;
}

int book_sift(struct buf *out, const struct book_grams *g, const struct book_row *book,
              struct slice before, struct slice text, struct err *err)
{
    struct sieve s = { .grams = g, .book = book, .latin = book_is_latin(book->idea) };
    book_names(&s.names, book->people);
    int rc = note_before(&s, before, err);
    if (rc == 0) rc = sift(out, &s, text, err);
    book_grams_release(&s.own);
    return rc;
}
