const PLACE = 'llava-api-key';

/** For browsers that keep nothing. */
let current: string | undefined;

/** The server's key, as long as this tab is open. */
export function keptKey(): string | undefined {
  try {
    return current ?? sessionStorage.getItem(PLACE) ?? undefined;
  } catch {
    return current;
  }
}

export function keepKey(key: string): void {
  current = key;
  try {
    sessionStorage.setItem(PLACE, key);
  } catch {
    // It is kept until the page is loaded again.
  }
}
