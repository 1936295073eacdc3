/*
 * The engine's contract as it goes over a kept engine's socket: JSON both ways, one event of an answer per line. Both ends are
 * the same program, mostly of the same version, and run for the same user.
 */
import { FORM_NAMES } from '../llava/conversations/named.js';
import * as v from 'valibot';
import type { Sampling, ShowOptions } from '../engine/engine.js';
import { ExpectedError, type ErrorKind } from '../llava/expected-error.js';
import type { PictureFormat } from '../llava/picture.js';
import type { SquarePixels } from '../llava/pixels.js';

/** A picture, and how to look at it. */
export interface WireLook extends Pick<ShowOptions, 'systemText' | 'imageTokens'> {
  /** `rgb` in base64. */
  readonly pixels: { readonly size: number; readonly rgb: string };
}

/** JSON has no infinite numbers, and log-probabilities are. */
const real = v.union([v.number(), v.pipe(v.picklist(['Infinity', '-Infinity', 'NaN']), v.transform(Number))]);
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const optionalText = v.optional(v.string());

const bytes = v.pipe(
  v.string(),
  v.base64(),
  v.transform((text): Uint8Array => Buffer.from(text, 'base64')),
);

const square = { size: v.pipe(count, v.maxValue(4096)), rgb: bytes };
const isWhole = ({ size, rgb }: SquarePixels) => rgb.byteLength === size * size * 3;
const look = {
  pixels: v.pipe(v.object(square), v.check(isWhole, 'as many bytes as its size says')),
  systemText: optionalText,
  imageTokens: v.optional(count),
};

const samplingFields = v.object({
  temperature: v.number(),
  topP: v.number(),
  seed: v.optional(v.number()),
  maxTokens: count,
  grammar: optionalText,
  schema: v.optional(v.record(v.string(), v.unknown())),
  oneOf: v.optional(v.array(v.string())),
  stop: v.optional(v.array(v.string())),
  logprobs: v.optional(v.boolean()),
  topLogprobs: v.optional(count),
});
const sampling = v.pipe(
  samplingFields,
  v.transform((fields): Sampling => ({ ...fields, seed: fields.seed })),
);

const unit = v.picklist(['pixels', 'fractions']);
const place = { x: v.number(), y: v.number(), unit };
const markSchema = v.variant('shape', [
  v.object({
    shape: v.picklist(['box', 'ellipse']),
    region: v.object({ ...place, width: v.number(), height: v.number() }),
    colour: v.string(),
  }),
  v.object({ shape: v.literal('point'), point: v.object(place), colour: v.string() }),
]);

const request = {
  ...look,
  request: v.string(),
  turns: v.array(v.object({ question: v.string(), answer: v.string() })),
};

export const emptySchema = v.object({});
export const grammarSchema = v.object({ grammar: v.string() });
export const greetingSchema = v.object({ keepMs: v.optional(v.pipe(v.number(), v.minValue(1))) });
export const pictureSchema = v.object({
  label: v.string(),
  bytes,
  exif: v.boolean(),
  colourManaged: v.exactOptional(v.boolean()),
  repair: v.exactOptional(v.boolean()),
  part: v.optional(
    v.object({
      unit: v.picklist(['frame', 'page']),
      at: v.union([v.number(), v.picklist(['first', 'middle', 'last'])]),
    }),
  ),
  marks: v.array(markSchema),
});
export const pixelsSchema = v.object({
  ...square,
  picture: v.object({
    label: v.string(),
    format: v.custom<PictureFormat>((value) => typeof value === 'string'),
    width: count,
    height: count,
    orientation: v.exactOptional(count),
    frame: v.exactOptional(count),
    page: v.exactOptional(count),
    repaired: v.exactOptional(v.literal(true)),
  }),
});
export const lookSchema = v.object(look);
export const requestSchema = v.object(request);
export const askSchema = v.object({ ...request, sampling });
export const scoreSchema = v.object({ ...request, continuations: v.array(v.string()) });

const score = { logLikelihood: real, tokens: count };
export const scoresSchema = v.array(v.object(score));
export const shownSchema = v.object({ tokens: count, imageTokens: count });
export const countSchema = v.object({ tokens: count });

const token = { text: v.string(), logProbability: real };
const usage = v.object({
  promptTokens: count,
  evaluatedTokens: count,
  answerTokens: count,
  lookMs: v.number(),
  questionMs: v.number(),
  answerMs: v.number(),
});

export const eventSchema = v.variant('type', [
  v.object({ type: v.literal('text'), text: v.string() }),
  v.object({
    type: v.literal('done'),
    reason: v.picklist(['end', 'max-tokens', 'context-full']),
    usage,
    tokens: v.exactOptional(
      v.array(v.object({ ...token, likeliest: v.exactOptional(v.array(v.object(token))) })),
    ),
  }),
  v.object({ type: v.literal('failed'), error: v.unknown() }),
]);

const ERROR_KINDS = [
  'usage',
  'input',
  'weights',
  'engine',
  'servers',
  'interrupted',
] as const satisfies readonly ErrorKind[];
const errorSchema = v.object({
  error: v.object({ kind: v.picklist(ERROR_KINDS), message: v.string(), hint: optionalText }),
});

export const readySchema = v.object({
  /** Of the form that the weights were trained with, its name alone. */
  info: v.object({
    device: v.string(),
    threads: v.optional(count),
    contextSize: count,
    sequences: count,
    imageSize: count,
    imageTokens: count,
    conversation: v.optional(v.picklist(FORM_NAMES)),
    loadMs: v.number(),
  }),
  /** What was to be said when it was opened. */
  notes: v.array(v.string()),
});
/** What a kept engine says of itself to those who would use it. */
export type KeptReady = v.InferOutput<typeof readySchema>;

export const stateSchema = v.object({
  pid: count,
  version: v.string(),
  model: v.string(),
  /** Undefined while it loads. */
  device: optionalText,
  /** Bytes of weights, contexts and buffers. */
  memory: v.optional(v.object({ device: v.number(), host: v.number() })),
  /** Pictures whose features it holds. */
  pictures: count,
  running: count,
  /** How long it has been unused, and after how long it ends, in milliseconds. */
  idleMs: v.number(),
  keepMs: v.number(),
});
/** A kept engine at a moment, as `llava ps` tells it. */
export type KeptState = v.InferOutput<typeof stateSchema>;

/** As JSON, infinite numbers by their names. */
export function writeWire(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'number' && !Number.isFinite(part) ? String(part) : part,
  );
}

/** Bytes as they stand in JSON. */
export function writeBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** An expected failure, to be thrown again at the other end. */
export function writeFailure({ kind, message, hint }: ExpectedError): { readonly error: object } {
  return { error: { kind, message, hint } };
}

/** The failure that was written; undefined for anything else. */
export function readFailure(body: unknown): ExpectedError | undefined {
  const read = v.safeParse(errorSchema, body);
  if (!read.success) return undefined;
  const { kind, message, hint } = read.output.error;
  return new ExpectedError(kind, message, hint === undefined ? {} : { hint });
}
