/* CommonMark. What would be markup in the text is escaped, so that it reads the same. */
#include "press/press.h"
#include "press/text.h"

static bool is_special(char c)
{
    return c && strchr("\\`*_[]<>&~|#", c);
}

/* "- a", "+ a", "=" and "12. a" begin lists, and headings under the line before. */
static size_t escape_begin(struct buf *out, struct slice text)
{
    size_t n = 0;
    if (text.len && strchr("-+=", text.ptr[0])) {
        buf_add_char(out, '\\');
        buf_add_char(out, text.ptr[0]);
        return 1;
    }
    while (n < text.len && text.ptr[n] >= '0' && text.ptr[n] <= '9') n++;
    if (n == 0 || n == text.len || !strchr(".)", text.ptr[n])) return 0;
    buf_add(out, text.ptr, n);
    buf_add_char(out, '\\');
    buf_add_char(out, text.ptr[n]);
    return n + 1;
}

static void add_text(struct buf *out, struct slice text, bool begins_line)
{
    for (size_t i = begins_line ? escape_begin(out, text) : 0; i < text.len; i++) {
        if (is_special(text.ptr[i])) buf_add_char(out, '\\');
        buf_add_char(out, text.ptr[i]);
    }
}

static void add_paragraph(struct buf *out, const struct press_paragraph *p)
{
    bool begins = true;
    for (size_t i = 0; i < p->n_runs; i++) {
        const struct press_run *run = &p->runs[i];
        if (run->kind == PRESS_LINE_END)
            buf_add_str(out, "\\\n");
        else if (run->kind == PRESS_MARK)
            buf_add_slice(out, run->text);
        else
            add_text(out, run->text, begins);
        begins = run->kind == PRESS_LINE_END;
    }
}

static int add_scene(struct buf *out, struct slice scene, struct arena *arena, struct err *err)
{
    struct press_text text;
    struct press_paragraph p;
    press_text_begin(&text, scene, arena);
    while (press_text_next(&text, &p)) {
        buf_add_char(out, '\n');
        if (p.is_break)
            buf_add_str(out, "---");
        else
            add_paragraph(out, &p);
        buf_add_char(out, '\n');
    }
    return press_text_check(&text, err);
}

static void add_heading(struct buf *out, const char *level, struct slice title)
{
    buf_add_str(out, level);
    add_text(out, title, true);
    buf_add_char(out, '\n');
}

static int write_markdown(struct buf *out, const struct press_book *book, struct err *err)
{
    struct arena arena;
    int rc = 0;
    arena_init(&arena, PRESS_ARENA_MAX);
    add_heading(out, "# ", book->title);
    for (size_t i = 0; i < book->n_chapters; i++) {
        const struct press_chapter *chapter = &book->chapters[i];
        add_heading(out, "\n## ", chapter->title);
        for (size_t k = 0; rc == 0 && k < chapter->n_scenes; k++) {
            if (k > 0) buf_add_str(out, "\n---\n");
            rc = add_scene(out, chapter->scenes[k], &arena, err);
        }
    }
    arena_release(&arena);
    return rc < 0 ? rc : buf_check(out, "the file", err);
}

const struct press_format press_format_markdown = { .name = "markdown", .write = write_markdown };
