import { useSession } from '../shared/session/use-session.ts';
import { EmptyNote } from '../shared/ui/Notes.tsx';

export function ChooseThread() {
  const { me } = useSession();
  if (me.role === 'operator') {
    return (
      <EmptyNote title="Operators see no content">
        You run the platform; what tenants write is not visible to you. Use the command line tools for tenants and regions.
      </EmptyNote>
    );
  }
  return <EmptyNote title="No thread chosen">Choose one from the list to read and write.</EmptyNote>;
}
