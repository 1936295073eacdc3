/** Why there is no answer, in words for people. */
export class ServerProblem extends Error {
  override readonly name = 'ServerProblem';
  /** Of the response; undefined when none came. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }

  /** Whether the server wants a key, or another one. */
  get isAboutKey(): boolean {
    return this.status === 401;
  }
}

/** What a response with an error says; `error.message` where it is the server's own. */
export async function problemIn(response: Response): Promise<ServerProblem> {
  const { status } = response;
  const body: unknown = await response.json().catch(() => undefined);
  const { message } = (body as { error?: { message?: unknown } } | undefined)?.error ?? {};
  return new ServerProblem(
    typeof message === 'string' ? message : `The server answered with status ${status}, and nothing else.`,
    status,
  );
}
