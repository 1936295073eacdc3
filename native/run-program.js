import { spawn } from 'node:child_process';
import path from 'node:path';

/** A step of a build that did not work: `reason` in plain words, `output` of the program that failed. */
export class BuildProblem extends Error {
  /** @param {string} reason @param {string} [output] */
  constructor(reason, output = '') {
    super(reason);
    this.output = output;
  }
}

/**
 * Runs a program quietly.
 * @param {string} program @param {string[]} args @param {string} missing what to say when there is no such program
 * @param {import('node:child_process').SpawnOptionsWithoutStdio} [options]
 * @returns {Promise<string>} its output
 * @throws {BuildProblem} when there is none, or it fails
 */
export async function runProgram(program, args, missing, options = {}) {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => (output += text));
  /** @type {number | null} */
  const status = await new Promise((resolve, reject) => {
    child.once('error', (error) => {
      reject(new BuildProblem(missing, error.message));
    });
    child.once('close', resolve);
  });
  const name = path.basename(program === process.execPath ? (args[0] ?? '') : program, '.js');
  if (status !== 0) throw new BuildProblem(`${name} failed`, output);
  return output;
}
