/* From what a loader found to a tokenizer: checks, copies, and the tables of the algorithm. */
#include "engine/tokenizer_family.h"
#include "models/checkpoint.h"

#include "base/seam.h"

#include <assert.h>

/* Texts that published models use, where no key names the token. The first that exists counts. */
struct well_known {
    size_t offset; /* Of the member of struct tokenizer_special. */
    const char *texts[5];
};

#define MEMBER(name) offsetof(struct tokenizer_special, name)
static const struct well_known well_known[] = {
    { MEMBER(fim_prefix), { "<|fim_prefix|>", "<fim_prefix>", "<fim-prefix>", "<PRE>" } },
    { MEMBER(fim_suffix), { "<|fim_suffix|>", "<fim_suffix>", "<fim-suffix>", "<SUF>" } },
    { MEMBER(fim_middle), { "<|fim_middle|>", "<fim_middle>", "<fim-middle>", "<MID>" } },
    { MEMBER(fim_pad), { "<|fim_pad|>", "<fim_pad>", "<fim-pad>", "<PAD>" } },
    { MEMBER(repo), { "<|repo_name|>", "<repo_name>", "<reponame>" } },
    { MEMBER(file_sep), { "<|file_sep|>", "<file_sep>" } },
    { MEMBER(unk), { "[UNK]", "<unk>" } },
    { MEMBER(cls), { "[CLS]" } },
    { MEMBER(sep), { "[SEP]" } },
    { MEMBER(mask), { "[MASK]" } },
    { MEMBER(pad), { "[PAD]", "<pad>" } },
};

/* Whatever ends a turn or a text, in any published format. */
static const char *const ends[] = {
    "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>",    "<|end_of_text|>", "<|end|>",
    "<|eot|>",    "</s>",          "<EOT>",      "<end_of_turn>", "<|end_of_turn|>"
};

static int32_t control_by_text(const struct tokenizer_source *s, const struct map *texts,
                               const char *text)
{
    uint32_t id;
    if (!map_get(texts, slice_of(text), &id)) return TOKEN_NONE;
    return s->tokens[id].kind == TOKEN_NORMAL ? TOKEN_NONE : (int32_t)id;
}

static void add_end(struct tokenizer_special *special, int32_t id)
{
    if (id == TOKEN_NONE || special->n_end == TOKENIZER_END_MAX) return;
    for (size_t i = 0; i < special->n_end; i++)
        if (special->end[i] == id) return;
    special->end[special->n_end++] = id;
}

void tokenizer_source_guess(struct tokenizer_source *s, const struct map *texts)
{
    for (size_t i = 0; i < sizeof well_known / sizeof *well_known; i++) {
        int32_t *id = (int32_t *)((char *)&s->special + well_known[i].offset);
        for (size_t k = 0; *id == TOKEN_NONE && k < 5 && well_known[i].texts[k]; k++)
            *id = control_by_text(s, texts, well_known[i].texts[k]);
    }
    add_end(&s->special, s->special.eos);
    if (s->family->algorithm == ALGORITHM_WORDPIECE) return;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        add_end(&s->special, control_by_text(s, texts, ends[i]));
    /* Code models end a file with what would begin the next one. */
    add_end(&s->special, s->special.fim_pad);
    add_end(&s->special, s->special.repo);
    add_end(&s->special, s->special.file_sep);
}

static int check_token(const struct tokenizer_source *s, size_t id, struct err *err)
{
    struct slice text = s->tokens[id].text;
    if (text.len > TOKEN_LEN_MAX)
        return err_set(err, ERR_LIMIT, "%s: token %zu has %zu bytes; at most %d are supported",
                       s->name, id, text.len, (int)TOKEN_LEN_MAX);
    if (text.len == 0) return err_set(err, ERR_FORMAT, "%s: token %zu is empty", s->name, id);
    uint32_t other;
    if (map_get(&s->texts, text, &other))
        return err_set(err, ERR_FORMAT, "%s: tokens %u and %zu are both \"%.*s\"", s->name, other,
                       id, (int)(text.len < 64 ? text.len : 64), text.ptr);
    return 0;
}

static int out_of_memory(const struct tokenizer_source *s, struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, "%s: no memory for a vocabulary of %zu tokens", s->name,
                   s->n_tokens);
}

static int index_texts(struct tokenizer_source *s, struct err *err)
{
    if (map_reserve(&s->texts, s->n_tokens) < 0) return out_of_memory(s, err);
    for (size_t i = 0; i < s->n_tokens; i++) {
        if (s->tokens[i].kind == TOKEN_UNUSED) continue;
        TRY(check_token(s, i, err));
        if (map_put(&s->texts, s->tokens[i].text, (uint32_t)i) < 0) return out_of_memory(s, err);
    }
    return 0;
}

/* The bytes that token i stands for, into out where they are not its text. */
static int bytes_of(struct slice *ret, char out[TOKEN_LEN_MAX], const struct tokenizer_source *s,
                    size_t i, struct err *err)
{
    const struct source_token *token = &s->tokens[i];
    enum tokenizer_algorithm algorithm = s->family->algorithm;
    *ret = token->text;
    if (algorithm == ALGORITHM_BPE && token->kind == TOKEN_NORMAL) {
        size_t len;
        if (bpe_spelling(out, &len, token->text)) *ret = (struct slice){ out, len };
    } else if (algorithm == ALGORITHM_SPM && token->kind == TOKEN_BYTE) {
        int byte = spm_byte_of(token->text);
        if (byte < 0)
            return err_set(err, ERR_FORMAT, "%s: token %zu is a byte, but its text is \"%.*s\"",
                           s->name, i, (int)(token->text.len < 64 ? token->text.len : 64),
                           token->text.ptr);
        out[0] = (char)byte;
        *ret = (struct slice){ out, 1 };
    } else if (algorithm == ALGORITHM_SPM && spm_has_mark(token->text)) {
        struct buf plain;
        buf_init(&plain, TOKEN_LEN_MAX + 1);
        int rc = spm_normalise(&plain, token->text);
        if (rc == 0) memcpy(out, plain.ptr, plain.len);
        *ret = (struct slice){ out, plain.len };
        buf_release(&plain);
        if (rc < 0) return out_of_memory(s, err);
    }
    return 0;
}

static int copy_tokens(struct tokenizer *t, const struct tokenizer_source *s, struct err *err)
{
    t->n_vocab = s->n_tokens;
    t->bytes = ARENA_NEWS(&t->arena, s->n_tokens, struct slice);
    t->kinds = ARENA_NEWS(&t->arena, s->n_tokens, uint8_t);
    if (!t->bytes || !t->kinds) return out_of_memory(s, err);
    for (size_t i = 0; i < s->n_tokens; i++) {
        char spelled[TOKEN_LEN_MAX];
        struct slice bytes;
        t->kinds[i] = s->tokens[i].kind;
        t->bytes[i] = (struct slice){ "", 0 };
        if (t->kinds[i] == TOKEN_UNUSED) continue;
        TRY(bytes_of(&bytes, spelled, s, i, err));
        t->bytes[i] = arena_slice(&t->arena, bytes);
        if (!t->bytes[i].ptr) return out_of_memory(s, err);
    }
    return 0;
}

static bool is_added(enum token_kind kind)
{
    return kind == TOKEN_CONTROL || kind == TOKEN_UNKNOWN || kind == TOKEN_ADDED;
}

static int fill_added(struct tokenizer *t, const struct tokenizer_source *s, struct err *err)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_tokens; i++) n += is_added((enum token_kind)s->tokens[i].kind);
    if (added_set_init(&t->raw, &t->arena, n) < 0 || added_set_init(&t->normal, &t->arena, n) < 0)
        return out_of_memory(s, err);
    for (size_t i = 0; i < s->n_tokens; i++) {
        const struct source_token *from = &s->tokens[i];
        if (!is_added((enum token_kind)from->kind)) continue;
        struct added_token token = { .text = arena_slice(&t->arena, from->text),
                                     .id = (int32_t)i,
                                     .flags = from->flags,
                                     .control = from->kind != TOKEN_ADDED };
        if (!token.text.ptr) return out_of_memory(s, err);
        bool normal = !token.control && (from->flags & ADDED_NORMALIZED);
        added_set_add(normal ? &t->normal : &t->raw, token);
        if (map_put(&t->added_ids, token.text, (uint32_t)i) < 0) return out_of_memory(s, err);
    }
    return 0;
}

/* The texts of t->normal are themselves normalised; what becomes empty or equal is left out. */
static int normalise_added(struct tokenizer *t, const struct tokenizer_source *s, struct err *err)
{
    struct encoder e = { .t = t };
    buf_init(&e.normal, TOKEN_LEN_MAX * 8);
    size_t kept = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < t->normal.len; i++) {
        struct added_token *token = &t->normal.at[i];
        struct slice text;
        rc = tokenizer_normalise(&e, &text, token->text);
        if (rc == 0) token->text = arena_slice(&t->arena, text);
        if (rc == 0 && !token->text.ptr) rc = -ERR_NO_MEMORY;
        if (rc == 0 && token->text.len > 0) t->normal.at[kept++] = *token;
    }
    buf_release(&e.normal);
    points_release(&e.points);
    if (rc < 0) return out_of_memory(s, err);
    t->normal.len = 0;
    memset(t->normal.begins, 0, sizeof t->normal.begins);
    for (size_t i = 0; i < kept; i++) added_set_add(&t->normal, t->normal.at[i]);
    added_set_sort(&t->raw);
    added_set_sort(&t->normal);
    return 0;
}

static int check_id(const struct tokenizer_source *s, int32_t id, const char *what, struct err *err)
{
    if (id == TOKEN_NONE || (id >= 0 && (size_t)id < s->n_tokens)) return 0;
    return err_set(err, ERR_FORMAT, "%s: the %s token's id %d is outside the vocabulary of %zu",
                   s->name, what, id, s->n_tokens);
}

static int fill(struct tokenizer *t, struct tokenizer_source *s, struct err *err)
{
    TRY(check_id(s, s->prefix_id, "first", err));
    TRY(check_id(s, s->suffix_id, "last", err));
    TRY(index_texts(s, err));
    tokenizer_source_guess(s, &s->texts);
    t->special = s->special;
    t->prefix_id = s->prefix_id;
    t->suffix_id = s->suffix_id;
    t->special.add_bos = s->prefix_id != TOKEN_NONE;
    t->special.add_eos = s->suffix_id != TOKEN_NONE;
    t->nfc = s->nfc;
    t->classes = unicode_classes_new();
    if (!t->classes) return out_of_memory(s, err);
    TRY(copy_tokens(t, s, err));
    TRY(fill_added(t, s, err));
    switch (t->family->algorithm) {
    case ALGORITHM_BPE: TRY(bpe_open(&t->bpe, t, s, err)); break;
    case ALGORITHM_SPM: TRY(spm_open(&t->bpe, t, s, err)); break;
    case ALGORITHM_WORDPIECE: TRY(wordpiece_open(&t->wordpiece, t, s, err)); break;
    }
    return normalise_added(t, s, err);
}

int tokenizer_build(struct tokenizer **ret, struct tokenizer_source *s, struct err *err)
{
    assert(s->family && s->n_tokens <= TOKENIZER_VOCAB_MAX && s->n_merges <= TOKENIZER_MERGES_MAX);
    struct tokenizer *t = mem_calloc(1, sizeof *t);
    if (!t) return out_of_memory(s, err);
    t->family = s->family;
    arena_init(&t->arena, TOKENIZER_MEMORY_MAX);
    map_init(&s->texts);
    int rc = fill(t, s, err);
    map_release(&s->texts);
    if (rc < 0) {
        tokenizer_close(t);
        return rc;
    }
    *ret = t;
    return 0;
}

void tokenizer_close(struct tokenizer *t)
{
    if (!t) return;
    bpe_close(t->bpe);
    wordpiece_close(t->wordpiece);
    map_release(&t->added_ids);
    mem_free(t->classes);
    arena_release(&t->arena);
    mem_free(t);
}

/* A source with nothing in it yet, and the arena that its parts come from. */
static void source_init(struct tokenizer_source *s, struct arena *a, const char *name)
{
    arena_init(a, TOKENIZER_MEMORY_MAX);
    *s = (struct tokenizer_source){ .name = name,
                                    .prefix_id = TOKEN_NONE,
                                    .suffix_id = TOKEN_NONE };
    s->special = (struct tokenizer_special){
        .bos = TOKEN_NONE,
        .eos = TOKEN_NONE,
        .unk = TOKEN_NONE,
        .pad = TOKEN_NONE,
        .cls = TOKEN_NONE,
        .sep = TOKEN_NONE,
        .mask = TOKEN_NONE,
        .fim_prefix = TOKEN_NONE,
        .fim_suffix = TOKEN_NONE,
        .fim_middle = TOKEN_NONE,
        .fim_pad = TOKEN_NONE,
        .repo = TOKEN_NONE,
        .file_sep = TOKEN_NONE,
    };
}

int tokenizer_open(struct tokenizer **ret, const struct checkpoint *c, struct err *err)
{
    struct tokenizer_source s;
    struct arena a;
    source_init(&s, &a, c->path);
    int rc;
    if (c->kind == CHECKPOINT_GGUF)
        rc = tokenizer_source_gguf(&s, &a, c, err);
    else if (!c->json[CHECKPOINT_TOKENIZER])
        rc = err_set(err, ERR_FORMAT, "%s: there is no tokenizer.json beside the weights", c->path);
    else
        rc = tokenizer_source_json(&s, &a, c->json[CHECKPOINT_TOKENIZER],
                                   c->json[CHECKPOINT_TOKENIZER_CONFIG], err);
    if (rc == 0) rc = tokenizer_build(ret, &s, err);
    arena_release(&a);
    return rc;
}

int tokenizer_open_json(struct tokenizer **ret, struct slice json, struct slice config,
                        struct err *err)
{
    struct tokenizer_source s;
    struct arena a;
    json_t *root = NULL, *settings = NULL;
    source_init(&s, &a, "tokenizer.json");
    int rc = json_read(&root, json, &json_limits_file, "tokenizer.json", err);
    if (rc == 0 && config.len)
        rc = json_read(&settings, config, &json_limits_file, "tokenizer_config.json", err);
    if (rc == 0) rc = tokenizer_source_json(&s, &a, root, settings, err);
    if (rc == 0) rc = tokenizer_build(ret, &s, err);
    arena_release(&a);
    json_decref(root);
    json_decref(settings);
    return rc;
}
