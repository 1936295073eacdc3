import type { PictureSize } from '../../llava/box.js';
import type { Rectangle } from '../../llava/box-in-file.js';
import { element } from './element.js';
import { placeBox } from './place-box.js';

/** The picture as the page shows it, with a box on it or without. */
export class PictureView {
  readonly #image = element('#image', HTMLImageElement);
  readonly #frame = element('#frame', HTMLElement);
  readonly #box = element('#box', HTMLElement);
  readonly #hideBox = element('#hide-box', HTMLButtonElement);
  readonly #blind = element('#blind', HTMLElement);

  constructor() {
    this.#image.addEventListener('load', () => {
      this.#fit(this.#image.naturalWidth / this.#image.naturalHeight);
    });
    this.#image.addEventListener('error', () => {
      this.#showBlind(true);
    });
    this.#hideBox.addEventListener('click', () => {
      this.clearBox();
      element('#another', HTMLButtonElement).focus();
    });
  }

  /** In pixels, upright; 0 while or where the browser cannot tell. */
  get size(): PictureSize {
    return { width: this.#image.naturalWidth, height: this.#image.naturalHeight };
  }

  show(file: File): void {
    this.clearBox();
    this.#showBlind(false);
    URL.revokeObjectURL(this.#image.src);
    this.#image.src = URL.createObjectURL(file);
    this.#image.alt = `The picture “${file.name}”`;
    element('#file-name', HTMLElement).textContent = file.name;
    element('#shown', HTMLElement).hidden = false;
    document.body.classList.add('has-picture');
  }

  /** @param size of the upright picture, in pixels */
  showBox(rectangle: Rectangle, size: PictureSize): void {
    Object.assign(this.#box.style, placeBox(rectangle, size));
    this.#box.hidden = false;
    this.#hideBox.hidden = false;
  }

  clearBox(): void {
    this.#box.hidden = true;
    this.#hideBox.hidden = true;
  }

  /** As large as there is room for, so that small pictures show where a box is. */
  #fit(ratio: number): void {
    this.#frame.style.setProperty('--ratio', String(ratio));
  }

  #showBlind(isBlind: boolean): void {
    this.#blind.hidden = !isBlind;
    this.#frame.hidden = isBlind;
  }
}
