import type { PictureRecord } from './answer-writer.js';

/** The line that `--stats` writes for one picture. */
export function formatStats(
  record: PictureRecord,
  load: { readonly loadMs: number; readonly threads: number | undefined },
): string {
  const { tokens, ms } = record;
  const perSecond = ms.answer === 0 ? 0 : Math.round((tokens.answer / ms.answer) * 1000);
  return [
    `${record.picture}: ${record.width}×${record.height} → ${tokens.image} image tokens`,
    load.threads === undefined ? record.device : `${record.device}, ${load.threads} threads`,
    `load ${Math.round(load.loadMs)} ms`,
    `picture ${ms.picture} ms`,
    `encode ${ms.encode} ms`,
    `look ${ms.look} ms`,
    `question ${ms.question} ms`,
    `answer ${tokens.answer} tokens in ${ms.answer} ms (${perSecond}/s)`,
  ].join(' · ');
}
