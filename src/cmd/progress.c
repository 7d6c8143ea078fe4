#include "cmd/progress.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { BAR_CELLS = 24, WIDTH_DEFAULT = 80 };

const char *bytes_text(char out[24], uint64_t bytes)
{
    static const char *const units[] = { "bytes", "kB", "MB", "GB", "TB" };
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 999.5 && unit + 1 < sizeof units / sizeof *units) {
        value /= 1000;
        unit++;
    }
    (void)snprintf(out, 24, unit && value < 99.95 ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return out;
}

const char *seconds_text(char out[24], double seconds)
{
    if (seconds < 90) {
        (void)snprintf(out, 24, "%.0f s", seconds);
    } else if (seconds < 5400) {
        (void)snprintf(out, 24, "%.0f min", seconds / 60);
    } else {
        long minutes = (long)(seconds / 60) % 100000;
        (void)snprintf(out, 24, "%ld h %ld min", minutes / 60, minutes % 60);
    }
    return out;
}

static int width(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 20) return WIDTH_DEFAULT;
    return size.ws_col;
}

void progress_begin(struct progress *p, const char *what)
{
    *p = (struct progress){ .what = what, .terminal = isatty(STDERR_FILENO) };
}

static void clear(struct progress *p)
{
    if (p->drawn) fputs("\r\x1b[K", stderr);
    p->drawn = false;
}

static void bar(char out[BAR_CELLS + 1], uint64_t done, uint64_t total)
{
    int full = total ? (int)((double)done / (double)total * BAR_CELLS) : 0;
    for (int i = 0; i < BAR_CELLS; i++) out[i] = i < full ? '#' : '.';
    out[BAR_CELLS] = '\0';
}

void progress_bytes(struct progress *p, const char *phase, uint64_t done, uint64_t total,
                    double bytes_per_s, double eta_s)
{
    char a[24], b[24], rate[24], eta[24], cells[BAR_CELLS + 1], line[256];
    if (!p->terminal) {
        if (!p->told && total) fprintf(stderr, "%s: %s %s\n", p->what, phase, bytes_text(a, total));
        p->told = p->told || total;
        return;
    }
    bar(cells, done, total);
    int n = snprintf(line, sizeof line, "%s: %s [%s] %s", p->what, phase, cells,
                     bytes_text(a, done));
    if (total && n < (int)sizeof line)
        n += snprintf(line + n, sizeof line - (size_t)n, " of %s", bytes_text(b, total));
    if (bytes_per_s > 0 && n < (int)sizeof line)
        n += snprintf(line + n, sizeof line - (size_t)n, ", %s/s",
                      bytes_text(rate, (uint64_t)bytes_per_s));
    if (eta_s >= 0 && n < (int)sizeof line)
        (void)snprintf(line + n, sizeof line - (size_t)n, ", %s left", seconds_text(eta, eta_s));
    fprintf(stderr, "\r\x1b[K%.*s", width() - 1, line);
    fflush(stderr);
    p->drawn = true;
}

void progress_note(struct progress *p, const char *text)
{
    clear(p);
    fprintf(stderr, "%s: %s\n", p->what, text);
}

void progress_end(struct progress *p, const char *text)
{
    clear(p);
    if (text) fprintf(stderr, "%s\n", text);
}
