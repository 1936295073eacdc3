import { McpServer } from '@modelcontextprotocol/server';
import type { Sampling } from '../engine/engine.js';
import { quote } from '../llava/quote.js';
import type { AnswerMeans } from './answer-call.js';
import type { PictureRules } from './call-picture.js';
import { clientRoots } from './client-roots.js';
import { failedCall } from './failed-call.js';
import { toolSchema } from './tool-schema.js';
import { CLASSIFY } from './tools/classify.js';
import { DESCRIBE } from './tools/describe.js';
import { FIND } from './tools/find.js';
import { LOOK } from './tools/look.js';
import type { Tool, ToolArguments } from './tools/tool.js';

/** What a server answers with. */
export interface McpParts extends AnswerMeans, PictureRules {
  /** Of llava. */
  readonly version: string;
  /** For what calls do not say. */
  readonly sampling: Sampling;
  /** Aborted when the server ends. */
  readonly signal: AbortSignal;
  /** Hears of failures that are nobody's mistake but ours. */
  readonly onDefect: (error: unknown) => void;
}

/** Longest wait for the client's folders, which it has at hand, in milliseconds. */
const ROOTS_TIMEOUT_MS = 10_000;

/** All tools, for a client that speaks any revision of the protocol. */
export function createMcpServer(parts: McpParts): McpServer {
  const server = new McpServer(
    { name: 'llava', title: 'LLaVA-1.5', version: parts.version },
    {
      capabilities: { tools: { listChanged: false } },
      instructions: instructionsOf(parts),
      inputRequired: { roundTimeoutMs: ROOTS_TIMEOUT_MS },
    },
  );
  addTool(server, parts, LOOK);
  addTool(server, parts, DESCRIBE);
  addTool(server, parts, CLASSIFY);
  addTool(server, parts, FIND);
  return server;
}

function instructionsOf({ model, folders, fetcher }: McpParts): string {
  const own = folders.map((folder) => quote(folder)).join(', ');
  return [
    `Looks at pictures with LLaVA-1.5 (${model}) on this machine, offline: one picture a call, in English.`,
    `Files are opened in the client’s roots${own === '' ? '' : ` and in ${own}`}, and nowhere else.`,
    fetcher === undefined
      ? 'Web addresses are refused: save the picture first.'
      : 'Pictures may be web addresses.',
    'The first call loads the weights, which may take a while.',
  ].join(' ');
}

function addTool<Arguments extends ToolArguments, Result extends object>(
  server: McpServer,
  parts: McpParts,
  tool: Tool<Arguments, Result>,
): void {
  const { name, title, description, input, output } = tool;
  const annotations = {
    title,
    readOnlyHint: true,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: parts.fetcher !== undefined,
  };
  const config = {
    title,
    description,
    annotations,
    inputSchema: toolSchema(input),
    outputSchema: toolSchema(output),
  };
  server.registerTool(name, config, async (given, context) => {
    const signal = AbortSignal.any([parts.signal, context.mcpReq.signal]);
    try {
      // What looks at pictures is loaded for the first call.
      const { callTool } = await import('./call-tool.js');
      return await callTool(tool, given, { ...parts, roots: clientRoots(server, context), context, signal });
    } catch (error) {
      // Nobody hears of what was cancelled.
      if (signal.aborted) throw error;
      return failedCall(error, parts.onDefect);
    }
  });
}
