import { element } from './element.js';

/** What to do with what comes in. */
export interface PictureReceiver {
  readonly receive: (file: File) => void;
  /** Hears why nothing came in, in words for people. */
  readonly refuse: (reason: string) => void;
}

/** Takes pictures in: chosen, photographed, dropped anywhere on the page, or pasted. */
export function takeInPictures(receiver: PictureReceiver): void {
  const [file, camera] = [element('#file', HTMLInputElement), element('#camera', HTMLInputElement)];
  for (const input of [file, camera])
    input.addEventListener('change', () => {
      takeFirst(input.files, receiver);
      // Or else the same file could not be chosen again.
      input.value = '';
    });
  element('#photo', HTMLButtonElement).addEventListener('click', () => {
    camera.click();
  });
  for (const button of ['#drop', '#another'])
    element(button, HTMLButtonElement).addEventListener('click', () => {
      file.click();
    });
  takeInDropped(receiver);
  document.addEventListener('paste', (event) => {
    const files = event.clipboardData?.files;
    if (files === undefined || files.length === 0) return;
    event.preventDefault();
    takeFirst(files, receiver);
  });
}

function takeInDropped(receiver: PictureReceiver): void {
  const { classList } = document.body;
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    classList.add('is-dragging');
  });
  document.addEventListener('dragleave', (event) => {
    // Of the page itself, and not of a part of it.
    if (event.relatedTarget === null) classList.remove('is-dragging');
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    classList.remove('is-dragging');
    const files = event.dataTransfer?.files;
    if (files === undefined || files.length === 0)
      receiver.refuse('That was no file. Save the picture first, then drop it here.');
    else takeFirst(files, receiver);
  });
}

function takeFirst(files: FileList | null, { receive, refuse }: PictureReceiver): void {
  const [file] = files ?? [];
  if (file === undefined) return;
  if (file.size === 0) refuse(`“${file.name}” is empty.`);
  else if (file.type !== '' && !file.type.startsWith('image/')) refuse(`“${file.name}” is not a picture.`);
  else receive(file);
}
