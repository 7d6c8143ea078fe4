#include "eval/exam.h"

enum { EXAMPLES_BYTES_MAX = 16 << 20 };

struct example {
    struct slice subject, text; /* prompt and answer */
};

struct exam {
    const struct eval_exam_options *o;
    struct arena arena; /* of the examples */
    struct example *examples;
    uint32_t n_examples;
    uint32_t n_seen, n_taken, n_all; /* questions; n_all: of the first reading */
    uint32_t n_wanted;
    uint64_t random;
    struct buf prompt;
    int (*take)(void *ctx, const struct eval_item *item, struct err *err);
    void *ctx;
};

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* ---- Examples ---- */

static int take_example(void *ctx, const struct eval_item *item, struct err *err)
{
    struct exam *x = ctx;
    if (x->n_examples == EVAL_EXAMPLES_MAX)
        return err_set(err, ERR_LIMIT, "there are more than %d examples", EVAL_EXAMPLES_MAX);
    const char *text = arena_printf(&x->arena, "%.*s%.*s", SLICE_FMT(item->prompt),
                                    SLICE_FMT(item->options[item->answer].continuation));
    TRY(arena_check(&x->arena, "the examples", err));
    x->examples[x->n_examples++] = (struct example){
        .subject = arena_slice(&x->arena, item->subject),
        .text = slice_of(text),
    };
    return 0;
}

static int read_examples(struct exam *x, struct err *err)
{
    if (x->o->format->kind != EVAL_CHOICE)
        return err_set(err, ERR_INVALID_VALUE, "examples (shots) are for multiple choice alone");
    if (x->o->examples.len == 0)
        return err_set(err, ERR_INVALID_VALUE,
                       "examples (shots) are asked for, and there is no file to take them from");
    x->examples = ARENA_NEWS(&x->arena, EVAL_EXAMPLES_MAX, struct example);
    TRY(arena_check(&x->arena, "the examples", err));
    if (eval_read(x->o->format, x->o->examples, 1, take_example, x, err) < 0)
        return err_context(err, "the examples");
    for (uint32_t i = x->n_examples; x->o->has_seed && i > 1; i--) {
        uint32_t j = (uint32_t)(next_random(&x->random) % i);
        struct example moved = x->examples[i - 1];
        x->examples[i - 1] = x->examples[j];
        x->examples[j] = moved;
    }
    return 0;
}

/* ---- Prompts ---- */

static void add_description(struct buf *out, const char *description, struct slice subject)
{
    static const char about[] = " about %s";
    const char *at = strstr(description, about);
    if (!at) {
        buf_add_str(out, description);
        return;
    }
    buf_add(out, description, (size_t)(at - description));
    if (subject.len) buf_add_str(out, " about ");
    for (size_t i = 0; i < subject.len; i++)
        buf_add_char(out, subject.ptr[i] == '_' ? ' ' : subject.ptr[i]);
    buf_add_str(out, at + sizeof about - 1);
}

static void add_shots(struct exam *x, const struct eval_item *item)
{
    bool any = true; /* No example is of this subject. */
    for (uint32_t i = 0; i < x->n_examples && any; i++)
        any = !slice_eq(x->examples[i].subject, item->subject);
    for (uint32_t i = 0, n = 0; i < x->n_examples && n < x->o->shots; i++) {
        if (!any && !slice_eq(x->examples[i].subject, item->subject)) continue;
        buf_add_slice(&x->prompt, x->examples[i].text);
        buf_add_str(&x->prompt, "\n\n");
        n++;
    }
}

static int ask(struct exam *x, const struct eval_item *item, struct err *err)
{
    struct eval_item whole = *item;
    buf_reset(&x->prompt);
    if (x->o->format->description)
        add_description(&x->prompt, x->o->format->description, item->subject);
    if (x->o->shots) add_shots(x, item);
    buf_add_slice(&x->prompt, item->prompt);
    TRY(buf_check(&x->prompt, "a question with its examples", err));
    whole.prompt = buf_slice(&x->prompt);
    return x->take(x->ctx, &whole, err);
}

/* ---- Which ---- */

static int count(void *ctx, const struct eval_item *item, struct err *err)
{
    struct exam *x = ctx;
    (void)item;
    (void)err;
    x->n_all++;
    return 0;
}

/* Selection sampling (Knuth, volume 2, algorithm 3.4.2 S). */
static int choose(void *ctx, const struct eval_item *item, struct err *err)
{
    struct exam *x = ctx;
    uint32_t left = x->n_all - x->n_seen++, open = x->n_wanted - x->n_taken;
    bool taken = open > 0;
    if (taken && x->o->has_seed) taken = next_random(&x->random) % left < open;
    if (!taken) return 0;
    x->n_taken++;
    return ask(x, item, err);
}

static int run(struct exam *x, struct err *err)
{
    const struct eval_exam_options *o = x->o;
    if (o->shots) TRY(read_examples(x, err));
    TRY(eval_read(o->format, o->questions, 1, count, x, err));
    x->n_wanted = o->limit && o->limit < x->n_all ? o->limit : x->n_all;
    return eval_read(o->format, o->questions, 1, choose, x, err);
}

int eval_exam(uint32_t *ret_n, const struct eval_exam_options *options,
              int (*take)(void *ctx, const struct eval_item *item, struct err *err), void *ctx,
              struct err *err)
{
    struct exam x = { .o = options, .random = options->seed, .take = take, .ctx = ctx };
    arena_init(&x.arena, EXAMPLES_BYTES_MAX);
    buf_init(&x.prompt, 2 * EVAL_ITEM_BYTES_MAX);
    int rc = run(&x, err);
    buf_release(&x.prompt);
    arena_release(&x.arena);
    if (rc == 0) *ret_n = x.n_taken;
    return rc;
}
