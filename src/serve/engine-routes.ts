import type { Context, Hono } from 'hono';
import { stream } from 'hono/streaming';
import type * as v from 'valibot';
import type { Engine, ShownPicture } from '../engine/engine.js';
import { ExpectedError } from '../llava/expected-error.js';
import {
  askSchema,
  grammarSchema,
  greetingSchema,
  lookSchema,
  pictureSchema,
  requestSchema,
  scoreSchema,
  writeBytes,
  writeFailure,
  writeWire,
  type KeptState,
} from '../kept/wire.js';
import { checkBody } from './check-body.js';
import { readJson } from './read-json.js';
import type { RecentPixels } from './recent-pixels.js';
import type { WarmEngine } from './warm-engine.js';

/** What a kept engine's own commands are answered with. */
export interface EngineRoutesParts {
  readonly engine: WarmEngine;
  readonly recentPixels: RecentPixels;
  readonly maxBodyBytes: number;
  /** Aborted when the server ends and waits no longer. */
  readonly signal: AbortSignal;
  /** What was to be said when the engine was opened. */
  readonly notes: readonly string[];
  readonly state: () => KeptState;
  /** @throws ExpectedError('usage') when it is none */
  readonly checkGrammar: (text: string) => Promise<void>;
  /** Ends the server. */
  readonly stop: () => void;
  /** Hears of failures that are nobody's mistake but ours. */
  readonly onDefect: (error: unknown) => void;
  /** Keeps the engine for that long after its last use, in milliseconds. */
  readonly keepFor: (ms: number) => void;
}

/** The engine's contract itself, for commands of the same user: only on a socket that nobody else can reach. */
export function addEngineRoutes(app: Hono, parts: EngineRoutesParts): void {
  app.get('/engine/state', (context) => context.json(parts.state()));
  app.post('/engine/stop', (context) => {
    parts.stop();
    return context.json({});
  });
  app.post('/engine/greet', (context) =>
    answer(context, parts, greetingSchema, ({ keepMs }, engine) => {
      if (keepMs !== undefined) parts.keepFor(keepMs);
      return Promise.resolve({ info: { ...engine.info, conversation: undefined }, notes: parts.notes });
    }),
  );
  app.post('/engine/grammar', (context) =>
    answer(context, parts, grammarSchema, async ({ grammar }) => {
      await parts.checkGrammar(grammar);
      return {};
    }),
  );
  app.post('/engine/pixels', (context) =>
    answer(context, parts, pictureSchema, async ({ label, bytes, ...options }, { info: { imageSize } }) => {
      const { pixels } = await parts.recentPixels.load(label, bytes, { imageSize, ...options });
      return { ...pixels, rgb: writeBytes(pixels.rgb) };
    }),
  );
  app.post('/engine/show', (context) =>
    answer(context, parts, lookSchema, async (look, engine) => describeShown(await show(engine, look))),
  );
  app.post('/engine/evaluate', (context) =>
    answer(context, parts, lookSchema, async (look, engine, signal) => {
      const shown = await show(engine, look);
      await shown.evaluate(signal);
      return describeShown(shown);
    }),
  );
  app.post('/engine/count', (context) =>
    answer(context, parts, requestSchema, async ({ request, turns, ...look }, engine) => {
      const shown = await show(engine, look);
      return { tokens: await shown.countTokens(request, turns) };
    }),
  );
  app.post('/engine/score', (context) =>
    answer(
      context,
      parts,
      scoreSchema,
      async ({ request, turns, continuations, ...look }, engine, signal) => {
        const shown = await show(engine, look);
        return await shown.score(request, continuations, signal, turns);
      },
    ),
  );
  app.post('/engine/ask', (context) => ask(context, parts));
}

async function answer<Schema extends v.GenericSchema>(
  context: Context,
  parts: EngineRoutesParts,
  schema: Schema,
  act: (body: v.InferOutput<Schema>, engine: Engine, signal: AbortSignal) => Promise<unknown>,
): Promise<Response> {
  const body = checkBody(schema, await readJson(context, parts.maxBodyBytes));
  const signal = AbortSignal.any([parts.signal, context.req.raw.signal]);
  try {
    using lent = await parts.engine.lend();
    return context.body(writeWire(await act(body, lent.engine, signal)), 200, {
      'Content-Type': 'application/json',
    });
  } catch (error) {
    if (error instanceof ExpectedError) return context.json(writeFailure(error), 500);
    throw error;
  }
}

/** One event of the answer per line; what fails is the last one. */
async function ask(context: Context, parts: EngineRoutesParts): Promise<Response> {
  const body = checkBody(askSchema, await readJson(context, parts.maxBodyBytes));
  const { request, turns, sampling, ...look } = body;
  const gone = new AbortController();
  const signal = AbortSignal.any([parts.signal, gone.signal]);
  context.header('Content-Type', 'application/x-ndjson');
  return stream(context, async (lines) => {
    lines.onAbort(() => {
      gone.abort();
    });
    const write = (event: object) => lines.write(`${writeWire(event)}\n`);
    try {
      using lent = await parts.engine.lend();
      const shown = await show(lent.engine, look);
      for await (const event of shown.ask(request, sampling, signal, turns)) await write(event);
    } catch (error) {
      if (error instanceof ExpectedError) await write({ type: 'failed', ...writeFailure(error) });
      else if (!signal.aborted) parts.onDefect(error);
    }
  });
}

/** Without the asker's signal, since others may wait for the same picture. */
function show(
  engine: Engine,
  { pixels, ...options }: v.InferOutput<typeof lookSchema>,
): Promise<ShownPicture> {
  return engine.show(pixels, options);
}

function describeShown({ tokens, imageTokens }: ShownPicture): object {
  return { tokens, imageTokens };
}
