import { describe, expect, it } from 'vitest';
import { runLlava } from '../helpers/run-llava.js';

interface Report {
  readonly devices: readonly {
    readonly kind: string;
    readonly isUsable: boolean;
    readonly problem?: string;
    readonly selfTest?: { readonly ok: boolean; readonly result: { readonly answer: string } };
  }[];
  readonly plans: readonly {
    readonly model: string;
    readonly device: string;
    readonly isEstimate: boolean;
  }[];
  readonly weights: readonly string[];
}

describe('llava doctor', () => {
  it('examines the machine and passes its own test', async () => {
    const run = await runLlava(['doctor']);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toMatch(
      /^llava \d.*node-llama-cpp 3.*llama\.cpp v\d.*\n\w+-\w+, Node \d.*\naddon (built here|prebuilt, since)/,
    );
    expect(run.stdout).toMatch(/CPU +\d+ threads?; \w+/);
    expect(run.stdout).toMatch(/CPU +ok: "Red"; load \d+ ms/);
    expect(run.stdout).toMatch(/llava-1\.5-7b \(not here\) +CPU +(fits|too much)/);
    expect(run.stdout).toMatch(/llava-1\.5-13b \(not here\) +CPU/);
    expect(run.stdout).toMatch(/here +demo\n/);
  });

  it('tells programs the same, and leaves the tests out when asked to', async () => {
    const run = await runLlava(['doctor', '--json', '--no-test']);
    const report = JSON.parse(run.stdout) as Report;
    const cpu = report.devices.find(({ kind }) => kind === 'cpu');
    expect(cpu).toMatchObject({ isUsable: true });
    expect(cpu?.selfTest).toBeUndefined();
    expect(report.plans.filter(({ device }) => device === 'cpu').map(({ model }) => model)).toEqual([
      'demo',
      'llava-1.5-7b',
      'llava-1.5-13b',
    ]);
    expect(report.weights).toEqual(['demo']);
  });

  it('says what is wrong with each native addon that could be loaded', async () => {
    const env = { LLAVA_NATIVE_ADDON: 'package.json' };
    const run = await runLlava(['doctor', '--json', '--no-test'], { env });
    const { addon } = JSON.parse(run.stdout) as { addon: { problem: string } };
    expect(run.exitCode).not.toBe(0);
    expect(addon.problem).toMatch(/^No native addon for \w+-\w+: the one that LLAVA_NATIVE_ADDON names/);
  });
});
