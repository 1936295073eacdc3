/** Rows of numbers side by side: row r is data[r * width .. (r + 1) * width]. */
export interface Rows {
  readonly width: number;
  readonly data: Float64Array;
}

/** A linear layer as torch stores it: weight [outputs, inputs] row by row, y = x Wᵀ + b. */
export interface Linear {
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: Float32Array;
  readonly bias?: Float32Array;
}

export function countRows(x: Rows): number {
  return x.data.length / x.width;
}

export function rowOf(x: Rows, index: number): Float64Array {
  return x.data.subarray(index * x.width, (index + 1) * x.width);
}

/** [n, inputs] → [n, outputs]. */
export function applyLinear(x: Rows, { inputs, outputs, weight, bias }: Linear): Rows {
  if (x.width !== inputs) {
    throw new Error(`Expected rows of ${inputs} numbers but received ${x.width}`);
  }
  const rows = countRows(x);
  const data = new Float64Array(rows * outputs);
  for (let o = 0; o < outputs; o++) {
    const start = o * inputs;
    for (let r = 0; r < rows; r++) {
      const from = r * inputs;
      let even = bias?.[o] ?? 0;
      let odd = 0;
      for (let i = 0; i + 1 < inputs; i += 2) {
        even += x.data[from + i]! * weight[start + i]!;
        odd += x.data[from + i + 1]! * weight[start + i + 1]!;
      }
      if (inputs % 2 === 1) {
        odd += x.data[from + inputs - 1]! * weight[start + inputs - 1]!;
      }
      data[r * outputs + o] = even + odd;
    }
  }
  return { width: outputs, data };
}

export function mapValues(x: Rows, apply: (value: number) => number): Rows {
  return { width: x.width, data: x.data.map(apply) };
}

export function addRows(a: Rows, b: Rows): Rows {
  return { width: a.width, data: a.data.map((value, i) => value + b.data[i]!) };
}

export function multiplyRows(a: Rows, b: Rows): Rows {
  return { width: a.width, data: a.data.map((value, i) => value * b.data[i]!) };
}

/** Each row to mean 0 and variance 1, then scaled and shifted (Ba, Kiros and Hinton, 2016). */
export function layerNorm(x: Rows, weight: Float32Array, bias: Float32Array, epsilon: number): Rows {
  return perRow(x, (row) => {
    const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
    return row.map((value, i) => ((value - mean) / Math.sqrt(variance + epsilon)) * weight[i]! + bias[i]!);
  });
}

/** Each row by its root mean square, then scaled (Zhang and Sennrich, 2019). */
export function rmsNorm(x: Rows, weight: Float32Array, epsilon: number): Rows {
  return perRow(x, (row) => {
    const square = row.reduce((sum, value) => sum + value ** 2, 0) / row.length;
    return row.map((value, i) => (value / Math.sqrt(square + epsilon)) * weight[i]!);
  });
}

export function softmax(scores: Float64Array): Float64Array {
  const most = scores.reduce((a, b) => Math.max(a, b));
  const powers = scores.map((score) => Math.exp(score - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/** x Φ(x) with the exact normal distribution, as torch's GELU (Hendrycks and Gimpel, 2016). */
export function exactGelu(x: number): number {
  return 0.5 * x * (1 + erf(x / Math.SQRT2));
}

/** The same by tanh, as in GPT-2: another function, off by up to 5e-4. */
export function tanhGelu(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

/** x σ(1.702 x), the activation of OpenAI's CLIP. */
export function quickGelu(x: number): number {
  return x / (1 + Math.exp(-1.702 * x));
}

/** x σ(x), the activation of LLaMA. */
export function silu(x: number): number {
  return x / (1 + Math.exp(-x));
}

/** Maclaurin series of erf times its Gaussian: all terms positive, so no digits are lost. */
function erf(x: number): number {
  if (Math.abs(x) > 6) {
    return Math.sign(x);
  }
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

function perRow(x: Rows, apply: (row: Float64Array) => Float64Array): Rows {
  const data = new Float64Array(x.data.length);
  for (let r = 0; r < countRows(x); r++) {
    data.set(apply(rowOf(x, r)), r * x.width);
  }
  return { width: x.width, data };
}
