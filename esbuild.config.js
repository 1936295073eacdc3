/*
 * Puts what a command loads into few files, dist/program, since finding and reading 300 takes a tenth of a second. Packages
 * that carry files of their own stay where they are; so does lifecycle-utils, whose locks we share with node-llama-cpp.
 */
import { readFile, rm } from 'node:fs/promises';
import { build } from 'esbuild';

/** Their code is taken in, but looks for what belongs to it where the package is. */
const FOUND_AT_HOME = ['node-llama-cpp', 'sharp'];

/** @type {import('esbuild').Plugin} */
const findAtHome = {
  name: 'find-at-home',
  setup({ onLoad }) {
    for (const name of FOUND_AT_HOME)
      onLoad({ filter: new RegExp(`[\\\\/]node_modules[\\\\/]${name}[\\\\/].*js$`) }, async ({ path }) => {
        const code = await readFile(path, 'utf8');
        return { contents: code.replaceAll('import.meta.url', `import.meta.resolve('${name}')`) };
      });
  },
};

await rm('dist', { recursive: true, force: true });
await build({
  entryPoints: {
    main: 'src/main.ts',
    'probe-process': 'src/engine/probe-process.ts',
    // The part that runs the CPU, which engine/cpu-llama.ts loads.
    'node-llama-cpp': 'node_modules/node-llama-cpp/dist/bindings/Llama.js',
    // What processes of tests and benches call, where a TypeScript runner would take time and memory of its own.
    download: 'src/hub/download.ts',
    'llama-engine': 'src/engine/llama-engine.ts',
    pixels: 'src/llava/pixels.ts',
  },
  // As deep as src/engine and src/weights, from where package.json, models.json and the addon are looked for.
  outdir: 'dist/program',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
  plugins: [findAtHome],
  external: [
    'node-llama-cpp',
    '@node-llama-cpp/*',
    '@reflink/reflink',
    'ipull',
    'lifecycle-utils',
    'proper-lockfile',
    '@img/*',
    'ink',
    'react',
    'sixel',
    'undici',
  ],
  // What CommonJS packages call.
  banner: {
    js: "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);",
  },
});
