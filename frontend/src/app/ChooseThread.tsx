import { EmptyNote } from '../shared/ui/Notes.tsx';

export function ChooseThread() {
  return <EmptyNote title="No thread chosen">Choose one from the list to read and write.</EmptyNote>;
}
