/** A repository on the hub, at a branch, tag or commit. */
export interface HubName {
  /** `owner/name`. */
  readonly repo: string;
  readonly revision: string;
}

/** Reads `owner/name` or `owner/name@revision`; undefined for anything else. */
export function readHubName(text: string): HubName | undefined {
  const [, owner = '', name = '', revision = 'main'] =
    /^([\w.-]+)\/([\w.-]+)(?:@([\w.-]+))?$/.exec(text) ?? [];
  const isPlain = [owner, name, revision].every((part) => part !== '' && !/^\.+$/.test(part));
  return isPlain ? { repo: `${owner}/${name}`, revision } : undefined;
}
