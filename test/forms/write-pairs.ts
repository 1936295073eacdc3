import { writeFormPair } from './form-pairs.js';

/** Writes the pairs that make_references.py answers with: `tsx test/forms/write-pairs.ts FOLDER`. */
const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('Expected a folder');
writeFormPair(folder, 'llama3');
writeFormPair(folder, 'phi3');
