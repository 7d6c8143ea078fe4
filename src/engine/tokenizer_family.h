/* tokenizer_family - how one kind of tokenizer works inside; for engine/tokenizer* only.
 *
 * Opening has two halves. A loader (tokenizer_gguf.c, tokenizer_json.c) reads what the checkpoint
 * says into a `struct tokenizer_source`: texts, kinds, merges, and the family. Then tokenizer.c
 * copies what must stay and lets the family's algorithm build its tables: byte-level BPE
 * (tokenizer_bpe.c), BPE over characters (tokenizer_spm.c) or WordPiece (tokenizer_wordpiece.c).
 *
 * To add a family of byte-level BPE see docs/how-to/add-a-tokenizer.md: a file in engine/tokenizer/
 * with the published regex, the function that finds where a word ends, and the descriptor.
 */
#ifndef TIRO_ENGINE_TOKENIZER_FAMILY_H
#define TIRO_ENGINE_TOKENIZER_FAMILY_H

#include "base/arena.h"
#include "base/json.h"
#include "base/map.h"
#include "engine/tokenizer.h"
#include "engine/tokenizer_unicode.h"

enum {
    TOKEN_LEN_MAX = 1024, /* Bytes of one token; the longest in use are runs of 128 spaces. */
    TOKENIZER_HOLES_MAX = 65536, /* Ids that a tokenizer.json may leave without a token. */
    TOKENIZER_MERGES_MAX = 1 << 22,
    TOKENIZER_MEMORY_MAX = 1 << 30, /* Bytes of tables; 150,000 tokens take about 20 MB. */
};

enum tokenizer_algorithm { ALGORITHM_BPE, ALGORITHM_SPM, ALGORITHM_WORDPIECE };

struct tokenizer_family {
    const char *name;
    enum tokenizer_algorithm algorithm;
    const char *ggml_model;           /* tokenizer.ggml.model */
    const char *const *ggml_pre;      /* Values of tokenizer.ggml.pre, NULL-terminated. */
    const char *const *architectures; /* Where an old GGUF has no pre: general.architecture. */
    bool nfc;                         /* In GGUF, which does not say; tokenizer.json does. */
    bool whole_words;                 /* Likewise: a word that is a token is not merged. */
    bool digits;       /* tokenizer.json: Digits(individual), then ByteLevel's regex. */
    const char *regex; /* tokenizer.json: Split by this, then ByteLevel without. */
    /* Where the word that begins at s[at] ends; s is well formed, at < len. BPE only. */
    size_t (*word_end)(const uint8_t *classes, const char *s, size_t len, size_t at);
};

extern const struct tokenizer_family *const tokenizer_family_registry[];
extern const size_t tokenizer_family_registry_len;

enum {
    ADDED_LSTRIP = 1,     /* Takes the spaces before it, too. */
    ADDED_RSTRIP = 2,     /* And after it. */
    ADDED_NORMALIZED = 4, /* Looked for in normalised text. */
};

struct source_token {
    struct slice text; /* As the file spells it; ptr NULL: no such id. */
    uint8_t kind;      /* enum token_kind */
    uint8_t flags;     /* ADDED_* */
    float score;       /* ALGORITHM_SPM without merges: what scores higher is made first. */
};

struct source_merge {
    struct slice left, right;
};

/* What a loader found. Lives in an arena that goes when opening is over; slices point into the
 * checkpoint or that arena. */
struct tokenizer_source {
    const char *name; /* Of the file, for errors. */
    const struct tokenizer_family *family;
    struct source_token *tokens;
    size_t n_tokens;
    struct source_merge *merges;
    size_t n_merges;
    bool nfc, whole_words;
    struct {
        bool clean, chinese, accents, lower;
        struct slice prefix; /* Of tokens that continue a word: "##". */
        bool phantom;        /* GGUF's form: words begin with U+2581, continuations with nothing. */
        uint64_t word_chars_max;
    } bert;
    int32_t prefix_id, suffix_id; /* What .add_special adds. */
    struct tokenizer_special special;
    struct map texts; /* From every text to its id; filled by tokenizer_build. */
};

struct bpe;
struct wordpiece;

/* A sorted list of added tokens that are looked for in text. */
struct added_token {
    struct slice text;
    int32_t id;
    uint8_t flags;
    bool control;
};

struct added_set {
    struct added_token *at; /* by text */
    size_t len;
    bool begins[256]; /* Whether one begins with this byte. */
};

struct tokenizer {
    const struct tokenizer_family *family;
    struct tokenizer_special special;
    size_t n_vocab;
    struct slice *bytes;          /* [n_vocab] what each stands for */
    uint8_t *kinds;               /* [n_vocab] enum token_kind */
    struct added_set raw, normal; /* Looked for before and after normalisation. */
    struct map added_ids;         /* Of both, by text. */
    uint8_t *classes;             /* See unicode_classes_new. */
    bool nfc;
    int32_t prefix_id, suffix_id;
    struct bpe *bpe;             /* ALGORITHM_BPE, ALGORITHM_SPM */
    struct wordpiece *wordpiece; /* ALGORITHM_WORDPIECE */
    struct arena arena;
};

/* One running encode. */
struct encoder {
    const struct tokenizer *t;
    struct tokens *out; /* NULL: count only. */
    size_t count;
    struct buf normal;    /* Normalised text of the current piece. */
    struct points points; /* Scratch of the normaliser. */
    struct bpe_scratch {
        void *block; /* Grows with the longest word. */
        size_t cap;
    } scratch;
};

static inline int encoder_emit(struct encoder *e, int32_t id)
{
    e->count++;
    return e->out ? tokens_add(e->out, id) : 0;
}

/* --- loaders: fill *s from arena `a`. */
int tokenizer_source_gguf(struct tokenizer_source *s, struct arena *a, const struct checkpoint *c,
                          struct err *err) MUST_USE;
int tokenizer_source_json(struct tokenizer_source *s, struct arena *a, const json_t *root,
                          const json_t *config, struct err *err) MUST_USE;
/* Finds the special tokens that no key names, by their well-known texts. */
void tokenizer_source_guess(struct tokenizer_source *s, const struct map *texts);
/* From a source, as a loader left it, to a tokenizer. */
int tokenizer_build(struct tokenizer **ret, struct tokenizer_source *s, struct err *err) MUST_USE;
/* Normalises one piece between added tokens; *ret points into e->normal or is `text`. */
int tokenizer_normalise(struct encoder *e, struct slice *ret, struct slice text) MUST_USE;

/* --- byte-level BPE */
int bpe_open(struct bpe **ret, struct tokenizer *t, const struct tokenizer_source *s,
             struct err *err) MUST_USE;
void bpe_close(struct bpe *b);
int bpe_encode(struct encoder *e, struct slice text) MUST_USE;
/* The bytes that a token's spelling stands for, into out[TOKEN_LEN_MAX]; false when some character
 * of it stands for no byte. */
bool bpe_spelling(char *out, size_t *ret_len, struct slice text);

/* --- SentencePiece's BPE */
int spm_open(struct bpe **ret, struct tokenizer *t, const struct tokenizer_source *s,
             struct err *err) MUST_USE;
int spm_encode(struct encoder *e, struct slice text) MUST_USE; /* normalised text */
/* U+2581, which vocabularies write for a space, as the space it is. */
int spm_normalise(struct buf *out, struct slice text) MUST_USE;
bool spm_has_mark(struct slice text);
/* The byte of "<0x0A>", else -1. */
int spm_byte_of(struct slice text);

/* --- WordPiece */
int wordpiece_open(struct wordpiece **ret, struct tokenizer *t, const struct tokenizer_source *s,
                   struct err *err) MUST_USE;
void wordpiece_close(struct wordpiece *w);
int wordpiece_normalise(struct encoder *e, struct slice text) MUST_USE; /* into e->normal */
int wordpiece_encode(struct encoder *e, struct slice text) MUST_USE;    /* normalised text */
/* Whether this token continues a word: no space before it. */
bool wordpiece_continues(const struct wordpiece *w, int32_t id);

/* --- added tokens */
int added_set_init(struct added_set *set, struct arena *a, size_t cap) MUST_USE;
void added_set_add(struct added_set *set, struct added_token token);
void added_set_sort(struct added_set *set);

struct added_match {
    size_t from, to; /* of the text, with stripped spaces */
    int32_t id;
};

/* Which bytes are trusted; see tokenizer.h. */
struct trust {
    enum tokenizer_trust kind;
    const struct tokenizer_span *spans;
    size_t n, at; /* at: the first span that may still matter. */
};

/* The first added token in text[from..), leftmost and then longest; false when there is none. */
bool added_find(struct added_match *ret, const struct added_set *set, const uint8_t *classes,
                struct slice text, size_t from, struct trust *trust);

#endif
