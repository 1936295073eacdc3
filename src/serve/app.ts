import { Hono, type Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { Answer } from '../answer/answer-question.js';
import type { AnswerRecord } from '../answer/answer-record.js';
import type { PictureFetcher } from '../batch/pictures/fetch-picture.js';
import { llavaVersion } from '../engine/local/runtime/release.js';
import type { Sampling } from '../engine/engine.js';
import { ExpectedError } from '../llava/expected-error.js';
import type { Admission } from './admission.js';
import { answerRequest, type ServedEvent } from './answer-request.js';
import {
  newCompletion,
  writeCompletion,
  writeEndChunk,
  writeRoleChunk,
  writeTextChunk,
  writeUsageChunk,
} from './chat-completion.js';
import { readChatRequest, type ChatRequest } from './chat-request.js';
import { addEngineRoutes, addKeptRoutes, type KeptRoutesParts } from './engine-routes.js';
import { guard, type GuardOptions } from './guard.js';
import { describeApi } from './openapi.js';
import { readJson } from './read-json.js';
import { pageRoute } from './page-route.js';
import { RequestProblem } from './request-problem.js';
import { ServerMetrics } from './server-metrics.js';
import { RecentPixels } from './recent-pixels.js';
import { KEPT_PICTURES, type WarmEngine } from './warm-engine.js';

/** What a server answers with. */
export interface AppParts extends GuardOptions {
  readonly engine: WarmEngine;
  readonly admission: Admission;
  /** The model's name. */
  readonly model: string;
  /** For what requests do not say. */
  readonly sampling: Sampling;
  /** Fetches pictures from addresses; without it these are refused. */
  readonly fetcher: PictureFetcher | undefined;
  /** Largest body of a request, in bytes. */
  readonly maxBodyBytes: number;
  /** Aborted when the server ends and waits no longer. */
  readonly signal: AbortSignal;
  /** Hears of failures that are nobody's mistake but ours. */
  readonly onDefect: (error: unknown) => void;
  /** Of an engine that is kept for commands of its owner; without it there are only the routes for everyone. */
  readonly kept?: KeptRoutesParts;
}

/** With what a server knows of itself. */
interface Served extends AppParts {
  readonly metrics: ServerMetrics;
  readonly recentPixels: RecentPixels;
}

/** Seconds since 1970 of OpenAI's models: there is no such date of ours. */
const CREATED = 0;

/** All routes of a server, which may listen anywhere. */
export function createApp(parts: AppParts): Hono {
  const app = new Hono();
  const { engine, admission, kept } = parts;
  const metrics = new ServerMetrics({ inside: () => admission.inside, isLoaded: () => engine.isLoaded });
  const served = { ...parts, metrics, recentPixels: new RecentPixels(KEPT_PICTURES) };
  app.use(async (context, next) => {
    await next();
    // Strangers' paths are one, or they would fill the memory.
    const { path } = context.req;
    const isKnown = app.routes.some((route) => route.path === path);
    metrics.countRequest(isKnown ? path : 'other', context.res.status);
    context.header('X-Content-Type-Options', 'nosniff');
  });
  app.use(guard(parts));
  app.get('/', pageRoute());
  app.get('/health', (context) => context.json({ status: 'ok', loaded: engine.isLoaded }));
  app.get('/v1/models', (context) =>
    context.json({
      object: 'list',
      data: [{ id: parts.model, object: 'model', created: CREATED, owned_by: 'llava' }],
    }),
  );
  app.get('/metrics', async (context) => {
    const { text, type } = await metrics.write();
    return context.body(text, 200, { 'Content-Type': type });
  });
  app.get('/openapi.json', (context) => context.json(describeApi(llavaVersion())));
  app.post('/v1/chat/completions', (context) => complete(context, served));
  addEngineRoutes(app, served);
  if (kept !== undefined) addKeptRoutes(app, served, kept);
  app.notFound(() => {
    throw new RequestProblem(404, 'There is nothing here. /openapi.json lists what there is.', {
      code: 'not_found',
    });
  });
  app.onError((error, context) => answerError(error, context, parts));
  return app;
}

async function complete(context: Context, parts: Served): Promise<Response> {
  const request = readChatRequest(await readJson(context, parts.maxBodyBytes), parts.sampling);
  const gone = new AbortController();
  const signal = AbortSignal.any([parts.signal, gone.signal, context.req.raw.signal]);
  const events = serve(request, parts, signal);
  if (request.isStreamed) return await stream(context, request, events, parts, gone);
  for await (const event of events)
    if (event.type === 'answer')
      return context.json(writeCompletion(newCompletion(parts.model), event.answer, event.record));
  throw new Error('A request ended without an answer.');
}

async function* serve(
  request: ChatRequest,
  { engine, admission, model, fetcher, metrics, recentPixels }: Served,
  signal: AbortSignal,
): AsyncGenerator<ServedEvent, undefined> {
  const inside = admission.enter();
  try {
    using lent = await engine.lend();
    for await (const event of answerRequest(request, {
      engine: lent.engine,
      model,
      recentPixels,
      fetcher,
      signal,
    })) {
      if (event.type === 'answer') metrics.countAnswer(event.answer);
      yield event;
    }
  } finally {
    inside[Symbol.dispose]();
  }
}

/** Server-sent events. What is wrong before the first of them is still told with its status. */
async function stream(
  context: Context,
  request: ChatRequest,
  events: AsyncGenerator<ServedEvent, undefined>,
  parts: AppParts,
  gone: AbortController,
): Promise<Response> {
  const facts = newCompletion(parts.model);
  const first = await events.next();
  return streamSSE(context, async (sse) => {
    sse.onAbort(() => {
      gone.abort();
    });
    const send = (data: object) => sse.writeSSE({ data: JSON.stringify(data) });
    await send(writeRoleChunk(facts));
    let hasText = false;
    let last: { answer: Answer; record: AnswerRecord } | undefined;
    try {
      for (let next = first; next.done !== true; next = await events.next()) {
        if (next.value.type === 'answer') {
          last = next.value;
          continue;
        }
        hasText = true;
        await send(writeTextChunk(facts, next.value.text));
      }
    } catch (error) {
      if (!gone.signal.aborted) await send({ error: describeError(error, parts).body });
      return;
    } finally {
      await events.return(undefined);
    }
    if (last === undefined) return;
    // Answers told with their probabilities come as a whole.
    if (!hasText) await send(writeTextChunk(facts, last.answer.text));
    await send(writeEndChunk(facts, last.answer, last.record));
    if (request.includesUsage) await send(writeUsageChunk(facts, last.answer));
    await sse.writeSSE({ data: '[DONE]' });
  });
}

function answerError(error: unknown, context: Context, parts: AppParts): Response {
  const { status, body, retryAfter } = describeError(error, parts);
  if (retryAfter !== undefined) context.header('Retry-After', String(retryAfter));
  return context.json({ error: body }, status);
}

interface Described {
  readonly status: RequestProblem['status'] | 500;
  readonly body: { message: string; type: string; param: string | null; code: string | null };
  readonly retryAfter?: number | undefined;
}

/** An error as OpenAI's API tells it; defects tell nothing of themselves. */
function describeError(error: unknown, parts: AppParts): Described {
  if (error instanceof RequestProblem) {
    const { status, message, param = null, code = null, retryAfter } = error;
    const type = status === 503 ? 'server_error' : 'invalid_request_error';
    return { status, body: { message, type, param, code }, retryAfter };
  }
  const serverError = { type: 'server_error', param: null };
  if (parts.signal.aborted)
    return { status: 503, body: { ...serverError, message: 'The server is ending.', code: 'ending' } };
  // Mistakes of the request that only the engine finds, such as a grammar.
  if (error instanceof ExpectedError && error.kind === 'usage')
    return describeError(new RequestProblem(400, error.message), parts);
  if (!(error instanceof ExpectedError)) parts.onDefect(error);
  const message = error instanceof ExpectedError ? error.message : 'The server failed.';
  return { status: 500, body: { ...serverError, message, code: 'engine_failed' } };
}
