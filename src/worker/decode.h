/* decode - the process that reads one document and ends (proto/decode.h).
 *
 *     exit code = worker_decode("html");       0: the document, 1: where its text goes
 *
 * Limits of memory, time and files are set and the walls stand (worker/sandbox.h: no file, no
 * socket, no process) before the first byte of the document is read. A format that a program of
 * others reads has walls that let that program be started and its libraries be read, and no more.
 */
#ifndef TIRO_WORKER_DECODE_H
#define TIRO_WORKER_DECODE_H

int worker_decode(const char *format);

#endif
