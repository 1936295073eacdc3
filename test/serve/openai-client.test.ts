import { readFileSync } from 'node:fs';
import OpenAI, { BadRequestError } from 'openai';
import type { ChatCompletionMessageParam } from 'openai/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScoredChoice as Scored } from '../../src/engine/engine.js';
import { projectFile, runLlava } from '../helpers/run-llava.js';
import { askAbout, RunningServer } from '../helpers/running-server.js';

const path = projectFile('examples/shapes.png');
const picture = readFileSync(path);
let server: RunningServer;
let client: OpenAI;

beforeAll(async () => {
  server = await RunningServer.start();
  client = new OpenAI({ baseURL: `${server.address}/v1`, apiKey: 'none', maxRetries: 0 });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const messages = (question: string) => askAbout(picture, question) as unknown as ChatCompletionMessageParam[];
/** What `llava ask` prints, without its line break. */
const ask = async (...args: string[]) => (await runLlava(['ask', ...args, path])).stdout.trimEnd();

describe('OpenAI’s own client', () => {
  it('asks about a picture, and gets the answer of llava ask', async () => {
    const question = 'What color is the circle?';
    const completion = await client.chat.completions.create({ model: 'demo', messages: messages(question) });
    expect(completion.choices[0]).toMatchObject({
      message: { role: 'assistant', content: await ask(question) },
      finish_reason: 'stop',
    });
    expect(completion.usage).toEqual({ prompt_tokens: 107, completion_tokens: 5, total_tokens: 112 });
    expect(completion).toMatchObject({ object: 'chat.completion', model: 'demo', llava: { width: 480 } });
  });

  it('streams the same answer, its counts last', async () => {
    const question = 'Where is the star?';
    const stream = await client.chat.completions.create({
      model: 'demo',
      messages: messages(question),
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let usage: unknown;
    const finishes: unknown[] = [];
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      if (chunk.choices[0]?.finish_reason != null) finishes.push(chunk.choices[0].finish_reason);
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe(await ask(question));
    expect(finishes).toEqual(['stop']);
    expect(usage).toMatchObject({ completion_tokens: expect.any(Number) as number });
  });

  it('goes on with a conversation, as a chat does', async () => {
    const questions = ['What color is the circle?', 'Where is it?'];
    const said: ChatCompletionMessageParam[] = [...messages(questions[0] ?? '')];
    const answers: string[] = [];
    for (const [index] of questions.entries()) {
      const { choices } = await client.chat.completions.create({ model: 'demo', messages: said });
      const content = choices[0]?.message.content ?? '';
      answers.push(content);
      said.push({ role: 'assistant', content }, { role: 'user', content: questions[index + 1] ?? '' });
    }
    const chat = await runLlava(['chat', path], { stdin: 'pipe', input: `${questions.join('\n')}\n` });
    expect(answers.join('\n')).toBe(chat.stdout.trimEnd());
  });

  it('has a system text of its own', async () => {
    const system = { role: 'system', content: 'Answer in one word.' } as const;
    const { usage } = await client.chat.completions.create({
      model: 'demo',
      messages: [system, ...messages('What color is the circle?')],
    });
    expect(usage?.prompt_tokens).toBeLessThan(107);
  });

  it('stops at a text, which the answer leaves out', async () => {
    const create = { model: 'demo', messages: messages('What color is the circle?'), stop: [' red', 'x'] };
    const { choices } = await client.chat.completions.create(create);
    expect(choices[0]).toMatchObject({ message: { content: 'The circle is' }, finish_reason: 'stop' });
    let text = '';
    for await (const chunk of await client.chat.completions.create({ ...create, stream: true }))
      text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe('The circle is');
  });

  it('is cut at max_tokens, and tells log-probabilities', async () => {
    const { choices } = await client.chat.completions.create({
      model: 'demo',
      messages: messages('What color is the circle?'),
      max_completion_tokens: 2,
      logprobs: true,
    });
    expect(choices[0]?.finish_reason).toBe('length');
    const content = choices[0]?.logprobs?.content ?? [];
    expect(content.map(({ token }) => token).join('')).toBe(choices[0]?.message.content);
    for (const { logprob } of content) expect(logprob).toBeLessThanOrEqual(0);
  });

  it('gets the likeliest tokens, as probable as the labels of the same name are', async () => {
    const ask = (rest: object) =>
      client.chat.completions.create({
        model: 'demo',
        messages: messages('What color is the circle?'),
        ...rest,
      }) as unknown as Promise<OpenAI.ChatCompletion & { llava: { probabilities: readonly Scored[] } }>;
    const told = await ask({ logprobs: true, top_logprobs: 20, llava: { format: 'short' } });
    const [first] = told.choices[0]?.logprobs?.content ?? [];
    const top = first?.top_logprobs ?? [];
    expect(top).toHaveLength(20);
    expect(top[0]).toMatchObject({ token: first?.token, logprob: first?.logprob });
    const logs = top.map(({ logprob }) => logprob);
    expect(logs).toEqual([...logs].sort((a, b) => b - a));
    const names = top.map(({ token }) => token).filter((token) => /^[A-Z][a-z]+$/.test(token));
    expect(names.length).toBeGreaterThan(3);
    const labelled = await ask({ llava: { format: 'short', labels: names, probabilities: true } });
    for (const { choice, logLikelihood, tokens } of labelled.llava.probabilities)
      if (tokens === 1)
        expect(logLikelihood).toBeCloseTo(top.find(({ token }) => token === choice)?.logprob ?? NaN, 4);
  });

  it('gets JSON by a schema, or any JSON object', async () => {
    const schema = {
      type: 'object',
      properties: { colour: { enum: ['red', 'blue'] } },
      required: ['colour'],
    };
    const bySchema = await client.chat.completions.create({
      model: 'demo',
      messages: messages('What color is the circle?'),
      response_format: { type: 'json_schema', json_schema: { name: 'colour', schema } },
    });
    expect(JSON.parse(bySchema.choices[0]?.message.content ?? '')).toEqual({ colour: 'red' });
    const refused = client.chat.completions.create({
      model: 'demo',
      messages: messages('What color is the circle?'),
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { $ref: '#/none' } } },
    });
    await expect(refused).rejects.toMatchObject({ status: 400, param: 'response_format.json_schema.schema' });
  });

  it('reaches what LLaVA can do beyond it', async () => {
    const extended = async (llava: object, question = 'What color is the circle?') => {
      const body = { model: 'demo', messages: messages(question), llava };
      return (await client.chat.completions.create(body)) as unknown as { llava: Record<string, unknown> };
    };
    expect((await extended({ format: 'short' })).llava['answer']).toBe('Red');
    expect((await extended({ choices: ['blue', 'red'] })).llava).toMatchObject({
      letter: 'B',
      choice: 'red',
    });
    const { llava } = await extended({ labels: ['red', 'green'], probabilities: true });
    expect(llava).toMatchObject({ answer: 'red', probabilities: [{ choice: 'red' }, { choice: 'green' }] });
    expect((await extended({ format: 'box' }, 'the circle')).llava).toHaveProperty('rectangle');
    expect((await extended({ image_tokens: 16 })).llava).toMatchObject({ tokens: { image: 16 } });
  });

  it('streams an answer that is told as a whole', async () => {
    const body = {
      model: 'demo',
      messages: messages('Is it red?'),
      stream: true,
      llava: { yes_no: true },
    } as const;
    let text = '';
    for await (const chunk of await client.chat.completions.create(body))
      text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toMatch(/^(yes|no)$/);
  });

  it('lists the model', async () => {
    const models = await client.models.list();
    expect(models.data.map(({ id }) => id)).toEqual(['demo']);
  });

  const url = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } } as const;
  it.each<[string, Record<string, unknown>, string, RegExp]>([
    ['no picture', { messages: [{ role: 'user', content: 'Hello' }] }, 'messages', /no picture/],
    ['two pictures', { messages: [{ role: 'user', content: [url, url] }] }, 'messages', /ask about each/],
    [
      'a damaged picture',
      { messages: [{ role: 'user', content: [url, { type: 'text', text: 'x' }] }] },
      'messages',
      /image_url/,
    ],
    ['more of the likeliest than are told', { logprobs: true, top_logprobs: 21 }, 'top_logprobs', /0 to 20/],
    ['the likeliest without logprobs', { top_logprobs: 2 }, 'top_logprobs', /goes with/],
    ['two answers', { n: 2 }, 'n', /only 1/],
    ['tools', { tools: [{ type: 'function', function: { name: 'f' } }] }, 'tools', /not supported/],
    ['a temperature of 3', { temperature: 3 }, 'temperature', /from 0 to 2/],
    ['an unknown field of the extension', { llava: { colour: 'red' } }, 'llava.colour', /llava\.colour/],
    ['an empty question', { messages: askAbout(picture, '') }, 'llava', /empty/],
    ['labels and choices', { llava: { labels: ['a', 'b'], choices: ['a', 'b'] } }, 'llava', /letter format/],
    ['too long a question', { messages: askAbout(picture, 'word '.repeat(3000)) }, 'messages', /positions/],
  ])('is told the field for %s', async (_, change, param, says) => {
    const body = { model: 'demo', messages: messages('What is it?'), ...change };
    const error: unknown = await client.chat.completions
      .create(body as never)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ status: 400, param });
    expect((error as Error).message).toMatch(says);
  });
});
