/** The pair of GGUF files. */
export interface WeightFiles {
  readonly model: string;
  readonly mmproj: string;
  /** LoRA adapters to the language model, GGUF files as well. */
  readonly lora?: readonly string[] | undefined;
}
