import { quote } from '../../llava/quote.js';
import { FETCH_AGAIN, fileError } from '../checkpoint-error.js';
import { BYTES_OF, type CheckpointTensor, type NumberType } from '../checkpoint-tensor.js';
import { BadPickle } from '../pickle/bad-pickle.js';
import { Dict, Tensor, type PickleValue, type Storage } from '../pickle/pickle-values.js';
import { unpickle } from '../pickle/unpickle.js';
import { CheckpointFile } from './checkpoint-file.js';
import { StoredTensor } from './stored-tensor.js';
import { placeOfEntry, readZip, type ZipEntry } from './zip-archive.js';

/** The pickle describes tensors, and holds none of their numbers: 100 kB for a 7B model. */
const LONGEST_PICKLE = 1 << 24;

const TYPES: Readonly<Record<string, NumberType>> = {
  DoubleStorage: 'F64',
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
};

/** As the pickle of torch before 1.6 starts: a number that marks the format. */
const OLD_FORMAT = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex');

const SAVE_AGAIN =
  'With a torch that trusts the file: python -c "import torch, sys; p = sys.argv[1]; torch.save(torch.load(p, weights_only=True), p)" FILE';

/**
 * The tensors of a file of `torch.save`, in its order: a zip archive with a pickle that describes them. The pickle is read
 * by an own machine that runs no code.
 * @throws ExpectedError('weights') for damaged files, and for pickles that want more than tensors, by name
 */
export async function readTorchFile(
  path: string,
  signal?: AbortSignal,
): Promise<readonly CheckpointTensor[]> {
  const file = await CheckpointFile.open(path);
  await checkStart(file, signal);
  const entries = await readZip(file, signal);
  const prefix = prefixOf(file, entries);
  await checkByteOrder(file, entries.get(`${prefix}byteorder`), signal);
  const described = readPickle(file, await readEntry(file, entries.get(`${prefix}data.pkl`), signal));
  const tensors: CheckpointTensor[] = [];
  const places = new Map<string, number>();
  for (const [name, { storage, offset, shape, strides }] of described) {
    const type = typeOf(file, storage);
    const entry = entries.get(`${prefix}data/${storage.key}`);
    if (entry === undefined || entry.bytes < storage.count * BYTES_OF[type])
      throw fileError(path, `is damaged: the numbers of ${quote(name)} are not all there`, FETCH_AGAIN);
    const place = places.get(storage.key) ?? (await placeOfEntry(file, entry, signal));
    places.set(storage.key, place);
    tensors.push(
      new StoredTensor(file, { name, type, shape, strides, start: place + offset * BYTES_OF[type] }),
    );
  }
  return tensors;
}

async function checkStart(file: CheckpointFile, signal: AbortSignal | undefined): Promise<void> {
  const start = await file.read(0, Math.min(file.bytes, 64), signal);
  if (start.subarray(0, 4).toString('latin1') === 'PK\x03\x04') return;
  if (start.toString('latin1').startsWith('version https://git-lfs'))
    throw fileError(file.path, 'is a git-lfs pointer, not the file itself', 'Run: git lfs pull');
  if (start.subarray(0, OLD_FORMAT.length).equals(OLD_FORMAT))
    throw fileError(file.path, 'is in the format of torch before 1.6, which is not read here', SAVE_AGAIN);
  throw fileError(file.path, 'is not a file of torch.save: it does not start as a zip archive', FETCH_AGAIN);
}

/** All entries lie in one folder, named by whoever saved it. */
function prefixOf(file: CheckpointFile, entries: ReadonlyMap<string, ZipEntry>): string {
  const pickles = [...entries.keys()].filter((name) => /^(?:[^/]+\/)?data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (pickle === undefined || pickles.length > 1)
    throw fileError(file.path, 'is not a file of torch.save: it has no "data.pkl"', FETCH_AGAIN);
  if (entries.has(pickle.replace('data.pkl', 'constants.pkl')))
    throw fileError(
      file.path,
      'is a TorchScript program, not weights',
      'Convert the checkpoint it was made from.',
    );
  return pickle.slice(0, -'data.pkl'.length);
}

async function checkByteOrder(
  file: CheckpointFile,
  entry: ZipEntry | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (entry === undefined) return;
  const order = (await readEntry(file, entry, signal)).toString('latin1');
  if (order !== 'little')
    throw fileError(
      file.path,
      `has the byte order ${quote(order)}`,
      'Save it again on a little-endian machine.',
    );
}

async function readEntry(
  file: CheckpointFile,
  entry: ZipEntry | undefined,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  if (entry === undefined) throw fileError(file.path, 'is damaged: its pickle is missing', FETCH_AGAIN);
  if (entry.bytes > LONGEST_PICKLE)
    throw fileError(file.path, `has ${entry.bytes} bytes in ${quote(entry.name)}: too many`, FETCH_AGAIN);
  return await file.read(await placeOfEntry(file, entry, signal), entry.bytes, signal);
}

function readPickle(file: CheckpointFile, bytes: Buffer): readonly (readonly [string, Tensor])[] {
  try {
    return tensorsOf(unpickle(bytes));
  } catch (error) {
    if (!(error instanceof BadPickle)) throw error;
    throw fileError(
      file.path,
      error.message,
      'Use safetensors files, or a checkpoint from whom you trust.',
      error,
    );
  }
}

/** The tensors of a state dictionary; what else stands beside them is no weight. */
function tensorsOf(value: PickleValue): readonly (readonly [string, Tensor])[] {
  const entries = value instanceof Dict ? [...value.entries] : [];
  const tensors = entries.filter((entry): entry is [string, Tensor] => {
    return typeof entry[0] === 'string' && entry[1] instanceof Tensor;
  });
  if (tensors.length === 0) throw new BadPickle('holds no tensors by name');
  return tensors;
}

function typeOf(file: CheckpointFile, { type }: Storage): NumberType {
  const known = TYPES[type];
  if (known === undefined)
    throw fileError(file.path, `holds numbers of the type ${quote(type)}`, FETCH_AGAIN);
  return known;
}
