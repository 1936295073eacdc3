import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { projectFile, runLlava } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
const shapes = projectFile('examples/shapes.png');
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const SCHEMA = '{"type":"object","properties":{"shape":{"enum":["circle","square"]}}}';

describe('llava ask', () => {
  it('answers by a schema, from a file or the command line, with its value in JSON', async () => {
    const path = file('shape.json', SCHEMA);
    const { stdout } = await runLlava(['ask', '--schema', path, 'Which shape?', shapes]);
    const told = JSON.parse(stdout) as unknown;
    expect(told).toEqual({ shape: expect.stringMatching(/^(circle|square)$/) as string });
    const json = await runLlava(['ask', '--json', '--schema', SCHEMA, 'Which shape?', shapes]);
    expect(JSON.parse(json.stdout)).toMatchObject({ value: told });
  });

  it('fails rather than print half of an answer', async () => {
    const args = ['ask', '--schema', SCHEMA, '--max-tokens', '2', 'Which shape?', shapes];
    const { exitCode, stdout, stderr } = await runLlava(args);
    expect([exitCode, stdout]).toEqual([4, '']);
    expect(stderr).toContain('max-tokens');
  });

  it('answers by a grammar whose root says nothing of spaces', async () => {
    const path = file('yes.gbnf', 'root ::= "yes" | "no"\n');
    const { stdout } = await runLlava(['ask', '--grammar', path, 'Is there a circle?', shapes]);
    expect(stdout).toMatch(/^(yes|no)\n$/);
  });

  it('draws marks and the box', async () => {
    const out = join(folder, 'drawn.png');
    const marks = ['--mark', 'box:300,200,100,80:blue', '--mark', 'point:0.9,0.9'];
    await runLlava(['ask', '--format', 'box', 'the red circle', shapes, ...marks, '--draw', out]);
    const { data, info } = await sharp(out).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const at = (x: number, y: number) => [...data.subarray((y * info.width + x) * 3).subarray(0, 3)];
    expect(at(301, 240)).toEqual([0, 0, 255]);
    expect(at(432, 288)).toEqual([255, 0, 0]);
  });

  it.each<[string, string[], RegExp]>([
    ['a schema that is no JSON', ['--schema', '{"type"'], /not JSON/],
    ['a schema file that is missing', ['--schema', 'none.json'], /"none\.json"/],
    ['a schema beyond grammars', ['--schema', '{"type":"string","pattern":"a"}'], /"\/pattern"/],
    ['a grammar file that is missing', ['--grammar', 'none.gbnf'], /"none\.gbnf"/],
    ['a grammar without a root', ['--grammar', file('start.gbnf', 'start ::= "a"')], /root/],
    ['a grammar that is none', ['--grammar', file('bad.gbnf', 'root ::= (((')], /grammar/],
    [
      'a schema and choices',
      ['--schema', '{"type":"null"}', '--choice', 'a', '--choice', 'b'],
      /cannot be used/,
    ],
    ['a malformed region', ['--region', '1,2,3'], /"1,2,3"/],
    ['a region outside', ['--region', '400,300,200,200'], /480×320/],
    ['a region without area', ['--region', '4,4,0,2'], /above 0/],
    ['a malformed mark', ['--mark', 'star:1,2,3,4'], /"star"/],
    ['a mark outside', ['--mark', 'box:400,300,200,200'], /480×320/],
  ])('refuses %s', async (_, args, message) => {
    const { exitCode, stdout, stderr } = await runLlava(['ask', 'What is it?', shapes, ...args]);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/ at .*\.js/);
  });

  it('takes all of it in rows of a batch; rows that cannot be are errors', async () => {
    const rows = [
      { question: 'Which shape?', schema: JSON.parse(SCHEMA) as unknown },
      { region: [0, 0, 200, 150] },
      { question: 'What is marked?', mark: ['box:10,10,100,100', 'point:0.5,0.5:blue'] },
      { question: 'Is it?', grammar: 'root ::= "yes" | "no"' },
      { question: 'a', schema: { type: 'string', pattern: 'a' } },
      { question: 'a', grammar: 'root ::= (((' },
      { question: 'a', region: '400,300,200,200' },
      { question: 'a', mark: 'star:1,2' },
      { question: 'a', schema: { type: 'null' }, labels: ['a', 'b'] },
    ];
    const input = file('rows.jsonl', rows.map((row) => JSON.stringify({ image: shapes, ...row })).join('\n'));
    const { exitCode, stdout } = await runLlava(['batch', input]);
    expect(exitCode).toBe(3);
    const answers = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(answers.map((row) => (row['error'] as { code: string } | undefined)?.code)).toEqual([
      ...Array<undefined>(4).fill(undefined),
      ...Array<string>(5).fill('bad_row'),
    ]);
    expect(answers[0]).toMatchObject({ value: { shape: expect.any(String) as string } });
    expect(answers[1]).toMatchObject({ format: 'region' });
    expect(answers[3]!['answer']).toMatch(/^(yes|no)$/);
  });
});
