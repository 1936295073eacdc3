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
import type { Admission } from './admission.js';
import { checkBody } from './check-body.js';
import { readJson } from './read-json.js';
import type { RecentPixels } from './recent-pixels.js';
import type { WarmEngine } from './warm-engine.js';

/** What other llavas ask an engine through. */
export interface EngineRoutesParts {
  readonly engine: WarmEngine;
  readonly admission: Admission;
  readonly recentPixels: RecentPixels;
  readonly maxBodyBytes: number;
  /** Aborted when the server ends and waits no longer. */
  readonly signal: AbortSignal;
  /** Hears of failures that are nobody's mistake but ours. */
  readonly onDefect: (error: unknown) => void;
  /** Of an engine that is kept for commands of its owner. */
  readonly kept?: KeptRoutesParts | undefined;
}

/** What a kept engine's owner may do with it. */
export interface KeptRoutesParts {
  /** What was to be said when the engine was opened. */
  readonly notes: readonly string[];
  readonly state: () => KeptState;
  /** @throws ExpectedError('usage') when it is none */
  readonly checkGrammar: (text: string) => Promise<void>;
  /** Ends the server. */
  readonly stop: () => void;
  /** Keeps the engine for that long after its last use, in milliseconds. */
  readonly keepFor: (ms: number) => void;
}

/** Of a kept engine, for commands of the same user: only on a socket that nobody else can reach. */
export function addKeptRoutes(app: Hono, parts: EngineRoutesParts, kept: KeptRoutesParts): void {
  app.get('/engine/state', (context) => context.json(kept.state()));
  app.post('/engine/stop', (context) => {
    kept.stop();
    return context.json({});
  });
  app.post('/engine/grammar', (context) =>
    answer(context, parts, grammarSchema, async ({ grammar }) => {
      await kept.checkGrammar(grammar);
      return {};
    }),
  );
  app.post('/engine/pixels', (context) =>
    answer(context, parts, pictureSchema, async ({ label, bytes, ...options }, { info: { imageSize } }) => {
      const { pixels } = await parts.recentPixels.load(label, bytes, { imageSize, ...options });
      return { ...pixels, rgb: writeBytes(pixels.rgb) };
    }),
  );
}

/** The engine's contract itself, for llavas elsewhere. */
export function addEngineRoutes(app: Hono, parts: EngineRoutesParts): void {
  app.post('/engine/greet', (context) =>
    answer(context, parts, greetingSchema, ({ keepMs }, engine) => {
      if (keepMs !== undefined) parts.kept?.keepFor(keepMs);
      const notes = parts.kept?.notes ?? [];
      return Promise.resolve({
        info: { ...engine.info, conversation: engine.info.conversation.name },
        notes,
      });
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
  const inside = parts.admission.enter();
  try {
    using lent = await parts.engine.lend();
    return context.body(writeWire(await act(body, lent.engine, signal)), 200, {
      'Content-Type': 'application/json',
    });
  } catch (error) {
    if (error instanceof ExpectedError) return context.json(writeFailure(error), 500);
    throw error;
  } finally {
    inside[Symbol.dispose]();
  }
}

/** One event of the answer per line; what fails is the last one. */
async function ask(context: Context, parts: EngineRoutesParts): Promise<Response> {
  const body = checkBody(askSchema, await readJson(context, parts.maxBodyBytes));
  const { request, turns, sampling, ...look } = body;
  const inside = parts.admission.enter();
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
    } finally {
      inside[Symbol.dispose]();
    }
  });
}

/** Without the asker's signal, since others may wait for the same picture. */
async function show(
  engine: Engine,
  { pixels, ...options }: v.InferOutput<typeof lookSchema>,
): Promise<ShownPicture> {
  const { imageSize } = engine.info;
  if (pixels.size !== imageSize)
    throw new ExpectedError(
      'input',
      `The picture is ${pixels.size} pixels wide; this model sees ${imageSize}.`,
    );
  return await engine.show(pixels, options);
}

function describeShown({ tokens, imageTokens }: ShownPicture): object {
  return { tokens, imageTokens };
}
