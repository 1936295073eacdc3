import type { Model } from './catalogue.js';

/** A licence in one line: name, address, and what else to know. */
export function describeLicence({ name, url, note }: Model['licence']): string {
  return [url === undefined ? name : `${name} (${url})`, note]
    .filter((part) => part !== undefined)
    .join('. ');
}
