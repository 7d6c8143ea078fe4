/* Every limit of chat/template.h, on both sides, and that hostile templates stop at once. */
#include "chat/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct err last;

/* The error code, or 0; the text of the last rendering stays in *out. */
static int render_with(struct template_output *out, struct slice source,
                       const struct template_options *options)
{
    struct template *t = NULL;
    last = (struct err){ 0 };
    int rc = template_compile(&t, source, "test", &last);
    if (rc == 0) rc = template_render(t, out, NULL, 0, options, &last);
    if (rc < 0) {
        assert_int_equal(out->text.len, 0);
        assert_int_equal(out->n_spans, 0);
    }
    template_close(t);
    return -rc;
}

static int render(const char *source, const struct template_options *options)
{
    struct template_output out;
    template_output_init(&out);
    int rc = render_with(&out, slice_of(source), options);
    template_output_release(&out);
    return rc;
}

/* `head`, n times `unit`, `tail` */
static int render_repeated(const char *head, const char *unit, size_t n, const char *tail)
{
    struct buf b;
    struct template_output out;
    buf_init(&b, 16 << 20);
    buf_add_str(&b, head);
    for (size_t i = 0; i < n; i++) buf_add_str(&b, unit);
    buf_add_str(&b, tail);
    assert_false(b.failed);
    template_output_init(&out);
    int rc = render_with(&out, buf_slice(&b), NULL);
    template_output_release(&out);
    buf_release(&b);
    return rc;
}

static void steps(void **state)
{
    (void)state;
    const char *loop = "{% for i in range(1000) %}{{ i }}{% endfor %}";
    assert_int_equal(render(loop, NULL), 0);
    /* The fuel that is just enough, by bisection; one step less is not. */
    uint64_t low = 1, high = TEMPLATE_STEPS_MAX;
    while (low < high) {
        uint64_t middle = (low + high) / 2;
        if (render(loop, &(struct template_options){ .steps_max = middle }))
            low = middle + 1;
        else
            high = middle;
    }
    assert_true(low > 3000 && low < 20000);
    assert_int_equal(render(loop, &(struct template_options){ .steps_max = low - 1 }), ERR_LIMIT);
    assert_non_null(strstr(last.text, "steps"));
    assert_int_equal(render("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}"
                            "{% endfor %}",
                            NULL),
                     ERR_LIMIT);
}

static void source_size(void **state)
{
    (void)state;
    assert_int_equal(render_repeated("", "x", TEMPLATE_SOURCE_MAX, ""), 0);
    assert_int_equal(render_repeated("", "x", TEMPLATE_SOURCE_MAX + 1, ""), ERR_LIMIT);
    assert_int_equal(render("\xff", NULL), ERR_TEMPLATE);
}

static void nesting(void **state)
{
    (void)state;
    char head[TEMPLATE_NESTING_MAX + 8];
    for (int deep = 0; deep < 2; deep++) {
        size_t n = deep ? TEMPLATE_NESTING_MAX : TEMPLATE_NESTING_MAX / 4;
        memset(head, '(', n);
        head[n] = '\0';
        struct buf b;
        buf_init(&b, 4096);
        buf_printf(&b, "{{ %s1", head);
        for (size_t i = 0; i < n; i++) buf_add_str(&b, ")");
        buf_add_str(&b, " }}");
        assert_int_equal(render(buf_str(&b), NULL), deep ? ERR_LIMIT : 0);
        buf_release(&b);
    }
    assert_int_equal(render_repeated("", "{% if 1 %}", TEMPLATE_NESTING_MAX + 1, ""), ERR_LIMIT);
    assert_int_equal(render_repeated("{{ ", "not ", 90, "1 }}"), 0);
    assert_int_equal(render_repeated("{{ ", "not ", 100000, "1 }}"), ERR_LIMIT);
    assert_int_equal(render_repeated("{{ ", "-", 100000, "1 }}"), ERR_LIMIT);
    assert_int_equal(render_repeated("{{ ", "[", 60000, ""), ERR_LIMIT);
    assert_int_equal(render_repeated("{{ ", "1 if 1 else ", 60000, "1 }}"), ERR_LIMIT);
}

static void depth(void **state)
{
    (void)state;
    /* Long chains nest to the left in the tree, and count when they are evaluated. */
    assert_int_equal(render_repeated("{{ 1", "+1", TEMPLATE_DEPTH_MAX - 2, " }}"), 0);
    assert_int_equal(render_repeated("{{ 1", "+1", TEMPLATE_DEPTH_MAX + 2, " }}"), ERR_LIMIT);
    assert_int_equal(render_repeated("{{ 'a'", "|upper", 50000, " }}"), ERR_LIMIT);
    assert_int_equal(render_repeated("{{ 'a'", "[0]", 50000, " }}"), ERR_LIMIT);
    assert_int_equal(render_repeated("{{ 'a'", "~'a'", 50000, " }}"), 0);
    assert_int_equal(render("{% macro f(n) %}{{ n and f(n - 1) }}{% endmacro %}{{ f(50) }}", NULL),
                     0);
    assert_int_equal(render("{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}", NULL), ERR_LIMIT);
    assert_non_null(strstr(last.text, "nesting"));
    assert_int_equal(render("{% macro a() %}{{ caller() }}{% endmacro %}{% macro b() %}{% call a() "
                            "%}{{ b() }}{% endcall %}{% endmacro %}{{ b() }}",
                            NULL),
                     ERR_LIMIT);
    assert_int_equal(render("{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}", NULL),
                     ERR_LIMIT);
}

static void output(void **state)
{
    (void)state;
    struct template_options small = { .output_max = 100 };
    assert_int_equal(render("{{ 'x' * 100 }}", &small), 0);
    assert_int_equal(render("{{ 'x' * 101 }}", &small), ERR_LIMIT);
    assert_int_equal(render("{% for i in range(10) %}{{ 'x' * 10 }}{% endfor %}", &small), 0);
    assert_int_equal(render("{% for i in range(11) %}{{ 'x' * 10 }}{% endfor %}", &small),
                     ERR_LIMIT);
    assert_int_equal(render("{{ '-' * 4194304 }}", NULL), 0);
    assert_int_equal(render("{{ '-' * 4194305 }}", NULL), ERR_LIMIT);
}

static void hostile_sizes(void **state)
{
    (void)state;
    static const char *const sources[] = {
        "{{ range(10**9) }}",
        "{{ '-' * 10**10 }}",
        "{{ [0] * 10**10 }}",
        "{{ 'a'|center(10**12) }}",
        "{{ 'a'.ljust(10**12) }}",
        "{{ 'a'|indent(10**12) }}",
        "{{ [1]|tojson(indent=10**12) }}",
        "{{ '5'.zfill(10**12) }}",
        "{{ [1]|batch(10**9, 0)|list }}",
        "{{ [1]|slice(10**12)|list }}",
        "{% set x = 'ab' %}{% for i in range(100) %}{% set ns = namespace(x=x) %}{% endfor %}"
        "{% set n = namespace(x='ab') %}{% for i in range(64) %}{% set n.x = n.x + n.x %}{% endfor "
        "%}",
        "{% set n = namespace(x=[1]) %}{% for i in range(64) %}{% set n.x = n.x + n.x %}{% endfor "
        "%}",
        "{% set n = namespace(x=[1]) %}{% for i in range(64) %}{% set n.x = [n.x, n.x] %}{% endfor "
        "%}"
        "{{ n.x }}",
        "{% set n = namespace(x=[1]) %}{% for i in range(64) %}{% set n.x = [n.x, n.x] %}{% endfor "
        "%}"
        "{{ n.x|tojson }}",
        "{% set n = namespace(x=[1], y=[1]) %}{% for i in range(64) %}{% set n.x = [n.x, n.x] %}"
        "{% set n.y = [n.y, n.y] %}{% endfor %}{{ n.x == n.y }}",
        "{% set n = namespace() %}{% set n.x = n %}{{ n }}",
        "{% set s = 'a' * 4000000 %}{% for i in range(100000) %}{{ 'ab' in s }}{% endfor %}",
        "{% set s = 'a' * 2000000 %}{{ s.rfind('b' + 'a' * 1000000) }}",
        "{% set s = 'a' * 2000000 %}{{ s.rsplit('b' + 'a' * 1000000) }}",
        "{% set s = 'ab ' * 1000000 %}{% for i in range(1000) %}{% set x = s.split() %}{% endfor "
        "%}",
        "{% set s = 'a' * 1000000 %}{{ s.replace('', s) }}",
        "{% set s = 'a' * 1000000 %}{% for i in range(100000) %}{% set t = s|upper %}{% endfor %}",
    };
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        int rc = render(sources[i], NULL);
        if (rc != ERR_LIMIT)
            fail_msg("%s: %s %s", sources[i], rc ? err_name((enum err_code)rc) : "ok", last.text);
    }
}

static void range_and_items(void **state)
{
    (void)state;
    assert_int_equal(render("{{ range(100000)|length }}", NULL), 0);
    assert_int_equal(render("{{ range(100001)|length }}", NULL), ERR_LIMIT);
    assert_int_equal(render("{{ ([0] * 1000000)|length }}", NULL), 0);
    assert_int_equal(render("{{ ([0] * 1000001)|length }}", NULL), ERR_LIMIT);
    assert_int_equal(render("{{ range(9223372036854775807, -9223372036854775807, -1) }}", NULL),
                     ERR_LIMIT);
}

static void value_depth(void **state)
{
    (void)state;
    const char *nest = "{%% set n = namespace(x=1) %%}{%% for i in range(%d) %%}"
                       "{%% set n.x = [n.x] %%}{%% endfor %%}{{ n.x }}{{ n.x|tojson }}";
    char source[256];
    for (int over = 0; over < 2; over++) {
        struct buf b;
        buf_init(&b, sizeof source);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        buf_printf(&b, nest, TEMPLATE_VALUE_DEPTH_MAX - 1 + over);
#pragma GCC diagnostic pop
        assert_int_equal(render(buf_str(&b), NULL), over ? ERR_LIMIT : 0);
        buf_release(&b);
    }
}

static void memory(void **state)
{
    (void)state;
    const char *source = "{% for i in range(1000) %}{% set x = 'a' * 1000 %}{% endfor %}";
    assert_int_equal(render(source, &(struct template_options){ .memory_max = 4 << 20 }), 0);
    assert_int_equal(render(source, &(struct template_options){ .memory_max = 1 << 20 }),
                     ERR_LIMIT);
    assert_non_null(strstr(last.text, "memory"));
}

/* 64-bit numbers: an error where Python would go on. */
static void overflow(void **state)
{
    (void)state;
    static const char *const sources[] = {
        "{{ 9223372036854775807 + 1 }}",
        "{{ 2 ** 63 }}",
        "{{ 4294967296 * 4294967296 }}",
        "{{ -9223372036854775807 - 2 }}",
        "{{ 9223372036854775808 }}",
        "{{ 1e30|int }}",
        "{{ '99999999999999999999'|int }}",
        "{{ (-9223372036854775807 - 1)|abs }}",
        "{{ (-9223372036854775807 - 1) // -1 }}",
        "{{ [9223372036854775807, 1]|sum }}",
    };
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        assert_int_equal(render(sources[i], NULL), ERR_TEMPLATE);
    assert_int_equal(render("{{ (-9223372036854775807 - 1) % -1 }}", NULL), 0);
}

/* What jinja2 has and Tiro refuses, by name and line. */
static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *source, *says;
    } cases[] = {
        { "\n{% include 'x' %}", "line 2: the tag 'include' is not supported" },
        { "{% import 'x' as y %}", "'import'" },
        { "{% from 'x' import y %}", "'from'" },
        { "{% extends 'x' %}", "'extends'" },
        { "{% block a %}{% endblock %}", "'block'" },
        { "{% autoescape true %}{% endautoescape %}", "'autoescape'" },
        { "a\nb\n{{ [1]|random }}", "line 3: the filter 'random' is not supported" },
        { "{% if false %}{{ 1|nope }}{% endif %}", "the filter 'nope' does not exist" },
        { "{% if false %}{{ 1 is nope }}{% endif %}", "the test 'nope' does not exist" },
        { "{% nope %}", "'nope'" },
        { "{{ lipsum() }}", "'lipsum'" },
        { "{{ 'a'.encode() }}", "str.encode is not supported" },
        { "{{ self.x }}", "'self'" },
        { "{{ range(3).start }}", "range.start" },
        { "{{ [1]|map('upper') }}", "address" },
        { "{{ 'nan'|float < 1 }}", "nan" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(render(cases[i].source, NULL), ERR_TEMPLATE);
        if (!strstr(last.text, cases[i].says)) fail_msg("%s: %s", cases[i].source, last.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps),           cmocka_unit_test(source_size),
        cmocka_unit_test(nesting),         cmocka_unit_test(depth),
        cmocka_unit_test(output),          cmocka_unit_test(hostile_sizes),
        cmocka_unit_test(range_and_items), cmocka_unit_test(value_depth),
        cmocka_unit_test(memory),          cmocka_unit_test(overflow),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
