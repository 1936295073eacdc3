/** What a judge model is asked, with the fields by which its answer is found again. */
export interface JudgeRequest {
  readonly fields: Readonly<Record<string, string | number>>;
  readonly judge: Readonly<Record<string, string | number>>;
  readonly system?: string;
  readonly user: string;
}

/** A line of a judge's input: the fields, then a chat-completions request. */
export function judgeRequest({ fields, judge, system, user }: JudgeRequest): string {
  const messages = [
    ...(system === undefined ? [] : [{ role: 'system', content: system }]),
    { role: 'user', content: user },
  ];
  return `${JSON.stringify({ ...fields, ...judge, messages })}\n`;
}
