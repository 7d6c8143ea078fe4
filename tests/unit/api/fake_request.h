/* fake_request - a request for a worker, as JSON of what differs from one of zeros. */
#ifndef TIRO_TESTS_FAKE_REQUEST_H
#define TIRO_TESTS_FAKE_REQUEST_H

#include "base/json.h"
#include "proto/bodies.h"

#include <stdio.h>

static void fake_str(struct json_writer *w, const char *key, struct slice s)
{
    if (s.len == 0) return;
    json_key(w, key);
    json_slice(w, s);
}

static void fake_num(struct json_writer *w, const char *key, double value, double usual)
{
    if (value == usual) return;
    json_key(w, key);
    json_double(w, value);
}

static void fake_write_calls(struct json_writer *w, const struct msg_chat *chat)
{
    if (chat->n_tool_calls == 0) return;
    json_key(w, "tool_calls");
    json_array_begin(w);
    for (uint32_t i = 0; i < chat->n_tool_calls; i++) {
        json_slice(w, chat->tool_calls[i].id);
        json_slice(w, chat->tool_calls[i].name);
        json_slice(w, chat->tool_calls[i].arguments);
    }
    json_array_end(w);
}

static void fake_write_messages(struct json_writer *w, const struct msg_request *m)
{
    if (m->n_messages == 0) return;
    json_key(w, "messages");
    json_array_begin(w);
    for (uint32_t i = 0; i < m->n_messages; i++) {
        const struct msg_chat *chat = &m->messages[i];
        json_object_begin(w);
        fake_str(w, "role", chat->role);
        fake_str(w, "name", chat->name);
        json_key(w, "parts");
        json_array_begin(w);
        for (uint32_t j = 0; j < chat->n_parts; j++) {
            if (chat->parts[j].kind != PART_TEXT) json_uint(w, chat->parts[j].kind);
            json_slice(w, chat->parts[j].text);
        }
        json_array_end(w);
        fake_write_calls(w, chat);
        fake_str(w, "tool_call_id", chat->tool_call_id);
        json_object_end(w);
    }
    json_array_end(w);
}

static void fake_write_tools(struct json_writer *w, const struct msg_request *m)
{
    static const char *const choices[] = { "", "none", "required" };
    if (m->tools.len) {
        json_key(w, "tools");
        json_raw(w, m->tools);
    }
    fake_str(w, "tool_choice", slice_of(choices[m->tool_choice]));
    if (m->n_tool_names) {
        json_key(w, "tool_names");
        json_array_begin(w);
        for (uint32_t i = 0; i < m->n_tool_names; i++) json_slice(w, m->tool_names[i]);
        json_array_end(w);
    }
    fake_num(w, "one_tool_call", m->one_tool_call, 0);
    if (m->template_args.len) {
        json_key(w, "template_args");
        json_raw(w, m->template_args);
    }
}

static void fake_write_grammar(struct json_writer *w, const struct msg_request *m)
{
    static const char *const kinds[] = {
        "", "json_object", "json_schema", "regex", "ebnf", "choice"
    };
    fake_str(w, "grammar_kind", slice_of(kinds[m->grammar_kind]));
    fake_str(w, "grammar", m->grammar);
    fake_num(w, "grammar_strict", m->grammar_strict, 0);
    fake_str(w, "grammar_param", m->grammar_param);
}

static void fake_write_sampling(struct json_writer *w, const struct msg_sampling *s)
{
    fake_num(w, "temperature", s->temperature, 1);
    fake_num(w, "top_p", s->top_p, 1);
    fake_num(w, "top_k", s->top_k, 0);
    fake_num(w, "min_p", s->min_p, 0);
    fake_num(w, "typical_p", s->typical_p, 1);
    fake_num(w, "repetition_penalty", s->repetition_penalty, 1);
    fake_num(w, "frequency_penalty", s->frequency_penalty, 0);
    fake_num(w, "presence_penalty", s->presence_penalty, 0);
    if (s->has_seed) {
        json_key(w, "seed");
        json_uint(w, s->seed);
    }
    for (uint32_t i = 0; i < s->n_logit_bias; i++) {
        char key[32];
        (void)snprintf(key, sizeof key, "bias_%u", s->logit_bias[i].token);
        fake_num(w, key, (double)s->logit_bias[i].bias, -1000);
    }
}

static void fake_write_request(struct json_writer *w, const struct msg_request *m)
{
    static const char *const kinds[] = { "chat", "prompt", "embed", "tokenize", "score" };
    json_object_begin(w);
    json_key(w, "kind");
    json_str(w, kinds[m->kind]);
    fake_str(w, "tenant", m->principal.tenant);
    fake_write_messages(w, m);
    if (m->n_messages == 0 && m->n_tokens == 0) {
        json_key(w, "prompt");
        json_slice(w, m->prompt);
    }
    if (m->n_tokens) {
        json_key(w, "tokens");
        json_array_begin(w);
        for (uint32_t i = 0; i < m->n_tokens; i++) json_uint(w, m->tokens[i]);
        json_array_end(w);
    }
    if (m->has_suffix) {
        json_key(w, "suffix");
        json_slice(w, m->suffix);
    }
    fake_num(w, "echo", m->echo, 0);
    fake_num(w, "echo_from", m->echo_from, 0);
    fake_num(w, "n", m->n, 1);
    fake_num(w, "best_of", m->best_of, 0);
    fake_write_sampling(w, &m->sampling);
    fake_num(w, "max_tokens", m->has_max_tokens ? m->max_tokens : -1.0, -1);
    for (uint32_t i = 0; i < m->n_stop; i++) fake_str(w, "stop", m->stop[i]);
    fake_num(w, "logprobs", m->logprobs ? m->top_logprobs : -1.0, -1);
    fake_num(w, "dimensions", m->dimensions, 0);
    fake_num(w, "priority", m->priority, 0);
    fake_write_tools(w, m);
    fake_write_grammar(w, m);
    json_object_end(w);
}

#endif
