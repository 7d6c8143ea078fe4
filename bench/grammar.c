/* grammar - what constrained output costs beside the forward pass: compiling, masks, accepting.
 *
 *     build/grammar_bench MODEL.gguf [--json] [ROUNDS]
 *
 * Each schema is compiled ROUNDS times (default 20), a constraint opened, and a valid text walked
 * token by token with the model's own vocabulary: first with a fresh grammar, whose masks are all
 * to be found but that of the start, then again with the same. Prints microseconds of the thread's
 * own time (so that a busy machine counts less): mean, p50, p99 and the most. */
#include "base/json.h"
#include "base/seam.h"
#include "engine/format.h"
#include "engine/tokenizer.h"
#include "grammar/constrain.h"
#include "grammar/json_schema.h"
#include "models/checkpoint.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS_MAX = 1000, TOKENS_MAX = 4096 };

/* What a model says before and beside a tool call: nearly every token may come. */
static int32_t free_text(struct grammar_builder *b)
{
    int32_t call = grammar_seq(b, 3,
                               (int32_t[]){ grammar_text(b, SLICE("<tool_call>")),
                                            json_object_write(b),
                                            grammar_text(b, SLICE("</tool_call>")) });
    return grammar_seq(
        b, 2, (int32_t[]){ grammar_until(b, SLICE("<tool_call>")), grammar_optional(b, call) });
}

static const struct task {
    const char *name, *schema, *text;
    int32_t (*write)(struct grammar_builder *b); /* Without a schema. */
} tasks[] = {
    { "flat object",
      "{'type':'object','properties':{'name':{'type':'string'},'age':{'type':'integer'},"
      "'admin':{'type':'boolean'}},'required':['name','age','admin'],"
      "'additionalProperties':false}",
      "{'name': 'Ada Lovelace', 'age': 36, 'admin': true}" },
    { "weather tool",
      "{'type':'object','properties':{'location':{'type':'string'},'unit':{'enum':['celsius',"
      "'fahrenheit']}},'required':['location','unit'],'additionalProperties':false}",
      "{'location': 'S\303\243o Paulo, Brazil', 'unit': 'celsius'}" },
    { "enum of 100", NULL, /* made below */
      "'country number 73'" },
    { "bounded strings",
      "{'type':'object','properties':{'title':{'type':'string','maxLength':80},'body':{'type':"
      "'string','minLength':10,'maxLength':400}},'required':['title','body'],"
      "'additionalProperties':false}",
      "{'title': 'The harbour at dawn', 'body': 'Fishermen carried nets to their boats while gulls "
      "circled above the market, where bread, oranges and salted cod were sold.'}" },
    { "patterns",
      "{'type':'object','properties':{'id':{'type':'string','pattern':'^[A-Z]{3}-[0-9]{6}$'},"
      "'mail':{'type':'string','pattern':'^[a-z0-9.]+@[a-z0-9]+[.][a-z]{2,}$'},'at':{'type':"
      "'string','pattern':'^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}Z$'}},'required':['id',"
      "'mail','at'],'additionalProperties':false}",
      "{'id': 'ABC-123456', 'mail': 'ada.l@example.org', 'at': '2026-11-28T12:30Z'}" },
    { "array of objects",
      "{'type':'array','items':{'type':'object','properties':{'sku':{'type':'string'},'price':"
      "{'type':'number'},'tags':{'type':'array','items':{'type':'string'}}},'required':['sku',"
      "'price','tags'],'additionalProperties':false}}",
      "[{'sku': 'bread', 'price': 3.25, 'tags': ['food', 'fresh today']}, {'sku': 'rope', 'price': "
      "18, 'tags': []}, {'sku': 'lamp', 'price': 0.5, 'tags': ['light']}]" },
    { "choice of kinds",
      "{'anyOf':[{'type':'object','properties':{'kind':{'const':'circle'},'radius':{'type':"
      "'number'}},'required':['kind','radius'],'additionalProperties':false},{'type':'object',"
      "'properties':{'kind':{'const':'square'},'side':{'type':'number'}},'required':['kind','side']"
      ","
      "'additionalProperties':false},{'type':'null'}]}",
      "{'kind': 'square', 'side': 12.75}" },
    { "recursive tree",
      "{'$ref':'#/$defs/node','$defs':{'node':{'type':'object','properties':{'value':{'type':"
      "'string'},'children':{'type':'array','items':{'$ref':'#/$defs/node'}}},'required':['value',"
      "'children'],'additionalProperties':false}}}",
      "{'value': 'root', 'children': [{'value': 'left', 'children': []}, {'value': 'right', "
      "'children': [{'value': 'leaf', 'children': []}]}]}" },
    { "optional fields",
      "{'type':'object','properties':{'a':{'type':'string'},'b':{'type':'integer'},'c':{'type':"
      "'boolean'},'d':{'type':['string','null']},'e':{'type':'number'},'f':{'type':'string'}},"
      "'required':['a','f'],'additionalProperties':false}",
      "{'a': 'first', 'c': false, 'd': null, 'f': 'the last of them'}" },
    { "any JSON", "{}",
      "{'so': ['it', 'goes', {'on': [1, 2.5, null, true]}], 'text': 'with an \\\\n escape and an "
      "\303\251', 'empty': {}}" },
    { "text and a call", NULL,
      "The weather <b>there</b> is 3 < 5 degrees; I'll ask.\n\n<tool_call>{'name': 'weather', "
      "'arguments': {'city': 'Oslo'}}</tool_call>",
      free_text },
};
enum { N_TASKS = sizeof tasks / sizeof *tasks };

struct series {
    double *us; /* (n) owned */
    size_t n, cap;
};

struct results {
    struct series compile, open, first, warm, accept;
};

static void check(int result, const struct err *err)
{
    if (result >= 0) return;
    fprintf(stderr, "grammar_bench: %s\n", err->text);
    exit(1);
}

static double clock_us(void)
{
    struct timespec t;
    int r = clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    assert(r == 0);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1000;
}

static void add(struct series *s, double us)
{
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 1024;
        s->us = mem_realloc(s->us, s->cap * sizeof *s->us);
        assert(s->us);
    }
    s->us[s->n++] = us;
}

/* C strings are easier to read with '. */
static void quoted(struct buf *out, const char *text)
{
    for (; *text; text++) buf_add_char(out, *text == '\'' ? '"' : *text);
}

static void schema_text(struct buf *out, const struct task *t)
{
    if (t->schema) {
        quoted(out, t->schema);
        return;
    }
    buf_add_str(out, "{\"enum\":[");
    for (int i = 0; i < 100; i++) buf_printf(out, "%s\"country number %d\"", i ? "," : "", i);
    buf_add_str(out, "]}");
}

static struct grammar *compile(const struct task *t, struct slice schema, struct series *times,
                               struct err *err)
{
    static const struct json_schema_options options = { .strict = false };
    struct grammar_builder *b;
    struct grammar *g;
    json_t *root = NULL;
    int32_t node;
    double start = clock_us();
    check(grammar_builder_open(&b, err), err);
    if (!t->write) check(json_read(&root, schema, &json_limits_file, "schema", err), err);
    node = t->write ? t->write(b) : json_schema_write(b, root, &options, err);
    if (root) check(node, err);
    check(grammar_compile(&g, b, node, err), err);
    grammar_builder_close(b);
    json_decref(root);
    add(times, clock_us() - start);
    return g;
}

static void walk(struct grammar *g, const struct vocabulary *v, const struct tokens *ids,
                 struct series *masks, struct results *r, struct err *err)
{
    static uint32_t bits[TOKENIZER_VOCAB_MAX / 32 + 1];
    struct grammar_constrain_options options = { .vocabulary = v };
    struct constraint *c;
    int32_t n_vocab = (int32_t)tokenizer_vocab_len(vocabulary_tokenizer(v));
    double start = clock_us();
    check(grammar_constrain(&c, g, &options, err), err);
    if (masks == &r->first) add(&r->open, clock_us() - start);
    for (size_t i = 0; i < ids->len; i++) {
        memset(bits, 0xff, ((size_t)n_vocab / 32 + 1) * sizeof *bits);
        start = clock_us();
        constraint_mask(c, bits, n_vocab);
        add(masks, clock_us() - start);
        if (!constraint_bit(bits, ids->ids[i])) {
            fprintf(stderr, "grammar_bench: token %zu of a valid text is not allowed\n", i);
            exit(1);
        }
        start = clock_us();
        if (constraint_accept(c, ids->ids[i]) < 0) exit(1);
        add(&r->accept, clock_us() - start);
    }
    constraint_close(c);
}

static void run(const struct task *t, const struct vocabulary *v, int rounds, struct results *r)
{
    struct err err;
    struct buf schema, text;
    struct tokens ids;
    buf_init(&schema, 1 << 20);
    buf_init(&text, 1 << 20);
    tokens_init(&ids, TOKENS_MAX);
    schema_text(&schema, t);
    quoted(&text, t->text);
    check(tokenizer_encode(vocabulary_tokenizer(v), &ids, buf_slice(&text), NULL, &err), &err);
    for (int i = 0; i < rounds; i++) {
        struct grammar *g = compile(t, buf_slice(&schema), &r->compile, &err);
        walk(g, v, &ids, &r->first, r, &err);
        walk(g, v, &ids, &r->warm, r, &err);
        grammar_unref(g);
    }
    tokens_release(&ids);
    buf_release(&schema);
    buf_release(&text);
}

/* ---- What is printed ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print(const char *task, const char *what, struct series *s, bool json)
{
    double sum = 0;
    qsort(s->us, s->n, sizeof *s->us, by_value);
    for (size_t i = 0; i < s->n; i++) sum += s->us[i];
    double mean = sum / (double)s->n, p50 = s->us[s->n / 2], p99 = s->us[s->n * 99 / 100];
    if (json)
        printf("{\"schema\": \"%s\", \"what\": \"%s\", \"n\": %zu, \"mean_us\": %.3f, "
               "\"p50_us\": %.3f, \"p99_us\": %.3f, \"max_us\": %.3f}\n",
               task, what, s->n, mean, p50, p99, s->us[s->n - 1]);
    else
        printf("%-18s %-8s %9.2f %9.2f %9.2f %9.2f\n", task, what, mean, p50, p99, s->us[s->n - 1]);
}

static void append(struct series *to, const struct series *from)
{
    for (size_t i = 0; i < from->n; i++) add(to, from->us[i]);
}

static void print_all(const char *task, struct results *r, bool json)
{
    print(task, "compile", &r->compile, json);
    print(task, "open", &r->open, json);
    print(task, "first", &r->first, json);
    print(task, "warm", &r->warm, json);
    print(task, "accept", &r->accept, json);
}

int main(int argc, char **argv)
{
    struct err err = { 0 };
    struct checkpoint *checkpoint;
    struct tokenizer *tokenizer;
    struct vocabulary *vocabulary;
    struct results all = { 0 };
    bool json = argc > 2 && strcmp(argv[2], "--json") == 0;
    int rounds = argc > 2 + json ? atoi(argv[2 + json]) : 20;
    if (argc < 2 || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: grammar_bench MODEL.gguf [--json] [ROUNDS, at most %d]\n",
                ROUNDS_MAX);
        return 2;
    }
    check(checkpoint_open(&checkpoint, argv[1], &err), &err);
    check(tokenizer_open(&tokenizer, checkpoint, &err), &err);
    double start = clock_us();
    check(vocabulary_open(&vocabulary, tokenizer, &err), &err);
    double ms = (clock_us() - start) / 1000;
    if (!json)
        printf("%zu words, their trie in %.1f ms\n%-27s %9s %9s %9s %9s  us\n",
               tokenizer_vocab_len(tokenizer), ms, "", "mean", "p50", "p99", "max");
    for (size_t i = 0; i < N_TASKS; i++) {
        struct results r = { 0 };
        run(&tasks[i], vocabulary, rounds, &r);
        append(&all.compile, &r.compile);
        append(&all.open, &r.open);
        append(&all.first, &r.first);
        append(&all.warm, &r.warm);
        append(&all.accept, &r.accept);
        print_all(tasks[i].name, &r, json);
    }
    print_all("all", &all, json);
    return 0;
}
