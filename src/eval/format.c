#include "eval/format.h"

#include "base/utf8.h"

#include <stdio.h>

enum { NODES_MAX = 300000, NAMES_MAX = 256, QUOTED_MAX = 60 };

static const struct json_limits line_limits = { .size_max = EVAL_ITEM_BYTES_MAX,
                                                .depth_max = 16,
                                                .nodes_max = NODES_MAX };

/* ---- For the formats ---- */

int eval_string(struct slice *ret, const json_t *object, const char *key, bool required,
                struct arena *arena, struct err *err)
{
    const json_t *value = json_object_get(object, key);
    *ret = SLICE("");
    if (!value || json_is_null(value)) {
        if (!required) return 0;
        return err_set(err, ERR_FORMAT, "there is no \"%s\"", key);
    }
    if (json_is_integer(value)) {
        const char *text = arena_printf(arena, "%lld", (long long)json_integer_value(value));
        if (text) *ret = slice_of(text);
        return 0;
    }
    if (!json_is_string(value)) return err_set(err, ERR_FORMAT, "\"%s\" is not a string", key);
    struct slice s = { json_string_value(value), json_string_length(value) };
    *ret = arena_slice(arena, slice_trim(s));
    if (required && ret->len == 0) return err_set(err, ERR_FORMAT, "\"%s\" is empty", key);
    return 0;
}

int eval_add_option(struct eval_item *item, struct slice label, const json_t *text,
                    struct arena *arena, struct err *err)
{
    struct slice s = { json_string_value(text), json_string_length(text) };
    if (item->n_options == EVAL_OPTIONS_MAX)
        return err_set(err, ERR_FORMAT, "it has more than %d options", EVAL_OPTIONS_MAX);
    if (!json_is_string(text))
        return err_set(err, ERR_FORMAT, "option %u is not a string", item->n_options + 1);
    if (label.len == 0) {
        const char *letter = arena_printf(arena, "%c", (int)('A' + item->n_options));
        label = slice_of(letter);
    } else {
        label = arena_slice(arena, label);
    }
    s = slice_trim(s);
    if (s.len == 0) return err_set(err, ERR_FORMAT, "option %u is empty", item->n_options + 1);
    item->options[item->n_options++] = (struct eval_option){ .label = label,
                                                             .text = arena_slice(arena, s) };
    return 0;
}

int eval_set_answer(struct eval_item *item, const json_t *answer, int64_t first, struct err *err)
{
    struct slice s = { json_string_value(answer), json_string_length(answer) };
    int64_t number;
    if (json_is_integer(answer)) {
        number = (int64_t)json_integer_value(answer) - first;
    } else if (json_is_string(answer)) {
        s = slice_trim(s);
        for (uint32_t i = 0; i < item->n_options; i++)
            if (slice_eq(item->options[i].label, s) || slice_eq(item->options[i].text, s)) {
                item->answer = i;
                return 0;
            }
        if (!slice_to_i64(&number, s)) number = -1;
        number -= first;
    } else {
        return err_set(err, ERR_FORMAT,
                       "there is no answer: a label of an option, its number or its text");
    }
    if (number < 0 || number >= item->n_options)
        return err_set(err, ERR_FORMAT, "the answer is none of the %u options", item->n_options);
    item->answer = (uint32_t)number;
    return 0;
}

int eval_finish_choice(struct eval_item *item, bool letters, struct arena *arena, struct err *err)
{
    if (item->n_options < 2) return err_set(err, ERR_FORMAT, "it has fewer than two options");
    for (uint32_t i = 0; i < item->n_options; i++) {
        struct eval_option *o = &item->options[i];
        struct slice said = letters ? o->label : o->text;
        const char *text = arena_printf(arena, " %.*s", SLICE_FMT(said));
        if (text) o->continuation = slice_of(text);
    }
    return arena_check(arena, "a question", err);
}

void eval_letters_prompt(struct eval_item *item, const char *before, struct arena *arena)
{
    struct buf out;
    buf_init(&out, 2 * EVAL_ITEM_BYTES_MAX);
    buf_add_str(&out, before);
    buf_add_slice(&out, item->question);
    for (uint32_t i = 0; i < item->n_options; i++)
        buf_printf(&out, "\n%.*s. %.*s", SLICE_FMT(item->options[i].label),
                   SLICE_FMT(item->options[i].text));
    buf_add_str(&out, "\nAnswer:");
    arena->failed |= out.failed;
    item->prompt = arena_slice(arena, buf_slice(&out));
    buf_release(&out);
}

/* ---- Lines ---- */

static struct slice rest_after(struct slice s, size_t n)
{
    return (struct slice){ s.ptr + n, s.len - n };
}

static bool is_json(struct slice text)
{
    text = slice_trim(text);
    return text.len > 0 && (text.ptr[0] == '{' || text.ptr[0] == '[');
}

struct reading {
    const struct eval_format *format;
    int (*take)(void *ctx, const struct eval_item *item, struct err *err);
    void *ctx;
    struct arena arena;
    struct buf field; /* of CSV */
    size_t n_items;
};

static int give(struct reading *r, struct eval_item *item, size_t line, struct err *err)
{
    if (item->id.len == 0) {
        const char *id = arena_printf(&r->arena, "%zu", line);
        if (id) item->id = slice_of(id);
    }
    if (item->id.len > EVAL_ID_MAX)
        return err_set(err, ERR_FORMAT, "its id has more than %d bytes", EVAL_ID_MAX);
    TRY(arena_check(&r->arena, "a question", err));
    if (++r->n_items > EVAL_ITEMS_MAX)
        return err_set(err, ERR_LIMIT, "an exam has at most %d questions", EVAL_ITEMS_MAX);
    return r->take(r->ctx, item, err);
}

static int read_line(struct reading *r, struct slice text, size_t line, struct err *err)
{
    struct eval_item item = { .kind = r->format->kind };
    json_t *root;
    TRY(json_read(&root, text, &line_limits, "the question", err));
    int rc = json_is_object(root) ? r->format->object(&item, root, &r->arena, err)
                                  : err_set(err, ERR_FORMAT, "it is not a JSON object");
    if (rc == 0) rc = give(r, &item, line, err);
    json_decref(root);
    return rc;
}

static int read_lines(struct reading *r, struct slice text, size_t line, struct err *err)
{
    for (; text.len > 0; line++) {
        size_t end = slice_find(text, SLICE("\n"));
        struct slice one = slice_trim((struct slice){ text.ptr, end });
        if (one.len > 0 && read_line(r, one, line, err) < 0)
            return err_context(err, "line %zu", line);
        arena_reset(&r->arena);
        text = rest_after(text, end < text.len ? end + 1 : end);
    }
    return 0;
}

/* ---- CSV, as RFC 4180 has it ---- */

/* One field off the front, into r->field; *ret_end: it was the last of its row. */
static int read_field(struct reading *r, bool *ret_end, struct slice *text, size_t *line,
                      struct err *err)
{
    bool quoted = text->len > 0 && text->ptr[0] == '"';
    size_t i;
    buf_reset(&r->field);
    for (i = quoted; i < text->len; i++) {
        char c = text->ptr[i];
        if (!quoted && (c == ',' || c == '\n')) break;
        if (quoted && c == '"') {
            if (i + 1 >= text->len || text->ptr[i + 1] != '"') break;
            i++;
        }
        if (quoted && c == '\n') (*line)++;
        buf_add_char(&r->field, c);
    }
    TRY(buf_check(&r->field, "a field", err));
    if (quoted && i == text->len) return err_set(err, ERR_FORMAT, "a quote is not closed");
    i += quoted;
    if (quoted && i < text->len && text->ptr[i] == '\r') i++;
    if (i < text->len && text->ptr[i] != ',' && text->ptr[i] != '\n')
        return err_set(err, ERR_FORMAT, "something stands between a closing quote and the comma");
    *ret_end = i == text->len || text->ptr[i] == '\n';
    *text = rest_after(*text, i < text->len ? i + 1 : i);
    return 0;
}

static int read_row(struct reading *r, struct slice *text, size_t *line, struct err *err)
{
    struct slice fields[EVAL_FIELDS_MAX];
    struct eval_item item = { .kind = r->format->kind };
    size_t n = 0, first = *line;
    for (bool end = false; !end; n++) {
        if (n == EVAL_FIELDS_MAX)
            return err_set(err, ERR_LIMIT, "a row has more than %d fields", EVAL_FIELDS_MAX);
        TRY(read_field(r, &end, text, line, err));
        struct slice s = slice_trim(buf_slice(&r->field));
        if (!utf8_valid(s.ptr, s.len) || (s.len > 0 && memchr(s.ptr, 0, s.len)))
            return err_set(err, ERR_FORMAT, "it is not UTF-8 text");
        fields[n] = arena_slice(&r->arena, s);
    }
    TRY(arena_check(&r->arena, "a question", err));
    (*line)++;
    if (n == 1 && fields[0].len == 0) return 0;
    TRY(r->format->row(&item, fields, n, &r->arena, err));
    return give(r, &item, first, err);
}

static int read_rows(struct reading *r, struct slice text, size_t line, struct err *err)
{
    while (text.len > 0) {
        size_t first = line;
        if (read_row(r, &text, &line, err) < 0) return err_context(err, "line %zu", first);
        arena_reset(&r->arena);
    }
    return 0;
}

/* ---- The whole ---- */

/* Some programs write U+FEFF before a text. */
static struct slice without_mark(struct slice text)
{
    return slice_starts(text, SLICE("\xEF\xBB\xBF")) ? rest_after(text, 3) : text;
}

int eval_read(const struct eval_format *format, struct slice text, size_t first_line,
              int (*take)(void *ctx, const struct eval_item *item, struct err *err), void *ctx,
              struct err *err)
{
    struct reading r = { .format = format, .take = take, .ctx = ctx };
    text = without_mark(text);
    arena_init(&r.arena, (size_t)16 * EVAL_ITEM_BYTES_MAX);
    buf_init(&r.field, EVAL_ITEM_BYTES_MAX);
    int rc = format->row && !is_json(text) ? read_rows(&r, text, first_line, err)
                                           : read_lines(&r, text, first_line, err);
    buf_release(&r.field);
    arena_release(&r.arena);
    if (rc == 0 && r.n_items == 0) rc = err_set(err, ERR_FORMAT, "there is no question in it");
    return rc;
}

static void list_names(char ret[NAMES_MAX])
{
    size_t n = 0;
    ret[0] = '\0';
    for (size_t i = 0; i < eval_format_registry_len && n < NAMES_MAX; i++)
        n += (size_t)snprintf(ret + n, NAMES_MAX - n, "%s%s", i ? ", " : "",
                              eval_format_registry[i]->name);
}

static const struct eval_format *by_first_line(struct slice text)
{
    const struct eval_format *found = NULL;
    json_t *root;
    text = slice_trim(without_mark(text));
    size_t end = slice_find(text, SLICE("\n"));
    bool csv = !is_json(text);
    if (!csv && json_read(&root, slice_trim((struct slice){ text.ptr, end }), &line_limits,
                          "the question", NULL) < 0)
        return NULL;
    for (size_t i = 0; i < eval_format_registry_len && !found; i++) {
        const struct eval_format *f = eval_format_registry[i];
        if (csv ? f->row != NULL : json_is_object(root) && f->matches(root)) found = f;
    }
    if (!csv) json_decref(root);
    return found;
}

int eval_format_find(const struct eval_format **ret, struct slice name, struct slice text,
                     struct err *err)
{
    char names[NAMES_MAX];
    const struct eval_format *found = NULL;
    if (slice_is(name, "auto")) found = by_first_line(text);
    for (size_t i = 0; i < eval_format_registry_len && !found; i++)
        if (slice_is(name, eval_format_registry[i]->name)) found = eval_format_registry[i];
    list_names(names);
    if (found) {
        *ret = found;
        return 0;
    }
    if (slice_is(name, "auto"))
        return err_set(err, ERR_INVALID_VALUE,
                       "its first line is a question in none of the formats that are known: %s",
                       names);
    return err_set(err, ERR_INVALID_VALUE, "the format '%.*s' is not known; there are auto, %s",
                   (int)(name.len < QUOTED_MAX ? name.len : QUOTED_MAX), name.ptr, names);
}
