import { KeptFolder } from '../../kept/kept-folder.js';
import { listStates, type KeptListing } from '../../kept/list-states.js';
import type { KeptState } from '../../kept/wire.js';
import { formatBytes, formatDuration } from '../../llava/format.js';
import { writeJson } from '../../terminal/io.js';
import { formatTable } from '../../terminal/table.js';
import type { CommandContext } from '../command-context.js';
import type { JsonFlag } from '../options/option-groups.js';

const HEAD = ['MODEL', 'DEVICE', 'MEMORY', 'PICTURES', 'UNUSED', 'ENDS', 'PID'];

/** Shows the engines that are kept. */
export async function listKept({ json }: JsonFlag, { io }: CommandContext): Promise<void> {
  const kept = await listStates(new KeptFolder(io.env));
  if (json === true) {
    writeJson(io, {
      engines: kept.map(({ entry: { address }, state }) => ({
        address,
        answers: state !== undefined,
        ...state,
      })),
    });
    return;
  }
  if (kept.length === 0) {
    io.stderr.write('No engine is kept. Next: llava ask --keep 10m …\n');
    return;
  }
  io.stdout.write(formatTable([HEAD, ...kept.map(lineOf)]));
}

function lineOf({ entry, state }: KeptListing): readonly string[] {
  if (state === undefined) return [entry.address, 'does not answer'];
  const { model, device, pictures, pid } = state;
  return [
    model,
    device ?? 'loading',
    memoryOf(state),
    String(pictures),
    state.running > 0 ? `answering ${state.running}` : formatDuration(state.idleMs / 1000),
    `in ${formatDuration(Math.max(0, state.keepMs - state.idleMs) / 1000)}`,
    String(pid),
  ];
}

function memoryOf({ memory }: KeptState): string {
  if (memory === undefined) return '-';
  const parts = [
    ...(memory.device > 0 ? [`${formatBytes(memory.device)} on the device`] : []),
    ...(memory.host > 0 ? [formatBytes(memory.host)] : []),
  ];
  return parts.join(' + ');
}
