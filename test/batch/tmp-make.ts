import { mixedRows, writePictures, writeRows } from './batch-files.js';
import { runJob } from './run-job.js';
const imageFolder = await writePictures('/tmp/fulljob', 20);
const input = writeRows(
  '/tmp/fulljob/in.jsonl',
  mixedRows(2000, 20).map((r, i) =>
    typeof r === 'string' || 'body' in r
      ? r
      : {
          ...r,
          n: i,
          question: 'question' in r ? `${r.question as string} ${i}` : undefined,
          text: 'text' in r ? `${r.text as string} ${i}` : undefined,
        },
  ),
);
await runJob({ input, output: '/tmp/fulljob/whole.jsonl', existing: 'overwrite', pictures: { imageFolder } });
