#include "base/md5.h"

#include <stdio.h>
#include <string.h>

enum { BLOCK = 64, LENGTH_AT = 56 };

/* floor(2^32 * |sin(i + 1)|) */
static const uint32_t sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};
static const unsigned char turns[4][4] = {
    { 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 }
};

static uint32_t rotated(uint32_t x, unsigned by)
{
    return x << by | x >> (32 - by);
}

static void take_block(struct md5 *m, const unsigned char *p)
{
    uint32_t a = m->state[0], b = m->state[1], c = m->state[2], d = m->state[3], words[16];
    for (int i = 0; i < 16; i++)
        words[i] = (uint32_t)p[4 * i] | (uint32_t)p[4 * i + 1] << 8 | (uint32_t)p[4 * i + 2] << 16 |
                   (uint32_t)p[4 * i + 3] << 24;
    for (unsigned i = 0; i < 64; i++) {
        uint32_t f;
        unsigned word;
        switch (i / 16) {
        case 0: f = (b & c) | (~b & d), word = i; break;
        case 1: f = (d & b) | (~d & c), word = 5 * i + 1; break;
        case 2: f = b ^ c ^ d, word = 3 * i + 5; break;
        default: f = c ^ (b | ~d), word = 7 * i; break;
        }
        uint32_t sum = a + f + sines[i] + words[word % 16];
        a = d;
        d = c;
        c = b;
        b += rotated(sum, turns[i / 16][i % 4]);
    }
    m->state[0] += a;
    m->state[1] += b;
    m->state[2] += c;
    m->state[3] += d;
}

void md5_init(struct md5 *m)
{
    *m = (struct md5){ .state = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 } };
}

void md5_add(struct md5 *m, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    while (len > 0) {
        size_t at = m->len % BLOCK, n = BLOCK - at < len ? BLOCK - at : len;
        if (at == 0 && n == BLOCK) {
            take_block(m, p);
        } else {
            memcpy(m->block + at, p, n);
            if (at + n == BLOCK) take_block(m, m->block);
        }
        m->len += n;
        p += n;
        len -= n;
    }
}

void md5_finish(char ret[MD5_HEX_SIZE], struct md5 *m)
{
    static const unsigned char zeros[BLOCK];
    unsigned char length[8];
    uint64_t bits = m->len * 8;
    for (int i = 0; i < 8; i++) length[i] = (unsigned char)(bits >> 8 * i);
    md5_add(m, "\x80", 1);
    md5_add(m, zeros, (BLOCK + LENGTH_AT - m->len % BLOCK) % BLOCK);
    md5_add(m, length, sizeof length);
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 4; k++)
            (void)snprintf(ret + 8 * i + 2 * k, 3, "%02x", m->state[i] >> 8 * k & 0xffu);
}
