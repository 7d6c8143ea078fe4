/* What a model is asked for a book, the form of its answer, and what is made of it. */
#include "unit/test.h"

#include "api/book_form.h"
#include "api/book_prompt.h"
#include "base/json.h"

static struct err err;

static struct book_view view_of(const char *idea, const char *language)
{
    return (struct book_view){ .book = { .title = SLICE("The Light"),
                                         .idea = slice_of(idea),
                                         .model = SLICE("small"),
                                         .language = slice_of(language),
                                         .genre = SLICE(""),
                                         .premise = SLICE("Somebody wants something."),
                                         .people = SLICE("- Ada Reed: a keeper\n- B. (Bo) Fox: a "
                                                         "friend\n- Cy Marsh: an enemy"),
                                         .style_sheet = SLICE("Tense: past"),
                                         .n_chapters = 9,
                                         .n_scenes = 3,
                                         .seed = 7 } };
}

static json_t *asked(const struct book_view *view, struct book_ask ask)
{
    struct buf out;
    json_t *root;
    buf_init(&out, 1 << 20);
    assert_ok(book_prompt(&out, view, &ask, &err), &err);
    assert_ok(json_read(&root, buf_slice(&out), &json_limits_request, "the request", &err), &err);
    buf_release(&out);
    return root;
}

static const json_t *at(const json_t *value, const char *const *path)
{
    for (; *path; path++) value = json_object_get(value, *path);
    return value;
}

#define AT(value, ...) at(value, (const char *const[]){ __VA_ARGS__, NULL })
#define SCHEMA(root)   AT(root, "response_format", "json_schema", "schema", "properties")

static const char *last_message(const json_t *root)
{
    const json_t *messages = json_object_get(root, "messages");
    return json_string_value(
        AT(json_array_get(messages, json_array_size(messages) - 1), "content"));
}

/* The people take turns, and an outline begins with the one whose turn it is. */
static void test_turns(void **state)
{
    static const char *const who[] = { "Ada Reed", "B\\. ", "Cy Marsh", "Ada Reed" };
    (void)state;
    struct book_view v = view_of("A light.", "English");
    for (int64_t i = 0; i < 4; i++) {
        json_t *root = asked(&v, (struct book_ask){ .kind = BOOK_STEP_CHAPTER, .chapter = i + 1 });
        const char *pattern = json_string_value(AT(SCHEMA(root), "outline", "pattern"));
        if (i != 1) assert_non_null(strstr(pattern, who[i]));
        assert_non_null(strstr(last_message(root), "At its centre:"));
        /* Shown with two answers for other books. */
        assert_int_equal(json_array_size(json_object_get(root, "messages")), 6);
        json_decref(root);
    }
    for (int64_t n = 1; n <= 100; n += 9)
        for (int64_t i = 1; i < n; i++)
            assert_true(i + 1 == n || book_turn(i, n, 5) != book_turn(i + 1, n, 5));
}

/* An outline is shown the one before, until the model tells it again. */
static void test_alone(void **state)
{
    (void)state;
    struct book_chapter_row before = { .id = SLICE("c"),
                                       .title = SLICE("One"),
                                       .outline = SLICE("Ada Reed finds a key."),
                                       .number = 1 };
    struct book_view v = view_of("A light.", "English");
    v.chapters = &before;
    v.n_chapters = 1;
    struct book_ask ask = { .kind = BOOK_STEP_CHAPTER, .chapter = 2 };
    json_t *root = asked(&v, ask);
    assert_non_null(strstr(last_message(root), "finds a key"));
    json_decref(root);
    ask.alone = true;
    root = asked(&v, ask);
    assert_null(strstr(last_message(root), "finds a key"));
    json_decref(root);
}

/* In other languages and scripts nothing English is asked of the letters. */
static void test_languages(void **state)
{
    (void)state;
    struct book_ask ask = { .kind = BOOK_STEP_PREMISE };
    struct book_view v = view_of("\xe7\x81\xaf\xe5\xa1\x94\xe5\xae\x88\xe6\x8a\xa4", "Chinese");
    json_t *root = asked(&v, ask);
    assert_null(strstr(json_string_value(AT(SCHEMA(root), "against", "pattern")), "But"));
    assert_null(strstr(json_string_value(AT(SCHEMA(root), "title", "pattern")), "A-Z"));
    assert_non_null(strstr(last_message(root), "Write it in Chinese."));
    json_decref(root);
    v = view_of("A light.", "English");
    root = asked(&v, ask);
    assert_non_null(strstr(json_string_value(AT(SCHEMA(root), "against", "pattern")), "But "));
    assert_null(strstr(last_message(root), "Write it in"));
    json_decref(root);
}

static void test_answers(void **state)
{
    (void)state;
    struct arena a;
    struct slice title, text, plans[3];
    arena_init(&a, 1 << 20);
    assert_ok(
        book_read_person(&text, SLICE("{\"name\":\"Ada\",\"about\":\"A keeper.\"}"), &a, &err),
        &err);
    assert_true(slice_is(text, "- Ada: A keeper."));
    assert_ok(book_read_chapter(&title, &text,
                                SLICE("{\"title\":\" T \",\"outline\":\"She said 'Go.'.\"}"), &a,
                                &err),
              &err);
    assert_true(slice_is(title, "T") && slice_is(text, "She said 'Go.'"));
    struct buf plan;
    buf_init(&plan, 1 << 16);
    /* One that the grammar ended: its last sentence goes; of a single one, what follows a comma. */
    buf_add_str(&plan, "{\"scenes\":[\"Ada goes. Then");
    for (int i = 0; i < 60; i++) buf_add_str(&plan, " far");
    buf_add_str(&plan, ".\",\"Ada");
    for (int i = 0; i < 50; i++) buf_add_str(&plan, " far");
    buf_add_str(&plan, ", and a.\",\"Short.\"]}");
    assert_ok(book_read_plan(plans, 3, buf_slice(&plan), &a, &err), &err);
    assert_true(slice_is(plans[0], "Ada goes."));
    assert_true(slice_ends(plans[1], SLICE(" far.")));
    assert_true(slice_is(plans[2], "Short."));
    assert_int_equal(book_read_plan(plans, 2, buf_slice(&plan), &a, &err), -ERR_FORMAT);
    assert_int_equal(book_read_person(&text, SLICE("{}"), &a, &err), -ERR_FORMAT);
    assert_int_equal(book_read_style(&text, SLICE("no"), &a, &err), -ERR_FORMAT);
    buf_release(&plan);
    arena_release(&a);
}

static const char *system_message(const json_t *root)
{
    return json_string_value(AT(json_array_get(json_object_get(root, "messages"), 0), "content"));
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (; (text = strstr(text, what)); text++) n++;
    return n;
}

/* A small model is shown what the step needs, a larger one the story so far. */
static void test_small(void **state)
{
    (void)state;
    struct book_view v = view_of("A light.", "English");
    struct book_chapter_row chapters[] = { { .number = 1, .outline = SLICE("It is dark.") },
                                           { .number = 2, .outline = SLICE("It is day.") } };
    struct book_scene_row scene = { .chapter = 2, .number = 1, .plan = SLICE("Ada Reed sleeps.") };
    struct book_fact_row facts[] = { { SLICE("Ada Reed"), SLICE("One.") },
                                     { SLICE("Ada Reed"), SLICE("Two.") },
                                     { SLICE("Cy Marsh"), SLICE("Three.") },
                                     { SLICE("Ada Reed"), SLICE("Four.") } };
    v.chapters = chapters, v.n_chapters = 2;
    v.scenes = &scene, v.n_scenes = 1;
    v.facts = facts, v.n_facts = 4;
    struct book_ask ask = { .kind = BOOK_STEP_DRAFT, .chapter = 2, .scene = &scene, .words = 90 };
    for (int small = 0; small < 2; small++) {
        ask.small = small;
        json_t *root = asked(&v, ask);
        const char *said = last_message(root), *first = system_message(root);
        assert_non_null(strstr(first, "Somebody wants something."));
        assert_int_equal(!strstr(first, "Cy Marsh"), small);
        assert_int_equal(!strstr(said, "It is dark."), small);
        assert_int_equal(count(said, "- Ada Reed: "), small ? BOOK_FACTS_SMALL : 3);
        assert_int_equal(!strstr(said, "Three."), small);
        assert_int_equal(slice_starts(slice_of(said), SLICE("Ada Reed: a keeper")), small);
        assert_non_null(strstr(said, "Ada Reed sleeps."));
        json_decref(root);
        ask.kind = BOOK_STEP_PLAN;
        root = asked(&v, ask);
        assert_int_equal(!strstr(system_message(root), "Somebody wants something."), small);
        assert_non_null(strstr(last_message(root), "It is day."));
        json_decref(root);
        ask.kind = BOOK_STEP_DRAFT;
    }
}

/* Prose in English is followed by English. */
static void test_examples_of_prose(void **state)
{
    (void)state;
    struct book_scene_row scene = { .chapter = 1, .number = 1, .plan = SLICE("Ada Reed sleeps.") };
    struct book_chapter_row chapter = { .number = 1, .outline = SLICE("It is dark.") };
    for (int english = 0; english < 2; english++) {
        struct book_view v = view_of("A light.", english ? "English" : "German");
        v.chapters = &chapter, v.n_chapters = 1;
        v.scenes = &scene, v.n_scenes = 1;
        json_t *root = asked(
            &v, (struct book_ask){
                    .kind = BOOK_STEP_DRAFT, .chapter = 1, .scene = &scene, .words = 90 });
        assert_int_equal(json_array_size(json_object_get(root, "messages")), english ? 6 : 2);
        json_decref(root);
    }
}

/* Somebody of the examples is a stranger, unless the book has them itself. */
static void test_strangers(void **state)
{
    (void)state;
    struct book_view v = view_of("A light.", "English");
    assert_true(book_of_examples(&v.book, SLICE("Huw Pryce comes in.")));
    assert_true(book_of_examples(&v.book, SLICE("She cut the loaf.")));
    assert_false(book_of_examples(&v.book, SLICE("Ada Reed comes in.")));
    v.book.people = SLICE("- Huw Pryce: a gambler");
    assert_false(book_of_examples(&v.book, SLICE("Huw Pryce comes in.")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_languages),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_strangers),
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_examples_of_prose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
