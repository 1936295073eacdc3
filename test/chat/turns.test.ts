import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { Album, type PicturePlace } from '../../src/chat/album.js';
import { ChatSession } from '../../src/chat/chat-session.js';
import { EMPTY_STATUS, type ChatStatus, type ChatView } from '../../src/chat/chat-view.js';
import type { AnswerUsage } from '../../src/engine/engine.js';
import { openLlamaEngine } from '../../src/engine/local/llama-engine.js';
import { createScene } from '../../src/world/index.js';
import { projectFile } from '../helpers/run-llava.js';
import { scenePng } from '../helpers/scene-pictures.js';

// Loading a backend takes seconds where other work keeps the machine busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const KEPT_PICTURES = 16;
const calm = new AbortController().signal;
const file = (name: string): PicturePlace => ({ kind: 'file', path: projectFile(`examples/${name}`) });

/** What a chat shows, kept to be looked at. */
class Shown implements ChatView {
  readonly notes: string[] = [];
  statusNow: ChatStatus = EMPTY_STATUS;
  /** Hears every piece of an answer. */
  onText: () => void = () => undefined;
  /** The answer to every yes-or-no question. */
  decision: boolean | undefined;
  note = (text: string) => void this.notes.push(text);
  fail = () => undefined;
  picture = () => Promise.resolve();
  begin = () => undefined;
  text = () => {
    this.onText();
    return Promise.resolve();
  };
  end = () => Promise.resolve();
  status = (status: ChatStatus) => void (this.statusNow = status);
  choose = (question: string) => {
    this.notes.push(question);
    return Promise.resolve(this.decision);
  };
}

const opened: ChatSession[] = [];
afterAll(async () => {
  for (const session of opened) await session[Symbol.asyncDispose]();
});

/** A chat with the demo model in the real engine. */
async function openChat(contextSize = 2048, maxTokens = 64) {
  const demo = (name: string) => projectFile(`models/demo/${name}.gguf`);
  const engine = await openLlamaEngine(
    { model: demo('model'), mmproj: demo('mmproj') },
    { device: 'cpu', threads: 1, contextSize, keptPictures: KEPT_PICTURES },
  );
  const view = new Shown();
  const album = new Album(
    (place) => Promise.resolve(place.kind === 'bytes' ? place.bytes : readFileSync(place.path)),
    {},
  );
  const session = new ChatSession(
    album,
    {
      question: { format: 'free' },
      systemText: undefined,
      sampling: { temperature: 0, topP: 1, seed: undefined, maxTokens },
    },
    view,
    { name: 'demo', load: () => Promise.resolve(engine) },
    () => Promise.reject(new Error('There is no other model.')),
  );
  opened.push(session);
  const ask = async (text: string): Promise<AnswerUsage> => {
    await session.ask(session.questionOf(text), calm);
    return session.lastAnswer!.usage!;
  };
  return { session, view, ask, encode: vi.spyOn(engine, 'encode') };
}

describe('the turns of a chat', () => {
  it('cost their own tokens only', async () => {
    const { session, ask } = await openChat();
    await session.look(file('shapes.png'), calm);
    const one = await ask('What color is the circle?');
    const two = await ask('Where is the star?');
    const three = await ask('Is there a square in the image?');
    // What stands before turn 2 is in the context, down to the answer's end of sentence.
    const before = one.promptTokens + one.answerTokens;
    expect(two.evaluatedTokens).toBe(two.promptTokens - before);
    expect(three.evaluatedTokens).toBe(three.promptTokens - two.promptTokens - two.answerTokens);
    expect(one.lookMs).toBe(0);
  });

  it('encode a picture once, however often it is switched to', async () => {
    const { session, ask, encode } = await openChat();
    await session.look(file('shapes.png'), calm);
    const first = await ask('What color is the circle?');
    await session.look(file('night.png'), calm);
    await ask('What color is the background?');
    await session.look(file('shapes.png'), calm);
    const again = await ask('Where is the star?');
    expect(encode).toHaveBeenCalledTimes(2);
    expect(session.needPicture().turns.map(({ answer }) => answer)).toEqual([
      'The circle is red.',
      'The star is at the right of the image.',
    ]);
    expect(again.promptTokens).toBeGreaterThan(first.promptTokens + first.answerTokens);
  });

  it('are encoded again when many others were looked at since', async () => {
    const { session, encode } = await openChat();
    const look = async (place: PicturePlace) => {
      await session.look(place, calm);
      await session.ask(session.questionOf('What is it?'), calm, { isIndependent: true });
    };
    await look(file('shapes.png'));
    for (let seed = 1; seed <= KEPT_PICTURES; seed++)
      await look({ kind: 'bytes', label: 'clipboard', bytes: await scenePng(createScene(seed)) });
    await look(file('shapes.png'));
    expect(encode).toHaveBeenCalledTimes(KEPT_PICTURES + 2);
  });

  it('keep what is there of an answer that is stopped', async () => {
    const { session, view, ask } = await openChat();
    await session.look(file('shapes.png'), calm);
    const stop = new AbortController();
    let pieces = 0;
    view.onText = () => {
      if (++pieces === 3) stop.abort();
    };
    await session.ask(session.questionOf('Describe the image in detail.'), stop.signal);
    const [turn] = session.needPicture().turns;
    expect(turn).toMatchObject({ stop: 'stopped' });
    expect(turn!.answer).toMatch(/^The image\b/);
    expect(turn!.answer.length).toBeLessThan(40);
    const next = await ask('What color is the circle?');
    expect(session.needPicture().turns).toHaveLength(2);
    expect(next.evaluatedTokens).toBeLessThan(next.promptTokens / 4);
  });

  it('are counted in the status as they come and go', async () => {
    const { session, view, ask } = await openChat();
    await session.look(file('shapes.png'), calm);
    await vi.waitFor(() => {
      expect(view.statusNow.used).toBeGreaterThan(64);
    });
    const picture = view.statusNow.used;
    await ask('What color is the circle?');
    const one = view.statusNow.used;
    expect(one).toBeGreaterThan(picture);
    await session.ask(session.questionOf('Where is the star?'), calm, { isIndependent: true });
    expect(view.statusNow.used).toBe(one);
    await ask('Where is the star?');
    expect(view.statusNow.used).toBeGreaterThan(one);
    session.setTurns(session.needPicture().turns.slice(0, 1));
    await vi.waitFor(() => {
      expect(view.statusNow.used).toBe(one);
    });
    session.setTurns([]);
    await vi.waitFor(() => {
      expect(view.statusNow.used).toBe(picture);
    });
  });
});

describe('a context that is nearly full', () => {
  /** Asks until somebody has to decide, and tells how many turns there were. */
  async function fill(decision: boolean | undefined) {
    const { session, view, ask } = await openChat(256);
    view.decision = decision;
    await session.look(file('shapes.png'), calm);
    const turns = () => session.needPicture().turns.length;
    const asked = () => view.notes.some((note) => note.includes('Drop the oldest turn?'));
    let most = 0;
    try {
      while (!asked() && most < 20) {
        await ask('Where is the star?');
        most = Math.max(most, turns());
      }
    } catch (error) {
      return { view, most, turns: turns(), error };
    }
    return { view, most, turns: turns(), error: undefined };
  }

  it('is told before it is, and the oldest turn goes where that is wanted', async () => {
    const { view, most, turns } = await fill(true);
    const told = view.notes.findIndex((note) => note.startsWith('The context is filling up:'));
    expect(told).toBe(0);
    expect(most).toBeGreaterThan(2);
    expect(turns).toBe(most);
  });

  it('asks nothing and keeps every turn where it is not', async () => {
    const { view, most, turns } = await fill(false);
    expect(view.notes.at(-1)).toBe('Not asked. /drop, /undo and /clear make room.');
    expect(turns).toBe(most);
  });

  it('is an error with what to type where nobody can be asked', async () => {
    const { most, turns, error } = await fill(undefined);
    expect(error).toMatchObject({
      kind: 'engine',
      hint: '/drop 1 forgets the oldest turn; the picture stays',
    });
    expect(turns).toBe(most);
  });
});
