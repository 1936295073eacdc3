import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { Readable, type Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { MAX_LINE_BYTES, readLines } from '../batch/rows/read-lines.js';
import { itemsUntilAborted } from '../flow/until-aborted.js';
import { createMcpServer, type McpParts } from './mcp-server.js';

/** Where messages come from and go to, a line each. */
export interface Streams {
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** Hears of messages that are none. */
  readonly onNote: (text: string) => void;
}

/** Answers what comes in until that ends, or `parts.signal` is aborted; what is still running then is given up. */
export async function serveStreams(parts: McpParts, { stdin, stdout, onNote }: Streams): Promise<void> {
  const lines = Readable.from(wholeLines(itemsUntilAborted(stdin, parts.signal), onNote));
  const transport = new StdioServerTransport(lines, stdout, { maxBufferSize: 2 * MAX_LINE_BYTES });
  const handle = serveStdio(() => createMcpServer(parts), {
    transport,
    onerror: (error) => {
      if (!parts.signal.aborted) onNote(`A message was ignored: ${error.message}`);
    },
  });
  // An abort ends the lines as an error does.
  await finished(lines).catch(() => undefined);
  await handle.close();
}

/** Lines as wholes: the transport would copy and search all that it has with every chunk that comes. */
async function* wholeLines(
  chunks: AsyncIterable<Uint8Array>,
  onNote: Streams['onNote'],
): AsyncGenerator<Uint8Array, undefined> {
  for await (const { text } of readLines(chunks))
    if (typeof text === 'string') yield Buffer.from(`${text}\n`);
    else onNote(`A message was ignored: ${text.message}`);
}
