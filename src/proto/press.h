/* press - what the gateway and a press worker agree on.
 *
 *     tiro worker --kind press --format epub <BOOK >FILE
 *
 * One process reads one book from its standard input, as JSON (press/press.h), and writes the file
 * to its standard output; its exit status says how that ended. As a decode worker (proto/decode.h)
 * it has no other connection to anybody, and its limits are its own.
 */
#ifndef TIRO_PROTO_PRESS_H
#define TIRO_PROTO_PRESS_H

enum press_end {
    PRESS_GOOD = 0,
    PRESS_BAD_BOOK = 20, /* it is not the JSON that it should be */
    PRESS_TOO_LARGE,
    PRESS_NO_MEMORY,
    PRESS_NO_LIBRARY, /* what makes this format is not installed */
    PRESS_BROKEN,     /* the worker itself */
};

enum {
    PRESS_BOOK_MAX = 16 << 20,  /* bytes of JSON: 500,000 words are about 4 MB */
    PRESS_BYTES_MAX = 64 << 20, /* of the file */
    PRESS_MEMORY_MAX = 1 << 30, /* address space */
    PRESS_CPU_S = 60,
    PRESS_FILES_MAX = 64, /* open at once: libraries and fonts */
};

#endif
