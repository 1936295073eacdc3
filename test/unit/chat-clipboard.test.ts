import { describe, expect, it } from 'vitest';
import { copyText, copyTools, pictureTools, readClipboardPicture } from '../../src/chat/clipboard.js';

const { signal } = new AbortController();
const node = process.execPath;

describe('the clipboard', () => {
  it('is read and written by the tools of the desktop that is at work', () => {
    const linux = { WAYLAND_DISPLAY: 'wayland-0', DISPLAY: ':0' };
    expect(pictureTools('linux', linux).map(([tool]) => tool)).toEqual(['wl-paste', 'xclip']);
    expect(copyTools('linux', linux).map(([tool]) => tool)).toEqual(['wl-copy', 'xclip']);
    expect(pictureTools('darwin', {})).toEqual([['pngpaste', '-']]);
    expect(pictureTools('win32', {}).map(([tool]) => tool)).toEqual(['powershell.exe']);
    expect(pictureTools('linux', { WAYLAND_DISPLAY: '' })).toEqual([]);
  });

  it('gives what the first tool that is here says, and passes over those that are not', async () => {
    const tool = [node, '-e', 'process.stdout.write(Buffer.from([137, 80]))'] as const;
    expect([...(await readClipboardPicture([['no-such-tool'], tool], signal))]).toEqual([137, 80]);
  });

  it('says whether a tool or a picture is missing', async () => {
    await expect(readClipboardPicture([['no-such-tool']], signal)).rejects.toThrow(
      'No program here can read',
    );
    const failing = [node, '-e', 'process.exit(1)'] as const;
    await expect(readClipboardPicture([failing], signal)).rejects.toThrow('no picture on the clipboard');
  });

  it('hands text to a tool as it is, never to a shell', async () => {
    expect(await copyText('x', [['no-such-tool']], signal)).toBe(false);
    const check = `let t='';process.stdin.on('data',(d)=>t+=d).on('end',()=>process.exit(t==='$(x) "'?0:1))`;
    expect(await copyText('$(x) "', [[node, '-e', check]], signal)).toBe(true);
    expect(await copyText('other', [[node, '-e', check]], signal)).toBe(false);
  });

  it('ends with the signal, whatever the tool does', async () => {
    const waiting = readClipboardPicture(
      [[node, '-e', 'setTimeout(()=>0, 60000)']],
      AbortSignal.timeout(200),
    );
    await expect(waiting).rejects.toThrow(/abort/i);
  });
});
