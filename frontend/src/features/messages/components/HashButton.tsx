import { useClipboard } from '@mantine/hooks';

/** The first characters of the leaf hash; pressing it copies all of it. */
export function HashButton({ seq, hash }: { seq: number; hash: string }) {
  const clipboard = useClipboard({ timeout: 1500 });
  const shown = clipboard.copied ? 'copied' : `#${seq} ${hash.slice(0, 8)}`;
  return (
    <button type="button" className="wr-hash" onClick={() => clipboard.copy(hash)} title={`#${seq} ${hash}`}
      aria-label={clipboard.copied ? 'Hash copied' : `${shown}, copy hash of message ${seq}`}>
      {shown}
    </button>
  );
}
