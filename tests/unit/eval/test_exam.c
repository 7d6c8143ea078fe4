/* Readers of question files, what is asked of them, and the figures of a report. */
#include "unit/test.h"

#include "base/seam.h"
#include "eval/code.h"
#include "eval/exam.h"
#include "eval/report.h"

#include <math.h>
#include <stdio.h>

/* Each item as "ID|SUBJECT|PROMPT|CONTINUATION|..>RIGHT.." */
static struct buf seen;

static int note(void *ctx, const struct eval_item *item, struct err *err)
{
    (void)ctx;
    (void)err;
    buf_printf(&seen, "%.*s|%.*s|%.*s", SLICE_FMT(item->id), SLICE_FMT(item->subject),
               SLICE_FMT(item->prompt));
    for (uint32_t i = 0; i < item->n_options; i++)
        buf_printf(&seen, "|%s%.*s", i == item->answer ? ">" : "",
                   SLICE_FMT(item->options[i].continuation));
    buf_add_char(&seen, '\n');
    return 0;
}

static int read_text(const char *name, const char *text, struct err *err)
{
    const struct eval_format *f;
    buf_reset(&seen);
    TRY(eval_format_find(&f, slice_of(name), slice_of(text), err));
    return eval_read(f, slice_of(text), 1, note, NULL, err);
}

static void reads_file(const char *name, const char *file, const char *expected)
{
    char path[512], *text;
    struct err err;
    size_t len;
    (void)snprintf(path, sizeof path, "%s/tests/exams/formats/%s", TIRO_SOURCE_DIR, file);
    assert_ok(file_read_all(&text, &len, path, 1 << 20, &err), &err);
    char *whole = mem_strndup(text, len);
    assert_ok(read_text(name, whole, &err), &err);
    assert_string_equal(buf_str(&seen), expected);
    assert_ok(read_text("auto", whole, &err), &err); /* And it is known by its look. */
    assert_string_equal(buf_str(&seen), expected);
    char *marked = mem_alloc(len + 4); /* Also with U+FEFF before it. */
    assert_non_null(marked);
    (void)snprintf(marked, len + 4, "\xEF\xBB\xBF%s", whole);
    assert_ok(read_text("auto", marked, &err), &err);
    assert_string_equal(buf_str(&seen), expected);
    mem_free(marked);
    mem_free(whole);
    mem_free(text);
}

static void test_mmlu(void **state)
{
    (void)state;
    reads_file("mmlu", "mmlu.csv",
               "1||What is 2 + 3?\nA. 4\nB. 5\nC. 6\nD. 7\nAnswer:| A|> B| C| D\n"
               "2||Which of these is \"quoted\", and has a comma?\nA. one\nB. two, three\nC. four\n"
               "D. five\nAnswer:| A|> B| C| D\n"
               "3||A question\nof two lines\nA. a\nB. b\nC. c\nD. d\nAnswer:| A| B| C|> D\n");
    reads_file("mmlu", "mmlu.jsonl",
               "1|high_school_chemistry|Which gas is most of the air?\nA. Oxygen\nB. Nitrogen\n"
               "C. Argon\nD. Neon\nAnswer:| A|> B| C| D\n"
               "2|elementary_mathematics|Which is even?\nA. 1\nB. 2\nC. 3\nD. 5\nAnswer:| A|> B| C"
               "| D\n");
}

static void test_texts(void **state)
{
    (void)state;
    reads_file("arc", "arc.jsonl",
               "ARC_1||Question: Which is a source of light?\nAnswer:|> the Sun| a stone| a chair\n"
               "ARC_2||Question: What melts?\nAnswer:|> ice| steam\n");
    reads_file(
        "hellaswag", "hellaswag.jsonl",
        "7|Baking a cake|Baking a cake: A person mixes flour and eggs. They"
        "|> pour it into a tin. Then it is baked.| drive to the moon.|  eat the tin.| sing.\n");
    reads_file("medqa", "medqa.jsonl",
               "1|step1|Question: A patient has scurvy. Which vitamin is missing?\nA. Vitamin A\n"
               "B. Vitamin C\nC. Vitamin D\nD. Vitamin K\nAnswer:| A|> B| C| D\n");
    reads_file("windows", "windows.jsonl", "1||[1,2,3,4]\n");
    reads_file("humaneval", "humaneval.jsonl",
               "Written/0||def add(a, b):\n    \"\"\" Sum of a and b.\n    \"\"\"\n\n");
}

static void test_own(void **state)
{
    struct err err;
    (void)state;
    static const char *const answers[] = { "\"B\"", "\"two\"", "1" };
    for (int i = 0; i < 3; i++) {
        char text[256];
        (void)snprintf(text, sizeof text,
                       "{\"question\":\"Q?\",\"options\":[\"one\",\"two\"],\"answer\":%s,"
                       "\"id\":\"x\",\"score\":\"text\"}",
                       answers[i]);
        assert_ok(read_text("auto", text, &err), &err);
        assert_string_equal(buf_str(&seen), "x||Question: Q?\nAnswer:| one|> two\n");
    }
}

static void test_refused(void **state)
{
    (void)state;
    struct err err;
    static const struct {
        const char *format, *text, *says;
    } cases[] = {
        { "auto", "nonsense", "line 1: a row of MMLU has 6 fields" },
        { "auto", "{\"a\":1}", "none of the formats" },
        { "xyz", "{}", "the format 'xyz' is not known; there are auto, arc, choice" },
        { "choice", "", "there is no question" },
        { "choice", "\n\n{\"question\":\"Q\"}", "line 3: there is no list of \"options\"" },
        { "choice", "{\"question\":\"Q\",\"options\":[\"a\",\"b\"],\"answer\":\"C\"}",
          "line 1: the answer is none of the 2 options" },
        { "choice", "{\"question\":\"Q\",\"options\":[\"a\",\"b\"]}", "there is no answer" },
        { "choice", "{\"question\":\"Q\",\"options\":[\"a\"],\"answer\":0}", "fewer than two" },
        { "choice", "{\"question\":\"Q\",\"options\":[\"a\",7],\"answer\":0}", "is not a string" },
        { "choice", "{\"question\":\"Q\",", "line 1" },
        { "mmlu", "q,a,b,c,d,E\n", "the answer's letter, A to D; not 'E'" },
        { "mmlu", "q,a,b,c,d,A\n\"q,a", "line 2: a quote is not closed" },
        { "mmlu", "\"q\"x,a,b,c,d,A\n", "between a closing quote and the comma" },
        { "mmlu", "q\xFF,a,b,c,d,A\n", "it is not UTF-8" },
        { "medqa",
          "{\"question\":\"Q\",\"options\":{\"A\":\"a\",\"C\":\"c\"},\"answer_idx\":\"A\"}",
          "without a gap" },
        { "humaneval", "{\"prompt\":\"p\",\"test\":\"t\",\"entry_point\":\"f(); x\"}",
          "not the name of a function" },
        { "windows", "{\"tokens\":[1,2],\"skip\":2}", "less than the tokens" },
        { "windows", "{\"tokens\":[1,\"a\"],\"skip\":1}", "no token id" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int rc = read_text(cases[i].format, cases[i].text, &err);
        if (rc >= 0 || !strstr(err.text, cases[i].says))
            fail_msg("'%s' gave %d, '%s'", cases[i].text, rc, rc < 0 ? err.text : "");
    }
}

/* ---- What is asked ---- */

static int ask(const struct eval_exam_options *o, uint32_t *ret_n, struct err *err)
{
    buf_reset(&seen);
    return eval_exam(ret_n, o, note, NULL, err);
}

static void test_shots(void **state)
{
    struct err err;
    uint32_t n;
    (void)state;
    struct eval_exam_options o = {
        .questions = SLICE("Q1,a,b,c,d,A,x_y\nQ2,a,b,c,d,B,z\n"),
        .examples = SLICE("E1,a,b,c,d,C,z\nE2,a,b,c,d,D,x_y\nE3,a,b,c,d,A,x_y\n"),
        .shots = 1,
    };
    assert_ok(eval_format_find(&o.format, SLICE("mmlu"), o.questions, &err), &err);
    assert_ok(ask(&o, &n, &err), &err);
    assert_int_equal(n, 2);
    const char *said = buf_str(&seen);
    assert_non_null(strstr(said, "The following are multiple choice questions (with answers) about "
                                 "x y.\n\nE2\nA. a\nB. b\nC. c\nD. d\nAnswer: D\n\nQ1\n"));
    assert_non_null(strstr(said, "about z.\n\nE1\nA. a\nB. b\nC. c\nD. d\nAnswer: C\n\nQ2\n"));
    assert_null(strstr(said, "E3"));
    o.examples = SLICE("");
    assert_fails(ask(&o, &n, &err), ERR_INVALID_VALUE, &err, "no file to take them from");
}

static void test_sample(void **state)
{
    struct err err;
    struct buf text, first;
    uint32_t n;
    (void)state;
    buf_init(&text, 1 << 20);
    buf_init(&first, 1 << 20);
    for (int i = 0; i < 50; i++) buf_printf(&text, "Q%02d,a,b,c,d,A\n", i);
    struct eval_exam_options o = { .questions = buf_slice(&text), .limit = 10 };
    assert_ok(eval_format_find(&o.format, SLICE("auto"), o.questions, &err), &err);
    assert_ok(ask(&o, &n, &err), &err);
    assert_int_equal(n, 10);
    assert_non_null(strstr(buf_str(&seen), "Q09"));
    assert_null(strstr(buf_str(&seen), "Q10"));
    o.has_seed = true;
    o.seed = 7;
    assert_ok(ask(&o, &n, &err), &err);
    assert_int_equal(n, 10);
    buf_add_slice(&first, buf_slice(&seen));
    assert_ok(ask(&o, &n, &err), &err);
    assert_string_equal(buf_str(&seen), buf_str(&first)); /* The same again, */
    o.seed = 8;
    assert_ok(ask(&o, &n, &err), &err);
    assert_string_not_equal(buf_str(&seen), buf_str(&first)); /* and another one. */
    o.limit = 60;
    assert_ok(ask(&o, &n, &err), &err);
    assert_int_equal(n, 50);
    buf_release(&text);
    buf_release(&first);
}

/* ---- Figures ---- */

static void near(double a, double b, double within)
{
    if (!(fabs(a - b) <= within)) fail_msg("%.9g is not %.9g", a, b);
}

/* Against figures worked out elsewhere: statsmodels' proportion_confint(method="wilson"). */
static void test_wilson(void **state)
{
    (void)state;
    struct eval_interval i = eval_wilson(50, 100);
    near(i.low, 0.4038315, 1e-6);
    near(i.high, 0.5961685, 1e-6);
    i = eval_wilson(1, 10);
    near(i.low, 0.0178762, 1e-6);
    near(i.high, 0.4041500, 1e-6);
    i = eval_wilson(0, 10);
    near(i.low, 0, 0);
    near(i.high, 0.2775328, 1e-6);
    i = eval_wilson(10, 10);
    near(i.low, 0.7224672, 1e-6);
    near(i.high, 1, 0);
    i = eval_wilson(0, 0);
    near(i.low, 0, 0);
    near(i.high, 1, 0);
}

static struct eval_item item_of(uint32_t answer)
{
    struct eval_item item = { .kind = EVAL_CHOICE, .n_options = 2, .answer = answer };
    item.options[0].text = SLICE("ab");
    item.options[1].text = SLICE("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"); /* Four characters. */
    return item;
}

static void test_score(void **state)
{
    (void)state;
    struct eval_item item = item_of(1);
    struct eval_result r = {
        .kind = EVAL_CHOICE, .n_options = 2, .logprobs = { -2, -3 }, .tokens = { 1, 3 }
    };
    eval_score(&r, &item);
    assert_int_equal(r.predicted, 0);
    assert_int_equal(r.predicted_per_char, 1);  /* -1 against -0.75 */
    assert_int_equal(r.predicted_per_token, 1); /* -2 against -1 */
    assert_true(!r.right && r.right_per_char && r.right_per_token);
    double p = 1 / (1 + exp(-1.0));
    near(r.probabilities[0], p, 1e-12);
    near(r.probabilities[1], 1 - p, 1e-12);
    near(r.brier, 2 * p * p, 1e-12);
}

static struct eval_result certain(double p, bool right)
{
    return (struct eval_result){
        .kind = EVAL_CHOICE, .n_options = 2, .right = right, .probabilities = { p, 1 - p }
    };
}

static void test_report(void **state)
{
    (void)state;
    struct eval_report report;
    struct json_writer w;
    struct buf out;
    struct err err;
    assert_ok(eval_report_init(&report, EVAL_CHOICE, 0.7, &err), &err);
    const struct eval_result results[] = { certain(0.95, true), certain(0.85, false),
                                           certain(0.65, true), certain(0.65, false) };
    for (size_t i = 0; i < 4; i++)
        assert_ok(eval_report_add(&report, &results[i], i < 2 ? SLICE("x") : SLICE("y"), &err),
                  &err);
    struct eval_result failed = { .kind = EVAL_CHOICE, .problem = SLICE("too long") };
    assert_ok(eval_report_add(&report, &failed, SLICE(""), &err), &err);
    /* |1 - 0.95| + |0 - 0.85| + |1 - 1.3|, over four answers. */
    near(eval_report_ece(&report), (0.05 + 0.85 + 0.3) / 4, 1e-12);
    buf_init(&out, 1 << 20);
    json_writer_init(&w, &out);
    eval_report_write(&report, &w);
    const char *said = buf_str(&out);
    static const char *const parts[] = {
        "\"n\":5,\"failed\":1,\"right\":2,\"accuracy\":0.4,",
        "\"abstention\":{\"below\":0.7,\"answered\":2,\"right\":1,\"accuracy\":0.5,",
        "{\"coverage\":0.25,\"from\":0.95,\"n\":1,\"accuracy\":1}",
        "{\"coverage\":0.5,\"from\":0.85,\"n\":2,\"accuracy\":0.5}",
        "\"subject\":\"x\",\"n\":2,\"right\":1",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(said, parts[i])) fail_msg("'%s' is not in: %s", parts[i], said);
    buf_release(&out);
    eval_report_release(&report);
}

static void test_perplexity(void **state)
{
    (void)state;
    struct eval_report report;
    struct json_writer w;
    struct buf out;
    struct err err;
    assert_ok(eval_report_init(&report, EVAL_TEXT, 0, &err), &err);
    /* Four tokens of 1, 1, 3 and 3 nats over eight bytes: a mean of 2, a deviation of 1. */
    struct eval_result r = {
        .kind = EVAL_TEXT, .nll = 8, .nll_squares = 20, .n_tokens = 4, .bytes = 8, .right = true
    };
    assert_ok(eval_report_add(&report, &r, SLICE(""), &err), &err);
    buf_init(&out, 1 << 20);
    json_writer_init(&w, &out);
    eval_report_write(&report, &w);
    json_t *root = json_loads(buf_str(&out), 0, NULL);
    near(json_number_value(json_object_get(root, "perplexity")), exp(2), 1e-9);
    near(json_number_value(json_object_get(root, "nll_error")), 1 / sqrt(3), 1e-9);
    near(json_number_value(json_object_get(root, "bits_per_byte")), 1 / log(2), 1e-9);
    json_decref(root);
    buf_release(&out);
    eval_report_release(&report);
}

/* ---- Programs ---- */

static void test_code(void **state)
{
    (void)state;
    struct eval_item item = { .kind = EVAL_CODE,
                              .prompt = SLICE("def f(x):\n    \"\"\"d\"\"\"\n"),
                              .tests = SLICE("def check(c):\n    assert c(1)\n"),
                              .entry_point = SLICE("f") };
    static const char *const cases[][2] = {
        /* Cut where the function ends. */
        { "    return x\n\ndef g(): pass",
          "def f(x):\n    \"\"\"d\"\"\"\n    return x\n\ndef check" },
        { "    return x\nprint(f(1))", "def f(x):\n    \"\"\"d\"\"\"\n    return x\ndef check" },
        /* The whole function in words. */
        { "Sure:\n```python\ndef f(x):\n    return 2\n```\nDone.",
          "\"\"\"d\"\"\"\n\ndef f(x):\n    return 2\n\ndef check" },
        /* Only its body. */
        { "```python\n    return 3\n```", "\"\"\"d\"\"\"\n    return 3\n\ndef check" },
    };
    for (size_t i = 0; i < 4; i++) {
        struct buf out;
        buf_init(&out, 1 << 20);
        eval_code_program(&out, &item, slice_of(cases[i][0]));
        if (!strstr(buf_str(&out), cases[i][1])) fail_msg("%s", buf_str(&out));
        assert_non_null(strstr(buf_str(&out), "\ncheck(f)\nprint(\"\\n" EVAL_CODE_PASSED "\")\n"));
        buf_release(&out);
    }
}

int main(void)
{
    json_init();
    buf_init(&seen, 16 << 20);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mmlu),   cmocka_unit_test(test_texts),
        cmocka_unit_test(test_own),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_shots),  cmocka_unit_test(test_sample),
        cmocka_unit_test(test_wilson), cmocka_unit_test(test_score),
        cmocka_unit_test(test_report), cmocka_unit_test(test_perplexity),
        cmocka_unit_test(test_code),
    };
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    buf_release(&seen);
    return rc;
}
