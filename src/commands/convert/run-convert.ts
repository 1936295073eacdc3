import { resolve } from 'node:path';
import type { Checkpoint } from '../../checkpoints/checkpoint.js';
import type { ConvertedFiles } from '../../convert/convert-model.js';
import { fileType, type FileType } from '../../convert/quantising/file-types.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { startTransferDisplay } from '../../terminal/show-transfer.js';
import { writeJson } from '../../terminal/io.js';
import type { CommandContext } from '../command-context.js';
import type { JsonFlag } from '../options/option-groups.js';
import { SourceOpener } from './source-opener.js';

export interface ConvertFlags extends JsonFlag {
  readonly output: string;
  readonly type?: string;
  readonly mmprojType: string;
  readonly tower?: string;
  readonly base?: string;
  readonly imatrix?: string;
  readonly threads?: number;
  readonly force?: boolean;
}

/** Converts a checkpoint, and says what to type next. */
export async function runConvert(
  source: string,
  flags: ConvertFlags,
  context: CommandContext,
): Promise<void> {
  const { io, signal } = context;
  // What is mistaken is said before anything is downloaded.
  const wanted = flags.type === undefined ? undefined : fileType(flags.type);
  if (wanted?.needsImportance === true && flags.imatrix === undefined)
    throw new ExpectedError('usage', `Weights of ${wanted.name} need an importance matrix.`, {
      hint: 'Make one with llama.cpp’s llama-imatrix and name it with --imatrix, or take --type q3_k_m',
    });
  const [{ convertModel }, { readImatrix }] = await Promise.all([
    import('../../convert/convert-model.js'),
    import('../../convert/quantising/read-imatrix.js'),
  ]);
  const importance = flags.imatrix === undefined ? undefined : await readImatrix(flags.imatrix);
  using display = startTransferDisplay(io);
  const opener = new SourceOpener(context, display);
  const opened = await opener.open(source, flags);
  try {
    const files = await convertModel(
      {
        ...opened,
        type: wanted ?? usualType(opened.source),
        mmprojType: fileType(flags.mmprojType),
        importance,
        threads: flags.threads,
        folder: flags.output,
        force: flags.force ?? false,
      },
      {
        signal,
        onProgress: (progress) => {
          display.show(progress);
        },
      },
    );
    report(files, flags, context);
  } catch (error) {
    if (signal.aborted) io.stderr.write('What is done is kept: the same command goes on where it was.\n');
    throw error;
  }
}

/** A LoRA is as exact as it is small; a language model is what most can run. */
function usualType({ layout }: Checkpoint): FileType {
  return fileType(layout === 'lora' ? 'f32' : 'q4_k_m');
}

function report(files: ConvertedFiles, flags: ConvertFlags, { io }: CommandContext): void {
  if (flags.json === true) {
    const paths = Object.entries(files).map(([role, path]: [string, string | undefined]) => [
      role,
      path === undefined ? null : resolve(path),
    ]);
    writeJson(io, Object.fromEntries(paths));
    return;
  }
  const written = [files.model, files.adapter, files.mmproj].filter((path) => path !== undefined);
  for (const path of written) io.stdout.write(`${path}\n`);
  io.stderr.write(`Next: ${nextCommand(files, flags)}\n`);
}

/** What to type with the files. */
function nextCommand({ adapter, mmproj, model }: ConvertedFiles, { base, output }: ConvertFlags): string {
  const question = 'llava ask "What is in this picture?" picture.jpg';
  if (model !== undefined) return `${question} --gguf ${quoted(output)}`;
  const baseFile = base?.endsWith('.gguf') === true ? quoted(base) : 'BASE.gguf';
  const projector = `--mmproj ${mmproj === undefined ? 'BASE-mmproj.gguf' : quoted(mmproj)}`;
  const lora = adapter === undefined ? '' : ` --lora ${quoted(adapter)}`;
  return `${question} --gguf ${baseFile} ${projector}${lora}`;
}

/** As a shell takes it. */
function quoted(path: string): string {
  return /^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
