/** Opens the tower of a file, starts a second one loading, and leaves with exit code 7 while the first encodes. */
import { loadBackend } from '../../src/engine/local/runtime/backend.js';

const file = process.argv[2] ?? '';
const { addon } = await loadBackend({ device: 'cpu', threads: 1 });
const tower = await addon.openTower(file, { device: null, threads: 1 });
void tower.encode(new Uint8Array(tower.imageSize ** 2 * 3)).then(() => {
  process.stdout.write('encoded');
});
void addon.openTower(file, { device: null, threads: 1 });
setTimeout(() => {
  process.stdout.write('leaving');
  process.exit(7);
}, 20);
