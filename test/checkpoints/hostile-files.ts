import {
  global,
  little,
  pickleBytes,
  stateDict,
  tensor,
  text,
  torchBytes,
  whole,
  zipBytes,
  type PickleCode,
} from './torch-bytes.js';

/** A file that must be refused, and the words of the refusal that matter. */
export interface HostileFile {
  readonly name: string;
  readonly bytes: Buffer;
  readonly problem: RegExp;
}

/** What runs code, reads files or opens connections when a pickle may name it, and what comes near a name of the list. */
const DANGEROUS: readonly (readonly [module: string, name: string])[] = [
  ['os', 'system'],
  ['posix', 'system'],
  ['nt', 'system'],
  ['os', 'popen'],
  ['os', 'execve'],
  ['subprocess', 'Popen'],
  ['subprocess', 'check_output'],
  ['builtins', 'eval'],
  ['builtins', 'exec'],
  ['builtins', 'open'],
  ['builtins', 'getattr'],
  ['builtins', '__import__'],
  ['__builtin__', 'eval'],
  ['importlib', 'import_module'],
  ['runpy', '_run_code'],
  ['pickle', 'loads'],
  ['marshal', 'loads'],
  ['types', 'FunctionType'],
  ['functools', 'partial'],
  ['operator', 'methodcaller'],
  ['ctypes', 'CDLL'],
  ['shutil', 'rmtree'],
  ['socket', 'create_connection'],
  ['webbrowser', 'open'],
  ['code', 'interact'],
  ['torch', 'load'],
  ['torch.hub', 'load'],
  ['torch.storage', '_load_from_bytes'],
  ['torch._utils', '_rebuild_wrapper_subclass'],
  ['torch._utils', '_rebuild_tensor_v2.__globals__'],
  ['torch.jit', 'load'],
  ['numpy.core.multiarray', '_reconstruct'],
  ['collections', 'OrderedDict.fromkeys'],
  ['collections', 'ordereddict'],
  ['collections.OrderedDict', ''],
  ['', 'torch.FloatStorage'],
  ['torch', 'FloatStorage '],
  ['copy_reg', '_reconstructor'],
];

/** The ways in which a pickle can name something. */
const NAMINGS: readonly (readonly [string, (module: string, name: string) => Buffer])[] = [
  ['GLOBAL', (module, name) => pickleBytes(global(module, name), '(', text('touch x'), 'tR')],
  ['STACK_GLOBAL', (module, name) => pickleBytes(text(module), text(name), 0x93, text('touch x'), 0x85, 'R')],
  [
    'STACK_GLOBAL of recalled names',
    (module, name) =>
      pickleBytes(text(module), 'q', 7, '0', text(name), 0x94, '0', 'h', 7, 'h', 1, 0x93, ')R'),
  ],
  ['INST', (module, name) => pickleBytes('(', text('touch x'), 'i', module, '\n', name, '\n')],
];

/** Operations that call, build or reach beyond the pickle, with what they would find on the stack. */
const OPERATIONS: readonly (readonly [string, readonly PickleCode[]])[] = [
  ['OBJ', ['(', global('collections', 'OrderedDict'), 'o']],
  ['NEWOBJ', [global('collections', 'OrderedDict'), ')', 0x81]],
  ['NEWOBJ_EX', [global('collections', 'OrderedDict'), ')', '}', 0x92]],
  ['EXT1', [0x82, 1]],
  ['EXT2', [0x83, little(1, 2)]],
  ['EXT4', [0x84, little(1, 4)]],
  ['PERSID', ['P', 'storage\n']],
  ['LONG4', [0x8b, little(2 ** 31 - 1, 4)]],
  ['DUP', [text('a'), '2']],
  ['DICT', ['(d']],
  ['LIST', ['(l']],
  ['EMPTY_SET', [0x8f]],
  ['ADDITEMS', [0x8f, '(', whole(1), 0x90]],
  ['FROZENSET', ['(', 0x91]],
  ['BYTEARRAY8', [0x96, little(1, 8), 'x']],
  ['NEXT_BUFFER', [0x97]],
  ['READONLY_BUFFER', [text('a'), 0x98]],
];

/** Uses of allowed operations that torch never makes. */
const MISUSES: readonly (readonly [string, readonly PickleCode[], RegExp])[] = [
  ['REDUCE of a text', [text('os.system'), ')R'], /call what is no function/],
  ['REDUCE of a dictionary', ['})R'], /call what is no function/],
  ['REDUCE of a storage’s type', [global('torch', 'FloatStorage'), ')R'], /call what is no function/],
  ['REDUCE of a tensor', [tensor(), ')R'], /call what is no function/],
  ['REDUCE with a list', [global('collections', 'OrderedDict'), ']R'], /call what is no function/],
  [
    'REDUCE of a dictionary from a text',
    [global('collections', 'OrderedDict'), text('ab'), 0x85, 'R'],
    /makes a dictionary/,
  ],
  ['BUILD of a tensor', [tensor(), '}b'], /sets the state/],
  ['BUILD of a list', [']}b'], /sets the state/],
  ['BUILD of a global', [global('collections', 'OrderedDict'), '}b'], /sets the state/],
  ['BUILD with a text', ['}', text('x'), 'b'], /sets the state/],
  ['BINPERSID of a text', [text('storage'), 'Q'], /describes a storage/],
  [
    'BINPERSID of a module',
    ['(', text('module'), global('torch', 'FloatStorage'), text('0'), text('cpu'), whole(1), 'tQ'],
    /describes a storage/,
  ],
  [
    'BINPERSID without a type',
    ['(', text('storage'), text('FloatStorage'), text('0'), text('cpu'), whole(1), 'tQ'],
    /describes a storage/,
  ],
  [
    'BINPERSID of a function',
    ['(', text('storage'), global('torch._utils', '_rebuild_tensor'), text('0'), text('cpu'), whole(1), 'tQ'],
    /describes a storage/,
  ],
  [
    'BINPERSID of -1 numbers',
    ['(', text('storage'), global('torch', 'FloatStorage'), text('0'), text('cpu'), whole(-1), 'tQ'],
    /describes a storage/,
  ],
  [
    'a parameter of a text',
    [global('torch._utils', '_rebuild_parameter'), text('x'), 0x85, 'R'],
    /describes a parameter/,
  ],
  ['a tensor of nothing', [global('torch._utils', '_rebuild_tensor_v2'), ')R'], /describes a tensor/],
  ['a size of a text', [global('torch', 'Size'), text('x'), 0x85, 'R'], /makes a size/],
  ['STACK_GLOBAL of numbers', [whole(1), whole(2), 0x93], /looks up what is no name/],
  ['SETITEM on a list', [']', text('a'), text('b'), 's'], /fills what is no dictionary/],
  ['APPEND to a tuple', [')', text('a'), 'a'], /appends to what is no list/],
  ['POP of nothing', ['000000'], /takes what is not there/],
  ['TUPLE without a mark', ['0', '0', '0tt'], /takes what is not there/],
  ['BINGET of nothing', ['h', 9], /recalls what it has not met/],
  ['LONG_BINGET of nothing', ['j', little(0xffffffff, 4)], /recalls what it has not met/],
  ['text that is not UTF-8', ['X', little(2, 4), Buffer.from([0xc3, 0x28])], /not UTF-8/],
  ['a number of 255 bytes', [0x8a, 255, Buffer.alloc(255, 1)], /a number of 255 bytes/],
  ['a number beyond all sizes', [0x8a, 8, little(2n ** 62n, 8)], /beyond all sizes/],
  ['a name without an end', ['c', 'a'.repeat(5000)], /name without an end/],
  ['a text of 2⁶³ bytes', [0x8d, little(2n ** 63n, 8), 'x'], /cut off within/],
  ['a text of 4 GB', ['X', little(0xffffffff, 4), 'x'], /cut off within/],
  ['bytes of 2⁶⁴ − 1', [0x8e, little(2n ** 64n - 1n, 8), 'x'], /cut off within/],
  ['protocol 6', [0x80, 6], /protocol 6/],
  ['protocol 0', [0x80, 0], /protocol 0/],
];

/** Tensors that claim what their storage does not have. */
const LIES: readonly (readonly [string, Parameters<typeof tensor>[0], RegExp])[] = [
  ['more numbers than the storage', { shape: [3, 3] }, /in a storage of 6/],
  ['2⁶⁰ numbers by strides of 0', { shape: [2 ** 30, 2 ** 30], strides: [0, 0] }, /in a storage of 6/],
  ['an offset beyond the storage', { offset: 1 }, /in a storage of 6/],
  ['a negative offset', { offset: -1 }, /describes a tensor/],
  ['negative sizes', { shape: [-2, -3] }, /describes a tensor/],
  ['negative strides', { strides: [-3, -1] }, /describes a tensor/],
  ['strides beyond the storage', { strides: [3, 2] }, /in a storage of 6/],
  ['fewer strides than sizes', { strides: [1] }, /in a storage of 6/],
  [
    'nine dimensions',
    { shape: [1, 1, 1, 1, 1, 1, 1, 2, 3], strides: [6, 6, 6, 6, 6, 6, 6, 3, 1] },
    /describes a tensor/,
  ],
  ['a storage larger than its entry', { count: 7 }, /numbers of "weight" are not all there/],
  ['a storage of wider numbers', { type: 'DoubleStorage' }, /numbers of "weight" are not all there/],
  ['an entry that is not there', { key: '1' }, /numbers of "weight" are not all there/],
  ['an entry outside', { key: '../data.pkl' }, /numbers of "weight" are not all there/],
  ['a quantised storage', { type: 'QInt8Storage' }, /"torch\.QInt8Storage"/],
  ['complex numbers', { type: 'ComplexFloatStorage' }, /"torch\.ComplexFloatStorage"/],
];

const VALID = stateDict(text('weight'), tensor());

/** Pickles that cost much more than they weigh, where they are believed. */
function bombs(): readonly HostileFile[] {
  const doubled = Array.from({ length: 60 }, (_, index) =>
    pickleBytes('h', index, 'h', index, 0x86, 'q', index + 1, '0'),
  );
  const dag = pickleBytes(text('x'), 'q', 0, '0', ...doubled, 'h', 60);
  const many = 1 << 20;
  const memo = Array.from({ length: 200_000 }, (_, index) => pickleBytes('r', little(0xffffffff - index, 4)));
  return [
    hostile('2⁶⁰ tuples as a key', stateDict(dag, tensor()), /neither text nor number/),
    hostile(
      '2⁶⁰ tuples as a shape',
      stateDict(text('a'), global('torch._utils', '_rebuild_tensor'), 'N', whole(0), dag, dag, '(tR'),
      /takes what is not there|describes a tensor|call what/,
    ),
    hostile('2⁶⁰ tuples', pickleBytes(0x80, 2, dag, '.'), /holds no tensors by name/),
    hostile('a million marks', pickleBytes(0x80, 2, '('.repeat(many), '.'), /too many values/),
    hostile(
      'a million lists in each other',
      pickleBytes(0x80, 2, ']'.repeat(999_999), 'a'.repeat(999_998), '.'),
      /too many values/,
    ),
    hostile(
      'a million tuples in each other',
      pickleBytes(0x80, 2, ')', Buffer.alloc(many, 0x85), '.'),
      /too many operations/,
    ),
    hostile('ten million values', pickleBytes(0x80, 2, 'N'.repeat(10_000_000), '.'), /too many values/),
    hostile(
      'memo at the end of all numbers',
      pickleBytes(0x80, 2, ')', Buffer.concat(memo), '.'),
      /holds no tensors by name|remembers too many/,
    ),
    hostile(
      'a million remembered',
      pickleBytes(0x80, 2, ')', Buffer.alloc(many, 0x94), '.'),
      /remembers too many values/,
    ),
    hostile('a pickle of 17 MB', pickleBytes(0x80, 2, Buffer.alloc(17 << 20, 'N'), '.'), /too many/),
    hostile(
      'a million frames',
      pickleBytes(0x80, 4, Buffer.alloc(900_000, pickleBytes(0x95, little(2n ** 64n - 1n, 8))), '.'),
      /takes what is not there/,
    ),
    hostile('a key twice', stateDict(text('weight'), tensor(), text('weight'), tensor()), /"weight" twice/),
  ];
}

function hostile(name: string, pickle: Uint8Array, problem: RegExp): HostileFile {
  return { name, bytes: torchBytes(pickle), problem };
}

/** The archive around a valid pickle, damaged. */
function archives(): readonly HostileFile[] {
  const whole = torchBytes(VALID);
  const end = whole.lastIndexOf('PK\x05\x06');
  const changed = (at: number, value: number | bigint, bytes: number) => {
    const copy = Buffer.from(whole);
    little(value, bytes).copy(copy, at);
    return copy;
  };
  const first = whole.indexOf('PK\x01\x02');
  return [
    { name: 'no directory', bytes: whole.subarray(0, end), problem: /cut off before its directory/ },
    {
      name: 'a directory beyond the file',
      bytes: changed(end + 16, 0xfffffff0, 4),
      problem: /directory lies outside/,
    },
    {
      name: 'a directory of 4 GB',
      bytes: changed(end + 12, 0xfffffff0, 4),
      problem: /directory lies outside/,
    },
    { name: 'an entry beyond the file', bytes: changed(first + 42, 0x7fffffff, 4), problem: /lies outside/ },
    { name: 'an entry elsewhere', bytes: changed(first + 42, 3, 4), problem: /not where its directory says/ },
    { name: 'an entry of 2 GB', bytes: changed(first + 24, 0x7fffffff, 4), problem: /two sizes/ },
    { name: 'a compressed pickle', bytes: changed(first + 10, 8, 2), problem: /is compressed/ },
    { name: 'an encrypted pickle', bytes: changed(first + 8, 1, 2), problem: /is encrypted/ },
    { name: 'a name of 64 kB', bytes: changed(first + 28, 0xffff, 2), problem: /directory is cut off/ },
    {
      name: 'two pickles',
      bytes: zipBytes([
        ['a/data.pkl', VALID],
        ['b/data.pkl', VALID],
      ]),
      problem: /no "data\.pkl"/,
    },
    {
      name: 'the same pickle twice',
      bytes: zipBytes([
        ['a/data.pkl', VALID],
        ['a/data.pkl', VALID],
      ]),
      problem: /"a\/data\.pkl" twice/,
    },
    { name: 'no pickle', bytes: zipBytes([['a/version', Buffer.from('3')]]), problem: /no "data\.pkl"/ },
    {
      name: 'big-endian numbers',
      bytes: zipBytes([
        ['a/data.pkl', VALID],
        ['a/byteorder', Buffer.from('big')],
      ]),
      problem: /byte order "big"/,
    },
    { name: 'no zip archive', bytes: VALID, problem: /does not start as a zip archive/ },
    { name: 'nothing', bytes: Buffer.alloc(0), problem: /does not start as a zip archive/ },
  ];
}

/** Over two hundred files that torch.save did not write. */
export function hostileFiles(): readonly HostileFile[] {
  const cuts = Array.from({ length: 20 }, (_, index) => Math.floor((VALID.length * index) / 20));
  return [
    ...DANGEROUS.flatMap(([module, name]) =>
      NAMINGS.map(([way, code]) =>
        hostile(
          `${module}.${name} by ${way}`,
          stateDict(text('weight'), tensor(), text('x'), code(module, name)),
          way === 'INST'
            ? /operation INST/
            : new RegExp(`"${`${module}.${name}`.replaceAll('.', '\\.')}" of Python`),
        ),
      ),
    ),
    ...OPERATIONS.map(([name, code]) =>
      hostile(
        name,
        stateDict(text('weight'), tensor(), text('x'), ...code),
        new RegExp(`operation ${name === 'ADDITEMS' ? 'EMPTY_SET' : name},`),
      ),
    ),
    ...MISUSES.map(([name, code, problem]) =>
      hostile(name, stateDict(text('weight'), tensor(), text('x'), ...code), problem),
    ),
    ...LIES.map(([name, claim, problem]) => hostile(name, stateDict(text('weight'), tensor(claim)), problem)),
    ...cuts.map((cut) => hostile(`cut off after ${cut} bytes`, VALID.subarray(0, cut), /cut off/)),
    ...bombs(),
    ...archives(),
  ];
}

/** What must be read. */
export const HARMLESS = torchBytes(VALID);
