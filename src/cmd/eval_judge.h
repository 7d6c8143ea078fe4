/* eval_judge - runs a program that a model wrote, behind walls, and says how it ended.
 *
 *     struct judgement j;
 *     TRY(eval_judge(&j, program, &(struct eval_limits){ .seconds = 10 }, err));
 *     if (j.passed) ...
 *
 * The program is python3's, in a process group of its own that is killed as a whole when its time
 * is over. Its process is this program started again (cmd/sub/judge.c): limits of memory, time,
 * files, then the walls of worker/sandbox.h (no sockets, no processes, no writing, and of all files
 * only Python's own to read), then python3. Without those walls nothing is run.
 */
#ifndef TIRO_CMD_EVAL_JUDGE_H
#define TIRO_CMD_EVAL_JUDGE_H

#include "base/err.h"
#include "base/slice.h"

enum {
    JUDGE_OUTPUT_MAX = 4000, /* the end of what it prints */
    JUDGE_SECONDS = 10,
    JUDGE_MEMORY_MIB = 1024,
    JUDGE_FILES_MAX = 32,
    JUDGE_NO_WALLS = 97, /* exit statuses of cmd/sub/judge.c */
    JUDGE_NO_PYTHON = 98,
};

struct eval_limits {
    int seconds;
    int memory_mib;
};

struct judgement {
    bool passed; /* It ended by itself, well, and printed EVAL_CODE_PASSED as its last line. */
    bool timed_out;
    char output[JUDGE_OUTPUT_MAX + 1]; /* what it printed, or how it ended; UTF-8 */
};

/* -ERR_UNSUPPORTED_VALUE: this machine has no walls, or no python3. */
int eval_judge(struct judgement *ret, struct slice program, const struct eval_limits *limits,
               struct err *err) MUST_USE;

#endif
