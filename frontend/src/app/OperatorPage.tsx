// What an operator sees: no content, and why.

import { EmptyNote } from '../shared/ui/Notes.tsx';
import { Header } from './Header.tsx';

export function OperatorPage() {
  return (
    <div className="wr-page">
      <Header />
      <main className="wr-main">
        <EmptyNote title="Operators see no content">
          You run the platform; what tenants write is not visible to you. Use the command line tools for tenants and
          regions.
        </EmptyNote>
      </main>
    </div>
  );
}
