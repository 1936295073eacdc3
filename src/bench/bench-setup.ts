import type { ConversationForm } from '../llava/conversation.js';

/** What all measurements share: the same files, the same device and threads, the same questions. */
export interface BenchSetup {
  readonly model: string;
  readonly mmproj: string;
  /** How the model was trained to talk. */
  readonly conversation: ConversationForm;
  /** As llava's own `--device` takes it: cpu, cuda, vulkan, metal. */
  readonly device: string;
  readonly threads: number;
  /** Paths of pictures; the first is the one of single questions. */
  readonly pictures: readonly string[];
  /** As many as are asked about each picture where there are several. */
  readonly questions: readonly string[];
  /** Longest answer. */
  readonly tokens: number;
  /** Own folder for caches and lists, empty at first. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** What a chat asks about the same picture next. */
export const FOLLOW_UP = 'What color is the shape beside it?';

/** A picture with its question. */
export interface Pairing {
  readonly picture: string;
  readonly question: string;
  readonly format?: string;
  readonly choices?: readonly string[] | undefined;
}

/** Every question about every picture, a picture at a time. */
export function pairings({ pictures, questions }: BenchSetup): readonly Pairing[] {
  return pictures.flatMap((picture) => questions.map((question) => ({ picture, question })));
}

/** The first picture and question. */
export function firstPairing({ pictures, questions }: BenchSetup): Pairing {
  return { picture: pictures[0] ?? '', question: questions[0] ?? '' };
}

/** What llama.cpp's own programs are told of the device: all layers and the tower on the GPU, or nothing. */
export function layerFlags({ device }: BenchSetup): readonly string[] {
  return device === 'cpu' ? ['-ngl', '0', '--no-mmproj-offload'] : ['-ngl', '99'];
}
