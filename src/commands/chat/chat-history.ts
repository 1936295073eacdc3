import { join } from 'node:path';
import * as v from 'valibot';
import { readStateFile, updateStateFile, stateFolder } from '../../hub/state-file.js';
import { appendEntry } from '../../terminal/screen/history.js';

const historySchema = v.fallback(v.array(v.string()), []);

/** Lines of earlier chats, oldest first; none where they cannot be read. */
export async function readHistory(): Promise<readonly string[]> {
  const content = await readStateFile(await historyPath()).catch(() => []);
  return v.parse(historySchema, content);
}

/** Adds a line for the chats to come; several may do so at once. */
export async function keepInHistory(line: string): Promise<void> {
  await updateStateFile(await historyPath(), (content) => appendEntry(v.parse(historySchema, content), line));
}

async function historyPath(): Promise<string> {
  return join(await stateFolder(), 'chat-history.json');
}
