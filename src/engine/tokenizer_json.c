/* What a Hugging Face tokenizer.json says. A setting that would change ids and is not understood is
 * refused by name: a wrong id is worse than no model. */
#include "engine/tokenizer_family.h"

static int unsupported(const struct tokenizer_source *s, const char *what, const char *value,
                       struct err *err)
{
    return err_set(err, ERR_UNSUPPORTED_FORMAT, "%s: %s \"%s\" is not supported", s->name, what,
                   value ? value : "(none)");
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static const char *type_of(const json_t *object)
{
    const char *type = text_of(object, "type");
    return type ? type : "";
}

/* null, missing and false are all "no"; anything else is the default only when missing. */
static bool flag(const json_t *object, const char *key, bool def)
{
    const json_t *v = json_object_get(object, key);
    return v ? json_is_true(v) : def;
}

static bool is_set(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    if (!v || json_is_null(v) || json_is_false(v)) return false;
    return !(json_is_string(v) && json_string_length(v) == 0);
}

/* --- the family, by the pre-tokeniser --------------------------------------------------------- */

/* ByteLevel with or without its own regex, and without a space put in front. */
static bool is_byte_level(const json_t *p, bool regex)
{
    return strcmp(type_of(p), "ByteLevel") == 0 && flag(p, "use_regex", true) == regex &&
           !flag(p, "add_prefix_space", true);
}

static bool is_split(const json_t *p, const char *regex)
{
    const char *pattern = text_of(json_object_get(p, "pattern"), "Regex");
    const char *behavior = text_of(p, "behavior");
    return strcmp(type_of(p), "Split") == 0 && pattern && regex && strcmp(pattern, regex) == 0 &&
           behavior && strcmp(behavior, "Isolated") == 0 && !flag(p, "invert", false);
}

static bool is_digits(const json_t *p)
{
    return strcmp(type_of(p), "Digits") == 0 && flag(p, "individual_digits", false);
}

/* Gemma's: a Split at the spaces that the normaliser has taken already. */
static bool is_spm(const json_t *p)
{
    const char *pattern = text_of(json_object_get(p, "pattern"), "String");
    const char *behavior = text_of(p, "behavior");
    return strcmp(type_of(p), "Split") == 0 && pattern && strcmp(pattern, " ") == 0 && behavior &&
           strcmp(behavior, "MergedWithPrevious") == 0 && !flag(p, "invert", false);
}

static bool family_fits(const struct tokenizer_family *f, const json_t *pre)
{
    const json_t *steps = json_object_get(pre, "pretokenizers");
    if (f->algorithm == ALGORITHM_WORDPIECE) return strcmp(type_of(pre), "BertPreTokenizer") == 0;
    if (f->algorithm == ALGORITHM_SPM) return is_spm(pre);
    if (!f->regex && !f->digits) return is_byte_level(pre, true);
    if (strcmp(type_of(pre), "Sequence") != 0 || json_array_size(steps) != 2) return false;
    const json_t *first = json_array_get(steps, 0), *second = json_array_get(steps, 1);
    if (f->digits) return is_digits(first) && is_byte_level(second, true);
    return is_split(first, f->regex) && is_byte_level(second, false);
}

static int choose_family(struct tokenizer_source *s, const json_t *root, struct err *err)
{
    const json_t *model = json_object_get(root, "model");
    const json_t *pre = json_object_get(root, "pre_tokenizer");
    const char *type = type_of(model);
    bool bpe = strcmp(type, "BPE") == 0;
    if (!bpe && strcmp(type, "WordPiece") != 0) return unsupported(s, "model.type", type, err);
    for (size_t i = 0; i < tokenizer_family_registry_len; i++) {
        const struct tokenizer_family *f = tokenizer_family_registry[i];
        if (bpe == (f->algorithm != ALGORITHM_WORDPIECE) && family_fits(f, pre)) {
            s->family = f;
            return 0;
        }
    }
    return err_set(err, ERR_UNSUPPORTED_FORMAT,
                   "%s: its pre_tokenizer (%s) with these settings is of no supported family",
                   s->name, type_of(pre));
}

/* --- normaliser ------------------------------------------------------------------------------- */

static int load_normalizer(struct tokenizer_source *s, const json_t *root, struct err *err)
{
    const json_t *n = json_object_get(root, "normalizer");
    const json_t *steps = json_object_get(n, "normalizers");
    if (strcmp(type_of(n), "Sequence") == 0 && json_array_size(steps) == 1)
        n = json_array_get(steps, 0);
    bool none = !n || json_is_null(n) ||
                (strcmp(type_of(n), "Sequence") == 0 && json_array_size(steps) == 0);
    const char *type = type_of(n);
    if (s->family->algorithm == ALGORITHM_SPM) {
        const char *from = text_of(json_object_get(n, "pattern"), "String");
        const char *to = text_of(n, "content");
        bool fits = strcmp(type, "Replace") == 0 && from && strcmp(from, " ") == 0 && to &&
                    strcmp(to, "\xE2\x96\x81") == 0;
        return fits ? 0 : unsupported(s, "normalizer.type", type, err);
    }
    if (none) return 0;
    if (s->family->algorithm == ALGORITHM_BPE) {
        s->nfc = strcmp(type, "NFC") == 0;
        return s->nfc ? 0 : unsupported(s, "normalizer.type", type, err);
    }
    if (strcmp(type, "BertNormalizer") != 0) return unsupported(s, "normalizer.type", type, err);
    s->bert.clean = flag(n, "clean_text", true);
    s->bert.chinese = flag(n, "handle_chinese_chars", true);
    s->bert.lower = flag(n, "lowercase", true);
    const json_t *accents = json_object_get(n, "strip_accents");
    s->bert.accents = json_is_boolean(accents) ? json_is_true(accents) : s->bert.lower;
    return 0;
}

/* --- vocabulary ------------------------------------------------------------------------------- */

static int bad_id(const struct tokenizer_source *s, const char *text, struct err *err)
{
    return err_set(err, ERR_FORMAT, "%s: the id of token \"%.64s\" is no number from 0 to %d",
                   s->name, text, (int)TOKENIZER_VOCAB_MAX - 1);
}

static bool id_of(size_t *ret, const json_t *v)
{
    if (!json_is_integer(v)) return false;
    json_int_t id = json_integer_value(v);
    if (id < 0 || id >= TOKENIZER_VOCAB_MAX) return false;
    *ret = (size_t)id;
    return true;
}

/* How many ids there are, holes included. */
static int count_ids(struct tokenizer_source *s, json_t *vocab, json_t *added, struct err *err)
{
    size_t most = 0, i, id;
    const char *text;
    json_t *v;
    json_object_foreach(vocab, text, v)
    {
        if (!id_of(&id, v)) return bad_id(s, text, err);
        if (id > most) most = id;
    }
    json_array_foreach(added, i, v)
    {
        const char *content = text_of(v, "content");
        if (!content) return unsupported(s, "added_tokens[]", "without content", err);
        if (!id_of(&id, json_object_get(v, "id"))) return bad_id(s, content, err);
        if (id > most) most = id;
    }
    size_t named = json_object_size(vocab) + json_array_size(added);
    if (named == 0 || most >= named + TOKENIZER_HOLES_MAX)
        return err_set(err, ERR_FORMAT, "%s: %zu tokens have ids up to %zu", s->name, named, most);
    s->n_tokens = most + 1;
    return 0;
}

static int put_token(struct tokenizer_source *s, size_t id, struct slice text, struct err *err)
{
    struct source_token *token = &s->tokens[id];
    if (token->text.ptr && !slice_eq(token->text, text))
        return err_set(err, ERR_FORMAT, "%s: \"%.*s\" and \"%.*s\" both have the id %zu", s->name,
                       (int)(token->text.len < 64 ? token->text.len : 64), token->text.ptr,
                       (int)(text.len < 64 ? text.len : 64), text.ptr, id);
    token->text = text;
    return 0;
}

/* <|...|> is control whatever the file says: several models forget to mark their own. */
static bool looks_like_control(struct slice text)
{
    return text.len > 4 && slice_starts(text, SLICE("<|")) && slice_ends(text, SLICE("|>"));
}

static int load_added(struct tokenizer_source *s, const json_t *v, struct err *err)
{
    struct slice text = slice_of(text_of(v, "content"));
    size_t id = (size_t)json_integer_value(json_object_get(v, "id"));
    if (flag(v, "single_word", false))
        return unsupported(s, "an added token with single_word", text.ptr, err);
    TRY(put_token(s, id, text, err));
    bool control = flag(v, "special", false) || looks_like_control(text);
    s->tokens[id].kind = control ? TOKEN_CONTROL : TOKEN_ADDED;
    s->tokens[id].flags = (uint8_t)((flag(v, "lstrip", false) ? ADDED_LSTRIP : 0) |
                                    (flag(v, "rstrip", false) ? ADDED_RSTRIP : 0) |
                                    (flag(v, "normalized", !control) ? ADDED_NORMALIZED : 0));
    return 0;
}

static int load_vocab(struct tokenizer_source *s, struct arena *a, const json_t *root,
                      struct err *err)
{
    json_t *vocab = json_object_get(json_object_get(root, "model"), "vocab");
    json_t *added = json_object_get(root, "added_tokens");
    if (!json_is_object(vocab)) return unsupported(s, "model.vocab", "of this type", err);
    TRY(count_ids(s, vocab, added, err));
    s->tokens = ARENA_NEWS(a, s->n_tokens, struct source_token);
    TRY(arena_check(a, "the vocabulary", err));
    for (size_t i = 0; i < s->n_tokens; i++) s->tokens[i].kind = TOKEN_UNUSED;
    const char *text;
    json_t *v;
    size_t i;
    json_object_foreach(vocab, text, v)
    {
        size_t id = (size_t)json_integer_value(v);
        TRY(put_token(s, id, slice_of(text), err));
        bool byte = s->family->algorithm == ALGORITHM_SPM && spm_byte_of(slice_of(text)) >= 0;
        s->tokens[id].kind = byte ? TOKEN_BYTE : TOKEN_NORMAL;
    }
    json_array_foreach(added, i, v) TRY(load_added(s, v, err));
    return 0;
}

static int load_merge(struct source_merge *ret, const json_t *row)
{
    if (json_is_array(row) && json_array_size(row) == 2) {
        ret->left = slice_of(json_string_value(json_array_get(row, 0)));
        ret->right = slice_of(json_string_value(json_array_get(row, 1)));
        return ret->left.len && ret->right.len ? 0 : -ERR_FORMAT;
    }
    struct slice text = slice_of(json_string_value(row));
    size_t at = slice_find(text, SLICE(" "));
    if (at == 0 || at + 1 >= text.len) return -ERR_FORMAT;
    ret->left = (struct slice){ text.ptr, at };
    ret->right = (struct slice){ text.ptr + at + 1, text.len - at - 1 };
    return 0;
}

static int load_bpe(struct tokenizer_source *s, struct arena *a, const json_t *model,
                    struct err *err)
{
    const char *const must_be_off[] = { "dropout", "continuing_subword_prefix",
                                        "end_of_word_suffix", "byte_fallback", "unk_token" };
    bool spm = s->family->algorithm == ALGORITHM_SPM;
    if (spm && !flag(model, "byte_fallback", false))
        return unsupported(s, "model setting", "byte_fallback: false", err);
    if (spm && flag(model, "ignore_merges", false))
        return unsupported(s, "model setting", "ignore_merges", err);
    for (size_t i = 0; i < sizeof must_be_off / sizeof *must_be_off - (spm ? 2 : 0); i++)
        if (is_set(model, must_be_off[i]))
            return unsupported(s, "model setting", must_be_off[i], err);
    s->whole_words = flag(model, "ignore_merges", false);
    json_t *merges = json_object_get(model, "merges");
    size_t n = json_array_size(merges), i;
    if (!json_is_array(merges) || n > TOKENIZER_MERGES_MAX)
        return err_set(err, ERR_FORMAT, "%s: model.merges is no list of at most %d pairs", s->name,
                       (int)TOKENIZER_MERGES_MAX);
    s->merges = ARENA_NEWS(a, n, struct source_merge);
    TRY(arena_check(a, "the merges", err));
    s->n_merges = n;
    json_t *row;
    json_array_foreach(merges, i, row)
    {
        if (load_merge(&s->merges[i], row) < 0)
            return err_set(err, ERR_FORMAT, "%s: model.merges[%zu] is not two tokens", s->name, i);
    }
    return 0;
}

static int32_t id_by_text(const struct tokenizer_source *s, const json_t *root, const char *text)
{
    size_t i, id;
    json_t *v, *model = json_object_get(root, "model");
    if (!text) return TOKEN_NONE;
    json_array_foreach(json_object_get(root, "added_tokens"), i, v)
    {
        const char *content = text_of(v, "content");
        if (content && strcmp(content, text) == 0)
            return (int32_t)json_integer_value(json_object_get(v, "id"));
    }
    if (!id_of(&id, json_object_get(json_object_get(model, "vocab"), text))) return TOKEN_NONE;
    return id < s->n_tokens ? (int32_t)id : TOKEN_NONE;
}

static void load_wordpiece(struct tokenizer_source *s, const json_t *root, const json_t *model)
{
    const char *prefix = text_of(model, "continuing_subword_prefix");
    const json_t *chars = json_object_get(model, "max_input_chars_per_word");
    json_int_t n = json_is_integer(chars) ? json_integer_value(chars) : 100;
    s->bert.prefix = slice_of(prefix ? prefix : "##");
    s->bert.word_chars_max = n < 0 ? 0 : (uint64_t)n;
    s->special.unk = id_by_text(s, root, text_of(model, "unk_token"));
}

/* --- what goes around a text ------------------------------------------------------------------ */

static int32_t template_token(const struct tokenizer_source *s, const json_t *root,
                              const json_t *item)
{
    return id_by_text(s, root, text_of(json_object_get(item, "SpecialToken"), "id"));
}

static int32_t pair_id(const json_t *p, const char *key)
{
    size_t id;
    return id_of(&id, json_array_get(json_object_get(p, key), 1)) ? (int32_t)id : TOKEN_NONE;
}

static int load_template(struct tokenizer_source *s, const json_t *root, const json_t *p,
                         struct err *err)
{
    const json_t *items = json_object_get(p, "single");
    size_t n = json_array_size(items), text = n;
    for (size_t i = 0; i < n; i++)
        if (json_object_get(json_array_get(items, i), "Sequence")) text = i;
    if (n == 0 || text > 1 || n - text > 2)
        return unsupported(s, "post_processor.single", "with these parts", err);
    if (text == 1) s->prefix_id = template_token(s, root, json_array_get(items, 0));
    if (n - text == 2) s->suffix_id = template_token(s, root, json_array_get(items, text + 1));
    return 0;
}

static int load_post(struct tokenizer_source *s, const json_t *root, const json_t *p,
                     struct err *err)
{
    const char *type = type_of(p);
    if (!p || json_is_null(p) || strcmp(type, "ByteLevel") == 0) return 0;
    if (strcmp(type, "TemplateProcessing") == 0) return load_template(s, root, p, err);
    if (strcmp(type, "BertProcessing") == 0 || strcmp(type, "RobertaProcessing") == 0) {
        s->prefix_id = pair_id(p, "cls");
        s->suffix_id = pair_id(p, "sep");
        return 0;
    }
    if (strcmp(type, "Sequence") != 0) return unsupported(s, "post_processor.type", type, err);
    const json_t *steps = json_object_get(p, "processors");
    for (size_t i = 0; i < json_array_size(steps); i++) {
        const json_t *step = json_array_get(steps, i);
        if (strcmp(type_of(step), "Sequence") == 0)
            return unsupported(s, "post_processor.type", "Sequence in a Sequence", err);
        TRY(load_post(s, root, step, err));
    }
    return 0;
}

/* tokenizer_config.json names tokens as strings or as objects with their content. */
static void load_named(struct tokenizer_source *s, const json_t *root, const json_t *config)
{
    struct tokenizer_special *p = &s->special;
    const struct {
        const char *key;
        int32_t *id;
    } names[] = { { "bos_token", &p->bos }, { "eos_token", &p->eos }, { "pad_token", &p->pad },
                  { "cls_token", &p->cls }, { "sep_token", &p->sep }, { "mask_token", &p->mask } };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const json_t *v = json_object_get(config, names[i].key);
        const char *text = json_is_object(v) ? text_of(v, "content") : json_string_value(v);
        int32_t id = id_by_text(s, root, text);
        if (id != TOKEN_NONE) *names[i].id = id;
    }
    if (flag(config, "add_bos_token", false) && s->prefix_id == TOKEN_NONE) s->prefix_id = p->bos;
}

int tokenizer_source_json(struct tokenizer_source *s, struct arena *a, const json_t *root,
                          const json_t *config, struct err *err)
{
    const json_t *model = json_object_get(root, "model");
    TRY(choose_family(s, root, err));
    TRY(load_normalizer(s, root, err));
    TRY(load_vocab(s, a, root, err));
    if (s->family->algorithm != ALGORITHM_WORDPIECE)
        TRY(load_bpe(s, a, model, err));
    else
        load_wordpiece(s, root, model);
    TRY(load_post(s, root, json_object_get(root, "post_processor"), err));
    load_named(s, root, config);
    return 0;
}
