import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { readAnswers } from '../../src/eval/files/read-answers.js';
import { readJsonEntries, readJsonLines } from '../../src/eval/files/read-json.js';
import { readTsv, valueOf } from '../../src/eval/files/read-tsv.js';
import { spreadsheet } from '../../src/eval/files/spreadsheet.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('JSON', () => {
  it('keeps the order of keys that are numbers', async () => {
    const text = '{ "20": {"a": {"3": [1]}}, "b\\"3": {"a": "{"} , "1":{"a":"20"}}';
    const entries = await readJsonEntries(file('order.json', text), v.object({ a: v.unknown() }));
    expect(entries.map(([key]) => key)).toEqual(['20', 'b"3', '1']);
    expect(entries[2]?.[1]).toEqual({ a: '20' });
  });

  it('names the line and the field that is wrong', async () => {
    const path = file('lines.jsonl', '\ufeff{"id": 1}\r\n\n{"id": "x"}\n');
    await expect(all(readJsonLines(path, v.object({ id: v.number() })))).rejects.toThrow(
      `"${path}:3": field "id" is "x", not number.`,
    );
  });

  it('reads a last line without a line break, and characters across pieces', async () => {
    const long = 'ü'.repeat(1 << 20);
    const path = file('long.jsonl', `{"id": "${long}"}\n{"id": "b"}`);
    const lines = await all(readJsonLines(path, v.object({ id: v.string() })));
    expect(lines.map(({ value }) => value.id)).toEqual([long, 'b']);
  });

  it('refuses what is no UTF-8', async () => {
    const path = file('latin.jsonl', Buffer.from('{"id": "\xfc"}\n', 'latin1'));
    await expect(all(readJsonLines(path, v.object({ id: v.string() })))).rejects.toMatchObject({
      kind: 'input',
    });
  });
});

describe('answers', () => {
  it('reads text or model_output and counts lines without', async () => {
    const path = file(
      'answers.jsonl',
      [
        { question_id: 1, prompt: 'q', text: 'a', answer_id: 'x', model_id: 'm', metadata: {} },
        { question_id: 'two', model_output: 'b' },
        { question_id: 3, error: { code: 'bad_image' } },
      ]
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(''),
    );
    expect(await readAnswers(path)).toEqual({
      path,
      failed: 1,
      sample: false,
      answers: [
        { questionId: 1, prompt: 'q', text: 'a', answerId: 'x' },
        { questionId: 'two', prompt: '', text: 'b', answerId: undefined },
      ],
    });
  });

  it('refuses a file without answers', async () => {
    await expect(readAnswers(file('none.jsonl', '\n'))).rejects.toThrow('has no answers');
    await expect(readAnswers(join(folder, 'missing.jsonl'))).rejects.toThrow('cannot be read: no such file');
  });
});

describe('TSV', () => {
  it('reads quotes as pandas does', async () => {
    const text =
      'index\tquestion\thint\r\n1\t"two\nlines\tand ""quotes"""\tNone\n2\tin "the" middle\t\n\n3\t"open"tail\n';
    const rows = await all(readTsv(file('quotes.tsv', text)));
    expect(rows.map((row) => row.get('question'))).toEqual([
      'two\nlines\tand "quotes"',
      'in "the" middle',
      'opentail',
    ]);
    expect(rows.map((row) => valueOf(row, 'hint'))).toEqual([undefined, undefined, undefined]);
    expect(rows.map((row) => row.get('index'))).toEqual(['1', '2', '3']);
  });

  it('reads rows that are cut by pieces', async () => {
    const picture = 'A'.repeat(700_000);
    const rows = Array.from({ length: 6 }, (_, index) => `${index}\t"a\n${picture}"\t${picture}`);
    const read = await all(readTsv(file('large.tsv', `index\ta\timage\n${rows.join('\n')}`)));
    expect(read.map((row) => row.get('index'))).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(read.every((row) => row.get('a') === `a\n${picture}` && row.get('image') === picture)).toBe(true);
  });

  it('refuses more cells than columns', async () => {
    await expect(all(readTsv(file('wide.tsv', 'a\tb\n1\t2\t3\n')))).rejects.toThrow(
      'row 2 has 3 cells where the header has 2',
    );
  });
});

describe('a spreadsheet', () => {
  const bytes = Buffer.from(
    spreadsheet([
      ['index', 'A', 'prediction'],
      [1_000_007, 'a < b & "c"\n\x01é', undefined],
    ]),
  );

  it('is an archive whose sheet has the cells', () => {
    const sheet = unzip(bytes).get('xl/worksheets/sheet1.xml');
    expect(sheet).toContain('<c r="A2"><v>1000007</v></c>');
    expect(sheet).toContain('a &lt; b &amp; "c"\né</t>');
    expect(sheet).not.toContain('r="C2"');
    expect(sheet).toContain('<c r="C1" t="inlineStr"><is><t xml:space="preserve">prediction</t></is></c>');
    expect([...unzip(bytes).keys()]).toContain('[Content_Types].xml');
  });
});

/** Reads an archive by its central directory, as APPNOTE says. */
function unzip(bytes: Buffer): Map<string, string> {
  const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const files = new Map<string, string>();
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    const [packed, size] = [bytes.readUInt32LE(at + 20), bytes.readUInt32LE(at + 24)];
    const nameLength = bytes.readUInt16LE(at + 28);
    const local = bytes.readUInt32LE(at + 42);
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const content = inflateRawSync(bytes.subarray(start, start + packed));
    expect(content.length).toBe(size);
    files.set(bytes.toString('utf8', at + 46, at + 46 + nameLength), content.toString('utf8'));
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return files;
}
