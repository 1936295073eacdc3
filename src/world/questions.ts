import { formatBox } from '../llava/box.js';
import { letterOf, writeRequest, type ResponseFormat } from '../llava/response-format.js';
import { boxOf } from './draw.js';
import { caption, describeThing, description, detailedDescription } from './descriptions.js';
import { inquiriesAbout, nameOf, type Inquiry, type InquiryKind } from './inquiries.js';
import type { Random } from './random.js';
import type { Scene } from './scene.js';
import { capitalize } from './words.js';

export type Kind = InquiryKind | 'describe' | 'box' | 'region';

/** A question on a scene in one format, with the one right answer. */
export interface SceneQuestion {
  readonly kind: Kind;
  readonly format: ResponseFormat;
  /** What a user types: empty for a caption asked for without a question, a box for a region. */
  readonly question: string;
  readonly choices?: readonly string[];
  /** The user's turn that the tool makes of it. */
  readonly request: string;
  readonly answer: string;
  /** The answer as a lower-case word or phrase, where there is one. */
  readonly fact?: string;
}

/** Every question on the scene, in every format it can be asked in. */
export function askAbout(scene: Scene, random: Random): SceneQuestion[] {
  return [
    ...inquiriesAbout(scene, random).flatMap((inquiry) => inFormats(inquiry, random)),
    ...descriptions(scene),
    ...regions(scene),
  ].map((asked) => ({ ...asked, request: requestOf(asked, scene) }));
}

type Asked = Omit<SceneQuestion, 'request'>;

function requestOf({ question, format, choices }: Asked, scene: Scene): string {
  return writeRequest({ text: question, format, ...(choices !== undefined && { choices }) }, scene);
}

function inFormats(inquiry: Inquiry, random: Random): Asked[] {
  const { kind, question, fact, sentence, possible } = inquiry;
  if (fact === undefined)
    return [{ kind, format: 'unanswerable', question, answer: 'Unanswerable', fact: 'unanswerable' }];
  const choices = offer(fact, possible, random);
  const word = capitalize(fact);
  return [
    { kind, format: 'free', question, answer: sentence, fact },
    { kind, format: 'short', question, answer: word, fact },
    { kind, format: 'letter', question, answer: letterOf(choices.indexOf(fact)), fact, choices },
    { kind, format: 'unanswerable', question, answer: word, fact },
  ];
}

/** Two to four options in random order, the fact among them. */
function offer(fact: string, possible: readonly string[], random: Random): string[] {
  const others = random.shuffle(possible.filter((option) => option !== fact));
  return random.shuffle([fact, ...others.slice(0, random.integer(1, 3))]);
}

function descriptions(scene: Scene): Asked[] {
  const kind = 'describe';
  const question = 'Describe the image.';
  return [
    { kind, format: 'free', question, answer: description(scene) },
    { kind, format: 'detailed', question, answer: detailedDescription(scene) },
    { kind, format: 'caption', question, answer: caption(scene) },
    { kind, format: 'caption', question: '', answer: caption(scene) },
  ];
}

function regions(scene: Scene): Asked[] {
  const names = scene.shapes.map((thing) => nameOf(thing));
  return scene.shapes.flatMap((thing): Asked[] => {
    const name = nameOf(thing);
    const box = formatBox(boxOf(thing, scene));
    const described = capitalize(`${describeThing(thing)}.`);
    const region: Asked = { kind: 'region', format: 'region', question: box, answer: described };
    const isUnique = names.filter((other) => other === name).length === 1;
    return isUnique
      ? [region, { kind: 'box', format: 'box', question: `the ${name}`, answer: box }]
      : [region];
  });
}
