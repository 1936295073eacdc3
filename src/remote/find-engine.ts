import { chooseOpening, type OpeningWishes } from '../kept/choose-opening.js';
import type { ConversationForm } from '../llava/conversation.js';
import type { Opening } from '../opening/engine-opening.js';
import { findWeights, type WeightChoice } from '../opening/find-weights.js';
import type { OpeningHost } from '../opening/opening-host.js';
import type { ServerChoice } from './remote-opening.js';

/** Weights here, or servers elsewhere, and how to use them. */
export interface EngineChoice extends WeightChoice, OpeningWishes, ServerChoice {}

/** Where answers come from. */
export interface FoundEngine {
  /** The model's name. */
  readonly name: string;
  readonly conversation: ConversationForm;
  /** Side of the square that the model sees, in pixels. */
  imageSize(): Promise<number>;
  /** Tells its answers from those of every other model, for journals. */
  identity(): Promise<string>;
  /**
   * Begins to load the weights, or takes the servers that were found; once.
   * @param host hears what the user should know from then on
   */
  open(host: OpeningHost): Promise<Opening>;
}

/**
 * The weights or the servers chosen. A model of the catalogue that is not here is downloaded after the host's yes.
 * @param beforeAsking finds what is wrong cheaply, before gigabytes are offered
 * @throws as {@link findWeights}, and for servers that cannot be used
 */
export async function findEngine(
  choice: EngineChoice,
  host: OpeningHost,
  beforeAsking?: () => Promise<unknown>,
): Promise<FoundEngine> {
  if (choice.server !== undefined && choice.server.length > 0) {
    await beforeAsking?.();
    return await findServers(choice, host);
  }
  const weights = await findWeights(choice, host, beforeAsking);
  const { model, mmproj, lora = [], name, conversation } = weights;
  return {
    name,
    conversation,
    open: (host) => chooseOpening(weights, choice, host),
    imageSize: async () => {
      const { checkPair } = await import('../weights/check/check-pair.js');
      return (await checkPair(model, mmproj)).imageSize;
    },
    identity: async () => {
      const { identifyFiles } = await import('../weights/weights-identity.js');
      return withSettings(await identifyFiles(model, mmproj, ...lora), conversation, choice);
    },
  };
}

async function findServers(choice: EngineChoice, host: OpeningHost): Promise<FoundEngine> {
  const { RemoteOpening } = await import('./remote-opening.js');
  const { model, gguf } = choice;
  const openHere = async () => {
    const weights = await findWeights(choice, host);
    await using opening = await chooseOpening(weights, choice, host);
    return await opening.open({ answersWhole: true });
  };
  const canOpenHere = model !== undefined || gguf !== undefined;
  const opening = await RemoteOpening.connect(choice, host, canOpenHere ? openHere : undefined);
  return {
    name: opening.model,
    conversation: opening.conversation,
    open: (host) => Promise.resolve(opening.heardBy(host)),
    imageSize: () => Promise.resolve(opening.imageSize),
    identity: () =>
      Promise.resolve(
        withSettings(
          `${opening.model} of ${opening.imageSize} pixels at servers`,
          opening.conversation,
          choice,
        ),
      ),
  };
}

/** Fewer patches are another model, and so is another form. */
function withSettings(identity: string, { name }: ConversationForm, { imageTokens }: EngineChoice): string {
  const inForm = name === 'vicuna_v1' ? identity : `${identity} in ${name}`;
  return imageTokens === undefined ? inForm : `${inForm} with ${imageTokens} image tokens`;
}
