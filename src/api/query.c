#include "api/query.h"

#include "base/seam.h"
#include "base/utf8.h"

enum { QUOTE_MAX = 100 };

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes %41 and '+' in `out`, which has room for all of `s`. */
static int decode(struct slice *ret, char *out, struct slice s, struct err *err)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i] == '+' ? ' ' : s.ptr[i];
        if (c == '%') {
            int high = i + 1 < s.len ? hex(s.ptr[i + 1]) : -1;
            int low = i + 2 < s.len ? hex(s.ptr[i + 2]) : -1;
            if (high < 0 || low < 0)
                return err_set(err, ERR_HTTP_SYNTAX,
                               "The query holds a '%%' without two hexadecimal digits.");
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0') return err_set(err, ERR_HTTP_SYNTAX, "The query holds a NUL.");
        out[n++] = c;
    }
    if (!utf8_valid(out, n)) return err_set(err, ERR_HTTP_SYNTAX, "The query is not UTF-8.");
    *ret = (struct slice){ out, n };
    return 0;
}

static const struct field *find(const struct field *fields, struct slice name)
{
    struct field_walk walk;
    field_walk_init(&walk, fields);
    for (const struct field *f; (f = field_walk_next(&walk));)
        if (slice_is(name, f->name)) return f;
    return NULL;
}

static json_t *number_or_text(struct slice value)
{
    int64_t integer;
    if (slice_to_i64(&integer, value)) return json_integer(integer);
    return json_stringn(value.ptr, value.len);
}

/* What the row wants; text where it is something else, for fields_parse to refuse. */
static json_t *typed(const struct field *field, struct slice value)
{
    if (field && field->kind == FIELD_KIND_INT) return number_or_text(value);
    if (field && field->kind == FIELD_KIND_BOOL && slice_is(value, "true")) return json_true();
    if (field && field->kind == FIELD_KIND_BOOL && slice_is(value, "false")) return json_false();
    return json_stringn(value.ptr, value.len);
}

static int no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, "There is no memory for the request.");
}

/* The value of `name` in `root`, made by `make` when it is new; NULL: no memory. */
static json_t *inner(json_t *root, struct slice name, json_t *(*make)(void))
{
    json_t *value = json_object_getn(root, name.ptr, name.len);
    if (value) return value;
    if (json_object_setn_new(root, name.ptr, name.len, make()) < 0) return NULL;
    return json_object_getn(root, name.ptr, name.len);
}

int query_add(json_t *root, struct slice name, struct slice value, const struct field *fields,
              struct err *err)
{
    size_t open = slice_find(name, SLICE("["));
    struct slice base = { name.ptr, open };
    const struct field *field = find(fields, base);
    bool is_list = open + 2 == name.len && name.ptr[open + 1] == ']';
    bool is_map = open + 2 < name.len && name.ptr[name.len - 1] == ']';
    bool repeats = is_list || (field && field->kind == FIELD_KIND_STRINGS);
    if (open < name.len && !is_list && !is_map)
        return err_set(err, ERR_HTTP_SYNTAX, "'%.*s' has a '[' without a ']'.",
                       (int)(name.len < QUOTE_MAX ? name.len : QUOTE_MAX), name.ptr);
    if (!repeats && !is_map) {
        if (json_object_getn(root, base.ptr, base.len))
            return err_set(err, ERR_INVALID_VALUE, "'%.*s' is given twice.",
                           (int)(base.len < QUOTE_MAX ? base.len : QUOTE_MAX), base.ptr);
        json_t *json = typed(field, value);
        return json_object_setn_new(root, base.ptr, base.len, json) < 0 ? no_memory(err) : 0;
    }
    struct slice key = { name.ptr + open + 1, is_map ? name.len - open - 2 : 0 };
    json_t *to = inner(root, base, repeats ? json_array : json_object);
    json_t *text = is_map && field && field->fields ? typed(find(field->fields, key), value)
                                                    : json_stringn(value.ptr, value.len);
    if (!to || !text || (repeats ? !json_is_array(to) : !json_is_object(to))) {
        json_decref(text);
        return to && text ? err_set(err, ERR_INVALID_VALUE, "'%.*s' is given in two ways.",
                                    (int)(base.len < QUOTE_MAX ? base.len : QUOTE_MAX), base.ptr)
                          : no_memory(err);
    }
    int rc = repeats ? json_array_append_new(to, text)
                     : json_object_setn_new(to, key.ptr, key.len, text);
    return rc < 0 ? no_memory(err) : 0;
}

static int add_all(json_t *root, char *scratch, struct slice query, const struct field *fields,
                   struct err *err)
{
    for (int n = 0; query.len > 0; n++) {
        size_t end = slice_find(query, SLICE("&"));
        struct slice pair = { query.ptr, end }, name, value = { 0 };
        size_t step = end < query.len ? end + 1 : end;
        query = (struct slice){ query.ptr + step, query.len - step };
        if (pair.len == 0) continue;
        if (n >= QUERY_PARAMETERS_MAX)
            return err_set(err, ERR_LIMIT, "The query has more than %d parameters.",
                           QUERY_PARAMETERS_MAX);
        size_t equals = slice_find(pair, SLICE("="));
        TRY(decode(&name, scratch, (struct slice){ pair.ptr, equals }, err));
        if (equals < pair.len)
            TRY(decode(&value, scratch + name.len,
                       (struct slice){ pair.ptr + equals + 1, pair.len - equals - 1 }, err));
        else
            value = SLICE("");
        if (!slice_is(name, "api-version")) TRY(query_add(root, name, value, fields, err));
    }
    return 0;
}

int query_read(json_t **ret, struct slice query, const struct field *fields, struct err *err)
{
    json_t *root = json_object();
    char *scratch = mem_alloc(query.len + 1);
    int rc = root && scratch ? add_all(root, scratch, query, fields, err) : no_memory(err);
    mem_free(scratch);
    if (rc < 0)
        json_decref(root);
    else
        *ret = root;
    return rc;
}
