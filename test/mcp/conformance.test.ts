import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectFile } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { HttpBridge } from './http-bridge.js';

/*
 * The scenarios of the protocol's own suite that are about what this server has. It speaks HTTP alone, so a bridge stands
 * between. The other 29 do not apply:
 * - tools-call-*, json-schema-2020-12, elicitation-*: call tools of prescribed names (`test_simple_text`, …);
 * - resources-*, prompts-*, completion-complete, logging-set-level: this server has none of these;
 * - server-sse-*, dns-rebinding-protection: are about HTTP, which is the bridge's.
 * 0.1.13 is the last version that runs on Node 20.
 */
const SCENARIOS = ['server-initialize', 'ping', 'tools-list'];
const SUITE = projectFile('node_modules/@modelcontextprotocol/conformance/dist/index.js');

const folder = temporaryFolder();
let bridge: HttpBridge;
beforeAll(async () => {
  bridge = await HttpBridge.start();
});
afterAll(async () => {
  await bridge[Symbol.asyncDispose]();
});

/** Runs a scenario as its users do; the results that it leaves go to a folder of the test. */
async function run(scenario: string) {
  const { exitCode, all } = await execa(
    process.execPath,
    [SUITE, 'server', '--url', bridge.url, '--scenario', scenario],
    { cwd: folder, reject: false, all: true },
  );
  return { exitCode, output: all };
}

describe.concurrent('the protocol’s conformance suite', () => {
  it.each(SCENARIOS)('passes %s', async (scenario) => {
    const { exitCode, output } = await run(scenario);
    expect(output).toMatch(/Passed: [1-9]\d*\/\d+, 0 failed/);
    expect(exitCode, output).toBe(0);
  });
});
