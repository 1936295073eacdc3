import * as v from 'valibot';
import type { ConversationForm } from '../llava/conversation.js';
import { formNamed } from '../llava/conversations/named.js';
import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';
import { readySchema } from '../kept/wire.js';
import { ChatModel } from './chat-model.js';
import { checkCount, checkTokens, type CheckedPrompt } from './check-prompt.js';
import { OTHER, SGLANG, VLLM, type Dialect } from './dialect.js';
import { LlamaServerModel } from './llama-server-model.js';
import { LlavaModel, readLlavaFailure } from './llava-model.js';
import { PROBE_QUESTION, probePicture, probeTexts } from './probe.js';
import { tokensSchema } from './schemas.js';
import type { ServedModel, ServerFacts } from './served-model.js';
import { ServerConnection } from './server-connection.js';

/** Sides of LLaVA-1.5's square and of its patches, in pixels. Source: openai/clip-vit-large-patch14-336. */
const IMAGE_SIZE = 336;
const PATCH = 14;

export interface ConnectOptions {
  /** Of several models that a server has, the one to ask. */
  readonly model?: string | undefined;
  readonly key?: string | undefined;
  readonly timeoutMs: number;
  /** Side of the square that the model sees, in pixels, where the server does not tell it. Default: LLaVA-1.5's. */
  readonly imageSize?: number | undefined;
  /** How the model was trained to talk. */
  readonly conversation: ConversationForm;
  /** Whether it was asked for by name, and not taken for granted. */
  readonly isConversationGiven: boolean;
  /** Takes prompts that are not those of its form. */
  readonly anyPrompt: boolean;
  readonly signal: AbortSignal;
}

/** A model at a server, and the size of picture that it sees. */
export interface ConnectedModel {
  readonly served: ServedModel;
  readonly imageSize: number;
}

const modelsSchema = v.object({
  data: v.array(
    v.object({
      id: v.string(),
      owned_by: v.nullish(v.string()),
      max_model_len: v.nullish(v.number()),
    }),
  ),
});
type ListedModel = v.InferOutput<typeof modelsSchema>['data'][number];
const versionSchema = v.object({ version: v.string() });
const propsSchema = v.object({
  media_marker: v.optional(v.string(), '<__media__>'),
  modalities: v.optional(v.object({ vision: v.optional(v.boolean(), false) }), {}),
  build_info: v.optional(v.string(), ''),
  default_generation_settings: v.optional(v.object({ n_ctx: v.optional(v.number()) }), {}),
});

/**
 * Finds out what a server is and whether it asks as LLaVA-1.5 was trained to be asked.
 * @throws ServerFailure; ExpectedError('engine') for another prompt; ExpectedError('usage') when the model must be named
 */
export async function connectServer(address: string, options: ConnectOptions): Promise<ConnectedModel> {
  const { key, timeoutMs, signal } = options;
  const readError = (said: unknown) => readLlavaFailure(said, address);
  const connection = new ServerConnection(address, { key, timeoutMs, readError });
  try {
    const { data } = await connection.call('/v1/models', modelsSchema, undefined, signal);
    const listed = chooseModel(data, options.model, address);
    return await connectKind(connection, listed, options);
  } catch (error) {
    await connection[Symbol.asyncDispose]();
    throw error;
  }
}

async function connectKind(
  connection: ServerConnection,
  listed: ListedModel,
  options: ConnectOptions,
): Promise<ConnectedModel> {
  const { owned_by: owner } = listed;
  if (owner === 'llava') return await connectLlava(connection, listed, options);
  if (owner === 'llamacpp') return await connectLlamaServer(connection, listed, options);
  if (owner === 'vllm') return await connectVllm(connection, listed, options);
  return await connectOther(connection, listed, owner === 'sglang' ? SGLANG : OTHER, options);
}

async function connectLlava(
  connection: ServerConnection,
  { id }: ListedModel,
  { signal, conversation, isConversationGiven }: ConnectOptions,
): Promise<ConnectedModel> {
  const { info } = await connection.call('/engine/greet', readySchema, {}, signal);
  const { contextSize, imageTokens, imageSize } = info;
  // Servers of before there were other forms do not tell theirs.
  const form = formNamed(info.conversation ?? 'vicuna_v1');
  if (isConversationGiven && form.name !== conversation.name)
    throw new ExpectedError(
      'usage',
      `The server ${quote(connection.address)} asks in ${form.name}, not in ${conversation.name}.`,
      { hint: `Leave out --conversation, or start it with llava serve --conversation ${conversation.name}` },
    );
  const facts = {
    ...factsOf(connection, id, 'llava serve', form),
    contextSize,
    imageTokens,
    takesImageTokens: true,
  };
  return { served: new LlavaModel(connection, facts), imageSize };
}

async function connectVllm(
  connection: ServerConnection,
  { id, max_model_len }: ListedModel,
  { imageSize = IMAGE_SIZE, anyPrompt, signal, conversation }: ConnectOptions,
): Promise<ConnectedModel> {
  const picture = probePicture(imageSize, conversation);
  const [{ version }, prompt] = await Promise.all([
    connection.call('/version', versionSchema, undefined, signal),
    checkTokens(connection, id, conversation, picture, signal),
  ]);
  const maker = { address: connection.address, anyPrompt, imageSize, conversation };
  const facts = {
    ...factsOf(connection, id, `vLLM ${version}`, conversation),
    contextSize: max_model_len ?? undefined,
    ...factsOfPrompt(prompt, maker),
  };
  return { served: new ChatModel(connection, facts, VLLM), imageSize };
}

async function connectLlamaServer(
  connection: ServerConnection,
  { id }: ListedModel,
  { imageSize = IMAGE_SIZE, signal, conversation }: ConnectOptions,
): Promise<ConnectedModel> {
  const props = await connection.call('/props', propsSchema, undefined, signal);
  if (!props.modalities.vision)
    throw new ExpectedError('engine', `The server ${quote(connection.address)} sees no pictures.`, {
      hint: 'Start it with the vision tower too: llama-server -m MODEL.gguf --mmproj MMPROJ.gguf',
    });
  const facts: ServerFacts = {
    ...factsOf(connection, id, `llama-server ${props.build_info}`.trim(), conversation),
    contextSize: props.default_generation_settings.n_ctx,
    notes: [
      'llama-server computes the image features of LLaVA-1.5 wrongly: its answers may differ from those of other engines.',
    ],
  };
  const asking = new LlamaServerModel(connection, facts, props.media_marker);
  const sides = probeTexts(conversation);
  const [promptTokens, ...texts] = await Promise.all([
    asking.countTokens(probe(imageSize, conversation), signal),
    ...[sides.before, sides.after].map((content) =>
      connection.call('/tokenize', tokensSchema, { content, add_special: content === sides.before }, signal),
    ),
  ]);
  const textTokens = texts.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const imageTokens = Math.max(0, promptTokens - textTokens);
  return {
    served: new LlamaServerModel(connection, { ...facts, imageTokens }, props.media_marker),
    imageSize,
  };
}

async function connectOther(
  connection: ServerConnection,
  { id, max_model_len }: ListedModel,
  dialect: Dialect,
  { imageSize = IMAGE_SIZE, anyPrompt, signal, conversation }: ConnectOptions,
): Promise<ConnectedModel> {
  const facts = {
    ...factsOf(connection, id, dialect === SGLANG ? 'SGLang' : 'a server of OpenAI’s API', conversation),
    contextSize: max_model_len ?? undefined,
  };
  const asking = new ChatModel(connection, facts, dialect);
  const promptTokens = await asking.countTokens(probe(imageSize, conversation), signal);
  const prompt = checkCount(promptTokens, imageTokensOf(imageSize), conversation);
  const maker = { address: connection.address, anyPrompt, imageSize, conversation };
  return {
    served: new ChatModel(connection, { ...facts, ...factsOfPrompt(prompt, maker) }, dialect),
    imageSize,
  };
}

function factsOf(
  { address }: ServerConnection,
  model: string,
  software: string,
  conversation: ConversationForm,
): ServerFacts {
  return {
    address,
    model,
    software,
    conversation,
    contextSize: undefined,
    imageTokens: 0,
    takesImageTokens: false,
    notes: [],
  };
}

function probe(imageSize: number, form: ConversationForm) {
  return { picture: probePicture(imageSize, form), request: PROBE_QUESTION, turns: [] };
}

/** Where a prompt was written, and whether it may be any. */
interface PromptMaker {
  readonly address: string;
  readonly anyPrompt: boolean;
  readonly imageSize: number;
  readonly conversation: ConversationForm;
}

/**
 * What is told of a server whose prompt was checked.
 * @throws ExpectedError('engine') with both prompts when it is another, unless any will do
 */
function factsOfPrompt(
  { imageTokens, difference, hasRightTurns, hasSpace }: CheckedPrompt,
  { address, anyPrompt, imageSize, conversation }: PromptMaker,
): Pick<ServerFacts, 'imageTokens' | 'notes'> {
  const notes: string[] = [];
  if (difference !== undefined) {
    const problem = `The server ${quote(address)} asks in other words than ${trainedOne(conversation)} was trained with. ${difference}`;
    if (!anyPrompt)
      throw new ExpectedError('engine', problem, {
        hint: `Give it ${trainedOne(conversation)}’s chat template, name another --conversation, or use it as it is with --any-prompt`,
      });
    notes.push(`${problem} Its answers may be worse.`);
  } else if (imageSize === IMAGE_SIZE && imageTokens !== imageTokensOf(imageSize))
    notes.push(
      `The server ${quote(address)} gives a picture ${imageTokens} positions where LLaVA-1.5 has ${imageTokensOf(imageSize)}: it sees another size, which --server-image-size should tell.`,
    );
  if (hasSpace === false)
    notes.push(
      `The tokenizer of the server ${quote(address)} leaves out a space behind the picture that LLaVA-1.5's has: answers may differ a little.`,
    );
  if (hasRightTurns === false && difference === undefined)
    notes.push(
      `The server ${quote(address)} writes the later turns of a conversation otherwise than ${trainedOne(conversation)} was trained with.`,
    );
  return { imageTokens, notes };
}

/** Whose prompt it should be. */
function trainedOne({ name }: ConversationForm): string {
  return name === 'vicuna_v1' ? 'LLaVA-1.5' : `a model of ${name}`;
}

/** Positions of a picture that the model sees whole, without its class token. */
function imageTokensOf(imageSize: number): number {
  return Math.floor(imageSize / PATCH) ** 2;
}

/** @throws ExpectedError('usage') when there is not one to choose */
function chooseModel(
  listed: readonly ListedModel[],
  wanted: string | undefined,
  address: string,
): ListedModel {
  const names = listed.map(({ id }) => quote(id)).join(', ');
  const [first] = wanted === undefined ? listed : listed.filter(({ id }) => id === wanted);
  if (first === undefined)
    throw new ExpectedError(
      'usage',
      wanted === undefined
        ? `The server ${quote(address)} has no model.`
        : `The server ${quote(address)} has no model ${quote(wanted)}; it has ${names || 'none'}.`,
      { hint: 'Name one that it has with --server-model' },
    );
  if (wanted === undefined && listed.length > 1)
    throw new ExpectedError('usage', `The server ${quote(address)} has several models: ${names}.`, {
      hint: 'Name one with --server-model',
    });
  return first;
}
