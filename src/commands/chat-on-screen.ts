import type { ExitCode } from '../exit-codes.js';
import type { ChatStart } from './chat-start.js';
import type { CommandContext } from './command-context.js';
export async function chatOnScreen(start: ChatStart, context: CommandContext): Promise<ExitCode> { const {chatByLines}=await import('./chat-lines.js'); return chatByLines(start,context); }
