import { Option, type Command } from 'commander';
import type { PictureWishes } from '../../llava/picture.js';
import {
  parsePart,
  parsePartChoice,
  type PartChoice,
  type PartUnit,
  type PicturePart,
} from '../../llava/picture-part.js';

/** How pictures are read. */
export interface PictureFlags {
  readonly exif: boolean;
  readonly colourManaged?: boolean;
  readonly repair?: boolean;
}

/** Which frame or page of a file. */
export interface PartFlags<Part extends PartChoice = PicturePart> {
  readonly frame?: Part;
  readonly page?: Part;
}

export function addPictureOptions(command: Command): Command {
  return command
    .option('--no-exif', 'do not turn photos upright by EXIF (as in the authors’ code)')
    .option('--colour-managed', 'convert colours by the picture’s profile (the authors’ code does not)')
    .option('--repair', 'take what can be decoded of damaged pictures, instead of refusing them');
}

/** For one frame or page of each picture. */
export function addPartOptions(command: Command): Command {
  return addParts(
    command,
    '<n>',
    'a number, first, middle or last',
    (unit) => (text) => parsePart(unit, text),
  );
}

/** For any number of them. */
export function addPartsOptions(command: Command): Command {
  const which = 'a number, 2-4, first, middle, last or all';
  return addParts(command, '<which>', which, (unit) => (text) => parsePartChoice(unit, text));
}

function addParts(
  command: Command,
  argument: string,
  which: string,
  parserOf: (unit: PartUnit) => (text: string) => PartChoice,
): Command {
  return command
    .option(`--frame ${argument}`, `frame of an animation: ${which}`, parserOf('frame'))
    .addOption(
      new Option(`--page ${argument}`, `page of a PDF or TIFF: ${which}`)
        .argParser(parserOf('page'))
        .conflicts('frame'),
    );
}

/** The flags' wishes. */
export function pictureWishes({
  exif,
  colourManaged,
  repair,
}: PictureFlags): PictureWishes & { exif: boolean } {
  return {
    exif,
    ...(colourManaged === undefined ? {} : { colourManaged }),
    ...(repair === undefined ? {} : { repair }),
  };
}
