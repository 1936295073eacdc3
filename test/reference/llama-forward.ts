import {
  addRows,
  applyLinear,
  countRows,
  mapValues,
  multiplyRows,
  rmsNorm,
  rowOf,
  silu,
  type Linear,
  type Rows,
} from './arithmetic.js';
import { attend } from './attention.js';
import { floatsOf, numberOf, tensorOf, type GgufFile } from './gguf-reader.js';

/** One place in the prompt: a token id, or the row of numbers that stands there instead of an embedding. */
export type LlamaInput = number | Float64Array;

interface Memory {
  keys: Float64Array[];
  values: Float64Array[];
}

/**
 * LLaMA in plain float64 (Touvron et al., 2023): x + attention(rms(x)), x + mlp(rms(x)) with SwiGLU, causal,
 * with rotary positions (Su et al., 2021) on neighbouring pairs of each head, as converted files order them.
 * Keys and values are kept, so that prompts can grow, be cut back and grow again.
 */
export class LlamaForward {
  readonly #file: GgufFile;
  readonly #width: number;
  readonly #heads: number;
  readonly #keyHeads: number;
  readonly #epsilon: number;
  readonly #memory: Memory[];
  readonly #matrices = new Map<string, Linear>();

  constructor(file: GgufFile) {
    this.#file = file;
    this.#width = numberOf(file, 'llama.embedding_length');
    this.#heads = numberOf(file, 'llama.attention.head_count');
    this.#keyHeads = numberOf(file, 'llama.attention.head_count_kv', this.#heads);
    this.#epsilon = numberOf(file, 'llama.attention.layer_norm_rms_epsilon');
    const blocks = numberOf(file, 'llama.block_count');
    this.#memory = Array.from({ length: blocks }, () => ({ keys: [], values: [] }));
  }

  /** How many places have been evaluated. */
  get length(): number {
    return this.#memory[0]!.keys.length;
  }

  /** Forgets every place from `length` on. */
  cut(length: number): void {
    for (const memory of this.#memory) {
      memory.keys.length = length;
      memory.values.length = length;
    }
  }

  /** Adds places at the end and returns the scores of the token after them, [vocabulary]. */
  evaluate(inputs: readonly LlamaInput[]): Float64Array {
    const start = this.length;
    let hidden = this.#embed(inputs);
    this.#memory.forEach((memory, block) => {
      const name = `blk.${block}`;
      hidden = addRows(hidden, this.#attention(name, this.#norm(hidden, `${name}.attn_norm`), memory, start));
      hidden = addRows(hidden, this.#perceptron(name, this.#norm(hidden, `${name}.ffn_norm`)));
    });
    const last: Rows = { width: this.#width, data: hidden.data.slice(-this.#width) };
    const output = this.#file.tensors.has('output.weight') ? 'output' : 'token_embd';
    return this.#multiply(output, this.#norm(last, 'output_norm')).data;
  }

  #embed(inputs: readonly LlamaInput[]): Rows {
    const { weight } = this.#matrix('token_embd');
    const data = new Float64Array(inputs.length * this.#width);
    inputs.forEach((input, i) => {
      const row =
        typeof input === 'number' ? weight.subarray(input * this.#width, (input + 1) * this.#width) : input;
      if (row.length !== this.#width) {
        throw new Error(`Expected a row of ${this.#width} numbers but received ${row.length}`);
      }
      data.set(row, i * this.#width);
    });
    return { width: this.#width, data };
  }

  #attention(name: string, x: Rows, memory: Memory, start: number): Rows {
    const q = this.#rotate(this.#multiply(`${name}.attn_q`, x), this.#heads, start);
    const k = this.#rotate(this.#multiply(`${name}.attn_k`, x), this.#keyHeads, start);
    const v = this.#multiply(`${name}.attn_v`, x);
    for (let r = 0; r < countRows(x); r++) {
      memory.keys.push(rowOf(k, r));
      memory.values.push(rowOf(v, r));
    }
    const shape = { heads: this.#heads, keyHeads: this.#keyHeads, seen: (row: number) => start + row + 1 };
    const mixed = attend(q, stack(memory.keys), stack(memory.values), shape);
    return this.#multiply(`${name}.attn_output`, mixed);
  }

  /** Pair (2i, 2i + 1) of each head turned by position · base^(−2i / d). */
  #rotate(x: Rows, heads: number, start: number): Rows {
    const size = x.width / heads;
    const base = numberOf(this.#file, 'llama.rope.freq_base', 10_000);
    const turned = numberOf(this.#file, 'llama.rope.dimension_count', size);
    const data = x.data.slice();
    for (let r = 0; r < countRows(x); r++) {
      for (let i = 0; i < x.width; i += 2) {
        const within = i % size;
        if (within < turned) {
          const angle = (start + r) * base ** (-within / turned);
          const at = r * x.width + i;
          const [a, b] = [x.data[at]!, x.data[at + 1]!];
          data[at] = a * Math.cos(angle) - b * Math.sin(angle);
          data[at + 1] = a * Math.sin(angle) + b * Math.cos(angle);
        }
      }
    }
    return { width: x.width, data };
  }

  #perceptron(name: string, x: Rows): Rows {
    const gate = mapValues(this.#multiply(`${name}.ffn_gate`, x), silu);
    const up = this.#multiply(`${name}.ffn_up`, x);
    return this.#multiply(`${name}.ffn_down`, multiplyRows(gate, up));
  }

  #multiply(name: string, x: Rows): Rows {
    return applyLinear(x, this.#matrix(name));
  }

  #norm(x: Rows, name: string): Rows {
    return rmsNorm(x, this.#matrix(name).weight, this.#epsilon);
  }

  #matrix(name: string): Linear {
    const known = this.#matrices.get(name);
    if (known !== undefined) {
      return known;
    }
    const [inputs = 0, outputs = 1] = tensorOf(this.#file, `${name}.weight`).shape;
    const matrix = { inputs, outputs, weight: floatsOf(this.#file, `${name}.weight`) };
    this.#matrices.set(name, matrix);
    return matrix;
  }
}

function stack(rows: readonly Float64Array[]): Rows {
  const width = rows[0]!.length;
  const data = new Float64Array(rows.length * width);
  rows.forEach((row, i) => {
    data.set(row, i * width);
  });
  return { width, data };
}
