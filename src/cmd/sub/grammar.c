/* tiro grammar - compiles a grammar and tries texts against it; writes grammars of tunes. */
#include "grammar/grammar.h"
#include "base/json.h"
#include "base/seam.h"
#include "cmd/subcommand.h"
#include "grammar/build.h"
#include "grammar/ebnf.h"
#include "grammar/expect.h"
#include "grammar/json_schema.h"
#include "grammar/regex.h"
#include "music/abc_grammar.h"

#include <inttypes.h>
#include <stdio.h>

enum { INPUT_MAX = 16 << 20, OUTPUT_MAX = 1 << 20 };

/* A language in which grammars are written; `endings` are of its files, space between. */
struct kind {
    const char *name, *endings;
    int32_t (*write)(struct grammar_builder *b, struct slice text, const struct args *args,
                     struct err *err);
};

/* How a text fared. */
struct result {
    bool matches, cut;     /* cut: it ended where more had to come. */
    bool last_line_end;    /* All that is wrong is the '\n' that a file ends in. */
    size_t at;             /* Of the first byte that may not be there. */
    unsigned line, column; /* Of that byte; columns are characters. */
    struct buf expected;
};

static int32_t write_ebnf(struct grammar_builder *b, struct slice text, const struct args *args,
                          struct err *err)
{
    (void)args;
    return ebnf_write(b, text, err);
}

static int32_t write_regex(struct grammar_builder *b, struct slice text, const struct args *args,
                           struct err *err)
{
    /* A file's last line ends; the pattern does not. */
    if (slice_ends(text, SLICE("\n"))) text.len--;
    return regex_write(b, text, &(struct regex_options){ .whole = !args_has(args, "search") }, err);
}

static int32_t write_schema(struct grammar_builder *b, struct slice text, const struct args *args,
                            struct err *err)
{
    const struct json_schema_options options = { .strict = args_has(args, "strict") };
    json_t *schema;
    TRY(json_read(&schema, text, &json_limits_request, "the schema", err));
    int32_t node = json_schema_write(b, schema, &options, err);
    json_decref(schema);
    return node;
}

static const struct kind kinds[] = {
    { "ebnf", ".ebnf .gbnf .lark", write_ebnf },
    { "regex", ".regex .re", write_regex },
    { "schema", ".json", write_schema },
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

/* --- reading ---------------------------------------------------------------------------------- */

static bool kind_has_ending(const struct kind *kind, struct slice path)
{
    struct slice rest = slice_of(kind->endings);
    while (rest.len > 0) {
        size_t len = slice_find(rest, SLICE(" "));
        if (slice_ends(path, (struct slice){ rest.ptr, len })) return true;
        len += len < rest.len;
        rest = (struct slice){ rest.ptr + len, rest.len - len };
    }
    return false;
}

/* By --kind, else by the file's ending, else the first. */
static const struct kind *kind_of(const struct args *args, const char *path, struct err *err)
{
    const char *name = args_get(args, "kind");
    for (size_t i = 0; i < N_KINDS; i++)
        if (name ? slice_is(slice_of(name), kinds[i].name)
                 : kind_has_ending(&kinds[i], slice_of(path)))
            return &kinds[i];
    if (!name) return &kinds[0];
    char known[80];
    size_t n = 0;
    for (size_t i = 0; i < N_KINDS && n < sizeof known; i++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "", kinds[i].name);
    (void)err_set(err, ERR_INVALID_VALUE, "there is no kind of grammar '%s'; there are: %s", name,
                  known);
    return NULL;
}

/* A file, or stdin for "-". */
static int read_text(struct buf *out, const char *path, struct err *err)
{
    if (!slice_is(slice_of(path), "-")) {
        char *text;
        size_t len;
        TRY(file_read_all(&text, &len, path, INPUT_MAX, err));
        buf_add(out, text, len);
        mem_free(text);
    } else {
        char chunk[65536];
        for (size_t n; (n = fread(chunk, 1, sizeof chunk, stdin)) > 0;) buf_add(out, chunk, n);
    }
    return buf_check(out, path, err);
}

static int compile(struct grammar **ret, const char *path, const struct args *args,
                   const struct kind *kind, struct err *err)
{
    struct grammar_builder *b = NULL;
    struct buf text;
    buf_init(&text, INPUT_MAX);
    int rc = read_text(&text, path, err);
    if (rc == 0) rc = grammar_builder_open(&b, err);
    int32_t root = rc == 0 ? kind->write(b, buf_slice(&text), args, err) : rc;
    rc = root < 0 ? root : grammar_compile(ret, b, root, err);
    grammar_builder_close(b);
    buf_release(&text);
    return rc;
}

/* --- trying a text ---------------------------------------------------------------------------- */

static void place(struct result *r, struct slice text)
{
    r->line = r->column = 1;
    for (size_t i = 0; i < r->at; i++) {
        if (text.ptr[i] == '\n') {
            r->line++;
            r->column = 1;
        } else if (((unsigned char)text.ptr[i] & 0xC0) != 0x80) {
            r->column++;
        }
    }
}

static int try_text(struct result *r, struct grammar *g, struct slice text, struct err *err)
{
    grammar_lock(g);
    int32_t state = grammar_start(g), next = state;
    for (; r->at < text.len; r->at++, state = next) {
        next = grammar_step(g, state, (uint8_t)text.ptr[r->at]);
        if (next < 0) break;
    }
    r->cut = r->at == text.len;
    r->matches = r->cut && grammar_accepts(g, state);
    r->last_line_end = r->at + 1 == text.len && text.ptr[r->at] == '\n' &&
                       grammar_accepts(g, state);
    if (!r->matches) grammar_expected(&r->expected, g, state);
    grammar_unlock(g);
    place(r, text);
    if (next == GRAMMAR_FULL)
        return err_set(err, ERR_LIMIT, "byte %zu: the grammar can be read in too many ways here",
                       r->at);
    return buf_check(&r->expected, "what is expected", err);
}

static void print_json(const struct kind *kind, const struct grammar *g, const struct result *r)
{
    struct buf out;
    struct json_writer w;
    buf_init(&out, OUTPUT_MAX);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "kind"), json_str(&w, kind->name);
    json_key(&w, "states"), json_int(&w, grammar_size(g));
    json_key(&w, "bytes"), json_uint(&w, grammar_bytes(g));
    if (r) {
        json_key(&w, "matches"), json_bool(&w, r->matches);
        json_key(&w, "offset"), json_uint(&w, r->at);
        json_key(&w, "line"), json_uint(&w, r->line);
        json_key(&w, "column"), json_uint(&w, r->column);
        json_key(&w, "expected"), json_str(&w, r->matches ? NULL : buf_str(&r->expected));
    }
    json_object_end(&w);
    puts(buf_str(&out));
    buf_release(&out);
}

static void print_text(const struct kind *kind, const struct grammar *g, const struct result *r)
{
    static const char line_end[] = "the end of the last line is part of the text, and may not "
                                   "stand here";
    static const char *const why[] = { "this may not stand here", "the text ends too early",
                                       line_end };
    printf("%s: %d states, %zu bytes\n", kind->name, grammar_size(g), grammar_bytes(g));
    if (!r) return;
    if (r->matches)
        printf("the text matches (%zu bytes)\n", r->at);
    else
        printf("line %u, column %u (byte %zu): %s; expected %s\n", r->line, r->column, r->at,
               why[r->cut             ? 1
                   : r->last_line_end ? 2
                                      : 0],
               buf_str(&r->expected));
}

/* The exit status: 0, or 1 where the text does not match. */
static int check(const struct args *args, const char *path)
{
    struct err err;
    struct grammar *g = NULL;
    struct result result = { 0 };
    const char *input = args_get(args, "input");
    struct buf text;
    const struct kind *kind = kind_of(args, path, &err);
    if (!kind) return fail(&err);
    if (input && slice_is(slice_of(input), "-") && slice_is(slice_of(path), "-")) {
        fprintf(stderr, "tiro: grammar and text cannot both come from stdin; name a file\n");
        return EXIT_USAGE;
    }
    buf_init(&text, INPUT_MAX);
    buf_init(&result.expected, OUTPUT_MAX);
    int rc = compile(&g, path, args, kind, &err);
    if (rc == 0 && input) rc = read_text(&text, input, &err);
    if (rc == 0 && input) rc = try_text(&result, g, buf_slice(&text), &err);
    if (rc == 0)
        (args_has(args, "json") ? print_json : print_text)(kind, g, input ? &result : NULL);
    grammar_unref(g);
    buf_release(&text);
    buf_release(&result.expected);
    if (rc < 0) return fail(&err);
    return input && !result.matches;
}

/* --- tunes ------------------------------------------------------------------------------------ */

/* "8" or "4-16" */
static int read_range(int *ret_min, int *ret_max, const struct args *args, const char *name,
                      struct err *err)
{
    const char *value = args_get(args, name);
    int64_t min, max;
    if (!value) return 0;
    struct slice text = slice_of(value);
    size_t cut = slice_find(text, SLICE("-"));
    struct slice last = cut < text.len ? (struct slice){ text.ptr + cut + 1, text.len - cut - 1 }
                                       : text;
    if (!slice_to_i64(&min, (struct slice){ text.ptr, cut }) || !slice_to_i64(&max, last) ||
        min < 1 || max > INT32_MAX || min > max)
        return err_set(err, ERR_INVALID_VALUE, "--%s is a number or a range, 8 or 4-16", name);
    *ret_min = (int)min;
    *ret_max = (int)max;
    return 0;
}

/* "1/8" or "8" */
static int read_note(int *ret, const struct args *args, const char *name, struct err *err)
{
    const char *value = args_get(args, name);
    int64_t n;
    if (!value) return 0;
    struct slice text = slice_of(value);
    if (slice_starts(text, SLICE("1/"))) text = slice_of(value + 2);
    if (!slice_to_i64(&n, text) || n < 1 || n > ABC_NOTE_MAX)
        return err_set(err, ERR_INVALID_VALUE, "--%s is a note, 1/8 or 1/16", name);
    *ret = (int)n;
    return 0;
}

static int abc(const struct args *args)
{
    struct err err;
    struct buf out;
    struct abc_options o = { .metre = args_get(args, "metre"),
                             .keys = args_get(args, "keys"),
                             .plain = args_has(args, "plain"),
                             .symbols = args_has(args, "symbols") };
    buf_init(&out, ABC_GRAMMAR_MAX);
    int rc = read_note(&o.unit, args, "unit", &err);
    if (rc == 0) rc = read_note(&o.shortest, args, "shortest", &err);
    if (rc == 0) rc = read_range(&o.bars_min, &o.bars_max, args, "bars", &err);
    if (rc == 0) rc = read_range(&o.parts_min, &o.parts_max, args, "parts", &err);
    if (rc == 0) rc = abc_grammar(&out, &o, &err);
    if (rc == 0) fputs(buf_str(&out), stdout);
    buf_release(&out);
    return rc < 0 ? fail(&err) : 0;
}

static int run(const struct args *args)
{
    struct slice what = slice_of(args->n_words ? args->words[0] : "");
    if (slice_is(what, "abc") && args->n_words == 1) return abc(args);
    if (slice_is(what, "check") && args->n_words == 2) return check(args, args->words[1]);
    fprintf(stderr, "usage: tiro grammar check FILE [--input FILE], or tiro grammar abc\n");
    return EXIT_USAGE;
}

static const struct option_row options[] = {
    { "kind", "KIND", "check: ebnf (GBNF, Lark), regex or schema (default: by the name)", 0 },
    { "input", "FILE", "check: the text to try; - is stdin", 'i' },
    { "search", NULL, "check, regex: the pattern may stand anywhere in the text", 0 },
    { "strict", NULL, "check, schema: only what OpenAI's strict mode takes", 0 },
    { "json", NULL, "check: print JSON", 0 },
    { "metre", "M", "abc: 4/4, 3/4, 6/8 ... (default 4/4)", 0 },
    { "unit", "1/N", "abc: a note without a length (default: the standard's, 1/8 or 1/16)", 0 },
    { "shortest", "1/N", "abc: the shortest note (default: half a unit)", 0 },
    { "keys", "LIST", "abc: keys to choose from, as in G,D,Em,Ador (default: all)", 0 },
    { "bars", "N-M", "abc: bars in a part (default 4-16)", 0 },
    { "parts", "N-M", "abc: parts of a tune (default 1-4)", 0 },
    { "plain", NULL, "abc: no repeats, chords, triplets, slurs, ties or ornaments", 0 },
    { "symbols", NULL, "abc: chord symbols (\"Am\") before notes", 0 },
    { 0 },
};

const struct subcommand subcommand_grammar = {
    .name = "grammar",
    .summary = "try a grammar against texts; write one for tunes",
    .usage = "grammar check FILE [--kind KIND] [--input FILE] [--json] | grammar abc [options]",
    .help =
        "check compiles the grammar in FILE (- is stdin) and says how large it is. With --input\n"
        "it also says whether that text matches, and if not, where it goes wrong and what\n"
        "could stand there; the status is 1 then. abc prints a grammar of tunes in ABC\n"
        "notation whose bars add up. docs/grammar-language.md is the reference.\n\n"
        "  tiro grammar check answer.ebnf --input answer.txt\n"
        "  echo '[a-z]{3}-[0-9]+' | tiro grammar check - --kind regex\n"
        "  tiro grammar check person.schema.json --input person.json\n"
        "  tiro grammar abc --metre 6/8 --keys G,D --bars 8 > jig.ebnf",
    .options = options,
    .takes_words = true,
    .run = run,
};
