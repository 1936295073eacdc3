import * as v from 'valibot';
import { parseJson } from '../../llava/json.js';
import { quote } from '../../llava/quote.js';
import { fileError, FETCH_AGAIN } from '../checkpoint-error.js';
import { BYTES_OF, type CheckpointTensor, type NumberType } from '../checkpoint-tensor.js';
import { CheckpointFile } from './checkpoint-file.js';
import { findRepeatedKey, keysOf } from './repeated-key.js';
import { countOf, StoredTensor } from './stored-tensor.js';

/** The limit of the format's own reader; a 70B model's header has 100 kB. */
const LONGEST_HEADER = 100_000_000;
const LENGTH_BYTES = 8;
/** Models' tensors have at most four. */
const MOST_DIMENSIONS = 8;

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const entrySchema = v.object({
  dtype: v.string(),
  shape: v.pipe(v.array(whole), v.maxLength(MOST_DIMENSIONS)),
  data_offsets: v.tuple([whole, whole]),
});

const headerSchema = v.record(v.string(), v.unknown());

interface Entry {
  readonly name: string;
  readonly type: NumberType;
  readonly shape: readonly number[];
  /** From the end of the header. */
  readonly start: number;
  readonly end: number;
}

/**
 * The tensors of a safetensors file, in the order of its header. As strict as the format asks: the tensors fill the file,
 * none twice, without holes or overlaps. Source: the format's description at huggingface/safetensors.
 * @throws ExpectedError('weights') for a file that is missing, damaged, cut off or of number types that no model here has
 */
export async function readSafetensors(
  path: string,
  signal?: AbortSignal,
): Promise<readonly CheckpointTensor[]> {
  const file = await CheckpointFile.open(path);
  const { header, end } = await readHeader(file, signal);
  const entries = readEntries(path, header);
  checkPlaces(path, entries, file.bytes - end);
  return entries.map(({ name, type, shape, start }) => {
    return new StoredTensor(file, { name, type, shape, start: end + start });
  });
}

async function readHeader(
  file: CheckpointFile,
  signal: AbortSignal | undefined,
): Promise<{ readonly header: string; readonly end: number }> {
  const { path, bytes } = file;
  const first = await file.read(0, Math.min(bytes, 64), signal);
  if (first.toString('latin1').startsWith('version https://git-lfs'))
    throw fileError(path, 'is a git-lfs pointer, not the file itself', 'Run: git lfs pull');
  if (bytes < LENGTH_BYTES + 2)
    throw fileError(path, `is cut off: it has ${bytes} bytes in all`, FETCH_AGAIN);
  const length = first.readBigUInt64LE(0);
  if (first[LENGTH_BYTES] !== 0x7b || length > LONGEST_HEADER)
    throw fileError(path, 'is not a safetensors file: it does not start with a header', FETCH_AGAIN);
  const end = LENGTH_BYTES + Number(length);
  if (end > bytes)
    throw fileError(path, `is cut off: its header needs ${end} bytes, the file has ${bytes}`, FETCH_AGAIN);
  return { header: (await file.read(LENGTH_BYTES, Number(length), signal)).toString('utf8'), end };
}

function readEntries(path: string, text: string): readonly Entry[] {
  const header = v.safeParse(headerSchema, parseJson(text));
  if (!header.success) throw fileError(path, 'is damaged: its header is not JSON', FETCH_AGAIN);
  const repeated = findRepeatedKey(text);
  if (repeated !== undefined)
    throw fileError(path, `is damaged: it has the tensor ${quote(repeated)} twice`, FETCH_AGAIN);
  // Object.keys would put names that are numbers first.
  return keysOf(text)
    .filter((name) => name !== '__metadata__')
    .map((name) => readEntry(path, name, header.output[name]));
}

function readEntry(path: string, name: string, value: unknown): Entry {
  const damaged = (problem: string) => {
    return fileError(path, `is damaged: the tensor ${quote(name)} ${problem}`, FETCH_AGAIN);
  };
  const entry = v.safeParse(entrySchema, value);
  if (!entry.success) throw damaged('has no type, shape and place that can be read');
  const { dtype, shape, data_offsets } = entry.output;
  if (!isNumberType(dtype))
    throw fileError(
      path,
      `holds the tensor ${quote(name)} in the number type ${quote(dtype)}, which is not read here`,
      'Convert the checkpoint that it was quantised from.',
    );
  const [start, end] = data_offsets;
  const bytes = countOf(shape) * BYTES_OF[dtype];
  if (end - start !== bytes)
    throw damaged(`needs ${bytes} bytes for [${shape.join(', ')}] ${dtype}, and has ${end - start}`);
  return { name, type: dtype, shape, start, end };
}

function isNumberType(text: string): text is NumberType {
  return Object.hasOwn(BYTES_OF, text);
}

/** Tensors must lie one behind the other and fill the file's data. */
function checkPlaces(path: string, entries: readonly Entry[], dataBytes: number): void {
  let position = 0;
  for (const { name, start, end } of entries.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (start !== position) {
      const problem =
        start < position ? 'overlaps another' : `leaves ${start - position} bytes before it unused`;
      throw fileError(path, `is damaged: the tensor ${quote(name)} ${problem}`, FETCH_AGAIN);
    }
    position = end;
  }
  if (position > dataBytes)
    throw fileError(
      path,
      `is cut off: its tensors need ${position} bytes, ${dataBytes} are there`,
      FETCH_AGAIN,
    );
  if (position < dataBytes)
    throw fileError(
      path,
      `is damaged: ${dataBytes - position} bytes behind its tensors belong to none`,
      FETCH_AGAIN,
    );
}
