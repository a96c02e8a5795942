// Every shortcut of the interface, once: what to press and what it does. All need a modifier or
// belong to the focused field, so that none is hit by speech input or by typing (WCAG 2.1.4).

export interface Shortcut {
  keys: string[];
  words: string;
  /** For useHotkeys; absent where a field handles the key itself. */
  hotkey?: string;
}

export const SHORTCUTS = {
  search: { keys: ['Ctrl', 'K'], words: 'Search the threads', hotkey: 'mod+K' },
  newThread: { keys: ['Alt', 'N'], words: 'New thread', hotkey: 'alt+N' },
  next: { keys: ['Alt', '↓'], words: 'Next thread', hotkey: 'alt+ArrowDown' },
  previous: { keys: ['Alt', '↑'], words: 'Previous thread', hotkey: 'alt+ArrowUp' },
  write: { keys: ['Alt', 'M'], words: 'Go to the message box', hotkey: 'alt+M' },
  unread: { keys: ['Alt', 'U'], words: 'Go to the first unread message', hotkey: 'alt+U' },
  details: { keys: ['Alt', 'I'], words: 'Thread details and participants', hotkey: 'alt+I' },
  help: { keys: ['Ctrl', '/'], words: 'This list', hotkey: 'mod+/' },
  send: { keys: ['Enter'], words: 'Send the message' },
  newLine: { keys: ['Shift', 'Enter'], words: 'New line in the message' },
  correct: { keys: ['↑'], words: 'Correct my last message, in an empty message box' },
  leave: { keys: ['Esc'], words: 'Leave a correction' },
} satisfies Record<string, Shortcut>;
