/* Decodes the files that are named with the built program: what became of each, and the most memory that it took. */
import { loadPixels } from '../../dist/program/pixels.js';

const outcomes = [];
for (const path of process.argv.slice(2)) {
  const start = performance.now();
  try {
    const { picture } = await loadPixels({ kind: 'file', path }, { imageSize: 56 });
    outcomes.push({ kind: 'decoded', message: JSON.stringify(picture), ms: performance.now() - start });
  } catch (error) {
    const { kind = 'defect', message, stack } = error;
    outcomes.push({ kind, message: kind === 'defect' ? stack : message, ms: performance.now() - start });
  }
}
process.stdout.write(JSON.stringify({ outcomes, peakBytes: process.resourceUsage().maxRSS * 1024 }));
