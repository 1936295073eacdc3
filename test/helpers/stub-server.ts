import llamaTokenizer from 'llama-tokenizer-js';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

const IMAGE_TOKENS = 576;
/** Of LLaVA's vocabulary as llava-hf has it. */
const IMAGE_TOKEN = 32_000;

/** A message of OpenAI's chat API. */
interface Message {
  readonly role: string;
  readonly content: string | readonly { readonly type: string; readonly text?: string }[];
}

/** A question as it arrived. */
export interface StubQuestion {
  /** The user's last turn. */
  readonly text: string;
  /** How often it was asked by now, this time included; servers may count together. */
  readonly tries: number;
  readonly body: Record<string, unknown> & { readonly messages: readonly Message[] };
}

/** What the model says. */
export interface StubAnswer {
  readonly text: string;
  readonly finish?: string;
  readonly stopReason?: string;
}

export interface StubOptions {
  /** As `/v1/models` tells it. */
  readonly owner?: 'vllm' | 'sglang' | 'openai';
  readonly model?: string;
  readonly contextSize?: number;
  /** Without it, the prompts lack LLaVA-1.5's system text, as those of its template on the hub do. */
  readonly hasSystemText?: boolean;
  /** Added to every count of prompt tokens. */
  readonly moreTokens?: number;
  readonly port?: number;
  /** Counts questions, for several servers together. */
  readonly asked?: Map<string, number>;
  /** What is said; undefined when it was written to the response. */
  readonly answer?: (
    question: StubQuestion,
    response: ServerResponse,
  ) => StubAnswer | undefined | Promise<StubAnswer | undefined>;
  /** Answers whatever comes before anything else does; returns whether it did. */
  readonly before?: (path: string, response: ServerResponse, headers: IncomingHttpHeaders) => boolean;
}

/** OpenAI's chat API without a model behind it: counts and tokenizes prompts as LLaVA-1.5's tokenizer does. */
export class StubServer implements AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** By the user's last turn; the prompt's check is not among them. */
  readonly asked: Map<string, number>;
  /** The last bodies of questions. */
  readonly bodies: StubQuestion['body'][] = [];
  /** Paths of all requests, with their keys. */
  readonly requests: { readonly path: string; readonly authorization: string | undefined }[] = [];
  readonly #server: Server;

  private constructor(server: Server, port: number, asked: Map<string, number>) {
    this.#server = server;
    this.port = port;
    this.address = `http://127.0.0.1:${port}`;
    this.asked = asked;
  }

  static async start(options: StubOptions = {}): Promise<StubServer> {
    const server = createServer((request, response) => {
      void (async () => {
        const path = request.url ?? '';
        stub.#note(path, request.headers.authorization);
        const body = await text(request);
        if (options.before?.(path, response, request.headers) === true) return;
        await stub.#respond(path, body, response, options);
      })().catch(() => response.destroy());
    });
    server.keepAliveTimeout = 60_000;
    server.listen(options.port ?? 0, '127.0.0.1');
    await once(server, 'listening');
    const stub = new StubServer(
      server,
      (server.address() as AddressInfo).port,
      options.asked ?? new Map<string, number>(),
    );
    return stub;
  }

  /** Breaks all connections and listens no more. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #note(path: string, authorization: string | undefined): void {
    this.requests.push({ path, authorization });
    if (this.requests.length > 10_000) this.requests.shift();
  }

  async #respond(path: string, text: string, response: ServerResponse, options: StubOptions): Promise<void> {
    const { owner = 'openai', model = 'stub', contextSize } = options;
    if (path === '/v1/models') {
      writeJson(response, { data: [{ id: model, owned_by: owner, max_model_len: contextSize ?? 2048 }] });
      return;
    }
    if (path === '/version' && owner === 'vllm') {
      writeJson(response, { version: '0.0.1' });
      return;
    }
    if (path === '/tokenize' && owner === 'vllm') {
      writeJson(response, tokenize(JSON.parse(text) as TokenizeBody, options));
      return;
    }
    if (path === '/v1/chat/completions') {
      await this.#answer(JSON.parse(text) as StubQuestion['body'], response, options);
      return;
    }
    writeJson(response, { error: { message: `no ${path}` } }, 404);
  }

  async #answer(body: StubQuestion['body'], response: ServerResponse, options: StubOptions): Promise<void> {
    const promptTokens = tokensOf(body.messages, options).length + (options.moreTokens ?? 0);
    const question = textOf(body.messages.at(-1));
    const isProbe = body['max_tokens'] === 1 && question === 'What is this?';
    if (isProbe) {
      writeAnswer(response, body, { text: 'A' }, promptTokens);
      return;
    }
    const tries = (this.asked.get(question) ?? 0) + 1;
    this.asked.set(question, tries);
    this.bodies.push(body);
    if (this.bodies.length > 16) this.bodies.shift();
    const answer = await (options.answer ?? echo)({ text: question, tries, body }, response);
    if (answer !== undefined) writeAnswer(response, body, answer, promptTokens);
  }
}

/** What a stub says if nothing else is agreed on: the same words for the same question. */
export function echo({ text }: Pick<StubQuestion, 'text'>): StubAnswer {
  return { text: ` To ${text}` };
}

export function writeJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function writeAnswer(
  response: ServerResponse,
  body: StubQuestion['body'],
  { text, finish = 'stop', stopReason }: StubAnswer,
  promptTokens: number,
): void {
  const end = { finish_reason: finish, stop_reason: stopReason ?? null };
  const usage = { prompt_tokens: promptTokens, completion_tokens: text.length + 1 };
  if (body['stream'] !== true) {
    writeJson(response, { choices: [{ message: { role: 'assistant', content: text }, ...end }], usage });
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const event = (value: object) => response.write(`data: ${JSON.stringify(value)}\n\n`);
  for (const piece of text.match(/\s*\S+\s*/g) ?? []) event({ choices: [{ delta: { content: piece } }] });
  event({ choices: [{ delta: {}, ...end }] });
  event({ choices: [], usage });
  response.end('data: [DONE]\n\n');
}

interface TokenizeBody {
  readonly prompt?: string;
  readonly add_special_tokens?: boolean;
  readonly messages?: readonly Message[];
}

function tokenize({ prompt, add_special_tokens, messages }: TokenizeBody, options: StubOptions): object {
  const tokens =
    messages === undefined
      ? encodeSpecial(prompt ?? '', add_special_tokens === true)
      : tokensOf(messages, options);
  const token_strs = tokens.map((id) => (id === IMAGE_TOKEN ? '<image>' : pieceOf(id)));
  return { count: tokens.length, max_model_len: 2048, tokens, token_strs };
}

/** The messages as LLaVA-1.5's prompt. */
function tokensOf(messages: readonly Message[], { hasSystemText = true }: StubOptions): number[] {
  const said = messages.map((message) => {
    const { role, content } = message;
    if (role === 'system') return hasSystemText ? `${textOf(message)} ` : '';
    if (role === 'assistant') return ` ${textOf(message)}</s>`;
    const hasPicture = typeof content !== 'string' && content.some(({ type }) => type === 'image_url');
    return `USER: ${hasPicture ? '<image>\n' : ''}${textOf(message)} ASSISTANT:`;
  });
  const [before = '', after] = said.join('').split('<image>');
  if (after === undefined) return encodeSpecial(before, true);
  const image = Array<number>(IMAGE_TOKENS).fill(IMAGE_TOKEN);
  return [...encodeSpecial(before, true), ...image, ...encodeSpecial(after, false)];
}

/** `</s>` is one token wherever it stands. */
function encodeSpecial(text: string, begins: boolean): number[] {
  return text
    .split('</s>')
    .flatMap((part, place) => [
      ...(place === 0 ? [] : [2]),
      ...(part === '' && place > 0 ? [] : llamaTokenizer.encode(part, begins && place === 0, true)),
    ]);
}

function pieceOf(id: number): string {
  return llamaTokenizer.vocabById[id] ?? '';
}

function textOf(message: Message | undefined): string {
  const content = message?.content ?? '';
  return typeof content === 'string' ? content : content.map((part) => part.text ?? '').join('');
}
