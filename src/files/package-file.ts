import { fileURLToPath } from 'node:url';

/**
 * The path of a file that is installed with llava, such as `models.json`.
 * @param path from the package's own folder. This file and the built program are equally deep in it.
 */
export function packageFile(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
