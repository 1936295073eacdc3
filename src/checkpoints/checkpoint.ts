import type { TensorsByName, CheckpointTensor } from './checkpoint-tensor.js';
import type {
  ConversationHints,
  LoraSettings,
  PictureSettings,
  ProjectorSettings,
  TextSettings,
  VisionSettings,
} from './configuration/settings.js';
import type { Vocabulary } from './vocabulary/vocabulary.js';

/**
 * The same tensors under the names that transformers' own classes have, whatever the layout calls them:
 * `text` as LlamaForCausalLM (`model.layers.0.self_attn.q_proj.weight`, `lm_head.weight`), `tower` as CLIPVisionModel
 * without its first word (`encoder.layers.0.mlp.fc1.bias`, `embeddings.class_embedding`), `projector` as `linear_1.weight`,
 * `linear_1.bias`, `linear_2.weight` and `linear_2.bias`. What no model needs (`position_ids`, `inv_freq`, the text tower
 * of CLIP) is in none of them.
 */
export interface CheckpointParts {
  readonly text: TensorsByName;
  readonly tower: TensorsByName;
  readonly projector: TensorsByName;
}

/** A matrix's low-rank change: `b · a`, times the scale. */
export interface LoraPair {
  /** `[rank, inputs]`; of embeddings `[rank, rows]`, transposed. */
  readonly a: CheckpointTensor;
  /** `[outputs, rank]`. */
  readonly b: CheckpointTensor;
  /** alpha / rank, or alpha / √rank. */
  readonly scale: number;
}

/** Pairs by the matrix they change, named as in `CheckpointParts` without `.weight`. */
export interface LoraPairs {
  readonly text: ReadonlyMap<string, LoraPair>;
  readonly tower: ReadonlyMap<string, LoraPair>;
  readonly projector: ReadonlyMap<string, LoraPair>;
}

interface Opened {
  readonly folder: string;
  /** Of the repository, or the folder's last part. */
  readonly name: string;
  /** By their names on disk; the order is that of the files' names, then of the files. */
  readonly tensors: TensorsByName;
  readonly parts: CheckpointParts;
}

interface Model extends Opened {
  readonly text: TextSettings;
  readonly picture: PictureSettings;
  readonly projector: ProjectorSettings;
  /** Undefined when the tower is elsewhere. */
  readonly vision: VisionSettings | undefined;
  /** Where the tower is when it is not inside, such as `openai/clip-vit-large-patch14-336`. */
  readonly towerName: string | undefined;
  readonly conversation: ConversationHints;
  readonly vocabulary: Vocabulary;
}

/** A whole LLaVA: `llava` as its authors' code saves it, `llava-hf` as transformers does. */
export interface ModelCheckpoint extends Model {
  readonly layout: 'llava' | 'llava-hf';
}

/** A LoRA of a LLaVA; `parts` holds what was trained whole, such as the projector. */
export interface LoraCheckpoint extends Opened {
  readonly layout: 'lora';
  readonly lora: LoraSettings;
  readonly pairs: LoraPairs;
  /** What its config.json says of the whole model; undefined when it has none. */
  readonly text: TextSettings | undefined;
  readonly picture: PictureSettings | undefined;
  /** Undefined unless its own projector is in `parts`. */
  readonly projector: ProjectorSettings | undefined;
  readonly towerName: string | undefined;
  readonly conversation: ConversationHints;
}

/** A projector alone: `mm_projector.bin`, the first stage of training. */
export interface ProjectorCheckpoint extends Opened {
  readonly layout: 'projector';
  readonly projector: ProjectorSettings;
  readonly picture: PictureSettings | undefined;
  readonly towerName: string | undefined;
  /** What its config.json says of the language model's origin. */
  readonly baseName: string | undefined;
}

/** CLIP by itself, such as `openai/clip-vit-large-patch14-336`. */
export interface TowerCheckpoint extends Opened {
  readonly layout: 'clip';
  readonly vision: VisionSettings;
  readonly picture: Pick<PictureSettings, 'mean' | 'std'>;
}

/** A checkpoint whose headers and settings are read and checked. Its numbers stay on disk, and no file stays open. */
export type Checkpoint = ModelCheckpoint | LoraCheckpoint | ProjectorCheckpoint | TowerCheckpoint;
