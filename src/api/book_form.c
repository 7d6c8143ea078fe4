#include "api/book_form.h"

enum { PATTERN_MAX = 8192, LETTERS = 20 };

/* What a line may hold: the letters of the Latin script, where the book is written in it. */
#define LATIN                             \
    "[ '(),.;?A-Za-z0-9\xc3\x80-\xc9\x8f" \
    "\xe2\x80\x98\xe2\x80\x99\xe2\x80\x93\xe2\x80\x94-]"
#define SCRIPT "[^:{}<>\\n\\r\\t\"\\[\\]\\\\]"

/* And what a page of it may hold. */
#define LATIN_PROSE                            \
    "[ '\"(),.;?!A-Za-z0-9\xc3\x80-\xc9\x8f\n" \
    "\xe2\x80\x98\xe2\x80\x99\xe2\x80\x9c\xe2\x80\x9d\xe2\x80\x93\xe2\x80\x94-]"
#define SCRIPT_PROSE "[^:{}<>\r\t#*\\[\\]]"

/* ---- Rows of a schema ---- */

static void object_begin(struct json_writer *w)
{
    json_object_begin(w);
    json_member_str(w, "type", "object");
    json_member_bool(w, "additionalProperties", false);
    json_key(w, "properties");
    json_object_begin(w);
}

/* `keys`: all of them, in order, NULL behind the last. */
static void object_end(struct json_writer *w, const char *const *keys)
{
    json_object_end(w);
    json_key(w, "required");
    json_array_begin(w);
    for (; *keys; keys++) json_str(w, *keys);
    json_array_end(w);
    json_object_end(w);
}

/* `items`: "items", or "prefixItems" where each has a form of its own. */
static void list_begin(struct json_writer *w, const char *key, int min, int max, const char *items)
{
    json_key(w, key);
    json_object_begin(w);
    json_member_str(w, "type", "array");
    json_member_int(w, "minItems", min);
    json_member_int(w, "maxItems", max);
    json_key(w, items);
}

static void pattern(struct json_writer *w, struct slice text)
{
    json_object_begin(w);
    json_member_str(w, "type", "string");
    json_member_slice(w, "pattern", text);
    json_object_end(w);
}

static void choice(struct json_writer *w, const char *key, const char *const *names)
{
    json_key(w, key);
    json_object_begin(w);
    json_key(w, "enum");
    json_array_begin(w);
    for (; *names; names++) json_str(w, *names);
    json_array_end(w);
    json_object_end(w);
}

/* ---- Lines of prose ---- */

struct form {
    struct json_writer *w;
    const struct book_names *names;
    bool latin, english;
};

/* `lead`: a regular expression for how it begins; ends in a full stop when `sentence`. */
static void prose(const struct form *f, struct slice lead, int min, int max, bool sentence)
{
    struct buf b;
    buf_init(&b, PATTERN_MAX);
    buf_printf(&b, "^%.*s%s{%d,%d}%s$", SLICE_FMT(lead), f->latin ? LATIN : SCRIPT, min, max,
               !sentence  ? ""
               : f->latin ? "[.]"
                          : "[.\xe3\x80\x82!?]");
    pattern(f->w, buf_slice(&b));
    if (b.failed) f->w->out->failed = true;
    buf_release(&b);
}

static void line(const struct form *f, const char *key, const char *lead, int min, int max)
{
    json_key(f->w, key);
    prose(f, f->english ? slice_of(lead) : SLICE(""), min, max, true);
}

static void heading(const struct form *f, const char *key)
{
    json_key(f->w, key);
    pattern(f->w, f->latin ? SLICE("^[A-Z\xc3\x80-\xc3\x9e][ 'A-Za-z\xc3\x80-\xc9\x8f]{3,36}$")
                           : SLICE("^[^:{}<>\\n\\r\\t\"]{2,36}$"));
}

/* The first name, if there is one, and a space. */
static void write_lead(struct buf *b, const struct book_names *names)
{
    if (names->n == 0) return;
    for (size_t i = 0; i < names->at[0].len; i++) {
        char c = names->at[0].ptr[i];
        if (strchr("^$.*+?()[]{}|\\/-", c)) buf_add_char(b, '\\');
        buf_add_char(b, c);
    }
    buf_add_char(b, ' ');
}

static void line_of_person(const struct form *f, int min, int max)
{
    struct buf lead;
    buf_init(&lead, PATTERN_MAX);
    if (f->latin) write_lead(&lead, f->names);
    prose(f, buf_slice(&lead), min, max, true);
    if (lead.failed) f->w->out->failed = true;
    buf_release(&lead);
}

/* ---- The steps ---- */

/* Each of them with letters of their own, so that a reader can tell them apart. */
static void write_person(const struct form *f, const struct book_view *v, int person)
{
    static const char letters[LETTERS + 1] = "ABCDEGHIJKLMNOPRSTVW";
    static const char *const keys[] = { "name", "about", NULL };
    uint64_t from = (uint64_t)v->book.seed % LETTERS;
    char name[80];
    (void)snprintf(name, sizeof name, "^%c[a-z]{2,7} %c[a-z]{3,9}$",
                   letters[(from + (uint64_t)person * 7) % LETTERS],
                   letters[(from + 3 + (uint64_t)person * 9) % LETTERS]);
    object_begin(f->w);
    json_key(f->w, "name");
    pattern(f->w, f->latin ? slice_of(name) : SLICE("^[^:,{}<>()\\n\\r\\t\"-]{2,24}$"));
    line(f, "about", "(A|An) ", 30, BOOK_ABOUT_MAX);
    object_end(f->w, keys);
}

static void write_premise(const struct form *f)
{
    static const char *const keys[] = { "wants", "against", "end", "title", NULL };
    struct buf lead;
    buf_init(&lead, PATTERN_MAX);
    write_lead(&lead, f->names);
    buf_add_str(&lead, "wants ");
    object_begin(f->w);
    json_key(f->w, "wants");
    prose(f, f->english && f->names->n ? buf_slice(&lead) : SLICE(""), 30, BOOK_PREMISE_MAX, true);
    line(f, "against", "But ", 30, BOOK_PREMISE_MAX);
    line(f, "end", "In the end ", 30, BOOK_PREMISE_MAX);
    heading(f, "title");
    object_end(f->w, keys);
    if (lead.failed) f->w->out->failed = true;
    buf_release(&lead);
}

static void write_style(const struct form *f)
{
    static const char *const keys[] = { "person", "tense", "tone", "places", NULL };
    static const char *const persons[] = { "first person", "third person", NULL };
    static const char *const tenses[] = { "past", "present", NULL };
    static const char *const tones[] = { "plain and patient", "dark and slow",     "warm and funny",
                                         "tense and quick",   "dry and ironic",    "tender and sad",
                                         "dreamlike",         "bold, adventurous", NULL };
    object_begin(f->w);
    choice(f->w, "person", persons);
    choice(f->w, "tense", tenses);
    choice(f->w, "tone", tones);
    json_key(f->w, "places");
    if (f->english)
        pattern(f->w,
                SLICE("^the [A-Za-z' ]{3,28}, the [A-Za-z' ]{3,28} and the [A-Za-z' ]{3,28}$"));
    else
        prose(f, SLICE(""), 12, 120, false);
    object_end(f->w, keys);
}

static void write_chapter(const struct form *f)
{
    static const char *const keys[] = { "outline", "title", NULL };
    object_begin(f->w);
    json_key(f->w, "outline");
    line_of_person(f, 60, BOOK_OUTLINE_MAX);
    heading(f, "title");
    object_end(f->w, keys);
}

/* The people take turns here, too: else all scenes are of one, who does the same in each. */
static void write_plan(const struct form *f, int n_scenes, size_t centre)
{
    static const char *const keys[] = { "scenes", NULL };
    object_begin(f->w);
    list_begin(f->w, "scenes", n_scenes, n_scenes, "prefixItems");
    json_array_begin(f->w);
    for (int i = 0; i < n_scenes; i++) {
        struct book_names one = { .n = f->names->n > 0 };
        if (one.n) one.at[0] = f->names->at[(centre + (size_t)i) % f->names->n];
        line_of_person(&(struct form){ f->w, &one, f->latin, f->english }, 40, BOOK_PLAN_MAX);
    }
    json_array_end(f->w);
    json_object_end(f->w);
    object_end(f->w, keys);
}

static void write_notes(const struct form *f)
{
    static const char *const keys[] = { "summary", "facts", NULL };
    static const char *const fact[] = { "name", "fact", NULL };
    object_begin(f->w);
    json_key(f->w, "summary");
    prose(f, SLICE(""), 40, BOOK_SUMMARY_MAX, true);
    list_begin(f->w, "facts", 1, BOOK_FACTS_TAKEN, "items");
    object_begin(f->w);
    json_key(f->w, "name");
    prose(f, SLICE(""), 2, 40, false);
    json_key(f->w, "fact");
    prose(f, SLICE(""), 12, BOOK_FACT_MAX, true);
    object_end(f->w, fact);
    json_object_end(f->w);
    object_end(f->w, keys);
}

void book_form_write(struct json_writer *w, const struct book_view *view,
                     const struct book_ask *ask, const struct book_names *names)
{
    const struct form f = { .w = w,
                            .names = names,
                            .latin = book_is_latin(view->book.idea),
                            .english = book_is_english(&view->book) };
    switch (ask->kind) {
    case BOOK_STEP_PEOPLE: write_person(&f, view, ask->person); break;
    case BOOK_STEP_PREMISE: write_premise(&f); break;
    case BOOK_STEP_STYLE: write_style(&f); break;
    case BOOK_STEP_CHAPTER: write_chapter(&f); break;
    case BOOK_STEP_PLAN: write_plan(&f, (int)view->book.n_scenes, (size_t)ask->chapter - 1); break;
    case BOOK_STEP_NOTES: write_notes(&f); break;
    case BOOK_STEP_DRAFT: break;
    }
}

void book_form_prose(struct buf *b, const struct book_view *view, const struct book_ask *ask,
                     const struct book_names *names)
{
    bool latin = book_is_latin(view->book.idea);
    switch (latin ? book_piece(ask->piece)->lead : BOOK_LEAD_ANY) {
    case BOOK_LEAD_QUOTE: buf_add_str(b, "[\"\xe2\x80\x9c]"); break;
    case BOOK_LEAD_NAME: {
        /* That of the scene, if its plan begins with one. */
        struct book_names one = { 0 };
        for (size_t i = 0; i < names->n && one.n == 0; i++)
            if (slice_starts(ask->scene->plan, names->at[i])) one.at[one.n++] = names->at[i];
        write_lead(b, &one);
        break;
    }
    case BOOK_LEAD_ANY: break;
    }
    buf_printf(b, "%s{%d,}", latin ? LATIN_PROSE : SCRIPT_PROSE, BOOK_PIECE_MIN);
}
