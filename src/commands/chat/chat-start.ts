import type { Album, PicturePlace } from '../../chat/album.js';
import type { AskSettings } from '../../chat/chat-settings.js';
import type { ResponseFormat } from '../../llava/response-format.js';
import type { EngineChoice, FoundEngine } from '../../remote/find-engine.js';
import type { PreviewChoice } from '../../terminal/preview/preview-kind.js';
import type { SamplingFlags } from '../options/option-groups.js';
import type { PartChoice } from '../../llava/picture-part.js';
import type { PartFlags, PictureFlags } from '../options/picture-options.js';
import type { NamingFlags } from '../options/picture-sources.js';

/** The flags of `llava chat`. */
export interface ChatFlags
  extends EngineChoice, SamplingFlags, PictureFlags, PartFlags<PartChoice>, NamingFlags {
  readonly tile?: boolean;
  readonly format?: ResponseFormat;
  readonly system?: string;
  readonly preview: PreviewChoice;
  readonly plain?: boolean;
}

/** What either way of chatting begins with. */
export interface ChatStart {
  readonly album: Album;
  readonly settings: AskSettings;
  readonly engine: FoundEngine;
  readonly flags: ChatFlags;
  /** The pictures of the command line, listed; the chat begins with the first. */
  readonly pictures: readonly PicturePlace[];
}
