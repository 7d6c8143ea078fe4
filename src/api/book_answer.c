/* Answers of the steps of a book, as book_form.c asks for them. */
#include "api/book_form.h"

static int not_as_asked(struct err *err)
{
    return err_set(err, ERR_FORMAT, "The model's answer is not what was asked for.");
}

static int read(json_t **ret, struct slice content, struct err *err)
{
    return json_read(ret, content, &json_limits_request, "the model's answer", err) < 0
               ? not_as_asked(err)
               : 0;
}

/* The text of a member, in the arena; empty: it is not there. */
static struct slice member(const json_t *object, const char *key, struct arena *arena)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value)) return SLICE("");
    struct slice text = { json_string_value(value), json_string_length(value) };
    return arena_slice(arena, slice_trim(text));
}

static size_t chars_of(struct slice text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) n += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    return n;
}

/* Up to the last comma of its second half, as a sentence. */
static struct slice cut_at_comma(struct slice text, struct arena *arena)
{
    for (size_t at = text.len; at > text.len / 2; at--)
        if (text.ptr[at - 1] == ',')
            return slice_of(arena_printf(arena, "%.*s.", (int)at - 1, text.ptr));
    return text;
}

/* The grammar sets a full stop where a line has become too long, and behind a closing quote: the
 * sentence that was cut goes, and so does a second mark. */
static struct slice mended(struct slice text, size_t chars_max, struct arena *arena)
{
    if (text.len < 3 || text.ptr[text.len - 1] != '.') return text;
    struct slice bare = slice_trim((struct slice){ text.ptr, text.len - 1 });
    if (chars_of(text) > chars_max) {
        struct slice whole = book_whole_sentences(bare);
        return whole.len < bare.len ? whole : cut_at_comma(text, arena);
    }
    char last = bare.ptr[bare.len - 1], before = bare.len > 1 ? bare.ptr[bare.len - 2] : ' ';
    bool closed = strchr(".?!", last) || (strchr("')", last) && strchr(".?!", before));
    return closed ? bare : text;
}

int book_read_content(struct slice *ret, bool *ret_cut, struct slice body, struct arena *arena,
                      struct err *err)
{
    json_t *root;
    TRY(read(&root, body, err));
    const json_t *choice = json_array_get(json_object_get(root, "choices"), 0);
    *ret = member(json_object_get(choice, "message"), "content", arena);
    const char *why = json_string_value(json_object_get(choice, "finish_reason"));
    *ret_cut = why && strcmp(why, "length") == 0;
    json_decref(root);
    return arena_check(arena, "the model's answer", err);
}

int book_read_person(struct slice *ret, struct slice content, struct arena *arena, struct err *err)
{
    json_t *root;
    TRY(read(&root, content, err));
    struct slice name = member(root, "name", arena), about = member(root, "about", arena);
    about = mended(about, BOOK_ABOUT_MAX, arena);
    *ret = slice_of(arena_printf(arena, "- %.*s: %.*s", SLICE_FMT(name), SLICE_FMT(about)));
    json_decref(root);
    TRY(arena_check(arena, "the model's answer", err));
    return name.len && about.len ? 0 : not_as_asked(err);
}

int book_read_premise(struct slice *ret_title, struct slice *ret_premise, struct slice content,
                      struct arena *arena, struct err *err)
{
    json_t *root;
    TRY(read(&root, content, err));
    struct slice wants = member(root, "wants", arena), against = member(root, "against", arena),
                 end = member(root, "end", arena);
    *ret_title = book_clip(member(root, "title", arena), BOOK_TITLE_MAX);
    wants = mended(wants, BOOK_PREMISE_MAX, arena);
    against = mended(against, BOOK_PREMISE_MAX, arena);
    end = mended(end, BOOK_PREMISE_MAX, arena);
    *ret_premise = slice_of(arena_printf(arena, "%.*s %.*s %.*s", SLICE_FMT(wants),
                                         SLICE_FMT(against), SLICE_FMT(end)));
    json_decref(root);
    TRY(arena_check(arena, "the model's answer", err));
    return wants.len && against.len && end.len && ret_title->len ? 0 : not_as_asked(err);
}

int book_read_style(struct slice *ret, struct slice content, struct arena *arena, struct err *err)
{
    static const char *const rows[][2] = { { "person", "Told in: " },
                                           { "tense", "Tense: " },
                                           { "tone", "Tone: " },
                                           { "places", "Places: " } };
    json_t *root;
    struct buf text;
    TRY(read(&root, content, err));
    buf_init(&text, BOOK_TEXT_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct slice value = member(root, rows[i][0], arena);
        if (value.len)
            buf_printf(&text, "%s%s%.*s", text.len ? "\n" : "", rows[i][1], SLICE_FMT(value));
    }
    json_decref(root);
    *ret = arena_slice(arena, buf_slice(&text));
    bool bad = text.failed || text.len == 0;
    buf_release(&text);
    TRY(arena_check(arena, "the model's answer", err));
    return bad ? not_as_asked(err) : 0;
}

int book_read_chapter(struct slice *ret_title, struct slice *ret_outline, struct slice content,
                      struct arena *arena, struct err *err)
{
    json_t *root;
    TRY(read(&root, content, err));
    *ret_title = book_clip(member(root, "title", arena), BOOK_TITLE_MAX);
    *ret_outline = mended(member(root, "outline", arena), BOOK_OUTLINE_MAX, arena);
    json_decref(root);
    TRY(arena_check(arena, "the model's answer", err));
    return ret_title->len && ret_outline->len ? 0 : not_as_asked(err);
}

int book_read_plan(struct slice *ret, size_t n, struct slice content, struct arena *arena,
                   struct err *err)
{
    json_t *root;
    TRY(read(&root, content, err));
    const json_t *list = json_object_get(root, "scenes");
    bool good = json_array_size(list) == n;
    for (size_t i = 0; good && i < n; i++) {
        const json_t *one = json_array_get(list, i);
        struct slice text = { json_string_value(one), json_string_length(one) };
        good = json_is_string(one) && slice_trim(text).len > 0;
        if (good) ret[i] = arena_slice(arena, mended(slice_trim(text), BOOK_PLAN_MAX, arena));
    }
    json_decref(root);
    TRY(arena_check(arena, "the model's answer", err));
    return good ? 0 : not_as_asked(err);
}

/* One that was shown, and not found. */
static bool is_example(struct slice fact)
{
    for (const struct book_example *e = book_examples(BOOK_STEP_NOTES, 0); e->asked; e++)
        if (slice_find(slice_of(e->answer), fact) < strlen(e->answer)) return true;
    return false;
}

int book_read_notes(struct slice *ret_summary, struct book_fact_row *ret_facts, size_t *ret_n,
                    struct slice content, struct slice text, struct arena *arena, struct err *err)
{
    json_t *root;
    *ret_n = 0;
    TRY(read(&root, content, err));
    *ret_summary = mended(member(root, "summary", arena), BOOK_SUMMARY_MAX, arena);
    const json_t *list = json_object_get(root, "facts");
    for (size_t i = 0; i < json_array_size(list) && *ret_n < BOOK_FACTS_TAKEN; i++) {
        const json_t *one = json_array_get(list, i);
        struct book_fact_row fact = { member(one, "name", arena), member(one, "fact", arena) };
        if (!fact.name.len || !fact.fact.len || slice_find(text, fact.name) == text.len ||
            is_example(fact.fact))
            continue;
        fact.fact = mended(fact.fact, BOOK_FACT_MAX, arena);
        fact.name = book_clip(fact.name, BOOK_NAME_MAX);
        ret_facts[(*ret_n)++] = fact;
    }
    json_decref(root);
    TRY(arena_check(arena, "the model's answer", err));
    return ret_summary->len ? 0 : not_as_asked(err);
}
