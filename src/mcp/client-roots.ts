import {
  CLIENT_CAPABILITIES_META_KEY,
  inputResponse,
  type McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';

const withRoots = v.looseObject({ roots: v.looseObject({}) });
const rootSchema = v.looseObject({ uri: v.pipe(v.string(), v.startsWith('file://')) });

/** What is asked of the client, by the name that its answer has. */
export const ROOTS = 'roots';

/**
 * The client's own folders (“roots”): none when it declares none; undefined when it must be asked first. The protocol
 * discourages them since its revision of July 2026, but clients still use them.
 */
export function clientRoots(server: McpServer, { mcpReq }: ServerContext): readonly string[] | undefined {
  const answer = inputResponse(mcpReq.inputResponses, ROOTS);
  if (answer.kind === 'roots') return answer.roots.flatMap(folderOf);
  // Each request says what its client can do; in older revisions only the first does, which is found nowhere else.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const first = server.server.getClientCapabilities();
  const envelope: Readonly<Record<string, unknown>> = mcpReq.envelope ?? {};
  const capabilities = envelope[CLIENT_CAPABILITIES_META_KEY] ?? first;
  return v.is(withRoots, capabilities) ? undefined : [];
}

/** A root that is no folder of this machine opens nothing. */
function folderOf(root: unknown): readonly string[] {
  const checked = v.safeParse(rootSchema, root);
  if (!checked.success) return [];
  try {
    return [fileURLToPath(checked.output.uri)];
  } catch {
    return [];
  }
}
