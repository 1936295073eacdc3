/*
 * Puts what a command loads into few files, dist/program, since finding and reading 300 takes a tenth of a second. Packages
 * that carry files of their own stay where they are; so does lifecycle-utils, whose locks we share with node-llama-cpp.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

/** Their code is taken in, but looks for what belongs to it where the package is. */
const FOUND_AT_HOME = ['node-llama-cpp', 'sharp'];

/** Files of an installed package, on any system. */
function filesOf(name, files) {
  return new RegExp(`[\\\\/]node_modules[\\\\/]${name}[\\\\/]${files}$`);
}

/** @type {import('esbuild').Plugin} */
const findAtHome = {
  name: 'find-at-home',
  setup({ onLoad }) {
    for (const name of FOUND_AT_HOME)
      onLoad({ filter: filesOf(name, '.*js') }, async ({ path }) => {
        const code = await readFile(path, 'utf8');
        return { contents: code.replaceAll('import.meta.url', `import.meta.resolve('${name}')`) };
      });
  },
};

/** An asynchronous function of a module that is read when it is called. */
const called = (module, name) => `async (...given) => (await import(${module})).${name}(...given)`;

/**
 * What llava never calls of node-llama-cpp, and what that loads in turn, is half of it: building, downloading, chat templates.
 * Files of their own, read if they are called after all.
 */
const READ_WHEN_CALLED = {
  getGrammarsFolder: (module) => called(module, 'getGrammarsFolder'),
  getLlamaWithoutBackend: (module) => called(module, 'getLlamaWithoutBackend'),
  LlamaDecisionContext: (module) => `{ _create: ${called(module, 'LlamaDecisionContext._create')} }`,
  LlamaRankingContext: (module) => `{ _create: ${called(module, 'LlamaRankingContext._create')} }`,
  getLlamaClasses: () => `() => { throw new Error('llava has node-llama-cpp without its chat sessions'); }`,
};

/** @type {import('esbuild').Plugin} */
const readWhenCalled = {
  name: 'read-when-called',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /\?called$/ }, ({ path }) => ({
      path: path.replace('?called', ''),
      suffix: '?called',
    }));
    for (const [name, write] of Object.entries(READ_WHEN_CALLED))
      onLoad({ filter: filesOf('node-llama-cpp', `dist.*[\\\\/]${name}\\.js`) }, ({ path, suffix }) => {
        if (suffix === '?called') return undefined;
        return { contents: `export const ${name} = ${write(JSON.stringify(`${path}?called`))};` };
      });
  },
};

/**
 * Imported as a module, each property of `process` is read, which opens standard input; the global one is the same object.
 * @type {import('esbuild').Plugin}
 */
const globalProcess = {
  name: 'global-process',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^(node:)?process$/ }, () => ({ path: 'process', namespace: 'global' }));
    onLoad({ filter: /.*/, namespace: 'global' }, () => ({
      contents: 'module.exports = globalThis.process;',
    }));
  },
};

/** Each a program of its own, so that none is cut into more files for the sake of another. */
const PROGRAMS = [
  { main: 'src/main.ts' },
  { 'probe-process': 'src/engine/probe/probe-process.ts' },
  { 'quantise-process': 'src/engine/quantising/quantise-process.ts' },
  // The part that runs the CPU, which engine/local/runtime/direct-llama.ts loads.
  { 'node-llama-cpp': 'node_modules/node-llama-cpp/dist/bindings/Llama.js' },
  // What processes of tests and benches call, where a TypeScript runner would take time and memory of its own.
  { download: 'src/hub/transfer/download.ts' },
  { 'llama-engine': 'src/engine/local/llama-engine.ts', pixels: 'src/llava/pixels.ts' },
];

/** @type {import('esbuild').BuildOptions} */
const OPTIONS = {
  // As deep as src/files, from where package-file.ts looks for what is installed with the program.
  outdir: 'dist/program',
  bundle: true,
  metafile: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
  // Names stay, for stacks that people report; what is read at each start is a quarter less.
  minifyWhitespace: true,
  // What the protocol's SDK needs of a browser is less: it comes without Ajv, half of it, which checks nothing of ours.
  alias: {
    '@modelcontextprotocol/server/_shims':
      './node_modules/@modelcontextprotocol/server/dist/shimsBrowser.mjs',
  },
  plugins: [globalProcess, readWhenCalled, findAtHome],
  external: [
    'node-llama-cpp',
    '@node-llama-cpp/*',
    '@reflink/reflink',
    'ipull',
    'lifecycle-utils',
    'proper-lockfile',
    '@img/sharp-*',
    'ink',
    'react',
    'sixel',
    'undici',
  ],
  // What CommonJS packages call.
  banner: {
    js: "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);",
  },
};

/**
 * The decoders of pictures, most of it written by compilers. Their code in WebAssembly are files of their own, which others of
 * their name can take the place of.
 * @type {import('esbuild').BuildOptions}
 */
const DECODERS = {
  ...OPTIONS,
  entryPoints: { 'decode-worker': 'src/llava/decoders/decode-worker.ts' },
  minify: true,
  legalComments: 'none',
  loader: { '.wasm': 'file' },
  assetNames: '[name]',
  banner: { js: `${OPTIONS.banner.js}const __dirname=import.meta.dirname;` },
};

const PAGE = 'src/serve/page';

/** A part of the page that llava serve answers with, as short as it can be said. */
async function shorten(file) {
  const { outputFiles } = await build({
    entryPoints: [`${PAGE}/${file}`],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
    write: false,
  });
  return outputFiles[0].text.trim();
}

/** The page is one file, so that one request gets it and a hash names all that it may run. */
async function buildPage() {
  const [html, css, js] = await Promise.all([
    readFile(`${PAGE}/index.html`, 'utf8'),
    shorten('page.css'),
    shorten('main.ts'),
  ]);
  const page = html
    .replace(/\s*\n\s*/g, ' ')
    .replaceAll('> <', '><')
    .replace('<link rel="stylesheet" href="page.css" />', () => `<style>${css}</style>`)
    .replace('<script type="module" src="main.ts"></script>', () => `<script type="module">${js}</script>`);
  await writeFile('dist/page.html', page);
}

/** Whose code is in the programs comes with its licence. @param {string[]} files */
async function collectLicences(files) {
  const folders = files.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? '');
  const texts = [...new Set(folders)].filter((folder) => folder !== '').sort();
  return (await Promise.all(texts.map(licenceOf))).join('\n');
}

/** @param {string} folder of a package */
async function licenceOf(folder) {
  const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
  const file = (await readdir(folder)).find((one) => /^licen[cs]e/i.test(one));
  const text = file === undefined ? '' : `\n${(await readFile(`${folder}/${file}`, 'utf8')).trim()}\n`;
  return `${'='.repeat(80)}\n${name} ${version}: ${license}\n${text}`;
}

await rm('dist', { recursive: true, force: true });
const built = await Promise.all([
  build(DECODERS),
  ...PROGRAMS.map((entryPoints) => build({ ...OPTIONS, entryPoints })),
]);
const inputs = built.flatMap(({ metafile }) => Object.keys(metafile.inputs));
await writeFile('dist/third-party-licences.txt', await collectLicences(inputs));
await buildPage();
