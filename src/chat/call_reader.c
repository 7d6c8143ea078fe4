/* The reader of formats whose calls are what `struct tool_writing` says. Its states:
 *
 *     START   the first white space, then what begins a bare call: { or ```json
 *     TEXT    content; the marker ends it
 *     EXPECT  one of r->texts, each with the state it leads to; else it was no call
 *     OBJECT KEY IN_KEY COLON VALUE IN_VALUE COMMA      {"name": "..", "arguments": ..}
 *     NAME ARGUMENTS IN_VALUE                           NAME name_end ARGUMENTS
 *
 * Until a call is told, all of it is held and may become content. */
#include "base/buf.h"
#include "chat/reply.h"
#include "chat/tool_format.h"

#include <assert.h>

enum {
    START,
    TEXT,
    EXPECT,
    OBJECT,
    KEY,
    IN_KEY,
    COLON,
    VALUE,
    IN_VALUE,
    COMMA,
    NAME,
    ARGUMENTS,
    /* Where texts lead, too: */
    OPENED, /* The marker: calls begin. */
    CALL,   /* What stands before a call. */
    AFTER,  /* What stands behind one. */
    CLOSED, /* The end of all calls. */
};

enum { KEY_NAME, KEY_ARGUMENTS, KEY_OTHER };

void tool_reader_init(struct tool_reader *r, const struct tool_style *style,
                      const struct tool_list *tools, struct reply *reply)
{
    *r = (struct tool_reader){ .style = style, .tools = tools, .reply = reply };
    r->state = START;
    buf_init(&r->held, REPLY_HELD_MAX);
}

static struct slice held(const struct tool_reader *r, size_t from, size_t to)
{
    return (struct slice){ r->held.ptr + from, to - from };
}

static void drop(struct tool_reader *r, size_t n)
{
    if (n) buf_consume(&r->held, n);
    r->held_at += n;
}

/* ---- Content ---- */

/* The first n held bytes as content. Behind a call its white space is left out. */
static void content(struct tool_reader *r, size_t n, bool marks)
{
    size_t from = 0;
    if (n == 0) return;
    while (r->after_call && from < n && mark_is_space(r->held.ptr[from])) from++;
    if (from < n) r->after_call = false;
    if (marks)
        reply_put_back(r->reply, held(r, from, n), r->held_at + from);
    else
        for (size_t i = from; i < n; i++)
            reply_put(r->reply, REPLY_CONTENT, r->held.ptr[i], r->held_at + i);
    drop(r, n);
}

static void opened(struct tool_reader *r);

/* What is held is white space, then maybe the beginning of the marker. */
static void settle(struct tool_reader *r)
{
    r->state = TEXT;
    while (r->held.len) {
        size_t space = 0;
        while (space < r->held.len && mark_is_space(r->held.ptr[space])) space++;
        if (space == r->held.len) return;
        int m = mark_match(held(r, space, r->held.len), &r->style->marker, 1);
        if (r->reply->in_mark) m = MARK_NONE; /* Its end, not another's beginning. */
        if (m == MARK_PART) return;
        if (m == 0) {
            opened(r);
            return;
        }
        content(r, space + 1, false);
    }
}

/* No call after all: the held bytes before `rest` are content, and those from there on may be. */
static void give_up(struct tool_reader *r, size_t rest)
{
    content(r, rest, true);
    settle(r);
}

/* ---- Calls ---- */

/* White space around it may be otherwise. */
static void expect(struct tool_reader *r, struct slice text, int then)
{
    text = slice_trim(text);
    if (text.len == 0) return;
    assert(r->n_texts < TOOL_READER_TEXTS);
    r->texts[r->n_texts] = text;
    r->then[r->n_texts++] = then;
}

static void expecting(struct tool_reader *r)
{
    r->state = EXPECT;
    r->part = r->held.len;
    r->n_texts = 0;
}

/* A call begins with the next byte. */
static void new_call(struct tool_reader *r)
{
    r->begun = r->bare = r->fenced = false;
    r->name = r->arguments = (struct json_piece){ 0 };
    r->pass = (struct json_pass){ 0 };
    r->part = r->held.len;
    r->state = r->style->format->writing.arguments ? OBJECT : NAME;
}

/* The marker has come. */
static void opened(struct tool_reader *r)
{
    const struct tool_style *s = r->style;
    new_call(r);
    if (s->begin.len == 0) return;
    expecting(r);
    if (s->format->writing.list)
        expect(r, SLICE("["), CALL);
    else
        expect(r, s->call, CALL);
}

/* Its arguments come now. False: it is none, and not told. */
static bool tell(struct tool_reader *r)
{
    struct slice name = held(r, r->name.from, r->name.to);
    const struct tool *tool = tool_list_find(r->tools, name);
    bool odd = name.len == 0 || name.len > CALL_NAME_MAX || (r->bare && !tool);
    for (size_t i = 0; i < name.len; i++) odd = odd || name.ptr[i] == '\\' || mark_is(name.ptr[i]);
    if (odd || !reply_call(r->reply, name)) return false;
    r->begun = true;
    r->after_call = false;
    r->out = (struct call_arguments){ .custom = tool && tool->custom };
    return true;
}

static void argument(struct tool_reader *r, char c)
{
    call_arguments_read(&r->out, r->reply, c);
}

/* Arguments that came before the name, or none at all. */
static bool tell_late(struct tool_reader *r)
{
    static const char none[] = "{}";
    size_t n = r->arguments.to ? r->arguments.to - r->arguments.from : sizeof none - 1;
    if (!tell(r)) return false;
    const char *text = r->arguments.to ? r->held.ptr + r->arguments.from : none;
    for (size_t i = 0; i < n; i++) argument(r, text[i]);
    reply_call_done(r->reply);
    return true;
}

/* Behind a call: what may follow it. */
static void between(struct tool_reader *r, bool closed)
{
    const struct tool_style *s = r->style;
    reply_call_done(r->reply);
    r->after_call = true;
    drop(r, r->held.len);
    expecting(r);
    if (r->fenced && !closed) expect(r, SLICE("```"), AFTER);
    if (!r->bare) {
        if (!closed) expect(r, s->after, AFTER);
        if (s->format->writing.list) {
            expect(r, SLICE(","), OBJECT);
            expect(r, SLICE("]"), CLOSED);
        } else if (s->begin.len) {
            expect(r, s->call, CALL);
        }
        expect(r, s->end, CLOSED);
    }
    expect(r, s->marker, OPENED);
}

/* The last byte, which did not belong to what is over. */
static void again(struct tool_reader *r, char c)
{
    assert(r->held.len == 0);
    call_read(r, c, r->held_at - 1);
}

static void reached(struct tool_reader *r, int state)
{
    switch (state) {
    case OPENED: opened(r); break;
    case CALL:
    case OBJECT: new_call(r); break;
    case ARGUMENTS: r->state = ARGUMENTS; break;
    case AFTER: between(r, true); break;
    default: drop(r, r->held.len); r->state = TEXT;
    }
}

static void read_expected(struct tool_reader *r, char c)
{
    size_t len = r->held.len;
    if (r->part == len - 1 && mark_is_space(c)) {
        r->part = len;
        return;
    }
    int m = mark_match(held(r, r->part, len), r->texts, r->n_texts);
    if (m >= 0)
        reached(r, r->then[m]);
    else if (m == MARK_NONE && r->begun)
        settle(r); /* The call stands; this is text behind it. */
    else if (m == MARK_NONE)
        give_up(r, r->part);
}

/* ---- Values ---- */

static void call_over(struct tool_reader *r)
{
    if (!r->begun && !(r->name.to && tell_late(r)))
        give_up(r, r->held.len - 1);
    else
        between(r, false);
}

/* Behind a value, `end` of the held bytes being before its end. */
static bool value_over(struct tool_reader *r, size_t end)
{
    bool object = r->style->format->writing.arguments;
    if (r->key == KEY_NAME) {
        /* Without its quotes. */
        if (r->held.ptr[r->part] != '"' || end - r->part < 3) return false;
        r->name = (struct json_piece){ r->part + 1, end - 1 };
        if (r->arguments.to && !tell_late(r)) return false;
    } else if (r->key == KEY_ARGUMENTS && !r->begun) {
        r->arguments = (struct json_piece){ r->part, end };
    } else if (r->key == KEY_ARGUMENTS) {
        reply_call_done(r->reply);
    }
    r->state = COMMA;
    if (r->begun) drop(r, end);
    if (!object) between(r, false);
    return true;
}

static void read_comma(struct tool_reader *r, char c)
{
    if (mark_is_space(c)) return;
    if (c == ',')
        r->state = KEY;
    else if (c == '}')
        call_over(r);
    else if (r->begun) {
        between(r, false); /* It lacks its last bracket. */
        again(r, c);
    } else {
        give_up(r, r->held.len - 1);
    }
}

static void read_value(struct tool_reader *r, char c)
{
    bool told = r->key == KEY_ARGUMENTS && r->begun;
    enum json_passed passed = json_pass_read(&r->pass, c);
    if (told && (passed == JSON_MORE || passed == JSON_LAST)) argument(r, c);
    if (passed == JSON_MORE) {
        if (told) drop(r, r->held.len);
        return;
    }
    if (passed == JSON_LAST) {
        if (!value_over(r, r->held.len)) give_up(r, r->held.len - 1);
        return;
    }
    /* c belongs to what follows. */
    if (passed == JSON_OVER) {
        if (!value_over(r, r->held.len - 1))
            give_up(r, r->held.len - 1);
        else if (r->state == COMMA)
            read_comma(r, c);
        else
            again(r, c);
    } else if (r->begun) {
        between(r, false); /* Broken off. */
        again(r, c);
    } else {
        give_up(r, r->held.len - 1);
    }
}

static void begin_value(struct tool_reader *r, char c)
{
    r->part = r->held.len - 1;
    r->pass = (struct json_pass){ 0 };
    r->state = IN_VALUE;
    /* A value that comes twice is passed over. */
    if (r->key == KEY_NAME && r->name.to) r->key = KEY_OTHER;
    if (r->key == KEY_ARGUMENTS && (r->begun || r->arguments.to)) r->key = KEY_OTHER;
    bool now = r->key == KEY_ARGUMENTS && r->name.to;
    struct json_pass first = { 0 };
    if (now && (json_pass_read(&first, c) == JSON_BAD || !tell(r))) {
        give_up(r, r->held.len - 1);
        return;
    }
    read_value(r, c);
}

static void read_in_key(struct tool_reader *r, char c)
{
    if (c == '\\' || mark_is(c)) {
        give_up(r, r->held.len - 1);
        return;
    }
    if (c != '"') return;
    struct slice key = held(r, r->part, r->held.len - 1);
    bool arguments = slice_is(key, "arguments") || slice_is(key, "parameters");
    r->key = slice_is(key, "name") ? KEY_NAME : arguments ? KEY_ARGUMENTS : KEY_OTHER;
    r->state = COLON;
    if (r->begun) drop(r, r->held.len);
    /* Nothing but the name of a tool, at the beginning, tells a call without marks. */
    if (r->bare && !r->name.to && r->key != KEY_NAME) give_up(r, r->held.len - 1);
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

static void read_name(struct tool_reader *r, char c)
{
    if (is_name(c)) return;
    r->name = (struct json_piece){ r->part, r->held.len - 1 };
    if (r->name.to == r->name.from) {
        give_up(r, r->held.len - 1);
        return;
    }
    expecting(r);
    r->part--;
    expect(r, r->style->name_end, ARGUMENTS);
    read_expected(r, c);
}

/* The beginning of the answer. */
static void read_start(struct tool_reader *r)
{
    const struct slice bare[] = { SLICE("{"), SLICE("```json") };
    size_t space = 0;
    while (space < r->held.len && mark_is_space(r->held.ptr[space])) space++;
    if (space == r->held.len) return;
    bool may = r->style->format->writing.bare && !r->no_bare;
    int m = may ? mark_match(held(r, space, r->held.len), bare, 2) : MARK_NONE;
    if (m == MARK_PART) return;
    if (m == MARK_NONE) {
        settle(r);
        return;
    }
    new_call(r);
    r->bare = true;
    r->fenced = m == 1;
    r->state = r->fenced ? OBJECT : KEY;
}

static void step(struct tool_reader *r, char c)
{
    size_t before = r->held.len - 1;
    switch (r->state) {
    case START: read_start(r); break;
    case TEXT: settle(r); break;
    case EXPECT: read_expected(r, c); break;
    case IN_KEY: read_in_key(r, c); break;
    case IN_VALUE: read_value(r, c); break;
    case NAME: read_name(r, c); break;
    case COMMA: read_comma(r, c); break;
    default:
        if (mark_is_space(c)) break;
        if (r->state == OBJECT && c == '{') {
            r->state = KEY;
        } else if (r->state == KEY && c == '"') {
            r->state = IN_KEY;
            r->part = before + 1;
        } else if (r->state == KEY && c == '}') {
            call_over(r);
        } else if (r->state == COLON && c == ':') {
            r->state = VALUE;
        } else if (r->state == VALUE) {
            begin_value(r, c);
        } else if (r->state == ARGUMENTS) {
            r->key = KEY_ARGUMENTS;
            begin_value(r, c);
        } else if (r->begun) {
            between(r, false);
            again(r, c);
        } else {
            give_up(r, before);
        }
    }
}

/* As much is held as may be. */
static void overflow(struct tool_reader *r)
{
    if (r->begun) /* White space, or keys that mean nothing. */
        drop(r, r->held.len);
    else
        give_up(r, r->held.len);
    if (r->state == EXPECT) r->part = r->held.len;
}

void call_read(struct tool_reader *r, char c, uint64_t at)
{
    if (r->held.len == REPLY_HELD_MAX) overflow(r);
    if (r->held.len == 0) r->held_at = at;
    buf_add_char(&r->held, c);
    if (r->held.failed) return; /* The reply says so. */
    step(r, c);
}

void call_end(struct tool_reader *r)
{
    bool call = r->begun && r->state != TEXT && r->state != START;
    if (!call) content(r, r->held.len, r->state != TEXT); /* Else it is a part of the call. */
    drop(r, r->held.len);
    r->state = TEXT;
}
