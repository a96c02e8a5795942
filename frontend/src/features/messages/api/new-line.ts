// Where the line "New" stands: after this seq, or nowhere. It is set when a thread is opened with
// something unread, and when messages come while I am not looking; it goes when I write myself.

export interface NewLine {
  after: number | null;
  /** How far the thread went when I looked away; null while I look. */
  leftAt: number | null;
}

/** `firstUnread` is false when everything was read at the moment of opening. */
export function openedLine(readSeq: number, anyUnread: boolean): NewLine {
  return { after: anyUnread ? readSeq : null, leftAt: null };
}

export function lookedAway(line: NewLine, lastSeq: number): NewLine {
  return line.leftAt === null ? { ...line, leftAt: lastSeq } : line;
}

export function lookedBack(line: NewLine): NewLine {
  return line.leftAt === null ? line : { ...line, leftAt: null };
}

/** A message came. The first one of somebody else while I look away moves the line. */
export function cameIn(line: NewLine, seq: number, own: boolean): NewLine {
  if (own) return line.after === null ? line : { ...line, after: null };
  if (line.leftAt === null || seq <= line.leftAt) return line;
  return line.after !== null && line.after >= line.leftAt ? line : { ...line, after: line.leftAt };
}
