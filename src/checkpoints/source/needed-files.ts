/** What describes a checkpoint beside its weights. */
const DESCRIPTIONS = new Set([
  'config.json',
  'generation_config.json',
  'preprocessor_config.json',
  'adapter_config.json',
  'tokenizer.model',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'chat_template.jinja',
  'chat_template.json',
]);

/** Weights in the order of preference: of each list the first kind that is there. */
const MODEL = [/^model(?:-\d+-of-\d+)?\.safetensors$/, /^pytorch_model(?:-\d+-of-\d+)?\.bin$/];
const ADAPTER = [/^adapter_model(?:-\d+-of-\d+)?\.safetensors$/, /^adapter_model(?:-\d+-of-\d+)?\.bin$/];
const BESIDE = [/^non_lora_trainables\.bin$|^mm_projector\.bin$/];

/** The files of a repository that a conversion reads: repositories hold the same weights in several formats. */
export function neededFiles(names: readonly string[]): readonly string[] {
  const model = weightsOf(names, MODEL);
  const adapter = weightsOf(names, ADAPTER);
  const beside = model.length === 0 ? weightsOf(names, BESIDE) : [];
  const weights = [...model, ...adapter, ...beside];
  const indices = weights.map((name) => indexOf(name));
  return names.filter((name) => DESCRIPTIONS.has(name) || weights.includes(name) || indices.includes(name));
}

function weightsOf(names: readonly string[], kinds: readonly RegExp[]): readonly string[] {
  for (const kind of kinds) {
    const found = names.filter((name) => kind.test(name));
    // Where there are numbered files and an index, a file of all beside them is a copy.
    const numbered = found.filter((name) => names.includes(indexOf(name)) && name.includes('-of-'));
    if (found.length > 0) return numbered.length > 0 ? numbered : found;
  }
  return [];
}

/** The index of the files that `name` is one of. */
function indexOf(name: string): string {
  return `${name.replace(/-\d+-of-\d+/, '')}.index.json`;
}
