/* tokenizer - from text to the ids of one model's vocabulary, and back.
 *
 *     struct tokenizer *t;
 *     TRY(tokenizer_open(&t, checkpoint, err));        GGUF keys or Hugging Face's tokenizer.json
 *     struct tokens ids;
 *     tokens_init(&ids, n_ctx);                        cannot be made without its maximum
 *     struct tokenizer_options o = { .trust = TRUST_ALL };
 *     TRY(tokenizer_encode(t, &ids, prompt, &o, err));
 *     ...
 *     struct detokenizer d;
 *     detokenizer_init(&d, t, false);
 *     detokenizer_add(&d, &out, id);                   whole characters only
 *     detokenizer_finish(&d, &out);
 *
 * Ids are those of Hugging Face `tokenizers` for the same vocabulary and family.
 *
 * Trust: control tokens (<|im_start|>, [CLS] ...) are recognised only where they lie wholly inside
 * trusted bytes. Everywhere else the same characters are ordinary text, so a user cannot write one.
 * Adjacent trusted spans count as one. The spans change nothing else: words run across their ends.
 * Added tokens that are no control tokens (<tool_call>) are recognised everywhere, as upstream
 * does. No merge of ordinary text makes a control token, whatever the model file says.
 *
 * Ill-formed UTF-8 is tokenised as U+FFFD per maximal subpart, as Python's
 * bytes.decode("utf-8", "replace") would read it. Bytes that a vocabulary lacks are left out, as
 * upstream does: SmolLM2 has no 04 06 13 14 16 1D F1 F2. Decoding WordPiece puts a space before
 * each word and cleans up nothing.
 *
 * A tokenizer is immutable once open: any number of threads may use it. A `struct detokenizer` is a
 * few bytes of state, one for each stream; copy it by assignment to try something and roll back.
 */
#ifndef TIRO_ENGINE_TOKENIZER_H
#define TIRO_ENGINE_TOKENIZER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct checkpoint;
struct tokenizer;

enum {
    TOKEN_NONE = -1,               /* A special token that the model does not have. */
    TOKENIZER_END_MAX = 16,        /* End-of-turn ids of one model. */
    TOKENIZER_VOCAB_MAX = 1 << 21, /* Largest published vocabulary: 262,144. */
    TOKENIZER_TEXT_MAX = 64 << 20, /* Bytes of one text. */
};

/* What to do with a token's text; GGUF's token types folded into what matters here. */
enum token_kind {
    TOKEN_NORMAL,
    TOKEN_UNKNOWN,
    TOKEN_CONTROL, /* Recognised in trusted text only; not shown by default. */
    TOKEN_ADDED,   /* Recognised everywhere, shown: <tool_call>. */
    TOKEN_UNUSED,  /* Padding of the vocabulary: never made from text, shown as nothing. */
    TOKEN_BYTE,
};

/* Ids, or TOKEN_NONE. Found by key, else by their well-known texts. */
struct tokenizer_special {
    int32_t bos, eos, unk, pad, cls, sep, mask;
    int32_t fim_prefix, fim_suffix, fim_middle, fim_pad, repo, file_sep;
    int32_t
        end[TOKENIZER_END_MAX]; /* Any of these ends an answer: eos, <|im_end|>, <|endoftext|>. */
    size_t n_end;
    bool add_bos, add_eos; /* What .add_special does; for BERT these are [CLS] and [SEP]. */
};

/* A list of ids that stays below its maximum. */
struct tokens {
    int32_t *ids; /* `len` of them; owned. */
    size_t len, cap, max;
};

void tokens_init(struct tokens *list, size_t max);
void tokens_release(struct tokens *list);
/* -ERR_NO_MEMORY, or -ERR_LIMIT over `max`. */
int tokens_add(struct tokens *list, int32_t id) MUST_USE;

enum tokenizer_trust { TRUST_NONE, TRUST_ALL, TRUST_SPANS };

struct tokenizer_span {
    size_t from, to; /* Bytes of the text, half open. */
};

struct tokenizer_options {
    enum tokenizer_trust trust;
    const struct tokenizer_span *spans; /* TRUST_SPANS: ascending, disjoint, within the text. */
    size_t n_spans;
    bool add_special; /* Put bos/eos ([CLS]/[SEP]) around it, if the model's own settings do. */
};

int tokenizer_open(struct tokenizer **ret, const struct checkpoint *c, struct err *err) MUST_USE;
/* From the text of a tokenizer.json alone. `config` is tokenizer_config.json or empty. */
int tokenizer_open_json(struct tokenizer **ret, struct slice json, struct slice config,
                        struct err *err) MUST_USE;
void tokenizer_close(struct tokenizer *t); /* NULL is fine. */

/* Appends to *out. Over out->max: -ERR_LIMIT and *out as it was; tokenizer_count has the number to
 * report. NULL options: TRUST_NONE, nothing added. */
int tokenizer_encode(const struct tokenizer *t, struct tokens *out, struct slice text,
                     const struct tokenizer_options *options, struct err *err) MUST_USE;
/* How many tokens tokenizer_encode would make, whatever the number. */
int tokenizer_count(const struct tokenizer *t, size_t *ret, struct slice text,
                    const struct tokenizer_options *options, struct err *err) MUST_USE;

/* Appends valid UTF-8. `control`: show control tokens too. Unknown ids give U+FFFD. */
void tokenizer_decode(const struct tokenizer *t, struct buf *out, const int32_t *ids, size_t n,
                      bool control);

size_t tokenizer_vocab_len(const struct tokenizer *t);
const char *tokenizer_family_name(const struct tokenizer *t); /* "qwen2" */
const struct tokenizer_special *tokenizer_special(const struct tokenizer *t);
/* The first id that stands for other bytes in the two, or is a control token in one only;
 * TOKEN_NONE when they agree on all ids that both have. */
int32_t tokenizer_difference(const struct tokenizer *a, const struct tokenizer *b);
/* Whether `id` ends an answer. */
bool tokenizer_is_end(const struct tokenizer *t, int32_t id);
/* The bytes that a token stands for: may be part of a character. Control tokens: their text. Valid
 * while the tokenizer is open; empty for ids that do not exist. */
struct slice tokenizer_bytes(const struct tokenizer *t, int32_t id);
enum token_kind tokenizer_kind(const struct tokenizer *t, int32_t id);
/* The id of a control or added token by its text, else TOKEN_NONE. */
int32_t tokenizer_find(const struct tokenizer *t, struct slice text);
/* Whether the model can fill in the middle (has prefix, suffix and middle tokens). */
bool tokenizer_has_fim(const struct tokenizer *t);

/* The text of a growing list of tokens. All output together is tokenizer_decode of all ids. */
struct detokenizer {
    const struct tokenizer *tokenizer;
    char held[4]; /* The beginning of a character that is not complete yet. */
    uint8_t n_held;
    bool control, started;
};

void detokenizer_init(struct detokenizer *d, const struct tokenizer *t, bool control);
/* Appends what is certain now: whole characters, and U+FFFD for bytes that can be none. */
void detokenizer_add(struct detokenizer *d, struct buf *out, int32_t id);
/* The end: a character still incomplete becomes U+FFFD. */
void detokenizer_finish(struct detokenizer *d, struct buf *out);

#endif
