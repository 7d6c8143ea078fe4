#include "grammar/schema.h"

#include <stdio.h>

_Static_assert(offsetof(struct place, key) == offsetof(struct place, parent) + sizeof(void *) &&
                   offsetof(struct slice, ptr) == 0,
               "parent and the key's address are one piece: identity_of");

enum { REASON_MAX = 480 };

int schema_no_memory(struct schema *s)
{
    int rc = arena_check(&s->arena, "a JSON schema", s->err);
    return rc < 0 ? rc : err_set(s->err, ERR_NO_MEMORY, "no memory for a JSON schema");
}

int schema_spend(struct schema *s, int64_t work)
{
    s->work_left -= work;
    if (s->work_left >= 0) return 0;
    return err_set(s->err, ERR_LIMIT,
                   "the schema combines too much: more than %d steps to lay out its alternatives",
                   JSON_SCHEMA_WORK_MAX);
}

/* Objects and lists are known by their address. true, false and null are the same value everywhere:
 * they are known by parent and key, which callers give by the same address each time. */
static struct slice identity_of(const struct place *p)
{
    bool own_address = json_is_object(p->json) || json_is_array(p->json);
    if (own_address) return (struct slice){ (const char *)&p->json, sizeof p->json };
    return (struct slice){ (const char *)&p->parent, sizeof p->parent + sizeof p->key.ptr };
}

const struct place *schema_place(struct schema *s, const struct place *parent, struct slice key,
                                 const json_t *json)
{
    const struct place wanted = { .json = json, .parent = parent, .key = key, .id = s->n_places };
    uint32_t known;
    if (map_get(&s->place_of, identity_of(&wanted), &known)) return s->places.at[known];
    struct place *p = ARENA_NEW(&s->arena, struct place);
    if (!p) return NULL;
    *p = wanted;
    s->n_places++;
    if (!ARRAY_ADD(s->places, p) ||
        map_put(&s->place_of, identity_of(p), (uint32_t)s->places.n - 1) < 0)
        return NULL;
    return p;
}

const struct place *schema_property(struct schema *s, const struct place *of, const char *key)
{
    return schema_place(s, of, slice_of(key), json_object_get(of->json, key));
}

const struct place *schema_item(struct schema *s, const struct place *of, size_t i)
{
    const struct place wanted = { .json = json_array_get(of->json, i) };
    uint32_t known;
    if ((json_is_object(wanted.json) || json_is_array(wanted.json)) &&
        map_get(&s->place_of, identity_of(&wanted), &known))
        return s->places.at[known];
    const char *index = arena_printf(&s->arena, "%zu", i);
    return index ? schema_place(s, of, slice_of(index), wanted.json) : NULL;
}

/* Written from its end: the last keys say most. */
const char *schema_where(char out[PLACE_TEXT_MAX], const struct place *at)
{
    static const char cut[] = "...";
    size_t room = PLACE_TEXT_MAX - 1;
    out[room] = '\0';
    for (; at->parent; at = at->parent) {
        if (at->key.len + sizeof cut + 1 > room) {
            room -= sizeof cut - 1;
            memcpy(out + room, cut, sizeof cut - 1);
            break;
        }
        room -= at->key.len;
        if (at->key.len) memcpy(out + room, at->key.ptr, at->key.len);
        out[--room] = '/';
    }
    out[--room] = '#';
    memmove(out, out + room, PLACE_TEXT_MAX - room);
    return out;
}

int schema_refuse_(struct schema *s, const struct place *at, const char *fmt, ...)
{
    char where[PLACE_TEXT_MAX], reason[REASON_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(reason, sizeof reason, fmt, args); /* A cut text is still a text. */
    va_end(args);
    return err_set(s->err, ERR_INVALID_VALUE, "schema at %s: %s", schema_where(where, at), reason);
}

int schema_at(struct schema *s, const struct place *at, const struct err *inner)
{
    char where[PLACE_TEXT_MAX];
    return err_set(s->err, inner->code, "schema at %s: %s", schema_where(where, at), inner->text);
}

int schema_never(struct schema *s, const struct place *at, const char *fmt, ...)
{
    char where[PLACE_TEXT_MAX], reason[REASON_MAX];
    va_list args;
    if (s->never.code != ERR_NONE) return 0;
    va_start(args, fmt);
    (void)vsnprintf(reason, sizeof reason, fmt, args); /* A cut text is still a text. */
    va_end(args);
    (void)err_set(&s->never, ERR_INVALID_VALUE, "schema at %s: %s", schema_where(where, at),
                  reason);
    return 0;
}
