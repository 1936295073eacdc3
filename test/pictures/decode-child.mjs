/* Decodes the files that are named with the built program: what became of each, and the most memory that it took. */
import { loadPixels } from '../../dist/program/pixels.js';

/** Of all threads. */
function cpuMs(since) {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

const outcomes = [];
for (const path of process.argv.slice(2)) {
  const start = performance.now();
  const used = process.cpuUsage();
  try {
    const { picture } = await loadPixels({ kind: 'file', path }, { imageSize: 56 });
    outcomes.push({
      kind: 'decoded',
      message: JSON.stringify(picture),
      ms: performance.now() - start,
      cpuMs: cpuMs(used),
    });
  } catch (error) {
    const { kind = 'defect', message, stack } = error;
    outcomes.push({
      kind,
      message: kind === 'defect' ? stack : message,
      ms: performance.now() - start,
      cpuMs: cpuMs(used),
    });
  }
}
process.stdout.write(JSON.stringify({ outcomes, peakBytes: process.resourceUsage().maxRSS * 1024 }));
