#include "api/abc_check.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

/* ---- Lengths: fractions of a whole note ---- */

struct length {
    int64_t num, den; /* in lowest terms; den 0: more than this can hold, and all made of it too */
};

enum { PART_MAX = 1 << 20 };

static int64_t gcd(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static struct length length_of(int64_t num, int64_t den)
{
    if (den <= 0 || num < 0) return (struct length){ 0 };
    int64_t common = num ? gcd(num, den) : den;
    struct length l = { num / common, den / common };
    return l.num > PART_MAX || l.den > PART_MAX ? (struct length){ 0 } : l;
}

static struct length times(struct length a, struct length b)
{
    return length_of(a.num * b.num, a.den * b.den);
}

static struct length plus(struct length a, struct length b)
{
    return length_of(a.num * b.den + b.num * a.den, a.den * b.den);
}

static int compare(struct length a, struct length b)
{
    int64_t left = a.num * b.den, right = b.num * a.den;
    return left < right ? -1 : left > right;
}

static const struct length nothing = { 0, 1 }, whole = { 1, 1 };

/* ---- State ---- */

struct voice {
    char name[ABC_VOICE_NAME_MAX];
    struct length metre; /* den 0: free, nothing is checked */
    struct length unit;  /* of a note without a number */
    bool unit_given;
    struct length bar;       /* what the present bar holds so far */
    struct length anacrusis; /* the first bar, when it was short */
    struct length carry;     /* the last bar of the section before, when it was short */
    uint32_t n_bars, bar_line, bar_column;
    bool has_notes;  /* the present bar */
    bool first;      /* it is the first bar with notes */
    bool after_edge; /* it is the first of a section */
    /* Of the note that comes: a tuplet's and a broken rhythm's factor. */
    struct length tuplet, broken;
    int tuplet_left;
    struct length last; /* the note before, for a broken rhythm */
};

enum place { PLACE_NONE, PLACE_HEADER, PLACE_BODY };

struct check {
    struct abc_report *report;
    struct slice text;
    size_t at, line_begin;
    uint32_t line;
    enum place place;
    bool has_title;
    struct voice voices[ABC_VOICES_MAX]; /* the first is the tune's own, and the model of others */
    uint32_t n_voices, voice;
};

const char *abc_issue_kind_name(enum abc_issue_kind kind)
{
    static const char *const names[] = { "header", "bar", "length", "syntax" };
    return names[kind];
}

static void PRINTF_LIKE(4, 5)
    add_issue(struct check *c, enum abc_issue_kind kind, size_t at, const char *fmt, ...)
{
    struct abc_report *r = c->report;
    if (r->n_issues == ABC_ISSUES_MAX) {
        r->n_left_out++;
        return;
    }
    struct abc_issue *issue = &r->issues[r->n_issues++];
    const struct voice *v = &c->voices[c->voice];
    *issue = (struct abc_issue){ .kind = kind, .line = c->line };
    issue->column = (uint32_t)(at - c->line_begin + 1);
    if (kind == ABC_BAR) {
        issue->line = v->bar_line;
        issue->column = v->bar_column;
    }
    if (c->place == PLACE_BODY && kind != ABC_HEADER) {
        issue->bar = v->n_bars + (kind == ABC_BAR ? 0 : 1);
        memcpy(issue->voice, v->name, sizeof issue->voice);
    }
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(issue->text, sizeof issue->text, fmt, args); /* Cut is fine. */
    va_end(args);
}

static bool done(const struct check *c)
{
    return c->at >= c->text.len;
}

static char peek(const struct check *c)
{
    return done(c) ? '\0' : c->text.ptr[c->at];
}

static bool take(struct check *c, char wanted)
{
    if (done(c) || c->text.ptr[c->at] != wanted) return false;
    c->at++;
    return true;
}

static bool is_one_of(char ch, const char *set)
{
    return ch && strchr(set, ch);
}

static bool is_digit(char ch)
{
    return ch >= '0' && ch <= '9';
}

/* A number, at most PART_MAX; `fallback` when there is none. */
static int64_t take_number(struct check *c, int64_t fallback)
{
    if (!is_digit(peek(c))) return fallback;
    int64_t n = 0;
    while (is_digit(peek(c))) {
        n = n * 10 + (c->text.ptr[c->at++] - '0');
        if (n > PART_MAX) n = PART_MAX + 1;
    }
    return n;
}

/* "3/2", "/", "//", "3" ...: how many times the unit. */
static struct length take_factor(struct check *c)
{
    size_t from = c->at;
    int64_t num = take_number(c, 1), den = 1;
    while (take(c, '/')) {
        int64_t more = take_number(c, 2);
        den = den > PART_MAX ? den : den * more;
    }
    struct length factor = length_of(num, den);
    if (factor.den == 0 || factor.num == 0) {
        add_issue(c, ABC_LENGTH, from, "'%.*s' is no length: it must be like 2, /2 or 3/2.",
                  (int)(c->at - from < 20 ? c->at - from : 20), c->text.ptr + from);
        return whole;
    }
    return factor;
}

/* ---- Bars ---- */

static void reset_voice(struct voice *v)
{
    v->bar = v->anacrusis = v->carry = nothing;
    v->n_bars = 0;
    v->has_notes = false;
    v->first = v->after_edge = true;
    v->tuplet = v->broken = whole;
    v->tuplet_left = 0;
    v->last = nothing;
}

static void write_length(char *out, size_t size, struct length l)
{
    (void)snprintf(out, size, "%" PRId64 "/%" PRId64, l.num, l.den); /* It fits. */
}

static void bad_bar(struct check *c, const struct voice *v)
{
    char has[48], wants[48];
    write_length(has, sizeof has, v->bar);
    write_length(wants, sizeof wants, v->metre);
    add_issue(c, ABC_BAR, c->at, "Bar %" PRIu32 " holds %s of a whole note; the metre wants %s.",
              v->n_bars, has, wants);
}

/* Whether a short bar may be one: at the beginning, or at an edge with its other half. */
static bool may_be_short(struct voice *v, bool edge, bool last)
{
    struct length bar = v->bar;
    if (v->first) {
        v->anacrusis = bar;
        return !last;
    }
    if (v->after_edge) {
        bool fits = compare(plus(v->carry, bar), v->metre) == 0;
        if (fits || v->carry.num == 0) return true; /* A section may have its own beginning. */
    }
    if (!edge && !last) return false;
    v->carry = bar;
    struct length with_first = plus(v->anacrusis, bar);
    return v->anacrusis.num > 0 ? compare(with_first, v->metre) == 0 : !last;
}

static void end_bar(struct check *c, bool edge, bool last)
{
    struct voice *v = &c->voices[c->voice];
    if (v->has_notes) {
        v->n_bars++;
        c->report->n_bars++;
        bool known = v->metre.den && v->bar.den;
        int order = known ? compare(v->bar, v->metre) : 0;
        if (order > 0) bad_bar(c, v);
        if (order < 0 && !may_be_short(v, edge, last)) bad_bar(c, v);
        if (order == 0) v->carry = nothing;
        v->first = false;
        v->after_edge = false;
    }
    if (v->tuplet_left > 0)
        add_issue(c, ABC_SYNTAX, c->at,
                  "A tuplet is not complete at the end of the bar: %d more "
                  "notes belong to it.",
                  v->tuplet_left);
    if (compare(v->broken, whole) != 0)
        add_issue(c, ABC_SYNTAX, c->at, "Nothing follows the '<' or '>' in this bar.");
    v->after_edge = v->after_edge || edge;
    v->tuplet_left = 0;
    v->tuplet = v->broken = whole;
    v->bar = v->last = nothing;
    v->has_notes = false;
}

static void end_tune(struct check *c)
{
    if (c->place == PLACE_NONE) return;
    if (c->place == PLACE_HEADER)
        add_issue(c, ABC_HEADER, c->at, "The header has no K: field; it must end with the key.");
    for (c->voice = 0; c->voice < c->n_voices; c->voice++) end_bar(c, true, true);
    for (uint32_t i = 0; i < c->n_voices; i++) c->report->n_voices += c->voices[i].n_bars > 0;
    c->voice = 0;
    c->place = PLACE_NONE;
}

static void add_length(struct check *c, size_t at, struct length l)
{
    struct voice *v = &c->voices[c->voice];
    if (!v->has_notes) {
        v->has_notes = true;
        v->bar_line = c->line;
        v->bar_column = (uint32_t)(at - c->line_begin + 1);
    }
    if (v->tuplet_left > 0) {
        l = times(l, v->tuplet);
        if (--v->tuplet_left == 0) v->tuplet = whole;
    }
    l = times(l, v->broken);
    v->broken = whole;
    v->bar = plus(v->bar, l);
    v->last = l;
}

/* a>b: the one before becomes longer by as much as the next becomes shorter. */
static void take_broken(struct check *c)
{
    struct voice *v = &c->voices[c->voice];
    char sign = peek(c);
    size_t from = c->at;
    int64_t n = 0;
    while (take(c, sign)) n++;
    if (n > 3 || v->last.num == 0) {
        add_issue(c, ABC_SYNTAX, from,
                  n > 3 ? "More than three '%c' in a row." : "'%c' must stand between two notes.",
                  sign);
        return;
    }
    int64_t part = 1 << n;
    struct length shorter = length_of(1, part), longer = length_of(2 * part - 1, part);
    struct length before = sign == '>' ? longer : shorter;
    /* The bar has it at its plain length: what it gains or loses is put right. */
    struct length without = length_of(v->bar.num * v->last.den - v->last.num * v->bar.den,
                                      v->bar.den * v->last.den);
    if (v->bar.den && v->last.den) v->bar = plus(without, times(v->last, before));
    v->broken = sign == '>' ? shorter : longer;
    v->last = nothing;
}

/* (3abc and (p:q:r: p notes in the time of q, for the next r. */
static void take_tuplet(struct check *c)
{
    static const int usual[10] = { 0, 0, 3, 2, 3, 0, 2, 0, 3, 0 };
    struct voice *v = &c->voices[c->voice];
    size_t from = c->at;
    int64_t p = take_number(c, 0);
    bool compound = v->metre.den && v->metre.num % 3 == 0 && v->metre.den == 8;
    int64_t q = p < 10 && usual[p < 10 ? p : 0] ? usual[p] : compound ? 3 : 2, r = p;
    if (take(c, ':')) {
        q = take_number(c, q);
        if (take(c, ':')) r = take_number(c, p);
    }
    if (p < 2 || p > 99 || q < 1 || q > 99 || r < 1 || r > 99) {
        add_issue(c, ABC_SYNTAX, from, "This is no tuplet: it must be like (3 or (3:2:3.");
        return;
    }
    v->tuplet = length_of(q, p);
    v->tuplet_left = (int)r;
}

/* ---- Fields ---- */

static struct slice rest_of_line(const struct check *c, size_t from)
{
    size_t end = from;
    while (end < c->text.len && c->text.ptr[end] != '\n' && c->text.ptr[end] != '%') end++;
    return slice_trim((struct slice){ c->text.ptr + from, end - from });
}

static bool parse_fraction(struct length *ret, struct slice s)
{
    size_t slash = slice_find(s, SLICE("/"));
    int64_t num, den;
    if (slash == s.len) return false;
    struct slice low = slice_trim((struct slice){ s.ptr + slash + 1, s.len - slash - 1 });
    struct slice top = slice_trim((struct slice){ s.ptr, slash });
    if (!slice_to_i64(&den, low) || den < 1 || den > 1024) return false;
    /* (2+3)/8, 2+3/8 */
    int64_t sum = 0;
    if (top.len >= 2 && top.ptr[0] == '(' && top.ptr[top.len - 1] == ')')
        top = (struct slice){ top.ptr + 1, top.len - 2 };
    while (top.len > 0) {
        size_t end = slice_find(top, SLICE("+"));
        if (!slice_to_i64(&num, slice_trim((struct slice){ top.ptr, end })) || num < 1 ||
            num > 1024)
            return false;
        sum += num;
        size_t step = end < top.len ? end + 1 : end;
        top = (struct slice){ top.ptr + step, top.len - step };
    }
    *ret = length_of(sum, den);
    return sum > 0 && ret->den != 0;
}

static void set_metre(struct check *c, struct slice value, size_t at)
{
    struct voice *v = &c->voices[c->voice];
    struct length metre;
    if (slice_is(value, "C"))
        metre = length_of(1, 1);
    else if (slice_is(value, "C|"))
        metre = length_of(1, 1);
    else if (slice_is(value, "none") || value.len == 0)
        metre = (struct length){ 0 };
    else if (!parse_fraction(&metre, value)) {
        add_issue(c, ABC_HEADER, at, "'M:%.*s' is no metre: it must be like 4/4, 6/8, C or none.",
                  (int)(value.len < 40 ? value.len : 40), value.ptr);
        return;
    }
    v->metre = metre;
    /* Without an L: field the unit follows from the metre (2.1, section 3.1.7). */
    if (!v->unit_given)
        v->unit = metre.den && metre.num * 4 < metre.den * 3 ? length_of(1, 16) : length_of(1, 8);
}

static void set_unit(struct check *c, struct slice value, size_t at)
{
    struct voice *v = &c->voices[c->voice];
    struct length unit;
    if (slice_is(value, "1"))
        unit = whole;
    else if (!parse_fraction(&unit, value)) {
        add_issue(c, ABC_HEADER, at, "'L:%.*s' is no note length: it must be like 1/8.",
                  (int)(value.len < 40 ? value.len : 40), value.ptr);
        return;
    }
    v->unit = unit;
    v->unit_given = true;
}

static bool is_key(struct slice key)
{
    static const char *const modes[] = { "",           "m",      "min",      "minor",  "maj",
                                         "major",      "ion",    "aeo",      "mix",    "dor",
                                         "phr",        "lyd",    "loc",      "ionian", "aeolian",
                                         "mixolydian", "dorian", "phrygian", "lydian", "locrian",
                                         "exp" };
    if (key.len == 0 || slice_is(key, "none") || slice_is(key, "HP") || slice_is(key, "Hp"))
        return true;
    size_t end = 1;
    if (key.ptr[0] < 'A' || key.ptr[0] > 'G')
        return slice_find(key, SLICE("=")) < key.len; /* K:clef=bass, K:treble= ... */
    if (end < key.len && (key.ptr[end] == '#' || key.ptr[end] == 'b')) end++;
    while (end < key.len && key.ptr[end] == ' ') end++;
    struct slice mode = { key.ptr + end, key.len - end };
    mode.len = slice_find(mode, SLICE(" "));
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (slice_eq_nocase(mode, slice_of(modes[i]))) return true;
    /* Clefs and accidentals may follow the tonic alone. */
    return slice_find(mode, SLICE("=")) < mode.len || mode.ptr[0] == '^' || mode.ptr[0] == '_' ||
           slice_starts(mode, SLICE("treble")) || slice_starts(mode, SLICE("bass")) ||
           slice_starts(mode, SLICE("alto")) || slice_starts(mode, SLICE("tenor"));
}

static void set_voice(struct check *c, struct slice value, size_t at)
{
    struct slice name = value;
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] == ' ' || name.ptr[i] == '\t') name.len = i;
    if (name.len == 0 || name.len >= ABC_VOICE_NAME_MAX) {
        add_issue(c, ABC_HEADER, at, "V: needs a name of at most %d bytes.",
                  ABC_VOICE_NAME_MAX - 1);
        return;
    }
    for (uint32_t i = 1; i < c->n_voices; i++)
        if (slice_is(name, c->voices[i].name)) {
            c->voice = i;
            return;
        }
    if (c->n_voices == ABC_VOICES_MAX) {
        add_issue(c, ABC_HEADER, at, "More than %d voices.", ABC_VOICES_MAX - 1);
        return;
    }
    struct voice *v = &c->voices[c->n_voices];
    *v = c->voices[0];
    reset_voice(v);
    memcpy(v->name, name.ptr, name.len);
    v->name[name.len] = '\0';
    c->voice = c->n_voices++;
}

static void begin_tune(struct check *c)
{
    end_tune(c);
    c->place = PLACE_HEADER;
    c->has_title = false;
    c->n_voices = 1;
    c->voice = 0;
    c->voices[0] = (struct voice){ .metre = { 0 }, .unit = length_of(1, 8) };
    reset_voice(&c->voices[0]);
    c->report->n_tunes++;
}

static void set_key(struct check *c, struct slice value, size_t at)
{
    if (!is_key(value))
        add_issue(c, ABC_HEADER, at, "'K:%.*s' is no key: it must be like G, Bb, F#m or D dorian.",
                  (int)(value.len < 40 ? value.len : 40), value.ptr);
    if (c->place != PLACE_HEADER) return;
    if (!c->has_title) add_issue(c, ABC_HEADER, at, "The tune has no T: field before its key.");
    c->place = PLACE_BODY;
    c->voice = c->n_voices > 1 ? 1 : 0;
}

/* Field `name` with its value; in the header, on a line of the body, or inline. */
static void set_field(struct check *c, char name, struct slice value, size_t at)
{
    int64_t number;
    if (name == 'X') {
        begin_tune(c);
        if (!slice_to_i64(&number, value) || number < 0)
            add_issue(c, ABC_HEADER, at, "X: must be a number.");
        return;
    }
    if (c->place == PLACE_NONE) {
        if (!is_one_of(name, "TKMLV")) return; /* A file's own header. */
        begin_tune(c);
        add_issue(c, ABC_HEADER, at, "A tune must begin with an X: field.");
    }
    switch (name) {
    case 'T': c->has_title = true; break;
    case 'M': set_metre(c, value, at); break;
    case 'L': set_unit(c, value, at); break;
    case 'K': set_key(c, value, at); break;
    case 'V': set_voice(c, value, at); break;
    default: break;
    }
}

/* ---- Music ---- */

static void skip_to(struct check *c, char end, const char *what)
{
    size_t from = c->at++;
    while (!done(c) && peek(c) != '\n')
        if (c->text.ptr[c->at++] == end) return;
    add_issue(c, ABC_SYNTAX, from, "%s begins here and does not end on this line.", what);
}

static bool is_pitch(char ch)
{
    return (ch >= 'A' && ch <= 'G') || (ch >= 'a' && ch <= 'g');
}

/* An accidental, a letter, octave marks: not its length. */
static bool take_pitch(struct check *c)
{
    size_t from = c->at;
    while (peek(c) == '^' || peek(c) == '_' || peek(c) == '=') c->at++;
    if (!is_pitch(peek(c))) {
        if (c->at > from) add_issue(c, ABC_SYNTAX, from, "No note follows the accidental.");
        return false;
    }
    c->at++;
    while (peek(c) == ',' || peek(c) == '\'') c->at++;
    return true;
}

static void take_note(struct check *c)
{
    size_t from = c->at;
    if (!take_pitch(c)) return;
    c->report->n_notes++;
    add_length(c, from, times(c->voices[c->voice].unit, take_factor(c)));
}

/* z x: rests; Z X: of whole bars. */
static void take_rest(struct check *c)
{
    size_t from = c->at;
    struct voice *v = &c->voices[c->voice];
    char kind = c->text.ptr[c->at++];
    if (kind == 'z' || kind == 'x') {
        add_length(c, from, times(v->unit, take_factor(c)));
        return;
    }
    int64_t n = take_number(c, 1);
    if (v->metre.den) add_length(c, from, v->metre);
    if (n > 1) v->n_bars += (uint32_t)(n - 1);
}

/* [CEG]2: as long as its first note, times what stands behind it. */
static void take_chord(struct check *c)
{
    size_t from = c->at++;
    struct length first = nothing;
    bool any = false;
    while (!done(c) && peek(c) != ']' && peek(c) != '\n' && peek(c) != '|') {
        if (peek(c) == '"' || peek(c) == '!') {
            skip_to(c, peek(c), "A text");
        } else if (is_pitch(peek(c)) || is_one_of(peek(c), "^_=")) {
            if (!take_pitch(c)) continue;
            struct length factor = take_factor(c);
            if (!any) first = factor;
            any = true;
            c->report->n_notes++;
        } else {
            c->at++;
        }
    }
    if (!take(c, ']') || !any) {
        add_issue(c, ABC_SYNTAX, from, any ? "The chord has no ']'." : "The chord has no note.");
        return;
    }
    add_length(c, from, times(c->voices[c->voice].unit, times(first, take_factor(c))));
}

/* | || |] [| |: :| :: |1 :|2, and [1 [2 of endings. */
static void take_bar_line(struct check *c)
{
    size_t from = c->at;
    while (!done(c) && is_one_of(peek(c), "|:]")) c->at++;
    struct slice line = { c->text.ptr + from, c->at - from };
    bool edge = line.len > 1;
    if (peek(c) == '[' && c->at + 1 < c->text.len && c->text.ptr[c->at + 1] == '|') c->at += 2;
    if (is_digit(peek(c))) edge = true;
    while (is_digit(peek(c)) ||
           ((peek(c) == ',' || peek(c) == '-') && is_digit(c->text.ptr[c->at - 1])))
        c->at++;
    end_bar(c, edge, false);
}

/* [M:3/4], [V:2], [1, [|, or a chord. */
static void take_bracket(struct check *c)
{
    size_t from = c->at;
    const char *p = c->text.ptr + c->at;
    size_t left = c->text.len - c->at;
    if (left > 2 && p[2] == ':' && ((p[1] >= 'A' && p[1] <= 'Z') || p[1] == 'r' || p[1] == 'm')) {
        char name = p[1];
        skip_to(c, ']', "A field");
        size_t end = c->at > from + 3 ? c->at - 1 : c->at;
        set_field(c, name, slice_trim((struct slice){ p + 3, end - from - 3 }), from);
    } else if (left > 1 && (is_digit(p[1]) || p[1] == '"')) {
        c->at++;
        while (is_digit(peek(c)) || peek(c) == ',' || peek(c) == '-') c->at++;
    } else if (left > 1 && p[1] == '|') {
        c->at++;
        take_bar_line(c);
    } else {
        take_chord(c);
    }
}

static void take_one(struct check *c)
{
    char ch = peek(c);
    if (is_pitch(ch) || ch == '^' || ch == '_' || ch == '=') {
        take_note(c);
        return;
    }
    switch (ch) {
    case 'z':
    case 'x':
    case 'Z':
    case 'X': take_rest(c); return;
    case '[': take_bracket(c); return;
    case '|':
    case ':': take_bar_line(c); return;
    case '<':
    case '>': take_broken(c); return;
    case '"': skip_to(c, '"', "A text"); return;
    case '!': skip_to(c, '!', "A decoration"); return;
    case '{': skip_to(c, '}', "Grace notes"); return;
    case '&': /* Another voice over the same bar: measured by itself. */
        c->voices[c->voice].bar = nothing;
        c->at++;
        return;
    default: break;
    }
    c->at++;
    if (ch == '(' && is_digit(peek(c))) take_tuplet(c);
    if (is_digit(ch)) {
        add_issue(c, ABC_SYNTAX, c->at - 1, "A number stands where no note is before it.");
        while (is_digit(peek(c))) c->at++;
    }
}

static void music_line(struct check *c)
{
    while (!done(c) && peek(c) != '\n' && peek(c) != '%') take_one(c);
}

/* ---- Lines ---- */

static bool is_field_line(const struct check *c)
{
    const char *p = c->text.ptr + c->at;
    if (c->text.len - c->at < 2 || p[1] != ':') return false;
    /* "|:" and "::" are music; so is a note before a repeat when the body has begun. */
    bool letter = (p[0] >= 'A' && p[0] <= 'Z') || (p[0] >= 'a' && p[0] <= 'z');
    bool repeat = c->text.len - c->at > 2 && p[2] == '|';
    return letter && !(c->place == PLACE_BODY && is_pitch(p[0]) && repeat);
}

static void check_line(struct check *c)
{
    char first = peek(c);
    if (first == '%' || first == '\n') return;
    if (is_field_line(c)) {
        struct slice value = rest_of_line(c, c->at + 2);
        if (first != 'w' && first != 'W' && first != 's') set_field(c, first, value, c->at);
        return;
    }
    if (c->place == PLACE_BODY) {
        music_line(c);
        return;
    }
    struct slice line = rest_of_line(c, c->at);
    if (c->place == PLACE_HEADER && line.len > 0)
        add_issue(c, ABC_HEADER, c->at, "Only fields stand before the key (K:).");
}

int abc_check(struct abc_report *ret, struct slice text, struct err *err)
{
    if (text.len > ABC_TEXT_MAX)
        return err_set(err, ERR_LIMIT, "The text has %zu bytes; at most %d are checked.", text.len,
                       ABC_TEXT_MAX);
    *ret = (struct abc_report){ 0 };
    struct check c = { .report = ret, .text = text, .n_voices = 1 };
    while (!done(&c)) {
        c.line++;
        c.line_begin = c.at;
        if (rest_of_line(&c, c.at).len == 0 && peek(&c) != '%') end_tune(&c); /* An empty line. */
        check_line(&c);
        while (!done(&c) && peek(&c) != '\n') c.at++;
        c.at++;
    }
    c.at = text.len;
    end_tune(&c);
    if (ret->n_tunes == 0)
        add_issue(&c, ABC_HEADER, c.line_begin,
                  "There is no tune: it must begin with X: and have "
                  "T:, M:, L: and, last, K:.");
    return 0;
}
