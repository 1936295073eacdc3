import { keptKey } from './kept-key.js';
import { readAnswer, type ServedPiece } from './served-answer.js';
import { problemIn, ServerProblem } from './server-problem.js';

/**
 * Asks the server that this page came from.
 * @param body of a chat completion
 * @param signal ends the request, and with it the server's work
 * @throws ServerProblem; what the signal was aborted with
 */
export async function* askServer(body: object, signal: AbortSignal): AsyncGenerator<ServedPiece, undefined> {
  try {
    const response = await send('v1/chat/completions', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...body, stream: true }),
      signal,
    });
    if (response.body === null) throw new ServerProblem('The server answered nothing.');
    yield* readAnswer(response.body);
  } catch (error) {
    signal.throwIfAborted();
    throw await explain(error);
  }
}

/** The model's name. @throws ServerProblem */
export async function fetchModel(): Promise<string> {
  try {
    const { data } = (await (await send('v1/models')).json()) as { data: readonly { id: string }[] };
    return data[0]?.id ?? '';
  } catch (error) {
    throw await explain(error);
  }
}

/** @param path from where the page is, which need not be the root behind a proxy */
async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const key = keptKey();
  if (key !== undefined) headers.set('Authorization', `Bearer ${key}`);
  const response = await fetch(path, { ...init, headers });
  if (!response.ok) throw await problemIn(response);
  return response;
}

/** Browsers do not tell why a request failed, so the server is asked whether it lives. */
async function explain(error: unknown): Promise<ServerProblem> {
  if (error instanceof ServerProblem) return error;
  const isAlive = await fetch('health').then(
    ({ ok }) => ok,
    () => false,
  );
  return new ServerProblem(
    isAlive
      ? 'The server cut the connection. The picture may be larger than it takes: see its --max-body.'
      : 'The server does not answer. Is llava serve still running?',
  );
}
