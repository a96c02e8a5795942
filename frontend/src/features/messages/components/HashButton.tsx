import { useClipboard } from '@mantine/hooks';

/** The first characters of the leaf hash; pressing it copies all of it. */
export function HashButton({ seq, hash }: { seq: number; hash: string }) {
  const clipboard = useClipboard({ timeout: 1500 });
  const short = hash.slice(0, 8);
  return (
    <button type="button" className="wr-hash" onClick={() => clipboard.copy(hash)} title={`#${seq} ${hash}`}
      aria-label={clipboard.copied ? 'Hash copied' : `#${seq} ${short}, copy hash of message ${seq}`}>
      {clipboard.copied ? 'copied' : `#${seq}`}
      {!clipboard.copied && <span className="wr-hash-hex"> {short}</span>}
    </button>
  );
}
