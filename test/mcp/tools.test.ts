import { join } from 'node:path';
import sharp from 'sharp';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { McpClient, textOf } from '../helpers/mcp-client.js';
import { projectFile, runLlava } from '../helpers/run-llava.js';
import { writeBlueSquare, writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
const shapes = projectFile('examples/shapes.png');
const circle = await writeRedCircle(folder);
const square = await writeBlueSquare(folder);
const QUESTION = 'What color is the circle?';

const asked = new Map<string, Promise<string>>();

/** What `llava ask` prints, without its line break; it is run once for each question. */
function ask(...args: string[]): Promise<string> {
  const key = args.join('\n');
  const known = asked.get(key) ?? runLlava(['ask', ...args]).then(({ stdout }) => stdout.trimEnd());
  asked.set(key, known);
  return known;
}
const record = async (...args: string[]) =>
  JSON.parse(await ask('--json', ...args)) as Record<string, unknown> & { probabilities?: object[] };

describe.each([
  ['2025', false],
  ['2026', true],
])('tools, in the protocol of %s', (year, isModern) => {
  let mcp: McpClient;
  beforeAll(async () => {
    mcp = await McpClient.connect({ roots: [projectFile('examples')], args: ['--allow', folder], isModern });
  });
  afterAll(async () => {
    await mcp[Symbol.asyncDispose]();
  });

  it('are told with their schemas, and that they change nothing', async () => {
    expect(mcp.client.getNegotiatedProtocolVersion()).toContain(year);
    expect(mcp.client.getInstructions()).toContain(folder);
    const { tools } = await mcp.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(['look', 'describe', 'classify', 'find']);
    for (const { title, description, annotations, inputSchema, outputSchema } of tools) {
      expect(title).toMatch(/^\w/);
      expect(description?.length).toBeGreaterThan(100);
      expect(annotations).toMatchObject({ readOnlyHint: true, idempotentHint: true, openWorldHint: false });
      expect(inputSchema).toMatchObject({ additionalProperties: false });
      expect(inputSchema.required).toContain('picture');
      expect(outputSchema?.['properties']).toHaveProperty('answer');
    }
  });

  it('answer like llava ask, to the byte', async () => {
    const expected = await Promise.all([
      ask(QUESTION, shapes),
      ask('--region', '300,100,180,120', 'What shape is this?', shapes),
      ask('--format', 'caption', '', shapes),
      ask('--format', 'detailed', 'Describe the image.', shapes),
      ask('--region', '300,100,180,120', '', shapes),
    ]);
    const region = { x: 300, y: 100, width: 180, height: 120 };
    const answers = [
      await mcp.text('look', { picture: shapes, question: QUESTION }),
      await mcp.text('look', { picture: shapes, question: 'What shape is this?', region }),
      await mcp.text('describe', { picture: shapes }),
      await mcp.text('describe', { picture: shapes, detail: 'long' }),
      await mcp.text('describe', { picture: shapes, region }),
    ];
    expect(answers).toEqual(expected);
    expect(answers).not.toContain('');
    const look = { picture: shapes, question: QUESTION };
    expect(await mcp.text('look', { ...look, format: 'short' })).toBe('Red');
    const cut = await mcp.call('look', { ...look, max_tokens: 2 });
    expect(cut.structuredContent).toMatchObject({ stop: 'max-tokens' });
    expect(answers[0]?.startsWith(textOf(cut))).toBe(true);
  });

  it('tell labels with their probabilities', async () => {
    const labels = ['green', 'red', 'blue'];
    const own = await record('--labels', labels.join(','), '--probabilities', QUESTION, shapes);
    const { structuredContent, content } = await mcp.call('classify', {
      picture: shapes,
      labels,
      question: QUESTION,
    });
    expect(structuredContent).toMatchObject({ answer: 'red', stop: 'end', model: 'demo' });
    const { probabilities = [] } = structuredContent as { probabilities?: object[] };
    expect(probabilities).toHaveLength(3);
    expect(own.probabilities).toMatchObject(probabilities);
    expect(textOf({ content })).toMatch(/^red\n\nred: \d/);
  });

  it('find a thing in the picture’s own pixels, and draw it', async () => {
    const own = await record('--format', 'box', 'the blue star', shapes);
    const found = await mcp.call('find', { picture: shapes, thing: 'the blue star', draw: true });
    expect(found.structuredContent).toMatchObject({ answer: own['answer'], rectangle: own['rectangle'] });
    expect(found.structuredContent).not.toHaveProperty('rectangleInFile');
    const [, image] = found.content;
    if (image?.type !== 'image') throw new Error('There is no picture.');
    const drawn = join(folder, 'drawn.png');
    await ask('--format', 'box', 'the blue star', shapes, '--draw', drawn);
    expect(Buffer.from(image.data, 'base64')).toEqual(readFileSync(drawn));
  });

  it('draw large pictures smaller', async () => {
    const large = join(folder, `large-${year}.png`);
    await sharp(shapes).resize(2400, 1600).toFile(large);
    const { content, structuredContent } = await mcp.call('find', {
      picture: large,
      thing: 'the blue star',
      draw: true,
    });
    expect(structuredContent).toMatchObject({ width: 2400, height: 1600 });
    const [, image] = content;
    const drawn = sharp(Buffer.from(image?.type === 'image' ? image.data : '', 'base64'));
    expect(await drawn.metadata()).toMatchObject({ format: 'png', width: 1024, height: 683 });
  });

  it('take file addresses, data URLs and base64', async () => {
    const base64 = readFileSync(circle, 'base64');
    const jpeg = await sharp(circle).jpeg().toBuffer();
    const expected = await ask(QUESTION, circle);
    for (const picture of [
      circle,
      new URL(`file://${circle}`).href,
      `data:image/png;base64,${base64}`,
      base64,
      jpeg.toString('base64'),
    ])
      expect(await mcp.text('look', { picture, question: QUESTION })).toBe(expected);
  });

  it('answer several calls at once', async () => {
    const pictures = [shapes, circle, square];
    const lines = (await ask('Describe the image.', ...pictures)).split('\n');
    const expected = lines.map((line) => line.split('\t')[1]);
    const calls = Array.from({ length: 12 }, (_, index) => {
      const picture = pictures[index % 3];
      return mcp.text('look', { picture, question: 'Describe the image.' });
    });
    expect(await Promise.all(calls)).toEqual([...expected, ...expected, ...expected, ...expected]);
  });

  it('say how far they are', async () => {
    await using fresh = await McpClient.connect({ roots: [folder], isModern });
    const said: { readonly progress: number; readonly message?: string | undefined }[] = [];
    const onprogress = (progress: (typeof said)[number]) => said.push(progress);
    await fresh.call('look', { picture: circle, question: 'Describe the image.' }, { onprogress });
    // The client of the newest revision tells of its own that it was asked for its folders.
    const steps = said.filter(({ message = '' }) => !message.startsWith('Fulfilling'));
    expect(steps[0]?.message).toContain('loading demo');
    expect(steps.map(({ message }) => message)).toContain('looking at the picture');
    expect(steps.at(-1)?.message).toMatch(/^answering/);
    const counts = steps.map(({ progress }) => progress);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(new Set(counts).size).toBe(counts.length);
  });
});

describe.concurrent('a call', () => {
  /** Scored in many seconds, and one at a time. */
  const labels = Array.from(
    { length: 5000 },
    (_, index) => `a thing of number ${index}, ${(index * 7919) % 9973}`,
  );

  it('that is cancelled leaves the engine to the next', async () => {
    await using mcp = await McpClient.connect({ args: ['--allow', folder] });
    const look = () => mcp.text('look', { picture: circle, question: QUESTION });
    const expected = await look();
    const cancelling = new AbortController();
    const long = mcp.call('classify', { picture: circle, labels }, { signal: cancelling.signal });
    setTimeout(() => {
      cancelling.abort();
    }, 300);
    await expect(long).rejects.toThrow();
    const start = performance.now();
    expect(await look()).toBe(expected);
    // Uncancelled, the labels take twice as long and more.
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(mcp.stderr).toBe('');
  });

  it('that is cancelled while the weights load does not keep them', async () => {
    await using mcp = await McpClient.connect({ args: ['--allow', folder, '--idle', '1s'] });
    const given = { picture: circle, question: QUESTION };
    const cancelling = new AbortController();
    const onprogress = () => {
      cancelling.abort();
    };
    await expect(mcp.call('look', given, { signal: cancelling.signal, onprogress })).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const said: (string | undefined)[] = [];
    const answer = await mcp.call('look', given, { onprogress: ({ message }) => said.push(message) });
    expect(textOf(answer)).toBe(await ask(QUESTION, circle));
    expect(said).toContain('loading demo');
  });

  it('loads the weights again when they were let go', async () => {
    await using mcp = await McpClient.connect({ args: ['--allow', folder, '--idle', '1s'] });
    const loaded: string[] = [];
    const look = () =>
      mcp.call(
        'look',
        { picture: circle, question: QUESTION },
        { onprogress: ({ message = '' }) => loaded.push(message) },
      );
    await look();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await look();
    expect(loaded.filter((message) => message === 'loading demo')).toHaveLength(2);
  });
});
