// A moment: short on the screen, exact in UTC for the machine and on hover.

export function Time({ at, format }: { at: string; format: (at: string) => string }) {
  return (
    <time dateTime={at} title={at}>
      {format(at)}
    </time>
  );
}
