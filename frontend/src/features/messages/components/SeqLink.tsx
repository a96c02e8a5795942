import { useActs } from './acts.ts';

/** "#12": goes to that message. */
export function SeqLink({ seq }: { seq: number }) {
  const { jumpTo } = useActs();
  return (
    <button type="button" className="wr-seq" onClick={() => jumpTo(seq)} aria-label={`Go to message ${seq}`}>
      #{seq}
    </button>
  );
}
