/* progress - one line on stderr that tells how far something long is, with rate and ETA.
 *
 * On a terminal a bar is redrawn in place; elsewhere a line is written when the work begins and
 * when it ends, nothing between.
 *
 *     struct progress p;
 *     progress_begin(&p, "smollm2-135m");
 *     progress_bytes(&p, "downloading", done, total, bytes_per_s, eta_s);
 *     progress_end(&p, "smollm2-135m: 98 MB, checked");
 */
#ifndef TIRO_CMD_PROGRESS_H
#define TIRO_CMD_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    const char *what; /* the caller's, until the end */
    bool terminal, drawn, told;
};

void progress_begin(struct progress *p, const char *what);
/* total 0: not known; eta_s < 0: not known. `phase` is a word such as "downloading". */
void progress_bytes(struct progress *p, const char *phase, uint64_t done, uint64_t total,
                    double bytes_per_s, double eta_s);
/* A line of its own above the bar. */
void progress_note(struct progress *p, const char *text);
/* Removes the bar and writes `text`, when there is one. */
void progress_end(struct progress *p, const char *text);

/* "98.4 MB" (powers of ten, as disks and networks count). */
const char *bytes_text(char out[24], uint64_t bytes);
/* "45 s", "3 min", "2 h 10 min" */
const char *seconds_text(char out[24], double seconds);

#endif
