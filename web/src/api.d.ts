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

export interface AnthropicError {
    /** error */
    type: "error";
    /** What was wrong. */
    error: {
        /** invalid_request_error, overloaded_error ... */
        type: string;
        /** What was wrong, and where, for a person. */
        message: string;
    };
    /** Also in the header request-id. */
    request_id?: string;
}

export interface BatchObject {
    /** batch_ and a random word. */
    id: string;
    /** batch */
    object: string;
    /** Of all its lines. */
    endpoint: string;
    /** Of all its lines. */
    model?: string;
    /** Why validation failed. */
    errors?: {
        /** list */
        object: string;
        /** The first hundred. */
        data: Array<{
            /** invalid_json_line, duplicate_custom_id, url_mismatch ... */
            code: string;
            /** What is wrong, and what would be right. */
            message: string;
            /** The field. */
            param: string | null;
            /** Of the input file, from 1. */
            line: number | null;
        }>;
    };
    /** The file of requests. */
    input_file_id: string;
    /** 24h */
    completion_window: string;
    /** Where it is. */
    status: "validating" | "failed" | "in_progress" | "finalizing" | "completed" | "expired" | "cancelling" | "cancelled";
    /** Of the answers, when it is over. */
    output_file_id?: string;
    /** Of the lines that failed, likewise. */
    error_file_id?: string;
    /** Unix seconds, as all of these. */
    created_at: number;
    /** When validation failed. */
    failed_at?: number;
    /** When its lines began to run. */
    in_progress_at?: number;
    /** When its files began to be written. */
    finalizing_at?: number;
    /** When they were there. */
    completed_at?: number;
    /** Likewise, with lines that had not run in time. */
    expired_at?: number;
    /** When its end was asked for. */
    cancelling_at?: number;
    /** When it had ended. */
    cancelled_at?: number;
    /** When its window closes. */
    expires_at: number;
    /** Lines. */
    request_counts: {
        /** Lines; 0 until the file has been validated. */
        total: number;
        /** With an answer of status 200. */
        completed: number;
        /** With another one, or that never ran. */
        failed: number;
    };
    /** Tokens of its lines so far. */
    usage: {
        /** Tokens read. */
        input_tokens: number;
        /** Shares. */
        input_tokens_details: {
            /** Of these, found in the prefix cache. */
            cached_tokens: number;
        };
        /** Tokens made. */
        output_tokens: number;
        /** Shares. */
        output_tokens_details: {
            /** Of these, thought before the answer. */
            reasoning_tokens: number;
        };
        /** The sum. */
        total_tokens: number;
    };
    /** As it was given. */
    metadata: Record<string, unknown>;
}

export interface CancelledBatch {
    /** batch_ and a random word. */
    id: string;
    /** batch */
    object: string;
    /** Of all its lines. */
    endpoint: string;
    /** Of all its lines. */
    model?: string;
    /** Why validation failed. */
    errors?: {
        /** list */
        object: string;
        /** The first hundred. */
        data: Array<{
            /** invalid_json_line, duplicate_custom_id, url_mismatch ... */
            code: string;
            /** What is wrong, and what would be right. */
            message: string;
            /** The field. */
            param: string | null;
            /** Of the input file, from 1. */
            line: number | null;
        }>;
    };
    /** The file of requests. */
    input_file_id: string;
    /** 24h */
    completion_window: string;
    /** Where it is. */
    status: "validating" | "failed" | "in_progress" | "finalizing" | "completed" | "expired" | "cancelling" | "cancelled";
    /** Of the answers, when it is over. */
    output_file_id?: string;
    /** Of the lines that failed, likewise. */
    error_file_id?: string;
    /** Unix seconds, as all of these. */
    created_at: number;
    /** When validation failed. */
    failed_at?: number;
    /** When its lines began to run. */
    in_progress_at?: number;
    /** When its files began to be written. */
    finalizing_at?: number;
    /** When they were there. */
    completed_at?: number;
    /** Likewise, with lines that had not run in time. */
    expired_at?: number;
    /** When its end was asked for. */
    cancelling_at?: number;
    /** When it had ended. */
    cancelled_at?: number;
    /** When its window closes. */
    expires_at: number;
    /** Lines. */
    request_counts: {
        /** Lines; 0 until the file has been validated. */
        total: number;
        /** With an answer of status 200. */
        completed: number;
        /** With another one, or that never ran. */
        failed: number;
    };
    /** Tokens of its lines so far. */
    usage: {
        /** Tokens read. */
        input_tokens: number;
        /** Shares. */
        input_tokens_details: {
            /** Of these, found in the prefix cache. */
            cached_tokens: number;
        };
        /** Tokens made. */
        output_tokens: number;
        /** Shares. */
        output_tokens_details: {
            /** Of these, thought before the answer. */
            reasoning_tokens: number;
        };
        /** The sum. */
        total_tokens: number;
    };
    /** As it was given. */
    metadata: Record<string, unknown>;
}

export interface BatchList {
    /** list */
    object: "list";
    /** Batches. */
    data: Array<{
        /** batch_ and a random word. */
        id: string;
        /** batch */
        object: string;
        /** Of all its lines. */
        endpoint: string;
        /** Of all its lines. */
        model?: string;
        /** Why validation failed. */
        errors?: {
            /** list */
            object: string;
            /** The first hundred. */
            data: Array<{
                /** invalid_json_line, duplicate_custom_id, url_mismatch ... */
                code: string;
                /** What is wrong, and what would be right. */
                message: string;
                /** The field. */
                param: string | null;
                /** Of the input file, from 1. */
                line: number | null;
            }>;
        };
        /** The file of requests. */
        input_file_id: string;
        /** 24h */
        completion_window: string;
        /** Where it is. */
        status: "validating" | "failed" | "in_progress" | "finalizing" | "completed" | "expired" | "cancelling" | "cancelled";
        /** Of the answers, when it is over. */
        output_file_id?: string;
        /** Of the lines that failed, likewise. */
        error_file_id?: string;
        /** Unix seconds, as all of these. */
        created_at: number;
        /** When validation failed. */
        failed_at?: number;
        /** When its lines began to run. */
        in_progress_at?: number;
        /** When its files began to be written. */
        finalizing_at?: number;
        /** When they were there. */
        completed_at?: number;
        /** Likewise, with lines that had not run in time. */
        expired_at?: number;
        /** When its end was asked for. */
        cancelling_at?: number;
        /** When it had ended. */
        cancelled_at?: number;
        /** When its window closes. */
        expires_at: number;
        /** Lines. */
        request_counts: {
            /** Lines; 0 until the file has been validated. */
            total: number;
            /** With an answer of status 200. */
            completed: number;
            /** With another one, or that never ran. */
            failed: number;
        };
        /** Tokens of its lines so far. */
        usage: {
            /** Tokens read. */
            input_tokens: number;
            /** Shares. */
            input_tokens_details: {
                /** Of these, found in the prefix cache. */
                cached_tokens: number;
            };
            /** Tokens made. */
            output_tokens: number;
            /** Shares. */
            output_tokens_details: {
                /** Of these, thought before the answer. */
                reasoning_tokens: number;
            };
            /** The sum. */
            total_tokens: number;
        };
        /** As it was given. */
        metadata: Record<string, unknown>;
    }>;
    /** Of the page, unless it is empty. */
    first_id?: string;
    /** Likewise: `after` for the next page. */
    last_id?: string;
    /** Whether there is a next page. */
    has_more: boolean;
}

export interface BatchRequest {
    /** A file of purpose batch: JSON lines of {custom_id, method, url, body}, up to 50,000 and 200 MB, all for one model. */
    input_file_id: string;
    /** The url of every line. */
    endpoint: "/v1/responses" | "/v1/chat/completions" | "/v1/embeddings" | "/v1/completions";
    /** What has not run by then does not run. */
    completion_window: "24h";
    /** Up to 16 pairs of strings of your own. */
    metadata?: Record<string, string> | null;
    /** When the files it writes are deleted; without it, never. */
    output_expires_after?: {
        /** When the file was made. */
        anchor: "created_at";
        /** So long after it. */
        seconds: number;
    } | null;
}

export interface Batch {
    /** batch_ and a random word. */
    id: string;
    /** batch */
    object: string;
    /** Of all its lines. */
    endpoint: string;
    /** Of all its lines. */
    model?: string;
    /** Why validation failed. */
    errors?: {
        /** list */
        object: string;
        /** The first hundred. */
        data: Array<{
            /** invalid_json_line, duplicate_custom_id, url_mismatch ... */
            code: string;
            /** What is wrong, and what would be right. */
            message: string;
            /** The field. */
            param: string | null;
            /** Of the input file, from 1. */
            line: number | null;
        }>;
    };
    /** The file of requests. */
    input_file_id: string;
    /** 24h */
    completion_window: string;
    /** Where it is. */
    status: "validating" | "failed" | "in_progress" | "finalizing" | "completed" | "expired" | "cancelling" | "cancelled";
    /** Of the answers, when it is over. */
    output_file_id?: string;
    /** Of the lines that failed, likewise. */
    error_file_id?: string;
    /** Unix seconds, as all of these. */
    created_at: number;
    /** When validation failed. */
    failed_at?: number;
    /** When its lines began to run. */
    in_progress_at?: number;
    /** When its files began to be written. */
    finalizing_at?: number;
    /** When they were there. */
    completed_at?: number;
    /** Likewise, with lines that had not run in time. */
    expired_at?: number;
    /** When its end was asked for. */
    cancelling_at?: number;
    /** When it had ended. */
    cancelled_at?: number;
    /** When its window closes. */
    expires_at: number;
    /** Lines. */
    request_counts: {
        /** Lines; 0 until the file has been validated. */
        total: number;
        /** With an answer of status 200. */
        completed: number;
        /** With another one, or that never ran. */
        failed: number;
    };
    /** Tokens of its lines so far. */
    usage: {
        /** Tokens read. */
        input_tokens: number;
        /** Shares. */
        input_tokens_details: {
            /** Of these, found in the prefix cache. */
            cached_tokens: number;
        };
        /** Tokens made. */
        output_tokens: number;
        /** Shares. */
        output_tokens_details: {
            /** Of these, thought before the answer. */
            reasoning_tokens: number;
        };
        /** The sum. */
        total_tokens: number;
    };
    /** As it was given. */
    metadata: Record<string, unknown>;
}

export interface ChatCompletionRequest {
    /** The conversation so far. */
    messages: Array<{
        /** Who speaks. `developer` is `system` under a newer name. */
        role: "developer" | "system" | "user" | "assistant" | "tool" | "function";
        /** The text, or a list of parts. Required except for an assistant's message with tool_calls, function_call or refusal. */
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
            /** Of a document: Markdown, code, HTML, PDF, DOCX. The model gets its text. */
            file?: {
                /** Of a file that was uploaded; or: */
                file_id?: string | null;
                /** The file, as base64 or as a data URL of it. */
                file_data?: string | null;
                /** What it is called; its end says what it is. */
                filename?: string | null;
            } | null;
        }> | null;
        /** Tells speakers of one role apart, if the model's template shows it; of a function message the function that answers. */
        name?: string | null;
        /** Calls the assistant made; only for models with tools. */
        tool_calls?: Array<{
            /** The call's id, as the model's answer gave it. */
            id: string;
            /** Kind of tool. */
            type: "function" | "custom";
            /** With type function. */
            function?: {
                /** The function the model called. */
                name: string;
                /** Its arguments, as JSON text. */
                arguments: string;
            } | null;
            /** With type custom. */
            custom?: {
                /** The custom tool the model called. */
                name: string;
                /** Its input. */
                input: string;
            } | null;
        }> | null;
        /** Which call this tool message answers. */
        tool_call_id?: string | null;
        /** The assistant's refusal, instead of content. */
        refusal?: string | null;
        /** Of an earlier answer; only an empty list. */
        annotations?: Array<unknown> | null;
        /** Of an earlier spoken answer. */
        audio?: Record<string, unknown> | null;
        /** The older form of tool_calls. */
        function_call?: {
            /** The function the model called. */
            name: string;
            /** Its arguments, as JSON text. */
            arguments: string;
        } | null;
        /** What the model thought before an earlier answer. Accepted; models are not shown it again. */
        reasoning_content?: string | null;
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
    /** What the answer is held to, as vLLM has it; exactly one of its fields, and no response_format beside it but text. */
    structured_outputs?: {
        /** A JSON Schema, as an object or as its text. */
        json?: string | Record<string, unknown> | null;
        /** A regular expression for the whole answer. */
        regex?: string | null;
        /** Texts of which the answer is one. */
        choice?: string | Array<string> | null;
        /** A grammar in EBNF or GBNF, whose rule `root` is the answer. */
        grammar?: string | null;
        /** Any JSON object; only true. */
        json_object?: boolean | null;
    } | null;
    /** The most tokens to make, thoughts included; without it, as many as the context holds. */
    max_completion_tokens?: number | null;
    /** The older name of max_completion_tokens; only one of them may be given. */
    max_tokens?: number | null;
    /** Return the log probability of each token of the content. */
    logprobs?: boolean | null;
    /** How many of the likeliest tokens to return at each place; needs logprobs. */
    top_logprobs?: number | null;
    /** What the content of the answer is held to. */
    response_format?: {
        /** text: anything; json_object: any JSON object; json_schema: what json_schema says. */
        type: "text" | "json_object" | "json_schema";
        /** With type json_schema. */
        json_schema?: {
            /** What it is called, in errors: letters, digits, _ and -. */
            name: string;
            /** What it is for. Accepted; the model is not shown it. */
            description?: string | null;
            /** The JSON Schema. The answer is valid under it; keywords that cannot be held are refused by name. */
            schema: Record<string, unknown>;
            /** Also refuse schemas outside of OpenAI's strict subset. The answer is held to the schema either way. */
            strict?: boolean | null;
        } | null;
    } | null;
    /** What the model may call. */
    tools?: Array<{
        /** function: called with JSON; custom: with a text. */
        type: "function" | "custom";
        /** With type function. */
        function?: {
            /** Letters, digits, _ and -; no two tools may share one. */
            name: string;
            /** When to call it, for the model. */
            description?: string | null;
            /** A JSON Schema of its arguments, which are valid under it; without one it takes none. */
            parameters?: Record<string, unknown> | null;
            /** Also refuse parameters outside of OpenAI's strict subset. Arguments are held to the schema either way. */
            strict?: boolean | null;
        } | null;
        /** With type custom. */
        custom?: {
            /** As of functions. */
            name: string;
            /** When to call it, for the model. */
            description?: string | null;
            /** Of its input; without it, any text. */
            format?: {
                /** text: any; grammar: what `grammar` lets through. */
                type: "text" | "grammar";
                /** With type grammar. */
                grammar?: {
                    /** The grammar, or the regular expression. */
                    definition: string;
                    /** regex; or lark: read as this server's grammar language. */
                    syntax: "lark" | "regex";
                } | null;
            } | null;
        } | null;
    }> | null;
    /** none: call nothing; auto: the model decides; required: call at least one; the one to call, {"type": "function", "function": {"name": ..}}; or those that may be called, {"type": "allowed_tools", ..}. auto with tools, none without. */
    tool_choice?: "none" | "auto" | "required" | {
        type: "function";
        function: {
            name: string;
        };
    } | {
        type: "custom";
        custom: {
            name: string;
        };
    } | {
        type: "allowed_tools";
        allowed_tools: {
            mode: "auto" | "required";
            tools: Array<{
                type: "function";
                function: {
                    name: string;
                };
            } | {
                type: "custom";
                custom: {
                    name: string;
                };
            }>;
        };
    } | null;
    /** False: at most one call in an answer. */
    parallel_tool_calls?: boolean | null;
    /** The older form of tools. */
    functions?: Array<{
        /** Letters, digits, _ and -; no two tools may share one. */
        name: string;
        /** When to call it, for the model. */
        description?: string | null;
        /** A JSON Schema of its arguments, which are valid under it; without one it takes none. */
        parameters?: Record<string, unknown> | null;
        /** Also refuse parameters outside of OpenAI's strict subset. Arguments are held to the schema either way. */
        strict?: boolean | null;
    }> | null;
    /** The older form of tool_choice: none, auto or {"name": ..}. */
    function_call?: "none" | "auto" | {
        name: string;
    } | null;
    /** How much to think before answering, for models that think; none: not at all, which is all that others take. How a model's template reads it is its own business; without it the model does as it was made to. */
    reasoning_effort?: "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max" | null;
    /** Further variables for the model's chat template, as vLLM has it. */
    chat_template_kwargs?: Record<string, unknown> | null;
    /** Text the answer will mostly repeat. Accepted; the answer is the same with it, and no faster yet: drafts come from the conversation itself. */
    prediction?: {
        /** content */
        type: "content";
        /** The text, or a list of its parts. */
        content: string | Array<{
            /** text */
            type: "text";
            /** The text. */
            text: string;
        }>;
    } | null;
    /** flex: it is answered when nothing else waits, as batches are. */
    service_tier?: "auto" | "default" | "flex" | null;
    /** Keep messages and answer, for GET /v1/chat/completions, until they are deleted or their time is over. */
    store?: boolean | null;
    /** Your labels for a kept answer: up to 16 pairs of strings. Without store: true they are forgotten. */
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
    /** Length of the answer. */
    verbosity?: string | null;
    /** Search the web first. */
    web_search_options?: Record<string, unknown> | null;
    /** Moderate prompt and answer. */
    moderation?: Record<string, unknown> | null;
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
    /** default or flex */
    service_tier: string;
    /** n of them. */
    choices: Array<{
        /** Of the choice, 0 to n - 1. */
        index: number;
        /** The answer. */
        message: {
            /** Always assistant. */
            role: "assistant";
            /** The text; null when there are only calls. */
            content: string | null;
            /** Always null. */
            refusal: string | null;
            /** Always empty. */
            annotations: Array<unknown>;
            /** What the model thought before, of models that think. */
            reasoning_content?: string;
            /** What it calls. */
            tool_calls?: Array<{
                /** What the tool's message names as tool_call_id. */
                id: string;
                /** Kind of tool. */
                type: "function" | "custom";
                /** Of a function. */
                function?: {
                    /** Which function. */
                    name: string;
                    /** JSON text, valid under the function's parameters unless max_tokens cut it. */
                    arguments: string;
                };
                /** Of a custom tool. */
                custom?: {
                    /** Which custom tool. */
                    name: string;
                    /** Its input. */
                    input: string;
                };
            }>;
            /** What it calls, when the request had functions. */
            function_call?: {
                /** Which function. */
                name: string;
                /** JSON text, valid under the function's parameters unless max_tokens cut it. */
                arguments: string;
            };
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
        /** Why it ended; stop also when tool_choice named the tool that was called. */
        finish_reason: "stop" | "length" | "tool_calls" | "content_filter" | "function_call";
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
            /** Those that the model thought before it answered. */
            reasoning_tokens: number;
            /** Always 0. */
            audio_tokens: number;
            /** Always 0: predictions are not used. */
            accepted_prediction_tokens: number;
            /** Always 0: predictions are not used. */
            rejected_prediction_tokens: number;
        };
    };
    /** Your labels; of an answer that was kept, when it is read again. */
    metadata?: Record<string, string>;
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
    /** default or flex */
    service_tier: string;
    /** One; none in the event with the usage. */
    choices: Array<{
        /** Which choice goes on; those of n come interleaved. */
        index: number;
        /** What is new. */
        delta: {
            /** In a choice's first event. */
            role?: "assistant";
            /** The next piece of text; null in the first event when a call follows. */
            content?: string | null;
            /** Null, in the first event. */
            refusal?: string | null;
            /** The next piece of what the model thinks. */
            reasoning_content?: string;
            /** The next piece of a call, of one. */
            tool_calls?: Array<{
                /** Which call goes on. */
                index: number;
                /** In a call's first event. */
                id?: string;
                /** In a call's first event. */
                type?: "function" | "custom";
                /** Of a function. */
                function?: {
                    /** In a call's first event. */
                    name?: string;
                    /** The next piece; empty in a call's first event. */
                    arguments: string;
                };
                /** Of a custom tool. */
                custom?: {
                    /** In a call's first event. */
                    name?: string;
                    /** The next piece; empty in a call's first event. */
                    input: string;
                };
            }>;
            /** The next piece of a call, when the request had functions. */
            function_call?: {
                /** In a call's first event. */
                name?: string;
                /** The next piece; empty in a call's first event. */
                arguments: string;
            };
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
        finish_reason: "stop" | "length" | "tool_calls" | "content_filter" | "function_call" | null;
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
            /** Those that the model thought before it answered. */
            reasoning_tokens: number;
            /** Always 0. */
            audio_tokens: number;
            /** Always 0: predictions are not used. */
            accepted_prediction_tokens: number;
            /** Always 0: predictions are not used. */
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
    /** What the answer is held to, as vLLM has it; exactly one of its fields, and no response_format beside it but text. */
    structured_outputs?: {
        /** A JSON Schema, as an object or as its text. */
        json?: string | Record<string, unknown> | null;
        /** A regular expression for the whole answer. */
        regex?: string | null;
        /** Texts of which the answer is one. */
        choice?: string | Array<string> | null;
        /** A grammar in EBNF or GBNF, whose rule `root` is the answer. */
        grammar?: string | null;
        /** Any JSON object; only true. */
        json_object?: boolean | null;
    } | null;
    /** Text that follows the gap to fill; for models that fill the middle. */
    suffix?: string | null;
    /** The most tokens to make. */
    max_tokens?: number | null;
    /** Return the prompt before the text; with logprobs, its tokens' too. */
    echo?: boolean | null;
    /** With echo: leave out so many characters of the prompt, or tokens where it is tokens. What is left out may come from the cache, also with logprobs: so the ways a text may go on are compared for the price of one. */
    echo_from?: number | null;
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
            /** Those that the model thought before it answered. */
            reasoning_tokens: number;
            /** Always 0. */
            audio_tokens: number;
            /** Always 0: predictions are not used. */
            accepted_prediction_tokens: number;
            /** Always 0: predictions are not used. */
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
            /** Those that the model thought before it answered. */
            reasoning_tokens: number;
            /** Always 0. */
            audio_tokens: number;
            /** Always 0: predictions are not used. */
            accepted_prediction_tokens: number;
            /** Always 0: predictions are not used. */
            rejected_prediction_tokens: number;
        };
    } | null;
}

export interface Conversation {
    /** conv_... */
    id: string;
    /** conversation */
    object: string;
    /** Seconds since 1970. */
    created_at: number;
    /** Your labels. */
    metadata: Record<string, string>;
}

export interface ConversationCreateRequest {
    /** Messages, calls of tools and their results, up to 20; more are added by POST /v1/conversations/{conversation_id}/items. */
    items?: Array<Record<string, unknown>> | null;
    /** Your labels: up to 16 pairs of strings. */
    metadata?: Record<string, string> | null;
}

export interface ConversationCreate {
    /** conv_... */
    id: string;
    /** conversation */
    object: string;
    /** Seconds since 1970. */
    created_at: number;
    /** Your labels. */
    metadata: Record<string, string>;
}

export interface ConversationDelete {
    /** Of what was deleted. */
    id: string;
    /** What it was. */
    object: string;
    /** true */
    deleted: boolean;
}

export interface ConversationItemDelete {
    /** conv_... */
    id: string;
    /** conversation */
    object: string;
    /** Seconds since 1970. */
    created_at: number;
    /** Your labels. */
    metadata: Record<string, string>;
}

export interface ConversationItems {
    /** list */
    object: string;
    /** The objects of this page. */
    data: Array<Record<string, unknown>>;
    /** Of the first one; null: there is none. */
    first_id: string | null;
    /** Of the last one: the next page's after. */
    last_id: string | null;
    /** Whether there are more behind them. */
    has_more: boolean;
}

export interface ConversationItemsCreateRequest {
    /** Messages, calls of tools and their results, up to 20 at once. */
    items: Array<Record<string, unknown>>;
}

export interface ConversationItemsCreate {
    /** list */
    object: string;
    /** The objects of this page. */
    data: Array<Record<string, unknown>>;
    /** Of the first one; null: there is none. */
    first_id: string | null;
    /** Of the last one: the next page's after. */
    last_id: string | null;
    /** Whether there are more behind them. */
    has_more: boolean;
}

export interface ConversationUpdateRequest {
    /** In place of those that it had. */
    metadata: Record<string, string>;
}

export interface ConversationUpdate {
    /** conv_... */
    id: string;
    /** conversation */
    object: string;
    /** Seconds since 1970. */
    created_at: number;
    /** Your labels. */
    metadata: Record<string, string>;
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

export interface FileObject {
    /** What it is called in other requests. */
    id: string;
    /** file */
    object: "file";
    /** Its size. */
    bytes: number;
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds; absent when it stays. */
    expires_at?: number;
    /** As it was sent, without folders. */
    filename: string;
    /** What it is for. */
    purpose: "assistants" | "assistants_output" | "batch" | "batch_output" | "fine-tune" | "fine-tune-results" | "vision" | "user_data" | "evals";
    /** processed */
    status: "uploaded" | "processed" | "error";
}

export interface FileRequest {
    /** The bytes, at most 512 MB, in a part of the form with a file name. */
    file: string;
    /** What the file is for. */
    purpose: "assistants" | "batch" | "fine-tune" | "vision" | "user_data" | "evals";
    /** When it is deleted. Files for batches live 30 days, others until they are deleted. */
    expires_after?: {
        /** What the time counts from. */
        anchor: "created_at";
        /** How long after it the file is deleted. */
        seconds: number;
    } | null;
}

export interface File {
    /** What it is called in other requests. */
    id: string;
    /** file */
    object: "file";
    /** Its size. */
    bytes: number;
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds; absent when it stays. */
    expires_at?: number;
    /** As it was sent, without folders. */
    filename: string;
    /** What it is for. */
    purpose: "assistants" | "assistants_output" | "batch" | "batch_output" | "fine-tune" | "fine-tune-results" | "vision" | "user_data" | "evals";
    /** processed */
    status: "uploaded" | "processed" | "error";
}

export interface DeletedFile {
    /** Of the file. */
    id: string;
    /** file */
    object: "file";
    /** true */
    deleted: boolean;
}

export interface FileList {
    /** list */
    object: "list";
    /** The files. */
    data: Array<{
        /** What it is called in other requests. */
        id: string;
        /** file */
        object: "file";
        /** Its size. */
        bytes: number;
        /** Unix seconds. */
        created_at: number;
        /** Unix seconds; absent when it stays. */
        expires_at?: number;
        /** As it was sent, without folders. */
        filename: string;
        /** What it is for. */
        purpose: "assistants" | "assistants_output" | "batch" | "batch_output" | "fine-tune" | "fine-tune-results" | "vision" | "user_data" | "evals";
        /** processed */
        status: "uploaded" | "processed" | "error";
    }>;
    /** Of the first one. */
    first_id: string | null;
    /** Of the last one: the next page's after. */
    last_id: string | null;
    /** Whether there are more behind it. */
    has_more: boolean;
}

export interface MessageRequest {
    /** Id of the model to use; see GET /v1/models. */
    model: string;
    /** The conversation so far. Its last message is not the assistant's: answers cannot be begun by the client. */
    messages: Array<{
        /** Who speaks. */
        role: "user" | "assistant" | "system";
        /** A text, or a list of blocks. */
        content: string | Array<{
            /** What this block is. Pictures and documents are refused: no model here takes them yet. */
            type: "text" | "tool_use" | "tool_result" | "thinking" | "redacted_thinking" | "image" | "document";
            /** Of a text block. */
            text?: string | null;
            /** Of a tool_use. */
            id?: string | null;
            /** Of a tool_use: the tool. */
            name?: string | null;
            /** Of a tool_use. */
            input?: Record<string, unknown> | null;
            /** Of a tool_result: which tool_use it answers. */
            tool_use_id?: string | null;
            /** Of a tool_result: a text, or a list of text blocks. */
            content?: string | Array<{
                /** text; other kinds are refused. */
                type: "text" | "tool_use" | "tool_result" | "thinking" | "redacted_thinking" | "image" | "document";
                /** Of a text block. */
                text?: string | null;
                /** Of a picture or document. */
                source?: Record<string, unknown> | null;
                /** Accepted: prefixes are cached anyway. */
                cache_control?: Record<string, unknown> | null;
                /** Of an earlier text. Accepted; nothing is done with it. */
                citations?: unknown | null;
            }> | null;
            /** Of a tool_result: the model is told that it is an error. */
            is_error?: boolean | null;
            /** Of a thinking block. Accepted; models are not shown it again. */
            thinking?: string | null;
            /** Of a thinking block. */
            signature?: string | null;
            /** Of a redacted_thinking block. */
            data?: string | null;
            /** Of a tool_use: who called. Accepted; here it is always the model. */
            caller?: Record<string, unknown> | null;
            /** Which set a tool is of. */
            toolset_name?: string | null;
            /** Of a picture or document. */
            source?: Record<string, unknown> | null;
            /** Accepted: prefixes are cached anyway. */
            cache_control?: Record<string, unknown> | null;
            /** Of an earlier text. Accepted; nothing is done with it. */
            citations?: unknown | null;
        }>;
    }>;
    /** What stands before the conversation: a text, or a list of text blocks. */
    system?: string | Array<{
        /** What this block is. Pictures and documents are refused: no model here takes them yet. */
        type: "text" | "tool_use" | "tool_result" | "thinking" | "redacted_thinking" | "image" | "document";
        /** Of a text block. */
        text?: string | null;
        /** Of a tool_use. */
        id?: string | null;
        /** Of a tool_use: the tool. */
        name?: string | null;
        /** Of a tool_use. */
        input?: Record<string, unknown> | null;
        /** Of a tool_result: which tool_use it answers. */
        tool_use_id?: string | null;
        /** Of a tool_result: a text, or a list of text blocks. */
        content?: string | Array<{
            /** text; other kinds are refused. */
            type: "text" | "tool_use" | "tool_result" | "thinking" | "redacted_thinking" | "image" | "document";
            /** Of a text block. */
            text?: string | null;
            /** Of a picture or document. */
            source?: Record<string, unknown> | null;
            /** Accepted: prefixes are cached anyway. */
            cache_control?: Record<string, unknown> | null;
            /** Of an earlier text. Accepted; nothing is done with it. */
            citations?: unknown | null;
        }> | null;
        /** Of a tool_result: the model is told that it is an error. */
        is_error?: boolean | null;
        /** Of a thinking block. Accepted; models are not shown it again. */
        thinking?: string | null;
        /** Of a thinking block. */
        signature?: string | null;
        /** Of a redacted_thinking block. */
        data?: string | null;
        /** Of a tool_use: who called. Accepted; here it is always the model. */
        caller?: Record<string, unknown> | null;
        /** Which set a tool is of. */
        toolset_name?: string | null;
        /** Of a picture or document. */
        source?: Record<string, unknown> | null;
        /** Accepted: prefixes are cached anyway. */
        cache_control?: Record<string, unknown> | null;
        /** Of an earlier text. Accepted; nothing is done with it. */
        citations?: unknown | null;
    }> | null;
    /** What the model may call. */
    tools?: Array<{
        /** Letters, digits, _ and -; no two tools may share one. */
        name: string;
        /** custom: yours. Tools that Anthropic runs are not there. */
        type?: "custom" | null;
        /** When to call it, for the model. */
        description?: string | null;
        /** A JSON Schema of its input, which is valid under it. */
        input_schema: Record<string, unknown>;
        /** Also refuse schemas outside of the strict subset: every object closed, every property required. Inputs are held to the schema either way. */
        strict?: boolean | null;
        /** Accepted: inputs are always sent as they come. */
        eager_input_streaming?: boolean | null;
        /** Examples of its input. */
        input_examples?: Array<unknown> | null;
        /** Tell of it later. */
        defer_loading?: boolean | null;
        /** Who may call it; only the model itself. */
        allowed_callers?: Array<unknown> | null;
        /** Accepted: prefixes are cached anyway. */
        cache_control?: Record<string, unknown> | null;
    }> | null;
    /** Whether and what to call. */
    tool_choice?: {
        /** auto: the model decides; any: it must call one; tool: the one called name; none: it may call nothing. */
        type: "auto" | "any" | "tool" | "none";
        /** With type tool. */
        name?: string | null;
        /** At most one call in an answer. */
        disable_parallel_tool_use?: boolean | null;
    } | null;
    /** Whether to think first, for models that think; without it the model does as it was made to. */
    thinking?: {
        /** enabled or adaptive: think first; disabled: do not. */
        type: "enabled" | "disabled" | "adaptive";
        /** Required with enabled, and less than max_tokens, which alone limits how long the model thinks here. */
        budget_tokens?: number | null;
        /** How thoughts are shown. */
        display?: string | null;
    } | null;
    /** Effort, and form of the text. */
    output_config?: {
        /** How much to think, for models that think. */
        effort?: "low" | "medium" | "high" | "xhigh" | "max" | null;
        /** What the text is held to. */
        format?: {
            /** json_schema */
            type: "json_schema";
            /** The JSON Schema. */
            schema: Record<string, unknown>;
        } | null;
    } | null;
    /** Accepted: prefixes are cached anyway. */
    cache_control?: Record<string, unknown> | null;
    /** The most tokens to make, thoughts included. */
    max_tokens: number;
    /** Randomness: 0 always takes the likeliest token. */
    temperature?: number | null;
    /** Take only from the likeliest tokens with this share of probability. */
    top_p?: number | null;
    /** Take only from this many of the likeliest tokens; 0: all. */
    top_k?: number | null;
    /** Up to 16 texts of up to 256 bytes where the answer ends; the text itself is not returned. */
    stop_sequences?: string | Array<string> | null;
    /** Answer with server-sent events as the answer appears. */
    stream?: boolean | null;
    /** Of the request. */
    metadata?: {
        /** Your name for the end user. Accepted; nothing is done with it. */
        user_id?: string | null;
    } | null;
    /** This server has one tier. */
    service_tier?: "auto" | "standard_only" | null;
    /** This server has one speed. */
    speed?: "standard" | null;
    /** Where code would be run. */
    container?: string | Record<string, unknown> | null;
    /** Where the model would run. */
    inference_geo?: string | null;
}

export interface Message {
    /** msg_ and a random word. */
    id: string;
    /** message */
    type: "message";
    /** assistant */
    role: "assistant";
    /** The model's id. */
    model: string;
    /** The answer's blocks, in order. */
    content: Array<{
        /** What this block is. */
        type: "thinking" | "text" | "tool_use";
        /** Of a text. */
        text?: string;
        /** What the model thought. */
        thinking?: string;
        /** Of thinking; always empty. */
        signature?: string;
        /** Of a tool_use: toolu_ and a random word. */
        id?: string;
        /** Of a tool_use: which tool. */
        name?: string;
        /** Of a tool_use: valid under the tool's input_schema. One that max_tokens cut is left out. */
        input?: Record<string, unknown>;
    }>;
    /** Why it ended; null in message_start. */
    stop_reason: "end_turn" | "max_tokens" | "stop_sequence" | "tool_use" | "refusal" | null;
    /** The one that ended it. */
    stop_sequence: string | null;
    /** Token counts. */
    usage: {
        /** Tokens read, without those of the cache. */
        input_tokens: number;
        /** Always 0. */
        cache_creation_input_tokens: number;
        /** Found in the prefix cache. */
        cache_read_input_tokens: number;
        /** Tokens made. */
        output_tokens: number;
        /** Shares. */
        output_tokens_details: {
            /** Those that the model thought before it answered. */
            thinking_tokens: number;
        };
    };
}

export interface MessageEvent {
    /** Also in the event's `event:` line. */
    type: "message_start" | "ping" | "content_block_start" | "content_block_delta" | "content_block_stop" | "message_delta" | "message_stop";
    /** Of message_start: the answer, still empty. */
    message?: {
        /** msg_ and a random word. */
        id: string;
        /** message */
        type: "message";
        /** assistant */
        role: "assistant";
        /** The model's id. */
        model: string;
        /** The answer's blocks, in order. */
        content: Array<{
            /** What this block is. */
            type: "thinking" | "text" | "tool_use";
            /** Of a text. */
            text?: string;
            /** What the model thought. */
            thinking?: string;
            /** Of thinking; always empty. */
            signature?: string;
            /** Of a tool_use: toolu_ and a random word. */
            id?: string;
            /** Of a tool_use: which tool. */
            name?: string;
            /** Of a tool_use: valid under the tool's input_schema. One that max_tokens cut is left out. */
            input?: Record<string, unknown>;
        }>;
        /** Why it ended; null in message_start. */
        stop_reason: "end_turn" | "max_tokens" | "stop_sequence" | "tool_use" | "refusal" | null;
        /** The one that ended it. */
        stop_sequence: string | null;
        /** Token counts. */
        usage: {
            /** Tokens read, without those of the cache. */
            input_tokens: number;
            /** Always 0. */
            cache_creation_input_tokens: number;
            /** Found in the prefix cache. */
            cache_read_input_tokens: number;
            /** Tokens made. */
            output_tokens: number;
            /** Shares. */
            output_tokens_details: {
                /** Those that the model thought before it answered. */
                thinking_tokens: number;
            };
        };
    };
    /** Of the block. */
    index?: number;
    /** Of content_block_start: the block, still empty. */
    content_block?: {
        /** What this block is. */
        type: "thinking" | "text" | "tool_use";
        /** Of a text. */
        text?: string;
        /** What the model thought. */
        thinking?: string;
        /** Of thinking; always empty. */
        signature?: string;
        /** Of a tool_use: toolu_ and a random word. */
        id?: string;
        /** Of a tool_use: which tool. */
        name?: string;
        /** Of a tool_use: valid under the tool's input_schema. One that max_tokens cut is left out. */
        input?: Record<string, unknown>;
    };
    /** What is new. */
    delta?: {
        /** Of a content_block_delta. */
        type?: "thinking_delta" | "text_delta" | "input_json_delta";
        /** The next piece of a text. */
        text?: string;
        /** The next piece of thoughts. */
        thinking?: string;
        /** The next piece of an input, as JSON text. */
        partial_json?: string;
        /** Of a message_delta. */
        stop_reason?: "end_turn" | "max_tokens" | "stop_sequence" | "tool_use" | "refusal";
        /** Of a message_delta. */
        stop_sequence?: string | null;
    };
    /** Of message_delta. */
    usage?: {
        /** Tokens read, without those of the cache. */
        input_tokens: number;
        /** Always 0. */
        cache_creation_input_tokens: number;
        /** Found in the prefix cache. */
        cache_read_input_tokens: number;
        /** Tokens made. */
        output_tokens: number;
        /** Shares. */
        output_tokens_details: {
            /** Those that the model thought before it answered. */
            thinking_tokens: number;
        };
    };
}

export interface MessageTokensRequest {
    /** Id of the model to use; see GET /v1/models. */
    model: string;
    /** The conversation so far. Its last message is not the assistant's: answers cannot be begun by the client. */
    messages: Array<{
        /** Who speaks. */
        role: "user" | "assistant" | "system";
        /** A text, or a list of blocks. */
        content: string | Array<{
            /** What this block is. Pictures and documents are refused: no model here takes them yet. */
            type: "text" | "tool_use" | "tool_result" | "thinking" | "redacted_thinking" | "image" | "document";
            /** Of a text block. */
            text?: string | null;
            /** Of a tool_use. */
            id?: string | null;
            /** Of a tool_use: the tool. */
            name?: string | null;
            /** Of a tool_use. */
            input?: Record<string, unknown> | null;
            /** Of a tool_result: which tool_use it answers. */
            tool_use_id?: string | null;
            /** Of a tool_result: a text, or a list of text blocks. */
            content?: string | Array<{
                /** text; other kinds are refused. */
                type: "text" | "tool_use" | "tool_result" | "thinking" | "redacted_thinking" | "image" | "document";
                /** Of a text block. */
                text?: string | null;
                /** Of a picture or document. */
                source?: Record<string, unknown> | null;
                /** Accepted: prefixes are cached anyway. */
                cache_control?: Record<string, unknown> | null;
                /** Of an earlier text. Accepted; nothing is done with it. */
                citations?: unknown | null;
            }> | null;
            /** Of a tool_result: the model is told that it is an error. */
            is_error?: boolean | null;
            /** Of a thinking block. Accepted; models are not shown it again. */
            thinking?: string | null;
            /** Of a thinking block. */
            signature?: string | null;
            /** Of a redacted_thinking block. */
            data?: string | null;
            /** Of a tool_use: who called. Accepted; here it is always the model. */
            caller?: Record<string, unknown> | null;
            /** Which set a tool is of. */
            toolset_name?: string | null;
            /** Of a picture or document. */
            source?: Record<string, unknown> | null;
            /** Accepted: prefixes are cached anyway. */
            cache_control?: Record<string, unknown> | null;
            /** Of an earlier text. Accepted; nothing is done with it. */
            citations?: unknown | null;
        }>;
    }>;
    /** What stands before the conversation: a text, or a list of text blocks. */
    system?: string | Array<{
        /** What this block is. Pictures and documents are refused: no model here takes them yet. */
        type: "text" | "tool_use" | "tool_result" | "thinking" | "redacted_thinking" | "image" | "document";
        /** Of a text block. */
        text?: string | null;
        /** Of a tool_use. */
        id?: string | null;
        /** Of a tool_use: the tool. */
        name?: string | null;
        /** Of a tool_use. */
        input?: Record<string, unknown> | null;
        /** Of a tool_result: which tool_use it answers. */
        tool_use_id?: string | null;
        /** Of a tool_result: a text, or a list of text blocks. */
        content?: string | Array<{
            /** text; other kinds are refused. */
            type: "text" | "tool_use" | "tool_result" | "thinking" | "redacted_thinking" | "image" | "document";
            /** Of a text block. */
            text?: string | null;
            /** Of a picture or document. */
            source?: Record<string, unknown> | null;
            /** Accepted: prefixes are cached anyway. */
            cache_control?: Record<string, unknown> | null;
            /** Of an earlier text. Accepted; nothing is done with it. */
            citations?: unknown | null;
        }> | null;
        /** Of a tool_result: the model is told that it is an error. */
        is_error?: boolean | null;
        /** Of a thinking block. Accepted; models are not shown it again. */
        thinking?: string | null;
        /** Of a thinking block. */
        signature?: string | null;
        /** Of a redacted_thinking block. */
        data?: string | null;
        /** Of a tool_use: who called. Accepted; here it is always the model. */
        caller?: Record<string, unknown> | null;
        /** Which set a tool is of. */
        toolset_name?: string | null;
        /** Of a picture or document. */
        source?: Record<string, unknown> | null;
        /** Accepted: prefixes are cached anyway. */
        cache_control?: Record<string, unknown> | null;
        /** Of an earlier text. Accepted; nothing is done with it. */
        citations?: unknown | null;
    }> | null;
    /** What the model may call. */
    tools?: Array<{
        /** Letters, digits, _ and -; no two tools may share one. */
        name: string;
        /** custom: yours. Tools that Anthropic runs are not there. */
        type?: "custom" | null;
        /** When to call it, for the model. */
        description?: string | null;
        /** A JSON Schema of its input, which is valid under it. */
        input_schema: Record<string, unknown>;
        /** Also refuse schemas outside of the strict subset: every object closed, every property required. Inputs are held to the schema either way. */
        strict?: boolean | null;
        /** Accepted: inputs are always sent as they come. */
        eager_input_streaming?: boolean | null;
        /** Examples of its input. */
        input_examples?: Array<unknown> | null;
        /** Tell of it later. */
        defer_loading?: boolean | null;
        /** Who may call it; only the model itself. */
        allowed_callers?: Array<unknown> | null;
        /** Accepted: prefixes are cached anyway. */
        cache_control?: Record<string, unknown> | null;
    }> | null;
    /** Whether and what to call. */
    tool_choice?: {
        /** auto: the model decides; any: it must call one; tool: the one called name; none: it may call nothing. */
        type: "auto" | "any" | "tool" | "none";
        /** With type tool. */
        name?: string | null;
        /** At most one call in an answer. */
        disable_parallel_tool_use?: boolean | null;
    } | null;
    /** Whether to think first, for models that think; without it the model does as it was made to. */
    thinking?: {
        /** enabled or adaptive: think first; disabled: do not. */
        type: "enabled" | "disabled" | "adaptive";
        /** Required with enabled, and less than max_tokens, which alone limits how long the model thinks here. */
        budget_tokens?: number | null;
        /** How thoughts are shown. */
        display?: string | null;
    } | null;
    /** Effort, and form of the text. */
    output_config?: {
        /** How much to think, for models that think. */
        effort?: "low" | "medium" | "high" | "xhigh" | "max" | null;
        /** What the text is held to. */
        format?: {
            /** json_schema */
            type: "json_schema";
            /** The JSON Schema. */
            schema: Record<string, unknown>;
        } | null;
    } | null;
    /** Accepted: prefixes are cached anyway. */
    cache_control?: Record<string, unknown> | null;
}

export interface MessageTokens {
    /** Of system, messages, tools and the model's template. */
    input_tokens: number;
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
        /** Null until it was loaded once. */
        parameters: number | null;
        /** How most of its weights are kept; null until it was loaded once. */
        quantisation: string | null;
        /** Of its weights' file, in hex, as checked when it was pulled; null: it was not pulled, or the file has changed since. */
        sha256: string | null;
        /** How fast prompts were read lately, whatever else ran; null: none was yet. */
        prefill_tokens_per_s: number | null;
        /** How fast an answer was written lately; null: none was yet. */
        decode_tokens_per_s: number | null;
    };
}

export interface DeletedModel {
    /** Of the adapter: BASE:NAME. */
    id: string;
    /** model */
    object: string;
    /** true */
    deleted: boolean;
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
            /** Null until it was loaded once. */
            parameters: number | null;
            /** How most of its weights are kept; null until it was loaded once. */
            quantisation: string | null;
            /** Of its weights' file, in hex, as checked when it was pulled; null: it was not pulled, or the file has changed since. */
            sha256: string | null;
            /** How fast prompts were read lately, whatever else ran; null: none was yet. */
            prefill_tokens_per_s: number | null;
            /** How fast an answer was written lately; null: none was yet. */
            decode_tokens_per_s: number | null;
        };
    }>;
}

export interface ResponseRetrieve {
    /** resp_ and a word. */
    id: string;
    /** response */
    object: "response";
    /** Unix seconds. */
    created_at: number;
    /** How it stands. */
    status: "completed" | "failed" | "in_progress" | "cancelled" | "queued" | "incomplete";
    /** Unix seconds; of a completed one. */
    completed_at: number | null;
    /** Of a failed one. */
    error: {
        /** server_error, rate_limit_exceeded or invalid_prompt. */
        code: string;
        /** What was wrong. */
        message: string;
    } | null;
    /** Of an incomplete one: {"reason": "max_output_tokens"}. */
    incomplete_details: Record<string, unknown> | null | null;
    /** Items in order: reasoning, message, function_call, custom_tool_call, and those of tools that the server runs. */
    output: Array<Record<string, unknown>>;
    /** As asked. */
    background: boolean;
    /** {"id"}, or null. */
    conversation: Record<string, unknown> | null | null;
    /** As asked. */
    instructions: string | null;
    /** As asked. */
    max_output_tokens: number | null;
    /** As asked. */
    max_tool_calls: number | null;
    /** The model's id. */
    model: string;
    /** As asked. */
    previous_response_id: string | null;
    /** effort and summary. */
    reasoning: Record<string, unknown>;
    /** Whether it is kept. */
    store: boolean;
    /** As asked, or 1. */
    temperature: number;
    /** format and verbosity. */
    text: Record<string, unknown>;
    /** As asked. */
    tools: Array<Record<string, unknown>>;
    /** As asked, or auto. */
    tool_choice: string | Record<string, unknown>;
    /** As asked, or true. */
    parallel_tool_calls: boolean;
    /** As asked, or 0. */
    top_logprobs: number;
    /** As asked, or 1. */
    top_p: number;
    /** As asked, or disabled. */
    truncation: "auto" | "disabled";
    /** As asked, or {}. */
    metadata: Record<string, unknown>;
    /** As asked. */
    safety_identifier: string | null;
    /** As asked. */
    prompt_cache_key: string | null;
    /** As asked. */
    prompt_cache_retention: string | null;
    /** default */
    service_tier: "default";
    /** As asked. */
    user: string | null;
    /** Token counts; null until it has ended. */
    usage: {
        /** Tokens read, of all turns. */
        input_tokens: number;
        /** Shares. */
        input_tokens_details: {
            /** Found in the prefix cache. */
            cached_tokens: number;
            /** Always 0: writing costs nothing here. */
            cache_write_tokens: number;
        };
        /** Tokens made, thoughts included. */
        output_tokens: number;
        /** Shares. */
        output_tokens_details: {
            /** Those that the model thought before it answered. */
            reasoning_tokens: number;
        };
        /** The sum. */
        total_tokens: number;
    } | null;
}

export interface ResponseRetrieveEvent {
    /** Also in the event's `event:` line. */
    type: string;
    /** 0 and on, without gaps. */
    sequence_number: number;
    /** Of response.created, .queued, .in_progress, .completed, .incomplete and .failed. */
    response?: {
        /** resp_ and a word. */
        id: string;
        /** response */
        object: "response";
        /** Unix seconds. */
        created_at: number;
        /** How it stands. */
        status: "completed" | "failed" | "in_progress" | "cancelled" | "queued" | "incomplete";
        /** Unix seconds; of a completed one. */
        completed_at: number | null;
        /** Of a failed one. */
        error: {
            /** server_error, rate_limit_exceeded or invalid_prompt. */
            code: string;
            /** What was wrong. */
            message: string;
        } | null;
        /** Of an incomplete one: {"reason": "max_output_tokens"}. */
        incomplete_details: Record<string, unknown> | null | null;
        /** Items in order: reasoning, message, function_call, custom_tool_call, and those of tools that the server runs. */
        output: Array<Record<string, unknown>>;
        /** As asked. */
        background: boolean;
        /** {"id"}, or null. */
        conversation: Record<string, unknown> | null | null;
        /** As asked. */
        instructions: string | null;
        /** As asked. */
        max_output_tokens: number | null;
        /** As asked. */
        max_tool_calls: number | null;
        /** The model's id. */
        model: string;
        /** As asked. */
        previous_response_id: string | null;
        /** effort and summary. */
        reasoning: Record<string, unknown>;
        /** Whether it is kept. */
        store: boolean;
        /** As asked, or 1. */
        temperature: number;
        /** format and verbosity. */
        text: Record<string, unknown>;
        /** As asked. */
        tools: Array<Record<string, unknown>>;
        /** As asked, or auto. */
        tool_choice: string | Record<string, unknown>;
        /** As asked, or true. */
        parallel_tool_calls: boolean;
        /** As asked, or 0. */
        top_logprobs: number;
        /** As asked, or 1. */
        top_p: number;
        /** As asked, or disabled. */
        truncation: "auto" | "disabled";
        /** As asked, or {}. */
        metadata: Record<string, unknown>;
        /** As asked. */
        safety_identifier: string | null;
        /** As asked. */
        prompt_cache_key: string | null;
        /** As asked. */
        prompt_cache_retention: string | null;
        /** default */
        service_tier: "default";
        /** As asked. */
        user: string | null;
        /** Token counts; null until it has ended. */
        usage: {
            /** Tokens read, of all turns. */
            input_tokens: number;
            /** Shares. */
            input_tokens_details: {
                /** Found in the prefix cache. */
                cached_tokens: number;
                /** Always 0: writing costs nothing here. */
                cache_write_tokens: number;
            };
            /** Tokens made, thoughts included. */
            output_tokens: number;
            /** Shares. */
            output_tokens_details: {
                /** Those that the model thought before it answered. */
                reasoning_tokens: number;
            };
            /** The sum. */
            total_tokens: number;
        } | null;
    };
    /** Of the item. */
    output_index?: number;
    /** Of response.output_item.* */
    item?: Record<string, unknown>;
    /** Of events about an item. */
    item_id?: string;
    /** Of the part: 0. */
    content_index?: number;
    /** Of response.content_part.* */
    part?: Record<string, unknown>;
    /** The next token's text. */
    delta?: string;
    /** Of response.output_text.* */
    logprobs?: Array<Record<string, unknown>>;
    /** Of response.output_text.done and its like. */
    text?: string;
    /** Of response.function_call_arguments.done. */
    name?: string;
    /** Of response.function_call_arguments.done. */
    arguments?: string;
    /** Of response.custom_tool_call_input.done. */
    input?: string;
    /** Of response.output_text.annotation.added. */
    annotation_index?: number;
    /** Of response.output_text.annotation.added. */
    annotation?: Record<string, unknown>;
    /** Of error. */
    code?: string | null;
    /** Of error. */
    message?: string;
    /** Of error. */
    param?: string | null;
}

export interface ResponseCancel {
    /** resp_ and a word. */
    id: string;
    /** response */
    object: "response";
    /** Unix seconds. */
    created_at: number;
    /** How it stands. */
    status: "completed" | "failed" | "in_progress" | "cancelled" | "queued" | "incomplete";
    /** Unix seconds; of a completed one. */
    completed_at: number | null;
    /** Of a failed one. */
    error: {
        /** server_error, rate_limit_exceeded or invalid_prompt. */
        code: string;
        /** What was wrong. */
        message: string;
    } | null;
    /** Of an incomplete one: {"reason": "max_output_tokens"}. */
    incomplete_details: Record<string, unknown> | null | null;
    /** Items in order: reasoning, message, function_call, custom_tool_call, and those of tools that the server runs. */
    output: Array<Record<string, unknown>>;
    /** As asked. */
    background: boolean;
    /** {"id"}, or null. */
    conversation: Record<string, unknown> | null | null;
    /** As asked. */
    instructions: string | null;
    /** As asked. */
    max_output_tokens: number | null;
    /** As asked. */
    max_tool_calls: number | null;
    /** The model's id. */
    model: string;
    /** As asked. */
    previous_response_id: string | null;
    /** effort and summary. */
    reasoning: Record<string, unknown>;
    /** Whether it is kept. */
    store: boolean;
    /** As asked, or 1. */
    temperature: number;
    /** format and verbosity. */
    text: Record<string, unknown>;
    /** As asked. */
    tools: Array<Record<string, unknown>>;
    /** As asked, or auto. */
    tool_choice: string | Record<string, unknown>;
    /** As asked, or true. */
    parallel_tool_calls: boolean;
    /** As asked, or 0. */
    top_logprobs: number;
    /** As asked, or 1. */
    top_p: number;
    /** As asked, or disabled. */
    truncation: "auto" | "disabled";
    /** As asked, or {}. */
    metadata: Record<string, unknown>;
    /** As asked. */
    safety_identifier: string | null;
    /** As asked. */
    prompt_cache_key: string | null;
    /** As asked. */
    prompt_cache_retention: string | null;
    /** default */
    service_tier: "default";
    /** As asked. */
    user: string | null;
    /** Token counts; null until it has ended. */
    usage: {
        /** Tokens read, of all turns. */
        input_tokens: number;
        /** Shares. */
        input_tokens_details: {
            /** Found in the prefix cache. */
            cached_tokens: number;
            /** Always 0: writing costs nothing here. */
            cache_write_tokens: number;
        };
        /** Tokens made, thoughts included. */
        output_tokens: number;
        /** Shares. */
        output_tokens_details: {
            /** Those that the model thought before it answered. */
            reasoning_tokens: number;
        };
        /** The sum. */
        total_tokens: number;
    } | null;
}

export interface ResponseDelete {
    /** Of what was deleted. */
    id: string;
    /** What it was. */
    object: string;
    /** true */
    deleted: boolean;
}

export interface ResponseRequest {
    /** Id of the model to use; see GET /v1/models. */
    model: string;
    /** A text, or a list of items: messages, calls, their results, references. */
    input?: string | Array<{
        type?: "message" | "function_call" | "function_call_output" | "custom_tool_call" | "custom_tool_call_output" | "reasoning" | "item_reference";
        id?: string;
        role?: "user" | "assistant" | "system" | "developer";
        content?: string | Array<Record<string, unknown>>;
        call_id?: string;
        name?: string;
        arguments?: string;
        input?: string;
        output?: string | Array<Record<string, unknown>>;
    }> | null;
    /** What the model is told first, as a system message. Not carried over from an earlier response. */
    instructions?: string | null;
    /** The stored response that this one goes on from. */
    previous_response_id?: string | null;
    /** The conversation that it belongs to: its id, or {"id": ..}. */
    conversation?: string | {
        id: string;
    } | null;
    /** What the model may call: functions and custom tools of yours, and what this server runs itself. */
    tools?: Array<{
        type: string;
        name?: string;
        description?: string;
        parameters?: Record<string, unknown> | null;
        strict?: boolean | null;
        format?: Record<string, unknown>;
    }> | null;
    /** none: call nothing; auto: the model decides; required: call at least one; the one to call, {"type": "function", "name": ..}; or those that may be called, {"type": "allowed_tools", ..}. */
    tool_choice?: "none" | "auto" | "required" | {
        type: string;
        name?: string;
        mode?: "auto" | "required";
        tools?: Array<Record<string, unknown>>;
    } | null;
    /** False: at most one call at a time. */
    parallel_tool_calls?: boolean | null;
    /** Form of the text. */
    text?: {
        /** What the text of the answer is held to. */
        format?: {
            /** text: anything; json_object: any JSON object; json_schema: what schema says. */
            type: "text" | "json_object" | "json_schema";
            /** With type json_schema: what it is called, in errors. */
            name?: string | null;
            /** What it is for. Accepted; the model is not shown it. */
            description?: string | null;
            /** With type json_schema. The answer is valid under it; keywords that cannot be held are refused by name. */
            schema?: Record<string, unknown> | null;
            /** Also refuse schemas outside of OpenAI's strict subset. The answer is held to the schema either way. */
            strict?: boolean | null;
        } | null;
        /** Length of the answer. */
        verbosity?: string | null;
    } | null;
    /** Thinking, for models that think. */
    reasoning?: {
        /** How much to think before answering, for models that think; none: not at all, which is all that others take. */
        effort?: "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max" | null;
        /** Accepted: thoughts are returned as they are, as content of the reasoning item, and not summarised. */
        summary?: "auto" | "concise" | "detailed" | null;
        /** The older name of summary. */
        generate_summary?: "auto" | "concise" | "detailed" | null;
        /** Accepted: models are not shown earlier thoughts again. */
        context?: "auto" | "current_turn" | "all_turns" | null;
        /** Accepted; there is one mode. */
        mode?: "standard" | "pro" | null;
    } | null;
    /** auto: what is too long for the context loses its oldest items, also when results of the server's tools make it so; disabled: it is refused. */
    truncation?: "auto" | "disabled" | null;
    /** Further variables for the model's chat template, as vLLM has it. */
    chat_template_kwargs?: Record<string, unknown> | null;
    /** Randomness: 0 always takes the likeliest token. */
    temperature?: number | null;
    /** Take only from the likeliest tokens with this share of probability. */
    top_p?: number | null;
    /** Answer with server-sent events as the answer appears. */
    stream?: boolean | null;
    /** Options of streaming; only with stream: true. */
    stream_options?: {
        /** Padding against guessing text from packet sizes. Accepted; events carry no padding yet. */
        include_obfuscation?: boolean | null;
    } | null;
    /** Your name for the end user. Nothing is done with it but to return it. */
    user?: string | null;
    /** Up to 16 texts of up to 256 bytes where the answer ends; the text itself is not returned. */
    stop?: string | Array<string> | null;
    /** Lowers the chance of a token with each time it occurred. */
    frequency_penalty?: number | null;
    /** Lowers the chance of a token that occurred. */
    presence_penalty?: number | null;
    /** Token ids and what to add to their logits, -100 to 100; at most 1024. */
    logit_bias?: Record<string, number> | null;
    /** The same request and seed give the same answer, whatever else runs. */
    seed?: number | null;
    /** Take only from this many of the likeliest tokens; 0: all. */
    top_k?: number | null;
    /** Drop tokens less likely than this share of the likeliest. */
    min_p?: number | null;
    /** Locally typical sampling: the share of probability to keep; 1: off. */
    typical_p?: number | null;
    /** Divides the logits of tokens that occurred; 1: off. */
    repetition_penalty?: number | null;
    /** What the answer is held to, as vLLM has it; exactly one of its fields, and no text.format beside it but text. */
    structured_outputs?: {
        /** A JSON Schema, as an object or as its text. */
        json?: string | Record<string, unknown> | null;
        /** A regular expression for the whole answer. */
        regex?: string | null;
        /** Texts of which the answer is one. */
        choice?: string | Array<string> | null;
        /** A grammar in EBNF or GBNF, whose rule `root` is the answer. */
        grammar?: string | null;
        /** Any JSON object; only true. */
        json_object?: boolean | null;
    } | null;
    /** The most tokens to make, thoughts included; without it, as many as the context holds. */
    max_output_tokens?: number | null;
    /** The most calls of tools that this server runs; further ones are ignored. */
    max_tool_calls?: number | null;
    /** How many of the likeliest tokens to return at each place; above 0 it also asks for log probabilities, as include does. */
    top_logprobs?: number | null;
    /** What else to return: message.output_text.logprobs, file_search_call.results. reasoning.encrypted_content is accepted: thoughts are returned in the open. */
    include?: string | Array<string> | null;
    /** Keep the response, so that it can be read again and gone on from. */
    store?: boolean | null;
    /** Make it whether or not you wait for it. */
    background?: boolean | null;
    /** Your labels: up to 16 pairs, of up to 64 and 512 characters. */
    metadata?: Record<string, string> | null;
    /** This server has one tier; the answer says default. */
    service_tier?: "auto" | "default" | null;
    /** Your hashed name for the end user. Nothing is done with it but to return it. */
    safety_identifier?: string | null;
    /** Prefixes are cached by their content anyway; it is only returned. */
    prompt_cache_key?: string | null;
    /** 24h: keep this prompt in the cache until it was not used for a day, as far as pinned_percent has room. Otherwise the cache keeps what fits. */
    prompt_cache_retention?: "in_memory" | "24h" | null;
    /** Accepted: the cache keeps what fits. */
    prompt_cache_options?: Record<string, unknown> | null;
    /** Compaction on the way. */
    context_management?: Array<unknown> | null;
    /** Moderate prompt and answer. */
    moderation?: Record<string, unknown> | null;
    /** A stored prompt. */
    prompt?: Record<string, unknown> | null;
}

export interface Response {
    /** resp_ and a word. */
    id: string;
    /** response */
    object: "response";
    /** Unix seconds. */
    created_at: number;
    /** How it stands. */
    status: "completed" | "failed" | "in_progress" | "cancelled" | "queued" | "incomplete";
    /** Unix seconds; of a completed one. */
    completed_at: number | null;
    /** Of a failed one. */
    error: {
        /** server_error, rate_limit_exceeded or invalid_prompt. */
        code: string;
        /** What was wrong. */
        message: string;
    } | null;
    /** Of an incomplete one: {"reason": "max_output_tokens"}. */
    incomplete_details: Record<string, unknown> | null | null;
    /** Items in order: reasoning, message, function_call, custom_tool_call, and those of tools that the server runs. */
    output: Array<Record<string, unknown>>;
    /** As asked. */
    background: boolean;
    /** {"id"}, or null. */
    conversation: Record<string, unknown> | null | null;
    /** As asked. */
    instructions: string | null;
    /** As asked. */
    max_output_tokens: number | null;
    /** As asked. */
    max_tool_calls: number | null;
    /** The model's id. */
    model: string;
    /** As asked. */
    previous_response_id: string | null;
    /** effort and summary. */
    reasoning: Record<string, unknown>;
    /** Whether it is kept. */
    store: boolean;
    /** As asked, or 1. */
    temperature: number;
    /** format and verbosity. */
    text: Record<string, unknown>;
    /** As asked. */
    tools: Array<Record<string, unknown>>;
    /** As asked, or auto. */
    tool_choice: string | Record<string, unknown>;
    /** As asked, or true. */
    parallel_tool_calls: boolean;
    /** As asked, or 0. */
    top_logprobs: number;
    /** As asked, or 1. */
    top_p: number;
    /** As asked, or disabled. */
    truncation: "auto" | "disabled";
    /** As asked, or {}. */
    metadata: Record<string, unknown>;
    /** As asked. */
    safety_identifier: string | null;
    /** As asked. */
    prompt_cache_key: string | null;
    /** As asked. */
    prompt_cache_retention: string | null;
    /** default */
    service_tier: "default";
    /** As asked. */
    user: string | null;
    /** Token counts; null until it has ended. */
    usage: {
        /** Tokens read, of all turns. */
        input_tokens: number;
        /** Shares. */
        input_tokens_details: {
            /** Found in the prefix cache. */
            cached_tokens: number;
            /** Always 0: writing costs nothing here. */
            cache_write_tokens: number;
        };
        /** Tokens made, thoughts included. */
        output_tokens: number;
        /** Shares. */
        output_tokens_details: {
            /** Those that the model thought before it answered. */
            reasoning_tokens: number;
        };
        /** The sum. */
        total_tokens: number;
    } | null;
}

export interface ResponseEvent {
    /** Also in the event's `event:` line. */
    type: string;
    /** 0 and on, without gaps. */
    sequence_number: number;
    /** Of response.created, .queued, .in_progress, .completed, .incomplete and .failed. */
    response?: {
        /** resp_ and a word. */
        id: string;
        /** response */
        object: "response";
        /** Unix seconds. */
        created_at: number;
        /** How it stands. */
        status: "completed" | "failed" | "in_progress" | "cancelled" | "queued" | "incomplete";
        /** Unix seconds; of a completed one. */
        completed_at: number | null;
        /** Of a failed one. */
        error: {
            /** server_error, rate_limit_exceeded or invalid_prompt. */
            code: string;
            /** What was wrong. */
            message: string;
        } | null;
        /** Of an incomplete one: {"reason": "max_output_tokens"}. */
        incomplete_details: Record<string, unknown> | null | null;
        /** Items in order: reasoning, message, function_call, custom_tool_call, and those of tools that the server runs. */
        output: Array<Record<string, unknown>>;
        /** As asked. */
        background: boolean;
        /** {"id"}, or null. */
        conversation: Record<string, unknown> | null | null;
        /** As asked. */
        instructions: string | null;
        /** As asked. */
        max_output_tokens: number | null;
        /** As asked. */
        max_tool_calls: number | null;
        /** The model's id. */
        model: string;
        /** As asked. */
        previous_response_id: string | null;
        /** effort and summary. */
        reasoning: Record<string, unknown>;
        /** Whether it is kept. */
        store: boolean;
        /** As asked, or 1. */
        temperature: number;
        /** format and verbosity. */
        text: Record<string, unknown>;
        /** As asked. */
        tools: Array<Record<string, unknown>>;
        /** As asked, or auto. */
        tool_choice: string | Record<string, unknown>;
        /** As asked, or true. */
        parallel_tool_calls: boolean;
        /** As asked, or 0. */
        top_logprobs: number;
        /** As asked, or 1. */
        top_p: number;
        /** As asked, or disabled. */
        truncation: "auto" | "disabled";
        /** As asked, or {}. */
        metadata: Record<string, unknown>;
        /** As asked. */
        safety_identifier: string | null;
        /** As asked. */
        prompt_cache_key: string | null;
        /** As asked. */
        prompt_cache_retention: string | null;
        /** default */
        service_tier: "default";
        /** As asked. */
        user: string | null;
        /** Token counts; null until it has ended. */
        usage: {
            /** Tokens read, of all turns. */
            input_tokens: number;
            /** Shares. */
            input_tokens_details: {
                /** Found in the prefix cache. */
                cached_tokens: number;
                /** Always 0: writing costs nothing here. */
                cache_write_tokens: number;
            };
            /** Tokens made, thoughts included. */
            output_tokens: number;
            /** Shares. */
            output_tokens_details: {
                /** Those that the model thought before it answered. */
                reasoning_tokens: number;
            };
            /** The sum. */
            total_tokens: number;
        } | null;
    };
    /** Of the item. */
    output_index?: number;
    /** Of response.output_item.* */
    item?: Record<string, unknown>;
    /** Of events about an item. */
    item_id?: string;
    /** Of the part: 0. */
    content_index?: number;
    /** Of response.content_part.* */
    part?: Record<string, unknown>;
    /** The next token's text. */
    delta?: string;
    /** Of response.output_text.* */
    logprobs?: Array<Record<string, unknown>>;
    /** Of response.output_text.done and its like. */
    text?: string;
    /** Of response.function_call_arguments.done. */
    name?: string;
    /** Of response.function_call_arguments.done. */
    arguments?: string;
    /** Of response.custom_tool_call_input.done. */
    input?: string;
    /** Of response.output_text.annotation.added. */
    annotation_index?: number;
    /** Of response.output_text.annotation.added. */
    annotation?: Record<string, unknown>;
    /** Of error. */
    code?: string | null;
    /** Of error. */
    message?: string;
    /** Of error. */
    param?: string | null;
}

export interface ResponseCompactionRequest {
    /** The model whose context it is to fit. */
    model: string;
    /** A text or items, as of POST /v1/responses. */
    input?: string | Array<unknown> | null;
    /** A stored response: what came before it, its input and its output. */
    previous_response_id?: string | null;
    /** Accepted: no model writes a summary, so there is nothing to instruct. */
    instructions?: string | null;
    /** Accepted: no model is asked. */
    prompt_cache_key?: string | null;
    /** The same. */
    prompt_cache_retention?: string | null;
    /** The same. */
    prompt_cache_options?: Record<string, unknown> | null;
    /** The same. */
    service_tier?: string | null;
}

export interface ResponseInputTokensRequest {
    /** Id of the model to use; see GET /v1/models. */
    model: string;
    /** A text, or a list of items: messages, calls, their results, references. */
    input?: string | Array<{
        type?: "message" | "function_call" | "function_call_output" | "custom_tool_call" | "custom_tool_call_output" | "reasoning" | "item_reference";
        id?: string;
        role?: "user" | "assistant" | "system" | "developer";
        content?: string | Array<Record<string, unknown>>;
        call_id?: string;
        name?: string;
        arguments?: string;
        input?: string;
        output?: string | Array<Record<string, unknown>>;
    }> | null;
    /** What the model is told first, as a system message. Not carried over from an earlier response. */
    instructions?: string | null;
    /** The stored response that this one goes on from. */
    previous_response_id?: string | null;
    /** The conversation that it belongs to: its id, or {"id": ..}. */
    conversation?: string | {
        id: string;
    } | null;
    /** What the model may call: functions and custom tools of yours, and what this server runs itself. */
    tools?: Array<{
        type: string;
        name?: string;
        description?: string;
        parameters?: Record<string, unknown> | null;
        strict?: boolean | null;
        format?: Record<string, unknown>;
    }> | null;
    /** none: call nothing; auto: the model decides; required: call at least one; the one to call, {"type": "function", "name": ..}; or those that may be called, {"type": "allowed_tools", ..}. */
    tool_choice?: "none" | "auto" | "required" | {
        type: string;
        name?: string;
        mode?: "auto" | "required";
        tools?: Array<Record<string, unknown>>;
    } | null;
    /** False: at most one call at a time. */
    parallel_tool_calls?: boolean | null;
    /** Form of the text. */
    text?: {
        /** What the text of the answer is held to. */
        format?: {
            /** text: anything; json_object: any JSON object; json_schema: what schema says. */
            type: "text" | "json_object" | "json_schema";
            /** With type json_schema: what it is called, in errors. */
            name?: string | null;
            /** What it is for. Accepted; the model is not shown it. */
            description?: string | null;
            /** With type json_schema. The answer is valid under it; keywords that cannot be held are refused by name. */
            schema?: Record<string, unknown> | null;
            /** Also refuse schemas outside of OpenAI's strict subset. The answer is held to the schema either way. */
            strict?: boolean | null;
        } | null;
        /** Length of the answer. */
        verbosity?: string | null;
    } | null;
    /** Thinking, for models that think. */
    reasoning?: {
        /** How much to think before answering, for models that think; none: not at all, which is all that others take. */
        effort?: "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max" | null;
        /** Accepted: thoughts are returned as they are, as content of the reasoning item, and not summarised. */
        summary?: "auto" | "concise" | "detailed" | null;
        /** The older name of summary. */
        generate_summary?: "auto" | "concise" | "detailed" | null;
        /** Accepted: models are not shown earlier thoughts again. */
        context?: "auto" | "current_turn" | "all_turns" | null;
        /** Accepted; there is one mode. */
        mode?: "standard" | "pro" | null;
    } | null;
    /** auto: what is too long for the context loses its oldest items, also when results of the server's tools make it so; disabled: it is refused. */
    truncation?: "auto" | "disabled" | null;
    /** Further variables for the model's chat template, as vLLM has it. */
    chat_template_kwargs?: Record<string, unknown> | null;
    /** How the model behaves. */
    personality?: string | null;
}

export interface ResponseInputTokens {
    /** response.input_tokens */
    object: "response.input_tokens";
    /** Of instructions, items, tools and the model's template. */
    input_tokens: number;
}

export interface StoredCompletion {
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
    /** default or flex */
    service_tier: string;
    /** n of them. */
    choices: Array<{
        /** Of the choice, 0 to n - 1. */
        index: number;
        /** The answer. */
        message: {
            /** Always assistant. */
            role: "assistant";
            /** The text; null when there are only calls. */
            content: string | null;
            /** Always null. */
            refusal: string | null;
            /** Always empty. */
            annotations: Array<unknown>;
            /** What the model thought before, of models that think. */
            reasoning_content?: string;
            /** What it calls. */
            tool_calls?: Array<{
                /** What the tool's message names as tool_call_id. */
                id: string;
                /** Kind of tool. */
                type: "function" | "custom";
                /** Of a function. */
                function?: {
                    /** Which function. */
                    name: string;
                    /** JSON text, valid under the function's parameters unless max_tokens cut it. */
                    arguments: string;
                };
                /** Of a custom tool. */
                custom?: {
                    /** Which custom tool. */
                    name: string;
                    /** Its input. */
                    input: string;
                };
            }>;
            /** What it calls, when the request had functions. */
            function_call?: {
                /** Which function. */
                name: string;
                /** JSON text, valid under the function's parameters unless max_tokens cut it. */
                arguments: string;
            };
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
        /** Why it ended; stop also when tool_choice named the tool that was called. */
        finish_reason: "stop" | "length" | "tool_calls" | "content_filter" | "function_call";
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
            /** Those that the model thought before it answered. */
            reasoning_tokens: number;
            /** Always 0. */
            audio_tokens: number;
            /** Always 0: predictions are not used. */
            accepted_prediction_tokens: number;
            /** Always 0: predictions are not used. */
            rejected_prediction_tokens: number;
        };
    };
    /** Your labels; of an answer that was kept, when it is read again. */
    metadata?: Record<string, string>;
}

export interface StoredCompletionDelete {
    /** Of what was deleted. */
    id: string;
    /** What it was. */
    object: string;
    /** true */
    deleted: boolean;
}

export interface StoredCompletionMessages {
    /** list */
    object: string;
    /** The objects of this page. */
    data: Array<Record<string, unknown>>;
    /** Of the first one; null: there is none. */
    first_id: string | null;
    /** Of the last one: the next page's after. */
    last_id: string | null;
    /** Whether there are more behind them. */
    has_more: boolean;
}

export interface StoredCompletionUpdateRequest {
    /** In place of those that it had. */
    metadata: Record<string, string>;
}

export interface StoredCompletionUpdate {
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
    /** default or flex */
    service_tier: string;
    /** n of them. */
    choices: Array<{
        /** Of the choice, 0 to n - 1. */
        index: number;
        /** The answer. */
        message: {
            /** Always assistant. */
            role: "assistant";
            /** The text; null when there are only calls. */
            content: string | null;
            /** Always null. */
            refusal: string | null;
            /** Always empty. */
            annotations: Array<unknown>;
            /** What the model thought before, of models that think. */
            reasoning_content?: string;
            /** What it calls. */
            tool_calls?: Array<{
                /** What the tool's message names as tool_call_id. */
                id: string;
                /** Kind of tool. */
                type: "function" | "custom";
                /** Of a function. */
                function?: {
                    /** Which function. */
                    name: string;
                    /** JSON text, valid under the function's parameters unless max_tokens cut it. */
                    arguments: string;
                };
                /** Of a custom tool. */
                custom?: {
                    /** Which custom tool. */
                    name: string;
                    /** Its input. */
                    input: string;
                };
            }>;
            /** What it calls, when the request had functions. */
            function_call?: {
                /** Which function. */
                name: string;
                /** JSON text, valid under the function's parameters unless max_tokens cut it. */
                arguments: string;
            };
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
        /** Why it ended; stop also when tool_choice named the tool that was called. */
        finish_reason: "stop" | "length" | "tool_calls" | "content_filter" | "function_call";
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
            /** Those that the model thought before it answered. */
            reasoning_tokens: number;
            /** Always 0. */
            audio_tokens: number;
            /** Always 0: predictions are not used. */
            accepted_prediction_tokens: number;
            /** Always 0: predictions are not used. */
            rejected_prediction_tokens: number;
        };
    };
    /** Your labels; of an answer that was kept, when it is read again. */
    metadata?: Record<string, string>;
}

export interface StoredCompletions {
    /** list */
    object: string;
    /** The objects of this page. */
    data: Array<Record<string, unknown>>;
    /** Of the first one; null: there is none. */
    first_id: string | null;
    /** Of the last one: the next page's after. */
    last_id: string | null;
    /** Whether there are more behind them. */
    has_more: boolean;
}

export interface AbcCheckRequest {
    /** One or more tunes in ABC notation 2.1. */
    abc: string;
}

export interface AbcCheck {
    /** tiro.abc.check */
    object: string;
    /** Nothing is wrong. */
    ok: boolean;
    /** How many there are. */
    tunes: number;
    /** With notes, of all tunes together. */
    voices: number;
    /** With notes or rests. */
    bars: number;
    /** Those of chords counted one by one. */
    notes: number;
    /** What each of the first 16 tunes says of itself. */
    headers: Array<{
        /** Where it begins, from 1. */
        line: number;
        /** Its first T:, at most 120 bytes. */
        title: string | null;
        /** Its R:, like jig. */
        rhythm: string | null;
        /** As 6/8, C as 4/4; null: free. */
        metre: string | null;
        /** A note without a length is 1/unit. */
        unit: number | null;
        /** In the shortest form, like Ador. */
        key: string | null;
        /** Of its longest voice. */
        bars: number;
        /** Of that voice: between double bars and repeats. */
        sections: number;
        /** With notes. */
        voices: number;
    }>;
    /** In the order of the text. */
    issues: Array<{
        /** header, bar, length or syntax */
        kind: string;
        /** Of the text, from 1. */
        line: number;
        /** In bytes, from 1. */
        column: number;
        /** Of its voice, from 1. */
        bar: number | null;
        /** Where there are several. */
        voice: string | null;
        /** What is wrong and what would be right, for a person or for the model that mends it. */
        message: string;
    }>;
    /** Those beyond the first hundred. */
    issues_left_out: number;
}

export interface AbcGrammarRequest {
    /** Like 4/4, 6/8, C or C|; without it 4/4. */
    metre?: string | null;
    /** A note without a length is 1/unit, a power of two; without it, what the standard says for this metre. */
    unit?: number | null;
    /** The shortest note is 1/shortest: the unit, half or a quarter of it; without it, half a unit. */
    shortest?: number | null;
    /** Keys to choose from, like G, Em or Ador; without them, any with up to seven accidentals. */
    keys?: string | Array<string> | null;
    /** The title; without it the model writes one. A line without % and \. */
    title?: string | null;
    /** What R: says, like jig; without it the model may say something or not. */
    rhythm?: string | null;
    /** The fewest bars of each part; without it 4, or bars_max when that is less. */
    bars_min?: number | null;
    /** The most bars of each part; without it 16, or bars_min when that is more. */
    bars_max?: number | null;
    /** The fewest parts. */
    parts_min?: number | null;
    /** The most parts; without it 4, or parts_min when that is more. */
    parts_max?: number | null;
    /** Notes, rests and bar lines only: no repeats, chords, tuplets, slurs, ties or ornaments. */
    plain?: boolean | null;
    /** Chord symbols ("Am") may stand before notes. */
    symbols?: boolean | null;
    /** The answer is a block of code in Markdown, of the language abc. */
    fence?: boolean | null;
}

export interface AbcGrammar {
    /** tiro.abc.grammar */
    object: string;
    /** For structured_outputs.grammar; docs/grammar-language.md is its language. */
    grammar: string;
}

export interface BookGet {
    /** book_... */
    id: string;
    /** tiro.book */
    object: string;
    /** "": the model finds one. */
    title: string;
    /** What it began with. */
    idea: string;
    /** That writes it. */
    model: string;
    /** That it is written in. */
    language: string;
    /** Kind and style, in words. */
    genre: string;
    /** "": not there yet; likewise the next two. */
    premise: string;
    /** Its people, a line each. */
    people: string;
    /** Who tells it, tense, tone, places. */
    style_sheet: string;
    /** That it shall have. */
    words: number;
    /** That it shall have. */
    chapter_count: number;
    /** That it shall have. */
    scenes_per_chapter: number;
    /** Chapters that are written at a time. */
    parallel: number;
    /** From which those of all steps follow. */
    seed: number;
    /** draft, running, paused, completed or failed. */
    status: string;
    /** What it is worked on for: outline, or end. */
    until: string;
    /** Of one that failed: why. */
    error: string;
    /** How far it is. */
    progress: {
        /** That the book has. */
        words: number;
        /** That it will have. */
        scenes: number;
        /** With a text. */
        scenes_written: number;
        /** With a text that has been summed up, too. */
        scenes_done: number;
        /** While it was worked on; 0: unknown. */
        words_per_minute: number;
        /** What is left at that rate. */
        eta_seconds: number | null;
        /** How long it has been worked on. */
        run_seconds: number;
        /** Outlines, plans, scenes and summaries made. */
        steps: number;
        /** Answers that were not good enough, and asked for again. */
        drafts_again: number;
    };
    /** Tokens so far. */
    usage: {
        /** Read, cached ones included. */
        prompt_tokens: number;
        /** Of those, already in memory. */
        cached_tokens: number;
        /** Written, thrown away ones included. */
        completion_tokens: number;
    };
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds, of the last change of anything in it. */
    updated_at: number;
    /** In order. */
    chapters: Array<{
        /** chapter_... */
        id: string;
        /** tiro.book.chapter */
        object: string;
        /** From 1. */
        number: number;
        /** Its heading. */
        title: string;
        /** What happens in it. */
        outline: string;
        /** Its budget. */
        words_wanted: number;
        /** In order; [] until planned. */
        scenes: Array<{
            /** scene_... */
            id: string;
            /** tiro.book.scene */
            object: string;
            /** In its chapter, from 1. */
            number: number;
            /** What happens in it. */
            plan: string;
            /** What happened; "": not summed up yet. */
            summary: string;
            /** waiting, written (not summed up yet) or done. */
            state: string;
            /** Its budget. */
            words_wanted: number;
            /** Of the version that is chosen; 0: none. */
            words: number;
            /** The share of its 8-grams that stood before, in it or in the book. */
            repeated: number;
            /** Of the version that is chosen; "": none. */
            version_id: string;
        }>;
    }>;
    /** What its scenes have stated. */
    facts: Array<{
        /** Who or what it is about. */
        name: string;
        /** What is true of it. */
        fact: string;
    }>;
}

export interface BookChapter {
    /** chapter_... */
    id: string;
    /** tiro.book.chapter */
    object: string;
    /** From 1. */
    number: number;
    /** Its heading. */
    title: string;
    /** What happens in it. */
    outline: string;
    /** Its budget. */
    words_wanted: number;
    /** With their texts. */
    scenes: Array<{
        /** scene_... */
        id: string;
        /** tiro.book.scene */
        object: string;
        /** In its chapter, from 1. */
        number: number;
        /** What happens in it. */
        plan: string;
        /** What happened; "": not summed up yet. */
        summary: string;
        /** waiting, written (not summed up yet) or done. */
        state: string;
        /** Its budget. */
        words_wanted: number;
        /** Of the version that is chosen; 0: none. */
        words: number;
        /** The share of its 8-grams that stood before, in it or in the book. */
        repeated: number;
        /** Of the version that is chosen; "": none. */
        version_id: string;
        /** Of the version that is chosen; "": none yet. */
        text: string;
        /** All, the newest first. */
        versions: Array<{
            /** version_... */
            id: string;
            /** Its text. */
            text: string;
            /** That wrote it; "": a person. */
            model: string;
            /** Of the last call that wrote it. */
            seed: number;
            /** Their number. */
            words: number;
            /** The share of 8-grams that stood before. */
            repeated: number;
            /** How many were written to get this one. */
            drafts: number;
            /** Unix seconds. */
            created_at: number;
        }>;
    }>;
}

export interface BookChapterUpdateRequest {
    /** Its heading. */
    title?: string | null;
    /** What happens in it. Scenes that are planned already keep their plans. */
    outline?: string | null;
}

export interface BookChapterUpdate {
    /** chapter_... */
    id: string;
    /** tiro.book.chapter */
    object: string;
    /** From 1. */
    number: number;
    /** Its heading. */
    title: string;
    /** What happens in it. */
    outline: string;
    /** Its budget. */
    words_wanted: number;
    /** With their texts. */
    scenes: Array<{
        /** scene_... */
        id: string;
        /** tiro.book.scene */
        object: string;
        /** In its chapter, from 1. */
        number: number;
        /** What happens in it. */
        plan: string;
        /** What happened; "": not summed up yet. */
        summary: string;
        /** waiting, written (not summed up yet) or done. */
        state: string;
        /** Its budget. */
        words_wanted: number;
        /** Of the version that is chosen; 0: none. */
        words: number;
        /** The share of its 8-grams that stood before, in it or in the book. */
        repeated: number;
        /** Of the version that is chosen; "": none. */
        version_id: string;
        /** Of the version that is chosen; "": none yet. */
        text: string;
        /** All, the newest first. */
        versions: Array<{
            /** version_... */
            id: string;
            /** Its text. */
            text: string;
            /** That wrote it; "": a person. */
            model: string;
            /** Of the last call that wrote it. */
            seed: number;
            /** Their number. */
            words: number;
            /** The share of 8-grams that stood before. */
            repeated: number;
            /** How many were written to get this one. */
            drafts: number;
            /** Unix seconds. */
            created_at: number;
        }>;
    }>;
}

export interface BookDelete {
    /** What was deleted. */
    id: string;
    /** tiro.book.deleted */
    object: string;
    /** true */
    deleted: boolean;
}

export interface BookPause {
    /** book_... */
    id: string;
    /** tiro.book */
    object: string;
    /** "": the model finds one. */
    title: string;
    /** What it began with. */
    idea: string;
    /** That writes it. */
    model: string;
    /** That it is written in. */
    language: string;
    /** Kind and style, in words. */
    genre: string;
    /** "": not there yet; likewise the next two. */
    premise: string;
    /** Its people, a line each. */
    people: string;
    /** Who tells it, tense, tone, places. */
    style_sheet: string;
    /** That it shall have. */
    words: number;
    /** That it shall have. */
    chapter_count: number;
    /** That it shall have. */
    scenes_per_chapter: number;
    /** Chapters that are written at a time. */
    parallel: number;
    /** From which those of all steps follow. */
    seed: number;
    /** draft, running, paused, completed or failed. */
    status: string;
    /** What it is worked on for: outline, or end. */
    until: string;
    /** Of one that failed: why. */
    error: string;
    /** How far it is. */
    progress: {
        /** That the book has. */
        words: number;
        /** That it will have. */
        scenes: number;
        /** With a text. */
        scenes_written: number;
        /** With a text that has been summed up, too. */
        scenes_done: number;
        /** While it was worked on; 0: unknown. */
        words_per_minute: number;
        /** What is left at that rate. */
        eta_seconds: number | null;
        /** How long it has been worked on. */
        run_seconds: number;
        /** Outlines, plans, scenes and summaries made. */
        steps: number;
        /** Answers that were not good enough, and asked for again. */
        drafts_again: number;
    };
    /** Tokens so far. */
    usage: {
        /** Read, cached ones included. */
        prompt_tokens: number;
        /** Of those, already in memory. */
        cached_tokens: number;
        /** Written, thrown away ones included. */
        completion_tokens: number;
    };
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds, of the last change of anything in it. */
    updated_at: number;
    /** In order. */
    chapters: Array<{
        /** chapter_... */
        id: string;
        /** tiro.book.chapter */
        object: string;
        /** From 1. */
        number: number;
        /** Its heading. */
        title: string;
        /** What happens in it. */
        outline: string;
        /** Its budget. */
        words_wanted: number;
        /** In order; [] until planned. */
        scenes: Array<{
            /** scene_... */
            id: string;
            /** tiro.book.scene */
            object: string;
            /** In its chapter, from 1. */
            number: number;
            /** What happens in it. */
            plan: string;
            /** What happened; "": not summed up yet. */
            summary: string;
            /** waiting, written (not summed up yet) or done. */
            state: string;
            /** Its budget. */
            words_wanted: number;
            /** Of the version that is chosen; 0: none. */
            words: number;
            /** The share of its 8-grams that stood before, in it or in the book. */
            repeated: number;
            /** Of the version that is chosen; "": none. */
            version_id: string;
        }>;
    }>;
    /** What its scenes have stated. */
    facts: Array<{
        /** Who or what it is about. */
        name: string;
        /** What is true of it. */
        fact: string;
    }>;
}

export interface BookSceneRegenerate {
    /** book_... */
    id: string;
    /** tiro.book */
    object: string;
    /** "": the model finds one. */
    title: string;
    /** What it began with. */
    idea: string;
    /** That writes it. */
    model: string;
    /** That it is written in. */
    language: string;
    /** Kind and style, in words. */
    genre: string;
    /** "": not there yet; likewise the next two. */
    premise: string;
    /** Its people, a line each. */
    people: string;
    /** Who tells it, tense, tone, places. */
    style_sheet: string;
    /** That it shall have. */
    words: number;
    /** That it shall have. */
    chapter_count: number;
    /** That it shall have. */
    scenes_per_chapter: number;
    /** Chapters that are written at a time. */
    parallel: number;
    /** From which those of all steps follow. */
    seed: number;
    /** draft, running, paused, completed or failed. */
    status: string;
    /** What it is worked on for: outline, or end. */
    until: string;
    /** Of one that failed: why. */
    error: string;
    /** How far it is. */
    progress: {
        /** That the book has. */
        words: number;
        /** That it will have. */
        scenes: number;
        /** With a text. */
        scenes_written: number;
        /** With a text that has been summed up, too. */
        scenes_done: number;
        /** While it was worked on; 0: unknown. */
        words_per_minute: number;
        /** What is left at that rate. */
        eta_seconds: number | null;
        /** How long it has been worked on. */
        run_seconds: number;
        /** Outlines, plans, scenes and summaries made. */
        steps: number;
        /** Answers that were not good enough, and asked for again. */
        drafts_again: number;
    };
    /** Tokens so far. */
    usage: {
        /** Read, cached ones included. */
        prompt_tokens: number;
        /** Of those, already in memory. */
        cached_tokens: number;
        /** Written, thrown away ones included. */
        completion_tokens: number;
    };
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds, of the last change of anything in it. */
    updated_at: number;
    /** In order. */
    chapters: Array<{
        /** chapter_... */
        id: string;
        /** tiro.book.chapter */
        object: string;
        /** From 1. */
        number: number;
        /** Its heading. */
        title: string;
        /** What happens in it. */
        outline: string;
        /** Its budget. */
        words_wanted: number;
        /** In order; [] until planned. */
        scenes: Array<{
            /** scene_... */
            id: string;
            /** tiro.book.scene */
            object: string;
            /** In its chapter, from 1. */
            number: number;
            /** What happens in it. */
            plan: string;
            /** What happened; "": not summed up yet. */
            summary: string;
            /** waiting, written (not summed up yet) or done. */
            state: string;
            /** Its budget. */
            words_wanted: number;
            /** Of the version that is chosen; 0: none. */
            words: number;
            /** The share of its 8-grams that stood before, in it or in the book. */
            repeated: number;
            /** Of the version that is chosen; "": none. */
            version_id: string;
        }>;
    }>;
    /** What its scenes have stated. */
    facts: Array<{
        /** Who or what it is about. */
        name: string;
        /** What is true of it. */
        fact: string;
    }>;
}

export interface BookSceneUpdateRequest {
    /** What happens in it. */
    plan?: string | null;
    /** Becomes a version of its own, and is chosen. */
    text?: string | null;
    /** The version to choose. Not together with text. */
    version_id?: string | null;
}

export interface BookSceneUpdate {
    /** chapter_... */
    id: string;
    /** tiro.book.chapter */
    object: string;
    /** From 1. */
    number: number;
    /** Its heading. */
    title: string;
    /** What happens in it. */
    outline: string;
    /** Its budget. */
    words_wanted: number;
    /** With their texts. */
    scenes: Array<{
        /** scene_... */
        id: string;
        /** tiro.book.scene */
        object: string;
        /** In its chapter, from 1. */
        number: number;
        /** What happens in it. */
        plan: string;
        /** What happened; "": not summed up yet. */
        summary: string;
        /** waiting, written (not summed up yet) or done. */
        state: string;
        /** Its budget. */
        words_wanted: number;
        /** Of the version that is chosen; 0: none. */
        words: number;
        /** The share of its 8-grams that stood before, in it or in the book. */
        repeated: number;
        /** Of the version that is chosen; "": none. */
        version_id: string;
        /** Of the version that is chosen; "": none yet. */
        text: string;
        /** All, the newest first. */
        versions: Array<{
            /** version_... */
            id: string;
            /** Its text. */
            text: string;
            /** That wrote it; "": a person. */
            model: string;
            /** Of the last call that wrote it. */
            seed: number;
            /** Their number. */
            words: number;
            /** The share of 8-grams that stood before. */
            repeated: number;
            /** How many were written to get this one. */
            drafts: number;
            /** Unix seconds. */
            created_at: number;
        }>;
    }>;
}

export interface BookStartRequest {
    /** outline: premise, style sheet, the outlines of all chapters and the plans of their scenes, to be looked at and changed; end: all of the text. */
    until?: "outline" | "end" | null;
}

export interface BookStart {
    /** book_... */
    id: string;
    /** tiro.book */
    object: string;
    /** "": the model finds one. */
    title: string;
    /** What it began with. */
    idea: string;
    /** That writes it. */
    model: string;
    /** That it is written in. */
    language: string;
    /** Kind and style, in words. */
    genre: string;
    /** "": not there yet; likewise the next two. */
    premise: string;
    /** Its people, a line each. */
    people: string;
    /** Who tells it, tense, tone, places. */
    style_sheet: string;
    /** That it shall have. */
    words: number;
    /** That it shall have. */
    chapter_count: number;
    /** That it shall have. */
    scenes_per_chapter: number;
    /** Chapters that are written at a time. */
    parallel: number;
    /** From which those of all steps follow. */
    seed: number;
    /** draft, running, paused, completed or failed. */
    status: string;
    /** What it is worked on for: outline, or end. */
    until: string;
    /** Of one that failed: why. */
    error: string;
    /** How far it is. */
    progress: {
        /** That the book has. */
        words: number;
        /** That it will have. */
        scenes: number;
        /** With a text. */
        scenes_written: number;
        /** With a text that has been summed up, too. */
        scenes_done: number;
        /** While it was worked on; 0: unknown. */
        words_per_minute: number;
        /** What is left at that rate. */
        eta_seconds: number | null;
        /** How long it has been worked on. */
        run_seconds: number;
        /** Outlines, plans, scenes and summaries made. */
        steps: number;
        /** Answers that were not good enough, and asked for again. */
        drafts_again: number;
    };
    /** Tokens so far. */
    usage: {
        /** Read, cached ones included. */
        prompt_tokens: number;
        /** Of those, already in memory. */
        cached_tokens: number;
        /** Written, thrown away ones included. */
        completion_tokens: number;
    };
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds, of the last change of anything in it. */
    updated_at: number;
    /** In order. */
    chapters: Array<{
        /** chapter_... */
        id: string;
        /** tiro.book.chapter */
        object: string;
        /** From 1. */
        number: number;
        /** Its heading. */
        title: string;
        /** What happens in it. */
        outline: string;
        /** Its budget. */
        words_wanted: number;
        /** In order; [] until planned. */
        scenes: Array<{
            /** scene_... */
            id: string;
            /** tiro.book.scene */
            object: string;
            /** In its chapter, from 1. */
            number: number;
            /** What happens in it. */
            plan: string;
            /** What happened; "": not summed up yet. */
            summary: string;
            /** waiting, written (not summed up yet) or done. */
            state: string;
            /** Its budget. */
            words_wanted: number;
            /** Of the version that is chosen; 0: none. */
            words: number;
            /** The share of its 8-grams that stood before, in it or in the book. */
            repeated: number;
            /** Of the version that is chosen; "": none. */
            version_id: string;
        }>;
    }>;
    /** What its scenes have stated. */
    facts: Array<{
        /** Who or what it is about. */
        name: string;
        /** What is true of it. */
        fact: string;
    }>;
}

export interface BookUpdateRequest {
    /** Its title. */
    title?: string | null;
    /** What it began with. */
    idea?: string | null;
    /** That writes what is still to be written. */
    model?: string | null;
    /** That it is written in. */
    language?: string | null;
    /** Kind and style. */
    genre?: string | null;
    /** "": the model writes it anew when the book goes on; likewise the style sheet. */
    premise?: string | null;
    /** Its people, a line each. */
    people?: string | null;
    /** Who tells it, tense, tone, places. */
    style_sheet?: string | null;
    /** Chapters written at a time. */
    parallel?: number | null;
}

export interface BookUpdate {
    /** book_... */
    id: string;
    /** tiro.book */
    object: string;
    /** "": the model finds one. */
    title: string;
    /** What it began with. */
    idea: string;
    /** That writes it. */
    model: string;
    /** That it is written in. */
    language: string;
    /** Kind and style, in words. */
    genre: string;
    /** "": not there yet; likewise the next two. */
    premise: string;
    /** Its people, a line each. */
    people: string;
    /** Who tells it, tense, tone, places. */
    style_sheet: string;
    /** That it shall have. */
    words: number;
    /** That it shall have. */
    chapter_count: number;
    /** That it shall have. */
    scenes_per_chapter: number;
    /** Chapters that are written at a time. */
    parallel: number;
    /** From which those of all steps follow. */
    seed: number;
    /** draft, running, paused, completed or failed. */
    status: string;
    /** What it is worked on for: outline, or end. */
    until: string;
    /** Of one that failed: why. */
    error: string;
    /** How far it is. */
    progress: {
        /** That the book has. */
        words: number;
        /** That it will have. */
        scenes: number;
        /** With a text. */
        scenes_written: number;
        /** With a text that has been summed up, too. */
        scenes_done: number;
        /** While it was worked on; 0: unknown. */
        words_per_minute: number;
        /** What is left at that rate. */
        eta_seconds: number | null;
        /** How long it has been worked on. */
        run_seconds: number;
        /** Outlines, plans, scenes and summaries made. */
        steps: number;
        /** Answers that were not good enough, and asked for again. */
        drafts_again: number;
    };
    /** Tokens so far. */
    usage: {
        /** Read, cached ones included. */
        prompt_tokens: number;
        /** Of those, already in memory. */
        cached_tokens: number;
        /** Written, thrown away ones included. */
        completion_tokens: number;
    };
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds, of the last change of anything in it. */
    updated_at: number;
    /** In order. */
    chapters: Array<{
        /** chapter_... */
        id: string;
        /** tiro.book.chapter */
        object: string;
        /** From 1. */
        number: number;
        /** Its heading. */
        title: string;
        /** What happens in it. */
        outline: string;
        /** Its budget. */
        words_wanted: number;
        /** In order; [] until planned. */
        scenes: Array<{
            /** scene_... */
            id: string;
            /** tiro.book.scene */
            object: string;
            /** In its chapter, from 1. */
            number: number;
            /** What happens in it. */
            plan: string;
            /** What happened; "": not summed up yet. */
            summary: string;
            /** waiting, written (not summed up yet) or done. */
            state: string;
            /** Its budget. */
            words_wanted: number;
            /** Of the version that is chosen; 0: none. */
            words: number;
            /** The share of its 8-grams that stood before, in it or in the book. */
            repeated: number;
            /** Of the version that is chosen; "": none. */
            version_id: string;
        }>;
    }>;
    /** What its scenes have stated. */
    facts: Array<{
        /** Who or what it is about. */
        name: string;
        /** What is true of it. */
        fact: string;
    }>;
}

export interface BookList {
    /** list */
    object: string;
    /** By their last change. */
    data: Array<{
        /** book_... */
        id: string;
        /** tiro.book */
        object: string;
        /** "": the model finds one. */
        title: string;
        /** What it began with. */
        idea: string;
        /** That writes it. */
        model: string;
        /** That it is written in. */
        language: string;
        /** Kind and style, in words. */
        genre: string;
        /** "": not there yet; likewise the next two. */
        premise: string;
        /** Its people, a line each. */
        people: string;
        /** Who tells it, tense, tone, places. */
        style_sheet: string;
        /** That it shall have. */
        words: number;
        /** That it shall have. */
        chapter_count: number;
        /** That it shall have. */
        scenes_per_chapter: number;
        /** Chapters that are written at a time. */
        parallel: number;
        /** From which those of all steps follow. */
        seed: number;
        /** draft, running, paused, completed or failed. */
        status: string;
        /** What it is worked on for: outline, or end. */
        until: string;
        /** Of one that failed: why. */
        error: string | null;
        /** How far it is. */
        progress: {
            /** That the book has. */
            words: number;
            /** That it will have. */
            scenes: number;
            /** With a text. */
            scenes_written: number;
            /** With a text that has been summed up, too. */
            scenes_done: number;
            /** While it was worked on; 0: unknown. */
            words_per_minute: number;
            /** What is left at that rate. */
            eta_seconds: number | null;
            /** How long it has been worked on. */
            run_seconds: number;
            /** Outlines, plans, scenes and summaries made. */
            steps: number;
            /** Answers that were not good enough, and asked for again. */
            drafts_again: number;
        };
        /** Tokens so far. */
        usage: {
            /** Read, cached ones included. */
            prompt_tokens: number;
            /** Of those, already in memory. */
            cached_tokens: number;
            /** Written, thrown away ones included. */
            completion_tokens: number;
        };
        /** Unix seconds. */
        created_at: number;
        /** Unix seconds, of the last change of anything in it. */
        updated_at: number;
    }>;
    /** Whether there is a next page. */
    has_more: boolean;
}

export interface BookCreateRequest {
    /** What the book is about, in a few sentences. */
    idea: string;
    /** That writes it; see GET /v1/models. */
    model: string;
    /** Left out: the model finds one. */
    title?: string | null;
    /** That it is written in, by its name. */
    language?: string | null;
    /** Kind and style: "a quiet mystery". */
    genre?: string | null;
    /** Who wants what, and how it ends. Left out: the model writes it. */
    premise?: string | null;
    /** Its people, a line each: "Ada Reed: a keeper of bees". Left out: the model invents four. */
    people?: string | null;
    /** Who tells it, tense, tone, places. Left out: the model writes it. */
    style_sheet?: string | null;
    /** That it shall have. */
    words?: number | null;
    /** Left out: one for each 3000 words. */
    chapters?: number | null;
    /** Of each chapter. Left out: one for each 600 words. */
    scenes?: number | null;
    /** Chapters written at a time: 1 knows most of what was written before, more are done sooner. */
    parallel?: number | null;
    /** Left out: a random one. */
    seed?: number | null;
}

export interface BookCreate {
    /** book_... */
    id: string;
    /** tiro.book */
    object: string;
    /** "": the model finds one. */
    title: string;
    /** What it began with. */
    idea: string;
    /** That writes it. */
    model: string;
    /** That it is written in. */
    language: string;
    /** Kind and style, in words. */
    genre: string;
    /** "": not there yet; likewise the next two. */
    premise: string;
    /** Its people, a line each. */
    people: string;
    /** Who tells it, tense, tone, places. */
    style_sheet: string;
    /** That it shall have. */
    words: number;
    /** That it shall have. */
    chapter_count: number;
    /** That it shall have. */
    scenes_per_chapter: number;
    /** Chapters that are written at a time. */
    parallel: number;
    /** From which those of all steps follow. */
    seed: number;
    /** draft, running, paused, completed or failed. */
    status: string;
    /** What it is worked on for: outline, or end. */
    until: string;
    /** Of one that failed: why. */
    error: string;
    /** How far it is. */
    progress: {
        /** That the book has. */
        words: number;
        /** That it will have. */
        scenes: number;
        /** With a text. */
        scenes_written: number;
        /** With a text that has been summed up, too. */
        scenes_done: number;
        /** While it was worked on; 0: unknown. */
        words_per_minute: number;
        /** What is left at that rate. */
        eta_seconds: number | null;
        /** How long it has been worked on. */
        run_seconds: number;
        /** Outlines, plans, scenes and summaries made. */
        steps: number;
        /** Answers that were not good enough, and asked for again. */
        drafts_again: number;
    };
    /** Tokens so far. */
    usage: {
        /** Read, cached ones included. */
        prompt_tokens: number;
        /** Of those, already in memory. */
        cached_tokens: number;
        /** Written, thrown away ones included. */
        completion_tokens: number;
    };
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds, of the last change of anything in it. */
    updated_at: number;
    /** In order. */
    chapters: Array<{
        /** chapter_... */
        id: string;
        /** tiro.book.chapter */
        object: string;
        /** From 1. */
        number: number;
        /** Its heading. */
        title: string;
        /** What happens in it. */
        outline: string;
        /** Its budget. */
        words_wanted: number;
        /** In order; [] until planned. */
        scenes: Array<{
            /** scene_... */
            id: string;
            /** tiro.book.scene */
            object: string;
            /** In its chapter, from 1. */
            number: number;
            /** What happens in it. */
            plan: string;
            /** What happened; "": not summed up yet. */
            summary: string;
            /** waiting, written (not summed up yet) or done. */
            state: string;
            /** Its budget. */
            words_wanted: number;
            /** Of the version that is chosen; 0: none. */
            words: number;
            /** The share of its 8-grams that stood before, in it or in the book. */
            repeated: number;
            /** Of the version that is chosen; "": none. */
            version_id: string;
        }>;
    }>;
    /** What its scenes have stated. */
    facts: Array<{
        /** Who or what it is about. */
        name: string;
        /** What is true of it. */
        fact: string;
    }>;
}

export interface Chat {
    /** The chat. */
    chat: {
        /** chat_... */
        id: string;
        /** tiro.chat */
        object: string;
        /** What the list shows. */
        title: string;
        /** The folder it is in; "": none. */
        folder_id: string;
        /** The last message of the branch that is shown; "": none. */
        leaf_id: string;
        /** Model, instructions, sampling: the client's own. */
        settings: Record<string, unknown>;
        /** Stands first in the list. */
        pinned: boolean;
        /** Stands in the archive only. */
        archived: boolean;
        /** Unix seconds. */
        created_at: number;
        /** Unix seconds, of the last change of anything in it. */
        updated_at: number;
    };
    /** All of them, in the order of their making; parent_id makes the tree. */
    messages: Array<{
        /** msg_... */
        id: string;
        /** tiro.chat.message */
        object: string;
        /** The message it answers; "": it is a first one. */
        parent_id: string;
        /** user or assistant */
        role: string;
        /** Its text. */
        content: string;
        /** Which model wrote it; "": none. */
        model: string;
        /** The response that makes it, while it is being made; "": none. */
        response_id: string;
        /** What the client shows besides: thoughts, usage, times. */
        details: Record<string, unknown>;
        /** Unix seconds. */
        created_at: number;
    }>;
}

export interface ChatCreateRequest {
    /** What the list shows. */
    title?: string | null;
    /** The folder it is in; "" or absent: none. */
    folder_id?: string | null;
    /** Whatever the client wants back: model, instructions, sampling. */
    settings?: Record<string, unknown> | null;
}

export interface ChatCreate {
    /** chat_... */
    id: string;
    /** tiro.chat */
    object: string;
    /** What the list shows. */
    title: string;
    /** The folder it is in; "": none. */
    folder_id: string;
    /** The last message of the branch that is shown; "": none. */
    leaf_id: string;
    /** Model, instructions, sampling: the client's own. */
    settings: Record<string, unknown>;
    /** Stands first in the list. */
    pinned: boolean;
    /** Stands in the archive only. */
    archived: boolean;
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds, of the last change of anything in it. */
    updated_at: number;
}

export interface ChatDelete {
    /** What was deleted. */
    id: string;
    /** tiro.chat.deleted and the like. */
    object: string;
    /** true */
    deleted: boolean;
}

export interface ChatMessageCreateRequest {
    /** The message it answers; "" or absent: it is a first one. */
    parent_id?: string | null;
    /** Who speaks. */
    role: "user" | "assistant";
    /** Its text. */
    content?: string | null;
    /** Which model writes it. */
    model?: string | null;
    /** The response that makes it. */
    response_id?: string | null;
    /** What the client shows besides. */
    details?: Record<string, unknown> | null;
}

export interface ChatMessageCreate {
    /** msg_... */
    id: string;
    /** tiro.chat.message */
    object: string;
    /** The message it answers; "": it is a first one. */
    parent_id: string;
    /** user or assistant */
    role: string;
    /** Its text. */
    content: string;
    /** Which model wrote it; "": none. */
    model: string;
    /** The response that makes it, while it is being made; "": none. */
    response_id: string;
    /** What the client shows besides: thoughts, usage, times. */
    details: Record<string, unknown>;
    /** Unix seconds. */
    created_at: number;
}

export interface ChatMessageDelete {
    /** What was deleted. */
    id: string;
    /** tiro.chat.deleted and the like. */
    object: string;
    /** true */
    deleted: boolean;
}

export interface ChatMessageUpdateRequest {
    /** Its text. */
    content?: string | null;
    /** Which model wrote it. */
    model?: string | null;
    /** The response that makes it; "": it is made. */
    response_id?: string | null;
    /** In place of those that were there. */
    details?: Record<string, unknown> | null;
}

export interface ChatMessageUpdate {
    /** chat_... */
    id: string;
    /** tiro.chat */
    object: string;
    /** What the list shows. */
    title: string;
    /** The folder it is in; "": none. */
    folder_id: string;
    /** The last message of the branch that is shown; "": none. */
    leaf_id: string;
    /** Model, instructions, sampling: the client's own. */
    settings: Record<string, unknown>;
    /** Stands first in the list. */
    pinned: boolean;
    /** Stands in the archive only. */
    archived: boolean;
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds, of the last change of anything in it. */
    updated_at: number;
}

export interface ChatUpdateRequest {
    /** What the list shows. */
    title?: string | null;
    /** The last message of the branch to show. */
    leaf_id?: string | null;
    /** The folder it is put in; "": it is in none then. */
    folder_id?: string | null;
    /** In place of those that were there. */
    settings?: Record<string, unknown> | null;
    /** Stands first in the list. */
    pinned?: boolean | null;
    /** Stands in the archive only. */
    archived?: boolean | null;
}

export interface ChatUpdate {
    /** chat_... */
    id: string;
    /** tiro.chat */
    object: string;
    /** What the list shows. */
    title: string;
    /** The folder it is in; "": none. */
    folder_id: string;
    /** The last message of the branch that is shown; "": none. */
    leaf_id: string;
    /** Model, instructions, sampling: the client's own. */
    settings: Record<string, unknown>;
    /** Stands first in the list. */
    pinned: boolean;
    /** Stands in the archive only. */
    archived: boolean;
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds, of the last change of anything in it. */
    updated_at: number;
}

export interface ChatList {
    /** list */
    object: string;
    /** The pinned first, then by their last change. Each with `snippet`: with a search, the beginning of a message that holds the text; else null. */
    data: Array<{
        /** chat_... */
        id: string;
        /** tiro.chat */
        object: string;
        /** What the list shows. */
        title: string;
        /** The folder it is in; "": none. */
        folder_id: string;
        /** The last message of the branch that is shown; "": none. */
        leaf_id: string;
        /** Model, instructions, sampling: the client's own. */
        settings: Record<string, unknown>;
        /** Stands first in the list. */
        pinned: boolean;
        /** Stands in the archive only. */
        archived: boolean;
        /** Unix seconds. */
        created_at: number;
        /** Unix seconds, of the last change of anything in it. */
        updated_at: number;
    }>;
    /** Whether there is a next page. */
    has_more: boolean;
}

export interface Evaluation {
    /** eval_... */
    id: string;
    /** tiro.evaluation */
    object: string;
    /** The exam's name. */
    name: string;
    /** Who sits it. */
    model: string;
    /** Of the model's file and this build; "": not known. */
    fingerprint: string;
    /** Of the questions. */
    format: string;
    /** choice, code or text */
    kind: string;
    /** shots, limit, seed, style, abstain_below */
    settings: Record<string, unknown>;
    /** in_progress, judging (programs wait for their judge), completed, failed or cancelled */
    status: string;
    /** Why it failed. */
    problem: string | null;
    /** How far it is. */
    counts: {
        /** Questions of the exam. */
        items: number;
        /** Those the model has answered. */
        answered: number;
        /** Those whose answer is judged. */
        done: number;
        /** Of these, right ones. */
        right: number;
    };
    /** What it says of the model, once it is completed: accuracy with Wilson's 95 % interval, calibration, abstention, subjects; or perplexity. */
    report: Record<string, unknown> | null;
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds; null: it goes on. */
    ended_at: number | null;
}

export interface EvaluationCreateRequest {
    /** Who sits it. */
    model: string;
    /** What it is called, such as the name of the file. */
    name?: string | null;
    /** The questions' file as text: a question a line. */
    questions?: string | null;
    /** In place of `questions`: a file that was uploaded (purpose evals), at most 64 MiB; it may be deleted once this is answered. */
    questions_file_id?: string | null;
    /** arc, choice, hellaswag, humaneval, medqa, mmlu or windows; by default auto: as the first line looks. */
    format?: string | null;
    /** A file of the same format, for `shots`. */
    examples?: string | null;
    /** In place of `examples`: a file that was uploaded. */
    examples_file_id?: string | null;
    /** Solved examples before each question, of its subject where there are any. */
    shots?: number | null;
    /** Only so many questions: the first, or with a seed a sample; 0: all. */
    limit?: number | null;
    /** Draws the sample, and the examples; without it the first are taken. */
    seed?: number | null;
    /** The report also says how it would be if answers of a lower probability were left out. */
    abstain_below?: number | null;
    /** How programs are asked for: completion: as text that goes on; chat: in words. */
    style?: "completion" | "chat" | null;
    /** Where the same exam of this model was begun and not completed, that goes on; else a new one begins. */
    resume?: boolean | null;
}

export interface EvaluationCreate {
    /** eval_... */
    id: string;
    /** tiro.evaluation */
    object: string;
    /** The exam's name. */
    name: string;
    /** Who sits it. */
    model: string;
    /** Of the model's file and this build; "": not known. */
    fingerprint: string;
    /** Of the questions. */
    format: string;
    /** choice, code or text */
    kind: string;
    /** shots, limit, seed, style, abstain_below */
    settings: Record<string, unknown>;
    /** in_progress, judging (programs wait for their judge), completed, failed or cancelled */
    status: string;
    /** Why it failed. */
    problem: string | null;
    /** How far it is. */
    counts: {
        /** Questions of the exam. */
        items: number;
        /** Those the model has answered. */
        answered: number;
        /** Those whose answer is judged. */
        done: number;
        /** Of these, right ones. */
        right: number;
    };
    /** What it says of the model, once it is completed: accuracy with Wilson's 95 % interval, calibration, abstention, subjects; or perplexity. */
    report: Record<string, unknown> | null;
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds; null: it goes on. */
    ended_at: number | null;
}

export interface EvaluationDelete {
    /** What was deleted. */
    id: string;
    /** tiro.evaluation.deleted */
    object: string;
    /** true */
    deleted: boolean;
}

export interface EvaluationItemList {
    /** list */
    object: string;
    /** By their numbers. */
    data: Array<{
        /** From 1. */
        number: number;
        /** waiting, answered (a program not judged yet) or done */
        state: string;
        /** Of what is done. */
        right: boolean;
        /** id, subject, question, prompt, options, answer ... */
        question: Record<string, unknown>;
        /** options with logprob and probability, predicted; or what was written. */
        result: Record<string, unknown> | null;
    }>;
    /** Whether there is a next page. */
    has_more: boolean;
}

export interface EvaluationJudgeRequest {
    /** Whether its tests passed. */
    right: boolean;
    /** The end of what it printed, when they did not. */
    output?: string | null;
}

export interface EvaluationJudge {
    /** eval_... */
    id: string;
    /** tiro.evaluation */
    object: string;
    /** The exam's name. */
    name: string;
    /** Who sits it. */
    model: string;
    /** Of the model's file and this build; "": not known. */
    fingerprint: string;
    /** Of the questions. */
    format: string;
    /** choice, code or text */
    kind: string;
    /** shots, limit, seed, style, abstain_below */
    settings: Record<string, unknown>;
    /** in_progress, judging (programs wait for their judge), completed, failed or cancelled */
    status: string;
    /** Why it failed. */
    problem: string | null;
    /** How far it is. */
    counts: {
        /** Questions of the exam. */
        items: number;
        /** Those the model has answered. */
        answered: number;
        /** Those whose answer is judged. */
        done: number;
        /** Of these, right ones. */
        right: number;
    };
    /** What it says of the model, once it is completed: accuracy with Wilson's 95 % interval, calibration, abstention, subjects; or perplexity. */
    report: Record<string, unknown> | null;
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds; null: it goes on. */
    ended_at: number | null;
}

export interface EvaluationUpdateRequest {
    /** cancelled stops it, with what is answered kept; in_progress lets one that was stopped or has failed go on. */
    status: "in_progress" | "cancelled";
}

export interface EvaluationUpdate {
    /** eval_... */
    id: string;
    /** tiro.evaluation */
    object: string;
    /** The exam's name. */
    name: string;
    /** Who sits it. */
    model: string;
    /** Of the model's file and this build; "": not known. */
    fingerprint: string;
    /** Of the questions. */
    format: string;
    /** choice, code or text */
    kind: string;
    /** shots, limit, seed, style, abstain_below */
    settings: Record<string, unknown>;
    /** in_progress, judging (programs wait for their judge), completed, failed or cancelled */
    status: string;
    /** Why it failed. */
    problem: string | null;
    /** How far it is. */
    counts: {
        /** Questions of the exam. */
        items: number;
        /** Those the model has answered. */
        answered: number;
        /** Those whose answer is judged. */
        done: number;
        /** Of these, right ones. */
        right: number;
    };
    /** What it says of the model, once it is completed: accuracy with Wilson's 95 % interval, calibration, abstention, subjects; or perplexity. */
    report: Record<string, unknown> | null;
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds; null: it goes on. */
    ended_at: number | null;
}

export interface EvaluationList {
    /** list */
    object: string;
    /** The newest first. */
    data: Array<{
        /** eval_... */
        id: string;
        /** tiro.evaluation */
        object: string;
        /** The exam's name. */
        name: string;
        /** Who sits it. */
        model: string;
        /** Of the model's file and this build; "": not known. */
        fingerprint: string;
        /** Of the questions. */
        format: string;
        /** choice, code or text */
        kind: string;
        /** shots, limit, seed, style, abstain_below */
        settings: Record<string, unknown>;
        /** in_progress, judging (programs wait for their judge), completed, failed or cancelled */
        status: string;
        /** Why it failed. */
        problem: string | null;
        /** How far it is. */
        counts: {
            /** Questions of the exam. */
            items: number;
            /** Those the model has answered. */
            answered: number;
            /** Those whose answer is judged. */
            done: number;
            /** Of these, right ones. */
            right: number;
        };
        /** What it says of the model, once it is completed: accuracy with Wilson's 95 % interval, calibration, abstention, subjects; or perplexity. */
        report: Record<string, unknown> | null;
        /** Unix seconds. */
        created_at: number;
        /** Unix seconds; null: it goes on. */
        ended_at: number | null;
    }>;
    /** Whether there is a next page. */
    has_more: boolean;
}

export interface FileText {
    /** tiro.file.text */
    object: string;
    /** Whose text it is. */
    file_id: string;
    /** As it was sent; its end says how the file was read. */
    filename: string;
    /** UTF-8; lines end in \n. */
    text: string;
    /** Of the whole text. */
    bytes: number;
    /** There is more than max_bytes. */
    truncated: boolean;
}

export interface Folder {
    /** folder_... */
    id: string;
    /** tiro.folder */
    object: string;
    /** What the list shows. */
    name: string;
    /** They stand before those of each of its chats. */
    instructions: string;
    /** Its files; "": none. */
    vector_store_id: string;
    /** The client's own. */
    settings: Record<string, unknown>;
    /** How many chats are in it. */
    n_chats: number;
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds, of the last change of the folder itself. */
    updated_at: number;
}

export interface FolderCreateRequest {
    /** What the list shows. */
    name?: string | null;
    /** For clients to put before the instructions of each of its chats. */
    instructions?: string | null;
    /** The vector store with its files, for file_search in its chats; "": it has none. */
    vector_store_id?: string | null;
    /** Whatever the client wants back, as a chat's. */
    settings?: Record<string, unknown> | null;
}

export interface FolderCreate {
    /** folder_... */
    id: string;
    /** tiro.folder */
    object: string;
    /** What the list shows. */
    name: string;
    /** They stand before those of each of its chats. */
    instructions: string;
    /** Its files; "": none. */
    vector_store_id: string;
    /** The client's own. */
    settings: Record<string, unknown>;
    /** How many chats are in it. */
    n_chats: number;
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds, of the last change of the folder itself. */
    updated_at: number;
}

export interface FolderDelete {
    /** What was deleted. */
    id: string;
    /** tiro.chat.deleted and the like. */
    object: string;
    /** true */
    deleted: boolean;
}

export interface FolderUpdateRequest {
    /** What the list shows. */
    name?: string | null;
    /** For clients to put before the instructions of each of its chats. */
    instructions?: string | null;
    /** The vector store with its files, for file_search in its chats; "": it has none. */
    vector_store_id?: string | null;
    /** Whatever the client wants back, as a chat's. */
    settings?: Record<string, unknown> | null;
}

export interface FolderUpdate {
    /** folder_... */
    id: string;
    /** tiro.folder */
    object: string;
    /** What the list shows. */
    name: string;
    /** They stand before those of each of its chats. */
    instructions: string;
    /** Its files; "": none. */
    vector_store_id: string;
    /** The client's own. */
    settings: Record<string, unknown>;
    /** How many chats are in it. */
    n_chats: number;
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds, of the last change of the folder itself. */
    updated_at: number;
}

export interface FolderList {
    /** list */
    object: string;
    /** By name; at most 200. */
    data: Array<{
        /** folder_... */
        id: string;
        /** tiro.folder */
        object: string;
        /** What the list shows. */
        name: string;
        /** They stand before those of each of its chats. */
        instructions: string;
        /** Its files; "": none. */
        vector_store_id: string;
        /** The client's own. */
        settings: Record<string, unknown>;
        /** How many chats are in it. */
        n_chats: number;
        /** Unix seconds. */
        created_at: number;
        /** Unix seconds, of the last change of the folder itself. */
        updated_at: number;
    }>;
    /** false */
    has_more: boolean;
}

export interface InviteCreateRequest {
    /** What who comes by it will be. */
    role?: "member" | "owner" | null;
    /** For whom it is. */
    note?: string | null;
}

export interface InviteCreate {
    /** invite_... */
    id: string;
    /** tiro.link */
    object: string;
    /** Its secret: shown this once. */
    token: string;
    /** What follows the server's address: /#/invite/TOKEN */
    path: string;
    /** Unix seconds. */
    expires_at: number;
}

export interface InviteDelete {
    /** What was deleted. */
    id: string;
    /** What it was. */
    object: string;
    /** true */
    deleted: boolean;
}

export interface Invites {
    /** list */
    object: string;
    /** The newest first. */
    data: Array<{
        /** invite_... */
        id: string;
        /** tiro.invite */
        object: string;
        /** invite */
        kind: string;
        /** What who comes by it will be: owner or member. */
        role: string;
        /** For whom it is, as its maker wrote. */
        note: string;
        /** Unix seconds. */
        created_at: number;
        /** Unix seconds. */
        expires_at: number;
    }>;
}

export interface JoinRequest {
    /** The last part of the link. */
    token: string;
    /** A name to sign in with; not for a link that resets a password. */
    login?: string | null;
    /** What to be called; the login, if absent. */
    name?: string | null;
    /** A password of at least 10 characters. */
    password: string;
}

export interface Join {
    /** user_... */
    id: string;
    /** tiro.user */
    object: string;
    /** What they sign in with. */
    login: string;
    /** What they are called. */
    name: string;
    /** owner or member */
    role: string;
    /** active, disabled, or leaving: being deleted */
    state: string;
    /** Unix seconds. */
    created_at: number;
}

export interface JoinLookRequest {
    /** The last part of the link. */
    token: string;
}

export interface JoinLook {
    /** tiro.link */
    object: string;
    /** What it makes: the owner, a person, a password. */
    kind: "owner" | "invite" | "reset";
    /** What who comes by it will be. */
    role: string;
    /** Of a reset: whose password it is; else "". */
    login: string;
    /** Unix seconds. */
    expires_at: number;
}

export interface KeyCreateRequest {
    /** What it is for. */
    name: string;
}

export interface KeyCreate {
    /** key_... */
    id: string;
    /** tiro.api_key */
    object: string;
    /** What it is for. */
    name: string;
    /** Its beginning and end. */
    hint: string;
    /** The key: shown this once. */
    key: string;
    /** Unix seconds. */
    created_at: number;
}

export interface KeyDelete {
    /** What was deleted. */
    id: string;
    /** What it was. */
    object: string;
    /** true */
    deleted: boolean;
}

export interface Keys {
    /** list */
    object: string;
    /** The one used last first. */
    data: Array<{
        /** key_... */
        id: string;
        /** tiro.api_key */
        object: string;
        /** What it is for. */
        name: string;
        /** Its beginning and end: sk-tiro-…abcd */
        hint: string;
        /** Unix seconds. */
        created_at: number;
        /** Unix seconds, when it was used last; 0: never. */
        seen_at: number;
    }>;
}

export interface Me {
    /** tiro.me */
    object: string;
    /** session: by signing in; key: an API key; local: the machine's own user, who needs neither; nobody. */
    signed_in: "nobody" | "local" | "key" | "session";
    /** May do what concerns everybody. */
    owner: boolean;
    /** This server has people: somebody can sign in. */
    people: boolean;
    /** Who shows nothing is nobody. */
    guarded: boolean;
    /** Nobody can use it before its first owner has come. */
    setup: boolean;
    /** The person; null: there is none. */
    user: {
        /** user_... */
        id: string;
        /** tiro.user */
        object: string;
        /** What they sign in with. */
        login: string;
        /** What they are called. */
        name: string;
        /** owner or member */
        role: string;
        /** active, disabled, or leaving: being deleted */
        state: string;
        /** Unix seconds. */
        created_at: number;
    } | null;
}

export interface MeDelete {
    /** What was deleted. */
    id: string;
    /** What it was. */
    object: string;
    /** true */
    deleted: boolean;
}

export interface MeUpdateRequest {
    /** What to be called. */
    name?: string | null;
    /** With a new password: the one so far. */
    current_password?: string | null;
    /** A new password of at least 10 characters. */
    password?: string | null;
}

export interface MeUpdate {
    /** user_... */
    id: string;
    /** tiro.user */
    object: string;
    /** What they sign in with. */
    login: string;
    /** What they are called. */
    name: string;
    /** owner or member */
    role: string;
    /** active, disabled, or leaving: being deleted */
    state: string;
    /** Unix seconds. */
    created_at: number;
}

export interface Memory {
    /** tiro.memory */
    object: string;
    /** The preference memory. */
    enabled: boolean;
    /** The most that all texts may have together. */
    bytes_max: number;
    /** The oldest first. */
    data: Array<{
        /** mem_... */
        id: string;
        /** tiro.memory.entry */
        object: string;
        /** What is remembered. */
        text: string;
        /** user: written by hand; model: by the tool tiro_memory. */
        origin: string;
        /** Unix seconds. */
        created_at: number;
        /** Unix seconds. */
        updated_at: number;
    }>;
    /** For clients to put before all other instructions, word for word, so that the model has read it already; "" when nothing is remembered or enabled is false. */
    instructions: string;
}

export interface MemoryCreateRequest {
    /** What is to be remembered. What is there already is not added again. */
    text: string;
}

export interface MemoryCreate {
    /** mem_... */
    id: string;
    /** tiro.memory.entry */
    object: string;
    /** What is remembered. */
    text: string;
    /** user: written by hand; model: by the tool tiro_memory. */
    origin: string;
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds. */
    updated_at: number;
}

export interface MemoryDelete {
    /** What was deleted. */
    id: string;
    /** tiro.chat.deleted and the like. */
    object: string;
    /** true */
    deleted: boolean;
}

export interface MemoryUpdateRequest {
    /** In place of what it was. */
    text: string;
}

export interface MemoryUpdate {
    /** mem_... */
    id: string;
    /** tiro.memory.entry */
    object: string;
    /** What is remembered. */
    text: string;
    /** user: written by hand; model: by the tool tiro_memory. */
    origin: string;
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds. */
    updated_at: number;
}

export interface OwnerLink {
    /** invite_... */
    id: string;
    /** tiro.link */
    object: string;
    /** Its secret: shown this once. */
    token: string;
    /** What follows the server's address: /#/invite/TOKEN */
    path: string;
    /** Unix seconds. */
    expires_at: number;
}

export interface PasskeyCreateRequest {
    /** What to call it. */
    name?: string | null;
    /** Of the options, base64url. */
    challenge: string;
    /** response.clientDataJSON, base64url. */
    client_data: string;
    /** response.getAuthenticatorData(), base64url. */
    authenticator_data: string;
    /** response.getPublicKey(), base64url. */
    public_key: string;
}

export interface PasskeyCreate {
    /** passkey_... */
    id: string;
    /** tiro.passkey */
    object: string;
    /** What its person calls it. */
    name: string;
    /** The host name where it is good. */
    site: string;
    /** Unix seconds. */
    created_at: number;
}

export interface PasskeyDelete {
    /** What was deleted. */
    id: string;
    /** What it was. */
    object: string;
    /** true */
    deleted: boolean;
}

export interface PasskeyOptions {
    /** base64url; good once, for five minutes. */
    challenge: string;
    /** The host name that it will be bound to. */
    site: string;
    /** base64url */
    user_handle: string;
    /** What one signs in with. */
    login: string;
    /** What one is called. */
    name: string;
}

export interface Passkeys {
    /** list */
    object: string;
    /** In the order of their making. */
    data: Array<{
        /** passkey_... */
        id: string;
        /** tiro.passkey */
        object: string;
        /** What its person calls it. */
        name: string;
        /** The host name where it is good. */
        site: string;
        /** Unix seconds. */
        created_at: number;
        /** Unix seconds, when it signed in last; 0: never. */
        used_at: number;
        /** The id that its device gave it. */
        credential: string;
    }>;
}

export interface Preferences {
    /** tiro.preferences */
    object: string;
    /** Chats are told what the memory holds. */
    memory: boolean;
    /** The model may add to the memory by itself, with a tool. */
    remember: boolean;
    /** The model makes a title for a new chat, when it has nothing else to do. */
    titles: boolean;
}

export interface PreferencesUpdateRequest {
    /** Chats are told what the memory holds. */
    memory?: boolean | null;
    /** The model may add to the memory by itself, with a tool. */
    remember?: boolean | null;
    /** The model makes a title for a new chat, when it has nothing else to do. */
    titles?: boolean | null;
}

export interface PreferencesUpdate {
    /** tiro.preferences */
    object: string;
    /** Chats are told what the memory holds. */
    memory: boolean;
    /** The model may add to the memory by itself, with a tool. */
    remember: boolean;
    /** The model makes a title for a new chat, when it has nothing else to do. */
    titles: boolean;
}

export interface Preset {
    /** preset_... */
    id: string;
    /** tiro.preset */
    object: string;
    /** What the list shows. */
    name: string;
    /** As those of a chat. */
    settings: Record<string, unknown>;
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds, of its last change. */
    updated_at: number;
}

export interface PresetCreateRequest {
    /** What the list shows. */
    name?: string | null;
    /** What a chat's settings become when it is applied: model, instructions, sampling, schema, tools. */
    settings?: Record<string, unknown> | null;
}

export interface PresetCreate {
    /** preset_... */
    id: string;
    /** tiro.preset */
    object: string;
    /** What the list shows. */
    name: string;
    /** As those of a chat. */
    settings: Record<string, unknown>;
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds, of its last change. */
    updated_at: number;
}

export interface PresetDelete {
    /** What was deleted. */
    id: string;
    /** tiro.chat.deleted and the like. */
    object: string;
    /** true */
    deleted: boolean;
}

export interface PresetUpdateRequest {
    /** What the list shows. */
    name?: string | null;
    /** What a chat's settings become when it is applied: model, instructions, sampling, schema, tools. */
    settings?: Record<string, unknown> | null;
}

export interface PresetUpdate {
    /** preset_... */
    id: string;
    /** tiro.preset */
    object: string;
    /** What the list shows. */
    name: string;
    /** As those of a chat. */
    settings: Record<string, unknown>;
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds, of its last change. */
    updated_at: number;
}

export interface PresetList {
    /** list */
    object: string;
    /** By name; at most 200. */
    data: Array<{
        /** preset_... */
        id: string;
        /** tiro.preset */
        object: string;
        /** What the list shows. */
        name: string;
        /** As those of a chat. */
        settings: Record<string, unknown>;
        /** Unix seconds. */
        created_at: number;
        /** Unix seconds, of its last change. */
        updated_at: number;
    }>;
    /** false */
    has_more: boolean;
}

export interface SessionDelete {
    /** What was deleted. */
    id: string;
    /** What it was. */
    object: string;
    /** true */
    deleted: boolean;
}

export interface Sessions {
    /** list */
    object: string;
    /** The one seen last first. */
    data: Array<{
        /** session_... */
        id: string;
        /** tiro.session */
        object: string;
        /** What the browser calls itself. */
        browser: string;
        /** Where it signed in from. */
        address: string;
        /** Unix seconds. */
        created_at: number;
        /** Unix seconds, to within five minutes. */
        seen_at: number;
        /** It is the one that asks. */
        current: boolean;
    }>;
}

export interface ShareCreateRequest {
    /** The last message of the branch; if absent, of the one that is shown. */
    leaf_id?: string | null;
    /** Seconds until the link ends: a week, if absent. */
    expires_in?: number | null;
}

export interface ShareCreate {
    /** share_... */
    id: string;
    /** tiro.share */
    object: string;
    /** The chat that it is of; it ends with that. */
    chat_id: string;
    /** The chat's, when it was shared. */
    title: string;
    /** How many messages it shows. */
    n_messages: number;
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds. */
    expires_at: number;
    /** What GET /v1/tiro/shared/{token} takes. It is shown this once: only its hash is kept. */
    token: string;
}

export interface ShareDelete {
    /** What was deleted. */
    id: string;
    /** tiro.chat.deleted and the like. */
    object: string;
    /** true */
    deleted: boolean;
}

export interface Shared {
    /** tiro.shared */
    object: string;
    /** The chat's, when it was shared. */
    title: string;
    /** Unix seconds, of the sharing. */
    created_at: number;
    /** Unix seconds. */
    expires_at: number;
    /** The branch, from its beginning. */
    messages: Array<{
        /** user or assistant */
        role: string;
        /** Its text. */
        content: string;
        /** Which model wrote it; "": none. */
        model: string;
        /** Unix seconds. */
        created_at: number;
    }>;
}

export interface ShareList {
    /** list */
    object: string;
    /** The newest first; at most 500. Their tokens are not kept. */
    data: Array<{
        /** share_... */
        id: string;
        /** tiro.share */
        object: string;
        /** The chat that it is of; it ends with that. */
        chat_id: string;
        /** The chat's, when it was shared. */
        title: string;
        /** How many messages it shows. */
        n_messages: number;
        /** Unix seconds. */
        created_at: number;
        /** Unix seconds. */
        expires_at: number;
    }>;
    /** false */
    has_more: boolean;
}

export interface SignInRequest {
    /** The name to sign in with. */
    login: string;
    /** The password. */
    password: string;
}

export interface SignIn {
    /** user_... */
    id: string;
    /** tiro.user */
    object: string;
    /** What they sign in with. */
    login: string;
    /** What they are called. */
    name: string;
    /** owner or member */
    role: string;
    /** active, disabled, or leaving: being deleted */
    state: string;
    /** Unix seconds. */
    created_at: number;
}

export interface SignInOptions {
    /** base64url; good once, for five minutes. */
    challenge: string;
    /** The host name whose passkeys are good here. */
    site: string;
}

export interface SignInPasskeyRequest {
    /** The credential's id, base64url. */
    credential: string;
    /** Of the options, base64url. */
    challenge: string;
    /** response.clientDataJSON, base64url. */
    client_data: string;
    /** response.authenticatorData, base64url. */
    authenticator_data: string;
    /** response.signature, base64url. */
    signature: string;
}

export interface SignInPasskey {
    /** user_... */
    id: string;
    /** tiro.user */
    object: string;
    /** What they sign in with. */
    login: string;
    /** What they are called. */
    name: string;
    /** owner or member */
    role: string;
    /** active, disabled, or leaving: being deleted */
    state: string;
    /** Unix seconds. */
    created_at: number;
}

export interface SignOut {
    /** What was deleted. */
    id: string;
    /** What it was. */
    object: string;
    /** true */
    deleted: boolean;
}

export interface UsageTable {
    /** list */
    object: "list";
    /** Unix seconds. */
    start: number;
    /** Unix seconds, exclusive. */
    end: number;
    /** In the order of what is summed by. */
    data: Array<{
        /** 2026-11-28; each of these if it was summed by. */
        day?: string;
        /** Its id. */
        project?: string;
        /** Its id. */
        user?: string;
        /** Its id. */
        key?: string;
        /** Its id. */
        model?: string;
        /** Its path. */
        endpoint?: string;
        /** Those that broke off included. */
        requests: number;
        /** Tokens read, cached ones included. */
        input_tokens: number;
        /** Of those: found in the prefix cache. */
        cached_tokens: number;
        /** Tokens made. */
        output_tokens: number;
        /** Time that the cores spent. */
        core_seconds: number;
    }>;
}

export interface UserDelete {
    /** What was deleted. */
    id: string;
    /** What it was. */
    object: string;
    /** true */
    deleted: boolean;
}

export interface UserReset {
    /** invite_... */
    id: string;
    /** tiro.link */
    object: string;
    /** Its secret: shown this once. */
    token: string;
    /** What follows the server's address: /#/invite/TOKEN */
    path: string;
    /** Unix seconds. */
    expires_at: number;
}

export interface UserUpdateRequest {
    /** What they may do. */
    role?: "member" | "owner" | null;
    /** Whether they may sign in. */
    state?: "active" | "disabled" | null;
}

export interface UserUpdate {
    /** user_... */
    id: string;
    /** tiro.user */
    object: string;
    /** What they sign in with. */
    login: string;
    /** What they are called. */
    name: string;
    /** owner or member */
    role: string;
    /** active, disabled, or leaving: being deleted */
    state: string;
    /** Unix seconds. */
    created_at: number;
}

export interface Users {
    /** list */
    object: string;
    /** In the order of their coming. */
    data: Array<{
        /** user_... */
        id: string;
        /** tiro.user */
        object: string;
        /** What they sign in with. */
        login: string;
        /** What they are called. */
        name: string;
        /** owner or member */
        role: string;
        /** active, disabled, or leaving: being deleted */
        state: string;
        /** Unix seconds. */
        created_at: number;
    }>;
}

export interface CancelledUpload {
    /** What it is called in other requests. */
    id: string;
    /** upload */
    object: "upload";
    /** How many there will be. */
    bytes: number;
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds; until then it must be completed. */
    expires_at: number;
    /** Of the file that it becomes. */
    filename: string;
    /** Likewise. */
    purpose: string;
    /** Where it stands. */
    status: "pending" | "completed" | "cancelled" | "expired";
    /** The file, once it is completed. */
    file?: {
        /** What it is called in other requests. */
        id: string;
        /** file */
        object: "file";
        /** Its size. */
        bytes: number;
        /** Unix seconds. */
        created_at: number;
        /** Unix seconds; absent when it stays. */
        expires_at?: number;
        /** As it was sent, without folders. */
        filename: string;
        /** What it is for. */
        purpose: "assistants" | "assistants_output" | "batch" | "batch_output" | "fine-tune" | "fine-tune-results" | "vision" | "user_data" | "evals";
        /** processed */
        status: "uploaded" | "processed" | "error";
    };
}

export interface CompletedUploadRequest {
    /** The parts, in the order of their bytes. */
    part_ids: string | Array<string>;
    /** Of all the bytes, in hexadecimal: then they are checked. */
    md5?: string | null;
}

export interface CompletedUpload {
    /** What it is called in other requests. */
    id: string;
    /** upload */
    object: "upload";
    /** How many there will be. */
    bytes: number;
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds; until then it must be completed. */
    expires_at: number;
    /** Of the file that it becomes. */
    filename: string;
    /** Likewise. */
    purpose: string;
    /** Where it stands. */
    status: "pending" | "completed" | "cancelled" | "expired";
    /** The file, once it is completed. */
    file?: {
        /** What it is called in other requests. */
        id: string;
        /** file */
        object: "file";
        /** Its size. */
        bytes: number;
        /** Unix seconds. */
        created_at: number;
        /** Unix seconds; absent when it stays. */
        expires_at?: number;
        /** As it was sent, without folders. */
        filename: string;
        /** What it is for. */
        purpose: "assistants" | "assistants_output" | "batch" | "batch_output" | "fine-tune" | "fine-tune-results" | "vision" | "user_data" | "evals";
        /** processed */
        status: "uploaded" | "processed" | "error";
    };
}

export interface UploadRequest {
    /** Of the file that it becomes. */
    filename: string;
    /** What the file is for. */
    purpose: "assistants" | "batch" | "fine-tune" | "vision" | "user_data" | "evals";
    /** How many there will be in all, at most 8 GB. */
    bytes: number;
    /** What a file is shows in its name and its bytes. */
    mime_type: string;
    /** When the file is deleted. Files for batches live 30 days, others until they are deleted. */
    expires_after?: {
        /** What the time counts from. */
        anchor: "created_at";
        /** How long after it the file is deleted. */
        seconds: number;
    } | null;
}

export interface Upload {
    /** What it is called in other requests. */
    id: string;
    /** upload */
    object: "upload";
    /** How many there will be. */
    bytes: number;
    /** Unix seconds. */
    created_at: number;
    /** Unix seconds; until then it must be completed. */
    expires_at: number;
    /** Of the file that it becomes. */
    filename: string;
    /** Likewise. */
    purpose: string;
    /** Where it stands. */
    status: "pending" | "completed" | "cancelled" | "expired";
    /** The file, once it is completed. */
    file?: {
        /** What it is called in other requests. */
        id: string;
        /** file */
        object: "file";
        /** Its size. */
        bytes: number;
        /** Unix seconds. */
        created_at: number;
        /** Unix seconds; absent when it stays. */
        expires_at?: number;
        /** As it was sent, without folders. */
        filename: string;
        /** What it is for. */
        purpose: "assistants" | "assistants_output" | "batch" | "batch_output" | "fine-tune" | "fine-tune-results" | "vision" | "user_data" | "evals";
        /** processed */
        status: "uploaded" | "processed" | "error";
    };
}

export interface UploadPartRequest {
    /** The bytes, at most 64 MB, in a part of the form with a file name. */
    data: string;
}

export interface UploadPart {
    /** For part_ids. */
    id: string;
    /** upload.part */
    object: "upload.part";
    /** Unix seconds. */
    created_at: number;
    /** What it is a part of. */
    upload_id: string;
}

export interface UsageCompletions {
    /** page */
    object: "page";
    /** Oldest first. */
    data: Array<{
        /** bucket */
        object: "bucket";
        /** Unix seconds. */
        start_time: number;
        /** Unix seconds, exclusive. */
        end_time: number;
        /** One for each group. */
        results: Array<{
            /** What it is. */
            object: "organization.usage.completions.result";
            /** Tokens read, cached ones included. */
            input_tokens: number;
            /** Of those: found in the prefix cache. */
            input_cached_tokens: number;
            /** The others. */
            input_uncached_tokens: number;
            /** Tokens made. */
            output_tokens: number;
            /** Always 0. */
            input_audio_tokens: number;
            /** Always 0. */
            output_audio_tokens: number;
            /** Null unless grouped by. */
            batch: boolean | null;
            /** Null unless grouped by. */
            service_tier: string | null;
            /** Requests, those that broke off included. */
            num_model_requests: number;
            /** Time that the cores spent. */
            core_seconds: number;
            /** Null unless grouped by. */
            project_id: string | null;
            /** Likewise. */
            user_id: string | null;
            /** Likewise. */
            api_key_id: string | null;
            /** Likewise. */
            model: string | null;
        }>;
    }>;
    /** Whether another page follows. */
    has_more: boolean;
    /** For the parameter page. */
    next_page: string | null;
}

export interface UsageEmbeddings {
    /** page */
    object: "page";
    /** Oldest first. */
    data: Array<{
        /** bucket */
        object: "bucket";
        /** Unix seconds. */
        start_time: number;
        /** Unix seconds, exclusive. */
        end_time: number;
        /** One for each group. */
        results: Array<{
            /** What it is. */
            object: "organization.usage.embeddings.result";
            /** Tokens read. */
            input_tokens: number;
            /** Requests, those that broke off included. */
            num_model_requests: number;
            /** Time that the cores spent. */
            core_seconds: number;
            /** Null unless grouped by. */
            project_id: string | null;
            /** Likewise. */
            user_id: string | null;
            /** Likewise. */
            api_key_id: string | null;
            /** Likewise. */
            model: string | null;
        }>;
    }>;
    /** Whether another page follows. */
    has_more: boolean;
    /** For the parameter page. */
    next_page: string | null;
}

export interface VectorStoreFileBatch {
    /** What it is called in other requests. */
    id: string;
    /** vector_store.files_batch */
    object: "vector_store.files_batch";
    /** Unix seconds. */
    created_at: number;
    /** Whose it is. */
    vector_store_id: string;
    /** completed: none is in progress. */
    status: "in_progress" | "completed" | "failed" | "cancelled";
    /** Its files by their state. */
    file_counts: {
        /** Being read, cut and embedded. */
        in_progress: number;
        /** Can be found. */
        completed: number;
        /** Cannot; their last_error says why. */
        failed: number;
        /** Were stopped. */
        cancelled: number;
        /** All of them. */
        total: number;
    };
}

export interface CancelledVectorStoreFileBatch {
    /** What it is called in other requests. */
    id: string;
    /** vector_store.files_batch */
    object: "vector_store.files_batch";
    /** Unix seconds. */
    created_at: number;
    /** Whose it is. */
    vector_store_id: string;
    /** completed: none is in progress. */
    status: "in_progress" | "completed" | "failed" | "cancelled";
    /** Its files by their state. */
    file_counts: {
        /** Being read, cut and embedded. */
        in_progress: number;
        /** Can be found. */
        completed: number;
        /** Cannot; their last_error says why. */
        failed: number;
        /** Were stopped. */
        cancelled: number;
        /** All of them. */
        total: number;
    };
}

export interface VectorStoreFileBatchCreateRequest {
    /** Files to attach, at most 2000; this or `files`. */
    file_ids?: string | Array<string> | null;
    /** Files with attributes and chunking of their own, at most 2000. */
    files?: Array<{
        /** Id of an uploaded file. */
        file_id: string;
        /** Of this file. */
        attributes?: Record<string, string | number | boolean> | null;
        /** How this file is cut. */
        chunking_strategy?: {
            /** auto: 800 tokens of which 400 overlap, or as many as the embedding model can read; static: as said. */
            type: "auto" | "static";
            /** Sizes; only with type static, and then required. */
            static?: {
                /** The most tokens of a chunk, as the embedding model counts them. */
                max_chunk_size_tokens: number;
                /** How many of them the next chunk has too; at most half. */
                chunk_overlap_tokens: number;
            } | null;
        } | null;
    }> | null;
    /** Of all of `file_ids`. */
    attributes?: Record<string, string | number | boolean> | null;
    /** How all of `file_ids` are cut. */
    chunking_strategy?: {
        /** auto: 800 tokens of which 400 overlap, or as many as the embedding model can read; static: as said. */
        type: "auto" | "static";
        /** Sizes; only with type static, and then required. */
        static?: {
            /** The most tokens of a chunk, as the embedding model counts them. */
            max_chunk_size_tokens: number;
            /** How many of them the next chunk has too; at most half. */
            chunk_overlap_tokens: number;
        } | null;
    } | null;
}

export interface VectorStoreFileBatchCreate {
    /** What it is called in other requests. */
    id: string;
    /** vector_store.files_batch */
    object: "vector_store.files_batch";
    /** Unix seconds. */
    created_at: number;
    /** Whose it is. */
    vector_store_id: string;
    /** completed: none is in progress. */
    status: "in_progress" | "completed" | "failed" | "cancelled";
    /** Its files by their state. */
    file_counts: {
        /** Being read, cut and embedded. */
        in_progress: number;
        /** Can be found. */
        completed: number;
        /** Cannot; their last_error says why. */
        failed: number;
        /** Were stopped. */
        cancelled: number;
        /** All of them. */
        total: number;
    };
}

export interface VectorStoreFileBatchFileList {
    /** list */
    object: "list";
    /** The page. */
    data: Array<{
        /** Of the file. */
        id: string;
        /** vector_store.file */
        object: "vector_store.file";
        /** When it was attached; Unix seconds. */
        created_at: number;
        /** Whose it is. */
        vector_store_id: string;
        /** What its chunks take: texts and vectors. */
        usage_bytes: number;
        /** completed: it can be found. */
        status: "in_progress" | "completed" | "failed" | "cancelled";
        /** Why it failed. */
        last_error: {
            /** Whose fault it is. */
            code: "server_error" | "unsupported_file" | "invalid_file";
            /** What was wrong. */
            message: string;
        } | null;
        /** How it is cut. */
        chunking_strategy: {
            /** other: it is not known yet. */
            type: "static" | "other";
            /** The sizes. */
            static?: {
                /** The most tokens of a chunk. */
                max_chunk_size_tokens: number;
                /** How many two neighbours share. */
                chunk_overlap_tokens: number;
            };
        };
        /** As they were given. */
        attributes: Record<string, string | number | boolean>;
    }>;
    /** Of the page's first. */
    first_id: string | null;
    /** Of its last: `after` next. */
    last_id: string | null;
    /** Whether another page follows. */
    has_more: boolean;
}

export interface VectorStoreFile {
    /** Of the file. */
    id: string;
    /** vector_store.file */
    object: "vector_store.file";
    /** When it was attached; Unix seconds. */
    created_at: number;
    /** Whose it is. */
    vector_store_id: string;
    /** What its chunks take: texts and vectors. */
    usage_bytes: number;
    /** completed: it can be found. */
    status: "in_progress" | "completed" | "failed" | "cancelled";
    /** Why it failed. */
    last_error: {
        /** Whose fault it is. */
        code: "server_error" | "unsupported_file" | "invalid_file";
        /** What was wrong. */
        message: string;
    } | null;
    /** How it is cut. */
    chunking_strategy: {
        /** other: it is not known yet. */
        type: "static" | "other";
        /** The sizes. */
        static?: {
            /** The most tokens of a chunk. */
            max_chunk_size_tokens: number;
            /** How many two neighbours share. */
            chunk_overlap_tokens: number;
        };
    };
    /** As they were given. */
    attributes: Record<string, string | number | boolean>;
}

export interface VectorStoreFileContent {
    /** vector_store.file_content.page */
    object: "vector_store.file_content.page";
    /** One part, or none. */
    data: Array<{
        /** text */
        type: string;
        /** All of it. */
        text: string;
    }>;
    /** false */
    has_more: boolean;
    /** null */
    next_page: string | null;
}

export interface VectorStoreFileCreateRequest {
    /** Id of an uploaded file. */
    file_id: string;
    /** Up to 16 texts, numbers and booleans, for filters. */
    attributes?: Record<string, string | number | boolean> | null;
    /** How it is cut. */
    chunking_strategy?: {
        /** auto: 800 tokens of which 400 overlap, or as many as the embedding model can read; static: as said. */
        type: "auto" | "static";
        /** Sizes; only with type static, and then required. */
        static?: {
            /** The most tokens of a chunk, as the embedding model counts them. */
            max_chunk_size_tokens: number;
            /** How many of them the next chunk has too; at most half. */
            chunk_overlap_tokens: number;
        } | null;
    } | null;
}

export interface VectorStoreFileCreate {
    /** Of the file. */
    id: string;
    /** vector_store.file */
    object: "vector_store.file";
    /** When it was attached; Unix seconds. */
    created_at: number;
    /** Whose it is. */
    vector_store_id: string;
    /** What its chunks take: texts and vectors. */
    usage_bytes: number;
    /** completed: it can be found. */
    status: "in_progress" | "completed" | "failed" | "cancelled";
    /** Why it failed. */
    last_error: {
        /** Whose fault it is. */
        code: "server_error" | "unsupported_file" | "invalid_file";
        /** What was wrong. */
        message: string;
    } | null;
    /** How it is cut. */
    chunking_strategy: {
        /** other: it is not known yet. */
        type: "static" | "other";
        /** The sizes. */
        static?: {
            /** The most tokens of a chunk. */
            max_chunk_size_tokens: number;
            /** How many two neighbours share. */
            chunk_overlap_tokens: number;
        };
    };
    /** As they were given. */
    attributes: Record<string, string | number | boolean>;
}

export interface DeletedVectorStoreFile {
    /** Of what was deleted. */
    id: string;
    /** vector_store.deleted or vector_store.file.deleted */
    object: string;
    /** true */
    deleted: boolean;
}

export interface VectorStoreFileUpdateRequest {
    /** In the place of those there were: up to 16 texts, numbers and booleans. */
    attributes: Record<string, string | number | boolean>;
}

export interface VectorStoreFileUpdate {
    /** Of the file. */
    id: string;
    /** vector_store.file */
    object: "vector_store.file";
    /** When it was attached; Unix seconds. */
    created_at: number;
    /** Whose it is. */
    vector_store_id: string;
    /** What its chunks take: texts and vectors. */
    usage_bytes: number;
    /** completed: it can be found. */
    status: "in_progress" | "completed" | "failed" | "cancelled";
    /** Why it failed. */
    last_error: {
        /** Whose fault it is. */
        code: "server_error" | "unsupported_file" | "invalid_file";
        /** What was wrong. */
        message: string;
    } | null;
    /** How it is cut. */
    chunking_strategy: {
        /** other: it is not known yet. */
        type: "static" | "other";
        /** The sizes. */
        static?: {
            /** The most tokens of a chunk. */
            max_chunk_size_tokens: number;
            /** How many two neighbours share. */
            chunk_overlap_tokens: number;
        };
    };
    /** As they were given. */
    attributes: Record<string, string | number | boolean>;
}

export interface VectorStoreFileList {
    /** list */
    object: "list";
    /** The page. */
    data: Array<{
        /** Of the file. */
        id: string;
        /** vector_store.file */
        object: "vector_store.file";
        /** When it was attached; Unix seconds. */
        created_at: number;
        /** Whose it is. */
        vector_store_id: string;
        /** What its chunks take: texts and vectors. */
        usage_bytes: number;
        /** completed: it can be found. */
        status: "in_progress" | "completed" | "failed" | "cancelled";
        /** Why it failed. */
        last_error: {
            /** Whose fault it is. */
            code: "server_error" | "unsupported_file" | "invalid_file";
            /** What was wrong. */
            message: string;
        } | null;
        /** How it is cut. */
        chunking_strategy: {
            /** other: it is not known yet. */
            type: "static" | "other";
            /** The sizes. */
            static?: {
                /** The most tokens of a chunk. */
                max_chunk_size_tokens: number;
                /** How many two neighbours share. */
                chunk_overlap_tokens: number;
            };
        };
        /** As they were given. */
        attributes: Record<string, string | number | boolean>;
    }>;
    /** Of the page's first. */
    first_id: string | null;
    /** Of its last: `after` next. */
    last_id: string | null;
    /** Whether another page follows. */
    has_more: boolean;
}

export interface VectorStore {
    /** What it is called in other requests. */
    id: string;
    /** vector_store */
    object: "vector_store";
    /** Unix seconds. */
    created_at: number;
    /** As it was given, or empty. */
    name: string;
    /** As it was given. */
    description?: string;
    /** What its files take: texts and vectors. */
    usage_bytes: number;
    /** Its files by their state. */
    file_counts: {
        /** Being read, cut and embedded. */
        in_progress: number;
        /** Can be found. */
        completed: number;
        /** Cannot; their last_error says why. */
        failed: number;
        /** Were stopped. */
        cancelled: number;
        /** All of them. */
        total: number;
    };
    /** completed: all that is in it can be found. */
    status: "expired" | "in_progress" | "completed";
    /** Unix seconds; null: never. */
    expires_at: number | null;
    /** How that is counted. */
    expires_after?: {
        /** last_active_at */
        anchor: "last_active_at";
        /** After the last use. */
        days: number;
    };
    /** When it was last searched or changed; Unix seconds. */
    last_active_at: number;
    /** As it was given. */
    metadata: Record<string, string>;
}

export interface VectorStoreCreateRequest {
    /** For people. */
    name?: string | null;
    /** For people. */
    description?: string | null;
    /** Files to attach; at most 500. */
    file_ids?: string | Array<string> | null;
    /** When it expires; without it never. */
    expires_after?: {
        /** last_active_at: the time counts from the last use. */
        anchor: "last_active_at";
        /** How many days later it expires. */
        days: number;
    } | null;
    /** How the files are cut; only with file_ids. */
    chunking_strategy?: {
        /** auto: 800 tokens of which 400 overlap, or as many as the embedding model can read; static: as said. */
        type: "auto" | "static";
        /** Sizes; only with type static, and then required. */
        static?: {
            /** The most tokens of a chunk, as the embedding model counts them. */
            max_chunk_size_tokens: number;
            /** How many of them the next chunk has too; at most half. */
            chunk_overlap_tokens: number;
        } | null;
    } | null;
    /** Up to 16 pairs of texts: keys of 64, values of 512 characters. */
    metadata?: Record<string, string> | null;
}

export interface VectorStoreCreate {
    /** What it is called in other requests. */
    id: string;
    /** vector_store */
    object: "vector_store";
    /** Unix seconds. */
    created_at: number;
    /** As it was given, or empty. */
    name: string;
    /** As it was given. */
    description?: string;
    /** What its files take: texts and vectors. */
    usage_bytes: number;
    /** Its files by their state. */
    file_counts: {
        /** Being read, cut and embedded. */
        in_progress: number;
        /** Can be found. */
        completed: number;
        /** Cannot; their last_error says why. */
        failed: number;
        /** Were stopped. */
        cancelled: number;
        /** All of them. */
        total: number;
    };
    /** completed: all that is in it can be found. */
    status: "expired" | "in_progress" | "completed";
    /** Unix seconds; null: never. */
    expires_at: number | null;
    /** How that is counted. */
    expires_after?: {
        /** last_active_at */
        anchor: "last_active_at";
        /** After the last use. */
        days: number;
    };
    /** When it was last searched or changed; Unix seconds. */
    last_active_at: number;
    /** As it was given. */
    metadata: Record<string, string>;
}

export interface DeletedVectorStore {
    /** Of what was deleted. */
    id: string;
    /** vector_store.deleted or vector_store.file.deleted */
    object: string;
    /** true */
    deleted: boolean;
}

export interface VectorStoreSearchRequest {
    /** What is looked for, or up to 32 of it: then each chunk counts by the one that fits best. */
    query: string | Array<string>;
    /** Only files whose attributes are so. */
    filters?: {
        type: unknown;
        key?: string;
        value?: unknown;
        filters?: Array<unknown>;
    } | null;
    /** The most results. */
    max_num_results?: number | null;
    /** How results are ranked. */
    ranking_options?: {
        /** All of them rank by meaning and words together; no second model ranks again. */
        ranker?: "none" | "auto" | "default-2024-11-15" | null;
        /** Leave out what scores less. */
        score_threshold?: number | null;
        /** How much each of the two counts; without it 0.7 and 0.3. */
        hybrid_search?: {
            /** Of nearness in meaning. */
            embedding_weight: number;
            /** Of words in common. */
            text_weight: number;
        } | null;
    } | null;
    /** Only false: queries are taken as they are. */
    rewrite_query?: boolean | null;
}

export interface VectorStoreSearch {
    /** vector_store.search_results.page */
    object: "vector_store.search_results.page";
    /** The queries. */
    search_query: string | Array<string>;
    /** Best first. */
    data: Array<{
        /** Of the file that it is of. */
        file_id: string;
        /** The file's name. */
        filename: string;
        /** 0 to 1. */
        score: number;
        /** Of the file. */
        attributes: Record<string, string | number | boolean>;
        /** The chunk's text. */
        content: Array<{
            /** text */
            type: "text";
            /** Of the chunk. */
            text: string;
        }>;
    }>;
    /** false */
    has_more: boolean;
    /** null */
    next_page: string | null;
}

export interface VectorStoreUpdateRequest {
    /** For people. */
    name?: string | null;
    /** When it expires. */
    expires_after?: {
        /** last_active_at: the time counts from the last use. */
        anchor: "last_active_at";
        /** How many days later it expires. */
        days: number;
    } | null;
    /** In the place of what there was. */
    metadata?: Record<string, string> | null;
}

export interface VectorStoreUpdate {
    /** What it is called in other requests. */
    id: string;
    /** vector_store */
    object: "vector_store";
    /** Unix seconds. */
    created_at: number;
    /** As it was given, or empty. */
    name: string;
    /** As it was given. */
    description?: string;
    /** What its files take: texts and vectors. */
    usage_bytes: number;
    /** Its files by their state. */
    file_counts: {
        /** Being read, cut and embedded. */
        in_progress: number;
        /** Can be found. */
        completed: number;
        /** Cannot; their last_error says why. */
        failed: number;
        /** Were stopped. */
        cancelled: number;
        /** All of them. */
        total: number;
    };
    /** completed: all that is in it can be found. */
    status: "expired" | "in_progress" | "completed";
    /** Unix seconds; null: never. */
    expires_at: number | null;
    /** How that is counted. */
    expires_after?: {
        /** last_active_at */
        anchor: "last_active_at";
        /** After the last use. */
        days: number;
    };
    /** When it was last searched or changed; Unix seconds. */
    last_active_at: number;
    /** As it was given. */
    metadata: Record<string, string>;
}

export interface VectorStoreList {
    /** list */
    object: "list";
    /** The page. */
    data: Array<{
        /** What it is called in other requests. */
        id: string;
        /** vector_store */
        object: "vector_store";
        /** Unix seconds. */
        created_at: number;
        /** As it was given, or empty. */
        name: string;
        /** As it was given. */
        description?: string;
        /** What its files take: texts and vectors. */
        usage_bytes: number;
        /** Its files by their state. */
        file_counts: {
            /** Being read, cut and embedded. */
            in_progress: number;
            /** Can be found. */
            completed: number;
            /** Cannot; their last_error says why. */
            failed: number;
            /** Were stopped. */
            cancelled: number;
            /** All of them. */
            total: number;
        };
        /** completed: all that is in it can be found. */
        status: "expired" | "in_progress" | "completed";
        /** Unix seconds; null: never. */
        expires_at: number | null;
        /** How that is counted. */
        expires_after?: {
            /** last_active_at */
            anchor: "last_active_at";
            /** After the last use. */
            days: number;
        };
        /** When it was last searched or changed; Unix seconds. */
        last_active_at: number;
        /** As it was given. */
        metadata: Record<string, string>;
    }>;
    /** Of the page's first. */
    first_id: string | null;
    /** Of its last: `after` next. */
    last_id: string | null;
    /** Whether another page follows. */
    has_more: boolean;
}
