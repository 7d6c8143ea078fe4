/* md5 - RFC 1321, for checks that others compute too; it stops accidents, nobody who means harm.
 *
 *     struct md5 m;
 *     md5_init(&m);
 *     md5_add(&m, bytes, len);
 *     md5_finish(hex, &m);
 */
#ifndef TIRO_BASE_MD5_H
#define TIRO_BASE_MD5_H

#include <stddef.h>
#include <stdint.h>

enum { MD5_HEX_SIZE = 33 };

struct md5 {
    uint32_t state[4];
    uint64_t len;
    unsigned char block[64]; /* len % 64 of it are there */
};

void md5_init(struct md5 *m);
void md5_add(struct md5 *m, const void *bytes, size_t len);
void md5_finish(char ret[MD5_HEX_SIZE], struct md5 *m); /* lower case */

#endif
