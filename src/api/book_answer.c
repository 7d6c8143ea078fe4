/* Answers of the steps of a book, as the schemas of book_prompt.c ask for them. */
#include "api/book_prompt.h"

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

static struct slice people_of(const json_t *list, struct arena *arena)
{
    struct buf text;
    struct slice ret = SLICE("");
    buf_init(&text, BOOK_TEXT_MAX);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        struct slice name = member(one, "name", arena), about = member(one, "about", arena);
        if (!name.len || !about.len) continue;
        buf_printf(&text, "%s- %.*s: %.*s", text.len ? "\n" : "", SLICE_FMT(name),
                   SLICE_FMT(about));
    }
    if (!text.failed) ret = arena_slice(arena, buf_slice(&text));
    buf_release(&text);
    return ret;
}

int book_read_premise(struct book_premise *ret, struct slice content, struct arena *arena,
                      struct err *err)
{
    json_t *root;
    TRY(read(&root, content, err));
    ret->title = book_clip(member(root, "title", arena), BOOK_TITLE_MAX);
    ret->premise = member(root, "premise", arena);
    ret->people = people_of(json_object_get(root, "people"), arena);
    json_decref(root);
    TRY(arena_check(arena, "the model's answer", err));
    return ret->title.len && ret->premise.len && ret->people.len ? 0 : not_as_asked(err);
}

int book_read_style(struct slice *ret, struct slice content, struct arena *arena, struct err *err)
{
    static const char *const rows[][2] = { { "person", "Told in: " },
                                           { "tense", "Tense: " },
                                           { "tone", "Tone: " },
                                           { "places", "Places: " },
                                           { "avoid", "Avoid: " } };
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
    *ret_outline = member(root, "outline", arena);
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
        if (good) ret[i] = arena_slice(arena, slice_trim(text));
    }
    json_decref(root);
    TRY(arena_check(arena, "the model's answer", err));
    return good ? 0 : not_as_asked(err);
}

int book_read_notes(struct slice *ret_summary, struct book_fact_row *ret_facts, size_t *ret_n,
                    struct slice content, struct slice text, struct arena *arena, struct err *err)
{
    json_t *root;
    *ret_n = 0;
    TRY(read(&root, content, err));
    *ret_summary = member(root, "summary", arena);
    const json_t *list = json_object_get(root, "facts");
    for (size_t i = 0; i < json_array_size(list) && *ret_n < BOOK_FACTS_TAKEN; i++) {
        const json_t *one = json_array_get(list, i);
        struct book_fact_row fact = { member(one, "name", arena), member(one, "fact", arena) };
        if (!fact.name.len || !fact.fact.len || slice_find(text, fact.name) == text.len) continue;
        fact.name = book_clip(fact.name, BOOK_NAME_MAX);
        ret_facts[(*ret_n)++] = fact;
    }
    json_decref(root);
    TRY(arena_check(arena, "the model's answer", err));
    return ret_summary->len ? 0 : not_as_asked(err);
}
