// The bar on top of every signed-in page: what this is, whose it is, who I am.

import { AccountMenu } from '../features/account/components/AccountMenu.tsx';
import { useSession } from '../shared/session/use-session.ts';

export function Header({ onShortcuts }: { onShortcuts?: () => void }) {
  const tenant = useTenantName();
  return (
    <header className="wr-header">
      <h1 className="wr-brand">Wardroom</h1>
      <span className="wr-tenant" title={`Tenant: ${tenant}`}>
        <span className="wr-hidden">Tenant </span>
        {tenant}
      </span>
      <AccountMenu {...(onShortcuts && { onShortcuts })} />
    </header>
  );
}

export function useTenantName(): string {
  const { me } = useSession();
  return me.tenants?.find(({ id }) => id === me.tenant)?.name ?? me.tenant;
}
