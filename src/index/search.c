/* Searching a collection: scores of all chunks, and the best of them. */
#include "base/seam.h"
#include "index/collection.h"
#include "index/dot.h"

#include <assert.h>
#include <math.h>

/* BM25's constants, as everybody has them. */
static const double k1 = 1.2, b = 0.75;

/* What one search needs, of as long as it runs. */
struct work {
    const struct collection *c;
    const struct search *search;
    bool *counts; /* (n_files) can be found at all: so its words count */
    bool *passes; /* (n_files) ... and passes the filter */
    float *best;  /* (n_slots) the score so far */
    float *text;  /* (n_slots) of this query's words */
    int32_t *sums;
    int16_t *query;
    double mean_words;
    uint32_t n_chunks; /* that count */
};

static void release(struct work *w)
{
    mem_free(w->counts);
    mem_free(w->passes);
    mem_free(w->best);
    mem_free(w->text);
    mem_free(w->sums);
    mem_free(w->query);
}

static int prepare(struct work *w, struct err *err)
{
    const struct collection *c = w->c;
    w->counts = mem_calloc(c->n_files + 1, sizeof *w->counts);
    w->passes = mem_calloc(c->n_files + 1, sizeof *w->passes);
    w->best = mem_calloc(c->n_slots + 1, sizeof *w->best);
    w->text = mem_calloc(c->n_slots + 1, sizeof *w->text);
    w->sums = mem_calloc(c->n_slots + 1, sizeof *w->sums);
    w->query = mem_calloc(dot_stride(c->dimensions) + 1, sizeof *w->query);
    if (!w->counts || !w->passes || !w->best || !w->text || !w->sums || !w->query)
        return err_set(err, ERR_NO_MEMORY, "there is no memory for the search");
    return 0;
}

/* Which files are searched, and what their chunks are like together. */
static void survey(struct work *w)
{
    const struct collection *c = w->c;
    uint64_t n_words = 0;
    for (uint32_t i = 0; i < c->n_files; i++) {
        const struct collection_file *f = &c->files[i];
        w->counts[i] = f->number && f->visible;
        w->passes[i] = w->counts[i] && filter_passes(w->search->filter, w->search->n_filter,
                                                     f->attributes, f->n_attributes);
    }
    for (uint32_t i = 0; i < c->n_slots; i++) {
        if (!w->counts[c->file_of[i]]) continue;
        n_words += c->n_words_of[i];
        w->n_chunks++;
    }
    w->mean_words = w->n_chunks && n_words ? (double)n_words / w->n_chunks : 1;
}

/* ---- Words ---- */

/* Adds what one word gives each chunk; returns the most that it can give to any. */
static double add_word(struct work *w, uint64_t hash)
{
    const struct collection *c = w->c;
    struct lexicon_slots s = lexicon_find(&c->lexicon, hash);
    uint32_t n = 0;
    while (lexicon_next(&s)) n += w->counts[c->file_of[s.slot]];
    double rarity = log(1 + (w->n_chunks - n + 0.5) / (n + 0.5));
    s = lexicon_find(&c->lexicon, hash);
    while (lexicon_next(&s)) {
        if (!w->passes[c->file_of[s.slot]]) continue;
        double length = c->n_words_of[s.slot] / w->mean_words;
        double score = rarity * s.count * (k1 + 1) / (s.count + k1 * (1 - b + b * length));
        w->text[s.slot] += (float)score;
    }
    return rarity * (k1 + 1);
}

/* Leaves in w->text what share of the best possible each chunk has, times the weight. */
static void score_words(struct work *w, struct slice text, double weight)
{
    uint64_t words[SEARCH_WORDS_MAX];
    double most = 0;
    size_t n = lexicon_hashes(words, SEARCH_WORDS_MAX, text);
    memset(w->text, 0, w->c->n_slots * sizeof *w->text);
    for (size_t i = 0; i < n && w->n_chunks; i++) most += add_word(w, words[i]);
    float scale = most > 0 ? (float)(weight / most) : 0;
    for (uint32_t i = 0; i < w->c->n_slots; i++) w->text[i] *= scale;
}

/* ---- Vectors ---- */

/* Runs of slots that pass, so that what a filter leaves out is not even read. */
static void sum_vectors(struct work *w)
{
    const struct collection *c = w->c;
    size_t stride = dot_stride(c->dimensions);
    for (uint32_t from = 0, to; from < c->n_slots; from = to) {
        bool passes = w->passes[c->file_of[from]];
        for (to = from + 1; to < c->n_slots && w->passes[c->file_of[to]] == passes;) to++;
        if (passes)
            dot_rows(w->sums + from, c->vectors + from * stride, to - from, stride, w->query);
    }
}

static int score_query(struct work *w, const struct search_query *query, struct err *err)
{
    const struct collection *c = w->c;
    const struct search *s = w->search;
    double weights = s->vector_weight + s->text_weight;
    float scale, weight = (float)(s->vector_weight / weights);
    score_words(w, query->text, s->text_weight / weights);
    if (!dot_cut_query(w->query, &scale, query->vector, c->dimensions, dot_stride(c->dimensions)))
        return err_set(err, ERR_INVALID_VALUE, "the query's vector holds what is no number");
    if (weight > 0) sum_vectors(w);
    for (uint32_t i = 0; i < c->n_slots; i++) {
        if (!w->passes[c->file_of[i]]) continue;
        float cosine = (float)w->sums[i] * c->scales[i] * scale;
        if (!(cosine > 0)) cosine = 0;
        if (cosine > 1) cosine = 1;
        float score = weight * cosine + w->text[i];
        if (score > w->best[i]) w->best[i] = score;
    }
    return 0;
}

/* ---- The best ---- */

static bool goes_before(const struct search_hit *x, const struct search_hit *y)
{
    if (x->score != y->score) return x->score > y->score;
    return x->file != y->file ? x->file < y->file : x->number < y->number;
}

/* The best so far, in order: few, so that inserting is quick. */
static void keep(struct search_hit *hits, uint32_t *n, uint32_t max, struct search_hit hit)
{
    if (*n == max && !goes_before(&hit, &hits[max - 1])) return;
    uint32_t at = *n < max ? (*n)++ : max - 1;
    for (; at > 0 && goes_before(&hit, &hits[at - 1]); at--) hits[at] = hits[at - 1];
    hits[at] = hit;
}

static uint32_t choose(const struct work *w, struct search_hit *ret)
{
    const struct collection *c = w->c;
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->n_slots; i++) {
        float score = w->best[i] > 1 ? 1 : w->best[i];
        if (!(score > 0) || (double)score < w->search->threshold) continue;
        struct search_hit hit = { c->files[c->file_of[i]].number, c->number_of[i], score };
        keep(ret, &n, w->search->n_max, hit);
    }
    return n;
}

int collection_search(const struct collection *c, struct search_hit *ret, uint32_t *ret_n,
                      const struct search *search, struct err *err)
{
    struct work w = { .c = c, .search = search };
    assert(search->n_max > 0 && search->n_max <= SEARCH_RESULTS_MAX);
    *ret_n = 0;
    if (c->n_slots == 0) return 0;
    if (search->dimensions != c->dimensions)
        return err_set(err, ERR_INVALID_VALUE,
                       "the vector store's vectors have %u dimensions, the query's have %u",
                       c->dimensions, search->dimensions);
    int rc = prepare(&w, err);
    if (rc == 0) survey(&w);
    for (uint32_t i = 0; rc == 0 && i < search->n_queries; i++)
        rc = score_query(&w, &search->queries[i], err);
    if (rc == 0) *ret_n = choose(&w, ret);
    release(&w);
    return rc;
}
