// Downloads files as a process of its own that can be killed: requests, settings and options as JSON in argv.
// Writes a line for each end and each wait.
import { downloadFile } from '../../dist/program/download.js';

const [requests, settings, options] = JSON.parse(process.argv[2]);

// A write past the limit shall fail, not end the process.
process.on('SIGXFSZ', () => undefined);

async function run(request) {
  let isWaiting = false;
  const onProgress = ({ phase, note }) => {
    if (phase === 'waiting' && !isWaiting) process.stdout.write(`waiting: ${note}\n`);
    isWaiting = phase === 'waiting';
  };
  try {
    await downloadFile(request, settings, { ...options, onProgress });
    process.stdout.write(`done: ${request.file.path}\n`);
  } catch (error) {
    const isClear = error.name === 'ExpectedError' && error.hint !== undefined;
    const text = isClear ? `error: ${request.file.path} ${error.message}` : `defect: ${error.stack}`;
    process.stdout.write(`${text}\n`);
    process.exitCode = 1;
  }
}

await Promise.all(requests.map(run));
