import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { LLAVA, projectFile, TEST_ENVIRONMENT } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const INSPECTOR = projectFile('node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js');
const home = temporaryFolder();
const shapes = projectFile('examples/shapes.png');

interface Inspected {
  readonly tools?: readonly { readonly name: string }[];
  readonly content?: readonly { readonly text?: string }[];
  readonly structuredContent?: Record<string, unknown>;
}

/** What the protocol's inspector prints of one request. */
async function inspect(...args: readonly string[]): Promise<Inspected> {
  const server = [process.execPath, LLAVA, 'mcp', '--model', 'demo', '--allow', projectFile('examples')];
  const { stdout } = await execa(process.execPath, [INSPECTOR, '--cli', ...server, ...args], {
    stdin: 'ignore',
    // It keeps its settings at home.
    env: { ...TEST_ENVIRONMENT, HOME: home, USERPROFILE: home },
  });
  return JSON.parse(stdout) as Inspected;
}

function call(name: string, ...pairs: readonly string[]): Promise<Inspected> {
  const given = pairs.flatMap((pair) => ['--tool-arg', pair]);
  return inspect('--method', 'tools/call', '--tool-name', name, ...given);
}

describe.concurrent('the protocol’s inspector', () => {
  it('lists the tools, and finds their schemas portable', async () => {
    const { tools = [] } = await inspect('--method', 'tools/list', '--strict');
    expect(tools.map(({ name }) => name)).toEqual(['look', 'describe', 'classify', 'find']);
  });

  it('calls look', async () => {
    const { content } = await call('look', `picture=${shapes}`, 'question=What color is the circle?');
    expect(content).toEqual([{ type: 'text', text: 'The circle is red.' }]);
  });

  it('calls describe', async () => {
    const { content } = await call('describe', `picture=${shapes}`, 'detail=long');
    expect(content?.[0]?.text).toMatch(
      /^The image shows three objects on a white background\. At the top left is a/,
    );
  });

  it('calls classify', async () => {
    const { structuredContent } = await call(
      'classify',
      `picture=${shapes}`,
      'labels=["red","blue"]',
      'question=What color is the star?',
    );
    expect(structuredContent).toMatchObject({ answer: 'blue', probabilities: [{}, { choice: 'blue' }] });
  });

  it('calls find', async () => {
    const { structuredContent } = await call('find', `picture=${shapes}`, 'thing=the blue star');
    expect(structuredContent).toMatchObject({ rectangle: { x: 398, y: 136 } });
  });
});
