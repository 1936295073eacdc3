import { PictureFetcher } from '../../batch/pictures/fetch-picture.js';
import type { FetchFlags } from './option-groups.js';

/** What fetches pictures; undefined when addresses are refused. */
export function openFetcher({ allowUrls, allowPrivateHost }: FetchFlags): PictureFetcher | undefined {
  if (allowUrls === undefined) return undefined;
  const hosts = allowUrls === true ? undefined : allowUrls;
  return new PictureFetcher({ hosts, privateHosts: allowPrivateHost });
}
