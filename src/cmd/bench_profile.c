#include "cmd/bench_profile.h"

#include "models/model.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { LINES_MAX = 64, LABEL_MAX = 80 };

struct line {
    char label[LABEL_MAX];
    int32_t rows, n_steps;
    uint64_t n_runs, n_rows, work_ns, wait_ns;
    double weight_bytes, row_macs;
};

struct table {
    struct line lines[LINES_MAX];
    int n_lines, n_left_out;
};

/* "linear blk.*.attn_q.weight": without the number of the layer. */
static void label_of(char label[LABEL_MAX], const struct model_step *s)
{
    char all[LABEL_MAX];
    size_t n = 0;
    (void)snprintf(all, sizeof all, "%s %s", s->name, s->detail ? s->detail : ""); /* May be cut. */
    for (const char *p = all; *p; p++) {
        bool digit = isdigit((unsigned char)*p);
        if (digit && n > 0 && label[n - 1] == '*') continue;
        label[n++] = '*';
        if (!digit || p == all || p[-1] != '.') label[n - 1] = *p;
    }
    label[n] = '\0';
}

static void add_step(void *ctx, const struct model_step *s)
{
    struct table *t = ctx;
    char label[LABEL_MAX];
    int at = 0;
    label_of(label, s);
    while (at < t->n_lines && (t->lines[at].rows != s->rows || t->lines[at].n_runs != s->n_runs ||
                               strcmp(t->lines[at].label, label) != 0))
        at++;
    if (at == LINES_MAX) {
        t->n_left_out++;
        return;
    }
    struct line *line = &t->lines[at];
    if (at == t->n_lines) {
        *line = (struct line){ .rows = s->rows, .n_runs = s->n_runs, .n_rows = s->n_rows };
        memcpy(line->label, label, sizeof label);
        t->n_lines++;
    }
    line->n_steps++;
    line->work_ns += s->work_ns;
    line->wait_ns += s->wait_ns;
    line->weight_bytes += s->weight_bytes;
    line->row_macs += s->row_macs;
}

static void print_line(const struct line *l, uint64_t total_ns)
{
    double runs = (double)l->n_runs, work = (double)l->work_ns;
    printf("%-36s %5d %9.3f %9.3f %6.1f", l->label, l->n_steps, work / runs * 1e-6,
           (double)l->wait_ns / runs * 1e-6,
           100 * (work + (double)l->wait_ns) / (double)(total_ns ? total_ns : 1));
    if (l->weight_bytes > 0)
        printf(" %8.1f %8.1f", l->weight_bytes * runs / work,
               l->row_macs * (double)l->n_rows / work);
    printf("\n");
}

static bool same_plan(const struct line *a, const struct line *b)
{
    return a->rows == b->rows && a->n_runs == b->n_runs;
}

static void print_plan(const struct table *t, const struct line *first)
{
    struct line sum = { .rows = first->rows, .n_runs = first->n_runs };
    for (int i = 0; i < t->n_lines; i++) {
        if (!same_plan(&t->lines[i], first)) continue;
        sum.work_ns += t->lines[i].work_ns;
        sum.wait_ns += t->lines[i].wait_ns;
        sum.n_steps += t->lines[i].n_steps;
    }
    printf("\nplan of up to %d rows, run %llu times with %.1f rows\n"
           "%-36s %5s %9s %9s %6s %8s %8s\n",
           first->rows, (unsigned long long)first->n_runs,
           (double)first->n_rows / (double)first->n_runs, "step", "times", "work ms", "wait ms",
           "%", "GB/s", "GMAC/s");
    for (int i = 0; i < t->n_lines; i++)
        if (same_plan(&t->lines[i], first)) print_line(&t->lines[i], sum.work_ns + sum.wait_ns);
    (void)snprintf(sum.label, sizeof sum.label, "together");
    print_line(&sum, sum.work_ns + sum.wait_ns);
}

void bench_profile_print(const struct model *m)
{
    struct table t = { .n_lines = 0 };
    model_profile_each(m, add_step, &t);
    for (int i = 0; i < t.n_lines; i++) {
        bool first = true;
        for (int k = 0; k < i; k++) first = first && !same_plan(&t.lines[k], &t.lines[i]);
        if (first) print_plan(&t, &t.lines[i]);
    }
    if (t.n_left_out > 0) printf("(%d steps of other kinds left out)\n", t.n_left_out);
}
