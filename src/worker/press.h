/* press - the process that makes one file of one book and ends (proto/press.h).
 *
 *     exit code = worker_press("epub");       0: the book, 1: where the file goes
 *
 * Limits are set and the walls stand (worker/sandbox.h) before the first byte of the book is read:
 * no socket, no process, no file but the fonts, where the format needs them. A library is loaded
 * before that, for code is not mapped behind walls.
 */
#ifndef TIRO_WORKER_PRESS_H
#define TIRO_WORKER_PRESS_H

int worker_press(const char *format);

#endif
