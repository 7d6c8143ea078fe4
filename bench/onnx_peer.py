"""onnxruntime as a peer in bench/embeddings.py, in this process: no HTTP on its side.

Needs onnxruntime, tokenizers and numpy, a model whose inputs are input_ids, attention_mask and
token_type_ids and whose output is the last hidden state, and its tokenizer.json. It gets what it does
best with: all texts of a run at once, sorted by length, in padded batches, every optimisation on.
Pooling is the mean over a text's tokens, scaled to length 1.
"""
import time

import numpy as np


class OnnxPeer:
    name = "onnxruntime"

    def __init__(self, model, tokenizer, threads, batch):
        import onnxruntime
        from tokenizers import Tokenizer
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.tokenizer = Tokenizer.from_file(tokenizer)
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(512)
        self.batch = batch

    def embed(self, texts):
        """(a vector for each text, tokens in all)"""
        rows = self.tokenizer.encode_batch(texts)
        out, n_tokens = [None] * len(texts), sum(len(r.ids) for r in rows)
        order = sorted(range(len(rows)), key=lambda i: len(rows[i].ids))
        for at in range(0, len(order), self.batch):
            some = order[at:at + self.batch]
            width = max(len(rows[i].ids) for i in some)
            ids, mask = (np.zeros((len(some), width), dtype=np.int64) for _ in range(2))
            for row, i in enumerate(some):
                ids[row, :len(rows[i].ids)] = rows[i].ids
                mask[row, :len(rows[i].ids)] = 1
            hidden, = self.session.run(None, {"input_ids": ids, "attention_mask": mask,
                                              "token_type_ids": np.zeros_like(ids)})
            sums = (hidden * mask[:, :, None].astype(np.float32)).sum(1)
            sums /= np.linalg.norm(sums, axis=1, keepdims=True)
            for row, i in enumerate(some):
                out[i] = sums[row]
        return out, n_tokens

    def run(self, bodies):
        """(texts a second, tokens a second)"""
        texts = [text for body in bodies for text in body]
        start = time.monotonic()
        _, n_tokens = self.embed(texts)
        seconds = time.monotonic() - start
        return len(texts) / seconds, n_tokens / seconds
