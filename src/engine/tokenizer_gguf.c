/* What a GGUF file says of its tokenizer: the keys tokenizer.ggml.*. */
#include "engine/tokenizer_family.h"
#include "models/checkpoint.h"

#include <math.h>
#include <stdio.h>

/* GGUF's token types. */
enum { GGML_NORMAL = 1, GGML_UNKNOWN, GGML_CONTROL, GGML_USER_DEFINED, GGML_UNUSED, GGML_BYTE };

static bool among(const char *const *list, struct slice s)
{
    for (; list && *list; list++)
        if (slice_is(s, *list)) return true;
    return false;
}

static int refuse(const struct checkpoint *c, struct slice model, struct slice pre, struct err *err)
{
    char known[256] = "";
    size_t n = 0;
    for (size_t i = 0; i < tokenizer_family_registry_len; i++) {
        const struct tokenizer_family *f = tokenizer_family_registry[i];
        for (const char *const *p = f->ggml_pre; *p && n + strlen(*p) + 3 < sizeof known; p++) {
            n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", n ? ", " : "", *p);
        }
    }
    return err_set(err, ERR_UNSUPPORTED_FORMAT,
                   "%s: tokenizer.ggml.model \"%.*s\" with tokenizer.ggml.pre \"%.*s\" is not "
                   "supported; known are: %s",
                   c->path, SLICE_FMT(model), SLICE_FMT(pre), known);
}

static int choose_family(struct tokenizer_source *s, const struct checkpoint *c, struct err *err)
{
    struct slice model, pre, arch;
    TRY(checkpoint_get_string(c, &model, "tokenizer.ggml.model", err));
    TRY(checkpoint_opt_string(c, &pre, "tokenizer.ggml.pre", NULL, err));
    TRY(checkpoint_opt_string(c, &arch, "general.architecture", "", err));
    for (size_t i = 0; i < tokenizer_family_registry_len; i++) {
        const struct tokenizer_family *f = tokenizer_family_registry[i];
        if (!slice_is(model, f->ggml_model)) continue;
        if (pre.ptr ? among(f->ggml_pre, pre) : among(f->architectures, arch)) {
            s->family = f;
            return 0;
        }
    }
    return refuse(c, model, pre.ptr ? pre : SLICE("(missing)"), err);
}

static enum token_kind kind_of(int64_t ggml_type)
{
    switch (ggml_type) {
    case GGML_NORMAL: return TOKEN_NORMAL;
    case GGML_UNKNOWN: return TOKEN_UNKNOWN;
    case GGML_CONTROL: return TOKEN_CONTROL;
    case GGML_USER_DEFINED: return TOKEN_ADDED;
    case GGML_BYTE: return TOKEN_BYTE;
    default: return TOKEN_UNUSED;
    }
}

static int load_tokens(struct tokenizer_source *s, struct arena *a, const struct checkpoint *c,
                       struct err *err)
{
    const struct slice *texts;
    size_t n;
    struct checkpoint_numbers types = { 0 };
    TRY(checkpoint_get_strings(c, &texts, &n, "tokenizer.ggml.tokens", err));
    if (n == 0 || n > TOKENIZER_VOCAB_MAX)
        return err_set(err, ERR_FORMAT, "%s: tokenizer.ggml.tokens has %zu entries; 1 to %d can be",
                       c->path, n, (int)TOKENIZER_VOCAB_MAX);
    if (checkpoint_has(c, "tokenizer.ggml.token_type")) {
        TRY(checkpoint_get_ints(c, &types, "tokenizer.ggml.token_type", err));
        if (types.n != n)
            return err_set(err, ERR_FORMAT,
                           "%s: tokenizer.ggml.token_type has %llu entries for %zu tokens", c->path,
                           (unsigned long long)types.n, n);
    }
    s->tokens = ARENA_NEWS(a, n, struct source_token);
    s->n_tokens = n;
    for (size_t i = 0; s->tokens && i < n; i++)
        s->tokens[i] = (struct source_token){
            .text = texts[i],
            .kind = types.n ? (uint8_t)kind_of(checkpoint_number_i64(&types, i)) : TOKEN_NORMAL,
        };
    return arena_check(a, "the vocabulary", err);
}

/* "left right", parted by the first space that is not at the front. */
static int load_merges(struct tokenizer_source *s, struct arena *a, const struct checkpoint *c,
                       struct err *err)
{
    const struct slice *rows;
    size_t n;
    TRY(checkpoint_get_strings(c, &rows, &n, "tokenizer.ggml.merges", err));
    if (n > TOKENIZER_MERGES_MAX)
        return err_set(err, ERR_FORMAT,
                       "%s: tokenizer.ggml.merges has %zu entries; at most %d can be", c->path, n,
                       (int)TOKENIZER_MERGES_MAX);
    s->merges = ARENA_NEWS(a, n, struct source_merge);
    TRY(arena_check(a, "the merges", err));
    for (size_t i = 0; i < n; i++) {
        size_t at = slice_find(rows[i], SLICE(" "));
        if (at == 0 || at + 1 >= rows[i].len)
            return err_set(err, ERR_FORMAT, "%s: tokenizer.ggml.merges[%zu] is not two tokens",
                           c->path, i);
        s->merges[i].left = (struct slice){ rows[i].ptr, at };
        s->merges[i].right = (struct slice){ rows[i].ptr + at + 1, rows[i].len - at - 1 };
    }
    s->n_merges = n;
    return 0;
}

/* What SentencePiece's BPE merges by; converters write a score for every token. */
static int load_scores(struct tokenizer_source *s, struct arena *a, const struct checkpoint *c,
                       struct err *err)
{
    struct checkpoint_numbers scores;
    bool prefix;
    TRY(checkpoint_opt_bool(c, &prefix, "tokenizer.ggml.add_space_prefix", true, err));
    if (prefix)
        return err_set(err, ERR_UNSUPPORTED_FORMAT,
                       "%s: tokenizer.ggml.add_space_prefix is true (or missing); only false is "
                       "supported",
                       c->path);
    TRY(checkpoint_get_floats(c, &scores, "tokenizer.ggml.scores", err));
    if (scores.n != s->n_tokens)
        return err_set(err, ERR_FORMAT, "%s: tokenizer.ggml.scores has %llu entries for %zu tokens",
                       c->path, (unsigned long long)scores.n, s->n_tokens);
    for (size_t i = 0; i < s->n_tokens; i++) {
        struct source_token *token = &s->tokens[i];
        token->score = (float)checkpoint_number_f64(&scores, i);
        if (!isfinite(token->score))
            return err_set(err, ERR_FORMAT, "%s: tokenizer.ggml.scores[%zu] is no number", c->path,
                           i);
        if (token->kind != TOKEN_ADDED || !spm_has_mark(token->text)) continue;
        /* Some converters leave U+2581 in what is looked for in plain text. */
        struct buf plain;
        buf_init(&plain, token->text.len + 1);
        int rc = spm_normalise(&plain, token->text);
        if (rc == 0) token->text = arena_slice(a, buf_slice(&plain));
        buf_release(&plain);
        if (rc < 0) return err_set(err, ERR_NO_MEMORY, "%s: no memory for token %zu", c->path, i);
    }
    return arena_check(a, "the vocabulary", err);
}

static int load_id(int32_t *ret, const struct tokenizer_source *s, const struct checkpoint *c,
                   const char *key, struct err *err)
{
    if (!checkpoint_has(c, key)) return 0;
    uint64_t id;
    TRY(checkpoint_get_u64(c, &id, key, err));
    if (id == UINT32_MAX) return 0; /* How some converters write "none". */
    if (id >= s->n_tokens)
        return err_set(err, ERR_FORMAT, "%s: %s is %llu, but there are only %zu tokens", c->path,
                       key, (unsigned long long)id, s->n_tokens);
    *ret = (int32_t)id;
    return 0;
}

static int load_special(struct tokenizer_source *s, const struct checkpoint *c, struct err *err)
{
    struct tokenizer_special *p = &s->special;
    int32_t eot = TOKEN_NONE, eom = TOKEN_NONE;
    const struct {
        const char *key;
        int32_t *id;
    } ids[] = {
        { "tokenizer.ggml.bos_token_id", &p->bos },
        { "tokenizer.ggml.eos_token_id", &p->eos },
        { "tokenizer.ggml.unknown_token_id", &p->unk },
        { "tokenizer.ggml.padding_token_id", &p->pad },
        { "tokenizer.ggml.cls_token_id", &p->cls },
        { "tokenizer.ggml.seperator_token_id", &p->sep }, /* Spelt so by the specification. */
        { "tokenizer.ggml.mask_token_id", &p->mask },
        { "tokenizer.ggml.fim_pre_token_id", &p->fim_prefix },
        { "tokenizer.ggml.fim_suf_token_id", &p->fim_suffix },
        { "tokenizer.ggml.fim_mid_token_id", &p->fim_middle },
        { "tokenizer.ggml.fim_pad_token_id", &p->fim_pad },
        { "tokenizer.ggml.fim_rep_token_id", &p->repo },
        { "tokenizer.ggml.fim_sep_token_id", &p->file_sep },
        { "tokenizer.ggml.eot_token_id", &eot },
        { "tokenizer.ggml.eom_token_id", &eom },
    };
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        TRY(load_id(ids[i].id, s, c, ids[i].key, err));
    if (eot != TOKEN_NONE) p->end[p->n_end++] = eot;
    if (eom != TOKEN_NONE && eom != eot) p->end[p->n_end++] = eom;
    return 0;
}

/* What .add_special puts around a text. BERT always has its two, SentencePiece the first of them
 * where no key says otherwise; others by their keys. */
static int load_around(struct tokenizer_source *s, const struct checkpoint *c, struct err *err)
{
    bool bert = s->family->algorithm == ALGORITHM_WORDPIECE, bos, eos;
    const struct tokenizer_special *p = &s->special;
    bool spm = s->family->algorithm == ALGORITHM_SPM;
    TRY(checkpoint_opt_bool(c, &bos, "tokenizer.ggml.add_bos_token", bert || spm, err));
    TRY(checkpoint_opt_bool(c, &eos, "tokenizer.ggml.add_eos_token", bert, err));
    int32_t first = bert && p->cls != TOKEN_NONE ? p->cls : p->bos;
    int32_t last = bert && p->sep != TOKEN_NONE ? p->sep : p->eos;
    if ((bos && first == TOKEN_NONE) || (eos && last == TOKEN_NONE))
        return err_set(
            err, ERR_FORMAT,
            "%s: a token is to be added at the %s of each text, but which one is not said", c->path,
            bos && first == TOKEN_NONE ? "beginning" : "end");
    if (bos) s->prefix_id = first;
    if (eos) s->suffix_id = last;
    return 0;
}

int tokenizer_source_gguf(struct tokenizer_source *s, struct arena *a, const struct checkpoint *c,
                          struct err *err)
{
    TRY(choose_family(s, c, err));
    TRY(load_tokens(s, a, c, err));
    TRY(load_special(s, c, err));
    s->nfc = s->family->nfc;
    s->whole_words = s->family->whole_words;
    if (s->family->algorithm == ALGORITHM_BPE) {
        TRY(load_merges(s, a, c, err));
    } else if (s->family->algorithm == ALGORITHM_SPM) {
        TRY(load_scores(s, a, c, err));
    } else {
        /* GGUF has no keys for these: the converters take uncased BERT's. */
        s->bert.clean = s->bert.chinese = s->bert.accents = s->bert.lower = s->bert.phantom = true;
        s->bert.word_chars_max = 100;
    }
    return load_around(s, c, err);
}
