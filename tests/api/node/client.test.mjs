// The API through the official Node client. Run by test_node.py, which starts the server:
//   TIRO_URL=http://127.0.0.1:1234 node --test client.test.mjs
import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";

const CHAT = "smollm2-135m";
const CODE = "qwen2.5-coder-0.5b";
const EMBED = "all-minilm-l6-v2";
const client = new OpenAI({ baseURL: `${process.env.TIRO_URL}/v1`, apiKey: "unused", maxRetries: 0 });
const messages = [{ role: "user", content: "Say hello." }];

const chat = (more) =>
  client.chat.completions.create({ model: CHAT, messages, temperature: 0, max_tokens: 12, ...more });

test("models", async () => {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.deepEqual(ids.sort(), [EMBED, CODE, CHAT].sort());
  assert.equal((await client.models.retrieve(CHAT)).object, "model");
  await assert.rejects(client.models.retrieve("nope"), OpenAI.NotFoundError);
});

test("chat and stream with usage", async () => {
  const whole = await chat();
  assert.ok(whole.choices[0].message.content);
  assert.ok(whole._request_id);
  let text = "";
  let usage = null;
  const stream = await chat({ stream: true, stream_options: { include_usage: true } });
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta?.content ?? "";
    usage = chunk.usage ?? usage;
  }
  assert.equal(text, whole.choices[0].message.content);
  assert.equal(usage.total_tokens, whole.usage.total_tokens);
});

test("the client's own accumulator", async () => {
  const runner = client.chat.completions.stream({
    model: CHAT, messages, temperature: 0, max_tokens: 12, n: 2, logprobs: true,
  });
  const final = await runner.finalChatCompletion();
  assert.equal(final.choices.length, 2);
  assert.equal(final.choices[0].message.content, final.choices[1].message.content);
  assert.ok(final.choices[0].logprobs.content.length > 0);
});

test("n, seed, stop, logprobs", async () => {
  const ask = () => chat({ n: 2, temperature: 1.1, seed: 5 });
  const [a, b] = [await ask(), await ask()];
  assert.deepEqual(a.choices.map((c) => c.message.content), b.choices.map((c) => c.message.content));
  const whole = (await chat({ max_tokens: 24 })).choices[0].message.content;
  const stop = whole.slice(4, 7);
  const cut = await chat({ max_tokens: 24, stop: [stop] });
  assert.equal(cut.choices[0].message.content, whole.slice(0, whole.indexOf(stop)));
  assert.equal(cut.choices[0].finish_reason, "stop");
  const scored = await chat({ logprobs: true, top_logprobs: 2 });
  assert.equal(scored.choices[0].logprobs.content[0].top_logprobs.length, 2);
});

test("completions: suffix, echo, best_of, stream", async () => {
  const fill = await client.completions.create({
    model: CODE, prompt: "def add(a, b):\n    return ", suffix: "\n\nprint(add(1, 2))\n",
    temperature: 0, max_tokens: 12,
  });
  assert.match(fill.choices[0].text, /a \+ b/);
  const echoed = await client.completions.create({
    model: CHAT, prompt: "The cat sat", echo: true, logprobs: 1, max_tokens: 0,
  });
  assert.equal(echoed.choices[0].text, "The cat sat");
  assert.equal(echoed.choices[0].logprobs.token_logprobs[0], null);
  let text = "";
  const stream = await client.completions.create({
    model: CHAT, prompt: "One, two,", temperature: 0, max_tokens: 8, stream: true,
  });
  for await (const chunk of stream) text += chunk.choices[0].text;
  const whole = await client.completions.create({
    model: CHAT, prompt: "One, two,", temperature: 0, max_tokens: 8, best_of: 2,
  });
  assert.equal(text, whole.choices[0].text);
});

test("embeddings: base64 by default, float, dimensions", async () => {
  const plain = await client.embeddings.create({ model: EMBED, input: ["one", "two"] });
  const floats = await client.embeddings.create({
    model: EMBED, input: ["one", "two"], encoding_format: "float",
  });
  assert.equal(plain.data[1].embedding.length, 384);
  assert.deepEqual(plain.data[1].embedding.map(Math.fround), floats.data[1].embedding.map(Math.fround));
  const cut = await client.embeddings.create({ model: EMBED, input: "one", dimensions: 8 });
  assert.equal(cut.data[0].embedding.length, 8);
});

test("error classes", async () => {
  await assert.rejects(chat({ model: "nope" }), (e) =>
    e instanceof OpenAI.NotFoundError && e.code === "model_not_found" && e.param === null);
  await assert.rejects(chat({ temperature: 3 }), (e) =>
    e instanceof OpenAI.BadRequestError && e.code === "decimal_above_max_value" && e.param === "temperature");
  await assert.rejects(chat({ messages: [{ role: "user", content: "word ".repeat(9000) }] }), (e) =>
    e instanceof OpenAI.BadRequestError && e.code === "context_length_exceeded");
});

test("a stream that is aborted ends at once", async () => {
  const stream = await chat({ stream: true, max_tokens: 2000, messages: [
    { role: "user", content: "Write a very long story." }] });
  let seen = 0;
  for await (const _ of stream) if (++seen === 3) break;
  assert.equal(seen, 3);
});

test("responses, whole and as events", async () => {
  const ask = { model: CHAT, input: "Say hello.", temperature: 0, max_output_tokens: 24 };
  const whole = await client.responses.create(ask);
  assert.ok(whole.output_text);
  let text = "";
  let number = -1;
  let last = "";
  for await (const event of await client.responses.create({ ...ask, stream: true })) {
    assert.equal(event.sequence_number, ++number);
    if (event.type === "response.output_text.delta") text += event.delta;
    last = event.type;
  }
  assert.equal(text, whole.output_text);
  assert.match(last, /^response\.(completed|incomplete)$/);
  await assert.rejects(client.responses.create({ ...ask, input: [{ role: "nobody", content: "x" }] }), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.param, "input[0].role");
    return true;
  });
});

test("responses accumulated by the client", async () => {
  const runner = client.responses.stream({ model: CHAT, input: "Say hello.", temperature: 0, max_output_tokens: 24 });
  const final = await runner.finalResponse();
  assert.ok(final.output_text);
});
