// Generated from the field tables in src/api/endpoint/ by tools/docs.sh; do not edit.

export interface Error {
    /** Always with all four keys. */
    error: {
        /** What was wrong, for a person. */
        message: string;
        /** invalid_request_error, server_error ... */
        type: string;
        /** The field at fault: messages[0].role */
        param: string | null;
        /** What was wrong, for a program. */
        code: string | null;
    };
}

export interface ChatCompletionRequest {
    /** The conversation so far. */
    messages: Array<{
        /** Who speaks. `developer` is `system` under a newer name. */
        role: "developer" | "system" | "user" | "assistant" | "tool" | "function";
        /** The text, or a list of parts. Required except for an assistant's message with tool_calls or refusal. */
        content?: string | Array<{
            /** What this part is. */
            type: "text" | "image_url" | "input_audio" | "file" | "refusal";
            /** Of a text part. */
            text?: string | null;
            /** Of a refusal part (assistant only). */
            refusal?: string | null;
            /** Of a picture; only for models that can see. */
            image_url?: Record<string, unknown> | null;
            /** Of a recording; only for models that can hear. */
            input_audio?: Record<string, unknown> | null;
            /** Of a document; no model here reads them yet. */
            file?: Record<string, unknown> | null;
        }> | null;
        /** Tells speakers of one role apart, if the model's template shows it. */
        name?: string | null;
        /** Calls the assistant made; only for models with tools. */
        tool_calls?: Array<{
            /** The call's id, as the model's answer gave it. */
            id: string;
            /** Kind of tool. */
            type: "function";
            /** What was called. */
            function: {
                /** The function the model called. */
                name: string;
                /** Its arguments, as JSON text. */
                arguments: string;
            };
        }> | null;
        /** Which call this tool message answers. */
        tool_call_id?: string | null;
        /** The assistant's refusal, instead of content. */
        refusal?: string | null;
        /** Of an earlier answer; only an empty list. */
        annotations?: Array<unknown> | null;
        /** Of an earlier spoken answer. */
        audio?: Record<string, unknown> | null;
        /** Replaced by tool_calls. */
        function_call?: Record<string, unknown> | null;
    }>;
    /** Id of the model to use; see GET /v1/models. */
    model: string;
    /** Randomness: 0 always takes the likeliest token. */
    temperature?: number | null;
    /** Take only from the likeliest tokens with this share of probability. */
    top_p?: number | null;
    /** How many answers to make. */
    n?: number | null;
    /** Answer with server-sent events as the text appears. */
    stream?: boolean | null;
    /** Options of streaming; only with stream: true. */
    stream_options?: {
        /** Send one more event before the end with the token counts of the whole request; all others then carry usage: null. */
        include_usage?: boolean | null;
        /** Padding against guessing text from packet sizes. Accepted; events carry no padding yet. */
        include_obfuscation?: boolean | null;
    } | null;
    /** Up to 16 texts (OpenAI: 4) of up to 256 bytes where the answer ends; the text itself is not returned. */
    stop?: string | Array<string> | null;
    /** Lowers the chance of a token with each time it occurred. */
    frequency_penalty?: number | null;
    /** Lowers the chance of a token that occurred. */
    presence_penalty?: number | null;
    /** Token ids and what to add to their logits, -100 to 100; at most 1024. */
    logit_bias?: Record<string, number> | null;
    /** The same request and seed give the same text, whatever else runs. */
    seed?: number | null;
    /** Your name for the end user. Accepted; nothing is done with it. */
    user?: string | null;
    /** Take only from this many of the likeliest tokens; 0: all. */
    top_k?: number | null;
    /** Drop tokens less likely than this share of the likeliest. */
    min_p?: number | null;
    /** Locally typical sampling: the share of probability to keep; 1: off. */
    typical_p?: number | null;
    /** Divides the logits of tokens that occurred; 1: off. */
    repetition_penalty?: number | null;
    /** The most tokens to make; without it, as many as the context holds. */
    max_completion_tokens?: number | null;
    /** The older name of max_completion_tokens; only one of them may be given. */
    max_tokens?: number | null;
    /** Return the log probability of each token. */
    logprobs?: boolean | null;
    /** How many of the likeliest tokens to return at each place; needs logprobs. */
    top_logprobs?: number | null;
    /** The form of the answer; only text so far. */
    response_format?: {
        type: "text";
    } | null;
    /** Functions the model may call; refused unless the model has tools. */
    tools?: Array<unknown> | null;
    /** Whether and what to call; only "none" and "auto" without tools. */
    tool_choice?: string | Record<string, unknown> | null;
    /** Several calls at once; means nothing without tools. */
    parallel_tool_calls?: boolean | null;
    /** This server has one tier; the answer says default. */
    service_tier?: "auto" | "default" | null;
    /** Keep the answer; only false. */
    store?: boolean | null;
    /** Your labels for a stored answer. Accepted; nothing is stored. */
    metadata?: Record<string, string> | null;
    /** Your hashed name for the end user. Accepted; nothing is done with it. */
    safety_identifier?: string | null;
    /** Accepted: prefixes are cached by their content anyway. */
    prompt_cache_key?: string | null;
    /** 24h: keep this prompt in the cache until it was not used for a day, as far as pinned_percent has room. Otherwise the cache keeps what fits. */
    prompt_cache_retention?: "in_memory" | "24h" | null;
    /** Accepted: the cache keeps what fits. */
    prompt_cache_options?: Record<string, unknown> | null;
    /** Kinds of output; only text. */
    modalities?: Array<unknown> | null;
    /** Spoken output. */
    audio?: Record<string, unknown> | null;
    /** Text the answer will mostly repeat. */
    prediction?: Record<string, unknown> | null;
    /** Effort of reasoning models. */
    reasoning_effort?: string | null;
    /** Length of the answer. */
    verbosity?: string | null;
    /** Search the web first. */
    web_search_options?: Record<string, unknown> | null;
    /** Moderate prompt and answer. */
    moderation?: Record<string, unknown> | null;
    /** Replaced by tools. */
    functions?: Array<unknown> | null;
    /** Replaced by tool_choice. */
    function_call?: string | Record<string, unknown> | null;
}

export interface ChatCompletion {
    /** chatcmpl- and a random word. */
    id: string;
    /** chat.completion */
    object: string;
    /** Unix seconds. */
    created: number;
    /** The model's id. */
    model: string;
    /** Changes with the model file or the server. */
    system_fingerprint?: string;
    /** default */
    service_tier: string;
    /** n of them. */
    choices: Array<{
        /** Of the choice, 0 to n - 1. */
        index: number;
        /** The answer. */
        message: {
            /** Always assistant. */
            role: "assistant";
            /** The text. */
            content: string | null;
            /** Always null. */
            refusal: string | null;
            /** Always empty. */
            annotations: Array<unknown>;
        };
        /** When asked for. */
        logprobs: {
            /** One entry per token. */
            content: Array<{
                /** Its text, or bytes:\x.. when it is part of a character. */
                token: string;
                /** Natural logarithm of its probability; -9999: never. */
                logprob: number;
                /** Its bytes. */
                bytes: Array<number>;
                /** The likeliest. */
                top_logprobs: Array<{
                    /** Its text, or bytes:\x.. when it is part of a character. */
                    token: string;
                    /** Natural logarithm of its probability; -9999: never. */
                    logprob: number;
                    /** Its bytes. */
                    bytes: Array<number>;
                }>;
            }>;
            /** Always null. */
            refusal: null;
        } | null;
        /** Why it ended. */
        finish_reason: "stop" | "length" | "tool_calls" | "content_filter";
    }>;
    /** Token counts. */
    usage: {
        /** Tokens read, template included; once for all choices. */
        prompt_tokens: number;
        /** Tokens made, of all choices. */
        completion_tokens: number;
        /** The sum. */
        total_tokens: number;
        /** Shares. */
        prompt_tokens_details: {
            /** Of the prompt, found in the prefix cache. */
            cached_tokens: number;
            /** Always 0. */
            audio_tokens: number;
        };
        /** Shares. */
        completion_tokens_details: {
            /** Always 0. */
            reasoning_tokens: number;
            /** Always 0. */
            audio_tokens: number;
            /** Always 0. */
            accepted_prediction_tokens: number;
            /** Always 0. */
            rejected_prediction_tokens: number;
        };
    };
}

export interface ChatCompletionEvent {
    /** The same in every event. */
    id: string;
    /** chat.completion.chunk */
    object: string;
    /** Unix seconds; the same in every event. */
    created: number;
    /** The model's id. */
    model: string;
    /** Changes with the model file or the server. */
    system_fingerprint?: string;
    /** default */
    service_tier: string;
    /** One; none in the event with the usage. */
    choices: Array<{
        /** Which choice goes on; those of n come interleaved. */
        index: number;
        /** What is new. */
        delta: {
            /** In a choice's first event. */
            role?: "assistant";
            /** The next piece of text. */
            content?: string | null;
            /** Null, in the first event. */
            refusal?: string | null;
        };
        /** Of the new tokens, when asked for. */
        logprobs: {
            /** One entry per token. */
            content: Array<{
                /** Its text, or bytes:\x.. when it is part of a character. */
                token: string;
                /** Natural logarithm of its probability; -9999: never. */
                logprob: number;
                /** Its bytes. */
                bytes: Array<number>;
                /** The likeliest. */
                top_logprobs: Array<{
                    /** Its text, or bytes:\x.. when it is part of a character. */
                    token: string;
                    /** Natural logarithm of its probability; -9999: never. */
                    logprob: number;
                    /** Its bytes. */
                    bytes: Array<number>;
                }>;
            }>;
            /** Always null. */
            refusal: null;
        } | null;
        /** In a choice's last event. */
        finish_reason: "stop" | "length" | "tool_calls" | "content_filter" | null;
    }>;
    /** With include_usage: null until the last event. */
    usage?: {
        /** Tokens read, template included; once for all choices. */
        prompt_tokens: number;
        /** Tokens made, of all choices. */
        completion_tokens: number;
        /** The sum. */
        total_tokens: number;
        /** Shares. */
        prompt_tokens_details: {
            /** Of the prompt, found in the prefix cache. */
            cached_tokens: number;
            /** Always 0. */
            audio_tokens: number;
        };
        /** Shares. */
        completion_tokens_details: {
            /** Always 0. */
            reasoning_tokens: number;
            /** Always 0. */
            audio_tokens: number;
            /** Always 0. */
            accepted_prediction_tokens: number;
            /** Always 0. */
            rejected_prediction_tokens: number;
        };
    } | null;
}

export interface CompletionRequest {
    /** Raw text (the model's control tokens are recognised in it), token ids, or a list of either: up to 512 prompts. */
    prompt: string | Array<string> | Array<number> | Array<Array<number>>;
    /** Id of the model to use; see GET /v1/models. */
    model: string;
    /** Randomness: 0 always takes the likeliest token. */
    temperature?: number | null;
    /** Take only from the likeliest tokens with this share of probability. */
    top_p?: number | null;
    /** How many answers to make. */
    n?: number | null;
    /** Answer with server-sent events as the text appears. */
    stream?: boolean | null;
    /** Options of streaming; only with stream: true. */
    stream_options?: {
        /** Send one more event before the end with the token counts of the whole request; all others then carry usage: null. */
        include_usage?: boolean | null;
        /** Padding against guessing text from packet sizes. Accepted; events carry no padding yet. */
        include_obfuscation?: boolean | null;
    } | null;
    /** Up to 16 texts (OpenAI: 4) of up to 256 bytes where the answer ends; the text itself is not returned. */
    stop?: string | Array<string> | null;
    /** Lowers the chance of a token with each time it occurred. */
    frequency_penalty?: number | null;
    /** Lowers the chance of a token that occurred. */
    presence_penalty?: number | null;
    /** Token ids and what to add to their logits, -100 to 100; at most 1024. */
    logit_bias?: Record<string, number> | null;
    /** The same request and seed give the same text, whatever else runs. */
    seed?: number | null;
    /** Your name for the end user. Accepted; nothing is done with it. */
    user?: string | null;
    /** Take only from this many of the likeliest tokens; 0: all. */
    top_k?: number | null;
    /** Drop tokens less likely than this share of the likeliest. */
    min_p?: number | null;
    /** Locally typical sampling: the share of probability to keep; 1: off. */
    typical_p?: number | null;
    /** Divides the logits of tokens that occurred; 1: off. */
    repetition_penalty?: number | null;
    /** Text that follows the gap to fill; for models that fill the middle. */
    suffix?: string | null;
    /** The most tokens to make. */
    max_tokens?: number | null;
    /** Return the prompt before the text; with logprobs, its tokens' too. */
    echo?: boolean | null;
    /** Return each token's log probability and those of this many likeliest. */
    logprobs?: number | null;
    /** Make this many and return the n best; not with stream. Without it: n. */
    best_of?: number | null;
}

export interface Completion {
    /** cmpl- and a random word. */
    id: string;
    /** text_completion */
    object: string;
    /** Unix seconds. */
    created: number;
    /** The model's id. */
    model: string;
    /** Changes with the model file or the server. */
    system_fingerprint?: string;
    /** n for each prompt. */
    choices: Array<{
        /** The text, or what is new of it. */
        text: string;
        /** Number of the prompt times n, plus the choice. */
        index: number;
        /** When asked for. */
        logprobs: {
            /** Each token's text. */
            tokens: Array<string>;
            /** Each one's log probability; null for the first of a prompt. */
            token_logprobs: Array<number | null>;
            /** The likeliest at each place, and the token itself; null for the first of a prompt. */
            top_logprobs: Array<Record<string, number> | null>;
            /** Where each begins in the returned text, in characters. */
            text_offset: Array<number>;
        } | null;
        /** Why it ended; null in a stream until it does. */
        finish_reason: "stop" | "length" | "tool_calls" | "content_filter" | null;
    }>;
    /** Token counts; in a stream with include_usage: null until the last event. */
    usage?: {
        /** Tokens read, template included; once for all choices. */
        prompt_tokens: number;
        /** Tokens made, of all choices. */
        completion_tokens: number;
        /** The sum. */
        total_tokens: number;
        /** Shares. */
        prompt_tokens_details: {
            /** Of the prompt, found in the prefix cache. */
            cached_tokens: number;
            /** Always 0. */
            audio_tokens: number;
        };
        /** Shares. */
        completion_tokens_details: {
            /** Always 0. */
            reasoning_tokens: number;
            /** Always 0. */
            audio_tokens: number;
            /** Always 0. */
            accepted_prediction_tokens: number;
            /** Always 0. */
            rejected_prediction_tokens: number;
        };
    } | null;
}

export interface CompletionEvent {
    /** cmpl- and a random word. */
    id: string;
    /** text_completion */
    object: string;
    /** Unix seconds. */
    created: number;
    /** The model's id. */
    model: string;
    /** Changes with the model file or the server. */
    system_fingerprint?: string;
    /** n for each prompt. */
    choices: Array<{
        /** The text, or what is new of it. */
        text: string;
        /** Number of the prompt times n, plus the choice. */
        index: number;
        /** When asked for. */
        logprobs: {
            /** Each token's text. */
            tokens: Array<string>;
            /** Each one's log probability; null for the first of a prompt. */
            token_logprobs: Array<number | null>;
            /** The likeliest at each place, and the token itself; null for the first of a prompt. */
            top_logprobs: Array<Record<string, number> | null>;
            /** Where each begins in the returned text, in characters. */
            text_offset: Array<number>;
        } | null;
        /** Why it ended; null in a stream until it does. */
        finish_reason: "stop" | "length" | "tool_calls" | "content_filter" | null;
    }>;
    /** Token counts; in a stream with include_usage: null until the last event. */
    usage?: {
        /** Tokens read, template included; once for all choices. */
        prompt_tokens: number;
        /** Tokens made, of all choices. */
        completion_tokens: number;
        /** The sum. */
        total_tokens: number;
        /** Shares. */
        prompt_tokens_details: {
            /** Of the prompt, found in the prefix cache. */
            cached_tokens: number;
            /** Always 0. */
            audio_tokens: number;
        };
        /** Shares. */
        completion_tokens_details: {
            /** Always 0. */
            reasoning_tokens: number;
            /** Always 0. */
            audio_tokens: number;
            /** Always 0. */
            accepted_prediction_tokens: number;
            /** Always 0. */
            rejected_prediction_tokens: number;
        };
    } | null;
}

export interface EmbeddingsRequest {
    /** A text, token ids, or a list of either: up to 2048 inputs and 300,000 tokens in all. None may be empty, or longer than the model's context. */
    input: string | Array<string> | Array<number> | Array<Array<number>>;
    /** Id of the model to use; see GET /v1/models. */
    model: string;
    /** float: a list of numbers; base64: little-endian 32-bit floats. */
    encoding_format?: "float" | "base64" | null;
    /** Keep so many leading numbers, scaled to length 1 again; without it, all. */
    dimensions?: number | null;
    /** Your name for the end user. Accepted; nothing is done with it. */
    user?: string | null;
}

export interface Embeddings {
    /** list */
    object: "list";
    /** One per input, in their order. */
    data: Array<{
        /** embedding */
        object: "embedding";
        /** Of the input. */
        index: number;
        /** Numbers, or base64 of them. */
        embedding: Array<number> | string;
    }>;
    /** The model's id. */
    model: string;
    /** Token counts. */
    usage: {
        /** Tokens read. */
        prompt_tokens: number;
        /** The same. */
        total_tokens: number;
    };
}

export interface Model {
    /** What requests name it by. */
    id: string;
    /** model */
    object: "model";
    /** Unix seconds; of its file. */
    created: number;
    /** Whose it is. */
    owned_by: string;
    /** What this server knows of it. */
    tiro: {
        /** idle: its worker starts with the first request; failed: see problem. */
        state: "idle" | "loading" | "ready" | "failed";
        /** Why it failed. */
        problem: string | null;
        /** The one a new chat takes. */
        default: boolean;
        /** Null until it was loaded once. */
        architecture: string | null;
        /** What it can do; null until it was loaded once. */
        capabilities: Array<string> | null;
        /** Tokens of prompt and answer. */
        context_length: number | null;
        /** Token ids are below it. */
        vocabulary_size: number | null;
        /** Numbers of an embedding. */
        embedding_length: number | null;
        /** Of its file. */
        bytes: number | null;
    };
}

export interface ModelList {
    /** list */
    object: "list";
    /** Sorted by id. */
    data: Array<{
        /** What requests name it by. */
        id: string;
        /** model */
        object: "model";
        /** Unix seconds; of its file. */
        created: number;
        /** Whose it is. */
        owned_by: string;
        /** What this server knows of it. */
        tiro: {
            /** idle: its worker starts with the first request; failed: see problem. */
            state: "idle" | "loading" | "ready" | "failed";
            /** Why it failed. */
            problem: string | null;
            /** The one a new chat takes. */
            default: boolean;
            /** Null until it was loaded once. */
            architecture: string | null;
            /** What it can do; null until it was loaded once. */
            capabilities: Array<string> | null;
            /** Tokens of prompt and answer. */
            context_length: number | null;
            /** Token ids are below it. */
            vocabulary_size: number | null;
            /** Numbers of an embedding. */
            embedding_length: number | null;
            /** Of its file. */
            bytes: number | null;
        };
    }>;
}
