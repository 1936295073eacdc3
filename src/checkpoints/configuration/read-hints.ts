import { readdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { isObject } from '../../llava/json.js';
import { readIfThere } from '../files/read-if-there.js';
import { readFields, type Fields } from './fields.js';
import type { ConversationHints } from './settings.js';

type Templates = ConversationHints['chatTemplates'];

/** What a folder says of how the model talks. */
export async function readHints(folder: string, config: Fields | undefined): Promise<ConversationHints> {
  return {
    trainedFrom: config?.text('_name_or_path'),
    chatTemplates: await readTemplates(folder),
  };
}

/** In the order in which llama.cpp's converter prefers them: the tokenizer's configuration, then files of their own. */
async function readTemplates(folder: string): Promise<Templates> {
  const tokenizer = await readFields(folder, 'tokenizer_config.json');
  if (tokenizer === undefined) return [];
  if (tokenizer.keys.includes('chat_template')) return templatesOf(tokenizer.value('chat_template'));
  const jinja = await readText(join(folder, 'chat_template.jinja'));
  if (jinja !== undefined) return [{ name: 'default', template: jinja }, ...(await readMore(folder))];
  return templatesOf((await readFields(folder, 'chat_template.json'))?.value('chat_template'));
}

/** One text, or a list of named ones. */
function templatesOf(value: unknown): Templates {
  if (typeof value === 'string') return [{ name: 'default', template: value }];
  if (!Array.isArray(value)) return [];
  return value.flatMap((one: unknown) => {
    if (!isObject(one)) return [];
    const { name, template } = one;
    return typeof name === 'string' && typeof template === 'string' ? [{ name, template }] : [];
  });
}

async function readMore(folder: string): Promise<Templates> {
  const more = join(folder, 'additional_chat_templates');
  const names = await readdir(more).catch(() => []);
  const templates: { name: string; template: string }[] = [];
  for (const file of names.filter((name) => name.endsWith('.jinja')).toSorted())
    templates.push({ name: parse(file).name, template: (await readText(join(more, file))) ?? '' });
  return templates;
}

async function readText(path: string): Promise<string | undefined> {
  return (await readIfThere(path))?.toString('utf8');
}
