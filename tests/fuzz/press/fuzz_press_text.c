/* Any bytes as a scene: what is clean stays as it is, runs lie within their paragraph, in order and
 * without holes but for what was meant as a mark; and Markdown and EPUB can be written of it. */
#include "base/utf8.h"
#include "press/language.h"
#include "press/press.h"
#include "press/text.h"

#include <assert.h>

static void check_paragraph(const struct press_paragraph *p)
{
    const char *at = p->text.ptr;
    assert(p->text.len > 0);
    for (size_t i = 0; i < p->n_runs; i++) {
        const struct press_run *r = &p->runs[i];
        /* A backslash in front of a mark is in no run. */
        assert(r->text.len > 0 && (r->text.ptr == at || (r->text.ptr == at + 1 && *at == '\\')));
        assert(r->style <= 3 && (r->kind == PRESS_TEXT || r->style == 0));
        at = r->text.ptr + r->text.len;
    }
    assert(p->is_break || at == p->text.ptr + p->text.len);
}

static void check_formats(struct slice scene)
{
    static const char *const formats[] = { "markdown", "epub", "docx" };
    struct press_chapter chapter = { .title = SLICE("1"), .scenes = &scene, .n_scenes = 1 };
    struct press_book book = { .id = SLICE("b"),
                               .title = SLICE("T"),
                               .chapters = &chapter,
                               .n_chapters = 1,
                               .language = press_language_find(SLICE("en")) };
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct buf out;
        struct err err = { 0 };
        buf_init(&out, 64 << 20);
        int rc = press_format_find(formats[i])->write(&out, &book, &err);
        assert(rc == 0);
        buf_release(&out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct press_text text;
    struct press_paragraph p;
    arena_init(&arena, 256 << 20);
    struct slice clean = press_text_clean((struct slice){ (const char *)data, size }, true, &arena);
    assert(clean.len <= size && utf8_valid(clean.ptr, clean.len));
    assert(slice_eq(press_text_clean(clean, true, &arena), clean));
    struct slice line = press_text_clean(clean, false, &arena);
    assert(slice_find(line, SLICE("\n")) == line.len);
    press_text_begin(&text, clean, &arena);
    while (press_text_next(&text, &p)) check_paragraph(&p);
    assert(!arena.failed);
    if (clean.len) check_formats(clean);
    arena_release(&arena);
    return 0;
}
