/* worker - the process that owns one model: weights, tokenizer, template, KV cache, scheduler.
 *
 *     exit code = worker_main("text", 3);      3: a connected Unix socket, proto/conn.h
 *
 *     hello, (load), walls, open the model, ready, serve, (quit, or the gateway is gone)
 *                            or error with id 0, exit code 1
 *
 * One thread reads messages, schedules and writes; pool threads compute; an encoder's thread turns
 * requests into tokens, so that a long prompt does not hold up the others' answers. Between two
 * steps the first looks at the socket, so a cancel takes effect within one step. A step's tokens go
 * out in one write; a gateway that does not read stops the steps, not the memory.
 *
 * Walls (worker/sandbox.h) stand before the first byte of the model's file is read.
 */
#ifndef TIRO_WORKER_WORKER_H
#define TIRO_WORKER_WORKER_H

/* Takes over fd. `kind`: "text", "embed", "pack", which makes one file of packed weights behind the
 * same walls and ends, or "index", which keeps the index of vector stores and has no model. Returns
 * an exit code. */
int worker_main(const char *kind, int fd);

#endif
