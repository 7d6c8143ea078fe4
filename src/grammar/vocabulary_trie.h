/* vocabulary_trie - how a vocabulary looks inside: for vocabulary.c, mask.c and constrain.c only.
 *
 * A trie is its nodes in depth-first order: a walk is a scan that jumps over dead subtrees.
 *
 *     states[0] = state;
 *     for (int32_t i = 0; i < t->n_nodes;) {
 *         const struct trie_node *n = &t->nodes[i];
 *         states[n->depth] = grammar_step(g, states[n->depth - 1], n->byte);
 *         if (states[n->depth] < 0) { i = n->skip; continue; }
 *         ... tokens[n->first .. n[1].first) may come ...
 *         i++;
 *     }
 */
#ifndef TIRO_GRAMMAR_VOCABULARY_TRIE_H
#define TIRO_GRAMMAR_VOCABULARY_TRIE_H

#include "grammar/vocabulary.h"

#include <stdint.h>

enum {
    TRIE_DEPTH_MAX = 1025,  /* Bytes of a tokenizer's longest token, behind GRAMMAR_TOKEN_BYTE. */
    VOCABULARY_LEVELS = 32, /* Plain tokens of more characters are in a list of their own. */
};

struct trie_node {
    int32_t skip;   /* The next node that is not below this one. */
    int32_t first;  /* Its tokens begin here, and end where the next node's begin. */
    uint16_t depth; /* From 1. */
    uint8_t byte;
};

struct trie {
    struct trie_node *nodes; /* (n_nodes + 1), owned; the last is an end */
    int32_t *tokens;         /* (n_tokens), owned: by their bytes, then by id */
    int32_t n_nodes, n_tokens;
};

struct wide {
    int32_t n_chars, token;
};

struct vocabulary {
    const struct tokenizer *tokenizer;
    uint64_t serial; /* No other vocabulary of this process has it. */
    int32_t n_vocab, n_words;
    struct trie all, rest; /* rest: those that are not plain */
    uint32_t *usable;      /* (n_words), owned: tokens of `all` */
    /* (VOCABULARY_LEVELS + 2, n_words), owned: plain tokens of at most k characters; in the last
     * row all of them. */
    uint32_t *plain;
    int32_t n_plain[VOCABULARY_LEVELS + 2];
    /* (n_wide), owned: plain tokens of more than VOCABULARY_LEVELS characters, by that number. */
    struct wide *wide;
    int32_t n_wide;
};

/* Plain tokens of at most n characters: the bitmap (n_words) of `*ret_count` of them, and the first
 * `*ret_wide` of v->wide. */
const uint32_t *vocabulary_plain(const struct vocabulary *v, int32_t n, int32_t *ret_count,
                                 int32_t *ret_wide);
/* Whether plain tokens of any length fit into n characters. */
bool vocabulary_plain_all(const struct vocabulary *v, int32_t n);
/* Whether this token is written as bytes of the grammar: not an end, not unused, not outside. */
bool vocabulary_has(const struct vocabulary *v, int32_t token);

#endif
