/* decode - what the gateway and a decode worker agree on.
 *
 *     tiro worker --kind decode --format html <DOCUMENT >TEXT
 *
 * One process reads one document from its standard input and writes its text to its standard
 * output, as UTF-8; its exit status says how that ended. It has no other connection to anybody.
 * The limits are its own, set before the first byte of the document is read; time by the clock is
 * the gateway's (api/extract.h).
 */
#ifndef TIRO_PROTO_DECODE_H
#define TIRO_PROTO_DECODE_H

enum decode_end {
    DECODE_GOOD = 0,
    DECODE_DAMAGED = 10, /* it is not what it is called, or broken */
    DECODE_ENCRYPTED,
    DECODE_NO_TEXT, /* bytes that are no text */
    DECODE_TOO_LARGE,
    DECODE_NO_MEMORY,
    DECODE_NO_PROGRAM, /* the program that reads this format is not installed */
    DECODE_BROKEN,     /* the worker itself */
};

enum {
    DECODE_MEMORY_MAX = 1 << 30, /* address space */
    DECODE_CPU_S = 60,
    DECODE_FILES_MAX = 32,       /* open at once */
    DECODE_TEXT_MAX = 256 << 20, /* written; the gateway takes less */
    DECODE_XML_MAX = 256 << 20,  /* of one unpacked file */
};

#endif
