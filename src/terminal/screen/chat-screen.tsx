import type { ChalkInstance } from 'chalk';
import { Box, Static, Text, useCursor, useStdout } from 'ink';
import { useLayoutEffect } from 'react';
import { drawLive } from './draw-live.js';
import type { Entry, ScreenState } from './screen-state.js';

interface ScreenProps {
  readonly state: ScreenState;
  readonly columns: number;
  readonly rows: number;
  readonly colours: ChalkInstance;
  /** Entries that are on the screen already. */
  readonly above: number;
  /** Only what is finished stays. */
  readonly isOver: boolean;
}

/** The chat on the screen: what is finished above, what changes below. */
export function ChatScreen({ state, columns, rows, above, colours, isOver }: ScreenProps) {
  const live = drawLive(state, columns, rows, colours);
  const { setCursorPosition } = useCursor();
  setCursorPosition(isOver ? undefined : live.cursor);
  return (
    <>
      <Static items={state.entries.slice(above)}>
        {(entry, index) => <EntryRows key={index} entry={entry} colours={colours} />}
      </Static>
      <Box flexDirection="column">
        {(isOver ? [] : live.rows).map((row, index) => (
          <Text key={index} wrap="truncate">
            {row === '' ? ' ' : row}
          </Text>
        ))}
      </Box>
    </>
  );
}

function EntryRows({ entry, colours }: { readonly entry: Entry; readonly colours: ChalkInstance }) {
  if (entry.kind === 'preview') return <Preview data={entry.data} />;
  return <Text>{styled(entry.kind, entry.text === '' ? ' ' : entry.text, colours)}</Text>;
}

/** Writes past the layout, which knows no pictures. */
function Preview({ data }: { readonly data: string }) {
  const { write } = useStdout();
  useLayoutEffect(() => {
    write(data);
  }, [data, write]);
  return null;
}

function styled(kind: Exclude<Entry['kind'], 'preview'>, text: string, colours: ChalkInstance): string {
  switch (kind) {
    case 'question':
      return colours.bold(`> ${text}`);
    case 'answer':
      return text;
    case 'note':
      return colours.dim(text);
    case 'error':
      return `${colours.red('error:')} ${text}`;
    case 'hint':
      return `${colours.cyan('try:')} ${text}`;
  }
}
