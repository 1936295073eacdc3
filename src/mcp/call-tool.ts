import {
  inputRequired,
  type CallToolResult,
  type InputRequiredResult,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { Sampling } from '../engine/engine.js';
import { isSurelyAllowed } from './allowed-folders.js';
import { answerCall, drawCall, type AnswerMeans } from './answer-call.js';
import { isFileName, readCallPicture, type PictureRules } from './call-picture.js';
import { CallProgress } from './call-progress.js';
import { ROOTS } from './client-roots.js';
import type { Tool, ToolArguments } from './tools/tool.js';

/** What a call is answered with. */
export interface CallMeans extends AnswerMeans, PictureRules {
  /** For what the call does not say. */
  readonly sampling: Sampling;
  /** The client's own folders; undefined when it must be asked for them. */
  readonly roots: readonly string[] | undefined;
  readonly context: ServerContext;
  /** Aborted when the call is cancelled, or the server ends. */
  readonly signal: AbortSignal;
}

/**
 * Answers one call, or asks for the client's folders when they decide whether its file may be opened: the client then calls
 * again.
 * @throws ExpectedError, RowFailure for what the call got wrong; the signal's reason on abort
 */
export async function callTool<Arguments extends ToolArguments, Result extends object>(
  tool: Tool<Arguments, Result>,
  given: Arguments,
  { roots, context, ...means }: CallMeans,
): Promise<CallToolResult | InputRequiredResult> {
  const { sampling, signal } = means;
  const asking = tool.ask(given, sampling);
  const isOpen = !isFileName(given.picture) || (await isSurelyAllowed(given.picture, means.folders));
  if (!isOpen && roots === undefined)
    return inputRequired({ inputRequests: { [ROOTS]: inputRequired.listRoots() } });
  const folders = [...new Set([...means.folders, ...(roots ?? [])])];
  const source = await readCallPicture(given.picture, { ...means, folders }, signal);
  const progress = new CallProgress(context);
  const answer = await answerCall(source, asking, means, progress, signal);
  const { text, result } = tool.tell(answer.record);
  const drawn = given.draw === true ? await drawCall(answer) : undefined;
  await progress.settle();
  return {
    content: [{ type: 'text', text }, ...(drawn === undefined ? [] : [pngContent(drawn)])],
    structuredContent: { ...result },
  };
}

function pngContent(png: Uint8Array) {
  return { type: 'image', data: Buffer.from(png).toString('base64'), mimeType: 'image/png' } as const;
}
